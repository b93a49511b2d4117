// Package mosquitto runs a real Mosquitto for tests: on loopback, with its data in a folder of the test's.
package mosquitto

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Options say what kind of broker it is.
type Options struct {
	Server    *Certificate      // with it, clients speak TLS
	ClientCA  *Certificate      // who must have signed the clients' certificates; nil: they need none
	Passwords map[string]string // by user; nil: everybody may come
	ACL       string            // of an acl_file; "": everybody may do everything
	Extra     string            // more lines of the configuration
}

// Broker is one that runs, or ran.
type Broker struct {
	URL  string // "mqtt://127.0.0.1:port" or "mqtts://localhost:port"
	Port int
	Log  string // path of its log

	t    testing.TB
	dir  string
	conf string
	cmd  *exec.Cmd
}

// Start runs a broker until the test ends. Where Mosquitto is not installed the test is skipped, but not in CI.
func Start(t testing.TB, o Options) *Broker {
	t.Helper()
	if _, err := exec.LookPath(program()); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("mosquitto is not installed: scripts/test installs it")
		}
		t.Skip("mosquitto is not installed: apt-get install mosquitto")
	}
	b := &Broker{t: t, dir: t.TempDir(), Port: freePort(t)}
	b.Log, b.conf = filepath.Join(b.dir, "log"), filepath.Join(b.dir, "mosquitto.conf")
	b.URL = fmt.Sprintf("mqtt://127.0.0.1:%d", b.Port)
	if o.Server != nil {
		b.URL = fmt.Sprintf("mqtts://localhost:%d", b.Port)
	}
	b.write(b.conf, b.configuration(o))
	b.Start()
	t.Cleanup(b.Kill)
	return b
}

func program() string {
	if _, err := os.Stat("/usr/sbin/mosquitto"); err == nil {
		return "/usr/sbin/mosquitto"
	}
	return "mosquitto"
}

func (b *Broker) configuration(o Options) string {
	lines := []string{
		fmt.Sprintf("listener %d 127.0.0.1", b.Port), "persistence true", "persistence_location " + b.dir + "/",
		"autosave_interval 1", "log_dest file " + b.Log, "log_type all", "connection_messages true", "max_queued_messages 0",
		fmt.Sprintf("user %s", user()), o.Extra,
	}
	if o.Server != nil {
		lines = append(lines, "certfile "+o.Server.CertFile, "keyfile "+o.Server.KeyFile)
	}
	if o.ClientCA != nil {
		lines = append(lines, "cafile "+o.ClientCA.CertFile, "require_certificate true")
	}
	if o.ACL != "" {
		b.write(filepath.Join(b.dir, "acl"), o.ACL)
		lines = append(lines, "acl_file "+filepath.Join(b.dir, "acl"))
	}
	if o.Passwords == nil {
		return strings.Join(append(lines, "allow_anonymous true"), "\n") + "\n"
	}
	file := filepath.Join(b.dir, "passwords")
	b.write(file, "")
	for name, password := range o.Passwords {
		if out, err := exec.Command("mosquitto_passwd", "-b", file, name, password).CombinedOutput(); err != nil {
			b.t.Fatalf("mosquitto_passwd: %v: %s", err, out)
		}
	}
	return strings.Join(append(lines, "allow_anonymous false", "password_file "+file), "\n") + "\n"
}

// user keeps Mosquitto from becoming another one, who could not write here.
func user() string {
	if os.Getuid() == 0 {
		return "root"
	}
	return "mosquitto"
}

func (b *Broker) write(path, text string) {
	b.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// Start runs it again, with what it saved.
func (b *Broker) Start() {
	b.t.Helper()
	b.cmd = exec.Command(program(), "-c", b.conf)
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.Port)); err == nil {
			conn.Close()
			return
		}
		<-tick.C
	}
	b.t.Fatalf("mosquitto does not listen: %s", b.ReadLog())
}

// Kill ends it as a power cut does.
func (b *Broker) Kill() { b.end(syscall.SIGKILL) }

// Stop ends it in peace: it saves what it has.
func (b *Broker) Stop() { b.end(syscall.SIGTERM) }

func (b *Broker) end(s syscall.Signal) {
	if b.cmd == nil {
		return
	}
	b.cmd.Process.Signal(s) //nolint:errcheck // it may have ended
	b.cmd.Wait()            //nolint:errcheck // by a signal
	b.cmd = nil
}

// ReadLog is what the broker wrote.
func (b *Broker) ReadLog() string {
	text, _ := os.ReadFile(b.Log)
	return string(text)
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
