package bearer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// internet is what is beyond the link: who answers, by address and port. Nobody else does.
type internet struct {
	answers map[string]func(net.Conn)
	asked   []string // "wwan0 tcp 1.1.1.1:443"
}

func (i *internet) dial(_ context.Context, l Link, network, address string) (net.Conn, error) {
	i.asked = append(i.asked, strings.TrimSpace(l.Name+" "+network+" "+address))
	answer, there := i.answers[address]
	if !there {
		return nil, &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
	}
	if answer == nil {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	go func() { defer far.Close(); answer(far) }()
	return near, nil
}

func silent(c net.Conn) { io.Copy(io.Discard, c) } //nolint:errcheck // until it is closed

// names is a resolver that answers with this code (RFC 1035 §4.1.1) and, for 0, an address.
func names(code byte) func(net.Conn) {
	return func(c net.Conn) {
		var size [2]byte // net.Pipe carries no datagrams, so that the question comes as over TCP
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		msg := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, msg); err != nil {
			return
		}
		end := 12
		for msg[end] != 0 {
			end += int(msg[end]) + 1
		}
		answer := append([]byte(nil), msg[:end+5]...)
		answer[2], answer[3] = 0x81, 0x80|code
		answer[6], answer[7], answer[10], answer[11] = 0, 0, 0, 0
		if code == 0 {
			answer[7] = 1
			answer = append(answer, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 1, 1, 1)
		}
		binary.BigEndian.PutUint16(size[:], uint16(len(answer)))
		c.Write(append(size[:], answer...)) //nolint:errcheck // the test would see it
	}
}

// server shakes hands with a certificate that is valid from then on, for 90 days.
func server(t *testing.T, from time.Time) func(net.Conn) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.Add(90 * 24 * time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}}
	return func(c net.Conn) {
		tls.Server(c, config).Handshake() //nolint:errcheck // the client tells
		silent(c)
	}
}

