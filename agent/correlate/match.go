package correlate

import (
	"fmt"
	"time"

	"supersim-agent/agent/facts"
)

// KORE's error codes of attachment.rejected (connection events, "error.code").
const (
	codeNotAllowed  = 83702
	codeRateLimited = 83703
	codeNew         = 83704
	codeInactive    = 83705
)

const (
	simGrace      = 60 * time.Second // a SIM refresh is not a missing SIM
	noSignalAfter = 5 * time.Minute
	dialGrace     = 30 * time.Second // for the default bearer, or our own dial, after registration
)

// evidence is shorthand for a finding that only brings its evidence.
func evidence(e ...Evidence) (finding, bool) { return finding{evidence: e}, true }

func no() (finding, bool) { return finding{}, false }

// Group A: the device itself.

var portTrouble = map[string]finding{
	"missing": {summary: "The modem's serial port does not exist.",
		advice: "Check that the HAT has power and its USB cable is in; for a UART, that the serial port is enabled."},
	"permission": {summary: "The agent may not open the modem's serial port.",
		advice: "Add the agent's user to the group of the port (usually dialout) and restart the agent."},
	"busy": {summary: "Another program holds the modem's serial port.",
		advice: "Stop that program, or tell it to leave this port alone."},
	"sandbox": {summary: "The service's device rules forbid the modem's serial port.",
		advice: "Load the port's kernel module at boot (modules-load.d) and restart the service."},
	"not-a-tty": {summary: "The configured port is not a serial port.",
		advice: "Correct modem.port in the configuration."},
}

func modemUnreachable(v *view) (finding, bool) {
	if !v.Port.Open && v.Port.Reason != "" && !v.leftToBoot() {
		found := portTrouble[v.Port.Reason]
		found.evidence = []Evidence{host(v.Port.Since, "%s", v.Port.Text)}
		if v.Port.Holder != "" {
			found.summary = "Another program holds the modem's serial port: " + v.Port.Holder + "."
		}
		return found, true
	}
	if v.Line.Alive && v.Line.Doubt != "" {
		return finding{confidence: 0.7, summary: "The modem has not answered the last question.",
			evidence: []Evidence{local(v.now, "%s", v.Line.Doubt)}}, true
	}
	if v.Line.Alive || v.Line.Failing == 0 || v.Line.Stranger.Kind != "" {
		return no()
	}
	if v.now.Before(v.BootingUntil) {
		return no()
	}
	if v.Line.Speaks {
		return finding{summary: "The modem answers, and refuses what every session begins with.",
			advice:   "Cut the modem's power once. If it stays so, check that modem.port is the modem's AT port.",
			evidence: []Evidence{local(v.Line.Since, "%s", v.Line.Text)}}, true
	}
	return evidence(local(v.Line.Since, "no answer on %s: %s", v.Port.Path, v.Line.Text))
}

// notAModem: one handshake tells, unless the module may still be booting. While the port is being opened again, what is
// known of it holds.
func notAModem(v *view) (finding, bool) {
	s := v.Line.Stranger
	if v.Line.Alive || s.Kind == "" || v.now.Before(v.BootingUntil) {
		return no()
	}
	where := v.Port.Path
	if where == "" || where == "auto" {
		where = "the port"
	}
	return finding{
		summary:  fmt.Sprintf("No modem answers on %s: %s.", where, s.Kind.Words()),
		advice:   s.Kind.Advice(v.Line.ATPort),
		evidence: []Evidence{local(v.Line.Since, "%s: %s; %d handshakes in vain", s.Kind, s, v.Line.Failing)},
	}, true
}

// leftToBoot: a module that restarts takes its USB port away for a while.
func (v *view) leftToBoot() bool {
	return v.now.Before(v.BootingUntil) && v.Modem.Known() && (v.Port.Reason == "missing" || v.Port.Reason == "gone")
}

func starting(v *view) (finding, bool) {
	if v.Line.Alive && v.SIM.Known() {
		return no()
	}
	return evidence(host(v.Started, "the agent runs since"))
}

// simAway is how long the card has not been ready.
func (v *view) simAway() time.Duration {
	if v.SIMReadyAt.IsZero() {
		return v.now.Sub(v.SIM.Since)
	}
	return v.now.Sub(v.SIMReadyAt)
}

