package atcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	writeLimit  = 5 * time.Second // for one write; at 9600 baud a command line of the longest takes 1.1 s
	closeLimit  = 2 * time.Second // Close waits so long for the goroutines
	urcQueueLen = 256
	readSize    = 4096
)

// Transport is the byte stream to a modem. Read blocks until there is at least one byte; it may also return (0, nil)
// after having waited for some time. Close must end a Read and a Write that are blocked.
type Transport interface{ io.ReadWriteCloser }

// Options describe a port. The zero value is usable.
type Options struct {
	URCs     []URC
	Name     string        // for errors: "/dev/ttyUSB2"
	TraceLen int           // exchanges in the trace; 0 is DefaultTraceLen
	Clock    Clock         // nil is the time package
	Resync   bool          // begin with a resync, in case that a former owner left a command unanswered
	BootTime time.Duration // for so long a modem from which nothing was ever heard is not taken for dead
}

// Port is an AT dialogue. Its methods may be called concurrently.
//
// The engine has one owner at a time: who takes it out of the channel seat owns it until he puts it back. That is Exec,
// to begin or cancel a command; the reader, one of the two goroutines of a port, with the bytes that have come; and the
// keeper, the other one, when a deadline has come. An answer thus passes from the reader to Exec with a single change
// of goroutine, where an owner in between would cost two more.
type Port struct {
	name  string
	t     Transport
	clock Clock

	turn    chan struct{} // holds a token while no Exec is at work; so its callers form a queue
	ready   chan struct{} // holds a token while the engine is idle; Exec takes it, the owner puts it back
	seat    chan *owner   // holds the engine while nobody works with it
	results chan result   // the end of the open command, for the Exec that began it; never more than one
	nudge   chan struct{} // tells the keeper that the deadline is earlier than its alarm
	urcs    chan string   // for the user; sent to by the owner, closed by the keeper

	guard     *guard // ends the port when a write takes too long
	resyncing atomic.Bool
	dropped   atomic.Uint64 // URCs
	once      sync.Once     // guards cause and the closing of done
	cause     error         // why the port has ended; readable when done is closed
	done      chan struct{}
	left      chan struct{} // closed when both goroutines have returned

	mu    sync.Mutex // serves what follows, which the owner writes and anybody reads; held for copying only
	trace ring
	stats Stats
	heard Heard
}

// result is how a command has ended.
type result struct {
	reply Reply
	err   *Error
}

// New starts a dialogue on t, which the port closes in the end.
func New(t Transport, o Options) *Port {
	p := &Port{
		name: o.Name, t: t, clock: o.Clock,
		turn: make(chan struct{}, 1), ready: make(chan struct{}, 1), nudge: make(chan struct{}, 1),
		seat: make(chan *owner, 1), results: make(chan result, 1), urcs: make(chan string, urcQueueLen),
		done: make(chan struct{}), left: make(chan struct{}),
		trace: newRing(o.TraceLen),
	}
	if p.clock == nil {
		p.clock = systemClock{}
	}
	p.guard = newGuard(writeLimit, p.writeStuck)
	w := &owner{Port: p, alarm: alarm{clock: p.clock}}
	w.engine.urcs = append([]URC(nil), o.URCs...)
	w.engine.patience = p.clock.Now().Add(o.BootTime)
	if o.Resync {
		w.step(input{kind: inResync})
	} else {
		p.ready <- struct{}{}
	}
	p.turn <- struct{}{}
	p.seat <- w
	readerLeft := make(chan struct{})
	go p.read(readerLeft)
	go p.keep(readerLeft)
	return p
}

