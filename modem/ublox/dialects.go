package ublox

import (
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Dialects is what the driver chooses from.
var Dialects = []*modem.Dialect{SARAR4, SARAR422, SARAR5, LARAR6, LARAR2, SARAU2, TOBYL2}

// What several rows share.
var (
	ccid = modem.Query{Cmd: "AT+CCID", Prefix: "+CCID", Parse: modem.FirstLine(modem.ParseICCID)}

	// cardReports is kept over power-off (R4AT 11.3), so that it is read before it is written. 7 is every report: the
	// card's state, its phonebooks, and the applet's REFRESH.
	cardReports = modem.Step{
		Read: "AT+USIMSTAT?", Want: "+USIMSTAT: 7", Write: "AT+USIMSTAT=7",
		Why: "report card states and the applet's REFRESH (R5APP)",
	}
	// cellReports is forgotten at power-off.
	cellReports = modem.Step{Write: "AT+UCGED=2", Why: "AT+UCGED? tells the serving cell"}

	// threeDomains have causes in each (R5APP); AT+CxREG=<n> is tried downwards.
	threeDomains = []modem.Registrar{
		{Domain: modem.CS, N: []int{3, 2}},
		{Domain: modem.PS, N: []int{3, 2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}},
	}

	powerOff = atcmd.Cmd{Text: "AT+CPWROFF", Timeout: 40 * time.Second} // UBX, ublox-cellular-rs
)

// radioGap is the least time between two changes of functionality (UBX).
const radioGap = time.Second
