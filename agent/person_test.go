package agent

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/status"
	"supersim-agent/modem/modemsim"
)

// withOutage runs an agent on a SIM that every network refuses, for ten minutes.
func withOutage(t *testing.T, f func(ask func(status.Request) string, a *Agent, w *modemsim.World)) {
	t.Helper()
	s, err := modemsim.ParseScenario("outage.toml", []byte("[sim]\nstatus = \"inactive\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, s)
		end := st.begin()
		<-time.After(10 * time.Minute) // virtual time
		synctest.Wait()
		a := st.agent.Load()
		f(func(r status.Request) string {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			got, err := a.Do(ctx, r)
			if err != nil {
				t.Errorf("%s: %v", r.Kind, err)
			}
			return got.Text
		}, a, st.world)
		end()
	})
}

// TestRetry: a person who has mended something need not wait for the policy's next step.
func TestRetry(t *testing.T) {
	withOutage(t, func(ask func(status.Request) string, a *Agent, w *modemsim.World) {
		before := w.Stats().RadioCycles
		if text := ask(status.Request{Kind: status.Retry}); !strings.Contains(text, "radio-cycle is under way") {
			t.Errorf("retry: %q", text)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if n := w.Stats().RadioCycles - before; n != 1 {
			t.Errorf("%d radio cycles", n)
		}
		if text := ask(status.Request{Kind: status.Retry}); strings.Contains(text, "under way") {
			t.Errorf("a second retry at once: %q", text)
		}
	})
}

// TestHold: a pause for maintenance stops everything, a retry too, until it is ended.
func TestHold(t *testing.T) {
	withOutage(t, func(ask func(status.Request) string, a *Agent, w *modemsim.World) {
		if text := ask(status.Request{Kind: status.Hold, For: 3 * time.Hour}); !strings.Contains(text, "nothing is done until") {
			t.Errorf("hold: %q", text)
		}
		before := w.Stats().RadioCycles
		ask(status.Request{Kind: status.Retry})
		<-time.After(2 * time.Hour)
		synctest.Wait()
		if n := w.Stats().RadioCycles - before; n != 0 {
			t.Errorf("%d radio cycles in the pause", n)
		}
		if s := a.Status(); s.Attach.HeldUntil.IsZero() || s.Verdict.Next.Action != "hold" {
			t.Errorf("status does not tell: %+v, next %+v", s.Attach, s.Verdict.Next)
		}
		ask(status.Request{Kind: status.Resume})
		if s := a.Status(); !s.Attach.HeldUntil.IsZero() {
			t.Errorf("after the end held until %v", s.Attach.HeldUntil)
		}
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if n := w.Stats().RadioCycles - before; n == 0 {
			t.Error("nothing was done after the pause")
		}
	})
}

func TestModemReset(t *testing.T) {
	withOutage(t, func(ask func(status.Request) string, a *Agent, w *modemsim.World) {
		if text := ask(status.Request{Kind: status.ModemReset}); !strings.Contains(text, "module-reset is under way") {
			t.Errorf("reset: %q", text)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if n := w.Stats().Resets; n != 1 {
			t.Errorf("%d resets", n)
		}
	})
}
