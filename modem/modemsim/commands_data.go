package modemsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

func dataCommands() map[string]command {
	return map[string]command{
		"+CGATT": {run: cmdCGATT}, "+CGDCONT": {run: cmdCGDCONT}, "+CGACT": {run: cmdCGACT},
		"+CGPADDR": {run: cmdCGPADDR}, "+CGCONTRDP": {run: cmdCGCONTRDP}, "+CGEREP": {run: cmdCGEREP},
	}
}

func cmdCGATT(m *module, c call) reply {
	switch c.form {
	case test:
		return ok("+CGATT: (0,1)")
	case read:
		if m.c.nas.state == registered {
			return ok("+CGATT: 1")
		}
		return ok("+CGATT: 0")
	}
	switch c.number(0, -1) {
	case 0:
		m.c.nas.setDetached(true)
		return reply{after: between(m.line.dice, 300*time.Millisecond, 3*time.Second)}
	case 1:
		if m.cfun != 1 {
			return cme(3)
		}
		return m.withCard(func() reply {
			m.c.nas.setDetached(false)
			return m.untilAttached(m.c.nas.outcomes, m.c.now.Add(m.p.attachWait))
		})
	}
	return m.parameterError()
}

// untilAttached waits for the attach attempt that CGATT=1 started: its cause becomes the error (27.007 §9.2.2).
func (m *module) untilAttached(outcomes int, give time.Time) reply {
	n := &m.c.nas
	switch {
	case n.state == registered:
		return ok()
	case n.invalid, n.outcomes > outcomes && n.state == denied:
		return cme(attachError(n.cause))
	case m.c.now.After(give), !n.able():
		return cme(30)
	}
	return reply{after: 500 * time.Millisecond, more: func() reply { return m.untilAttached(outcomes, give) }}
}

// attachError is 100 + cause for the causes that have a number of their own (27.007 §9.2.2.1).
func attachError(why cause) int {
	switch {
	case why.esm != 0:
		return sessionError(why.esm)
	case why.number >= 3 && why.number <= 22:
		return 100 + why.number
	}
	return 148
}

func sessionError(sm int) int {
	switch {
	case sm == 8:
		return 177
	case sm >= 26 && sm <= 34:
		return 100 + sm
	}
	return 148
}

func cmdCGDCONT(m *module, c call) reply {
	switch c.form {
	case test:
		return ok(`+CGDCONT: (1-16),"IP",,,(0-2),(0-4)`, `+CGDCONT: (1-16),"IPV6",,,(0-2),(0-4)`)
	case read, execute:
		var lines []string
		for _, cid := range slices.Sorted(maps.Keys(m.contexts)) {
			lines = append(lines, "+CGDCONT: "+m.p.contextLine(cid, m.contexts[cid], m.address(cid)))
		}
		return ok(lines...)
	}
	if refused := m.p.contextRefused(m); refused != nil {
		return *refused
	}
	cid, kind := c.number(0, 0), strings.ToUpper(c.arg(1))
	switch {
	case cid < 1 || cid > 16:
		return m.parameterError()
	case len(c.args) == 1:
		delete(m.contexts, cid)
	case !slices.Contains([]string{"IP", "IPV6", "IPV4V6", "NONIP", "PPP"}, kind), len(c.arg(2)) > 100:
		return m.parameterError()
	default:
		m.contexts[cid] = pdp{kind, c.arg(2)}
		m.c.say("module", "the host sets context %d to %s %q", cid, kind, c.arg(2))
	}
	return ok()
}

// defaultBearer is a family's own command for the APN of the attach: how it is read, where its type and its APN are when
// it is written, and when that is refused.
type defaultBearer struct {
	line    string // of the answer
	at      int    // place of the type; the APN follows
	refused func(m *module) bool
}

