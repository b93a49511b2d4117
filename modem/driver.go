package modem

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"supersim-agent/atcmd"
)

// Driver speaks with one module through an AT port. It keeps no picture of the modem: every look asks, every operation
// reads before it writes. What it remembers is the session: the chosen dialect, the <n> of the registration commands,
// and which domain carried data last.
//
// Attach, Look and the operations may be called from one goroutine at a time. Interpret may be called at any time.
type Driver struct {
	Clock  Clock  // set before the first use, if it is not to be the time package
	Line   Line   // how the port reaches the module, if that is known; set before Attach
	Wanted Wanted // what Configure and LookSettings measure the module's settings against; set before Attach

	port     *atcmd.Port
	dialects []*Dialect

	dialect  atomic.Pointer[Dialect]
	regN     [NumDomains]atomic.Int32 // the <n> that was accepted
	serving  atomic.Int32             // Domain that had data last
	signal   int                      // index of the dialect's signal query in use
	refusals int                      // how often it was refused
	flipped  time.Time                // last change of functionality
	id       Identity                 // of the last identification
	answered time.Time                // end of the last command
	cardUp   time.Time                // from then on "SIM failure" is a failure; see Dialect.CardTime
}

// NewDriver makes a driver for the module behind p. Until Attach has identified it, the standard dialect is in use.
func NewDriver(p *atcmd.Port, dialects []*Dialect) *Driver {
	d := &Driver{Clock: systemClock{}, port: p, dialects: dialects}
	d.adopt(Standard)
	return d
}

// Dialect returns the dialect in use.
func (d *Driver) Dialect() *Dialect { return d.dialect.Load() }

func (d *Driver) adopt(dialect *Dialect) {
	d.dialect.Store(dialect)
	d.signal, d.refusals = 0, 0
	for i := range d.regN {
		d.regN[i].Store(AnyN)
	}
	d.serving.Store(int32(dialect.firstServing()))
}

// firstServing is where data is expected before any was seen: LTE if the family has it.
func (d *Dialect) firstServing() Domain {
	for _, want := range [...]Domain{EPS, FGS, PS, CS} {
		if _, ok := d.registrar(want); ok {
			return want
		}
	}
	return EPS
}

const (
	probeTime  = time.Second            // AT answers within 300 ms on every family
	probePause = 200 * time.Millisecond // between probes that come back at once

	maxRefusals  = 3           // of AT: a module that boots may refuse one that its noise has damaged
	refusalPause = time.Second // after the first one; later ones are longer
)

// Attach begins a session: it waits until the module answers, identifies it, chooses the dialect and sends what a
// module forgets at every boot. It is called again after a Booted observation. It changes nothing that lasts.
//
// Until AT was answered with OK and AT+CGMM with a name, nothing else is sent. What never gets so far and makes itself
// heard all the same is a *StrangerError.
//
// A module that restarts is silent for longer than the port of a running one tolerates: after Reset, open a new port
// with Options.BootTime = LongestBoot(…).
func (d *Driver) Attach(ctx context.Context) (Identity, error) {
	d.adopt(Standard)
	d.port.SetURCs(d.allURCs())
	if err := d.handshake(ctx); err != nil {
		return Identity{}, opError("attach", err)
	}
	if err := d.hearName(ctx); err != nil {
		return Identity{}, opError("attach", err)
	}
	for _, cmd := range []string{"ATE0", "AT+CMEE=1"} {
		if _, err := d.exec(ctx, cmd, ""); err != nil {
			return Identity{}, opError("attach", err)
		}
	}
	id, err := d.identify(ctx)
	if err != nil {
		return Identity{}, opError("attach", err)
	}
	d.cardUp = d.Clock.Now().Add(d.Dialect().CardTime)
	if err := d.setUp(ctx); err != nil {
		return id, opError("attach", err)
	}
	return id, nil
}

// allURCs is what may arrive before the family is known.
func (d *Driver) allURCs() []atcmd.URC {
	all := slices.Clone(StandardURCs)
	for _, dialect := range d.dialects {
		all = append(all, dialect.URCs...)
	}
	return all
}

