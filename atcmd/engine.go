package atcmd

import "time"

const (
	// maxLines and maxAnswer bound one answer. AT+CLAC and AT+QCFG=? give several KiB over many lines.
	maxLines  = 1024
	maxAnswer = 64 << 10 // bytes

	// tailWait is how long the further lines of a URC may take; they leave the module in one burst. Without it an
	// empty message text, of which no line is left, would swallow the next line whenever it comes.
	tailWait = time.Second
)

type state uint8

const (
	idle     state = iota
	busy           // a command is open
	draining       // resync: reading late lines until quiet
	probing        // resync: a probe is open
	dead           // resync failed; nothing is sent any more
)

type inputKind uint8

const (
	inTick    inputKind = iota // the deadline has come, or something else woke the owner
	inBytes                    // data arrived
	inCommand                  // cmd is to be sent; only when idle
	inCancel                   // the caller of the open command has given up: err
	inResync                   // bring the port into step, whatever its state
	inTable                    // urcs is the new table
)

// input is one thing that happens to the engine.
type input struct {
	kind inputKind
	data []byte
	cmd  Cmd
	urcs []URC
	err  error
}

type outputKind uint8

const (
	outWrite  outputKind = iota // send data; valid until the next step
	outDone                     // the open command has ended: reply, err
	outURC                      // an unsolicited line, further lines behind \n
	outLate                     // a line that belongs to nothing, for the trace
	outSynced                   // a resync has ended well: reply.Took
	outDead                     // a resync has failed
)

// output is one thing the shell must do.
type output struct {
	kind  outputKind
	data  []byte
	line  string
	reply Reply
	err   *Error
}

// engine is the transaction machine. It is pure: time is an argument, and what it wants done it returns. step never
// fails and never blocks; anything can be fed to it in any state. It is not safe for concurrent use.
type engine struct {
	urcs  []URC
	state state
	stats Stats

	now      time.Time // of the present step
	outs     []output  // of the present step
	wire     []byte    // what the present step writes
	lex      lexer
	first    first
	heard    bool      // a line has come since the port was opened, or much without a line end
	patience time.Time // until then a modem that was never heard is not dead

	open transaction // busy
	tail tail
	sync resync // draining, probing

	echoBefore bool // the line before this one was an echo, whose line end says nothing about framing
	framed     bool // the modem sends a line end before each line, as V.250 §5.7.1 asks
}

// tail is a URC whose further lines are still to come.
type tail struct {
	left int
	line string
	due  time.Time
}

// step takes one input at the given time. The outputs are valid until the next step.
func (m *engine) step(now time.Time, in input) []output {
	m.now, m.outs, m.wire = now, m.outs[:0], m.wire[:0]
	switch in.kind {
	case inBytes:
		m.feed(in.data)
	case inCommand:
		m.begin(in.cmd)
	case inCancel:
		if m.state == busy {
			m.abandon(in.err)
		}
	case inResync:
		if m.state == idle {
			m.becomeDraining(Cmd{})
		}
	case inTable:
		m.urcs = in.urcs
	}
	m.expire() // after the bytes: an answer that arrives exactly at its time limit is in time
	return m.outs
}

// deadline is when step(inTick) will next have an effect; zero when only other inputs can have one.
func (m *engine) deadline() time.Time {
	var at time.Time
	switch m.state {
	case busy:
		at = m.open.due
	case draining:
		at = earlier(m.sync.quiet, m.sync.limit)
	case probing:
		at = earlier(m.sync.settled, m.sync.limit)
	}
	if m.tail.left > 0 {
		at = earlier(at, m.tail.due)
	}
	return at
}

func (m *engine) expire() {
	if m.tail.left > 0 && !m.now.Before(m.tail.due) {
		m.endTail()
	}
	switch {
	case m.state == busy && !m.now.Before(m.open.due):
		m.stats.Timeouts++
		m.abandon(ErrTimeout)
	case m.state == draining || m.state == probing:
		m.expireSync()
	}
}

