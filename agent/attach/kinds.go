package attach

import "slices"

// Kind names an action. Names are a contract (status, scenarios).
type Kind string

// The actions. What each does is in the table of actions.
const (
	Hold               Kind = "hold"
	SetAPN             Kind = "set-apn"
	Configure          Kind = "configure"
	RadioOn            Kind = "radio-on"
	AutomaticSelection Kind = "automatic-selection"
	EnterPIN           Kind = "enter-pin"
	Activate           Kind = "activate"
	Reactivate         Kind = "reactivate"
	Scan               Kind = "scan"
	Reattach           Kind = "reattach"
	RadioCycle         Kind = "radio-cycle"
	ClearFPLMN         Kind = "clear-fplmn"
	ModuleReset        Kind = "module-reset"
	SoftReset          Kind = "soft-reset"
	PowerOn            Kind = "power-on"
	HardCycle          Kind = "hard-cycle"
)

// actions is every action with what it is, in order of growing force.
var actions = []struct {
	kind   Kind
	attach bool // it makes the modem attach again, so it counts in the total budget
	text   string
}{
	{Hold, false, "Do nothing until a time or an event. The modem and the SIM's applet are given room to help themselves."},
	{SetAPN, true, "Write the right APN and PDP type into the modem's first context and attach again."},
	{Configure, true, "Write the module's settings that the owner wants otherwise: roaming, technologies, bands, power saving."},
	{RadioOn, false, "Switch the radio on (CFUN=1)."},
	{EnterPIN, false, "Enter the configured PIN, once."},
	{AutomaticSelection, true, "Let the modem choose the network anew (COPS=0)."},
	{Activate, false, "Open the data connection: activate the PDP context (CGACT=1)."},
	{Reactivate, false, "Close the data connection and open it again."},
	{Scan, false, "List the networks that can be heard (COPS=?). It takes minutes and is done only while no network has the device."},
	{Reattach, true, "Detach from packet service and attach again (CGATT=0, CGATT=1)."},
	{RadioCycle, true, "Radio off for ten seconds, then on (CFUN=4, CFUN=1)."},
	{ClearFPLMN, true, "Empty the SIM's list of networks that refused it for good, with the radio off meanwhile."},
	{ModuleReset, true, "Restart the module by its own command."},
	{SoftReset, true, "Send the restart command into a port that does not answer, in case that the module still listens."},
	{PowerOn, false, "Switch the modem on through the HAT."},
	{HardCycle, true, "Cut the modem's power through the HAT and restore it."},
}

// attachKinds are the kinds for which AttachLevel is true.
var attachKinds = func() (kinds []Kind) {
	for _, a := range actions {
		if a.attach {
			kinds = append(kinds, a.kind)
		}
	}
	return kinds
}()

// AttachLevel reports whether the action makes the modem attach again, so that it counts in the total budget.
func (k Kind) AttachLevel() bool { return slices.Contains(attachKinds, k) }

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
