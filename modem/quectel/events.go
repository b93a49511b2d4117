package quectel

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// urcs is the catalogue of EC2x 15.6, and lines seen in captures. +QIND carries "csq" and "act" when they are enabled.
var urcs = []atcmd.URC{
	{Prefix: "APP RDY", Exact: true}, {Prefix: "POWERED DOWN", Exact: true}, {Prefix: "PSM POWER DOWN", Exact: true},
	{Prefix: "+QUSIM"}, {Prefix: "+USIM"}, {Prefix: "+QIND"}, {Prefix: "+QSIMSTAT"},
	{Prefix: "CPIN"}, // EC2x 5.11 prints "CPIN: NOT READY" without the plus
	{Prefix: "+QIURC"}, {Prefix: "+QIOPEN"}, {Prefix: "+QGPSURC"}, {Prefix: "+QLWURC"}, {Prefix: "+QMTSTAT"},
	{Prefix: "+QSTKURC"}, {Prefix: "+QTONEDET"}, {Prefix: "+QAUDLOOP"}, {Prefix: "+APIND"}, {Prefix: "+QPSMTIMER"},
	{Prefix: "+QNETDEVSTATUS"}, {Prefix: "UNDER_VOLTAGE"}, {Prefix: "OVER_VOLTAGE"},
	{Prefix: "^DSCI"}, {Prefix: "^MODE"}, {Prefix: "^HCMT", Extra: 1}, {Prefix: "^HCDS", Extra: 1},
}

// events: +QIND: "csq" is left to the regular look, which has RSRP where this has the coarse scale of AT+CSQ.
var events = []modem.Event{
	// The card was initialised again: at boot, and after the applet's REFRESH. The manual calls the line +USIM.
	{Begins: "+QUSIM:", Parse: refreshed},
	{Begins: "+USIM:", Parse: refreshed},
	{Begins: "+QSIMSTAT", Parse: simSlot},
	{Begins: `+QIURC: "pdpdeact"`, Parse: stackLost},
	{Begins: "+CTZE:", Parse: zoneReport},
	{Begins: `+QIND: "vbatt"`, Parse: supply},
	modem.SupplyEvent("UNDER_VOLTAGE"), modem.SupplyEvent("OVER_VOLTAGE"), // 2G modules, and drivers that serve both
}

func refreshed(string) []modem.Observation { return []modem.Observation{modem.SIM{Refreshed: true}} }

// simSlot reads "+QSIMSTAT: 1,0", in the manual's example with a blank before the colon: the second value tells
// whether a card is in the slot (0 no, 1 yes, 2 unknown before initialisation). A card that is in is not yet ready.
func simSlot(line string) []modem.Observation {
	switch line[len(line)-1] {
	case '0':
		return []modem.Observation{modem.SIM{State: modem.SIMMissing}}
	case '1':
		return []modem.Observation{modem.SIM{State: modem.SIMBusy}}
	}
	return nil
}

// stackLost reads `+QIURC: "pdpdeact",1`: the module's own IP stack lost its context.
func stackLost(line string) []modem.Observation {
	_, cid, _ := strings.Cut(line, ",")
	n, err := strconv.Atoi(strings.TrimSpace(cid))
	if err != nil {
		return nil
	}
	return []modem.Observation{modem.ContextLost{CID: n, Reason: "pdpdeact"}}
}

// supply reads `+QIND: "vbatt",-2`: below zero the voltage is too low, above too high; by two the module switches itself
// off (UC15 hardware design, as quoted; AT+QCFG="vbatt" sets the limits). No capture from a later family is known.
func supply(line string) []modem.Observation {
	_, number, _ := strings.Cut(line, ",")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n == 0 || n < -2 || n > 2 {
		return nil
	}
	return []modem.Observation{modem.Supply{High: n > 0, Off: n == 2 || n == -2}}
}

// zoneReport: the manual calls the time in +CTZE local (EC25 6.7), as the standard does. Shipping code for BG96 adds
// the zone to it, so it is universal time there, and the manual's own example, at 06:51 in a zone of +8 hours, fits
// that too. Only a line for which both readings agree is taken; AT+QLTS=1 has no such doubt.
func zoneReport(line string) []modem.Observation {
	zone, _, _ := strings.Cut(strings.TrimPrefix(line, "+CTZE:"), ",")
	if n, err := strconv.Atoi(strings.Trim(zone, "\" ")); err != nil || n != 0 {
		return nil
	}
	t, err := modem.ParseCTZE(line)
	if err != nil {
		return nil
	}
	return []modem.Observation{t}
}

// ParseQLTS reads the answer to AT+QLTS=1, universal time: `+QLTS: "2017/10/13,03:40:48+32,0"`. The zone says only where
// the module is. That holds for AT+CCLK? too, against 27.007: an EC25 beside a known clock gave UTC, with +32, to both
// (library file 67126109295), which is why AT+CCLK? is not asked. Empty quotes: not synchronised yet.
func ParseQLTS(line string) (modem.NetworkTime, error) { return modem.ParseClock(line, false) }

// InitState is what AT+QINISTAT tells of the module's start.
type InitState struct{ SIM, SMS, Phonebook bool }

// ParseQINISTAT reads "+QINISTAT: 7": the sum of 1 for the card's lock, 2 for messages, 4 for the phonebook (EC2x 5.13).
func ParseQINISTAT(line string) (InitState, error) {
	label, f := atcmd.Split(line)
	n := f.Int()
	if label != "+QINISTAT" || f.Err() != nil || n < 0 || n > 7 {
		return InitState{}, unreadable("AT+QINISTAT", line)
	}
	return InitState{SIM: n&1 != 0, SMS: n&2 != 0, Phonebook: n&4 != 0}, nil
}

// ParseQFPLMNCFG reads the lines `+QFPLMNCFG: "List",1,"46000"`, one for each network.
func ParseQFPLMNCFG(lines []string) ([]string, error) {
	var out []string
	for _, l := range lines {
		f := values(l, "+QFPLMNCFG")
		if len(f) == 0 {
			return nil, unreadable("AT+QFPLMNCFG", l)
		}
		if plmn := f[len(f)-1]; modem.ValidPLMN(plmn) {
			out = append(out, plmn)
		}
	}
	return out, nil
}

// ParseQIACT reads the lines `+QIACT: 1,1,1,"10.7.157.1"` (context, state, type, address); contexts that are not
// active are listed with state 0 by some firmware.
func ParseQIACT(lines []string) ([]modem.Address, error) {
	var out []modem.Address
	for _, l := range lines {
		f := values(l, "+QIACT")
		cid, err := strconv.Atoi(field(f, 0))
		if err != nil {
			return nil, unreadable("AT+QIACT?", l)
		}
		if field(f, 1) == "1" {
			out = append(out, modem.Address{CID: cid, IP: address(field(f, 3))})
		}
	}
	return out, nil
}

// address is an IP address that means something, "" otherwise.
func address(text string) string {
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

// values are the fields of a line that begins with label, without quotes and blanks; nil for another line.
func values(line, label string) []string {
	got, f := atcmd.Split(line)
	if !strings.EqualFold(got, label) {
		return nil
	}
	out := make([]string, 0, f.Len())
	for range f.Len() {
		out = append(out, strings.TrimSpace(f.Str()))
	}
	return out
}

// field is the i-th value, "" when the line is shorter.
func field(f []string, i int) string {
	if i >= len(f) {
		return ""
	}
	return f[i]
}

func unreadable(what, line string) error {
	return fmt.Errorf("%s: %w: %.120q", what, modem.ErrAnswer, line)
}
