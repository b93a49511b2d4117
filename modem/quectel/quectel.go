// Package quectel holds the AT dialects of Quectel's modules. It is tables first; the parsers read what only Quectel
// says (+QCSQ). Facts are from the EC2x&EG9x&EG2x-G&EM05 AT manual V2.0 and EC25&EC21 manual V1.3 ("EC2x", "EC25"),
// from a captured session of an EG25-G, and from shipping code where named.
//
// To add a family: one Dialect below and in Dialects, and its captured answers in testdata/.
package quectel

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Dialects is what the driver chooses from.
var Dialects = []*modem.Dialect{EC25}

// EC25 is the LTE Cat 1 and Cat 4 family with Qualcomm's MDM9x07: EC25, EG25-G (whose AT+CGMM says "EG25"), EC21,
// EG21-G. Registration with n=2 only by the manual, so that causes come from AT+CEER; newer firmware is asked.
var EC25 = &modem.Dialect{
	Name:     "quectel-eg25",
	Vendor:   "quectel",
	Claims:   []string{"EC25", "EG25", "EC21", "EG21"},
	Boot:     []string{"RDY"},
	BootTime: 15 * time.Second, // EC2x 13.1; Zephyr waits as long
	Setup: []modem.Step{
		modem.NumericOperator,
		modem.PacketEvents,
		{
			Read:  `AT+QURCCFG="urcport"`,
			Want:  `+QURCCFG: "urcport","all"`,
			Write: `AT+QURCCFG="urcport","all"`,
			Why:   `the default "usbat" leaves the UART of a HAT without unsolicited lines (EC2x 2.25)`,
		},
	},
	Firmware: "AT+CGMR",
	ICCID:    modem.Query{Cmd: "AT+QCCID", Prefix: "+QCCID", Parse: modem.FirstLine(modem.ParseICCID)},
	Signal: []modem.Query{
		{Cmd: "AT+QCSQ", Prefix: "+QCSQ", Parse: modem.FirstLine(ParseQCSQ)}, // not in every firmware
		modem.CSQ,
	},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true},
	},
	Cause:    modem.CEER,
	APN:      modem.APNRule{Tries: 5, Pause: 200 * time.Millisecond}, // Particle
	Auth:     icsgp,
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

var limits = []modem.Limit{
	{Begins: "AT+CFUN=", Time: 15 * time.Second, Source: "EC2x 2.22"},
	{Begins: "AT+COPS=", Time: 180 * time.Second, Source: "EC2x 6.1"},
	{Begins: "AT+COPS=3", Time: 10 * time.Second, Source: "sets a format, nothing is searched"},
	{Begins: "AT+CGATT=", Time: 140 * time.Second, Source: "EC2x 10.1"},
	{Begins: "AT+CGACT=", Time: 150 * time.Second, Source: "EC2x 10.8"},
}

// urcs is the catalogue of EC2x 15.6, and lines seen in captures. +QIND carries "csq" and "act" when they are enabled.
var urcs = []atcmd.URC{
	{Prefix: "APP RDY", Exact: true}, {Prefix: "POWERED DOWN", Exact: true},
	{Prefix: "+QUSIM"}, {Prefix: "+USIM"}, {Prefix: "+QIND"}, {Prefix: "+QSIMSTAT"},
	{Prefix: "CPIN"}, // EC2x 5.11 prints "CPIN: NOT READY" without the plus
	{Prefix: "+QIURC"}, {Prefix: "+QIOPEN"}, {Prefix: "+QGPSURC"}, {Prefix: "+QLWURC"}, {Prefix: "+QMTSTAT"},
	{Prefix: "+QSTKURC"}, {Prefix: "+QTONEDET"}, {Prefix: "+QAUDLOOP"}, {Prefix: "+APIND"}, {Prefix: "+QPSMTIMER"},
	{Prefix: "^DSCI"}, {Prefix: "^MODE"}, {Prefix: "^HCMT", Extra: 1}, {Prefix: "^HCDS", Extra: 1},
}

var events = []modem.Event{
	// The card was initialised again: at boot, and after the applet's REFRESH. The manual calls the line +USIM.
	{Begins: "+QUSIM:", Parse: refreshed},
	{Begins: "+USIM:", Parse: refreshed},
	{Begins: "+QSIMSTAT", Parse: simSlot},
}

func refreshed(string) []modem.Observation { return []modem.Observation{modem.SIM{Refreshed: true}} }

// simSlot reads "+QSIMSTAT: 1,0", in the manual's example with a blank before the colon: the second value tells
// whether a card is in the slot (0 no, 1 yes, 2 unknown before initialisation). A card that is in is not yet ready.
func simSlot(line string) []modem.Observation {
	switch line[len(line)-1] {
	case '0':
		return []modem.Observation{modem.SIM{State: modem.SIMMissing}}
	case '1':
		return []modem.Observation{modem.SIM{State: modem.SIMBusy}}
	}
	return nil
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
