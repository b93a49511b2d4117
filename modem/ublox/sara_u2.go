package ublox

import (
	"time"

	"supersim-agent/modem"
)

// SARAU2 is the UMTS and GSM family SARA-U2 and LISA-U2. A context is a profile here: AT+UPSDA answers when it is up,
// and +UUPSDD reports its end. The radio goes off with AT+CFUN=0 (UBX).
var SARAU2 = &modem.Dialect{
	Name:     "ublox-sara-u2",
	Vendor:   "ublox",
	Claims:   []string{"SARA-U2", "LISA-U2"},
	BootTime: 10 * time.Second, // UBX: 5 s
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, cardReports},
	Firmware: "ATI9",
	ICCID:    ccid,
	Signal:   []modem.Query{modem.CESQ, modem.CSQ},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
	},
	Cause:    modem.CEER,
	Auth:     userFirst,
	Activate: ownContext,
	Settings: []modem.Setting{uratNumber("2G", "3G"), ubandsel, upsv, uusbconf, toolkit},
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=0",
	RadioGap: radioGap,
	Gap:      50 * time.Millisecond,
	Reset:    "AT+CFUN=15",
	PowerOff: powerOff,
	Power: modem.Power{
		OnPulse: 10 * time.Millisecond, OffPulse: 1500 * time.Millisecond, OffTime: 5 * time.Second,
		ResetPulse: 75 * time.Millisecond, Awake: 5 * time.Second, Source: "UBX u_cell_private.c",
	},
}
