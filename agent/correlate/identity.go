package correlate

import (
	"fmt"
	"time"

	"supersim-agent/agent/facts"
)

// identityRules are group F: who and where. They never decide; they add what a person should know beside the verdict.
// An event without an IMEI says nothing of the device (F4), LTE-M counts as 4G LTE (F9), and usage is never compared across a
// restart of the counters (F12).
var identityRules = []Rule{
	{
		ID: "F2", Code: "sim-in-other-device", Base: 0.85, adds: true, match: simElsewhere,
		When:    "An event newer than the agent's start names another IMEI.",
		Summary: "Another device has used this SIM since the agent started.",
		Agent:   "Goes on as usual. It resets nothing because of it.",
		Advice:  "Find out who moved the SIM. If nobody did, deactivate it in the KORE console: its number may have been copied.",
		Changes: "Events with this modem's IMEI.",
	},
	{
		ID: "F3", Code: "sim-moved-here", Base: 0.9, adds: true, match: simMovedHere,
		When:    "Only events older than the first sight of this SIM name another IMEI.",
		Summary: "This SIM was in another device before.",
		Agent:   "Goes on as usual.",
		Advice:  "Nothing, if you moved it.",
		Changes: "Events with this modem's IMEI.",
	},
	{
		ID: "F5", Code: "imsi-switched", Base: 0.95, adds: true, match: imsiSwitched,
		When:    "The newest event names another IMSI than the SIM has now.",
		Summary: "The SIM has changed its IMSI since the operator's last event. This is normal.",
		Agent:   "Takes older refusals for what they are: of another identity.",
		Advice:  "Nothing.",
		Changes: "An event with the present IMSI.",
	},
	{
		ID: "F6", Code: "event-old", Base: 0.9, adds: true, match: eventOld,
		When:    "The newest event names another network, and is older than the present registration.",
		Summary: "The operator's last event is from before the modem changed its network.",
		Agent:   "Waits for the next event.",
		Advice:  "Nothing.",
		Changes: "The next event.",
	},
	{
		ID: "F7", Code: "plmn-mismatch", Base: 0.5, adds: true, match: plmnMismatch,
		When:    "The newest event names another network, and is certainly newer than the present registration.",
		Summary: "The operator and the modem name different networks at the same time.",
		Agent:   "Reads the network's name again.",
		Advice:  "Nothing, as long as data flows: two names may mean one network. If the IMEI differs as well, another device uses the SIM.",
		Changes: "The same network on both sides.",
	},
	{
		ID: "F8", Code: "rat-changed", Base: 0.9, adds: true, match: ratChanged,
		When:    "The newest event names another technology than the modem has now.",
		Summary: "The modem has changed between 2G, 3G and 4G since the operator's last event. This is normal.",
		Agent:   "Nothing.",
		Advice:  "Nothing.",
		Changes: "The next event.",
	},
	{
		ID: "F10", Code: "local-traffic-not-on-sim", Base: 0.6, adds: true, match: moreLocalUsage,
		When:    "In an hour or more the interface carried more than twice what the operator counted, and 5 MB more.",
		Summary: "The interface carries much more than the operator counts on this SIM.",
		Agent:   "Nothing.",
		Advice:  "Check which interface the traffic takes: it may use another uplink.",
		Changes: "Counts that agree.",
	},
	{
		ID: "F11", Code: "unseen-consumer", Base: 0.6, adds: true, match: moreCloudUsage,
		When:    "In an hour or more the operator counted more than twice what the interface carried, and 5 MB more.",
		Summary: "The operator counts much more on this SIM than the interface carries.",
		Agent:   "Nothing.",
		Advice:  "Look for another user of the SIM: the module's own internet functions, another program on the modem, or another device.",
		Changes: "Counts that agree.",
	},
	{
		ID: "C18", Code: "steering", Base: 0.8, adds: true, match: steered,
		When:    "Registered, and within the last quarter of an hour up to five attaches on other networks were rejected with 83702 or ROAMING_NOT_ALLOWED.",
		Summary: "Other networks refused the SIM before this one took it. This is normal: the operator steers its SIMs.",
		Agent:   "Nothing.",
		Advice:  "Nothing.",
		Changes: "Time.",
	},
}

// foreign is the newest event that names another device.
func (v *view) foreign() (facts.Entry, bool) {
	mine := v.Modem.Value.IMEI
	if e, ok := v.Cloud.Newest(); ok && mine != "" && !facts.SameIMEI(e.IMEI, mine) {
		return e, true
	}
	return facts.Entry{}, false
}

func otherDevice(v *view, e facts.Entry) []Evidence {
	seen := fromCloud(e)
	seen.Fact += ", by the device with IMEI " + e.IMEI
	return []Evidence{seen, local(v.Modem.Since, "this modem's IMEI is %s", v.Modem.Value.IMEI)}
}

