package agent

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/status"
	"supersim-agent/modem/modemsim"
)

// ear is a broker that listens to a beacon.
type ear struct {
	t       *testing.T
	up      chan struct{}
	sim     string
	offline bool
	heard   []status.Brief
	checks  int
	bytes   int
}

func (e *ear) SetICCID(iccid string) { e.sim = iccid }
func (e *ear) Up() <-chan struct{}   { return e.up }
func (e *ear) Check()                { e.checks++ }

func (e *ear) PublishStatus(_ context.Context, payload []byte) error {
	if e.offline {
		return errors.New("offline")
	}
	var b status.Brief
	if err := json.Unmarshal(payload, &b); err != nil {
		e.t.Error(err)
	}
	e.heard, e.bytes = append(e.heard, b), max(e.bytes, len(payload))
	return nil
}

// lit runs an agent with a beacon in a world for a while.
func lit(t *testing.T, world string, d time.Duration, o Beacon, then func(e *ear)) {
	t.Helper()
	s, err := modemsim.ParseScenario("beacon.toml", []byte(world))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		e := &ear{t: t, up: make(chan struct{}, 1)}
		st := newStage(t, s)
		o.To = e
		st.beacon = &o
		e.up <- struct{}{}
		end := st.begin()
		<-time.After(d) // virtual time
		synctest.Wait()
		then(e)
		end()
	})
}

const outage = "[[at]]\ntime = \"30m\"\nset.sim.status = \"inactive\"\n"

// The owner reads the newest verdict, soon after it changed and no more often than allowed, and a quiet day costs nothing.
func TestBeacon(t *testing.T) {
	lit(t, outage, 6*time.Hour, Beacon{Status: true, Every: 10 * time.Minute, DailyBytes: 65536}, func(e *ear) {
		last := e.heard[len(e.heard)-1]
		if last.Verdict.Code != "sim-inactive" || last.ICCID == "" || last.ICCID != e.sim || last.Registration.State == "" {
			t.Errorf("%+v", last)
		}
		if e.checks < 3 || e.checks > 20 {
			t.Errorf("the connection was in doubt %d times", e.checks)
		}
		if n := len(e.heard); n < 3 || n > 8 || e.bytes > 1200 {
			t.Errorf("%d statuses, the longest of %d bytes", n, e.bytes)
		}
		for i := range e.heard[1:] {
			if gap := e.heard[i+1].Time.Sub(e.heard[i].Time.Time); gap < 10*time.Minute-time.Second {
				t.Errorf("%v after %v", e.heard[i+1].Verdict.Code, gap)
			}
		}
	})
}

func TestBeaconLimits(t *testing.T) {
	const budget = 2000
	lit(t, outage, 6*time.Hour, Beacon{Status: true, Every: time.Minute, DailyBytes: budget}, func(e *ear) {
		if n := len(e.heard); n == 0 || n*messageHeader+e.checks*checkBytes+e.bytes > budget {
			t.Errorf("%d statuses of up to %d bytes and %d questions within %d bytes", n, e.bytes, e.checks, budget)
		}
	})
	lit(t, outage, time.Hour, Beacon{}, func(e *ear) {
		if len(e.heard) != 0 || e.sim == "" {
			t.Errorf("%d statuses, SIM %q", len(e.heard), e.sim)
		}
	})
	lit(t, "", time.Hour, Beacon{Status: true, Every: time.Minute, DailyBytes: 65536, Key: []byte("k")}, func(e *ear) {
		if text, _ := json.Marshal(e.heard); e.heard[0].ID == "" || strings.Contains(string(text), e.sim) {
			t.Errorf("%s", text)
		}
	})
}

// A new connection is told the present state again: the broker may have published the will of the one before.
func TestBeaconAfterReconnect(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := Beacon{Every: 10 * time.Minute, DailyBytes: 1000}
	var b beacon
	if !b.due(now, "a", 400, o) {
		t.Fatal("the first")
	}
	b.sent(now, "a", 400)
	if b.due(now.Add(time.Hour), "a", 400, o) || b.due(now.Add(time.Minute), "b", 400, o) {
		t.Error("unchanged, or too soon")
	}
	b.owed = true
	if !b.due(now.Add(time.Minute), "a", 400, o) {
		t.Error("owed")
	}
	b.sent(now.Add(time.Minute), "a", 400)
	if b.due(now.Add(2*time.Hour), "b", 400, o) || !b.due(now.Add(12*time.Hour), "b", 400, o) {
		t.Error("the day's bytes")
	}
}
