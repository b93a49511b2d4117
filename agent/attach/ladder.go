package attach

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

const (
	congestion   = 30 * time.Minute // T3346 and T3396 are up to this long where a network names none
	imsiExtra    = 5 * time.Minute  // each new IMSI gets this long
	imsiExtraMax = 4
	holdMax      = time.Hour        // more changes of IMSI do not extend the hold beyond
	observation  = 10 * time.Minute // between two rungs: T3402 and the attach after it
	resetApart   = time.Hour        // between two restarts of the module (GSMA TS.34: N1, T1)
	resetSpread  = 12 * time.Minute
	stopSpread   = 10 * time.Minute
	scanAfter    = 5 * time.Minute // after the hold, before the step that could make use of it
	refusalAge   = 24 * time.Hour  // an older refusal in the cloud's diary explains nothing any more
	refusalSlack = 5 * time.Minute // the modem may notice later than the cloud
)

// permanent are the verdicts after which a person must change something first.
var permanent = map[correlate.Code]bool{
	"sim-new": true, "sim-inactive": true, "nap-blocks-all": true,
	"imsi-not-provisioned": true, "imei-blocked": true, "auth-failed": true, "data-limit": true,
}

// notTheModem are the verdicts by which the answer is the operator's and the module does its part: nothing is restarted for
// them, neither module nor SIM, which would begin its round of identities anew.
var notTheModem = map[correlate.Code]bool{
	"congestion": true, "core-transient": true, "core-session-fail": true, "imsi-rotation": true, "no-roaming-route": true,
}

// registration is what is done while no network has us.
func (w *view) registration() Decision {
	if d, ok := w.healed(); ok {
		return d
	}
	if reason, ok := w.stopReason(); ok {
		return w.stop(reason)
	}
	if end := later(w.f.Cause.Since, w.f.OutageStart).Add(congestion); w.congested() && w.now.Before(end) {
		return holdUntil(end, ruleCong, "the network is congested; it is left alone for 30 minutes")
	}
	if d, ok := w.scan(); ok {
		return d
	}
	return w.climb()
}

// congested reports that the network asked to be left alone.
func (w *view) congested() bool {
	c, ok := w.cause()
	return ok && ClassOf(c) == ClassCong || w.v.Code == "congestion"
}

// spared reports a step that is left out now: one that restarts, while that cannot help. No restart changes what the operator
// refuses a session for.
func (w *view) spared(k Kind) bool {
	_, refused := w.sessionRefused()
	return (k == ModuleReset || k == HardCycle) && (notTheModem[w.v.Code] || w.congested() || refused)
}

// sessionRefused reports a registration that is refused for the session's sake: on LTE there is none without the other.
func (w *view) sessionRefused() (facts.Cause, bool) {
	c, ok := w.cause()
	return c, ok && !w.f.Registered.Value && facts.SessionCause(c) && ClassOf(c) == ClassAPN
}

// cause is the reject cause that explains why no network has us. One that was given to another IMSI does not count, unless
// it is about the device.
func (w *view) cause() (facts.Cause, bool) {
	c, ok := w.f.FreshCause(w.now)
	device := c.Number == 5 || c.Number == 6
	if ok && !device && w.f.IMSIChanges > 0 && w.f.IMSI.Since.After(w.f.Cause.At) {
		return facts.Cause{}, false
	}
	return c, ok
}

// stopReason reports that trying is useless, with the reason where the verdict does not name it.
func (w *view) stopReason() (string, bool) {
	if permanent[w.v.Code] {
		return "", true // the verdict says it
	}
	if c, ok := w.cause(); ok && (ClassOf(c) == ClassStop || c.Number == 2 && !facts.SessionCause(c)) {
		return fmt.Sprintf("%s is permanent for this SIM.", c), true
	}
	last, ok := w.f.Cloud.Last(facts.AttachmentAccepted, facts.AttachmentRejected, facts.AttachmentFailed, facts.SessionStarted)
	if ok && last.Type == facts.AttachmentRejected && ClassOfEvent(last.Type, last.Error.Code, last.Error.Message) == ClassStop &&
		w.now.Sub(last.Received) < refusalAge && last.Received.After(w.f.OutageStart.Add(-refusalSlack)) {
		return "The cloud's last word on this SIM is a permanent refusal.", true
	}
	return "", false
}

