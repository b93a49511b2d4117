package facts

import (
	"slices"
	"time"
)

const (
	markEvery = 10 * time.Minute
	marksKept = 300 // two days and a bit

	// The cloud tells of usage every six minutes and some minutes late, so that the last of it is not compared yet.
	windowOpen  = 13 * time.Minute
	windowLeast = 30 * time.Minute
	windowMost  = 2 * time.Hour // in a longer one, an hour of trouble would drown
)

// Meter adds up what the modem's interface carried since the agent has looked at it, from the readings of its counters. An
// interface that appears anew begins a new run: its counters begin anew too, and what it carried unseen in between is not known.
type Meter struct {
	last  HostLink  // the last reading of an interface that was there
	run   time.Time // it has been there without a break since
	now   mark
	marks []mark // one every ten minutes, oldest first; only appended to and replaced, so that snapshots may share it
}

// mark is what was carried up to a moment.
type mark struct {
	at       time.Time // a local stamp
	up, down int64
}

// add takes a reading in.
func (m *Meter) add(now time.Time, l HostLink) {
	before := m.last
	switch {
	case l.Name == "":
		m.run = time.Time{}
		return
	case before.Name == l.Name && l.TxBytes >= before.TxBytes && l.RxBytes >= before.RxBytes:
		m.now.up, m.now.down = m.now.up+l.TxBytes-before.TxBytes, m.now.down+l.RxBytes-before.RxBytes
		if m.run.IsZero() {
			m.run = now
		}
	case before.Name == l.Name: // all that it counts was carried since the last reading
		m.now.up, m.now.down, m.run = m.now.up+l.TxBytes, m.now.down+l.RxBytes, now
	default:
		m.run = now
	}
	m.last, m.now.at = l, now
	if n := len(m.marks); n == 0 || now.Sub(m.marks[n-1].at) >= markEvery {
		m.mark()
	}
}

func (m *Meter) mark() {
	if len(m.marks) >= 2*marksKept {
		m.marks = slices.Clone(m.marks[len(m.marks)-marksKept:])
	}
	m.marks = append(m.marks, m.now)
}

// closed is the newest span of this run that both sides have counted to its end.
func (m *Meter) closed(now time.Time) (Usage, bool) {
	to := now.Add(-windowOpen)
	from := later(m.run, to.Add(-windowMost))
	if m.run.IsZero() || to.Sub(from) < windowLeast {
		return Usage{}, false
	}
	return m.Between(from, to)
}

// Between is what was carried from one local stamp to another, as far as it was read. Its span is cut to that.
func (m *Meter) Between(from, to time.Time) (u Usage, ok bool) {
	if len(m.marks) == 0 {
		return Usage{}, false
	}
	u = Usage{From: later(from, m.marks[0].at), To: to}
	if m.now.at.Before(to) {
		u.To = m.now.at
	}
	if !u.To.After(u.From) {
		return Usage{}, false
	}
	a, b := m.at(u.From), m.at(u.To)
	u.Upload, u.Down = b.up-a.up, b.down-a.down
	return u, true
}

// at is the mark of any moment since the first: between two it is assumed that the traffic was even.
func (m *Meter) at(t time.Time) mark {
	i, _ := slices.BinarySearchFunc(m.marks, t, func(k mark, t time.Time) int { return k.at.Compare(t) })
	b := m.now
	if i < len(m.marks) {
		b = m.marks[i]
	}
	if i == 0 {
		return b
	}
	a := m.marks[i-1]
	span := b.at.Sub(a.at)
	if span <= 0 {
		return b
	}
	part := float64(t.Sub(a.at)) / float64(span)
	between := func(x, y int64) int64 { return x + int64(part*float64(y-x)) }
	return mark{at: t, up: between(a.up, b.up), down: between(a.down, b.down)}
}

// Used is what both sides counted in one span.
type Used struct {
	Here     Usage     // its span in local stamps, and what the interface carried in it
	Counted  bool      // the operator told of some of it
	Upload   int64     // by the operator
	Download int64     // by the operator
	Until    time.Time // the operator's counts reach to here; its time
}

// UsedToday is the usage since midnight UTC, or since the agent began to look. It is not known without a clock.
func (f *Facts) UsedToday(now time.Time) (Used, bool) {
	if !f.Clock.Known() {
		return Used{}, false
	}
	t := f.Clock.True(now, now).UTC()
	return f.used(now, t.Truncate(24*time.Hour), t)
}

// UsedYesterday is that of the day before, as far as the agent saw it.
func (f *Facts) UsedYesterday(now time.Time) (Used, bool) {
	if !f.Clock.Known() {
		return Used{}, false
	}
	midnight := f.Clock.True(now, now).UTC().Truncate(24 * time.Hour)
	return f.used(now, midnight.Add(-24*time.Hour), midnight)
}

// UsedInSession is the usage of the newest data session, living or ended.
func (f *Facts) UsedInSession(now time.Time) (Used, bool) {
	s, ok := f.Cloud.Session()
	if !ok || s.Start.IsZero() || !f.Clock.Known() {
		return Used{}, false
	}
	end := f.Clock.True(now, now)
	if !s.Alive() {
		end = s.End
	}
	return f.used(now, s.Start, end)
}

// used measures a span of true time.
func (f *Facts) used(now, from, to time.Time) (u Used, ok bool) {
	present := f.Clock.True(now, now)
	wanted := now.Add(from.Sub(present))
	if u.Here, ok = f.Outside.Meter.Between(wanted, now.Add(to.Sub(present))); !ok {
		return Used{}, false
	}
	if u.Here.From.After(wanted) { // a session that began just before the first reading belongs to it
		from = later(from, f.Clock.True(now, u.Here.From).Add(-pairWithin-f.Clock.Uncertainty))
	}
	u.Upload, u.Download, u.Until, u.Counted = f.Cloud.Counted(from, to)
	return u, true
}
