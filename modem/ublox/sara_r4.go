package ublox

import (
	"time"

	"supersim-agent/modem"
)

// SARAR4 is the LTE-M family SARA-R404M, R410M and R412M; the R412M has GSM too.
//
//   - While the card is not up yet, any command may answer "SIM failure", for some seconds after boot: that is no
//     fault (PART, MM).
//   - LTE-M has number 7, on some firmware 8 (a captured `+COPS: 0,2,"310410",8`; R4AT lists 8 for R410M-01B).
//   - There is no AT+CEER (UBX), so causes come with n=3 only; n=4 would have the timers in their place.
//   - It has no profiles (AT+UPSD…) and refuses AT+CGACT=1 for a context that is up.
//   - A short reset pulse does nothing.
var SARAR4 = &modem.Dialect{
	Name:     "ublox-sara-r4",
	Vendor:   "ublox",
	Claims:   []string{"SARA-R40", "SARA-R41"},
	BootTime: 10 * time.Second, // UBX, Zephyr
	CardTime: 30 * time.Second, // PART and MM ask again, for 10 s and more
	Setup: []modem.Step{
		modem.NumericOperator, modem.PacketEvents, cardReports,
		{Write: "AT+UCGED=5", Why: "AT+UCGED? tells RSRP and RSRQ; AT+CESQ is often empty here (PART)"},
	},
	Firmware: "ATI9",
	ICCID:    ccid,
	Signal:   []modem.Query{signalOf(rsrpQuery), modem.CESQ, modem.CSQ}, // on GSM the first is refused
	Cell:     []modem.Query{rsrpQuery},
	Reg: []modem.Registrar{ // R4AT 7.7, 13.10, 13.13
		{Domain: modem.CS, N: []int{3, 2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{3, 2}},
	},
	AcT:      map[int]int{8: 7},
	APN:      modem.APNRule{RadioFirst: true},
	Auth:     passwordFirst,
	Settings: []modem.Setting{umnoprof("100"), urat79, ubandmask, modem.PSM, edrxAll, upsv, toolkit},
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4",
	RadioGap: radioGap,
	Gap:      100 * time.Millisecond,
	Reset:    "AT+CFUN=15", // 16 is not supported (TinyGSM)
	PowerOff: powerOff,
	Power:    longReset,
}

// longReset is the power pins of the SARA-R4 series.
var longReset = modem.Power{
	OnPulse: 300 * time.Millisecond, OffPulse: 2 * time.Second, OffTime: 35 * time.Second,
	ResetPulse: 16500 * time.Millisecond, Awake: 30 * time.Second, Source: "UBX u_cell_private.c",
}

// rsrpQuery is the report of AT+UCGED=5, which has labels of its own.
var rsrpQuery = modem.Query{
	Cmd: "AT+UCGED?", Labels: []string{"+RSRP", "+RSRQ"},
	Parse: func(lines []string) (modem.Observation, error) { return ParseRSRP(lines) },
}
