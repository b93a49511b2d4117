package agent

import (
	"context"
	"fmt"
	"time"

	"supersim-agent/agent/core"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

const (
	clockCheck = time.Minute      // how often the kernel is asked about its clock
	actionMax  = 30 * time.Minute // an action older than this means that the executor hangs: no more watchdog beats. A
	// search of all bands takes up to 27 minutes on some families.
)

// loop is the one goroutine that owns the core.
func (a *Agent) loop(ctx context.Context) error {
	clk := a.deps.Clock
	var clockChecked, started time.Time
	busy := false
	for {
		now := clk.Now()
		if clockChecked.IsZero() || now.Sub(clockChecked) >= clockCheck {
			clockChecked = now
			a.step(now, core.ClockState{NTP: a.deps.NTP()}, &busy, &started)
		}
		if !busy || now.Sub(started) < actionMax {
			a.deps.Notify("WATCHDOG=1")
		}
		timer, stop := clk.NewTimer(a.core.Deadline().Sub(now))
		select {
		case <-ctx.Done():
			stop()
			a.deps.Notify("STOPPING=1")
			return nil
		case ev := <-a.events:
			stop()
			a.step(clk.Now(), ev, &busy, &started)
		case <-timer:
			a.step(clk.Now(), core.Tick{}, &busy, &started)
		}
	}
}

// step feeds one event to the core, hands its action to the executor and publishes what changed.
func (a *Agent) step(now time.Time, ev core.Event, busy *bool, started *time.Time) {
	rev := a.core.Rev()
	switch e := ev.(type) {
	case core.Done:
		*busy = false
	case receipted:
		ev = e.CloudBatch
		defer a.confirm(e, a.core.Snapshot().Facts.Cloud)
	}
	for _, act := range a.core.Step(now, ev) {
		*busy, *started = true, now
		a.work <- act // has room: the core has one action outstanding at most
	}
	if a.core.Rev() != rev {
		a.publish()
	}
}

// confirm tells the sender of a batch what became of it, from what the diary counted before and now.
func (a *Agent) confirm(e receipted, before facts.Diary) {
	now := a.core.Snapshot().Facts.Cloud
	e.taken <- receipt{duplicates: now.Duplicates - before.Duplicates, others: now.OtherICCID - before.OtherICCID}
}

// publish makes the present state visible to readers and logs what is new in the timeline.
func (a *Agent) publish() {
	before := a.snapshot.Load()
	s := a.core.Snapshot()
	a.snapshot.Store(&s)
	a.changed.notify()
	if before != nil && s.Facts.ReadyForData() && !before.Facts.ReadyForData() {
		select {
		case a.dataUp <- struct{}{}:
		default: // it knows
		}
	}

	last := s.Before
	if before != nil && len(before.Timeline) > 0 {
		last = before.Timeline[len(before.Timeline)-1].Seq
	}
	fresh := len(s.Timeline)
	for fresh > 0 && s.Timeline[fresh-1].Seq > last {
		fresh--
	}
	for _, e := range s.Timeline[fresh:] {
		a.logEntry(e)
	}
	a.memory.note(&s, s.Timeline[fresh:])
	if before == nil || before.Verdict.Code != s.Verdict.Code {
		a.deps.Notify(fmt.Sprintf("STATUS=%s: %s", s.Verdict.Code, mask(s.Verdict.Summary)))
	}
}

// logEntry writes one line of the timeline to the log, with identifiers masked: logs travel further than the socket.
func (a *Agent) logEntry(e core.Entry) {
	ev := a.deps.Log.Info()
	if e.Kind == "verdict" && !(correlate.Verdict{Code: e.Verdict}).Online() {
		ev = a.deps.Log.Warn()
	}
	if e.Verdict != "" {
		ev = ev.Str("verdict", string(e.Verdict))
	}
	if e.EventSID != "" {
		ev = ev.Str("event_sid", e.EventSID)
	}
	ev.Str("side", string(e.Side)).Str("kind", e.Kind).Msg(mask(e.Text))
}
