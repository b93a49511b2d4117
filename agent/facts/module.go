package facts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supersim-agent/modem"
)

// Module is what the module keeps and how it uses its cell.
type Module struct {
	Settings      []modem.SettingValue // as last read; nil: not read yet
	RestartNeeded bool                 // a setting was changed that is in force only after a restart
	Forbidden     Seen[string]         // the card's forbidden networks, "310410 26201"; "" for none
	Networks      Seen[string]         // those that were heard when last looked for, as Forbidden
	Cell          Seen[modem.Cell]     // the serving cell, without its signal
}

// WrongSettings lists the settings that are not as the owner wants them. What forbids roaming does no harm while data
// flows, and is left alone then.
func (f *Facts) WrongSettings() (list []modem.SettingValue) {
	for _, s := range f.Module.Settings {
		if s.Want != "" && !(f.ReadyForData() && forbidsRoaming(s)) {
			list = append(list, s)
		}
	}
	return list
}

// RoamingOff returns the setting that keeps the module off foreign networks, if one does.
func (f *Facts) RoamingOff() (modem.SettingValue, bool) {
	i := slices.IndexFunc(f.WrongSettings(), forbidsRoaming)
	if i < 0 {
		return modem.SettingValue{}, false
	}
	return f.WrongSettings()[i], true
}

func forbidsRoaming(s modem.SettingValue) bool {
	return s.Name == modem.SetRoaming || s.Name == modem.SetProfile
}

// SettingWords says what is wrong with a setting.
func SettingWords(s modem.SettingValue) string {
	return fmt.Sprintf("%s is %s, wanted is %q", s.Name, quoteOrNone(s.Value), s.Want)
}

func (f *Facts) applySettings(o modem.Settings) (changes []Change) {
	known := f.Module.Settings
	f.Module.Settings = o.List
	for _, s := range o.List {
		if s.Want != "" && !slices.Contains(known, s) {
			changes = append(changes, f.news(true, "modem", "setting %s", SettingWords(s))...)
		}
	}
	return changes
}

func (f *Facts) applyForbidden(now time.Time, o modem.ForbiddenPLMNs) []Change {
	list := strings.Join(o.List, " ")
	before := f.Module.Forbidden
	changed := f.Module.Forbidden.set(now, list)
	switch {
	case list == "" && before.Value == "":
		return nil
	case list == "":
		return f.news(changed, "sim", "the SIM forbids no network any more")
	}
	return f.news(changed, "sim", "networks that the SIM forbids: %s", list)
}

// applyNetworks keeps the codes; a network of which the module gave the name only cannot be compared with anything.
func (f *Facts) applyNetworks(now time.Time, o modem.Networks) []Change {
	var list []string
	for _, n := range o.List {
		if n.PLMN != "" && !slices.Contains(list, n.PLMN) {
			list = append(list, n.PLMN)
		}
	}
	slices.Sort(list)
	f.Module.Networks.set(now, strings.Join(list, " "))
	if len(list) == 0 {
		return f.news(true, "registration", "no network was heard in a search of all bands")
	}
	return f.news(true, "registration", "networks heard: %s", f.Module.Networks.Value)
}

// Around is the networks that can be had here: those that a search in this outage heard, else the one whose cell the module
// is on. all tells whether it was a search, so that others are out of reach.
func (f *Facts) Around() (plmns []string, all bool) {
	heard := f.Module.Networks
	if list := strings.Fields(heard.Value); len(list) > 0 && !f.OutageStart.IsZero() && !heard.At.Before(f.OutageStart) {
		return list, true
	}
	if p := f.Module.Cell.Value.PLMN; p != "" {
		return []string{p}, false
	}
	return nil, false
}

// Trapped reports whether the SIM forbids every network that can be had here, so that the module tries none.
func (f *Facts) Trapped() bool {
	around, _ := f.Around()
	open := func(plmn string) bool { return !PLMNIn(f.Module.Forbidden.Value, plmn) }
	return len(around) > 0 && !slices.ContainsFunc(around, open)
}

// applyCells keeps the first cell; the others are added to it and come and go. Its signal comes with its own question.
func (f *Facts) applyCells(now time.Time, o modem.Cells) []Change {
	cell := modem.NoCell
	if len(o.List) > 0 {
		cell = o.List[0]
	}
	if cell.Signal.Heard() {
		f.HeardAt = now
	}
	cell.Signal = modem.NoSignal
	before := f.Module.Cell
	f.Module.Cell.set(now, cell)
	return f.news(cell.Band != "" && cell.Band != before.Value.Band, "registration", "serving cell on band %s", cell.Band)
}
