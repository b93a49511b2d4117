package modemsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// standardCommands are the commands every family has, in the 3GPP form. A personality replaces rows, adds its own, or
// lacks some.
func standardCommands() map[string]command {
	out := map[string]command{
		"E": {run: cmdEcho}, "I": {run: cmdInfo}, "Z": {run: cmdDefaults}, "&F": {run: cmdDefaults},
		"&W": accept, "&D": accept, "&C": accept, "&K": accept, "V": accept, "Q": accept, "X": accept, "S": accept,
		"H": {run: cmdHangUp}, "O": {run: cmdResume}, "D": {run: cmdDial, low: 300 * time.Millisecond, high: 2 * time.Second},
		"+CGMI": {run: cmdText(func(m *module) string { return m.p.maker })},
		"+CGMM": {run: cmdText(func(m *module) string { return m.p.model })},
		"+CGMR": {run: cmdText(func(m *module) string { return m.p.revision(m.firmware()) })},
		"+CGSN": {run: cmdText((*module).imei)},
		"+CMEE": {run: cmdCMEE}, "+CFUN": {run: cmdCFUN, low: 200 * time.Millisecond, high: 2500 * time.Millisecond},
		"+CCLK": {run: cmdClock}, "+CTZU": accept, "+CTZR": {run: cmdTimeReports}, "+IPR": setting("+IPR", "115200"),
		"+IFC": setting("+IFC", "0,0"), "+CSCS": setting("+CSCS", `"GSM"`),
		"+CPSMS": psm("", `,,,"01100000","00000000"`), "+CEDRXS": edrx{act: "4"}.command(), "+CGREP": accept,
		"+CNMI": accept, "+CMGF": accept, "+CSCON": accept,
	}
	for _, more := range []map[string]command{simCommands(), networkCommands(), dataCommands()} {
		for name, c := range more {
			out[name] = c
		}
	}
	out["+GMI"], out["+GMM"], out["+GMR"], out["+GSN"] = out["+CGMI"], out["+CGMM"], out["+CGMR"], out["+CGSN"]
	return out
}

// accept is a command whose effect nothing in this world depends on.
var accept = command{run: func(*module, call) reply { return ok() }}

// cmdText answers one bare line.
func cmdText(what func(*module) string) func(*module, call) reply {
	return func(m *module, c call) reply {
		if c.form == test {
			return ok()
		}
		return ok(what(m))
	}
}

func cmdEcho(m *module, c call) reply {
	m.set.echo = c.number(0, 0) == 1
	return ok()
}

func cmdInfo(m *module, c call) reply { return ok(m.p.info(m, c.number(0, 0))...) }

// cmdDefaults is ATZ and AT&F: session settings go back to their defaults.
func cmdDefaults(m *module, _ call) reply {
	m.set = m.p.fresh(true)
	return ok()
}

func cmdCMEE(m *module, c call) reply {
	switch c.form {
	case read:
		return ok("+CMEE: " + decimal(m.set.cmee))
	case test:
		return ok("+CMEE: (0,1,2)")
	}
	n := c.number(0, -1)
	if n < 0 || n > 2 {
		return fails()
	}
	m.set.cmee = n
	return ok()
}

// cmdCFUN takes its time; the radio changes when it answers.
func cmdCFUN(m *module, c call) reply {
	switch c.form {
	case read:
		return ok(fmt.Sprintf(m.p.cfunRead, m.cfun))
	case test:
		return ok(m.p.cfunTest)
	}
	fun := c.number(0, -1)
	switch {
	case slices.Contains(m.p.cfunReset, fun), fun == 1 && c.number(1, 0) == 1:
		return m.resetByLevel(c)
	case !slices.Contains(m.p.cfunLevels, fun), m.p.cfunRefused(m, fun):
		return m.parameterError()
	case fun == m.cfun:
		return ok()
	}
	early, late := m.p.cfunChange(m, fun)
	m.urcs(early)
	m.setCFUN(fun)
	return reply{then: func() { m.urcs(late) }}
}

