package boards

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Pin is an output; every periph gpio.PinOut is one. It is never read: periph turns an output that is read into an input.
type Pin interface {
	Out(gpio.Level) error
	Name() string
}

// Clock gives the time and timers; see Options.
type Clock interface {
	Now() time.Time
	NewTimer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

// Options is what a Control needs from outside.
type Options struct {
	// IsOn tells whether the module has power and runs: it answers AT, is present on USB, or a STATUS pin says so. An
	// error means that this cannot be told now. It has to return within a few seconds. Required.
	IsOn func(context.Context) (bool, error)
	// Clock for the waits; nil is the clock of package time.
	Clock Clock
}

// Error says which operation failed on which board, and at which step. Err is the cause: one of the sentinels, the
// context's error, or what the pin returned.
type Error struct {
	Board string
	Op    Op
	Step  string // "" when the operation did not begin
	Err   error
}

func (e *Error) Error() string {
	if e.Step == "" {
		return fmt.Sprintf("power %v on board %s: %v", e.Op, e.Board, e.Err)
	}
	return fmt.Sprintf("power %v on board %s, at %q: %v", e.Op, e.Board, e.Step, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Control switches one board. Its operations may be called from any goroutine; a second one while the first is under
// way fails with ErrBusy instead of being queued, since after the first the reason for it may be gone.
type Control struct {
	board   Board
	pins    map[int]Pin
	isOn    func(context.Context) (bool, error)
	clock   Clock
	running sync.Mutex // held by the operation that moves pins
}

// New takes the pins of a board through find and drives keys, resets and held lines to their idle levels: they may be
// stuck from a process that was killed. The supply switch is not touched, the module may be off on purpose.
func New(b Board, find func(bcm int) (Pin, error), o Options) (*Control, error) {
	if o.IsOn == nil {
		return nil, fmt.Errorf("board %s: no way given to tell whether the module is on", b.Name)
	}
	c := &Control{board: b, pins: map[int]Pin{}, isOn: o.IsOn, clock: o.Clock}
	if c.clock == nil {
		c.clock = systemClock{}
	}
	if err := c.take(find); err != nil {
		c.Close()
		return nil, fmt.Errorf("board %s: %w", b.Name, err)
	}
	return c, nil
}

func (c *Control) take(find func(bcm int) (Pin, error)) error {
	for _, bcm := range c.board.pins() {
		p, err := find(bcm)
		if err != nil {
			return err
		}
		c.pins[bcm] = p
	}
	for _, h := range c.board.Held {
		if err := c.set(h.Pin, h.Level); err != nil {
			return err
		}
	}
	return c.release(c.board.momentary())
}

// pins lists every pin that the board uses.
func (b Board) pins() []int {
	list := []int{b.Power.Line.Pin}
	if b.Reset != nil {
		list = append(list, b.Reset.Line.Pin)
	}
	for _, h := range b.Held {
		list = append(list, h.Pin)
	}
	return list
}

// momentary lists the lines that are only ever asserted for the length of a pulse.
func (b Board) momentary() (lines []Line) {
	if b.Power.Kind == PowerKey {
		lines = append(lines, b.Power.Line)
	}
	if b.Reset != nil {
		lines = append(lines, b.Reset.Line)
	}
	return lines
}

// Board is the row that this Control was made for.
func (c *Control) Board() Board { return c.board }

// On starts the module and returns when it runs. It does nothing to a module that is on.
func (c *Control) On(ctx context.Context) error { return c.run(ctx, On) }

// Off stops the module and returns when it is off.
func (c *Control) Off(ctx context.Context) error { return c.run(ctx, Off) }

// Cycle stops the module if it is on, lets it rest, and starts it.
func (c *Control) Cycle(ctx context.Context) error { return c.run(ctx, Cycle) }

// Reset restarts the module by force; ErrNoReset if the board cannot.
func (c *Control) Reset(ctx context.Context) error { return c.run(ctx, Reset) }

// Close gives the pins back, after the operation under way. A held line keeps its level on Raspberry Pi kernels; on
// others it falls back to what the board pulls it to.
func (c *Control) Close() {
	c.running.Lock()
	defer c.running.Unlock()
	for _, p := range c.pins {
		if line, ok := p.(interface{ Close() }); ok {
			line.Close()
		}
	}
}

// run plays the plan of op. Whatever ends it early, a panic of IsOn included, the lines go back to idle.
func (c *Control) run(ctx context.Context, op Op) (err error) {
	steps, err := c.board.Plan(op)
	if err != nil {
		return &Error{Board: c.board.Name, Op: op, Err: err}
	}
	if !c.running.TryLock() {
		return &Error{Board: c.board.Name, Op: op, Err: ErrBusy}
	}
	defer c.running.Unlock()
	done := false
	defer func() {
		if !done {
			err = errors.Join(err, c.idle())
		}
	}()
	for i := 0; i < len(steps); i++ {
		skip, err := c.step(ctx, steps[i])
		if err != nil {
			return &Error{Board: c.board.Name, Op: op, Step: steps[i].String(), Err: err}
		}
		i += skip
	}
	done = true
	return nil
}

// step does one step and tells how many of the following are to be left out.
func (c *Control) step(ctx context.Context, s Step) (skip int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	switch s.Kind {
	case Set:
		return 0, c.set(s.Pin, s.Level)
	case Wait:
		return 0, c.wait(ctx, s.For)
	case SkipIf:
		on, err := c.isOn(ctx)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrUnknownState, err)
		}
		if on == s.On {
			skip = s.Skip
		}
		return skip, nil
	case Await:
		return 0, c.await(ctx, s.On, s.For)
	}
	return 0, fmt.Errorf("step of unknown kind %d", s.Kind)
}

func (c *Control) set(bcm int, l gpio.Level) error {
	p, ok := c.pins[bcm]
	if !ok {
		return fmt.Errorf("GPIO%d is not a pin of this board", bcm)
	}
	if err := p.Out(l); err != nil {
		return fmt.Errorf("drive GPIO%d (%s) %v: %w", bcm, p.Name(), l, err)
	}
	return nil
}

func (c *Control) wait(ctx context.Context, d time.Duration) error {
	expired, stop := c.clock.NewTimer(d)
	defer stop()
	select {
	case <-expired:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await asks once a second. An answer that cannot be had counts as "not yet": while a module boots its port comes and
// goes.
func (c *Control) await(ctx context.Context, want bool, limit time.Duration) error {
	deadline := c.clock.Now().Add(limit)
	for {
		on, err := c.isOn(ctx)
		if err == nil && on == want {
			return nil
		}
		if !c.clock.Now().Before(deadline) {
			return c.noEffect(limit, err)
		}
		if err := c.wait(ctx, time.Second); err != nil {
			return err
		}
	}
}

// noEffect names the jumpers: a key that is not connected is the usual reason, and no program can see it.
func (c *Control) noEffect(limit time.Duration, last error) error {
	err := fmt.Errorf("%w within %v; check by hand: %s", ErrNoEffect, limit, strings.Join(c.board.Jumpers, "; "))
	if last != nil {
		err = fmt.Errorf("%w (last answer: %w)", err, last)
	}
	return err
}

// idle takes every line out of force, the supply switch included.
func (c *Control) idle() error {
	lines := c.board.momentary()
	if c.board.Power.Kind == SupplySwitch {
		lines = append(lines, c.board.Power.Line)
	}
	return c.release(lines)
}

// release drives lines to idle; one that fails does not keep the others asserted.
func (c *Control) release(lines []Line) error {
	var errs []error
	for _, l := range lines {
		errs = append(errs, c.set(l.Pin, l.idle()))
	}
	return errors.Join(errs...)
}

// systemClock is package time, which is virtual inside a testing/synctest bubble.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}
