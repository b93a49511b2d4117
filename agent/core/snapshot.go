package core

import (
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

// logLength is how much of the timeline is kept in memory.
const logLength = 2048

// Entry is one line of the timeline.
type Entry struct {
	Seq      uint64
	At       time.Time // when it happened
	Seen     time.Time // when it was noticed
	Side     facts.Side
	Kind     string
	Text     string
	EventSID string
	ICCID    string
	Verdict  correlate.Code
	Action   attach.Kind
	Attempt  time.Time // of the modem, whose end this is; else zero
	Routine  bool      // one of many that say that all goes on
}

// log is the timeline in memory, oldest first. Snapshots share its slice, so it is only appended to and replaced.
type log struct {
	entries []Entry
	seq     uint64
	before  uint64 // seq of the last one of an earlier agent
}

// begin goes on where an earlier agent ended.
func (l *log) begin(before []Entry) {
	before = before[max(0, len(before)-logLength):]
	for _, e := range before {
		l.seq++
		e.Seq = l.seq
		l.entries = append(l.entries, e)
	}
	l.before = l.seq
}

func (l *log) add(now time.Time, e Entry) {
	l.seq++
	e.Seq, e.Seen = l.seq, now
	if e.At.IsZero() {
		e.At = now
	}
	if len(l.entries) >= 2*logLength {
		l.entries = append(make([]Entry, 0, 2*logLength), l.entries[logLength:]...)
	}
	l.entries = append(l.entries, e)
}

// Snapshot is everything a reader may want to see, at one moment.
type Snapshot struct {
	Started   time.Time
	Facts     facts.Facts
	Verdict   correlate.Verdict
	Since     time.Time
	Previous  *correlate.Verdict
	Decision  attach.Decision
	History   attach.History
	Saves     uint64    // counts the changes of History
	Asked     time.Time // when a person asked last for something of the policy
	Timeline  []Entry
	Before    uint64 // entries up to this one were made before this start
	Stale     int    // completions nobody waited for
	PortOpens int
}

// Rev changes whenever a snapshot would differ.
func (c *Core) Rev() uint64 { return c.rev }

// Snapshot copies what is known. The copy shares slices that are never changed in place.
func (c *Core) Snapshot() Snapshot {
	entries := c.log.entries[max(0, len(c.log.entries)-logLength):]
	return Snapshot{Started: c.started, Facts: *c.f, Verdict: c.verdict, Since: c.since, Previous: c.previous,
		Decision: c.decision, History: c.history, Saves: c.saves, Before: c.log.before, Asked: c.asked, Timeline: entries[:len(entries):len(entries)], Stale: c.Stale, PortOpens: c.portOpens}
}
