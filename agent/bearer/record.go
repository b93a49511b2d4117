package bearer

import (
	"fmt"
	"strings"
	"time"
)

// Outcome is what became of one part of a probe.
type Outcome uint8

const (
	NotTried Outcome = iota
	Worked
	Failed
)

var outcomeWords = map[Outcome]string{Worked: "works", Failed: "fails"}

func (o Outcome) String() string { return outcomeWords[o] }

// Result is one round of probes through the modem's interface.
type Result struct {
	IP    Outcome // an address outside answered
	DNS   Outcome // a name was resolved
	TLS   Outcome // a certificate is valid by this computer's clock; Failed: it is not valid yet, or not any more
	Bytes int64   // what it cost, headers counted as far as they are known
	Text  string  // what went wrong, for people
}

// OK reports that nothing failed.
func (r Result) OK() bool { return r.IP != Failed && r.DNS != Failed && r.TLS != Failed }

func (r Result) String() string {
	var parts []string
	for _, p := range []struct {
		name string
		is   Outcome
	}{{"IP", r.IP}, {"DNS", r.DNS}, {"TLS", r.TLS}} {
		if p.is != NotTried {
			parts = append(parts, p.name+" "+p.is.String())
		}
	}
	if len(parts) == 0 {
		return "nothing could be tried"
	}
	return fmt.Sprintf("%s (%d bytes)", strings.Join(parts, ", "), r.Bytes)
}

// Flow follows the interface's counters from reading to reading.
type Flow struct {
	last       Link
	Came       time.Time // something was received last; zero: not since the first reading
	Unanswered time.Time // something was sent and nothing came back since; zero: answers come
}

// Add takes a reading in. Counters that began anew begin the story anew.
func (f *Flow) Add(now time.Time, l Link) {
	before := f.last
	f.last = l
	if before.Name != l.Name || l.TxBytes < before.TxBytes || l.RxBytes < before.RxBytes {
		*f = Flow{last: l}
		return
	}
	sent, came := l.TxBytes > before.TxBytes, l.RxBytes > before.RxBytes
	switch {
	case came:
		f.Came, f.Unanswered = now, time.Time{}
	case sent && f.Unanswered.IsZero():
		f.Unanswered = now
	}
}

// Signs are what speaks for a probe at one moment.
type Signs struct {
	Ready   bool      // the context is active, and the interface up with an address
	Since   time.Time // of that
	Suspect time.Time // the session is thought to be dead since; zero: it is not
	Flow    Flow
}

// Limits of the probes that nobody asked for. They cost data, and a fleet must not become a load on those who answer.
const (
	probesADay = 48
	bytesADay  = 100_000
	probeGap   = time.Minute
)

const (
	settle          = 5 * time.Second // after the connection came up
	unansweredFor   = 2 * time.Minute // what is sent gets no answer
	contradictedGap = 5 * time.Minute
	doubtGap        = 10 * time.Minute
	unansweredGap   = 15 * time.Minute
	regularGap      = time.Hour // names may fail while packets flow, and nothing else shows it
)

// whyDoubted is a reason of its own: a probe that was made for another a moment ago does not answer it.
const whyDoubted = "the session may have ended without a word"

// retryWaits space the probes while something fails.
var retryWaits = []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute}

// Record is what was probed in the last day, and what came of it.
type Record struct {
	At       time.Time // of the last probe; zero: none
	Last     Result
	Why      string // it was made
	failures int    // in a row
	doubted  time.Time
	day      []spent
}

type spent struct {
	at    time.Time
	bytes int64
}

// Note takes in a probe that ended now.
func (r *Record) Note(now time.Time, why string, res Result) {
	r.At, r.Last, r.Why = now, res, why
	if why == whyDoubted {
		r.doubted = now
	}
	r.failures++
	if res.OK() {
		r.failures = 0
	}
	r.day = append(r.lastDay(now), spent{now, res.Bytes})
}

func (r *Record) lastDay(now time.Time) (list []spent) {
	for _, s := range r.day {
		if now.Sub(s.at) < 24*time.Hour {
			list = append(list, s)
		}
	}
	return list
}

// Spent is how many probes the last day saw, and their bytes.
func (r *Record) Spent(now time.Time) (probes int, bytes int64) {
	for _, s := range r.lastDay(now) {
		probes, bytes = probes+1, bytes+s.bytes
	}
	return probes, bytes
}

// Due tells whether a probe is worth its bytes now, and why.
func (r *Record) Due(now time.Time, s Signs) (why string, due bool) {
	since := now.Sub(r.At)
	if r.At.IsZero() {
		since = 365 * 24 * time.Hour
	}
	probes, bytes := r.Spent(now)
	if !s.Ready || since < probeGap || probes >= probesADay || bytes >= bytesADay {
		return "", false
	}
	lasts := func(t time.Time, d time.Duration) bool { return !t.IsZero() && now.Sub(t) >= d }
	switch {
	case s.Since.After(r.At) && lasts(s.Since, settle):
		return "the connection came up", true
	case r.failures > 0 && since >= retryWaits[min(r.failures, len(retryWaits))-1]:
		return "the last probe failed", true
	case r.Last.IP == Failed && s.Flow.Came.After(r.At) && since >= contradictedGap:
		return "the last probe failed, and yet something came in since", true
	case !s.Suspect.IsZero() && now.Sub(r.doubted) >= doubtGap:
		return whyDoubted, true
	case lasts(s.Flow.Unanswered, unansweredFor) && (s.Flow.Unanswered.After(r.At) || since >= unansweredGap):
		return "what is sent gets no answer", true
	case !r.At.IsZero() && since >= regularGap:
		return "the last probe was an hour ago", true
	}
	return "", false
}

// Holds reports whether the last probe still speaks of the present though it was a while ago: a failure does until the next
// probe is due, unless something came in since; a success does while something comes in.
func (r *Record) Holds(now time.Time, s Signs) bool {
	if r.At.IsZero() || !s.Ready || s.Since.After(r.At) {
		return false
	}
	switch came := s.Flow.Came.After(r.At); {
	case r.Last.OK():
		return r.Last.IP == Worked && came && s.Flow.Came.Equal(now)
	case r.Last.IP == Failed && came:
		return false
	}
	return now.Sub(r.At) < retryWaits[min(r.failures, len(retryWaits))-1]+probeGap
}
