package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"supersim-agent/agent/broker"
	"supersim-agent/modem/modemsim"
)

// simulation is what the flags of simulate say.
type simulation struct {
	file, modem, pty, webhook, eventsFile string
	mqtt                                  string
	secretFile                            string
	speed                                 float64
	seed                                  uint64
}

func simulateCommand() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use: "simulate [FILE]", GroupID: "try", Args: cobra.MaximumNArgs(1),
		Short: "Plays a simulated world: modem on a pty, SIM, networks and the cloud's connection events",
		Long: `Plays a simulated world until it is interrupted: a modem on a pseudo terminal, its SIM with the IMSI applet, the
radio networks around it, and the operator's cloud that sends connection events. FILE is a scenario (TOML); without
one it is a Super SIM that works. Each line that is printed is what really happened in the world.`,
		Example: "  supersim-agent simulate world.toml --pty /tmp/modem0 --webhook http://127.0.0.1:8099/events",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				s.file = args[0]
			}
			return s.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&s.modem, "modem", "", "play the scenario on this modem; `list` shows all")
	cmd.Flags().StringVar(&s.pty, "pty", "/tmp/supersim-modem0", "name of the modem's port")
	cmd.Flags().StringVar(&s.webhook, "webhook", "", "URL that gets the connection events by POST")
	cmd.Flags().StringVar(&s.mqtt, "mqtt", "", "URL of a broker to which the connection events are published, as a relay does")
	cmd.Flags().StringVar(&s.secretFile, "secret-file", "", "file with the secret that signs what the webhook gets, as KORE does")
	cmd.Flags().StringVar(&s.eventsFile, "events-file", "", "file to which the connection events are appended, a JSON array a line")
	cmd.Flags().Float64Var(&s.speed, "speed", 1, "how much faster than real time")
	cmd.Flags().Uint64Var(&s.seed, "seed", 0, "another run of the same scenario; default: the scenario's seed")
	return cmd
}

// load reads the scenario and applies the flags to it.
func (s simulation) load() (scenario *modemsim.Scenario, err error) {
	scenario = modemsim.Default()
	if s.file != "" {
		if scenario, err = modemsim.LoadScenario(s.file); err != nil {
			return nil, &exitError{exitMisused, err}
		}
	}
	if s.modem != "" {
		if scenario, err = scenario.WithModem(s.modem); err != nil {
			return nil, &exitError{exitMisused, err}
		}
	}
	if s.seed != 0 {
		scenario.Seed = s.seed
	}
	return scenario, nil
}

func listModems(out io.Writer) error {
	for _, d := range modemsim.Descriptions() {
		if _, err := fmt.Fprintf(out, "%-20s %s (%s)\n", d.Name, d.About, strings.Join(d.RATs, ", ")); err != nil {
			return err
		}
	}
	return nil
}

func (s simulation) run(ctx context.Context, out io.Writer) error {
	if s.modem == "list" {
		return listModems(out)
	}
	if s.speed <= 0 {
		return &exitError{exitMisused, fmt.Errorf("--speed %v: it must be above zero", s.speed)}
	}
	scenario, err := s.load()
	if err != nil {
		return err
	}
	secret := ""
	if s.secretFile != "" {
		if secret, err = readSecret(s.secretFile); err != nil {
			return &exitError{exitMisused, err}
		}
	}
	pty, err := modemsim.OpenPTY(s.pty)
	if err != nil {
		return err
	}
	defer pty.Close()

	clock := newFastClock(s.speed)
	lines := &lineWriter{w: out}
	world := modemsim.NewWorld(scenario, clock)
	courier := newCourier(s.webhook, s.eventsFile, clock, func(text string) { lines.print("courier", text, 0) })
	courier.secret = secret
	if s.mqtt != "" {
		if courier.broker, err = broker.New(broker.Options{URL: s.mqtt, ClientID: "supersim-simulate"}); err != nil {
			return &exitError{exitMisused, err}
		}
	}
	world.OnEvents(courier.take)
	world.Narrate(func(m modemsim.Moment) { lines.print(m.Who, m.Text, m.At) })
	lines.print("world", fmt.Sprintf("%q with a %s on %s", scenario.Title, scenario.Modem, s.pty), 0)
	world.Connect(pty)

	var running sync.WaitGroup
	running.Go(func() { courier.run(ctx) })
	if courier.broker != nil {
		running.Go(func() { courier.broker.Run(ctx) }) //nolint:errcheck // nil, once it runs
	}
	err = world.Run(ctx)
	running.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// lineWriter prints what happens, from several goroutines.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lineWriter) print(who, text string, at time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%10s  %-8s %s\n", at.Truncate(100*time.Millisecond), who, text)
}
