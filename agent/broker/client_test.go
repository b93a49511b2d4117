package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"supersim-agent/agent/internal/mosquitto"
)

// peer is a client under test, with what it got.
type peer struct {
	*Client
	t    *testing.T
	stop func()
	got  chan Message
}

// connect runs a client until the test ends. Receive takes everything unless it is set.
func connect(t *testing.T, o Options) *peer {
	t.Helper()
	p := &peer{t: t, got: make(chan Message, 1000)}
	o.Log = func(text string) { t.Log(text) }
	if o.Receive == nil && o.Subscribe != nil {
		o.Receive = func(_ context.Context, m Message) error { p.got <- m; return nil }
	}
	var err error
	if p.Client, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	p.stop = sync.OnceFunc(func() { cancel(); run.Wait() })
	t.Cleanup(p.stop)
	return p
}

// until waits for a state of the connection.
func (p *peer) until(what string, ok func(Stats) bool) Stats {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 4000 {
		if s := p.Stats(); ok(s) {
			return s
		}
		<-tick.C
	}
	p.t.Fatalf("never %s: %+v", what, p.Stats())
	return Stats{}
}

func (p *peer) up() *peer {
	p.t.Helper()
	p.until("connected", func(s Stats) bool { return s.State == "connected" })
	return p
}

