package modemsim

import (
	"fmt"
	"strings"
	"time"
)

// domains are the registration commands, in the order of the settings they keep.
var domains = [4]string{"+CREG", "+CGREG", "+CEREG", "+C5GREG"}

const (
	domainCS = iota
	domainPS
	domainEPS
	domain5GS
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
	if m.p.regTest[domain] == "" {
		return m.lacking(name)
	}
	switch c.form {
	case read:
		return ok(fmt.Sprintf("%s: %d,%s", name, *n, m.registration(domain, *n, true)))
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
	m.lastReg[domain] = m.registration(domain, want, false)
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
	switch packet := alwaysOn(cell.RAT); {
	case domain == domainEPS && cell.RAT != "LTE", domain == domain5GS && cell.RAT != "5G",
		domain == domainCS && cell.RAT == "5G":
		return 0
	case domain == domainPS && packet && !m.p.psOnLTE:
		return m.p.psStale
	}
	if m.c.card.home(cell.PLMN) {
		return 1
	}
	return 5
}

// registration is a registration line from <stat> on, as the answer to AT+CREG? or as a line that comes by itself.
func (m *module) registration(domain, n int, read bool) string {
	stat := m.stat(domain)
	w := where{domain: domain, n: n, read: read}
	switch {
	case n >= 2 && (stat == 1 || stat == 5):
		w.cell = m.c.live.Cells[m.c.nas.cell]
		w.act = m.p.accessTechnology(w.cell.RAT)
		return decimal(stat) + m.p.location(w)
	case stat == 3 && m.c.nas.cause.number != 0:
		return decimal(stat) + m.p.refusal(w, m.c.nas.cause)
	}
	return decimal(stat)
}

// standardRefusal is 27.007's <cause_type>,<reject_cause> with n=3 and n=5.
func standardRefusal(w where, why cause) string {
	if w.n != 3 && w.n != 5 {
		return ""
	}
	return fmt.Sprintf(",,,,0,%d", why.number)
}

// quotedLocation prints ,"TAC","CI",AcT; width pads the cell identity with zeros.
func quotedLocation(width string) func(where) string {
	return func(w where) string {
		return fmt.Sprintf(`,"%04X","%`+width+`X",%d`, w.cell.TAC, w.cell.CellID, w.act)
	}
}

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
	if m.p.noAct {
		return fmt.Sprintf(`%d,%d,"%s"`, n.mode, m.set.copsFormat, name)
	}
	return fmt.Sprintf(`%d,%d,"%s",%d`, n.mode, m.set.copsFormat, name, m.p.accessTechnology(cell.RAT))
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
		act := "," + decimal(m.p.accessTechnology(cell.RAT))
		if m.p.noAct {
			act = ""
		}
		fmt.Fprintf(&list, `(%d,"%s","%s","%s"%s),`, stat, cell.Name, short, cell.PLMN, act)
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

// rsrpIndex and its neighbours are the indices of AT+CESQ (27.007 §8.69).
func (r reading) rsrpIndex() int { return min(max(r.rsrp+141, 0), 97) }
func (r reading) rsrqIndex() int { return min(max((r.rsrq+20)*2, 0), 34) }
func (r reading) rssiIndex() int { return min(max(r.rssi+110, 0), 63) }

// cmdCESQ prints rxlev and ber of 2G, rscp and ecno of 3G, rsrq and rsrp of LTE; the others are not known.
func cmdCESQ(m *module, c call) reply {
	cell, found := m.camped()
	r := measure(cell)
	switch {
	case c.form == test:
		return ok("+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)")
	case found && cell.RAT == "LTE":
		return ok(fmt.Sprintf("+CESQ: 99,99,255,255,%d,%d", r.rsrqIndex(), r.rsrpIndex()))
	case found && cell.RAT == "3G":
		return ok(fmt.Sprintf("+CESQ: 99,99,%d,24,255,255", min(max(r.rsrp+120, 0), 96)))
	case found && cell.RAT == "2G":
		return ok(fmt.Sprintf("+CESQ: %d,0,255,255,255,255", r.rssiIndex()))
	}
	return ok("+CESQ: 99,99,255,255,255,255")
}

func cmdCEER(m *module, c call) reply {
	if c.form == test || c.form == write {
		return ok()
	}
	return ok(m.p.ceer(m, m.lastCause)...)
}
