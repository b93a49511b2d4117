package attach

import "time"

// RequestKind is what a person may ask of the policy.
type RequestKind string

const (
	// Retry takes the next sensible step now, within a small budget of its own.
	Retry RequestKind = "retry"
	// ForceRetry switches the radio off and on, whatever the ladder says. The budgets still hold; only the freeze after the
	// operator's rate limit gives way, with a warning.
	ForceRetry RequestKind = "force-retry"
	// ResetModem restarts the module, within its budgets.
	ResetModem RequestKind = "modem-reset"
	// HoldUntil does nothing of any kind until a time.
	HoldUntil RequestKind = "hold"
	// Resume ends HoldUntil.
	Resume RequestKind = "resume"
)

// Request is what a person asked for.
type Request struct {
	Kind  RequestKind
	At    time.Time // when it was asked for
	Until time.Time // of HoldUntil
}

// requestLife is how long a wish waits for what stands in its way.
const requestLife = 10 * time.Minute

// Ask takes a request in.
func (h *History) Ask(r Request) {
	switch r.Kind {
	case HoldUntil:
		h.Held, h.Asked = r.Until, Request{}
	case Resume:
		h.Held, h.Asked = time.Time{}, Request{}
	case Retry, ForceRetry, ResetModem:
		h.Asked = r
	}
}

// asked turns the ordinary decision into what a person wants, as long as that waits to be done.
func (w *view) asked(d Decision) Decision {
	r := w.h.Asked
	switch {
	case r.Kind == "" || w.now.Sub(r.At) > requestLife || w.h.ruleSince(ruleAsked, r.At):
		return d
	case r.Kind == ForceRetry:
		return w.force(d, RadioCycle)
	case r.Kind == ResetModem:
		return w.force(d, ModuleReset)
	case w.h.actedSince(r.At):
		return d // what was due anyway served as the retry
	case d.Kind == Hold:
		d.Why += " (a retry was asked for, but this forbids it)"
		return d
	}
	retry := Decision{Kind: d.Kind, At: w.now, Rule: ruleAsked, Step: d.Step, Why: "a person asked for a retry"}
	if d.Rule == ruleDead {
		return retry
	}
	return w.rung(retry)
}

// force goes past the ladder and the pauses, not past what makes the action senseless.
func (w *view) force(d Decision, k Kind) Decision {
	forced := Decision{Kind: k, At: w.now, Rule: ruleAsked, Step: "forced", Why: "a person insists on it"}
	switch {
	case d.Rule == ruleFreeze:
		forced.Why += "; WARNING: the operator has limited the rate of attaches, and another one now may prolong that"
	case d.Rule == ruleCong:
		forced.Why += "; WARNING: the network is congested and asked for a pause"
	case d.Rule == ruleDead && d.Kind != Hold:
		forced.Kind = d.Kind
	case d.Kind == Hold && d.Rule != ruleHealthy && d.Rule != "host-fault" && d.Rule != "no-dial" && d.Rule != "stale":
		d.Why += " (a retry was insisted on, but this forbids it)"
		return d
	case !w.f.Line.Alive:
		return d
	}
	return forced
}
