package broker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
	"github.com/eclipse/paho.golang/paho/session"
)

// A Message is what is published or received. Quality of service is 1: at least once.
type Message struct {
	Topic   string
	Payload []byte
	Retain  bool
	Expiry  time.Duration // the broker forgets it after so long; 0: never. Whole seconds
	Delay   time.Duration // of a will: how long the client may be away before it is sent
}

// Options say which broker, as whom, and what for. URL and ClientID are required.
type Options struct {
	URL       string // "mqtts://host:8883", or "mqtt://127.0.0.1:1883": without TLS
	PlainText bool   // allows the second kind for a broker that is not on this computer
	ClientID  string // a second client of the same name throws the first one out

	// Read again at each attempt to connect. "" without.
	UserFile, PasswordFile string // one line each
	CAFile                 string // PEM; without it the computer's own authorities are trusted
	CertFile, KeyFile      string // PEM, of a client that proves who it is by a certificate

	KeepAlive     time.Duration // 15 minutes; a sign of life is sent when nothing else was for so long
	SessionExpiry time.Duration // how long the broker keeps what comes while the client is away; 30 days

	Will      *Message                                   // what the broker is to publish when the client vanishes
	Goodbye   func() (Message, bool)                     // published before a connection is closed on purpose
	Subscribe []string                                   // filters
	Retained  bool                                       // retained messages come at each connection, not only at the first
	Receive   func(ctx context.Context, m Message) error // an error keeps m unacknowledged; it comes again after a while
	Up        func()                                     // told of each connection, when subscriptions are in force; must not block
	Log       func(text string)                          // troubles, once each
	Now       func() time.Time                           // default: time.Now
}

const (
	defaultKeepAlive     = 15 * time.Minute
	defaultSessionExpiry = 30 * 24 * time.Hour
	connectTime          = 45 * time.Second // TLS over a slow 2G cell takes half of it
	answerTime           = 30 * time.Second
	farewellTime         = 3 * time.Second
	cutsTold             = 3
	noSubscriber         = 0x10 // in PUBACK
	hurrySpread          = 5 * time.Second
	inFlight             = 1000 // messages that the broker may send before it has our acknowledgement; paho keeps room for them
)

// ErrOffline says that there is no connection now.
var ErrOffline = errors.New("no connection to the broker")

// Client is one connection. Make it with New, and call Run once.
type Client struct {
	opts Options
	url  *url.URL

	bytesIn, bytesOut atomic.Int64
	check             chan struct{} // see Check; room for one

	mu      sync.Mutex // guards what follows
	manager *autopaho.ConnectionManager
	conn    net.Conn // nil when it is known to have ended
	told    bool     // the trouble of this attempt or connection is known
	asked   bool     // the broker wants a certificate of us
	cuts    int      // connections in a row that the broker closed soon and without a word
	stats   Stats
	pause   pause
}

// Stats is how the connection stands. Times are of Options.Now.
type Stats struct {
	State     string    // "connecting", "connected", "waiting" for the next attempt
	Since     time.Time // of the state
	Trouble   Trouble   // what ended or prevented the last connection; zero when all is well
	Detail    string    // in the words of who noticed it
	NextTry   time.Time // while waiting
	Connects  int64     // connections made
	Failures  int64     // attempts that failed, and connections that were lost
	Published int64     // acknowledged by the broker
	Unheard   int64     // of those, messages that nobody has subscribed to: the broker has thrown them away (MQTT 5, 3.4.2.1)
	Received  int64     // taken
	Refused   int64     // Receive gave an error
	BytesIn   int64     // TLS included, TCP and IP headers not
	BytesOut  int64
}

// New checks the options. It does not connect.
func New(opts Options) (*Client, error) {
	u, err := url.Parse(opts.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("broker: %w", err)
	case u.Host == "" || u.Scheme != "mqtt" && u.Scheme != "mqtts":
		return nil, fmt.Errorf(`broker: %q: want "mqtts://host:8883" or "mqtt://127.0.0.1:1883"`, opts.URL)
	case u.Scheme == "mqtt" && !opts.PlainText && !local(u.Hostname()):
		return nil, fmt.Errorf("broker: %q would be spoken to without TLS; use mqtts://, or say that this is meant", opts.URL)
	case opts.ClientID == "":
		return nil, errors.New("broker: the client needs a name")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), map[string]string{"mqtt": "1883", "mqtts": "8883"}[u.Scheme])
	}
	if opts.KeepAlive == 0 {
		opts.KeepAlive = defaultKeepAlive
	}
	if opts.SessionExpiry == 0 {
		opts.SessionExpiry = defaultSessionExpiry
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = func(string) {}
	}
	return &Client{opts: opts, url: u, check: make(chan struct{}, 1), stats: Stats{State: "connecting", Since: opts.Now()}}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Run connects, and connects again whenever that is lost, until ctx ends; then it says goodbye and returns nil.
