package status

import (
	"context"
	"net"
	"sync/atomic"
)

const (
	maxConns   = 16 // connections that are served at a time
	maxRefused = 16 // connections beyond these that are told so (503); the rest are closed unheard
	maxStreams = 4  // streams among the served connections
)

// gate counts the connections of a listener and notes who is at the other end of each.
type gate struct {
	net.Listener
	peerOf func(net.Conn) (Peer, error)
	open   atomic.Int64
}

// Accept returns the next connection, marked when there are too many. Beyond that, connections are closed here: one
// that is told about the limit costs a goroutine until it has sent its request.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		n := g.open.Add(1)
		if n > maxConns+maxRefused {
			g.open.Add(-1)
			_ = c.Close() // refused; there is nobody to tell
			continue
		}
		peer, err := g.peerOf(c)
		return &gatedConn{Conn: c, gate: g, peer: peer, known: err == nil, refused: n > maxConns}, nil
	}
}

// gatedConn is a connection that the gate has counted.
type gatedConn struct {
	net.Conn
	gate    *gate
	peer    Peer
	known   bool // peer is valid
	refused bool // every request is answered with 503
	closed  atomic.Bool
}

func (c *gatedConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.gate.open.Add(-1)
	}
	return c.Conn.Close()
}

type refusedKey struct{}

// connContext carries what the gate knows into the requests of the connection.
func connContext(ctx context.Context, c net.Conn) context.Context {
	gc, ok := c.(*gatedConn)
	if !ok {
		return ctx
	}
	if gc.refused {
		ctx = context.WithValue(ctx, refusedKey{}, true)
	}
	if gc.known {
		ctx = withPeer(ctx, gc.peer)
	}
	return ctx
}

// refused reports whether the request came over one connection too many.
func refused(ctx context.Context) bool { return ctx.Value(refusedKey{}) != nil }
