// Package simpath is the data path of a simulated computer: what agent/bearer finds on a real one, told by the simulated world.
// It serves the demo and the agent's tests.
package simpath

import (
	"context"
	"time"

	"supersim-agent/agent/bearer"
	"supersim-agent/modem/modemsim"
)

// Clock is the computer's.
type Clock interface {
	Now() time.Time
	NewTimer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

// Path is the way from one simulated modem to the internet. Its probes cost no bytes of the world's.
type Path struct {
	World *modemsim.World
	Clock Clock

	known bool // the interface was there once
}

// Look finds the world's interface. One that was there and went away is missed.
func (w *Path) Look(bearer.Modem) (bearer.Link, bool) {
	p := w.World.Path()
	w.known = w.known || p.Interface != ""
	return bearer.Link{Name: p.Interface, Up: p.Up, IP: p.IP, Route: p.Route, TxBytes: p.TxBytes, RxBytes: p.RxBytes}, w.known
}

// Probe asks the world.
func (w *Path) Probe(ctx context.Context, _ bearer.Link, withTLS bool) bearer.Result {
	ip, dns, tls, took := w.World.Path().Probe(w.Clock.Now())
	timer, stop := w.Clock.NewTimer(took)
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
