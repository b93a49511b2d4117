package modemsim

import "time"

// Path is what the host finds of its data path at one moment, for who plays the host. The world has no packets: the host's
// programs send and get so many bytes a minute while the path allows it.
type Path struct {
	Interface string // "" when the host has none now: it comes and goes with the module's power
	Up        bool
	IP        string
	Route     bool
	TxBytes   int64 // of the interface, since it appeared
	RxBytes   int64

	Reaches bool      // packets get outside and back
	Names   bool      // its resolver answers
	Issued  time.Time // the certificates of servers outside are valid from then on
}

// Probe is what a probe finds, by the host's clock, and how long it takes: whether an address answers, whether a name is
// resolved, and whether the certificate of a server is valid.
func (p Path) Probe(clock time.Time) (ip, dns, tls bool, took time.Duration) {
	switch {
	case !p.Reaches:
		return false, false, false, 16 * time.Second // two targets that do not answer
	case !p.Names:
		took = 8 * time.Second
	}
	return true, p.Names, !clock.Before(p.Issued), took + 300*time.Millisecond
}

// certificateAge is how long the servers outside have had theirs.
const certificateAge = 30 * 24 * time.Hour

// Path looks at the data path as it is now.
func (w *World) Path() (p Path) {
	w.do(func(c *core) { p = c.path() })
	return p
}

func (c *core) path() Path {
	h := &c.live.Host
	if h.Interface == "" || c.mod.power != on {
		return Path{Issued: c.start.Add(-certificateAge)}
	}
	p := Path{Interface: h.Interface, Up: h.Link != linkDown, Route: h.Link == linkUp, Names: c.live.Internet.DNS,
		TxBytes: c.traffic.tx.bytes(), RxBytes: c.traffic.rx.bytes(), Issued: c.start.Add(-certificateAge)}
	if s := c.nas.session; s != nil && p.Up && h.Link != linkNoAddress {
		p.IP = s.ip
	}
	p.Route = p.Route && p.IP != ""
	p.Reaches = p.Route && !c.nas.session.lost && !c.live.Internet.Filter
	return p
}

// Values of [host] link.
const (
	linkUp        = "up"
	linkDown      = "down"
	linkNoAddress = "no-address"
	linkNoRoute   = "no-route"
)

// traffic is what the host's programs carried over the interface.
type traffic struct{ tx, rx amount }

// amount is bytes per minute times microseconds: exact, however finely time is cut.
type amount int64

func (a amount) bytes() int64 { return int64(a) / int64(time.Minute/time.Microsecond) }

// carry lets the traffic between two moments flow. Nothing else happens in between.
func (c *core) carry(from, to time.Time) {
	p := c.path()
	if p.Interface == "" {
		c.traffic = traffic{} // it appears anew, with new counters
		return
	}
	if !p.Route {
		return
	}
	s, h := c.nas.session, &c.live.Host
	sent := amount(int64(h.Upload) * (to.Sub(c.start).Microseconds() - from.Sub(c.start).Microseconds()))
	came := amount(int64(h.Download) * (to.Sub(c.start).Microseconds() - from.Sub(c.start).Microseconds()))
	c.traffic.tx += sent
	if !s.lost {
		s.sent += sent
	}
	if p.Reaches {
		c.traffic.rx += came
		s.came += came
	}
}

// loseSession is a silent detach: the network forgets the session, and neither the module nor the operator's console hears
// of it.
func (c *core) loseSession() {
	if s := c.nas.session; s != nil {
		s.lost = true
		s.update.stop()
	}
}
