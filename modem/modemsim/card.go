package modemsim

import (
	"slices"
	"strings"
	"time"
)

// cardState is what the module finds when it talks to the card.
type cardState uint8

const (
	cardAbsent cardState = iota
	cardOff              // the module does not power it: CFUN=0, or the module is off
	cardBusy             // starting, or reading itself anew after a REFRESH
	cardPIN
	cardReady
)

// How long a card is busy after power and after a REFRESH. Seconds in the field.
const (
	cardStart      = 900 * time.Millisecond
	refreshAtLeast = 3 * time.Second
	refreshAtMost  = 6 * time.Second
)

// card is the SIM: its files, its lock, and the applet that changes the IMSI after a time without registration.
type card struct {
	c         *core
	using     int      // which of the IMSIs is in EF_IMSI
	fplmn     []string // EF_FPLMN, "" is an unused entry (TS 31.102 §4.2.16)
	preferred string   // EF_PLMNwAcT in hex, five bytes an entry (§4.2.5); it is kept, nothing is chosen by it
	powered   bool
	busy      bool
	unlocked  bool
	refreshed bool  // busy because of a REFRESH, not of power
	waking    *task // end of busy
	applet    *task // end of the applet's patience
}

func (k *card) state() cardState {
	switch {
	case !k.c.live.SIM.Present:
		return cardAbsent
	case !k.powered:
		return cardOff
	case k.busy:
		return cardBusy
	case k.c.live.SIM.PIN != "" && !k.unlocked:
		return cardPIN
	}
	return cardReady
}

// imsi is the identity in use.
func (k *card) imsi() string {
	list := k.c.live.SIM.IMSIs
	if len(list) == 0 {
		return ""
	}
	return list[k.using%len(list)]
}

// home tells whether a network is the one that issued the IMSI in use.
func (k *card) home(plmn string) bool { return strings.HasPrefix(k.imsi(), plmn) }

// power is the module switching the card's supply. The applet's timer lives in the module (STK TIMER MANAGEMENT) and
// dies with the power: a host that cycles faster than the timer keeps the SIM on one IMSI for ever.
func (k *card) power(on bool) {
	if on == k.powered {
		return
	}
	k.powered = on
	k.rest()
	if on && k.c.live.SIM.Present {
		k.restart(cardStart)
	}
}

// restart makes the card busy for a while, then ready (or asking for its PIN).
func (k *card) restart(d time.Duration) {
	k.busy = true
	k.waking.stop()
	k.waking = k.c.in(d, func() {
		k.busy = false
		k.c.mod.cardReady()
		k.c.nas.restart("SIM ready")
		k.watch(k.c.nas.state == registered)
	})
}

// inserted is a hand at the card holder.
func (k *card) inserted(present bool) {
	k.rest()
	if !present {
		k.c.say("sim", "is pulled out")
		k.c.nas.lose("SIM removed", abrupt)
		k.c.mod.cardGone()
		return
	}
	k.c.say("sim", "is put back")
	if k.powered {
		k.c.mod.cardBack()
		k.restart(cardStart)
	}
}

// watch is the applet learning the location status: its timer runs while the module is not registered.
func (k *card) watch(registered bool) {
	if registered {
		k.applet.stop()
		k.applet = nil
		return
	}
	d := k.c.live.SIM.IMSISwitch
	if k.applet != nil || d <= 0 || len(k.c.live.SIM.IMSIs) < 2 || k.state() != cardReady {
		return
	}
	k.applet = k.c.in(d, func() {
		k.applet = nil
		k.c.stats.IMSISwitches++
		k.changeTo(k.using + 1)
	})
}

// rest stops the applet and what it was counting.
func (k *card) rest() {
	k.waking.stop()
	k.applet.stop()
	k.applet = nil
	k.busy, k.unlocked, k.refreshed = false, false, false
}

// changeTo is the applet rewriting EF_IMSI and its neighbours, then asking the module for a REFRESH.
func (k *card) changeTo(index int) {
	k.using = index % max(len(k.c.live.SIM.IMSIs), 1)
	if k.c.live.SIM.AppletClears {
		clear(k.fplmn)
	}
	k.c.say("sim", "the applet switches to IMSI %s and refreshes the card", masked(k.imsi()))
	k.refresh()
}

// refresh makes the module read the card anew, as after a proactive REFRESH.
func (k *card) refresh() {
	if k.state() == cardAbsent || k.state() == cardOff {
		return
	}
	k.c.nas.lose("SIM refresh", orderly)
	k.c.nas.forget()
	k.applet.stop() // it counts anew once the card is back
	k.applet = nil
	k.c.mod.cardRefreshing()
	k.refreshed = true
	k.restart(between(k.c.air, refreshAtLeast, refreshAtMost))
}

// forbid enters a PLMN into EF_FPLMN: last place, the list shifts, the oldest is lost when full (TS 31.102, TS 24.301).
func (k *card) forbid(plmn string) {
	if slices.Contains(k.fplmn, plmn) {
		return
	}
	if free := slices.Index(k.fplmn, ""); free >= 0 {
		k.fplmn[free] = plmn
		return
	}
	copy(k.fplmn, k.fplmn[1:])
	k.fplmn[len(k.fplmn)-1] = plmn
}

// packPLMN codes a PLMN in three bytes of hex, digits swapped, F for a missing third MNC digit (TS 24.008 §10.5.1.13).
func packPLMN(plmn string) string {
	if len(plmn) == 5 {
		plmn += "F"
	}
	if len(plmn) != 6 {
		return "FFFFFF"
	}
	return string([]byte{plmn[1], plmn[0], plmn[5], plmn[2], plmn[4], plmn[3]})
}

// unpackPLMN is the reverse, "" for an unused entry.
func unpackPLMN(code string) string {
	code = strings.ToUpper(code)
	if len(code) != 6 || strings.HasPrefix(code, "FF") {
		return ""
	}
	return strings.TrimSuffix(string([]byte{code[1], code[0], code[3], code[5], code[4], code[2]}), "F")
}

// swapNibbles writes digits as the card stores them, padded with F.
func swapNibbles(digits string, size int) string {
	for len(digits) < size {
		digits += "F"
	}
	out := []byte(digits)
	for i := 0; i+1 < len(out); i += 2 {
		out[i], out[i+1] = out[i+1], out[i]
	}
	return string(out)
}

// masked keeps a number recognisable without printing it.
func masked(number string) string {
	if len(number) < 12 {
		return number
	}
	return number[:6] + "…" + number[len(number)-4:]
}
