package attach

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const iccid = "89883070000012345678"

func policy(name string) Policy {
	p, _ := LookupProfile(name)
	return Policy{Profile: p, Dial: true, Power: true, Seed: 42}
}

// unregistered is a device that has been searching since noon.
func unregistered(list ...modem.Observation) *facts.Facts {
	f := facts.New(noon, facts.Want{APN: "super", PDPType: "IP", CID: 1})
	f.Port.Open, f.Line.Alive = true, true
	tell(f, modem.SIM{State: modem.SIMReady}, modem.ICCID(iccid), modem.Radio{Fun: 1},
		modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "super"}}},
		modem.Registration{Domain: modem.EPS, Stat: modem.RegUnknown, AcT: modem.Unknown})
	tell(f, list...)
	return f
}

// tell applies each observation twice: some readings count only when they are confirmed.
func tell(f *facts.Facts, list ...modem.Observation) {
	for _, o := range list {
		f.Apply(noon, o)
		f.Apply(noon, o)
	}
}

// registered is a device that has been registered without data since noon.
func registered(list ...modem.Observation) *facts.Facts {
	f := unregistered(modem.Registration{Domain: modem.EPS, Stat: modem.RegRoaming, AcT: 7}, modem.Active{})
	tell(f, list...)
	return f
}

func plan(f *facts.Facts, h *History, p Policy, after time.Duration) Decision {
	now := noon.Add(after)
	return Plan(now, f, correlate.Judge(now, f), h, p)
}

// run plays the policy on facts that never change, for a length of time, and returns what it did.
func run(f *facts.Facts, p Policy, length time.Duration) (done []Done) {
	var h History
	for now := noon; now.Before(noon.Add(length)); now = now.Add(time.Minute) {
		h.Observe(now, f, correlate.Judge(now, f))
		d := Plan(now, f, correlate.Judge(now, f), &h, p)
		if d.Due(now) {
			h.Note(now, d)
			done = append(done, h.Actions[len(h.Actions)-1])
			if d.Kind == Activate || d.Kind == Reactivate {
				f.Dialled(now, false, modem.Cause{Domain: modem.ESM, Number: 38}, "network failure")
			}
		}
	}
	return done
}

// story writes actions as "25m automatic-selection, 46m radio-cycle".
func story(done []Done, kinds ...Kind) string {
	var parts []string
	for _, d := range done {
		for _, k := range kinds {
			if d.Kind == k {
				parts = append(parts, strings.TrimSuffix(d.At.Sub(noon).String(), "0s")+" "+string(k))
			}
		}
	}
	return strings.Join(parts, ", ")
}

func TestLadderOfAnOutage(t *testing.T) {
	for _, test := range []struct {
		profile string
		first   []time.Duration // earliest times of the first four steps
	}{
		{"balanced", []time.Duration{25 * time.Minute, 45 * time.Minute, 75 * time.Minute, 135 * time.Minute}},
		{"attended", []time.Duration{12 * time.Minute, 15 * time.Minute, 30 * time.Minute, 135 * time.Minute}},
		{"gentle", []time.Duration{40 * time.Minute, 90 * time.Minute, 150 * time.Minute, 270 * time.Minute}},
	} {
		done := run(unregistered(), policy(test.profile), 6*time.Hour)
		want := []Kind{AutomaticSelection, RadioCycle, ModuleReset, HardCycle}
		if len(done) < len(want) {
			t.Fatalf("%s: only %v", test.profile, story(done, attachKinds...))
		}
		for i, k := range want {
			at := done[i].At.Sub(noon)
			if done[i].Kind != k || at < test.first[i] || at > test.first[i]+15*time.Minute {
				t.Errorf("%s: step %d is %s at %v, want %s from %v on", test.profile, i+1, done[i].Kind, at, k, test.first[i])
			}
		}
	}
	if done := run(unregistered(), policy("observe"), 48*time.Hour); len(done) != 0 {
		t.Errorf("observe acted: %v", done)
	}
}

// A month without a network: the steps get rarer, and the device never gives up.
func TestLongOutageGetsRarerAndNeverEnds(t *testing.T) {
	done := run(unregistered(), policy("balanced"), 30*24*time.Hour)
	lastWeek := 0
	for _, d := range done {
		if d.At.After(noon.Add(23 * 24 * time.Hour)) {
			lastWeek++
		}
	}
	if lastWeek < 4 || lastWeek > 7 {
		t.Errorf("%d actions in the last week, want about one in 24 to 30 hours: %s", lastWeek, story(done, attachKinds...))
	}
	if len(done) > 45 {
		t.Errorf("%d attach-level actions in a month", len(done))
	}
}

