package atcmd

import (
	"strings"
	"time"
)

const (
	// DefaultTraceLen is how many exchanges the trace keeps.
	DefaultTraceLen = 512

	// traceLines and traceBytes bound what one exchange keeps of an answer: 512 exchanges are then at most 4 MiB, and
	// some 100 KiB with answers as they are.
	traceLines = 32
	traceBytes = 256
)

// ExchangeKind says what an entry of the trace is.
type ExchangeKind string

const (
	ExchangeCommand ExchangeKind = "command" // a command and its answer
	ExchangeURC     ExchangeKind = "urc"     // an unsolicited line
	ExchangeLate    ExchangeKind = "late"    // a line that belonged to nothing and was dropped
	ExchangeResync  ExchangeKind = "resync"  // the port was brought back into step, or was not: Err
)

// Exchange is one entry of the trace. Secrets are masked in it.
type Exchange struct {
	Time    time.Time // of its end
	Kind    ExchangeKind
	Command string   // the command line
	Lines   []string // information lines; long answers are cut
	Final   string
	Took    time.Duration
	Err     string // why there is no successful final
}

// Stats counts what has happened on a port since it was opened.
type Stats struct {
	Commands    uint64 // sent
	Refused     uint64 // ended by a final that is no success
	Timeouts    uint64 // not answered in time
	Resyncs     uint64 // begun
	Probes      uint64 // sent by resyncs
	URCs        uint64 // lines of the URC table
	URCsDropped uint64 // because nobody read them in time
	Unknown     uint64 // lines that are neither an answer nor in the URC table, handed on as URCs
	Late        uint64 // lines that belonged to nothing, dropped
	Mended      uint64 // lines that a URC had cut in two
	Overlong    uint64 // lines of more than 4 KiB, dropped
	Noise       uint64 // bytes that belong into no AT answer, dropped
	BytesIn     uint64
	BytesOut    uint64
}

// ring keeps the last exchanges. Its slots are reused, so that tracing an exchange does not allocate.
type ring struct {
	slots []Exchange
	next  int
	full  bool
}

func newRing(n int) ring {
	if n <= 0 {
		n = DefaultTraceLen
	}
	return ring{slots: make([]Exchange, n)}
}

// add copies an exchange into the ring, its lines masked where they hold a secret, or all of them.
func (r *ring) add(e Exchange, secret bool) {
	slot := &r.slots[r.next]
	lines := slot.Lines[:0]
	for _, line := range e.Lines[:min(len(e.Lines), traceLines)] {
		lines = append(lines, cutLine(maskText(line, secret)))
	}
	*slot = e
	slot.Lines = lines
	if r.next++; r.next == len(r.slots) {
		r.next, r.full = 0, true
	}
}

// cutLine shortens a line; the copy lets go of the long one.
func cutLine(s string) string {
	if len(s) <= traceBytes {
		return s
	}
	return strings.Clone(s[:traceBytes]) + "…"
}

// list gives the exchanges, oldest first.
func (r *ring) list() []Exchange {
	var all []Exchange
	if r.full {
		all = append(all, r.slots[r.next:]...)
	}
	all = append(all, r.slots[:r.next]...)
	for i := range all {
		all[i].Lines = append([]string(nil), all[i].Lines...)
	}
	return all
}
