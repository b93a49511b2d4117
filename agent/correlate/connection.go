package correlate

import (
	"fmt"
	"time"

	"supersim-agent/agent/facts"
)

// Group E: the context is active. First what is wrong with it.
var troubledConnectionRules = []Rule{
	{
		ID: "A9", Code: "clock-wrong", Base: 0.85, adds: true, match: clockWrong,
		When:    "TLS fails while packets flow, and the clock is not set or known to be wrong; with all else well it is a note.",
		Summary: "This computer's clock is wrong, so secure connections fail.",
		Agent:   "Dates its own records by the cloud's and the network's time until the clock is set.",
		Advice:  "Switch a time service on (timedatectl set-ntp true) and see that it reaches a server. A battery-backed clock keeps this from happening.",
		Changes: "A clock that follows a time server.",
	},
	{
		ID: "E11", Code: "data-limit", Base: 0.95, match: blockedWhileUp,
		When:    "The context is active, no probe got through, and the newest word on the session is that it is blocked.",
		Summary: "The SIM has used up its data limit: it is connected, and the operator lets nothing through.",
		Agent:   "Leaves the connection alone: nothing that it could do would help.",
		Advice:  "Raise the fleet's data limit in the KORE console, or wait for the next billing period.",
		Changes: "A data session that is not blocked.",
	},
	{
		ID: "E14", Code: "dns", Base: 0.9, match: dnsFails,
		When:    "A probe by address works and one by name fails.",
		Summary: "The connection works, but names are not resolved.",
		Agent:   "Leaves the modem alone: it is not at fault.",
		Advice:  "Look at the name servers in /etc/resolv.conf. Use the operator's, or add a second one.",
		Changes: "A name that resolves.",
	},
	{
		ID: "E13", Code: "nat-idle", Base: 0.85, match: natIdle,
		When:    "New connections work and one that was quiet for long does not.",
		Summary: "The connection works, but connections that were quiet for long are dropped on the way.",
		Agent:   "Leaves the modem alone: it is not at fault.",
		Advice:  "Let the application send something every 30 seconds over UDP and every few hours over TCP. Or let it connect anew.",
		Changes: "A quiet connection that survives.",
	},
	{
		ID: "E5", Code: "netdev-down", Base: 0.8, match: netdevDown,
		When:    "The modem is connected, and the network interface on this computer is missing, down or without address.",
		Summary: "The modem is connected, but this computer's network interface to it is not.",
		Agent:   "Leaves the modem alone: the fault is on this computer.",
		Advice:  "Restart the program that runs the interface (pppd, NetworkManager, a DHCP client), and look at its log.",
		Changes: "An interface with an address.",
	},
	{
		ID: "E6", Code: "stale-bearer", Base: 0.9, match: staleBearer,
		When:    "The context is active, and the operator ended this session after it came up, or a session with this very address.",
		Summary: "The modem believes it is connected, but the operator has ended this data session.",
		Agent:   "Deactivates and activates the context once; if that does not help it attaches anew.",
		Advice:  "Nothing for the first minutes.",
		Changes: "A new data session, or the context going down.",
	},
	{
		ID: "E7", Code: "maybe-stale", Base: 0.6, match: maybeStale,
		When:    "The context is active, probes do not get through, and a session ended at a time that the clock cannot place.",
		Summary: "The operator may have ended this data session; the clock cannot tell.",
		Agent:   "Probes for two minutes, then treats it as ended.",
		Advice:  "Nothing for the first minutes. A time service on this computer would make it certain.",
		Changes: "A probe that gets through, or a clock that is set.",
	},
	{
		ID: "E8", Code: "server-or-filter", Base: 0.7, match: serverOrFilter,
		When:    "Probes fail, or only the owner's server does, while the operator counts what the device sends and nothing that comes back.",
		Summary: "What the device sends reaches the operator, and nothing comes back from beyond.",
		Agent:   "Keeps the connection: the modem is not at fault.",
		Advice:  "Check the server, its firewall and any VPN between. Try another address from this device.",
		Changes: "An answer from outside.",
	},
	{
		ID: "E4", Code: "host-path", Base: 0.85, match: hostPath,
		When:    "Probes fail, while this computer has no route through the modem, or the operator sees the session alive with data both ways.",
		Summary: "The connection is fine up to this computer; its own routing or firewall stops the data.",
		Agent:   "Leaves the modem alone: the fault is on this computer.",
		Advice:  "Check the default route and its metric (ip route), and the firewall on this computer.",
		Changes: "A probe that gets through.",
	},
	{
		ID: "E9", Code: "silent-detach", Base: 0.75, match: silentDetach,
		When:    "Probes fail, what is sent gets no answer, and the operator has not heard of the session for 15 minutes.",
		Summary: "The connection looks alive, but nothing gets through and the operator hears nothing of it.",
		Agent:   "Activates the context anew, then attaches anew; at last it switches the radio off and on.",
		Advice:  "Nothing for the first quarter of an hour.",
		Changes: "A probe that gets through, or an update of the session.",
	},
	{
		ID: "S3", Code: "no-answer", Base: 0.6, match: noAnswer,
		When:    "Probes fail, and the operator saw the session alive within 15 minutes, but has not reported on it since.",
		Summary: "Connected, but nothing outside answers. Whose fault it is, the operator's next report will show.",
		Agent:   "Keeps the connection until that report, for a quarter of an hour at most.",
		Advice:  "Nothing for the first quarter of an hour. Then read this again.",
		Changes: "A probe that gets through, or a report on the session.",
	},
	{
		ID: "E15", Code: "flapping", Base: 0.85, adds: true, match: flapping,
		When:    "Four data sessions or more have begun and ended within an hour; while data flows it is a note.",
		Summary: "The connection comes and goes: several short sessions within the last hour.",
		Agent:   "Takes its time before each new attempt, so as not to add to it.",
		Advice:  "Check the modem's power supply under load and the antenna. Then look for a program that restarts the connection.",
		Changes: "A session that lasts.",
	},
}

