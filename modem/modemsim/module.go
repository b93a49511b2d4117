package modemsim

import (
	"slices"
	"time"
)

// power is the module's supply and boot state.
type power uint8

const (
	off power = iota
	booting
	on
)

// settings are forgotten at every boot: echo comes back, unsolicited registration lines go away.
type settings struct {
	echo       bool
	cmee       int
	copsFormat int // of <oper> in AT+COPS?: 0 long, 2 numeric
	reg        [4]int
	cgerep     int
	simURC     int  // +USIMSTAT mask, +QSIMSTAT
	timeURC    int  // +CTZR, +CLTS
	callCause  bool // AT+CEER=1 of the SIM800
	stack      stackState
}

// fresh are the settings of a boot.
func (p *personality) fresh(echo bool) settings { return settings{echo: echo, cgerep: p.cgerep} }

// module is the cellular module: its power, its memory, its faults. What it answers is in commands*.go, and what
// differs by maker in the personalities.
type module struct {
	c         *core
	p         *personality
	power     power
	cfun      int
	set       settings
	contexts  map[int]pdp       // kept over boots, as all three makers do
	bearer    pdp               // the family's own setting for the default bearer, kept too; see personality.bearer
	kept      map[string]string // vendor settings that were written: QCFG, UMNOPROF …
	booted    bool
	owesOK    bool    // the reset that is under way was asked for by a command that still waits for its OK
	starting  []*task // the boot, and lines still to be printed because of it
	line      line
	cli       cli
	lastReg   [4]string
	lastCause cause // what +CEER reports; outlives its reason
}

// pdp is one defined context.
type pdp struct{ kind, apn string }

func newModule(c *core) module {
	p, ok := findPersonality(c.live.Modem)
	if !ok { // a Scenario that was not parsed may name anything
		p = personalities[0]
	}
	m := module{c: c, p: p, kept: map[string]string{}, contexts: map[int]pdp{}}
	m.contexts[1] = pdp{c.live.Module.PDPType, c.live.Module.APN}
	m.bearer = m.contexts[1]
	for i := range c.live.Cells {
		if c.live.Cells[i].RAT == "" {
			c.live.Cells[i].RAT = p.rats[0]
		}
	}
	return m
}

// remember runs the commands of an earlier owner; only what survives a boot is left of them.
func (m *module) remember(lines []string) {
	for _, text := range lines {
		body, _ := afterPrefix(text)
		calls, _ := parseLine(body)
		for _, c := range calls {
			if row, known := m.p.command(c.name); known {
				row.run(m, c)
			}
		}
	}
}

func (m *module) imei() string {
	if m.c.live.Module.IMEI != "" {
		return m.c.live.Module.IMEI
	}
	return m.p.imei
}

func (m *module) firmware() string {
	if m.c.live.Module.Firmware != "" {
		return m.c.live.Module.Firmware
	}
	return m.p.firmware
}

func (m *module) apn(cid int) string { return m.contexts[cid].apn }

// attachAPN is the APN that an attach to LTE asks for: the first context's, unless the family has a setting of its own.
func (m *module) attachAPN() string {
	if m.p.bearer {
		return m.bearer.apn
	}
	return m.apn(1)
}

// powerOn starts a module that is off. A module that is on is not disturbed: World is the supply, not the PWRKEY.
func (m *module) powerOn() {
	if m.power != off {
		return
	}
	m.c.say("module", "gets power")
	m.boot()
}

// powerOff cuts or ends the supply.
func (m *module) powerOff(how farewell) {
	if m.power == off {
		return
	}
	m.c.say("module", "is off")
	m.down(how)
	m.power = off
	if live := &m.c.live.Module; live.Speaks == speaksError {
		live.Speaks = speaksModem
	}
}

// reset is a reboot without loss of power: RESET_N, AT+CFUN=1,1, a watchdog inside.
func (m *module) reset(why string, how farewell) {
	if m.power == off {
		return
	}
	m.c.say("module", "resets (%s)", why)
	m.c.stats.Resets++
	m.down(how)
	m.boot()
}

// down ends everything that lives on the module's supply.
func (m *module) down(how farewell) {
	for _, t := range m.starting {
		t.stop()
	}
	m.starting = nil
	m.c.nas.lose("power", how)
	m.c.nas.radio = false
	m.c.nas.forget()
	m.c.card.power(false)
	m.line.reset()
	m.cli.reset()
}

