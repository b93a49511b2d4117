package correlate_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"supersim-agent/agent/correlate"
)

var update = flag.Bool("update", false, "write RULES.md anew")

const rulesFile = "RULES.md"

// TestRulesFile: the page on the rules is the table itself.
func TestRulesFile(t *testing.T) {
	want := rulesPage()
	if *update {
		if err := os.WriteFile(rulesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(rulesFile)
	if err != nil || string(have) != want {
		t.Errorf("%s is stale (%v): go test ./agent/correlate -update", rulesFile, err)
	}
}

var groups = []struct {
	letter byte
	title  string
}{
	{'A', "The device itself"}, {'B', "Searching"}, {'C', "Refused"}, {'D', "Registered, no data"}, {'E', "The connection"},
	{'F', "Identity and place"}, {'G', "Devices that say nothing"}, {'S', "States of passage"},
}

func rulesPage() string {
	var b strings.Builder
	b.WriteString("# Verdicts\n\nWritten by `go test ./agent/correlate -update` from the table of rules. Do not edit.\n\n" +
		"The first rule that applies, in the order of the list below, is the verdict; the second is the runner-up. Notes come beside it.\n" +
		"The confidence is the one before adjustments: 20 points less when the order of two events matters and the clock leaves it open,\n" +
		"20 less when the cloud's silence counts and nothing shows that the cloud could be heard, 10 less for causes that networks are\n" +
		"free to choose, 10 more when independent facts agree; at most 50 % when facts contradict the verdict. A contradiction is shown.\n\n" +
		"An event without an IMEI says nothing of the device. LTE-M counts as 4G LTE. Usage is never compared across a restart of the\n" +
		"counters.\n\nOrder of judgement: ")
	for i, r := range correlate.Rules {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.ID)
	}
	b.WriteString(".\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %c: %s\n", g.letter, g.title)
		for i := range correlate.Rules {
			if r := &correlate.Rules[i]; r.Group() == g.letter {
				fmt.Fprintf(&b, "\n### %s `%s`\n\n%s\n\n- When: %s\n- Sure: %.0f %%\n- The agent: %s\n- You: %s\n- Changes with: %s\n",
					r.ID, r.Code, r.Summary, r.When, 100*r.Base, r.Agent, r.Advice, r.Changes)
			}
		}
	}
	return b.String()
}

// Every row is whole, ids are unique, and every row is in a group of the page.
func TestTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	page := rulesPage()
	for _, r := range correlate.Rules {
		if seen[r.ID] {
			t.Errorf("%s twice", r.ID)
		}
		seen[r.ID] = true
		for name, text := range map[string]string{"code": string(r.Code), "when": r.When, "summary": r.Summary, "agent": r.Agent, "advice": r.Advice, "changes": r.Changes} {
			if text == "" {
				t.Errorf("%s has no %s", r.ID, name)
			}
		}
		if r.Base <= 0 || r.Base > 1 {
			t.Errorf("%s: confidence %v", r.ID, r.Base)
		}
		if !strings.Contains(page, "### "+r.ID+" ") {
			t.Errorf("%s is in no group of the page", r.ID)
		}
		if n := strings.Count(strings.TrimRight(r.Advice, "."), ". "); n > 2 {
			t.Errorf("%s: the advice has %d sentences", r.ID, n+1)
		}
	}
}
