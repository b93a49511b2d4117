// Package correlate names the trouble. It reads the facts of both diaries (what the modem saw, what the operator's cloud
// said of the same SIM) and returns a verdict: a stable code, how sure it is, the facts that carry it, what the agent
// does about it and what a person should do.
//
// It is pure: the same facts at the same time give the same verdict, whatever happened in between. The knowledge is
// one ordered table (Rules), one file for each group; the first rule that decides wins, the next one is shown as runner-up.
// A rule may also add a note to whatever was decided: it is true as well, but does not explain the state.
//
// To add a verdict, add one row to its group's table with a condition over view, and stories in the tests: one where it
// fires, one where it nearly does. Then write RULES.md anew (go test ./agent/correlate -update). Codes are a contract:
// lower-kebab-case, never renamed.
package correlate

import (
	"fmt"
	"slices"
	"time"

	"supersim-agent/agent/facts"
)

// Code is the stable name of a verdict.
type Code string

// Evidence is one fact that carries a verdict, or speaks against it.
type Evidence struct {
	Side     facts.Side
	Fact     string
	At       time.Time // zero when the fact has no time of its own
	EventSID string    // of the cloud's event
	Against  bool      // it contradicts the verdict
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
	Notes      []Note // what is true as well
	RunnerUp   *Rival // the next best explanation, nil when there is none
}

// Note is something worth knowing that does not decide.
type Note struct {
	Code     Code
	Rule     string
	Summary  string
	Advice   string
	Evidence []Evidence
}

// Rival is the explanation that came second, and why it did.
type Rival struct {
	Code       Code
	Rule       string
	Summary    string
	Confidence float64
	Why        string
}

// working are the verdicts in which data flows.
var working = []Code{"online", "online-cloud-lags", "online-cached-permission", "ip-mismatch"}

// Online reports whether the device has working data, confirmed by the cloud or not.
func (v Verdict) Online() bool { return slices.Contains(working, v.Code) }

// Rule is one row of the table.
type Rule struct {
	ID      string
	Code    Code
	When    string // the condition, in words
	Summary string
	Base    float64 // confidence before adjustments
	Agent   string
	Advice  string
	Changes string
	adds    bool // it may add a note to another verdict
	match   func(*view) (finding, bool)
}

// Group is the letter of the rule's group.
func (r *Rule) Group() byte { return r.ID[0] }

// finding is what a condition adds to its rule when it matches.
type finding struct {
	summary    string  // replaces the rule's summary when not empty
	advice     string  // replaces the rule's advice when not empty
	confidence float64 // replaces the base when not zero
	evidence   []Evidence
	note       bool // it only adds to what another rule decides

	orderOpen bool // it needs an order of events that the clock leaves open
	deaf      bool // it rests on the cloud's silence, and nothing shows that the cloud could be heard
	remapped  bool // it rests on a cause number that networks are free to choose
	agreed    bool // two independent facts say the same
}

// Adjustments of the confidence, and its cap when facts contradict each other.
const (
	orderOpenCost    = 0.2
	deafCost         = 0.2
	remappedCost     = 0.1
	agreedGain       = 0.1
	contradictionCap = 0.5
	mostOfTwo        = 0.98 // agreement never makes certain
)

// Judge returns the verdict of the first rule that decides. There is always one.
func Judge(now time.Time, f *facts.Facts) Verdict {
	v := newView(now, f)
	var verdict Verdict
	decided := false
	var notes []Note
	for i := range Rules {
		r := &Rules[i]
		if (r.Group() == 'G') != v.silent() || decided && verdict.RunnerUp != nil && !r.adds {
			continue
		}
		found, ok := r.match(v)
		switch {
		case !ok:
		case found.note:
			notes = append(notes, r.note(found))
		case !decided:
			verdict, decided = r.verdict(v, found), true
		case verdict.RunnerUp == nil && r.Code != verdict.Code:
			verdict.RunnerUp = r.rival(v, found, &verdict)
		}
	}
	if !decided {
		verdict = fallback.verdict(v, finding{})
	}
	verdict.Notes = slices.DeleteFunc(notes, func(n Note) bool { return n.Code == verdict.Code })
	return verdict
}

