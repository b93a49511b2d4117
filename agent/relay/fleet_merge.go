package relay

import (
	"cmp"
	"encoding/json"
	"slices"

	"supersim-agent/agent/status"
)

// With a shared subscription each relay sees a part of the fleet's events. Who asks several of them joins their answers: of
// each device the row that rests on the freshest evidence. The result does not depend on who answered first, or twice.
// Statuses must not be shared: a broker gives retained messages to plain subscriptions only (MQTT 5 §4.8.2), so each relay
// takes all of them.

// MergeDevices joins rows of several relays, the worst first.
func MergeDevices(lists ...[]Device) []Device {
	groups := map[key][]Device{}
	for _, d := range slices.Concat(lists...) {
		k, ok := keyOf(d.ICCID)
		if !ok {
			k = key("#" + d.ID)
		}
		groups[k] = append(groups[k], d)
	}
	merged := make([]Device, 0, len(groups))
	for _, rows := range groups {
		merged = append(merged, freshest(rows))
	}
	slices.SortFunc(merged, func(a, b Device) int {
		return cmp.Or(cmp.Compare(slices.Index(needOrder, a.Need), slices.Index(needOrder, b.Need)),
			a.Verdict.Since.Compare(b.Verdict.Since.Time), cmp.Compare(a.ICCID, b.ICCID), cmp.Compare(a.ID, b.ID))
	})
	return merged
}

// freshest is the row that knows best. Where the device's newest word, by all that the relays know, is a report of its own,
// that decides. Otherwise it is silent, and of the relays that know so the one with the newest event does. A name is taken
// from whoever has one.
func freshest(rows []Device) Device {
	best := slices.MaxFunc(rows, func(a, b Device) int {
		return cmp.Or(a.Heard.Compare(b.Heard.Time), a.LastEvent.At.Compare(b.LastEvent.At.Time), compareText(a, b))
	})
	if best.Judge != JudgedByDevice {
		silent := slices.DeleteFunc(slices.Clone(rows), func(d Device) bool { return d.Judge == JudgedByDevice })
		best = slices.MaxFunc(silent, func(a, b Device) int {
			return cmp.Or(a.LastEvent.At.Compare(b.LastEvent.At.Time), a.Heard.Compare(b.Heard.Time), compareText(a, b))
		})
	}
	for _, r := range rows {
		best.Name = max(best.Name, r.Name)
	}
	return best
}

func compareText(a, b Device) int {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		return 0
	}
	return slices.Compare(x, y)
}

// MergeSummaries counts merged devices. What the relays count for themselves is added up.
func MergeSummaries(devices []Device, parts ...Summary) Summary {
	s := Summary{Devices: len(devices), Needs: map[Need]int{}, Verdicts: map[string]int{}}
	s.Counters.BadStatuses = map[string]uint64{}
	for _, d := range devices {
		s.Needs[d.Need]++
		s.Verdicts[d.Verdict.Code]++
		if d.Verdict.Online {
			s.Online++
		}
		if d.Judge == JudgedByRelay {
			s.Silent++
		}
	}
	for _, p := range parts {
		s.Started = earliest(s.Started, p.Started)
		if s.File == nil || p.File != nil && p.File.Devices > s.File.Devices {
			s.File = p.File
		}
		s.Counters.add(p.Counters)
	}
	return s
}

func earliest(a, b status.Time) status.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a.Time) {
		return b
	}
	return a
}

func (s *FleetStats) add(o FleetStats) {
	s.Events += o.Events
	s.Duplicates += o.Duplicates
	s.Tests += o.Tests
	s.BadEvents += o.BadEvents
	s.Statuses += o.Statuses
	s.Forgotten += o.Forgotten
	s.FileErrors += o.FileErrors
	s.SIMs += o.SIMs
	s.Unidentified += o.Unidentified
	for code, n := range o.BadStatuses {
		s.BadStatuses[code] += n
	}
	if o.LastEvent.After(s.LastEvent.Time) {
		s.LastEvent = o.LastEvent
	}
}
