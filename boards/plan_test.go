package boards

import (
	"errors"
	"strings"
	"testing"
)

// TestTable checks what every row must have, so that a new one cannot be half filled in.
func TestTable(t *testing.T) {
	names := map[string]bool{}
	for _, b := range Boards {
		t.Run(b.Name, func(t *testing.T) {
			if names[b.Name] {
				t.Error("two rows have this name")
			}
			names[b.Name] = true
			if b.Title == "" || b.Vendor == "" || b.UART == "" {
				t.Error("title, vendor or UART is missing")
			}
			if len(b.Modules) == 0 || len(b.USB) == 0 || len(b.Jumpers) == 0 || len(b.Sources) == 0 {
				t.Error("modules, USB, jumpers or sources are missing")
			}
			checkPins(t, b)
			checkPower(t, b.Power)
		})
	}
}

func checkPins(t *testing.T, b Board) {
	seen := map[int]bool{}
	for _, pin := range b.pins() {
		if pin < 2 || pin > 27 {
			t.Errorf("GPIO%d is not free on the header (0 and 1 are the HAT's ID EEPROM)", pin)
		}
		if seen[pin] {
			t.Errorf("GPIO%d has two jobs", pin)
		}
		seen[pin] = true
	}
}

func checkPower(t *testing.T, p Power) {
	if p.Ready == 0 || p.Gone == 0 || p.Rest == 0 {
		t.Error("Ready, Gone or Rest is missing")
	}
	pulses := p.OnPulse > 0 && p.OffPulse > 0
	if pulses != (p.Kind == PowerKey) {
		t.Errorf("a %v with pulses %v and %v", p.Kind, p.OnPulse, p.OffPulse)
	}
	if p.Kind == PowerKey && p.OnPulse >= p.OffPulse {
		t.Error("the pulse that starts is long enough to stop: a wrong guess would switch the module off")
	}
}

func TestLookup(t *testing.T) {
	for _, b := range Boards {
		if got, err := Lookup(b.Name); err != nil || got.Title != b.Title {
			t.Errorf("Lookup(%q) = %q, %v", b.Name, got.Title, err)
		}
	}
	_, err := Lookup("pijuice")
	if !errors.Is(err, ErrUnknownBoard) {
		t.Fatalf("Lookup of a stranger: %v", err)
	}
	for _, b := range Boards {
		if !strings.Contains(err.Error(), b.Name) {
			t.Errorf("%q does not name %s", err, b.Name)
		}
	}
}

// TestPlanReads pins the whole text of one plan, as `boards` prints it.
func TestPlanReads(t *testing.T) {
	b, err := Lookup("waveshare-sim7600x")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := b.Plan(On)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range steps {
		lines = append(lines, s.String())
	}
	want := `skip 6 steps if the module is on (the key toggles, so ask first)
GPIO6 low (release the power key)
wait 100ms (let the line settle)
GPIO6 high (press the power key)
wait 2s (hold the power key)
GPIO6 low (release the power key)
wait until the module is on, at most 30s (the module boots)`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("plan reads\n%s\nwant\n%s", got, want)
	}
}

// TestReset holds which boards can force a restart, and by which means.
func TestReset(t *testing.T) {
	for name, want := range map[string]error{
		"waveshare-sim7600x": ErrNoReset, // a key is not a reset
		"sixfab-base-hat":    nil,        // cuts the supply
		"seeed-lte-cat1":     nil,        // has a line
	} {
		b, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Plan(Reset); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestPlanRefusesUnknownOp(t *testing.T) {
	for _, op := range []Op{0, Reset + 1} {
		if steps, err := Boards[0].Plan(op); err == nil {
			t.Errorf("Plan(%v) = %v", op, steps)
		}
	}
}

// TestPlansRelease: read from top to bottom, every plan ends with nothing asserted but a supply that Off has cut; and a
// skip neither leaves the plan nor jumps over the release of a line.
func TestPlansRelease(t *testing.T) {
	for _, b := range Boards {
		for op := On; op <= Reset; op++ {
			steps, err := b.Plan(op)
			if err != nil && !errors.Is(err, ErrNoReset) {
				t.Fatal(err)
			}
			asserted := map[int]bool{}
			for i, s := range steps {
				switch {
				case s.Kind == Set && s.Level == lineOf(t, b, s.Pin).asserted():
					asserted[s.Pin] = true
				case s.Kind == Set:
					delete(asserted, s.Pin)
				case s.Kind == SkipIf && (len(asserted) != 0 || i+s.Skip >= len(steps)):
					t.Errorf("%s %v: bad skip at step %d with %v asserted", b.Name, op, i, asserted)
				}
			}
			if stays := b.Power.Kind == SupplySwitch && op == Off; (len(asserted) != 0) != stays {
				t.Errorf("%s %v: %v asserted at the end", b.Name, op, asserted)
			}
		}
	}
}

func lineOf(t *testing.T, b Board, pin int) Line {
	if b.Reset != nil && b.Reset.Line.Pin == pin {
		return b.Reset.Line
	}
	if b.Power.Line.Pin != pin {
		t.Fatalf("%s: the plan drives GPIO%d", b.Name, pin)
	}
	return b.Power.Line
}
