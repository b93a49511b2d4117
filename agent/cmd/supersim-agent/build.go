package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"supersim-agent/agent"
	"supersim-agent/agent/attach"
	"supersim-agent/agent/bearer"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/config"
	"supersim-agent/agent/core"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/journal"
	"supersim-agent/atcmd"
	"supersim-agent/boards"
	"supersim-agent/modem"
	"supersim-agent/modem/ports"
	"supersim-agent/modem/quectel"
	"supersim-agent/modem/simcom"
	"supersim-agent/modem/ublox"
)

// dialects is every modem family, in the order in which they are asked whether a module is theirs.
func dialects() []*modem.Dialect {
	var list []*modem.Dialect
	list = append(list, quectel.Dialects...)
	list = append(list, simcom.Dialects...)
	return append(list, ublox.Dialects...)
}

// buildAgent makes the agent that a configuration describes. The returned function gives back what it holds.
func buildAgent(cfg *config.Config, log zerolog.Logger) (*agent.Agent, func(), error) {
	sources, beacons, err := cloudSources(cfg, log)
	if err != nil {
		return nil, nil, &exitError{exitMisused, err}
	}
	port := &portFinder{root: "/", configured: cfg.Modem.Port, rotation: ports.Rotation{Baud: int(cfg.Modem.Baud)}, dial: atcmd.OpenSerial}
	auth, err := credentials(cfg.Network)
	if err != nil {
		return nil, nil, &exitError{exitMisused, err}
	}
	power := openBoard(cfg, port, log)
	deps := agent.Deps{
		Open: port.open, Greeted: port.greeted, Line: port.line, Dialects: dialects(), Wanted: wanted(cfg), Auth: auth, Sources: sources, Beacons: beacons, Log: log,
		Board: boardName(cfg), Bearer: cfg.Data.Bearer, Config: cfg.Entries(),
		Notify: func(line string) { sd.SdNotify(false, line) }, //nolint:errcheck // nobody to tell
	}
	if cfg.Data.Bearer != "none" {
		deps.Path, deps.Probe = newDataPath(), cfg.Data.Probe
	}
	if cfg.Modem.PINFile != "" {
		deps.PIN = pinFile{path: cfg.Modem.PINFile, mark: filepath.Join(cfg.Journal.Dir, "pin-tried")}
	}
	deps.Boot = bootID()
	deps.Journal, err = journal.Open(cfg.Journal.Dir, time.Now(), journal.Options{BootID: deps.Boot, MaxBytes: cfg.Journal.MaxBytes})
	if err != nil {
		return nil, nil, &exitError{exitMisused, err}
	}
	if s := deps.Journal.State(); !s.OK {
		log.Warn().Str("dir", cfg.Journal.Dir).Str("reason", s.Reason).Msg("the journal is kept in memory until the disk can be used")
	}
	closeAll := func() { deps.Journal.Close(time.Now()) } //nolint:errcheck // everything was flushed before
	if power != nil {
		deps.Power = power
		closeJournal := closeAll
		closeAll = func() { power.Close(); closeJournal() }
	}
	a := agent.New(coreConfig(cfg, power != nil), deps)
	return a, closeAll, nil
}

// dataPath is the modem's way to the internet on this computer.
type dataPath struct {
	*bearer.Watcher
	*bearer.Prober
}

func newDataPath() dataPath {
	w := &bearer.Watcher{}
	return dataPath{w, &bearer.Prober{Watcher: w}}
}

// coreConfig translates the configuration for the core.
func coreConfig(cfg *config.Config, power bool) core.Config {
	profile, _ := attach.LookupProfile(cfg.Attach.Profile) // the configuration has been checked
	seed := deviceSeed()
	c := core.Config{
		Want: facts.Want{APN: strings.ToLower(cfg.Network.APN), PDPType: strings.ToUpper(cfg.Network.PDPType), CID: 1,
			NoRoam: !cfg.Network.Roaming, Auth: cfg.Network.Username != ""},
		Policy: attach.Policy{Profile: profile, Power: power, PIN: cfg.Modem.PINFile != "", Seed: seed,
			Dial: cfg.Data.Bearer != "none" && cfg.Data.Bearer != "existing"},
		PortPath: cfg.Modem.Port,
	}
	if m := cfg.Attach.StartDelayMax; m > 0 {
		c.StartDelay = time.Duration(rand.New(rand.NewPCG(seed, uint64(time.Now().UnixNano()))).Int64N(int64(m)))
	}
	return c
}

