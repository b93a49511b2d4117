package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// explanation is what explain knows about a name, for people and as JSON.
type explanation struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"` // verdict, cause, error-code, action
	Title  string `json:"title"`
	Rule   string `json:"rule,omitempty"`    // row of the table of verdicts
	When   string `json:"when,omitempty"`    // its condition
	Sure   string `json:"sure,omitempty"`    // confidence before adjustments
	Agent  string `json:"agent,omitempty"`   // what the agent does
	Advice string `json:"advice,omitempty"`  // what a person should do
	Change string `json:"changes,omitempty"` // what would change it
}

func explainCommand() *cobra.Command {
	var asJSON, all bool
	cmd := &cobra.Command{
		Use: "explain [verdict | cause | error code | action]", GroupID: "look",
		Short: "Explains the present verdict, or what a name means: a verdict, an EMM/ESM/CME cause, a KORE error code, an action",
		Example: "  supersim-agent explain\n  supersim-agent explain sim-inactive\n  supersim-agent explain emm 11\n" +
			"  supersim-agent explain 83705\n  supersim-agent explain --list",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all:
				return listExplainable(cmd.OutOrStdout())
			case len(args) == 0:
				return explainPresent(cmd, asJSON)
			}
			found := explain(strings.Join(args, " "))
			if len(found) == 0 {
				return &exitError{exitMisused, fmt.Errorf("nothing is known of %q: explain --list shows all names", strings.Join(args, " "))}
			}
			return printExplanations(cmd.OutOrStdout(), found, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&all, "list", false, "list every name that can be explained")
	return cmd
}

// explain finds everything that goes by the name: a number may be a cause and an error code.
func explain(name string) (found []explanation) {
	for _, r := range correlate.LookupAll(name) {
		found = append(found, explanation{Name: string(r.Code), Kind: "verdict", Title: r.Summary, Rule: r.ID, When: r.When,
			Sure: fmt.Sprintf("%.0f %%", 100*r.Base), Agent: r.Agent, Advice: r.Advice, Change: r.Changes})
	}
	if n, err := strconv.Atoi(name); err == nil {
		if c, ok := cloud.LookupCode(n); ok {
			found = append(found, explanation{Name: name, Kind: "error-code", Title: c.Title + ". " + c.Meaning, Advice: c.Advice})
		}
	}
	if causes, err := modem.ParseCauseArg(name); err == nil {
		for _, c := range causes {
			found = append(found, explainCause(c))
		}
	}
	if code, ok := strings.CutPrefix(strings.ToLower(name), "cme "); ok && len(found) == 0 {
		if n, err := strconv.Atoi(strings.TrimSpace(code)); err == nil && atcmd.CMEText(n) != "" {
			found = append(found, explanation{Name: name, Kind: "cme", Title: "The modem refused a command: " + atcmd.CMEText(n) + "."})
		}
	}
	if text, ok := attach.Describe(attach.Kind(name)); ok {
		found = append(found, explanation{Name: name, Kind: "action", Title: text})
	}
	return found
}

func explainCause(c modem.Cause) explanation {
	class, title := attach.ClassOf(c), c.Name()+"."
	if row, ok := attach.LookupCause(c); ok {
		title = c.Name() + ": " + row.Means + "."
	}
	return explanation{Name: fmt.Sprintf("%s %d", c.Domain, c.Number), Kind: "cause", Title: title,
		Agent: class.Agent, Advice: class.Advice}
}

func printExplanations(w io.Writer, found []explanation, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(found)
	}
	for i, e := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s (%s)\n  %s\n", e.Name, e.Kind, e.Title)
		for _, line := range [][2]string{{"Rule", list(e.Rule, labelled("sure", e.Sure))}, {"When", e.When},
			{"The agent", e.Agent}, {"You", e.Advice}, {"Changes with", e.Change}} {
			if line[1] != "" {
				fmt.Fprintf(w, "  %-13s %s\n", line[0]+":", line[1])
			}
		}
	}
	return nil
}

// listExplainable prints every name that explain takes.
func listExplainable(w io.Writer) error {
	fmt.Fprintln(w, "Verdicts:")
	for _, r := range correlate.Rules {
		fmt.Fprintf(w, "  %-22s %s\n", r.Code, r.Summary)
	}
	fmt.Fprintln(w, "\nActions:")
	for _, k := range attach.Kinds() {
		text, _ := attach.Describe(k)
		fmt.Fprintf(w, "  %-22s %s\n", k, text)
	}
	fmt.Fprintln(w, "\nKORE error codes:")
	codes := slices.Clone(cloud.Codes)
	for _, c := range codes {
		fmt.Fprintf(w, "  %-22d %s\n", c.Number, c.Title)
	}
	_, err := fmt.Fprintln(w, "\nCauses: emm 11, esm 27, gmm 7, mm 3, sm 33, cme 107 …")
	return err
}
