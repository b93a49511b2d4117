package attach

import (
	"strings"
	"testing"
	"time"

	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

func asking(kind RequestKind, after time.Duration) *History {
	var h History
	h.Ask(Request{Kind: kind, At: noon.Add(after), Until: noon.Add(after + time.Hour)})
	return &h
}

// A retry takes the next step at once, once, and three times an hour at most.
func TestRetry(t *testing.T) {
	for name, test := range map[string]struct {
		f    *facts.Facts
		want Kind
	}{
		"no network":          {unregistered(), AutomaticSelection},
		"the modem searches":  {unregistered(stat(modem.RegSearching)), RadioCycle},
		"a permanent refusal": {refused(83705), RadioCycle},
		"a dead port":         {deadLine(facts.Port{Reason: "gone"}), HardCycle},
	} {
		h := asking(Retry, time.Minute)
		now := noon.Add(time.Minute)
		d := plan(test.f, h, policy("balanced"), time.Minute)
		if d.Kind != test.want || !d.Due(now) || d.Rule != ruleAsked {
			t.Errorf("%s: %+v, want %s", name, d, test.want)
			continue
		}
		h.Note(now, d)
		if d := plan(test.f, h, policy("balanced"), 2*time.Minute); d.Rule == ruleAsked {
			t.Errorf("%s: done twice: %+v", name, d)
		}
	}
	h := asking(Retry, 0)
	for i := range 3 {
		h.Actions = append(h.Actions, Done{Kind: Activate, At: noon.Add(time.Duration(i-30) * time.Minute), Rule: ruleAsked})
	}
	d := plan(unregistered(), h, policy("balanced"), time.Minute)
	if d.Due(noon.Add(time.Minute)) || !strings.Contains(d.Why, `"asked"`) {
		t.Errorf("the fourth in an hour: %+v", d)
	}
	if d := plan(unregistered(), asking(Retry, 0), policy("balanced"), 11*time.Minute); d.Rule == ruleAsked {
		t.Errorf("a wish of eleven minutes ago: %+v", d)
	}
}

// What forbids acting forbids a retry too, and says so; force goes past the freeze with a warning, not past the budgets and
// not where it would be senseless.
func TestRetryAndForceInTheFreeze(t *testing.T) {
	d := plan(refused(83703), asking(Retry, 0), policy("balanced"), time.Minute)
	if d.Kind != Hold || !strings.Contains(d.Why, "a retry was asked for") {
		t.Errorf("retry in the freeze: %+v", d)
	}
	d = plan(refused(83703), asking(ForceRetry, 0), policy("balanced"), time.Minute)
	if d.Kind != RadioCycle || !d.Due(noon.Add(time.Minute)) || !strings.Contains(d.Why, "WARNING") {
		t.Errorf("force in the freeze: %+v", d)
	}
	h := asking(ForceRetry, 0)
	h.Actions = []Done{{Kind: RadioCycle, At: noon.Add(-time.Minute)}}
	if d := plan(refused(83703), h, policy("balanced"), time.Minute); d.At.Before(noon.Add(59 * time.Minute)) {
		t.Errorf("force past the budget: %+v", d)
	}
	h = asking(ForceRetry, 0)
	if d := plan(refusedBy(22), h, policy("balanced"), time.Minute); d.Kind != RadioCycle || !strings.Contains(d.Why, "WARNING") {
		t.Errorf("force in congestion: %+v", d)
	}
	h.Note(noon.Add(time.Minute), plan(refused(83703), h, policy("balanced"), time.Minute))
	if d := plan(refused(83703), h, policy("balanced"), 2*time.Minute); d.Kind != Hold {
		t.Errorf("after the forced one the freeze goes on: %+v", d)
	}
	for name, f := range map[string]*facts.Facts{
		"another operator's card": unregistered(modem.ICCID("89490200001234567890")),
		"no card":                 unregistered(modem.SIM{State: modem.SIMMissing}),
		"a port that others hold": deadLine(facts.Port{Reason: "busy"}),
	} {
		if d := plan(f, asking(ForceRetry, 2*time.Minute), policy("balanced"), 3*time.Minute); d.Kind != Hold {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if d := plan(unregistered(), asking(ForceRetry, 0), policy("observe"), time.Minute); d.Kind != Hold {
		t.Errorf("observe: %+v", d)
	}
	online := registered(modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"})
	if d := plan(online, asking(ForceRetry, 0), policy("balanced"), time.Minute); d.Kind != RadioCycle {
		t.Errorf("online: %+v", d)
	}
}

// A hold ends every action until its time, the dead port's included; resume ends the hold.
func TestPersonsHold(t *testing.T) {
	for name, f := range map[string]*facts.Facts{"no network": unregistered(), "dead port": deadLine(facts.Port{Open: true}),
		"radio off": unregistered(modem.Radio{Fun: 4})} {
		h := asking(HoldUntil, 0)
		for after := time.Duration(0); after < time.Hour; after += time.Minute {
			if d := plan(f, h, policy("balanced"), after); d.Kind != Hold || !d.At.Equal(noon.Add(time.Hour)) {
				t.Fatalf("%s after %v: %+v", name, after, d)
			}
		}
		if d := plan(f, h, policy("balanced"), time.Hour); d.Kind == Hold {
			t.Errorf("%s after the hold: %+v", name, d)
		}
		h.Ask(Request{Kind: Resume, At: noon})
		if d := plan(f, h, policy("balanced"), time.Minute); d.Kind == Hold {
			t.Errorf("%s after resume: %+v", name, d)
		}
	}
}
