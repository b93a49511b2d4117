package ublox

import (
	"time"

	"supersim-agent/modem"
)

// LARAR6 is the LTE Cat 1 family LARA-R6001, R6401, R6801 with UMTS and GSM. Its answer to AT+CEREG? may have a field
// more than the unsolicited line, and timers behind empty places (UBX: `+CEREG: 4,5,,,,,,,"00000000","01100000"`).
// +CGREG stays at 4 while LTE serves. AT+CEER was seen to say "EMM attach failed" without a number
// (ublox-cellular-rs).
var LARAR6 = &modem.Dialect{
	Name:     "ublox-lara-r6",
	Vendor:   "ublox",
	Claims:   []string{"LARA-R6"},
	BootTime: 10 * time.Second, // UBX
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, cardReports, cellReports},
	Firmware: "ATI9",
	ICCID:    ccid,
	Signal:   []modem.Query{signalOf(cellQuery(Indexed)), modem.CESQ, modem.CSQ},
	Cell:     []modem.Query{cellQuery(Indexed)},
	Reg:      threeDomains,
	Cause:    modem.CEER,
	APN:      modem.APNRule{RadioFirst: true},
	Auth:     passwordFirst,
	Settings: []modem.Setting{umnoprof("90"), urat320, modem.PSM, edrxOne, upsv, lwm2m, toolkit},
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4",
	RadioGap: radioGap,
	Gap:      20 * time.Millisecond,
	Reset:    "AT+CFUN=15",
	PowerOff: powerOff,
	Power: modem.Power{
		OnPulse: 300 * time.Millisecond, OffPulse: 2 * time.Second, OffTime: 35 * time.Second,
		ResetPulse: 150 * time.Millisecond, Awake: 30 * time.Second, Source: "UBX u_cell_private.c",
	},
}
