package modemsim

import (
	"fmt"
	"strings"
	"time"
)

// domains are the registration commands, in the order of the settings they keep.
var domains = [3]string{"+CREG", "+CGREG", "+CEREG"}

const (
	domainCS = iota
	domainPS
	domainEPS
)

func networkCommands() map[string]command {
	out := map[string]command{
		"+COPS": {run: cmdCOPS}, "+CSQ": {run: cmdCSQ}, "+CESQ": {run: cmdCESQ}, "+CEER": {run: cmdCEER},
	}
	for d, name := range domains {
		out[name] = command{run: func(m *module, c call) reply { return m.registrationCommand(d, c) }}
	}
	return out
}

func (m *module) registrationCommand(domain int, c call) reply {
	name, n := domains[domain], &m.set.reg[domain]
	switch c.form {
	case read:
		return ok(fmt.Sprintf("%s: %d,%s", name, *n, m.registration(domain, *n)))
	case test:
		return ok(fmt.Sprintf("%s: %s", name, m.p.regTest[domain]))
	case execute: // resets n on SIMCom; the others refuse it
		if !m.p.execResets {
			return fails()
		}
		*n = 0
		return ok()
	}
	want := c.number(0, -1)
	if !inRange(m.p.regTest[domain], want) {
		return m.parameterError()
	}
	*n = want
	m.lastReg[domain] = m.registration(domain, want)
	return ok()
}

// inRange reads the lists of test answers: "(0-2)", "(0-2,4)".
func inRange(list string, n int) bool {
	for part := range strings.SplitSeq(strings.Trim(list, "()"), ",") {
		low, high, found := strings.Cut(part, "-")
		if !found {
			high = low
		}
		if n >= 0 && n <= 9 && decimal(n) >= low && decimal(n) <= high {
			return true
		}
	}
	return false
}

// stat is <stat> of a domain (27.007 §7.2).
func (m *module) stat(domain int) int {
	n := &m.c.nas
	if domain == domainPS && !m.p.psDomain {
		return 0
	}
	switch n.state {
	case searching:
		return 2
	case denied:
		return 3
	case idle:
		return 0
	}
	cell := m.c.live.Cells[n.cell]
	lte := cell.RAT == "LTE"
	if domain == domainEPS && !lte || domain == domainPS && lte && !m.p.psOnLTE {
		return 0
	}
	if strings.HasPrefix(m.c.card.imsi(), cell.PLMN) {
		return 1
	}
	return 5
}

// registration is the URC form of a registration line: what follows the colon.
func (m *module) registration(domain, n int) string {
	stat := m.stat(domain)
	out := decimal(stat)
	why := m.c.nas.cause
	switch {
	case n >= 2 && (stat == 1 || stat == 5):
		cell := m.c.live.Cells[m.c.nas.cell]
		out += m.p.location(domain, cell, accessTechnology(cell.RAT))
	case (n == 3 || n == 5) && stat == 3 && why.number != 0:
		out += fmt.Sprintf(",,,,0,%d", why.number)
	}
	return out
}

// accessTechnology is <AcT> (27.007 §7.3).
func accessTechnology(rat string) int { return map[string]int{"2G": 0, "3G": 2, "LTE": 7}[rat] }

func cmdCOPS(m *module, c call) reply {
	switch c.form {
	case read:
		return ok("+COPS: " + m.operator())
	case test:
		low, high := m.p.scanLow, m.p.scanHigh
		return reply{after: between(m.line.dice, low, high), more: func() reply { return ok(m.scanList()) }}
	case execute:
		return fails()
	}
	mode := c.number(0, -1)
	switch mode {
	case 3:
		m.set.copsFormat = c.number(1, 0)
		return ok()
	case 2:
		m.c.nas.selectMode(2, "")
		return reply{after: between(m.line.dice, time.Second, 3*time.Second)}
	case 0:
		m.c.nas.selectMode(0, "")
	case 1, 4:
		if c.arg(2) == "" {
			return m.parameterError()
		}
		m.c.nas.selectMode(mode, c.arg(2))
	default:
		return m.parameterError()
	}
	return m.withCard(func() reply { return m.untilRegistered(m.c.now.Add(25*time.Second), mode == 1) })
}

