package modemsim

import (
	"slices"
	"time"
)

// personality is everything in which one module differs from the next. Rows are written from the makers' documents as
// collected in the dialect reference; what is marked "guess" below is not documented.
type personality struct {
	name    string
	aliases []string

	maker, model, firmware, imei string
	revision                     func(firmware string) string // AT+CGMR
	info                         func(m *module, n int) []string

	ready    time.Duration // from power to the first answer
	cfunLine string        // printed when the boot ends with the radio on, "" for none
	banner   []bootLine    // counted from ready

	rats       []string
	psDomain   bool // has 2G or 3G, so +CGREG follows searches
	psOnLTE    bool // +CGREG reports LTE registration too
	regTest    [3]string
	execResets bool // AT+CREG without ? sets n back to 0
	location   func(domain int, cell Cell, act int) string

	cfunRead, cfunTest    string
	cfunLevels, cfunReset []int
	cfunChange            func(m *module, fun int) (early, late []string)

	badValue          int // +CME for a wrong parameter, 0: ERROR
	missing           int // +CME for a command that this family lacks, 0: ERROR
	scanLow, scanHigh time.Duration
	scanAbort         string // final result when input aborts AT+COPS, "": input waits
	attachWait        time.Duration
	lastPDN           int // +CME for deactivating the only LTE context, 0: ERROR

	contextUp      string // words of +CGEV for a new context
	contextLine    func(cid int, c pdp, ip string) string
	contextRefused func(m *module) *reply // nil: contexts may be written now
	addressLine    func(cid int, ip string) string
	networkAPN     func(apn string) string
	ceer           func(why cause) string

	cardReady                          func(m *module) []bootLine
	cardGone, cardBack, cardRefreshing func(m *module) []string

	extra map[string]command
	lacks []string
}

// bootLine is an unsolicited line some time after its reason.
type bootLine struct {
	after time.Duration
	text  string
}

// personalities is the list. The first stands in for a name that is not known.
var personalities = []*personality{quectelEG25(), simcomSIM7600(), ubloxSARAR5()}

var standard = standardCommands()

// Personalities lists the names that modem = "…" takes, aliases left out.
func Personalities() []string {
	names := make([]string, len(personalities))
	for i, p := range personalities {
		names[i] = p.name
	}
	return names
}

func findPersonality(name string) (*personality, bool) {
	for _, p := range personalities {
		if p.name == name || slices.Contains(p.aliases, name) {
			return p, true
		}
	}
	return nil, false
}

// command finds a row by name: the family's own first.
func (p *personality) command(name string) (command, bool) {
	c, known := p.extra[name]
	if !known {
		c, known = standard[name]
	}
	if slices.Contains(p.lacks, name) {
		code := p.missing
		return command{run: func(*module, call) reply {
			if code == 0 {
				return fails()
			}
			return cme(code)
		}}, true
	}
	if name == "+COPS" {
		c.abort = p.scanAbort
	}
	return c, known
}

// setting is a vendor command that only stores: it reads back "<name>: <value>" and takes any value.
func setting(name, initial string) command {
	return command{run: func(m *module, c call) reply {
		if c.form == write {
			m.kept[name] = joined(c.args)
			return ok()
		}
		if c.form == test {
			return ok()
		}
		if value, written := m.kept[name]; written {
			return ok(name + ": " + value)
		}
		return ok(name + ": " + initial)
	}}
}

func joined(args []string) string {
	out := ""
	for i, a := range args {
		if i > 0 {
			out += ","
		}
		out += a
	}
	return out
}

// powerDown is the family's off command: the network is told, then the module prints done and is off.
func powerDown(done string, takes time.Duration) command {
	return command{run: func(m *module, c call) reply {
		if c.form == test {
			return ok()
		}
		return reply{then: func() {
			m.c.nas.lose("power-off command", orderly)
			m.c.in(takes, func() {
				m.urc(done)
				m.c.in(afterFinal, func() { m.powerOff(orderly) })
			})
		}}
	}}
}

// resetCommand reboots without parameters.
func resetCommand(name string) command {
	return command{run: func(m *module, c call) reply {
		if c.form == test {
			return ok()
		}
		return reply{then: func() { m.reset("AT"+name, orderly) }}
	}}
}
