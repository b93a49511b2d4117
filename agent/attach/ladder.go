package attach

import (
	"fmt"
	"math/rand/v2"
	"time"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

// Profile is a schedule of patience.
type Profile struct {
	Name    string
	Observe bool
	Steps   []Step          // registration ladder, times since the outage began
	Gaps    []time.Duration // after the last step, between repeats; the last one repeats
	Spread  time.Duration   // random addition to the first step's time, never a subtraction
	Halve   bool            // budgets halved
}

// Step is one rung of the registration ladder.
type Step struct {
	Name  string
	After time.Duration
	Do    Kind
}

// Profiles is the table of schedules (sources: modem/SOURCES.md). 25 minutes are the longest documented IMSI-switch
// timer (20) plus a roaming attach (5); resets are an hour apart at least (GSMA TS.34: N1 = 1 per hour).
var Profiles = []Profile{
	{
		Name: "balanced", Spread: 5 * time.Minute,
		Steps: []Step{
			{"L1", 25 * time.Minute, AutomaticSelection},
			{"L2", 45 * time.Minute, RadioCycle},
			{"L3", 75 * time.Minute, ModuleReset},
			{"L4", 135 * time.Minute, HardCycle},
		},
		Gaps: []time.Duration{2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour},
	},
	{
		Name: "attended", Spread: time.Minute,
		Steps: []Step{
			{"L1", 12 * time.Minute, AutomaticSelection},
			{"L2", 15 * time.Minute, RadioCycle},
			{"L3", 30 * time.Minute, ModuleReset},
			{"L4", 135 * time.Minute, HardCycle},
		},
		Gaps: []time.Duration{2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour},
	},
	{
		Name: "gentle", Spread: 10 * time.Minute, Halve: true,
		Steps: []Step{
			{"L1", 40 * time.Minute, AutomaticSelection},
			{"L2", 90 * time.Minute, RadioCycle},
			{"L3", 150 * time.Minute, ModuleReset},
			{"L4", 270 * time.Minute, HardCycle},
		},
		Gaps: []time.Duration{4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour},
	},
	{Name: "observe", Observe: true},
}

// LookupProfile finds a profile by name.
func LookupProfile(name string) (Profile, bool) {
	for _, p := range Profiles {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// dataSteps is the ladder for "registered, no data", times since the data path was lost. Activation itself follows
// the waits of schedule B or C.
var dataSteps = []Step{
	{"D1", 8 * time.Minute, Reactivate},
	{"D2", 20 * time.Minute, Reattach},
	{"D3", 40 * time.Minute, RadioCycle},
	{"D4", 75 * time.Minute, ModuleReset},
	{"D5", 135 * time.Minute, HardCycle},
}

// stopGaps space the radio cycles after a permanent refusal (Telefónica TEF.IOT.DB REQ_009: 1, 4, 8, 16, 24 h).
var stopGaps = []time.Duration{time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour}

// Waits between activation attempts: B after temporary failures, C after permanent refusals. Both stay
// far below the counters of GSMA TS.34 (30 to 60 activations an hour and APN).
var (
	waitsB = minutes(1, 2, 3, 5, 10, 15, 30, 60)
	waitsC = minutes(5, 15, 30, 60, 120, 240)
)

func minutes(n ...int) (ds []time.Duration) {
	for _, m := range n {
		ds = append(ds, time.Duration(m)*time.Minute)
	}
	return ds
}

const (
	freezeBase   = time.Hour // after a rate-limit refusal; doubles
	freezeMax    = 24 * time.Hour
	rateLimited  = 83703 // KORE's error code
	congestion   = 30 * time.Minute
	imsiExtra    = 5 * time.Minute // each new IMSI gets this long
	imsiExtraMax = 4
	bearerGrace  = 10 * time.Second // LTE brings the default bearer by itself
)

// registration is the ladder while no network has us.
func (p Policy) registration(now time.Time, f *facts.Facts, v correlate.Verdict, h *History) Decision {
	if v.Code == "sim-new" || v.Code == "sim-inactive" {
		return p.stop(f, h, v.Summary)
	}
	if c, ok := f.FreshCause(now); ok {
		switch ClassOf(c) {
		case classCong:
			return holdUntil(f.Cause.Since.Add(congestion), "congestion", "the network is congested; it is left alone for 30 minutes")
		case classStop:
			return p.stop(f, h, fmt.Sprintf("%s cause %d (%s) is permanent for this SIM.", c.Domain, c.Number, c.Name()))
		}
	}
	return p.climb(f.OutageStart, f, h)
}

// climb finds the first step of the ladder that was not done in this outage.
func (p Policy) climb(outage time.Time, f *facts.Facts, h *History) Decision {
	extra := p.spread(outage) + time.Duration(min(f.IMSIChanges, imsiExtraMax))*imsiExtra
	for i, s := range p.Profile.Steps {
		if h.countSince(s.Do, outage) > 0 || s.Do == HardCycle && !p.Power {
			continue
		}
		if s.Do == AutomaticSelection && f.Serving().Stat == facts.RegSearching && i+1 < len(p.Profile.Steps) {
			continue // a nudge would only restart the search that is running
		}
		return p.rung(s, outage.Add(s.After+extra), f)
	}
	return p.repeat(outage, h)
}

func (p Policy) rung(s Step, at time.Time, f *facts.Facts) Decision {
	why := "the modem and the SIM's IMSI applet had their time and found no network"
	if f.IMSIChanges > 0 {
		why += fmt.Sprintf(" (more of it, because the SIM changed its IMSI %d times)", f.IMSIChanges)
	}
	return Decision{Kind: s.Do, At: at, Rule: "ladder", Why: why, Step: s.Name}
}

// repeat goes on after the last rung, with growing gaps, cycling through the stronger steps.
func (p Policy) repeat(outage time.Time, h *History) Decision {
	done := h.since(outage, RadioCycle, ModuleReset, HardCycle)
	kinds := []Kind{RadioCycle, ModuleReset}
	if p.Power {
		kinds = append(kinds, HardCycle)
	}
	n := len(done) - len(kinds)
	gap := p.Profile.Gaps[min(max(n, 0), len(p.Profile.Gaps)-1)]
	last := outage
	if len(done) > 0 {
		last = done[len(done)-1].At
	}
	return Decision{Kind: kinds[len(done)%len(kinds)], At: last.Add(p.stretch(gap, last)), Rule: "ladder", Step: "repeat",
		Why: "every step was tried; they are repeated ever more rarely"}
}

// stop is the schedule after a permanent refusal: one radio cycle after an hour, then ever more rarely. A radio cycle is
// needed because the modem itself treats the SIM as invalid until then, even when a person has mended the reason.
func (p Policy) stop(f *facts.Facts, h *History, reason string) Decision {
	done := h.since(f.OutageStart, RadioCycle)
	last := f.OutageStart
	if len(done) > 0 {
		last = done[len(done)-1].At
	}
	gap := stopGaps[min(len(done), len(stopGaps)-1)]
	return Decision{Kind: RadioCycle, At: last.Add(p.stretch(gap, last)), Rule: "stop", Step: "stop",
		Why: reason + " Trying would be useless and harmful; one radio cycle then looks whether a person has mended it."}
}

// freeze keeps still after the operator limited our rate: an hour, twice as long for each refusal of this kind that
// comes after the pause before it.
func (p Policy) freeze(now time.Time, f *facts.Facts) (Decision, bool) {
	var end time.Time
	length := freezeBase
	for _, e := range f.Cloud.Entries() {
		switch {
		case e.Type == facts.AttachmentAccepted:
			end, length = time.Time{}, freezeBase
		case e.Error.Code == rateLimited && e.Received.After(end):
			end = e.Received.Add(length)
			length = min(2*length, freezeMax)
		}
	}
	if !now.Before(end) {
		return Decision{}, false
	}
	return holdUntil(end, "freeze", "the operator limited the rate of attaches; nothing that attaches is done until then"), true
}

// dataPath is the ladder while registered.
func (p Policy) dataPath(f *facts.Facts, v correlate.Verdict, h *History) Decision {
	switch {
	case v.Code == "stale-bearer":
		return p.staleBearer(f, h)
	case f.ReadyForData():
		return Decision{Kind: Hold, Rule: "healthy", Why: "everything works", Step: "none"}
	case !p.Dial:
		return hold("no-dial", "data.bearer leaves the data connection to another program")
	}
	for _, s := range dataSteps {
		if h.countSince(s.Do, f.DataLostAt) > 0 || s.Do == HardCycle && !p.Power {
			continue
		}
		step := Decision{Kind: s.Do, At: f.DataLostAt.Add(s.After), Rule: "data-ladder", Step: s.Name,
			Why: fmt.Sprintf("registered without data; the next stronger step is %s", s.Do)}
		if dial := p.dial(f); dial.At.Before(step.At) {
			return dial
		}
		return step
	}
	return p.dial(f)
}

// dial is the next activation attempt.
func (p Policy) dial(f *facts.Facts) Decision {
	d := Decision{Kind: Activate, At: f.DataLostAt.Add(bearerGrace), Rule: "dial", Why: "registered; the data connection is opened", Step: "dial"}
	if f.Dial.Tries == 0 || f.Dial.At.Before(f.DataLostAt) {
		return d
	}
	waits, class := waitsB, "temporary failures"
	if facts.SessionCause(f.Dial.Cause) && ClassOf(f.Dial.Cause) == classAPN {
		waits, class = waitsC, "permanent refusals"
	}
	wait := waits[min(f.Dial.Tries-1, len(waits)-1)]
	d.At = f.Dial.At.Add(max(p.stretch(wait, f.Dial.At), time.Minute))
	d.Why = fmt.Sprintf("activation failed %d times (%s); schedule for %s", f.Dial.Tries, f.Dial.Text, class)
	return d
}

// staleBearer mends a context that only the modem believes in.
func (p Policy) staleBearer(f *facts.Facts, h *History) Decision {
	since := f.IP.Since
	for _, k := range []Kind{Reactivate, Reattach, RadioCycle} {
		if done := h.since(since, k); len(done) == 0 {
			return Decision{Kind: k, At: h.lastOf(Reactivate, Reattach).Add(2 * time.Minute), Rule: "stale", Step: "stale",
				Why: "the operator ended the session that the modem still believes in"}
		}
	}
	return holdUntil(h.lastOf(RadioCycle).Add(time.Hour), "stale", "reactivating, attaching anew and a radio cycle did not help")
}

// spread is this device's own addition to the first step, the same for a whole outage.
func (p Policy) spread(outage time.Time) time.Duration {
	return time.Duration(p.random(outage) * float64(p.Profile.Spread))
}

// stretch lengthens a gap by up to a quarter, never shortens it.
func (p Policy) stretch(gap time.Duration, from time.Time) time.Duration {
	return gap + time.Duration(p.random(from)*float64(gap)/4)
}

// random is a number in [0,1) that depends on the device and the moment only, so that planning twice gives the same.
func (p Policy) random(at time.Time) float64 {
	return rand.New(rand.NewPCG(p.Seed, uint64(at.UnixNano()))).Float64()
}