func (c *Client) Run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	manager, err := autopaho.NewConnection(life, c.config(life))
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	c.mu.Lock()
	c.manager = manager
	c.mu.Unlock()
	<-ctx.Done()
	c.farewell()
	end()
	<-manager.Done()
	return nil
}

func (c *Client) farewell() {
	if c.opts.Goodbye == nil {
		return
	}
	if m, ok := c.opts.Goodbye(); ok {
		ctx, cancel := context.WithTimeout(context.Background(), farewellTime)
		defer cancel()
		c.Publish(ctx, m) //nolint:errcheck // the will says the same, later
	}
}

// config is what paho is told.
func (c *Client) config(ctx context.Context) autopaho.ClientConfig {
	cfg := autopaho.ClientConfig{
		ServerUrls: []*url.URL{c.url}, KeepAlive: seconds16(c.opts.KeepAlive), SessionExpiryInterval: seconds32(c.opts.SessionExpiry),
		ConnectTimeout: connectTime, AttemptConnection: c.dial, ConnectPacketBuilder: c.introduce,
		ReconnectBackoff: func(int) time.Duration { return c.wait(ctx) },
		OnConnectionUp:   func(m *autopaho.ConnectionManager, _ *paho.Connack) { go c.up(ctx, m, c.current()) },
		OnConnectionDown: func() bool { c.down(); return true },
		OnConnectError:   func(err error) { c.failed(c.classify(err), err.Error()) },
	}
	cfg.ClientID, cfg.PacketTimeout, cfg.PingHandler = c.opts.ClientID, answerTime, newPinger(c.check)
	cfg.OnServerDisconnect = c.dismissed
	cfg.OnClientError = func(err error) { c.note(c.classify(err), err.Error()) }
	if c.opts.Receive != nil {
		cfg.OnPublishReceived = []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			c.receive(ctx, p.Packet)
			return true, nil
		}}
	}
	if w := c.opts.Will; w != nil {
		delay := seconds32(w.Delay)
		cfg.WillMessage = &paho.WillMessage{Topic: w.Topic, Payload: w.Payload, Retain: w.Retain, QoS: 1}
		cfg.WillProperties = &paho.WillProperties{WillDelayInterval: &delay}
	}
	return cfg
}

func (c *Client) current() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// up subscribes on a new connection. A broker that lets us in and does not let us hear is as good as none. The connection may
// have ended before this is done.
func (c *Client) up(ctx context.Context, m *autopaho.ConnectionManager, conn net.Conn) {
	if len(c.opts.Subscribe) > 0 {
		var s paho.Subscribe
		for _, filter := range c.opts.Subscribe {
			s.Subscriptions = append(s.Subscriptions, paho.SubscribeOptions{Topic: filter, QoS: 1, RetainHandling: c.retainHandling()})
		}
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		if ack, err := m.Subscribe(ctx, &s); err != nil {
			if ack != nil {
				c.note(notAuthorised, fmt.Sprintf("subscribing: %v", err))
			}
			c.drop()
			return
		}
	}
	c.mu.Lock()
	alive := c.conn == conn
	if alive {
		c.stats.Connects++
		c.enter("connected")
	}
	c.mu.Unlock()
	if alive && c.opts.Up != nil {
		c.opts.Up()
	}
}

// retainHandling: a subscription that the broker still has needs no retained messages again, unless that is asked for
// (MQTT 5, 3.8.3.1).
func (c *Client) retainHandling() byte {
	if c.opts.Retained {
		return 0
	}
	return 1
}

// receive takes one message; when it returns, paho acknowledges. For one that was not taken the connection is closed before, so
// that no acknowledgement goes out and the broker sends it again on the next one.
func (c *Client) receive(ctx context.Context, p *paho.Publish) {
	err := c.opts.Receive(ctx, Message{Topic: p.Topic, Payload: p.Payload, Retain: p.Retain})
	c.mu.Lock()
	if err == nil {
		c.stats.Received++
	} else {
		c.stats.Refused++
	}
	c.mu.Unlock()
	if err != nil {
		c.drop()
		c.note(notTaken, err.Error())
	}
}

// Publish sends a message and waits for the broker's acknowledgement. ErrOffline comes at once; after any other error it is
// not known whether the broker has the message. Many may be under way at the same time, as many as the broker allows.
func (c *Client) Publish(ctx context.Context, m Message) error {
	c.mu.Lock()
	manager, up := c.manager, c.stats.State == "connected"
	c.mu.Unlock()
	if !up {
		return ErrOffline
	}
	p := &paho.Publish{QoS: 1, Topic: m.Topic, Payload: m.Payload, Retain: m.Retain, Properties: &paho.PublishProperties{}}
	if m.Expiry > 0 {
		expiry := seconds32(m.Expiry)
		p.Properties.MessageExpiry = &expiry
	}
	r, err := manager.Publish(ctx, p)
	switch {
	case errors.Is(err, autopaho.ConnectionDownError), errors.Is(err, session.ErrNoConnection):
		return ErrOffline
	case err != nil && r != nil:
		return &RefusedError{Topic: m.Topic, Code: r.ReasonCode, Trouble: troubleOf(r.ReasonCode)}
	case err != nil:
		if errors.Is(err, context.DeadlineExceeded) {
			c.Check()
		}
		return fmt.Errorf("broker: %w", err)
	}
	c.mu.Lock()
	c.stats.Published++
	if r.ReasonCode == noSubscriber {
		c.stats.Unheard++
	}
	c.mu.Unlock()
	return nil
}

