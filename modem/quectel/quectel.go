// Package quectel holds the AT dialects of Quectel's modules. It is tables first; the parsers read what only Quectel
// says (+QCSQ, +QENG, +QNWINFO, +QCFG, +QNWPREFCFG, +QLTS, +QIACT, +QFPLMNCFG, +QINISTAT, and its unsolicited lines).
// Facts are from the EC2x&EG9x&EG2x-G&EM05 AT manual V2.0 and EC25&EC21 manual V1.3 ("EC2x", "EC25"), the BG96 manual
// V2.0 ("BG96"), the RG50xQ&RM5xxQ and RG520N&RM5x0N manuals ("RG50", "RG5"), from captured sessions, and from shipping
// code where named.
//
// To add a family: one row in families.go, which holds only what differs from EC25, and its captured answers in
// testdata/.
package quectel

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Dialects is what the driver chooses from.
var Dialects = []*modem.Dialect{EC25, EG91, BG95, BG96, EG06, RM500, RM520}

// EC25 is the LTE Cat 1 and Cat 4 family with Qualcomm's MDM9x07: EC25, EG25-G (whose AT+CGMM says "EG25"), EC21,
// EG21-G, and EC20 and EM05, which share manual and USB identity. Registration with n=2 only by the manual, so that
// causes come from AT+CEER; newer firmware is asked.
var EC25 = &modem.Dialect{
	Name:     "quectel-eg25",
	Vendor:   "quectel",
	Claims:   []string{"EC25", "EG25", "EC21", "EG21", "EC20", "EM05"},
	Boot:     []string{"RDY"},
	BootTime: 15 * time.Second, // EC2x 13.1; Zephyr waits as long
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, urcsEverywhere, urcsAtOnce, hotPlug},
	Firmware: "AT+CGMR",
	ICCID:    modem.Query{Cmd: "AT+QCCID", Prefix: "+QCCID", Parse: modem.FirstLine(modem.ParseICCID)},
	Signal: []modem.Query{
		{Cmd: "AT+QCSQ", Prefix: "+QCSQ", Parse: modem.FirstLine(ParseQCSQ)}, // not in every firmware
		modem.CSQ,
	},
	Cell: []modem.Query{
		{Cmd: `AT+QENG="servingcell"`, Prefix: "+QENG", Parse: observe(ParseQENG)},
		{Cmd: "AT+QNWINFO", Prefix: "+QNWINFO", Parse: observe(ParseQNWINFO)},
	},
	Time: []modem.Query{{Cmd: "AT+QLTS=1", Prefix: "+QLTS", Parse: modem.FirstLine(ParseQLTS)}},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true},
	},
	Cause:    modem.CEER,
	APN:      modem.APNRule{Tries: 5, Pause: 200 * time.Millisecond}, // Particle
	Auth:     icsgp,
	Settings: settingsEC25,
	FPLMN:    forbidden,
	Stack:    ipStack,
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4", // 0 takes the power off the card, and +CME ERROR: 13 follows
	Reset:    "AT+CFUN=1,1",
	PowerOff: atcmd.Cmd{Text: "AT+QPOWD=1", Timeout: 10 * time.Second, Finals: []string{"POWERED DOWN"}},
	Power: modem.Power{
		OnPulse: 575 * time.Millisecond, OffPulse: 650 * time.Millisecond, OffTime: 30 * time.Second,
		ResetPulse: 300 * time.Millisecond, Awake: 5 * time.Second,
		Source: "EC2x 13.1; Particle quectel_ncp_client.cpp (EG91)",
	},
}

