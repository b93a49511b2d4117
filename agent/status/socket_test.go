package status

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// onSocket serves f on a real unix socket and returns a client for it and the log.
func onSocket(t testing.TB, f Provider) (*Client, *strings.Builder) {
	t.Helper()
	dir, err := os.MkdirTemp("", "status") // t.TempDir's parents are closed to other users, its names long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "run", "s.sock")
	ln, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder // read only after a request has been answered
	s, err := NewServer(Options{Provider: f, Version: "test", Log: zerolog.New(&logged)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(serve(t, s, ln))
	c := &Client{Socket: path}
	t.Cleanup(c.Close)
	return c, &logged
}

func TestClientAndServer(t *testing.T) {
	f := newFake()
	f.add("sim", "ready")
	f.result = Result{Final: "OK", Lines: []string{"+CSQ: 20,99"}, TookMs: 3}
	c, logged := onSocket(t, f)
	ctx := t.Context()

	st, err := c.Status(ctx)
	if diff := cmp.Diff(example(), st); err != nil || diff != "" {
		t.Errorf("status: %v (-want +got):\n%s", err, diff)
	}
	if raw, err := c.RawStatus(ctx); err != nil || !json.Valid(raw) {
		t.Errorf("raw status: %v: %s", err, raw)
	}
	if got, err := c.Timeline(ctx, TimelineQuery{Kinds: []string{"sim"}}); err != nil || len(got) != 1 || got[0].Text != "ready" {
		t.Errorf("timeline: %v %v", got, err)
	}
	if got, err := c.Trace(ctx); err != nil || len(got) != 1 || got[0].Command != "AT+CSQ" {
		t.Errorf("trace: %v %v", got, err)
	}
	if got, err := c.Attempts(ctx); err != nil || len(got) != 0 {
		t.Errorf("attempts: %v %v", got, err)
	}
	if got, err := c.Config(ctx); err != nil || !strings.Contains(string(got), "schema") {
		t.Errorf("config: %s %v", got, err)
	}
	if got, err := c.Metrics(ctx); err != nil || !strings.Contains(string(got), "supersim_online") {
		t.Errorf("metrics: %s %v", got, err)
	}
	if got, err := c.PostEvents(ctx, []byte("[]")); err != nil || got.Accepted != 1 {
		t.Errorf("events: %v %v", got, err)
	}
	for _, kind := range []Kind{Probe, Retry, AT, ModemReset, Hold, Resume} {
		req := Request{Kind: kind, Force: true}
		switch kind {
		case AT:
			req.Command, req.Timeout = `AT+CPIN="1234"`, 2*time.Second
		case Hold:
			req.Force, req.For = false, time.Hour
		}
		if got, err := c.Do(ctx, req); err != nil || got.Final != "OK" {
			t.Errorf("%s: %v %v", kind, got, err)
		}
		if diff := cmp.Diff(req, f.asked[len(f.asked)-1]); diff != "" {
			t.Errorf("%s arrived otherwise (-want +got):\n%s", kind, diff)
		}
	}
	if got := logged.String(); strings.Contains(got, "1234") ||
		!strings.Contains(got, `"pid":`+strconv.Itoa(os.Getpid())) || !strings.Contains(got, `"command":"retry (forced)"`) {
		t.Errorf("log of the writes:\n%s", got)
	}
}

func TestClientErrors(t *testing.T) {
	f := newFake()
	f.err = NewProblem(http.StatusTooManyRequests, "budget-exhausted", "no radio cycle is left this hour", "Try again at 14:32.")
	c, _ := onSocket(t, f)
	_, err := c.Do(t.Context(), Request{Kind: Retry})
	if p, ok := errors.AsType[*Problem](err); !ok || p.Code != "budget-exhausted" || p.Status != 429 || p.Hint == "" {
		t.Errorf("problem: %v", err)
	}
	if _, err := c.Do(t.Context(), Request{Kind: "dance"}); err == nil {
		t.Error("an unknown request was sent")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Status(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	missing := &Client{Socket: filepath.Join(t.TempDir(), "none.sock")}
	_, err := missing.Status(t.Context())
	if !errors.Is(err, ErrUnreachable) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "systemctl start") {
		t.Errorf("missing: %v", err)
	}
	for errno, hint := range map[unix.Errno]string{
		unix.EACCES:       "usermod -aG supersim-agent",
		unix.ECONNREFUSED: "systemctl start",
		unix.EMFILE:       "systemctl status",
	} {
		e := &UnreachableError{Socket: "/s", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errno)}}
		if !strings.Contains(e.Error(), hint) || !errors.Is(e, errno) {
			t.Errorf("%v: %v", errno, e)
		}
	}
}

func TestPatientClientWaitsForTheDaemon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	c := &Client{Socket: path, Patience: time.Minute}
	defer c.Close()
	started := make(chan func(), 1)
	time.AfterFunc(redialEvery/2, func() {
		ln, err := Listen(path)
		if err != nil {
			t.Error(err)
		}
		started <- serve(t, newTestServer(t, newFake()), ln)
	})
	if _, err := c.Status(t.Context()); err != nil {
		t.Error(err)
	}
	(<-started)()
}

