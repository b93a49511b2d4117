package ublox

import (
	"fmt"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// userFirst is AT+UAUTHREQ of SARA-R5, LARA-R2, SARA-U2 and TOBY. It is lost at power-off on SARA-R5, and refused
// while the context is active (UBX).
func userFirst(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return uauthreq(c.CID, a.Method, a.User, a.Password)
}

// passwordFirst is AT+UAUTHREQ of SARA-R4 and LARA-R6: u-blox's own library has the two the other way round there (UBX
// u_cell_net.c), against an early manual of SARA-R4 (R4AT R09 13.15).
func passwordFirst(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return uauthreq(c.CID, a.Method, a.Password, a.User)
}

func uauthreq(cid int, method modem.AuthMethod, first, second string) atcmd.Cmd {
	return atcmd.Cmd{Text: fmt.Sprintf(`AT+UAUTHREQ=%d,%d,"%s","%s"`, cid, method, first, second), Secret: true}
}
