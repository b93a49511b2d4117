// Package core is the root machine: one event in, actions out. It keeps the facts, judges them, plans, and decides what
// to ask the modem next. It is pure: no clock, no I/O, no goroutine, no randomness of its own; one goroutine owns it.
//
// Contract with the shell that drives it:
//
//   - Step(now, event) is total: any event in any state. now never goes backwards by its monotonic reading.
//   - Every Action carries an id; the shell answers it with exactly one Done of the same id. At most one Action is
//     outstanding, so nothing else touches the modem meanwhile. A Done with another id is counted and dropped.
//   - An attach action is in the history before it is returned, so that its budget is spent even if the shell dies.
//   - The shell closes the port before it reports LineDead, PortGone or a failed Greet; the core opens it again.
//   - Deadline is when Step(Tick) could next have an effect. Until then a Tick changes nothing.
//   - Snapshot may be handed to any goroutine: it shares only memory that is never written again.
package core

import (
	"strings"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// Config is what the core must know of the configuration.
type Config struct {
	Want       facts.Want
	Policy     attach.Policy
	PortPath   string         // for people; the shell opens it
	History    attach.History // what was done before this start
	Timeline   []Entry        // of before this start, oldest first; Seq is given anew
	Diary      []facts.Entry  // connection events that came before it
	StartDelay time.Duration  // before the first action: spreads a fleet that gets its power back at once
}

// Core is the root machine. The zero value is not usable; see New.
type Core struct {
	cfg     Config
	started time.Time
	f       *facts.Facts

	verdict  correlate.Verdict
	since    time.Time          // of the verdict's code
	previous *correlate.Verdict // the verdict before it
	pending  candidate          // another verdict that has to hold for a while first
	judged   moment             // the last judgement
	past     []past             // verdicts that were given, oldest first
	decision attach.Decision
	history  attach.History
	saves    uint64 // counts its changes

	flight          flight
	nextID          uint64
	looks           looks
	greeted         bool      // the session with the modem is set up
	greetedAt       time.Time // it was set up last
	bootedMeanwhile bool      // it restarted since the greeting began
	loss            *Failure  // of the port, learnt while an action was under way
	reopenAt        time.Time // the port may be opened again
	reopens         int       // in a row without success
	asked           time.Time // when a person asked last for something of the policy
	deadline        time.Time

	log       log
	rev       uint64 // counts changes of anything a snapshot shows
	portOpens int
	Stale     int              // completions nobody waited for
	commands  []CommandRequest // of persons, in order
}

// maxCommands is how many commands of persons may wait. The shell admits no more; those above are dropped.
const maxCommands = 8

// flight is the action that is under way.
type flight struct {
	id uint64 // 0: none
	op Op
}

// New returns a core that knows nothing yet.
func New(now time.Time, cfg Config) *Core {
	c := &Core{cfg: cfg, started: now, f: facts.New(now, cfg.Want), history: cfg.History,
		reopenAt: now.Add(cfg.StartDelay), looks: looks{start: now}}
	c.cfg.Timeline, c.cfg.Diary = nil, nil
	c.log.begin(cfg.Timeline)
	c.f.Cloud.Remember(cfg.Diary)
	c.f.Port.Path = cfg.PortPath
	c.deadline = c.reopenAt
	c.judge(now)
	c.plan(now)
	return c
}

// Deadline is when Step(now, Tick{}) could next have an effect.
func (c *Core) Deadline() time.Time { return c.deadline }

// Step takes an event in and returns what to do.
func (c *Core) Step(now time.Time, ev Event) []Action {
	if _, tick := ev.(Tick); tick && now.Before(c.deadline) {
		return nil
	}
	c.take(now, ev)
	c.judge(now)
	c.plan(now)
	act := c.next(now)
	c.setDeadline(now)
	return act
}

// take puts the event into the facts.
func (c *Core) take(now time.Time, ev Event) {
	switch ev := ev.(type) {
	case Done:
		c.done(now, ev)
	case Seen:
		c.apply(now, ev.Observations)
	case PortLost:
		c.portLost(now, ev.Failure)
	case CloudBatch:
		c.note(now, c.f.AddCloud(now, ev.Source, ev.Events, ev.Problems))
		c.revise(now, ev.Events)
		c.rev++
	case HostSeen:
		for _, obs := range ev.Observations {
			c.note(now, c.f.Observe(now, obs))
		}
		c.rev++
	case ClockState:
		if c.f.Clock.Synced(ev.NTP) {
			c.note(now, []facts.Change{{Side: facts.Host, Kind: "clock", Text: "clock: " + string(c.f.Clock.State)}})
		}
	case ProbeRequest:
		c.looks.everything()
	case PolicyRequest:
		c.history.Ask(ev.Request)
		c.saves++
		c.asked = ev.At
		c.note(now, []facts.Change{{Side: facts.Agent, Kind: "request", Text: "a person asked: " + string(ev.Kind)}})
	case CommandRequest:
		if len(c.commands) < maxCommands {
			c.commands = append(c.commands, ev)
		}
	}
}

// apply feeds observations and lets what they touch be looked at again.
func (c *Core) apply(now time.Time, list []modem.Observation) {
	for _, obs := range list {
		before := c.f.Registered.Value
		changes := c.f.Apply(now, obs)
		c.note(now, changes)
		if len(changes) > 0 {
			c.looks.touched(obs)
		}
		if r, ok := obs.(modem.Registration); ok && len(changes) > 0 && !r.Stat.Data() && c.f.Registered.Value {
			c.looks.again(modem.LookRegistration) // one domain is lost: are the others that still look good?
		}
		if c.f.Registered.Value != before {
			c.looks.registrationChanged()
		}
		if _, boot := obs.(modem.Booted); boot {
			c.restarted()
		}
	}
	if len(list) > 0 {
		c.rev++
		c.looks.again(c.f.InDoubt()...)
	}
}

// restarted: the module forgot our session settings; it must be greeted again.
func (c *Core) restarted() {
	c.greeted = false
	c.bootedMeanwhile = true
	c.looks.all()
}

// judge renews the verdict and writes a change of it into the timeline.
func (c *Core) judge(now time.Time) {
	v := correlate.Judge(now, c.f)
	if v.Code != c.verdict.Code {
		if c.hasty(now, v) {
			return
		}
		if c.verdict.Code != "" {
			old := c.verdict
			c.previous = &old
			c.remember()
		}
		c.since = now
		c.log.add(now, Entry{Side: facts.Agent, Kind: "verdict", Text: v.Summary, Verdict: v.Code})
		c.rev++
	}
	c.verdict, c.pending = v, candidate{}
	c.judged = moment{now, *c.f}
}

// candidate is a verdict that is not shown yet.
type candidate struct {
	code  correlate.Code
	since time.Time
	first time.Time // the shown verdict has not been true since
}

// untrueMax is how long a verdict that is not true any more may be shown while others take turns.
const untrueMax = 2 * time.Minute

// hasty reports that a new verdict has to hold for a while before it is shown.
func (c *Core) hasty(now time.Time, v correlate.Verdict) bool {
	wait := correlate.Patience(c.verdict, v)
	if c.pending.code == "" {
		c.pending.first = now
	}
	if c.pending.code != v.Code {
		c.pending.code, c.pending.since = v.Code, now
	}
	return now.Sub(c.pending.since) < wait && now.Sub(c.pending.first) < untrueMax
}

// plan renews the decision.
func (c *Core) plan(now time.Time) {
	if c.history.Observe(now, c.f, c.verdict) {
		c.saves++
		c.rev++
	}
	d := attach.Plan(now, c.f, c.verdict, &c.history, c.cfg.Policy)
	if d.Kind != c.decision.Kind || d.Rule != c.decision.Rule || d.Step != c.decision.Step {
		c.rev++
		if d.Rule != c.decision.Rule && d.At.Sub(now) >= time.Minute {
			c.log.add(now, Entry{Side: facts.Agent, Kind: "plan", Text: planWords(now, d), Action: attach.Hold})
		}
	}
	c.decision = d
}

// planWords says what is waited for: "hold for 27m, then radio-cycle: …".
func planWords(now time.Time, d attach.Decision) string {
	wait := strings.TrimSuffix(d.At.Sub(now).Round(time.Minute).String(), "0s")
	if d.Kind == attach.Hold {
		return "hold for " + wait + ": " + d.Why
	}
	if d.Rule == "ladder" {
		return "hold for " + wait + ", then " + string(d.Kind) + ": until then the modem and the SIM's IMSI applet are left to find a network by themselves"
	}
	return "hold for " + wait + ", then " + string(d.Kind) + ": " + d.Why
}

// note writes changes into the timeline.
func (c *Core) note(now time.Time, changes []facts.Change) {
	for _, ch := range changes {
		at := ch.At
		if at.IsZero() {
			at = now
		}
		c.log.add(now, Entry{Side: ch.Side, Kind: ch.Kind, Text: ch.Text, EventSID: ch.EventSID, ICCID: ch.ICCID, At: at,
			Attempt: ch.Attempt, Routine: ch.Routine})
		c.rev++
	}
}
