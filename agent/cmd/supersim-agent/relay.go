package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/config"
	"supersim-agent/agent/relay"
)

func relayCommand() *cobra.Command {
	var path string
	var checkOnly bool
	cmd := &cobra.Command{
		Use: "relay", GroupID: "daemon", Args: cobra.NoArgs,
		Short: "Takes KORE's webhook for a fleet, and passes each event on to its SIM through an MQTT broker",
		Long: `Takes KORE's webhook for a fleet, and passes each event on to its SIM through an MQTT broker. It answers 2xx when an event is
on disk, keeps it until the broker has it for certain, and shows the fleet: relay status, relay list.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.LoadRelay(path)
			if err != nil {
				return &exitError{exitMisused, err}
			}
			if checkOnly {
				if err := relayFilesReadable(cfg); err != nil {
					return &exitError{exitMisused, fmt.Errorf("%s: %w", cfg.Name(), err)}
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: no mistakes\n", cfg.Name())
				return err
			}
			return runRelay(cmd.Context(), cfg, newLogger(cfg.Log, cmd.ErrOrStderr()))
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration file (default "+config.DefaultRelayPath+")")
	cmd.Flags().BoolVar(&checkOnly, "check", false, "only report every mistake in it")
	return cmd
}

// fleetSession is how long the broker keeps what a relay that is away would hear of its fleet: what is retained comes anyway.
const fleetSession = time.Minute

// relayFilesReadable reports a file that the configuration names and that cannot be used.
func relayFilesReadable(cfg *config.Relay) error {
	_, err1 := webhook(cfg.Webhook, zerolog.Nop())
	_, err2 := topicKey(cfg.Broker.TopicKeyFile)
	all := []error{err1, err2}
	for _, path := range []string{cfg.Broker.UserFile, cfg.Broker.PasswordFile} {
		if path != "" {
			_, err := readSecret(path)
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// relayParts is a relay with what it is made of.
type relayParts struct {
	relay *relay.Relay
	fleet *relay.Fleet
	watch *broker.Client // hears the fleet's statuses and events
	spool *relay.Spool
}

func buildRelay(cfg *config.Relay, log zerolog.Logger) (*relayParts, error) {
	warn := func(text string) { log.Warn().Msg(text) }
	key, err := topicKey(cfg.Broker.TopicKeyFile)
	if err != nil {
		return nil, err
	}
	hook, err := webhook(cfg.Webhook, log)
	if err != nil {
		return nil, err
	}
	if err := hook.Listen(); err != nil { // before anybody is told that the relay is ready
		return nil, err
	}
	p := &relayParts{fleet: relay.NewFleet(relay.FleetOptions{DevicesFile: cfg.Fleet.DevicesFile, TopicKey: key,
		SilentAfter: cfg.Fleet.SilentAfter, Log: warn})}
	opts := brokerOptions(cfg.Broker.Cloud, log)
	if opts.ClientID == "" {
		opts.ClientID = "supersim-relay-" + hostName()
	}
	again := make(relay.Again, 1)
	opts.Up = again.Up
	out, err := broker.New(opts)
	if err != nil {
		return nil, err
	}
	opts.ClientID, opts.Up = opts.ClientID+"-fleet", nil
	opts.SessionExpiry = fleetSession
	watchFleet(&opts, cfg, p.fleet)
	if p.watch, err = broker.New(opts); err != nil {
		return nil, err
	}
	p.spool, err = relay.OpenSpool(cfg.Spool.Dir, relay.SpoolOptions{MaxBytes: cfg.Spool.MaxBytes, Settle: cfg.Spool.Settle})
	if err != nil {
		return nil, fmt.Errorf("spool.dir: %w", err)
	}
	p.relay = relay.New(relay.Options{Spool: p.spool, Inputs: []relay.Input{hook}, Prefix: cfg.Broker.TopicPrefix, Key: key,
		Expiry: cfg.Broker.Expiry, Log: warn, Again: again, Took: p.fleet.TakeEvent}, out)
	return p, nil
}

// brokerOptions is what a configuration says of a broker.
func brokerOptions(c config.Cloud, log zerolog.Logger) broker.Options {
	return broker.Options{URL: c.URL, PlainText: c.PlainText, ClientID: c.ClientID, CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile,
		UserFile: c.UserFile, PasswordFile: c.PasswordFile, KeepAlive: c.KeepAlive, Log: func(text string) { log.Warn().Msg(text) }}
}

// watchFleet subscribes to what the devices say of themselves and to all events, whichever relay took them. Events are shared
// with the other judges of the same group, if there is one.
func watchFleet(o *broker.Options, cfg *config.Relay, fleet *relay.Fleet) {
	prefix, group := cfg.Broker.TopicPrefix, ""
	if cfg.Fleet.Share != "" {
		group = "$share/" + cfg.Fleet.Share + "/"
	}
	o.Retained = true // what is known of each device is forgotten with this process
	o.Subscribe = []string{prefix + "/+/status", group + prefix + "/+/events"}
	o.Receive = func(_ context.Context, m broker.Message) error {
		id, kind, ok := cloud.ParseTopic(prefix, m.Topic)
		now := time.Now()
		switch {
		case !ok:
		case kind == "status":
			fleet.TakeStatus(now, id, m.Payload) //nolint:errcheck // the fleet counts what it cannot use
		default:
			events, _, _ := cloud.Decode(m.Payload, cloud.DefaultLimits())
			for _, e := range events {
				fleet.TakeEvent(now, e)
			}
		}
		return nil
	}
}

func topicKey(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := readSecret(path)
	return []byte(text), err
}

// hostName is this computer's, as far as it may stand in a client's name.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "host"
	}
	return strings.Map(func(c rune) rune {
		if c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '-'
	}, name)
}

// runRelay is the relay with its HTTP interface, until ctx ends.
func runRelay(ctx context.Context, cfg *config.Relay, log zerolog.Logger) error {
	p, err := buildRelay(cfg, log)
	if err != nil {
		return &exitError{exitMisused, err}
	}
	defer p.spool.Close() //nolint:errcheck // everything that was promised is on disk
	ln, err := net.Listen("tcp", cfg.HTTP.Listen)
	if err != nil {
		return fmt.Errorf("http.listen: %w", err)
	}
	server := relay.NewServer(p.relay.Handler(p.fleet.Handler()))
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { p.watch.Run(ctx) }) //nolint:errcheck // nil, once it runs
	running.Go(func() { p.fleet.Watch(ctx, hangup) })
	running.Go(func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error().Err(err).Msg("the HTTP interface stopped")
		}
	})
	log.Info().Str("webhook", cfg.Webhook.Listen+cfg.Webhook.Path).Str("http", cfg.HTTP.Listen).Str("spool", filepath.Clean(cfg.Spool.Dir)).
		Int("waiting", p.spool.Stats().Waiting).Str("version", version()).Msg("ready")
	sd.SdNotify(false, sd.SdNotifyReady) //nolint:errcheck // without a service manager there is nobody to tell
	err = p.relay.Run(ctx)
	cancel()
	server.Close()
	running.Wait()
	return err
}
