package agent

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/bearer"
	"supersim-agent/agent/internal/simpath"
	"supersim-agent/agent/status"
	"supersim-agent/modem/modemsim"
)

func (st *stage) dataPath() DataPath {
	if st.path != nil {
		return st.path
	}
	return &simpath.Path{World: st.world, Clock: &st.clock}
}

// watched runs an agent for a while on a world whose computer has an interface, and then f.
func watched(t *testing.T, world string, d time.Duration, set func(*stage), f func(st *stage, a *Agent)) {
	t.Helper()
	s, err := modemsim.ParseScenario("watched.toml", []byte(world))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, s)
		set(st)
		end := st.begin()
		<-time.After(d) // virtual time
		synctest.Wait()
		f(st, st.agent.Load())
		end()
	})
}

const busy = "[host]\ninterface = \"wwan0\"\nupload = 60000\ndownload = 60000\n"

// TestProbeOnRequest: POST /v1/probe answers with what came of it, TLS included, and is no way to make a loop of probes.
func TestProbeOnRequest(t *testing.T) {
	watched(t, busy, 10*time.Minute, func(*stage) {}, func(_ *stage, a *Agent) {
		ask := func() string {
			r, err := a.Do(context.Background(), status.Request{Kind: status.Probe})
			if err != nil {
				t.Error(err)
			}
			return r.Text
		}
		for range 5 {
			if text := ask(); !strings.Contains(text, "IP works, DNS works, TLS works (5600 bytes)") {
				t.Errorf("answered %q", text)
			}
		}
		p := a.Status().Data.Probe
		if p == nil || p.TLS != "works" || p.Why != "a person asked" || p.DayProbes != 2 || p.DayBytes != 6200 {
			t.Errorf("%+v", p)
		}
	})
}

// TestNoProbes: with data.probe = false not one packet leaves, asked for or not; the interface is watched all the same.
func TestNoProbes(t *testing.T) {
	set := func(st *stage) { st.noProbe = true }
	watched(t, busy, 30*time.Minute, set, func(_ *stage, a *Agent) {
		r, err := a.Do(context.Background(), status.Request{Kind: status.Probe})
		d := a.Status().Data
		if err != nil || !strings.Contains(r.Text, "data.probe") || d.Probe != nil || d.Interface != "wwan0" || d.Usage == nil {
			t.Errorf("%q, %v; %+v", r.Text, err, d)
		}
	})
}

// TestNoInterface: nothing is said of what was not found.
func TestNoInterface(t *testing.T) {
	watched(t, "", 30*time.Minute, func(*stage) {}, func(_ *stage, a *Agent) {
		r, err := a.Do(context.Background(), status.Request{Kind: status.Probe})
		d := a.Status().Data
		if err != nil || !strings.Contains(r.Text, "no network interface") || d.Link != nil || d.Probe != nil || d.Usage != nil || d.Interface != "" {
			t.Errorf("%q, %v; %+v", r.Text, err, d)
		}
	})
}

// scaled is a data path whose counters run faster or slower than the SIM's.
type scaled struct {
	*simpath.Path
	by, of int64
}

func (s scaled) Look(m bearer.Modem) (bearer.Link, bool) {
	l, ok := s.Path.Look(m)
	l.TxBytes, l.RxBytes = l.TxBytes*s.by/s.of, l.RxBytes*s.by/s.of
	return l, ok
}

// TestUsageThatDiffers: when both sides count the same, nothing is said; otherwise who counts more.
func TestUsageThatDiffers(t *testing.T) {
	for _, test := range []struct {
		by, of int64
		note   string
	}{{1, 1, ""}, {5, 1, "local-traffic-not-on-sim"}, {1, 5, "unseen-consumer"}} {
		set := func(st *stage) {
			st.path = scaled{&simpath.Path{World: st.world, Clock: &st.clock}, test.by, test.of}
		}
		watched(t, busy, 100*time.Minute, set, func(_ *stage, a *Agent) {
			notes := a.Status().Verdict.Notes
			told := slices.ContainsFunc(notes, func(n status.Note) bool { return n.Code == test.note })
			if told != (test.note != "") || len(notes) > 1 {
				t.Errorf("%d:%d: notes %+v", test.by, test.of, notes)
			}
		})
	}
}
