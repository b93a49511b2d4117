package modemsim

import "strings"

// parseLine takes a command line apart, without its "AT": basic commands one after the other ("E0V1"), extended ones
// separated by semicolons ("+CSQ;+CREG?") (V.250 §5.2, 27.007 §4). It reports whether the line can be understood.
func parseLine(body string) ([]call, bool) {
	var calls []call
	for rest := strings.TrimSpace(body); rest != ""; {
		var c call
		var valid bool
		if strings.ContainsRune("+$^*#", rune(rest[0])) {
			c, rest, valid = extended(rest)
		} else {
			c, rest, valid = basic(rest)
		}
		if !valid {
			return nil, false
		}
		calls = append(calls, c)
		rest = strings.TrimLeft(rest, "; ")
	}
	return calls, true
}

// basic takes one letter, or & and a letter, with its digits. D takes the rest of the line.
func basic(s string) (call, string, bool) {
	prefix := ""
	if s[0] == '&' || s[0] == '\\' {
		prefix, s = s[:1], s[1:]
	}
	if s == "" || !isLetter(s[0]) {
		return call{}, "", false
	}
	name, rest := prefix+strings.ToUpper(s[:1]), s[1:]
	if name == "D" {
		return call{name: name, args: []string{rest}}, "", true
	}
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	c := call{name: name, args: []string{rest[:n]}}
	rest = rest[n:]
	if name == "S" || strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, "?") { // ATS0=0, ATS3?, ATE? and the like
		end := strings.IndexByte(rest, ';')
		if end < 0 {
			end = len(rest)
		}
		return c, rest[end:], true
	}
	return c, rest, true
}

func isLetter(b byte) bool { return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' }

// extended takes +NAME, its form and its parameters up to a semicolon outside quotes.
func extended(s string) (call, string, bool) {
	part, rest, valid := upTo(s, ';')
	if !valid {
		return call{}, "", false
	}
	n := 1
	for n < len(part) && (isLetter(part[n]) || part[n] >= '0' && part[n] <= '9') {
		n++
	}
	c, tail := call{name: strings.ToUpper(part[:n])}, strings.TrimSpace(part[n:])
	switch {
	case n == 1:
		return call{}, "", false
	case tail == "":
	case tail == "?":
		c.form = read
	case tail == "=?":
		c.form = test
	case tail[0] == '=':
		c.form, c.args, c.raw = write, parameters(tail[1:]), strings.TrimSpace(tail[1:])
	default:
		return call{}, "", false
	}
	return c, rest, true
}

// upTo splits s at the first sep outside quotes; a quote left open is not valid.
func upTo(s string, sep byte) (head, tail string, valid bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", !quoted
}

// parameters splits at commas outside quotes and takes the quotes off.
func parameters(s string) []string {
	var out []string
	for {
		head, tail, _ := upTo(s, ',')
		out = append(out, strings.Trim(strings.TrimSpace(head), `"`))
		if len(head) == len(s) {
			return out
		}
		s = tail
	}
}