// untilRegistered lets a selection command wait for its result. Automatic selection goes on when the command gives up,
// and answers OK; manual selection of a network that is not there is an error. Neither is documented by the makers.
func (m *module) untilRegistered(give time.Time, must bool) reply {
	if m.c.nas.state == registered {
		return reply{after: 50 * time.Millisecond}
	}
	if m.c.now.After(give) || !m.c.nas.able() {
		if must {
			return cme(30)
		}
		return ok()
	}
	return reply{after: 500 * time.Millisecond, more: func() reply { return m.untilRegistered(give, must) }}
}

func (m *module) operator() string {
	n := &m.c.nas
	if n.state != registered {
		return decimal(n.mode)
	}
	cell := m.c.live.Cells[n.cell]
	name := cell.Name
	if m.set.copsFormat == 2 || name == "" {
		name = cell.PLMN
	}
	return fmt.Sprintf(`%d,%d,"%s",%d`, n.mode, m.set.copsFormat, name, accessTechnology(cell.RAT))
}

// scanList is the answer to AT+COPS=?: 2 current, 1 available, 3 forbidden (27.007 §7.3).
func (m *module) scanList() string {
	var list strings.Builder
	for _, i := range m.c.nas.heard() {
		cell, stat := m.c.live.Cells[i], 1
		switch {
		case m.c.nas.state == registered && i == m.c.nas.cell:
			stat = 2
		case strings.Contains(strings.Join(m.c.card.fplmn, " "), cell.PLMN):
			stat = 3
		}
		short := strings.ReplaceAll(cell.Name, " ", "")
		fmt.Fprintf(&list, `(%d,"%s","%s","%s",%d),`, stat, cell.Name, short, cell.PLMN, accessTechnology(cell.RAT))
	}
	return "+COPS: " + list.String() + ",(0,1,2,3,4),(0,1,2)"
}

// camped is the cell that is measured: the serving one, else the strongest heard. ok is false without any.
func (m *module) camped() (cell Cell, found bool) {
	n := &m.c.nas
	if !n.radio {
		return Cell{}, false
	}
	if n.state == registered {
		return m.c.live.Cells[n.cell], true
	}
	if list := n.heard(); len(list) > 0 {
		return m.c.live.Cells[list[0]], true
	}
	return Cell{}, false
}

// reading is what the receiver measures on a cell, derived from the RSRP that the scenario gives.
type reading struct{ rsrp, rsrq, rssi, sinr int }

func measure(cell Cell) reading {
	sinr := min(max((cell.RSRPdBm+112)/2, -8), 25)
	rsrq := min(max(-18+(cell.RSRPdBm+124)/5, -19), -7)
	return reading{rsrp: cell.RSRPdBm, rsrq: rsrq, rssi: cell.RSRPdBm + 26, sinr: sinr}
}

func cmdCSQ(m *module, c call) reply {
	if c.form == test {
		return ok("+CSQ: (0-31,99),(0-7,99)")
	}
	cell, found := m.camped()
	if !found {
		return ok("+CSQ: 99,99")
	}
	return ok(fmt.Sprintf("+CSQ: %d,99", min(max((measure(cell).rssi+113)/2, 0), 31)))
}

// cmdCESQ prints indices (27.007 §8.69): RSRP = index - 141 dBm, RSRQ = index/2 - 20 dB.
func cmdCESQ(m *module, _ call) reply {
	cell, found := m.camped()
	if !found || cell.RAT != "LTE" {
		return ok("+CESQ: 99,99,255,255,255,255")
	}
	r := measure(cell)
	return ok(fmt.Sprintf("+CESQ: 99,99,255,255,%d,%d", min(max((r.rsrq+20)*2, 0), 34), min(max(r.rsrp+141, 0), 97)))
}

func cmdCEER(m *module, c call) reply {
	if c.form == test || c.form == write {
		return ok()
	}
	return ok(m.p.ceer(m.lastCause))
}
