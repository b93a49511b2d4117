package agent

import (
	"context"
	"time"

	"supersim-agent/agent/bearer"
	"supersim-agent/modem/modemsim"
)

// worldPath is the data path of a simulated computer. It costs no bytes of the world's.
type worldPath struct {
	world *modemsim.World
	clock Clock
	known bool // the interface was there once
}

func (w *worldPath) Look(bearer.Modem) (bearer.Link, bool) {
	p := w.world.Path()
	w.known = w.known || p.Interface != ""
	return bearer.Link{Name: p.Interface, Up: p.Up, IP: p.IP, Route: p.Route, TxBytes: p.TxBytes, RxBytes: p.RxBytes}, w.known
}

func (w *worldPath) Probe(ctx context.Context, _ bearer.Link, withTLS bool) (r bearer.Result) {
	p := w.world.Path()
	r = bearer.Result{IP: bearer.Worked, DNS: bearer.Worked, Bytes: 600}
	took := 300 * time.Millisecond
	switch {
	case !p.Reaches:
		r, took = bearer.Result{IP: bearer.Failed, Bytes: 480, Text: "no answer"}, 16*time.Second
	case !p.Names:
		r.DNS, r.Text, took = bearer.Failed, "no answer", 8*time.Second
	}
	if withTLS && p.Reaches {
		r.TLS, r.Bytes = bearer.Worked, r.Bytes+5000
		if w.clock.Now().Before(p.Issued) {
			r.TLS = bearer.Failed
		}
	}
	select {
	case <-time.After(took):
	case <-ctx.Done():
	}
	return r
}
