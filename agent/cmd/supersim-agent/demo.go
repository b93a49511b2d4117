package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"supersim-agent/agent"
	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/core"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/internal/simpath"
	"supersim-agent/agent/status"
	"supersim-agent/atcmd"
	"supersim-agent/modem/modemsim"
)

//go:embed demo.toml
var demoWorld []byte

// demoChapters are the verdicts the story must pass through, in this order. The demo plays until the last one came true;
// nothing else about it is fixed.
var demoChapters = []string{"wrong-apn", "online", "sim-inactive", "online"}

// demoHeadStart is how long the modem is left alone before the agent starts: long enough for its attaches to repeat.
const demoHeadStart = 2 * time.Minute

func demoCommand() *cobra.Command {
	var speed float64
	cmd := &cobra.Command{
		Use: "demo", GroupID: "try", Args: cobra.NoArgs,
		Short: "Shows the agent at work on a simulated modem and cloud, nothing plugged in",
		Long: `Starts a simulated world and the real agent in one process, on a clock that runs faster: the modem on a pty, the
cloud's connection events by webhook, the status socket in a temporary folder. Everything that is printed comes
out of the agent's socket while it happens, except the lines of the narrator, who knows the world.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if speed <= 0 {
				return &exitError{exitMisused, fmt.Errorf("--speed %v: it must be above zero", speed)}
			}
			return runDemo(cmd.Context(), cmd.OutOrStdout(), speed)
		},
	}
	cmd.Flags().Float64Var(&speed, "speed", 100, "how much faster than real time")
	return cmd
}

// demo is the stage: world, agent, and what connects them.
type demo struct {
	clock   fastClock
	out     io.Writer
	socket  string
	world   *modemsim.World
	agent   *agent.Agent
	pty     *modemsim.PTY
	courier *courier
	print   *storyteller
}

func runDemo(ctx context.Context, out io.Writer, speed float64) error {
	dir, err := os.MkdirTemp("", "supersim-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := newDemo(out, dir, speed)
	if err != nil {
		return err
	}
	defer d.pty.Close()
	return d.play(ctx)
}

func newDemo(out io.Writer, dir string, speed float64) (*demo, error) {
	scenario, err := modemsim.ParseScenario("demo.toml", demoWorld)
	if err != nil {
		return nil, err
	}
	d := &demo{clock: newFastClock(speed), out: out, socket: filepath.Join(dir, "status.sock")}
	d.print = newStoryteller(out, d.clock.Now)
	if d.pty, err = modemsim.OpenPTY(filepath.Join(dir, "modem0")); err != nil {
		return nil, err
	}
	d.world = modemsim.NewWorld(scenario, d.clock)
	d.world.Narrate(d.narrate)
	d.world.Connect(d.pty)
	return d, d.buildAgent()
}

func (d *demo) buildAgent() error {
	webhook, err := cloud.NewWebhook(cloud.WebhookOptions{Listen: "127.0.0.1:0", Path: "/events", Clock: d.clock})
	if err != nil {
		return err
	}
	d.courier = newCourier("", "", d.clock, d.print.narrator)
	d.courier.url = func() string { return "http://" + webhook.Addr() + "/events" }
	d.world.OnEvents(d.courier.take)
	balanced, _ := attach.LookupProfile("balanced")
	d.agent = agent.New(core.Config{
		Want:       facts.Want{APN: "super", PDPType: "IP", CID: 1},
		Policy:     attach.Policy{Profile: balanced, Dial: true, Seed: 1},
		PortPath:   d.pty.Path(),
		StartDelay: demoHeadStart,
	}, agent.Deps{
		Open: func(context.Context) (atcmd.Transport, string, error) {
			t, err := atcmd.OpenSerial(d.pty.Path(), atcmd.DefaultBaud)
			return t, d.pty.Path(), err
		},
		Dialects: dialects(), Sources: []cloud.Source{webhook}, Clock: d.clock,
		NTP: func() bool { return true }, Bearer: "existing", Log: zerolog.Nop(),
		Path: &simpath.Path{World: d.world, Clock: d.clock}, Probe: true,
	})
	return nil
}

// play runs everything until the story has come to its end.
func (d *demo) play(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ln, err := status.Listen(d.socket)
	if err != nil {
		return err
	}
	d.print.introduce(d.clock.speed)
	var running sync.WaitGroup
	running.Go(func() { d.world.Run(ctx) }) //nolint:errcheck // it ends with ctx
	running.Go(func() { d.courier.run(ctx) })
	running.Go(func() { serve(ctx, d.agent, ln, nil, zerolog.Nop()) }) //nolint:errcheck // its end is the demo's
	err = d.follow(ctx)
	final := d.agent.Status()
	cancel()
	running.Wait()
	if err == nil {
		d.print.conclude(final)
	}
	return err
}

// narrate tells what really happened: only what a person did, the rest is for the agent to find out.
func (d *demo) narrate(m modemsim.Moment) {
	if m.Who == "scenario" {
		d.print.narrator("In the KORE console, somebody changes the SIM: " + m.Text)
	}
}

// follow prints the agent's timeline from its socket until all chapters have come true.
func (d *demo) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(float64(demoLimit)/d.clock.speed),
		errors.New("the story did not come to its end in time"))
	defer cancel()
	client := &status.Client{Socket: d.socket}
	chapters := slices.Clone(demoChapters)
	for e, err := range client.Follow(ctx, status.TimelineQuery{Limit: 1000}) {
		if err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		d.print.entry(e)
		if e.Kind == "verdict" && e.Verdict == chapters[0] {
			if chapters = chapters[1:]; len(chapters) == 0 {
				return nil // the whole status follows
			}
			d.explain(ctx, client)
		}
	}
	return context.Cause(ctx)
}

// demoLimit is in the world's time: the scenario's length and some.
const demoLimit = 3 * time.Hour

// explain shows what `supersim-agent status` says at this moment.
func (d *demo) explain(ctx context.Context, client *status.Client) {
	if s, err := client.Status(ctx); err == nil {
		d.print.status(s)
	}
}
