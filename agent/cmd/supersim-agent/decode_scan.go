package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// What terminals and logs put in front of a line. Each is taken off as often as it matches; then the others are tried.
var logPrefixes = []*regexp.Regexp{
	// [2024-01-01 12:00:00.123]  2024-01-01T12:00:00Z  2024/01/01 12:00:00
	regexp.MustCompile(`^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,:]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?:?(?:\s+|$)`),
	// [12:00:00.123]  12:00:00:
	regexp.MustCompile(`^\[?\d\d:\d\d:\d\d(?:[.,:]\d+)?\]?:?\s+`),
	// [  123.456]
	regexp.MustCompile(`^\[\s*\d+\.\d+\]\s*`),
	// Jan  1 12:00:00 host process[12]:
	regexp.MustCompile(`^[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \S+ [\w./@-]+(?:\[\d+\])?: `),
	// --> <-- >> << TX: RX: Send: Recv:
	regexp.MustCompile(`^(?:-->|<--|->|<-|>>>?|<<<?|=>|<=)\s*`),
	regexp.MustCompile(`^(?i:tx|rx|send|sent|recv|received)\s*[:>]+\s*`),
	regexp.MustCompile(`^<\s+`),
}

// prompt is what stands before a command that was typed at a prompt; alone it is the modem's prompt for data.
var prompt = regexp.MustCompile(`^[>$]\s+(?i:at)`)

// escapes are a terminal's control sequences (ECMA-48 §5.4).
var escapes = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|[@-Z\\\\-_])")

// plainInput takes off what is not of the modem: escape sequences, framing garbage, timestamps and direction marks.
func plainInput(line string) string {
	line = strings.TrimSpace(dropGarbage(escapes.ReplaceAllString(line, "")))
	for range 4 {
		before := line
		for _, p := range logPrefixes {
			line = p.ReplaceAllString(line, "")
		}
		if line == before {
			break
		}
	}
	if prompt.MatchString(line) {
		line = strings.TrimSpace(line[1:])
	}
	return strings.TrimSpace(line)
}

// dropGarbage removes bytes that no modem means: NUL, 0xFF and other framing errors around power-up. Text in UTF-8 stays.
func dropGarbage(line string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r == 'ÿ' {
			return -1
		}
		return r
	}, line)
}

// isBinary reports whether a line is mostly no text: a diagnostic port, a wrong speed, or PPP frames.
func isBinary(line string) bool {
	bad := 0
	for i := range len(line) {
		if c := line[i]; c < ' ' && c != '\t' && c != 0x1b || c == 0x7f || c >= 0xF8 {
			bad++
		}
	}
	return bad > 2 && 3*bad > len(line) || !utf8.ValidString(line) && 3*invalid(line) > len(line)
}

func invalid(line string) (n int) {
	for _, r := range line {
		if r == utf8.RuneError {
			n++
		}
	}
	return n
}

// terminalLines are those that terminal programs print themselves.
var terminalLines = []string{"Welcome to minicom", "OPTIONS:", "Compiled on", "Port /dev/", "Press CTRL-A", "picocom v", "port is", "Terminal ready",
	"Type [C-a]", "Thanks for using picocom", "Terminating...", "Script started", "Script done", "flowcontrol", "baudrate is"}
