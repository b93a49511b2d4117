package atcmd

import (
	"bytes"
	"time"
)

// transaction is the command that is open, and as much of its answer as has come.
type transaction struct {
	cmd      Cmd
	label    string // "+CIMI" for AT+CIMI: some firmware labels answers that others send bare
	call     bool
	started  time.Time
	due      time.Time
	lines    []string
	size     int    // bytes in lines
	overlong bool   // a part of the answer was dropped
	prompt   bool   // the data of the command waits for its prompt
	echoed   bool   // the modem echoes, so it will echo the data too
	echo     []byte // data whose echo is still to come
	torn     tear
}

// class is what a line is to the open command. Each line is exactly one.
type class uint8

const (
	isEcho class = iota
	isFinal
	isInfo
	isOther // unsolicited, known or not
)

func (m *engine) begin(c Cmd) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	m.stats.Commands++
	if !m.first.over && c.holdsSecret() {
		m.first.end()
	}
	m.state = busy
	x := &m.open // empty but for the memory that finish has kept
	x.cmd, x.label, x.call = c, c.label(), isCall(c.Text)
	x.started, x.due = m.now, m.now.Add(timeout)
	x.prompt, x.echo = c.Data != nil, c.Data
	m.wire = append(m.wire, c.Text...)
	m.write('\r') // S3; a line feed would be taken for the first byte of the next command by some modules
}

func (m *engine) onAnswerLine(t token) {
	if whole, ok := m.mend(t); ok {
		t.text, t.raw = whole, whole
	}
	line := m.open.behindEcho(t.text)
	if len(line) < len(t.text) {
		t.raw = t.raw[bytes.LastIndex(t.raw, line):]
	}
	what, f := m.classify(line)
	switch what {
	case isEcho:
		m.open.echoed, m.echoBefore = true, true
		return
	case isFinal:
		m.end(f, line)
		return
	case isInfo:
		m.open.add(line)
	case isOther:
		m.unsolicited(line)
	}
	m.watchTear(t, line, what)
}

// behindEcho cuts off an echo that is glued to the line behind it, as ModemManager's test vectors have it. An AT that is not
// followed by a response is left alone: too many words begin so.
func (x *transaction) behindEcho(line []byte) []byte {
	rest, ok := bytes.CutPrefix(line, []byte(x.cmd.Text))
	if !ok || len(rest) == 0 {
		return line
	}
	_, response := findFinal(rest)
	if len(x.cmd.Text) > 2 && !isWord(rest[0]) || response || x.hasPrefix(rest) || isLabelled(rest) {
		x.echoed = true
		return rest
	}
	return line
}

// classify decides what a line is. The order matters: a final of this command may also stand in the URC table
// (POWERED DOWN), a line with the command's prefix too (+CREG).
func (m *engine) classify(line []byte) (class, final) {
	if string(line) == m.open.cmd.Text || m.open.isDataEcho(line) {
		return isEcho, final{}
	}
	if f, ok := m.open.isFinalLine(line); ok {
		return isFinal, f
	}
	if m.isAnswer(line) {
		return isInfo, final{}
	}
	return isOther, final{}
}

// isDataEcho recognises the data that a modem in echo mode sends back, line by line and in order.
func (x *transaction) isDataEcho(line []byte) bool {
	if !x.echoed || x.prompt || len(x.echo) == 0 {
		return false
	}
	at := bytes.Index(x.echo, line)
	if at < 0 || len(bytes.TrimLeft(x.echo[:at], " \t\r\n")) > 0 {
		return false
	}
	x.echo = x.echo[at+len(line):]
	return true
}

// hasPrefix reports whether a line has the prefix that the caller expects.
func (x *transaction) hasPrefix(line []byte) bool {
	return x.cmd.Prefix != "" && hasLabel(line, x.cmd.Prefix)
}

// isFinalLine looks a line up among the finals that the open command can have.
func (x *transaction) isFinalLine(line []byte) (final, bool) {
	if findExtra(line, x.cmd.Finals) {
		return final{}, true
	}
	f, ok := findFinal(line)
	return f, ok && (!f.call || x.call)
}

// isAnswer reports whether a line is information of the open command.
func (m *engine) isAnswer(line []byte) bool {
	x := &m.open
	if x.cmd.Prefix != "" {
		return x.hasPrefix(line) && (x.cmd.Answer == nil || x.cmd.Answer(string(line)))
	}
	known := m.isURC(line)
	if !known && (!isLabelled(line) || x.label != "" && hasLabel(line, x.label)) {
		return true
	}
	return x.cmd.Answer != nil && x.cmd.Answer(string(line))
}

// add keeps a line of the answer, within the bounds.
func (x *transaction) add(line []byte) {
	if len(x.lines) >= maxLines || x.size+len(line) > maxAnswer {
		x.overlong = true
		return
	}
	x.size += len(line)
	x.lines = append(x.lines, string(line))
}

// end closes the open command with its final result.
func (m *engine) end(f final, line []byte) {
	text := f.text // spares a copy of "OK"
	if text == "" || f.more {
		text = string(line)
	}
	var err *Error
	switch {
	case f.kind != KindNone:
		err = refusal(f, text)
		m.stats.Refused++
	case m.open.overlong:
		err = &Error{Final: text, Err: ErrOverlong}
	}
	if err == nil {
		m.first.end()
	}
	m.state = idle
	m.finish(text, err)
}

// abandon closes the open command without a final result. Its answer may still come, so the port has to be brought
// back into step before the next command.
func (m *engine) abandon(why error) {
	given, waiting := m.open.cmd, m.open.prompt
	m.finish("", &Error{Err: why})
	m.becomeDraining(given)
	if waiting { // the modem may be at its prompt, and would take the probe for text
		m.sync.prompt = true
		m.write(esc)
	}
}

// finish tells the caller, and forgets the command.
func (m *engine) finish(text string, err *Error) {
	x := &m.open
	reply := Reply{Lines: x.lines, Final: text, Took: m.now.Sub(x.started)}
	if err != nil {
		err.Cmd, err.Took = maskText(x.cmd.Text, x.cmd.Secret), reply.Took
	}
	m.emit(output{kind: outDone, reply: reply, err: err})
	*x = transaction{torn: tear{line: x.torn.line[:0]}}
}