// healed: the reason of a hard refusal is gone, but the modem or its list of forbidden networks outlives it. One radio cycle
// at once lets it try again; nothing else would for up to two days (T3245).
func (w *view) healed() (Decision, bool) {
	if w.v.Code != "healed-in-cloud" {
		return Decision{}, false
	}
	news := w.f.OutageStart
	if e, ok := w.f.Cloud.Newest(); ok {
		news = later(news, e.Received)
	}
	if w.h.ruleSince(ruleHealed, news) {
		return Decision{}, false
	}
	return Decision{Kind: w.cycle(), At: w.now, Rule: ruleHealed, Step: "healed",
		Why: "the cloud takes the SIM again, but the modem keeps to the old refusal until its radio was off"}, true
}

// cycle is the radio cycle that fits: one that empties the SIM's list of forbidden networks on the way, where that is
// allowed.
func (w *view) cycle() Kind {
	if free, _ := w.h.freeAt(w.now, ClearFPLMN, "", w.Profile); w.mayClear() && !free.After(w.now) {
		return ClearFPLMN
	}
	return RadioCycle
}

// mayClear reports whether the SIM's list of forbidden networks may be emptied: something is in it, and it is the list that
// keeps the device out and not the operator. Emptying it otherwise only brings the same refusals again.
func (w *view) mayClear() bool {
	if w.f.Module.Forbidden.Value == "" {
		return false
	}
	switch w.v.Code {
	case "fplmn-trap", "local-barring-or-old-fplmn":
		return true
	case "healed-in-cloud":
		return w.f.Cause.Value.Number == 11 || w.f.Cause.Value.Number == 35
	}
	return false
}

// scan looks once which networks can be heard, when the SIM forbids some: perhaps it forbids all of them.
func (w *view) scan() (Decision, bool) {
	outage := w.f.OutageStart
	heard := w.f.Module.Networks
	if w.f.Module.Forbidden.Value == "" || w.h.countSince(Scan, outage) > 0 || heard.Known() && heard.At.After(outage) {
		return Decision{}, false
	}
	at := later(outage.Add(w.Profile.Steps[0].After+w.extra()+scanAfter), w.quietUntil())
	if next := w.climb(); next.At.Before(at) {
		return Decision{}, false
	}
	return Decision{Kind: Scan, At: at, Rule: "scan", Step: "scan",
		Why: "the SIM forbids some networks; whether any other can be heard decides what is done next"}, true
}

// extra is what is added to the times of the ladder: this device's own part, and time for each new IMSI.
func (w *view) extra() time.Duration {
	room := max(0, holdMax-w.Profile.Steps[0].After)
	imsis := time.Duration(min(w.f.IMSIChanges, imsiExtraMax)) * imsiExtra
	return w.random(w.Profile.Spread, saltHold, 0) + min(imsis, room)
}

// climb finds the next rung of the ladder.
func (w *view) climb() Decision {
	rungs := w.rungs(w.Profile.Steps)
	for i, s := range rungs {
		switch {
		case i < w.h.Ladder.Rungs, w.spared(s.Do):
			continue
		case s.Do == AutomaticSelection && w.f.Serving().Stat == facts.RegSearching:
			continue // a nudge would only restart the search that is running
		}
		// One action, one window of observation: also when a hold has made several rungs overdue.
		at := later(w.f.OutageStart.Add(s.After+w.extra()), w.quietUntil())
		return w.rung(Decision{Kind: s.Do, At: at, Rule: ruleLadder, Step: s.Name, Level: i + 1, Why: w.whyRung()})
	}
	d := w.repeat(rungs, w.h.Ladder.Rungs)
	d.At = later(d.At, w.f.OutageStart.Add(w.Profile.Steps[0].After+w.extra()))
	d.Rule = ruleLadder
	return w.rung(d)
}

