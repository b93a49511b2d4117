// Package correlate names the trouble. It reads the facts of both diaries (what the modem saw, what the operator's cloud
// said of the same SIM) and returns a verdict: a stable code, how sure it is, the facts that carry it, what the agent
// does about it and what a person should do.
//
// It is pure: the same facts at the same time give the same verdict, whatever happened in between. The knowledge is
// one ordered table (Rules); the first rule that matches wins. They are ordered by what explains the most: the device
// itself (A), a data path that works or seems to (E), refusals that nothing of ours can change (C1 to C3), no data (D), other
// refusals (C5, C16), searching (B).
//
// To add a verdict, add one row to Rules with a condition over view, and a scenario where it fires and one where it
// must not. Codes are a contract: lower-kebab-case, never renamed.
package correlate

import (
	"time"

	"supersim-agent/agent/facts"
)

// Code is the stable name of a verdict.
type Code string

// Evidence is one fact that carries a verdict.
type Evidence struct {
	Side     facts.Side
	Fact     string
	At       time.Time // zero when the fact has no time of its own
	EventSID string    // of the cloud's event
}

// Verdict is what the facts mean.
type Verdict struct {
	Code       Code
	Rule       string  // id of the rule that matched, as in the table
	Summary    string  // one sentence
	Confidence float64 // 0..1
	Evidence   []Evidence
	Advice     string // what a person should do
	Agent      string // what the agent does about it
	Changes    string // what would change this verdict
}

// Online reports whether the device has working data, confirmed by the cloud or not.
func (v Verdict) Online() bool { return v.Code == "online" || v.Code == "online-cloud-lags" }

// Rule is one row of the table.
type Rule struct {
	ID      string
	Code    Code
	Summary string
	Base    float64 // confidence before adjustments
	Agent   string
	Advice  string
	Changes string
	match   func(*view) (finding, bool)
}

// finding is what a condition adds to its rule when it matches.
type finding struct {
	summary    string  // replaces the rule's summary when not empty
	advice     string  // replaces the rule's advice when not empty
	confidence float64 // replaces the base when not zero
	evidence   []Evidence
}

// Judge returns the verdict of the first rule that matches. There is always one.
func Judge(now time.Time, f *facts.Facts) Verdict {
	v := newView(now, f)
	for i := range Rules {
		if found, ok := Rules[i].match(v); ok {
			return Rules[i].verdict(found)
		}
	}
	return fallback.verdict(finding{})
}

func (r *Rule) verdict(f finding) Verdict {
	v := Verdict{Code: r.Code, Rule: r.ID, Summary: r.Summary, Confidence: r.Base, Evidence: f.evidence,
		Advice: r.Advice, Agent: r.Agent, Changes: r.Changes}
	if f.summary != "" {
		v.Summary = f.summary
	}
	if f.advice != "" {
		v.Advice = f.advice
	}
	if f.confidence != 0 {
		v.Confidence = f.confidence
	}
	v.Confidence = min(max(v.Confidence, 0.05), 1)
	return v
}

// Lookup finds a rule by its code or id.
func Lookup(name string) (Rule, bool) {
	for _, r := range Rules {
		if string(r.Code) == name || r.ID == name {
			return r, true
		}
	}
	return Rule{}, false
}
