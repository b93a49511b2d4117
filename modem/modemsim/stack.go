package modemsim

import (
	"fmt"
	"strings"
	"time"
)

// stackState is the module's own IP stack, which runs beside the host's data path: opened by AT+QIACT, AT+NETOPEN,
// AT+CNACT, AT+SAPBR or AT+UPSDA.
type stackState uint8

const (
	stackClosed stackState = iota
	stackOpen
	stackLost // the bearer went away under it; some makers want it closed before it is opened again
)

// openStack opens the stack on a context's bearer, opening that too when there is none: the session cause, 0 for success.
func (m *module) openStack(cid int, apn string) int {
	if m.c.nas.state != registered {
		return 38 // network failure: nothing to open a bearer on
	}
	if sm := m.c.nas.activate(cid, apn); sm != 0 {
		m.lastCause = cause{session: sm}
		m.c.say("network", "refuses context %d with SM #%d %s", cid, sm, causeText(smTexts, sm))
		return sm
	}
	m.set.stack = stackOpen
	return 0
}

// closeStack closes it. The default bearer of LTE stays.
func (m *module) closeStack() {
	m.set.stack = stackClosed
	if n := &m.c.nas; n.session != nil && n.state == registered && !alwaysOn(m.c.live.Cells[n.cell].RAT) {
		n.dropSession(orderly)
	}
}

// stackAddress is the address of the open stack, "" without one.
func (m *module) stackAddress() string {
	if n := &m.c.nas; m.set.stack == stackOpen && n.session != nil {
		return n.session.ip
	}
	return ""
}

// alwaysOn tells whether attaching brings the default bearer: EPS and 5GS, as this world has it.
func alwaysOn(rat string) bool { return rat == "LTE" || rat == "5G" }

// quectelActive is AT+QIACT: it refuses a second activation (public log, id 36205880887), and after the loss
// of the bearer any before AT+QIDEACT.
func quectelActive(m *module, c call) reply {
	if c.form != write {
		if ip := m.stackAddress(); ip != "" {
			return ok(fmt.Sprintf(`+QIACT: %d,1,1,"%s"`, m.c.nas.sessionID, ip))
		}
		return ok()
	}
	cid := c.number(0, 0)
	if cid < 1 || m.set.stack != stackClosed || m.openStack(cid, m.apn(cid)) != 0 {
		return fails()
	}
	return ok()
}

func quectelInactive(m *module, c call) reply {
	if c.form == write {
		m.closeStack()
	}
	return ok()
}

// simcomNetOpen is AT+NETOPEN: in the unsolicited line 0 is success, in the answer 1 is open.
func simcomNetOpen(m *module, c call) reply {
	open := m.set.stack == stackOpen
	switch {
	case c.form == test:
		return ok()
	case c.form == read && open:
		return ok("+NETOPEN: 1")
	case c.form == read:
		return ok("+NETOPEN: 0")
	case open:
		return reply{lines: []string{"+IP ERROR: Network is already opened"}, final: "ERROR"}
	}
	return reply{then: func() {
		if m.openStack(1, m.apn(1)) == 0 {
			m.urc("+NETOPEN: 0")
			return
		}
		m.urc("+NETOPEN: 1")
	}}
}

// simcomNetClose: the answer's form is a guess, after +NETOPEN's.
func simcomNetClose(m *module, c call) reply {
	if c.form == test {
		return ok()
	}
	if m.set.stack != stackOpen {
		return fails()
	}
	return reply{then: func() {
		m.closeStack()
		m.urc("+NETCLOSE: 0")
	}}
}

// simcomNetAddress is AT+IPADDR of the opened stack.
func simcomNetAddress(m *module, c call) reply {
	if ip := m.stackAddress(); ip != "" {
		return ok("+IPADDR: " + ip)
	}
	if c.form == test {
		return ok()
	}
	return reply{lines: []string{"+IP ERROR: Network not opened"}, final: "ERROR"}
}

// simcomAppNetwork is AT+CNACT of the SIM7070/7080: an index and an action; four contexts, the first is the bearer's.
func simcomAppNetwork(m *module, c call) reply {
	switch c.form {
	case test:
		return ok("+CNACT: (0-3),(0-2)")
	case read:
		lines := []string{`+CNACT: 0,0,"0.0.0.0"`, `+CNACT: 1,0,"0.0.0.0"`, `+CNACT: 2,0,"0.0.0.0"`, `+CNACT: 3,0,"0.0.0.0"`}
		if ip := m.stackAddress(); ip != "" {
			lines[0] = fmt.Sprintf(`+CNACT: 0,1,"%s"`, ip)
		}
		return ok(lines...)
	}
	return m.appNetwork(c.arg(0) == "0", c.number(1, -1) == 1, m.keptOr("+CNCFG apn", m.apn(1)), "0,")
}

// simcomAppNetwork7000 is AT+CNACT of the SIM7000: an action and the APN; no index anywhere.
func simcomAppNetwork7000(m *module, c call) reply {
	switch c.form {
	case test:
		return ok("+CNACT: (0-2),<APN>")
	case read:
		if ip := m.stackAddress(); ip != "" {
			return ok(fmt.Sprintf(`+CNACT: 1,"%s"`, ip))
		}
		return ok(`+CNACT: 0,"0.0.0.0"`)
	}
	apn := c.arg(1)
	if apn == "" {
		apn = m.apn(1)
	}
	return m.appNetwork(true, c.number(0, -1) == 1, apn, "")
}

