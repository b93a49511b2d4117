//go:build linux

package atcmd

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// fakeProc makes a /proc with one process that has a node open, and one that holds its lock.
func fakeProc(t *testing.T, node string, st *unix.Stat_t) string {
	t.Helper()
	proc := t.TempDir()
	locks := fmt.Sprintf("1: POSIX  ADVISORY  WRITE 77 00:06:1 0 EOF\n2: FLOCK  ADVISORY  WRITE 812 %02x:%02x:%d 0 EOF\n",
		unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	for path, text := range map[string]string{
		"locks": locks, "812/comm": "ModemManager\n", "903/comm": "minicom\n", "903/fd/none": "",
	} {
		full := filepath.Join(proc, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(node, filepath.Join(proc, "903/fd/5")); err != nil {
		t.Fatal(err)
	}
	return proc
}

func TestHolders(t *testing.T) {
	node := filepath.Join(t.TempDir(), "ttyUSB2")
	if err := os.WriteFile(node, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil {
		t.Fatal(err)
	}
	proc := fakeProc(t, node, &st)
	if got, want := findLocker(proc, &st), "pid 812 (ModemManager)"; got != want {
		t.Errorf("locker %q, want %q", got, want)
	}
	if got, want := findOpener(proc, node), "pid 903 (minicom)"; got != want {
		t.Errorf("opener %q, want %q", got, want)
	}
	st.Ino++
	if got := findLocker(proc, &st) + findOpener(proc, node+"x") + findLocker("/nonexistent", &st); got != "" {
		t.Errorf("found %q", got)
	}
}

func TestReasons(t *testing.T) {
	for err, want := range map[error]Reason{
		fs.ErrNotExist: ReasonMissing, unix.ENOENT: ReasonMissing, unix.EACCES: ReasonPermission, unix.EPERM: ReasonSandbox,
		unix.EBUSY: ReasonBusy, unix.EWOULDBLOCK: ReasonBusy, unix.ENOTTY: ReasonNotATTY, unix.EIO: ReasonGone,
		unix.ENXIO: ReasonGone, unix.ENODEV: ReasonGone, unix.ENOMEM: ReasonFailed,
	} {
		if got := reasonOf(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}
