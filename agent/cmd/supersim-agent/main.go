// Command supersim-agent keeps a cellular modem with a KORE Super SIM online and says why it is or is not. One binary:
// the daemon (run), the commands that read it over its socket, and a simulated world to try everything without a modem.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"supersim-agent/agent/status"
)

// Exit codes. status: 0 online, 1 not online, 2 no daemon. Everything else: 1 for a failure, 2 for wrong use.
const (
	exitFailed  = 1
	exitMisused = 2
)

// exitError ends the program with a code of its own; a nil Err prints nothing.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := rootCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		os.Exit(complain(err))
	}
}

// complain prints the error for people and returns the exit code.
func complain(err error) int {
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			fmt.Fprintln(os.Stderr, exit.err)
		}
		return exit.code
	}
	fmt.Fprintln(os.Stderr, "supersim-agent:", err)
	if errors.Is(err, status.ErrUnreachable) {
		return exitMisused
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "supersim-agent",
		Short:         "Keeps a modem with a KORE Super SIM online and says why it is, or is not",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("socket", status.DefaultSocket, "status socket of the daemon")
	root.AddGroup(&cobra.Group{ID: "daemon", Title: "The daemon:"}, &cobra.Group{ID: "look", Title: "Looking:"},
		&cobra.Group{ID: "try", Title: "Trying without a modem:"})
	root.AddCommand(runCommand(), configCommand(), boardsCommand(), statusCommand(), watchCommand(), timelineCommand(),
		explainCommand(), portsCommand(), decodeCommand(), atCommand(), retryCommand(), holdCommand(), resumeCommand(), simulateCommand(), demoCommand(), relayCommand(), versionCommand())
	mountFleet(root)
	strictArguments(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitMisused, err} })
	return root
}

// strictArguments makes wrong arguments end with the exit code of wrong use: 1 has a meaning of its own for status.
func strictArguments(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		strictArguments(sub)
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return &exitError{exitMisused, err}
			}
			return nil
		}
	}
}

// client reaches the daemon that the --socket flag names.
func client(cmd *cobra.Command) *status.Client {
	path, _ := cmd.Flags().GetString("socket")
	return &status.Client{Socket: path}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Prints the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "supersim-agent", version())
			return err
		},
	}
}

// version is what the build recorded of the sources.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = " (" + s.Value[:min(12, len(s.Value))] + ")"
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = ", with local changes"
		}
	}
	return info.Main.Version + revision + dirty + ", " + info.GoVersion
}
