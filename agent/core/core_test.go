package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const testICCID = "89883070000012345678"

func testConfig() Config {
	balanced, _ := attach.LookupProfile("balanced")
	return Config{
		Want:     facts.Want{APN: "super", PDPType: "IP", CID: 1},
		Policy:   attach.Policy{Profile: balanced, Dial: true, Power: true, Seed: 1},
		PortPath: "/dev/ttyTEST",
	}
}

// puppet answers the core's actions from a table of observations, as a modem in a fixed state would.
type puppet struct {
	core    *Core
	now     time.Time
	answers map[modem.Look][]modem.Observation
	ops     []Op
}

func newPuppet(cfg Config) *puppet {
	return &puppet{core: New(epoch, cfg), now: epoch, answers: map[modem.Look][]modem.Observation{
		modem.LookSIM:          {modem.SIM{State: modem.SIMReady}},
		modem.LookICCID:        {modem.ICCID(testICCID)},
		modem.LookIMSI:         {modem.IMSI("732123200012345")},
		modem.LookRadio:        {modem.Radio{Fun: 1}},
		modem.LookOperator:     {modem.Operator{PLMN: "310410", AcT: 7}},
		modem.LookRegistration: {registration(modem.RegRoaming)},
		modem.LookServing:      {registration(modem.RegRoaming)},
		modem.LookSignal:       {modem.Signal{RSRPdBm: -95, RSRQdB: -11, SINRdB: 9, RSSIdBm: -65}},
		modem.LookContexts:     {modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "super"}}}},
		modem.LookActive:       {modem.Active{CIDs: []int{1}}},
		modem.LookAddress:      {modem.Address{CID: 1, IP: "100.64.1.2"}},
	}}
}

func registration(stat modem.RegStat) modem.Registration {
	return modem.Registration{Domain: modem.EPS, Stat: stat, Area: "5003", CellID: "262C201", AcT: 7}
}

// feed gives the core an event and answers every action until it rests.
func (p *puppet) feed(ev Event) {
	acts := p.core.Step(p.now, ev)
	for len(acts) > 0 {
		act := acts[0]
		p.ops = append(p.ops, act.Op)
		done := Done{ID: act.ID}
		switch op := act.Op.(type) {
		case Greet:
			done.Observations = []modem.Observation{modem.Identity{Vendor: "quectel", Model: "EG25", Dialect: "quectel-eg25"}}
		case Ask:
			done.Observations = p.answers[op.Look]
		}
		acts = p.core.Step(p.now, done)
	}
}

// until lets time pass, waking the core at its deadlines only.
func (p *puppet) until(t time.Time) {
	for {
		next := p.core.Deadline()
		if next.After(t) {
			p.now = t
			return
		}
		p.now = next
		p.feed(Tick{})
	}
}

func (p *puppet) count(match func(Op) bool) (n int) {
	for _, op := range p.ops {
		if match(op) {
			n++
		}
	}
	return n
}

func isAsk(op Op) bool { _, ok := op.(Ask); return ok }
func isAct(op Op) bool { _, ok := op.(Act); return ok }

func TestReachesOnlineByItself(t *testing.T) {
	p := newPuppet(testConfig())
	p.until(epoch.Add(time.Minute))
	if got := p.core.Snapshot().Verdict; got.Code != "online-cloud-lags" {
		t.Fatalf("verdict %q (%s)", got.Code, got.Summary)
	}
	p.feed(CloudBatch{Source: "test", Events: []cloud.Event{{SID: "EZ1", Type: cloud.SessionStarted, ICCID: testICCID,
		Time: p.now, IP: "100.64.1.2", SessionSID: "PI1", APN: "super"}}})
	if got := p.core.Snapshot().Verdict; got.Code != "online" {
		t.Fatalf("verdict %q (%s)", got.Code, got.Summary)
	}
	if n := p.count(isAct); n != 0 {
		t.Errorf("a healthy modem was acted upon %d times: %v", n, p.core.Snapshot().History.Actions)
	}
}

