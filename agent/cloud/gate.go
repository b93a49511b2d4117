package cloud

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
)

// A gate is a listener that lets only so many connections in. More wait in the kernel's queue; a connection that says nothing
// is closed after readTimeout, so they do not wait long.
type gate struct {
	net.Listener
	room   chan struct{} // holds one value for each open connection
	closed chan struct{}
	once   sync.Once
	wasted func() // told of connections that ended without one request
}

func newGate(l net.Listener, connections int, wasted func()) *gate {
	return &gate{Listener: l, room: make(chan struct{}, connections), closed: make(chan struct{}), wasted: wasted}
}

func (g *gate) Accept() (net.Conn, error) {
	select {
	case g.room <- struct{}{}:
	case <-g.closed:
		return nil, net.ErrClosed
	}
	conn, err := g.Listener.Accept()
	if err != nil {
		<-g.room
		return nil, err
	}
	return &guest{Conn: conn, gate: g}, nil
}

func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// A guest is a connection that came through the gate.
type guest struct {
	net.Conn
	gate  *gate
	heard atomic.Bool // at least one whole request head
	once  sync.Once
}

func (g *guest) Close() error {
	g.once.Do(func() {
		<-g.gate.room
		if !g.heard.Load() {
			g.gate.wasted()
		}
	})
	return g.Conn.Close()
}

type guestKey struct{}

// withGuest makes the connection known to its handler.
func withGuest(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	return context.WithValue(ctx, guestKey{}, conn)
}

// arrived notes that a whole request head came over the connection of ctx, and reports whether there are so many
// connections that this one should not be kept after its answer.
func arrived(ctx context.Context) (crowded bool) {
	g, ok := ctx.Value(guestKey{}).(*guest)
	if !ok {
		return false
	}
	g.heard.Store(true)
	return len(g.gate.room) > cap(g.gate.room)/2
}

// slots bounds how many do the same thing at the same time.
type slots chan struct{}

// acquire takes a slot, and reports false when none came free in time or ctx ended.
func (s slots) acquire(ctx context.Context, clock Clock) bool {
	if !s.tryAcquire() && !s.wait(ctx, clock) {
		return false
	}
	if ctx.Err() != nil { // select chooses at random when both are ready
		s.release()
		return false
	}
	return true
}

// tryAcquire comes first: on a host that stalls, the time may be over before a free slot was looked at.
func (s slots) tryAcquire() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s slots) wait(ctx context.Context, clock Clock) bool {
	timeout, stop := clock.NewTimer(slotTimeout)
	defer stop()
	select {
	case s <- struct{}{}:
		return true
	case <-timeout:
	case <-ctx.Done():
	}
	return false
}

func (s slots) release() { <-s }

// drain waits until nobody holds a slot. The context of those who could take one must have ended.
func (s slots) drain() {
	for range cap(s) {
		s <- struct{}{}
	}
	for range cap(s) {
		<-s
	}
}
