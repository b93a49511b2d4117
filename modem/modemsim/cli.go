package modemsim

import (
	"strconv"
	"strings"
	"time"
)

// form is how a command was written.
type form uint8

const (
	execute form = iota // AT+CSQ
	read                // AT+CREG?
	test                // AT+CREG=?
	write               // AT+CREG=2
)

var formMarks = [...]string{execute: "", read: "?", test: "=?", write: "="}

// call is one command of a line, taken apart.
type call struct {
	name string // upper case: "+CSQ", "E", "&F", "D"
	form form
	args []string // quotes removed
	raw  string   // the parameters as they were written
}

// arg is the i-th parameter, "" when it was not given.
func (c call) arg(i int) string {
	if i < len(c.args) {
		return c.args[i]
	}
	return ""
}

// number is the i-th parameter as an integer, otherwise fallback.
func (c call) number(i, fallback int) int {
	n, err := strconv.Atoi(strings.TrimSpace(c.arg(i)))
	if err != nil {
		return fallback
	}
	return n
}

// reply is what a command answers, and when.
type reply struct {
	lines []string
	final string        // "" is OK
	mute  bool          // no final result at all: some off commands end so
	cme   int           // final is +CME ERROR, in the form that AT+CMEE asks for
	after time.Duration // before the answer, or before more
	more  func() reply  // the command goes on: asked after the delay, its reply is used instead
	then  func()        // afterFinal later, when the answer has left
}

func ok(lines ...string) reply { return reply{lines: lines} }

func fails() reply { return reply{final: "ERROR"} }

func cme(code int) reply { return reply{cme: code} }

// command is one row of a command table.
type command struct {
	run  func(*module, call) reply
	low  time.Duration // how long it takes at least
	high time.Duration // and at most; 0: as fast as a module answers
	// abort is the final result when a byte arrives while the command works; "": bytes wait (27.007 and V.250 §5.6.1
	// leave it to the command).
	abort string
}

// cli reads command lines and runs their commands one after the other.
type cli struct {
	m       *module
	typed   []byte // the line being typed
	waiting []byte // came while a command worked
	calls   []call // of the line in progress
	lines   []string
	working *task
	abort   string
	online  bool // data mode after ATD
}

const (
	maxTyped   = 2048                   // bytes of one command line, and of what is typed ahead
	afterFinal = 200 * time.Millisecond // time for a final result to leave before a reset
)

// input takes bytes from the host.
func (t *cli) input(in []byte) {
	m := t.m
	if m == nil || m.power != on || m.line.hung || m.c.portGone {
		if m != nil {
			m.c.stats.InputDropped += len(in)
		}
		return
	}
	if t.online {
		t.data(in)
		return
	}
	if t.working != nil {
		if t.abort == "" {
			t.ahead(in)
			return
		}
		t.finish(reply{final: t.abort})
		return // the aborting bytes themselves are not a command
	}
	for i, b := range in {
		if t.working != nil {
			t.ahead(in[i:])
			return
		}
		t.key(b)
	}
}

// ahead keeps what is typed while a command works.
func (t *cli) ahead(in []byte) {
	room := maxTyped - len(t.waiting)
	t.m.c.stats.InputDropped += max(len(in)-room, 0)
	t.waiting = append(t.waiting, in[:min(len(in), room)]...)
}

// key is one byte: S3 ends the line, line feeds are nothing, backspace is backspace (V.250 §5.2).
func (t *cli) key(b byte) {
	switch {
	case b == '\r':
		typed := string(t.typed)
		t.typed = t.typed[:0]
		t.enter(typed)
	case b == '\n' || len(t.typed) >= maxTyped:
	case b == '\b' && len(t.typed) > 0:
		t.typed = t.typed[:len(t.typed)-1]
	default:
		t.typed = append(t.typed, b)
	}
}

// enter runs one line. What does not hold "AT" is not answered.
func (t *cli) enter(typed string) {
	if t.m.set.echo {
		t.m.line.echo(typed + "\r")
	}
	body, found := afterPrefix(typed)
	if !found {
		return
	}
	calls, valid := parseLine(body)
	if !valid {
		t.m.c.stats.Unknown++
		t.m.line.answer(nil, "ERROR")
		return
	}
	t.calls, t.lines = calls, nil
	t.next()
}