// resetByLevel answers OK and resets; some answer when the reset is over, at a fixed baud rate.
func (m *module) resetByLevel(c call) reply {
	late := m.p.lateOK
	return reply{mute: late, then: func() {
		m.reset("AT+CFUN="+strings.Join(c.args, ","), orderly)
		m.owesOK = late
	}}
}

// cmdTimeReports is AT+CTZR: the network's time is printed at each registration.
func cmdTimeReports(m *module, c call) reply {
	switch c.form {
	case read:
		return ok("+CTZR: " + decimal(m.set.timeURC))
	case write:
		m.set.timeURC = c.number(0, 0)
	}
	return ok()
}

// parameterError is how the family refuses a value.
func (m *module) parameterError() reply {
	if m.p.badValue == 0 {
		return fails()
	}
	return cme(m.p.badValue)
}

// cmdClock prints the network's time once the module was registered, and the epoch of its firmware before.
func cmdClock(m *module, c call) reply {
	if c.form == write {
		return ok()
	}
	if m.c.nas.state != registered {
		return ok(`+CCLK: "80/01/06,00:00:12+00"`)
	}
	return ok(`+CCLK: "` + m.c.now.UTC().Format("06/01/02,15:04:05") + `+00"`)
}

// cmdDial is ATD*99#: packet data over this port. Voice numbers end in NO CARRIER.
func cmdDial(m *module, c call) reply {
	if !strings.HasPrefix(c.arg(0), "*99") || m.c.nas.state != registered {
		return reply{final: "NO CARRIER"}
	}
	cid := 1
	if _, after, found := strings.Cut(c.arg(0), "***"); found {
		cid = call{args: []string{strings.TrimRight(after, "#")}}.number(0, 1)
	}
	if sm := m.c.nas.activate(cid, m.apn(cid)); sm != 0 {
		m.lastCause = cause{session: sm}
		return reply{final: "NO CARRIER"}
	}
	m.cli.online = true
	return reply{final: "CONNECT 150000000"}
}

// cmdHangUp ends a dialled connection; on LTE the default bearer stays.
func cmdHangUp(m *module, _ call) reply {
	m.dropDialled()
	return ok()
}

func cmdResume(m *module, _ call) reply {
	if m.c.nas.session == nil {
		return reply{final: "NO CARRIER"}
	}
	m.cli.online = true
	return reply{final: "CONNECT 150000000"}
}

// dropDialled deactivates a context that only a dialled connection keeps: on 2G and 3G.
func (m *module) dropDialled() {
	if n := &m.c.nas; n.session != nil && n.state == registered && !alwaysOn(m.c.live.Cells[n.cell].RAT) {
		n.dropSession(orderly)
	}
}

// cmeText is the verbose form (27.007 §9.2); a number not in the table is "unknown".
func cmeText(code int) string {
	if text, ok := cmeTexts[code]; ok {
		return text
	}
	return "unknown"
}

var cmeTexts = map[int]string{
	3: "operation not allowed", 4: "operation not supported", 10: "SIM not inserted", 11: "SIM PIN required",
	12: "SIM PUK required", 13: "SIM failure", 14: "SIM busy", 15: "SIM wrong", 16: "incorrect password",
	21: "invalid index", 22: "not found", 30: "no network service", 31: "network timeout",
	32: "network not allowed - emergency calls only", 50: "incorrect parameters", 100: "unknown",
	103: "Illegal MS", 106: "Illegal ME", 107: "GPRS services not allowed",
	108: "GPRS services and non-GPRS services not allowed", 111: "PLMN not allowed", 112: "Location area not allowed",
	113: "Roaming not allowed in this location area", 114: "GPRS services not allowed in this PLMN",
	115: "No suitable cells in location area", 117: "Network failure", 122: "Congestion",
	126: "Insufficient resources", 127: "Missing or unknown APN", 129: "User authentication failed",
	132: "Service option not supported", 133: "Requested service option not subscribed",
	134: "Service option temporarily out of order", 148: "Unspecified GPRS error", 151: "Last PDN disconnection not allowed",
	171: "Last PDN disconnection not allowed", 177: "Operator determined barring",
}
