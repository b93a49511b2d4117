package modemsim

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Clock is where a world takes its time from. A faster clock makes a faster world.
type Clock interface {
	Now() time.Time
	NewTimer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// ErrPortGone says that the module's port is not there now (fault port-gone).
var ErrPortGone = errors.New("modemsim: the port is gone")

// pluggable is a front that can vanish and come back by itself, as a pty does.
type pluggable interface {
	Unplug() error
	Plug() error
}

// World is a simulated world: one module with its SIM, the networks around it, and the cloud. All methods may be called
// from any goroutine, from within the callbacks too.
type World struct {
	clock   Clock
	events  func([]byte)
	narrate func(Moment)
	host    func(HostChange)
	wake    chan struct{} // capacity 1: something changed that Run must look at

	mu    sync.Mutex // guards core and front; held for computation only, never while anything waits
	core  *core
	front *front
	over  bool // Run has returned: nothing is connected any more

	fronts sync.WaitGroup
}

// NewWorld makes a world whose time starts now. A nil clock is the system's. The scenario is copied.
func NewWorld(s *Scenario, c Clock) *World {
	if c == nil {
		c = systemClock{}
	}
	if s == nil {
		s = Default()
	}
	return &World{clock: c, core: newCore(s, c.Now()), wake: make(chan struct{}, 1),
		events: func([]byte) {}, narrate: func(Moment) {}, host: func(HostChange) {}}
}

// OnEvents sets who receives webhook bodies, one JSON array each. Call it before Run; f is called by Run.
func (w *World) OnEvents(f func(body []byte)) { w.events = f }

// Narrate sets who is told what really happens. Call it before Run; f is called by Run.
func (w *World) Narrate(f func(Moment)) { w.narrate = f }

// OnHost sets who plays the host, whose values at the start are the scenario's. Call it before Run; f is called by Run and
// must not wait for the world.
func (w *World) OnHost(f func(HostChange)) { w.host = f }

// Run plays the world until ctx ends, and returns nil then. Only Run talks to the outside: bytes, events and moments
// leave in the order in which they happened. Fronts are closed and waited for before it returns.
func (w *World) Run(ctx context.Context) error {
	defer w.stop()
	for {
		effects, wait := w.turn()
		for _, e := range effects {
			w.perform(e)
		}
		timer, stop := w.clock.NewTimer(wait)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-w.wake:
		case <-timer:
		}
		stop()
	}
}

// idleWait is how long Run sleeps when nothing is planned; wake ends it at once.
const idleWait = time.Hour

// turn brings the world up to now and says how long nothing will happen by itself.
func (w *World) turn() ([]effect, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	w.core.advance(now)
	wait := idleWait
	if next, planned := w.core.deadline(); planned {
		wait = max(next.Sub(now), 0)
	}
	return w.core.take(), wait
}

// perform does one thing outside.
func (w *World) perform(e effect) {
	switch {
	case e.moment != nil:
		w.narrate(*e.moment)
	case e.body != nil:
		w.events(e.body)
	case e.host != nil:
		w.host(*e.host)
	case e.port != 0:
		w.replug(e.port)
	default:
		w.mu.Lock()
		f := w.front
		w.mu.Unlock()
		if f != nil && !f.send(e.write) {
			w.do(func(c *core) { c.stats.WritesLost++ })
		}
	}
}

// replug makes the port vanish or return. A front that cannot do so by itself is closed; the host opens a new one.
func (w *World) replug(change portChange) {
	w.mu.Lock()
	f := w.front
	w.mu.Unlock()
	if f == nil {
		return
	}
	p, can := f.rw.(pluggable)
	var err error
	switch {
	case can && change == portGone:
		err = p.Unplug()
	case can:
		err = p.Plug()
	case change == portGone:
		f.close()
	}
	if err != nil {
		w.narrate(Moment{Time: w.clock.Now(), Who: "fault", Text: "the port cannot be moved: " + err.Error()})
	}
}

// do runs f in the world's present and lets Run see to the consequences.
func (w *World) do(f func(*core)) {
	w.mu.Lock()
	w.core.advance(w.clock.Now())
	f(w.core)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Connect makes rw the module's AT port. The port before it is closed: a module has one, and who reopens gets it anew.
func (w *World) Connect(rw io.ReadWriteCloser) {
	f := newFront(rw)
	w.mu.Lock()
	before, over := w.front, w.over
	if !over {
		w.front = f
	}
	w.mu.Unlock()
	if before != nil {
		before.close()
	}
	if over {
		f.close()
		return
	}
	w.do(func(c *core) { c.mod.cli.hangUp(false) })
	f.start(&w.fronts, func(in []byte) { w.do(func(c *core) { c.input(in) }) })
}

// Open connects a pipe and returns the host's end, or ErrPortGone.
func (w *World) Open() (io.ReadWriteCloser, error) {
	gone := false
	w.do(func(c *core) { gone = c.portGone })
	if gone {
		return nil, ErrPortGone
	}
	return w.Pipe(), nil
}

// Pipe connects a pipe and returns the host's end. While the port is gone, that end is closed already.
func (w *World) Pipe() io.ReadWriteCloser {
	host, module := net.Pipe()
	w.Connect(module)
	w.do(func(c *core) {
		if c.portGone {
			c.effects = append(c.effects, effect{port: portGone})
		}
	})
	return host
}

// PowerOn gives the module power; it boots when it was off.
func (w *World) PowerOn() { w.do(func(c *core) { c.mod.powerOn() }) }

// PowerOff cuts the module's power. The network is not told.
func (w *World) PowerOff() { w.do(func(c *core) { c.mod.powerOff(abrupt) }) }

// ResetPulse is a pulse on the module's reset pin: it cures a hang.
func (w *World) ResetPulse() { w.do(func(c *core) { c.mod.reset("reset pin", abrupt) }) }

// IsOn reports whether the module has power (its STATUS pin), booting included.
func (w *World) IsOn() (is bool) {
	w.do(func(c *core) { is = c.mod.power != off })
	return is
}

// Registered tells whether the module is registered for data, whatever it says of it.
func (w *World) Registered() (is bool) {
	w.do(func(c *core) { is = c.nas.state == registered })
	return is
}

// Inject starts a fault by name, for d or, with 0, for the fault's own time. An unknown name is narrated.
func (w *World) Inject(fault string, d time.Duration) { w.do(func(c *core) { c.inject(fault, d) }) }

// Change applies one change now; its Time is not looked at.
func (w *World) Change(change Change) { w.do(func(c *core) { c.play(change) }) }

// Stats counts what happened so far.
func (w *World) Stats() (s Stats) {
	w.do(func(c *core) { s = c.statsCopy() })
	return s
}

// stop closes the port and waits for its goroutines.
func (w *World) stop() {
	w.mu.Lock()
	f := w.front
	w.front, w.over = nil, true
	w.mu.Unlock()
	if f != nil {
		f.close()
	}
	w.fronts.Wait()
}
