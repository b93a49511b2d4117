package modem

import (
	"errors"
	"fmt"
	"strings"

	"supersim-agent/atcmd"
)

// What callers branch on. Each is found with errors.Is through the *Error that an operation returns.
var (
	ErrNoSIM        = errors.New("no SIM")
	ErrSIMBusy      = errors.New("the SIM is busy")
	ErrSIMFault     = errors.New("the SIM does not work")
	ErrPINRequired  = errors.New("the SIM asks for its PIN")
	ErrPUKRequired  = errors.New("the SIM asks for its PUK")
	ErrWrongPIN     = errors.New("the SIM refused the PIN")
	ErrNotSupported = errors.New("the module does not support this")
	ErrLastBearer   = errors.New("the last bearer can only be ended by detaching")
	ErrAnswer       = errors.New("unreadable answer")
	ErrNoEffect     = errors.New("the module agreed, and nothing changed")
)

// Error is a failed operation or look on the modem.
type Error struct {
	Op    string // what was attempted: "set APN", "look signal"
	Err   error  // what came back; an *atcmd.Error for a refused command
	Kind  error  // one of the sentinels above, nil when none fits
	Cause Cause  // the reject cause in the refusal, zero when it carried none
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Op, e.Err)
	if e.Cause != (Cause{}) {
		fmt.Fprintf(&b, " (%s)", e.Cause)
	} else if e.Kind != nil && !errors.Is(e.Err, e.Kind) {
		fmt.Fprintf(&b, " (%v)", e.Kind)
	}
	return b.String()
}

// Unwrap gives both the meaning and the raw answer.
func (e *Error) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.Err}
	}
	return []error{e.Kind, e.Err}
}

// cmeKinds maps the +CME ERROR numbers (27.007 §9.2) that callers branch on to their meaning.
var cmeKinds = map[int]error{
	4: ErrNotSupported, 10: ErrNoSIM, 11: ErrPINRequired, 12: ErrPUKRequired, 13: ErrSIMFault, 14: ErrSIMBusy,
	15: ErrSIMFault, 16: ErrWrongPIN, 171: ErrLastBearer,
}

// opError wraps what a command answered. An error that has been wrapped already keeps its first, innermost meaning.
func opError(op string, err error) error {
	if err == nil {
		return nil
	}
	if inner, ok := errors.AsType[*Error](err); ok {
		return &Error{Op: op, Err: err, Kind: inner.Kind, Cause: inner.Cause}
	}
	e := &Error{Op: op, Err: err}
	if code, ok := atcmd.CME(err); ok {
		e.Kind, e.Cause = cmeKinds[code], CauseOfCME(code)
	} else if at, ok := errors.AsType[*atcmd.Error](err); ok && at.Kind == atcmd.KindNotSupported {
		e.Kind = ErrNotSupported
	}
	return e
}

// refused reports whether the module answered and said no, which is different from not answering.
func refused(err error) bool {
	e, ok := errors.AsType[*atcmd.Error](err)
	return ok && e.Kind != atcmd.KindNone && e.Err == nil
}

// unreadable reports an answer that a parser could not use. The line is quoted; callers that parse identities use
// unreadableSecret.
func unreadable(what, line string) error {
	const most = 120 // an answer line may be 4 KiB
	if len(line) > most {
		line = line[:most] + "…"
	}
	return fmt.Errorf("%s: %w: %q", what, ErrAnswer, line)
}

// unreadableSecret is unreadable for lines that hold an ICCID, IMSI or IMEI: only the length is told.
func unreadableSecret(what, line string) error {
	return fmt.Errorf("%s: %w of %d characters", what, ErrAnswer, len(line))
}
