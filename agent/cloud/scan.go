package cloud

import "errors"

// What a body can be refused for. A DecodeError wraps one of them.
var (
	ErrSyntax   = errors.New("malformed JSON")
	ErrTooLarge = errors.New("body too large")
	ErrTooMany  = errors.New("too many events")
	ErrTooDeep  = errors.New("nested too deeply")
)

// A scanner finds where a JSON document ends, one byte at a time, so that a document cut anywhere can be waited for.
// It knows the grammar's skeleton (RFC 8259 §2): brackets, commas, colons, strings. What is inside strings, numbers and
// names of literals is left to encoding/json, which sees every document afterwards.
//
// It exists beside encoding/json for two reasons. The nesting limit must hold before anything recursive runs; and a
// follower of a file must tell "not finished yet" from "will never be valid" at the byte where that is decided, or one
// broken line would swallow all that come after it.
type scanner struct {
	maxDepth int
	state    scanState
	name     bool   // the string being read is a member's name
	open     []byte // the brackets not closed yet
	elements int    // values begun directly inside an outermost array
}

type scanState uint8

const (
	atStart     scanState = iota // before the document
	atValue                      // a value must follow
	atFirst                      // a value or "]" must follow
	atName                       // a member's name must follow
	atFirstName                  // a member's name or "}" must follow
	atColon
	atNext // a comma or a closing bracket must follow
	inString
	inEscape
	inLiteral // a number, true, false or null
)

// step takes the next byte and reports whether it closed the document. A document is an object or an array.
func (s *scanner) step(c byte) (done bool, err error) {
	switch s.state {
	case inString:
		return false, s.stringByte(c)
	case inEscape:
		s.state = inString
		return false, nil
	case inLiteral:
		if literalByte(c) {
			return false, nil
		}
		s.state = atNext
	}
	if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
		return false, nil
	}
	return s.token(c)
}

// token takes the first byte of the next token.
func (s *scanner) token(c byte) (done bool, err error) {
	switch {
	case c == '{' && s.valueAllowed():
		return false, s.push(c, atFirstName)
	case c == '[' && s.valueAllowed():
		return false, s.push(c, atFirst)
	case c == '}' && (s.state == atNext || s.state == atFirstName):
		return s.pop('{')
	case c == ']' && (s.state == atNext || s.state == atFirst):
		return s.pop('[')
	case c == ',' && s.state == atNext:
		s.state = atValue
		if s.open[len(s.open)-1] == '{' {
			s.state = atName
		}
	case c == ':' && s.state == atColon:
		s.state = atValue
	case c == '"' && (s.state == atName || s.state == atFirstName):
		s.state, s.name = inString, true
	case c == '"' && s.state != atStart && s.valueAllowed():
		s.count()
		s.state, s.name = inString, false
	case literalByte(c) && s.state != atStart && s.valueAllowed():
		s.count()
		s.state = inLiteral
	default:
		return false, ErrSyntax
	}
	return false, nil
}

func (s *scanner) stringByte(c byte) error {
	switch {
	case c == '\\':
		s.state = inEscape
	case c == '"' && s.name:
		s.state = atColon
	case c == '"':
		s.state = atNext
	case c < ' ': // a raw line end in a string is how a half-written line shows itself
		return ErrSyntax
	}
	return nil
}

func (s *scanner) push(bracket byte, next scanState) error {
	if len(s.open) >= s.maxDepth {
		return ErrTooDeep
	}
	s.count()
	s.open = append(s.open, bracket)
	s.state = next
	return nil
}

func (s *scanner) pop(bracket byte) (done bool, err error) {
	last := len(s.open) - 1
	if s.open[last] != bracket {
		return false, ErrSyntax
	}
	s.open = s.open[:last]
	s.state = atNext
	return last == 0, nil
}

// count notes a value that begins directly inside the outermost array.
func (s *scanner) count() {
	if len(s.open) == 1 && s.open[0] == '[' {
		s.elements++
	}
}

func (s *scanner) valueAllowed() bool {
	return s.state == atStart || s.state == atValue || s.state == atFirst
}

// reset makes the scanner ready for another document and keeps its memory.
func (s *scanner) reset() {
	*s = scanner{maxDepth: s.maxDepth, open: s.open[:0]}
}

func literalByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// gap reports whether c may stand between two documents: white space, and the bytes of a UTF-8 byte order mark, which
// editors on other systems put in front.
func gap(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', 0xEF, 0xBB, 0xBF:
		return true
	}
	return false
}
