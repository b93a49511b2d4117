package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/status"
)

// explainPresent explains the daemon's verdict step by step.
func explainPresent(cmd *cobra.Command, asJSON bool) error {
	s, err := client(cmd).Status(cmd.Context())
	if err != nil {
		return unreachable(err)
	}
	if asJSON {
		return printExplanations(cmd.OutOrStdout(), explain(s.Verdict.Code), true)
	}
	out := cmd.OutOrStdout()
	_, err = io.WriteString(out, renderExplanation(s, time.Now(), colour(out)))
	return err
}

// renderExplanation tells how the verdict was come to: the facts, the rule that they fit, what speaks against it, how
// sure it is, what came second and why it lost, and what would change it.
func renderExplanation(s *status.Status, now time.Time, colour bool) string {
	v := s.Verdict
	p := &page{renderOptions: renderOptions{Colour: colour, Width: minWidth, Now: now}}
	p.styledRow(bold, v.Code, bold, v.Summary)
	p.blank()
	p.row("1. The facts", "What is known of this moment, and who says so:")
	p.evidenceList(v.Evidence, false)
	p.row("2. The rule", ruleText(v))
	p.row("3. Against it", againstText(v))
	p.evidenceList(v.Evidence, true)
	p.row("4. How sure", sureText(v))
	p.row("5. Runner-up", runnerUpText(v.RunnerUp))
	p.row("6. Besides", besidesText(v.Notes))
	for _, n := range v.Notes {
		p.row("", "- "+n.Summary+" ("+n.Code+") "+worthSaying(n.Advice))
	}
	p.blank()
	p.row("The agent", p.nextText(v.Next))
	p.row("You", v.Advice)
	p.row("Ends with", v.Changes)
	return p.text.String()
}

func (p *page) evidenceList(list []status.Evidence, contradicting bool) {
	for _, e := range list {
		if e.Contradicts == contradicting {
			p.evidence(e)
		}
	}
}

// ruleOf is the row that decided, for its condition.
func ruleOf(v status.Verdict) (correlate.Rule, bool) {
	for _, r := range correlate.LookupAll(v.Code) {
		if r.ID == v.Rule {
			return r, true
		}
	}
	return correlate.Rule{}, false
}

func ruleText(v status.Verdict) string {
	r, ok := ruleOf(v)
	if !ok {
		return "They fit none of the rules that this program knows; the daemon is of another version."
	}
	return fmt.Sprintf("They fit %s: %s", r.ID, r.When)
}

func againstText(v status.Verdict) string {
	for _, e := range v.Evidence {
		if e.Contradicts {
			return "These facts contradict it, so that it cannot be more than 50 % sure:"
		}
	}
	return "Nothing."
}

func sureText(v status.Verdict) string {
	text := fmt.Sprintf("%.0f %%", 100*v.Confidence)
	r, ok := ruleOf(v)
	switch {
	case !ok || r.Base == v.Confidence:
	case v.Confidence < r.Base:
		text += fmt.Sprintf(", less than the rule's %.0f %%: a side is silent, the clock leaves the order open, or facts disagree", 100*r.Base)
	default:
		text += fmt.Sprintf(", more than the rule's %.0f %%: independent facts agree", 100*r.Base)
	}
	return text
}

func runnerUpText(u *status.RunnerUp) string {
	if u == nil {
		return "None: no other explanation fits."
	}
	return fmt.Sprintf("%s (%s, %.0f %%): %s It lost because %s.", u.Code, u.Rule, 100*u.Confidence, u.Summary, u.Why)
}

func besidesText(notes []status.Note) string {
	if len(notes) == 0 {
		return "Nothing."
	}
	return "True as well, without deciding:"
}
