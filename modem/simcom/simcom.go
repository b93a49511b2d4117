// Package simcom holds the AT dialects of SIMCom's modules. It is tables first; the parsers read what only SIMCom says
// (+CPSI). Facts are from the SIM7500_SIM7600 AT manual V3.00 ("7600") and the UART application note V3.00 ("7600U").
//
// A trap of the whole make: AT+CREG without a question mark is a command of its own and switches the reports off.
//
// To add a family: one Dialect below and in Dialects, and its captured answers in testdata/.
package simcom

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Dialects is what the driver chooses from.
var Dialects = []*modem.Dialect{SIM7600}

// SIM7600 is the LTE Cat 1 and Cat 4 family SIM7600E, -A, -G, -H, whose AT+CGMM says "SIMCOM_SIM7600E-H". Its manual
// knows no reject cause in the registration lines and only call causes in AT+CEER; both are asked, newer firmware may
// know more.
var SIM7600 = &modem.Dialect{
	Name:     "simcom-sim7600",
	Vendor:   "simcom",
	Claims:   []string{"SIM7600", "SIM7500"},
	Boot:     []string{"RDY"},
	BootTime: 30 * time.Second, // AT sent before the banner is dropped without an echo
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents},
	Firmware: "AT+CGMR",
	ICCID:    modem.Query{Cmd: "AT+CICCID", Prefix: "+ICCID", Parse: modem.FirstLine(modem.ParseICCID)},
	Signal: []modem.Query{
		{Cmd: "AT+CPSI?", Prefix: "+CPSI", Parse: modem.FirstLine(ParseCPSI)}, // ERROR at first after power-on
		modem.CSQ,
	},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true},
	},
	Cause:    modem.CEER,
	AcT:      map[int]int{8: modem.Unknown}, // CDMA/HDR here (7600 4.2.1), which 27.007 has no number for
	Auth:     cgauth,
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4", // 0 drops the card, and AT+CGDCONT= fails then
	Reset:    "AT+CRESET",
	PowerOff: atcmd.Cmd{Text: "AT+CPOF", Timeout: 10 * time.Second},
	Power: modem.Power{
		OnPulse: 500 * time.Millisecond, OffPulse: 3 * time.Second, OffTime: 28 * time.Second,
		Source: "SIM7600 manual as quoted by vendor demos; SIM79xx hardware design for the time to off",
	},
}

// limits: the 7600 manual gives a figure for calls and network commands only (120 s); the others are the sibling A76xx's.
var limits = []modem.Limit{
	{Begins: "AT+CFUN=", Time: 25 * time.Second, Source: "SIM767XX manual"},
	{Begins: "AT+CGATT=", Time: 120 * time.Second, Source: "7600"},
	{Begins: "AT+CGACT=", Time: 120 * time.Second, Source: "7600"},
	{Begins: "AT+CEER", Time: 15 * time.Second, Source: "7600 allows 120 s, for calls; A76xx 9 s"},
}

var urcs = []atcmd.URC{
	{Prefix: "SMS DONE", Exact: true}, {Prefix: "PB DONE", Exact: true}, {Prefix: "SMS Ready", Exact: true},
	{Prefix: "Call Ready", Exact: true}, {Prefix: "Autobaud: OK", Exact: true},
	{Prefix: "+SIMCARD"}, {Prefix: "*ATREADY"}, {Prefix: "*RADIOPOWER"}, {Prefix: "+CNSMOD"},
	{Prefix: "*PSUTTZ"}, {Prefix: "*PSNWID"}, {Prefix: "DST"}, {Prefix: "+NITZ"},
	{Prefix: "+NETOPEN"}, {Prefix: "+CIPEVENT"}, {Prefix: "+IPCLOSE"}, {Prefix: "RECV FROM"}, {Prefix: "+STIN"},
	{Prefix: "NORMAL POWER DOWN", Exact: true}, {Prefix: "POWERD DOWN", Exact: true},
	{Prefix: "UNDER-VOLTAGE"}, {Prefix: "OVER-VOLTAGE"}, {Prefix: "+CPMUTEMP"}, {Prefix: "+CMTE"},
	{Prefix: "VOICE CALL"}, {Prefix: "MISSED_CALL"}, {Prefix: "+RXDTMF"},
}

// events: +NETOPEN and +CIPEVENT speak of the module's own IP stack, which the host's data path does not use.
var events = []modem.Event{
	{Begins: "+SIMCARD: NOT AVAILABLE", Exact: true, Parse: func(string) []modem.Observation {
		return []modem.Observation{modem.SIM{State: modem.SIMMissing}}
	}},
}

// cgauth has the password before the user name, against 27.007 and against its own read answer (7600 8.2.15).
func cgauth(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return atcmd.Cmd{Text: fmt.Sprintf(`AT+CGAUTH=%d,%d,"%s","%s"`, c.CID, a.Method, a.Password, a.User), Secret: true}
}