func simRefreshing(v *view) (finding, bool) {
	switch v.SIM.Value {
	case facts.SIMBusy, facts.SIMMissing, facts.SIMFault:
		if v.simAway() < simGrace {
			return evidence(local(v.SIM.Since, "SIM %s for %s", v.SIM.Value, v.simAway().Round(time.Second)))
		}
	}
	return no()
}

func simIs(v *view, states ...facts.SIMState) (finding, bool) {
	for _, s := range states {
		if v.SIM.Value == s {
			return evidence(local(v.SIM.Since, "the modem says of the SIM: %s", s))
		}
	}
	return no()
}

func simMissing(v *view) (finding, bool) { return simIs(v, facts.SIMMissing, facts.SIMBusy) }
func simPIN(v *view) (finding, bool)     { return simIs(v, facts.SIMPIN) }
func simPUK(v *view) (finding, bool)     { return simIs(v, facts.SIMPUK) }
func simFault(v *view) (finding, bool)   { return simIs(v, facts.SIMFault, facts.SIMLocked) }

func notSuperSIM(v *view) (finding, bool) {
	if !v.ICCID.Known() || v.SuperSIM() {
		return no()
	}
	return evidence(local(v.ICCID.Since, "ICCID %s", v.ICCID.Value))
}

func radioOff(v *view) (finding, bool) {
	if !v.Radio.Known() || v.Radio.Value.On() {
		return no()
	}
	return evidence(local(v.Radio.Since, "functionality level CFUN %d", v.Radio.Value.Fun))
}

func roamingOff(v *view) (finding, bool) {
	if s, off := v.RoamingOff(); off {
		return evidence(local(v.SIM.Since, "the module's setting %s", facts.SettingWords(s)), v.registration())
	}
	if v.Want.NoRoam && v.unregistered() {
		return evidence(host(v.Started, "the configuration has network.roaming = false"), v.registration())
	}
	return no()
}

func manualPLMN(v *view) (finding, bool) {
	if m := v.Operator.Value.Mode; v.Registered.Value || m != 1 && m != 2 {
		return no()
	}
	return evidence(local(v.Operator.Since, "network selection mode %d %s", v.Operator.Value.Mode, v.Operator.Value.PLMN), v.registration())
}

// Group E: the context is active.

func staleBearer(v *view) (finding, bool) {
	if !v.ReadyForData() || !v.hasSession || v.session.Alive() {
		return no()
	}
	ended := []Evidence{v.dataUp(), fromCloud(v.session.Last)}
	if v.session.IP != "" && v.session.IP != v.IP.Value {
		return no() // the end of an older session with another address
	}
	after, certain := v.Order(v.now, v.session.End, v.IP.Since)
	switch {
	case after && certain:
		return finding{evidence: ended, confidence: 0.9}, true
	case certain:
		return no() // it ended before we got this address
	case v.session.IP == v.IP.Value && v.session.End.After(v.session.Start):
		return finding{evidence: ended, confidence: 0.7}, true // same address: the same session, whatever the clocks say
	}
	return no()
}

func online(v *view) (finding, bool) {
	if !v.ReadyForData() || !v.hasSession || !v.session.Alive() || v.session.IP != v.IP.Value || !v.sameSession() {
		return no()
	}
	return finding{
		summary:  networkOr(v, "Connected") + ", IP " + v.IP.Value + ", confirmed by the operator.",
		evidence: []Evidence{v.dataUp(), fromCloud(v.session.Last), v.registration()},
	}, true
}

// sessionAlive: with an update every six minutes, a session that reported within this time lives.
const sessionAlive = 30 * time.Minute

// sameSession reports whether the cloud's session can be the one that gave us our address: it reported lately, or it
// began when we got it. Addresses are given again to later sessions.
func (v *view) sameSession() bool {
	newest := v.session.Start
	if v.session.Update.After(newest) {
		newest = v.session.Update
	}
	if v.Clock.State == facts.ClockUnsynced || v.Clock.State == "" || v.now.Sub(newest) <= sessionAlive {
		return true
	}
	return v.session.Start.Sub(facts.Wall(v.now, v.IP.Since)).Abs() <= repeatWindow
}