func (b defaultBearer) command() command {
	return command{run: func(m *module, c call) reply {
		switch {
		case c.form == test:
			return ok()
		case c.form != write:
			return ok(fmt.Sprintf(b.line, m.bearer.kind, m.bearer.apn))
		case b.refused(m):
			return cme(3)
		}
		kind := strings.ToUpper(c.arg(b.at))
		if !slices.Contains([]string{"IP", "IPV6", "IPV4V6"}, kind) || len(c.arg(b.at+1)) > 100 {
			return m.parameterError()
		}
		m.bearer = pdp{kind, c.arg(b.at + 1)}
		m.c.say("module", "the host sets the attach to %s %q", m.bearer.kind, m.bearer.apn)
		return ok()
	}}
}

// address is the context's IP, "" when it is not active.
func (m *module) address(cid int) string {
	if n := &m.c.nas; n.session != nil && n.sessionID == cid && n.state == registered {
		return n.session.ip
	}
	return ""
}

func cmdCGACT(m *module, c call) reply {
	switch c.form {
	case test:
		return ok("+CGACT: (0,1)")
	case read:
		var lines []string
		for _, cid := range slices.Sorted(maps.Keys(m.contexts)) {
			active := 0
			if m.address(cid) != "" {
				active = 1
			}
			lines = append(lines, fmt.Sprintf("+CGACT: %d,%d", cid, active))
		}
		return ok(lines...)
	}
	cid := c.number(1, 1)
	if _, defined := m.contexts[cid]; !defined {
		return m.parameterError()
	}
	if m.c.nas.state != registered {
		return cme(30)
	}
	work := between(m.line.dice, 300*time.Millisecond, 3*time.Second)
	if c.number(0, 0) == 1 {
		return reply{after: work, more: func() reply { return m.activate(cid) }}
	}
	return reply{after: work, more: func() reply { return m.deactivate(cid) }}
}

func (m *module) activate(cid int) reply {
	if m.c.nas.state != registered {
		return cme(30)
	}
	if m.p.actOnce && m.address(cid) != "" {
		return fails()
	}
	if sm := m.c.nas.activate(cid, m.apn(cid)); sm != 0 {
		m.lastCause = cause{session: sm}
		m.c.say("network", "refuses context %d with SM #%d %s", cid, sm, causeText(smTexts, sm))
		return cme(sessionError(sm))
	}
	return ok()
}

// deactivate ends a context. The last one of an LTE attachment cannot be ended (TS 24.301 §6.5.2, cause #49).
func (m *module) deactivate(cid int) reply {
	n := &m.c.nas
	if m.address(cid) == "" {
		return ok()
	}
	if alwaysOn(m.c.live.Cells[n.cell].RAT) {
		if m.p.lastPDN == 0 {
			return fails()
		}
		return cme(m.p.lastPDN)
	}
	n.dropSession(orderly)
	return ok()
}

func cmdCGPADDR(m *module, c call) reply {
	if c.form == test {
		return ok("+CGPADDR: (1)")
	}
	var lines []string
	for _, cid := range slices.Sorted(maps.Keys(m.contexts)) {
		if c.form != write || c.number(0, 0) == cid {
			lines = append(lines, "+CGPADDR: "+m.p.addressLine(cid, m.address(cid)))
		}
	}
	return ok(lines...)
}

// cmdCGCONTRDP prints the network's parameters of active contexts (27.007 §10.1.23).
func cmdCGCONTRDP(m *module, c call) reply {
	var lines []string
	for _, cid := range slices.Sorted(maps.Keys(m.contexts)) {
		ip := m.address(cid)
		if ip == "" || c.form == write && c.number(0, 0) != cid {
			continue
		}
		lines = append(lines, fmt.Sprintf(`+CGCONTRDP: %d,5,"%s","%s.255.255.255.252","%s","8.8.8.8","8.8.4.4"`,
			cid, m.p.networkAPN(m.apn(cid)), ip, ip))
	}
	return ok(lines...)
}

func cmdCGEREP(m *module, c call) reply {
	switch c.form {
	case test:
		return ok("+CGEREP: (0-2),(0-1)")
	case read:
		return ok(fmt.Sprintf("+CGEREP: %d,0", m.set.cgerep))
	}
	if refused := m.p.contextRefused(m); refused != nil {
		return *refused
	}
	m.set.cgerep = c.number(0, 0)
	return ok()
}
