package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/core"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/journal"
	"supersim-agent/agent/status"
	"supersim-agent/atcmd"
	"supersim-agent/modem"
	"supersim-agent/modem/modemsim"
	"supersim-agent/modem/quectel"
	"supersim-agent/modem/simcom"
	"supersim-agent/modem/ublox"
)

// TestScenarios plays every scenario file of testdata/scenarios, or of the folder that SCENARIOS names, in virtual time:
// the whole agent against the simulated world, with nothing between them but an in-memory serial line.
func TestScenarios(t *testing.T) {
	for _, file := range scenarioFiles(t) {
		t.Run(scenarioName(file), func(t *testing.T) {
			s, err := modemsim.LoadScenario(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { newStage(t, s).play() })
		})
	}
}

// scenarioFiles lists testdata/scenarios, or the folder that SCENARIOS names.
func scenarioFiles(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("SCENARIOS")
	if dir == "" {
		dir = "testdata/scenarios"
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.toml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario files in %s (%v)", dir, err)
	}
	return files
}

func scenarioName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".toml") }

const (
	sampleEvery = time.Second      // the resolution at which a stage looks at the agent
	renderEvery = 10 * time.Second // without news only time moves on in the document, and rendering it each second is slow
)

// stage is one performance of a scenario.
type stage struct {
	t        *testing.T
	scenario *modemsim.Scenario
	cfg      core.Config
	world    *modemsim.World
	sent     *recorder
	start    time.Time
	clock    hostClock
	ntp      atomic.Bool
	events   chan []byte
	agent    atomic.Pointer[Agent] // the one that runs now, or ran last
	shown    *Agent                // whose timeline lastSeq counts in
	journal  *journal.Journal      // of the agent that runs
	disk     string                // its folder; "" without
	noProbe  bool                  // data.probe = false
	path     DataPath              // nil: the world's
	beacon   *Beacon
	boots    int // of the computer
	booted   time.Time
	samples  []sample
	seen     *core.Snapshot // what the last sample was made from
	fresh    time.Duration  // and when
	actions  []acted
	lastSeq  uint64
	story    []string // the timeline, for a failure
}

// sample is what a reader of the socket would have seen at one moment.
type sample struct {
	at      time.Duration
	verdict string
	next    string
	doc     *document
}

// document is a status document, decoded from its JSON when an expectation asks for its fields.
type document struct {
	status *status.Status
	fields map[string]any
}

type acted struct {
	at   time.Duration
	kind string
}

func allDialects() []*modem.Dialect {
	var list []*modem.Dialect
	list = append(list, quectel.Dialects...)
	list = append(list, simcom.Dialects...)
	return append(list, ublox.Dialects...)
}

// testConfig is the agent's configuration in scenarios: the defaults, on a board with power control.
func testConfig() core.Config {
	balanced, _ := attach.LookupProfile("balanced")
	return core.Config{
		Want:     facts.Want{APN: "super", PDPType: "IP", CID: 1},
		Policy:   attach.Policy{Profile: balanced, Dial: true, Power: true, Seed: 7},
		PortPath: "/dev/ttyTEST",
	}
}

func newStage(t *testing.T, s *modemsim.Scenario) *stage {
	st := &stage{t: t, scenario: s, cfg: testConfig(), start: time.Now(), booted: time.Now(), clock: hostClock{start: time.Now()},
		world: modemsim.NewWorld(s, nil), events: make(chan []byte, 1024), sent: &recorder{}}
	st.world.OnEvents(func(body []byte) { st.events <- body })
	return st
}

// newAgent is the agent as it is after a start.
func (st *stage) newAgent() *Agent {
	st.openJournal()
	var beacons []Beacon
	if st.beacon != nil {
		beacons = append(beacons, *st.beacon)
	}
	return New(st.cfg, Deps{
		Beacons: beacons,
		Journal: st.journal,
		Boot:    st.bootID(),
		Uptime:  func() time.Duration { return time.Since(st.booted) },
		Open: func(context.Context) (atcmd.Transport, string, error) {
			pipe, path, err := openPipe(st.world)
			return st.sent.listen(pipe), path, err
		},
		Dialects: allDialects(),
		Wanted:   modem.Wanted{Roaming: modem.On}, // as by default
		Power:    worldPower{st.world},
		Sources:  []cloud.Source{bodySource{st.events, &st.clock}},
		Path:     st.dataPath(),
		Probe:    !st.noProbe,
		Clock:    &st.clock,
		NTP:      st.ntp.Load,
		Log:      zerolog.New(io.Discard),
	})
}

