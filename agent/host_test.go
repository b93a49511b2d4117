package agent

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"supersim-agent/modem/modemsim"
)

// hostClock is the clock of a simulated computer: it runs as the bubble's does, but its wall time may be wrong.
type hostClock struct {
	systemClock
	offset atomic.Int64 // of the wall time, in seconds
}

func (c *hostClock) Now() time.Time { return shiftWall(time.Now(), c.offset.Load()) }

// shiftWall moves the wall time of t and leaves its monotonic reading, as settimeofday(2) does. Package time has no
// function for that: the seconds of a time with a monotonic reading are in the bits from 30 on of its first word.
func shiftWall(t time.Time, seconds int64) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += uint64(seconds) << 30
	return t
}

func TestShiftWall(t *testing.T) {
	now := time.Now()
	for _, seconds := range []int64{0, 90, -90, 40 * 365 * 86400, -10 * 365 * 86400} {
		moved := shiftWall(now, seconds)
		if moved.Sub(now) != 0 || moved.Round(0).Sub(now.Round(0)) != time.Duration(seconds)*time.Second {
			t.Errorf("%d s: %v became %v", seconds, now, moved)
		}
	}
}

// run plays the scenario's world and the computer with the agent on it until ctx ends.
func (st *stage) run(ctx context.Context) {
	changes := make(chan modemsim.HostChange, 64)
	st.world.OnHost(func(c modemsim.HostChange) { changes <- c })
	st.host(st.scenario.Host)
	world := make(chan struct{})
	go func() {
		defer close(world)
		st.world.Run(ctx) //nolint:errcheck // it returns nil
	}()
	for ctx.Err() == nil {
		st.boot(ctx, changes)
	}
	<-world
}

func (st *stage) host(h modemsim.Host) {
	st.clock.offset.Store(int64(h.ClockOffset.Seconds()))
	st.ntp.Store(h.NTP)
}

// boot runs one agent until ctx ends or a fault ends it, and waits until the next may start.
func (st *stage) boot(ctx context.Context, changes <-chan modemsim.HostChange) {
	a := st.newAgent()
	st.agent.Store(a)
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.Run(running) //nolint:errcheck // it returns nil
	}()
	for {
		select {
		case <-ctx.Done():
			<-ended
			return
		case c := <-changes:
			st.host(c.Host)
			if c.Fault == "" {
				continue
			}
			cancel()
			<-ended
			select {
			case <-time.After(c.For):
			case <-ctx.Done():
			}
			return
		}
	}
}

// begin begins the performance; the returned function ends it.
func (st *stage) begin() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		st.run(ctx)
	}()
	synctest.Wait()
	return func() {
		cancel()
		<-ended
	}
}
