package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/core"
	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

const (
	greetLimit = 30 * time.Second // one handshake, including the wait for a module that boots
	radioRest  = 10 * time.Second // between radio off and on: the network must notice

	softResetWait = 3 * time.Second // a module that still listens answers a restart command within a second
)

// session is the open port and its driver.
type session struct {
	port   *atcmd.Port
	driver *modem.Driver
	pumped chan struct{} // closed when the forwarding of unsolicited lines has ended
}

// execute does the core's actions, one after the other.
func (a *Agent) execute(ctx context.Context) {
	defer a.closeSession()
	for {
		select {
		case <-ctx.Done():
			return
		case act := <-a.work:
			if a.send(ctx, a.do(ctx, act)) != nil {
				return
			}
		}
	}
}

// do performs one action and returns its completion.
func (a *Agent) do(ctx context.Context, act core.Action) core.Done {
	done := core.Done{ID: act.ID}
	var err error
	switch op := act.Op.(type) {
	case core.OpenPort:
		done.Port, err = a.openPort(ctx, op)
	case core.Greet:
		done.Observations, err = a.greet(ctx)
	case core.Ask:
		done.Observations, err = a.ask(ctx, op)
	case core.Act:
		a.memory.save(op.Saves, &op.History, a.clockTrusted())
		done.Observations, err = a.act(ctx, op)
	case core.Run:
		err = a.runCommand(ctx, op.Ticket)
	}
	if err != nil {
		f := failure(err)
		done.Failure = &f
		if _, greeting := act.Op.(core.Greet); greeting || f.Kind == core.LineDead || f.Kind == core.PortGone {
			a.closeSession()
		}
	}
	return done
}

func (a *Agent) openPort(ctx context.Context, op core.OpenPort) (path string, err error) {
	a.closeSession()
	transport, path, err := a.deps.Open(ctx)
	if err != nil {
		return path, err
	}
	options := atcmd.Options{Name: path, Resync: true}
	if !op.Awake {
		options.BootTime = modem.LongestBoot(a.deps.Dialects)
	}
	port := atcmd.New(transport, options)
	s := session{port: port, driver: modem.NewDriver(port, a.deps.Dialects), pumped: make(chan struct{})}
	s.driver.Line, s.driver.Wanted = a.deps.Line(), a.deps.Wanted
	go a.pump(ctx, s)
	a.session = s
	a.tracer.Store(port)
	return path, nil
}

// pump forwards what the modem says unasked, also while a slow command is under way. When the port dies by itself it
// says so.
func (a *Agent) pump(ctx context.Context, s session) {
	defer close(s.pumped)
	for line := range s.port.URCs() {
		if obs := s.driver.Interpret(line); len(obs) > 0 && a.send(ctx, core.Seen{Observations: obs}) != nil {
			return
		}
	}
	if err := s.port.Err(); err != nil && !errors.Is(err, atcmd.ErrClosed) {
		a.send(ctx, core.PortLost{Failure: failure(err)}) //nolint:errcheck // fails only when the agent stops
	}
}

// closeSession closes the port and waits until nothing more can come from it. The pump may be waiting for room in the
// owner's queue, which the owner empties without waiting for us.
func (a *Agent) closeSession() {
	if a.session.port == nil {
		return
	}
	a.session.port.Close()
	<-a.session.pumped
	a.session = session{}
}

var errNoPort = errors.New("the port is not open")

func (a *Agent) greet(ctx context.Context) ([]modem.Observation, error) {
	if a.session.port == nil {
		return nil, errNoPort
	}
	ctx, cancel := context.WithTimeout(ctx, greetLimit)
	defer cancel()
	id, err := a.session.driver.Attach(ctx)
	if err = a.tellGreeted(err); err != nil {
		return nil, err
	}
	a.reset = a.session.driver.Dialect().Reset
	return []modem.Observation{id}, nil
}

// tellGreeted lets the opener of ports know whether there is a modem behind this one, and adds to the error what the
// opener knows. A port that went away meanwhile says nothing about a modem.
func (a *Agent) tellGreeted(err error) error {
	var g Greeting
	if err == nil {
		g.Answered = true
	} else {
		switch f := failure(err); f.Kind {
		case core.NoAnswer, core.LineDead:
		case core.Foreign:
			g.Stranger = f.Stranger.Kind
		case core.Refused, core.Unsupported:
			g.Answered = true
		default:
			return err
		}
	}
	where := a.deps.Greeted(g)
	if g.Stranger == "" {
		return err
	}
	return &elsewhereError{where, err}
}

// elsewhereError is a greeting that a stranger answered, with what is known of other ports.
type elsewhereError struct {
	Elsewhere
	error
}

func (e *elsewhereError) Unwrap() error { return e.error }

func (a *Agent) ask(ctx context.Context, op core.Ask) ([]modem.Observation, error) {
	if a.session.port == nil {
		return nil, errNoPort
	}
	return a.session.driver.Look(ctx, op.Look, op.CID)
}

