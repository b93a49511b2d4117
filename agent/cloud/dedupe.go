package cloud

// DefaultDedupe is how many SIDs a Dedupe remembers. An always-connected SIM causes some 7,000 events a month, so this is
// more than a month of them, and far more than the four hours for which deliveries were ever repeated.
const DefaultDedupe = 8192

// A Dedupe remembers the last SIDs it was shown, the oldest forgotten first. The zero value remembers DefaultDedupe.
// It is not safe for concurrent use.
type Dedupe struct {
	limit   int
	known   map[string]struct{}
	ring    []string // in order of arrival; next points at the oldest once it is full
	next    int
	evicted uint64
}

// NewDedupe returns a Dedupe that remembers limit SIDs; limit <= 0 means DefaultDedupe.
func NewDedupe(limit int) *Dedupe { return &Dedupe{limit: limit} }

// Seen reports whether sid was shown before, and remembers it. The empty SID is never a duplicate.
func (d *Dedupe) Seen(sid string) bool {
	if sid == "" {
		return false
	}
	if d.Has(sid) {
		return true
	}
	d.remember(sid)
	return false
}

// Has reports whether sid is remembered, and changes nothing.
func (d *Dedupe) Has(sid string) bool {
	_, ok := d.known[sid]
	return ok
}

// Len is the number of SIDs remembered now.
func (d *Dedupe) Len() int { return len(d.known) }

// Evicted counts the SIDs forgotten because newer ones came.
func (d *Dedupe) Evicted() uint64 { return d.evicted }

func (d *Dedupe) remember(sid string) {
	if d.limit <= 0 {
		d.limit = DefaultDedupe
	}
	if d.known == nil {
		d.known = make(map[string]struct{})
	}
	d.known[sid] = struct{}{}
	if len(d.ring) < d.limit {
		d.ring = append(d.ring, sid)
		return
	}
	delete(d.known, d.ring[d.next])
	d.ring[d.next] = sid
	d.next = (d.next + 1) % d.limit
	d.evicted++
}