// handshake sends AT until it is answered. A module that boots drops what it receives, without an echo or an error.
func (d *Driver) handshake(ctx context.Context) error {
	last := d.Clock.Now().Add(LongestBoot(d.dialects))
	for refusals := 0; ; {
		_, err := d.port.Exec(ctx, atcmd.Cmd{Text: "AT", Timeout: probeTime})
		if err == nil {
			return nil
		}
		pause := probePause
		if refused(err) {
			refusals++
			pause = refusalPause * time.Duration(refusals)
		}
		if refusals == maxRefusals {
			return &StrangerError{Stranger{StrangerErrors, excerpt([]byte(finalOf(err)))}, err}
		}
		if d.port.Err() != nil || d.Clock.Now().After(last) || !d.sleep(ctx, pause) {
			return d.named(err)
		}
	}
}

// named tells who is there instead of a modem, if that can be told and the port itself is not the reason.
func (d *Driver) named(err error) error {
	for _, other := range []error{atcmd.ErrGone, atcmd.ErrClosed, context.Canceled} {
		if errors.Is(err, other) {
			return err
		}
	}
	if s := FindStranger(d.port.Heard(), d.Clock.Now()); s.Kind != "" {
		return &StrangerError{s, err}
	}
	return err
}

// hearName asks for the model before anything is set: other devices answer AT too. A module that has just booted may
// refuse it once. The echo is still on and may be damaged, so the name is read later, by identify.
func (d *Driver) hearName(ctx context.Context) error {
	for again := false; ; again = true {
		lines, err := d.ask(ctx, "AT+CGMM", "")
		if _, cme := atcmd.CME(err); cme || err != nil && !refused(err) || err == nil && firstWord(lines) != "" {
			return err
		}
		if err == nil {
			err = unreadable("AT+CGMM", "")
		}
		if again {
			return &StrangerError{Stranger{StrangerUnnamed, excerpt([]byte(finalOf(err)))}, err}
		}
		if !d.sleep(ctx, refusalPause) {
			return err
		}
	}
}

// finalOf is the final result that a command was refused with.
func finalOf(err error) string {
	if e, ok := errors.AsType[*atcmd.Error](err); ok {
		return e.Final
	}
	return ""
}

// LongestBoot is how long a module of an unknown family may be silent after power-on: what atcmd.Options.BootTime of
// its port should be.
func LongestBoot(dialects []*Dialect) time.Duration {
	longest := Standard.BootTime
	for _, dialect := range dialects {
		longest = max(longest, dialect.BootTime)
	}
	return longest
}

// identify asks for the model, adopts its dialect if it is another one, and asks for the rest in that dialect.
func (d *Driver) identify(ctx context.Context) (Identity, error) {
	lines, err := d.ask(ctx, "AT+CGMM", "")
	if err != nil {
		return Identity{}, err
	}
	model := firstWord(lines)
	if model == "" {
		return Identity{}, unreadable("AT+CGMM", "")
	}
	dialect := Choose(d.dialects, model)
	if dialect != d.Dialect() {
		d.adopt(dialect)
		d.port.SetURCs(append(slices.Clone(StandardURCs), dialect.URCs...))
	}
	id := Identity{Vendor: dialect.Vendor, Model: model, Dialect: dialect.Name}
	if lines, err = d.ask(ctx, dialect.Firmware, ""); err == nil {
		id.Firmware = firstWord(lines)
	} else if !refused(err) {
		return Identity{}, err
	}
	if lines, err = d.ask(ctx, "AT+CGSN", ""); err != nil && !refused(err) {
		return Identity{}, err
	}
	for _, l := range lines {
		if imei, err := ParseIMEI(l); err == nil {
			id.IMEI = imei
		}
	}
	d.id = id
	return id, nil
}

func firstWord(lines []string) string {
	for _, l := range lines {
		if w := ParseIdentityWord(l); w != "" {
			return w
		}
	}
	return ""
}

