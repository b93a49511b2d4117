package facts

import (
	"slices"
	"time"
)

// ClockState says how far the wall clock can be trusted. A Raspberry Pi has no battery-backed clock.
type ClockState string

const (
	ClockUnsynced ClockState = "unsynced"
	ClockNITZ     ClockState = "nitz"     // the network's time says how far off the wall clock is
	ClockAnchored ClockState = "anchored" // data sessions seen from both sides say it
	ClockNTP      ClockState = "ntp"
)

// Clock is the trust in the wall clock. Stamps are kept as they were read, with Go's monotonic reading in them, so that
// everything this run has seen is re-dated when the clock comes: True is applied when a stamp is compared with the cloud's
// times, never before. What another run stored without a clock has no order with the cloud.
type Clock struct {
	State       ClockState
	Uncertainty time.Duration // of true times while State is not unsynced
	Offset      time.Duration // true time minus wall clock, as far as State knows

	anchors []anchor // replaced, never written to
}

// anchor is a data session whose beginning both sides saw.
type anchor struct {
	session string
	offset  time.Duration
}

const (
	nitzUncertainty   = 30 * time.Second
	anchorUncertainty = 60 * time.Second
	maxAnchors        = 8
	quarterHour       = 15 * time.Minute
	// maxZone is the largest difference that a network which mistakes local time for UTC can make (UTC+14).
	maxZone = 14*time.Hour + nitzUncertainty
	// clockWrongBy is the error of the wall clock that is worth telling: TLS and logs suffer from it.
	clockWrongBy = 2 * time.Minute
)

// Synced records what the host says about its clock.
func (c *Clock) Synced(ntp bool) (changed bool) {
	before := c.State
	switch {
	case ntp:
		*c = Clock{State: ClockNTP, Uncertainty: time.Second}
	case c.State == ClockNTP || c.State == "":
		*c = Clock{State: ClockUnsynced}
	}
	return c.State != before
}

// Known reports whether true times can be told.
func (c *Clock) Known() bool { return c.State != ClockUnsynced && c.State != "" }

// network learns from the network's time (NITZ). Networks err, mostly by sending local time as UTC: a difference of whole
// quarter hours says nothing.
func (c *Clock) network(now, utc time.Time) {
	if c.State == ClockNTP || utc.IsZero() {
		return
	}
	off := utc.Sub(now.Round(0))
	switch {
	case off.Abs() <= nitzUncertainty:
		c.State, c.Uncertainty, c.Offset = ClockNITZ, nitzUncertainty, 0
	case zoneMistake(off):
		if c.State != ClockAnchored {
			c.State, c.Uncertainty, c.Offset = ClockUnsynced, 0, 0
		}
	default:
		c.State, c.Uncertainty, c.Offset = ClockNITZ, nitzUncertainty, off
	}
}

// zoneMistake reports a difference that looks like a wrong time zone.
func zoneMistake(off time.Duration) bool {
	rest := off.Abs() % quarterHour
	return off.Abs() <= maxZone && min(rest, quarterHour-rest) <= nitzUncertainty
}

// addAnchor takes in one session seen from both sides. Two of them date a run that has no other clock.
func (c *Clock) addAnchor(session string, offset time.Duration) {
	if c.State == ClockNTP || slices.ContainsFunc(c.anchors, func(a anchor) bool { return a.session == session }) {
		return
	}
	c.anchors = keepLast(append(slices.Clip(c.anchors), anchor{session, offset}), maxAnchors)
	if len(c.anchors) >= 2 && c.State != ClockNITZ {
		c.State, c.Uncertainty, c.Offset = ClockAnchored, anchorUncertainty, c.median()
	}
}

func (c *Clock) median() time.Duration {
	var offsets []time.Duration
	for _, a := range c.anchors {
		offsets = append(offsets, a.offset)
	}
	slices.Sort(offsets)
	return offsets[len(offsets)/2]
}

// Wall is the wall time, by the clock as it is now, of a stamp taken earlier in this run: a step of the clock
// in between does not move it. This works because now.Sub uses the monotonic readings.
func Wall(now, stamp time.Time) time.Time {
	if stamp.IsZero() {
		return stamp
	}
	return now.Round(0).Add(-now.Sub(stamp))
}

// True is when a stamp of this run was taken, as well as the clock is known; comparable with the cloud's times.
func (c *Clock) True(now, stamp time.Time) time.Time {
	if stamp.IsZero() {
		return stamp
	}
	return Wall(now, stamp).Add(c.Offset)
}

// Order tells whether a cloud time lies after a local stamp. certain is false when the clocks cannot tell: the
// intervals in which the two may lie overlap.
func (f *Facts) Order(now, cloudTime, stamp time.Time) (after, certain bool) {
	gap := cloudTime.Sub(f.Clock.True(now, stamp))
	if !f.Clock.Known() {
		return gap > 0, false
	}
	return gap > 0, gap.Abs() > f.Clock.Uncertainty
}

// Age is how long ago an event happened. Without a clock only its arrival is known: the true age is that or more.
func (f *Facts) Age(now time.Time, e Entry) (age time.Duration, certain bool) {
	if f.Clock.Known() {
		return f.Clock.True(now, now).Sub(e.Time), true
	}
	return now.Sub(e.Received), false
}

// ClockError is how far the wall clock is off, true minus wall, when it is known to be wrong. Events that come from the
// future prove a clock that is late even where nothing else tells the time.
func (f *Facts) ClockError(now time.Time) (off time.Duration, wrong bool) {
	if f.Clock.Known() {
		return f.Clock.Offset, f.Clock.Offset.Abs() >= clockWrongBy
	}
	if e, ok := f.Cloud.Newest(); ok {
		off = e.Time.Sub(Wall(now, e.Received))
	}
	return off, off >= clockWrongBy
}
