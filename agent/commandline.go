package agent

import "strings"

// oneCommand is a command of a line, in upper case.
type oneCommand struct {
	name string // "+CFUN", "&F", "E", "S3", "D"
	form form
}

// splitCommands takes a command line apart (V.250 §5.2): after AT, basic commands stand one behind the other, "E0&D0",
// extended ones end at a semicolon: "+CSQ;+CREG?". Blanks outside quotes mean nothing.
func splitCommands(line string) []oneCommand {
	rest, ok := strings.CutPrefix(plainLine(line), "AT")
	if !ok {
		return nil // it is not sent at all
	}
	var list []oneCommand
	for rest != "" {
		var c oneCommand
		switch {
		case rest[0] == ';':
			rest = rest[1:]
			continue
		case isLetter(rest[0]) || rest[0] == '&' || rest[0] == '\\':
			c, rest = basicCommand(rest)
		default:
			c, rest = extendedCommand(rest)
		}
		list = append(list, c)
	}
	return list
}

// plainLine drops blanks and raises the case, both outside quotes only.
func plainLine(line string) string {
	var b strings.Builder
	quoted := false
	for _, r := range line {
		if r == '"' {
			quoted = !quoted
		}
		switch {
		case quoted:
			b.WriteRune(r)
		case r > ' ':
			b.WriteString(strings.ToUpper(string(r)))
		}
	}
	return b.String()
}

// basicCommand reads "E0", "&F", "D*99#", "S3=13". A dial string reaches to the end of the line.
func basicCommand(s string) (c oneCommand, rest string) {
	n := 1
	if !isLetter(s[0]) {
		n = min(2, len(s))
	}
	c.name, rest = s[:n], s[n:]
	switch c.name {
	case "D":
		c.form.value = rest
		return c, ""
	case "S":
		number := leadingDigits(rest)
		c.name, rest = "S"+strings.TrimLeft(number, "0"), rest[len(number):]
	}
	c.form.value = leadingDigits(rest)
	rest = rest[len(c.form.value):]
	switch {
	case strings.HasPrefix(rest, "=?"):
		c.form.test, rest = true, rest[2:]
	case strings.HasPrefix(rest, "?"):
		c.form.read, rest = true, rest[1:]
	case strings.HasPrefix(rest, "="):
		v := leadingDigits(rest[1:])
		c.form.args, rest = []string{v}, rest[1+len(v):]
	}
	return c, rest
}

// extendedCommand reads "+CFUN=1,1" up to the semicolon.
func extendedCommand(s string) (c oneCommand, rest string) {
	end := outsideQuotes(s, ';')
	body := s[:end]
	rest = s[end:]
	name, args, isSet := strings.Cut(body, "=")
	switch {
	case isSet && args == "?":
		c.form.test = true
	case isSet:
		c.form.args = splitArgs(args)
	case strings.HasSuffix(name, "?"):
		c.form.read, name = true, strings.TrimSuffix(name, "?")
	}
	c.name = name
	return c, rest
}

// splitArgs cuts at commas outside quotes and takes the quotes off.
func splitArgs(s string) []string {
	var list []string
	for {
		end := outsideQuotes(s, ',')
		list = append(list, strings.ToUpper(strings.Trim(s[:end], `"`)))
		if end == len(s) {
			return list
		}
		s = s[end+1:]
	}
}

// outsideQuotes is where sep first stands outside quotes, the length of s when it does not.
func outsideQuotes(s string, sep byte) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return i
		}
	}
	return len(s)
}

func leadingDigits(s string) string {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n]
}

func isLetter(c byte) bool { return 'A' <= c && c <= 'Z' }
