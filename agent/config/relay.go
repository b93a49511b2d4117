package config

import (
	"fmt"
	"slices"
	"time"
)

// DefaultRelayPath is where LoadRelay looks when it is given no path.
const DefaultRelayPath = "/etc/supersim-agent/relay.toml"

// Relay is what a relay was told.
type Relay struct {
	Schema  int64
	Webhook Cloud // as [[cloud]] of an agent with source = "webhook"
	Broker  RelayBroker
	Spool   RelaySpool
	Fleet   RelayFleet
	HTTP    RelayHTTP
	Log     Log

	name string
}

// RelayBroker is section [broker]: where events go.
type RelayBroker struct {
	Cloud                // as [[cloud]] of an agent with source = "mqtt"
	Expiry time.Duration // how long an event waits for its device
}

// RelaySpool is section [spool].
type RelaySpool struct {
	Dir      string
	MaxBytes int64
	Settle   time.Duration // how long what the broker acknowledged can go out again
}

// RelayFleet is section [fleet]: the devices that this relay judges.
type RelayFleet struct {
	DevicesFile string        // names them; "" for none
	Share       string        // judge the fleet together with others of this name; "" alone
	SilentAfter time.Duration // how long a report of a device speaks for it
}

// RelayHTTP is section [http]: metrics, health, and the fleet for `relay status`.
type RelayHTTP struct{ Listen string }

// DefaultRelay returns what applies where a file says nothing.
func DefaultRelay() *Relay {
	r := &Relay{Schema: Schema, Webhook: defaultCloud(sourceWebhook), Broker: RelayBroker{defaultCloud(sourceMQTT), 7 * 24 * time.Hour},
		Spool: RelaySpool{"/var/lib/supersim-relay", 1 << 30, 10 * time.Minute}, Fleet: RelayFleet{SilentAfter: 24 * time.Hour},
		HTTP: RelayHTTP{"127.0.0.1:9780"}, Log: Default().Log}
	r.Broker.Status = false
	r.Broker.KeepAlive = time.Minute
	return r
}

func (r *Relay) sections() []section {
	return []section{
		{"", []key{number("schema", &r.Schema, Schema, Schema)}},
		{"webhook", without(r.Webhook.keys(), "source")},
		{"broker", append(without(r.Broker.keys(), "source", "iccid", "status", "status_every", "status_daily_bytes"),
			duration("expiry", &r.Broker.Expiry, 365*24*time.Hour))},
		{"spool", []key{text("dir", &r.Spool.Dir, absolutePath), number("max_bytes", &r.Spool.MaxBytes, 1<<20, 1<<40),
			duration("settle", &r.Spool.Settle, 24*time.Hour)}},
		{"fleet", []key{text("devices_file", &r.Fleet.DevicesFile, wordOr(absolutePath, "")), text("share", &r.Fleet.Share, wordOr(clientID, "")),
			duration("silent_after", &r.Fleet.SilentAfter, 365*24*time.Hour)}},
		{"http", []key{text("listen", &r.HTTP.Listen, hostPort)}},
		{"log", r.Log.keys()},
	}
}

// without leaves keys out that mean nothing here.
func without(keys []key, names ...string) []key {
	return slices.DeleteFunc(keys, func(k key) bool { return slices.Contains(names, k.name) })
}

// ParseRelay reads a relay's configuration. name stands for the file in messages. An error is always an *Error.
func ParseRelay(name string, src []byte) (*Relay, error) {
	if len(src) > maxSize {
		return nil, &Error{Name: name, Err: fmt.Errorf("longer than %d bytes", maxSize)}
	}
	values, places, bad := readTOML(src)
	if bad != nil {
		return nil, &Error{Name: name, Mistakes: []Mistake{*bad}}
	}
	c := DefaultRelay()
	c.name = name
	r := &report{places: places}
	r.sections(c.sections(), values)
	r.sourceContradictions("webhook", c.Webhook)
	r.sourceContradictions("broker", c.Broker.Cloud)
	if c.Broker.URL == "" && !r.has("broker.url") {
		r.add("broker.url", "missing")
	}
	if !loopback(c.HTTP.Listen) && !r.has("http.listen") {
		r.add("http.listen", "%q can be reached from other hosts, and it tells of every device: listen on 127.0.0.1 behind a proxy that asks for a login", c.HTTP.Listen)
	}
	if mistakes := r.sorted(); len(mistakes) > 0 {
		return nil, &Error{Name: name, Mistakes: mistakes}
	}
	return c, nil
}

// LoadRelay reads the file at path, or at DefaultRelayPath if path is "".
func LoadRelay(path string) (*Relay, error) {
	if path == "" {
		path = DefaultRelayPath
	}
	src, err := read(path)
	if err != nil {
		return nil, err
	}
	return ParseRelay(path, src)
}

// Name is the file that the configuration came from.
func (r *Relay) Name() string { return r.name }
