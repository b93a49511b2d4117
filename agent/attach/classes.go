package attach

import "supersim-agent/agent/facts"

// Class says how a reject cause is to be taken.
type Class struct {
	Name   string
	Agent  string // what the agent does
	Advice string // what a person should do
}

var (
	classStop = Class{"stop", "Stops trying: one radio cycle after an hour, then ever more rarely (4, 8, 16, 24 h).",
		"The network will not take this SIM or device until something is changed: check the SIM's status in the console and the module's IMEI."}
	classPLMN = Class{"plmn", "Waits for another network or another IMSI; after 25 minutes it climbs the ladder.",
		"If it lasts, see whether the fleet's Network Access Profile holds a network at this place."}
	classArea  = Class{"area", "Waits for another cell, network or IMSI; after 25 minutes it climbs the ladder.", "Often heals with the place or the network. If it lasts, tell support the network and the time."}
	classTemp  = Class{"temporary", "Leaves it to the modem, which tries again by itself; after 25 minutes it climbs the ladder.", "Wait."}
	classAgain = Class{"reattach", "Watches: the modem attaches again at once.", "Nothing."}
	classAPN   = Class{"apn", "Checks APN and PDP type, then tries at growing intervals (5 minutes to 4 hours).", "Check the APN and whether the SIM may use data."}
	classCong  = Class{"congestion", "Leaves the network alone for half an hour at least. Never resets.", "Wait."}
	classProto = Class{"protocol", "Treats it as temporary and keeps the modem's words.", "If it repeats, look for newer firmware of the module."}
	classInfo  = Class{"info", "Nothing: it does not concern data.", "Nothing."}
)

// classes of mobility causes (EMM, GMM, MM: TS 24.301 §9.9.3.9, TS 24.008 §10.5.3.6, §10.5.5.14).
var mobility = map[int]*Class{
	2: &classInfo, 3: &classStop, 5: &classStop, 6: &classStop, 7: &classStop, 8: &classStop, 9: &classAgain, 10: &classAgain,
	11: &classPLMN, 12: &classArea, 13: &classPLMN, 14: &classPLMN, 15: &classArea, 16: &classInfo, 17: &classTemp,
	18: &classInfo, 19: &classAPN, 20: &classProto, 21: &classProto, 22: &classCong, 25: &classArea, 35: &classPLMN,
	39: &classInfo, 40: &classAgain, 42: &classTemp, 78: &classPLMN,
}

// classes of session causes (ESM, SM: TS 24.301 §9.9.4.4, TS 24.008 §10.5.6.6).
var session = map[int]*Class{
	8: &classAPN, 25: &classTemp, 26: &classCong, 27: &classAPN, 28: &classAPN, 29: &classAPN, 30: &classAPN, 31: &classTemp,
	32: &classAPN, 33: &classAPN, 34: &classTemp, 35: &classTemp, 36: &classTemp, 37: &classAPN, 38: &classTemp, 39: &classAgain,
	43: &classTemp, 49: &classInfo, 50: &classAPN, 51: &classAPN, 52: &classAPN, 53: &classTemp, 54: &classTemp, 55: &classAPN,
	56: &classTemp, 57: &classAPN, 58: &classAPN, 65: &classAPN, 66: &classPLMN, 112: &classAPN, 113: &classAPN,
}

// ClassOf says how a cause is to be taken. Unknown ones are temporary; 95 and above are protocol errors.
func ClassOf(c facts.Cause) Class {
	table := mobility
	if facts.SessionCause(c) {
		table = session
	}
	if class, ok := table[c.Number]; ok {
		return *class
	}
	if c.Number >= 95 {
		return classProto
	}
	return classTemp
}

// actions is every action with what it is, in order of growing force.
var actions = []struct {
	kind Kind
	text string
}{
	{Hold, "Do nothing until a time or an event. The modem and the SIM's applet are given room to help themselves."},
	{SetAPN, "Write the right APN and PDP type into the modem's first context and attach again."},
	{Configure, "Write the module's settings that the owner wants otherwise: roaming, technologies, bands, power saving."},
	{RadioOn, "Switch the radio on (CFUN=1)."},
	{EnterPIN, "Enter the configured PIN, once."},
	{AutomaticSelection, "Let the modem choose the network anew (COPS=0)."},
	{Activate, "Open the data connection: activate the PDP context (CGACT=1)."},
	{Reactivate, "Close the data connection and open it again."},
	{Reattach, "Detach from packet service and attach again (CGATT=0, CGATT=1)."},
	{RadioCycle, "Radio off for ten seconds, then on (CFUN=4, CFUN=1)."},
	{ModuleReset, "Restart the module by its own command."},
	{PowerOn, "Switch the modem on through the HAT."},
	{HardCycle, "Cut the modem's power through the HAT and restore it."},
}

// Kinds lists every action.
func Kinds() (kinds []Kind) {
	for _, a := range actions {
		kinds = append(kinds, a.kind)
	}
	return kinds
}

// Describe says what an action is.
func Describe(k Kind) (string, bool) {
	for _, a := range actions {
		if a.kind == k {
			return a.text, true
		}
	}
	return "", false
}
