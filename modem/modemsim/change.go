package modemsim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// eventTypes are the suffixes of the seven connection events.
var eventTypes = []string{evAccepted, evRejected, evFailed, evStarted, evUpdated, evEnded, evSessionFailed}

// decoder reads the sections of one scenario and collects all mistakes.
type decoder struct {
	problems
	scenario *Scenario
}

// topKeys are the keys outside every section.
var topKeys = keys[Scenario]{
	"title":    text(func(s *Scenario) *string { return &s.Title }, anything),
	"modem":    modemKey,
	"duration": duration(func(s *Scenario) *time.Duration { return &s.Duration }),
	"seed":     seedKey,
}

func seedKey(s *Scenario, v *value) error {
	n, err := v.whole()
	if err == nil {
		s.Seed = uint64(n)
	}
	return err
}

func modemKey(s *Scenario, v *value) error {
	if v.kind != isText {
		return fmt.Errorf("want a string, got %s", v.kind)
	}
	p, ok := findPersonality(v.text)
	if !ok {
		return unknownModem(v.text)
	}
	s.Modem = p.name
	return nil
}

// sections reads everything but the lists of tables, which refer to each other and come afterwards.
func (d *decoder) sections(root *value) {
	scalars := newTable(root.place)
	for _, key := range root.keys {
		switch item := root.items[key]; {
		case key == "sim":
			fill(&d.problems, &d.scenario.SIM, item, simKeys, key)
		case key == "cloud":
			fill(&d.problems, &d.scenario.Cloud, item, cloudKeys, key)
		case key == "host":
			fill(&d.problems, &d.scenario.Host, item, hostKeys, key)
		case key == "internet":
			fill(&d.problems, &d.scenario.Internet, item, internetKeys, key)
		case key == "module":
			fill(&d.problems, &d.scenario.Module, item, moduleKeys, key)
		case key == "modem" && item.kind == isTable:
			d.modemTable(item)
		case key == "cell" || key == "at" || key == "expect":
		default:
			scalars.put(key, item)
		}
	}
	fill(&d.problems, d.scenario, scalars, topKeys, "")
	if len(d.scenario.SIM.IMSIs) == 0 {
		d.add(root.items["sim"].place, "sim.imsis: want at least one IMSI")
	}
}

// modemTable reads [modem] written as a section: its name beside the keys of [module].
func (d *decoder) modemTable(table *value) {
	rest := newTable(table.place)
	for _, key := range table.keys {
		if key != "name" {
			rest.put(key, table.items[key])
		} else if err := modemKey(d.scenario, table.items[key]); err != nil {
			d.add(table.items[key].place, "modem.name: %v", err)
		}
	}
	fill(&d.problems, &d.scenario.Module, rest, moduleKeys, "modem")
}

// tables is a list of tables, or a problem.
func (d *decoder) tables(v *value, name string) []*value {
	if v == nil {
		return nil
	}
	if v.kind != isList {
		d.add(v.place, "%s: want [[%s]], got %s", name, name, v.kind)
		return nil
	}
	out := make([]*value, 0, len(v.list))
	for _, item := range v.list {
		if item.kind != isTable {
			d.add(item.place, "%s: want a table, got %s", name, item.kind)
			continue
		}
		out = append(out, item)
	}
	return out
}

func (d *decoder) cells(v *value) {
	list := d.tables(v, "cell")
	if len(list) == 0 {
		return
	}
	d.scenario.Cells = nil
	for i, table := range list {
		cell := defaultCell()
		cell.CellID += uint32(i) * 256
		fill(&d.problems, &cell, table, cellKeys, "cell")
		if table.items["plmn"] == nil {
			d.add(table.place, "cell.plmn is missing")
		}
		d.scenario.Cells = append(d.scenario.Cells, cell)
	}
}

func (d *decoder) changes(v *value) {
	for _, table := range d.tables(v, "at") {
		change := Change{Time: -1}
		rest := newTable(table.place)
		for _, key := range table.keys {
			if key == "set" {
				change.Set = d.assignments(table.items[key])
			} else {
				rest.put(key, table.items[key])
			}
		}
		fill(&d.problems, &change, rest, changeKeys, "at")
		if table.items["time"] == nil {
			d.add(table.place, "at.time is missing")
		}
		if len(table.keys) == 1 && table.items["time"] != nil {
			d.add(table.place, "at: nothing happens; want set.…, fault or foreign_event")
		}
		d.scenario.At = append(d.scenario.At, change)
	}
	slices.SortStableFunc(d.scenario.At, func(a, b Change) int { return cmp.Compare(a.Time, b.Time) })
}

