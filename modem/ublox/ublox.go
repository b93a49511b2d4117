// Package ublox holds the AT dialects of u-blox's modules. It is tables first. Facts are from the SARA-R5 application
// development and system integration manuals ("R5APP" UBX-20009652, "R5SYS" UBX-19041356) and, because the AT command
// manuals could not be had, from shipping code: ubxlib ("UBX"), Particle device-os ("PART").
//
// To add a family: one Dialect below and in Dialects, and its captured answers in testdata/.
package ublox

import (
	"fmt"
	"strings"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Dialects is what the driver chooses from.
var Dialects = []*modem.Dialect{SARAR5}

// SARAR5 is the LTE-M family SARA-R500S, -R510S, -R510M8S, -R520. It has no boot banner, is reached over its UART only
// (USB is for diagnosis, R5SYS), and tells reject causes in its registration lines and in AT+CEER.
var SARAR5 = &modem.Dialect{
	Name:     "ublox-sara-r5",
	Vendor:   "ublox",
	Claims:   []string{"SARA-R50", "SARA-R51", "SARA-R52", "LEXI-R52"},
	BootTime: 15 * time.Second, // UBX: 6 s after power-on, 15 s after a reset
	Setup: []modem.Step{
		modem.NumericOperator,
		modem.PacketEvents,
		{Write: "AT+USIMSTAT=7", Why: "report card states and the applet's REFRESH (R5APP)"},
	},
	Firmware: "ATI9",
	ICCID:    modem.Query{Cmd: "AT+CCID", Prefix: "+CCID", Parse: modem.FirstLine(modem.ParseICCID)},
	Signal:   []modem.Query{modem.CESQ, modem.CSQ},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{3, 2}},
		{Domain: modem.PS, N: []int{3, 2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}},
	},
	Cause:    modem.CEER,
	AcT:      map[int]int{-1: 7}, // seen by PART; the only technology that it has is LTE-M, which it numbers 7
	APN:      modem.APNRule{RadioFirst: true},
	Auth:     uauthreq,
	Limits:   limits,
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=4",
	RadioGap: time.Second,  // UBX: between any two changes
	Reset:    "AT+CFUN=16", // 15 would not restart the card
	PowerOff: atcmd.Cmd{Text: "AT+CPWROFF", Timeout: 40 * time.Second},
	Power: modem.Power{
		OnPulse: 1500 * time.Millisecond, OffPulse: 2 * time.Second, OffTime: 20 * time.Second,
		ResetPulse: 150 * time.Millisecond, Awake: 10 * time.Second, Source: "UBX u_cell_private.c",
	},
}

// limits: values of shipping code; the vendor's figures could not be had.
var limits = []modem.Limit{
	{Begins: "AT+CFUN=", Time: 180 * time.Second, Source: "PART, ublox-cellular-rs"},
	{Begins: "AT+CFUN?", Time: 8 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+COPS=", Time: 300 * time.Second, Source: "PART"},
	{Begins: "AT+CGATT=", Time: 180 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+CGACT=", Time: 150 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+CIMI", Time: 10 * time.Second, Source: "PART"},
}

var urcs = []atcmd.URC{
	{Prefix: "+UUSIMSTAT"}, {Prefix: "+UUPSDA"}, {Prefix: "+UUPSDD"}, {Prefix: "+UUSOCL"}, {Prefix: "+UUSORD"},
	{Prefix: "+UUPSMR"}, {Prefix: "+UREG"}, {Prefix: "+UCELLINFO"}, {Prefix: "+UMNOPROF"}, {Prefix: "+UUBIP"},
	{Prefix: "+UFOTASTAT"}, {Prefix: "+ULWM2MSTAT"}, {Prefix: "+UUFWINSTALL"}, {Prefix: "+UMWI"}, {Prefix: "+AT"},
	{Prefix: "+PBREADY", Exact: true},
}

// events: +UUPSDA and +UUPSDD speak of the module's own IP stack, which the host's data path does not use.
var events = []modem.Event{{Begins: "+UUSIMSTAT:", Parse: simStatus}}

// simStates: the values of +UUSIMSTAT. 9 is the applet's REFRESH, done; 10 is one that failed, and 7 and 8 are
// phonebooks.
var simStates = map[string]modem.SIM{
	"0": {State: modem.SIMMissing}, "1": {State: modem.SIMPIN}, "2": {State: modem.SIMPUK}, "3": {State: modem.SIMFault},
	"4": {State: modem.SIMFault}, "5": {State: modem.SIMReady}, "6": {State: modem.SIMReady}, "9": {Refreshed: true},
}

// simStatus reads "+UUSIMSTAT: 6"; the blank is not always there.
func simStatus(line string) []modem.Observation {
	_, n, _ := strings.Cut(line, ":")
	if s, ok := simStates[strings.TrimSpace(n)]; ok {
		return []modem.Observation{s}
	}
	return nil
}

// uauthreq has the user name first on SARA-R5 (the other way round on SARA-R4 and LARA-R6). It is lost at power-off
// (UBX).
func uauthreq(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return atcmd.Cmd{Text: fmt.Sprintf(`AT+UAUTHREQ=%d,%d,"%s","%s"`, c.CID, a.Method, a.User, a.Password), Secret: true}
}
