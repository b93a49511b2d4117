package ublox

import (
	"time"

	"supersim-agent/modem"
)

// SARAR5 is the LTE-M family SARA-R500S, -R510S, -R510M8S, -R520. It is reached over its UART only (USB is for
// diagnosis, R5SYS), and tells reject causes in its registration lines and in AT+CEER, which has up to three lines.
var SARAR5 = &modem.Dialect{
	Name:     "ublox-sara-r5",
	Vendor:   "ublox",
	Claims:   []string{"SARA-R50", "SARA-R51", "SARA-R52", "LEXI-R52"},
	BootTime: 15 * time.Second, // UBX: 6 s after power-on, 15 s after a reset
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, cardReports, cellReports},
	Firmware: "ATI9",
	ICCID:    ccid,
	Signal:   []modem.Query{signalOf(cellQuery(Indexed)), modem.CESQ, modem.CSQ},
	Cell:     []modem.Query{cellQuery(Indexed)},
	Reg:      threeDomains,
	Cause:    modem.CEER,
	AcT:      map[int]int{-1: 7}, // seen by PART; the only technology that it has is LTE-M, which it numbers 7
	APN:      modem.APNRule{RadioFirst: true},
	Auth:     userFirst,
	Stack:    mappedContext,
	Settings: []modem.Setting{umnoprof("90"), urat7, ubandmask, modem.PSM, edrxOne, upsv, toolkit},
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4", // it does not take AT+CFUN=0,0 (PART)
	RadioGap: radioGap,
	Gap:      20 * time.Millisecond,
	Reset:    "AT+CFUN=16", // 15 would not restart the card
	PowerOff: powerOff,
	Power: modem.Power{
		OnPulse: 1500 * time.Millisecond, OffPulse: 2 * time.Second, OffTime: 20 * time.Second,
		ResetPulse: 150 * time.Millisecond, Awake: 10 * time.Second, Source: "UBX u_cell_private.c",
	},
}