func (p *peer) publish(topic, text string) {
	p.t.Helper()
	if err := p.Publish(context.Background(), Message{Topic: topic, Payload: []byte(text), Expiry: time.Hour}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) next() string {
	p.t.Helper()
	select {
	case m := <-p.got:
		return string(m.Payload)
	case <-time.After(20 * time.Second):
		p.t.Fatalf("nothing came: %+v", p.Stats())
		return ""
	}
}

// What was published while the client was away, or while the broker was killed and restarted, comes when both are back.
func TestNothingIsLostWhileAway(t *testing.T) {
	b := mosquitto.Start(t, mosquitto.Options{})
	device := Options{URL: b.URL, ClientID: "device", Subscribe: []string{"supersim/1/events"}}
	first := connect(t, device).up()
	relay := connect(t, Options{URL: b.URL, ClientID: "relay"}).up()
	relay.publish("supersim/2/events", "for a device that was never here")
	relay.publish("supersim/1/events", "one")
	if s := relay.Stats(); s.Published != 2 || s.Unheard != 1 {
		t.Errorf("%+v", s)
	}
	if got := first.next(); got != "one" {
		t.Errorf("got %q", got)
	}
	first.stop()
	for i := range 50 {
		relay.publish("supersim/1/events", fmt.Sprint(i))
	}
	b.Stop()
	b.Start()
	second := connect(t, device).up()
	got := second.next()
	if got == "one" {
		got = second.next() // its acknowledgement was still on the way
	}
	for i := range 50 {
		if i > 0 {
			got = second.next()
		}
		if got != fmt.Sprint(i) {
			t.Fatalf("got %q, want %d", got, i)
		}
	}
}

// What is not taken is not acknowledged, and comes again.
func TestNotTakenComesAgain(t *testing.T) {
	b := mosquitto.Start(t, mosquitto.Options{})
	tries := make(chan string, 10)
	full := errors.New("the disk is full")
	device := connect(t, Options{URL: b.URL, ClientID: "device", Subscribe: []string{"a"}, Receive: func(_ context.Context, m Message) error {
		tries <- string(m.Payload)
		return map[bool]error{true: full}[len(tries) == 1]
	}}).up()
	connect(t, Options{URL: b.URL, ClientID: "relay"}).up().publish("a", "event")
	device.until("refused", func(s Stats) bool { return s.Refused == 1 && s.Trouble.Code == "not-taken" })
	device.until("taken", func(s Stats) bool { return s.Received == 1 && s.State == "connected" && s.Connects == 2 })
	if len(tries) != 2 {
		t.Errorf("%d tries", len(tries))
	}
}

// The will is sent when the client vanishes; when it ends on purpose it says goodbye instead.
func TestWillAndGoodbye(t *testing.T) {
	b := mosquitto.Start(t, mosquitto.Options{})
	watcher := connect(t, Options{URL: b.URL, ClientID: "watcher", Subscribe: []string{"status"}}).up()
	o := Options{URL: b.URL, ClientID: "device", Will: &Message{Topic: "status", Payload: []byte("unreachable"), Retain: true},
		Goodbye: func() (Message, bool) {
			return Message{Topic: "status", Payload: []byte("stopped"), Retain: true}, true
		}}
	device := connect(t, o).up()
	device.drop()
	if got := watcher.next(); got != "unreachable" {
		t.Errorf("vanished: %q", got)
	}
	device.until("back", func(s Stats) bool { return s.Connects == 2 })
	device.stop()
	if got := watcher.next(); got != "stopped" {
		t.Errorf("stopped: %q", got)
	}
}

// Every trouble has its name, and none becomes a storm: there is one attempt, and the next one is far away.
func TestTroublesAreNamed(t *testing.T) {
	ca, other := mosquitto.Authority(t, "ours"), mosquitto.Authority(t, "another")
	soon := time.Now().Add(time.Hour)
	good, old := ca.Issue(t, "localhost", soon), ca.Issue(t, "localhost", time.Now().Add(-time.Minute))
	secret := func(text string) string {
		path := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	users := map[string]string{"device": "right"}
	for _, test := range []struct {
		want   string
		broker mosquitto.Options
		client Options
	}{
		{"", mosquitto.Options{Server: good, Passwords: users}, Options{CAFile: ca.CertFile, UserFile: secret("device"), PasswordFile: secret("right")}},
		{"", mosquitto.Options{Server: good, ClientCA: ca}, Options{CAFile: ca.CertFile, CertFile: good.CertFile, KeyFile: good.KeyFile}},
		{"tls-unknown-ca", mosquitto.Options{Server: good}, Options{CAFile: other.CertFile}},
		{"tls-unknown-ca", mosquitto.Options{Server: good}, Options{}},
		{"tls-expired", mosquitto.Options{Server: old}, Options{CAFile: ca.CertFile}},
		{"tls-wrong-name", mosquitto.Options{Server: ca.Issue(t, "elsewhere", soon)}, Options{CAFile: ca.CertFile}},
		{"tls-client-certificate", mosquitto.Options{Server: good, ClientCA: ca}, Options{CAFile: ca.CertFile}},
		{"bad-credentials", mosquitto.Options{Passwords: users}, Options{UserFile: secret("device"), PasswordFile: secret("wrong")}},
		{"bad-credentials", mosquitto.Options{Passwords: users}, Options{}},
		{"unreadable-file", mosquitto.Options{}, Options{UserFile: secret("device"), PasswordFile: "/nowhere/password"}},
		{"unreadable-file", mosquitto.Options{Server: good}, Options{CAFile: secret("no PEM")}},
	} {
		t.Run(test.want, func(t *testing.T) {
			b := mosquitto.Start(t, test.broker)
			o := test.client
			o.URL, o.ClientID, o.Subscribe = b.URL, "device", []string{"supersim/1/events"}
			p := connect(t, o)
			if test.want == "" {
				p.up()
				return
			}
			s := p.until("waiting", func(s Stats) bool { return s.State == "waiting" && s.Failures > 0 })
			if s.Trouble.Code != test.want || s.Detail == "" || s.Trouble.Hint == "" || s.Failures != 1 {
				t.Errorf("%+v", s)
			}
			if wait := s.NextTry.Sub(s.Since); wait < time.Minute || !s.Trouble.Mend {
				t.Errorf("the next attempt comes after %v", wait)
			}
		})
	}
}

// serve is a broker that lets everybody in, and then does as it is told.
func serve(t *testing.T, then func(net.Conn)) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			packets.ReadPacket(conn)                                //nolint:errcheck // CONNECT
			packets.NewControlPacket(packets.CONNACK).WriteTo(conn) //nolint:errcheck // the client may have gone
			then(conn)
			conn.Close()
		}
	}()
	return "mqtt://" + l.Addr().String()
}

// dismissive is a broker that throws everybody out again, with a reason.
func dismissive(t *testing.T, reason byte) (url string) {
	return serve(t, func(conn net.Conn) {
		d := packets.NewControlPacket(packets.DISCONNECT)
		d.Content.(*packets.Disconnect).ReasonCode = reason
		d.WriteTo(conn) //nolint:errcheck // the client may have gone
	})
}

// Two clients of one name: the one that is thrown out knows why, and does not come back at once.
func TestTakenOver(t *testing.T) {
	p := connect(t, Options{URL: dismissive(t, 0x8E), ClientID: "device"})
	p.until("thrown out", func(s Stats) bool { return s.State == "waiting" && s.Trouble.Code == "session-taken-over" })
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.pause.next(0); wait < time.Minute {
		t.Errorf("it comes back after %v", wait)
	}
}

