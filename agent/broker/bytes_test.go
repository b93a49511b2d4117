package broker

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supersim-agent/agent/internal/mosquitto"
)

// headers is what IPv4 (20) and TCP with time stamps (32) add to each segment. The two of the handshake have 8 more.
const headers = 52

// wire is what the present connection has cost so far, in both directions: what was counted, and the headers of the segments that
// the kernel sent and received, acknowledgements included.
func (p *peer) wire() int64 {
	p.t.Helper()
	raw, err := p.current().(*net.TCPConn).SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	var info *unix.TCPInfo
	e := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if e != nil || err != nil {
		p.t.Fatal(e, err)
	}
	s := p.Stats()
	return s.BytesIn + s.BytesOut + headers*int64(info.Segs_in+info.Segs_out) + 16
}

// settled is wire once nothing has moved for a tenth of a second: TCP delays acknowledgements.
func (p *peer) settled() int64 {
	p.t.Helper()
	last, still := p.wire(), 0
	p.until("settled", func(Stats) bool {
		now := p.wire()
		if still++; now != last {
			last, still = now, 0
		}
		return still == 20
	})
	return last
}

// each is what f costs, the mean of five times.
func (p *peer) each(f func()) int64 {
	p.t.Helper()
	before := p.settled()
	for range 5 {
		f()
		p.settled()
	}
	return (p.settled() - before) / 5
}

// What a day costs on a connection that is paid by the byte. The figures of the README are this test's (go test -v).
func TestBytesOnTheWire(t *testing.T) {
	const size = 1000
	ca := mosquitto.Authority(t, "ours")
	server := ca.Issue(t, "localhost", time.Now().Add(time.Hour))
	for name, options := range map[string]mosquitto.Options{"TLS": {Server: server}, "plain": {}} {
		b := mosquitto.Start(t, options)
		device := connect(t, Options{URL: b.URL, CAFile: ca.CertFile, ClientID: "supersim-89883070000012345678",
			Subscribe: []string{"supersim/89883070000012345678/events"}}).up()
		relay := connect(t, Options{URL: b.URL, CAFile: ca.CertFile, ClientID: "relay"}).up()
		begin := device.settled()
		sign := device.each(func() {
			was := device.Stats().BytesIn
			device.Check()
			device.until("answered", func(s Stats) bool { return s.BytesIn > was })
		})
		event := device.each(func() {
			relay.publish("supersim/89883070000012345678/events", strings.Repeat("e", size))
			device.next()
		})
		status := device.each(func() {
			m := Message{Topic: "supersim/89883070000012345678/status", Payload: make([]byte, size), Retain: true}
			if err := device.Publish(context.Background(), m); err != nil {
				t.Fatal(err)
			}
		})
		day := func(keepAlive time.Duration) int64 { return begin + int64(24*time.Hour/keepAlive)*sign }
		t.Logf("%s (port %d): connecting %d bytes, a sign of life %d, an event %d and a status %d beside their own",
			name, b.Port, begin, sign, event-size, status-size)
		for _, minutes := range []time.Duration{5, 15, 30} {
			t.Logf("%s: an idle day with keep_alive = \"%dm\": %d bytes", name, minutes, day(minutes*time.Minute))
		}
		if got := day(15 * time.Minute); got > 50_000 {
			t.Errorf("%s: an idle day costs %d bytes", name, got)
		}
		if sign > checkCost || event-size > 400 || status-size > 400 {
			t.Errorf("%s: a sign of life %d, an event %d, a status %d", name, sign, event, status)
		}
	}
}

// checkCost is what who budgets Check reckons with.
const checkCost = 250
