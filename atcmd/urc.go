package atcmd

import "strings"

// URC is one row of the table of unsolicited lines. The rows are tried in order; the first that matches counts.
type URC struct {
	Prefix string // "+CREG", "RING", `+QIND: "csq"`. A letter behind it is no match: "+CMT" is not "+CMTI"
	Extra  int    // how many further lines belong to it: 1 for +CMT, whose second line is free text
	Exact  bool   // Prefix is the whole line
}

func (u *URC) matches(line []byte) bool {
	if u.Exact {
		return string(line) == u.Prefix
	}
	return u.Prefix != "" && hasLabel(line, u.Prefix)
}

// hasLabel reports whether the line begins with label, and the label ends there.
func hasLabel(line []byte, label string) bool {
	if len(line) < len(label) || string(line[:len(label)]) != label {
		return false
	}
	return len(line) == len(label) || !isLetter(label[len(label)-1]) || !isLetter(line[len(label)])
}

// isLabelled reports whether a line has the form "+NAME: …" of a labelled response, with any of the signs that vendors
// use instead of the plus.
func isLabelled(line []byte) bool {
	if len(line) < 3 || !isSign(line[0]) || !isLetter(line[1]) {
		return false
	}
	for i, c := range line {
		if c == ':' {
			return true
		}
		if i > 0 && !isWord(c) && c != ' ' {
			return false
		}
	}
	return false
}

func isSign(c byte) bool   { return strings.IndexByte("+^*$%#!@_", c) >= 0 }
func isLetter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }
func isWord(c byte) bool   { return isLetter(c) || '0' <= c && c <= '9' || c == '_' }
