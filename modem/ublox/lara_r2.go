package ublox

import (
	"time"

	"supersim-agent/modem"
)

// LARAR2 is the elder LTE Cat 1 generation LARA-R2 and TOBY-R2. <n> is 0 to 2 in all domains (AT manual UBX-13002752
// 18.36.3, as u-blox quotes it), so that causes come from AT+CEER alone. Its factory setting is hardware flow control:
// without RTS it stays silent on a UART. Most of its times are its neighbours'.
var LARAR2 = &modem.Dialect{
	Name:     "ublox-lara-r2",
	Vendor:   "ublox",
	Claims:   []string{"LARA-R2", "TOBY-R2"},
	BootTime: 10 * time.Second, // genmon: 7 to 10 s
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, cardReports, cellReports},
	Firmware: "AT+CGMR",
	ICCID:    ccid,
	Signal:   []modem.Query{modem.CESQ, modem.CSQ},
	Cell:     []modem.Query{cellQuery(Indexed)}, // oFono reads the same places on its siblings
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{2}},
	},
	Cause:    modem.CEER,
	APN:      modem.APNRule{RadioFirst: true},
	Auth:     userFirst,
	Stack:    ownContext,
	Settings: []modem.Setting{profileShown, uratNumber("2G", "3G", "4G"), ubandsel, upsv, toolkit},
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4",
	RadioGap: radioGap,
	Gap:      50 * time.Millisecond, // as SARA-U2, with which it shares the manual
	Reset:    "AT+CFUN=16",
	PowerOff: powerOff,
	Power: modem.Power{
		OnPulse: time.Second, OffPulse: 1200 * time.Millisecond,
		Source: "Seeed LTE Cat 1 HAT, through its transistor; the module's own limits are not known",
	},
}
