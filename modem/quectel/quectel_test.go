package quectel_test

import (
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
	"supersim-agent/modem/quectel"
)

var anyN = [modem.NumDomains]int{modem.AnyN, modem.AnyN, modem.AnyN, modem.AnyN}

func interpret(line, _ string) (string, error) {
	return corpus.Observations(quectel.EC25.Interpret(line, anyN)), nil
}

func qcsq(line, _ string) (string, error) { return corpus.Signal(quectel.ParseQCSQ(line)) }

func TestCaptures(t *testing.T) {
	corpus.Run(t, corpus.Load(t, "testdata/*.txt"), map[string]corpus.Reader{"qcsq": qcsq, "urc": interpret})
}

func TestClaims(t *testing.T) {
	corpus.Claims(t, quectel.Dialects, map[string]string{
		"EC25": "quectel-eg25", "EG25": "quectel-eg25", "EG25-G": "quectel-eg25", "Quectel EC25": "quectel-eg25",
		"EC21": "quectel-eg25", "BG96": modem.Standard.Name, "EG91": modem.Standard.Name, "": modem.Standard.Name,
	})
}

func TestAuth(t *testing.T) {
	cmd := quectel.EC25.Auth(modem.PDPContext{CID: 1, Type: "IPV4V6", APN: "corp"},
		modem.Auth{Method: modem.AuthCHAP, User: "u", Password: "p"})
	if want := `AT+QICSGP=1,3,"corp","u","p",2`; cmd.Text != want || !cmd.Secret {
		t.Errorf("got %q secret=%t, want %q, secret", cmd.Text, cmd.Secret, want)
	}
}

func FuzzQCSQ(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "qcsq")
	f.Fuzz(func(t *testing.T, line string) { corpus.SaneSignal(t, line, quectel.ParseQCSQ) })
}

func FuzzInterpret(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "urc")
	f.Fuzz(func(_ *testing.T, line string) { quectel.EC25.Interpret(line, anyN) })
}