func onlineCloudLags(v *view) (finding, bool) {
	if !v.ReadyForData() {
		return no()
	}
	found := finding{evidence: []Evidence{v.dataUp(), v.registration()}}
	switch {
	case v.hasSession && v.session.Alive():
		found.evidence = append(found.evidence, fromCloud(v.session.Last))
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

// Group D: registered or accepted, but no data.

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

// apnCauses are the permanent refusals of an APN or its type (TS 24.301 §9.9.4.4, TS 24.008 §10.5.6.6).
var apnCauses = map[int]bool{8: true, 27: true, 28: true, 29: true, 30: true, 32: true, 33: true, 50: true, 51: true, 52: true}

func apnRejected(v *view) (finding, bool) {
	if v.APNWrong() || v.ReadyForData() || !v.Line.Alive {
		return no()
	}
	cause := v.cause
	if v.Registered.Value && !v.Dial.OK && v.Dial.Tries > 0 {
		cause = v.Dial.Cause
	}
	if !facts.SessionCause(cause) || !apnCauses[cause.Number] {
		return no()
	}
	found := finding{evidence: []Evidence{
		local(v.now, "%s cause %d (%s) for APN %q", cause.Domain, cause.Number, cause.Name(), v.Want.APN), v.registration()}}
	if v.wasAccepted {
		found.evidence = append(found.evidence, fromCloud(v.accepted))
	}
	return found, true
}

// noData reports a modem that is registered without an active context, and since when.
func (v *view) noData() bool {
	return v.Line.Alive && v.Registered.Value && !v.ReadyForData() && v.Active.Known()
}

func hostNotDialling(v *view) (finding, bool) {
	if !v.noData() || v.now.Sub(v.DataLostAt) < dialGrace || v.Dial.At.After(v.DataLostAt) {
		return no()
	}
	found := finding{evidence: []Evidence{v.registration(), local(v.Active.Since, "PDP context %d is not active and nobody has tried", v.Want.CID)}}
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

// Group C: refused. Local denial makes the cloud's word certain; a modem that is already searching again makes it a
// little less so.

func refusedWith(code int) func(*view) (finding, bool) {
	return func(v *view) (finding, bool) {
		if !v.unregistered() || !v.rejectedWith(code) {
			return no()
		}
		found := finding{evidence: []Evidence{fromCloud(v.refusal), v.registration()}}
		if code == codeNotAllowed && v.refusal.Network.PLMN() != "" {
			found.summary = "Network " + placeOf(v.refusal) + " is not open to the SIM; the modem looks for another."
		}
		if !v.denied() && code != codeNotAllowed {
			found.confidence = 0.9
		}
		return found, true
	}
}

func placeOf(e facts.Entry) string {
	if e.Network.Name != "" {
		return e.Network.PLMN() + " (" + e.Network.Name + ")"
	}
	return e.Network.PLMN()
}

func deniedCloudUnknown(v *view) (finding, bool) {
	if !v.denied() {
		return no()
	}
	found := finding{evidence: []Evidence{v.registration()}}
	if v.refused { // a refusal whose code no rule knows is still the cloud's word
		found.evidence = append(found.evidence, fromCloud(v.refusal))
		found.confidence = 0.5
		return found, true
	}
	found.evidence = append(found.evidence, v.silence())
	if v.cause != (facts.Cause{}) && v.Cloud.Alive(v.now) {
		found.confidence = 0.4
	}
	return found, true
}

// Group B: searching.

func noSignal(v *view) (finding, bool) {
	if !v.unregistered() || v.denied() || !v.Signal.Known() || v.Signal.Value.Heard() {
		return no()
	}
	heard := v.HeardAt
	if heard.IsZero() || heard.Before(v.OutageStart) {
		heard = v.OutageStart
	}
	quiet := v.now.Sub(heard)
	if quiet < noSignalAfter {
		return no()
	}
	found := finding{evidence: []Evidence{local(heard, "no cell measured for %s", quiet.Round(time.Minute)), v.registration()}}
	if quiet >= 25*time.Minute {
		found.confidence = 0.85
	}
	return found, true
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
	if v.serving.Stat == facts.RegIdle && v.outage() > 25*time.Minute {
		found.summary, found.confidence = "The modem has stopped looking for a network.", 0.6
	} else if v.outage() > 25*time.Minute {
		found.summary, found.confidence = "The modem has been looking for a network for "+v.outage().Round(time.Minute).String()+".", 0.6
	}
	return found, true
}
