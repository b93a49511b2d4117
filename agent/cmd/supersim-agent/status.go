package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supersim-agent/agent/status"
)

func statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", GroupID: "look", Args: cobra.NoArgs,
		Short: "Says whether the device is online, why, and what happens next",
		Long:  "Says whether the device is online, why, and what happens next.\nExit code 0: online. 1: not online. 2: the daemon cannot be reached.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := client(cmd)
			s, err := c.Status(cmd.Context())
			if err != nil {
				return unreachable(err)
			}
			if err := printStatus(cmd, c, s, asJSON); err != nil {
				return err
			}
			if !s.Online() {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the status document as it is on the socket")
	return cmd
}

func printStatus(cmd *cobra.Command, c *status.Client, s *status.Status, asJSON bool) error {
	out := cmd.OutOrStdout()
	if !asJSON {
		_, err := io.WriteString(out, renderStatus(s, time.Now(), colour(out)))
		return err
	}
	raw, err := c.RawStatus(cmd.Context())
	if err != nil {
		return unreachable(err)
	}
	return printIndented(out, raw)
}

func printIndented(w io.Writer, raw json.RawMessage) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(raw)
}

// unreachable turns a missing daemon into exit code 2 with a hint.
func unreachable(err error) error {
	var down *status.UnreachableError
	if errors.As(err, &down) {
		return &exitError{exitMisused, err}
	}
	return err
}

func watchCommand() *cobra.Command {
	return &cobra.Command{
		Use: "watch", GroupID: "look", Args: cobra.NoArgs,
		Short: "Shows the status live until interrupted",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return watch(cmd.Context(), cmd.OutOrStdout(), client(cmd))
		},
	}
}

const watchEvery = time.Second

// watch redraws the screen; where there is no terminal it prints a line whenever the verdict changes.
func watch(ctx context.Context, out io.Writer, c *status.Client) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := ""
	for {
		s, err := c.Status(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return unreachable(err)
		case isTerminal(out):
			fmt.Fprint(out, "\x1b[H"+renderStatus(s, time.Now(), colour(out))+"\x1b[J")
		case s.Verdict.Code != last:
			last = s.Verdict.Code
			fmt.Fprintf(out, "%s %s: %s\n", s.Time.UTC().Format(time.RFC3339), s.Verdict.Code, s.Verdict.Summary)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// colour reports whether to use it: on a terminal, unless NO_COLOR is set (no-color.org).
func colour(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && isTerminal(w) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// width is the terminal's width in columns, 100 where there is none.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
			return int(size.Col)
		}
	}
	return 100
}
