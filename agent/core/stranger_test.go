package core

import (
	"slices"
	"testing"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/modem"
)

// foreign answers every greeting of a core for a time as a stranger does, and returns when each came.
func foreign(t *testing.T, c *Core, d time.Duration, f Failure) (greetings []time.Duration) {
	t.Helper()
	now := epoch
	for acts := c.Step(now, Tick{}); now.Before(epoch.Add(d)); {
		if len(acts) == 0 {
			now = c.Deadline()
			acts = c.Step(now, Tick{})
			continue
		}
		done := Done{ID: acts[0].ID}
		switch op := acts[0].Op.(type) {
		case Greet:
			greetings = append(greetings, now.Sub(epoch))
			done.Failure = &f
		case OpenPort:
		case Act:
			if op.Kind != attach.HardCycle && op.Kind != attach.PowerOn {
				t.Errorf("%s on something that is no modem", op.Kind)
			}
		default:
			t.Errorf("%T on something that is no modem", op)
		}
		acts = c.Step(now, done)
	}
	return greetings
}

func isPowered(c *Core) bool {
	return slices.ContainsFunc(c.Snapshot().History.Actions, func(d attach.Done) bool { return d.Kind == attach.HardCycle })
}

// A stranger is looked at ever more rarely, down to once a minute, and told once.
func TestStrangersAreLeftAlone(t *testing.T) {
	c := New(epoch, testConfig())
	f := Failure{Kind: Foreign, Text: "NMEA", Stranger: modem.Stranger{Kind: modem.StrangerNMEA}}
	got := foreign(t, c, 5*time.Minute, f)
	want := []time.Duration{0, 10, 30, 70, 130, 190, 250}
	for i := range want {
		want[i] *= time.Second
	}
	if !slices.Equal(got, want) {
		t.Errorf("greeted at %v", got)
	}
	s := c.Snapshot()
	if s.Verdict.Code != "not-a-modem" || s.Decision.Kind != attach.Hold || isPowered(c) {
		t.Errorf("verdict %q, %s, powered %v", s.Verdict.Code, s.Decision.Kind, isPowered(c))
	}
	told := 0
	for _, e := range s.Timeline {
		if e.Kind == "port" && e.Text == "NMEA" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// As long as there are other ports that had no turn, the next one is tried at once.
func TestNextPortAtOnce(t *testing.T) {
	f := Failure{Kind: Foreign, Stranger: modem.Stranger{Kind: modem.StrangerBinary}, Next: true}
	if got := foreign(t, New(epoch, testConfig()), 5*time.Second, f); len(got) < 4 {
		t.Errorf("greeted at %v", got)
	}
}

// Where a loss of power may help, it is tried after five minutes; also where there was a modem before.
func TestPowerForSomeStrangers(t *testing.T) {
	for kind, want := range map[modem.StrangerKind]bool{
		modem.StrangerNMEA: false, modem.StrangerLogin: false, modem.StrangerText: false, modem.StrangerBinary: false,
		modem.StrangerErrors: true, modem.StrangerEcho: true, modem.StrangerPPP: true, modem.StrangerUnnamed: true,
	} {
		c := New(epoch, testConfig())
		foreign(t, c, 7*time.Minute, Failure{Kind: Foreign, Stranger: modem.Stranger{Kind: kind}})
		if got := isPowered(c); got != want {
			t.Errorf("%s: power cycled %v", kind, got)
		}
	}
	c := New(epoch, testConfig())
	c.Step(epoch, Seen{Observations: []modem.Observation{modem.Identity{Model: "EG25"}}})
	c.flight = flight{}
	foreign(t, c, 7*time.Minute, Failure{Kind: Foreign, Stranger: modem.Stranger{Kind: modem.StrangerBinary}})
	if !isPowered(c) {
		t.Error("the modem that was there before was not power cycled")
	}
}

// A modem that takes the stranger's place is a modem, and nothing of the stranger is left.
func TestModemAfterStranger(t *testing.T) {
	p := newPuppet(testConfig())
	acts := p.core.Step(p.now, Tick{})
	acts = p.core.Step(p.now, Done{ID: acts[0].ID})
	f := Failure{Kind: Foreign, Stranger: modem.Stranger{Kind: modem.StrangerEcho}, ATPort: "/dev/ttyUSB2"}
	p.core.Step(p.now, Done{ID: acts[0].ID, Failure: &f})
	if line := p.core.Snapshot().Facts.Line; line.Stranger != f.Stranger || line.ATPort != f.ATPort {
		t.Errorf("line %+v", line)
	}
	p.until(epoch.Add(time.Minute))
	s := p.core.Snapshot()
	if !s.Verdict.Online() || s.Facts.Line.Stranger.Kind != "" || s.Facts.Line.ATPort != "" {
		t.Errorf("verdict %q, line %+v", s.Verdict.Code, s.Facts.Line)
	}
}