// Mosquitto throws out without a word: three times in a row have one meaning.
func TestTakenOverWithoutAWord(t *testing.T) {
	c, err := New(Options{URL: "mqtt://127.0.0.1", ClientID: "device"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"unreachable", "unreachable", "session-taken-over", "session-taken-over"} {
		c.enter("connected")
		c.note(c.classify(io.EOF), "EOF")
		c.down()
		if s := c.Stats(); s.Trouble.Code != want {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if wait := c.pause.next(0); wait != 0 {
		t.Errorf("the first wait is %v", wait)
	}
	if wait := c.pause.next(0); wait < time.Minute {
		t.Errorf("it comes back after %v", wait)
	}
}

func TestNobodyThere(t *testing.T) {
	b := mosquitto.Start(t, mosquitto.Options{})
	b.Kill()
	p := connect(t, Options{URL: b.URL, ClientID: "device"})
	s := p.until("waiting", func(s Stats) bool { return s.State == "waiting" && s.Failures > 0 })
	if s.Trouble.Code != "unreachable" || s.Trouble.Mend {
		t.Errorf("%+v", s)
	}
	if err := p.Publish(context.Background(), Message{Topic: "a"}); !errors.Is(err, ErrOffline) {
		t.Errorf("published: %v", err)
	}
	b.Start()
	p.Check() // as when the data path is back
	p.up().publish("a", "b")
}

// choosy is a broker that acknowledges what is published on "mine" and refuses everything else.
func choosy(t *testing.T) (url string) {
	return serve(t, func(conn net.Conn) {
		for {
			p, err := packets.ReadPacket(conn)
			if err != nil {
				return
			}
			publish, ok := p.Content.(*packets.Publish)
			if !ok {
				continue
			}
			ack := packets.NewControlPacket(packets.PUBACK)
			c := ack.Content.(*packets.Puback)
			if c.PacketID = publish.PacketID; publish.Topic != "mine" {
				c.ReasonCode = 0x87
			}
			ack.WriteTo(conn) //nolint:errcheck // the client may have gone
		}
	})
}

// A message that the access list forbids is refused by name; the others go on. (Mosquitto 2.0 closes the connection as well.)
func TestPublishRefused(t *testing.T) {
	p := connect(t, Options{URL: choosy(t), ClientID: "device"}).up()
	err := p.Publish(context.Background(), Message{Topic: "theirs"})
	if refused, ok := errors.AsType[*RefusedError](err); !ok || refused.Trouble.Code != "not-authorised" {
		t.Errorf("%v", err)
	}
	// Mosquitto 2.0.11 now and then closes the connection after it has refused.
	p.until("published", func(Stats) bool { return p.Publish(context.Background(), Message{Topic: "mine"}) == nil })
}

func TestBadOptions(t *testing.T) {
	for _, o := range []Options{{}, {URL: "http://host", ClientID: "x"}, {URL: "mqtts://", ClientID: "x"}, {URL: "mqtts://host"},
		{URL: "mqtt://broker.example", ClientID: "x"}, {URL: "mqtts://ho st", ClientID: "x"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	for _, o := range []Options{{URL: "mqtts://host", ClientID: "x"}, {URL: "mqtt://[::1]", ClientID: "x"},
		{URL: "mqtt://broker.example", ClientID: "x", PlainText: true}} {
		if _, err := New(o); err != nil {
			t.Error(err)
		}
	}
}

// Waits grow, differ from device to device, and are long where a person must mend something first.
func TestPause(t *testing.T) {
	waits := func(p *pause, trouble Trouble, random float64) (list []time.Duration) {
		for range 12 {
			p.failed(trouble)
			list = append(list, p.next(random))
		}
		return list
	}
	p := &pause{}
	if d := p.next(0.5); d != 0 {
		t.Errorf("the first attempt waits %v", d)
	}
	soon := waits(p, unreachable, 0.99)
	if soon[0] < 5*time.Second || soon[0] > 10*time.Second || soon[11] > 5*time.Minute || soon[11] < 4*time.Minute || !slices.IsSorted(soon) {
		t.Errorf("%v", soon)
	}
	late := waits(p, takenOver, 0)
	if late[0] < 2*time.Minute || late[11] != 15*time.Minute || !slices.IsSorted(late) {
		t.Errorf("%v", late)
	}
	p.lost(unreachable, time.Hour)
	if d := p.next(0); d < time.Second || d > 5*time.Second {
		t.Errorf("after a good connection %v", d)
	}
	p.lost(unreachable, time.Second)
	p.lost(unreachable, time.Second)
	if d := p.next(0); d < 10*time.Second {
		t.Errorf("after two that did not last %v", d)
	}
}
