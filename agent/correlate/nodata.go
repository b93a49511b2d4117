package correlate

import (
	"fmt"
	"slices"
	"time"

	"supersim-agent/agent/facts"
)

// Group D: registered or accepted, but no data. First what is set wrongly or was refused.
var noDataRules = []Rule{
	{
		ID: "D7", Code: "data-limit", Base: 0.95, match: blockedByLimit,
		When:    "No data, and the newest word on the SIM's data sessions is that they are blocked.",
		Summary: "The SIM has used up its data limit, so the operator blocks its data.",
		Agent:   "Looks every six hours whether that has changed, and leaves the radio alone.",
		Advice:  "Raise the fleet's data limit in the KORE console, or wait for the next billing period.",
		Changes: "A data session that is not blocked.",
	},
	{
		ID: "D6", Code: "data-limit", Base: 0.9, match: barredByOperator,
		When:    "The data session is refused with cause 8 (operator determined barring).",
		Summary: "The operator bars this SIM from data, most likely because its data limit is used up.",
		Agent:   "Looks every six hours whether that has changed, and leaves the radio alone.",
		Advice:  "Look at the SIM's usage and the fleet's data limit in the KORE console. Raise the limit, or switch data on for the fleet.",
		Changes: "A context that activates.",
	},
	{
		ID: "D1", Code: "wrong-apn", Base: 0.8, match: wrongAPN,
		When:    "The modem's APN is not the wanted one, and there is no data; surest when attaches are accepted again and again.",
		Summary: "The modem is set to the wrong APN, so it gets no data.",
		Agent:   "Sets the right APN and attaches again, once.",
		Advice:  "Nothing now. If it comes back, find the script or program that sets another APN.",
		Changes: "The modem reports the right APN.",
	},
	{
		ID: "D3", Code: "pdp-type", Base: 0.9, match: pdpType,
		When:    "No data, and the modem's PDP type is not the wanted one, or the session is refused with cause 28, 50, 51 or 52.",
		Summary: "The modem asks for a kind of IP address that the operator does not give.",
		Agent:   "Sets the PDP type that the configuration wants and attaches again, once.",
		Advice:  "Set data.pdp_type to ip. A Super SIM gives IPv4 addresses.",
		Changes: "A context that activates.",
	},
	{
		ID: "D5", Code: "pdp-auth", Base: 0.9, match: refusedSession(29),
		When:    "The data session is refused with cause 29 (user authentication failed).",
		Summary: "The modem sends a user name or password that the operator does not accept.",
		Agent:   "Writes the configured credentials once, or none.",
		Advice:  "Take user and password out of the configuration and out of the modem's context. A Super SIM needs none.",
		Changes: "A context that activates.",
	},
	{
		ID: "D10", Code: "apn-congestion", Base: 0.8, match: refusedSession(26),
		When:    "The data session is refused with cause 26 (insufficient resources).",
		Summary: "The network has no room for the data session now.",
		Agent:   "Leaves it alone for half an hour. It never resets for this.",
		Advice:  "Wait. If it happens every day, another network at this place may be better.",
		Changes: "A context that activates.",
	},
	{
		ID: "D12", Code: "bearer-limit", Base: 0.7, match: refusedSession(35, 55, 65),
		When:    "The data session is refused with cause 35, 55 or 65.",
		Summary: "The modem holds other data connections that leave no room for this one.",
		Agent:   "Opens its own context again at growing intervals.",
		Advice:  "Find which program has opened another context on this modem, and close it.",
		Changes: "A context that activates.",
	},
	{
		ID: "D4", Code: "apn-rejected", Base: 0.85, match: apnRejected,
		When:    "The APN is right, and the session is refused with cause 27, 30, 32 or 33.",
		Summary: "The network refuses the APN, though it is the right one.",
		Agent:   "Tries again at growing intervals, from five minutes to four hours.",
		Advice:  "Ask KORE support whether this SIM may use data here; name the network and the time.",
		Changes: "A context that activates.",
	},
}

