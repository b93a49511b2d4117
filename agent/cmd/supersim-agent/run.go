package main

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"supersim-agent/agent"
	"supersim-agent/agent/config"
	"supersim-agent/agent/status"
)

func runCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "run", GroupID: "daemon", Args: cobra.NoArgs,
		Short: "Runs the daemon",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(path)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("socket") {
				cfg.Status.Socket, _ = cmd.Flags().GetString("socket")
			}
			debug.SetGCPercent(gcPercent)
			defer time.AfterFunc(startUp, giveBack).Stop()
			return runDaemon(cmd.Context(), cfg, newLogger(cfg.Log, cmd.ErrOrStderr()))
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration file (default "+config.DefaultPath+", which may be missing)")
	return cmd
}

// newLogger writes lines for people on a terminal and JSON elsewhere.
func newLogger(c config.Log, w io.Writer) zerolog.Logger {
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		level = zerolog.InfoLevel
	}
	if c.Format == "human" || c.Format == "auto" && isTerminal(w) {
		w = zerolog.ConsoleWriter{Out: w, NoColor: !colour(w), TimeFormat: "15:04:05"}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

// gcPercent trades a little CPU for memory: the daemon allocates next to nothing, and a Pi Zero has 512 MB.
const gcPercent = 25

// runDaemon is the agent with its status socket, until ctx ends.
func runDaemon(ctx context.Context, cfg *config.Config, log zerolog.Logger) error {
	a, closeAll, err := buildAgent(cfg, log)
	if err != nil {
		return err
	}
	defer closeAll()
	ln, err := status.Listen(cfg.Status.Socket)
	if err != nil {
		return err
	}
	log.Info().Str("socket", cfg.Status.Socket).Str("version", version()).Msg("ready")
	// Ready means: the configuration is good and questions are answered. The modem may take its time.
	sd.SdNotify(false, sd.SdNotifyReady) //nolint:errcheck // without a service manager there is nobody to tell
	return serve(ctx, a, ln, cfg.Status.Operators, log)
}

// serve runs agent and socket; when one of them ends, so does the other.
func serve(ctx context.Context, a *agent.Agent, ln net.Listener, operators []string, log zerolog.Logger) error {
	server, err := status.NewServer(status.Options{Provider: a, Operators: operators, Version: version(), Log: log})
	if err != nil {
		ln.Close()
		return &exitError{exitMisused, err}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	var agentErr error
	running.Go(func() {
		defer cancel()
		agentErr = a.Run(ctx)
	})
	serverErr := server.Serve(ctx, ln)
	cancel()
	running.Wait()
	return errors.Join(agentErr, serverErr)
}