func (w *view) whyRung() string {
	if c, ok := w.sessionRefused(); ok {
		return fmt.Sprintf("the network refuses the data session (%s), and on LTE the registration with it; it is asked again ever "+
			"more rarely", c)
	}
	why := "the modem and the SIM's IMSI applet had their time and found no network"
	if w.f.IMSIChanges > 0 {
		why += fmt.Sprintf(" (more of it, because the SIM changed its IMSI %d times)", w.f.IMSIChanges)
	}
	return why
}

// rungs are the steps that this device can do.
func (w *view) rungs(all []Step) []Step {
	return slices.DeleteFunc(slices.Clone(all), func(s Step) bool { return s.Do == HardCycle && !w.Power })
}

// quietUntil is when the last thing that made the modem attach, or the last freeze, was long enough ago.
func (w *view) quietUntil() time.Time {
	return later(w.h.lastOf(attachKinds...), w.h.frozenUntil()).Add(observation)
}

// rung adds what holds for every step: time for a new IMSI, and space between restarts.
func (w *view) rung(d Decision) Decision {
	if w.f.IMSIChanges > 0 && d.Kind.AttachLevel() {
		limit := w.f.OutageStart.Add(holdMax)
		if settled := w.f.IMSI.Since.Add(imsiExtra); settled.Before(limit) {
			d.At = later(d.At, settled)
		} else {
			d.At = later(d.At, limit)
		}
	}
	last := w.h.lastOf(ModuleReset, SoftReset)
	if d.Kind == ModuleReset && !last.IsZero() {
		d.At = later(d.At, last.Add(resetApart+w.random(resetSpread, saltReset, d.Level)))
	}
	if d.Kind == RadioCycle && w.cycle() == ClearFPLMN {
		d.Kind = ClearFPLMN
		d.Why = "the SIM forbids the networks that can be heard, and nobody refuses it there any more"
	}
	return d
}

// repeat goes on after the last rung, with growing gaps, cycling through the stronger steps.
func (w *view) repeat(rungs []Step, level int) Decision {
	var kinds []Kind
	for _, s := range rungs {
		if (s.Do == RadioCycle || s.Do == ModuleReset || s.Do == HardCycle) && !w.spared(s.Do) {
			kinds = append(kinds, s.Do)
		}
	}
	n := max(0, level-len(rungs))
	gap := w.Profile.Gaps[min(n, len(w.Profile.Gaps)-1)]
	last := later(w.h.lastOf(attachKinds...), w.h.frozenUntil())
	return Decision{Kind: kinds[n%len(kinds)], At: last.Add(w.stretch(gap, saltGap, n)), Step: "repeat", Level: len(rungs) + n + 1,
		Why: "every step was tried; they are repeated ever more rarely"}
}

// stop is the schedule after a permanent refusal: one radio cycle after an hour, then ever more rarely. A radio cycle is
// needed because the modem itself treats the SIM as invalid until then, even when a person has mended the reason.
func (w *view) stop(reason string) Decision {
	n := w.h.Ladder.Stops
	at := w.f.OutageStart.Add(stopGaps[0] + w.random(stopSpread, saltStop, 0))
	if n > 0 {
		gap := stopGaps[min(n, len(stopGaps)-1)]
		at = later(at, w.h.lastOf(RadioCycle, ClearFPLMN).Add(w.stretch(gap, saltStop, n)))
	}
	return Decision{Kind: RadioCycle, At: later(at, w.quietUntil()), Rule: ruleStop, Step: "stop",
		Why: strings.TrimSpace(reason + " Until a person has mended it, trying is useless and harmful; one radio cycle then looks whether somebody has.")}
}
