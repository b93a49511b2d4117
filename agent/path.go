package agent

import (
	"context"
	"errors"
	"time"

	"supersim-agent/agent/bearer"
	"supersim-agent/agent/core"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/status"
)

// DataPath watches the modem's way to the internet on this computer; see package bearer.
type DataPath interface {
	// Look finds the modem's network interface and reads it; ok is false when nothing can be told of it.
	Look(m bearer.Modem) (l bearer.Link, ok bool)
	// Probe tries what is beyond it.
	Probe(ctx context.Context, l bearer.Link, withTLS bool) bearer.Result
}

const (
	pathEvery   = time.Minute
	pathSoon    = 10 * time.Second // while something has just changed
	pathSoonFor = 2 * time.Minute
	askedGap    = 10 * time.Second // between two probes that persons ask for
)

// pathWatch is what the watching goroutine knows.
type pathWatch struct {
	flow    bearer.Flow
	record  bearer.Record
	state   pathState
	changed time.Time // state holds since
	stirred time.Time // something changed last, here or at the modem
}

// pathState is what makes one data path.
type pathState struct {
	contextIP, name, ip string
	ready, route        bool
}

// watchPath looks at the data path once a minute, after changes, and when a person asks for a probe, until ctx ends.
func (a *Agent) watchPath(ctx context.Context) {
	if a.deps.Path == nil {
		return
	}
	var w pathWatch
	for {
		now := a.deps.Clock.Now()
		wait := pathEvery
		if now.Sub(w.stirred) < pathSoonFor {
			wait = pathSoon
		}
		timer, stop := a.deps.Clock.NewTimer(wait)
		var answer chan<- string
		select {
		case <-ctx.Done():
			stop()
			return
		case <-timer:
		case <-a.dataUp:
			w.stirred = a.deps.Clock.Now()
		case answer = <-a.asksProbe:
		}
		stop()
		text := a.lookAtPath(ctx, &w, answer != nil)
		if answer != nil {
			answer <- text // has room
		}
	}
}

// lookAtPath tells the core what there is to see, and probes when that is worth it. It returns what came of a probe.
func (a *Agent) lookAtPath(ctx context.Context, w *pathWatch, asked bool) (text string) {
	s, now := a.snapshot.Load(), a.deps.Clock.Now()
	l, ok := a.deps.Path.Look(bearer.Modem{Port: s.Facts.Port.Path, IP: s.Facts.IP.Value})
	if !ok {
		w.state = pathState{}
		return "no network interface of the modem was found on this computer"
	}
	signs := w.see(now, s, l)
	seen := []facts.HostObservation{facts.HostLink{Name: l.Name, Up: l.Up, IP: l.IP, Route: l.Route, Rival: l.Rival,
		TxBytes: l.TxBytes, RxBytes: l.RxBytes}}
	if w.record.Holds(now, signs) {
		seen = append(seen, probeFact(w.record.Last))
	}
	if a.send(ctx, core.HostSeen{Observations: seen}) != nil {
		return ""
	}
	why, due := w.record.Due(now, signs)
	due = due && a.deps.Probe
	if asked {
		why, due = "a person asked", signs.Ready && now.Sub(w.record.At) >= askedGap
	}
	switch {
	case due:
		a.probePath(ctx, w, l, why, asked)
	case !asked:
		return ""
	case !signs.Ready:
		return "there is nothing to probe: the data connection is not up on both the modem and this computer"
	}
	return w.record.Last.String() + withText(w.record.Last.Text)
}

func withText(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// see takes a reading in and returns what it and the verdict say of the need for a probe.
func (w *pathWatch) see(now time.Time, s *core.Snapshot, l bearer.Link) bearer.Signs {
	f := &s.Facts
	w.flow.Add(now, l)
	state := pathState{contextIP: f.IP.Value, name: l.Name, ip: l.IP, ready: f.ReadyForData() && l.Ready(), route: l.Route}
	if state != w.state {
		w.state, w.changed, w.stirred = state, now, now
	}
	signs := bearer.Signs{Ready: state.ready, Since: w.changed, Flow: w.flow}
	switch s.Verdict.Code {
	case "stale-bearer", "maybe-stale", "silent-detach", "data-limit":
		signs.Suspect = s.Since
	}
	return signs
}

// probePath probes. TLS costs most and tells of the clock only, so it is tried where that is in doubt.
func (a *Agent) probePath(ctx context.Context, w *pathWatch, l bearer.Link, why string, asked bool) {
	f := &a.snapshot.Load().Facts
	_, wrong := f.ClockError(a.deps.Clock.Now())
	r := a.deps.Path.Probe(ctx, l, asked || wrong || !f.Clock.Known())
	if ctx.Err() != nil {
		return
	}
	now := a.deps.Clock.Now()
	w.record.Note(now, why, r)
	probes, bytes := w.record.Spent(now)
	a.probed.Store(&probed{at: now, why: why, result: r, dayProbes: probes, dayBytes: bytes})
	a.deps.Log.Debug().Str("interface", l.Name).Str("why", why).Str("error", r.Text).Msg("probe: " + r.String())
	if r.IP != bearer.NotTried {
		a.send(ctx, core.HostSeen{Observations: []facts.HostObservation{probeFact(r)}}) //nolint:errcheck // only ctx ends it
	}
}

var outcomes = map[bearer.Outcome]facts.Outcome{bearer.Worked: facts.Worked, bearer.Failed: facts.Failed}

func probeFact(r bearer.Result) facts.Probe {
	return facts.Probe{IP: outcomes[r.IP], DNS: outcomes[r.DNS], TLS: outcomes[r.TLS]}
}

// probed is the last probe, for the status.
type probed struct {
	at        time.Time
	why       string
	result    bearer.Result
	dayProbes int
	dayBytes  int64
}

// probe looks at everything anew for a person: the modem in the background, the data path at once.
func (a *Agent) probe(ctx context.Context) (status.Result, error) {
	if err := a.send(ctx, core.ProbeRequest{}); err != nil {
		return status.Result{}, err
	}
	const looking = "the modem is being asked about everything anew"
	switch {
	case a.deps.Path == nil:
		return status.Result{Text: looking}, nil
	case !a.deps.Probe:
		return status.Result{Text: looking + "; data.probe = false keeps the data path from being probed"}, nil
	}
	answer := make(chan string, 1)
	select {
	case a.asksProbe <- answer:
	case <-ctx.Done():
		return status.Result{}, ctx.Err()
	}
	select {
	case text := <-answer:
		return status.Result{Text: looking + "; probe: " + text}, nil
	case <-ctx.Done():
		return status.Result{}, errors.Join(errors.New("the probe has not ended yet; status shows what came of it"), ctx.Err())
	}
}
