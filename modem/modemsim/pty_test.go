package modemsim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dial opens the pty as a host does; reads are given up after a while.
func dial(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatalf("no deadline on %s: %v", path, err)
	}
	return f
}

func ptyWorld(t *testing.T) (*World, *PTY) {
	t.Helper()
	front, err := OpenPTY(filepath.Join(t.TempDir(), "modem0"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		t.Skipf("no pty here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	s := Default()
	s.Module.Boot = 0
	w := NewWorld(s, nil)
	w.Connect(front)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w, front
}

func askPTY(t *testing.T, f *os.File, command string) string {
	t.Helper()
	if _, err := f.WriteString(command + "\r"); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	buf := make([]byte, 256)
	for !strings.Contains(said.String(), "\r\nOK\r\n") {
		n, err := f.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			t.Fatalf("%s: %v after %q", command, err, said.String())
		}
	}
	return said.String()
}

func TestPTYReopens(t *testing.T) {
	_, front := ptyWorld(t)
	for range 3 {
		f := dial(t, front.Path())
		if got := askPTY(t, f, "AT+CGMM"); !strings.Contains(got, "EG25") {
			t.Errorf("got %q", got)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPTYUnplugAndPlug(t *testing.T) {
	w, front := ptyWorld(t)
	f := dial(t, front.Path())
	askPTY(t, f, "AT")
	w.Inject("port-gone", 0)
	for err := error(nil); err == nil; {
		_, err = f.Read(make([]byte, 64))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the host does not notice that the port is gone")
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(front.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is still there: %v", err)
	}
	w.Inject("port-back", 0)
	waitFor(t, func() bool { _, err := os.Lstat(front.Path()); return err == nil })
	f = dial(t, front.Path())
	askPTY(t, f, "AT")
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestPTYHostDoesNotRead: a host that never reads must not stop the world.
func TestPTYHostDoesNotRead(t *testing.T) {
	w, front := ptyWorld(t)
	f := dial(t, front.Path())
	defer func() { _ = f.Close() }()
	for range 200 {
		if _, err := f.WriteString("AT+COPS=0;+CGDCONT?;+CGDCONT=?;+CGDCONT?\r"); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, func() bool { return w.Stats().Commands["+COPS="] > 0 })
	if !w.IsOn() {
		t.Error("off")
	}
}

func TestPTYDoesNotReplaceFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := OpenPTY(path)
	if bad, ok := errors.AsType[*PTYError](err); !ok || bad.Path != path && bad.Op == "link" {
		t.Errorf("got %v", err)
	}
}

// waitFor polls a condition of the real world: the kernel has no virtual time.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	give := time.After(5 * time.Second)
	for !is() {
		select {
		case <-give:
			t.Fatal("waited in vain")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
