// Package attach chooses the next action: what to do about a verdict, when at the earliest, and why.
//
// It is pure. Plan reads the facts, the verdict and the history of what was done, and returns one Decision. Doing
// nothing is a decision too (Hold, with its end and its reason), because patience is most of the policy: the modem and
// the SIM's IMSI applet own the first 25 minutes of an outage, since the applet needs up to 20 minutes for one change
// of IMSI and a roaming attach up to 5 more. Whoever resets earlier keeps the SIM on its bad IMSI for ever.
//
// Order of judgement in Plan: what forbids acting at all, repairs of the configuration, the dead port, the data path,
// and last the registration ladder. The ladders and profiles are tables in ladder.go, the limits in budget.go.
package attach

import (
	"fmt"
	"time"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

// Kind names an action. Names are a contract (status, scenarios).
type Kind string

const (
	Hold               Kind = "hold"                // nothing, until a time
	SetAPN             Kind = "set-apn"             // write APN and PDP type, attach anew
	RadioOn            Kind = "radio-on"            // CFUN=1
	AutomaticSelection Kind = "automatic-selection" // COPS=0
	EnterPIN           Kind = "enter-pin"
	Activate           Kind = "activate"     // activate the PDP context
	Reactivate         Kind = "reactivate"   // deactivate, then activate
	Reattach           Kind = "reattach"     // CGATT=0, CGATT=1
	RadioCycle         Kind = "radio-cycle"  // CFUN=4, CFUN=1
	ModuleReset        Kind = "module-reset" // the module's own restart
	PowerOn            Kind = "power-on"     // by the board
	HardCycle          Kind = "hard-cycle"   // power off and on by the board
)

// AttachLevel reports whether the action makes the modem attach again, so that it counts in the total budget.
func (k Kind) AttachLevel() bool {
	switch k {
	case SetAPN, AutomaticSelection, Reattach, RadioCycle, ModuleReset, HardCycle:
		return true
	}
	return false
}

// Decision is the next action and its earliest time.
type Decision struct {
	Kind Kind
	At   time.Time // earliest; for Hold: when it ends, zero when it ends with the next change of the facts
	Rule string    // the rule of this package that asked for it
	Why  string    // for people
	Step string    // where we are on the ladder: "hold", "L1" …; "" off the ladder
}

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

// Plan chooses the next action.
func Plan(now time.Time, f *facts.Facts, v correlate.Verdict, h *History, p Policy) Decision {
	d := p.choose(now, f, v, h)
	if d.Kind == Hold {
		return d
	}
	if free := h.freeAt(now, d.Kind, p.Profile); free.After(d.At) {
		d.At = free
		d.Why += fmt.Sprintf("; the budget for %s allows the next one then", d.Kind)
	}
	return d
}

func (p Policy) choose(now time.Time, f *facts.Facts, v correlate.Verdict, h *History) Decision {
	if p.Profile.Observe {
		return hold("observe", "profile observe: the agent watches and changes nothing")
	}
	if !f.Line.Alive {
		return p.deadPort(f, v)
	}
	if d, ok := forbidden(v, p); ok {
		return d
	}
	if d, ok := p.freeze(now, f); ok && !f.ReadyForData() {
		return d
	}
	if d, ok := p.repair(now, f, v, h); ok {
		return d
	}
	if !f.SuperSIM() {
		return hold("identify-sim", "before the card is known, nothing is done for it")
	}
	if f.Registered.Value {
		return p.dataPath(now, f, v, h)
	}
	return p.registration(now, f, v, h)
}

// hold waits for something to change.
func hold(rule, why string) Decision { return holdUntil(time.Time{}, rule, why) }

func holdUntil(at time.Time, rule, why string) Decision {
	return Decision{Kind: Hold, At: at, Rule: rule, Why: why, Step: "hold"}
}

// forbidden covers the verdicts in which no action of ours can help.
func forbidden(v correlate.Verdict, p Policy) (Decision, bool) {
	switch v.Code {
	case "starting":
		return hold("identify", "the modem is being identified"), true
	case "not-super-sim":
		return hold("foreign-sim", "another operator's card: its modem settings are not ours to change"), true
	case "sim-missing", "sim-puk", "sim-fault":
		return hold("no-sim", "without a usable SIM there is nothing to attach"), true
	case "sim-refreshing":
		return hold("sim-refresh", "the SIM is initialising; it takes up to a minute"), true
	case "sim-pin":
		if !p.PIN {
			return hold("no-pin", "the SIM's PIN is not configured"), true
		}
	}
	return Decision{}, false
}

// repair sets what is wrong in the modem's configuration, each thing once: if it does not stay, something else keeps
// changing it, and that is for a person to find.
func (p Policy) repair(now time.Time, f *facts.Facts, v correlate.Verdict, h *History) (Decision, bool) {
	asked := func(k Kind, why string) (Decision, bool) {
		if n := h.countSince(k, now.Add(-repairWindow)); n >= repairsPerWindow {
			return holdUntil(h.lastOf(k).Add(repairWindow), "repair", fmt.Sprintf("%s was done %d times within %v and did not last: something else changes it", k, n, repairWindow)), true
		}
		return Decision{Kind: k, At: now, Rule: "repair", Why: why}, true
	}
	switch {
	case v.Code == "sim-pin":
		return p.enterPIN(now, h), true
	case v.Code == "radio-off":
		return asked(RadioOn, "the radio is off")
	case v.Code == "manual-plmn":
		return asked(AutomaticSelection, "the modem is locked to one network")
	case f.ReadyForData():
		return Decision{}, false // it works as it is
	case f.SuperSIM() && (f.APNWrong() || f.PDPTypeWrong()):
		return asked(SetAPN, fmt.Sprintf("the modem has APN %q (%s), wanted is %q (%s)",
			f.Context.Value.APN, f.Context.Value.Type, f.Want.APN, f.Want.PDPType))
	}
	return Decision{}, false
}

// enterPIN enters the PIN when the card asks for it. One that was not accepted is left alone for an hour; whether it may be
// tried at all then, whoever keeps the PIN decides, because three wrong ones block a card.
func (p Policy) enterPIN(now time.Time, h *History) Decision {
	d := Decision{Kind: EnterPIN, At: now, Rule: "repair", Why: "the SIM asks for its PIN"}
	if done := h.since(time.Time{}, EnterPIN); len(done) > 0 && done[len(done)-1].Outcome != "ok" {
		d.At = done[len(done)-1].At.Add(time.Hour)
		d.Why = "the PIN was not accepted; whether another one was configured is looked at then"
	}
	return d
}

// deadPort: the port's own way back, independent of the network's patience. Reopening the port is not planned here,
// the loop does it all the time; this is what power can do.
func (p Policy) deadPort(f *facts.Facts, v correlate.Verdict) Decision {
	since := f.Line.Since
	if !f.Port.Open && f.Port.Since.After(since) {
		since = f.Port.Since
	}
	switch f.Port.Reason {
	case "busy", "permission", "sandbox", "not-a-tty", "failed":
		return hold("host-fault", "the fault is on this computer, not in the modem: "+v.Summary)
	}
	if v.Code == "starting" {
		return hold("identify", "the modem may still be booting")
	}
	if s := f.Line.Stranger; v.Code == "not-a-modem" && !s.Kind.PowerHelps() && !f.Modem.Known() {
		return hold("not-a-modem", "what answers is no modem: "+s.Kind.Words()+". It is left alone and looked at every minute")
	}
	if !p.Power {
		return hold("reopen", "reopening the port; no board with power control is configured")
	}
	if f.Port.Reason == "missing" && !f.Modem.Known() {
		return Decision{Kind: PowerOn, At: since.Add(powerOnAfter), Rule: "A1", Why: "the port does not appear: the modem may be off"}
	}
	return Decision{Kind: HardCycle, At: since.Add(hardCycleAfter), Rule: "A1", Why: "the modem does not answer: its power is cycled after five minutes"}
}

const (
	powerOnAfter     = time.Minute
	hardCycleAfter   = 5 * time.Minute
	repairWindow     = time.Hour
	repairsPerWindow = 2
)
