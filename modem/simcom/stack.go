package simcom

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// The families' own words for bringing a context up. All but the SIM800's are of the module's own IP stack, which runs
// beside the data path of a host with PPP or a network interface, and disturbs it: there the default bearer of LTE is
// looked at, with AT+CGACT?, and the stack is left closed.

// netopen is the IP stack of SIM7600, A76xx and SIM8200, which serves context 1. In the unsolicited line 0 is success,
// in the answer to AT+NETOPEN? 1 is open. Opened twice, it says "+IP ERROR: Network is already opened" and ERROR.
var netopen = &modem.Activation{
	Up:   func(int) string { return "AT+NETOPEN" },
	Down: func(int) string { return "AT+NETCLOSE" },
	Read: "AT+NETOPEN?", Prefix: "+NETOPEN",
	Parse: func(lines []string) ([]modem.Address, error) {
		return readContexts(lines, func(f *atcmd.Fields) (modem.Address, bool) {
			return modem.Address{CID: 1}, f.Int() == 1
		})
	},
	Later:  120 * time.Second,
	Loss:   []string{"+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"},
	Source: "A76 and 767: AT+NETOPEN; 7600",
}

// cnact7080 counts its contexts from 0 where AT+CGDCONT counts from 1. It is no Activation of a host's data path: a host
// that dials (ATD*99#) or has the USB network gets the address itself, while this one gives it to the module's sockets; and
// who opens it must not write AT+CGACT (7080), which an activation on 2G needs. On LTE the default bearer is up without
// either, so that nothing is written there, and only Driver.StackUp, which a host with a data path never calls, opens it. The
// second value of AT+CNCFG is the kind of address, 1 for IPv4, which is what a Super SIM has. Status 2 is a change
// under way. Activated twice it answers ERROR (captured), so the reading comes first.
var cnact7080 = &modem.Activation{
	Define: func(c modem.PDPContext) []string { return []string{fmt.Sprintf(`AT+CNCFG=%d,1,"%s"`, c.CID-1, c.APN)} },
	Up:     func(cid int) string { return fmt.Sprintf("AT+CNACT=%d,1", cid-1) },
	Down:   func(cid int) string { return fmt.Sprintf("AT+CNACT=%d,0", cid-1) },
	Read:   "AT+CNACT?", Prefix: "+CNACT",
	Parse: func(lines []string) ([]modem.Address, error) {
		return readContexts(lines, func(f *atcmd.Fields) (modem.Address, bool) {
			cid, status, ip := f.Int()+1, f.Int(), f.Str()
			return modem.Address{CID: cid, IP: ip}, status == 1
		})
	},
	Later:  85 * time.Second,
	Loss:   []string{"+APP PDP: 0,DEACTIVE"},
	Source: "7080 AT+CNCFG, AT+CNACT; 7000 AT+CIICR for the time",
}

// cnact7000 has the same name, another syntax and one context. It takes the APN of the context, or with
// AT+CNACT=1,"super" one of its own; a captured session does without.
var cnact7000 = &modem.Activation{
	Up:   func(int) string { return "AT+CNACT=1" },
	Down: func(int) string { return "AT+CNACT=0" },
	Read: "AT+CNACT?", Prefix: "+CNACT",
	Parse: func(lines []string) ([]modem.Address, error) {
		return readContexts(lines, func(f *atcmd.Fields) (modem.Address, bool) {
			status, ip := f.Int(), f.Str()
			return modem.Address{CID: 1, IP: ip}, status == 1
		})
	},
	Later:  85 * time.Second,
	Loss:   []string{"+APP PDP: DEACTIVE", "+PDP: DEACT"},
	Source: "7000 AT+CNACT; AT+CIICR for the time",
}

// sapbr is the bearer of the SIM800, whose AT+CGACT is meant for network simulators (800 7.2). Status: 0 connecting, 1
// connected, 2 closing, 3 closed (800 9.2.1). OK to the opening is the result. The reading asks for one bearer; it is
// the first one's.
var sapbr = &modem.Activation{
	Define: func(c modem.PDPContext) []string {
		return []string{
			fmt.Sprintf(`AT+SAPBR=3,%d,"Contype","GPRS"`, c.CID),
			fmt.Sprintf(`AT+SAPBR=3,%d,"APN","%s"`, c.CID, c.APN),
		}
	},
	Up:   func(cid int) string { return fmt.Sprintf("AT+SAPBR=1,%d", cid) },
	Down: func(cid int) string { return fmt.Sprintf("AT+SAPBR=0,%d", cid) },
	Read: "AT+SAPBR=2,1", Prefix: "+SAPBR",
	Parse: func(lines []string) ([]modem.Address, error) {
		return readContexts(lines, func(f *atcmd.Fields) (modem.Address, bool) {
			cid, status, ip := f.Int(), f.Int(), f.Str()
			return modem.Address{CID: cid, IP: ip}, status == 1
		})
	},
	Loss:   []string{"+SAPBR 1: DEACT", "+PDP: DEACT"},
	Source: "800 9.2.1",
}

// readContexts collects those that are up out of lines of which read makes one context. Addresses of zeros are none.
func readContexts(lines []string, read func(*atcmd.Fields) (modem.Address, bool)) ([]modem.Address, error) {
	var up []modem.Address
	for _, l := range lines {
		_, f := atcmd.Split(l)
		a, active := read(&f)
		if err := f.Err(); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", modem.ErrAnswer, l, err)
		}
		if a.IP == "0.0.0.0" {
			a.IP = ""
		}
		if active {
			up = append(up, a)
		}
	}
	return up, nil
}

// lost makes the event of a stack's context that has ended.
func lost(begins string, exact bool) modem.Event {
	return modem.Event{Begins: begins, Exact: exact, Parse: func(line string) []modem.Observation {
		return []modem.Observation{modem.ContextLost{CID: 1, Reason: line}}
	}}
}