// A card that comes after two hours begins its own hold; before its number is read, nothing is done at all.
func TestLateCardBeginsItsOwnHold(t *testing.T) {
	f := facts.New(noon, facts.Want{APN: "super", PDPType: "IP", CID: 1})
	f.Port.Open, f.Line.Alive = true, true
	tell(f, modem.SIM{State: modem.SIMMissing}, modem.Radio{Fun: 1}, modem.Registration{Domain: modem.EPS, Stat: modem.RegUnknown, AcT: modem.Unknown})
	inserted := noon.Add(2 * time.Hour)
	f.Apply(inserted, modem.SIM{State: modem.SIMReady})
	if d := plan(f, &History{}, policy("balanced"), 2*time.Hour); d.Kind != Hold {
		t.Errorf("before the card is known: %+v", d)
	}
	for range 2 {
		f.Apply(inserted, modem.ICCID(iccid))
	}
	if d := plan(f, &History{}, policy("balanced"), 2*time.Hour); d.At.Sub(inserted) < 25*time.Minute {
		t.Errorf("after two hours without a card: %+v", d)
	}
}

// The end of a freeze does not let several overdue rungs go at once, and the ladder only goes up.
func TestOneRungAtATime(t *testing.T) {
	f := unregistered()
	f.AddCloud(noon, "test", []cloud.Event{{SID: "EZ1", Type: cloud.AttachmentRejected, ICCID: iccid, Time: noon.Add(-25 * time.Hour), Error: cloud.Error{Code: 83703}}}, 0)
	done := run(f, policy("balanced"), 8*time.Hour)
	strongest := 0
	for i, d := range done {
		if d.At.Before(noon.Add(time.Hour)) {
			t.Errorf("%s within the freeze", d.Kind)
		}
		if i > 0 && d.At.Sub(done[i-1].At) < 10*time.Minute {
			t.Errorf("%s only %v after %s", d.Kind, d.At.Sub(done[i-1].At), done[i-1].Kind)
		}
		for n, k := range []Kind{AutomaticSelection, RadioCycle, ModuleReset, HardCycle} {
			if d.Kind == k && i < 4 {
				if n < strongest {
					t.Errorf("the ladder went down: %s", story(done, attachKinds...))
				}
				strongest = n
			}
		}
	}
}

