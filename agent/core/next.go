package core

import (
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// reopenWaits space the attempts to open a port that does not open or does not answer.
var reopenWaits = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second}

// strangerWaits space the attempts on a port where something else than a modem answers: it gets a handful of lines each
// time, and what is plugged in instead of it is still found within a minute or so.
var strangerWaits = []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute}

// next chooses the one action that may be started now.
func (c *Core) next(now time.Time) []Action {
	if c.flight.id != 0 {
		return nil
	}
	switch {
	case c.decision.Due(now) && c.canAct(c.decision.Kind):
		return c.act(now)
	case now.Before(c.reopenAt):
		return nil
	case !c.f.Port.Open:
		return c.launch(OpenPort{Awake: c.f.Modem.Known() && !now.Before(c.f.BootingUntil)})
	case !c.greeted:
		c.bootedMeanwhile = false
		return c.launch(Greet{})
	}
	if len(c.commands) > 0 {
		return c.command(now)
	}
	if look, ok := c.looks.due(now, c.pace(now)); ok {
		c.looks.asked(now, look)
		return c.launch(Ask{Look: look, CID: c.cfg.Want.CID})
	}
	return nil
}

// canAct: what is done for a dead port needs none, everything else a modem that was greeted.
func (c *Core) canAct(k attach.Kind) bool { return withoutPort(k) || c.greeted && c.f.Port.Open }

func (c *Core) launch(op Op) []Action {
	c.nextID++
	c.flight = flight{id: c.nextID, op: op}
	return []Action{{ID: c.nextID, Op: op}}
}

// act starts the planned action: into the history first, then out.
func (c *Core) act(now time.Time) []Action {
	d := c.decision
	c.history.Note(now, d)
	c.saves++
	c.log.add(now, Entry{Side: facts.Agent, Kind: "action", Text: string(d.Kind) + ": " + d.Why, Action: d.Kind})
	c.rev++
	w := c.cfg.Want
	return c.launch(Act{Kind: d.Kind, Want: modem.PDPContext{CID: w.CID, Type: w.PDPType, APN: w.APN}, History: c.history, Saves: c.saves})
}

// command sends what a person asked for.
func (c *Core) command(now time.Time) []Action {
	r := c.commands[0]
	c.commands = c.commands[1:]
	c.log.add(now, Entry{Side: facts.Agent, Kind: "command", Text: "sent for a person: " + r.Shown})
	c.rev++
	return c.launch(Run{r})
}

// commanded doubts what a person's command may have changed, whether it went well or not.
func (c *Core) commanded(r CommandRequest) {
	if r.Writes {
		c.f.Doubt(facts.SettingAPN, facts.SettingRadio, facts.SettingSelection, facts.SettingModule)
		c.looks.everything()
	}
	if r.Upsets {
		c.restarted()
	}
}

// done takes a completion in.
func (c *Core) done(now time.Time, d Done) {
	if d.ID != c.flight.id || d.ID == 0 {
		c.Stale++
		return
	}
	op := c.flight.op
	c.flight = flight{}
	c.rev++
	if d.Port != "" {
		c.f.Port.Path = d.Port
	}
	c.apply(now, d.Observations)
	if d.Failure != nil {
		c.failed(now, op, *d.Failure)
	} else {
		c.succeeded(now, op)
	}
	if act, ok := op.(Act); ok && c.loss != nil && takesPortAway(act.Kind) {
		c.loss.Reason = "" // it re-enumerates, as asked
	}
	if c.loss != nil && c.f.Port.Open {
		c.lineLost(now, *c.loss)
	}
	c.loss = nil
}

func (c *Core) succeeded(now time.Time, op Op) {
	switch op := op.(type) {
	case OpenPort:
		c.portOpens++
		if c.f.Line.Failing == 0 || c.f.Port.Reason != "" {
			c.f.Port.Since = now
			c.note(now, []facts.Change{{Side: facts.Host, Kind: "port", Text: "port " + c.f.Port.Path + " opened"}})
		}
		c.f.Port.Open, c.f.Port.Reason, c.f.Port.Holder, c.f.Port.Text = true, "", "", ""
		return
	case Greet:
		c.greeted, c.greetedAt, c.reopens = !c.bootedMeanwhile, now, 0
		c.f.BootingUntil = time.Time{}
		c.looks.everything()
	case Act:
		c.acted(now, op, nil)
		if takesPortAway(op.Kind) {
			return // it is booting
		}
	case Run:
		c.commanded(op.CommandRequest)
	}
	c.answered(now)
}

// answered: the modem speaks.
func (c *Core) answered(now time.Time) {
	c.f.Line.Doubt = ""
	if !c.f.Line.Alive {
		c.f.Line = facts.Line{Alive: true, Since: now}
		c.note(now, []facts.Change{{Side: facts.Local, Kind: "modem", Text: "the modem answers"}})
	}
}

func (c *Core) failed(now time.Time, op Op, f Failure) {
	switch op := op.(type) {
	case OpenPort, Greet: // the shell has closed the port
		c.lineLost(now, f)
		return
	case Act:
		c.acted(now, op, &f)
		if withoutPort(op.Kind) {
			return // the fault is in the pins, or known already: nothing new was said of the modem
		}
	case Run:
		c.commanded(op.CommandRequest)
	}
	switch f.Kind {
	case Refused:
		c.answered(now)
		return
	case Unsupported:
		if ask, ok := op.(Ask); ok {
			c.looks.unsupported(ask.Look)
		}
		return
	case NoAnswer:
		// The port resynchronises by itself and reports LineDead if that fails; until then it is said that it may.
		c.f.Line.Doubt = f.Text
		c.looks.all()
		return
	case PortGone:
		act, isAct := op.(Act)
		run, isRun := op.(Run)
		if isAct && takesPortAway(act.Kind) || isRun && run.Upsets {
			f.Reason = "" // it re-enumerates, as asked
		}
	}
	c.lineLost(now, f)
}

