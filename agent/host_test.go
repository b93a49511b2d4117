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
// function for that: the first word of a time with a monotonic reading is its mark, the seconds since 1885 and the
// nanoseconds; the second word is the reading. The times of a synctest bubble have none and get one.
func shiftWall(t time.Time, seconds int64) time.Time {
	words := (*[2]uint64)(unsafe.Pointer(&t))
	if words[0]>>63 == 0 {
		words[0] = 1<<63 | uint64(t.Unix()-since1885)<<30 | uint64(t.Nanosecond())
		words[1] = uint64(t.UnixNano())
	}
	words[0] += uint64(seconds) << 30
	return t
}

var since1885 = time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

func TestShiftWall(t *testing.T) {
	check := func(t *testing.T) {
		now := time.Now()
		for _, seconds := range []int64{0, 90, -90, 40 * 365 * 86400, -10 * 365 * 86400} {
			moved, before := shiftWall(now, seconds), shiftWall(now, 0)
			if moved.Sub(before) != 0 || moved.Round(0).Sub(now.Round(0)) != time.Duration(seconds)*time.Second {
				t.Errorf("%d s: %v became %v", seconds, now, moved)
			}
		}
		first := shiftWall(time.Now(), 5000)
		<-time.After(time.Second)
		if d := shiftWall(time.Now(), -5000).Sub(first); d < time.Second || d > time.Minute {
			t.Errorf("a second of time over a step of the clock became %v", d)
		}
	}
	check(t)
	synctest.Test(t, check)
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
