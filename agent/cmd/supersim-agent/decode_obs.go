package main

import (
	"fmt"
	"strings"
	"time"

	"supersim-agent/modem"
)

// describe says an observation in words and as typed fields. Every type of modem.Observation has its case here.
func (d *decoder) describe(o modem.Observation) reading {
	switch o := o.(type) {
	case modem.SIM:
		return describeSIM(o)
	case modem.Signal:
		return describeSignal(o)
	case modem.Cells:
		return d.describeCells(o)
	case modem.Operator:
		return d.describeOperator(o)
	case modem.Registration:
		r := reading{kind: "registration", text: domainNames[o.Domain] + ": " + statWords[o.Stat],
			values: []value{{"domain", o.Domain.String()}, {"stat", int(o.Stat)}, {"state", o.Stat.String()}}}
		d.addPlace(&r, o)
		return r
	case modem.Radio:
		return reading{kind: "radio", text: radioWords(o.Fun), values: []value{{"fun", o.Fun}, {"on", o.On()}}}
	case modem.ICCID:
		return describeICCID(o)
	case modem.IMSI:
		return reading{kind: "imsi", text: fmt.Sprintf("the IMSI in use, of network %s…; a Super SIM changes it by itself", string(o)[:5]),
			values: []value{{"imsi", string(o)}}}
	case modem.Address:
		return describeAddress(o)
	}
	return d.describeRest(o)
}

// describeRest is describe for what is seldom.
func (d *decoder) describeRest(o modem.Observation) reading {
	switch o := o.(type) {
	case modem.ContextLost:
		r := reading{kind: "context-lost", text: "data lost: " + o.Reason}
		if o.CID != 0 {
			r.text += fmt.Sprintf(", context %d", o.CID)
			r.add("cid", o.CID)
		}
		r.add("reason", o.Reason)
		return r
	case modem.LastCause:
		return describeCause(o)
	case modem.Booted:
		return reading{kind: "boot", text: "the module has just started; it has forgotten the settings of the session"}
	case modem.Supply:
		return describeSupply(o)
	case modem.Install:
		return reading{kind: "firmware", text: installWords(o), values: []value{{"code", o.Code}}}
	case modem.NetworkTime:
		return reading{kind: "time", text: "the time is " + o.UTC.UTC().Format(time.RFC3339),
			values: []value{{"utc", o.UTC.UTC().Format(time.RFC3339)}}}
	case modem.SettingValue:
		return reading{kind: "setting", text: fmt.Sprintf("setting %s: %s", o.Name, o.Value),
			values: []value{{"setting", string(o.Name)}, {"value", o.Value}}}
	case modem.Contexts:
		return reading{kind: "context", text: fmt.Sprintf("%d contexts are defined", len(o.List))}
	case modem.Active:
		return reading{kind: "context", text: fmt.Sprintf("active contexts: %v", o.CIDs), values: []value{{"active_cids", o.CIDs}}}
	case modem.Identity:
		return reading{kind: "identity", text: "model " + o.Model, values: []value{{"model", o.Model}}}
	}
	return reading{kind: kindNotice, text: fmt.Sprintf("%v", o)}
}

func describeSupply(s modem.Supply) reading {
	r := reading{kind: "power", text: "the supply voltage is too low: a weak power supply is the usual reason of restarts"}
	level := "low"
	if s.High {
		r.text, level = "the supply voltage is too high", "high"
	}
	if s.Off {
		r.text += "; the module switches itself off"
	}
	r.values = []value{{"supply", level}, {"off", s.Off}}
	return r
}

func installWords(i modem.Install) string {
	switch {
	case i.Failed():
		return fmt.Sprintf("the installation of firmware failed with number %d", i.Code)
	case i.Over():
		return "firmware was installed"
	}
	return fmt.Sprintf("firmware is being installed (%d %%): leave the power on, the port may be silent for minutes", i.Code)
}

var simWords = map[modem.SIMState]string{
	modem.SIMReady: "the card is ready", modem.SIMBusy: "the card is starting; passes in seconds", modem.SIMMissing: "no card",
	modem.SIMPIN: "the card asks for its PIN", modem.SIMPUK: "the card is blocked and asks for its PUK", modem.SIMLocked: "another lock of the card or module",
	modem.SIMFault: "the card does not work", modem.SIMUnknown: "the card",
}

func describeSIM(s modem.SIM) reading {
	r := reading{kind: "sim", text: simWords[s.State]}
	if s.State != modem.SIMUnknown {
		r.add("sim_state", string(s.State))
	}
	if s.Refreshed {
		r.text += " was initialised again: ICCID and IMSI may be others"
		r.add("refreshed", true)
	}
	return r
}

// signalFields are the readings of a signal in the order in which people ask for them.
func signalFields(s modem.Signal) (text string, values []value) {
	var parts []string
	for _, f := range []struct {
		name, word, unit string
		v                int
	}{{"rsrp_dbm", "RSRP", "dBm", s.RSRPdBm}, {"rsrq_db", "RSRQ", "dB", s.RSRQdB}, {"sinr_db", "SINR", "dB", s.SINRdB}, {"rssi_dbm", "RSSI", "dBm", s.RSSIdBm}} {
		if f.v != modem.Unknown {
			parts = append(parts, fmt.Sprintf("%s %d %s", f.word, f.v, f.unit))
			values = append(values, value{f.name, f.v})
		}
	}
	return strings.Join(parts, ", "), values
}

