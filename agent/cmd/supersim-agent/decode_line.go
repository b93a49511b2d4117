package main

import (
	"regexp"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// The kinds that have no table of their own.
const (
	kindEmpty    = "empty"
	kindComment  = "comment"
	kindTerminal = "terminal" // printed by the terminal program
	kindBinary   = "binary"
	kindCommand  = "command"
	kindPrompt   = "prompt"
	kindFinal    = "final"
	kindError    = "error"
	kindValue    = "value" // of an answer whose command says what it is
	kindSupport  = "capabilities"
	kindNotice   = "notice"
	kindOther    = "not-at" // another language
	kindUnknown  = "unknown"
)

// decoder explains lines in their order. It remembers which command is open, what the module is, and which <n> the
// registration commands were set to.
//
// A line is explained by the first of these that knows it. Each is a table, so that what is new is a row:
//
//	finals      OK, ERROR, +CME ERROR …                       decode_final.go
//	lineRows    labelled lines of 27.007 with a parser         decode_rows.go
//	the dialects' own Query, Setting, Stack and Event tables   decode_dialect.go
//	bareRows    lines without a label, by the open command     decode_bare.go
//	noticeRows  labels and words, with names for the values    decode_words.go
type decoder struct {
	dialects []*modem.Dialect
	urc      bool           // ambiguous lines are unsolicited
	family   *modem.Dialect // nil: not known
	open     string         // the command whose answer is awaited, upper case; "" when none is
	answer   []string       // lines of its answer so far
	commands bool           // the input shows commands
	more     bool           // the next line belongs to the one before: the text of an SMS
	regN     [modem.NumDomains]int
}

func newDecoder(list []*modem.Dialect, urc bool) *decoder {
	d := &decoder{dialects: append(append([]*modem.Dialect(nil), list...), modem.Standard), urc: urc}
	for i := range d.regN {
		d.regN[i] = modem.AnyN
	}
	return d
}

// line explains one line of input.
func (d *decoder) line(raw string) reading {
	line := plainInput(raw)
	r := d.explain(raw, line)
	r.input = atcmd.Mask(line)
	return r
}

func (d *decoder) explain(raw, line string) reading {
	switch {
	case isBinary(raw):
		return reading{kind: kindBinary, text: "no text: a wrong speed, a diagnostic port, or PPP frames"}
	case line == "":
		return reading{kind: kindEmpty}
	case line[0] == '#' && (len(line) == 1 || line[1] == ' '):
		return reading{kind: kindComment, text: strings.TrimSpace(line[1:])}
	case line == ">":
		return reading{kind: kindPrompt, text: "the module asks for the data of the command"}
	}
	for _, begin := range terminalLines {
		if strings.HasPrefix(line, begin) {
			return reading{kind: kindTerminal, text: "printed by the terminal program, not by the module"}
		}
	}
	if command, rest, ok := cutEcho(line); ok {
		if rest == "" {
			return d.command(command)
		}
		d.command(command)
		return d.response(rest)
	}
	return d.response(line)
}

// echoed is a command with a line of its answer glued to it, as echo without its line end leaves it: "AT+CSQ+CSQ: 20,99".
var echoed = regexp.MustCompile(`^((?i:AT)([+^*$%][A-Za-z0-9]+)[?=A-Za-z0-9,"*#]*?)([+^*$%][A-Za-z0-9]+: ?.*|OK|ERROR)$`)

// commandForm is a command line: AT, and nothing or a command of V.250.
var commandForm = regexp.MustCompile(`^(?i:AT)(?:$|[A-Z]\d|[+^*$%&\\#@!_]|(?i:[DEHIOQVXZ]|S\d|A$))`)

// cutEcho finds a command at the beginning of a line.
func cutEcho(line string) (command, rest string, ok bool) {
	if !commandForm.MatchString(line) {
		return "", "", false
	}
	if m := echoed.FindStringSubmatch(line); m != nil && !strings.ContainsAny(m[1], `"`) {
		return m[1], m[3], true
	}
	return line, "", true
}

// response explains what a module says.
func (d *decoder) response(line string) reading {
	if r, ok := d.final(line); ok {
		return r
	}
	r := d.content(line)
	if d.open != "" {
		d.answer = append(d.answer, line)
		if len(d.answer) > maxAnswerLines {
			d.answer = d.answer[1:]
		}
	}
	return r
}

// maxAnswerLines of an open command are remembered, for answers whose lines only make sense together.
const maxAnswerLines = 64

func (d *decoder) content(line string) reading {
	label := labelOf(line)
	more := d.more
	d.more = false
	if more && label == "" {
		return reading{kind: "text", text: "belongs to the line above"}
	}
	if d.isSupport(label, line) {
		return reading{kind: kindSupport, text: "the values that AT" + label + " accepts", values: []value{{"label", label}}}
	}
	for _, try := range []func(label, line string) (reading, bool){d.byRow, d.byDialect, d.byCommand, d.byEvent, d.byNotice, d.byShape} {
		if r, ok := try(label, line); ok {
			return r
		}
	}
	return d.unknown(label, line)
}

// isSupport: the answer to a test command, a list of what is possible. The operator scan has that form and is none.
func (d *decoder) isSupport(label, line string) bool {
	if label == "" || label == "+COPS" {
		return false
	}
	_, f := atcmd.Split(line)
	return strings.HasSuffix(d.open, "=?") && strings.Contains(d.open, label) || strings.HasPrefix(f.Rest(), "(")
}

// unsolicited reports whether nobody asked for a line with this label.
func (d *decoder) unsolicited(label string) bool {
	if !d.commands {
		return d.urc
	}
	return d.open == "" || !strings.Contains(d.open, label)
}

func (d *decoder) unknown(label, line string) reading {
	if d.open != "" && label == "" {
		return reading{kind: kindValue, text: "part of the answer to " + atcmd.Mask(d.open), values: []value{{"command", atcmd.Mask(d.open)}}}
	}
	if d.open != "" && strings.Contains(d.open, label) {
		return reading{kind: kindValue, text: "the answer to " + atcmd.Mask(d.open) + ", which is not in the tables", values: []value{{"command", atcmd.Mask(d.open)}}}
	}
	return reading{kind: kindUnknown, text: "not in the tables"}
}
