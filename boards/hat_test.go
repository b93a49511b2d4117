package boards

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// hat is a board with a module on it, as seen from the pins: it records every level with the time, and its module
// starts and stops by the limits of the hardware manuals. The limits stand here a second time on purpose, so that a
// wrong pulse in the table is noticed.
type hat struct {
	board  Board
	limits limits
	began  time.Time
	levels map[int]gpio.Level
	edges  []string      // "2.1s GPIO6=L"
	since  time.Time     // since when the power line has been asserted
	on     bool          // what the module is heading for
	when   time.Time     // when it gets there
	failAt int           // this call of Out fails, counted from 1; 0 = none
	calls  int           // of Out
	asked  int           // of isOn
	deaf   bool          // the power line is not connected (jumper)
	blind  error         // isOn cannot tell
	closed map[int]bool  // pins given back
	quiet  time.Duration // how long the last change takes
}

// limits of a module: how long its key must be held, and how long it then takes.
type limits struct{ minOn, minOff, boot, stop time.Duration }

// modules by board. SIM7600: 100 ms and 2.5 s, up in the 20 s that the vendor's script waits. LARA-R2: the pulses of
// Seeed's script are taken as the limits. EC25 on the Sixfab board has no key; USB appears after about 13 s.
var modules = map[string]limits{
	"waveshare-sim7600x": {100 * time.Millisecond, 2500 * time.Millisecond, 20 * time.Second, 18 * time.Second},
	"sixfab-base-hat":    {0, 0, 13 * time.Second, time.Second},
	"seeed-lte-cat1":     {time.Second, 1200 * time.Millisecond, 9 * time.Second, 5 * time.Second},
}

var errPin = errors.New("line request ioctl: input/output error")

func newHat(t *testing.T, name string, on bool) *hat {
	t.Helper()
	b, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	m, ok := modules[name]
	if !ok {
		t.Fatalf("%s: write down the limits of its module here", name)
	}
	h := &hat{board: b, limits: m, began: time.Now(), on: on, levels: map[int]gpio.Level{}, closed: map[int]bool{}}
	if b.Power.Kind == SupplySwitch && !on {
		h.levels[b.Power.Line.Pin] = b.Power.Line.asserted() // that is why it is off
	}
	return h
}

// open gives a Control over the hat and forgets what opening did to the pins.
func (h *hat) open(t *testing.T) *Control {
	t.Helper()
	c, err := New(h.board, h.find, Options{IsOn: h.isOn})
	if err != nil {
		t.Fatal(err)
	}
	h.edges, h.calls, h.began = nil, 0, time.Now()
	return c
}

func (h *hat) find(bcm int) (Pin, error) { return hatPin{h, bcm}, nil }

// isOn is what the agent would ask: does the module answer?
func (h *hat) isOn(context.Context) (bool, error) {
	h.asked++
	return h.running(), h.blind
}

func (h *hat) running() bool {
	if time.Since(h.when) < h.quiet {
		return !h.on
	}
	return h.on
}

// becomes makes the module start or stop, after the time this takes.
func (h *hat) becomes(on bool, after time.Duration) {
	if h.on != on {
		h.on, h.when, h.quiet = on, time.Now(), after
	}
}

// power is the module's side of the power line.
func (h *hat) power(asserted bool) {
	if h.deaf {
		return
	}
	if h.board.Power.Kind == SupplySwitch {
		h.becomes(!asserted, map[bool]time.Duration{true: h.limits.stop, false: h.limits.boot}[asserted])
		return
	}
	if asserted {
		h.since = time.Now()
		return
	}
	switch held := time.Since(h.since); {
	case h.running() && held >= h.limits.minOff:
		h.becomes(false, h.limits.stop)
	case !h.running() && held >= h.limits.minOn:
		h.becomes(true, h.limits.boot)
	}
}

// asserted lists the lines in force, but for a supply that is cut on purpose.
func (h *hat) asserted(lines ...Line) (list []string) {
	for _, l := range lines {
		if level, driven := h.levels[l.Pin]; driven && level == l.asserted() {
			list = append(list, fmt.Sprintf("GPIO%d", l.Pin))
		}
	}
	return list
}

// all lists the lines that must be idle after a failure.
func (h *hat) all() []Line {
	lines := []Line{h.board.Power.Line}
	if h.board.Reset != nil {
		lines = append(lines, h.board.Reset.Line)
	}
	return lines
}

func (h *hat) timeline() string { return strings.Join(h.edges, ", ") }

// hatPin is one pin of a hat.
type hatPin struct {
	hat *hat
	bcm int
}

func (p hatPin) Name() string { return fmt.Sprintf("GPIO%d", p.bcm) }

func (p hatPin) Close() { p.hat.closed[p.bcm] = true }

func (p hatPin) Out(l gpio.Level) error {
	h := p.hat
	if h.calls++; h.calls == h.failAt {
		return errPin
	}
	before, driven := h.levels[p.bcm]
	h.levels[p.bcm] = l
	if driven && before == l {
		return nil
	}
	h.edges = append(h.edges, fmt.Sprintf("%v GPIO%d=%s", time.Since(h.began), p.bcm, l.String()[:1]))
	if line := h.board.Power.Line; line.Pin == p.bcm && (driven || l == line.asserted()) {
		h.power(l == line.asserted()) // a first drive to idle changes nothing for the module
	}
	return nil
}
