package main

import (
	"fmt"
	"strconv"
	"strings"

	"supersim-agent/agent"
	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// command explains a command line and opens it: what follows, up to a final, is its answer.
func (d *decoder) command(line string) reading {
	upper := strings.ToUpper(strings.TrimSpace(line))
	d.open, d.answer, d.commands = upper, nil, true
	name, form := commandName(upper)
	d.noteRegistration(name, upper)
	r := reading{kind: kindCommand, text: d.commandWords(name, form, upper)}
	r.add("command", "AT"+name)
	r.add("form", form)
	if reason := agent.Risk(line); reason != "" {
		r.text += "; careful: " + reason
		r.add("risk", reason)
	}
	return r
}

// The forms of a command (V.250 §5.4).
const (
	formRead = "read"
	formTest = "test"
	formSet  = "set"
	formRun  = "run"
)

// commandName finds the first command of a line, without AT, and its form.
func commandName(line string) (name, form string) {
	rest := line[2:]
	end := 0
	if rest != "" && !isAlpha(rest[0]) {
		for end = 1; end < len(rest) && (isAlpha(rest[end]) || rest[end] >= '0' && rest[end] <= '9'); end++ {
		}
		if rest[0] == '&' || rest[0] == '\\' {
			end = min(2, len(rest))
		}
	} else if rest != "" {
		end = 1
	}
	name, rest = rest[:end], rest[end:]
	switch {
	case strings.HasPrefix(rest, "=?"):
		return name, formTest
	case strings.HasPrefix(rest, "?"):
		return name, formRead
	case strings.HasPrefix(rest, "="):
		return name, formSet
	}
	return name, formRun
}

func isAlpha(c byte) bool { return c >= 'A' && c <= 'Z' }

// noteRegistration remembers the <n> of AT+CxREG=<n>.
func (d *decoder) noteRegistration(name, line string) {
	domain, ok := map[string]modem.Domain{"+CREG": modem.CS, "+CGREG": modem.PS, "+CEREG": modem.EPS, "+C5GREG": modem.FGS}[name]
	if _, arg, set := strings.Cut(line, "="); ok && set {
		if n, err := strconv.Atoi(arg); err == nil {
			d.regN[domain] = n
		}
	}
}

func (d *decoder) commandWords(name, form, line string) string {
	if name == "" {
		return "are you there?"
	}
	for _, m := range d.candidates() {
		for _, s := range m.Settings {
			if strings.EqualFold(s.Read, line) {
				return fmt.Sprintf("asks: setting %s%s", s.Name, because(s.Why))
			}
		}
	}
	row, ok := commandRows[name]
	if !ok {
		return map[string]string{formRead: "asks for a value", formTest: "asks which values are possible", formSet: "sets a value", formRun: "runs a command"}[form] +
			" that is not in the tables"
	}
	switch {
	case form == formTest && name == "+COPS":
		return "searches for all networks around: takes minutes, and data may be interrupted"
	case form == formTest:
		return "asks which values are possible: " + row.noun
	case form == formRead:
		return "asks: " + row.noun
	case row.does != "":
		return row.does
	case form == formSet && !asksByArgument(line):
		return "sets: " + row.noun
	}
	return "asks: " + row.noun
}

// asksByArgument: with nothing but the name of a thing, or of a context, these commands ask: AT+QCFG="band".
func asksByArgument(line string) bool {
	name, arg, _ := strings.Cut(line, "=")
	return strings.HasPrefix(arg, `"`) && strings.Count(arg, `"`) == 2 && strings.HasSuffix(arg, `"`) ||
		name == "AT+CGPADDR" || name == "AT+CGCONTRDP" || name == "AT+QLTS"
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// byNotice explains a line by its label or, for lines without one, by its first words, and names its values.
func (d *decoder) byNotice(label, line string) (reading, bool) {
	for _, row := range noticeRows {
		if !row.matches(label, line) {
			continue
		}
		r := reading{kind: row.kind, text: row.text}
		names := row.names
		if _, f := atcmd.Split(line); row.tail && f.Len() == 1 {
			names = names[len(names)-1:]
		}
		r.values = namedValues(line, names)
		d.more = row.more
		r.text += row.saying(r.values)
		return r, true
	}
	return d.knownURC(line)
}

// saying is what the values of a line come to: the words for the last of them, else all of them with their names.
func (r noticeRow) saying(values []value) string {
	var parts []string
	for _, v := range values {
		if words, ok := r.words[fmt.Sprint(v.v)]; ok && v.name == r.names[len(r.names)-1] {
			return ": " + words
		}
		if v.name == "words" {
			return ": " + fmt.Sprint(v.v)
		}
		parts = append(parts, fmt.Sprintf("%s %v", strings.ReplaceAll(v.name, "_", " "), v.v))
	}
	if parts == nil {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// namedValues gives the values of a line their names: integers as numbers, everything else as text. Those without a name
// are left out.
func namedValues(line string, names []string) (list []value) {
	_, f := atcmd.Split(line)
	for _, name := range names {
		if f.Len() == 0 {
			break
		}
		quoted, text := f.Quoted(), f.Str()
		if text == "" {
			continue
		}
		if n, err := strconv.Atoi(text); err == nil && !quoted {
			list = append(list, value{name, n})
		} else {
			list = append(list, value{name, text})
		}
	}
	return list
}

// knownURC: the families' catalogues name lines that the agent has no use for.
func (d *decoder) knownURC(line string) (reading, bool) {
	for _, m := range d.candidates() {
		for _, u := range append(append([]atcmd.URC(nil), m.URCs...), modem.StandardURCs...) {
			if line == u.Prefix || !u.Exact && strings.HasPrefix(line, u.Prefix) && u.Prefix != "" {
				return reading{kind: kindNotice, text: "an unsolicited line that says nothing about the connection"}, true
			}
		}
	}
	return reading{}, false
}
