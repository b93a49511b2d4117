package facts

import "time"

// ClockState says how far the wall clock can be trusted. A Raspberry Pi has no battery-backed clock.
type ClockState string

const (
	ClockUnsynced ClockState = "unsynced"
	ClockNITZ     ClockState = "nitz"
	ClockNTP      ClockState = "ntp"
)

// Clock is the trust in the wall clock. Stamps are kept as they were read, with Go's monotonic reading in them,
// and moved to the present wall clock only when they are compared with the cloud's (Wall).
type Clock struct {
	State       ClockState
	Uncertainty time.Duration // of the wall clock while State is not unsynced
}

// maxNITZOffset is the difference to the network's clock up to which the wall clock counts as confirmed by it.
const maxNITZOffset = 30 * time.Second

// Synced records what the host says about its clock.
func (c *Clock) Synced(ntp bool) (changed bool) {
	before := c.State
	switch {
	case ntp:
		*c = Clock{State: ClockNTP, Uncertainty: time.Second}
	case c.State != ClockNITZ:
		*c = Clock{State: ClockUnsynced}
	}
	return c.State != before
}

// network confirms the wall clock by the network's time (NITZ), never corrects it: networks err by hours.
func (c *Clock) network(now, utc time.Time) {
	if c.State == ClockNTP || utc.IsZero() {
		return
	}
	if off := now.Round(0).Sub(utc).Abs(); off <= maxNITZOffset {
		*c = Clock{State: ClockNITZ, Uncertainty: maxNITZOffset}
	} else {
		*c = Clock{State: ClockUnsynced}
	}
}

// Wall is the wall time, by the clock as it is now, of a stamp taken earlier in this run: a step of the clock
// in between does not move it. This works because now.Sub uses the monotonic readings.
func Wall(now, stamp time.Time) time.Time {
	if stamp.IsZero() {
		return stamp
	}
	return now.Round(0).Add(-now.Sub(stamp))
}

// Order tells whether a cloud time lies after a local stamp. certain is false when the clocks cannot tell.
func (f *Facts) Order(now, cloudTime, stamp time.Time) (after, certain bool) {
	gap := cloudTime.Sub(Wall(now, stamp))
	if f.Clock.State == ClockUnsynced || f.Clock.State == "" {
		return gap > 0, false
	}
	return gap > 0, gap.Abs() > f.Clock.Uncertainty
}
