package agent

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/core"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/status"
)

// request takes to the policy what a person asks of it, and answers with what comes of it.
func (a *Agent) request(ctx context.Context, r status.Request) (status.Result, error) {
	if a.cfg.Policy.Profile.Observe && r.Kind != status.Resume {
		return status.Result{}, status.NewProblem(http.StatusConflict, "observing", "profile observe: the agent watches and changes nothing",
			"Choose another attach.profile in the configuration.")
	}
	now := a.deps.Clock.Now()
	asked := attach.Request{Kind: requestKind(r), At: now, Until: now.Add(r.For)}
	before := a.snapshot.Load()
	if err := a.send(ctx, core.PolicyRequest{Request: asked}); err != nil {
		return status.Result{}, err
	}
	for {
		changed := a.changed.wait()
		if s := a.snapshot.Load(); s != before && !s.Asked.Before(now) {
			return status.Result{Text: decisionWords(a.deps.Clock.Now(), s)}, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return status.Result{}, ctx.Err()
		}
	}
}

func requestKind(r status.Request) attach.RequestKind {
	switch {
	case r.Kind == status.ModemReset:
		return attach.ResetModem
	case r.Kind == status.Hold:
		return attach.HoldUntil
	case r.Kind == status.Resume:
		return attach.Resume
	case r.Force:
		return attach.ForceRetry
	}
	return attach.Retry
}

// decisionWords says what is done now, or what is waited for.
func decisionWords(now time.Time, s *core.Snapshot) string {
	if n := len(s.History.Actions); n > 0 && !s.History.Actions[n-1].At.Before(s.Asked) {
		d := s.History.Actions[n-1]
		return fmt.Sprintf("%s is under way: %s", d.Kind, d.Why)
	}
	d := s.Decision
	switch {
	case d.At.IsZero() && d.Kind == attach.Hold:
		return "nothing is done for now: " + d.Why
	case d.Kind == attach.Hold:
		return fmt.Sprintf("nothing is done until %s: %s", facts.Wall(now, d.At).Format(time.RFC3339), d.Why)
	case d.At.After(now):
		return fmt.Sprintf("%s at %s: %s", d.Kind, facts.Wall(now, d.At).Format(time.RFC3339), d.Why)
	}
	return fmt.Sprintf("%s comes next: %s", d.Kind, d.Why)
}