// boot runs the personality's start. Until it is ready the module neither echoes nor answers.
func (m *module) boot() {
	m.c.stats.Boots++
	m.power = booting
	m.set = m.p.fresh(m.c.live.Module.Echo)
	m.lastReg, m.lastCause, m.owesOK = [4]string{}, cause{}, false
	m.line = line{c: m.c, dice: dice(m.c.live.Seed, uint64(100+m.c.stats.Boots))}
	m.cli = cli{m: m}
	m.cfun = 1
	switch {
	case m.booted && m.c.nas.mode == 2: // deregistration is not kept, a chosen network is
		m.c.nas.mode = 0
	case !m.booted:
		m.cfun, m.c.nas.mode, m.c.nas.manual = m.c.live.Module.CFUN, m.c.live.Module.COPSMode, m.c.live.Module.COPSPLMN
	}
	m.booted, m.c.nas.detached = true, false
	ready := m.p.ready
	if m.c.live.Module.Boot >= 0 {
		ready = m.c.live.Module.Boot
	}
	m.starting = append(m.starting, m.c.in(ready, m.awake))
}

// awake is the end of the boot.
func (m *module) awake() {
	m.power = on
	m.c.say("module", "has booted (%s)", m.p.name)
	if m.owesOK {
		m.line.answer(nil, "OK")
		m.owesOK = false
	}
	if !m.autobauding() {
		m.announce(m.p.banner)
		if m.cfun == 1 {
			m.urc(m.p.cfunLine)
		}
	}
	m.c.card.power(!slices.Contains(m.p.cardless, m.cfun))
	if m.c.card.state() == cardAbsent {
		m.urcs(m.p.cardGone(m))
	}
	m.c.nas.setRadio(m.cfun == 1)
}

// autobauding tells whether the boot's lines stay away because the module waits for the host's first AT.
func (m *module) autobauding() bool { return m.p.quietAutobaud && m.kept["+IPR"] == "0" }

// setCFUN changes the functionality level. Some take the card's power too.
func (m *module) setCFUN(fun int) {
	if fun == 1 && m.cfun != 1 {
		m.c.stats.RadioCycles++
	}
	m.cfun = fun
	if fun == 1 {
		m.c.card.power(true)
		m.c.nas.setRadio(true)
		return
	}
	m.c.nas.setRadio(false)
	m.c.card.power(!slices.Contains(m.p.cardless, fun))
}

// settle takes over what the scenario changed in [modem].
func (m *module) settle(before *Scenario) {
	now, was := m.c.live.Module, before.Module
	if now.APN != was.APN || now.PDPType != was.PDPType {
		m.contexts[1] = pdp{now.PDPType, now.APN}
		m.bearer = m.contexts[1]
	}
	switch {
	case now.Powered && !was.Powered:
		m.powerOn()
	case !now.Powered && was.Powered:
		m.powerOff(abrupt)
	}
	if m.power != on {
		return
	}
	if now.CFUN != was.CFUN {
		m.setCFUN(now.CFUN)
	}
	if now.COPSMode != was.COPSMode || now.COPSPLMN != was.COPSPLMN {
		m.c.nas.selectMode(now.COPSMode, now.COPSPLMN)
	}
}

// urc prints an unsolicited line, "" none.
func (m *module) urc(text string) {
	if m.power == on && text != "" {
		m.line.unsolicited(text)
	}
}

func (m *module) urcs(texts []string) {
	for _, text := range texts {
		m.urc(text)
	}
}

// announce prints lines that come some time after their reason; a loss of power takes back what is still to come.
func (m *module) announce(lines []bootLine) {
	m.starting = slices.DeleteFunc(m.starting, func(t *task) bool { return !t.at.After(m.c.now) })
	for _, b := range lines {
		if b.after == 0 {
			m.urc(b.text)
			continue
		}
		m.starting = append(m.starting, m.c.in(b.after, func() { m.urc(b.text) }))
	}
}

// What the card does, the personality prints.
func (m *module) cardReady() {
	if m.c.card.state() == cardPIN {
		m.urc("+CPIN: SIM PIN")
		return
	}
	if !m.autobauding() {
		m.announce(m.p.cardReady(m))
	}
	m.c.card.refreshed = false
}

func (m *module) cardGone()       { m.urcs(m.p.cardGone(m)) }
func (m *module) cardBack()       { m.urcs(m.p.cardBack(m)) }
func (m *module) cardRefreshing() { m.urcs(m.p.cardRefreshing(m)) }

// contextUp and its neighbours are the packet domain's events of AT+CGEREP (27.007 §10.1.19).
func (m *module) contextUp(cid int) {
	if m.set.cgerep > 0 {
		m.urc("+CGEV: " + m.p.contextUp + " " + decimal(cid))
	}
}