// connectionRules say how sure it is that data flows.
var connectionRules = []Rule{
	{
		ID: "E10", Code: "cloud-updates-missing", Base: 0.7, adds: true, match: updatesMissing,
		When:    "Data flows, and the operator has told nothing of this session for more than 15 minutes, though it does every six.",
		Summary: "Data flows, but the operator's reports on the session have stopped coming.",
		Agent:   "Nothing: what the device sees itself counts for more.",
		Advice:  "See that the event stream sends data-session.updated, and that the way of the events to this device works.",
		Changes: "An update of the session.",
	},
	{
		ID: "E1", Code: "online", Base: 0.95, match: online,
		When:    "The context is active, and the operator has a living session with the same address; surest when a probe gets through.",
		Summary: "The device is online.",
		Agent:   "Looks twice a minute.",
		Advice:  "Nothing to do.",
		Changes: "Loss of registration or of the data session.",
	},
	{
		ID: "E12", Code: "ip-mismatch", Base: 0.7, match: ipMismatch,
		When:    "The context is active, and the operator has a living session with another address that began after it.",
		Summary: "Connected, but the operator reports a newer session with another address.",
		Agent:   "Reads the address again and waits for the operator's next report.",
		Advice:  "Nothing for ten minutes. If it lasts, see whether the modem has two contexts open, or the SIM is used elsewhere.",
		Changes: "The same address on both sides.",
	},
	{
		ID: "E3", Code: "online-cached-permission", Base: 0.95, match: cachedPermission,
		When:    "A probe gets through, and the operator has told of no attach at all, though its events do arrive.",
		Summary: "Online. The operator was not asked for this attach: the visited network still knew the SIM.",
		Agent:   "Looks twice a minute.",
		Advice:  "Nothing to do. This is normal.",
		Changes: "Loss of registration or of the data session.",
	},
	{
		ID: "E2", Code: "online-cloud-lags", Base: 0.8, match: onlineCloudLags,
		When:    "The context is active, and the operator has not confirmed it; surer when a probe gets through.",
		Summary: "The device is connected; the cloud has not confirmed it.",
		Agent:   "Looks twice a minute.",
		Advice:  "If you expect events here, check the event stream's destination and the agent's cloud sources. Otherwise nothing.",
		Changes: "The cloud's data-session.started with the same IP.",
	},
}

