// Package config reads the agent's configuration file (TOML 1.0) and nothing else: it opens no port, looks up no name
// and reads no secret. Secrets are named by file only, so a configuration can be printed and sent to somebody.
//
// Reading is strict. Every mistake in a file is reported, not the first one, each with its line and column: unknown
// keys, wrong types, values out of range, parts that contradict each other. A file that is no TOML has one mistake.
//
// The file accepts the whole contract of the design. What this version cannot do yet is not ignored: Unsupported names
// it, again with its place.
//
// To add a key, add a field to its section's struct, its default to Default, and one row to the section's list in
// schema.go. Reading, checking, suggesting, Entries and the error texts follow from the row.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

const (
	// DefaultPath is where Load looks when it is given no path.
	DefaultPath = "/etc/supersim-agent/config.toml"
	// Schema is the version of the format that this package reads.
	Schema = 1
	// maxSize bounds the file. A full one has less than 4 KiB; the decoder's time grows with the square of the keys.
	maxSize = 16 << 10
)

// Config is what the agent was told. Every field has a usable value, see Default.
type Config struct {
	Schema  int64
	Modem   Modem
	Network Network
	Attach  Attach
	Cloud   []Cloud
	Data    Data
	Status  Status
	Journal Journal
	Log     Log

	name   string // of the file, for origins; "" for Default
	places places // where the file says what
}

// Modem is section [modem].
type Modem struct {
	Port         string // "auto" or the path of a serial port
	Baud         int64
	Board        string // "auto", "none" or the name of a HAT (whether it is known, the boards package says)
	PowerControl string // "auto", "never"
	PINFile      string // file that holds the SIM's PIN; "" when it needs none
	PowerSaving  string // "keep": as it is; "off": no PSM, no eDRX, a serial port that stays awake
}

// Network is section [network].
type Network struct {
	APN          string
	PDPType      string // "ip", "ipv6", "ipv4v6"
	Username     string
	PasswordFile string
	Roaming      bool
	RATs         []string // "2G", "3G", "4G", "5G"; empty means as the modem is set
	LTEBands     []int64  // empty means as the modem is set
	NRBands      []int64
	Preferred    []string // PLMNs for the card's list of preferred networks; empty means as it is
}

// Attach is section [attach].
type Attach struct {
	Profile       string        // "balanced", "attended", "gentle", "observe"
	StartDelayMax time.Duration // a random delay up to this spreads a fleet after a power cut
}

// Cloud is one [[cloud]]: one source of connection events. Which fields matter depends on Source.
type Cloud struct {
	Source string // "webhook", "mqtt", "file", "spool"

	Listen      string   // webhook: host:port
	AllowRemote bool     // webhook: listen on more than loopback
	PlainHTTP   bool     // webhook: do so without TLS
	SecretFiles []string // webhook: the signature's secrets, two during rotation
	PublicURL   string   // webhook: the URL that the sender was given and signs; "" makes it from the Host header

	Path string // webhook: path of the URL; file: the file to follow
	URL  string // mqtt: mqtt:// or mqtts://
	Dir  string // spool
	Keep int64  // spool: files kept when they were taken; 0 removes them

	CertFile, KeyFile      string // mqtt, webhook
	CAFile                 string // mqtt
	UserFile, PasswordFile string // mqtt
	ClientID               string // mqtt: "" makes it of the topic prefix and the SIM
	TopicPrefix            string // mqtt
	TopicKeyFile           string // mqtt: with it SIMs are named by a keyed hash in topics
	ICCID                  string // mqtt: "" waits for the one that the modem reads
	PlainText              bool   // mqtt: allows mqtt:// to another host

	KeepAlive        time.Duration // mqtt
	Status           bool          // mqtt: publish the device's own
	StatusEvery      time.Duration // mqtt: at least so long between two
	StatusDailyBytes int64         // mqtt
}

// Data is section [data].
type Data struct {
	Bearer       string // "auto", "ppp", "ecm", "existing", "none"
	Metric       int64  // of the default route
	Probe        bool
	MonthlyCapMB int64 // 0 means none
}

// Status is section [status].
type Status struct {
	Socket    string
	Operators []string // user names that may write, beside root and the daemon's own user
}

// Journal is section [journal].
type Journal struct {
	Dir      string
	MaxBytes int64
}

// Log is section [log].
type Log struct {
	Level  string // "trace", "debug", "info", "warn", "error"
	Format string // "auto", "json", "human"
}

// Default returns what applies where a file says nothing.
func Default() *Config {
	return &Config{
		Schema:  Schema,
		Modem:   Modem{Port: "auto", Baud: 115200, Board: "auto", PowerControl: "auto", PowerSaving: "keep"},
		Network: Network{APN: "super", PDPType: "ip", Roaming: true},
		Attach:  Attach{Profile: "balanced"},
		Data:    Data{Bearer: "auto", Metric: 700, Probe: true},
		Status:  Status{Socket: "/run/supersim-agent/status.sock"},
		Journal: Journal{Dir: "/var/lib/supersim-agent", MaxBytes: 8 << 20},
		Log:     Log{Level: "info", Format: "auto"},
	}
}

// defaultCloud returns what applies to a source of a kind where its [[cloud]] says nothing.
func defaultCloud(source string) Cloud {
	c := Cloud{Source: source}
	if source == sourceWebhook {
		c.Listen, c.Path = "127.0.0.1:8099", "/events"
	}
	if source == sourceMQTT {
		c.TopicPrefix, c.KeepAlive, c.Status, c.StatusEvery, c.StatusDailyBytes = "supersim", 15*time.Minute, true, 10*time.Minute, 65536
	}
	return c
}

// Name is the file that the configuration came from, "" when there was none.
func (c *Config) Name() string { return c.name }

// Mistake is a mistake of the value of a key, at its place in the file, for what only the caller can check.
func (c *Config) Mistake(key, message string) Mistake {
	r := &report{places: c.places}
	r.add(key, "%s", message)
	return r.sorted()[0]
}

// A Mistake is one thing wrong in a file.
type Mistake struct {
	Line, Column int    // from 1; the column counts bytes
	Key          string // "modem.port", "cloud[0].listen"; "" when the file as a whole is meant
	Message      string
}

func (m Mistake) String() string {
	if m.Key == "" {
		return fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Message)
	}
	return fmt.Sprintf("%d:%d: %s: %s", m.Line, m.Column, m.Key, m.Message)
}

// An Error says why a configuration cannot be used: it holds either the mistakes, by line and column, or in Err the
// reason why the file could not be read.
type Error struct {
	Name     string // of the file
	Mistakes []Mistake
	Err      error
}

// Error gives one line for each mistake, "file:line:column: key: message".
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("read configuration %s: %v", e.Name, e.Err)
	}
	lines := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		lines[i] = e.Name + ":" + m.String()
	}
	return strings.Join(lines, "\n")
}

func (e *Error) Unwrap() error { return e.Err }

// Load reads the file at path. With path "" it reads DefaultPath, and returns Default when there is no such file; a file
// that was named must be there. An error is always an *Error.
func Load(path string) (*Config, error) {
	if path != "" {
		return load(path)
	}
	c, err := load(DefaultPath)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	return c, err
}

func load(path string) (*Config, error) {
	src, err := read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, src)
}

// read returns what a file holds, or a little more than it may hold.
func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, readError(path, err)
	}
	defer file.Close()
	src, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, readError(path, err)
	}
	return src, nil
}

// readError leaves out the path that a PathError would say again.
func readError(path string, err error) *Error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return &Error{Name: path, Err: err}
}