// openPipe is the serial port of a scenario.
func openPipe(w *modemsim.World) (atcmd.Transport, string, error) {
	pipe, err := w.Open()
	if err != nil {
		return nil, "", &atcmd.PortError{Path: "/dev/ttyTEST", Reason: atcmd.ReasonMissing, Err: err}
	}
	return pipe, "/dev/ttyTEST", nil
}

// bodySource decodes webhook bodies as the real sources do.
type bodySource struct {
	bodies <-chan []byte
	clock  Clock
}

func (b bodySource) Run(ctx context.Context, emit func(context.Context, cloud.Batch) error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case body := <-b.bodies:
			events, problems, err := cloud.Decode(body, cloud.DefaultLimits())
			if err != nil {
				return err
			}
			if err := emit(ctx, cloud.Batch{Events: events, Problems: len(problems), Source: "webhook", Received: b.clock.Now()}); err != nil {
				return err
			}
		}
	}
}

// worldPower is the board of a scenario: a supply switch.
type worldPower struct{ *modemsim.World }

func (p worldPower) On(context.Context) error { p.PowerOn(); return nil }

func (p worldPower) Cycle(context.Context) error {
	p.PowerOff()
	<-time.After(10 * time.Second)
	p.PowerOn()
	return nil
}

// play runs world and agent for the scenario's duration and judges the expectations.
func (st *stage) play() {
	end := st.begin()
	for time.Since(st.start) < st.scenario.Duration {
		<-time.After(sampleEvery) // virtual time
		synctest.Wait()
		st.look()
	}
	end()
	for _, e := range st.scenario.Expect {
		if err := st.check(e); err != nil {
			st.t.Errorf("expectation in line %d: %v", e.Line, err)
		}
	}
	onlyQuestions(st.t, st.world)
	if st.t.Failed() {
		st.t.Logf("%s\n%s", st.scenario.Title, strings.Join(st.story, "\n"))
	}
}

// look takes a sample. What nobody changed since the last one is not rendered again.
func (st *stage) look() {
	at := time.Since(st.start)
	agent := st.agent.Load()
	if now := agent.Snapshot(); now != st.seen || at-st.fresh >= renderEvery {
		st.note(at)
		doc := agent.Status()
		s := sample{verdict: doc.Verdict.Code, next: doc.Verdict.Next.Action, doc: &document{status: doc}}
		if waitsFor(doc) {
			s.next = string(attach.Hold)
		}
		st.samples = append(st.samples, s)
		st.seen, st.fresh = now, at
	} else {
		st.samples = append(st.samples, st.samples[len(st.samples)-1])
	}
	st.samples[len(st.samples)-1].at = at
}

// note takes over what is new in the timeline: a verdict may have come and gone since the last sample.
func (st *stage) note(at time.Duration) {
	agent := st.agent.Load()
	if agent != st.shown { // it knows what was before it
		st.shown, st.lastSeq = agent, agent.Snapshot().Before
	}
	for _, e := range agent.Timeline(st.lastSeq) {
		st.lastSeq = e.Seq
		st.story = append(st.story, fmt.Sprintf("%8s %-6s %-12s %s", at, e.Side, e.Kind, e.Text))
		if e.Kind == "action" && e.Action != "" {
			st.actions = append(st.actions, acted{at, e.Action})
		}
		if e.Kind == "verdict" {
			st.samples = append(st.samples, sample{at: at, verdict: e.Verdict, doc: &document{status: &status.Status{}}})
		}
	}
}

// waitsFor reports whether the agent holds still for now, whatever it means to do later.
func waitsFor(doc *status.Status) bool {
	return doc.Verdict.Next.At.After(doc.Time.Time)
}

