package ublox_test

import (
	"fmt"
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
	"supersim-agent/modem/ublox"
)

var anyN = [modem.NumDomains]int{modem.AnyN, modem.AnyN, modem.AnyN, modem.AnyN}

func interpret(line, _ string) (string, error) {
	return corpus.Observations(ublox.SARAR5.Interpret(line, anyN)), nil
}

// cause reads the family's answer to its cause query.
func cause(line, _ string) (string, error) {
	o, err := ublox.SARAR5.Cause.Parse([]string{line})
	if c, ok := o.(modem.LastCause); ok && c.Cause != (modem.Cause{}) {
		return fmt.Sprintf("%s %d", c.Cause.Domain, c.Cause.Number), err
	}
	return "none", err
}

func TestCaptures(t *testing.T) {
	corpus.Run(t, corpus.Load(t, "testdata/*.txt"), map[string]corpus.Reader{"cause": cause, "urc": interpret})
}

func TestClaims(t *testing.T) {
	corpus.Claims(t, ublox.Dialects, map[string]string{
		"SARA-R510S": "ublox-sara-r5", "SARA-R510M8S": "ublox-sara-r5", "u-blox SARA-R500S": "ublox-sara-r5",
		"SARA-R410M-02B": modem.Standard.Name, "LARA-R6": modem.Standard.Name,
	})
}

func TestAuth(t *testing.T) {
	cmd := ublox.SARAR5.Auth(modem.PDPContext{CID: 1}, modem.Auth{Method: modem.AuthPAP, User: "u", Password: "p"})
	if want := `AT+UAUTHREQ=1,1,"u","p"`; cmd.Text != want || !cmd.Secret {
		t.Errorf("got %q secret=%t, want %q, secret", cmd.Text, cmd.Secret, want)
	}
}

func FuzzInterpret(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "urc")
	f.Fuzz(func(_ *testing.T, line string) { ublox.SARAR5.Interpret(line, anyN) })
}
