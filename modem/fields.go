package modem

import (
	"strconv"
	"strings"

	"supersim-agent/atcmd"
)

// A field is one value of an answer line. Whether it was quoted matters: a quoted number is hexadecimal in the
// registration answers, an unquoted one may be a state.
type field struct {
	text   string
	quoted bool
}

// splitLine takes a line apart: the label, in upper case, and all values. It never fails: firmware leaves out quotes,
// blanks and values, and which place holds what is only known once all have been seen. Where the order is certain,
// atcmd.Fields is read directly.
func splitLine(line string) (label string, values []field) {
	label, f := atcmd.Split(line)
	for range f.Len() {
		quoted := f.Quoted()
		values = append(values, field{text: f.Str(), quoted: quoted})
	}
	return strings.ToUpper(label), values
}

// at returns the i-th field, an empty one when the line is shorter.
func at(f []field, i int) field {
	if i < 0 || i >= len(f) {
		return field{}
	}
	return f[i]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !isDigit(s[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

// number reads a decimal integer, a sign allowed.
func (f field) number() (int, bool) {
	n, err := strconv.Atoi(f.text)
	return n, err == nil
}

// within reads a decimal integer of the given range.
func (f field) within(lo, hi int) (int, bool) {
	n, ok := f.number()
	return n, ok && lo <= n && n <= hi
}