// TestNetworkTime: the module's clock is read as long as no time server sets the host's, and confirms it.
func TestNetworkTime(t *testing.T) {
	for _, ntp := range []bool{true, false} {
		p := newPuppet(testConfig())
		p.answers[modem.LookTime] = []modem.Observation{modem.NetworkTime{UTC: epoch.Add(10 * time.Second)}}
		p.feed(ClockState{NTP: ntp})
		p.until(epoch.Add(time.Minute))
		asked := p.count(func(op Op) bool { a, ok := op.(Ask); return ok && a.Look == modem.LookTime }) > 0
		want := map[bool]facts.ClockState{true: facts.ClockNTP, false: facts.ClockNITZ}[ntp]
		if got := p.core.Snapshot().Facts.Clock.State; asked == ntp || got != want {
			t.Errorf("NTP %t: asked %t, clock %s, want %s", ntp, asked, got, want)
		}
	}
}

// When all is well at most two commands a minute are sent, and the registration is re-read every minute.
func TestSettledPace(t *testing.T) {
	p := newPuppet(testConfig())
	p.until(epoch.Add(10 * time.Minute))
	settings := func(op Op) bool { a, ok := op.(Ask); return ok && a.Look == modem.LookSettings }
	if n := p.count(settings); n != 1 {
		t.Errorf("the settings were read %d times in ten minutes, want once", n)
	}
	p.ops = nil
	p.until(epoch.Add(70 * time.Minute))
	if n := p.count(isAsk); n > 120 {
		t.Errorf("%d questions in an hour, at most 120 are allowed", n)
	}
	serving := p.count(func(op Op) bool { a, ok := op.(Ask); return ok && a.Look == modem.LookServing })
	if serving < 59 {
		t.Errorf("registration was re-read %d times in an hour, want one a minute", serving)
	}
	for look := range modem.NumLooks {
		if every := settled.every[look]; every != 0 && every != once && p.count(func(op Op) bool { a, ok := op.(Ask); return ok && a.Look == look }) == 0 {
			t.Errorf("%v was never asked in an hour", look)
		}
	}
}

// A lost unsolicited line: the registration is gone and nobody said so.
func TestNoticesSilentLossWithinAMinute(t *testing.T) {
	p := newPuppet(testConfig())
	p.until(epoch.Add(10 * time.Minute))
	p.answers[modem.LookServing] = []modem.Observation{registration(modem.RegSearching)}
	p.answers[modem.LookRegistration] = p.answers[modem.LookServing]
	p.until(p.now.Add(time.Minute))
	if got := p.core.Snapshot().Verdict.Code; got != "searching" {
		t.Errorf("verdict after a minute: %q", got)
	}
}

func TestStaleCompletionIsDropped(t *testing.T) {
	p := newPuppet(testConfig())
	p.until(epoch.Add(time.Minute))
	before := p.core.Snapshot().Verdict.Code
	p.core.Step(p.now, Done{ID: 999999, Observations: []modem.Observation{modem.SIM{State: modem.SIMMissing}}})
	if s := p.core.Snapshot(); s.Stale != 1 || s.Verdict.Code != before {
		t.Errorf("stale %d, verdict %q", s.Stale, s.Verdict.Code)
	}
}

func TestDeadLineIsSaidAndMended(t *testing.T) {
	p := newPuppet(testConfig())
	p.until(epoch.Add(5 * time.Minute))
	acts := p.core.Step(p.now.Add(30*time.Second), Tick{})
	if len(acts) != 1 {
		t.Fatalf("actions %v", acts)
	}
	p.now = p.now.Add(36 * time.Second)
	p.core.Step(p.now, Done{ID: acts[0].ID, Failure: &Failure{Kind: LineDead, Text: "no answer"}})
	if got := p.core.Snapshot().Verdict.Code; got != "modem-unreachable" {
		t.Fatalf("verdict %q", got)
	}
	p.until(p.now.Add(30 * time.Second))
	if got := p.core.Snapshot().Verdict.Code; got != "online-cloud-lags" {
		t.Errorf("verdict after reopening: %q", got)
	}
}

