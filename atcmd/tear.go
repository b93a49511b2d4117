package atcmd

import (
	"bytes"
	"slices"
)

// A URC may cut a line of an answer in two: the standards forbid it, but a module with two writers on one buffer does
// it, and so does a multiplexer. What arrives is "+CSQ: 2", the URC, "0,99". The URC brings its own line ends, so the
// first part looks like a line.
//
// The halves are put together again when the framing gives them away. V.250 §5.7.1 has a line end before and after each
// response, so between two whole responses there is an empty line. A known URC that follows a line without one, and is
// followed by an unfinished rest without one, has cut that line. This is only done for a modem that has shown that it
// keeps to that framing, and only when the whole makes sense where the rest alone does not. Two things cannot be
// mended: what was handed on already, and a final whose first half is a final ("+CME ERROR: 1", "0").
type tear struct {
	line []byte // the last line, with its blanks; may be a first half
	kept bool   // it is the last of transaction.lines
	open bool   // a URC came directly behind it
}

// watchTear follows the lines of an answer and notes where one may have been cut.
func (m *engine) watchTear(t token, line []byte, what class) {
	x := &m.open
	switch {
	case what == isInfo:
		x.keepTorn(t.raw, true)
	case len(x.torn.line) > 0 && !t.apart && m.isURC(line):
		x.torn.open = true
	default:
		x.keepTorn(t.raw, false)
	}
}

// keepTorn reuses the memory of the line before, so that watching costs no allocation per line.
func (x *transaction) keepTorn(line []byte, kept bool) {
	x.torn = tear{line: append(x.torn.line[:0], line...), kept: kept}
}

// mend gives the whole line when this token is the rest of a cut one.
func (m *engine) mend(t token) (whole []byte, ok bool) {
	x := &m.open
	if !x.torn.open || t.apart || !m.framed {
		return nil, false
	}
	whole = bytes.Trim(slices.Concat(x.torn.line, t.raw), blanks)
	if !m.isWhole(whole, t.text) {
		return nil, false
	}
	if last := len(x.lines) - 1; x.torn.kept && last >= 0 {
		x.size -= len(x.lines[last])
		x.lines = x.lines[:last]
	}
	x.keepTorn(nil, false)
	m.stats.Mended++
	return whole, true
}

// isWhole reports whether two halves make a line that can come now, and the rest alone does not.
func (m *engine) isWhole(whole, rest []byte) bool {
	echo := []byte(m.open.cmd.Text)
	if bytes.HasPrefix(whole, echo) {
		return true
	}
	if _, ok := m.open.isFinalLine(rest); ok || isLabelled(rest) || m.isURC(rest) || bytes.HasPrefix(rest, echo) {
		return false
	}
	_, ok := m.open.isFinalLine(whole)
	return ok || m.isURC(whole) || m.isAnswer(whole)
}
