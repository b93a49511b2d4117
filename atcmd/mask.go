package atcmd

import "strings"

const mask = "***"

// secrets are the commands whose parameters never reach trace, errors or log, whether Cmd.Secret is set or not.
// answer: what the module answers to a read of it is secret too.
var secrets = []struct {
	name   string
	answer bool
}{
	{name: "+CPIN"},                   // PIN and PUK; its answer is only a state
	{name: "+CLCK"},                   // facility lock with password
	{name: "+CPWD"},                   // change of password
	{name: "+CGAUTH", answer: true},   // 27.007 §10.1.31, SIMCom
	{name: "+UAUTHREQ", answer: true}, // u-blox
	{name: "+QICSGP", answer: true},   // Quectel: APN, user, password
	{name: "+CNCFG", answer: true},    // SIM7080: APN, user, password
	{name: "+CSTT", answer: true},     // SIM800: APN, user, password
	{name: "+QPPPAUTH", answer: true}, // Quectel
	{name: "$QCPDPP", answer: true},   // Qualcomm
	{name: "^AUTHDATA", answer: true}, // Huawei
	{name: "+UPSD", answer: true},     // u-blox: 2 is the user, 3 the password
	{name: "+CSIM", answer: true},     // raw card access: VERIFY carries the PIN
}

// Mask hides what must not be shown in a command or an answer line: the parameters of commands that carry a PIN or a
// password.
func Mask(text string) string { return maskText(text, false) }

// maskText hides the secret part of a command or line: all of it behind the name, when secret; otherwise what follows
// a name of the table.
func maskText(text string, secret bool) string {
	if secret {
		return maskFrom(text, nameEnd(text))
	}
	for i := range len(text) {
		if !isSign(text[i]) {
			continue
		}
		for _, s := range secrets {
			end := i + len(s.name)
			if end < len(text) && strings.EqualFold(text[i:end], s.name) && !isWord(text[end]) &&
				(s.answer || strings.IndexByte(text[end:], '=') >= 0) {
				return maskFrom(text, end)
			}
		}
	}
	return text
}

// nameEnd is where the command's name ends: "AT+CPIN" in "AT+CPIN=1234".
func nameEnd(text string) int {
	for i := range len(text) {
		if !isWord(text[i]) && !isSign(text[i]) {
			return i
		}
	}
	return min(len(text), len("AT"))
}

// maskFrom keeps text up to end, and the '?' or '=' that follows it, which say what was done.
func maskFrom(text string, end int) string {
	rest := text[end:]
	if rest == "" || rest == "?" || rest == "=?" {
		return text
	}
	if rest[0] == '=' || rest[0] == ':' {
		end++
	}
	return text[:end] + mask
}