func TestClientFollows(t *testing.T) {
	f := newFake()
	f.add("sim", "1")
	c, _ := onSocket(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	for e, err := range c.Follow(ctx, TimelineQuery{Limit: 10}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Text)
		if len(got) == 3 {
			break
		}
		f.add("sim", strconv.Itoa(len(got)+1))
	}
	if diff := cmp.Diff([]string{"1", "2", "3"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range c.Follow(ctx, TimelineQuery{Limit: 1}) {
		cancel()
	}
	for _, err := range (&Client{Socket: "/nowhere"}).Follow(t.Context(), TimelineQuery{}) {
		if !errors.Is(err, ErrUnreachable) {
			t.Errorf("nobody there: %v", err)
		}
	}
}

func TestListenReplacesOnlyADeadSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "s.sock")
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != socketMode {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := Listen(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second daemon: %v", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as when the daemon is killed
	first.Close()
	second, err := Listen(path)
	if err != nil {
		t.Fatalf("after a crash: %v", err)
	}
	second.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket stays after Close: %v", err)
	}
}

func TestListenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		file:                                     "not a socket",
		filepath.Join(file, "s.sock"):            "not a directory",
		"/" + strings.Repeat("x", maxSocketPath): "has 108 bytes",
	} {
		_, err := Listen(path)
		if e, ok := errors.AsType[*SocketError](err); !ok || e.Path != path || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "precious" {
		t.Errorf("the file in the way was touched: %q %v", got, err)
	}
}

// TestPeerOverSocket connects as another user: the kernel notes the credentials of the connecting thread (unix(7)).
func TestPeerOverSocket(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	c, _ := onSocket(t, newFake())
	for _, path := range []string{filepath.Dir(filepath.Dir(c.Socket)), c.Socket} {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	const nobody = 65534
	conn := dialAs(t, c.Socket, nobody)
	defer conn.Close()
	if a := exchange(t, conn, "GET /v1/status HTTP/1.1\r\nHost: local\r\n\r\n"); a.StatusCode != http.StatusOK {
		t.Errorf("read: %d", a.StatusCode)
	}
	a := exchange(t, conn, "POST /v1/retry HTTP/1.1\r\nHost: local\r\nContent-Length: 0\r\n\r\n")
	checkProblem(t, a.StatusCode, a.Header, a.body, 403, "no-write-right")
	if !strings.Contains(string(a.body), "user 65534") {
		t.Errorf("the problem does not name the user: %s", a.body)
	}
}

// dialAs connects with the uid of another user. The thread that becomes that user is never used again.
func dialAs(t *testing.T, path string, uid uintptr) net.Conn {
	t.Helper()
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // not unlocked, so that the thread ends with this goroutine
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uid, uid, uid); errno != 0 {
			done <- result{nil, errno}
			return
		}
		conn, err := net.Dial("unix", path)
		done <- result{conn, err}
	}()
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.conn
}

// TestSocketActivation runs this test again in a process that got its socket from the parent, as from systemd.
func TestSocketActivation(t *testing.T) {
	if os.Getenv("LISTEN_FDS") != "" {
		t.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid())) // the parent could not know it
		ln, err := Listen("/ignored")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, ln.Addr().String())
		conn.Close()
		ln.Close()
		return
	}
	path := filepath.Join(t.TempDir(), "s.sock")
	ln, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	file, err := ln.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSocketActivation$")
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1")
	cmd.ExtraFiles = []*os.File{file}
	conn, err := net.Dial("unix", path) // waits in the queue, as during a restart
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != path {
		t.Errorf("answered %q, %v", got, err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the process removed a socket that is not its own: %v", err)
	}
}

func TestServeFailsWithItsListener(t *testing.T) {
	ln, err := Listen(filepath.Join(t.TempDir(), "s.sock"))
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := newTestServer(t, newFake()).Serve(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkStatusOverSocket is one GET /v1/status over a real unix socket, client included. Aim: under 1 ms.
func BenchmarkStatusOverSocket(b *testing.B) {
	c, _ := onSocket(b, newFake())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.RawStatus(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStatusNewConnection is the same as a command does it: connect, ask, leave.
func BenchmarkStatusNewConnection(b *testing.B) {
	c, _ := onSocket(b, newFake())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.RawStatus(b.Context()); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
