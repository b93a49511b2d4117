package ublox

import (
	"time"

	"supersim-agent/modem"
)

// SARAR422 is the LTE-M, NB-IoT and GSM module SARA-R422, and LEXI-R422. In its unsolicited lines empty fields are
// kept, up to the last comma (captured with n=4: "+CEREG: 2,,,,,,,,"). It may show a context as active that is not,
// until AT+CGACT=1 is sent (UBX).
var SARAR422 = &modem.Dialect{
	Name:     "ublox-sara-r422",
	Vendor:   "ublox",
	Claims:   []string{"SARA-R42", "LEXI-R42"},
	BootTime: 10 * time.Second, // UBX
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, cardReports, cellReports},
	Firmware: "ATI9",
	ICCID:    ccid,
	Signal:   []modem.Query{signalOf(cellQuery(Decibels)), modem.CESQ, modem.CSQ},
	Cell:     []modem.Query{cellQuery(Decibels)},
	Reg:      threeDomains,
	AcT:      map[int]int{8: 7}, // as its elders number LTE-M
	APN:      modem.APNRule{RadioFirst: true},
	Auth:     passwordFirst,
	Settings: []modem.Setting{umnoprof("90"), urat79, ubandmask, modem.PSM, edrxAll, upsv, toolkit},
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4",
	RadioGap: radioGap,
	Gap:      100 * time.Millisecond,
	Reset:    "AT+CFUN=15",
	PowerOff: powerOff,
	Power:    longReset,
}
