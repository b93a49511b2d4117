package atcmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What callers branch on, found with errors.Is through the *Error that Exec returns.
var (
	ErrTimeout    = errors.New("no answer in time")
	ErrClosed     = errors.New("the port is closed")
	ErrGone       = errors.New("the port is gone") // unplugged, or the module restarts its USB
	ErrDead       = errors.New("the modem does not answer")
	ErrResync     = errors.New("the port is being brought back into step") // the command was not sent
	ErrBadCommand = errors.New("the command cannot be sent")
	ErrOverlong   = errors.New("the answer is too long") // Final tells how the command itself ended
)

// Error is a command that failed. Either the modem refused it: then Final and Kind are set and Err is nil. Or it could
// not be carried out: then Err is one of the sentinels above, or that of the caller's context.
type Error struct {
	Cmd   string // the command line, secrets masked
	Port  string // Options.Name
	Final string // the final result as it came, "" when none came
	Kind  ErrorKind
	Code  int    // CME, CMS: the number, also when it came as text; -1 when it is missing or unknown
	Text  string // CME, CMS: what the number means
	Took  time.Duration
	Err   error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Cmd)
	if e.Port != "" {
		b.WriteString(" on " + e.Port)
	}
	if e.Final != "" {
		b.WriteString(": " + e.Final)
	}
	if e.Text != "" {
		b.WriteString(" (" + e.Text + ")")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Took > 0 {
		b.WriteString(" after " + e.Took.Round(time.Millisecond).String())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// refusal is the error for a final that is no success.
func refusal(f final, line string) *Error {
	e := &Error{Final: line, Kind: f.kind, Code: -1}
	if f.kind != KindCME && f.kind != KindCMS {
		return e
	}
	arg := strings.TrimSpace(line[len(f.text):])
	table := cmeTexts
	if f.kind == KindCMS {
		table = cmsTexts
	}
	e.Code = codeOf(arg, table)
	if _, err := strconv.Atoi(arg); err == nil { // the modem's own text, if it sent one, is in Final already
		e.Text = table[e.Code]
	}
	return e
}

// codeOf reads a number, or finds the number of a text; -1 when it can do neither.
func codeOf(arg string, table map[int]string) int {
	if n, err := strconv.Atoi(arg); err == nil && n >= 0 {
		return n
	}
	want := foldText(arg)
	best := -1
	for code, text := range table {
		if want != "" && foldText(text) == want && (best < 0 || code < best) {
			best = code
		}
	}
	return best
}

// foldText makes texts comparable: modules differ in case, blanks and punctuation ("SIM PIN required", "simPinRequired").
func foldText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '+':
			return r
		}
		return -1
	}, s)
}

// CME gives the number of a +CME ERROR (27.007 §9.2), whether it came as number or as text. It is not ok for any other
// error, and when the modem gave no number or a text that no table has.
func CME(err error) (code int, ok bool) {
	e, is := errors.AsType[*Error](err)
	if !is || e.Kind != KindCME || e.Code < 0 {
		return 0, false
	}
	return e.Code, true
}

// Reason is why a port could not be opened or was lost.
type Reason string

const (
	ReasonMissing    Reason = "missing"    // no such node: not plugged in, or the module is restarting
	ReasonPermission Reason = "permission" // the node is not ours to open (group dialout)
	ReasonBusy       Reason = "busy"       // another process has it
	ReasonSandbox    Reason = "sandbox"    // systemd's DeviceAllow= does not list it
	ReasonNotATTY    Reason = "not-a-tty"  // the path is no serial port
	ReasonGone       Reason = "gone"       // the node is there, its device is not
	ReasonFailed     Reason = "failed"     // anything else; see Err
)

// PortError is a serial port that could not be opened, or that was lost.
type PortError struct {
	Path   string // as given
	Reason Reason
	Holder string // busy: who has it, "pid 812 (ModemManager)"; "" when that cannot be seen
	Err    error
}

func (e *PortError) Error() string {
	if e.Holder != "" {
		return fmt.Sprintf("serial port %s: %s: held by %s", e.Path, e.Reason, e.Holder)
	}
	return fmt.Sprintf("serial port %s: %s: %v", e.Path, e.Reason, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }
