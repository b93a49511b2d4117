package attach

import "time"

// The fast path of a dead port, counted from the moment at which nothing answered any more, which is 12 seconds at most
// after the modem died. The loop reopens the port all the time, each time with the next of the modem's AT ports, and gives
// a module that was met before 7 seconds to answer; these are the steps beyond that. The restart command comes after the
// longest boot that the makers name (30 s), in case that the module is restarting by itself. With power control, the
// supply is cut 45 seconds after the death at the latest.
const (
	softResetAfter  = 18 * time.Second
	hardCycleAfter  = 30 * time.Second
	goneCycleAfter  = 2 * time.Minute // the port has vanished: a cable that was pulled, or a module that restarts slowly
	firstCycleAfter = 5 * time.Minute // a module that was never met: the right port and speed are still being looked for
	powerOnAfter    = time.Minute
)

// deadPort is the port's own way back, independent of the network's patience.
func (w *view) deadPort() Decision {
	port, line := w.f.Port, w.f.Line
	switch port.Reason {
	case "busy", "permission", "sandbox", "not-a-tty", "failed":
		return hold("host-fault", "the fault is on this computer, not in the modem: "+w.v.Summary)
	}
	if w.v.Code == "starting" || w.now.Before(w.f.BootingUntil) {
		return hold("identify", "the modem may still be booting")
	}
	if s := line.Stranger; w.v.Code == "not-a-modem" && !s.Kind.PowerHelps() && !w.f.Modem.Known() {
		return hold("not-a-modem", "what answers is no modem: "+s.Kind.Words()+". It is left alone and looked at every minute")
	}
	since := later(line.Since, w.f.BootingUntil)
	lost, met := port.Reason == "missing" || port.Reason == "gone", w.f.Modem.Known()
	switch {
	case met && !lost && !line.Speaks && line.Stranger.Kind == "":
		return w.silentPort(line.Since)
	case !w.Power:
		return hold("reopen", "reopening the port; no board with power control is configured")
	case !met && lost && w.h.countSince(PowerOn, line.Since) == 0:
		return dead(PowerOn, line.Since.Add(powerOnAfter), "the port does not appear: the modem may be off")
	case met && lost:
		return dead(HardCycle, since.Add(goneCycleAfter), "the modem's port has vanished and does not come back")
	}
	return dead(HardCycle, line.Since.Add(firstCycleAfter), "nothing answers as a modem does: the power is cycled after five minutes")
}

// silentPort: a modem that answered before does not any more, and its port is there.
func (w *view) silentPort(since time.Time) Decision {
	if w.h.countSince(SoftReset, since) == 0 {
		soft := dead(SoftReset, since.Add(softResetAfter),
			"the modem does not answer: the restart command is sent in case it still listens")
		free, _ := w.h.freeAt(w.now, SoftReset, ruleDead, w.Profile)
		if !w.Power || !free.After(later(soft.At, w.now)) {
			return soft
		}
	}
	if !w.Power {
		at := w.h.lastOf(SoftReset).Add(time.Hour)
		return dead(SoftReset, at, "the modem does not answer, and no board with power control is configured")
	}
	return dead(HardCycle, later(since.Add(hardCycleAfter), w.f.BootingUntil),
		"the modem does not answer, on no port and not to the restart command: its power is cycled")
}

func dead(k Kind, at time.Time, why string) Decision {
	return Decision{Kind: k, At: at, Rule: ruleDead, Why: why, Step: "port"}
}
