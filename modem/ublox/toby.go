package ublox

import (
	"time"

	"supersim-agent/modem"
)

// TOBYL2 is the LTE Cat 4 family TOBY-L2 (and MPCI-L2) and TOBY-L4, and LARA-L6, which has the same context commands.
// It says when its port is ready, up to 20 s after USB has appeared (MM), and has a network interface on USB. The last
// LTE context cannot be ended: it says +CME ERROR: 148 (L4) or 151 (L2) where others say 171 (MM). The APN of the attach
// to LTE is a setting of its own, AT+UCGDFLT; AT+CGDCONT counts on 2G and 3G. Its credentials are not set: how, one
// script alone tells. The power pins are not known, nor which of 15 and 16 restarts the card too.
var TOBYL2 = &modem.Dialect{
	Name:     "ublox-toby-l2",
	Vendor:   "ublox",
	Claims:   []string{"TOBY-L2", "MPCI-L2", "TOBY-L4", "LARA-L6"},
	Boot:     []string{"+AT: READY"}, // +PBREADY comes later and is no restart
	BootTime: 20 * time.Second,
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, cardReports, cellReports},
	Firmware: "AT+CGMR",
	ICCID:    ccid,
	Signal:   []modem.Query{modem.CESQ, modem.CSQ},
	Cell:     []modem.Query{cellQuery(Indexed)}, // oFono
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{3, 2}, Ask: true},
		{Domain: modem.PS, N: []int{3, 2}, Ask: true},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true}, // 0 to 2 on L4 (AT manual, as u-blox quotes it)
	},
	Cause: modem.CEER,
	APN: modem.APNRule{RadioFirst: true, Attach: modem.AttachAPN{
		Read: "AT+UCGDFLT?", Prefix: "+UCGDFLT", Write: `AT+UCGDFLT=1,"%s","%s"`, // 1: kept over power-off
		Source: "emnify's guide; VintageNet's TOBY-L2 driver, with the radio off",
	}},
	Auth: userFirst,
	Settings: []modem.Setting{
		profileShown, uratNumber("2G", "3G", "4G"), uact, ubandsel, upsv, uusbconf, ubmconf, uipaddr, toolkit,
	},
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4",
	RadioGap: radioGap,
	Gap:      50 * time.Millisecond, // as SARA-U2, with which TOBY-L2 shares the manual
	Reset:    "AT+CFUN=16",
	PowerOff: powerOff,
}