func (m *module) contextLost(cid int, how farewell) {
	m.cli.hangUp(true)
	if m.set.stack == stackOpen {
		m.set.stack = stackLost
		m.urcs(m.p.stackLost(m))
	}
	if m.set.cgerep == 0 {
		return
	}
	if how == byNetwork {
		m.urc("+CGEV: NW PDN DEACT " + decimal(cid))
		return
	}
	m.urc("+CGEV: ME PDN DEACT " + decimal(cid))
}

func (m *module) networkDetached() {
	if m.set.cgerep > 0 {
		m.urc("+CGEV: NW DETACH")
	}
}

// registrationChanged prints the registration lines that changed and remembers the cause for +CEER.
func (m *module) registrationChanged() {
	if why := m.c.nas.cause; why != (cause{}) {
		m.lastCause = why
	}
	for d := range domains {
		text := m.registration(d, m.set.reg[d], false)
		if m.set.reg[d] > 0 && text != m.lastReg[d] {
			m.urc(domains[d] + ": " + text)
		}
		m.lastReg[d] = text
	}
	if m.set.timeURC > 0 && m.c.nas.state == registered { // network time comes with the registration (TS 24.301 §5.4.5)
		m.urcs(m.p.timeLines(m.c.now.UTC()))
	}
}

// inject starts a fault; d 0 is the fault's own duration.
func (c *core) inject(name string, d time.Duration) {
	i := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
	if i < 0 {
		c.say("fault", "%s is not known", name)
		return
	}
	f := faults[i]
	if d == 0 {
		d = f.lasts
	}
	c.say("fault", "%s", name)
	if f.host {
		c.tellHost(name, d)
	}
	f.start(c)
	if d > 0 && f.end != nil {
		c.in(d, func() {
			c.say("fault", "%s ends", name)
			f.end(c)
		})
	}
}

// fault is one row of what can go wrong: add a row to add a fault to the scenario files.
type fault struct {
	name  string
	lasts time.Duration // when the scenario does not say; 0: until power or reset
	start func(*core)
	end   func(*core) // nil: nothing to end
	host  bool        // it befalls the host too
}

var faults = []fault{
	{"modem-hang", 0, func(c *core) { c.mod.line.hang() }, func(c *core) { c.mod.line.wake() }, false},
	{"hang-mid-answer", 0, func(c *core) { c.mod.line.cut = true }, func(c *core) { c.mod.line.wake() }, false},
	{"modem-reboot", 0, func(c *core) { c.mod.reset("by itself", abrupt) }, nil, false},
	{"hang", 0, func(c *core) { c.mod.line.hang() }, func(c *core) { c.mod.line.wake() }, false}, // short names of the two above
	{"reboot", 0, func(c *core) { c.mod.reset("by itself", abrupt) }, nil, false},
	{"garbage", time.Minute, func(c *core) { c.mod.line.noise() }, func(c *core) { c.mod.line.noisy = false }, false},
	{"drop-bytes", time.Minute, func(c *core) { c.mod.line.dropping = true }, func(c *core) { c.mod.line.dropping = false }, false},
	{"silence", time.Minute, func(c *core) { c.mod.line.mute = true }, func(c *core) { c.mod.line.mute = false }, false},
	{"low-supply", 0, func(c *core) { c.mod.urc(c.mod.p.lowSupply) }, nil, false}, // a warning, where the family has one
	{"sim-pulled", 0, func(c *core) { c.present(false) }, func(c *core) { c.present(true) }, false},
	{"sim-inserted", 0, func(c *core) { c.present(true) }, nil, false},
	{"silent-detach", 0, func(c *core) { c.loseSession() }, nil, false},
	{"session-ended", 0, func(c *core) { c.home.forget() }, nil, false},
	{"port-gone", 0, func(c *core) { c.port(portGone) }, func(c *core) { c.port(portBack) }, false},
	{"port-back", 0, func(c *core) { c.port(portBack) }, nil, false},
	{"host-power-cut", 30 * time.Second, func(c *core) { c.mod.powerOff(abrupt) }, func(c *core) { c.mod.powerOn() }, true},
	{"agent-restart", time.Second, func(*core) {}, nil, true},
}

// Faults lists the names that fault = "…" takes.
func Faults() []string {
	names := make([]string, len(faults))
	for i, f := range faults {
		names[i] = f.name
	}
	return names
}

func (c *core) present(is bool) {
	if c.live.SIM.Present != is {
		c.live.SIM.Present = is
		c.card.inserted(is)
	}
}

func (c *core) port(change portChange) {
	if gone := change == portGone; gone != c.portGone {
		c.portGone = gone
		c.effects = append(c.effects, effect{port: change})
	}
}
