package agent

import (
	"slices"
	"strings"
)

// RiskRow is a command that the socket does not send without force, and why.
type RiskRow struct {
	Name   string // "+CFUN", "&F", "D"; with a star at the end, all that begin so
	When   string // which forms: for people
	Reason string // completes "is not sent: …"

	risky func(form form) bool
}

// form is how a command is used.
type form struct {
	args  []string // of "=", quotes taken off and upper case; nil when there is no "="
	read  bool     // ends with ?
	test  bool     // ends with =?
	value string   // of a basic command: the digits behind its letters
}

// arg is the i-th argument, "" when there are fewer. Zeros in front do not count: CFUN=01 is CFUN=1.
func (f form) arg(i int) string {
	if i >= len(f.args) {
		return ""
	}
	if trimmed := strings.TrimLeft(f.args[i], "0"); trimmed != "" || f.args[i] == "" {
		return trimmed
	}
	return "0"
}

// The forms that rows use.
func always(form) bool    { return true }
func notRead(f form) bool { return !f.read && !f.test }
func set(f form) bool     { return f.args != nil }
func setTwo(f form) bool  { return len(f.args) >= 2 } // one argument asks, more set: +QCFG="band" and +QCFG="band",…

func first(values ...string) func(form) bool {
	return func(f form) bool { return set(f) && slices.Contains(values, f.arg(0)) }
}

func firstNot(values ...string) func(form) bool {
	return func(f form) bool { return set(f) && !slices.Contains(values, f.arg(0)) }
}

// digit: a basic command whose number is one of those; none given means 0 (V.250 §5.3.1).
func digit(values ...string) func(form) bool {
	return func(f form) bool {
		v := strings.TrimLeft(f.value, "0")
		if v == "" {
			v = "0"
		}
		return slices.Contains(values, v)
	}
}

const (
	whySession   = "it ends the data session or the registration"
	whyRestart   = "it restarts or switches off the module, and its ports vanish"
	whyFlash     = "it is written to the module's flash and stays after a restart"
	whyNetworks  = "it is stored and can keep the module out of every network: a Super SIM roams"
	whyIdentity  = "it changes the identity or the calibration of the module; that can be irreversible, and illegal"
	whyCard      = "it changes the card or the right to use it; wrong tries block it for good"
	whySerial    = "it changes the serial line, and the daemon would no longer be understood"
	whyData      = "it puts the port into data mode, where no command is understood"
	whyFirmware  = "it works on the module's file system or firmware, and can brick it"
	whyInterface = "it changes the module's USB interfaces, and with them its ports"
	whyAPN       = "it is stored, and the agent keeps the APN by itself: set network.apn"
	whySleep     = "it is stored and lets the module sleep, so that it seems dead"
	whyToolkit   = "it can keep the card's applet from choosing an IMSI"
)