// section is a part of the document as a reader of its JSON sees it.
func (d *document) section(t *testing.T, name string) map[string]any {
	t.Helper()
	if d.fields == nil {
		raw, err := json.Marshal(d.status)
		if err == nil {
			err = json.Unmarshal(raw, &d.fields)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	section, _ := d.fields[name].(map[string]any)
	return section
}

// fields are the expected fields by section of the status document.
func fields(e modemsim.Expect) map[string]map[string]any {
	all := map[string]map[string]any{"sim": e.SIM, "data": e.Data, "registration": e.Registration, "modem": e.Modem,
		"signal": e.Signal, "cloud": e.Cloud, "attach": e.Attach}
	for name, want := range all {
		if len(want) == 0 {
			delete(all, name)
		}
	}
	return all
}

// check judges one expectation. What must become true has from the last change of the world before By until By, so that
// a state from before the change does not count.
func (st *stage) check(e modemsim.Expect) error {
	if err := knownNames(e); err != nil {
		return err
	}
	by := e.By
	if by == 0 {
		by = st.scenario.Duration
	}
	for _, check := range []func(modemsim.Expect, time.Duration, time.Duration) error{st.checkState, st.checkNever, st.checkActions} {
		if err := check(e, max(e.From, st.lastChange(by)), by); err != nil {
			return err
		}
	}
	return nil
}

// knownNames refuses verdicts and actions that do not exist: an expectation that something misspelt never happens would
// always hold.
func knownNames(e modemsim.Expect) error {
	for _, code := range []string{e.Verdict, e.VerdictNot} {
		if _, ok := correlate.Lookup(code); code != "" && !ok {
			return fmt.Errorf("there is no verdict %q", code)
		}
	}
	actions := append(slices.Collect(maps.Keys(e.Max)), e.Action, e.NeverAction)
	for _, name := range actions {
		if _, ok := attach.Describe(attach.Kind(name)); name != "" && !ok {
			return fmt.Errorf("there is no action %q", name)
		}
	}
	return nil
}

// lastChange is the time of the last entry of [[at]] before a time.
func (st *stage) lastChange(by time.Duration) (at time.Duration) {
	for _, c := range st.scenario.At {
		if c.Time < by {
			at = max(at, c.Time)
		}
	}
	return at
}

// checkState: at one moment in the window the verdict and all fields are as expected, together.
func (st *stage) checkState(e modemsim.Expect, from, by time.Duration) error {
	want := fields(e)
	if e.Verdict == "" && len(want) == 0 {
		return nil
	}
	closest := "no sample"
	for _, s := range st.samples {
		if s.at < from || s.at > by {
			continue
		}
		miss := st.mismatch(s, e.Verdict, want)
		if miss == "" {
			return nil
		}
		closest = miss
	}
	return fmt.Errorf("not true between %v and %v; at the end: %s", from, by, closest)
}

func (st *stage) mismatch(s sample, verdict string, want map[string]map[string]any) string {
	if verdict != "" && s.verdict != verdict {
		return fmt.Sprintf("verdict %q, want %q", s.verdict, verdict)
	}
	for section, keys := range want {
		have := s.doc.section(st.t, section)
		for key, value := range keys {
			if is := field(have, key); !same(is, value) {
				return fmt.Sprintf("%s.%s is %v, want %v", section, key, is, value)
			}
		}
	}
	return ""
}

// field finds a value by its name, or by the names on the way to it: "usage.today.upload_bytes".
func field(have map[string]any, key string) any {
	name, rest, below := strings.Cut(key, ".")
	if inner, ok := have[name].(map[string]any); ok && below {
		return field(inner, rest)
	}
	return have[key]
}

// same compares a JSON value with one of a scenario, numbers by value; ">= 1000" and "<= 1000" are limits.
func same(have, want any) bool {
	var sign string
	var limit float64
	if text, ok := want.(string); ok {
		if n, _ := fmt.Sscanf(text, "%2s %g", &sign, &limit); n == 2 && (sign == ">=" || sign == "<=") {
			is, number := have.(float64)
			return number && (sign == ">=" && is >= limit || sign == "<=" && is <= limit)
		}
	}
	number := func(v any) (float64, bool) {
		switch r := reflect.ValueOf(v); {
		case r.IsValid() && r.CanInt():
			return float64(r.Int()), true
		case r.IsValid() && r.CanFloat():
			return r.Float(), true
		}
		return 0, false
	}
	if h, ok := number(have); ok {
		w, ok := number(want)
		return ok && h == w
	}
	return have == want
}

// checkNever: in no moment from From (not from the last change) to By.
func (st *stage) checkNever(e modemsim.Expect, _, by time.Duration) error {
	for _, s := range st.samples {
		if e.VerdictNot != "" && s.at >= e.From && s.at <= by && s.verdict == e.VerdictNot {
			return fmt.Errorf("verdict %q at %v", s.verdict, s.at)
		}
	}
	return nil
}

// checkActions: an action that must be done, may not be done, or only so often, from From to By.
func (st *stage) checkActions(e modemsim.Expect, _, by time.Duration) error {
	count := map[string]int{}
	for _, a := range st.actions {
		if a.at >= e.From && a.at <= by {
			count[a.kind]++
		}
	}
	for _, s := range st.samples {
		if s.next == string(attach.Hold) && s.at >= e.From && s.at <= by {
			count[s.next]++
		}
	}
	if e.Action != "" && count[e.Action] == 0 {
		return fmt.Errorf("action %q not done between %v and %v", e.Action, e.From, by)
	}
	if e.NeverAction != "" && count[e.NeverAction] > 0 {
		return fmt.Errorf("action %q was done %d times between %v and %v", e.NeverAction, count[e.NeverAction], e.From, by)
	}
	for kind, most := range e.Max {
		if count[kind] > most {
			return fmt.Errorf("action %q was done %d times by %v, at most %d allowed", kind, count[kind], by, most)
		}
	}
	return nil
}
