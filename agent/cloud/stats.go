package cloud

import (
	"sync"
	"time"
)

// Stats counts what a source did since it was made. Counters that a kind of source has no use for stay 0.
type Stats struct {
	Batches    uint64 // handed on and accepted
	Events     uint64 // in those batches
	Problems   uint64 // events skipped and fields not understood
	Duplicates uint64 // deliveries known by their idempotency token
	Tests      uint64 // test events among Events
	Unverified uint64 // requests without a signature or with a wrong one; among Refused
	Dropped    uint64 // connections that ended before they had made a request: too slow, not HTTP, head too long, TLS refused
	Refused    uint64 // requests answered 4xx; documents and files that could not be decoded
	Failed     uint64 // batches that emit did not accept
	Busy       uint64 // requests answered 503 because too many were being read at the same time
	Junk       uint64 // lines of a file that are no JSON
	Restarts   uint64 // times a file was found truncated or replaced
	Last       time.Time
	LastError  string // the newest reason for Refused, Failed or a file that cannot be read; "" when none since Last
	Hint       string // what a person can do about it; "" when LastError says all

	// Of a source that keeps a connection.
	State             string    // "connecting", "connected", "waiting"
	NextTry           time.Time // while waiting
	BytesIn, BytesOut int64     // on the wire
}

// A tally is Stats that many may write and read.
type tally struct {
	mu sync.Mutex // guards s
	s  Stats
}

func (t *tally) update(change func(*Stats)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.s)
}

func (t *tally) snapshot() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.s
}

// accepted counts a batch that emit took.
func (t *tally) accepted(b Batch) {
	t.update(func(s *Stats) {
		s.Batches++
		s.Events += uint64(len(b.Events))
		s.Problems += uint64(b.Problems)
		for _, ev := range b.Events {
			if ev.Test {
				s.Tests++
			}
		}
		s.Last, s.LastError, s.Hint = b.Received, "", ""
	})
}