// A modem that dies for good between two questions gets the restart command and then loses its power within a minute; what
// was done before this start counts.
func TestDeadModemIsRestartedAtOnce(t *testing.T) {
	spent := attach.History{Actions: []attach.Done{{Kind: attach.ModuleReset, At: epoch.Add(-time.Minute)}}}
	for name, history := range map[string]attach.History{"soft-reset hard-cycle": {}, "hard-cycle": spent} {
		cfg := testConfig()
		cfg.History = history
		p := newPuppet(cfg)
		p.until(epoch.Add(5 * time.Minute))
		died := p.now
		var did []string
		dead := Failure{Kind: LineDead, Text: "no answer"}
		ev := Event(Tick{})
		for p.now.Sub(died) < time.Minute && !slices.Contains(did, "hard-cycle") {
			acts := p.core.Step(p.now, ev)
			if len(acts) == 0 {
				p.now, ev = p.core.Deadline(), Tick{}
				continue
			}
			if act, ok := acts[0].Op.(Act); ok {
				did = append(did, string(act.Kind))
			}
			done := Done{ID: acts[0].ID}
			if open, ok := acts[0].Op.(OpenPort); ok && !open.Awake {
				t.Errorf("%s: a modem that ran is given time to boot", name)
			} else if !ok {
				done.Failure = &dead
				p.now = p.now.Add(7 * time.Second)
			}
			ev = done
		}
		if got := strings.Join(did, " "); got != name {
			t.Errorf("got %q, want %q, %v after the death", got, name, p.now.Sub(died))
		}
	}
}

// anyEvent draws an event that could come at any time, sane or not.
func anyEvent(r *rapid.T, flight uint64, n int) Event {
	switch rapid.IntRange(0, 9).Draw(r, "event") {
	case 0:
		return Seen{Observations: []modem.Observation{registration(modem.RegStat(rapid.IntRange(-1, 12).Draw(r, "stat")))}}
	case 1:
		return Seen{Observations: []modem.Observation{modem.Booted{Line: "RDY"}}}
	case 2:
		return Seen{Observations: []modem.Observation{modem.ContextLost{CID: rapid.IntRange(0, 2).Draw(r, "cid")}}}
	case 3:
		states := []modem.SIMState{modem.SIMReady, modem.SIMBusy, modem.SIMMissing, modem.SIMPIN, modem.SIMPUK, modem.SIMFault}
		return Seen{Observations: []modem.Observation{modem.SIM{State: rapid.SampledFrom(states).Draw(r, "sim")}}}
	case 4:
		return PortLost{Failure: Failure{Kind: PortGone, Reason: "gone", Text: "unplugged"}}
	case 5:
		code := rapid.SampledFrom([]int{83702, 83703, 83704, 83705, 1}).Draw(r, "code")
		return CloudBatch{Events: []cloud.Event{{SID: fmt.Sprint("EZ", n), Type: cloud.AttachmentRejected, ICCID: testICCID,
			Time: epoch.Add(time.Duration(n) * time.Minute), Error: cloud.Error{Code: code}}}}
	case 6:
		return CloudBatch{Events: []cloud.Event{{SID: fmt.Sprint("EZ", n), Type: cloud.AttachmentAccepted, ICCID: testICCID,
			Time: epoch.Add(time.Duration(n) * time.Minute)}}}
	case 7:
		kind := FailureKind(rapid.IntRange(0, 5).Draw(r, "failure"))
		cause := modem.Cause{Domain: modem.EMM, Number: rapid.IntRange(0, 120).Draw(r, "cause")}
		return Done{ID: flight, Failure: &Failure{Kind: kind, Text: "failed", Cause: cause}}
	case 8:
		return Seen{Observations: []modem.Observation{modem.LastCause{Cause: modem.Cause{Domain: modem.EMM, Number: rapid.IntRange(0, 120).Draw(r, "cause")}}}}
	}
	return Done{ID: flight}
}

