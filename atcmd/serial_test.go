//go:build linux

package atcmd_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supersim-agent/atcmd"
)

// openPTY gives the modem's side of a pty, and the path of the host's side. Fd would make the file blocking, and then
// Close would not end a Read; SyscallConn does not.
func openPTY(t testing.TB) (modem *os.File, path string) {
	t.Helper()
	modem, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pty: %v", err)
	}
	conn, err := modem.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var failed error
	if err := conn.Control(func(fd uintptr) {
		failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		failed = errors.Join(failed, err)
	}); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	path = fmt.Sprintf("/dev/pts/%d", number)
	host, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0) // keeps the modem's Read from failing with EIO meanwhile
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { modem.Close(); host.Close() })
	return modem, path
}

func open(t testing.TB, path string) atcmd.Transport {
	t.Helper()
	tr, err := atcmd.OpenSerial(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

// answerAll is a modem that answers OK to each command line, without echo.
func answerAll(modem *os.File) {
	buf := make([]byte, 256)
	for {
		n, err := modem.Read(buf)
		if err != nil {
			return
		}
		for range bytes.Count(buf[:n], []byte("\r")) {
			modem.Write([]byte("\r\nOK\r\n"))
		}
	}
}

func TestSerialOverPTY(t *testing.T) {
	modem, path := openPTY(t)
	link := filepath.Join(t.TempDir(), "modem0")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	go answerAll(modem)
	for range 3 { // it can be opened again
		p := atcmd.New(open(t, link), atcmd.Options{Name: link})
		if r, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT"}); err != nil || r.Final != "OK" {
			t.Errorf("%+v, %v", r, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if !errors.Is(p.Err(), atcmd.ErrClosed) || errors.Is(p.Err(), atcmd.ErrGone) {
			t.Errorf("after Close: %v", p.Err())
		}
	}
}

func TestSerialUnplugged(t *testing.T) {
	modem, path := openPTY(t)
	p := atcmd.New(open(t, path), atcmd.Options{Name: path})
	modem.Close()
	select {
	case <-p.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("not noticed")
	}
	var portErr *atcmd.PortError
	if err := p.Err(); !errors.Is(err, atcmd.ErrGone) || !errors.As(err, &portErr) || portErr.Reason != atcmd.ReasonGone {
		t.Errorf("%v", err)
	}
}

func TestSerialHeldByAnother(t *testing.T) {
	_, path := openPTY(t)
	open(t, path)
	_, err := atcmd.OpenSerial(path, 0)
	var portErr *atcmd.PortError
	if !errors.As(err, &portErr) || portErr.Reason != atcmd.ReasonBusy {
		t.Fatalf("%v", err)
	}
	if !strings.HasPrefix(portErr.Holder, "pid ") || !strings.Contains(portErr.Error(), portErr.Holder) {
		t.Errorf("holder %q in %q", portErr.Holder, portErr)
	}
}

func TestSerialReasons(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	loop := filepath.Join(dir, "loop")
	os.Symlink(loop, loop)
	for path, want := range map[string]atcmd.Reason{
		filepath.Join(dir, "none"): atcmd.ReasonMissing,
		"/dev/null":                atcmd.ReasonNotATTY,
		file:                       atcmd.ReasonNotATTY,
		dir:                        atcmd.ReasonNotATTY,
		loop:                       atcmd.ReasonFailed,
	} {
		_, err := atcmd.OpenSerial(path, 0)
		var portErr *atcmd.PortError
		if !errors.As(err, &portErr) || portErr.Reason != want || portErr.Path != path || portErr.Err == nil {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	_, path := openPTY(t)
	if _, err := atcmd.OpenSerial(path, -5); err == nil {
		t.Error("a negative speed was accepted")
	}
}

// The port's descriptors, those of the library included, are closed in children.
func TestSerialIsNotInherited(t *testing.T) {
	before := inheritable(t)
	_, path := openPTY(t)
	open(t, path)
	if after := inheritable(t); len(after) > len(before) {
		t.Errorf("children inherited %q, and inherit %q", before, after)
	}
}

// inheritable lists the descriptors above stderr that a child would get.
func inheritable(t *testing.T) (all []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && fd > 2 && flags&unix.FD_CLOEXEC == 0 {
			target, _ := os.Readlink("/proc/self/fd/" + e.Name())
			all = append(all, target)
		}
	}
	return all
}

// A modem that reads nothing: Close ends a blocked Write, and does not block itself.
func TestSerialBlockedWrite(t *testing.T) {
	_, path := openPTY(t)
	tr := open(t, path)
	done := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			_, err = tr.Write(make([]byte, 4096))
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("the write did not block: %v", err)
	case <-time.After(50 * time.Millisecond): // real time: the kernel's buffer is not in a bubble
	}
	tr.Close()
	if err := <-done; !errors.Is(err, atcmd.ErrClosed) {
		t.Error(err)
	}
}

func TestSerialKeepsTheLine(t *testing.T) {
	_, path := openPTY(t)
	open(t, path)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err) // not root: the port is exclusive
	}
	defer unix.Close(fd)
	tio, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if tio.Cflag&unix.HUPCL != 0 || tio.Lflag&(unix.ECHO|unix.ICANON) != 0 || tio.Cflag&unix.CRTSCTS != 0 {
		t.Errorf("cflag %o, lflag %o", tio.Cflag, tio.Lflag)
	}
}

// TestMain is also the modem of the benchmarks, which is a process of its own, as a real one is at least: in one process
// with it the Go scheduler would be measured.
func TestMain(m *testing.M) {
	if os.Getenv("ATCMD_TEST_MODEM") != "" {
		answerAll(os.NewFile(3, "modem"))
		return
	}
	os.Exit(m.Run())
}

// startModem gives the path of a pty on which a process answers.
func startModem(b *testing.B) string {
	modem, path := openPTY(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ATCMD_TEST_MODEM=1")
	cmd.ExtraFiles = []*os.File{modem}
	if err := cmd.Start(); err != nil {
		b.Skip(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return path
}

// BenchmarkBareRoundTrip is what the pty itself costs: one write and one read on the host's side.
func BenchmarkBareRoundTrip(b *testing.B) {
	tr := open(b, startModem(b))
	buf := make([]byte, 256)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.Write([]byte("AT\r")); err != nil {
			b.Fatal(err)
		}
		for got := 0; got < len("\r\nOK\r\n"); {
			n, err := tr.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			got += n
		}
	}
}

// BenchmarkRoundTrip is the same through a Port. Aim: at most 1.3 times the bare one.
func BenchmarkRoundTrip(b *testing.B) {
	p := atcmd.New(open(b, startModem(b)), atcmd.Options{})
	defer p.Close()
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Exec(ctx, atcmd.Cmd{Text: "AT"}); err != nil {
			b.Fatal(err)
		}
	}
}
