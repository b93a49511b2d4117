package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supersim-agent/agent/status"
)

func timelineCommand() *cobra.Command {
	var q status.TimelineQuery
	var since string
	var follow, asJSON bool
	cmd := &cobra.Command{
		Use: "timeline", GroupID: "look", Args: cobra.NoArgs,
		Short:   "Shows what the modem saw and what the cloud saw, side by side",
		Example: "  supersim-agent timeline --since 2h\n  supersim-agent timeline --follow --kind verdict --kind action",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			for _, kind := range q.Kinds {
				if !slices.Contains(timelineKinds, kind) {
					return &exitError{exitMisused, fmt.Errorf("--kind %q: the kinds are %s", kind, strings.Join(timelineKinds, ", "))}
				}
			}
			if q.Since, err = parseSince(since, time.Now()); err != nil {
				return &exitError{exitMisused, err}
			}
			show := timelinePrinter(cmd.OutOrStdout(), asJSON)
			if follow {
				if q.Limit == 0 && q.Since.IsZero() {
					q.Limit = followFrom
				}
				return followTimeline(cmd.Context(), client(cmd), q, show)
			}
			entries, err := client(cmd).Timeline(cmd.Context(), q)
			if err != nil {
				return unreachable(err)
			}
			if !asJSON {
				entries = folded(entries)
			}
			return show(entries)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "only what was noticed since then: 2h, or 2026-11-23T10:00:00Z")
	cmd.Flags().StringSliceVar(&q.Kinds, "kind", nil, "only these kinds: "+strings.Join(timelineKinds, ", "))
	cmd.Flags().IntVar(&q.Limit, "limit", 0, "only the newest so many")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what comes, after the last 20 entries")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per entry")
	return cmd
}

// timelineKinds are the kinds of entries that the agent writes.
var timelineKinds = []string{"verdict", "action", "plan", "command", "registration", "sim", "signal", "data", "cloud", "port",
	"modem", "supply", "clock", "host", "revised"}

// followFrom is how much of the past --follow begins with, unless it is told.
const followFrom = 20

// parseSince reads a length of time before now, or a moment.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--since %q is neither a length of time (2h) nor a moment (2026-11-23T10:00:00Z)", text)
	}
	return t, nil
}

// timelinePrinter returns what prints entries: two lanes on a terminal, a line each elsewhere, or JSON.
func timelinePrinter(w io.Writer, asJSON bool) func([]status.TimelineEntry) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return func(entries []status.TimelineEntry) error {
			for _, e := range entries {
				if err := enc.Encode(e); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if !isTerminal(w) {
		return func(entries []status.TimelineEntry) error {
			_, err := io.WriteString(w, renderTimelineLines(entries))
			return err
		}
	}
	view := newTimelineView(width(w), colour(w))
	heading := view.heading()
	return func(entries []status.TimelineEntry) error {
		text := heading
		heading = ""
		for _, e := range entries {
			text += view.entry(e)
		}
		_, err := io.WriteString(w, text)
		return err
	}
}

func followTimeline(ctx context.Context, c *status.Client, q status.TimelineQuery, show func([]status.TimelineEntry) error) error {
	for e, err := range c.Follow(ctx, q) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return unreachable(err)
		}
		if err := show([]status.TimelineEntry{e}); err != nil {
			return err
		}
	}
	return nil
}
