package modemsim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The answers here are written from the vendor manuals; the values are this world's.
func TestPersonalities(t *testing.T) {
	type exchange struct{ command, answer string }
	for name, list := range map[string][]exchange{
		"quectel-eg25": {
			{"ATI", "Quectel|EG25|Revision: EG25GGBR07A08M2G|OK"}, // §1.0
			{"AT+CGMM", "EG25|OK"},
			{"AT+QGMR", "EG25GGBR07A08M2G_30.203.30.203|OK"},
			{"AT+QCCID", "+QCCID: 8988307000001234567F|OK"}, // §2.1: padding kept
			{"AT+CRSM=176,12258,0,0,10", `+CRSM: 144,0,"988803070000214365F7"`},
			{"AT+CIMI", "732123200012345|OK"},
			{"AT+CFUN?", "+CFUN: 1|OK"},
			{"AT+CREG=3", "ERROR"}, // §2.4: n up to 2
			{"AT+CREG", "ERROR"},
			{"AT+CEREG=2", "OK"},
			{"AT+CEREG?", `+CEREG: 2,5,"5003","262C201",7|OK`},
			{"AT+CGREG?", "+CGREG: 0,0|OK"},
			{"AT+CGDCONT?", `+CGDCONT: 1,"IP","super","0.0.0.0",0,0,0,0|OK`},
			{"AT+QCSQ", `+QCSQ: "LTE",-65,-91,150,-12|OK`}, // §2.5
			{`AT+QENG="servingcell"`,
				`+QENG: "servingcell","CONNECT","LTE","FDD",310,410,262C201,152,5110,12,3,3,5003,-91,-12,-65,10,41|OK`},
			{"AT+QNWINFO", `+QNWINFO: "FDD LTE","310410","LTE BAND 12",5110|OK`},
			{`AT+QCFG="roamservice"`, `+QCFG: "roamservice",255|OK`}, // §3.1
			{"AT+QINISTAT", "+QINISTAT: 7|OK"},
			{"AT+CICCID", "ERROR"},
			{"AT+CGACT=0,1", "ERROR"}, // §2.6: the last LTE context stays
			{"AT+COPS?", `+COPS: 0,0,"AT&T",7|OK`},
			{"AT+CSQ;+CGATT?", "+CSQ: 24,99|+CGATT: 1|OK"},
		},
		"simcom-sim7600": {
			{"ATI", "Manufacturer: SIMCOM INCORPORATED|" +
				"Model: SIMCOM_SIM7600E-H|Revision: SIM7600M22_V1.1|IMEI: 861234050123457|+GCAP: +CGSM|OK"},
			{"AT+CGMR", "+CGMR: LE11B01SIM7600M22|OK"},
			{"AT+CICCID", "+ICCID: 8988307000001234567|OK"}, // §2.1: the label differs
			{"AT+QCCID", "ERROR"},
			{"AT+CREG=2", "OK"},
			{"AT+CREG?", "+CREG: 2,5,5003,262C201|OK"}, // §2.4: no AcT
			{"AT+CREG", "OK"},                          // sets n back
			{"AT+CREG?", "+CREG: 0,5|OK"},
			{"AT+CEREG=2;+CEREG?", "+CEREG: 2,5,5003,262C201,7|OK"},
			{"AT+CPSI?", // tenths of a dB
				"+CPSI: LTE,Online,310-410,0x5003,40026625,152,EUTRAN-BAND12,5110,3,3,-120,-910,-650,10|OK"},
			{"AT+CNSMOD?", "+CNSMOD: 0,8|OK"},
			{"AT+CGPADDR=1", "+CGPADDR: 1,100."},
			{"AT+NETOPEN?", "+NETOPEN: 1|OK"},
			{"AT+NETOPEN", "+IP ERROR: Network is already opened|ERROR"},
			{"AT+CNMP?", "+CNMP: 2|OK"},
		},
		"ublox-sara-r5": {
			{"ATI9", "02.05,A00.01|OK"}, // §1.0
			{"AT+CGMM", "SARA-R510S|OK"},
			{"AT+CCID", "+CCID: 8988307000001234567|OK"},
			{"AT+CFUN?", "+CFUN: 1,0|OK"}, // §2.2: two values
			{"AT+CEREG=?", "+CEREG: (0-5)|OK"},
			{"AT+CREG=4", "+CME ERROR: 50"},
			{"AT+CEREG=5;+CEREG?", `+CEREG: 5,5,"5003","0262C201",7|OK`},
			{"AT+CGACT=0,1", "+CME ERROR: 151"}, // §2.6
			{"AT+CGDCONT?", `+CGDCONT: 1,"IP","super.mnc123.mcc732.gprs","100.`},
			{"AT+CGCONTRDP=1", `+CGCONTRDP: 1,5,"super.mnc123.mcc732.gprs","100.`},
			{"AT+UMNOPROF?", "+UMNOPROF: 90|OK"},
			{"AT+UMNOPROF=100", "+CME ERROR: 3"}, // §3.2: not while registered
			{"AT+CEER", `+CEER: "No report available",0,"No cause information available"|OK`},
			{"AT+CESQ", "+CESQ: 99,99,255,255,16,50|OK"},
			{"AT+UCGED?", "+UCGED: 2|6,4,310,410|5110,12,50,50,5003,262c201,152,"},
			{"AT+XYZ", "ERROR"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, fmt.Sprintf("modem = %q\n[sim]\niccid = \"8988307000001234567\"\n", name)+quiet, func(b *bench) {
				b.wait(time.Minute)
				b.ask("ATE0")
				b.ask("AT+CMEE=1")
				for _, x := range list {
					got := strings.ReplaceAll(strings.Trim(b.ask(x.command), "\r\n"), "\r\n", "|")
					got = strings.ReplaceAll(got, "||", "|")
					if !strings.HasPrefix(got, x.answer) {
						t.Errorf("%s: want %q, got %q", x.command, x.answer, got)
					}
				}
			})
		})
	}
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
