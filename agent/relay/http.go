package relay

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"supersim-agent/agent/cloud"
)

// Health is how a relay stands, as GET /healthz tells it: with 200 while everything that is posted is taken, else with 503.
type Health struct {
	OK      bool   `json:"ok"`
	Broker  string `json:"broker"`            // "connected", "connecting", "waiting"
	Trouble string `json:"trouble,omitempty"` // with the broker
	Hint    string `json:"hint,omitempty"`
	Waiting int    `json:"waiting"` // events that the broker does not have yet
	Spool   int64  `json:"spool_bytes"`
	Full    bool   `json:"spool_full"`
	Reason  string `json:"reason,omitempty"` // why not ok
}

// Health tells how the relay stands. A broker that is away is no reason to send posts elsewhere: they are taken all the same.
func (r *Relay) Health() Health {
	b, s := r.broker.Stats(), r.opts.Spool.Stats()
	h := Health{Broker: b.State, Hint: b.Trouble.Hint, Waiting: s.Waiting, Spool: s.Bytes, Full: s.Full}
	if b.Trouble.Code != "" {
		h.Trouble = b.Trouble.Code + ": " + b.Detail
	}
	switch {
	case s.Trouble != "":
		h.Reason = "events cannot be kept on disk, and senders are asked to come again: " + s.Trouble
	case h.Full:
		h.Reason = "the spool is full of events that the broker does not have: see broker and trouble, or raise spool.max_bytes"
	}
	h.OK = h.Reason == ""
	return h
}

// Handler serves /healthz and /metrics, and below /v1/devices what fleet serves.
func (r *Relay) Handler(fleet http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		h := r.Health()
		w.Header().Set("Content-Type", "application/json")
		if !h.OK {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		json.NewEncoder(w).Encode(h) //nolint:errcheck // who asked is gone
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		r.metrics().WritePrometheus(w)
	})
	if fleet != nil {
		mux.Handle("/v1/devices", fleet)
		mux.Handle("/v1/devices/", fleet)
	}
	return mux
}

// metrics is a set of the numbers of this moment.
func (r *Relay) metrics() *metrics.Set {
	set := metrics.NewSet()
	gauge := func(name string, v float64) { set.NewGauge(name, func() float64 { return v }) }
	count := func(name string, n int64) { set.NewCounter(name).Set(uint64(n)) }
	b, s := r.broker.Stats(), r.opts.Spool.Stats()
	up := map[bool]float64{true: 1}
	gauge("supersim_relay_broker_connected", up[b.State == "connected"])
	gauge("supersim_relay_spool_waiting", float64(s.Waiting))
	gauge("supersim_relay_spool_bytes", float64(s.Bytes))
	gauge("supersim_relay_spool_segments", float64(s.Segments))
	count("supersim_relay_spool_damaged_total", s.Damaged)
	count("supersim_relay_spool_full_total", s.FullTimes)
	count("supersim_relay_spool_syncs_total", s.Syncs)
	gauge("supersim_relay_spool_failing", up[s.Trouble != ""])
	count("supersim_relay_events_total", r.counts.events.Load())
	count("supersim_relay_published_total", r.counts.published.Load())
	count("supersim_relay_published_late_total", r.counts.late.Load())
	count("supersim_relay_expired_total", r.counts.expired.Load())
	count("supersim_relay_refused_by_broker_total", r.counts.refused.Load())
	count("supersim_relay_posts_failed_total", r.counts.failed.Load())
	count("supersim_relay_broker_failures_total", b.Failures)
	for _, in := range r.opts.Inputs {
		named, ok := in.(interface {
			Name() string
			Stats() cloud.Stats
		})
		if !ok {
			continue
		}
		n := named.Stats()
		for what, v := range map[string]uint64{"events": n.Events, "duplicates": n.Duplicates, "refused": n.Refused, "unverified": n.Unverified,
			"busy": n.Busy, "failed": n.Failed, "tests": n.Tests} {
			count(fmt.Sprintf("supersim_relay_input_total{input=%q,what=%q}", named.Name(), what), int64(v))
		}
	}
	return set
}

// NewServer is an HTTP server for Handler that no client can hold up.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10}
}
