package modemsim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Moment is one thing that really happened in the world, for a narrator. Nobody in the world reads it.
type Moment struct {
	Time time.Time
	At   time.Duration // since the world began
	Who  string        // scenario, fault, module, sim, network, home, cloud
	Text string        // one sentence
}

// Stats counts what happened since the world began.
type Stats struct {
	Commands     map[string]int // by name and form: "+COPS=", "+CSQ", "+CREG?"
	Unknown      int            // commands answered with ERROR because the module lacks them
	Boots        int
	Resets       int // boots without a loss of power
	RadioCycles  int // CFUN from 0 or 4 to 1
	Attaches     int // attempts on the air
	Refused      int // of them
	IMSISwitches int
	FPLMNWrites  int // by the host
	Events       int // connection events made by the home network
	Lost         int // of them never delivered
	Delivered    int // bodies handed to OnEvents, duplicates included
	InputDropped int // bytes that came while the module could not listen
	WritesLost   int // pieces of output that a host which does not read never got

	StrangerLines int      // lines that something else than the modem got; see Module.Speaks
	StrangerGot   []string // the last 256 of them
}

// effect is something for the shell to do. Exactly one field is set.
type effect struct {
	write  []byte
	moment *Moment
	body   []byte
	host   *HostChange
	port   portChange
}

type portChange uint8

const (
	portGone portChange = iota + 1
	portBack
)

// core is everything that happens in the world, without a goroutine, a lock or a clock: the shell tells the time.
type core struct {
	agenda
	start    time.Time
	live     Scenario // as the changes have left it
	effects  []effect
	stats    Stats
	portGone bool

	air  *rand.Rand // radio and cloud; the line has its own dice, so host timing does not change the network
	card card
	nas  nas
	home home
	mail mail
	mod  module

	other   other
	traffic traffic
}

func newCore(s *Scenario, now time.Time) *core {
	c := &core{agenda: agenda{now: now}, start: now, live: s.clone(), air: dice(s.Seed, 1)}
	c.stats.Commands = map[string]int{}
	c.card = card{c: c, fplmn: make([]string, max(s.SIM.FPLMNSlots, 4)), preferred: strings.Repeat("FFFFFF0000", 8)}
	copy(c.card.fplmn, s.SIM.FPLMN)
	c.nas = nas{c: c}
	c.home = home{c: c, names: dice(s.Seed, 2)}
	c.mail = mail{c: c, dice: dice(s.Seed, 3)}
	c.mod = newModule(c)
	c.mod.remember(s.Module.Stored)
	for _, change := range s.At {
		c.in(change.Time, func() { c.play(change) })
	}
	c.home.planOTA()
	c.other = newOther(c)
	c.pass = c.carry
	if s.Module.Powered {
		c.mod.powerOn()
	}
	c.other.appear()
	return c
}

// input is the host's bytes for whoever is on the port.
func (c *core) input(in []byte) {
	if c.other.present() {
		c.other.input(in)
		return
	}
	c.mod.cli.input(in)
}

func dice(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// between draws a duration from low to high.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)+1))
}

func (c *core) say(who, format string, args ...any) {
	c.effects = append(c.effects, effect{moment: &Moment{Time: c.now, At: c.now.Sub(c.start), Who: who,
		Text: fmt.Sprintf(format, args...)}})
}

// take hands over what the shell must do.
func (c *core) take() []effect {
	out := c.effects
	c.effects = nil
	return out
}

func (c *core) statsCopy() Stats {
	s := c.stats
	s.Commands, s.StrangerGot = maps.Clone(s.Commands), slices.Clone(s.StrangerGot)
	return s
}

// play applies one change of the scenario and lets everyone it concerns look at the new values.
func (c *core) play(change Change) {
	before := c.live.clone()
	for _, a := range change.Set {
		a.apply(&c.live)
		c.say("scenario", "%s = %s", a.Path, a.Value)
	}
	if len(change.Set) > 0 {
		c.settle(&before)
	}
	if change.Fault != "" {
		c.inject(change.Fault, change.FaultFor)
	}
	if change.ForeignEvent != "" {
		c.home.foreign(change.ForeignEvent)
	}
}

// settle makes the world follow values that the scenario changed under its feet.
func (c *core) settle(before *Scenario) {
	if c.live.SIM.Present != before.SIM.Present {
		c.card.inserted(c.live.SIM.Present)
	}
	if !sameList(c.live.SIM.FPLMN, before.SIM.FPLMN) {
		clear(c.card.fplmn)
		copy(c.card.fplmn, c.live.SIM.FPLMN)
	}
	if !sameList(c.live.SIM.IMSIs, before.SIM.IMSIs) {
		c.card.changeTo(0)
	}
	if c.live.Host != before.Host {
		c.tellHost("", 0)
	}
	c.home.settle(before)
	c.mod.settle(before)
	if c.live.Module.Speaks != before.Module.Speaks {
		c.other.appear()
	}
	c.nas.settle()
}

// tellHost hands the host's values, and a fault of it, to whoever plays it.
func (c *core) tellHost(fault string, d time.Duration) {
	c.effects = append(c.effects, effect{host: &HostChange{Host: c.live.Host, Fault: fault, For: d}})
}

func sameList(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