// Exec sends a command and waits for its final result. A final that is no success, a time-out and a cancelled context
// are an *Error; the reply then holds what had come. After a time-out or a cancel the next Exec waits until the port is
// in step again. One whose context ends while it waits in the queue has not been sent.
func (p *Port) Exec(ctx context.Context, c Cmd) (Reply, error) {
	if err := c.check(); err != nil {
		return Reply{}, p.fault(&c, err)
	}
	if err := ctx.Err(); err != nil {
		return Reply{}, p.fault(&c, err)
	}
	if err := p.wait(ctx, p.turn); err != nil {
		return Reply{}, p.fault(&c, err)
	}
	defer func() { p.turn <- struct{}{} }() // after the result was taken, so that it is not the next caller's
	if err := p.wait(ctx, p.ready); err != nil {
		return Reply{}, p.fault(&c, err)
	}
	p.step(input{kind: inCommand, cmd: c})
	r := p.await(ctx)
	if r.err == nil {
		return r.reply, nil
	}
	r.err.Port = p.name
	if r.err.Cmd == "" {
		r.err.Cmd = maskText(c.Text, c.Secret)
	}
	return r.reply, r.err
}

// wait waits for a token, without which the command is not sent.
func (p *Port) wait(ctx context.Context, token <-chan struct{}) error {
	select {
	case <-token:
		return nil
	case <-p.done:
		return p.cause
	case <-ctx.Done():
		if p.resyncing.Load() {
			return fmt.Errorf("%w: %w", ErrResync, ctx.Err())
		}
		return ctx.Err()
	}
}

// await waits for the end of the open command. A cancel ends it at once, unless it has ended already.
func (p *Port) await(ctx context.Context) result {
	select {
	case r := <-p.results:
		return r
	case <-ctx.Done():
		p.step(input{kind: inCancel, err: ctx.Err()})
	case <-p.done:
	}
	select {
	case r := <-p.results:
		return r
	case <-p.done:
		return result{err: &Error{Err: p.cause}}
	}
}

// fault is the error of a command that was not sent.
func (p *Port) fault(c *Cmd, err error) error {
	return &Error{Cmd: maskText(c.Text, c.Secret), Port: p.name, Err: err}
}

// URCs gives the unsolicited lines in order, each without its line end; the further lines of one that has some follow
// behind \n. The channel is closed when the port has ended. Of more than 256 lines that nobody reads the oldest are
// dropped and counted: what a modem said last is worth more.
func (p *Port) URCs() <-chan string { return p.urcs }

// SetURCs replaces the URC table, once the modem's family is known.
func (p *Port) SetURCs(table []URC) {
	p.step(input{kind: inTable, urcs: append([]URC(nil), table...)})
}

// Trace gives the last exchanges, oldest first, secrets masked.
func (p *Port) Trace() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trace.list()
}

// Stats gives the counters.
func (p *Port) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.URCsDropped = p.dropped.Load()
	return s
}

// Done is closed when the port has ended; Err then says why.
func (p *Port) Done() <-chan struct{} { return p.done }

// Err is nil while the port works. Later it is ErrClosed, ErrGone, ErrDead or ErrTimeout (a write was not taken),
// wrapped with what is known.
func (p *Port) Err() error {
	select {
	case <-p.done:
		return p.cause
	default:
		return nil
	}
}

// Close ends the dialogue and closes the transport. Commands that wait fail with ErrClosed.
func (p *Port) Close() error {
	p.fail(ErrClosed)
	timeout := time.NewTimer(closeLimit)
	defer timeout.Stop()
	select {
	case <-p.left:
		return nil
	case <-timeout.C:
		return fmt.Errorf("close %s: the transport does not let go", p.name)
	}
}

// fail ends the port. The first cause counts.
func (p *Port) fail(cause error) {
	p.once.Do(func() {
		p.cause = cause
		close(p.done)
		p.t.Close() // what it could report, a lost device, is no news here
	})
}

func (p *Port) writeStuck() {
	p.fail(fmt.Errorf("%w: a write was not taken within %s", ErrTimeout, writeLimit))
}

// lost turns the error of a read or write into the cause of the end.
func lost(err error) error {
	if errors.Is(err, ErrGone) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrGone, err)
}
