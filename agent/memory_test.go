package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/core"
	"supersim-agent/agent/journal"
	"supersim-agent/agent/status"
	"supersim-agent/modem/modemsim"
)

const restarts = `
[sim]
status = "inactive"
[[at]]
time = "100m"
fault = "%s"
`

// TestRestart: what was done, what was seen and what the cloud said are known after a restart of the agent and after a power
// cut, and no budget is fuller than before.
func TestRestart(t *testing.T) {
	for _, fault := range []string{"agent-restart", "host-power-cut"} {
		t.Run(fault, func(t *testing.T) {
			s, err := modemsim.ParseScenario("restart.toml", []byte(fmt.Sprintf(restarts, fault)))
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				st := newStage(t, s).withDisk()
				end := st.begin()
				<-time.After(99 * time.Minute) // virtual time
				synctest.Wait()
				before := st.agent.Load()
				was := before.Snapshot()
				spent := before.Status().Attach.Budgets
				<-time.After(3 * time.Minute)
				synctest.Wait()
				after := st.agent.Load()
				if after == before {
					t.Fatal("the agent was not restarted")
				}
				checkKept(t, was.History, after.Snapshot().History)
				if left := after.Status().Attach.Budgets["radio-cycle"].Left; left > spent["radio-cycle"].Left {
					t.Errorf("a restart gave back a budget: %d of radio-cycle left, %d before", left, spent["radio-cycle"].Left)
				}
				old := func(e status.TimelineEntry) bool {
					return e.Time.Before(time.Now().Add(-30*time.Minute)) && e.Side == status.Cloud
				}
				if !slices.ContainsFunc(after.Timeline(0), old) {
					t.Error("the timeline begins with the restart")
				}
				if got := after.Snapshot().Verdict.Code; got != "sim-inactive" {
					t.Errorf("verdict %s after the restart, though the cloud's refusals are known", got)
				}
				end()
			})
		})
	}
}

// checkKept: every action of before is there, and none seems older than it is.
func checkKept(t *testing.T, was, is attach.History) {
	t.Helper()
	if len(was.Actions) == 0 || len(is.Actions) < len(was.Actions) {
		t.Fatalf("%d actions before, %d after", len(was.Actions), len(is.Actions))
	}
	for i, d := range was.Actions {
		if got := is.Actions[i]; got.Kind != d.Kind || got.At.Before(d.At.Add(-time.Second)) {
			t.Errorf("action %d: %s at %v became %s at %v", i, d.Kind, d.At, got.Kind, got.At)
		}
	}
}

// TestBrokenJournal: a disk that cannot be used is told, and the agent does its work.
func TestBrokenJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, modemsim.Default()).withDisk()
		st.disk = filepath.Join(st.disk, "file")
		if err := os.WriteFile(st.disk, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		end := st.begin()
		<-time.After(5 * time.Minute) // virtual time
		synctest.Wait()
		s := st.agent.Load().Status()
		if !s.Online() || s.Journal.State != "memory" || s.Journal.Reason == "" {
			t.Errorf("online %t, journal %+v", s.Online(), s.Journal)
		}
		end()
	})
}

// TestSmallJournal: under the lowest cap that can be configured the words of a long history are given up, its budgets are not.
func TestSmallJournal(t *testing.T) {
	now := time.Now()
	j, err := journal.Open(t.TempDir(), now, journal.Options{BootID: "boot-0", MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close(now)
	m := memory{journal: j, boot: "boot-0", uptime: func() time.Duration { return time.Hour }, clock: systemClock{}}
	var h attach.History
	for i := range 300 {
		h.Actions = append(h.Actions, attach.Done{Kind: attach.RadioCycle, At: now.Add(time.Duration(i-304) * time.Minute),
			Rule: "ladder", Why: strings.Repeat("because ", 40), Outcome: strings.Repeat("refused ", 40)})
	}
	m.save(1, &h, true)
	if m.saved != 1 || m.lost.Load() != 0 {
		t.Fatalf("saved %d, lost %d; %d bytes are the most", m.saved, m.lost.Load(), j.MaxSnapshot())
	}
	var cfg core.Config
	if err := m.restore(now, true, &cfg); err != nil {
		t.Fatal(err)
	}
	if n := len(cfg.History.Actions); n != len(h.Actions) {
		t.Errorf("%d actions came back of %d", n, len(h.Actions))
	}
}

// TestRestoreIsBounded: of a journal that is full of history only the end is taken into memory.
func TestRestoreIsBounded(t *testing.T) {
	var list []int
	for i := range 5*restoreLength + 7 {
		list = keepLast(append(list, i))
		if len(list) >= 2*restoreLength {
			t.Fatalf("%d kept", len(list))
		}
	}
	if last := list[len(list)-1]; last != 5*restoreLength+6 || len(list) < restoreLength || list[0] != last-len(list)+1 {
		t.Errorf("%d kept, from %d to %d", len(list), list[0], last)
	}
}

// TestWear prints what a day in which all is well costs the disk: its writes, and the bytes of their lines. Each report of a
// running data session is one write, since its sender is told that it is kept; who wants less subscribes to fewer types.
func TestWear(t *testing.T) {
	for _, day := range []struct {
		what    string
		reports bool
		most    int64 // writes
	}{
		{"with a report of the session every 6 min", true, 270},
		{"without the session's reports", false, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			scenario := modemsim.Default()
			scenario.Cloud.Alive = day.reports
			st := newStage(t, scenario).withDisk()
			end := st.begin()
			<-time.After(time.Hour) // virtual time
			synctest.Wait()
			before := st.journal.Stats()
			<-time.After(24 * time.Hour)
			synctest.Wait()
			after := st.journal.Stats()
			commits, bytes := after.Commits-before.Commits, after.Written-before.Written
			t.Logf("a quiet day %s: %d writes, %d KiB of lines; at 17 KiB a write %d KiB on the card", day.what, commits, bytes>>10, 17*commits)
			if commits > day.most {
				t.Errorf("%d writes in a quiet day %s", commits, day.what)
			}
			end()
		})
	}
}