// Steps of session set-up.
var (
	urcsEverywhere = modem.Step{
		Read:  `AT+QURCCFG="urcport"`,
		Want:  `+QURCCFG: "urcport","all"`,
		Write: `AT+QURCCFG="urcport","all"`,
		Why:   `the default "usbat" leaves the UART of a HAT without unsolicited lines (EC2x 2.25)`,
	}
	urcsAtOnce = modem.Step{
		Read:  `AT+QCFG="urc/cache"`,
		Want:  `+QCFG: "urc/cache",0`,
		Write: `AT+QCFG="urc/cache",0`,
		Why:   "with 1 no unsolicited line comes at all (EC25 4.3.18)",
	}
	hotPlug = modem.Step{Write: "AT+QSIMSTAT=1", Why: "report a card that is put in or taken out (EC2x 5.11)"}
)

// urcsHere is for the families that know no "all" (BG96 manual: an error), each kind of port by its own name.
func urcsHere(line modem.Line, port string) modem.Step {
	return modem.Step{
		Read:  `AT+QURCCFG="urcport"`,
		Want:  `+QURCCFG: "urcport","` + port + `"`,
		Write: `AT+QURCCFG="urcport","` + port + `"`,
		Only:  line,
		Why:   "unsolicited lines go to one port only",
	}
}

// limits hold for all families: the manuals of EC2x and BG96 agree, and RG50's are of the same class as far as they
// were seen.
var limits = []modem.Limit{
	{Begins: "AT+CFUN=", Time: 15 * time.Second, Source: "EC2x 2.22"},
	{Begins: "AT+COPS=", Time: 180 * time.Second, Source: "EC2x 6.1"},
	{Begins: "AT+COPS=3", Time: 10 * time.Second, Source: "sets a format, nothing is searched"},
	{Begins: "AT+CGATT=", Time: 140 * time.Second, Source: "EC2x 10.1"},
	{Begins: "AT+CGACT=", Time: 150 * time.Second, Source: "EC2x 10.8"},
	{Begins: "AT+QIACT=", Time: 150 * time.Second, Source: "BG96 TCP/IP manual"},
	{Begins: "AT+QIDEACT=", Time: 40 * time.Second, Source: "BG96 TCP/IP manual"},
}

// forbidden is EC2x 6.16: the module's copy and the card's file at once.
var forbidden = modem.Forbidden{
	Read: `AT+QFPLMNCFG="List"`, Prefix: "+QFPLMNCFG", Parse: ParseQFPLMNCFG,
	Clear: `AT+QFPLMNCFG="Delete","all"`, Source: "EC2x 6.16",
}

// ipStack is the module's own IP stack. It knows nothing of the context's credentials, so its Define clears them: a
// host that needs both calls SetAPN again.
var ipStack = &modem.Activation{
	Define: func(c modem.PDPContext) []string { return []string{icsgp(c, modem.Auth{}).Text} },
	Up:     func(cid int) string { return fmt.Sprintf("AT+QIACT=%d", cid) }, // ERROR when it is up already
	Down:   func(cid int) string { return fmt.Sprintf("AT+QIDEACT=%d", cid) },
	Read:   "AT+QIACT?", Prefix: "+QIACT", Parse: ParseQIACT,
	Loss:   []string{`+QIURC: "pdpdeact",1`}, // AT+QIDEACT must follow before the next AT+QIACT
	Source: "BG96 TCP/IP manual V1.0",
}

// icsgp sets credentials and, because the command has them too, APN and type again (EC2x 10.4: <auth> 0 none, 1 PAP,
// 2 CHAP).
func icsgp(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	pdpType := map[string]int{"IPV6": 2, "IPV4V6": 3}[c.Type]
	if pdpType == 0 {
		pdpType = 1
	}
	return atcmd.Cmd{
		Text:   fmt.Sprintf(`AT+QICSGP=%d,%d,"%s","%s","%s",%d`, c.CID, pdpType, c.APN, a.User, a.Password, a.Method),
		Secret: true,
	}
}

// observe makes a Query's Parse from the parser of a whole answer.
func observe[T modem.Observation](parse func([]string) (T, error)) func([]string) (modem.Observation, error) {
	return func(lines []string) (modem.Observation, error) { return parse(lines) }
}
