package simcom

import (
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// A76XX is the LTE Cat 1 family A7670, A7608, A7683, A7600C (ASR platform), and the SIM767x, whose manual has the same
// commands with other times: of the two the longer counts.
//
//   - The answer to AT+CEREG? has no technology, the unsolicited line has it (A76 5.2.2). <stat> 11 is "emergency only"
//     here, RLOS in 27.007; either way unusable.
//   - AT+CFUN=0 prints "+SIMCARD: NOT AVAILABLE", "+CGEV: ME DETACH", OK, and then "*RADIOPOWER: 0".
//   - AT+CEER puts a call cause into the text: `+CEER: "31 Normal unspecified"` (A76 7.2.7).
var A76XX = &modem.Dialect{
	Name:     "simcom-a76xx",
	Vendor:   "simcom",
	Claims:   []string{"A76", "SIM767"},
	Boot:     []string{"*ATREADY: 1"},
	BootTime: 30 * time.Second, // Zephyr and a MicroPython driver wait 20 s for the banner
	Setup: []modem.Step{
		modem.NumericOperator,
		modem.PacketEvents,
		{Write: "AT+CATR=0", Why: "unsolicited lines on every port, also the UART of a HAT; not kept (A76 10.2.9)"},
	},
	Firmware: "AT+CGMR",
	ICCID:    ciccid,
	Signal:   []modem.Query{cpsiSignal(SNRdB), modem.CESQ, modem.CSQ},
	Cell:     []modem.Query{cpsiCells(SNRdB), wideModes.query()},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true},
	},
	Cause:    modem.CEER,
	AcT:      map[int]int{8: 6}, // HSPA+ here (A76 4.2.2); to 27.007 that is HSDPA and HSUPA
	Auth:     cgauth,
	Stack:    netopen,
	Settings: settingsA76,
	Limits:   limitsA76,
	URCs:     urcs,
	Events:   append(wideEvents, events...),
	RadioOff: "AT+CFUN=4",
	Reset:    "AT+CRESET",
	PowerOff: atcmd.Cmd{Text: "AT+CPOF", Timeout: 10 * time.Second, Finals: []string{"POWERD DOWN"}}, // 767: after OK
	Power: modem.Power{
		OnPulse: 500 * time.Millisecond, OffPulse: 3 * time.Second, OffTime: 5 * time.Second,
		ResetPulse: 2500 * time.Millisecond,
		Source:     "Zephyr modem_cellular.c; LilyGO utilities.h; the A7683E's pinout for the reset",
	},
}

var limitsA76 = []modem.Limit{
	{Begins: "AT+", Time: 9 * time.Second, Source: "A76 allows 9 s for almost everything"},
	{Begins: "AT+CIMI", Time: 9 * time.Second, Source: "A76"},
	{Begins: "AT+CFUN=", Time: 25 * time.Second, Source: "767; A76 9 s"},
	{Begins: "AT+COPS=", Time: 60 * time.Second, Source: "A76, 767"},
	{Begins: "AT+CGATT=", Time: 45 * time.Second, Source: "767; A76 9 s"},
	{Begins: "AT+CGACT=", Time: 45 * time.Second, Source: "767; A76 9 s"},
	{Begins: "AT+CNBP=", Time: 25 * time.Second, Source: "767; A76 9 s"},
	{Begins: "AT+NETOPEN", Time: 120 * time.Second, Source: "A76, 767: AT+CIPTIMEOUT, 3 to 120 s"},
	{Begins: "AT+NETCLOSE", Time: 120 * time.Second, Source: "A76, 767"},
}
