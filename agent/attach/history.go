package attach

import (
	"slices"
	"time"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

// Done is an action that was started.
type Done struct {
	Kind    Kind
	At      time.Time
	Rule    string
	Why     string
	Level   int    // of the ladder, once it is done; 0 off the ladders
	Outcome string // "" while it runs, "ok", or what went wrong
}

// History is what was done and what follows from it: all that must survive a restart of the agent. It is a value; its
// slices are replaced, never changed, because snapshots share them.
type History struct {
	Actions  []Done // oldest first
	Ladder   Ladder
	Refusals []Refusal // of the operator's rate limit, that still stand, by Time
	Accepted time.Time // newest accepted attach by the cloud's clock: refusals before it do not count
	Held     time.Time // a person wants nothing to be done until then
	Asked    Request   // the last request of a person that wants something to be done
}

// Ladder says how far we went in this trouble. Health takes it down one level in ten minutes, and to the ground in an
// hour; a connection that holds for a minute only does not begin everything anew.
type Ladder struct {
	Card         facts.ICCID // it belongs to this card
	Rungs        int         // of the registration ladder that are done, its repeats included
	Data         int         // of the data ladder
	Stops        int         // radio cycles after a permanent refusal
	Outages      int         // troubles so far: each has its own random additions
	Since        time.Time   // of this trouble; zero while all is well
	DataSince    time.Time   // registered without data since, in this trouble
	HealthySince time.Time   // zero in trouble
}

// Refusal is one attach that the operator refused because there were too many.
type Refusal struct {
	Time     time.Time // by the cloud's clock
	Received time.Time // by ours
}

const (
	historyLength  = 1024 // more than the budgets allow in the time that they are kept
	refusalsLength = 32   // the longest freeze needs six
	refusalsForget = week
	stepDown       = 10 * time.Minute
	groundedAfter  = time.Hour
)

// Note records an action that is about to start, before it starts, so that one that never ends is counted too.
func (h *History) Note(now time.Time, d Decision) {
	kept := make([]Done, 0, len(h.Actions)+1)
	for _, done := range h.Actions {
		if now.Sub(done.At) <= done.Kind.keep() {
			kept = append(kept, done)
		}
	}
	kept = append(kept, Done{Kind: d.Kind, At: now, Rule: d.Rule, Why: d.Why, Level: d.Level})
	h.Actions = kept[max(0, len(kept)-historyLength):]
	switch d.Rule {
	case ruleLadder:
		h.Ladder.Rungs = max(h.Ladder.Rungs, d.Level)
	case ruleData:
		h.Ladder.Data = max(h.Ladder.Data, d.Level)
	case ruleStop:
		h.Ladder.Stops++
	}
}

// keep is how long an action counts in some budget, and a day at least.
func (k Kind) keep() time.Duration {
	longest := day
	for _, a := range accounts {
		for _, l := range a.limits {
			if a.draws(k, "") {
				longest = max(longest, 2*l.Per) // a profile may double it
			}
		}
	}
	return longest
}

// Ended notes how the newest action went.
func (h *History) Ended(outcome string) {
	if n := len(h.Actions); n > 0 {
		h.Actions = slices.Clone(h.Actions)
		h.Actions[n-1].Outcome = outcome
	}
}

// Observe keeps what the facts teach beyond this moment, and reports whether that was anything. Plan counts it in by
// itself; this is for the next restart.
func (h *History) Observe(now time.Time, f *facts.Facts, v correlate.Verdict) bool {
	before := *h
	*h = h.with(now, f, v)
	return h.Ladder != before.Ladder || !h.Accepted.Equal(before.Accepted) || !slices.Equal(h.Refusals, before.Refusals)
}

// with is the history and what the facts add to it.
func (h *History) with(now time.Time, f *facts.Facts, v correlate.Verdict) History {
	next := *h
	if f.ICCID.Known() && h.Ladder.Card != "" && h.Ladder.Card != f.ICCID.Value {
		next.Refusals, next.Accepted = nil, time.Time{}
		next.Ladder = Ladder{Outages: h.Ladder.Outages + 1} // another card is another outage
	}
	if f.ICCID.Known() {
		next.Ladder.Card = f.ICCID.Value
	}
	next.Ladder.look(now, f, healthy(f, v))
	next.takeRefusals(now, f)
	return next
}

// healthy: registered, a context with an address, and nobody says that it leads nowhere.
func healthy(f *facts.Facts, v correlate.Verdict) bool {
	return f.ReadyForData() && !bearerTrouble[v.Code]
}

func (l *Ladder) look(now time.Time, f *facts.Facts, healthy bool) {
	switch {
	case healthy && l.HealthySince.IsZero():
		l.HealthySince, l.Since, l.DataSince = now, time.Time{}, time.Time{}
	case healthy:
	case !l.HealthySince.IsZero():
		*l = l.at(now)
		l.Outages++
		l.HealthySince = time.Time{}
	}
	if healthy {
		return
	}
	if l.Since.IsZero() {
		l.Since = now
	}
	if l.DataSince.IsZero() && !f.DataLostAt.IsZero() {
		l.DataSince = later(f.DataLostAt, l.Since)
	}
}

// at is the ladder with the levels that health has taken down by now.
func (l Ladder) at(now time.Time) Ladder {
	if l.HealthySince.IsZero() {
		return l
	}
	health := now.Sub(l.HealthySince)
	down := int(health / stepDown)
	if health >= groundedAfter {
		down = max(l.Rungs, l.Data, l.Stops)
	}
	l.Rungs, l.Data, l.Stops = max(0, l.Rungs-down), max(0, l.Data-down), max(0, l.Stops-down)
	return l
}

// takeRefusals adds the refusals of the diary that are not known yet. Nothing depends on the order of their arrival.
func (h *History) takeRefusals(now time.Time, f *facts.Facts) {
	list := slices.Clone(h.Refusals)
	for _, e := range f.Cloud.Entries() {
		if e.Type == facts.AttachmentAccepted && e.Time.After(h.Accepted) {
			h.Accepted = e.Time
		}
		known := slices.ContainsFunc(list, func(r Refusal) bool { return r.Time.Equal(e.Time) })
		if !known && e.Type == facts.AttachmentRejected && ClassOfEvent(e.Type, e.Error.Code, e.Error.Message) == ClassFreeze {
			list = append(list, Refusal{e.Time, e.Received})
		}
	}
	list = slices.DeleteFunc(list, func(r Refusal) bool {
		return !r.Time.After(h.Accepted) || now.Sub(r.Received) > refusalsForget
	})
	slices.SortFunc(list, func(a, b Refusal) int { return a.Time.Compare(b.Time) })
	h.Refusals = list[max(0, len(list)-refusalsLength):]
}

// frozenUntil is the end of the freeze after the refusals: an hour, twice as long for each that comes at another time than
// the one before it. Zero if there was none since the last accepted attach.
func (h *History) frozenUntil() (end time.Time) {
	var last time.Time
	length := freezeBase
	for _, r := range h.Refusals {
		if r.Time.Sub(last) >= freezeApart {
			end, last = later(end, r.Received.Add(length)), r.Time
			length = min(2*length, freezeMax)
		}
	}
	return end
}

const (
	freezeBase  = time.Hour
	freezeMax   = 24 * time.Hour
	freezeApart = 10 * time.Minute // refusals closer than this are one
)

// since lists the actions of the kinds from a time on.
func (h *History) since(t time.Time, kinds ...Kind) (list []Done) {
	for _, d := range h.Actions {
		if !d.At.Before(t) && slices.Contains(kinds, d.Kind) {
			list = append(list, d)
		}
	}
	return list
}

func (h *History) countSince(k Kind, t time.Time) int { return len(h.since(t, k)) }

// ruleSince reports whether a rule asked for an action since a time.
func (h *History) ruleSince(rule string, t time.Time) bool {
	return slices.ContainsFunc(h.Actions, func(d Done) bool { return d.Rule == rule && !d.At.Before(t) })
}

func (h *History) actedSince(t time.Time) bool {
	return slices.ContainsFunc(h.Actions, func(d Done) bool { return !d.At.Before(t) })
}

// lastOf is the time of the newest action of the kinds, zero if none.
func (h *History) lastOf(kinds ...Kind) time.Time {
	for _, d := range slices.Backward(h.Actions) {
		if slices.Contains(kinds, d.Kind) {
			return d.At
		}
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
