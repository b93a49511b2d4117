package attach

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// judged plans with a verdict that somebody else came to.
func judged(code correlate.Code, f *facts.Facts, h *History, p Policy, after time.Duration) Decision {
	return Plan(noon.Add(after), f, correlate.Verdict{Code: code, Summary: "Such is it."}, h, p)
}

func refusedBy(n int) *facts.Facts {
	return unregistered(denied(n))
}

// A connection that holds for a few minutes takes the ladder down by as many levels, one in ten minutes; an hour of it, or
// another card, takes it to the ground.
func TestHealthTakesTheLadderDownSlowly(t *testing.T) {
	for _, test := range []struct {
		health time.Duration
		rungs  int
	}{{9 * time.Minute, 3}, {10 * time.Minute, 2}, {25 * time.Minute, 1}, {59 * time.Minute, 0}, {61 * time.Minute, 0}} {
		h := History{Ladder: Ladder{Rungs: 3, Card: iccid}}
		up := registered(modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"})
		h.Observe(noon, up, correlate.Verdict{Code: "online"})
		lost := noon.Add(test.health)
		h.Observe(lost, unregistered(), correlate.Verdict{Code: "searching"})
		if h.Ladder.Rungs != test.rungs || h.Ladder.Outages != 1 {
			t.Errorf("after %v of health: %+v, want %d rungs", test.health, h.Ladder, test.rungs)
		}
	}
	h := History{Ladder: Ladder{Rungs: 8, Stops: 2, Card: "89883070000099999999"}, Refusals: []Refusal{{noon, noon}}}
	h.Observe(noon, unregistered(), correlate.Verdict{Code: "searching"})
	if h.Ladder.Rungs != 0 || h.Ladder.Stops != 0 || len(h.Refusals) != 0 {
		t.Errorf("another card keeps the ladder: %+v", h)
	}
}

// A short connection after a long outage does not start the ladder anew, and the first 25 minutes are kept all the same.
func TestFlappingGetsNoFreshLadder(t *testing.T) {
	h := History{Ladder: Ladder{Rungs: 7, Card: iccid},
		Actions: []Done{{Kind: HardCycle, At: noon.Add(-time.Hour), Rule: ruleLadder}}}
	if d := plan(unregistered(), &h, policy("balanced"), time.Minute); d.At.Sub(noon) < 11*time.Hour {
		t.Errorf("after seven steps the next is due in %v", d.At.Sub(noon))
	}
	h.Actions = nil
	if d := plan(unregistered(), &h, policy("balanced"), time.Minute); d.At.Sub(noon) < 25*time.Minute {
		t.Errorf("the hold of a new outage is %v", d.At.Sub(noon))
	}
}

// The patience of a bench is for the first hour of a trouble; then nobody stands there any more.
func TestAttendedEnds(t *testing.T) {
	attended, balanced := policy("attended"), policy("balanced")
	online := registered(modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"})
	var h History
	h.Observe(noon, online, correlate.Verdict{Code: "online"})
	h.Observe(noon, unregistered(), correlate.Verdict{Code: "searching"})
	h.Actions = []Done{{Kind: RadioCycle, At: noon.Add(50 * time.Minute)}}
	free := func(p Policy, after time.Duration) time.Time {
		return judged("healed-in-cloud", unregistered(), &h, p, after).At
	}
	if at := free(attended, 59*time.Minute); at.Sub(noon) != 59*time.Minute {
		t.Errorf("in the first hour two radio cycles are allowed, the next is due after %v", at.Sub(noon))
	}
	if at, want := free(attended, 61*time.Minute), free(balanced, 61*time.Minute); !at.Equal(want) || at.Sub(noon) != 110*time.Minute {
		t.Errorf("after an hour: %v, as balanced: %v", at.Sub(noon), want.Sub(noon))
	}
}

// What the IMSI before this one was refused for says nothing about this one; what the device was refused for does.
func TestCauseOfAnotherIMSIDoesNotCount(t *testing.T) {
	for n, rule := range map[int]string{8: ruleLadder, 6: ruleStop} {
		f := refusedBy(n)
		if d := plan(f, &History{}, policy("balanced"), time.Minute); d.Rule != ruleStop {
			t.Fatalf("cause %d: %+v", n, d)
		}
		f.Apply(noon, modem.IMSI("732123200012345"))
		f.Apply(noon.Add(3*time.Minute), modem.IMSI("204046200054321"))
		if d := plan(f, &History{}, policy("balanced"), 4*time.Minute); d.Rule != rule {
			t.Errorf("cause %d with another IMSI: %+v, want rule %s", n, d, rule)
		}
	}
}

// "IMSI unknown" leaves data alone when there is some, and is final when there is none.
func TestCauseTwo(t *testing.T) {
	if d := plan(refusedBy(2), &History{}, policy("balanced"), time.Minute); d.Rule != ruleStop {
		t.Errorf("%+v", d)
	}
}

// A permanent refusal in an unknown code of the cloud counts as well as one that correlate has a name for.
func TestCloudsOwnWordsStop(t *testing.T) {
	f := unregistered(modem.Registration{Domain: modem.EPS, Stat: modem.RegDenied, AcT: modem.Unknown})
	f.AddCloud(noon, "test", []cloud.Event{{SID: "EZ1", Type: cloud.AttachmentRejected, ICCID: iccid, Time: noon,
		Error: cloud.Error{Code: 99, Message: "DIAMETER_ERROR_USER_UNKNOWN"}}}, 0)
	if d := plan(f, &History{}, policy("balanced"), time.Minute); d.Rule != ruleStop {
		t.Errorf("%+v", d)
	}
	for code := range permanent {
		d := judged(code, unregistered(), &History{}, policy("balanced"), time.Minute)
		if d.Rule != ruleStop || d.At.Sub(noon) < time.Hour {
			t.Errorf("%s: %+v", code, d)
		}
	}
}

// The gaps after a permanent refusal go on growing over a restart of the agent.
func TestStopGapsGrow(t *testing.T) {
	var h History
	f := refusedBy(8)
	last := noon
	for i, want := range []time.Duration{1, 4, 8, 16, 24, 24} {
		h.Observe(last, f, correlate.Verdict{})
		d := Plan(last, f, correlate.Verdict{Code: "sim-inactive"}, &h, policy("balanced"))
		if gap := d.At.Sub(last); d.Kind != RadioCycle || gap < want*time.Hour || gap > want*time.Hour*5/4 {
			t.Errorf("radio cycle %d: %s after %v, want %d to %d hours", i+1, d.Kind, gap, want, want*5/4)
		}
		last = d.At
		h.Note(last, d)
		stored := mustStore(t, &h, Moment{Now: last, Boot: "b", Uptime: time.Hour})
		h = Restore(stored, Moment{Now: last, Boot: "b", Uptime: time.Hour})
	}
}

// In congestion the network is nudged at most, and after half an hour only; nothing is restarted.
func TestCongestionNeverRestarts(t *testing.T) {
	f := refusedBy(22)
	congested := denied(22)
	var h History
	var done []Done
	for now := noon; now.Before(noon.Add(48 * time.Hour)); now = now.Add(time.Minute) {
		f.Apply(now, congested)
		if d := Plan(now, f, correlate.Judge(now, f), &h, policy("balanced")); d.Due(now) {
			h.Note(now, d)
			done = append(done, h.Actions[len(h.Actions)-1])
		}
	}
	if len(done) < 3 || done[0].At.Before(noon.Add(30*time.Minute)) {
		t.Errorf("%s", story(done, attachKinds...))
	}
	if got := story(done, ModuleReset, HardCycle, SoftReset); got != "" {
		t.Errorf("restarted in congestion: %s", got)
	}
}

// Where the answer is the operator's, nothing is restarted, registered or not; and it is not given up either.
func TestNotTheModem(t *testing.T) {
	for code := range notTheModem {
		for name, f := range map[string]*facts.Facts{"unregistered": unregistered(), "registered": registered()} {
			var h History
			var done []Done
			for now := noon; now.Before(noon.Add(48 * time.Hour)); now = now.Add(time.Minute) {
				v := correlate.Verdict{Code: code}
				h.Observe(now, f, v)
				if d := Plan(now, f, v, &h, policy("balanced")); d.Due(now) {
					h.Note(now, d)
					done = append(done, h.Actions[len(h.Actions)-1])
				}
				if n := len(done); n > 0 && done[n-1].Kind == Activate && done[n-1].At.Equal(now) {
					f.Dialled(now, false, modem.Cause{Domain: modem.ESM, Number: 38}, "network failure")
				}
			}
			restarts, cycles := story(done, ModuleReset, HardCycle, SoftReset), story(done, RadioCycle)
			if restarts != "" || cycles == "" {
				t.Errorf("%s, %s: restarts %q, radio cycles %q", code, name, restarts, cycles)
			}
		}
	}
}

// A healed SIM gets its radio cycle at once, once, and inside the budget; the list of forbidden networks is emptied when the
// refusal put something there.
func TestHealedInCloud(t *testing.T) {
	h := History{}
	d := judged("healed-in-cloud", refusedBy(8), &h, policy("balanced"), 5*time.Minute)
	if d.Kind != RadioCycle || !d.Due(noon.Add(5*time.Minute)) {
		t.Fatalf("%+v", d)
	}
	h.Note(noon.Add(5*time.Minute), d)
	if d := judged("healed-in-cloud", refusedBy(8), &h, policy("balanced"), 6*time.Minute); d.Due(noon.Add(30 * time.Minute)) {
		t.Errorf("a second time: %+v", d)
	}
	spent := History{Actions: []Done{{Kind: RadioCycle, At: noon, Rule: ruleLadder}}}
	if d := judged("healed-in-cloud", refusedBy(8), &spent, policy("balanced"), 5*time.Minute); d.At.Before(noon.Add(time.Hour)) {
		t.Errorf("past the budget: %+v", d)
	}
	barred := refusedBy(11)
	tell(barred, modem.ForbiddenPLMNs{List: []string{"26201"}})
	if d := judged("healed-in-cloud", barred, &History{}, policy("balanced"), 5*time.Minute); d.Kind != ClearFPLMN {
		t.Errorf("cause 11: %+v", d)
	}
}

// The list of forbidden networks is emptied where it is what keeps the device out, never otherwise, and once a day.
func TestForbiddenNetworksAreCleared(t *testing.T) {
	trap := func(heard ...string) *facts.Facts {
		f := unregistered(modem.Registration{Domain: modem.EPS, Stat: modem.RegSearching, AcT: modem.Unknown},
			modem.ForbiddenPLMNs{List: []string{"310410", "310260"}})
		var list []modem.Network
		for _, plmn := range heard {
			list = append(list, modem.Network{PLMN: plmn})
		}
		if list != nil {
			f.Apply(noon.Add(30*time.Minute), modem.Networks{List: list})
		}
		return f
	}
	at := 56 * time.Minute
	cleared := History{Actions: []Done{{Kind: ClearFPLMN, At: noon.Add(-5 * time.Hour)}}}
	for name, test := range map[string]struct {
		f    *facts.Facts
		h    History
		want Kind
	}{
		"all that is heard is forbidden": {trap("310410"), History{}, ClearFPLMN},
		"another one is heard":           {trap("310410", "26201"), History{}, RadioCycle},
		"nobody has listened":            {trap(), History{}, Scan},
		"cleared this morning":           {trap("310410"), cleared, RadioCycle},
	} {
		if d := plan(test.f, &test.h, policy("balanced"), at); d.Kind != test.want || d.At.Before(noon.Add(25*time.Minute)) {
			t.Errorf("%s: %+v, want %s", name, d, test.want)
		}
	}
	listened := History{Actions: []Done{{Kind: Scan, At: noon.Add(30 * time.Minute)}}}
	if d := plan(trap(), &listened, policy("balanced"), at); d.Kind == Scan {
		t.Errorf("a second search in one outage: %+v", d)
	}
	if d := plan(unregistered(), &History{}, policy("balanced"), at); d.Kind == Scan {
		t.Errorf("a search although the SIM forbids nothing: %+v", d)
	}
}

// A refresh of the card is left alone for 90 seconds, and a new IMSI for five minutes.
func TestRefreshGrace(t *testing.T) {
	f := unregistered()
	f.Apply(noon.Add(50*time.Minute), modem.SIM{State: modem.SIMReady, Refreshed: true})
	if d := plan(f, &History{}, policy("attended"), 50*time.Minute); d.At.Sub(noon) != 50*time.Minute+90*time.Second {
		t.Errorf("after a refresh: %+v", d)
	}
	f.Apply(noon, modem.IMSI("732123200012345"))
	f.Apply(noon.Add(51*time.Minute), modem.IMSI("204046200054321"))
	if d := plan(f, &History{}, policy("attended"), 52*time.Minute); d.At.Sub(noon) != 56*time.Minute {
		t.Errorf("after a change of IMSI: %+v", d)
	}
}

// No fault of this computer leads to an action on the modem.
func TestHostFaultsLeaveTheModemAlone(t *testing.T) {
	f := registered(modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"})
	for code := range hostFaults {
		for after := range 100 {
			if d := judged(code, f, &History{}, policy("balanced"), time.Duration(after)*time.Hour); d.Kind != Hold {
				t.Errorf("%s: %+v", code, d)
			}
		}
	}
}

// After the last step of the data ladder the strong ones are repeated, ever more rarely.
func TestDataLadderGoesOn(t *testing.T) {
	done := run(registered(), policy("balanced"), 7*24*time.Hour)
	late := 0
	for _, d := range done {
		if d.Rule == ruleData && d.At.After(noon.Add(3*24*time.Hour)) {
			late++
		}
	}
	if late < 2 || late > 6 {
		t.Errorf("%d strong steps in the last four days: %s", late, story(done, attachKinds...))
	}
	if d := judged("flapping", registered(), &History{}, policy("balanced"), 9*time.Minute); d.Kind != Activate {
		t.Errorf("flapping: %+v", d)
	}
	barred := registered()
	barred.Dialled(noon, false, modem.Cause{}, "barred")
	if d := judged("data-limit", barred, &History{}, policy("balanced"), 9*time.Minute); d.Kind != Activate || d.At.Sub(noon) != 6*time.Hour {
		t.Errorf("a data limit: %+v", d)
	}
}

// A bearer that leads nowhere is opened anew, then attached anew; the radio is not touched within 25 minutes.
func TestStaleBearer(t *testing.T) {
	f := registered(modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"})
	for code := range bearerTrouble {
		var h History
		var got []string
		for i := range 180 {
			now := noon.Add(time.Duration(i) * time.Minute)
			h.Observe(now, f, correlate.Verdict{Code: code})
			if d := Plan(now, f, correlate.Verdict{Code: code}, &h, policy("balanced")); d.Due(now) {
				h.Note(now, d)
			}
		}
		for _, d := range h.Actions {
			got = append(got, string(d.Kind))
		}
		if strings.Join(got, " ") != "reactivate reattach radio-cycle" || h.Actions[2].At.Sub(noon) < 25*time.Minute {
			t.Errorf("%s: %s", code, story(h.Actions, Kinds()...))
		}
	}
}

// Gentle halves the budgets: half as many, or half as often where only one is allowed.
func TestGentleBudgets(t *testing.T) {
	p, _ := LookupProfile("gentle")
	for _, b := range Budgets(noon, &History{}, p) {
		switch {
		case b.Name == "radio-cycle" && b.Limit == 1 && b.Per != 2*time.Hour,
			b.Name == "activate" && b.Per == time.Hour && b.Limit != 4,
			b.Name == "total" && b.Per == time.Hour && b.Limit != 2:
			t.Errorf("%+v", b)
		}
	}
}

// The status of a budget: used, left, and when the next is free.
func TestBudgetsAreShown(t *testing.T) {
	p, _ := LookupProfile("balanced")
	h := History{Actions: []Done{{Kind: RadioCycle, At: noon}, {Kind: ClearFPLMN, At: noon.Add(90 * time.Minute)}}}
	now := noon.Add(2 * time.Hour)
	shown := map[string]Budget{}
	for _, b := range Budgets(now, &h, p) {
		shown[b.Name+" "+b.Per.String()] = b
	}
	if b := shown["radio-cycle 1h0m0s"]; b.Used != 1 || b.Left != 0 || !b.FreeAt.Equal(noon.Add(150*time.Minute)) {
		t.Errorf("%+v", b)
	}
	if b := shown["total 24h0m0s"]; b.Used != 2 || b.Left != 18 || !b.FreeAt.IsZero() {
		t.Errorf("%+v", b)
	}
	if s := Stand(now, unregistered(), correlate.Verdict{}, &History{Ladder: Ladder{Rungs: 2}}); s.Level != 2 || s.Since.IsZero() {
		t.Errorf("%+v", s)
	}
}

// A verdict that the policy obeys is one that a rule gives.
func TestVerdictsObeyedExist(t *testing.T) {
	obeyed := slices.Concat(slices.Collect(maps.Keys(permanent)), slices.Collect(maps.Keys(notTheModem)),
		slices.Collect(maps.Keys(bearerTrouble)), slices.Collect(maps.Keys(hostFaults)),
		[]correlate.Code{"healed-in-cloud", "fplmn-trap", "local-barring-or-old-fplmn", "sim-pin", "radio-off", "manual-plmn", "flapping"})
	for _, code := range obeyed {
		if _, ok := correlate.Lookup(string(code)); !ok {
			t.Errorf("no rule gives %s", code)
		}
	}
}
