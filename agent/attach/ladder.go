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
	observation  = 10 * time.Minute // between two rungs: T3402 and the attach after it
	staleWindow  = 6 * time.Hour    // each repair of a stale bearer once in this time
	freezeApart  = 10 * time.Minute // refusals closer than this are one
)

// registration is the ladder while no network has us.
func (p Policy) registration(now time.Time, f *facts.Facts, v correlate.Verdict, h *History) Decision {
	if v.Code == "sim-new" || v.Code == "sim-inactive" {
		return p.stop(f, h, v.Summary)
	}
	if c, ok := f.FreshCause(now); ok {
		switch ClassOf(c) {
		case ClassCong:
			if end := f.Cause.Since.Add(congestion); now.Before(end) {
				return holdUntil(end, "congestion", "the network is congested; it is left alone for 30 minutes")
			}
		case ClassStop:
			return p.stop(f, h, fmt.Sprintf("%s cause %d (%s) is permanent for this SIM.", c.Domain, c.Number, c.Name()))
		}
	}
	return p.climb(f.OutageStart, f, h)
}

// climb finds the first step of the ladder that was not done in this outage.
func (p Policy) climb(outage time.Time, f *facts.Facts, h *History) Decision {
	extra := p.spread(outage) + time.Duration(min(f.IMSIChanges, imsiExtraMax))*imsiExtra
	for i, s := range p.Profile.Steps[p.strongest(h, outage):] {
		if s.Do == HardCycle && !p.Power {
			continue
		}
		if s.Do == AutomaticSelection && f.Serving().Stat == facts.RegSearching && i == 0 {
			continue // a nudge would only restart the search that is running
		}
		// One action, one window of observation: also when a hold has made several rungs overdue.
		return p.rung(s, later(outage.Add(s.After+extra), p.quietUntil(f, h)), f)
	}
	return p.repeat(outage, h)
}

// strongest is the index behind the strongest rung that was done in this outage: the ladder only goes up.
func (p Policy) strongest(h *History, outage time.Time) (next int) {
	for i, s := range p.Profile.Steps {
		if h.countSince(s.Do, outage) > 0 {
			next = i + 1
		}
	}
	return next
}

// quietUntil is when the last thing that made the modem attach, or the last freeze, was long enough ago.
func (p Policy) quietUntil(f *facts.Facts, h *History) time.Time {
	return later(h.lastOf(attachKinds...), p.frozenUntil(f)).Add(observation)
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
// comes at another time than the one before it.
func (p Policy) freeze(now time.Time, f *facts.Facts) (Decision, bool) {
	end := p.frozenUntil(f)
	return holdUntil(end, "freeze", "the operator limited the rate of attaches; nothing that attaches is done until then"), now.Before(end)
}

// frozenUntil is the end of the last freeze, zero if there was none since the last accepted attach.
func (p Policy) frozenUntil(f *facts.Facts) (end time.Time) {
	var last time.Time
	length := freezeBase
	for _, e := range f.Cloud.Entries() {
		switch {
		case e.Type == facts.AttachmentAccepted:
			end, last, length = time.Time{}, time.Time{}, freezeBase
		case e.Error.Code == rateLimited && e.Received.Sub(last) >= freezeApart:
			end, last = e.Received.Add(length), e.Received
			length = min(2*length, freezeMax)
		}
	}
	return end
}

// dataPath is the ladder while registered.
func (p Policy) dataPath(now time.Time, f *facts.Facts, v correlate.Verdict, h *History) Decision {
	switch {
	case f.ReadyForData() && v.Code != "stale-bearer":
		return Decision{Kind: Hold, Rule: "healthy", Why: "everything works", Step: "none"}
	case !p.Dial:
		return hold("no-dial", "data.bearer leaves the data connection to another program")
	case v.Code == "stale-bearer":
		return p.staleBearer(now, f, h)
	}
	switch refusal := ClassOf(f.Dial.Cause); {
	case !facts.SessionCause(f.Dial.Cause) || f.Dial.Tries == 0:
	case refusal == ClassAPN:
		return p.dial(f) // no reset changes what the operator refuses
	case refusal == ClassCong && now.Before(f.Dial.At.Add(congestion)):
		return holdUntil(f.Dial.At.Add(congestion), "congestion", "the network has no room for the session; it is left alone for 30 minutes")
	}
	since := later(f.LastOnlineAt, f.Started) // a restart of the module in between does not begin anew
	for _, s := range dataSteps {
		if h.countSince(s.Do, since) > 0 || s.Do == HardCycle && !p.Power {
			continue
		}
		at := later(f.DataLostAt.Add(s.After), h.lastOf(attachKinds...).Add(observation))
		step := Decision{Kind: s.Do, At: at, Rule: "data-ladder", Step: s.Name,
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
	if facts.SessionCause(f.Dial.Cause) && ClassOf(f.Dial.Cause) == ClassAPN {
		waits, class = waitsC, "permanent refusals"
	}
	wait := waits[min(f.Dial.Tries-1, len(waits)-1)]
	d.At = f.Dial.At.Add(max(p.stretch(wait, f.Dial.At), time.Minute))
	d.Why = fmt.Sprintf("activation failed %d times (%s); schedule for %s", f.Dial.Tries, f.Dial.Text, class)
	return d
}

// staleBearer mends a context that only the modem believes in.
func (p Policy) staleBearer(now time.Time, f *facts.Facts, h *History) Decision {
	since := now.Add(-staleWindow) // not since the address came: each repair brings a new one
	for _, k := range []Kind{Reactivate, Reattach, RadioCycle} {
		if done := h.since(since, k); len(done) == 0 {
			at := later(f.IP.Since, h.lastOf(Reactivate, Reattach)).Add(2 * time.Minute)
			return Decision{Kind: k, At: at, Rule: "stale", Step: "stale",
				Why: "the operator ended the session that the modem still believes in"}
		}
	}
	return holdUntil(h.lastOf(RadioCycle).Add(staleWindow), "stale", "reactivating, attaching anew and a radio cycle did not help")
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
