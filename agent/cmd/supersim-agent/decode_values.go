package main

import (
	"fmt"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

func attached(_ *decoder, line string) (reading, bool) {
	on, err := modem.ParseCGATT(line)
	if err != nil {
		return reading{}, false
	}
	r := reading{text: "detached from the packet domain"}
	if on {
		r.text = "attached to the packet domain"
	}
	r.add("attached", on)
	return r, true
}

func contextLine(_ *decoder, line string) (reading, bool) {
	c, err := modem.ParseCGDCONT(line)
	if err != nil {
		return reading{}, false
	}
	r := reading{text: fmt.Sprintf("context %d: %s, APN %q", c.CID, c.Type, c.APN)}
	r.add("cid", c.CID)
	r.add("type", c.Type)
	r.add("apn", c.APN)
	return r, true
}

func activeLine(_ *decoder, line string) (reading, bool) {
	cid, on, err := modem.ParseCGACT(line)
	if err != nil {
		return reading{}, false
	}
	r := reading{text: fmt.Sprintf("context %d is not active", cid)}
	if on {
		r.text = fmt.Sprintf("context %d is active", cid)
	}
	r.add("cid", cid)
	r.add("active", on)
	return r, true
}

// dynamicLine explains what the network gave to a context.
func dynamicLine(_ *decoder, line string) (reading, bool) {
	c, err := modem.ParseCGCONTRDP(line)
	if err != nil {
		return reading{}, false
	}
	r := reading{text: fmt.Sprintf("context %d as the network gave it: APN %q", c.CID, c.APN)}
	r.add("cid", c.CID)
	if c.Bearer != modem.Unknown {
		r.add("bearer", c.Bearer)
	}
	r.add("apn", c.APN)
	for _, f := range []struct{ name, word, v string }{{"ip", "address", c.IP}, {"gateway", "gateway", c.Gateway}} {
		if f.v != "" {
			r.text += ", " + f.word + " " + f.v
			r.add(f.name, f.v)
		}
	}
	if len(c.DNS) > 0 {
		r.text += ", DNS " + strings.Join(c.DNS, " and ")
		r.add("dns", c.DNS)
	}
	return r, true
}

var eventWords = map[modem.CGEVKind][2]string{
	modem.CGEVOther:      {"other", "packet domain event"},
	modem.CGEVActivated:  {"activated", "a context came up"},
	modem.CGEVEnded:      {"ended", "a context ended"},
	modem.CGEVDetached:   {"detached", "detached from the packet domain: all contexts ended"},
	modem.CGEVBearerDone: {"bearer-ended", "a dedicated bearer ended; its context goes on"},
}

func packetEvent(_ *decoder, line string) (reading, bool) {
	e, err := modem.ParseCGEV(line)
	if err != nil {
		return reading{}, false
	}
	r := reading{text: eventWords[e.Kind][1]}
	r.add("event", eventWords[e.Kind][0])
	if strings.Contains(strings.ToUpper(line), "REJECT") {
		r.text = "the module rejected a context that the network wanted"
		r.values[0].v = "rejected"
	}
	if e.CID != 0 {
		r.text += fmt.Sprintf(", context %d", e.CID)
		r.add("cid", e.CID)
	}
	if e.By != "" {
		r.text += ", by the " + e.By
		r.add("by", e.By)
	}
	return r, true
}

// cardFiles are the elementary files that the agent reads (31.102 §4.2), by the number that AT+CRSM names.
var cardFiles = map[string]string{"12258": "EF_ICCID", "28539": "EF_FPLMN (forbidden networks)", "28423": "EF_IMSI",
	"28512": "EF_PLMNwAcT (preferred networks)", "28513": "EF_OPLMNwAcT (operator's preferred networks)", "28589": "EF_AD"}

// cardFile explains the answer to AT+CRSM. The AT side says OK even when the card refused.
func (d *decoder) cardFile(line string) (reading, bool) {
	c, err := modem.ParseCRSM(line)
	if err != nil {
		return reading{}, false
	}
	r := reading{text: "the card: " + cardStatus(c)}
	r.add("sw1", c.SW1)
	r.add("sw2", c.SW2)
	r.add("ok", c.OK())
	if len(c.Data) > 0 {
		r.text += fmt.Sprintf(", %d bytes", len(c.Data))
		r.add("data", fmt.Sprintf("%X", c.Data))
	}
	if args := strings.Split(d.open, ","); strings.HasPrefix(d.open, "AT+CRSM=") && len(args) > 1 {
		if name, ok := cardFiles[strings.TrimSpace(args[1])]; ok {
			r.text += " of " + name
			r.add("file", name)
		}
	}
	if id, err := modem.ParseCRSMICCID(line); err == nil {
		r.text += fmt.Sprintf("; as an ICCID: %s", id)
		r.add("iccid", string(id))
	} else if len(c.Data) > 0 && strings.Trim(fmt.Sprintf("%X", c.Data), "F") == "" {
		r.text += "; empty"
	}
	return r, true
}

// cardStatus says the status word (ETSI TS 102 221 §10.2.1, TS 51.011 §9.4).
func cardStatus(c modem.CRSM) string {
	switch c.SW1 {
	case 0x90:
		return "done"
	case 0x91, 0x9F:
		return "done, and it has more to say"
	case 0x62, 0x63:
		return "a warning"
	case 0x67:
		return "refused: wrong length"
	case 0x69:
		return "refused: not allowed, perhaps the PIN is missing"
	case 0x6A:
		return "refused: no such file, or wrong parameters"
	case 0x6B:
		return "refused: wrong offset"
	case 0x6C:
		return fmt.Sprintf("refused: wrong length, it is %d", c.SW2)
	case 0x94:
		return "refused: no such file (2G card)"
	case 0x98:
		return "refused: security"
	}
	return fmt.Sprintf("status %02X %02X", c.SW1, c.SW2)
}

func imei(_ *decoder, line string) (reading, bool) {
	_, f := atcmd.Split(line)
	id, err := modem.ParseIMEI(f.Rest())
	if err != nil {
		return reading{}, false
	}
	r := reading{kind: "imei", text: "the module's IMEI"}
	r.add("imei", id)
	return r, true
}

// model explains the module's name, and remembers its family.
func (d *decoder) model(line string) (reading, bool) {
	name := modem.ParseIdentityWord(line)
	if name == "" {
		return reading{}, false
	}
	r := reading{kind: "identity", text: "model " + name}
	r.add("model", name)
	if m := modem.Choose(d.dialects, name); m != modem.Standard {
		d.family = m
		r.text += ", family " + m.Name
		r.add("family", m.Name)
	}
	return r, true
}

func identityWord(what string) func(*decoder, string) (reading, bool) {
	return func(_ *decoder, line string) (reading, bool) {
		word := modem.ParseIdentityWord(line)
		if label, f := atcmd.Split(line); label != "" && strings.Contains(word, ":") {
			word = f.Rest()
		}
		r := reading{text: what + " " + word}
		r.add(what, word)
		return r, word != ""
	}
}

// engineeringState explains +QENG: "servingcell","NOCONN", the first of three lines of a module on LTE and 5G together:
// the cells follow.
func engineeringState(_ *decoder, line string) (reading, bool) {
	states := map[string]modem.CellState{"SEARCH": modem.CellSearching, "LIMSRV": modem.CellLimited, "NOCONN": modem.CellIdle, "CONNECT": modem.CellConnected}
	_, f := atcmd.Split(line)
	if f.Len() != 2 || f.Str() != "servingcell" {
		return reading{}, false
	}
	state, ok := states[f.Str()]
	r := reading{text: "state of the serving cell: " + cellWords[state]}
	r.add("cell_state", string(state))
	return r, ok
}
