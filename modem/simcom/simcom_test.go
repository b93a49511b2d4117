package simcom_test

import (
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
	"supersim-agent/modem/simcom"
)

var anyN = [modem.NumDomains]int{modem.AnyN, modem.AnyN, modem.AnyN, modem.AnyN}

func interpret(line, _ string) (string, error) {
	return corpus.Observations(simcom.SIM7600.Interpret(line, anyN)), nil
}

func cpsi(line, _ string) (string, error) { return corpus.Signal(simcom.ParseCPSI(line)) }

func TestCaptures(t *testing.T) {
	corpus.Run(t, corpus.Load(t, "testdata/*.txt"), map[string]corpus.Reader{"cpsi": cpsi, "urc": interpret})
}

func TestClaims(t *testing.T) {
	corpus.Claims(t, simcom.Dialects, map[string]string{
		"SIMCOM_SIM7600E-H": "simcom-sim7600", "SIM7600G-H": "simcom-sim7600", "SIM7080": modem.Standard.Name,
		"SIMCOM_SIM7000": modem.Standard.Name,
	})
}

func TestAuth(t *testing.T) {
	cmd := simcom.SIM7600.Auth(modem.PDPContext{CID: 1}, modem.Auth{Method: modem.AuthPAP, User: "u", Password: "p"})
	if want := `AT+CGAUTH=1,1,"p","u"`; cmd.Text != want || !cmd.Secret {
		t.Errorf("got %q secret=%t, want %q, secret", cmd.Text, cmd.Secret, want)
	}
}

func FuzzCPSI(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "cpsi")
	f.Fuzz(func(t *testing.T, line string) { corpus.SaneSignal(t, line, simcom.ParseCPSI) })
}

func FuzzInterpret(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "urc")
	f.Fuzz(func(_ *testing.T, line string) { simcom.SIM7600.Interpret(line, anyN) })
}