// credentials reads the APN's; CHAP keeps the password off the air.
func credentials(n config.Network) (modem.Auth, error) {
	if n.Username == "" {
		return modem.Auth{}, nil
	}
	auth := modem.Auth{Method: modem.AuthCHAP, User: n.Username}
	if n.PasswordFile == "" {
		return auth, nil
	}
	var err error
	if auth.Password, err = readSecret(n.PasswordFile); err != nil {
		return modem.Auth{}, fmt.Errorf("network.password_file: %w", err)
	}
	return auth, nil
}

// wanted is what the configuration asks of the module's settings.
func wanted(cfg *config.Config) modem.Wanted {
	w := modem.Wanted{RATs: cfg.Network.RATs, Roaming: modem.Off, PowerSavingOff: cfg.Modem.PowerSaving == "off",
		Bands: modem.Bands{LTE: ints(cfg.Network.LTEBands), NR: ints(cfg.Network.NRBands)}}
	if cfg.Network.Roaming {
		w.Roaming = modem.On
	}
	for _, plmn := range cfg.Network.Preferred {
		w.UPLMN = append(w.UPLMN, modem.PreferredPLMN{PLMN: plmn, AcT: modem.AcTAny})
	}
	return w
}

func ints(list []int64) (out []int) {
	for _, n := range list {
		out = append(out, int(n))
	}
	return out
}

// deviceSeed differs from device to device, so that a fleet does not move in step.
func deviceSeed() uint64 {
	id, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		return uint64(time.Now().UnixNano())
	}
	h := fnv.New64a()
	h.Write(id)
	return h.Sum64()
}

// bootID is the kernel's name of this boot, "" when it does not tell.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

func cloudSources(cfg *config.Config, log zerolog.Logger) (list []cloud.Source, beacons []agent.Beacon, err error) {
	for i, c := range cfg.Cloud {
		switch c.Source {
		case "file":
			list = append(list, cloud.NewFileSource(c.Path, cloud.FileOptions{}))
		case "spool":
			list = append(list, cloud.NewSpoolSource(c.Dir, cloud.SpoolOptions{Keep: int(c.Keep)}))
		case "webhook":
			w, err := webhook(c, log)
			if err != nil {
				return nil, nil, fmt.Errorf("cloud[%d]: %w", i, err)
			}
			list = append(list, w)
		case "mqtt":
			s, beacon, err := mqttSource(c, log)
			if err != nil {
				return nil, nil, fmt.Errorf("cloud[%d]: %w", i, err)
			}
			list, beacons = append(list, s), append(beacons, beacon)
		}
	}
	return list, beacons, nil
}

// mqttSource is one broker: its events, and what it is told of this device.
func mqttSource(c config.Cloud, log zerolog.Logger) (*cloud.MQTTSource, agent.Beacon, error) {
	key, err := topicKey(c.TopicKeyFile)
	if err != nil {
		return nil, agent.Beacon{}, err
	}
	s, err := cloud.NewMQTTSource(cloud.MQTTOptions{Broker: brokerOptions(c, log), Prefix: c.TopicPrefix, Key: key, ICCID: c.ICCID, Status: c.Status})
	return s, agent.Beacon{To: s, Status: c.Status, Every: c.StatusEvery, DailyBytes: c.StatusDailyBytes, Key: key}, err
}

func webhook(c config.Cloud, log zerolog.Logger) (*cloud.Webhook, error) {
	var secrets []string
	for _, path := range c.SecretFiles {
		secret, err := readSecret(path)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		log.Warn().Str("listen", c.Listen).Msg("the webhook takes events from everybody who reaches it: secret_files names no secret")
	}
	return cloud.NewWebhook(cloud.WebhookOptions{Listen: c.Listen, Path: c.Path, AllowRemote: c.AllowRemote, PlainHTTP: c.PlainHTTP,
		Secrets: secrets, PublicURL: c.PublicURL, CertFile: c.CertFile, KeyFile: c.KeyFile,
		Log: func(text string) { log.Warn().Msg(text) }})
}

func boardName(cfg *config.Config) string {
	if cfg.Modem.Board == "auto" || cfg.Modem.Board == "none" {
		return ""
	}
	return cfg.Modem.Board
}

// openBoard takes the pins of the configured board. Without it the agent works all the same, only without power control.
func openBoard(cfg *config.Config, port *portFinder, log zerolog.Logger) *boards.Control {
	name := boardName(cfg)
	if name == "" || cfg.Modem.PowerControl == "never" {
		return nil
	}
	board, err := boards.Lookup(name)
	if err == nil {
		var control *boards.Control
		if control, err = boards.Open(board, boards.Options{IsOn: port.moduleRuns}); err == nil {
			return control
		}
	}
	log.Warn().Err(err).Msg("no power control over the modem")
	return nil
}
