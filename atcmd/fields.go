package atcmd

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrField is a value that is missing or not of the kind asked for.
var ErrField = errors.New("unexpected value")

// maxRange bounds what a range of numbers in a list may expand to: "(0-9999999)" is a range, not a list.
const maxRange = 1024

// Fields reads the values of an answer line from left to right: `1,"super",,0x1F,(0-2,4)`. An error sticks: after it
// every method returns the zero value, so a reader asks Err once, at the end. Reading does not allocate. The zero value
// has no fields.
//
// Values are separated by commas outside quotes and parentheses. Blanks around a value do not count.
type Fields struct {
	rest string
	more bool // there is another field, which may be empty
	n    int  // fields read
	err  error
}

// Split takes a line apart: the label in front of its first colon, and the values behind it. A line without a label
// gives "" and all of it: a colon behind a quote, a comma or a digit belongs to a value (a time of day, an address).
func Split(line string) (prefix string, f Fields) {
	line = strings.TrimSpace(line)
	if i := strings.IndexByte(line, ':'); i > 0 && !strings.ContainsAny(line[:i], `",.(`) && (line[0] < '0' || line[0] > '9') {
		prefix, line = strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
	}
	return prefix, Fields{rest: line, more: line != ""}
}

// Err is the first error, nil if there was none. It names the field by its number, and is ErrField.
func (f *Fields) Err() error { return f.err }

// Len is how many fields are left.
func (f *Fields) Len() int {
	n := 0
	for rest, more := f.rest, f.more; more && f.err == nil; n++ {
		_, rest, more = cutField(rest)
	}
	return n
}

// Rest is the text that was not read yet.
func (f *Fields) Rest() string {
	if f.err != nil {
		return ""
	}
	return f.rest
}

// Empty reports whether the next field has no value, or is not there. It does not read it.
func (f *Fields) Empty() bool { return f.peek() == "" }

// Quoted reports whether the next field is in quotes. It does not read it.
func (f *Fields) Quoted() bool { return strings.HasPrefix(f.peek(), `"`) }

// Skip reads n fields and forgets them. Fields that are not there are no error.
func (f *Fields) Skip(n int) {
	for ; n > 0 && f.more && f.err == nil; n-- {
		f.take()
	}
}

// Str reads a text, with or without quotes. An empty field is "", a missing one an error.
func (f *Fields) Str() string {
	raw, ok := f.next()
	if !ok {
		return ""
	}
	return unquote(raw)
}

// Int reads a decimal integer, with or without sign and quotes.
func (f *Fields) Int() int {
	raw, ok := f.next()
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(unquote(raw))
	if err != nil {
		f.fail("%.40q is not an integer", raw)
		return 0
	}
	return n
}

// Hex reads a hexadecimal number of at most 64 bits: with or without quotes, 0x or 0X, in either case. Blanks inside
// are skipped, as a Gobi module has them: "  0 5".
func (f *Fields) Hex() uint64 {
	raw, ok := f.next()
	if !ok {
		return 0
	}
	digits := unquote(raw)
	if strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X") {
		digits = digits[2:]
	}
	n, count := uint64(0), 0
	for i := range len(digits) {
		d := hexDigit(digits[i])
		switch {
		case digits[i] == ' ':
			continue
		case d < 0 || n > math.MaxUint64>>4:
			f.fail("%.40q is not a hexadecimal number", raw)
			return 0
		}
		n, count = n<<4|uint64(d), count+1
	}
	if count == 0 {
		f.fail("%.40q is not a hexadecimal number", raw)
	}
	return n
}

// List reads a list in parentheses and gives the reader of its values.
func (f *Fields) List() Fields {
	raw, ok := f.next()
	if !ok {
		return Fields{err: f.err}
	}
	if len(raw) < 2 || raw[0] != '(' || raw[len(raw)-1] != ')' {
		f.fail("%.40q is not a list", raw)
		return Fields{err: f.err}
	}
	inner := strings.TrimSpace(raw[1 : len(raw)-1])
	return Fields{rest: inner, more: inner != ""}
}

// Ints reads a list of numbers and ranges, as the answers to test commands have them: "(0-2,4)" gives 0, 1, 2, 4. The
// parentheses may be missing around a single number or range.
func (f *Fields) Ints() []int {
	raw, ok := f.next()
	if !ok {
		return nil
	}
	var all []int
	for list := (Fields{rest: strings.Trim(raw, "()"), more: true}); list.more; {
		lo, hi, ok := span(list.take())
		if !ok || hi-lo >= maxRange || len(all)+hi-lo >= maxRange {
			f.fail("%.40q is not a list of numbers", raw)
			return nil
		}
		for n := lo; n <= hi; n++ {
			all = append(all, n)
		}
	}
	return all
}

// span reads "4" or "0-2".
func span(s string) (lo, hi int, ok bool) {
	from, to, isRange := strings.Cut(s, "-")
	lo, err := strconv.Atoi(strings.TrimSpace(from))
	if err != nil || !isRange {
		return lo, lo, err == nil
	}
	hi, err = strconv.Atoi(strings.TrimSpace(to))
	return lo, hi, err == nil && lo <= hi
}

// next reads one field, which must be there.
func (f *Fields) next() (string, bool) {
	if f.err != nil {
		return "", false
	}
	if !f.more {
		f.n++
		f.fail("it is missing")
		return "", false
	}
	return f.take(), true
}

func (f *Fields) take() string {
	var raw string
	raw, f.rest, f.more = cutField(f.rest)
	f.n++
	return raw
}

func (f *Fields) peek() string {
	if f.err != nil || !f.more {
		return ""
	}
	raw, _, _ := cutField(f.rest)
	return raw
}

func (f *Fields) fail(format string, args ...any) {
	f.err = fmt.Errorf("field %d: %w: %s", f.n, ErrField, fmt.Sprintf(format, args...))
}

// cutField cuts at the first comma outside quotes and parentheses. What is not closed reaches to the end.
func cutField(s string) (field, rest string, more bool) {
	depth, quoted := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ',' && depth == 0:
			return strings.TrimSpace(s[:i]), s[i+1:], true
		}
	}
	return strings.TrimSpace(s), "", false
}

func unquote(s string) string {
	s = strings.TrimPrefix(s, `"`)
	return strings.TrimSpace(strings.TrimSuffix(s, `"`))
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
