package modem

import "testing"

// TestRawAnswers: which lines a person's command is answered by.
func TestRawAnswers(t *testing.T) {
	d := NewDriver(nil, nil)
	d.regN[EPS].Store(2)
	for _, c := range []struct {
		text, line string
		want       bool
	}{
		{"AT+CSQ", "+CSQ: 20,99", true},
		{"AT+CICCID", "+ICCID: 898600700907A6019125", true}, // another label than the command's
		{"AT+UCGED?", `+RSRP: 162,5110,"-83.00"`, true},
		{"at+cpin?", "+CPIN: READY", true},
		{"AT+CSQ", "+CPIN: READY", false}, // the card was restarted meanwhile
		{"AT+CSQ", `+CMTI: "ME",1`, false},
		{"AT+CEREG?", `+CEREG: 2,5,"1A2B","01C2D3E4",7`, true},
		{"AT+CEREG?", `+CEREG: 5,"1A2B","01C2D3E4",7`, false}, // unsolicited, while the question is open
		{"AT+CSQ;+CEREG?", "+CEREG: 2,5", true},
		{"AT+CSQ", "+CEREG: 2,5", false},
	} {
		if got := d.answers(c.text, c.line); got != c.want {
			t.Errorf("%s: is %q its answer: %t, want %t", c.text, c.line, got, c.want)
		}
	}
}
