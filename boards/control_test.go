package boards

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// TestTimelines pins what moves on the header, and when, for each board. This is the line to add for a new HAT.
func TestTimelines(t *testing.T) {
	for name, want := range map[string]struct{ on, off string }{
		"waveshare-sim7600x": {"100ms GPIO6=H, 2.1s GPIO6=L", "100ms GPIO6=H, 3.1s GPIO6=L"},
		"sixfab-base-hat":    {"0s GPIO26=L", "0s GPIO26=H"},
		"seeed-lte-cat1":     {"100ms GPIO5=H, 1.1s GPIO5=L", "100ms GPIO5=H, 1.3s GPIO5=L"},
	} {
		for op, text := range map[Op]string{On: want.on, Off: want.off} {
			t.Run(name+" "+op.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHat(t, name, op == Off)
					if err := h.open(t).run(t.Context(), op); err != nil {
						t.Fatal(err)
					}
					if got := h.timeline(); got != text {
						t.Errorf("pins moved %q, want %q", got, text)
					}
				})
			})
		}
	}
}

// each runs f for every board and operation, with a module that is on and one that is off, in virtual time.
func each(t *testing.T, f func(t *testing.T, h *hat, op Op)) {
	for _, b := range Boards {
		for op := On; op <= Reset; op++ {
			for _, on := range []bool{false, true} {
				if _, err := b.Plan(op); errors.Is(err, ErrNoReset) {
					continue
				}
				if op == Reset && !on && b.Reset != nil {
					continue // a reset line does not start a module that is off
				}
				name := b.Name + " " + op.String() + map[bool]string{true: " when on", false: " when off"}[on]
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { f(t, newHat(t, b.Name, on), op) })
				})
			}
		}
	}
}

// TestModuleFollows: whatever the state before, afterwards the module is where the operation's name says.
func TestModuleFollows(t *testing.T) {
	each(t, func(t *testing.T, h *hat, op Op) {
		if err := h.open(t).run(t.Context(), op); err != nil {
			t.Fatalf("%v; pins moved %s", err, h.timeline())
		}
		if want := op != Off; h.running() != want {
			t.Errorf("module on = %v, want %v; pins moved %s", h.running(), want, h.timeline())
		}
		if lines := h.asserted(h.board.momentary()...); len(lines) > 0 {
			t.Errorf("left asserted: %v", lines)
		}
	})
}

// TestKeyIsNotPressedForNothing: on a board with a key, asking for the state that is already there moves no pin.
func TestKeyIsNotPressedForNothing(t *testing.T) {
	each(t, func(t *testing.T, h *hat, op Op) {
		there := op == On && h.on || op == Off && !h.on
		if h.board.Power.Kind != PowerKey || !there {
			return
		}
		c := h.open(t)
		if err := c.run(t.Context(), op); err != nil {
			t.Fatal(err)
		}
		if h.calls != 0 {
			t.Errorf("pins were driven %d times", h.calls)
		}
	})
}

// TestCancelAtAnyTime stops each operation at every step of 50 ms through its pulses, and then coarser, and asserts that
// the pins are idle the moment it returns.
func TestCancelAtAnyTime(t *testing.T) {
	for at := time.Duration(0); at < 40*time.Second; at += 50*time.Millisecond + at/20 {
		each(t, func(t *testing.T, h *hat, op Op) {
			c := h.open(t)
			ctx, cancel := context.WithTimeout(t.Context(), at)
			defer cancel()
			err := c.run(ctx, op)
			if err == nil {
				return // it was done before
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("stopped after %v: %v", at, err)
			}
			if took := time.Since(h.began); took != at {
				t.Errorf("returned after %v, stopped after %v", took, at)
			}
			if lines := h.asserted(h.all()...); len(lines) > 0 {
				t.Errorf("stopped after %v, left asserted: %v", at, lines)
			}
		})
	}
}

// TestPinFails lets every single drive of a pin fail in turn.
func TestPinFails(t *testing.T) {
	for n := 1; n <= 6; n++ {
		each(t, func(t *testing.T, h *hat, op Op) {
			c := h.open(t)
			h.failAt = n
			err := c.run(t.Context(), op)
			if h.calls < n {
				return // the operation has fewer
			}
			var typed *Error
			if !errors.As(err, &typed) || !errors.Is(err, errPin) {
				t.Fatalf("drive %d failed, operation returned %v", n, err)
			}
			if typed.Board != h.board.Name || typed.Op != op || typed.Step == "" {
				t.Errorf("the error names %q %v %q", typed.Board, typed.Op, typed.Step)
			}
			if lines := h.asserted(h.all()...); len(lines) > 0 {
				t.Errorf("drive %d failed, left asserted: %v", n, lines)
			}
		})
	}
}

