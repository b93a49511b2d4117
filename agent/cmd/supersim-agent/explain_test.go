package main

import (
	"strings"
	"testing"
	"time"

	"supersim-agent/agent/status"
)

// explain without a name tells how the verdict was come to, and why the next best one lost.
func TestExplainPresent(t *testing.T) {
	at := status.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	s := &status.Status{Verdict: status.Verdict{Code: "sim-inactive", Rule: "C2", Summary: "The SIM is set to inactive.", Confidence: 0.5,
		Evidence: []status.Evidence{
			{Side: status.Cloud, Fact: "attach rejected: 83705", At: at, EventSID: "EZ01"},
			{Side: status.Host, Fact: "the operator's console says: SIM active", At: at, Contradicts: true},
		},
		Next:     status.Next{Action: "hold", Why: "no attempt helps"},
		RunnerUp: &status.RunnerUp{Code: "denied-cloud-unknown", Rule: "C16", Summary: "The network refuses the SIM.", Confidence: 0.3, Why: "it is less sure"},
		Notes:    []status.Note{{Code: "imsi-switched", Summary: "The SIM has changed its IMSI.", Advice: "Nothing."}},
	}}
	text := renderExplanation(s, at.Time, false)
	for _, want := range []string{"attach rejected: 83705 (EZ01)", "C2: Not registered", "but: the operator's console", "50 %, less than the rule's 98 %",
		"denied-cloud-unknown (C16, 30 %)", "It lost because it is less sure.", "imsi-switched", "waits: no attempt helps"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "  The SIM has changed its IMSI. (imsi-switched) Nothing") {
		t.Error("the advice to do nothing is said")
	}
	s.Verdict.RunnerUp, s.Verdict.Notes, s.Verdict.Evidence = nil, nil, s.Verdict.Evidence[:1]
	if text := renderExplanation(s, at.Time, false); !strings.Contains(text, "None: no other explanation fits") || strings.Contains(text, "but:") {
		t.Errorf("without a runner-up and contradictions:\n%s", text)
	}
	if out, code := runCLI(t, "explain", "--socket", "/nonexistent/status.sock"); code != 2 || !strings.Contains(out, "/nonexistent") {
		t.Errorf("without a daemon: exit code %d, %s", code, out)
	}
	if out, _ := runCLI(t, "explain", "data-limit"); strings.Count(out, "data-limit (verdict)") != 4 || !strings.Contains(out, "cause 8") {
		t.Errorf("a code with several rules:\n%s", out)
	}
}
