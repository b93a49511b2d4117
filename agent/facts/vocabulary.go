package facts

import (
	"supersim-agent/agent/cloud"
	"supersim-agent/modem"
)

// The words of package modem and package cloud that judging and planning need. They are named here so that the
// packages above depend on the facts alone.

type (
	Cause        = modem.Cause
	CauseDomain  = modem.CauseDomain
	ICCID        = modem.ICCID
	Operator     = modem.Operator
	Registration = modem.Registration
	RegStat      = modem.RegStat
	SIMState     = modem.SIMState
	Stranger     = modem.Stranger
)

const (
	EMM = modem.EMM
	ESM = modem.ESM
	GMM = modem.GMM
	MM  = modem.MM
	SM  = modem.SM

	RegIdle      = modem.RegIdle
	RegSearching = modem.RegSearching
	RegDenied    = modem.RegDenied

	SIMReady   = modem.SIMReady
	SIMBusy    = modem.SIMBusy
	SIMMissing = modem.SIMMissing
	SIMPIN     = modem.SIMPIN
	SIMPUK     = modem.SIMPUK
	SIMLocked  = modem.SIMLocked
	SIMFault   = modem.SIMFault

	AttachmentAccepted = cloud.AttachmentAccepted
	AttachmentRejected = cloud.AttachmentRejected
	AttachmentFailed   = cloud.AttachmentFailed
	SessionStarted     = cloud.SessionStarted
)

// SessionCause reports whether the cause is about a data session (ESM, SM) and not about registration.
func SessionCause(c Cause) bool { return c.Domain == modem.ESM || c.Domain == modem.SM }

// SuperSIM reports whether the card in the slot is known to be a Super SIM, by its ICCID.
func (f *Facts) SuperSIM() bool { return f.ICCID.Known() && modem.SuperSIM(string(f.ICCID.Value)) }

// More words of the same kind.
const (
	SessionFailed  = cloud.SessionFailed
	SessionUpdated = cloud.SessionUpdated
	SessionEnded   = cloud.SessionEnded

	RegSMSHome    = modem.RegSMSHome
	RegSMSRoaming = modem.RegSMSRoaming
)

// Setting names that judging asks for.
const (
	SetRAT     = modem.SetRAT
	SetLTEMode = modem.SetLTEMode
	SetBands   = modem.SetBands
)

// Restriction returns the setting that keeps the module from technologies or bands it is wanted to use, if one does.
func (f *Facts) Restriction() (modem.SettingValue, bool) {
	for _, s := range f.WrongSettings() {
		if s.Name == SetRAT || s.Name == SetLTEMode || s.Name == SetBands {
			return s, true
		}
	}
	return modem.SettingValue{}, false
}

// CircuitOnly reports a modem that has a network for calls and none for data.
func (f *Facts) CircuitOnly() bool {
	return f.Reg[modem.CS].Value.Stat.Data() && f.Registered.Known() && !f.Registered.Value
}
