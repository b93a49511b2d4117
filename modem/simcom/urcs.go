package simcom

import (
	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// urcs are the unsolicited lines of the make. They stand on every row: firmware of one family prints lines that only
// another family's manual has, and a bare ICCID (SIM7000, 7080, 800) must not be mixed up with any of them.
var urcs = []atcmd.URC{
	// Starting, stopping, and the supply. Autobaud: OK comes when the rate is found (7600U). WARNNING is the firmware's
	// spelling, POWERD the SIM767x's (767 3.2.3).
	{Prefix: "*ATREADY"}, {Prefix: "Autobaud: OK", Exact: true},
	{Prefix: "SMS DONE", Exact: true}, {Prefix: "PB DONE", Exact: true},
	{Prefix: "SMS Ready", Exact: true}, {Prefix: "Call Ready", Exact: true},
	{Prefix: "NORMAL POWER DOWN", Exact: true}, {Prefix: "POWERD DOWN", Exact: true},
	{Prefix: "UNDER-VOLTAGE"}, {Prefix: "OVER-VOLTAGE"}, {Prefix: "CHARGE-ONLY MODE"}, {Prefix: "+CPMUTEMP"}, {Prefix: "+CMTE"},
	// The card and the radio.
	{Prefix: "+SIMCARD"}, {Prefix: "*RADIOPOWER"}, {Prefix: "+STIN"},
	// The network: system mode, and its time.
	{Prefix: "+CNSMOD"}, {Prefix: "*PSUTTZ"}, {Prefix: "*PSNWID"}, {Prefix: "DST"}, {Prefix: "+NITZ"},
	// The module's own IP stack.
	{Prefix: "+NETOPEN"}, {Prefix: "+NETCLOSE"}, {Prefix: "+CIPEVENT"}, {Prefix: "+IPCLOSE"}, {Prefix: "RECV FROM"},
	{Prefix: "+IPD"}, {Prefix: "+APP PDP"}, {Prefix: "+PDP: DEACT"}, {Prefix: "+SAPBR 1"},
	// Calls.
	{Prefix: "VOICE CALL"}, {Prefix: "MISSED_CALL"}, {Prefix: "+RXDTMF"},
}

// events are the meanings that all families share; a row puts its own before them.
var events = []modem.Event{
	{Begins: "+SIMCARD: NOT AVAILABLE", Exact: true, Parse: noCard},
	modem.SupplyEvent("UNDER-VOLTAGE"), modem.SupplyEvent("OVER-VOLTAGE"),
}

// noCard: the card was taken out, or lost its power with the radio (A76: AT+CFUN=0 prints this too).
func noCard(string) []modem.Observation {
	return []modem.Observation{modem.SIM{State: modem.SIMMissing}}
}
