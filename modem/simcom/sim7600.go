package simcom

import (
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// SIM7600 is the LTE Cat 1 and Cat 4 family SIM7600E, -A, -G, -H, whose AT+CGMM says "SIMCOM_SIM7600E-H", and its elder
// brothers SIM7500 and SIM7100, which the same manuals describe. They know no reject cause in the registration lines
// and only plain texts in AT+CEER; both are asked, newer firmware may know more.
var SIM7600 = &modem.Dialect{
	Name:     "simcom-sim7600",
	Vendor:   "simcom",
	Claims:   []string{"SIM7600", "SIM7500", "SIM7100"},
	Boot:     []string{"RDY"},
	BootTime: 30 * time.Second, // AT sent before the banner is dropped without an echo
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents},
	Firmware: "AT+CGMR",
	ICCID:    ciccid,
	Signal:   []modem.Query{cpsiSignal(SNRdB), modem.CSQ},
	Cell:     []modem.Query{cpsiCells(SNRdB), wideModes.query()},
	Reg: []modem.Registrar{ // area and cell in +CREG and +CGREG without the technology, with or without quotes
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true},
	},
	Cause:    modem.CEER,
	AcT:      map[int]int{8: modem.Unknown}, // CDMA/HDR here (7600 4.2.1), which 27.007 has no number for
	Auth:     cgauth,
	Stack:    netopen,
	Settings: settings7600,
	Limits:   limits7600,
	URCs:     urcs,
	Events:   append(wideEvents, events...),
	RadioOff: "AT+CFUN=4", // 7 can only be left by a restart, 0 drops the card
	Reset:    "AT+CRESET",
	PowerOff: atcmd.Cmd{Text: "AT+CPOF", Timeout: 10 * time.Second},
	Power: modem.Power{
		OnPulse: 500 * time.Millisecond, OffPulse: 3 * time.Second, OffTime: 28 * time.Second,
		Source: "SIM7600 manual as quoted by vendor demos; SIM79xx hardware design for the time to off",
	},
}

// limits7600: the manual gives a figure for calls and network commands only (120 s); the others are the sibling
// A76xx's. It serves the SIM8200 too, whose manual's figures are not known.
var limits7600 = []modem.Limit{
	{Begins: "AT+CFUN=", Time: 25 * time.Second, Source: "SIM767XX manual"},
	{Begins: "AT+CGATT=", Time: 120 * time.Second, Source: "7600"},
	{Begins: "AT+CGACT=", Time: 120 * time.Second, Source: "7600"},
	{Begins: "AT+NETOPEN", Time: 120 * time.Second, Source: "7600"},
	{Begins: "AT+NETCLOSE", Time: 120 * time.Second, Source: "7600"},
	{Begins: "AT+CEER", Time: 15 * time.Second, Source: "7600 allows 120 s, for calls; A76xx 9 s"},
}

// wideEvents: the stack's context, which is context 1, was closed by the network.
var wideEvents = []modem.Event{lost("+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY", true)}
