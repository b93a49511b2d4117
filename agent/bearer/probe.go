package bearer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Prober sends probes. Watcher is required.
type Prober struct {
	Watcher *Watcher // whose files name the resolvers
	// Dial connects through the link, or by any way when that has no name; default: bound to the interface, or to its address
	// where that is not allowed.
	Dial func(ctx context.Context, l Link, network, address string) (net.Conn, error)
	Now  func() time.Time // this computer's clock; default: time.Now
}

const (
	connectTime = 8 * time.Second // a slow 2G cell answers within three
	nameTime    = 8 * time.Second
	shakeTime   = 10 * time.Second
)

// Sizes in bytes of what is not counted by reading and writing (RFC 9293: 52 with time stamps, a SYN 60; RFC 768: 28).
const (
	connectSize = 3*60 + 4*52 // handshake and farewell
	silentSize  = 4 * 60      // the SYNs of eight seconds
	querySize   = 28 + 45 + 28 + 80
	segmentSize = 2 * 52 // headers of a segment and of its acknowledgement
)

// Probe tries what is beyond the link. It takes half a minute at most and stops with ctx. The connection and the name are
// about 1 kB; withTLS adds a TLS handshake of some 5 kB, which tells whether the clock is right.
func (p *Prober) Probe(ctx context.Context, l Link, withTLS bool) (r Result) {
	if !l.Ready() {
		return Result{Text: "the interface is not up"}
	}
	if l.Deaf {
		return Result{Text: fmt.Sprintf("the kernel drops what comes back through %s while %s is preferred (rp_filter)", l.Name, l.Rival)}
	}
	conn, name := p.connect(ctx, l, &r)
	p.resolve(ctx, l, &r)
	if conn == nil {
		return r
	}
	defer conn.Close()
	if withTLS {
		p.shake(ctx, conn, name, &r)
	}
	return r
}

// connect tries the targets in turn. Who refuses the connection has answered too.
func (p *Prober) connect(ctx context.Context, l Link, r *Result) (conn net.Conn, name string) {
	for _, t := range targets(l) {
		limited, cancel := context.WithTimeout(ctx, connectTime)
		conn, err := p.dial(limited, l, "tcp", netip.AddrPortFrom(t.addr, 443).String())
		cancel()
		switch {
		case err == nil, errors.Is(err, syscall.ECONNREFUSED):
			r.IP, r.Bytes, r.Text = Worked, r.Bytes+connectSize, ""
			return conn, t.name
		case errors.Is(err, errNotOurs), ctx.Err() != nil:
			r.Text = err.Error()
			return nil, ""
		}
		if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
			r.Bytes += silentSize
		}
		r.IP, r.Text = Failed, err.Error()
	}
	return nil, ""
}

// resolve asks for one name. It says nothing where it cannot be made sure that the answer comes through the link.
func (p *Prober) resolve(ctx context.Context, l Link, r *Result) {
	servers := p.Watcher.resolvers(l)
	if r.IP != Worked || len(servers) == 0 {
		return
	}
	var asked atomic.Int64
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		server := servers[int(asked.Add(1)-1)%len(servers)]
		through := l
		if server.IsLoopback() { // a resolver on this computer, which takes its own way
			through = Link{}
		}
		return p.dial(ctx, through, network, netip.AddrPortFrom(server, 53).String())
	}}
	ctx, cancel := context.WithTimeout(ctx, nameTime)
	defer cancel()
	_, err := resolver.LookupNetIP(ctx, "ip4", targets(l)[0].name+".")
	r.DNS, r.Bytes = Worked, r.Bytes+querySize*asked.Load()
	if err != nil {
		why := err.Error()
		if e, ok := errors.AsType[*net.DNSError](err); ok {
			why = e.Err // the rest names a server that was not asked
		}
		r.DNS, r.Text = Failed, fmt.Sprintf("%s is not resolved by %v: %s", targets(l)[0].name, servers, why)
	}
}

// resolvers are the name servers that can be asked through the link. Without any, one on this computer will do as long as
// nothing is preferred to the link. A private address belongs to the network that gave it: the preferred one.
func (w *Watcher) resolvers(l Link) (list []netip.Addr) {
	ip, err := netip.ParseAddr(l.IP)
	if err != nil {
		return nil
	}
	files := []string{"etc/resolv.conf", "run/systemd/resolve/resolv.conf"}
	if strings.HasPrefix(l.Name, "ppp") {
		files = append([]string{"etc/ppp/resolv.conf"}, files...) // what the operator gave to pppd
	}
	var local []netip.Addr
	for _, file := range files {
		for line := range strings.Lines(w.text(file)) {
			f := strings.Fields(line)
			if len(f) < 2 || f[0] != "nameserver" {
				continue
			}
			a, err := netip.ParseAddr(f[1])
			switch {
			case err != nil:
			case a.IsLoopback():
				local = append(local, a)
			case a.Is4() == ip.Is4() && (l.Rival == "" || !a.IsPrivate()):
				list = append(list, a)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	if l.Rival == "" {
		return local
	}
	return nil
}

// shake looks at the dates of the other side's certificate. Who signed it does not matter: nothing is told to that side,
// and reading the computer's list of authorities would cost a megabyte.
func (p *Prober) shake(ctx context.Context, conn net.Conn, name string, r *Result) {
	now := time.Now
	if p.Now != nil {
		now = p.Now
	}
	ctx, cancel := context.WithTimeout(ctx, shakeTime)
	defer cancel()
	c := &counted{Conn: conn}
	config := &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			cert := s.PeerCertificates[0]
			r.TLS = Worked
			if t := now(); t.Before(cert.NotBefore) || t.After(cert.NotAfter) {
				r.TLS = Failed
				r.Text = fmt.Sprintf("by this computer's clock the certificate of %s is not valid: it is from %s to %s", name,
					cert.NotBefore.UTC().Format(time.DateOnly), cert.NotAfter.UTC().Format(time.DateOnly))
			}
			return nil
		}}
	if err := tls.Client(c, config).HandshakeContext(ctx); err != nil && r.TLS == NotTried {
		r.Text = "TLS: " + err.Error() // says nothing of the clock
	}
	r.Bytes += c.bytes.Load()
}

// counted counts what a connection carries, with the headers of its segments.
type counted struct {
	net.Conn
	bytes atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.Add(int64(n) + segmentSize)
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.bytes.Add(int64(n) + segmentSize)
	return n, err
}

func (p *Prober) dial(ctx context.Context, l Link, network, address string) (net.Conn, error) {
	if p.Dial != nil {
		return p.Dial(ctx, l, network, address)
	}
	return dialThrough(ctx, l, network, address)
}
