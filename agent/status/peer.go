package status

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Peer is the process at the other end of a connection, as the kernel noted it at connect(2) (SO_PEERCRED, unix(7)).
type Peer struct {
	UID, GID uint32
	PID      int32
}

// program is the peer's name for the log. It is a hint only: the process may be gone and its number used again.
func (p Peer) program() string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p.PID))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

var errNoPeer = errors.New("not a unix socket: no peer credentials")

// peerOf asks the kernel who connected.
func peerOf(c net.Conn) (Peer, error) {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{}, errNoPeer
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("peer credentials: %w", err)
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return Peer{}, fmt.Errorf("peer credentials: %w", err)
	}
	if credErr != nil {
		return Peer{}, fmt.Errorf("peer credentials: SO_PEERCRED: %w", credErr)
	}
	return Peer{UID: cred.Uid, GID: cred.Gid, PID: cred.Pid}, nil
}

type peerKey struct{}

// withPeer notes in ctx who sent the request.
func withPeer(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

// peerFrom returns who sent the request; false when nobody could tell.
func peerFrom(ctx context.Context) (Peer, bool) {
	p, ok := ctx.Value(peerKey{}).(Peer)
	return p, ok
}

// writers are the users who may write.
type writers map[uint32]bool

// newWriters returns root, the daemon's own user and the operators, each a user name or a numeric uid.
func newWriters(operators []string) (writers, error) {
	w := writers{0: true, uint32(os.Getuid()): true}
	for _, name := range operators {
		uid, err := lookupUID(name)
		if err != nil {
			return nil, fmt.Errorf("status operator %q: %w", name, err)
		}
		w[uid] = true
	}
	return w, nil
}

func lookupUID(name string) (uint32, error) {
	id := name
	if _, err := strconv.ParseUint(name, 10, 32); err != nil {
		u, err := user.Lookup(name)
		if err != nil {
			return 0, err
		}
		id = u.Uid
	}
	uid, err := strconv.ParseUint(id, 10, 32)
	return uint32(uid), err
}