// setUp sends the dialect's session commands and switches registration reports on.
func (d *Driver) setUp(ctx context.Context) error {
	dialect := d.Dialect()
	for _, s := range dialect.Setup {
		if s.Only != AnyLine && s.Only != d.Line {
			continue
		}
		if err := d.step(ctx, s); err != nil && (s.Required || !refused(err)) {
			return err
		}
	}
	for _, r := range dialect.Reg {
		if err := d.setRegistrar(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (d *Driver) step(ctx context.Context, s Step) error {
	if s.Read != "" {
		lines, err := d.ask(ctx, s.Read, "")
		if err != nil && !d.starting(err) || slices.Contains(lines, s.Want) {
			return err
		}
	}
	return d.patiently(ctx, s.Write)
}

// patiently sends a command of the session set-up again, once a second, while the module refuses it because its card is
// not up yet. Reads need no patience: they are asked again anyway.
func (d *Driver) patiently(ctx context.Context, text string) error {
	for {
		_, err := d.exec(ctx, text, "")
		if !d.starting(err) || !d.sleep(ctx, time.Second) {
			return err
		}
	}
}

// starting reports whether err says "SIM failure" while that means nothing yet.
func (d *Driver) starting(err error) bool {
	code, ok := atcmd.CME(err)
	return ok && code == cmeSIMFailure && d.Clock.Now().Before(d.cardUp)
}

// cmeSIMFailure is "SIM failure" (27.007 §9.2.1).
const cmeSIMFailure = 13

// setRegistrar sets the best <n> that the module accepts. A domain that accepts none is left as it is: some modules
// list a domain that their firmware lacks.
func (d *Driver) setRegistrar(ctx context.Context, r Registrar) error {
	name := "AT" + regNames[r.Domain]
	wanted := r.N
	if r.Ask {
		lines, err := d.ask(ctx, name+"=?", regNames[r.Domain])
		if err != nil && !refused(err) {
			return err
		}
		wanted = r.supported(lines)
	}
	for _, n := range wanted {
		err := d.patiently(ctx, name+"="+digit(n))
		if err == nil {
			d.regN[r.Domain].Store(int32(n))
			return nil
		}
		if !refused(err) {
			return err
		}
	}
	return nil
}

// supported keeps the values that the module lists; all of them when the list cannot be read.
func (r Registrar) supported(lines []string) []int {
	var listed []int
	for _, l := range lines {
		listed = append(listed, regSupport(l)...)
	}
	if len(listed) == 0 {
		return r.N
	}
	return slices.DeleteFunc(slices.Clone(r.N), func(n int) bool { return !slices.Contains(listed, n) })
}

func digit(n int) string { return string(rune('0' + n)) }

// exec sends one command with the family's time limit.
func (d *Driver) exec(ctx context.Context, text, prefix string) (atcmd.Reply, error) {
	return d.send(ctx, atcmd.Cmd{Text: text, Prefix: prefix})
}

// send keeps the pause between commands that some families need, and fills in the family's time limit.
func (d *Driver) send(ctx context.Context, c atcmd.Cmd) (atcmd.Reply, error) {
	if c.Timeout == 0 {
		c.Timeout = d.Dialect().limit(c.Text)
	}
	gap := d.Dialect().Gap
	if gap == 0 {
		return d.port.Exec(ctx, c)
	}
	if wait := gap - d.Clock.Now().Sub(d.answered); wait > 0 && !d.sleep(ctx, wait) {
		return atcmd.Reply{}, ctx.Err()
	}
	reply, err := d.port.Exec(ctx, c)
	d.answered = d.Clock.Now()
	return reply, err
}

// ask is exec for those who want the lines.
func (d *Driver) ask(ctx context.Context, text, prefix string) ([]string, error) {
	reply, err := d.exec(ctx, text, prefix)
	return reply.Lines, err
}

// Interpret reads an unsolicited line, as [Dialect.Interpret] does, with what this session knows.
func (d *Driver) Interpret(line string) []Observation {
	var n [NumDomains]int
	for i := range n {
		n[i] = int(d.regN[i].Load())
	}
	obs := d.Dialect().Interpret(line, n)
	d.noteServing(obs)
	return obs
}

// noteServing remembers which packet domain has service, for LookServing.
func (d *Driver) noteServing(obs []Observation) {
	for _, o := range obs {
		if r, ok := o.(Registration); ok && r.Stat.Data() && r.Domain != CS {
			d.serving.Store(int32(r.Domain))
		}
	}
}
