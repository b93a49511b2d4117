// Package agent wires the parts together: one goroutine owns the core (loop.go), one does what the core asks of the
// modem (exec.go), one per open port forwards what the modem says unasked, one watches the data path (path.go), and the cloud sources send what they receive.
// Readers get an immutable snapshot; nobody but the owner touches the core.
package agent

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/core"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/journal"
	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Clock is the time of the policy: of holds, budgets and polls. The AT dialogue always runs in real time.
type Clock interface {
	Now() time.Time
	NewTimer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

// Power is the control that a board has over the modem's supply.
type Power interface {
	On(ctx context.Context) error
	Cycle(ctx context.Context) error
}

// PIN is the configured PIN of the card. Take may refuse: three wrong tries block a card.
type PIN interface {
	Take() (string, error)
	Accepted() error
}

// Deps is what the agent needs from outside. Open is required; the rest may be left zero.
type Deps struct {
	Open     func(context.Context) (t atcmd.Transport, path string, err error) // the serial port
	Greeted  func(Greeting) Elsewhere                                          // default: nobody; told after each handshake on what Open opened
	Line     func() modem.Line                                                 // default: not known; how what Open opened reaches the module
	Dialects []*modem.Dialect
	Wanted   modem.Wanted // of the module's settings
	Auth     modem.Auth   // the APN's credentials
	Power    Power
	PIN      PIN // nil: none is configured
	Sources  []cloud.Source
	Beacons  []Beacon
	Path     DataPath             // nil: nobody watches the data path on this computer
	Probe    bool                 // it may be probed, which costs a little data
	Journal  *journal.Journal     // nil: nothing outlives the agent
	Boot     string               // id of this boot of the computer; "": not known
	Uptime   func() time.Duration // default: asks the kernel; since that boot
	Clock    Clock                // default: the system's
	NTP      func() bool          // default: asks the kernel
	Notify   func(line string)    // service manager; default: nobody
	Log      zerolog.Logger
	Board    string // its name, for the status
	Bearer   string // data.bearer in force, for the status
	Config   any    // effective configuration without secrets, for the status socket
}

// Greeting is how a handshake has ended. A zero one: nobody answered.
type Greeting struct {
	Answered bool               // by a modem, well or not
	Stranger modem.StrangerKind // who answered in its place
}

// Elsewhere is what the opener of ports knows of other places when a stranger answers.
type Elsewhere struct {
	Next   bool   // Open takes another port or speed next, which had no turn since a modem last answered
	ATPort string // where the module that the port belongs to takes commands, "" when that is not known
}

// Agent is the daemon without its command line. Use New, then Run once.
type Agent struct {
	cfg  core.Config
	deps Deps
	core *core.Core

	events  chan core.Event  // to the owner
	work    chan core.Action // from the owner to the executor; one at a time
	session session          // the executor's
	reset   string           // the executor's: the restart command of the module that was greeted last
	tickets tickets          // commands of persons that wait for their answer
	memory  memory           // what outlives the agent

	dataUp    chan struct{}      // to the path's watcher: the modem has a connection now
	asksProbe chan chan<- string // of persons, to the path's watcher
	probed    atomic.Pointer[probed]

	snapshot atomic.Pointer[core.Snapshot]
	changed  broadcast
	rendered atomic.Pointer[rendered]
	tracer   atomic.Pointer[atcmd.Port] // the port in use, for its trace and counters
}

// New returns an agent that is not running yet.
func New(cfg core.Config, deps Deps) *Agent {
	if deps.Clock == nil {
		deps.Clock = systemClock{}
	}
	if deps.NTP == nil {
		deps.NTP = hostClockSynced
	}
	if deps.Notify == nil {
		deps.Notify = func(string) {}
	}
	if deps.Greeted == nil {
		deps.Greeted = func(Greeting) Elsewhere { return Elsewhere{} }
	}
	if deps.Line == nil {
		deps.Line = func() modem.Line { return modem.AnyLine }
	}
	if deps.Uptime == nil {
		deps.Uptime = hostUptime
	}
	a := &Agent{
		cfg: cfg, deps: deps,
		events: make(chan core.Event, 64),
		work:   make(chan core.Action, 1),
		dataUp: make(chan struct{}, 1), asksProbe: make(chan chan<- string),
		memory: memory{journal: deps.Journal, boot: deps.Boot, uptime: deps.Uptime, clock: deps.Clock, entries: make(chan news, 256)},
	}
	now := deps.Clock.Now()
	if err := a.memory.restore(now, deps.NTP(), &cfg); err != nil {
		deps.Log.Warn().Err(err).Msg("what was done before this start is not known; all budgets begin anew")
	}
	a.core = core.New(now, cfg)
	a.changed.init()
	a.publish()
	return a
}

// Run works until ctx ends. Everything it starts has ended when it returns.
func (a *Agent) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { a.execute(ctx) })
	running.Go(func() { a.watchPath(ctx) })
	for _, s := range a.deps.Sources {
		running.Go(func() { a.runSource(ctx, s) })
	}
	for _, b := range a.deps.Beacons {
		running.Go(func() { a.runBeacon(ctx, b) })
	}
	keeping, endKeeping := context.WithCancel(context.Background()) // until the last line of the timeline
	var keeper sync.WaitGroup
	keeper.Go(func() { a.memory.keep(keeping) })
	err := a.loop(ctx)
	cancel()
	running.Wait()
	endKeeping()
	keeper.Wait()
	return err
}

// runSource keeps one cloud source going. A source that fails is started again: the path to the cloud may not depend
// on the order in which things come up at boot.
func (a *Agent) runSource(ctx context.Context, s cloud.Source) {
	for {
		err := s.Run(ctx, a.emit)
		if ctx.Err() != nil {
			return
		}
		a.deps.Log.Warn().Err(err).Msg("cloud source stopped; trying again")
		timer, stop := a.deps.Clock.NewTimer(sourceRetry)
		select {
		case <-timer:
		case <-ctx.Done():
			stop()
			return
		}
	}
}

const sourceRetry = 10 * time.Second

// emit hands a batch to the owner and returns when the core has it: only then may its sender forget it.
func (a *Agent) emit(ctx context.Context, b cloud.Batch) error {
	a.memory.take(b, a.clockTrusted())
	_, err := a.take(ctx, b)
	return err
}

// receipt says what became of a batch.
type receipt struct{ duplicates, others int }

// receipted is a batch whose sender waits for the receipt.
type receipted struct {
	core.CloudBatch
	taken chan<- receipt // has room
}

func (a *Agent) take(ctx context.Context, b cloud.Batch) (receipt, error) {
	taken := make(chan receipt, 1)
	batch := core.CloudBatch{Source: b.Source, Events: b.Events, Problems: b.Problems}
	if err := a.send(ctx, receipted{batch, taken}); err != nil {
		return receipt{}, err
	}
	select {
	case r := <-taken:
		return r, nil
	case <-ctx.Done():
		return receipt{}, ctx.Err()
	}
}

// clockTrusted reports whether the wall clock follows a time server.
func (a *Agent) clockTrusted() bool { return a.snapshot.Load().Facts.Clock.State == facts.ClockNTP }

func (a *Agent) send(ctx context.Context, ev core.Event) error {
	select {
	case a.events <- ev:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Snapshot is what the core last published. It never blocks and never touches the modem.
func (a *Agent) Snapshot() *core.Snapshot { return a.snapshot.Load() }
