package broker

import "time"

const (
	shortest   = time.Second
	firstWait  = 5 * time.Second // doubled with each failure
	longest    = 5 * time.Minute
	firstMend  = 2 * time.Minute // where a person must mend something
	longestFix = 30 * time.Minute
	stable     = 5 * time.Minute // a connection that lasted so long was a good one
)

// pause tells how long to wait before the next attempt. The zero pause says: at once.
type pause struct {
	tried    bool
	failures int // in a row
	mend     bool
}

// failed notes an attempt that came to nothing.
func (p *pause) failed(t Trouble) {
	if t.Mend != p.mend {
		p.failures = 0
	}
	p.failures, p.mend = p.failures+1, t.Mend
}

// lost notes the end of a connection that lasted for d. One that did not last is a failure: two clients of one name throw each
// other out again and again.
func (p *pause) lost(t Trouble, d time.Duration) {
	if d >= stable {
		p.failures, p.mend = 0, false
		if !t.Mend {
			return
		}
	}
	p.failed(t)
}

// next is the wait, at a random place (0 up to 1) of its span: a fleet whose broker restarts must not come back as one.
func (p *pause) next(random float64) time.Duration {
	if !p.tried {
		p.tried = true
		return 0
	}
	first, limit := firstWait, longest
	if p.mend {
		first, limit = firstMend, longestFix
	}
	span := limit
	if n := min(p.failures, 16); first<<n < limit {
		span = first << n
	}
	return max(shortest, span/2+time.Duration(random*float64(span/2)))
}