func simElsewhere(v *view) (finding, bool) {
	e, ok := v.foreign()
	if !ok {
		return no()
	}
	if after, certain := v.Order(v.now, e.Time, v.Started); !after || !certain {
		return no()
	}
	if !v.movedIn(e) {
		return finding{note: true, evidence: otherDevice(v, e)}, true
	}
	return no()
}

// movedIn reports that an event is from before the SIM was first seen here.
func (v *view) movedIn(e facts.Entry) bool {
	after, certain := v.Order(v.now, e.Time, v.ICCID.Since)
	return !after && certain
}

func simMovedHere(v *view) (finding, bool) {
	e, ok := v.foreign()
	if !ok || !v.movedIn(e) {
		return no()
	}
	return finding{note: true, evidence: otherDevice(v, e)}, true
}

func imsiSwitched(v *view) (finding, bool) {
	e, ok := v.Cloud.Newest()
	if !ok || e.OTA || e.IMSI == "" || !v.IMSI.Known() || e.IMSI == string(v.IMSI.Value) {
		return no()
	}
	return finding{note: true, evidence: []Evidence{fromCloud(e), local(v.IMSI.Since, "IMSI %s", v.IMSI.Value)}}, true
}

// elsewhere is the newest event if it names another network than the modem is registered on.
func (v *view) elsewhere() (e facts.Entry, ok bool) {
	e, ok = v.Cloud.Newest()
	here := v.Operator.Value.PLMN
	return e, ok && !e.OTA && v.Registered.Value && here != "" && e.Network.PLMN() != "" && !facts.SamePLMN(here, e.Network.PLMN())
}

func eventOld(v *view) (finding, bool) {
	e, ok := v.elsewhere()
	if !ok {
		return no()
	}
	if after, certain := v.Order(v.now, e.Time, v.Operator.Since); certain && after {
		return no()
	}
	return finding{note: true, evidence: []Evidence{fromCloud(e), v.registration()}}, true
}

func plmnMismatch(v *view) (finding, bool) {
	e, ok := v.elsewhere()
	if !ok {
		return no()
	}
	if after, certain := v.Order(v.now, e.Time, v.Operator.Since); !certain || !after {
		return no()
	}
	return finding{note: true, evidence: []Evidence{fromCloud(e), v.registration()}}, true
}

func ratChanged(v *view) (finding, bool) {
	e, ok := v.Cloud.Newest()
	if !ok || e.OTA || !v.Registered.Value || e.RAT == "" || v.RAT() == "" || e.RAT == v.RAT() {
		return no()
	}
	return finding{note: true, evidence: []Evidence{fromCloud(e), local(v.now, "technology %s", v.RAT())}}, true
}

const (
	usageSpan    = time.Hour
	usageOpen    = 12 * time.Minute // the cloud's counts of the last windows are still on the way
	usageMargin  = 5_000_000        // bytes
	usageCovered = 0.8              // of the span the cloud's windows must tell
)

// usage compares both counts of the same span.
func (v *view) usage() (here, there int64, ok bool) {
	u := v.Outside.Usage.Value
	if !v.Clock.Known() || u.To.Sub(u.From) < usageSpan {
		return 0, 0, false
	}
	from, to := v.Clock.True(v.now, u.From), v.Clock.True(v.now, u.To)
	if v.cloudNow().Sub(to) < usageOpen {
		return 0, 0, false
	}
	up, down, covered := v.Cloud.Usage(from, to)
	return u.Upload + u.Down, up + down, covered.Seconds() >= usageCovered*to.Sub(from).Seconds()
}

func moreLocalUsage(v *view) (finding, bool) {
	here, there, ok := v.usage()
	return v.usageFinding(here, there, ok && here > 2*there && here-there > usageMargin)
}

func moreCloudUsage(v *view) (finding, bool) {
	here, there, ok := v.usage()
	return v.usageFinding(here, there, ok && there > 2*here && there-here > usageMargin)
}

func (v *view) usageFinding(here, there int64, differ bool) (finding, bool) {
	if !differ {
		return no()
	}
	u := v.Outside.Usage.Value
	carried := host(u.To, "the interface carried %d kB in %s", here/1000, facts.SpanWords(u.To.Sub(u.From)))
	counted := Evidence{Side: facts.Cloud, Fact: fmt.Sprintf("the operator counted %d kB in that time", there/1000)}
	return finding{note: true, evidence: []Evidence{carried, counted}}, true
}

func steered(v *view) (finding, bool) {
	if !v.Registered.Value {
		return no()
	}
	var last *facts.Entry
	n := 0
	for _, e := range v.Cloud.Since(v.cloudNow().Add(-repeatWindow)) {
		barred := e.Error.Code == codeNotAllowed || facts.DiameterAnswer(e.Error.Message) == facts.AnswerNoRoaming
		if e.Type == facts.AttachmentRejected && barred && !facts.SamePLMN(e.Network.PLMN(), v.Operator.Value.PLMN) {
			n, last = n+1, e
		}
	}
	if n == 0 || n > 5 {
		return no()
	}
	return finding{note: true, evidence: []Evidence{fromCloud(*last), v.registration()}}, true
}
