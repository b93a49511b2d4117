package simcom

import (
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// SIM8200 is the 5G family SIM8200 and SIM8202 (M.2). Its manual was not at hand; what is not known from quotations and
// captured sessions is as on the SIM7600, which has the same commands.
//
// Both AT+CICCID and AT+ICCID are in use on it; when the first is refused the card is read with AT+CRSM. AT+CPSI? has
// a line for LTE and with EN-DC one for NR, whose columns differ between firmware; see [ParseCPSI].
var SIM8200 = &modem.Dialect{
	Name:     "simcom-sim8200",
	Vendor:   "simcom",
	Claims:   []string{"SIM8200", "SIM8202"},
	Boot:     []string{"RDY"},
	BootTime: 30 * time.Second,
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents},
	Firmware: "AT+CGMR",
	ICCID:    ciccid,
	Signal:   []modem.Query{cpsiSignal(SNRdB), modem.CSQ},
	Cell:     []modem.Query{cpsiCells(SNRdB), wideModes.query()},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true},
		{Domain: modem.FGS, N: []int{3, 2}, Ask: true},
	},
	Cause:    modem.CEER,
	Auth:     cgauth,
	Stack:    netopen,
	Settings: settings8200,
	Limits:   limits7600,
	URCs:     urcs,
	Events:   append(wideEvents, events...),
	RadioOff: "AT+CFUN=4",
	Reset:    "AT+CRESET",
	PowerOff: atcmd.Cmd{Text: "AT+CPOF", Timeout: 10 * time.Second}, // it starts again unless the pin below is held low
	Power: modem.Power{
		OffPulse: 3 * time.Second, OffTime: 9 * time.Second,
		Source: "SIM8300G-M2 hardware design V1.01: FULL_CARD_POWER_OFF#, a level and no key",
	},
}
