package cloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Limits bounds what is decoded. A zero field means its default.
type Limits struct {
	Body   int // bytes of a whole body; 1 MiB
	Events int // events in a body; 1,000
	Depth  int // nesting of brackets; 32
	Text   int // bytes of one piece of text; longer text is cut, a longer identifier refused; 512
	Extra  int // bytes of Extra of one event, names and values together; 8 KiB
}

// DefaultLimits is what a zero Limits means.
func DefaultLimits() Limits {
	return Limits{Body: 1 << 20, Events: 1000, Depth: 32, Text: 512, Extra: 8 << 10}
}

func (l Limits) orDefault() Limits {
	def := DefaultLimits()
	for _, f := range []struct{ have, def *int }{
		{&l.Body, &def.Body}, {&l.Events, &def.Events}, {&l.Depth, &def.Depth}, {&l.Text, &def.Text}, {&l.Extra, &def.Extra},
	} {
		if *f.have <= 0 {
			*f.have = *f.def
		}
	}
	return l
}

// A Problem is something in a well-formed body that could not be used. It is never fatal for the other events.
type Problem struct {
	Index   int    // which event of the body, from 0
	Path    string // where in the event: "data.sim_iccid"; "" for the event as a whole
	Reason  string
	Skipped bool // the event was left out; otherwise only the field was (it is then in Extra)
}

func (p Problem) String() string {
	if p.Path == "" {
		return fmt.Sprintf("event %d: %s", p.Index, p.Reason)
	}
	return fmt.Sprintf("event %d: %s: %s", p.Index, p.Path, p.Reason)
}

// A DecodeError refuses a whole body. Err is one of ErrSyntax, ErrTooLarge, ErrTooMany, ErrTooDeep.
type DecodeError struct {
	Offset int    // bytes before the place
	Line   int    // from 1
	Reason string // what is wrong there
	Err    error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("decode events: line %d, byte %d: %v: %s", e.Line, e.Offset, e.Err, e.Reason)
}

func (e *DecodeError) Unwrap() error { return e.Err }

// Decode reads the events of a body, in the order they stand in it. Events that lack a required field are left out and
// named in problems. An error is always a *DecodeError and means that nothing was decoded.
func Decode(body []byte, limits Limits) (events []Event, problems []Problem, err error) {
	limits = limits.orDefault()
	if len(body) > limits.Body {
		return nil, nil, newDecodeError(body, limits.Body, ErrTooLarge, fmt.Sprintf("more than %d bytes", limits.Body))
	}
	raw, err := split(body, limits)
	if err != nil {
		return nil, nil, err
	}
	for i, r := range raw {
		rd := reader{index: i, limits: limits}
		ev, ok := rd.event(r)
		problems = append(problems, rd.problems...)
		if ok {
			events = append(events, ev)
		}
	}
	return events, problems, nil
}

// split takes a body apart into the raw values that should each be an event.
func split(body []byte, limits Limits) (raw []json.RawMessage, err error) {
	scan := scanner{maxDepth: limits.Depth}
	documents := 0
	for at := skipGap(body, 0); at < len(body); at = skipGap(body, at) {
		end, err := documentEnd(body, at, &scan)
		if err != nil {
			return nil, err
		}
		// Counted before the parser makes a value of each element: a body of a million commas costs nothing.
		if len(raw)+max(scan.elements, 1) > limits.Events {
			return nil, newDecodeError(body, at, ErrTooMany, fmt.Sprintf("more than %d", limits.Events))
		}
		values, err := documentValues(body, at, end)
		if err != nil {
			return nil, err
		}
		raw = append(raw, values...)
		documents++
		at = end
	}
	if documents == 0 {
		return nil, newDecodeError(body, len(body), ErrSyntax, "no JSON object or array")
	}
	return raw, nil
}

func skipGap(body []byte, at int) int {
	for at < len(body) && gap(body[at]) {
		at++
	}
	return at
}

// documentEnd returns the offset after the document that begins at start.
func documentEnd(body []byte, start int, scan *scanner) (int, error) {
	scan.reset()
	for i := start; i < len(body); i++ {
		done, err := scan.step(body[i])
		if err != nil {
			return 0, newDecodeError(body, i, err, describe(err, body[i]))
		}
		if done {
			return i + 1, nil
		}
	}
	return 0, newDecodeError(body, len(body), ErrSyntax, "the document is not complete")
}

// documentValues returns the elements of an array, or the one object.
func documentValues(body []byte, start, end int) ([]json.RawMessage, error) {
	doc := body[start:end]
	var values []json.RawMessage
	if doc[0] != '[' {
		values = make([]json.RawMessage, 1)
	}
	var err error
	if values == nil {
		err = json.Unmarshal(doc, &values)
	} else {
		err = json.Unmarshal(doc, &values[0])
	}
	if err == nil {
		return values, nil
	}
	at := start
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at += max(int(syntax.Offset)-1, 0) // Offset counts the bytes read, the wrong one included
	}
	return nil, newDecodeError(body, at, ErrSyntax, strings.TrimPrefix(err.Error(), "json: "))
}

func newDecodeError(body []byte, offset int, err error, reason string) *DecodeError {
	return &DecodeError{Offset: offset, Line: 1 + bytes.Count(body[:offset], []byte("\n")), Reason: reason, Err: err}
}

func describe(err error, c byte) string {
	if errors.Is(err, ErrTooDeep) {
		return "too many open brackets"
	}
	return fmt.Sprintf("unexpected %q", rune(c))
}
