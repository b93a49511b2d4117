package simcom

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Dialects is what the driver chooses from.
var Dialects = []*modem.Dialect{SIM7600, A76XX, SIM8200, SIM7000, SIM7080, SIM7020, SIM800}

// What several rows share.

// ciccid and ccid: the command that answers with another label than its own, and the one that answers with none. Drivers
// of the SIM7080 tell of firmware that does label it, with either name.
var (
	ciccid = modem.Query{Cmd: "AT+CICCID", Prefix: "+ICCID", Parse: modem.FirstLine(modem.ParseICCID)}
	ccid   = modem.Query{
		Cmd: "AT+CCID", Labels: []string{"", "+CCID", "+ICCID"}, Parse: modem.FirstLine(modem.ParseICCID),
	}
)

// cgauth has the password before the user name, against 27.007 and against its own read answer (7600 8.2.15, A76
// 5.2.16).
func cgauth(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return atcmd.Cmd{Text: fmt.Sprintf(`AT+CGAUTH=%d,%d,"%s","%s"`, c.CID, a.Method, a.Password, a.User), Secret: true}
}

// powerDown has no OK: the announcement is the final (7080 5.2.1).
var powerDown = atcmd.Cmd{Text: "AT+CPOWD=1", Timeout: 10 * time.Second, Finals: []string{"NORMAL POWER DOWN"}}