const (
	// sessionAlive: with an update every six minutes, a session that reported within this time lives.
	sessionAlive = 30 * time.Minute
	sessionFresh = 15 * time.Minute
	flapSessions = 4
	flapWindow   = time.Hour
	flapOutage   = 5 * time.Minute  // a longer outage is no flapping any more
	linkGrace    = 30 * time.Second // for DHCP or PPP to bring the interface up
)

// probeFails reports that the modem believes in its connection and packets do not get through.
func (v *view) probeFails() bool { return v.ReadyForData() && v.probe.IP == facts.Failed }

// window is the operator's newest count of the living session, if it is of the last quarter of an hour.
func (v *view) window() (facts.Window, bool) {
	w, ok := v.Cloud.LastWindow()
	return w, ok && v.hasSession && w.Session == v.session.SID && v.session.Alive() && v.cloudNow().Sub(w.End) <= sessionFresh
}

// failure is what the operator counted of the living session since probes fail. What it counted before says nothing of it.
// Without a clock the order is told by when events arrive.
func (v *view) failure() (w facts.Window, certain, ok bool) {
	w, ok = v.Cloud.LastWindow()
	if !ok || !v.probeFails() || !v.hasSession || w.Session != v.session.SID || !v.session.Alive() {
		return w, false, false
	}
	began := v.cloudNow().Add(-v.now.Sub(v.Outside.Probe.Since))
	return w, v.Clock.Known() && w.Start.Sub(began) > v.Clock.Uncertainty, w.Start.After(began)
}

// awaited reports that the operator's next report on the living session may still tell why probes fail.
func (v *view) awaited() bool {
	return v.hasSession && v.session.Alive() && v.session.IP == v.IP.Value && v.sinceSession() <= sessionFresh
}

func clockWrong(v *view) (finding, bool) {
	off, wrong := v.ClockError(v.now)
	found := finding{evidence: []Evidence{host(v.now, "clock %s", v.clockWords(off, wrong))}}
	switch {
	case v.probe.TLS == facts.Failed && v.probe.IP == facts.Worked && (wrong || !v.Clock.Known()):
		found.evidence = append(found.evidence, v.probed())
		return found, true
	case wrong:
		found.note = true
		found.summary = "This computer's clock is wrong: " + v.clockWords(off, wrong) + "."
		return found, true
	}
	return no()
}

func (v *view) clockWords(off time.Duration, wrong bool) string {
	switch {
	case wrong && off > 0:
		return "late by " + facts.SpanWords(off)
	case wrong:
		return "ahead by " + facts.SpanWords(off.Abs())
	}
	return "set by nobody yet"
}

func blockedWhileUp(v *view) (finding, bool) {
	if !v.ReadyForData() || v.probe.IP == facts.Worked || !v.hasSession || !v.session.Blocked() {
		return no()
	}
	blocked := fromCloud(*v.session.Last)
	blocked.Fact += ", blocked by the data limit"
	return evidence(blocked, v.dataUp())
}

func dnsFails(v *view) (finding, bool) {
	if !v.ReadyForData() || v.probe.IP != facts.Worked || v.probe.DNS != facts.Failed {
		return no()
	}
	return evidence(v.probed(), v.dataUp())
}

func natIdle(v *view) (finding, bool) {
	if !v.ReadyForData() || v.probe.IP != facts.Worked || v.probe.Idle != facts.Failed {
		return no()
	}
	return evidence(v.probed(), v.dataUp())
}

func netdevDown(v *view) (finding, bool) {
	link := v.Outside.Link
	if !v.ReadyForData() || !link.Known() || v.probe.IP == facts.Worked || link.Value.Up && link.Value.IP != "" {
		return no()
	}
	if v.now.Sub(link.Since) < linkGrace || v.now.Sub(v.IP.Since) < linkGrace {
		return no()
	}
	found := finding{evidence: []Evidence{v.linkSeen(), v.dataUp()}}
	if w, ok := v.window(); ok && w.Upload+w.Down == 0 {
		found.agreed = true
		found.evidence = append(found.evidence, fromCloud(*v.session.Last))
	}
	return found, true
}