// RefusedError is the broker's answer to a message that it does not take.
type RefusedError struct {
	Topic   string
	Code    byte // MQTT 5, 3.4.2.1
	Trouble Trouble
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("broker: %s is refused with reason code 0x%02X (%s)", e.Topic, e.Code, e.Trouble.Code)
}

// Check says that what carries the connection may have changed: one that is up is asked for a sign of life, and a wait for the
// next attempt ends soon, unless it is a person who must mend something. It costs some 200 bytes.
func (c *Client) Check() { signal(c.check) }

// Stats tells how the connection stands. It may be called at any time.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.BytesIn, s.BytesOut = c.bytesIn.Load(), c.bytesOut.Load()
	return s
}

// enter changes the state. The lock is held.
func (c *Client) enter(state string) {
	c.stats.State, c.stats.Since, c.stats.NextTry = state, c.opts.Now(), time.Time{}
	if state == "connected" {
		c.stats.Trouble, c.stats.Detail, c.told = Trouble{}, "", false
	}
}

// drop closes the connection, so that it is made anew after a wait.
func (c *Client) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
	}
}

// note keeps what went wrong. The first word on an attempt or a connection counts: what follows is its consequence.
func (c *Client) note(t Trouble, detail string) {
	c.mu.Lock()
	known := c.stats.Trouble.Code == t.Code && c.stats.Failures > 0
	if !c.told {
		c.stats.Trouble, c.stats.Detail, c.told = t, detail, true
	}
	c.mu.Unlock()
	if !known {
		c.opts.Log(fmt.Sprintf("broker %s: %s: %s. %s", c.url.Host, t.Code, detail, t.Hint))
	}
}

// dismissed is the broker's own word on why it closes the connection. It may come after the connection has ended, and counts
// for more than what was made of that.
func (c *Client) dismissed(d *paho.Disconnect) {
	t, detail := disconnected(d)
	c.mu.Lock()
	c.told = false
	if c.stats.State == "waiting" {
		c.pause.failed(t)
	}
	c.mu.Unlock()
	c.note(t, detail)
}

// classify adds what only the connection knows: a broker that closes it right after TLS did not like our certificate. It says so
// in an alert, but the alert may be lost with the connection.
func (c *Client) classify(err error) Trouble {
	t := classify(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if t == unreachable && c.asked && c.stats.State == "connecting" {
		return clientCert
	}
	return t
}

// failed is an attempt that came to nothing.
func (c *Client) failed(t Trouble, detail string) {
	c.note(t, detail)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Failures++
	c.pause.failed(t)
}

// down is the end of a connection.
func (c *Client) down() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = nil
	lasted := c.opts.Now().Sub(c.stats.Since)
	if c.stats.State != "connected" {
		lasted = 0
	}
	if c.stats.Trouble == (Trouble{}) {
		c.stats.Trouble, c.stats.Detail = unreachable, "the connection was lost"
	}
	if c.cuts++; c.stats.Trouble != closed || lasted >= stable {
		c.cuts = 0
	}
	if c.cuts >= cutsTold { // Mosquitto 2.0 says nothing to a client whose name another one uses
		c.stats.Trouble = takenOver
		c.stats.Detail = fmt.Sprintf("the broker has closed %d connections soon after they were made, without a word", c.cuts)
	}
	c.stats.Failures++
	c.pause.lost(c.stats.Trouble, lasted)
	c.enter("waiting")
}

// wait waits until the next attempt, and returns what is left of that.
func (c *Client) wait(ctx context.Context) time.Duration {
	c.mu.Lock()
	d := c.pause.next(rand.Float64())
	c.enter("waiting")
	c.stats.NextTry = c.stats.Since.Add(d)
	mend := c.pause.mend
	c.mu.Unlock()
	if mend || d <= hurrySpread {
		return d
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-c.check:
		d = shortest + time.Duration(rand.Float64()*float64(hurrySpread)) // many devices may have got their path back together
		c.mu.Lock()
		c.stats.NextTry = c.opts.Now().Add(d)
		c.mu.Unlock()
		return d
	}
	return 0
}

func seconds16(d time.Duration) uint16 { return uint16(min(d/time.Second, 65535)) }

func seconds32(d time.Duration) uint32 { return uint32(min(d/time.Second, 1<<32-2)) }
