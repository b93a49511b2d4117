package attach

import (
	"testing"
	"time"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// deadLine is a modem that was met and does not answer since noon.
func deadLine(port facts.Port) *facts.Facts {
	f := unregistered(modem.Identity{Model: "EG25"})
	f.Line, f.Port, f.BootingUntil = facts.Line{Since: noon, Failing: 3}, port, noon
	return f
}

// The way back of a port that went silent: the restart command, then the power, all within half a minute; each within its
// budget, and the network's patience has no part in it.
func TestSilentPort(t *testing.T) {
	f := deadLine(facts.Port{Open: true})
	frozen := History{Refusals: []Refusal{{noon, noon}}, Ladder: Ladder{Rungs: 9}}
	d := plan(f, &frozen, policy("balanced"), time.Second)
	if d.Kind != SoftReset || d.At.Sub(noon) > 20*time.Second {
		t.Fatalf("first: %+v", d)
	}
	frozen.Note(d.At, d)
	if d = plan(f, &frozen, policy("balanced"), 20*time.Second); d.Kind != HardCycle || d.At.Sub(noon) != 30*time.Second {
		t.Fatalf("second: %+v", d)
	}
	frozen.Note(d.At, d)
	if d = plan(f, &frozen, policy("balanced"), time.Minute); d.Kind != HardCycle || d.At.Sub(noon) < 2*time.Hour {
		t.Errorf("power again: %+v", d)
	}
	spent := History{Actions: []Done{{Kind: ModuleReset, At: noon.Add(-time.Minute)}}}
	if d = plan(f, &spent, policy("balanced"), 20*time.Second); d.Kind != HardCycle || d.At.Sub(noon) != 30*time.Second {
		t.Errorf("no restart left: %+v", d)
	}
}

// A restart command that was answered gives the module time to boot before the power is cut.
func TestAnsweredRestartIsWaitedFor(t *testing.T) {
	f := deadLine(facts.Port{Reason: ""})
	f.BootingUntil = noon.Add(50 * time.Second)
	h := History{Actions: []Done{{Kind: SoftReset, At: noon.Add(20 * time.Second), Outcome: "ok"}}}
	if d := plan(f, &h, policy("balanced"), 40*time.Second); d.Kind != Hold {
		t.Errorf("while it boots: %+v", d)
	}
	if d := plan(f, &h, policy("balanced"), time.Minute); d.Kind != HardCycle || !d.Due(noon.Add(time.Minute)) {
		t.Errorf("after its boot: %+v", d)
	}
}

func TestDeadPorts(t *testing.T) {
	strange := deadLine(facts.Port{Open: true})
	strange.Line.Speaks = true
	unmet := deadLine(facts.Port{Open: true})
	unmet.Modem = facts.Seen[modem.Identity]{}
	off := deadLine(facts.Port{Reason: "missing"})
	off.Modem = facts.Seen[modem.Identity]{}
	tried := History{Actions: []Done{{Kind: PowerOn, At: noon.Add(time.Minute)}}}
	for name, test := range map[string]struct {
		f     *facts.Facts
		h     History
		power bool
		want  Kind
		at    time.Duration
	}{
		"a cable was pulled":           {deadLine(facts.Port{Reason: "gone"}), History{}, true, HardCycle, 2 * time.Minute},
		"that, and no power control":   {deadLine(facts.Port{Reason: "gone"}), History{}, false, Hold, 0},
		"no power control":             {deadLine(facts.Port{Open: true}), History{}, false, SoftReset, 18 * time.Second},
		"something else answers":       {strange, History{}, true, HardCycle, 5 * time.Minute},
		"a modem that was never met":   {unmet, History{}, true, HardCycle, 5 * time.Minute},
		"the modem may be off":         {off, History{}, true, PowerOn, time.Minute},
		"switching it on did not help": {off, tried, true, HardCycle, 5 * time.Minute},
	} {
		p := policy("balanced")
		p.Power = test.power
		v := correlate.Verdict{Code: "modem-unreachable"}
		d := Plan(noon.Add(time.Second), test.f, v, &test.h, p)
		if d.Kind != test.want || d.Kind != Hold && d.At.Sub(noon) != test.at {
			t.Errorf("%s: %+v, want %s after %v", name, d, test.want, test.at)
		}
	}
	for _, reason := range []string{"busy", "permission", "sandbox", "not-a-tty", "failed"} {
		for _, power := range []bool{true, false} {
			p := policy("balanced")
			p.Power = power
			if d := plan(deadLine(facts.Port{Reason: reason}), &History{}, p, time.Hour); d.Kind != Hold {
				t.Errorf("port %s: %+v", reason, d)
			}
		}
	}
}
