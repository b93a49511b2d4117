package modem

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
)

// Standard is the dialect of a modem that no table claims: 3GPP TS 27.007 and nothing else. It is also where a family
// takes the parts from in which it does not differ.
var Standard = &Dialect{
	Name:     "standard-27.007",
	Boot:     []string{"RDY"}, // not of the standard, but of most modules
	BootTime: 30 * time.Second,
	Setup:    []Step{NumericOperator, PacketEvents},
	Firmware: "AT+CGMR",
	ICCID:    Query{Cmd: "AT+CCID", Prefix: "", Parse: FirstLine(ParseICCID)},
	Signal:   []Query{CESQ, CSQ},
	Reg: []Registrar{
		{Domain: CS, N: []int{3, 2, 1}, Ask: true},
		{Domain: PS, N: []int{3, 2, 1}, Ask: true},
		{Domain: EPS, N: []int{5, 3, 2, 1}, Ask: true},
	},
	Cause:    CEER,
	RadioOff: "AT+CFUN=4",
	Reset:    "AT+CFUN=1,1",
	PowerOff: atcmd.Cmd{Text: "AT+CFUN=0", Timeout: 30 * time.Second},
}

// Parts that most dialects share.
var (
	// NumericOperator makes AT+COPS? give the PLMN in digits. Names differ between modules and firmware.
	NumericOperator = Step{Write: "AT+COPS=3,2", Why: "operator in numbers"}
	// PacketEvents makes a lost context known at once (27.007 §10.1.19). Modules refuse it in the first seconds after
	// boot; then the regular looks notice.
	PacketEvents = Step{Write: "AT+CGEREP=2,1", Why: "report lost contexts"}

	CSQ  = Query{Cmd: "AT+CSQ", Prefix: "+CSQ", Parse: FirstLine(ParseCSQ)}
	CESQ = Query{Cmd: "AT+CESQ", Prefix: "+CESQ", Parse: FirstLine(ParseCESQ)}
	CEER = Query{Cmd: "AT+CEER", Prefix: "+CEER", Parse: lastCEER}
)

// lastCEER takes the first line that names a cause, else the first line. u-blox prints up to three.
func lastCEER(lines []string) (Observation, error) {
	var kept LastCause
	for _, l := range lines {
		c, err := ParseCEER(l)
		if err != nil {
			return nil, err
		}
		if c.Cause != (Cause{}) {
			return c, nil
		}
		if kept.Text == "" {
			kept = c
		}
	}
	return kept, nil
}

// standardLimits hold for every family unless its own table says otherwise. The vendors' manuals give 300 ms for most
// commands, which ignores queueing behind unsolicited lines on a busy core; the engine's default of 3 s is the floor.
// Reads that a hung module must not hide behind are kept short.
var standardLimits = []Limit{
	{"AT+CFUN=", 180 * time.Second, "u-blox, Particle"},
	{"AT+COPS=", 180 * time.Second, "Quectel EC2x manual §6.1"},
	{"AT+COPS=3", 10 * time.Second, "sets a format, nothing is searched"},
	{"AT+COPS?", 10 * time.Second, "a read"},
	{"AT+CGATT=", 180 * time.Second, "u-blox; EC2x manual: 140 s"},
	{"AT+CGATT?", 10 * time.Second, "u-blox"},
	{"AT+CGACT=", 150 * time.Second, "EC2x, SIM7000 manuals; u-blox"},
	{"AT+CGACT?", 10 * time.Second, "a read"},
	{"AT+CPIN", 10 * time.Second, "ModemManager; manuals: 5 to 9 s"},
	{"AT+CIMI", 20 * time.Second, "SIM800, SIM7000 manuals; u-blox takes 3 to 10 s"},
	{"AT+CEER", 10 * time.Second, "A76xx manual: 9 s"},
	{"AT+CRSM", 10 * time.Second, "card access"},
}

// StandardURCs are the unsolicited lines of 27.007 and 27.005, and those that several vendors share.
var StandardURCs = []atcmd.URC{
	{Prefix: "+CREG"}, {Prefix: "+CGREG"}, {Prefix: "+CEREG"}, {Prefix: "+C5GREG"},
	{Prefix: "+CPIN"}, {Prefix: "+CFUN"}, {Prefix: "+CGEV"}, {Prefix: "+CSCON"}, {Prefix: "+CIEV"},
	{Prefix: "+CTZV"}, {Prefix: "+CTZE"}, {Prefix: "+CTZEU"}, {Prefix: "+CUSD"},
	{Prefix: "+CMTI"}, {Prefix: "+CDSI"}, {Prefix: "+CMT", Extra: 1}, {Prefix: "+CDS", Extra: 1}, {Prefix: "+CBM", Extra: 1},
	{Prefix: "RING", Exact: true}, {Prefix: "+CRING"}, {Prefix: "+CLIP"}, {Prefix: "+CCWA"},
	{Prefix: "+CSSI"}, {Prefix: "+CSSU"}, {Prefix: "RDY", Exact: true},
}

// standardAuth is 27.007's AT+CGAUTH: user before password.
func standardAuth(c PDPContext, a Auth) atcmd.Cmd {
	return atcmd.Cmd{Text: fmt.Sprintf(`AT+CGAUTH=%d,%d,"%s","%s"`, c.CID, a.Method, a.User, a.Password), Secret: true}
}
