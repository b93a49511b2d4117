package correlate

import (
	"fmt"
	"time"

	"supersim-agent/agent/facts"
)

// deviceRules are group A: the device itself. Whatever the cloud says, nothing else can be judged while one of them holds.
var deviceRules = []Rule{
	{
		ID: "A1", Code: "modem-unreachable", Base: 0.95, match: modemUnreachable,
		When:    "The port does not exist, cannot be opened, or nothing on it answers AT.",
		Summary: "The modem does not answer.",
		Agent:   "Reopens the port, tries the other AT ports, sends the restart command, and where a board with power control is configured cuts the power for a moment.",
		Advice:  "Check that the HAT has power, that the USB cable is in, and the PWRKEY jumper.",
		Changes: "An answer to AT.",
	},
	{
		ID: "A1b", Code: "not-a-modem", Base: 0.95, match: notAModem,
		When:    "What answers on the port is a satellite receiver, a login prompt, an echo, a data call, or speaks without naming a model.",
		Summary: "Something answers on the modem's port that is no modem.",
		Agent: "Sends it nothing but AT and two questions, changes nothing, tries other ports and speeds if the port is not configured, " +
			"and looks again every minute. Cycles the power only where that may help.",
		Advice:  "Check modem.port, the wiring, and what else uses this port; supersim-agent ports shows what is plugged in.",
		Changes: "A modem's answers to AT and AT+CGMM.",
	},
	{
		ID: "S1", Code: "starting", Base: 0.9, match: starting,
		When:    "The modem has not answered yet, or its SIM was not read yet.",
		Summary: "The agent is getting to know the modem.",
		Agent:   "Reads the modem's and the SIM's identity and settings.",
		Advice:  "Nothing. This takes up to half a minute after power-up.",
		Changes: "The modem's first answers.",
	},
	{
		ID: "A3", Code: "sim-refreshing", Base: 0.8, match: simRefreshing,
		When:    "The SIM has been busy, missing or at fault for less than a minute.",
		Summary: "The SIM is initialising or changing its IMSI.",
		Agent:   "Waits up to a minute.",
		Advice:  "Nothing.",
		Changes: "The SIM becomes ready, or stays away for longer than a minute.",
	},
	{
		ID: "A2", Code: "sim-missing", Base: 0.9, match: simMissing,
		When:    "The modem has found no SIM for longer than a minute.",
		Summary: "The modem finds no SIM card.",
		Agent:   "Keeps asking. Makes no attempt to register.",
		Advice:  "Take the SIM out and seat it again, the right way round; then check the HAT's SIM slot.",
		Changes: "The modem reports the SIM ready.",
	},
	{
		ID: "A4", Code: "sim-pin", Base: 1, match: simPIN,
		When:    "The modem says that the SIM waits for its PIN.",
		Summary: "The SIM asks for its PIN.",
		Agent:   "Enters the PIN once if pin_file is configured and never guesses.",
		Advice:  "Put the PIN into the file named by modem.pin_file, or switch the PIN off in a phone. A Super SIM comes without one: check that it is the right card.",
		Changes: "The SIM reports ready.",
	},
	{
		ID: "A4b", Code: "sim-puk", Base: 1, match: simPUK,
		When:    "The modem says that the SIM waits for its PUK.",
		Summary: "The SIM is blocked and asks for its PUK.",
		Agent:   "Nothing: a wrong PUK destroys the card.",
		Advice:  "Unblock the card in a phone with the PUK from its supplier, or replace it.",
		Changes: "The SIM reports ready.",
	},
	{
		ID: "A5", Code: "sim-fault", Base: 0.8, match: simFault,
		When:    "The modem reports a fault or a lock of the SIM for longer than a minute.",
		Summary: "The modem cannot work with the SIM card.",
		Agent:   "Keeps asking.",
		Advice:  "Clean and reseat the SIM. If it stays so, try the card in another device and replace it.",
		Changes: "The SIM reports ready.",
	},
	{
		ID: "A6", Code: "not-super-sim", Base: 0.9, match: notSuperSIM,
		When:    "The ICCID does not begin with 8988307, 8988323 or 8910392.",
		Summary: "The card in the slot is not a Super SIM.",
		Agent:   "Only watches. It changes no setting of a modem with another operator's card.",
		Advice:  "Insert the Super SIM (its ICCID begins with 8988307, 8988323 or 8910392), or check which SIM slot the HAT uses.",
		Changes: "A card with a Super SIM's ICCID.",
	},
}

// settingRules are what the modem is told to do. They come before what follows from them.
var settingRules = []Rule{
	{
		ID: "A7", Code: "radio-off", Base: 1, match: radioOff,
		When:    "The modem's functionality level is not 1.",
		Summary: "The modem's radio is switched off.",
		Agent:   "Switches it on (CFUN=1).",
		Advice:  "Nothing, unless it stays off: then check the HAT's flight-mode jumper or pin.",
		Changes: "The modem reports CFUN 1.",
	},
	{
		ID: "A8", Code: "manual-plmn", Base: 0.95, match: manualPLMN,
		When:    "Network selection is manual or off, and the modem is not registered.",
		Summary: "The modem is set to one network by hand and may use no other.",
		Agent:   "Sets automatic network selection (COPS=0), once.",
		Advice:  "Remove the network lock from whatever script sets it. A Super SIM must choose by itself.",
		Changes: "The modem reports automatic selection.",
	},
	{
		ID: "D2", Code: "roaming-off", Base: 0.9, match: roamingOff,
		When:    "The module's settings or the configuration forbid roaming, and there is no data.",
		Summary: "Roaming is switched off, and a Super SIM is a guest in every network.",
		Agent:   "Allows roaming in the modem's settings, once, unless the configuration forbids it.",
		Advice:  "If the configuration has network.roaming = false, take that out. Otherwise find what switches roaming off in the modem.",
		Changes: "The modem's settings allow roaming.",
	},
}

const simGrace = 60 * time.Second // a SIM refresh is not a missing SIM

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
	mode := local(v.Operator.Since, "network selection mode %d %s", v.Operator.Value.Mode, v.Operator.Value.PLMN)
	return evidence(mode, v.registration())
}