func (m *engine) feed(p []byte) {
	m.stats.BytesIn += uint64(len(p))
	m.heard = m.heard || m.stats.BytesIn > heardSpurious
	m.first.add(m.now, p)
	if m.state == draining {
		m.sync.quiet = m.now.Add(quietTime)
	}
	for len(p) > 0 {
		m.lex.prompt = m.awaitsPrompt()
		var t token
		t, p = m.lex.next(p)
		m.token(t)
	}
	m.stats.Noise = m.lex.noise
}

// awaitsPrompt tells the lexer whether '>' at the beginning of a line is a prompt. After a data command was given up it
// may still come.
func (m *engine) awaitsPrompt() bool {
	return m.state == busy && m.open.prompt || m.state != busy && m.sync.prompt
}

func (m *engine) token(t token) {
	switch t.kind {
	case promptToken:
		m.onPrompt()
	case overflowToken:
		m.onOverlong(t)
	case lineToken:
		m.onLine(t)
	}
}

func (m *engine) onLine(t token) {
	first := !m.heard
	m.heard = true
	m.framed = m.framed || t.apart && !m.echoBefore
	m.echoBefore = false
	if m.tail.left > 0 {
		m.addTail(t.text)
		return
	}
	switch m.state {
	case idle:
		m.onIdleLine(t.text)
	case busy:
		m.onAnswerLine(t)
	case draining:
		m.onLateLine(t.text)
	case probing:
		m.onProbeLine(t.text)
		if first {
			m.awoke()
		}
	}
}

// onIdleLine handles a line while nothing is open. A result that nobody waits for is a leftover, except the results of
// calls, which then report the end of a connection.
func (m *engine) onIdleLine(line []byte) {
	if f, ok := findFinal(line); ok && !f.call {
		m.late(line)
		return
	}
	m.unsolicited(line)
}

// onOverlong handles a line that was cut: nobody can use it, and an answer that lacks it is incomplete.
func (m *engine) onOverlong(t token) {
	m.stats.Overlong++
	if m.state == busy && !m.isURC(t.text) {
		m.open.overlong = true
	}
}

// onPrompt sends what a data command wants to send, or leaves the prompt of one that was given up.
func (m *engine) onPrompt() {
	m.heard = true
	if m.state != busy {
		m.sync.prompt = false
		m.write(esc)
		return
	}
	m.open.prompt = false
	m.wire = append(m.wire, m.open.cmd.Data...)
	m.write(ctrlZ)
}

// write sends what is in wire, and last.
func (m *engine) write(last byte) {
	m.wire = append(m.wire, last)
	m.stats.BytesOut += uint64(len(m.wire))
	m.emit(output{kind: outWrite, data: m.wire})
	m.wire = m.wire[len(m.wire):] // another write of the same step must not overwrite this one
}

// unsolicited hands a line on: at once, or when its further lines have come.
func (m *engine) unsolicited(line []byte) {
	u := m.findURC(line)
	if u == nil {
		m.stats.Unknown++
		m.emit(output{kind: outURC, line: maskText(string(line), m.secret())})
		return
	}
	m.stats.URCs++
	if u.Extra > 0 {
		m.tail = tail{left: u.Extra, line: string(line), due: m.now.Add(tailWait)}
		return
	}
	m.emit(output{kind: outURC, line: string(line)})
}

func (m *engine) addTail(line []byte) {
	m.tail.line += "\n" + string(line)
	if m.tail.left--; m.tail.left == 0 {
		m.endTail()
	}
}

func (m *engine) endTail() {
	m.emit(output{kind: outURC, line: m.tail.line})
	m.tail = tail{}
}

// late counts a line that belongs to nothing any more. It is traced, never handed on.
func (m *engine) late(line []byte) {
	m.stats.Late++
	m.emit(output{kind: outLate, line: maskText(string(line), m.secret())})
}

// secret reports whether a line that cannot be placed may be the damaged echo of a secret command.
func (m *engine) secret() bool {
	return m.state == busy && m.open.cmd.Secret || m.sync.given.Secret
}

func (m *engine) findURC(line []byte) *URC {
	for i := range m.urcs {
		if m.urcs[i].matches(line) {
			return &m.urcs[i]
		}
	}
	return nil
}

func (m *engine) isURC(line []byte) bool { return m.findURC(line) != nil }

func (m *engine) emit(o output) { m.outs = append(m.outs, o) }

// earlier is the earlier of two times, of which the zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
