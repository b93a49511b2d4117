package core

import (
	"slices"
	"time"

	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// looks is the plan of questions. Each has an interval that depends on how things are (pace); what was touched by news
// is due at once.
type looks struct {
	start time.Time                 // of the grid on which questions are asked while all is well
	last  [modem.NumLooks]time.Time // asked last; zero: due at once
	never [modem.NumLooks]bool      // this modem cannot answer it
	any   time.Time                 // any question asked last
}

// pace is how often each question is asked; zero means not at all. gap is the least time between two questions.
type pace struct {
	gap   time.Duration
	every [modem.NumLooks]time.Duration
}

// The order of urgency among questions that were never asked or are in doubt.
var askOrder = [...]modem.Look{modem.LookServing, modem.LookSIM, modem.LookICCID, modem.LookRadio, modem.LookContexts,
	modem.LookRegistration, modem.LookActive, modem.LookAddress, modem.LookOperator, modem.LookSignal,
	modem.LookCause, modem.LookIMSI, modem.LookCells, modem.LookTime, modem.LookForbidden, modem.LookSettings}

// once is the interval of a question that is asked once in a session: its answer changes only by what we do.
const once = 10 * 365 * 24 * time.Hour

// settled is the pace while all is well: two questions a minute. Every other one re-reads the registration, so that
// a lost unsolicited line is noticed within a minute; any one of them notices a modem that stopped answering.
var settled = pace{
	gap: 30 * time.Second,
	every: [modem.NumLooks]time.Duration{
		modem.LookServing:  60 * time.Second,
		modem.LookSignal:   5 * time.Minute,
		modem.LookActive:   3 * time.Minute,
		modem.LookAddress:  5 * time.Minute,
		modem.LookOperator: 10 * time.Minute,
		modem.LookSIM:      15 * time.Minute,
		modem.LookIMSI:     15 * time.Minute,
		modem.LookContexts: 30 * time.Minute,
		modem.LookRadio:    30 * time.Minute,
		modem.LookICCID:    60 * time.Minute,
		modem.LookCells:    15 * time.Minute,
		modem.LookSettings: once,
		// Only the serving domain is re-read every minute. When it is lost, all are read at once: see apply.
		modem.LookRegistration: 60 * time.Minute,
	},
}

// seeking is the pace while something is missing.
var seeking = pace{
	every: [modem.NumLooks]time.Duration{
		modem.LookRegistration: 10 * time.Second,
		modem.LookSIM:          30 * time.Second,
		modem.LookICCID:        30 * time.Minute,
		modem.LookIMSI:         time.Minute,
		modem.LookRadio:        time.Minute,
		modem.LookOperator:     time.Minute,
		modem.LookSignal:       30 * time.Second,
		modem.LookContexts:     5 * time.Minute,
		modem.LookCells:        2 * time.Minute,
	},
}

// patientAfter is when the fast polling of a new outage slows down: asking costs power and adds nothing.
const patientAfter = 2 * time.Minute

// troubleAfter is when the settings and the card's forbidden networks are worth a look. A bring-up that goes well does
// not wait for the answers.
const troubleAfter = time.Minute

// pace chooses by what the facts lack.
func (c *Core) pace(now time.Time) pace {
	f := c.f
	if f.ReadyForData() && c.verdict.Online() {
		p := settled
		if f.Clock.State != facts.ClockNTP {
			p.every[modem.LookTime] = 10 * time.Minute
		}
		if c.looks.unasked(p) { // after a start, or because a person wants a fresh look
			p.gap = 0
		}
		return p
	}
	p := seeking
	if f.SIM.Value != modem.SIMReady {
		p.every[modem.LookSIM] = 5 * time.Second
		p.every[modem.LookICCID], p.every[modem.LookIMSI] = 0, 0
	}
	if f.SIM.Value == modem.SIMReady && !f.ICCID.Known() {
		p.every[modem.LookICCID] = 5 * time.Second
	}
	if f.SIM.Value == modem.SIMReady && c.troubled(now) {
		p.every[modem.LookSettings], p.every[modem.LookForbidden] = once, 10*time.Minute
	}
	if f.Registered.Value {
		p.every[modem.LookActive], p.every[modem.LookAddress] = 10*time.Second, 10*time.Second
	} else {
		p.every[modem.LookCause] = time.Minute
		if now.Sub(f.OutageStart) > patientAfter {
			p.every[modem.LookRegistration] = 30 * time.Second
		}
	}
	return p
}

// troubled reports whether registration or data are missing for longer than they need.
func (c *Core) troubled(now time.Time) bool {
	since := slices.MaxFunc([]time.Time{c.greetedAt, c.f.OutageStart, c.f.DataLostAt}, time.Time.Compare)
	return now.Sub(since) > troubleAfter
}

// gridPhase is where the grid of the settled pace lies after the start.
const gridPhase = 5 * time.Second

// onGrid moves a time to the next point of the grid of the pace's gap. A grid, rather than a pause after the last
// question, keeps the number of questions per minute exact however long the answers take.
func (l *looks) onGrid(t time.Time, p pace) time.Time {
	if p.gap == 0 {
		return t
	}
	origin := l.start.Add(gridPhase)
	points := (t.Sub(origin) + p.gap - 1) / p.gap
	return origin.Add(points * p.gap)
}

// free is when any question may be asked again: at the next point of the grid. A timer that was late by a little must not
// cost the point after it.
func (l *looks) free(p pace) time.Time {
	if p.gap == 0 || l.any.IsZero() {
		return time.Time{}
	}
	return l.onGrid(l.any.Add(time.Second), p)
}

// due returns the most urgent question that may be asked now.
func (l *looks) due(now time.Time, p pace) (modem.Look, bool) {
	if now.Before(l.free(p)) {
		return 0, false
	}
	best, most := modem.LookServing, time.Duration(-1)
	for _, look := range askOrder {
		every := p.every[look]
		if every == 0 || l.never[look] {
			continue
		}
		over := now.Sub(l.last[look]) - every
		if l.last[look].IsZero() || look == modem.LookServing && over >= 0 {
			return look, true // the re-reading of the registration never waits behind the others
		}
		if over >= 0 && over > most {
			best, most = look, over
		}
	}
	// On the grid something is always asked, be it only to hear that the modem still answers.
	return best, most >= 0 || p.gap > 0
}

// next is when due could next say yes.
func (l *looks) next(now time.Time, p pace) time.Time {
	if p.gap > 0 {
		return l.free(p)
	}
	at := now.Add(time.Minute)
	for _, look := range askOrder {
		every := p.every[look]
		if every == 0 || l.never[look] {
			continue
		}
		if t := l.last[look].Add(every); t.Before(at) {
			at = t
		}
	}
	return at
}

func (l *looks) asked(now time.Time, look modem.Look) { l.last[look], l.any = now, now }

func (l *looks) unsupported(look modem.Look) { l.never[look] = true }

// unasked reports whether a question of the pace was never asked: the picture is not whole yet.
func (l *looks) unasked(p pace) bool {
	for _, look := range askOrder {
		if p.every[look] != 0 && !l.never[look] && l.last[look].IsZero() {
			return true
		}
	}
	return false
}

// everything makes every question due, after a start or a restart, or when a person may have changed anything.
func (l *looks) everything() { l.last = [modem.NumLooks]time.Time{} }

// all makes every question due whose answer an action of ours can change. The settings take a dozen commands.
func (l *looks) all() {
	settings := l.last[modem.LookSettings]
	l.everything()
	l.last[modem.LookSettings] = settings
}

func (l *looks) again(list ...modem.Look) {
	for _, look := range list {
		l.last[look] = time.Time{}
	}
}

// touched makes due what a change casts doubt on.
func (l *looks) touched(obs modem.Observation) {
	switch o := obs.(type) {
	case modem.SIM:
		l.again(modem.LookICCID, modem.LookIMSI)
		if o.Refreshed {
			l.again(modem.LookSIM)
		}
	case modem.Registration:
		if o.Stat == modem.RegDenied {
			l.again(modem.LookCause, modem.LookOperator)
		}
	case modem.ContextLost:
		l.again(modem.LookActive, modem.LookServing)
	case modem.Active:
		l.again(modem.LookAddress)
	}
}

// registrationChanged: everything that depends on the network is in doubt, the IMSI too (Super SIM's applet).
func (l *looks) registrationChanged() {
	l.again(modem.LookActive, modem.LookAddress, modem.LookOperator, modem.LookSignal, modem.LookIMSI)
}
