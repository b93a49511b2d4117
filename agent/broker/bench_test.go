package broker

import (
	"strings"
	"sync"
	"testing"
	"time"

	"supersim-agent/agent/internal/mosquitto"
)

// BenchmarkIdle measures what a quiet connection costs on the wire for each sign of life, over TLS with a real broker, and
// what that makes in a day at several keep-alives. TCP and IP headers are reckoned, not seen: a sign of life is three
// segments (question, answer, acknowledgement) of 52 bytes of header with time stamps.
func BenchmarkIdle(b *testing.B) {
	const signs, headers = 4, 3 * 52
	ca := mosquitto.Authority(b, "ca")
	m := mosquitto.Start(b, mosquitto.Options{Server: ca.Issue(b, "localhost", time.Now().Add(time.Hour))})
	for range b.N {
		c, err := New(Options{URL: m.URL, ClientID: "idle", CAFile: ca.CertFile, KeepAlive: time.Second})
		if err != nil {
			b.Fatal(err)
		}
		var run sync.WaitGroup
		run.Go(func() { c.Run(b.Context()) }) //nolint:errcheck // nil
		tick := time.NewTicker(20 * time.Millisecond)
		for c.Stats().State != "connected" {
			<-tick.C
		}
		connected := c.Stats()
		<-time.After((signs*2 + 1) * time.Second / 2) // a sign is sent after half a second or a whole one
		s := c.Stats()
		tick.Stop()
		moved := s.BytesIn + s.BytesOut - connected.BytesIn - connected.BytesOut
		seen := strings.Count(m.ReadLog(), "Received PINGREQ")
		if seen < signs {
			b.Fatalf("%d signs of life:\n%s", seen, m.ReadLog())
		}
		each := float64(moved)/float64(seen) + headers
		b.ReportMetric(float64(connected.BytesIn+connected.BytesOut), "B/connect")
		b.ReportMetric(each, "B/sign")
		for _, k := range []struct {
			minutes float64
			unit    string
		}{{5, "B/day@5m"}, {15, "B/day@15m"}, {30, "B/day@30m"}} {
			b.ReportMetric(each*24*60/k.minutes, k.unit)
		}
		c.drop()
	}
}
