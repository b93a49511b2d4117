package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/config"
	"supersim-agent/agent/internal/mosquitto"
	"supersim-agent/agent/relay"
	"supersim-agent/modem/modemsim"
)

// relayRun makes this test's own program a relay: it is killed and started again as a real one.
const relayRun = "SUPERSIM_TEST_RELAY"

func TestMain(m *testing.M) {
	if path := os.Getenv(relayRun); path != "" {
		os.Args = []string{"supersim-agent", "relay", "--config", path}
		main()
		return
	}
	os.Exit(m.Run())
}

// relayFiles is the configuration of a relay for a broker, with a secret.
func relayFiles(t *testing.T, brokerURL string) (path, hook, web, secret string) {
	t.Helper()
	dir := t.TempDir()
	secret = "whs-of-the-relay"
	hook, web, path = freeAddress(t), freeAddress(t), filepath.Join(dir, "relay.toml")
	text := fmt.Sprintf("schema = 1\n[webhook]\nlisten = %q\nsecret_files = [%q]\n[broker]\nurl = %q\nclient_id = \"relay\"\n"+
		"[spool]\ndir = %q\n[http]\nlisten = %q\n[log]\nlevel = \"error\"\n",
		hook, filepath.Join(dir, "secret"), brokerURL, filepath.Join(dir, "spool"), web)
	for file, content := range map[string]string{path: text, filepath.Join(dir, "secret"): secret} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path, "http://" + hook + "/events", "http://" + web, secret
}

// TestRelay: KORE posts to the relay, the device hears of it through the broker, and the operator sees the device online.
func TestRelay(t *testing.T) {
	b := mosquitto.Start(t, mosquitto.Options{})
	path, hook, web, secret := relayFiles(t, b.URL)
	r := newRig(t)
	cfg, err := config.LoadRelay(path)
	if err != nil {
		t.Fatal(err)
	}
	r.background(func(ctx context.Context) error { return runRelay(ctx, cfg, zerolog.Nop()) })
	r.cloud = fmt.Sprintf("[[cloud]]\nsource = \"mqtt\"\nurl = %q\nstatus_every = \"1s\"\n", b.URL)
	port := filepath.Join(r.dir, "modem")
	world := r.startWorld(port, "modem = \"quectel-eg25\"\n[host]\nntp = true")
	mail := newCourier(hook, "", newFastClock(worldSpeed), func(text string) { t.Log(text) })
	mail.secret = secret
	world.OnEvents(mail.take)
	r.background(func(ctx context.Context) error { mail.run(ctx); return nil })
	r.startDaemon(port)
	r.untilVerdict("online")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var answer relay.DeviceAnswer
		if get(t, web+"/v1/devices/89883070000012345678", &answer) == http.StatusOK && answer.Device.Verdict.Code == "online" {
			break
		}
		select {
		case <-tick.C:
		case <-r.ctx.Done():
			t.Fatalf("the relay does not show the device online: %+v", answer)
		}
	}
	var health relay.Health
	if code := get(t, web+"/healthz", &health); code != http.StatusOK || !health.OK || health.Broker != "connected" {
		t.Errorf("%d %+v", code, health)
	}
}

// get reads a JSON answer.
func get(t *testing.T, url string, v any) (code int) {
	t.Helper()
	resp, err := http.Get(url) //nolint:gosec // a test's own
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	json.NewDecoder(resp.Body).Decode(v) //nolint:errcheck // the code tells
	return resp.StatusCode
}

// process is a relay that can be killed.
type process struct {
	t    *testing.T
	path string
	web  string
	mu   sync.Mutex
	cmd  *exec.Cmd
}

func (p *process) start() {
	p.t.Helper()
	p.mu.Lock()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), relayRun+"="+p.path)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.mu.Unlock()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		var h relay.Health
		if get(p.t, p.web+"/healthz", &h) != 0 {
			return
		}
		<-tick.C
	}
	p.t.Fatal("the relay does not start")
}

func (p *process) kill(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd.Process.Signal(s) //nolint:errcheck // it may have ended
	p.cmd.Wait()            //nolint:errcheck // by a signal
}

