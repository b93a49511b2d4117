package modemsim

import (
	"slices"
	"strings"
	"time"
)

// stored is a vendor command that keeps what is written, over boots too, and reads it back after its label.
type stored struct {
	name    string
	initial string
	label   string              // of the read answer, "": name and ": "
	test    string              // answer to =?, after the label; "": OK alone
	allowed func(c call) bool   // nil: any value
	idle    bool                // refused while registered
	radio   bool                // a change makes the module search anew
	keep    func(c call) string // what is kept, nil: the parameters as written
}

func (s stored) command() command {
	label := s.label
	if label == "" {
		label = s.name + ": "
	}
	return command{run: func(m *module, c call) reply {
		switch c.form {
		case write:
			return s.write(m, c)
		case test:
			if s.test == "" {
				return ok()
			}
			return ok(label + s.test)
		}
		return ok(label + m.keptOr(s.name, s.initial))
	}}
}

func (s stored) write(m *module, c call) reply {
	switch {
	case s.allowed != nil && !s.allowed(c):
		return m.parameterError()
	case s.idle && m.c.nas.state == registered:
		return cme(3)
	}
	value := c.raw
	if s.keep != nil {
		value = s.keep(c)
	}
	m.keep(s.name, value)
	if s.radio {
		m.searchAnew()
	}
	return ok()
}

// keep stores a setting.
func (m *module) keep(name, value string) {
	m.kept[name] = value
	m.c.say("module", "%s is set to %s", strings.TrimPrefix(name, "+"), value)
}

// searchAnew is what each write of some radio settings does, also one that changes nothing.
func (m *module) searchAnew() {
	if m.power == on {
		m.c.nas.lose("radio settings", orderly)
		m.c.nas.restart("radio settings")
	}
}

// searchIfUnfit leaves a network that the settings no longer allow, and looks again for one that they now do.
func (m *module) searchIfUnfit() {
	n := &m.c.nas
	if n.state == registered {
		cell := m.c.live.Cells[n.cell]
		if m.hears(cell.RAT) && (m.p.roaming(m) || m.c.card.home(cell.PLMN)) {
			return
		}
	}
	m.searchAnew()
}

func (m *module) keptOr(name, initial string) string {
	if value, written := m.kept[name]; written {
		return value
	}
	return initial
}

// setting takes any value.
func setting(name, initial string) command { return stored{name: name, initial: initial}.command() }

// choose takes one of some values.
func choose(name, initial string, values ...string) command {
	return stored{name: name, initial: initial, test: "(" + strings.Join(values, ",") + ")", allowed: firstOf(values...)}.command()
}

// radioChoice takes one of some values and searches anew.
func radioChoice(name, initial string, values ...string) command {
	return stored{name: name, initial: initial, radio: true, allowed: firstOf(values...)}.command()
}

func firstOf(values ...string) func(call) bool {
	return func(c call) bool { return slices.Contains(values, c.arg(0)) }
}

// keyed is a vendor command with named settings, such as AT+QCFG="roamservice",2: without values it reads.
type keyed struct {
	name string
	keys map[string]key
}

// key is one named setting.
type key struct {
	initial string
	allowed []string // of the first value; nil: any
	radio   bool
	shown   func(value string) string // how it is read back, nil: as written
}

func (k keyed) command() command { return command{run: k.run} }

func (k keyed) run(m *module, c call) reply {
	if c.form != write {
		return ok()
	}
	name := strings.ToLower(c.arg(0))
	entry, known := k.keys[name]
	if !known {
		return m.parameterError()
	}
	if len(c.args) == 1 {
		value := m.keptOr(k.name+" "+name, entry.initial)
		if entry.shown != nil {
			value = entry.shown(value)
		}
		return ok(k.name + `: "` + c.arg(0) + `",` + value)
	}
	if entry.allowed != nil && !slices.Contains(entry.allowed, c.arg(1)) {
		return m.parameterError()
	}
	values := min(len(c.args)-1, strings.Count(entry.initial, ",")+1) // what follows is when it takes effect
	written := strings.Split(c.raw, ",")
	if len(written) == len(c.args) { // no comma inside quotes
		m.keep(k.name+" "+name, strings.Join(written[1:1+values], ","))
	}
	if entry.radio {
		m.searchIfUnfit()
	}
	return ok()
}

// edrx is AT+CEDRXS. Each family reads back a switched-off eDRX in its own way: none is "" or a line of its own.
type edrx struct {
	none []string
	act  string // of the line when it is on
	keep bool   // a plain 0 does not switch it off: it wants AT+CEDRXS=3,<AcT>
}

func (e edrx) command() command {
	return command{run: func(m *module, c call) reply {
		switch {
		case c.form == test:
			return ok()
		case c.form != write:
			if value := m.kept["+CEDRXS"]; value != "" {
				return ok("+CEDRXS: " + value)
			}
			return ok(e.none...)
		}
		switch mode := c.number(0, -1); {
		case mode < 0 || mode > 3:
			return m.parameterError()
		case mode == 1 || mode == 2:
			act := c.arg(1)
			if act == "" {
				act = e.act
			}
			m.keep("+CEDRXS", act+`,"`+c.arg(2)+`"`)
		case mode == 3 && (c.arg(1) == "" || strings.HasPrefix(m.kept["+CEDRXS"], c.arg(1)+",")), mode == 0 && !e.keep:
			m.keep("+CEDRXS", "")
		}
		return ok()
	}}
}

// psm is AT+CPSMS (27.007 §7.38): a mode and four timers.
func psm(label, timers string) command {
	return stored{name: "+CPSMS", label: label, initial: "0" + timers, allowed: firstOf("0", "1", "2"), keep: func(c call) string {
		if len(c.args) > 1 {
			return c.raw
		}
		return c.arg(0) + timers
	}}.command()
}

// powerDown is the family's off command: the network is told, then the module prints done and is off. An OK comes at
// once, unless mute. Arguments in silent switch off without a word.
func powerDown(done string, takes time.Duration, mute bool, silent ...string) command {
	return command{run: func(m *module, c call) reply {
		if c.form == test {
			return ok()
		}
		quiet := len(c.args) > 0 && slices.Contains(silent, c.arg(0))
		return reply{mute: mute || quiet, then: func() {
			m.c.nas.lose("power-off command", orderly)
			m.c.in(takes, func() {
				if !quiet {
					m.urc(done)
				}
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

// early refuses a command with reply r while the module still reads its card after a boot.
func early(r reply, c command) command {
	late := c.run
	c.run = func(m *module, c call) reply {
		if m.c.card.state() == cardBusy {
			return r
		}
		return late(m, c)
	}
	return c
}
