package atcmd

import (
	"sync/atomic"
	"time"
)

// guard watches over writes: when one takes longer than limit, and at most twice as long, it calls stuck. Its timer is
// not set for each write, because to set one wakes the thread that waits in the network poller. It is of the time
// package, not of the port's Clock: it measures a device of this machine, not a modem.
type guard struct {
	limit time.Duration
	stuck func()
	timer *time.Timer
	since atomic.Int64 // begin of the write under way, nanoseconds since base; 0: none
	armed atomic.Bool  // the timer is set
	base  time.Time
}

func newGuard(limit time.Duration, stuck func()) *guard {
	g := &guard{limit: limit, stuck: stuck, base: time.Now()}
	g.timer = time.AfterFunc(limit, g.ring)
	g.armed.Store(true)
	return g
}

func (g *guard) begin() {
	g.since.Store(max(int64(time.Since(g.base)), 1))
	g.arm()
}

func (g *guard) end() { g.since.Store(0) }

// stop ends the guard for good.
func (g *guard) stop() { g.timer.Stop() }

func (g *guard) arm() {
	if g.armed.CompareAndSwap(false, true) {
		g.timer.Reset(g.limit)
	}
}

func (g *guard) ring() {
	g.armed.Store(false)
	since := g.since.Load()
	switch {
	case since == 0: // nothing is under way; the next write sets the timer
	case time.Since(g.base)-time.Duration(since) >= g.limit:
		g.stuck()
	default:
		g.arm()
	}
}