// poster posts events as KORE does: what is not answered with 2xx is posted again.
type poster struct {
	t    *testing.T
	hook string
	key  string
	rand *rand.Rand
}

func (p *poster) deliver(n int, iccid string) {
	body := fmt.Appendf(nil, `[{"event_sid":"EZ%032d","event_type":"com.kore.iot.supersim.connection.attachment.accepted","sim_iccid":%q,`+
		`"timestamp":"2026-03-01T12:00:00Z"}]`, n, iccid)
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if p.post(n, body) {
			if p.rand.IntN(5) == 0 {
				p.post(n+1_000_000, body) // the same event in another delivery
			}
			return
		}
		<-tick.C
	}
	p.t.Errorf("event %d is never taken", n)
}

func (p *poster) post(token int, body []byte) bool {
	req, err := http.NewRequest(http.MethodPost, p.hook, bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("kore-idempotency-token", fmt.Sprint(token))
	req.Header.Set("kore-signature", modemsim.Signature(p.key, http.MethodPost, p.hook, body))
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode/100 == 2
}

// TestRelayLosesNothing: relay and broker are killed again and again while events are posted, and the device is away half of
// the time. Whatever was answered with 2xx reaches it.
func TestRelayLosesNothing(t *testing.T) {
	const kills, iccid = 9, "89883070000012345678"
	b := mosquitto.Start(t, mosquitto.Options{})
	path, hook, web, key := relayFiles(t, b.URL)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	luck := rand.New(rand.NewPCG(seed, 1))

	// The device's session is known to the broker from the beginning; the device itself is away until the end.
	c, err := broker.New(broker.Options{URL: b.URL, ClientID: "device", Subscribe: []string{"supersim/" + iccid + "/events"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	var device sync.WaitGroup
	device.Go(func() { c.Run(ctx) }) //nolint:errcheck // nil
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for c.Stats().State != "connected" || !strings.Contains(b.ReadLog(), "Saving in-memory database") {
		<-tick.C
	}
	leave()
	device.Wait()

	p := &process{t: t, path: path, web: web}
	p.start()
	var posting sync.WaitGroup
	var posted atomic.Int64
	enough := make(chan struct{})
	for i := range 4 {
		sender := &poster{t: t, hook: hook, key: key, rand: rand.New(rand.NewPCG(seed, uint64(i)+2))}
		posting.Go(func() {
			for n := i; ; n += 4 {
				sender.deliver(n, iccid)
				posted.Add(1)
				select {
				case <-enough:
					return
				default:
				}
			}
		})
	}
	for n := range kills {
		<-time.After(time.Duration(50+luck.IntN(400)) * time.Millisecond)
		if n == 2 || n == 6 {
			b.Kill()
			b.Start()
			continue
		}
		p.kill(syscall.SIGKILL)
		p.start()
	}
	close(enough)
	posting.Wait()
	p.kill(syscall.SIGTERM)
	p.start()
	events := int(posted.Load())
	t.Logf("%d events, %d kills", events, kills)
	defer p.kill(syscall.SIGTERM)

	r := newRig(t)
	r.cloud = fmt.Sprintf("[[cloud]]\nsource = \"mqtt\"\nurl = %q\nclient_id = \"device\"\niccid = %q\n", b.URL, iccid)
	port := filepath.Join(r.dir, "modem")
	r.startWorld(port, "modem = \"quectel-eg25\"").OnEvents(func([]byte) {})
	r.startDaemon(port)
	for {
		c := r.status().Cloud
		if c.Events-c.Duplicates == uint64(events) {
			t.Logf("each is in the device's diary once; %d came again", c.Duplicates)
			break
		}
		select {
		case <-tick.C:
		case <-r.ctx.Done():
			t.Fatalf("%d of %d events are in the device's diary: %+v", c.Events, events, c)
		}
	}
	<-time.After(time.Second)
	if c := r.status().Cloud; c.Events-c.Duplicates != uint64(events) {
		t.Errorf("%d events in the diary, %d were posted", c.Events-c.Duplicates, events)
	}
}
