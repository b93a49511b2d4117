package agent

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"supersim-agent/agent/journal"
	"supersim-agent/modem/modemsim"
)

// hostClock is the clock of a simulated computer: it runs as the bubble's does, but its wall time may be wrong.
type hostClock struct {
	systemClock
	start  time.Time    // of the bubble
	offset atomic.Int64 // of the wall time, in seconds
}

// Now has a monotonic reading, as outside of bubbles, where time.Now has none.
func (c *hostClock) Now() time.Time {
	now := time.Now()
	t := processStart.Add(now.Sub(c.start))
	return shiftWall(t, now.Unix()-t.Unix()+c.offset.Load())
}

// processStart is a whole second, as a bubble's start is.
var processStart = func() time.Time { t := time.Now(); return t.Add(-time.Duration(t.Nanosecond())) }()

// shiftWall moves the wall time of t and leaves its monotonic reading, as settimeofday(2) does. Package time has no
// function for that: the seconds of a time with a monotonic reading are in the bits from 30 on of its first word.
func shiftWall(t time.Time, seconds int64) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += uint64(seconds) << 30
	return t
}

func TestHostClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := hostClock{start: time.Now()}
		before := c.Now()
		if !before.Round(0).Equal(time.Now()) {
			t.Errorf("at the start %v, want %v", before, time.Now())
		}
		<-time.After(time.Hour)
		c.offset.Store(-3600 * 24 * 365)
		after := c.Now()
		if after.Sub(before) != time.Hour || !after.Round(0).Equal(time.Now().Add(-365*24*time.Hour)) {
			t.Errorf("after an hour and a jump %v, was %v", after, before)
		}
	})
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
	defer st.closeJournal()
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
			if c.Fault == "host-power-cut" {
				st.boots, st.booted = st.boots+1, time.Now()
			}
			return
		}
	}
}

// openJournal opens the journal of a stage that has a disk.
func (st *stage) openJournal() {
	if st.disk == "" {
		return
	}
	var err error
	if st.journal, err = journal.Open(st.disk, st.clock.Now(), journal.Options{BootID: st.bootID()}); err != nil {
		st.t.Error(err)
	}
}

func (st *stage) closeJournal() {
	if st.journal != nil {
		st.journal.Close(st.clock.Now()) //nolint:errcheck // a journal without a disk says so here too
	}
}

func (st *stage) bootID() string { return fmt.Sprintf("boot-%d", st.boots) }

// withDisk gives the stage's computer a disk, in memory where the system has such a place.
func (st *stage) withDisk() *stage {
	dir, err := os.MkdirTemp("/dev/shm", "supersim-agent-")
	if err != nil {
		dir, err = os.MkdirTemp("", "supersim-agent-")
	}
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(func() { os.RemoveAll(dir) })
	st.disk = dir
	return st
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
