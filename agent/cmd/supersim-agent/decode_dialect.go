package main

import (
	"slices"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// candidates are the dialects to ask, the family of this module first when it is known.
func (d *decoder) candidates() []*modem.Dialect {
	if d.family == nil {
		return d.dialects
	}
	return append([]*modem.Dialect{d.family}, d.dialects...)
}

// byDialect explains a labelled line with the tables of the dialects: their queries, settings and IP stacks.
func (d *decoder) byDialect(label, line string) (reading, bool) {
	if label == "" {
		return reading{}, false
	}
	if o, ok := d.query(func(q modem.Query) bool { return q.Takes(label) }, line); ok {
		return d.describe(o), true
	}
	for _, m := range d.candidates() {
		if r, ok := d.setting(m, label, line); ok {
			return r, true
		}
		if r, ok := d.stack(m, label, line); ok {
			return r, true
		}
	}
	return reading{}, false
}

// query reads a line with all queries that match. Where the family is not known and families read it differently, only
// what they agree on is kept.
func (d *decoder) query(match func(modem.Query) bool, line string) (modem.Observation, bool) {
	var found modem.Observation
	for _, m := range d.candidates() {
		o, ok := d.ask(m, match, line)
		switch {
		case !ok:
		case m == d.family:
			return o, true
		case found == nil:
			found = o
		default:
			found = agree(found, o)
		}
	}
	return found, found != nil && !isBlank(found)
}

// isBlank: families agree on nothing about a line.
func isBlank(o modem.Observation) bool {
	cells, ok := o.(modem.Cells)
	return ok && len(cells.List) > 0 && !slices.ContainsFunc(cells.List, func(c modem.Cell) bool { return c != modem.NoCell })
}

// ask reads a line with the first query of a dialect that understands it, alone or with the lines before it.
func (d *decoder) ask(m *modem.Dialect, match func(modem.Query) bool, line string) (modem.Observation, bool) {
	queries := slices.Concat(m.Cell, m.Signal, m.Time, []modem.Query{m.ICCID, m.Cause})
	for _, lines := range [][]string{{line}, append(slices.Clone(d.answer), line)} {
		for _, q := range queries {
			if q.Parse == nil || !match(q) {
				continue
			}
			if o, err := q.Parse(lines); err == nil {
				return o, true
			}
		}
		if len(d.answer) == 0 {
			break
		}
	}
	return nil, false
}

// agree keeps what two readings of one line have in common.
func agree(a, b modem.Observation) modem.Observation {
	switch a := a.(type) {
	case modem.Signal:
		if b, ok := b.(modem.Signal); ok {
			return agreeSignal(a, b)
		}
	case modem.Cells:
		b, ok := b.(modem.Cells)
		if !ok || len(a.List) != len(b.List) {
			return a
		}
		out := modem.Cells{List: slices.Clone(a.List)}
		for i := range out.List {
			cell, other := &out.List[i], b.List[i]
			cell.Signal = agreeSignal(cell.Signal, other.Signal)
			if cell.AcT != other.AcT {
				cell.AcT = modem.Unknown
			}
		}
		return out
	}
	return a
}

func agreeSignal(a, b modem.Signal) modem.Signal {
	for _, f := range []struct {
		a *int
		b int
	}{{&a.RSRPdBm, b.RSRPdBm}, {&a.RSRQdB, b.RSRQdB}, {&a.SINRdB, b.SINRdB}, {&a.RSSIdBm, b.RSSIdBm}} {
		if *f.a != f.b {
			*f.a = modem.Unknown
		}
	}
	return a
}

// setting explains a line that one of the family's settings is read by.
func (d *decoder) setting(m *modem.Dialect, label, line string) (reading, bool) {
	_, f := atcmd.Split(line)
	key := ""
	if f.Quoted() {
		key = f.Str()
	}
	for _, s := range m.Settings {
		if !strings.EqualFold(s.Prefix, label) || strings.Contains(s.Read, `"`) && !strings.Contains(s.Read, `"`+key+`"`) {
			continue
		}
		value := s.Value
		if value == nil {
			value = modem.SettingText
		}
		v, err := value([]string{line})
		if err != nil {
			continue
		}
		r := d.describe(modem.SettingValue{Name: s.Name, Value: v})
		if key != "" {
			r.add("key", key)
		}
		if s.Why != "" {
			r.text += " (" + s.Why + ")"
		}
		return r, true
	}
	return reading{}, false
}

// stack explains a line of the module's own IP stack.
func (d *decoder) stack(m *modem.Dialect, label, line string) (reading, bool) {
	for _, s := range []*modem.Activation{m.Activate, m.Stack} {
		if s == nil || s.Parse == nil || !strings.EqualFold(s.Prefix, label) || d.unsolicited(label) && d.commands {
			continue
		}
		list, err := s.Parse([]string{line})
		if err != nil {
			continue
		}
		if len(list) > 0 {
			r := d.describe(list[0])
			r.text += " (the module's own IP stack)"
			return r, true
		}
		return reading{kind: "address", text: "not up (the module's own IP stack)", values: []value{{"active", false}}}, true
	}
	return reading{}, false
}

// byEvent lets the dialects interpret a line as unsolicited.
func (d *decoder) byEvent(label, line string) (reading, bool) {
	for _, m := range d.candidates() {
		list := m.Interpret(line, d.regN)
		if len(list) == 0 {
			continue
		}
		r := d.describe(list[0])
		if notice, ok := d.byNotice(label, line); ok && r.values == nil {
			r.values = notice.values
		}
		for _, o := range list[1:] {
			more := d.describe(o)
			r.text += "; " + more.text
			for _, v := range more.values {
				if !slices.ContainsFunc(r.values, func(have value) bool { return have.name == v.name }) {
					r.values = append(r.values, v)
				}
			}
		}
		return r, true
	}
	return reading{}, false
}

func labelOf(line string) string {
	label, _ := atcmd.Split(line)
	return strings.ToUpper(label)
}
