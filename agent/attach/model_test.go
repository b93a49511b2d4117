package attach

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// illness is a state in which a device can be when the network is well again, and what brings it back. Each is a model of
// something that modems are known to do.
type illness struct {
	name  string
	cures []Kind
	power bool // only power control helps
	see   func(f *facts.Facts, now time.Time)
}

func lost(list ...modem.Observation) func(*facts.Facts, time.Time) {
	return func(f *facts.Facts, now time.Time) {
		for _, o := range list {
			f.Apply(now, o)
			f.Apply(now, o)
		}
	}
}

func stat(s modem.RegStat) modem.Registration {
	return modem.Registration{Domain: modem.EPS, Stat: s, AcT: modem.Unknown}
}

func denied(n int) modem.Registration {
	return modem.Registration{Domain: modem.EPS, Stat: modem.RegDenied, AcT: modem.Unknown,
		Cause: modem.Cause{Domain: modem.EMM, Number: n}}
}

var (
	restart = []Kind{ModuleReset, SoftReset, HardCycle}
	radio   = append([]Kind{RadioCycle, ClearFPLMN}, restart...)
	nudge   = append([]Kind{AutomaticSelection}, radio...)
)

var illnesses = []illness{
	{"stopped searching", nudge, false, lost(stat(modem.RegIdle))},
	{"searches for ever", radio, false, lost(stat(modem.RegSearching))},
	{"holds the SIM invalid after cause 8", radio, false, lost(denied(8))},
	{"holds the SIM invalid after cause 3", radio, false, lost(denied(3))},
	{"believes in congestion", radio, false, lost(denied(22))},
	{"refused everywhere but by one network", nudge, false, lost(denied(11))},
	{"its radio part is stuck", restart, false, lost(stat(modem.RegIdle))},
	{"only power helps", []Kind{HardCycle}, true, lost(stat(modem.RegSearching))},
	{"the SIM forbids the only network", []Kind{ClearFPLMN}, false,
		lost(stat(modem.RegSearching), modem.ForbiddenPLMNs{List: []string{"310410"}})},
	{"set to another network by hand", []Kind{AutomaticSelection}, false,
		lost(stat(modem.RegSearching), modem.Operator{Mode: 1, PLMN: "26201"})},
	{"its radio is off", []Kind{RadioOn}, false, lost(stat(modem.RegIdle), modem.Radio{Fun: 4})},
	{"another APN", []Kind{SetAPN}, false,
		lost(stat(modem.RegSearching), modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "internet"}}})},
	{"no context", []Kind{Activate, Reactivate}, false, lost(stat(modem.RegRoaming), modem.Active{})},
	{"the context does not open", append([]Kind{Reattach}, radio...), false, lost(stat(modem.RegRoaming), modem.Active{})},
	{"the context opens after a restart only", restart, false, lost(stat(modem.RegRoaming), modem.Active{})},
	{"deaf", restart, false, silent},
	{"dead", []Kind{HardCycle}, true, silent},
}

func silent(f *facts.Facts, now time.Time) {
	f.Line = facts.Line{Since: now, Failing: 3}
	f.Lose(now)
}

// bounds are how long a device may need that is ill when its network is well again: the freeze may just have begun (24 h),
// and three more steps of the ladder lie up to 30 hours apart. In gentle, the list of forbidden networks may be emptied
// once a week only.
var bounds = map[string]time.Duration{"balanced": 5 * day, "attended": 5 * day, "gentle": 9 * day}

// From every state that a long story may have led to, every illness ends within a stated time.
func TestEveryStateComesBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ill := rapid.SampledFrom(illnesses).Draw(r, "illness")
		p := drawPolicy(r, "balanced", "attended", "gentle")
		p.Dial, p.Power = true, p.Power || ill.power
		d := newDevice(p, noon)
		d.play(slices.DeleteFunc(drawEvents(r, 40), func(e event) bool { return e.kind == 13 })) // persons leave it alone now
		d.restart(event{boot: true, sane: true})
		d.h.Ladder.Rungs = rapid.IntRange(0, 12).Draw(r, "rungs")
		d.h.Ladder.Data, d.h.Ladder.Stops = rapid.IntRange(0, 12).Draw(r, "data"), rapid.IntRange(0, 12).Draw(r, "stops")
		ill.see(d.f, d.now)
		fell := d.elapsed
		for cured := false; !cured; {
			d.step(func(k Kind) { cured = slices.Contains(ill.cures, k) })
			if d.elapsed-fell > bounds[p.Profile.Name] {
				r.Fatalf("%s, %s: still so after %v; did %s", ill.name, p.Profile.Name, d.elapsed-fell, story(d.done, Kinds()...))
			}
		}
	})
}

// step plans once, does what is due, or waits until it may be.
func (d *device) step(did func(Kind)) {
	v := correlate.Judge(d.now, d.f)
	d.h.Observe(d.now, d.f, v)
	next := Plan(d.now, d.f, v, &d.h, d.policy)
	if !next.Due(d.now) {
		wait := 10 * time.Minute
		if next.At.After(d.now) {
			wait = min(wait, next.At.Sub(d.now))
		}
		d.pass(wait)
		return
	}
	d.h.Note(d.now, next)
	d.h.Ended("ok")
	d.done = append(d.done, Done{Kind: next.Kind, At: noon.Add(d.elapsed)})
	switch next.Kind {
	case Activate, Reactivate:
		d.f.Dialled(d.now, false, modem.Cause{}, "failed")
	case Scan:
		d.apply(modem.Networks{List: []modem.Network{{PLMN: "310410"}}})
	}
	did(next.Kind)
}