// appNetwork answers OK first and tells the result in +APP PDP.
func (m *module) appNetwork(valid, open bool, apn, index string) reply {
	if !valid {
		return m.parameterError()
	}
	if !open {
		if m.set.stack != stackOpen {
			return fails()
		}
		return reply{then: func() {
			m.closeStack()
			m.urc("+APP PDP: " + index + "DEACTIVE")
		}}
	}
	if m.set.stack == stackOpen {
		return fails()
	}
	return reply{then: func() {
		if m.openStack(1, apn) == 0 {
			m.urc("+APP PDP: " + index + "ACTIVE")
			return
		}
		m.urc("+APP PDP: " + index + "DEACTIVE")
	}}
}

// simcomAppConfig is AT+CNCFG=<index>,<type>,"apn".
func simcomAppConfig(m *module, c call) reply {
	if c.form == write && c.arg(0) == "0" {
		m.kept["+CNCFG apn"] = c.arg(2)
		return ok()
	}
	if c.form == read {
		return ok(fmt.Sprintf(`+CNCFG: 0,1,"%s","","",0`, m.keptOr("+CNCFG apn", "")))
	}
	return ok()
}

// simcomBearer is AT+SAPBR of the SIM800 (800 9.2.1): 0 close, 1 open, 2 query, 3 set, 4 read parameters. Status 1 is
// connected, 3 closed.
func simcomBearer(m *module, c call) reply {
	if c.form != write || c.number(1, 0) != 1 {
		if c.form == test {
			return ok("+SAPBR: (0-5),(1-3)")
		}
		return m.parameterError()
	}
	slow := between(m.line.dice, 500*time.Millisecond, 3*time.Second)
	switch c.number(0, -1) {
	case 0:
		return reply{after: slow, more: func() reply {
			if m.set.stack != stackOpen {
				return fails()
			}
			m.closeStack()
			return ok()
		}}
	case 1:
		return reply{after: slow, more: func() reply {
			if m.set.stack == stackOpen || m.openStack(1, m.keptOr("+SAPBR apn", "")) != 0 {
				return fails()
			}
			return ok()
		}}
	case 2:
		if ip := m.stackAddress(); ip != "" {
			return ok(fmt.Sprintf(`+SAPBR: 1,1,"%s"`, ip))
		}
		return ok(`+SAPBR: 1,3,"0.0.0.0"`)
	case 3:
		if strings.EqualFold(c.arg(2), "APN") {
			m.kept["+SAPBR apn"] = c.arg(3)
		}
		return ok()
	}
	return m.parameterError()
}

// The CIP chain of the SIM800: start, bring up, ask the address, shut. The address comes without OK.
func simcomTask(m *module, c call) reply {
	if c.form == write {
		m.kept["+CSTT apn"] = c.arg(0)
	}
	if c.form == read {
		return ok(fmt.Sprintf(`+CSTT: "%s","",""`, m.keptOr("+CSTT apn", "CMNET")))
	}
	return ok()
}

func simcomBringUp(m *module, _ call) reply {
	if m.set.stack == stackOpen || m.openStack(1, m.keptOr("+CSTT apn", "CMNET")) != 0 {
		return fails()
	}
	return ok()
}

func simcomOwnAddress(m *module, _ call) reply {
	if ip := m.stackAddress(); ip != "" {
		return reply{lines: []string{ip}, mute: true}
	}
	return fails()
}

func simcomShut(m *module, _ call) reply {
	m.closeStack()
	return reply{final: "SHUT OK"}
}

// ubloxProfileStack is AT+UPSDA=0,<action>: 3 activates, 4 deactivates. The LTE-M families answer OK first and the
// result later, 0 for success; the 2G and 3G ones answer when it is done.
func ubloxProfileStack(later bool) func(*module, call) reply {
	return func(m *module, c call) reply {
		switch c.number(1, 0) {
		case 4:
			m.closeStack()
			return ok()
		case 3:
		default:
			return ok()
		}
		apn := m.keptOr("+UPSD apn", m.apn(1))
		if !later {
			if m.set.stack == stackOpen || m.openStack(1, apn) != 0 {
				return cme(3)
			}
			return ok()
		}
		return reply{then: func() {
			if m.openStack(1, apn) == 0 {
				m.urc(fmt.Sprintf(`+UUPSDA: 0,"%s"`, m.stackAddress()))
				return
			}
			m.urc("+UUPSDA: 1")
		}}
	}
}

// ubloxProfileData is AT+UPSD=<profile>,<tag>,<value>; tag 1 is the APN.
func ubloxProfileData(m *module, c call) reply {
	if c.form == write && c.number(1, -1) == 1 {
		m.kept["+UPSD apn"] = c.arg(2)
	}
	return ok()
}

// ubloxProfileStatus is AT+UPSND=0,<what>: 0 the address, 8 whether the profile is active.
func ubloxProfileStatus(m *module, c call) reply {
	ip := m.stackAddress()
	switch c.number(1, -1) {
	case 0:
		return ok(fmt.Sprintf(`+UPSND: 0,0,"%s"`, ip))
	case 8:
		if ip == "" {
			return ok("+UPSND: 0,8,0")
		}
		return ok("+UPSND: 0,8,1")
	}
	return m.parameterError()
}