// Risks is the table. Sources: the vendors' manuals as collected in the project's dialect reference (§2.2, 2.3, 2.6,
// 3.1 to 3.4, 5.4) and V.250.
var Risks = []RiskRow{
	{"+CFUN", "all values but 1 alone", "it switches the radio off or restarts the module", func(f form) bool {
		return set(f) && (f.arg(0) != "1" || len(f.args) > 1 && f.arg(1) != "0")
	}},
	{"+COPS", "all but the read and =3", "it searches, deregisters or stays on one network; the data session can end", func(f form) bool {
		return f.test || firstNot("3")(f)
	}},
	{"+CGATT", "=0", whySession, first("0")},
	{"+CGACT", "=0", whySession, first("0")},
	{"+QIDEACT", "=", whySession, set},
	{"+NETCLOSE", "run", whySession, notRead},
	{"+CIPSHUT", "run", whySession, notRead},
	{"+CNACT", "=", whySession, set},
	{"+UPSDA", "=", whySession, set},
	{"+SAPBR", "=0, 3, 4", whySession, first("0", "3", "4")},
	{"$QCRMCALL", "=0", whySession, first("0")},
	{"H", "run", whySession, always},
	{"+CHUP", "run", whySession, notRead},
	{"&F", "run", "it sets the module back to factory settings, and the session's with them", always},
	{"Z", "run", "it resets the session's settings; some modules restart", always},
	{"&W", "run", whyFlash, always},
	{"&Y", "run", whyFlash, always},
	{"Q", "1, 2", "the module would no longer answer", digit("1", "2")},
	{"V", "0", "the module would answer in numbers, which the daemon does not read", digit("0")},
	{"S3", "=", whySerial, set}, {"S4", "=", whySerial, set}, {"S5", "=", whySerial, set},
	{"+IPR*", "=", whySerial, set}, {"+ICF", "=", whySerial, set}, {"+IFC", "=", whySerial, set},
	{"&K", "run", whySerial, always}, {`\Q`, "run", whySerial, always},
	{"+CMUX", "=", whySerial, set},
	{"D", "any number, *99# too", whyData, always},
	{"A", "run", whyData, always}, {"O", "run", whyData, always},
	{"+CGDATA", "=", whyData, set},
	{"+CMGS", "=", "it waits for a text, and what it sends costs money", set},
	{"+CMGW", "=", "it waits for a text", set},
	{"+QPOWD", "run", whyRestart, notRead}, {"+CPOF", "run", whyRestart, notRead},
	{"+CPOWD", "run", whyRestart, notRead}, {"+CPWROFF", "run", whyRestart, notRead},
	{"+CRESET", "run", whyRestart, notRead}, {"+CREBOOT", "run", whyRestart, notRead},
	{"+QRST*", "run", whyRestart, notRead}, {"^RESET", "run", whyRestart, notRead},
	{"$QCPWRDN", "run", whyRestart, notRead},

	{"+CGDCONT", "=", whyAPN, set}, {"+CGAUTH", "run, =", whyAPN, notRead}, {"+UAUTHREQ", "=", whyAPN, set},
	{"+QICSGP", "= with more than the context", whyAPN, setTwo}, {"+CNCFG", "=", whyAPN, set},
	{"+CSTT", "=", whyAPN, set}, {"+UPSD", "= with three arguments", whyAPN, func(f form) bool { return len(f.args) >= 3 }},

	{"+QCFG", "= with a value", whyFlash, setTwo}, {"+QCFGEXT", "= with a value", whyFlash, setTwo},
	{"+QURCCFG", "= with a value", whyFlash, setTwo},
	{"+QNWPREFCFG", "= with a value", whyNetworks, setTwo}, {"+QNWCFG", "= with a value", whyNetworks, setTwo},
	{"+QNWLOCK", "=", whyNetworks, set},
	{"+QMBNCFG", "= with a value", whyNetworks, setTwo},
	{"+QFPLMNCFG", "= with a value", whyNetworks, setTwo},
	{"+QSIMDET", "=", "it is stored, and the wrong level makes the card vanish", set},
	{"+QUIMSLOT", "=", whyCard, set}, {"+QDSIM", "=", whyCard, set},
	{"+QSTK*", "=", whyToolkit, set}, {"+UCUSATA", "=", whyToolkit, set}, {"+STK", "=", whyToolkit, set},
	{"+STGR", "=", whyToolkit, set},
	{"+QPRTPARA", "=", whyFlash, set},
	{"+QF*", "the file system and firmware family", whyFirmware, func(f form) bool { return !f.test }},
	{"+QSCLK", "=1, 2", whySleep, firstNot("0")}, {"+CSCLK", "=1, 2", whySleep, firstNot("0")},
	{"+UPSV", "=1 and above", whySleep, firstNot("0")},
	{"+CPSMS", "=1", whySleep, firstNot("0")}, {"+CEDRXS", "= but 0 and 3", whySleep, firstNot("0", "3")},
	{"+EGMR", "=", whyIdentity, set}, {"+SIMEI", "=", whyIdentity, set}, {"+QNV*", "=", whyIdentity, set},
	{"^NV*", "=", whyIdentity, set}, {"$QCNV*", "=", whyIdentity, set}, {"+CSN", "=", whyIdentity, set},

	{"+UMNOPROF", "=", whyNetworks, set}, {"+URAT", "=", whyNetworks, set}, {"+UBANDMASK", "=", whyNetworks, set},
	{"+UBANDSEL", "=", whyNetworks, set},
	{"+UFACTORY", "=", "it sets the module back to factory settings", set},
	{"+UUSBCONF", "=", whyInterface, set}, {"+UBMCONF", "=", whyInterface, set}, {"+UDCONF", "= with a value", whyFlash, setTwo},
	{"+ULWM2M", "=", whyFlash, set},
	{"+UFW*", "run, =", whyFirmware, notRead}, {"+UDELFILE", "=", whyFirmware, set}, {"+UDWNFILE", "=", whyFirmware, set},

	{"+CNMP", "=", whyNetworks, set}, {"+CMNB", "=", whyNetworks, set}, {"+CBANDCFG", "=", whyNetworks, set},
	{"+CNBP", "=", whyNetworks, set}, {"+CPOL", "=", whyCard, set},
	{"+CUSBPIDSWITCH", "=", whyInterface, set}, {"+CUSBSELNV", "=", whyInterface, set}, {"+CUSBCFG", "=", whyInterface, set},
	{"$MYCONFIG", "=", whyInterface, set}, {"+DIALMODE", "=", whyInterface, set}, {"+QNETDEVCTL", "=", whySession, set},
	{"+UIMHOTSWAP*", "=", "it is stored, and the wrong level makes the card vanish", set},

	{"+CRSM", "= but reading (176, 178, 192, 242)", whyCard, firstNot("176", "178", "192", "242")},
	{"+CSIM", "=", whyCard, set}, {"+CGLA", "=", whyCard, set}, {"+CCHO", "=", whyCard, set},
	{"+CPIN", "=", whyCard, set}, {"+CPWD", "=", whyCard, set},
	{"+CLCK", "= but asking (mode 2)", whyCard, func(f form) bool { return set(f) && f.arg(1) != "2" }},
}

// Risk says why a command line is not sent without force: because it could brick the module or the card, is stored, or
// cuts the session. It is "" for a command that may be sent. A line may hold several commands; the first risky one
// counts. The table knows what the project's families have; it cannot know every vendor's every command.
func Risk(line string) string {
	for _, c := range splitCommands(line) {
		for _, row := range Risks {
			if row.matches(c.name) && row.risky(c.form) {
				return row.Reason
			}
		}
	}
	return ""
}

func (r RiskRow) matches(name string) bool {
	if begin, ok := strings.CutSuffix(r.Name, "*"); ok {
		return strings.HasPrefix(name, begin) && name != "+QFPLMNCFG" // no file: it has a row of its own
	}
	return name == r.Name
}