func (r *Rule) verdict(v *view, f finding) Verdict {
	against := v.contradictions(r.Group())
	verdict := Verdict{Code: r.Code, Rule: r.ID, Summary: r.Summary, Evidence: append(f.evidence, against...),
		Advice: r.Advice, Agent: r.Agent, Changes: r.Changes}
	if f.summary != "" {
		verdict.Summary = f.summary
	}
	if f.advice != "" {
		verdict.Advice = f.advice
	}
	verdict.Confidence = r.confidence(f)
	if len(against) > 0 {
		verdict.Confidence = min(verdict.Confidence, contradictionCap)
	}
	return verdict
}

func (r *Rule) confidence(f finding) float64 {
	c := r.Base
	if f.confidence != 0 {
		c = f.confidence
	}
	if f.agreed {
		c = max(c, min(c+agreedGain, mostOfTwo))
	}
	for _, cost := range []struct {
		applies bool
		of      float64
	}{{f.orderOpen, orderOpenCost}, {f.deaf, deafCost}, {f.remapped, remappedCost}} {
		if cost.applies {
			c -= cost.of
		}
	}
	return min(max(c, 0.05), 1)
}

func (r *Rule) note(f finding) Note {
	n := Note{Code: r.Code, Rule: r.ID, Summary: r.Summary, Advice: r.Advice, Evidence: f.evidence}
	if f.summary != "" {
		n.Summary = f.summary
	}
	if f.advice != "" {
		n.Advice = f.advice
	}
	return n
}

// precedence says why the rules of a group come before those that follow them.
var precedence = map[byte]string{
	'A': "the device itself is judged first: while it fails, nothing else can be",
	'B': "this search has a known reason, and the other is only how it looks",
	'C': "a refusal names the reason, and the other is only what follows from it",
	'D': "this explains why there is no data, and the other is only how it looks",
	'E': "an active connection is judged by what both sides say of it, and this says more",
	'G': "this fits more of what the cloud told",
	'S': "the state passes by itself, and is given its time first",
}

func (r *Rule) rival(v *view, f finding, winner *Verdict) *Rival {
	second := r.verdict(v, f)
	why := precedence[winner.Rule[0]]
	if second.Confidence < winner.Confidence {
		why = fmt.Sprintf("it is less sure (%.0f %% against %.0f %%), and %s", 100*second.Confidence, 100*winner.Confidence, why)
	}
	return &Rival{Code: second.Code, Rule: second.Rule, Summary: second.Summary, Confidence: second.Confidence, Why: why}
}

// PatienceMax is how long a new verdict may have to hold before it is shown.
const PatienceMax = 30 * time.Second

// surely is the confidence from which a verdict is shown at once.
const surely = 0.9

// Patience is how long a verdict has to hold before it takes the place of another. While there is no network, a modem
// moves between searching and refused all the time, and none of that is news unless it is sure.
func Patience(old, v Verdict) time.Duration {
	if old.unserved() && v.unserved() && v.Confidence < surely {
		return PatienceMax
	}
	return 0
}

// unserved reports a verdict on a device without a network.
func (v Verdict) unserved() bool { return v.Rule != "" && (v.Rule[0] == 'B' || v.Rule[0] == 'C') }

// Lookup finds a rule by its code or id.
func Lookup(name string) (Rule, bool) {
	for _, r := range Rules {
		if string(r.Code) == name || r.ID == name {
			return r, true
		}
	}
	return Rule{}, false
}

// LookupAll finds every rule by its code or id: some codes have several.
func LookupAll(name string) (found []Rule) {
	for _, r := range Rules {
		if string(r.Code) == name || r.ID == name {
			found = append(found, r)
		}
	}
	return found
}
