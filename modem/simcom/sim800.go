package simcom

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// SIM800 is the GSM and GPRS family SIM800, SIM808, SIM868. With autobaud it prints no banner and loses the first
// commands; the manual asks for 3 to 5 s before the first AT, which must be all upper or all lower case (800 2.2.41).
//
//   - AT+CFUN=0 and =4 cannot be switched into each other, and AT+CFUN=1,1 answers OK after the restart (800 3.2.42).
//   - AT+CEER has causes of calls only (800 3.2.7), so that it is not asked.
//   - <AcT> is missing everywhere: there is one technology.
var SIM800 = &modem.Dialect{
	Name:     "simcom-sim800",
	Vendor:   "simcom",
	Claims:   []string{"SIM800", "SIM808", "SIM868"},
	Boot:     []string{"RDY"}, // Call Ready and SMS Ready come after every change of AT+CFUN
	BootTime: 10 * time.Second,
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, localTime},
	Firmware: "AT+CGMR",
	ICCID:    ccid,
	Signal:   []modem.Query{modem.CSQ},
	Reg: []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
	},
	Activate: sapbr,
	Auth:     sapbrAuth,
	Settings: settings800,
	Limits: []modem.Limit{
		{Begins: "AT+CPIN", Time: 5 * time.Second, Source: "800"},
		{Begins: "AT+CIMI", Time: 20 * time.Second, Source: "800"},
		{Begins: "AT+CFUN=", Time: 10 * time.Second, Source: "800"},
		{Begins: "AT+COPS=", Time: 120 * time.Second, Source: "800"},
		{Begins: "AT+COPS=?", Time: 45 * time.Second, Source: "800"},
		{Begins: "AT+CGATT=", Time: 10 * time.Second, Source: "800 7.2.1"},
		{Begins: "AT+CGACT=", Time: 150 * time.Second, Source: "800"},
		{Begins: "AT+SAPBR=1", Time: 85 * time.Second, Source: "800 9.2.1"},
		{Begins: "AT+SAPBR=0", Time: 65 * time.Second, Source: "800 9.2.1"},
	},
	URCs: urcs,
	Events: append([]modem.Event{
		lost("+SAPBR 1: DEACT", true), lost("+PDP: DEACT", true), {Begins: "*PSUTTZ:", Parse: networkTime},
	}, events...),
	RadioOff: "AT+CFUN=4",
	Reset:    "AT+CFUN=1,1",
	PowerOff: powerDown,
	Power: modem.Power{
		OnPulse: 1200 * time.Millisecond, OffPulse: 2 * time.Second, OffTime: 3 * time.Second,
		ResetPulse: 100 * time.Millisecond,
		Source:     "SIM800 hardware design V1.09; the reset is FONA's",
	},
}

// sapbrAuth is one line of two commands: V.250 §5.2.1 joins them with a semicolon.
func sapbrAuth(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return atcmd.Cmd{
		Text:   fmt.Sprintf(`AT+SAPBR=3,%d,"USER","%s";+SAPBR=3,%d,"PWD","%s"`, c.CID, a.User, c.CID, a.Password),
		Secret: true,
	}
}