// ended reports an ended session that may be ours, and what the clock says of the order.
func (v *view) ended() (after, certain, ok bool) {
	other := v.session.IP != "" && v.session.IP != v.IP.Value // the end of an older session says nothing
	if !v.ReadyForData() || v.probe.IP == facts.Worked || !v.hasSession || v.session.Alive() || other {
		return false, false, false
	}
	after, certain = v.Order(v.now, v.session.End, v.IP.Since)
	return after, certain, true
}

func staleBearer(v *view) (finding, bool) {
	after, certain, ok := v.ended()
	if !ok {
		return no()
	}
	found := finding{evidence: []Evidence{v.dataUp(), fromCloud(*v.session.Last)}, agreed: v.probeFails()}
	if v.probeFails() {
		found.evidence = append(found.evidence, v.probed())
	}
	switch {
	case certain:
		return found, after // else it ended before we got this address
	case v.session.IP == v.IP.Value && v.session.End.After(v.session.Start):
		found.orderOpen = true // same address: the same session, whatever the clocks say
		return found, true
	}
	return no()
}

func maybeStale(v *view) (finding, bool) {
	if _, certain, ok := v.ended(); !ok || certain || !v.probeFails() {
		return no()
	}
	return evidence(v.probed(), fromCloud(*v.session.Last), v.dataUp())
}

func serverOrFilter(v *view) (finding, bool) {
	if v.ReadyForData() && v.probe.IP == facts.Worked && v.probe.Server == facts.Failed {
		return finding{confidence: 0.85, evidence: []Evidence{v.probed(), v.dataUp()}}, true
	}
	w, certain, ok := v.failure()
	if !ok || w.Upload == 0 || w.Down > 0 {
		return no()
	}
	return finding{evidence: []Evidence{v.probed(), fromCloud(*v.session.Last), v.dataUp()}, orderOpen: !certain}, true
}

func hostPath(v *view) (finding, bool) {
	link := v.Outside.Link
	noRoute := link.Known() && link.Value.IP != "" && !link.Value.Route
	w, certain, ok := v.failure()
	flows := ok && v.session.IP == v.IP.Value && w.Upload > 0 && w.Down > 0
	if !v.probeFails() || !noRoute && !flows {
		return no()
	}
	found := finding{evidence: []Evidence{v.probed()}, agreed: noRoute && flows, orderOpen: !noRoute && !certain}
	if noRoute {
		found.evidence = append(found.evidence, v.linkSeen())
	}
	if flows {
		found.evidence = append(found.evidence, fromCloud(*v.session.Last))
	}
	return found, true
}

func silentDetach(v *view) (finding, bool) {
	w, _, ok := v.failure()
	if !v.probeFails() || ok && w.Upload+w.Down > 0 || !ok && v.awaited() {
		return no() // the operator sees it live, or may yet say so
	}
	found := finding{evidence: []Evidence{v.probed(), v.dataUp()}, confidence: 0.5}
	if tx, rx, known := v.Outside.Moved(); known && tx > 0 && rx == 0 {
		found.confidence = 0.6
		found.evidence = append(found.evidence, host(v.Outside.Link.At, "%d bytes sent and none received", tx))
	}
	if v.hasSession && v.sinceSession() > sessionFresh {
		found.confidence = max(0.75, found.confidence)
		found.evidence = append(found.evidence, fromCloud(*v.session.Last))
	}
	return found, true
}

func noAnswer(v *view) (finding, bool) {
	if !v.probeFails() || !v.awaited() {
		return no()
	}
	return evidence(v.probed(), v.dataUp(), fromCloud(*v.session.Last))
}

