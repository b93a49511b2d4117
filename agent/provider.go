package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/core"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/status"
)

// The Agent is the status.Provider: its reads serve the last published snapshot and never touch the modem.
var _ status.Provider = (*Agent)(nil)

// Status renders the snapshot once a second at most: uptime and the countdowns in it move on without any event.
func (a *Agent) Status() *status.Status {
	s, now := a.snapshot.Load(), a.deps.Clock.Now()
	if r := a.rendered.Load(); r != nil && r.from == s && now.Sub(r.at) < time.Second {
		return r.status
	}
	r := &rendered{from: s, at: now, status: a.report(now, s)}
	a.addCounters(r.status, s)
	a.rendered.Store(r)
	return r.status
}

// rendered is a status document with what it was made from.
type rendered struct {
	from   *core.Snapshot
	at     time.Time
	status *status.Status
}

func (a *Agent) addCounters(r *status.Status, s *core.Snapshot) {
	r.Counters.StaleResults = uint64(s.Stale)
	r.Counters.PortOpens = uint64(s.PortOpens)
	if j := a.memory.told.Load(); j != nil {
		r.Journal = status.Journal{State: "disk", Reason: j.Reason, Since: status.At(facts.Wall(a.deps.Clock.Now(), j.Since)), Bytes: j.bytes}
		if !j.OK {
			r.Journal.State = "memory"
		}
		r.Counters.JournalErrors = j.errors
	}
	if port := a.tracer.Load(); port != nil {
		n := port.Stats()
		r.Counters.Commands, r.Counters.Timeouts = n.Commands, n.Timeouts
		r.Counters.Resyncs, r.Counters.LateLines = n.Resyncs, n.Late
		r.Counters.LongLines, r.Counters.URCOverflow = n.Overlong, n.URCsDropped
	}
}

// Timeline returns what happened after an entry.
func (a *Agent) Timeline(after uint64) []status.TimelineEntry {
	s, now := a.snapshot.Load(), a.deps.Clock.Now()
	var list []status.TimelineEntry
	for _, e := range s.Timeline {
		if e.Seq <= after {
			continue
		}
		shown := status.TimelineEntry{Seq: e.Seq, Side: status.Side(e.Side), Kind: e.Kind, Text: e.Text, EventSID: e.EventSID,
			Verdict: string(e.Verdict), Action: string(e.Action), Time: status.At(facts.Wall(now, e.Seen))}
		if e.Side == facts.Cloud {
			shown.ICCID = e.ICCID
			shown.Seen, shown.Time = shown.Time, status.At(e.At)
		}
		shown.Routine, shown.Matched = e.Routine, matched(now, &s.Facts, &e)
		list = append(list, shown)
	}
	return list
}

// matched is the word for whether the other side tells of an entry too, "" where that cannot be said.
func matched(now time.Time, f *facts.Facts, e *core.Entry) string {
	var how facts.Closeness
	var ok bool
	switch {
	case e.Side == facts.Cloud && e.EventSID != "":
		how, ok = f.Heard(now, e.EventSID)
	case !e.Attempt.IsZero():
		how, ok = f.Told(now, e.Attempt)
	}
	if !ok {
		return ""
	}
	return how.String()
}

// Changed is closed at the next change.
func (a *Agent) Changed() <-chan struct{} { return a.changed.wait() }

// Attempts lists what was done.
func (a *Agent) Attempts() ([]status.Attempt, error) {
	s, now := a.snapshot.Load(), a.deps.Clock.Now()
	list := []status.Attempt{}
	for _, d := range s.History.Actions {
		list = append(list, status.Attempt{Time: status.At(facts.Wall(now, d.At)), Action: string(d.Kind), Rule: d.Rule, Why: d.Why, Outcome: d.Outcome})
	}
	return list, nil
}

// Trace shows the AT exchanges of the open port.
func (a *Agent) Trace() ([]status.Exchange, error) {
	list := []status.Exchange{}
	port := a.tracer.Load()
	if port == nil {
		return list, nil
	}
	for _, x := range port.Trace() {
		list = append(list, status.Exchange{Time: status.At(x.Time), Command: x.Command, Lines: x.Lines, Final: x.Final,
			TookMs: x.Took.Milliseconds(), Error: x.Err})
	}
	return list, nil
}

// Config is the configuration in force.
func (a *Agent) Config() (any, error) {
	if a.deps.Config == nil {
		return nil, errors.ErrUnsupported
	}
	return a.deps.Config, nil
}

// InjectEvents takes connection events from the socket.
func (a *Agent) InjectEvents(ctx context.Context, body []byte) (status.Injected, error) {
	events, problems, err := cloud.Decode(body, cloud.DefaultLimits())
	if err != nil {
		return status.Injected{}, &status.Problem{Status: 400, Title: "These are not connection events", Detail: err.Error()}
	}
	r, err := a.take(ctx, cloud.Batch{Events: events, Source: "socket", Received: a.deps.Clock.Now(), Problems: len(problems)})
	if err != nil {
		return status.Injected{}, err
	}
	in := status.Injected{Accepted: len(events) - r.duplicates - r.others, Duplicates: r.duplicates, OtherICCID: r.others}
	for _, p := range problems {
		in.Problems = append(in.Problems, p.String())
	}
	return in, nil
}

// Do starts what a person asked for.
func (a *Agent) Do(ctx context.Context, r status.Request) (status.Result, error) {
	switch r.Kind {
	case status.AT:
		return a.command(ctx, r)
	case status.Probe:
		return a.probe(ctx)
	case status.Retry, status.ModemReset, status.Hold, status.Resume:
		return a.request(ctx, r)
	}
	return status.Result{}, errors.ErrUnsupported
}

// WriteMetrics writes Prometheus text. The numbers are gauges of the present snapshot.
func (a *Agent) WriteMetrics(w io.Writer) error {
	s := a.Status()
	set := metrics.NewSet()
	gauge := func(name string, v float64) {
		set.GetOrCreateGauge("supersim_agent_"+name, func() float64 { return v })
	}
	online := 0.0
	if s.Online() {
		online = 1
	}
	gauge("online", online)
	gauge(fmt.Sprintf("verdict{code=%q}", s.Verdict.Code), s.Verdict.Confidence)
	gauge("uptime_seconds", float64(s.UptimeS))
	gauge("cloud_events_total", float64(s.Cloud.Events))
	gauge("cloud_events_other_iccid_total", float64(s.Cloud.OtherICCID))
	gauge("cloud_events_duplicate_total", float64(s.Cloud.Duplicates))
	for _, c := range s.Cloud.Sources {
		gauge(fmt.Sprintf("cloud_source_refused_total{source=%q}", c.Name), float64(c.Refused))
		gauge(fmt.Sprintf("cloud_source_unverified_total{source=%q}", c.Name), float64(c.Unverified))
	}
	gauge("at_commands_total", float64(s.Counters.Commands))
	gauge("at_late_lines_total", float64(s.Counters.LateLines))
	if s.Signal.RSRPdBm != nil {
		gauge("signal_rsrp_dbm", float64(*s.Signal.RSRPdBm))
	}
	set.WritePrometheus(w)
	return nil
}