// Whatever happens, in whatever order: one action is outstanding at most, no budget is exceeded in any sliding window,
// an idle core asks to be woken in the future only, and no radio action comes before its time.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cfg := testConfig()
		cfg.Policy.Seed = rapid.Uint64().Draw(r, "seed")
		c := New(epoch, cfg)
		now, flight := epoch, uint64(0)
		card := Seen{Observations: []modem.Observation{modem.ICCID(testICCID), modem.ICCID(testICCID)}}
		if acts := c.Step(now, card); len(acts) == 1 {
			flight = acts[0].ID
		}
		for n := range rapid.IntRange(1, 300).Draw(r, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(4*time.Minute)).Draw(r, "wait")))
			ev := anyEvent(r, flight, n)
			if d, ok := ev.(Done); ok && d.ID == flight {
				flight = 0
			}
			acts := c.Step(now, ev)
			if len(acts) > 1 || len(acts) == 1 && flight != 0 {
				r.Fatalf("more than one action outstanding: %v while %d", acts, flight)
			}
			if len(acts) == 1 {
				flight = acts[0].ID
			}
			if !c.Deadline().After(now) {
				r.Fatalf("deadline %v is not after %v", c.Deadline(), now)
			}
			checkPatience(r, c)
		}
		checkBudgets(r, c.Snapshot().History)
	})
}

func checkBudgets(r *rapid.T, h attach.History) {
	for _, b := range attach.Budgets(epoch, &attach.History{}, attach.Profile{}) {
		var times []time.Time
		for _, d := range h.Actions {
			if string(d.Kind) == b.Name || b.Name == "total" && d.Kind.AttachLevel() {
				times = append(times, d.At)
			}
		}
		for i := range times {
			if j := i + b.Limit; j < len(times) && times[j].Sub(times[i]) < b.Per {
				r.Fatalf("%s: %d actions within %v, %d allowed per %v", b.Name, b.Limit+1, times[j].Sub(times[i]), b.Limit, b.Per)
			}
		}
	}
}

// checkPatience: in the first 25 minutes of an outage the radio is left alone.
func checkPatience(r *rapid.T, c *Core) {
	s := c.Snapshot()
	if n := len(s.History.Actions); n > 0 {
		last := s.History.Actions[n-1]
		early := !s.Facts.OutageStart.IsZero() && last.At.Sub(s.Facts.OutageStart) >= 0 && last.At.Sub(s.Facts.OutageStart) < 25*time.Minute
		ladder := last.Rule == "ladder" || last.Rule == "stop"
		if early && ladder {
			r.Fatalf("%s after %v of outage (%s)", last.Kind, last.At.Sub(s.Facts.OutageStart), last.Why)
		}
	}
}

// The order in which stamped cloud events arrive does not matter.
func TestOrderOfCloudEventsDoesNotMatter(t *testing.T) {
	story := []cloud.Event{
		{SID: "EZ1", Type: cloud.AttachmentAccepted, Time: epoch.Add(1 * time.Second)},
		{SID: "EZ2", Type: cloud.SessionStarted, Time: epoch.Add(2 * time.Second), SessionSID: "PI1", SessionStart: epoch.Add(2 * time.Second), IP: "100.64.9.9"},
		{SID: "EZ3", Type: cloud.SessionEnded, Time: epoch.Add(30 * time.Second), SessionSID: "PI1", SessionStart: epoch.Add(2 * time.Second), SessionEnd: epoch.Add(30 * time.Second), IP: "100.64.9.9"},
		{SID: "EZ4", Type: cloud.AttachmentAccepted, Time: epoch.Add(40 * time.Second)},
		{SID: "EZ5", Type: cloud.SessionStarted, Time: epoch.Add(41 * time.Second), SessionSID: "PI2", SessionStart: epoch.Add(41 * time.Second), IP: "100.64.1.2"},
		{SID: "EZ6", Type: cloud.SessionUpdated, Time: epoch.Add(45 * time.Second), SessionSID: "PI2", SessionStart: epoch.Add(41 * time.Second), IP: "100.64.1.2"},
	}
	rapid.Check(t, func(r *rapid.T) {
		p := newPuppet(testConfig())
		p.until(epoch.Add(time.Minute))
		p.feed(ClockState{NTP: true})
		order := rapid.Permutation(story).Draw(r, "order")
		order = append(order, rapid.SliceOf(rapid.SampledFrom(story)).Draw(r, "again")...)
		for _, e := range order {
			e.ICCID = testICCID
			p.feed(CloudBatch{Source: "test", Events: []cloud.Event{e}})
		}
		s := p.core.Snapshot()
		if s.Verdict.Code != "online" || s.Verdict.Evidence[1].EventSID != "EZ6" {
			r.Fatalf("verdict %v %v", s.Verdict.Code, s.Verdict.Evidence)
		}
		if n := len(s.History.Actions); n != 0 {
			r.Fatalf("%d actions were done: %v", n, s.History.Actions)
		}
	})
}