func TestProbe(t *testing.T) {
	const one, two, dns = "1.1.1.1:443", "8.8.8.8:443", "100.64.0.53:53"
	long := noon.Add(-30 * 24 * time.Hour)
	type beyond map[string]func(net.Conn)
	link := Link{Name: "wwan0", Up: true, IP: "100.64.1.2", Route: true}
	rival, deaf, six := link, link, link
	rival.Rival, six.IP = "wlan0", "2001:db8::7"
	deaf.Rival, deaf.Deaf = "wlan0", true
	tests := []struct {
		name    string
		link    Link
		net     beyond
		resolv  string
		tls     bool
		want    Result // without Bytes and Text
		text    string
		through string // what was asked, without TLS
		most    int64
	}{
		{name: "all well", link: link, net: beyond{one: silent, dns: names(0)}, want: Result{IP: Worked, DNS: Worked},
			through: "wwan0 tcp 1.1.1.1:443, wwan0 udp 100.64.0.53:53", most: 1000},
		{name: "the first target is away", link: link, net: beyond{two: silent, dns: names(0)}, want: Result{IP: Worked, DNS: Worked}, most: 1000},
		{name: "a refusal is an answer", link: link, net: beyond{one: nil, dns: names(0)}, want: Result{IP: Worked, DNS: Worked}, most: 1000},
		{name: "both are away", link: link, net: beyond{dns: names(0)}, want: Result{IP: Failed}, text: "deadline",
			through: "wwan0 tcp 1.1.1.1:443, wwan0 tcp 8.8.8.8:443", most: 500},
		{name: "no names", link: link, net: beyond{one: silent}, want: Result{IP: Worked, DNS: Failed}, text: "one.one.one.one", most: 2000},
		{name: "the resolver fails", link: link, net: beyond{one: silent, dns: names(2)}, want: Result{IP: Worked, DNS: Failed}, text: "by [100.64.0.53]: ", most: 2000},
		{name: "the second resolver answers", link: link, resolv: "nameserver 9.9.9.9\nnameserver 100.64.0.53\n",
			net: beyond{one: silent, dns: names(0)}, want: Result{IP: Worked, DNS: Worked}, most: 2000},
		{name: "no resolver", link: link, resolv: "# none\n", net: beyond{one: silent}, want: Result{IP: Worked}},
		{name: "a resolver on this computer", link: link, resolv: "nameserver 127.0.0.53\n",
			net: beyond{one: silent, "127.0.0.53:53": names(0)}, want: Result{IP: Worked, DNS: Worked},
			through: "wwan0 tcp 1.1.1.1:443, udp 127.0.0.53:53"},
		{name: "that goes through Wi-Fi", link: rival, resolv: "nameserver 127.0.0.53\n",
			net: beyond{one: silent, "127.0.0.53:53": names(0)}, want: Result{IP: Worked}, through: "wwan0 tcp 1.1.1.1:443"},
		{name: "the router at home", link: rival, resolv: "nameserver 192.168.1.1\n", net: beyond{one: silent}, want: Result{IP: Worked}},
		{name: "a kernel that drops answers", link: deaf, net: beyond{one: silent}, text: "rp_filter"},
		{name: "no address", link: Link{Name: "wwan0", Up: true}, net: beyond{one: silent}, text: "not up"},
		{name: "IPv6", link: six, resolv: "nameserver 100.64.0.53\n", net: beyond{"[2606:4700:4700::1111]:443": silent}, want: Result{IP: Worked}},
		{name: "TLS", link: link, tls: true, net: beyond{one: server(t, long), dns: names(0)},
			want: Result{IP: Worked, DNS: Worked, TLS: Worked}, most: 10_000},
		{name: "the clock is late", link: link, tls: true, net: beyond{one: server(t, noon.Add(time.Hour)), dns: names(0)},
			want: Result{IP: Worked, DNS: Worked, TLS: Failed}, text: "clock", most: 10_000},
		{name: "the clock is ahead", link: link, tls: true, net: beyond{one: server(t, noon.Add(-91*24*time.Hour)), dns: names(0)},
			want: Result{IP: Worked, DNS: Worked, TLS: Failed}, text: "clock", most: 10_000},
		{name: "no TLS there says nothing of the clock", link: link, tls: true, net: beyond{one: func(net.Conn) {}, dns: names(0)},
			want: Result{IP: Worked, DNS: Worked}, text: "TLS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newComputer(t)
			if test.resolv == "" {
				test.resolv = "nameserver 100.64.0.53\n"
			}
			c.file("etc/resolv.conf", test.resolv)
			world := &internet{answers: test.net}
			p := Prober{Watcher: c.watcher(), Dial: world.dial, Now: func() time.Time { return noon }}
			got := p.Probe(t.Context(), test.link, test.tls)
			if !strings.Contains(got.Text, test.text) || test.text == "" && got.Text != "" {
				t.Errorf("says %q, want %q in it", got.Text, test.text)
			}
			if test.most > 0 && (got.Bytes < 100 || got.Bytes > test.most) {
				t.Errorf("cost %d bytes, at most %d", got.Bytes, test.most)
			}
			got.Bytes, got.Text = 0, ""
			if got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
			if all := strings.Join(world.asked, ", "); test.through != "" && all != test.through {
				t.Errorf("asked %s", all)
			}
		})
	}
}

// A computer that does not let us choose the interface tells nothing of the modem's path.
func TestNotOurs(t *testing.T) {
	p := Prober{Watcher: newComputer(t).watcher(), Dial: func(context.Context, Link, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.Join(errNotOurs, syscall.EPERM)}
	}}
	if got := p.Probe(t.Context(), Link{Name: "wwan0", Up: true, IP: "100.64.1.2"}, false); got.IP != NotTried || got.Text == "" {
		t.Errorf("%+v", got)
	}
}

// The real sockets, without leaving this computer: bound to lo they reach it, bound to an interface that is not there they do not.
func TestDialThrough(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conn, err := dialThrough(t.Context(), Link{Name: "lo", IP: "127.0.0.1", Route: true}, "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := dialThrough(t.Context(), Link{Name: "wwan-none", IP: "127.0.0.1", Route: true, Rival: "lo"}, "tcp", ln.Addr().String()); err == nil {
		t.Error("an interface that is not there was used")
	}
}
