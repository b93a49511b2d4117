package atcmd

import "time"

// Clock is where a port takes its time from. The time package is used when Options has none.
type Clock interface {
	Now() time.Time
	// NewTimer sends on c once, after d. stop releases the timer.
	NewTimer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// alarm is the one timer of a port. Setting it to a later time does nothing: it then rings too early, which costs one
// idle step. A port that is busy every few seconds thus makes one timer per time-out, not one per command.
type alarm struct {
	clock Clock
	c     <-chan time.Time
	stop  func() bool
	at    time.Time // zero: not set
}

func (a *alarm) set(now, at time.Time) {
	if a.isLate(at) {
		a.clear()
		a.at = at
		a.c, a.stop = a.clock.NewTimer(at.Sub(now))
	}
}

// isLate reports whether the alarm would ring only after the given time; the zero time is never.
func (a *alarm) isLate(at time.Time) bool { return !at.IsZero() && (a.at.IsZero() || at.Before(a.at)) }

// clear is called when the alarm has rung, and at the end.
func (a *alarm) clear() {
	if a.stop != nil {
		a.stop()
	}
	a.c, a.stop, a.at = nil, nil, time.Time{}
}
