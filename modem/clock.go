package modem

import (
	"context"
	"time"
)

// Clock is what the driver's few pauses are measured with.
type Clock interface {
	Now() time.Time
	NewTimer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

// systemClock is the time package.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// sleep waits, and reports false when ctx ended first.
func (d *Driver) sleep(ctx context.Context, t time.Duration) bool {
	c, stop := d.Clock.NewTimer(t)
	defer stop()
	select {
	case <-ctx.Done():
		return false
	case <-c:
		return true
	}
}
