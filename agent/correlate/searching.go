package correlate

import (
	"slices"
	"time"

	"supersim-agent/agent/facts"
)

// Group B: not registered, searching. These come before refusals: without a signal there is nothing to refuse.
var noSignalRules = []Rule{
	{
		ID: "B7", Code: "rat-band-config", Base: 0.6, match: ratBandConfig,
		When:    "No cell was measured for five minutes, and the module's settings keep it from technologies or bands that are wanted.",
		Summary: "The modem hears no network, and its settings keep it from some technologies or bands.",
		Agent:   "Writes the settings that the configuration asks for, once; it never widens them beyond that.",
		Advice:  "Check network.rats and network.lte_bands against what is on air here. A Super SIM has no NB-IoT.",
		Changes: "A measurable cell, or other settings.",
	},
	{
		ID: "B1", Code: "no-signal", Base: 0.6, match: noSignal,
		When:    "Not registered, not refused, and no cell measured for five minutes; surer after 25.",
		Summary: "The modem hears no network at all.",
		Agent:   "Waits; it does not touch the radio in the first 25 minutes.",
		Advice:  "Check the antenna and its plug, then the place: move the antenna to a window or outdoors.",
		Changes: "A measurable cell.",
	},
}

// rotationRules tell a search that has a reason from one that has none yet.
var rotationRules = []Rule{
	{
		ID: "B3", Code: "fplmn-trap", Base: 0.8, match: fplmnTrap,
		When:    "Searching for 25 minutes, every network that is heard is on the SIM's list of forbidden networks, and not all of them were refused in this outage.",
		Summary: "Every network here is on the SIM's own list of forbidden networks, so the modem tries none.",
		Agent:   "Clears the list once, with the radio off, at most once a day.",
		Advice:  "First see that the fleet's Network Access Profile holds a network at this place. If it does not, clearing the list helps nothing.",
		Changes: "An attempt to register, or another network in reach.",
	},
	{
		ID: "B4", Code: "imsi-rotation", Base: 0.8, match: imsiRotation,
		When:    "The SIM has changed its IMSI in this outage, and the cloud reports 83702 for several IMSIs or networks.",
		Summary: "The SIM is trying its identities one after the other, and none is let in yet.",
		Agent:   "Gives each identity at least five minutes and resets nothing: a restart would begin the round anew.",
		Advice:  "Wait for half an hour. If none is let in, add networks of this country to the fleet's Network Access Profile.",
		Changes: "An accepted attach.",
	},
}

// stuckRules: nothing of all that explains why no identity is let in.
var stuckRules = []Rule{
	{
		ID: "B5", Code: "applet-stuck", Base: 0.5, match: appletStuck,
		When:    "Refused three times or more in 45 minutes, and the SIM has not changed its IMSI.",
		Summary: "The SIM should have tried another identity by now and has not.",
		Agent:   "Climbs the ladder; the module's restart in it starts the SIM's application anew.",
		Advice:  "Make sure that the modem's SIM toolkit is on and that nothing restarts the modem every few minutes. Then replace the SIM.",
		Changes: "Another IMSI, or a registration.",
	},
}

// searchingRules are what is left when nothing explains why there is no network.
var searchingRules = []Rule{
	{
		ID: "B6", Code: "modem-gave-up", Base: 0.6, match: modemGaveUp,
		When:    "The modem has not been searching for 15 minutes, though its radio is on and its selection automatic.",
		Summary: "The modem has stopped looking for a network.",
		Agent:   "Lets it choose a network anew after the hold of 25 minutes.",
		Advice:  "Nothing yet. If it keeps stopping, look for newer firmware of the module.",
		Changes: "A search or a registration.",
	},
	{
		ID: "B2", Code: "searching", Base: 0.7, match: searching,
		When:    "Not registered, and nothing says why.",
		Summary: "The modem is looking for a network.",
		Agent:   "Waits: the modem and the SIM need up to 25 minutes to find a network that takes it.",
		Advice:  "Nothing yet: a first registration abroad can take several minutes.",
		Changes: "A registration or a refusal.",
	},
}

const (
	noSignalAfter = 5 * time.Minute
	holdTime      = 25 * time.Minute // the modem's and the applet's own time
	stuckAfter    = 45 * time.Minute
	searchHolds   = 6 * time.Hour    // the policy searches no more often
	gaveUpAfter   = 15 * time.Minute // longer than T3402, in which a modem rests between its attempts
)

// quiet is how long no cell was measured in this outage.
func (v *view) quiet() (since time.Time, d time.Duration) {
	since = v.HeardAt
	if since.IsZero() || since.Before(v.OutageStart) {
		since = v.OutageStart
	}
	return since, v.now.Sub(since)
}

