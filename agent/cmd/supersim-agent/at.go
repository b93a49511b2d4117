package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"supersim-agent/agent"
	"supersim-agent/agent/status"
	"supersim-agent/modem"
)

// atFlags are the flags of the command at.
type atFlags struct {
	force, json, plain, refused bool
	timeout                     time.Duration
}

func atCommand() *cobra.Command {
	var flags atFlags
	cmd := &cobra.Command{
		Use: "at 'AT+CSQ'", GroupID: "daemon", Args: cobra.MaximumNArgs(1),
		Short: "Sends one AT command through the daemon and explains the answer",
		Long: `Sends one AT command through the daemon, which goes on with its work meanwhile, and explains the answer. It needs the right
to write: root, the daemon's user, and status.operators.

Commands that could brick the module or the card, that are stored, or that cut the session are refused without --force;
--refused lists them. Exit code 0: the modem said OK. 1: it refused, or did not answer. 2: the daemon cannot be reached.`,
		Example: "  supersim-agent at 'AT+CSQ'\n  supersim-agent at 'AT+QENG=\"servingcell\"'\n  supersim-agent at --force 'AT+COPS=0'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.refused {
				return listRisks(cmd.OutOrStdout())
			}
			if len(args) == 0 {
				return &exitError{exitMisused, errors.New("at: which command? For example: supersim-agent at 'AT+CSQ'")}
			}
			return sendAT(cmd, args[0], flags)
		},
	}
	cmd.Flags().BoolVar(&flags.force, "force", false, "send it although it could do harm")
	cmd.Flags().BoolVar(&flags.json, "json", false, "print JSON")
	cmd.Flags().BoolVar(&flags.plain, "plain", false, "print the answer as it came, without explanations")
	cmd.Flags().BoolVar(&flags.refused, "refused", false, "list the commands that need --force, and why")
	cmd.Flags().DurationVar(&flags.timeout, "timeout", 0, "how long to wait for the answer, below a minute (default: the family's limit)")
	return cmd
}

func sendAT(cmd *cobra.Command, line string, flags atFlags) error {
	c := client(cmd)
	result, err := c.Do(cmd.Context(), status.Request{Kind: status.AT, Command: line, Force: flags.force, Timeout: flags.timeout})
	if err != nil {
		return atFailure(err)
	}
	d := newDecoder(dialects(), false)
	if s, err := c.Status(cmd.Context()); err == nil && s.Modem.Model != "" {
		if m := modem.Choose(d.dialects, s.Modem.Model); m != modem.Standard {
			d.family = m
		}
	}
	readings := explainAnswer(d, line, result)
	if err := printAnswer(cmd.OutOrStdout(), result, readings, flags); err != nil {
		return err
	}
	if len(readings) > 0 && readings[len(readings)-1].kind == kindError {
		return &exitError{code: exitFailed}
	}
	return nil
}

// atFailure adds the daemon's hint to its refusal.
func atFailure(err error) error {
	if p, ok := errors.AsType[*status.Problem](err); ok {
		if p.Hint != "" {
			return &exitError{exitFailed, fmt.Errorf("%s\n%s", p.Detail, p.Hint)}
		}
		return &exitError{exitFailed, p}
	}
	return unreachable(err)
}

// explainAnswer decodes the lines of an answer in the light of their command.
func explainAnswer(d *decoder, line string, result status.Result) []reading {
	d.command(line)
	var list []reading
	for i, text := range append(result.Lines[:len(result.Lines):len(result.Lines)], result.Final) {
		r := d.line(text)
		r.number = i + 1
		list = append(list, r)
	}
	return list
}

// atReport is what `at --json` prints.
type atReport struct {
	status.Result
	Readings []reading `json:"readings"` // what each line means, the final last
}

func printAnswer(w io.Writer, result status.Result, readings []reading, flags atFlags) error {
	if flags.json {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(atReport{result, readings})
	}
	for _, r := range readings {
		if flags.plain {
			fmt.Fprintln(w, clean(r.input))
			continue
		}
		printDecoded(w, r)
	}
	return nil
}

// listRisks prints the table of refusals.
func listRisks(w io.Writer) error {
	for _, row := range agent.Risks {
		if _, err := fmt.Fprintf(w, "%-16s %-32s %s\n", "AT"+row.Name, row.When, row.Reason); err != nil {
			return err
		}
	}
	return nil
}