// takesPortAway: these restart the module, so its USB ports vanish for a while.
func takesPortAway(k attach.Kind) bool {
	return k == attach.ModuleReset || withoutPort(k)
}

// withoutPort: these work on the pins, or open the port for themselves.
func withoutPort(k attach.Kind) bool {
	return k == attach.HardCycle || k == attach.PowerOn || k == attach.SoftReset
}

// acted notes the outcome of an attach action and looks at what it changed.
func (c *Core) acted(now time.Time, act Act, f *Failure) {
	text := "ok"
	if f != nil {
		text = f.Text
	}
	c.history.Ended(text)
	c.saves++
	if f != nil {
		c.log.add(now, Entry{Side: facts.Agent, Kind: "action", Text: string(act.Kind) + " failed: " + text})
	}
	if act.Kind == attach.Activate || act.Kind == attach.Reactivate {
		cause := modem.Cause{}
		if f != nil {
			cause = f.Cause
		}
		c.f.Dialled(now, f == nil, cause, text)
		c.looks.again(modem.LookActive, modem.LookAddress, modem.LookServing) // it changes nothing else
		return
	}
	c.f.Doubt(changedBy[act.Kind]...)
	if withoutPort(act.Kind) {
		c.f.Port.Open, c.f.Port.Reason = false, ""
		c.reopenAt, c.reopens = now, 0
	}
	if takesPortAway(act.Kind) && !(act.Kind == attach.SoftReset && f != nil) {
		c.f.Restarting(now)
		c.restarted()
	}
	c.looks.all()
	if act.Kind == attach.SetAPN && f == nil {
		c.f.AuthGiven = true
	}
	if act.Kind == attach.Configure {
		c.looks.again(modem.LookSettings)
	}
}

// changedBy is what an action changes in the modem, whether it went well or not.
var changedBy = map[attach.Kind][]facts.Setting{
	attach.SetAPN:             {facts.SettingAPN, facts.SettingRadio},
	attach.Configure:          {facts.SettingModule, facts.SettingRadio},
	attach.RadioOn:            {facts.SettingRadio},
	attach.RadioCycle:         {facts.SettingRadio},
	attach.ClearFPLMN:         {facts.SettingRadio},
	attach.AutomaticSelection: {facts.SettingSelection},
}

// portLost: the port went away by itself. If an action is under way, its completion may not know it yet.
func (c *Core) portLost(now time.Time, f Failure) {
	switch {
	case !c.f.Port.Open:
	case c.flight.id != 0:
		c.loss = &f
	default:
		c.lineLost(now, f)
	}
}

// lineLost closes the book on this session; the port is opened again after a wait that grows.
func (c *Core) lineLost(now time.Time, f Failure) {
	wasAlive := c.f.Line.Alive
	c.greeted = false
	if wasAlive {
		c.f.Line = facts.Line{Since: now}
		c.f.Lose(now)
		c.restarted()
	}
	c.f.Line.Failing++
	c.f.Line.Speaks = f.Kind == Refused
	other := f.Stranger.Kind != c.f.Line.Stranger.Kind
	c.f.Line.Stranger, c.f.Line.ATPort = f.Stranger, f.ATPort
	// What stays as it is is told once, however often it is tried.
	if news := other || f.Reason != c.f.Port.Reason || f.Holder != c.f.Port.Holder; wasAlive || news || c.f.Line.Failing == 1 {
		c.f.Port.Since = now
		c.note(now, []facts.Change{{Side: facts.Host, Kind: "port", Text: f.Text}})
	}
	c.f.Line.Text = f.Text
	c.f.Port.Open, c.f.Port.Reason, c.f.Port.Holder, c.f.Port.Text = false, f.Reason, f.Holder, f.Text
	if other {
		c.reopens = 0
	}
	c.reopenAt = now.Add(c.reopenWait(f))
	c.rev++
}

// reopenWait is how long the port stays closed after a failure.
func (c *Core) reopenWait(f Failure) time.Duration {
	waits := reopenWaits
	switch {
	case f.Kind == Foreign && f.Next:
		return waits[0]
	case f.Kind == Foreign:
		waits = strangerWaits
	}
	wait := waits[min(c.reopens, len(waits)-1)]
	c.reopens++
	return wait
}

// setDeadline is the earliest of all that can become due.
func (c *Core) setDeadline(now time.Time) {
	at := now.Add(idle)
	if c.flight.id == 0 {
		at = earlier(at, c.reopenAt, now)
		if c.greeted {
			at = earlier(at, c.looks.next(now, c.pace(now)), now)
		}
		if c.decision.Kind != attach.Hold && c.canAct(c.decision.Kind) {
			at = earlier(at, c.decision.At, now)
		}
	}
	if c.pending.code != "" {
		at = earlier(at, c.pending.since.Add(correlate.PatienceMax), now)
		at = earlier(at, c.pending.first.Add(untrueMax), now)
	}
	c.deadline = at
}

// idle is the longest time between two judgements: some verdicts change by time alone.
const idle = 15 * time.Second

// earlier returns t if it lies between now and at. What is due already waits for the event that lets it go.
func earlier(at, t, now time.Time) time.Time {
	if t.After(now) && t.Before(at) {
		return t
	}
	return at
}
