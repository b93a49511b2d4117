package modem

import "time"

// Unknown stands for a reading the modem did not give. It lies outside every unit's range.
const Unknown = -1 << 31

// An Observation is one thing seen on the modem: an answer to a question, or an unsolicited line.
// It carries no time; whoever receives it stamps it.
type Observation interface{ observation() }

// Identity says which module this is (27.007 §5.1–5.4).
type Identity struct {
	Vendor   string // "quectel", "simcom", "ublox", or "" for a modem of no known family
	Model    string // as AT+CGMM gives it, labels and quotes removed: "EG25", "SIMCOM_SIM7600E-H", "SARA-R510S"
	Firmware string
	IMEI     string // 15 digits
	Dialect  string // name of the dialect in use, e.g. "quectel-eg25"
}

// SIMState is what AT+CPIN? says (27.007 §8.3), reduced to what a reader must tell apart.
type SIMState string

const (
	SIMUnknown SIMState = ""
	SIMReady   SIMState = "ready"
	SIMBusy    SIMState = "busy" // CME 14, NOT READY: passes by itself, also while the IMSI applet refreshes the SIM
	SIMMissing SIMState = "missing"
	SIMPIN     SIMState = "pin"
	SIMPUK     SIMState = "puk"
	SIMLocked  SIMState = "locked" // any other lock (PH-SIM PIN, PH-NET PIN …)
	SIMFault   SIMState = "fault"  // CME 13, 15
)

// SIM is the card's state.
type SIM struct {
	State SIMState
	// Refreshed is set by an unsolicited line that says the card was initialised again (+QUSIM, +UUSIMSTAT: 9):
	// ICCID and IMSI must be read anew.
	Refreshed bool
}

// ICCID is the card's number, 18 to 20 digits, unswapped, without padding (ITU-T E.118).
type ICCID string

// IMSI is the subscriber identity in use now. The Super SIM's applet changes it; it never identifies the card.
type IMSI string

// Radio is the functionality level (AT+CFUN?, 27.007 §8.2).
type Radio struct{ Fun int }

// On reports whether the radio may transmit.
func (r Radio) On() bool { return r.Fun == 1 }

// Operator is the answer to AT+COPS? (27.007 §7.3).
type Operator struct {
	Mode int    // 0 automatic, 1 manual, 2 deregistered, 4 manual then automatic
	PLMN string // five or six digits, "" when none or when the modem gave only a name
	Name string
	AcT  int // Unknown when not given
}

// Domain is the part of the network a registration belongs to.
type Domain uint8

const (
	CS  Domain = iota // +CREG
	PS                // +CGREG
	EPS               // +CEREG
	FGS               // +C5GREG
	NumDomains
)

func (d Domain) String() string { return [...]string{"cs", "ps", "eps", "5gs"}[d] }

// RegStat is <stat> of the registration commands (27.007 §7.2, §10.1.20, §10.1.22).
type RegStat int

const (
	RegIdle       RegStat = 0
	RegHome       RegStat = 1
	RegSearching  RegStat = 2
	RegDenied     RegStat = 3
	RegUnknown    RegStat = 4
	RegRoaming    RegStat = 5 // the normal good state of a Super SIM
	RegSMSHome    RegStat = 6
	RegSMSRoaming RegStat = 7
	RegEmergency  RegStat = 8
	RegHomeCSFB   RegStat = 9
	RegRoamCSFB   RegStat = 10
	RegRLOS       RegStat = 11 // A76xx: emergency only; either way unusable
)

// Data reports whether packet data may flow in this state.
func (s RegStat) Data() bool {
	return s == RegHome || s == RegRoaming || s == RegHomeCSFB || s == RegRoamCSFB
}

func (s RegStat) String() string {
	switch s {
	case RegIdle:
		return "not-registered"
	case RegHome, RegHomeCSFB:
		return "home"
	case RegSearching:
		return "searching"
	case RegDenied:
		return "denied"
	case RegRoaming, RegRoamCSFB:
		return "roaming"
	case RegSMSHome, RegSMSRoaming:
		return "sms-only"
	case RegEmergency, RegRLOS:
		return "emergency-only"
	}
	return "unknown"
}

