package atcmd

import (
	"bytes"
	"time"
)

// Resync brings both sides back into step after a command was given up.
//
// Its answer may still come, and an "OK" does not say to which command it belongs. So first the port is drained: lines
// are read and counted as late until nothing has come for quietTime. A modem that chatters without end is not waited
// for longer than drainLimit. Then a probe is sent whose answer names itself: AT+CMEE? is answered by "+CMEE: n" and OK
// on every family, at once and in every state of the module. A late OK in front of that pair is recognised as late.
//
// Some firmware may lack AT+CMEE?, and answers with a bare final (ERROR). That says less, as it may be the late final
// of the abandoned command. It is believed when it remains the only final for quietTime, and either the echo of the
// probe came before it, or the probe before this one was answered in the same way.
//
// A probe that is not answered within probeLimit is repeated. When several probes were sent, each of them may be
// answered in the end, so after the first good answer the port is drained once more. Without a good answer to
// maxProbes of them the modem is dead: nothing more is sent, and the port closes. The longest resync takes
// 2 × drainLimit + maxProbes × probeLimit = 9 s, so that with the default time-out a modem that hangs is noticed within
// 12 s. Only on a newly opened port a boot message makes it longer: the probes begin anew, see awoke.
const (
	probeText   = "AT+CMEE?"
	probePrefix = "+CMEE"

	quietTime  = 300 * time.Millisecond
	drainLimit = 1500 * time.Millisecond
	probeLimit = 2 * time.Second
	maxProbes  = 3
)

// resync is what the engine remembers while draining and probing.
type resync struct {
	given  Cmd       // the abandoned command, if any
	prompt bool      // the abandoned command had data to send; its prompt may still come
	began  time.Time // of the whole resync
	limit  time.Time // of the present drain or probe
	synced bool      // the last drain: a probe was answered well

	quiet   time.Time // draining: when the silence has lasted long enough
	settled time.Time // probing: when a bare final may be believed; zero while there is none

	probes int  // sent
	asleep int  // of them before the modem was first heard
	echo   bool // the echo of this probe has come
	label  bool // "+CMEE: n" has come
	bare   int  // finals of this probe without that line
	inRow  int  // probes in a row that one bare final answered
}

// becomeDraining begins a resync after a command was given up.
func (m *engine) becomeDraining(given Cmd) {
	m.stats.Resyncs++
	m.sync = resync{given: given, began: m.now}
	m.drain()
}

func (m *engine) drain() {
	m.state = draining
	m.sync.settled = time.Time{}
	m.sync.quiet, m.sync.limit = m.now.Add(quietTime), m.now.Add(drainLimit)
}

// becomeProbing sends the next probe.
func (m *engine) becomeProbing() {
	m.state = probing
	s := &m.sync
	s.probes++
	s.echo, s.label, s.bare, s.settled = false, false, 0, time.Time{}
	s.limit = m.now.Add(probeLimit)
	m.stats.Probes++
	m.wire = append(m.wire, probeText...)
	m.write('\r')
}

// becomeSynced ends a resync well.
func (m *engine) becomeSynced() {
	m.state = idle
	m.emit(output{kind: outSynced, reply: Reply{Took: m.now.Sub(m.sync.began)}})
	m.sync = resync{}
}

func (m *engine) becomeDead() {
	m.state = dead
	m.emit(output{kind: outDead, reply: Reply{Took: m.now.Sub(m.sync.began)}})
	m.sync = resync{}
}

func (m *engine) expireSync() {
	s := &m.sync
	due := func(at time.Time) bool { return !at.IsZero() && !m.now.Before(at) }
	switch {
	case m.state == draining && (due(s.quiet) || due(s.limit)):
		if s.synced {
			m.becomeSynced()
			return
		}
		m.becomeProbing()
	case m.state == probing && due(s.settled):
		m.judgeBare()
	case m.state == probing && due(s.limit):
		s.inRow = 0
		m.nextProbe()
	}
}

// judgeBare decides about a probe that bare finals answered.
func (m *engine) judgeBare() {
	s := &m.sync
	if s.bare == 1 {
		s.inRow++
		if s.echo || s.inRow > 1 {
			m.becomeSynced()
			return
		}
	} else {
		s.inRow = 0
	}
	m.nextProbe()
}

// nextProbe repeats the probe, or gives up. A modem that boots is silent for long; before patience ends and as long as
// it was never heard it is asked on and on.
func (m *engine) nextProbe() {
	if m.sync.probes-m.sync.asleep >= maxProbes && (m.heard || !m.now.Before(m.patience)) {
		m.becomeDead()
		return
	}
	m.becomeProbing()
}

// awoke: the first line ever heard is no answer, so it is a module's boot message, and what was sent before it is lost.
// The next probe need not wait until the last one has had its time, and those from now on count.
func (m *engine) awoke() {
	s := &m.sync
	if m.state != probing || s.echo || s.label || s.bare > 0 {
		return
	}
	s.asleep, s.limit = s.probes, m.now.Add(quietTime)
}

// onLateLine handles a line that comes while draining: a URC is still a URC, anything else was meant for the command
// that was given up, also when its prefix is that of a URC.
func (m *engine) onLateLine(line []byte) {
	c := &m.sync.given
	answer := c.Prefix != "" && hasLabel(line, c.Prefix) && (c.Answer == nil || c.Answer(string(line)))
	if m.isURC(line) && !answer {
		m.unsolicited(line)
		return
	}
	m.late(line)
}

func (m *engine) onProbeLine(line []byte) {
	s := &m.sync
	if rest, ok := bytes.CutPrefix(line, []byte(probeText)); ok {
		s.echo, m.echoBefore = true, len(rest) == 0
		if line = rest; len(line) == 0 {
			return
		}
	}
	f, isFinal := findFinal(line)
	switch {
	case isProbeAnswer(line):
		s.label = true
	case isFinal && !f.call && f.kind == KindNone && s.label:
		m.answered()
	case isFinal && !f.call:
		m.late(line)
		s.bare++
		s.settled = m.now.Add(quietTime)
	default:
		m.onLateLine(line)
	}
}

// answered handles the good answer to a probe.
func (m *engine) answered() {
	if m.sync.probes == 1 {
		m.becomeSynced()
		return
	}
	m.sync.synced = true
	m.drain()
}

// isProbeAnswer recognises "+CMEE: 1" (27.007 §9.1: one value, 0 to 2).
func isProbeAnswer(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte(probePrefix+":"))
	rest = bytes.TrimSpace(rest)
	return ok && len(rest) == 1 && '0' <= rest[0] && rest[0] <= '2'
}
