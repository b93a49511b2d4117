package status

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

const (
	// DefaultSocket is where the daemon listens unless it is told otherwise.
	DefaultSocket = "/run/supersim-agent/status.sock"
	// Group owns the socket: its members may read.
	Group = "supersim-agent"

	socketMode = 0o660
	// maxSocketPath is what fits into sockaddr_un.sun_path with its final NUL (unix(7)).
	maxSocketPath = len(unix.RawSockaddrUnix{}.Path) - 1
)

// ErrInUse says that another daemon answers on the socket.
var ErrInUse = errors.New("another daemon is listening there")

// SocketError is a failure to listen on a socket path.
type SocketError struct {
	Path string
	Err  error
}

func (e *SocketError) Error() string { return fmt.Sprintf("status socket %s: %v", e.Path, e.Err) }
func (e *SocketError) Unwrap() error { return e.Err }

// Listen returns the listener of the status socket: the one that systemd passed, if it did, else a new one at path. A
// new socket is for its owner and the group supersim-agent (where it exists and we may), and is removed on Close. Every
// error is a *SocketError.
//
// A socket left by a dead daemon is replaced. Two daemons that start in the same instant can both find it dead; the
// second then takes the path from the first. The service manager and the lock on the modem's port prevent that.
func Listen(path string) (net.Listener, error) {
	if ln := activated(); ln != nil {
		return ln, nil
	}
	ln, err := listenAt(path)
	if err != nil {
		return nil, &SocketError{Path: path, Err: err}
	}
	return ln, nil
}

// activated is the unix socket that systemd opened for us (sd_listen_fds(3)), nil without socket activation. Our unit
// has one socket, so the first is the right one. It stays in the file system when we end: it is systemd's.
func activated() net.Listener {
	passed, err := activation.Listeners()
	if err != nil {
		return nil
	}
	for _, ln := range passed {
		if u, ok := ln.(*net.UnixListener); ok {
			return u
		}
	}
	return nil
}

func listenAt(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path has %d bytes, a unix socket's may have %d", len(path), maxSocketPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := makeRoom(path); err != nil {
		return nil, err
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := share(path); err != nil {
		_ = ln.Close() // the error that matters is the one that made us give up
		return nil, err
	}
	return ln, nil
}

// makeRoom clears the way at path: a socket that nobody answers on is removed, anything else is an error.
func makeRoom(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("there is a file that is not a socket (%v); move it away or choose another path", info.Mode())
	}
	conn, err := net.Dial("unix", path)
	switch {
	case err == nil:
		_ = conn.Close()
		return ErrInUse
	case !errors.Is(err, unix.ECONNREFUSED):
		return fmt.Errorf("cannot tell whether it is in use: %w", err)
	}
	return os.Remove(path)
}

// share opens a new socket to the group. With Group= in the unit the file has the right group from the start, and a
// daemon started by hand in the user's own name may not change it; so a refusal is not an error.
func share(path string) error {
	if group, err := user.LookupGroup(Group); err == nil {
		gid, err := strconv.Atoi(group.Gid)
		if err != nil {
			return fmt.Errorf("group %s has the id %q: %w", Group, group.Gid, err)
		}
		if err := os.Chown(path, -1, gid); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return os.Chmod(path, socketMode)
}