// Stamps survive a step of the clock, and an agent that knows nothing says so.
func TestStampsAndStart(t *testing.T) {
	f := facts.New(time.Now(), facts.Want{APN: "super", PDPType: "IP", CID: 1})
	start := time.Now()
	if got := facts.Wall(start.Add(time.Hour), start); !got.Equal(start.Round(0)) {
		t.Errorf("a stamp moved by %v", got.Sub(start))
	}
	if v := correlate.Judge(start, f); v.Code != "starting" {
		t.Errorf("verdict of an agent that knows nothing: %q", v.Code)
	}
}

func BenchmarkStepIdle(b *testing.B) {
	p := newPuppet(testConfig())
	p.until(epoch.Add(10 * time.Minute))
	b.ReportAllocs()
	for b.Loop() {
		p.core.Step(p.now, Tick{})
	}
}

// BenchmarkStepPoll is a question that brings no news: judged and planned anew.
func BenchmarkStepPoll(b *testing.B) {
	p := newPuppet(testConfig())
	p.until(epoch.Add(10 * time.Minute))
	b.ReportAllocs()
	for b.Loop() {
		p.until(p.core.Deadline())
		p.ops = p.ops[:0]
	}
}

// A person's command waits until the modem was greeted, touches it alone, and lets what it may have changed be read anew.
func TestCommandOfAPerson(t *testing.T) {
	p := newPuppet(testConfig())
	p.feed(CommandRequest{Ticket: 7, Shown: "AT+CGDCONT=***", Writes: true})
	p.until(epoch.Add(time.Minute))
	var order []string
	for _, op := range p.ops {
		order = append(order, fmt.Sprintf("%T", op))
	}
	if len(order) < 3 || order[0] != "core.OpenPort" || order[1] != "core.Greet" || order[2] != "core.Run" {
		t.Fatalf("operations %v", order)
	}
	p.ops = nil
	p.feed(CommandRequest{Ticket: 8, Shown: "AT+CGDCONT=***", Writes: true})
	if len(p.ops) < 2 || p.ops[0].(Run).Ticket != 8 {
		t.Fatalf("operations %v", p.ops)
	}
	p.ops = nil
	p.feed(CommandRequest{Ticket: 9, Shown: "AT+CFUN=1,1", Writes: true, Upsets: true})
	if _, greeted := p.ops[1].(Greet); !greeted {
		t.Fatalf("the module was not greeted again: %v", p.ops)
	}
}

// More commands than the shell admits are dropped, not kept.
func TestCommandsAreBounded(t *testing.T) {
	c := New(epoch, testConfig())
	c.Step(epoch, Tick{})
	for i := range 3 * maxCommands {
		c.Step(epoch, CommandRequest{Ticket: uint64(i)})
	}
	if len(c.commands) != maxCommands {
		t.Errorf("%d commands wait", len(c.commands))
	}
}
