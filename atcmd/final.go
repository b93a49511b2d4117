package atcmd

import (
	"bytes"
	"strings"
)

// ErrorKind tells the refusals of a modem apart. It is KindNone when the modem did not refuse; see Error.Err then.
type ErrorKind uint8

const (
	KindNone         ErrorKind = iota
	KindError                  // ERROR
	KindCME                    // +CME ERROR: <number or text> (27.007 §9.2)
	KindCMS                    // +CMS ERROR: <number or text> (27.005 §3.2.5)
	KindNoCarrier              // NO CARRIER
	KindBusy                   // BUSY
	KindNoAnswer               // NO ANSWER
	KindNoDialtone             // NO DIALTONE
	KindAborted                // ABORTED: u-blox, after a byte that interrupted a long command
	KindNotSupported           // COMMAND NOT SUPPORT: SIMCom, Huawei
	KindOther                  // another refusal of the table
)

var kindNames = [...]string{"none", "ERROR", "CME", "CMS", "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "ABORTED",
	"COMMAND NOT SUPPORT", "other"}

func (k ErrorKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// final is one row of the table of final results.
type final struct {
	text string
	kind ErrorKind // KindNone: success
	more bool      // a code or a text may follow
	call bool      // final only while a call command is open, otherwise unsolicited
}

// finals are the final results of V.250 §5.7.1 (table 1), of 27.005 and 27.007, and those that vendors add. UNKNOWN
// COMMAND is not among them: in ModemManager's test vectors it is no end of an answer.
var finals = []final{
	{text: "OK"},
	{text: "ERROR", kind: KindError},
	{text: "+CME ERROR:", kind: KindCME, more: true},
	{text: "+CMS ERROR:", kind: KindCMS, more: true},
	{text: "NO CARRIER", kind: KindNoCarrier, call: true},
	{text: "BUSY", kind: KindBusy, call: true},
	{text: "NO ANSWER", kind: KindNoAnswer, call: true},
	{text: "NO DIALTONE", kind: KindNoDialtone, call: true},
	{text: "NO DIAL TONE", kind: KindNoDialtone, call: true},
	{text: "CONNECT", call: true},
	{text: "CONNECT ", more: true, call: true},
	{text: "ABORTED", kind: KindAborted},
	{text: "COMMAND NOT SUPPORT", kind: KindNotSupported, more: true}, // also "… SUPPORTED"
	{text: "MODEM ERROR:", kind: KindOther, more: true},
	{text: "SEND FAIL", kind: KindOther},
}

// findFinal looks a line up in the table.
func findFinal(line []byte) (final, bool) {
	for _, f := range finals {
		if f.more && len(line) >= len(f.text) && string(line[:len(f.text)]) == f.text || string(line) == f.text {
			return f, true
		}
	}
	return final{}, false
}

// findExtra looks a line up among the extra finals of a command: the very line, or its first words ("CONNECT" matches
// "CONNECT 150000000").
func findExtra(line []byte, extras []string) bool {
	for _, e := range extras {
		rest, ok := bytes.CutPrefix(line, []byte(e))
		if ok && e != "" && (len(rest) == 0 || rest[0] == ' ') {
			return true
		}
	}
	return false
}

// isCall reports whether a command sets up a call or a data connection, so that CONNECT and NO CARRIER answer it:
// ATD, ATA and ATO (V.250 §6.3), +CGDATA (27.007 §10.1.12) and its vendor forms.
func isCall(text string) bool {
	t := strings.ToUpper(text)
	if len(t) > 2 && strings.IndexByte("DAO", t[2]) >= 0 {
		return true
	}
	return strings.HasPrefix(t, "AT+CGDATA=") || strings.HasPrefix(t, "AT$QCRMCALL=")
}
