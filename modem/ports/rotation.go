package ports

import "slices"

// Rates are the speeds that modules use on a UART, after the configured one: the usual setting first, then what SIM800 and
// older boards have, then what a former owner may have stored with AT+IPR (SARA-R410 boards run 460800).
var Rates = []int{115200, 9600, 57600, 460800, 921600}

const (
	portPatience = 2 // failed handshakes before the other AT port gets its turn
	ratePatience = 3 // failed handshakes at a configured speed before others are tried
)

// Rotation says which port to try next, and how fast, from how the attempts before went. The zero value with Baud set is
// ready. Every attempt is reported by Answered, Failed or Foreign; Next changes nothing.
//
// USB ports ignore the speed. There the ports take turns, two attempts each: the first can hang while the second still
// answers (SIM7000G). On a UART the speeds take turns. A port that was found may have a module with any speed; one that
// was configured along with its speed gets three attempts first, because a module that boots misses some.
type Rotation struct {
	Baud int // configured speed

	failed int // attempts without an answer since the last that had one
	port   int // where the ports' turns began: the one that answered last
	rate   int // speed that answered last, 0: none yet
	moved  int // moves away from strangers since then
}

// Attempt is what to try.
type Attempt struct {
	Port Port
	Baud int
}

// Next is the attempt to make among the ports of a choice; ok is false when it has none.
func (r *Rotation) Next(c Choice) (a Attempt, ok bool) {
	if len(c.Ports) == 0 {
		return Attempt{}, false
	}
	i := (r.port + r.failed/portPatience) % len(c.Ports)
	return Attempt{Port: c.Ports[i], Baud: r.baud(c, c.Ports[i])}, true
}

func (r *Rotation) baud(c Choice, p Port) int {
	if !hasSpeed(p) {
		return r.Baud
	}
	order := r.order()
	patience := 1
	if !c.Auto {
		patience = ratePatience
	}
	turn := max(0, r.failed-patience+1)
	return order[turn%len(order)]
}

// order is the speeds in the order of trying: the one that answered last, the configured one, the others.
func (r *Rotation) order() []int {
	var list []int
	for _, rate := range append([]int{r.rate, r.Baud}, Rates...) {
		if rate > 0 && !slices.Contains(list, rate) {
			list = append(list, rate)
		}
	}
	return list
}

// Answered reports that the attempt went well: it is the first one from now on.
func (r *Rotation) Answered(c Choice, a Attempt) {
	r.failed, r.rate, r.moved = 0, a.Baud, 0
	r.port = max(0, slices.IndexFunc(c.Ports, func(p Port) bool { return p.Path == a.Port.Path }))
}

// Failed reports an attempt that opened the port and got no answer. One that could not open it says nothing about the
// modem and is not reported.
func (r *Rotation) Failed() { r.failed++ }

// Foreign reports an attempt that something else than a modem answered; readable tells that it was text, so that the
// speed is right. A port that was found is left at once, for the next port or, when it is a UART with unreadable bytes,
// the next speed. One that was configured is stayed with. next is true as long as what comes next had no turn yet.
func (r *Rotation) Foreign(c Choice, a Attempt, readable bool) (next bool) {
	others := len(c.Ports)
	switch uart := hasSpeed(a.Port); {
	case uart && readable:
		return false
	case uart:
		others = len(r.order())
		r.failed++
	case c.Auto:
		r.failed = (r.failed/portPatience + 1) * portPatience
	}
	r.moved++
	return c.Auto && r.moved < others
}

// hasSpeed: a UART, of the board or behind a converter. On other USB ports the speed means nothing.
func hasSpeed(p Port) bool { return p.Kind == KindUART || p.Role == UART }