// hearsNothing reports a modem that has heard nothing for long. Some modules measure nothing while no network has them: a search
// that found networks tells better.
func (v *view) hearsNothing() bool {
	if _, searched := v.Around(); searched && v.now.Sub(v.Module.Networks.At) < searchHolds {
		return false
	}
	if !v.unregistered() || v.serving.Stat == facts.RegDenied || !v.Signal.Known() || v.Signal.Value.Heard() {
		return false
	}
	_, quiet := v.quiet()
	return quiet >= noSignalAfter
}

func noSignal(v *view) (finding, bool) {
	if !v.hearsNothing() {
		return no()
	}
	heard, quiet := v.quiet()
	found := finding{evidence: []Evidence{local(heard, "no cell measured for %s", facts.SpanWords(quiet)), v.registration()}}
	if quiet >= holdTime {
		found.confidence = 0.85
	}
	return found, true
}

func ratBandConfig(v *view) (finding, bool) {
	s, restricted := v.Restriction()
	if !v.hearsNothing() || !restricted {
		return no()
	}
	heard, quiet := v.quiet()
	return evidence(local(heard, "no cell measured for %s", facts.SpanWords(quiet)),
		local(v.SIM.Since, "the module's setting %s", facts.SettingWords(s)))
}

func fplmnTrap(v *view) (finding, bool) {
	forbidden := v.Module.Forbidden
	if !v.unregistered() || v.serving.Stat == facts.RegDenied || v.outage() < holdTime || !v.Trapped() || v.allRefused() {
		return no()
	}
	found := local(forbidden.Since, "networks that the SIM forbids: %s", forbidden.Value)
	if _, all := v.Around(); all {
		return evidence(found, v.networksHeard(), v.registration())
	}
	cell := v.Module.Cell
	return evidence(found, local(cell.At, "on a cell of %s, without service", cell.Value.PLMN), v.registration())
}

// notAllowedHere are the refusals of this outage with which the operator named a network that is not open to the SIM.
func (v *view) notAllowedHere() (list []facts.Entry) {
	for _, e := range v.Cloud.Entries() {
		age, _ := v.Age(v.now, *e)
		if e.Type == facts.AttachmentRejected && e.Error.Code == codeNotAllowed && age <= v.outage()+refusalSlack {
			list = append(list, *e)
		}
	}
	return list
}

// allRefused reports that the operator itself closed every network that can be had here: the SIM's list only follows.
func (v *view) allRefused() bool {
	refused := v.notAllowedHere()
	around, _ := v.Around()
	return !slices.ContainsFunc(around, func(plmn string) bool {
		return !slices.ContainsFunc(refused, func(e facts.Entry) bool { return facts.SamePLMN(plmn, e.Network.PLMN()) })
	})
}

func imsiRotation(v *view) (finding, bool) {
	if !v.unregistered() || v.IMSIChanges == 0 || !v.rejectedWith(codeNotAllowed) {
		return no()
	}
	places := map[string]bool{}
	for _, e := range v.notAllowedHere() {
		places[e.IMSI+" "+e.Network.PLMN()] = true
	}
	if len(places) < 2 {
		return no()
	}
	return evidence(local(v.IMSI.Since, "the SIM changed its IMSI %d times", v.IMSIChanges), fromCloud(v.refusal), v.registration())
}

func appletStuck(v *view) (finding, bool) {
	if !v.unregistered() || v.IMSIChanges > 0 || v.Denials() < 3 || v.outage() < stuckAfter || v.rejectedForGood() ||
		v.deniedWith(2, 3, 5, 6, 7, 8) || v.acceptedLately() { // another identity of the same card would not help
		return no()
	}
	return evidence(local(v.DeniedAt, "refused %d times with one IMSI", v.Denials()), v.registration())
}

func modemGaveUp(v *view) (finding, bool) {
	idle := v.Reg[v.serving.Domain]
	if !v.unregistered() || v.serving.Stat != facts.RegIdle || v.now.Sub(idle.Since) < gaveUpAfter || v.Operator.Value.Mode != 0 {
		return no()
	}
	return evidence(v.registration(), local(idle.Since, "not searching for %s", facts.SpanWords(v.now.Sub(idle.Since))))
}

func searching(v *view) (finding, bool) {
	if !v.unregistered() {
		return no()
	}
	found := finding{evidence: []Evidence{v.registration()}}
	if v.Signal.Value.Heard() && v.Signal.Known() {
		found.evidence = append(found.evidence, local(v.Signal.At, "signal %s", facts.SignalWords(v.Signal.Value)))
	}
	if v.IMSIChanges > 0 {
		found.evidence = append(found.evidence, local(v.IMSI.Since, "the SIM changed its IMSI %d times", v.IMSIChanges))
	}
	if v.outage() > holdTime {
		found.summary = "The modem has been looking for a network for " + facts.SpanWords(v.outage()) + "."
		found.confidence = 0.6
	}
	return found, true
}
