package agent

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/core"
	"supersim-agent/modem/modemsim"
)

var (
	soakWorlds = flag.Int("worlds", 4, "how many random worlds TestSoak plays")
	soakSeed   = flag.Uint64("seed", 1, "the first world's seed")
)

// TestSoak plays random worlds of a week each, and holds at every step what must always be true. A failure names the
// seed and leaves the scenario file that repeats it.
func TestSoak(t *testing.T) {
	for i := range *soakWorlds {
		seed := *soakSeed + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			text := randomWorld(seed)
			s, err := modemsim.ParseScenario("random.toml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if t.Failed() {
					keepWorld(t, seed, text)
				}
			})
			synctest.Test(t, func(t *testing.T) { newStage(t, s).withDisk().soak() })
		})
	}
}

func keepWorld(t *testing.T, seed uint64, text string) {
	dir := filepath.Join(os.TempDir(), "supersim-soak")
	path := filepath.Join(dir, fmt.Sprintf("seed-%d.toml", seed))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Log(err)
	} else if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Log(err)
	}
	t.Logf("repeat with: go test ./agent -run TestSoak -worlds=1 -seed=%d, or SCENARIOS=%s go test ./agent -run TestScenarios", seed, dir)
}

const soakEvery = 30 * time.Second

// soak runs world and agent and watches the agent's snapshots.
func (st *stage) soak() {
	end := st.begin()
	w := soakWatch{stage: st}
	for time.Since(st.start) < st.scenario.Duration {
		<-time.After(soakEvery) // virtual time
		synctest.Wait()
		w.look(st.agent.Load().Snapshot())
	}
	end()
	w.budgets()
	if !w.before.Verdict.Online() {
		w.wrong("not online %v after everything was healed: %s", soakLength-soakHealed, w.before.Verdict.Summary)
	}
	if st.t.Failed() {
		for _, line := range w.story[max(0, len(w.story)-120):] {
			st.t.Log(line)
		}
	}
}

// soakWatch holds the invariants over the snapshots of one world.
type soakWatch struct {
	*stage
	before *core.Snapshot // the one before
	done   []attach.Done  // every action
	seen   uint64         // of the timeline
}

func (w *soakWatch) wrong(format string, args ...any) {
	w.t.Errorf("at %v: "+format, append([]any{time.Since(w.start)}, args...)...)
}

func (w *soakWatch) look(s *core.Snapshot) {
	if w.before != nil && !s.Started.Equal(w.before.Started) {
		w.seen = s.Before // another agent, which knows what was before it
	}
	for _, e := range s.Timeline {
		if e.Seq > w.seen && !strings.HasPrefix(e.Text, "data session alive") {
			w.seen = e.Seq
			w.story = append(w.story, fmt.Sprintf("%10s %-6s %-12s %s", time.Since(w.start), e.Side, e.Kind, e.Text))
		}
	}
	for _, d := range s.History.Actions {
		if n := len(w.done); !d.At.Before(s.Started) && (n == 0 || d.At.After(w.done[n-1].At)) {
			w.done = append(w.done, d)
			w.patience(d)
		}
	}
	w.before = s
}

// patience: nothing that makes the modem attach anew happens in the first 25 minutes of an outage, unless it repairs a
// setting, or the modem does not answer at all.
func (w *soakWatch) patience(d attach.Done) {
	if w.before == nil || !d.Kind.AttachLevel() || d.Rule == "repair" {
		return
	}
	f := &w.before.Facts
	switch since := f.OutageStart; {
	case !f.Line.Alive, d.Rule == "dead-port": // which may have died since the snapshot before
	case !since.IsZero() && d.At.Sub(since) < 25*time.Minute:
		w.wrong("%s after %v of an outage (rule %s): %s", d.Kind, d.At.Sub(since), d.Rule, d.Why)
	}
	switch f.Port.Reason {
	case "busy", "permission", "sandbox", "not-a-tty":
		w.wrong("%s for a fault of the host: %s", d.Kind, f.Port.Reason)
	}
}

// budgets: no sliding window ever holds more than it may.
func (w *soakWatch) budgets() {
	profile := w.agent.Load().cfg.Policy.Profile
	for _, b := range attach.Budgets(w.start, &attach.History{}, profile) {
		var times []time.Time
		for _, d := range w.done {
			if string(d.Kind) == b.Name || b.Name == "total" && d.Kind.AttachLevel() {
				times = append(times, d.At)
			}
		}
		for i := b.Limit; i < len(times); i++ {
			if span := times[i].Sub(times[i-b.Limit]); span < b.Per {
				w.wrong("%d times %s within %v, at most %d are allowed in %v", b.Limit+1, b.Name, span, b.Limit, b.Per)
			}
		}
	}
}