// dataSetupRules: nothing is wrong with the settings.
var dataSetupRules = []Rule{
	{
		ID: "D9", Code: "ps-not-attached", Base: 0.8, match: packetNotAttached,
		When:    "For two minutes the modem has a network for calls or short messages, and none for data.",
		Summary: "The modem has a network, but only for calls or short messages.",
		Agent:   "Waits; then it attaches to packet service anew, and climbs the ladder.",
		Advice:  "Nothing for the first minutes. If it lasts, see whether the module is set to circuit-switched only.",
		Changes: "A registration for packet service.",
	},
	{
		ID: "D8", Code: "core-session-fail", Base: 0.85, match: coreSessionFail,
		When:    "Registered or accepted without data, and the newest word on sessions is data-session.failed.",
		Summary: "The operator's own network could not set the data session up.",
		Agent:   "Tries again at growing intervals of one minute to an hour.",
		Advice:  "Wait. If it lasts for longer than an hour, write to KORE support with the ICCID and the time.",
		Changes: "data-session.started.",
	},
	{
		ID: "D11", Code: "ota-only", Base: 0.9, match: otaOnly,
		When:    "Registered without data, and the newest session is one of the SIM's own (APN ota.super), not older than ten minutes.",
		Summary: "The SIM is talking to its maker; the device's own connection has to wait for it.",
		Agent:   "Gives it up to ten minutes.",
		Advice:  "Nothing. It takes a few minutes and happens rarely.",
		Changes: "An active context.",
	},
	{
		ID: "D13", Code: "host-not-dialling", Base: 0.8, match: hostNotDialling,
		When:    "Registered for 30 seconds without an active context, and nobody has tried to activate one.",
		Summary: "Registered, but nothing on this computer has opened a data connection.",
		Agent:   "Activates the data connection itself if it may; it may not in profile observe or with data.bearer none or existing.",
		Advice:  "Start the program that dials (pppd, NetworkManager, a QMI tool), or set data.bearer to auto.",
		Changes: "An active PDP context.",
	},
	{
		ID: "S2", Code: "connecting", Base: 0.7, match: connecting,
		When:    "Registered, and the context is not active yet.",
		Summary: "Registered; the data connection is being set up.",
		Agent:   "Activates the PDP context.",
		Advice:  "Nothing.",
		Changes: "An active PDP context, or a refusal.",
	},
}

const (
	dialGrace    = 30 * time.Second // for the default bearer, or our own dial, after registration
	packetGrace  = 2 * time.Minute  // packet service follows calls within seconds
	otaTime      = 10 * time.Minute
	sessionWords = time.Hour // how long data-session.failed speaks of the present
)

// sessionCause is the cause with which data was refused, zero when it was not.
func (v *view) sessionCause() facts.Cause {
	cause := v.cause
	if v.Registered.Value && !v.Dial.OK && v.Dial.Tries > 0 {
		cause = v.Dial.Cause
	}
	if v.ReadyForData() || !v.Line.Alive || !facts.SessionCause(cause) {
		return facts.Cause{}
	}
	return cause
}

// refusal of the session in words, with the cloud's acceptance when there is one: the SIM was let in.
func (v *view) sessionRefused(cause facts.Cause) []Evidence {
	at := v.now
	if !v.Dial.At.IsZero() {
		at = v.Dial.At
	}
	refused := local(at, "%s for APN %q", cause, v.Context.Value.APN)
	list := []Evidence{refused, v.registration()}
	if v.wasAccepted {
		list = append(list, fromCloud(v.accepted))
	}
	return list
}

func refusedSession(numbers ...int) func(*view) (finding, bool) {
	return func(v *view) (finding, bool) {
		cause := v.sessionCause()
		if !slices.Contains(numbers, cause.Number) {
			return no()
		}
		return evidence(v.sessionRefused(cause)...)
	}
}

func blockedByLimit(v *view) (finding, bool) {
	last, ok := v.Cloud.Last(facts.SessionStarted, facts.SessionUpdated, facts.SessionEnded, facts.SessionFailed)
	if !v.withoutData() || !ok || last.Modifier != "blocked" {
		return no()
	}
	blocked := fromCloud(last)
	blocked.Fact += ", blocked by the data limit"
	return evidence(blocked, v.registration())
}

func barredByOperator(v *view) (finding, bool) {
	found, ok := refusedSession(8)(v)
	if e, told := v.Cloud.Last(facts.SessionFailed); ok && told && facts.DiameterAnswer(e.Error.Message) == facts.AnswerNoCredit {
		found.agreed = true
		found.evidence = append(found.evidence, fromCloud(e))
	}
	return found, ok
}

