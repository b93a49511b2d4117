package agent

import (
	"context"

	"supersim-agent/agent/bearer"
	"supersim-agent/modem/modemsim"
)

// worldPath is the data path of a simulated computer. Its probes cost no bytes of the world's.
type worldPath struct {
	world *modemsim.World
	clock Clock
	known bool // the interface was there once
}

// Look finds the world's interface. One that was there and went away is missed.
func (w *worldPath) Look(bearer.Modem) (bearer.Link, bool) {
	p := w.world.Path()
	w.known = w.known || p.Interface != ""
	return bearer.Link{Name: p.Interface, Up: p.Up, IP: p.IP, Route: p.Route, TxBytes: p.TxBytes, RxBytes: p.RxBytes}, w.known
}

// Probe asks the world.
func (w *worldPath) Probe(ctx context.Context, _ bearer.Link, withTLS bool) bearer.Result {
	ip, dns, tls, took := w.world.Path().Probe(w.clock.Now())
	timer, stop := w.clock.NewTimer(took)
	defer stop()
	select {
	case <-timer:
	case <-ctx.Done():
	}
	outcome := map[bool]bearer.Outcome{true: bearer.Worked, false: bearer.Failed}
	r := bearer.Result{IP: outcome[ip], Bytes: 500}
	if ip {
		r.DNS, r.Bytes = outcome[dns], 600
	}
	if ip && withTLS {
		r.TLS, r.Bytes = outcome[tls], 5600
	}
	return r
}