func flapping(v *view) (finding, bool) {
	short := 0
	for _, s := range v.Cloud.Sessions() {
		if !s.Alive() && v.cloudNow().Sub(s.Start) <= flapWindow {
			short++
		}
	}
	if short < flapSessions || v.rejectedForGood() {
		return no()
	}
	last := fromCloud(*v.session.Last)
	last.Fact = fmt.Sprintf("%d data sessions began and ended within an hour, the last: %s", short, last.Fact)
	found := finding{evidence: []Evidence{last}}
	found.note = v.ReadyForData() || v.unregistered() && v.outage() > flapOutage
	return found, true
}

func updatesMissing(v *view) (finding, bool) {
	if !v.ReadyForData() || !v.hasSession || !v.session.Alive() || v.session.IP != v.IP.Value || v.sinceSession() <= sessionFresh {
		return no()
	}
	if tx, rx, known := v.Outside.Moved(); v.probe.IP != facts.Worked && (!known || tx+rx == 0) {
		return no()
	}
	return finding{note: true, evidence: []Evidence{fromCloud(*v.session.Last)}}, true
}

func online(v *view) (finding, bool) {
	if !v.ReadyForData() || !v.hasSession || !v.session.Alive() || v.session.IP != v.IP.Value || !v.sameSession() {
		return no()
	}
	found := finding{
		summary:  networkOr(v, "Connected") + ", IP " + v.IP.Value + ", confirmed by the operator.",
		evidence: []Evidence{v.dataUp(), fromCloud(*v.session.Last), v.registration()},
	}
	if v.probe.IP == facts.Worked {
		found.confidence = 0.99
		found.evidence = append(found.evidence, v.probed())
	}
	return found, true
}

// sameSession reports whether the cloud's session can be the one that gave us our address: it reported lately, or it
// began when we got it. Addresses are given again to later sessions.
func (v *view) sameSession() bool {
	if !v.Clock.Known() || v.sinceSession() <= sessionAlive {
		return true
	}
	return v.session.Start.Sub(v.Clock.True(v.now, v.IP.Since)).Abs() <= repeatWindow
}

func ipMismatch(v *view) (finding, bool) {
	if !v.ReadyForData() || !v.hasSession || !v.session.Alive() || v.session.IP == "" || v.session.IP == v.IP.Value {
		return no()
	}
	if after, certain := v.Order(v.now, v.session.Start, v.IP.Since.Add(time.Minute)); !after || !certain {
		return no() // the cloud's is the older one, and its end is on the way
	}
	return evidence(v.dataUp(), fromCloud(*v.session.Last))
}

func cachedPermission(v *view) (finding, bool) {
	_, failed := v.Cloud.Last(facts.AttachmentRejected, facts.AttachmentFailed)
	if !v.ReadyForData() || v.probe.IP != facts.Worked || v.wasAccepted || failed || !v.Cloud.Alive(v.now) {
		return no()
	}
	return evidence(v.probed(), v.dataUp(), v.silence())
}

func onlineCloudLags(v *view) (finding, bool) {
	if !v.ReadyForData() {
		return no()
	}
	found := finding{evidence: []Evidence{v.dataUp(), v.registration()}}
	if v.probe.IP == facts.Worked {
		found.confidence = 0.9
		found.evidence = append(found.evidence, v.probed())
	}
	switch {
	case v.hasSession && v.session.Alive():
		found.evidence = append(found.evidence, fromCloud(*v.session.Last))
		found.summary = "Connected with IP " + v.IP.Value + "; the cloud still reports an older session."
	case v.Cloud.LastReceived.IsZero():
		found.evidence = append(found.evidence, v.silence())
		found.summary = "Connected with IP " + v.IP.Value + "; no cloud events reach this device to confirm it."
	default:
		found.evidence = append(found.evidence, v.silence())
		found.summary = "Connected with IP " + v.IP.Value + "; the cloud has not confirmed it yet."
	}
	return found, true
}

func networkOr(v *view, otherwise string) string {
	if n := networkName(v.Operator.Value); n != "" {
		return map[bool]string{true: "Roaming", false: "Registered"}[v.serving.Stat.String() == "roaming"] + " on " + n
	}
	return otherwise
}