// What works is left alone, whatever its settings are called.
func TestWorkingConnectionIsLeftAlone(t *testing.T) {
	f := registered(modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IPV4V6", APN: "super"}}},
		modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"})
	if done := run(f, policy("balanced"), 24*time.Hour); len(done) != 0 {
		t.Errorf("acted on a working connection: %v", done)
	}
}

func TestCongestionEnds(t *testing.T) {
	f := unregistered(modem.Registration{Domain: modem.EPS, Stat: modem.RegDenied, AcT: modem.Unknown, Cause: modem.Cause{Domain: modem.EMM, Number: 22}})
	if d := plan(f, &History{}, policy("balanced"), 29*time.Minute); d.Kind != Hold {
		t.Errorf("within the congestion: %+v", d)
	}
	f.Cause.At = noon.Add(time.Hour) // the cause is confirmed again and again
	if d := plan(f, &History{}, policy("balanced"), time.Hour); d.Kind == Hold {
		t.Errorf("held for ever: %+v", d)
	}
}

func TestNudgeIsLeftOutWhileSearching(t *testing.T) {
	f := unregistered(modem.Registration{Domain: modem.EPS, Stat: modem.RegSearching, AcT: modem.Unknown})
	if d := plan(f, &History{}, policy("balanced"), 26*time.Minute); d.Kind != RadioCycle {
		t.Errorf("next is %s, want radio-cycle: COPS=0 would only restart the search", d.Kind)
	}
}

// A permanent refusal: one radio cycle after an hour, then 4, 8, 16, 24 hours and nothing else.
func TestPermanentRefusalIsNotFought(t *testing.T) {
	for name, f := range map[string]*facts.Facts{
		"cause 8": unregistered(modem.Registration{Domain: modem.EPS, Stat: modem.RegDenied, AcT: modem.Unknown, Cause: modem.Cause{Domain: modem.EMM, Number: 8}}),
		"sim-new": refused(83704), "sim-inactive": refused(83705),
	} {
		length := 16 * time.Hour
		if name == "cause 8" {
			length = 25 * time.Minute // a cause is fresh for half an hour only
		}
		done := run(f, policy("balanced"), length)
		got := story(done, attachKinds...)
		if len(done) > 3 {
			t.Errorf("%s: %s", name, got)
		}
		for i, d := range done {
			if d.Kind != RadioCycle || i == 0 && (d.At.Before(noon.Add(time.Hour)) || d.At.After(noon.Add(76*time.Minute))) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

func refused(code int) *facts.Facts {
	f := unregistered(modem.Registration{Domain: modem.EPS, Stat: modem.RegDenied, AcT: modem.Unknown})
	f.AddCloud(noon, "test", []cloud.Event{{SID: "EZ1", Type: cloud.AttachmentRejected, ICCID: iccid, Time: noon, Error: cloud.Error{Code: code}}}, 0)
	return f
}

// A rate limit freezes everything for an hour, and for two when it comes again after that.
func TestRateLimitFreezes(t *testing.T) {
	f := refused(83703)
	tell(f, modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "internet"}}}) // even repairs wait
	if d := plan(f, &History{}, policy("balanced"), 59*time.Minute); d.Kind != Hold || !d.At.Equal(noon.Add(time.Hour)) {
		t.Fatalf("%+v", d)
	}
	again := noon.Add(70 * time.Minute)
	f.AddCloud(again, "test", []cloud.Event{{SID: "EZ2", Type: cloud.AttachmentRejected, ICCID: iccid, Time: again, Error: cloud.Error{Code: 83703}}}, 0)
	if d := plan(f, &History{}, policy("balanced"), 75*time.Minute); d.Kind != Hold || !d.At.Equal(again.Add(2*time.Hour)) {
		t.Errorf("second freeze: %+v", d)
	}
}

func TestNewIMSIExtendsTheHold(t *testing.T) {
	f := unregistered(modem.IMSI("732123200012345"))
	before := plan(f, &History{}, policy("balanced"), time.Minute)
	for i := range 9 {
		f.Apply(noon, modem.IMSI(strings.Repeat(string(rune('1'+i)), 15)))
	}
	after := plan(f, &History{}, policy("balanced"), time.Minute)
	if got := after.At.Sub(before.At); got != 20*time.Minute {
		t.Errorf("nine changes of IMSI extend the hold by %v, want 4 x 5 minutes", got)
	}
}

func TestRepairs(t *testing.T) {
	for _, test := range []struct {
		name string
		see  modem.Observation
		want Kind
	}{
		{"APN", modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "internet"}}}, SetAPN},
		{"no context at all", modem.Contexts{}, SetAPN},
		{"PDP type", modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IPV6", APN: "super"}}}, SetAPN},
		{"radio", modem.Radio{Fun: 4}, RadioOn},
		{"selection", modem.Operator{Mode: 1, PLMN: "26201"}, AutomaticSelection},
	} {
		f := unregistered(test.see)
		var h History
		for i := range repairsPerWindow {
			after := time.Duration(i) * 31 * time.Minute
			d := plan(f, &h, policy("balanced"), after)
			if d.Kind != test.want || !d.Due(noon.Add(after)) {
				t.Fatalf("%s, repair %d: %+v", test.name, i+1, d)
			}
			h.Note(noon.Add(after), d)
		}
		if d := plan(f, &h, policy("balanced"), 40*time.Minute); d.Kind != Hold || !strings.Contains(d.Why, "something else changes it") {
			t.Errorf("%s: a third repair within the hour: %+v", test.name, d)
		}
	}
}

// A PIN that was not accepted is not asked for again within an hour; an accepted one is entered again when the module
// restarts.
func TestPIN(t *testing.T) {
	f := unregistered(modem.SIM{State: modem.SIMPIN})
	p := policy("balanced")
	if d := plan(f, &History{}, p, time.Minute); d.Kind != Hold {
		t.Errorf("no PIN is configured: %+v", d)
	}
	p.PIN = true
	if d := plan(f, &History{}, p, time.Minute); d.Kind != EnterPIN {
		t.Errorf("first: %+v", d)
	}
	for outcome, due := range map[string]bool{"ok": true, "wrong PIN": false, "": false} {
		h := History{Actions: []Done{{Kind: EnterPIN, At: noon, Outcome: outcome}}}
		if d := plan(f, &h, p, 30*time.Minute); d.Kind != EnterPIN || d.Due(noon.Add(30*time.Minute)) != due {
			t.Errorf("after outcome %q: %+v", outcome, d)
		}
	}
}

func TestForeignCardIsLeftAlone(t *testing.T) {
	f := unregistered(modem.ICCID("89490200001234567890"), modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "internet"}}})
	if done := run(f, policy("balanced"), 24*time.Hour); len(done) != 0 {
		t.Errorf("acted on another operator's card: %v", done)
	}
}