// act performs what changes something, and returns what was seen on the way.
func (a *Agent) act(ctx context.Context, op core.Act) ([]modem.Observation, error) {
	switch op.Kind {
	case attach.PowerOn:
		a.closeSession()
		return nil, a.deps.Power.On(ctx)
	case attach.HardCycle:
		a.closeSession()
		return nil, a.deps.Power.Cycle(ctx)
	case attach.SoftReset:
		return nil, a.softReset(ctx)
	}
	d := a.session.driver
	if d == nil {
		return nil, errNoPort
	}
	switch op.Kind {
	case attach.Configure:
		return configure(ctx, d)
	case attach.Scan:
		networks, err := d.Networks(ctx)
		if err != nil {
			return nil, err
		}
		return []modem.Observation{networks}, nil
	}
	return nil, a.operate(ctx, d, op)
}

// softReset sends the restart command of the module that was met last into a port that does not answer. No error means that
// it was answered, or that the port vanished over it.
func (a *Agent) softReset(ctx context.Context) error {
	a.closeSession()
	transport, path, err := a.deps.Open(ctx)
	if err != nil {
		return err
	}
	port := atcmd.New(transport, atcmd.Options{Name: path})
	defer port.Close()
	if _, err = port.Exec(ctx, atcmd.Cmd{Text: a.reset, Timeout: softResetWait}); errors.Is(err, atcmd.ErrGone) {
		return nil
	}
	return err
}

// configure brings the module's settings to what the owner wants.
func configure(ctx context.Context, d *modem.Driver) ([]modem.Observation, error) {
	done, err := d.Configure(ctx)
	if done.Restart {
		return []modem.Observation{modem.RestartNeeded{}}, err
	}
	return nil, err
}

// operate performs the driver's operations.
func (a *Agent) operate(ctx context.Context, d *modem.Driver, op core.Act) error {
	switch op.Kind {
	case attach.SetAPN:
		return d.SetAPN(ctx, op.Want, a.deps.Auth)
	case attach.RadioOn:
		return d.RadioOn(ctx)
	case attach.AutomaticSelection:
		return d.AutomaticSelection(ctx, true)
	case attach.EnterPIN:
		return a.enterPIN(ctx, d)
	case attach.Activate:
		return d.Activate(ctx, op.Want.CID)
	case attach.Reactivate:
		cid := op.Want.CID
		return a.inTurn(ctx, 0, func(ctx context.Context) error { return d.Deactivate(ctx, cid) },
			func(ctx context.Context) error { return d.Activate(ctx, cid) })
	case attach.Reattach:
		return a.inTurn(ctx, 0, d.Detach, d.AttachPS)
	case attach.ClearFPLMN:
		return d.ClearForbiddenPLMNs(ctx)
	case attach.RadioCycle:
		return a.inTurn(ctx, radioRest, d.RadioOff, d.RadioOn)
	case attach.ModuleReset:
		return d.Reset(ctx)
	}
	return fmt.Errorf("no way to do %q", op.Kind)
}

// inTurn does off, rests, and does on, whatever became of off and even when the agent is being stopped meanwhile: a modem
// must not be left without its radio. Both end by the time limits of their commands.
func (a *Agent) inTurn(ctx context.Context, rest time.Duration, off, on func(context.Context) error) error {
	offErr := off(ctx)
	if errors.Is(offErr, atcmd.ErrDead) || errors.Is(offErr, atcmd.ErrGone) {
		return offErr
	}
	if rest > 0 && offErr == nil {
		timer, stop := a.deps.Clock.NewTimer(rest)
		select {
		case <-timer:
		case <-ctx.Done():
			stop()
		}
	}
	return on(context.WithoutCancel(ctx))
}

func (a *Agent) enterPIN(ctx context.Context, d *modem.Driver) error {
	if a.deps.PIN == nil {
		return errors.New("enter PIN: no pin_file is configured")
	}
	pin, err := a.deps.PIN.Take()
	if err != nil {
		return fmt.Errorf("enter PIN: %w", err)
	}
	if err := d.EnterPIN(ctx, pin); err != nil {
		return err
	}
	return a.deps.PIN.Accepted()
}

// failure says what an error means for the core.
func failure(err error) core.Failure {
	f := core.Failure{Kind: core.Refused, Text: err.Error()}
	var portErr *atcmd.PortError
	var modemErr *modem.Error
	if errors.As(err, &modemErr) {
		f.Cause = modemErr.Cause
	}
	if where, ok := errors.AsType[*elsewhereError](err); ok {
		f.Next, f.ATPort = where.Next, where.ATPort
	}
	stranger, foreign := errors.AsType[*modem.StrangerError](err)
	switch {
	case foreign:
		f.Kind, f.Stranger = core.Foreign, stranger.Stranger
	case errors.As(err, &portErr):
		f.Kind, f.Reason, f.Holder = core.PortGone, string(portErr.Reason), portErr.Holder
	case errors.Is(err, atcmd.ErrDead):
		f.Kind = core.LineDead
	case errors.Is(err, atcmd.ErrGone), errors.Is(err, atcmd.ErrClosed):
		f.Kind, f.Reason = core.PortGone, "gone"
	case errors.Is(err, errNoPort):
		f.Kind = core.PortGone
	case errors.Is(err, atcmd.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		f.Kind = core.NoAnswer
	case errors.Is(err, modem.ErrNotSupported):
		f.Kind = core.Unsupported
	}
	return f
}
