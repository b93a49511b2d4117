package atcmd

import "bytes"

// maxLine bounds one line, in bytes. The longest useful answers, +COPS=? lists, stay below 2 KiB.
const maxLine = 4096

const blanks = " \t"

type tokenKind uint8

const (
	noToken       tokenKind = iota // all bytes are used up, the line has not ended
	lineToken                      // a line that is not empty
	promptToken                    // "> ", which no line end follows (27.005 §3.5.1)
	overflowToken                  // a line longer than maxLine; its text is the beginning, the rest was dropped
)

type token struct {
	kind    tokenKind
	text    []byte // without line end and surrounding blanks; like raw, valid until the next call of next
	raw     []byte // with the blanks
	dropped int    // overflow: how many bytes were dropped
	apart   bool   // at least one empty line came before; V.250 §5.7.1 puts a line end before and after each response
}

// lexer turns bytes into tokens. It is incremental: any fragmentation of the same bytes gives the same tokens.
type lexer struct {
	prompt bool   // set by the engine while a command waits for its prompt: '>' then begins no line
	noise  uint64 // bytes dropped because no AT answer holds them

	line    []byte
	dropped int
	quoted  bool // inside a quoted string of this line
	crs     int  // CRs and LFs since the last text, to tell an empty line
	lfs     int
}

// next consumes bytes of p up to the end of one token and returns the token and the bytes that are left.
func (l *lexer) next(p []byte) (token, []byte) {
	for i, c := range p {
		if t := l.put(c); t.kind != noToken {
			return t, p[i+1:]
		}
	}
	return token{}, nil
}

func (l *lexer) put(c byte) token {
	switch {
	case c == '\r':
		return l.end(&l.crs)
	case c == '\n':
		return l.end(&l.lfs)
	case isNoise(c) && !(l.quoted && c >= 0x80): // operator names come in UTF-8 and worse, but quoted
		l.noise++
	case len(l.line) == 0 && c == '>' && l.prompt:
		return l.emit(promptToken)
	case len(l.line) == maxLine:
		l.dropped++
	default:
		if c == '"' {
			l.quoted = !l.quoted
		}
		l.line = append(l.line, c)
	}
	return token{}
}

// end handles a line end; breaks is the counter of its kind.
func (l *lexer) end(breaks *int) token {
	var t token
	switch {
	case l.dropped > 0:
		t = l.emit(overflowToken)
	case len(bytes.TrimLeft(l.line, blanks)) > 0:
		t = l.emit(lineToken)
	default: // an empty line, or the second byte of a line end
		l.line = l.line[:0]
	}
	*breaks++
	return t
}

func (l *lexer) emit(kind tokenKind) token {
	t := token{kind: kind, text: bytes.Trim(l.line, blanks), raw: l.line, dropped: l.dropped, apart: max(l.crs, l.lfs) > 1}
	l.line, l.dropped, l.quoted, l.crs, l.lfs = l.line[:0], 0, false, 0, 0
	return t
}

func isNoise(c byte) bool { return c < ' ' && c != '\t' || c >= 0x7f }
