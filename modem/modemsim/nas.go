package modemsim

import (
	"cmp"
	"slices"
	"time"
)

// regState is the module's own view of its registration (TS 24.301 §5.1.3, simplified).
type regState uint8

const (
	idle       regState = iota // radio off, no card, or told to deregister
	searching                  // scanning or attaching
	registered                 // EMM-REGISTERED; on LTE with a default bearer
	denied                     // limited service: what is heard has refused
)

// farewell tells how an attachment ends: it decides how soon the other side knows.
type farewell uint8

const (
	orderly   farewell = iota // a detach was signalled
	abrupt                    // power or coverage lost; the network finds out by its own timers
	byNetwork                 // the network did it and knows
)

// NAS timers (TS 24.301 §10.2) and the sensitivity of the receiver.
const (
	t3411       = 10 * time.Second
	t3402       = 12 * time.Minute
	maxAttempts = 5
	t3247Min    = 30 * time.Minute
	t3247Max    = 60 * time.Minute
	rescanEmpty = 30 * time.Second
	rescanRest  = time.Minute
	heardDBm    = -124
)

// area is a tracking or location area of one network.
type area struct {
	plmn string
	tac  uint32
}

// nas is the module's non-access stratum in simplified form: it searches, attaches, counts attempts, keeps the lists
// that 3GPP asks for, and waits. One step is pending at any time.
type nas struct {
	c         *core
	radio     bool // CFUN=1
	detached  bool // the host said AT+CGATT=0
	mode      int  // COPS mode: 0 automatic, 1 manual, 2 deregistered, 4 manual then automatic
	manual    string
	state     regState
	cell      int // index of the cell in use or last tried, -1: none
	cause     cause
	attempts  int
	outcomes  int // attach attempts that came to an end: a waiting command sees whether one did
	invalid   bool
	noLTE     bool
	areas     map[area]bool
	services  map[string]bool // "forbidden PLMNs for GPRS service", causes 14
	resting   map[string]time.Time
	step      *task
	unblock   *task
	session   *session
	sessionID int // the context id the session belongs to
}

// able tells whether the module may search at all.
func (n *nas) able() bool {
	return n.radio && !n.detached && n.mode != 2 && n.c.card.state() == cardReady
}

// forget drops what TS 24.301 ties to the USIM or to power: invalid marks, area lists, counters. EF_FPLMN stays.
func (n *nas) forget() {
	n.invalid, n.noLTE, n.attempts, n.cause = false, false, 0, cause{}
	n.areas, n.services, n.resting = map[area]bool{}, map[string]bool{}, map[string]time.Time{}
	n.unblock.stop()
}

// become is the only place where the state changes.
func (n *nas) become(state regState, cell int) {
	n.state, n.cell = state, cell
	n.c.mod.registrationChanged()
	n.c.card.watch(state == registered)
}

// restart begins a search if one is possible and none is under way.
func (n *nas) restart(why string) {
	n.step.stop()
	if !n.able() {
		n.lose(why, orderly)
		return
	}
	if n.state == registered {
		return
	}
	if n.invalid {
		n.become(denied, n.cell)
		return
	}
	n.become(searching, -1)
	n.step = n.c.in(between(n.c.air, 2*time.Second, 6*time.Second), n.scan)
}

// setRadio follows CFUN. Switching off is a detach; switching on starts with a clean slate.
func (n *nas) setRadio(on bool) {
	if on == n.radio {
		return
	}
	if !on {
		n.lose("radio off", orderly)
	}
	n.radio = on
	if on {
		n.forget()
		n.restart("radio on")
	}
}

// selectMode follows AT+COPS: every write starts a selection, also one that changes nothing.
func (n *nas) selectMode(mode int, plmn string) {
	n.mode, n.manual = mode, plmn
	n.resting, n.attempts = map[string]time.Time{}, 0
	if mode == 2 {
		n.lose("COPS=2", orderly)
		return
	}
	if n.state == registered && (mode == 0 || plmn == n.c.live.Cells[n.cell].PLMN) {
		return
	}
	n.lose("network selection", orderly)
	n.restart("network selection")
}

// setDetached follows AT+CGATT.
func (n *nas) setDetached(detached bool) {
	n.detached = detached
	if detached {
		n.lose("CGATT=0", orderly)
	} else if n.state == idle || n.state == denied {
		n.attempts = 0
		n.restart("CGATT=1")
	}
}

// lose ends whatever registration or search there is.
func (n *nas) lose(why string, how farewell) {
	n.step.stop()
	if n.state == registered {
		n.c.say("module", "leaves %s (%s)", n.c.live.Cells[n.cell].PLMN, why)
	}
	n.dropSession(how)
	if n.state != idle {
		n.become(idle, -1)
	}
}

func (n *nas) dropSession(how farewell) {
	if n.session == nil {
		return
	}
	s := n.session
	n.session = nil
	n.c.mod.contextLost(n.sessionID, how)
	n.c.home.end(s, how)
}

