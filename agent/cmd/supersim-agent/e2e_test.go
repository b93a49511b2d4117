package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/config"
	"supersim-agent/agent/internal/mosquitto"
	"supersim-agent/agent/status"
	"supersim-agent/modem/modemsim"
)

// rig is the whole daemon as a user runs it, from its configuration file, with a real pty, a real unix socket and a real
// webhook. The world runs faster, the daemon in real time.
type rig struct {
	t       *testing.T
	dir     string
	webhook string
	cloud   string // further keys of the webhook's [[cloud]], and further sources
	secret  string // of the simulated cloud
	log     bytes.Buffer
	client  *status.Client
	seq     uint64 // of the last timeline entry that was taken into account
	ctx     context.Context
}

const worldSpeed = 20

func newRig(t *testing.T) *rig {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	// Not t.TempDir: a unix socket's path may have 107 bytes at the most.
	dir, err := os.MkdirTemp("", "supersim-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &rig{t: t, dir: dir, webhook: freeAddress(t), ctx: ctx, client: &status.Client{Socket: filepath.Join(dir, "status.sock")}}
}

func freeAddress(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// background runs f until the test ends and waits for it.
func (r *rig) background(f func(context.Context) error) {
	ctx, cancel := context.WithCancel(r.ctx)
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
}

func (r *rig) configure(port string) *config.Config {
	r.t.Helper()
	path := filepath.Join(r.dir, "agent.toml")
	text := fmt.Sprintf("schema = 1\n[modem]\nport = %q\n[data]\nbearer = \"none\"\n[status]\nsocket = %q\n[journal]\ndir = %q\n"+
		"[[cloud]]\nsource = \"webhook\"\nlisten = %q\npath = \"/events\"\n%s",
		port, r.client.Socket, filepath.Join(r.dir, "journal"), r.webhook, r.cloud)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	cfg, err := loadWhole(path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.client.Patience = 10 * time.Second
	return cfg
}

func (r *rig) startDaemon(port string) {
	r.t.Helper()
	cfg := r.configure(port)
	r.background(func(ctx context.Context) error { return runDaemon(ctx, cfg, zerolog.Nop()) })
}

// startWorld plays a scenario on a pty with the given name.
func (r *rig) startWorld(port, scenario string) *modemsim.World {
	r.t.Helper()
	s, err := modemsim.ParseScenario("e2e", []byte(scenario))
	if err != nil {
		r.t.Fatal(err)
	}
	pty, err := modemsim.OpenPTY(port)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { pty.Close() })
	clock := newFastClock(worldSpeed)
	world := modemsim.NewWorld(s, clock)
	courier := newCourier("http://"+r.webhook+"/events", "", clock, func(text string) { r.t.Log(text) })
	courier.secret = r.secret
	world.OnEvents(courier.take)
	world.Connect(pty)
	r.background(world.Run)
	r.background(func(ctx context.Context) error { courier.run(ctx); return nil })
	return world
}

// untilVerdict follows the timeline on the socket from where the last call left it until a verdict comes.
func (r *rig) untilVerdict(code string) {
	r.t.Helper()
	var story []string
	for e, err := range r.client.Follow(r.ctx, status.TimelineQuery{After: r.seq, Limit: 1000}) {
		if err != nil {
			r.t.Fatalf("waiting for %q: %v\n%s", code, err, strings.Join(story, ""))
		}
		r.seq = e.Seq
		story = append(story, plainEntry(e))
		if e.Verdict == code {
			return
		}
	}
	r.t.Fatalf("verdict %q did not come:\n%s", code, strings.Join(story, ""))
}

func (r *rig) status() *status.Status {
	r.t.Helper()
	s, err := r.client.Status(r.ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func TestDaemonComesOnline(t *testing.T) {
	r := newRig(t)
	port := filepath.Join(r.dir, "modem0")
	r.startWorld(port, "modem = \"simcom-sim7600\"\n[module]\napn = \"internet\"\n[cloud]\ndelay = \"10s\"")
	r.startDaemon(port)
	r.untilVerdict("wrong-apn")
	r.untilVerdict("online")
	s := r.status()
	if !s.Online() || s.Data.APN != "super" || s.SIM.SuperSIM == nil || !*s.SIM.SuperSIM || s.Registration.State != "roaming" {
		t.Errorf("status %+v", s)
	}
	if s.Cloud.Session.IP != s.Data.IP || s.Data.IP == "" {
		t.Errorf("the modem's IP %q, the cloud's %q", s.Data.IP, s.Cloud.Session.IP)
	}
}

// The port does not exist when the daemon starts; it says so and recovers by itself.
func TestDaemonWaitsForThePort(t *testing.T) {
	r := newRig(t)
	port := filepath.Join(r.dir, "modem0")
	r.startDaemon(port)
	r.untilVerdict("modem-unreachable")
	if s := r.status(); !strings.Contains(s.Verdict.Summary, "does not exist") || s.Verdict.Advice == "" {
		t.Errorf("verdict %+v", s.Verdict)
	}
	r.startWorld(port, "modem = \"quectel-eg25\"")
	r.untilVerdict("online")
}

// A modem that is unplugged and plugged again.
func TestDaemonSurvivesUnplugging(t *testing.T) {
	r := newRig(t)
	port := filepath.Join(r.dir, "modem0")
	world := r.startWorld(port, "modem = \"ublox-sara-r5\"")
	r.startDaemon(port)
	r.untilVerdict("online")
	world.Inject("port-gone", 20*time.Second)
	r.untilVerdict("modem-unreachable")
	r.untilVerdict("online")
}

// secretFile writes a secret of the webhook and returns the key that names it.
func (r *rig) secretFile(secret string) string {
	path := filepath.Join(r.dir, "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf("secret_files = [%q]\n", path)
}

// untilSource asks for the status until a cloud source is as wanted.
func (r *rig) untilSource(wanted func(status.CloudSource) bool) status.CloudSource {
	r.t.Helper()
	for {
		s := r.status().Cloud.Sources
		if i := slices.IndexFunc(s, wanted); i >= 0 {
			return s[i]
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-r.ctx.Done():
			r.t.Fatalf("sources %+v", s)
		}
	}
}

// The same secret on both sides: the events arrive, and the verdict rests on both diaries.
func TestDaemonTakesSignedEvents(t *testing.T) {
	r := newRig(t)
	r.secret = "whs-of-the-test"
	r.cloud = r.secretFile(r.secret)
	port := filepath.Join(r.dir, "modem0")
	r.startDaemon(port)
	r.startWorld(port, "modem = \"quectel-eg25\"")
	r.untilVerdict("online")
	s := r.untilSource(func(s status.CloudSource) bool { return s.Events > 0 })
	if s.Unverified != 0 || s.Error != "" || r.status().Cloud.Events == 0 {
		t.Errorf("%+v", s)
	}
}

// Another secret: nothing is kept, the status counts it and says what to do, and nobody prints a secret.
func TestDaemonRefusesForgedEvents(t *testing.T) {
	r := newRig(t)
	r.secret = "whs-of-somebody-else"
	r.cloud = r.secretFile("whs-of-the-test")
	port := filepath.Join(r.dir, "modem0")
	r.startWorld(port, "modem = \"quectel-eg25\"")
	ctx, stop := context.WithCancel(r.ctx)
	ended := make(chan struct{})
	cfg := r.configure(port)
	go func() {
		defer close(ended)
		if err := runDaemon(ctx, cfg, zerolog.New(zerolog.SyncWriter(&r.log))); err != nil {
			t.Error(err)
		}
	}()
	r.untilVerdict("online-cloud-lags")
	s := r.untilSource(func(s status.CloudSource) bool { return s.Unverified > 0 })
	if s.Events != 0 || !strings.Contains(s.Hint, "secret_files") || !strings.Contains(s.Error, "signature") {
		t.Errorf("%+v", s)
	}
	now := r.status()
	if c := now.Cloud; c.Events != 0 || c.LastEvent.Type != "" {
		t.Errorf("kept: %+v", c)
	}
	if page := renderStatus(now, time.Now(), false); !strings.Contains(page, "for their signature") {
		t.Error(page)
	}
	stop()
	<-ended
	if log := r.log.String(); !strings.Contains(log, "public_url") || strings.Contains(log, "whs-of") {
		t.Error(log)
	}
}

// Files dropped into the spool arrive; the socket tells what became of events that are posted to it.
func TestDaemonTakesSpooledAndPostedEvents(t *testing.T) {
	r := newRig(t)
	spool := filepath.Join(r.dir, "spool")
	if err := os.Mkdir(spool, 0o700); err != nil {
		t.Fatal(err)
	}
	r.cloud = fmt.Sprintf("[[cloud]]\nsource = \"spool\"\ndir = %q\n", spool)
	port := filepath.Join(r.dir, "modem0")
	r.startDaemon(port)
	r.startWorld(port, "modem = \"quectel-eg25\"\n[cloud]\nalive = false")
	r.untilVerdict("online-cloud-lags")
	event := func(sid, iccid string) string {
		return fmt.Sprintf(`{"event_sid":%q,"event_type":"supersim.connection.attachment.accepted","sim_iccid":%q,"timestamp":%q}`,
			sid, iccid, time.Now().UTC().Format(time.RFC3339))
	}
	ours := r.status().SIM.ICCID
	if err := os.WriteFile(filepath.Join(spool, ".new"), []byte(event("EZ1", ours)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(spool, ".new"), filepath.Join(spool, "1.json")); err != nil {
		t.Fatal(err)
	}
	for r.status().Cloud.LastEvent.SID != "EZ1" {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-r.ctx.Done():
			t.Fatalf("%+v", r.status().Cloud)
		}
	}
	body := event("EZ1", ours) + event("EZ2", ours) + event("EZ3", "89883070000099999999")
	got, err := r.client.PostEvents(r.ctx, []byte(body))
	if err != nil || got.Accepted != 1 || got.Duplicates != 1 || got.OtherICCID != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

// TestByMQTT: the events reach the device through a real broker, and its owner reads the device's verdict there.
func TestByMQTT(t *testing.T) {
	b := mosquitto.Start(t, mosquitto.Options{})
	r := newRig(t)
	r.cloud = fmt.Sprintf("[[cloud]]\nsource = \"mqtt\"\nurl = %q\nstatus_every = \"1s\"\n", b.URL)
	heard := make(chan status.Brief, 100)
	owner, err := broker.New(broker.Options{URL: b.URL, ClientID: "owner", Subscribe: []string{"supersim/+/status"},
		Receive: func(_ context.Context, m broker.Message) error {
			var brief status.Brief
			err := json.Unmarshal(m.Payload, &brief)
			heard <- brief
			return err
		}})
	if err != nil {
		t.Fatal(err)
	}
	r.background(owner.Run)
	port := filepath.Join(r.dir, "modem")
	world := r.startWorld(port, "modem = \"quectel-eg25\"\n[host]\nntp = true")
	mail := newCourier("", "", newFastClock(worldSpeed), func(text string) { t.Log(text) })
	if mail.broker, err = broker.New(broker.Options{URL: b.URL, ClientID: "cloud"}); err != nil {
		t.Fatal(err)
	}
	world.OnEvents(mail.take)
	r.background(mail.broker.Run)
	r.background(func(ctx context.Context) error { mail.run(ctx); return nil })
	r.startDaemon(port)
	r.untilVerdict("online")
	if s := r.untilSource(func(s status.CloudSource) bool {
		return s.Name == "mqtt "+strings.TrimPrefix(b.URL, "mqtt://") && s.Events > 0
	}); s.State != "connected" || s.BytesIn == 0 {
		t.Errorf("%+v", s)
	}
	for {
		select {
		case brief := <-heard:
			if brief.Verdict.Online && brief.Verdict.Code == "online" {
				return
			}
		case <-r.ctx.Done():
			t.Fatal("the owner never heard that the device is online")
		}
	}
}