// Registration is one domain's registration state.
type Registration struct {
	Domain Domain
	Stat   RegStat
	Area   string // LAC or TAC, upper-case hex without leading zeros, "" when not given
	CellID string // upper-case hex without leading zeros, "" when not given
	AcT    int    // Unknown when not given
	Cause  Cause  // zero when the line carried none
}

// CauseDomain names the protocol a cause number belongs to.
type CauseDomain string

const (
	EMM CauseDomain = "emm" // TS 24.301 §9.9.3.9
	ESM CauseDomain = "esm" // TS 24.301 §9.9.4.4
	GMM CauseDomain = "gmm" // TS 24.008 §10.5.5.14
	MM  CauseDomain = "mm"  // TS 24.008 §10.5.3.6
	SM  CauseDomain = "sm"  // TS 24.008 §10.5.6.6
)

// Cause is a reject cause. The zero value means none.
type Cause struct {
	Domain CauseDomain
	Number int
}

// Signal is the serving cell's signal. Each field may be Unknown.
type Signal struct {
	RSRPdBm int
	RSRQdB  int
	SINRdB  int
	RSSIdBm int
}

// NoSignal is the reading of a modem that hears nothing it can measure.
var NoSignal = Signal{Unknown, Unknown, Unknown, Unknown}

// Heard reports whether any cell was measured.
func (s Signal) Heard() bool { return s != NoSignal }

// PDPContext is one line of AT+CGDCONT? (27.007 §10.1.1).
type PDPContext struct {
	CID  int
	Type string // "IP", "IPV6", "IPV4V6", "NONIP"
	APN  string // lower case, network suffix .mncXXX.mccYYY.gprs removed
}

// Contexts is the whole answer to AT+CGDCONT?, in the modem's order. Behind it stands, as context 1, the setting that
// decides the APN of the attach on families where the first context does not: so context 1 may be there twice.
type Contexts struct{ List []PDPContext }

// Active tells which contexts are activated (AT+CGACT?); a cid that is absent is not active.
type Active struct{ CIDs []int }

// Address is a context's IP address (AT+CGPADDR), "" when it has none. 0.0.0.0 and :: count as none.
type Address struct {
	CID int
	IP  string
}

// ContextLost is an unsolicited report that the network or the modem ended a context or the whole attachment.
type ContextLost struct {
	CID    int // 0: all of them (detach)
	Reason string
}

// LastCause is what the modem says about its last failure (+CEER, vendor commands, CME errors of attach commands).
// It outlives its reason; whoever keeps it decides when it is stale.
type LastCause struct {
	Cause Cause
	Text  string // the modem's own words
}

// Booted is an unsolicited boot banner: the module restarted and forgot our session settings.
type Booted struct{ Line string }

// Supply is an unsolicited warning about the module's supply voltage: the earliest sign of a weak power supply. No module
// reports that the voltage is good again.
type Supply struct {
	High bool // too high; else too low
	Off  bool // the module switches itself off
}

// Install is an unsolicited report of a firmware installation, during which the port may be silent for minutes.
type Install struct {
	Code int // percent done; 128: it went well; more: it failed (UBX)
}

// Over reports whether the installation has ended, one way or the other.
func (i Install) Over() bool { return i.Code >= installed }

// Failed reports whether it ended badly.
func (i Install) Failed() bool { return i.Code > installed }

const installed = 128

// NetworkTime is NITZ or the modem's clock (27.007 §8.15, §8.40).
type NetworkTime struct{ UTC time.Time }

func (Identity) observation()     {}
func (SIM) observation()          {}
func (ICCID) observation()        {}
func (IMSI) observation()         {}
func (Radio) observation()        {}
func (Operator) observation()     {}
func (Registration) observation() {}
func (Signal) observation()       {}
func (Contexts) observation()     {}
func (Active) observation()       {}
func (Address) observation()      {}
func (ContextLost) observation()  {}
func (LastCause) observation()    {}
func (Booted) observation()       {}
func (Supply) observation()       {}
func (Install) observation()      {}
func (NetworkTime) observation()  {}
