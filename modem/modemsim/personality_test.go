package modemsim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPersonalities asks every row what is special about it, a minute after boot, on 2G and 3G with a context activated.
func TestPersonalities(t *testing.T) {
	for _, name := range Personalities() {
		t.Run(name, func(t *testing.T) {
			if len(answers[name]) == 0 {
				t.Fatal("no answers to compare with")
			}
			play(t, fmt.Sprintf("modem = %q\n[sim]\niccid = \"8988307000001234567\"\n", name)+quiet, func(b *bench) {
				b.wait(time.Minute)
				b.ask("ATE0")
				b.ask("AT+CMEE=1")
				b.ask("AT+CGACT=1,1")
				for _, x := range answers[name] {
					if got := b.plainly(x.command); !strings.HasPrefix(got, x.answer) {
						t.Errorf("%s: want %q, got %q", x.command, x.answer, got)
					}
				}
			})
		})
	}
}

// plainly asks with the framing made visible as bars.
func (b *bench) plainly(command string) string {
	from := len(b.heard())
	b.ask(command)
	b.wait(time.Second) // for what follows the final result
	got := strings.ReplaceAll(strings.Trim(b.heard()[from:], "\r\n"), "\r\n", "|")
	return strings.ReplaceAll(got, "||", "|")
}

func TestRegistrationLinesComeUnasked(t *testing.T) {
	for name, want := range map[string][]string{
		"quectel-eg25":   {"+CEREG: 0", "+CEREG: 2", `+CEREG: 5,"5003","262C201",7`},
		"simcom-sim7600": {"+CEREG: 0", "+CEREG: 2", "+CEREG: 5,5003,262C201,7"},
		"ublox-sara-r5":  {"+CEREG: 0", "+CEREG: 2", `+CEREG: 5,"5003","0262C201",7`},
	} {
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet, func(b *bench) {
			b.wait(time.Minute)
			b.ask("AT+CEREG=2")
			b.ask("AT+CFUN=4")
			b.ask("AT+CFUN=1")
			b.wait(time.Minute)
			rest := b.heard()
			for _, line := range want {
				_, after, found := strings.Cut(rest, "\r\n"+line+"\r\n")
				if !found {
					t.Errorf("%s: no %q in %q", name, line, rest)
				}
				rest = after
			}
		})
	}
}

func TestReject(t *testing.T) {
	play(t, "modem = \"ublox-sara-r5\"\n[[cell]]\nplmn = \"310410\"\n[[at]]\ntime=\"2m\"\nset.cell.0.reject_cause = 11\n"+quiet,
		func(b *bench) {
			b.wait(time.Minute)
			b.ask("AT+CEREG=3")
			b.ask("AT+CMEE=1")
			b.wait(2 * time.Minute)
			b.ask("AT+CGATT=0")
			b.want("AT+CGATT=1", "+CME ERROR: 111")
			if !strings.Contains(b.heard(), "\r\n+CEREG: 3,,,,0,11\r\n") {
				t.Errorf("no cause in the unsolicited line: %q", b.heard())
			}
			b.want("AT+CEER", `+CEER: "EMM cause",11,"PLMN not allowed"`)
		})
}

func TestErrorForms(t *testing.T) {
	play(t, "[sim]\npresent = false\n"+quiet, func(b *bench) {
		b.wait(time.Minute)
		b.want("AT+CPIN?", "\r\nERROR\r\n")
		b.want("AT+CMEE=1;+CPIN?", "\r\n+CME ERROR: 10\r\n")
		b.want("AT+CMEE=2;+CPIN?", "\r\n+CME ERROR: SIM not inserted\r\n")
		b.want("AT+CMEE=3", "ERROR")
		if !strings.Contains(b.heard(), "+CPIN: NOT READY") {
			t.Errorf("boot without a card: %q", b.heard())
		}
	})
}

func TestScanIsAbortedByInput(t *testing.T) {
	for name, final := range map[string]string{"simcom-sim7600": "\r\nERROR\r\n", "ublox-sara-r5": "\r\nABORTED\r\n"} {
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet, func(b *bench) {
			b.wait(time.Minute)
			b.ask("ATE0")
			from := len(b.heard())
			for _, text := range []string{"AT+COPS=?\r", "AT\r"} {
				if _, err := b.rw.Write([]byte(text)); err != nil {
					t.Fatal(err)
				}
				b.wait(5 * time.Second)
			}
			if got := b.heard()[from:]; got != final {
				t.Errorf("%s: want %q, got %q", name, final, got)
			}
			b.want("AT", "OK")
		})
	}
	play(t, quiet, func(b *bench) { // Quectel: input waits
		b.wait(time.Minute)
		b.want("AT+COPS=?", `+COPS: (2,"AT&T","AT&T","310410",7),(1,"T-Mobile","T-Mobile","310260",7),,(0,1,2,3,4),(0,1,2)`)
	})
}

func TestPowerOffAndResetCommands(t *testing.T) {
	for _, c := range []struct{ modem, command, urc string }{
		{"quectel-eg25", "AT+QPOWD", "\r\nPOWERED DOWN\r\n"},
		{"simcom-sim7600", "AT+CPOF", ""},
		{"ublox-sara-r5", "AT+CPWROFF", ""},
	} {
		play(t, fmt.Sprintf("modem = %q\n", c.modem), func(b *bench) {
			b.wait(time.Minute)
			b.want(c.command, "OK")
			b.wait(time.Minute)
			if b.w.IsOn() || !strings.Contains(b.heard(), c.urc) {
				t.Errorf("%s: on %v, heard %q", c.command, b.w.IsOn(), b.heard())
			}
			b.w.PowerOn()
			b.wait(time.Minute)
			b.want("AT", "OK")
		})
	}
	resets := map[string]string{"quectel-eg25": "AT+CFUN=1,1", "simcom-sim7600": "AT+CRESET", "ublox-sara-r5": "AT+CFUN=16"}
	for modem, command := range resets {
		play(t, fmt.Sprintf("modem = %q\n", modem), func(b *bench) {
			b.wait(time.Minute)
			b.want(command, "OK")
			b.wait(time.Minute)
			b.want("AT+CEREG?", "+CEREG: 0,5")
			if b.w.Stats().Boots != 2 {
				t.Errorf("%s %s: %d boots", modem, command, b.w.Stats().Boots)
			}
		})
	}
}

// TestRoughLine looks for what a driver must survive: several writes per answer, and a line inside an answer.
func TestRoughLine(t *testing.T) {
	play(t, "", func(b *bench) {
		b.wait(time.Minute)
		b.ask("ATE0")
		b.ask("AT+CGEREP=2")
		b.ask("AT+CREG=2;+CEREG=2")
		from := len(b.heard())
		for range 30 {
			b.ask("AT+CFUN=4")
			b.ask("AT+CFUN=1")
			for range 30 {
				b.ask("AT+CGDCONT?;+CGACT?;+CSQ")
				b.wait(300 * time.Millisecond)
			}
		}
		inside := 0
		for _, part := range strings.Split(b.heard()[from:], "+CGDCONT: ")[1:] {
			answer, _, _ := strings.Cut(part, "OK\r\n")
			if strings.Contains(answer, "+CEREG") || strings.Contains(answer, "+CREG") || strings.Contains(answer, "+CGEV") {
				inside++
			}
		}
		if inside == 0 {
			t.Error("no unsolicited line ever came inside an answer")
		}
	})
}