// afterPrefix cuts off the prefix and the noise before it. Both letters are of one case, as modules ask for.
func afterPrefix(typed string) (body string, found bool) {
	for i := 0; i+2 <= len(typed); i++ {
		if p := typed[i : i+2]; p == "AT" || p == "at" {
			return typed[i+2:], true
		}
	}
	return "", false
}

// next starts the next command of the line, or ends the line.
func (t *cli) next() {
	if len(t.calls) == 0 {
		t.respond(reply{})
		return
	}
	c := t.calls[0]
	t.calls = t.calls[1:]
	cmd, known := t.m.p.command(c.name)
	if !known {
		t.m.c.stats.Unknown++
		t.later(t.pace(command{}, c.form), "", func() reply { return t.m.lacking(c.name) })
		return
	}
	t.m.c.stats.Commands[c.name+formMarks[c.form]]++ // known names only: the map stays small
	t.later(t.pace(cmd, c.form), cmd.abort, func() reply { return cmd.run(t.m, c) })
}

// pace is how long a command takes before it is carried out. Reading a setting is quick also where changing it is not.
func (t *cli) pace(c command, f form) time.Duration {
	r := t.m.line.dice
	if c.high > 0 && f != read && f != test {
		return between(r, c.low, c.high)
	}
	d := between(r, 2*time.Millisecond, 40*time.Millisecond)
	if t.m.c.live.Module.Late && r.IntN(60) == 0 {
		d += between(r, 100*time.Millisecond, 1500*time.Millisecond)
	}
	return d
}

func (t *cli) later(d time.Duration, abort string, run func() reply) {
	t.abort = abort
	t.working = t.m.c.in(d, func() {
		r := run()
		if r.more != nil {
			t.later(r.after, abort, r.more)
			return
		}
		if r.after > 0 {
			after := r
			after.after = 0
			t.later(r.after, abort, func() reply { return after })
			return
		}
		t.finish(r)
	})
}

// finish takes one command's reply: an error ends the line (V.250 §5.2.3), else the next command runs.
func (t *cli) finish(r reply) {
	t.working.stop()
	t.working = nil
	t.lines = append(t.lines, r.lines...)
	if len(t.calls) > 0 && r.final == "" && r.cme == 0 {
		t.next()
		return
	}
	t.calls = nil
	t.respond(r)
}

// respond writes the line's answer and takes up what came meanwhile.
func (t *cli) respond(r reply) {
	lines := t.lines
	t.lines, t.calls = nil, nil
	t.m.line.answer(lines, t.m.finalText(r))
	if r.then != nil {
		t.m.c.in(afterFinal, r.then)
	}
	waiting := t.waiting
	t.waiting = nil
	if len(waiting) > 0 {
		t.input(waiting)
	}
}

// data is the data mode: PPP is not spoken here, so bytes vanish until the escape sequence.
func (t *cli) data(in []byte) {
	if strings.Contains(string(in), "+++") && !t.m.p.noEscape {
		t.online = false
		t.m.line.answer(nil, "OK")
	}
}

// hangUp is DTR going away, or the session ending under a dialled connection.
func (t *cli) hangUp(say bool) {
	if !t.online {
		return
	}
	t.online = false
	if say {
		t.m.line.answer(nil, "NO CARRIER")
	}
}

func (t *cli) reset() {
	t.working.stop()
	*t = cli{m: t.m}
}

// finalText is the final result as this module prints it now.
func (m *module) finalText(r reply) string {
	switch {
	case r.mute:
		return ""
	case r.cme != 0 && m.set.cmee == 0:
		return "ERROR"
	case r.cme != 0 && m.set.cmee == 1:
		return "+CME ERROR: " + decimal(r.cme)
	case r.cme != 0:
		return "+CME ERROR: " + cmeText(r.cme)
	case r.final != "":
		return r.final
	}
	return "OK"
}

func decimal(n int) string { return strconv.Itoa(n) }