// settle looks again after the scenario changed cells.
func (n *nas) settle() {
	if n.state == registered && n.c.live.Cells[n.cell].RSRPdBm < heardDBm {
		n.c.say("module", "loses %s: no signal", n.c.live.Cells[n.cell].PLMN)
		n.dropSession(abrupt)
		n.become(searching, -1)
		n.step.stop()
		n.step = n.c.in(t3411, n.scan)
	}
}

// heard lists the cells that the receiver and the personality's radio can use, the strongest first.
func (n *nas) heard() []int {
	var out []int
	for i, cell := range n.c.live.Cells {
		if cell.RSRPdBm >= heardDBm && n.c.mod.hears(cell.RAT) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Compare(n.c.live.Cells[b].RSRPdBm, n.c.live.Cells[a].RSRPdBm)
	})
	return out
}

// candidates are the heard cells that none of the lists excludes. Manual selection may try a forbidden PLMN.
func (n *nas) candidates() []int {
	return slices.DeleteFunc(n.heard(), func(i int) bool {
		cell := n.c.live.Cells[i]
		chosen := n.mode == 1 || n.mode == 4
		switch {
		case chosen && n.manual != cell.PLMN, !n.c.mod.p.roaming(&n.c.mod) && !n.c.card.home(cell.PLMN):
			return true
		case !chosen && slices.Contains(n.c.card.fplmn, cell.PLMN):
			return true
		case n.noLTE && alwaysOn(cell.RAT), n.services[cell.PLMN], n.areas[area{cell.PLMN, cell.TAC}]:
			return true
		}
		return n.resting[cell.PLMN].After(n.c.now)
	})
}

// scan chooses a cell and attaches, or decides how long to wait.
func (n *nas) scan() {
	if !n.able() {
		return
	}
	list := n.candidates()
	switch {
	case len(list) > 0:
		n.cell = list[0]
		n.step = n.c.in(between(n.c.air, time.Second, 3*time.Second), n.attached)
	case len(n.heard()) == 0:
		n.become(searching, -1)
		n.step = n.c.in(rescanEmpty, n.scan)
	default:
		n.becomeLimited()
		n.step = n.c.in(rescanRest, n.scan)
	}
}

// becomeLimited is limited service. It shows as "denied" when a refusal of this power-up is the reason, as "searching"
// when only EF_FPLMN is: then no attempt was made and no cause is known.
func (n *nas) becomeLimited() {
	if n.cause.number != 0 {
		n.become(denied, n.heard()[0])
		return
	}
	n.become(searching, -1)
}

// attached is the answer to one attach attempt.
func (n *nas) attached() {
	if n.c.live.Cells[n.cell].RSRPdBm < heardDBm {
		n.scan()
		return
	}
	n.c.stats.Attaches++
	n.outcomes++
	cell := n.c.live.Cells[n.cell]
	refusal := n.c.home.attach(cell)
	if refusal.number == 0 && alwaysOn(cell.RAT) {
		refusal = n.openDefault(cell)
	}
	if refusal.number != 0 {
		n.c.stats.Refused++
		n.c.say("network", "%s (%s) refuses %s with %s #%d %s", cell.PLMN, cell.Name, masked(n.c.card.imsi()),
			refusal.domain(cell.RAT), refusal.number, refusal.text())
		n.refused(cell, refusal)
		return
	}
	n.cause, n.attempts, n.resting = cause{}, 0, map[string]time.Time{}
	if i := slices.Index(n.c.card.fplmn, cell.PLMN); i >= 0 {
		n.c.card.fplmn[i] = "" // a manual selection that succeeds takes the PLMN off the list (TS 23.122 §3.1)
	}
	n.c.say("network", "%s (%s, %s) accepts %s", cell.PLMN, cell.Name, cell.RAT, masked(n.c.card.imsi()))
	n.become(registered, n.cell)
	if n.session != nil {
		n.c.mod.contextUp(n.sessionID)
	}
}

// openDefault asks for the default bearer, which on LTE is part of the attach (TS 24.301 §5.5.1.2.4).
func (n *nas) openDefault(cell Cell) cause {
	s, esm := n.c.home.open(cell, n.c.mod.attachAPN())
	if esm != 0 {
		return cause{number: 19, esm: esm}
	}
	n.session, n.sessionID = s, 1
	return cause{}
}

// activate opens a session for a context on request (2G, 3G, or LTE after a deactivation): the SM cause, 0 for success.
func (n *nas) activate(cid int, apn string) int {
	if n.session != nil {
		return 0
	}
	s, sm := n.c.home.open(n.c.live.Cells[n.cell], apn)
	if sm != 0 {
		n.cause = cause{session: sm}
		return sm
	}
	n.session, n.sessionID = s, cid
	n.c.mod.contextUp(cid)
	return 0
}

// networkDetach is a detach ordered by the home network; the module tries again by itself.
func (n *nas) networkDetach(why string) {
	if n.state != registered {
		return
	}
	n.c.say("network", "detaches the device: %s", why)
	n.dropSession(byNetwork)
	n.c.mod.networkDetached()
	n.become(searching, -1)
	n.step.stop()
	n.step = n.c.in(between(n.c.air, time.Second, 3*time.Second), n.scan)
}
