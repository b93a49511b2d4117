package relay_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/internal/mosquitto"
	"supersim-agent/agent/relay"
)

// BenchmarkRelay posts events of ever more SIMs, one a post and many at once, through webhook, spool and a real Mosquitto to one
// subscriber that stands for all devices. It tells events a second and the time from POST to device; everything, the poster and
// Mosquitto included, runs on this computer. "broker" is the same without the relay: what Mosquitto alone does.
func BenchmarkRelay(b *testing.B) {
	for _, sims := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("relay/%d", sims), func(b *testing.B) { benchmark(b, sims, true) })
	}
	b.Run("broker/10000", func(b *testing.B) { benchmark(b, 10_000, false) })
}

const posters = 64

func benchmark(b *testing.B, sims int, throughRelay bool) {
	m := mosquitto.Start(b, mosquitto.Options{Extra: "max_inflight_messages 2000\nlog_type none"})
	got := make(chan time.Time, b.N+posters)
	connected := func(o broker.Options) *broker.Client {
		o.URL, o.Log = m.URL, func(text string) { b.Log(text) }
		c, err := broker.New(o)
		if err != nil {
			b.Fatal(err)
		}
		start(b, c.Run)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for c.Stats().State != "connected" {
			<-tick.C
		}
		return c
	}
	connected(broker.Options{ClientID: "devices", Subscribe: []string{"supersim/+/events"},
		Receive: func(_ context.Context, m broker.Message) error { got <- sent(m.Payload); return nil }})
	out := connected(broker.Options{ClientID: "relay"})
	deliver := func(n int) {
		iccid := fmt.Sprintf("898830700%011d", n%sims)
		out.Publish(b.Context(), broker.Message{Topic: cloud.EventsTopic("supersim", iccid), Payload: body(n, iccid), Retain: true}) //nolint:errcheck // counted at the other end
	}
	if throughRelay {
		deliver = poster(b, out, sims)
	}
	b.ResetTimer()
	var posting sync.WaitGroup
	for i := range posters {
		posting.Go(func() {
			for n := i; n < b.N; n += posters {
				deliver(n)
			}
		})
	}
	took := make([]time.Duration, 0, b.N)
	for range b.N {
		at := <-got
		took = append(took, time.Since(at))
	}
	posting.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// poster starts a relay and returns what posts one event to it.
func poster(b *testing.B, out *broker.Client, sims int) func(n int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	hook, err := cloud.NewWebhook(cloud.WebhookOptions{Listen: address, Path: "/events"})
	if err != nil {
		b.Fatal(err)
	}
	spool, err := relay.OpenSpool(b.TempDir(), relay.SpoolOptions{Settle: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	fleet := relay.NewFleet(relay.FleetOptions{})
	r := relay.New(relay.Options{Spool: spool, Inputs: []relay.Input{hook}, Again: make(relay.Again, 1), Took: fleet.TakeEvent}, connection{out})
	start(b, r.Run)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: posters}}
	url := "http://" + address + "/events"
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if res, err := client.Get(url); err == nil {
			res.Body.Close()
			break
		}
		<-tick.C
	}
	return func(n int) {
		text := body(n, fmt.Sprintf("898830700%011d", n%sims))
		for {
			res, err := client.Post(url, "application/json", bytes.NewReader(text))
			if err == nil {
				io.Copy(io.Discard, res.Body) //nolint:errcheck // it is short
				res.Body.Close()
				if res.StatusCode/100 == 2 {
					return
				}
			}
		}
	}
}

// connection is a client that somebody else runs.
type connection struct{ *broker.Client }

func (connection) Run(ctx context.Context) error { <-ctx.Done(); return nil }

func start(b *testing.B, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) }) //nolint:errcheck // nil
	b.Cleanup(func() { cancel(); running.Wait() })
}

// body is an event of KORE's usual size that carries when it was posted.
func body(n int, iccid string) []byte {
	return fmt.Appendf(nil, `{"event_sid":"EZ%032d","event_type":"com.kore.iot.supersim.connection.data-session.updated","sim_iccid":%q,`+
		`"timestamp":"2026-03-01T12:00:00Z","network":{"mcc":"310","mnc":"410","friendly_name":"AT&T","iso_country":"US","sid":"HW%032d"},`+
		`"data_session_sid":"PI%032d","data_upload":1000,"data_download":2000,"rat_type":"4G LTE","apn":"super","ip_address":"100.64.0.1",`+
		`"imei":"356938035643809","imsi":"732123200012345","posted":"%d"}`, n, iccid, n, n, time.Now().UnixNano())
}

func sent(payload []byte) time.Time {
	_, after, _ := strings.Cut(string(payload), `"posted":"`)
	text, _, _ := strings.Cut(after, `"`)
	n, _ := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, n)
}
