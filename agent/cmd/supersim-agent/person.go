package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"supersim-agent/agent/status"
)

func retryCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "retry", GroupID: "daemon", Args: cobra.NoArgs,
		Short: "Does the next sensible step now instead of later",
		Long: `Does the step that the retry policy would take next at once, within a small budget of its own. It says what that is, or what
stands in its way. With --force, as root, the radio is switched off and on whatever the policy thinks of it.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return askPolicy(cmd, status.Request{Kind: status.Retry, Force: force})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "past the pauses that protect the network; for root")
	return cmd
}

func holdCommand() *cobra.Command {
	return &cobra.Command{
		Use: "hold DURATION", GroupID: "daemon", Args: cobra.ExactArgs(1),
		Short:   "Leaves modem and network alone for a time, for maintenance",
		Long:    "Does nothing of any kind for a time: no repair, no retry, no reset. Looking goes on. resume ends it.",
		Example: "  supersim-agent hold 2h",
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := time.ParseDuration(args[0])
			if err != nil || d <= 0 {
				return &exitError{exitMisused, fmt.Errorf("hold: %q is not a duration such as 30m or 2h", args[0])}
			}
			return askPolicy(cmd, status.Request{Kind: status.Hold, For: d})
		},
	}
}

func resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume", GroupID: "daemon", Args: cobra.NoArgs, Short: "Ends a hold",
		RunE: func(cmd *cobra.Command, _ []string) error { return askPolicy(cmd, status.Request{Kind: status.Resume}) },
	}
}

// askPolicy sends a wish to the daemon and prints what comes of it.
func askPolicy(cmd *cobra.Command, r status.Request) error {
	result, err := client(cmd).Do(cmd.Context(), r)
	if p, ok := errors.AsType[*status.Problem](err); ok && p.Hint != "" {
		return &exitError{exitFailed, fmt.Errorf("%s\n%s", p.Detail, p.Hint)}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), result.Text)
	return err
}