var changeKeys = keys[Change]{
	"time":          duration(func(c *Change) *time.Duration { return &c.Time }),
	"fault":         text(func(c *Change) *string { return &c.Fault }, oneOf(Faults()...)),
	"fault_for":     duration(func(c *Change) *time.Duration { return &c.FaultFor }),
	"foreign_event": text(func(c *Change) *string { return &c.ForeignEvent }, oneOf(eventTypes...)),
}

// assignments reads set.<section>.<key> = value, whether dotted or as nested tables.
func (d *decoder) assignments(set *value) []Assignment {
	if set.kind != isTable {
		d.add(set.place, "at.set: want set.sim.status = …, got %s", set.kind)
		return nil
	}
	var out []Assignment
	for _, name := range set.keys {
		table := set.items[name]
		if table.kind != isTable {
			d.add(table.place, "at.set.%s: want a key below it, got %s", name, table.kind)
			continue
		}
		switch name {
		case "sim":
			out = append(out, compile(d, table, "sim", simKeys, func(s *Scenario) *SIM { return &s.SIM })...)
		case "cloud":
			out = append(out, compile(d, table, "cloud", cloudKeys, func(s *Scenario) *Cloud { return &s.Cloud })...)
		case "host":
			out = append(out, compile(d, table, "host", hostKeys, func(s *Scenario) *Host { return &s.Host })...)
		case "internet":
			out = append(out, compile(d, table, "internet", internetKeys, func(s *Scenario) *Internet { return &s.Internet })...)
		case "modem", "module":
			out = append(out, compile(d, table, "modem", moduleKeys, func(s *Scenario) *Module { return &s.Module })...)
		case "cell":
			out = append(out, d.cellAssignments(table)...)
		default:
			d.add(table.place, "unknown key at.set.%s (known: sim, cell, cloud, host, modem)", name)
		}
	}
	return out
}

// cellAssignments resolves cell.310410.rsrp or cell.0.rsrp; a PLMN stands for all its cells.
func (d *decoder) cellAssignments(table *value) []Assignment {
	var out []Assignment
	for _, name := range table.keys {
		item := table.items[name]
		chosen := cellsNamed(d.scenario.Cells, name)
		if len(chosen) == 0 {
			d.add(item.place, "at.set.cell.%s: no such cell; want a PLMN or 0 to %d", name, len(d.scenario.Cells)-1)
			continue
		}
		if item.kind != isTable {
			d.add(item.place, "at.set.cell.%s: want a key below it, got %s", name, item.kind)
			continue
		}
		for n, i := range chosen {
			quiet := d // a mistake is reported for the first cell only
			if n > 0 {
				quiet = &decoder{}
			}
			cell := func(s *Scenario) *Cell { return &s.Cells[i] }
			out = append(out, compile(quiet, item, "cell."+name, cellKeys, cell)...)
		}
	}
	return out
}

// cellsNamed lists the indexes of the cells that a name stands for.
func cellsNamed(cells []Cell, name string) []int {
	var out []int
	for i, c := range cells {
		if c.PLMN == name {
			out = append(out, i)
		}
	}
	if i, err := strconv.Atoi(name); err == nil && len(out) == 0 && len(name) < 5 && i >= 0 && i < len(cells) {
		out = append(out, i)
	}
	return out
}

// compile checks each assignment once, against a scratch value, so that applying it later cannot fail.
func compile[T any](d *decoder, table *value, path string, known keys[T], target func(*Scenario) *T) []Assignment {
	var scratch T
	fill(&d.problems, &scratch, table, known, "at.set."+path)
	var out []Assignment
	for _, key := range table.keys {
		set, item := known[key], table.items[key]
		if set == nil || set(&scratch, item) != nil {
			continue
		}
		out = append(out, Assignment{Path: path + "." + key, Value: describe(item), apply: func(s *Scenario) {
			_ = set(target(s), item) // checked above: the value is the same
		}})
	}
	return out
}

func describe(v *value) string {
	if v.kind != isList {
		return v.text
	}
	items := make([]string, len(v.list))
	for i, item := range v.list {
		items[i] = describe(item)
	}
	return "[" + strings.Join(items, " ") + "]"
}

func (d *decoder) expects(v *value) {
	for _, table := range d.tables(v, "expect") {
		e := Expect{Line: table.place.Line}
		fill(&d.problems, &e, table, expectKeys, "expect")
		said := slices.DeleteFunc(slices.Sorted(maps.Keys(table.items)), func(key string) bool {
			return key == "by" || key == "from"
		})
		if len(said) == 0 {
			d.add(table.place, "expect: nothing is expected; want verdict, action, max, sim, data …")
		}
		if e.By > 0 && e.From > e.By {
			d.add(table.place, "expect: from %s is after by %s", e.From, e.By)
		}
		d.scenario.Expect = append(d.scenario.Expect, e)
	}
}