func wrongAPN(v *view) (finding, bool) {
	if !v.Line.Alive || !v.APNWrong() || v.ReadyForData() {
		return no()
	}
	found := finding{evidence: []Evidence{v.apn()}}
	if n := v.repeatedAccepts(); n >= 1 {
		accepts := fromCloud(v.accepted)
		if n >= 3 {
			found.confidence = 0.95
			accepts.Fact = fmt.Sprintf("attach accepted %d times and no data session followed", n)
		}
		found.evidence = append(found.evidence, accepts)
	}
	if v.Registered.Known() {
		found.evidence = append(found.evidence, v.registration())
	}
	return found, true
}

func pdpType(v *view) (finding, bool) {
	if found, ok := refusedSession(28, 50, 51, 52)(v); ok {
		if v.PDPTypeWrong() {
			found.evidence = append(found.evidence, v.pdpTypeSeen())
		}
		return found, true
	}
	if !v.Line.Alive || v.ReadyForData() || !v.PDPTypeWrong() {
		return no()
	}
	return finding{confidence: 0.7, evidence: []Evidence{v.pdpTypeSeen(), v.registration()}}, true
}

func (v *view) pdpTypeSeen() Evidence {
	return local(v.Context.Since, "the modem's PDP type is %q, wanted is %q", v.Context.Value.Type, v.Want.PDPType)
}

// apnRejected: the permanent refusals of an APN (TS 24.301 §9.9.4.4, TS 24.008 §10.5.6.6).
func apnRejected(v *view) (finding, bool) {
	if v.APNWrong() {
		return no()
	}
	return refusedSession(27, 30, 32, 33)(v)
}

// withoutData reports a modem that the operator lets in and that has no data. On LTE, where a network without data session is
// none, the modem calls it a refused registration (EMM cause 19).
func (v *view) withoutData() bool {
	return v.noData() || v.unregistered() && !v.refused && v.acceptedLately()
}

// noData reports a modem that is registered without an active context.
func (v *view) noData() bool {
	return v.Line.Alive && v.Registered.Value && !v.ReadyForData() && v.Active.Known()
}

func packetNotAttached(v *view) (finding, bool) {
	sms := v.serving.Stat == facts.RegSMSHome || v.serving.Stat == facts.RegSMSRoaming
	if !v.unregistered() || v.denied() || !sms && !v.CircuitOnly() || v.outage() < packetGrace {
		return no()
	}
	found := finding{evidence: []Evidence{v.registration(), local(v.OutageStart, "no packet service since")}}
	if v.wasAccepted {
		found.evidence = append(found.evidence, fromCloud(v.accepted))
	}
	return found, true
}

func coreSessionFail(v *view) (finding, bool) {
	last, ok := v.Cloud.Last(facts.SessionFailed, facts.SessionStarted)
	if !v.withoutData() || !ok || last.Type != facts.SessionFailed {
		return no()
	}
	age, certain := v.Age(v.now, last)
	if age > sessionWords {
		return no()
	}
	found := finding{evidence: []Evidence{fromCloud(last), v.registration()}, orderOpen: !certain}
	if last.Error.Code != codeSessionFailed {
		found.confidence = 0.7
	}
	return found, true
}

func otaOnly(v *view) (finding, bool) {
	ota, ok := v.Cloud.LastOTA()
	if !v.noData() || !ok || ota.Type != facts.SessionStarted && ota.Type != facts.SessionUpdated {
		return no()
	}
	if age, _ := v.Age(v.now, ota); age > otaTime || v.hasSession && v.session.Start.After(ota.Time) {
		return no()
	}
	return evidence(fromCloud(ota), v.registration())
}

func hostNotDialling(v *view) (finding, bool) {
	if !v.noData() || v.now.Sub(v.DataLostAt) < dialGrace || v.Dial.At.After(v.DataLostAt) {
		return no()
	}
	idle := local(v.Active.Since, "PDP context %d is not active and nobody has tried", v.Want.CID)
	found := finding{evidence: []Evidence{v.registration(), idle}}
	if v.wasAccepted {
		found.evidence = append(found.evidence, fromCloud(v.accepted))
	}
	return found, true
}

func connecting(v *view) (finding, bool) {
	if !v.Line.Alive || !v.Registered.Value || v.ReadyForData() {
		return no()
	}
	found := finding{evidence: []Evidence{v.registration()}}
	if v.Dial.Tries > 0 {
		found.summary = "Registered, but the data connection does not come up."
		found.evidence = append(found.evidence, local(v.Dial.At, "activation failed %d times, last: %s", v.Dial.Tries, v.Dial.Text))
	}
	return found, true
}
