package status

import (
	"context"
	"errors"
	"io"
	"time"
)

// Provider is what the server shows and steers. Its reads return values that never change afterwards, do not block and
// do not touch the modem; they may be called by many goroutines. An error of errors.ErrUnsupported means that this
// program does not have the thing (501); a *Problem is sent as it is.
type Provider interface {
	// Status is the newest snapshot. The same pointer means the same content, so that its JSON is rendered once. It is
	// nil before there is one.
	Status() *Status
	// Timeline returns the kept entries with a Seq above after, oldest first. Seq has no gaps, so the reader can tell
	// how many were dropped.
	Timeline(after uint64) []TimelineEntry
	// Changed is closed at the next change of Status or Timeline. Take it before reading, then wait.
	Changed() <-chan struct{}
	// Attempts is the history of actions, oldest first.
	Attempts() ([]Attempt, error)
	// Trace is the ring of AT exchanges, oldest first, secrets masked.
	Trace() ([]Exchange, error)
	// Config is the configuration in force, secrets removed; any value that encodes as JSON.
	Config() (any, error)
	// WriteMetrics writes Prometheus text.
	WriteMetrics(w io.Writer) error
	// InjectEvents takes the body of a connection-event webhook, as if the cloud had sent it.
	InjectEvents(ctx context.Context, body []byte) (Injected, error)
	// Do starts something and waits for its result or the end of ctx.
	Do(ctx context.Context, r Request) (Result, error)
}

// Kind says what a Request asks for.
type Kind string

const (
	Probe      Kind = "probe"       // look at everything anew
	Retry      Kind = "retry"       // do the next sensible step now
	AT         Kind = "at"          // one AT command
	ModemReset Kind = "modem-reset" // restart the module
	Hold       Kind = "hold"        // do nothing of any kind for a time
	Resume     Kind = "resume"      // end that
)

// Request is a wish of somebody with the right to write.
type Request struct {
	Kind    Kind
	Force   bool          // beyond the usual limits: a dangerous AT command, a retry without waiting
	Command string        // of AT
	Timeout time.Duration // of AT; 0 means the command's default
	For     time.Duration // of Hold
}

// Result is the answer to a Request.
type Result struct {
	Text   string   `json:"text,omitzero"`  // what was done, or when it will be
	Lines  []string `json:"lines,omitzero"` // of AT
	Final  string   `json:"final,omitzero"` // of AT: "OK" …
	TookMs int64    `json:"took_ms,omitzero"`
}

// Injected says what became of the events of one POST /v1/events.
type Injected struct {
	Accepted   int      `json:"accepted"`
	Duplicates int      `json:"duplicates"`
	OtherICCID int      `json:"other_iccid"`
	Problems   []string `json:"problems,omitzero"`
}

// Unsupported can be embedded by a Provider that has only a status and a timeline: everything else answers 501.
type Unsupported struct{}

func (Unsupported) Attempts() ([]Attempt, error) { return nil, errors.ErrUnsupported }
func (Unsupported) Trace() ([]Exchange, error)   { return nil, errors.ErrUnsupported }
func (Unsupported) Config() (any, error)         { return nil, errors.ErrUnsupported }
func (Unsupported) WriteMetrics(io.Writer) error { return errors.ErrUnsupported }
func (Unsupported) Do(context.Context, Request) (Result, error) {
	return Result{}, errors.ErrUnsupported
}
func (Unsupported) InjectEvents(context.Context, []byte) (Injected, error) {
	return Injected{}, errors.ErrUnsupported
}