// TestUnknownState: no key is pressed on a guess. A supply switch needs no guess.
func TestUnknownState(t *testing.T) {
	for _, b := range Boards {
		if b.Power.Kind != PowerKey {
			continue
		}
		for _, op := range []Op{On, Off, Cycle} {
			synctest.Test(t, func(t *testing.T) {
				h := newHat(t, b.Name, true)
				c := h.open(t)
				h.blind = errors.New("port is held by pppd")
				err := c.run(t.Context(), op)
				if !errors.Is(err, ErrUnknownState) || !errors.Is(err, h.blind) {
					t.Errorf("%s %v: %v", b.Name, op, err)
				}
				if len(h.edges) > 0 {
					t.Errorf("%s %v: pins moved %s", b.Name, op, h.timeline())
				}
			})
		}
	}
}

// TestHungModuleIsCut: a module that looks off because it hangs still loses its supply.
func TestHungModuleIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHat(t, "sixfab-base-hat", true)
		silent := func(context.Context) (bool, error) { return false, nil }
		c, err := New(h.board, h.find, Options{IsOn: silent})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Off(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h.running() {
			t.Error("the module still has power")
		}
	})
}

// TestNoEffect: with the key not connected the error names the jumpers, and comes when the module's time is over.
func TestNoEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHat(t, "waveshare-sim7600x", false)
		c := h.open(t)
		h.deaf = true
		err := c.On(t.Context())
		if !errors.Is(err, ErrNoEffect) || !strings.Contains(err.Error(), "PWR must connect to D6") {
			t.Errorf("On = %v", err)
		}
		if took, want := time.Since(h.began), settle+2*time.Second+30*time.Second; took != want {
			t.Errorf("gave up after %v, want %v", took, want)
		}
	})
}

// TestOneAtATime: the second operation is refused at once and moves nothing.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHat(t, "seeed-lte-cat1", false)
		c := h.open(t)
		first := make(chan error)
		go func() { first <- c.On(t.Context()) }()
		synctest.Wait()
		if err := c.Off(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("second operation: %v", err)
		}
		if err := <-first; err != nil {
			t.Errorf("first operation: %v", err)
		}
	})
}

// TestPanicLetsGo: a panic of the injected question does not leave the supply cut.
func TestPanicLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHat(t, "sixfab-base-hat", true)
		c, err := New(h.board, h.find, Options{IsOn: func(context.Context) (bool, error) { panic("broken") }})
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = c.Off(t.Context())
		}()
		if lines := h.asserted(h.all()...); len(lines) > 0 {
			t.Errorf("left asserted: %v", lines)
		}
	})
}

// TestOpen: pins stuck from a killed process are put right, and the supply is left as it is.
func TestOpen(t *testing.T) {
	for _, b := range Boards {
		h := newHat(t, b.Name, true)
		for _, pin := range b.pins() {
			h.levels[pin] = gpio.High
		}
		c := h.open(t)
		if lines := h.asserted(b.momentary()...); len(lines) > 0 {
			t.Errorf("%s: left asserted: %v", b.Name, lines)
		}
		for _, held := range b.Held {
			if h.levels[held.Pin] != held.Level {
				t.Errorf("%s: GPIO%d is %v (%s)", b.Name, held.Pin, h.levels[held.Pin], held.Why)
			}
		}
		if b.Power.Kind == SupplySwitch && h.levels[b.Power.Line.Pin] != gpio.High {
			t.Errorf("%s: opening switched the supply", b.Name)
		}
		c.Close()
		if len(h.closed) != len(b.pins()) {
			t.Errorf("%s: gave back %v of %v", b.Name, h.closed, b.pins())
		}
	}
}

func TestNewFails(t *testing.T) {
	h := newHat(t, "seeed-lte-cat1", false)
	if _, err := New(h.board, h.find, Options{}); err == nil {
		t.Error("a Control without IsOn")
	}
	missing := errors.New("not there")
	_, err := New(h.board, func(int) (Pin, error) { return nil, missing }, Options{IsOn: h.isOn})
	if !errors.Is(err, missing) {
		t.Errorf("pin not found: %v", err)
	}
	h.failAt = 1
	if _, err := New(h.board, h.find, Options{IsOn: h.isOn}); !errors.Is(err, errPin) {
		t.Errorf("pin cannot be driven: %v", err)
	}
}
