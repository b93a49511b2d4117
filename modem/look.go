package modem

// Look is one question to the modem, cheap enough to be asked alone. In the steady state two a minute are asked,
// so each is a single command where the family allows it.
type Look uint8

const (
	LookIdentity     Look = iota // CGMI, CGMM, CGMR, CGSN -> Identity
	LookSIM                      // CPIN? -> SIM
	LookICCID                    // family's command, CRSM as fallback -> ICCID
	LookIMSI                     // CIMI -> IMSI
	LookRadio                    // CFUN? -> Radio
	LookOperator                 // COPS? -> Operator
	LookRegistration             // every domain the module has -> Registration each
	LookServing                  // only the domain that carried data last -> Registration
	LookSignal                   // family's best -> Signal
	LookContexts                 // CGDCONT? -> Contexts
	LookActive                   // CGACT? -> Active
	LookAddress                  // CGPADDR=<cid> -> Address
	LookCause                    // CEER or the family's command -> LastCause
	LookCells                    // family's best -> Cells; several commands where the first is refused
	LookTime                     // the module's clock, set by the network -> NetworkTime
	LookForbidden                // the card's forbidden networks -> ForbiddenPLMNs
	LookSettings                 // all that the module keeps, one command each -> Settings
	NumLooks
)

var lookNames = [NumLooks]string{"identity", "sim", "iccid", "imsi", "radio", "operator", "registration", "serving",
	"signal", "contexts", "active", "address", "cause", "cells", "time", "forbidden", "settings"}

func (l Look) String() string {
	if l < NumLooks {
		return lookNames[l]
	}
	return "unknown"
}
