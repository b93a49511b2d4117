package ublox

import (
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// urcs are the unsolicited lines of the make. They stand on every row: firmware of one family prints lines that only
// another family's notes have, and the bare lines of AT+UCGED? must not be mixed up with any of them.
var urcs = []atcmd.URC{
	{Prefix: "+UUSIMSTAT"}, {Prefix: "+UUPSDA"}, {Prefix: "+UUPSDD"}, {Prefix: "+UUSOCL"}, {Prefix: "+UUSORD"},
	{Prefix: "+UUPSMR"}, {Prefix: "+UREG"}, {Prefix: "+UCELLINFO"}, {Prefix: "+UMNOPROF"}, {Prefix: "+UUBIP"},
	{Prefix: "+UFOTASTAT"}, {Prefix: "+ULWM2MSTAT"}, {Prefix: "+UUFWINSTALL"}, {Prefix: "+UMWI"},
	{Prefix: "+AT"}, {Prefix: "+PBREADY", Exact: true}, {Prefix: "ABORTED", Exact: true},
}

// events are the meanings of some of them. +UUPSDA and +UUPSDD speak of the module's own IP stack: of the only data
// path of SARA-U2, and of nothing that happens where the host has PPP or a network interface.
var events = []modem.Event{
	{Begins: "+UUSIMSTAT:", Parse: simStatus},
	{Begins: "+UUPSDA:", Parse: profileUp},
	{Begins: "+UUPSDD:", Parse: profileLost},
	{Begins: "+UUFWINSTALL:", Parse: installing},
}

// installing reads "+UUFWINSTALL: 99". No line about the supply is known of this make.
func installing(line string) []modem.Observation {
	_, f := atcmd.Split(line)
	n := f.Int()
	if f.Err() != nil || n < 0 {
		return nil
	}
	return []modem.Observation{modem.Install{Code: n}}
}

// simStates: the values of +UUSIMSTAT (R4AT 11.3).
//
//	0 no card           3 PUK blocked              6 operational              9 REFRESH concluded
//	1 PIN needed        4 not operational          7 SIM phonebook ready     10 REFRESH not concluded
//	2 PIN blocked       5 restricted use           8 USIM phonebook ready    11… REFRESH delayed by a call
//
// After 9 and after 10 everything read from the card must be read anew, the manual says. 4 comes while the applet
// restarts the card, too; AT+CPIN? tells whether that passes.
var simStates = map[string]modem.SIM{
	"0": {State: modem.SIMMissing}, "1": {State: modem.SIMPIN}, "2": {State: modem.SIMPUK}, "3": {State: modem.SIMFault},
	"4": {State: modem.SIMBusy}, "5": {State: modem.SIMReady}, "6": {State: modem.SIMReady},
	"9": {Refreshed: true}, "10": {Refreshed: true},
}

// simStatus reads "+UUSIMSTAT: 6"; the blank is not always there.
func simStatus(line string) []modem.Observation {
	_, n, _ := strings.Cut(line, ":")
	if s, ok := simStates[strings.TrimSpace(n)]; ok {
		return []modem.Observation{s}
	}
	return nil
}
