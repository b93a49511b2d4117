package correlate

import (
	"fmt"
	"time"

	"supersim-agent/agent/facts"
)

// silentRules are group G, for a judge far from the device who hears nothing of it (Facts.SilentSince). Only the cloud's
// diary counts then, and no other rule is asked.
var silentRules = []Rule{
	{
		ID: "G3", Code: "boot-loop", Base: 0.7, match: bootLoop,
		When:    "No report from the device, and six attaches or more in the last hour.",
		Summary: "The device attaches again and again and says nothing: it seems to restart all the time.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Check the device's power supply, then its watchdog. A weak supply fails when the modem transmits.",
		Changes: "A report from the device.",
	},
	{
		ID: "G1", Code: "agent-down-link-up", Base: 0.8, match: linkUp,
		When:    "No report from the device, and the operator saw its data session alive within the last 15 minutes.",
		Summary: "The device has a data connection, but its agent does not report.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Look at the device itself: whether the agent runs, and whether it can reach this server.",
		Changes: "A report from the device.",
	},
	{
		ID: "G4", Code: "unknown-dead", Base: 0.5, match: unknownDead,
		When:    "No report from the device, and no event of its SIM for a day, or none at all.",
		Summary: "Nothing has been heard of the device for a day.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Go and look: power, modem and antenna. See in the KORE console that the SIM is active.",
		Changes: "A report or an event.",
	},
	{
		ID: "G2", Code: "device-off-or-no-coverage", Base: 0.7, match: deviceOff,
		When:    "No report from the device, its last data session has ended or gone quiet, and nothing came since.",
		Summary: "The device is switched off or has no network.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Check the device's power and antenna. If the place is known for bad coverage, wait for an hour first.",
		Changes: "A report or an event.",
	},
}

const (
	stormWindow  = time.Hour
	stormEvents  = 6
	deadAfter    = 24 * time.Hour
	recentEnough = 15 * time.Minute
)

func (v *view) noReport() Evidence {
	return Evidence{Side: facts.Agent, Fact: "no report from the device", At: v.SilentSince}
}

func bootLoop(v *view) (finding, bool) {
	since := v.cloudNow().Add(-stormWindow)
	n := v.Cloud.CountSince(facts.AttachmentAccepted, since) + v.Cloud.CountSince(facts.AttachmentRejected, since)
	newest, ok := v.Cloud.Newest()
	if !ok || n < stormEvents {
		return no()
	}
	storm := fromCloud(newest)
	storm.Fact = fmt.Sprintf("%d attaches in an hour, the newest event: %s", n, storm.Fact)
	return evidence(storm, v.noReport())
}

func linkUp(v *view) (finding, bool) {
	if !v.hasSession || !v.session.Alive() || v.sinceSession() > recentEnough {
		return no()
	}
	found := finding{evidence: []Evidence{fromCloud(*v.session.Last), v.noReport()}, confidence: 0.7}
	if w, ok := v.window(); ok && w.Upload+w.Down > 0 {
		found.confidence = 0.8
	}
	return found, true
}

func unknownDead(v *view) (finding, bool) {
	newest, ok := v.Cloud.Newest()
	if !ok {
		return evidence(v.noReport(), Evidence{Side: facts.Cloud, Fact: "no connection event of this SIM"})
	}
	if v.cloudNow().Sub(newest.Time) < deadAfter {
		return no()
	}
	return evidence(v.noReport(), fromCloud(newest))
}

func deviceOff(v *view) (finding, bool) {
	newest, ok := v.Cloud.Newest()
	if !ok {
		return no()
	}
	found := finding{evidence: []Evidence{fromCloud(newest), v.noReport()}, deaf: !v.Cloud.Alive(v.now)}
	if !v.hasSession || v.session.Alive() {
		found.confidence = 0.5 // no end was told
	}
	return found, true
}