func describeSignal(s modem.Signal) reading {
	text, values := signalFields(s)
	if text == "" {
		return reading{kind: "signal", text: "no reading", values: []value{{"heard", false}}}
	}
	return reading{kind: "signal", text: text, values: values}
}

var cellWords = map[modem.CellState]string{modem.CellSearching: "searching for a cell", modem.CellLimited: "camped without normal service (refused, or a forbidden network)",
	modem.CellIdle: "idle", modem.CellConnected: "connected"}

// describeCells: the fields are those of the anchor, the others follow as "more".
func (d *decoder) describeCells(c modem.Cells) reading {
	if len(c.List) == 0 {
		return reading{kind: "cell", text: "no service", values: []value{{"service", false}}}
	}
	r := reading{kind: "cell"}
	var texts []string
	var more []map[string]any
	for i, cell := range c.List {
		text, values := describeCell(cell)
		texts = append(texts, text)
		if i == 0 {
			r.values = values
			continue
		}
		m := map[string]any{}
		for _, v := range values {
			m[v.name] = v.v
		}
		more = append(more, m)
	}
	r.text = strings.Join(texts, "; and ")
	if more != nil {
		r.add("more", more)
	}
	return r
}

func describeCell(c modem.Cell) (text string, values []value) {
	var parts []string
	field := func(name, word string, v any, known bool) {
		if !known {
			return
		}
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %v", word, v)))
		values = append(values, value{name, v})
	}
	if c.State != modem.CellUnknown {
		parts = append(parts, cellWords[c.State])
		values = append(values, value{"cell_state", string(c.State)})
	}
	if c.AcT != modem.Unknown {
		parts = append(parts, actName(c.AcT))
		values = append(values, value{"act", c.AcT}, value{"rat", modem.RAT(c.AcT)})
	}
	field("plmn", "network", c.PLMN, c.PLMN != "")
	field("area", "area", c.Area, c.Area != "")
	field("cell_id", "cell", c.CellID, c.CellID != "")
	field("pci", "PCI", c.PCI, c.PCI != modem.Unknown)
	field("band", "band", c.Band, c.Band != "")
	field("channel", "channel", c.Channel, c.Channel != modem.Unknown)
	signal, readings := signalFields(c.Signal)
	if signal != "" {
		parts = append(parts, signal)
	}
	if parts == nil {
		parts = []string{"a cell without readings"}
	}
	return strings.Join(parts, ", "), append(values, readings...)
}

var selectionWords = map[int]string{0: "automatic selection", 1: "network chosen by hand: the device stays without service where that one is missing",
	2: "deregistered by command", 3: "only the format was set", 4: "network chosen by hand, automatic if that fails", 5: "network chosen by hand, not stored"}

func (d *decoder) describeOperator(o modem.Operator) reading {
	r := reading{kind: "operator", text: selectionWords[o.Mode], values: []value{{"mode", o.Mode}}}
	switch {
	case o.PLMN != "":
		r.text += ", network " + o.PLMN
		r.add("plmn", o.PLMN)
	case o.Name == "":
		r.text += ", no network"
	}
	if o.Name != "" {
		r.text += fmt.Sprintf(", %q", o.Name)
		r.add("name", o.Name)
	}
	if o.AcT != modem.Unknown {
		act := d.act(o.AcT)
		r.text += ", " + actName(act)
		r.add("act", o.AcT)
		if rat := modem.RAT(act); rat != "" {
			r.add("rat", rat)
		}
	}
	return r
}

func radioWords(fun int) string {
	switch fun {
	case 0:
		return "minimum functionality: radio off, and on most modules the card too"
	case 1:
		return "full functionality: the radio is on"
	case 4:
		return "the radio is off, the card is on"
	}
	return fmt.Sprintf("functionality level %d: no normal service", fun)
}

func describeICCID(id modem.ICCID) reading {
	super := modem.SuperSIM(string(id))
	r := reading{kind: "iccid", text: "the card's ICCID; not a Super SIM", values: []value{{"iccid", string(id)}, {"super_sim", super}}}
	if super {
		r.text = "the card's ICCID; a KORE Super SIM"
	}
	return r
}

func describeAddress(a modem.Address) reading {
	r := reading{kind: "address", text: fmt.Sprintf("context %d has no address", a.CID), values: []value{{"cid", a.CID}}}
	if a.IP != "" {
		r.text = fmt.Sprintf("context %d has the address %s", a.CID, a.IP)
		r.add("ip", a.IP)
	}
	return r
}

func describeCause(c modem.LastCause) reading {
	r := reading{kind: "cause", text: fmt.Sprintf("the last failure, in the module's words: %q", c.Text)}
	if c.Cause != (modem.Cause{}) {
		r.text = "the last failure: " + c.Cause.String()
		r.values = causeValues(c.Cause)
	}
	r.add("words", c.Text)
	return r
}
