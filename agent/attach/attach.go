// Package attach chooses the next action: what to do about a verdict, when at the earliest, and why.
//
// It is pure. Plan reads the facts, the verdict and the history of what was done, and returns one Decision. Doing
// nothing is a decision too (Hold, with its end and its reason), because patience is most of the policy: the modem and
// the SIM's IMSI applet own the first 25 minutes of an outage, since the applet needs up to 20 minutes for one change
// of IMSI and a roaming attach up to 5 more. Whoever resets earlier keeps the SIM on its bad IMSI for ever.
//
// Order of judgement in Plan: what a person asked for, the dead port (port.go), what forbids acting at all, repairs of the
// configuration (repair.go), the data path (data.go), and last the registration ladder (ladder.go). What nothing may
// exceed are the budgets (budget.go). The causes are a table (causes.go), the profiles another (profiles.go). What was done
// outlives a restart (history.go, store.go).
package attach

import (
	"fmt"
	"math/rand/v2"
	"time"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

// Decision is the next action and its earliest time.
type Decision struct {
	Kind  Kind
	At    time.Time // earliest, not in the past; for Hold: when it ends, zero when it ends with the next change of the facts
	Rule  string    // the rule of this package that asked for it
	Why   string    // for people
	Step  string    // where we are on the ladder: "hold", "L1" …; "" off the ladder
	Level int       // of that ladder, once this is done
}

// The rules that other parts of the package ask for.
const (
	ruleLadder  = "ladder"
	ruleData    = "data-ladder"
	ruleStop    = "stop"
	ruleHealed  = "healed"
	ruleAsked   = "asked"
	ruleDead    = "dead-port"
	ruleFreeze  = "freeze"
	ruleCong    = "congestion"
	ruleHealthy = "healthy"
)

// Due reports whether the action may start now.
func (d Decision) Due(now time.Time) bool { return d.Kind != Hold && !now.Before(d.At) }

// Policy is what the configuration says about acting.
type Policy struct {
	Profile Profile
	Dial    bool   // the agent may activate the data connection
	Power   bool   // a board with power control is there
	PIN     bool   // a PIN is configured
	Seed    uint64 // of this device, so that a fleet does not move in step
}

// view is everything that a decision depends on.
type view struct {
	Policy
	now time.Time
	f   *facts.Facts
	v   correlate.Verdict
	h   History // with what the facts add
}

// Plan chooses the next action.
func Plan(now time.Time, f *facts.Facts, v correlate.Verdict, h *History, p Policy) Decision {
	w := &view{Policy: p, now: now, f: f, v: v, h: h.with(now, f, v)}
	if since := w.h.Ladder.Since; p.Profile.Lasts > 0 && !since.IsZero() && now.Sub(since) >= p.Profile.Lasts {
		w.Profile = Profiles[0]
	}
	d := w.choose()
	if d.Kind == Hold {
		return d
	}
	d.At = later(d.At, now)
	quiet := f.RefreshedAt.Add(refreshGrace)
	if refreshed := !f.RefreshedAt.IsZero() && quiet.After(d.At); refreshed && d.Kind.AttachLevel() && d.Rule != ruleDead {
		d.At = quiet
		d.Why += "; the SIM was initialised a moment ago and is left alone for 90 seconds"
	}
	if free, account := w.h.freeAt(now, d.Kind, d.Rule, w.Profile); free.After(d.At) {
		d.At = free
		d.Why += fmt.Sprintf("; the budget %q is spent, and allows the next one then", account)
	}
	return d
}

// refreshGrace is how long after a refresh of the card nothing makes the modem attach again.
const refreshGrace = 90 * time.Second

func (w *view) choose() Decision {
	if w.Profile.Observe {
		return hold("observe", "profile observe: the agent watches and changes nothing")
	}
	if w.now.Before(w.h.Held) {
		return holdUntil(w.h.Held, ruleAsked, "a person asked for nothing to be done until then")
	}
	d := w.ordinary()
	if d.Due(w.now) && w.h.Asked.Kind != ForceRetry {
		return d
	}
	return w.asked(d)
}

// ordinary is the decision without anybody's wish.
func (w *view) ordinary() Decision {
	if !w.f.Line.Alive {
		return w.deadPort()
	}
	if d, ok := w.forbidden(); ok {
		return d
	}
	if end := w.h.frozenUntil(); w.now.Before(end) && !w.f.ReadyForData() {
		return holdUntil(end, ruleFreeze, "the operator limited the rate of attaches; nothing that attaches is done until then")
	}
	if d, ok := w.repair(); ok {
		return d
	}
	if !w.f.SuperSIM() {
		return hold("identify-sim", "before the card is known, nothing is done for it")
	}
	if w.f.Registered.Value {
		return w.dataPath()
	}
	return w.registration()
}

// hold waits for something to change.
func hold(rule, why string) Decision { return holdUntil(time.Time{}, rule, why) }

func holdUntil(at time.Time, rule, why string) Decision {
	return Decision{Kind: Hold, At: at, Rule: rule, Why: why, Step: "hold"}
}

// forbidden covers the verdicts in which no action of ours can help.
func (w *view) forbidden() (Decision, bool) {
	switch w.v.Code {
	case "starting":
		return hold("identify", "the modem is being identified"), true
	case "not-super-sim":
		return hold("foreign-sim", "another operator's card: its modem settings are not ours to change"), true
	case "sim-missing", "sim-puk", "sim-fault":
		return hold("no-sim", "without a usable SIM there is nothing to attach"), true
	case "sim-refreshing":
		return hold("sim-refresh", "the SIM is initialising; it takes up to a minute"), true
	case "sim-pin":
		if !w.PIN {
			return hold("no-pin", "the SIM's PIN is not configured"), true
		}
	}
	return Decision{}, false
}

// Standing is where the policy is, for status.
type Standing struct {
	Level  int       // steps done on the ladder that counts now
	Since  time.Time // of the trouble, zero while all is well
	Held   time.Time // a person asked for nothing until then; zero if nobody did
	Frozen time.Time // the operator's rate limit keeps everything still until then; zero if it does not
}

// Stand tells where the policy is.
func Stand(now time.Time, f *facts.Facts, v correlate.Verdict, h *History) Standing {
	full := h.with(now, f, v)
	ladder := full.Ladder.at(now)
	s := Standing{Level: max(ladder.Rungs, ladder.Data, ladder.Stops), Since: ladder.Since}
	if now.Before(h.Held) {
		s.Held = h.Held
	}
	if end := full.frozenUntil(); now.Before(end) {
		s.Frozen = end
	}
	return s
}

// Salts of random: each use has its own sequence.
const (
	saltHold = iota
	saltGap
	saltReset
	saltDial
	saltStop
)

// stretch lengthens a gap by up to a quarter, never shortens it.
func (w *view) stretch(gap time.Duration, salt, n int) time.Duration {
	return gap + w.random(gap/4, salt, n)
}

// random is a length from 0 up to most. It depends on the device, the trouble and the step only, so that planning twice
// gives the same, and no clock has a part in it.
func (w *view) random(most time.Duration, salt, n int) time.Duration {
	pcg := rand.NewPCG(w.Seed, uint64(w.h.Ladder.Outages)<<32|uint64(salt)<<24|uint64(n&0xFFFFFF))
	return time.Duration(rand.New(pcg).Float64() * float64(most))
}
