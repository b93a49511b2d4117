package boards

import (
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Op is what can be done to a module's power.
type Op uint8

// The operations.
const (
	On    Op = iota + 1 // start the module
	Off                 // stop it and leave it off
	Cycle               // stop it, rest, start it; starts a module that was off
	Reset               // restart it without its consent
)

func (o Op) String() string {
	switch o {
	case On:
		return "on"
	case Off:
		return "off"
	case Cycle:
		return "cycle"
	case Reset:
		return "reset"
	}
	return fmt.Sprintf("operation %d", uint8(o))
}

// StepKind says which fields of a Step count.
type StepKind uint8

// The kinds of steps.
const (
	Set    StepKind = iota + 1 // drive Pin to Level
	Wait                       // let For pass
	SkipIf                     // ask whether the module is on; if the answer is On, leave out the next Skip steps
	Await                      // ask until the answer is On; give up after For
)

// Step is one thing to do. A plan has no loops and only forward skips, so it can be read from top to bottom.
type Step struct {
	Kind  StepKind
	Pin   int           // BCM number
	Level gpio.Level    // of the Pi pin, polarity already applied
	For   time.Duration // Wait: how long; Await: at most how long
	On    bool          // SkipIf, Await: the state that is asked for
	Skip  int
	Why   string
}

// String writes the step as a line for a person: "GPIO6 high (press the power key)".
func (s Step) String() string {
	state := map[bool]string{true: "on", false: "off"}[s.On]
	what := "nothing"
	switch s.Kind {
	case Set:
		level := map[gpio.Level]string{gpio.High: "high", gpio.Low: "low"}[s.Level]
		what = fmt.Sprintf("GPIO%d %s", s.Pin, level)
	case Wait:
		what = fmt.Sprintf("wait %v", s.For)
	case SkipIf:
		what = fmt.Sprintf("skip %d steps if the module is %s", s.Skip, state)
	case Await:
		what = fmt.Sprintf("wait until the module is %s, at most %v", state, s.For)
	}
	return fmt.Sprintf("%s (%s)", what, s.Why)
}

// settle is how long a line rests at idle before a pulse, so that the edge is seen even if the line was stuck. It is
// the 0.1 s of Waveshare's demo script.
const settle = 100 * time.Millisecond

// Plan is the sequence of op on this board. It is pure: the same board and op always give the same steps. The error
// wraps ErrNoReset when op is Reset and nothing on the board could force one.
func (b Board) Plan(op Op) ([]Step, error) {
	switch op {
	case On:
		return b.on(), nil
	case Off:
		return b.off(), nil
	case Cycle:
		return b.cycle(), nil
	case Reset:
		return b.reset()
	}
	return nil, fmt.Errorf("%s: %v is not known", b.Name, op)
}

func (b Board) on() []Step {
	started := Step{Kind: Await, On: true, For: b.Power.Ready, Why: "the module boots"}
	if b.Power.Kind == SupplySwitch {
		return []Step{
			{Kind: Set, Pin: b.Power.Line.Pin, Level: b.Power.Line.idle(), Why: "supply on"},
			started,
		}
	}
	press := pulse(b.Power.Line, b.Power.OnPulse, "the power key")
	return unless(true, append(press, started))
}

func (b Board) off() []Step {
	stopped := Step{Kind: Await, On: false, For: b.Power.Gone, Why: "the module leaves the network and stops"}
	if b.Power.Kind == SupplySwitch {
		return []Step{
			{Kind: Set, Pin: b.Power.Line.Pin, Level: b.Power.Line.asserted(), Why: "supply off"},
			{Kind: Wait, For: b.Power.Rest, Why: "the supply runs empty"},
			stopped,
		}
	}
	press := pulse(b.Power.Line, b.Power.OffPulse, "the power key")
	return unless(false, append(press, stopped))
}

func (b Board) cycle() []Step {
	steps := b.off()
	if b.Power.Kind == PowerKey { // a supply switch has rested in off already
		steps = append(steps, Step{Kind: Wait, For: b.Power.Rest, Why: "rest before the next start"})
	}
	return append(steps, b.on()...)
}

// reset takes the strongest means that needs no cooperation of the module: its reset line, or else its supply. A power
// key is neither, as a hung module may ignore it or be started by it.
func (b Board) reset() ([]Step, error) {
	if b.Reset == nil && b.Power.Kind == SupplySwitch {
		return b.cycle(), nil
	}
	if b.Reset == nil {
		return nil, fmt.Errorf("%s: %w", b.Name, ErrNoReset)
	}
	return append(pulse(b.Reset.Line, b.Reset.Pulse, "reset"),
		Step{Kind: Wait, For: b.Reset.Quiet, Why: "answers from before the reset fade"},
		Step{Kind: Await, On: true, For: b.Power.Ready, Why: "the module boots"}), nil
}

// pulse asserts a line once, from a known idle level and back to it.
func pulse(l Line, d time.Duration, what string) []Step {
	return []Step{
		{Kind: Set, Pin: l.Pin, Level: l.idle(), Why: "release " + what},
		{Kind: Wait, For: settle, Why: "let the line settle"},
		{Kind: Set, Pin: l.Pin, Level: l.asserted(), Why: "press " + what},
		{Kind: Wait, For: d, Why: "hold " + what},
		{Kind: Set, Pin: l.Pin, Level: l.idle(), Why: "release " + what},
	}
}

// unless leaves all steps out when the module is already where they lead.
func unless(on bool, steps []Step) []Step {
	return append([]Step{{Kind: SkipIf, On: on, Skip: len(steps), Why: "the key toggles, so ask first"}}, steps...)
}