// Registered without data: activation first, by its schedule, then ever stronger steps.
func TestDataLadder(t *testing.T) {
	done := run(registered(), policy("balanced"), 3*time.Hour)
	if done[0].Kind != Activate || done[0].At.Sub(noon) > 2*time.Minute {
		t.Errorf("first: %s after %v", done[0].Kind, done[0].At.Sub(noon))
	}
	want := "8m0s"
	if got := story(done, Reactivate); !strings.HasPrefix(got, "8m") {
		t.Errorf("reactivation at %s, want %s", got, want)
	}
	for k, from := range map[Kind]time.Duration{Reattach: 20 * time.Minute, RadioCycle: 40 * time.Minute, ModuleReset: 75 * time.Minute, HardCycle: 135 * time.Minute} {
		found := false
		for _, d := range done {
			if d.Kind == k {
				found = true
				if at := d.At.Sub(noon); at < from {
					t.Errorf("%s after %v, not before %v", k, at, from)
				}
			}
		}
		if !found {
			t.Errorf("no %s in three hours: %s", k, story(done, attachKinds...))
		}
	}
	p := policy("balanced")
	p.Dial = false
	if done := run(registered(), p, 24*time.Hour); len(done) != 0 {
		t.Errorf("acted although another program dials: %v", done)
	}
}

// A permanent refusal of the APN is tried again at 5, 15, 30, 60 … minutes, not every minute.
func TestPermanentSessionCauseBacksOff(t *testing.T) {
	f := registered()
	f.Dialled(noon, false, modem.Cause{Domain: modem.ESM, Number: 33}, "not subscribed")
	if d := plan(f, &History{}, policy("balanced"), time.Minute); d.Kind != Activate || d.At.Sub(noon) < 5*time.Minute {
		t.Errorf("%+v", d)
	}
}

// Two devices of a fleet do not move at the same second, and one device plans the same however often it is asked.
func TestSpread(t *testing.T) {
	f := unregistered()
	times := map[time.Time]bool{}
	for seed := range uint64(50) {
		p := policy("balanced")
		p.Seed = seed
		d := plan(f, &History{}, p, time.Minute)
		if again := plan(f, &History{}, p, 2*time.Minute); !again.At.Equal(d.At) {
			t.Fatalf("planned %v, then %v", d.At, again.At)
		}
		if d.At.Before(noon.Add(25 * time.Minute)) {
			t.Fatalf("the spread shortened the hold: %v", d.At)
		}
		times[d.At] = true
	}
	if len(times) < 45 {
		t.Errorf("50 devices share %d moments", len(times))
	}
}

// No sliding window ever exceeds its limit, whatever is asked for and when, and across restarts.
func TestBudgetsHold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := policy(rapid.SampledFrom([]string{"balanced", "attended", "gentle"}).Draw(r, "profile"))
		var h History
		now := noon
		var done []Done
		for range rapid.IntRange(1, 400).Draw(r, "n") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(r, "wait")))
			k := rapid.SampledFrom(Kinds()[1:]).Draw(r, "kind")
			rule := rapid.SampledFrom([]string{"repair", ruleAsked}).Draw(r, "rule")
			if free, _ := h.freeAt(now, k, rule, p.Profile); !free.After(now) {
				h.Note(now, Decision{Kind: k, Rule: rule})
				done = append(done, h.Actions[len(h.Actions)-1])
			}
		}
		checkWindows(r, done, p.Profile)
	})
}

func checkWindows(r *rapid.T, done []Done, p Profile) {
	all := History{Actions: done}
	for _, a := range accounts {
		spent := all.spent(a)
		for _, l := range a.limits {
			l = l.in(a.name, p)
			for i := l.N; i < len(spent); i++ {
				if got := spent[i].Sub(spent[i-l.N]); got < l.Per {
					r.Fatalf("%s: %d actions within %v, %d allowed per %v", a.name, l.N+1, got, l.N, l.Per)
				}
			}
		}
	}
}

// TestFirstDial: on LTE the bearer comes by itself, and is given the time; on 2G and 3G there is nothing to wait for.
func TestFirstDial(t *testing.T) {
	lte := registered()
	umts := unregistered(modem.Registration{Domain: modem.PS, Stat: modem.RegRoaming, AcT: 2}, modem.Active{})
	for _, c := range []struct {
		facts *facts.Facts
		want  time.Duration
	}{{lte, bearerGrace}, {umts, 0}} {
		if d := plan(c.facts, &History{}, policy("balanced"), 0); d.Kind != Activate || d.At.Sub(noon) != c.want {
			t.Errorf("got %+v, want to activate after %v", d, c.want)
		}
	}
}

func TestEveryActionIsDescribed(t *testing.T) {
	if len(Kinds()) != 16 {
		t.Errorf("%d actions", len(Kinds()))
	}
	for _, k := range attachKinds {
		if _, ok := Describe(k); !ok || !k.AttachLevel() {
			t.Errorf("%s: no description, or not counted as attaching", k)
		}
	}
}
