package bearer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNotOurs says that the kernel does not let this process choose the interface. Nothing is known of the path then.
var errNotOurs = errors.New("sockets cannot be bound to an interface here")

// dialThrough connects through the link. Bound to the interface, a packet leaves there whatever the routes prefer; the kernel
// allows that to everybody since 5.7. Older ones want CAP_NET_RAW, and then the address has to do, which the routes may
// overrule. Without any route out the routes are left to say so: a bound socket would take the target for a neighbour.
func dialThrough(ctx context.Context, l Link, network, address string) (net.Conn, error) {
	if l.Name == "" {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	d := net.Dialer{LocalAddr: source(l, network)}
	if !l.Route && l.Rival == "" {
		return d.DialContext(ctx, network, address)
	}
	bound := d
	bound.Control = func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.BindToDevice(int(fd), l.Name) })
		if failed != nil {
			failed = fmt.Errorf("%w: %w", errNotOurs, failed)
		}
		return errors.Join(err, failed)
	}
	conn, err := bound.DialContext(ctx, network, address)
	if errors.Is(err, errNotOurs) && l.Rival == "" {
		return d.DialContext(ctx, network, address)
	}
	return conn, err
}

// source is the link's address as the local end of a connection.
func source(l Link, network string) net.Addr {
	ip, err := netip.ParseAddr(l.IP)
	switch {
	case err != nil:
		return nil
	case strings.HasPrefix(network, "udp"):
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
}
