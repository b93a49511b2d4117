package modemsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// host is the smallest thing that brings a module up: it knows a family's commands for the card, the registration and
// the data context, and the words of their answers.
type host struct {
	iccid, card  string // command, and the answer's beginning
	domain, line string // registration command, and its answer with n=2
	act          string // of AT+COPS?, "" when it is not told
}

var hosts = map[string]host{
	"quectel-eg25":    {"AT+QCCID", "+QCCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",7`, "7"},
	"quectel-eg91":    {"AT+QCCID", "+QCCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",7`, "7"},
	"quectel-bg95":    {"AT+QCCID", "+QCCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",8`, "8"},
	"quectel-bg96":    {"AT+QCCID", "+QCCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",8`, "8"},
	"quectel-eg06":    {"AT+QCCID", "+QCCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",7`, "7"},
	"quectel-rm500":   {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",7`, "7"},
	"quectel-rm520":   {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",7`, "7"},
	"ublox-sara-r4":   {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","0262C201",7`, "7"},
	"ublox-sara-r422": {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","0262C201",7`, "7"},
	"ublox-sara-r5":   {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","0262C201",7`, "7"},
	"ublox-lara-r6":   {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","0262C201",7`, "7"},
	"ublox-lara-r2":   {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",7`, "7"},
	"ublox-sara-u2":   {"AT+CCID", "+CCID: 8988307", "+CGREG", `+CGREG: 2,5,"5003","262C201",2`, "2"},
	"ublox-toby-l2":   {"AT+CCID", "+CCID: 8988307", "+CEREG", `+CEREG: 2,5,"5003","262C201",7`, "7"},
	"simcom-sim7600":  {"AT+CICCID", "+ICCID: 8988307", "+CEREG", "+CEREG: 2,5,5003,262C201,7", "7"},
	"simcom-sim7000":  {"AT+CCID", "8988307", "+CEREG", `+CEREG: 2,5,"5003",,"262C201",7`, "7"},
	"simcom-sim7080":  {"AT+CCID", "8988307", "+CEREG", `+CEREG: 2,5,"5003",,"262C201",7`, "7"},
	"simcom-a76xx":    {"AT+CICCID", "+ICCID: 8988307", "+CEREG", "+CEREG: 2,5,5003,262C201|", "7"},
	"simcom-sim7020":  {"AT+CRSM=176,12258,0,0,10", `+CRSM: 144,0,"988803`, "+CEREG", `+CEREG: 2,5,"5003","262C201",9`, "9"},
	"simcom-sim800":   {"AT+CCID", "8988307", "+CGREG", `+CGREG: 2,5,"5003","C201"`, ""},
	"simcom-sim8200":  {"AT+CICCID", "+ICCID: 8988307", "+CEREG", "+CEREG: 2,5,5003,262C201,7", "7"},
}

// TestBringUpOfEveryModem boots each personality in the default world, rough line included, and brings it online.
func TestBringUpOfEveryModem(t *testing.T) {
	for _, name := range Personalities() {
		t.Run(name, func(t *testing.T) {
			h, known := hosts[name]
			if !known {
				t.Fatal("no host for this personality")
			}
			play(t, fmt.Sprintf("modem = %q", name), func(b *bench) {
				b.wait(time.Minute)
				for _, command := range []string{"ATE0", "AT+CMEE=1", "AT" + h.domain + "=2", "AT+COPS=3,2"} {
					b.want(command, "OK")
				}
				b.want("AT+CPIN?", "+CPIN: READY")
				b.want(h.iccid, h.card)
				if got := b.plainly("AT" + h.domain + "?"); !strings.HasPrefix(got, h.line) {
					t.Errorf("registration: want %q, got %q", h.line, got)
				}
				b.want("AT+CGDCONT?", `1,"IP","super`)
				operator := `+COPS: 0,2,"310410"`
				if h.act != "" {
					operator += "," + h.act
				}
				b.want("AT+COPS?", operator+"\r\n")
				online(b, name)
			})
		})
	}
}

// online activates a context where attaching did not, and compares the module's address with the cloud's.
func online(b *bench, name string) {
	b.t.Helper()
	p, _ := findPersonality(name)
	if !alwaysOn(p.rats[0]) {
		b.wantEvents("attachment.accepted")
		b.want("AT+CGACT?", "+CGACT: 1,0")
		b.want("AT+CGACT=1,1", "OK")
		b.wait(3 * time.Second)
	}
	b.want("AT+CGACT?", "+CGACT: 1,1")
	b.wantEvents("attachment.accepted", "data-session.started")
	ip, _ := b.events()[1].Data["ip_address"].(string)
	if !strings.HasPrefix(ip, "100.") {
		b.t.Errorf("the cloud's address is %q", ip)
	}
	b.want("AT+CGPADDR=1", ip)
	b.wait(13 * time.Minute)
	b.wantEvents("attachment.accepted", "data-session.started", "data-session.updated", "data-session.updated")
}

// TestBootLines compares what a module prints by itself, in order (to §1.3).
func TestBootLines(t *testing.T) {
	for name, want := range map[string]string{
		"quectel-bg95":   "RDY|+CFUN: 1|APP RDY|+CPIN: READY|+QUSIM: 1|+QIND: SMS DONE|+QIND: PB DONE",
		"quectel-rm500":  "RDY|+CPIN: READY|+QUSIM: 1|+CFUN: 1|+QIND: SMS DONE|+QIND: PB DONE",
		"quectel-rm520":  "RDY|+CFUN: 1|+CPIN: READY|+QUSIM: 1|+QIND: PB DONE|+QIND: SMS DONE",
		"ublox-sara-r4":  "",
		"ublox-toby-l2":  "+AT: READY|+PBREADY",
		"simcom-sim7600": "RDY|+CPIN: READY|SMS DONE|PB DONE",
		"simcom-sim7080": "RDY|+CFUN: 1|+CPIN: READY|SMS Ready",
		"simcom-sim800":  "RDY|+CFUN: 1|+CPIN: READY|Call Ready|SMS Ready",
	} {
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet, func(b *bench) {
			b.wait(time.Minute)
			if got := bars(b.heard()); got != want {
				t.Errorf("%s: want %q, got %q", name, want, got)
			}
		})
	}
	play(t, "modem = \"simcom-a76xx\"\n"+quiet, func(b *bench) {
		b.wait(time.Minute)
		lines := strings.Split(bars(b.heard()), "|")
		want := []string{"*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE", "+CGEV: EPS PDN ACT 1"}
		if slices.Sort(lines[2:]); !slices.Equal(lines[:2], want[:2]) || len(lines) != 5 || !slices.Contains(lines, want[4]) {
			t.Errorf("A76xx: want %q in some order, got %q", want, lines)
		}
	})
	for _, name := range []string{"simcom-sim800", "simcom-sim7000"} { // autobaud silences them
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet+"stored = [\"AT+IPR=0\"]\n", func(b *bench) {
			b.wait(time.Minute)
			if got := b.heard(); got != "" {
				t.Errorf("%s under autobaud: %q", name, got)
			}
		})
	}
}

func bars(text string) string {
	return strings.ReplaceAll(strings.Trim(text, "\r\n"), "\r\n\r\n", "|")
}

// TestFunctionalityOddities: what AT+CFUN does besides what it says.
func TestFunctionalityOddities(t *testing.T) {
	script(t, "simcom-a76xx",
		exchange{"AT+CFUN=0", "+SIMCARD: NOT AVAILABLE|+CGEV: ME DETACH|+CGEV: ME PDN DEACT 1|OK|*RADIOPOWER: 0"},
		exchange{"AT+CPIN?", "+CME ERROR: 13"}, exchange{`AT+CGDCONT=1,"IP","x"`, "ERROR"})
	script(t, "simcom-sim800",
		exchange{"AT+CFUN=4", "OK"}, exchange{"AT+CFUN=0", "ERROR"}, exchange{"AT+CFUN=1", "OK"}, exchange{"AT+CFUN=0", "OK"},
		exchange{"AT+CFUN=4", "ERROR"})
	script(t, "simcom-sim7600",
		exchange{"AT+CFUN=7", "OK"}, exchange{"AT+CFUN=1", "ERROR"}, exchange{"AT+CFUN=6", "OK"})
	script(t, "ublox-sara-r5",
		exchange{"AT+CFUN=19", "OK"}, exchange{"AT+CFUN?", "+CFUN: 19,0|OK"}, exchange{"AT+CCID", "+CME ERROR: 13"})
}

// script asks one thing after the other, a minute after boot, without echo.
func script(t *testing.T, name string, list ...exchange) {
	t.Helper()
	play(t, fmt.Sprintf("modem = %q\n", name)+quiet, func(b *bench) {
		b.wait(time.Minute)
		b.ask("ATE0;+CMEE=1")
		for _, x := range list {
			if got := b.plainly(x.command); !strings.HasPrefix(got, x.answer) {
				t.Errorf("%s %s: want %q, got %q", name, x.command, x.answer, got)
			}
		}
	})
}

// TestOddEndings: commands whose OK comes late, or never.
func TestOddEndings(t *testing.T) {
	for _, name := range []string{"simcom-sim7000", "simcom-sim7080", "simcom-sim800"} {
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet, func(b *bench) {
			b.wait(time.Minute)
			b.ask("ATE0")
			from := len(b.heard())
			if _, err := b.rw.Write([]byte("AT+CPOWD=1\r")); err != nil {
				t.Fatal(err)
			}
			b.wait(time.Minute)
			if got := b.heard()[from:]; got != "\r\nNORMAL POWER DOWN\r\n" || b.w.IsOn() {
				t.Errorf("%s: on %v, heard %q", name, b.w.IsOn(), got)
			}
		})
	}
	play(t, "modem = \"simcom-sim800\"\n"+quiet, func(b *bench) {
		b.wait(time.Minute)
		b.ask("ATE0")
		from := len(b.heard())
		if _, err := b.rw.Write([]byte("AT+CFUN=1,1\r")); err != nil {
			t.Fatal(err)
		}
		b.wait(3 * time.Second)
		if got := b.heard()[from:]; got != "" {
			t.Errorf("before the reset: %q", got)
		}
		b.wait(30 * time.Second)
		if got := bars(b.heard()[from:]); !strings.HasPrefix(got, "OK|RDY|") {
			t.Errorf("after the reset: %q", got)
		}
	})
	play(t, "modem = \"ublox-sara-r4\"\n"+quiet, func(b *bench) {
		b.wait(time.Minute)
		b.ask("ATE0")
		b.want("ATD*99***1#", "CONNECT")
		from := len(b.heard())
		for _, text := range []string{"+++", "AT\r"} {
			if _, err := b.rw.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			b.wait(2 * time.Second)
		}
		if got := b.heard()[from:]; got != "" {
			t.Errorf("SARA-R4 left data mode: %q", got)
		}
	})
}

// TestEarlyRefusals: what is refused while the card is still being read, and granted after.
func TestEarlyRefusals(t *testing.T) {
	for name, x := range map[string]exchange{
		"quectel-bg96": {"AT+QPOWD", "ERROR"}, "ublox-sara-r4": {"AT+UMNOPROF?", "+CME ERROR: 13"},
		"simcom-sim7600": {"AT+CPSI?", "ERROR"}, "quectel-eg25": {`AT+CGDCONT=1,"IP","super"`, "ERROR"},
	} {
		p, _ := findPersonality(name)
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet, func(b *bench) {
			b.wait(p.ready + 200*time.Millisecond)
			if _, err := b.rw.Write([]byte("ATE0\r")); err != nil {
				t.Fatal(err)
			}
			b.ask("AT+CMEE=1")
			b.want(x.command, x.answer)
			b.wait(5 * time.Second)
			b.want(x.command, "OK")
		})
	}
}

// TestSettingsDecideWhatIsHeard: radio settings that an earlier owner left behind keep a module off its networks.
func TestSettingsDecideWhatIsHeard(t *testing.T) {
	for _, c := range []struct{ modem, wrong, right string }{
		{"quectel-eg25", `AT+QCFG=\"roamservice\",1,1`, `AT+QCFG="roamservice",255,1`},
		{"quectel-eg25", `AT+QCFG=\"nwscanmode\",1`, `AT+QCFG="nwscanmode",0`},
		{"quectel-bg95", `AT+QCFG=\"iotopmode\",1`, `AT+QCFG="iotopmode",0,1`},
		{"quectel-rm520", `AT+QNWPREFCFG=\"roam_pref\",1`, `AT+QNWPREFCFG="roam_pref",255`},
		{"quectel-rm500", `AT+QNWPREFCFG=\"mode_pref\",NR5G`, `AT+QNWPREFCFG="mode_pref",AUTO`},
		{"simcom-sim7600", "AT+CNMP=13", "AT+CNMP=2"},
		{"simcom-sim7080", "AT+CMNB=2", "AT+CMNB=1"},
		{"ublox-sara-r4", "AT+URAT=8", "AT+URAT=7"},
	} {
		play(t, fmt.Sprintf("modem = %q\n", c.modem)+quiet+fmt.Sprintf("stored = [\"%s\"]\n", c.wrong), func(b *bench) {
			b.wait(5 * time.Minute)
			b.want("AT+CEREG?", "+CEREG: 0,2\r\n")
			b.want(c.right, "OK")
			b.wait(time.Minute)
			b.want("AT+CEREG?", "+CEREG: 0,5\r\n")
		})
	}
}

// TestAttachAPN: where a setting of its own decides on the APN of the attach, the first context's changes nothing.
func TestAttachAPN(t *testing.T) {
	for _, c := range []struct{ modem, off, write, read string }{
		{"ublox-toby-l2", "AT+CFUN=4", `AT+UCGDFLT=1,"IP","super"`, "AT+UCGDFLT?"},
		{"simcom-sim7020", "AT+CFUN=0", `AT*MCGDEFCONT="IP","super"`, "AT*MCGDEFCONT?"},
	} {
		play(t, fmt.Sprintf("modem = %q\n", c.modem)+quiet+"apn = \"internet\"\n", func(b *bench) {
			b.wait(2 * time.Minute)
			b.want(c.read, `"IP","internet"`)
			b.want(c.write, "ERROR") // not with the radio on
			b.want(c.off, "OK")
			b.want(`AT+CGDCONT=1,"IP","super"`, "OK")
			b.want("AT+CFUN=1", "OK")
			b.wait(time.Minute)
			if got := b.plainly("AT+CEREG?"); strings.Contains(got, "0,5") {
				t.Errorf("%s attached with the context's APN", c.modem)
			}
			b.want(c.off, "OK")
			b.want(c.write, "OK")
			b.want("AT+CFUN=1", "OK")
			b.wait(time.Minute)
			b.want("AT+CEREG?", "0,5")
			b.want(c.read, `"IP","super"`)
		})
	}
}

// TestTechnologies: cells that name their rat are heard by the modules that have it, and by no other.
func TestTechnologies(t *testing.T) {
	const world = "[[cell]]\nplmn = \"310410\"\nrat = %q\n"
	for _, c := range []struct{ modem, rat, command, answer string }{
		{"quectel-rm520", "5G", "AT+C5GREG=2;+C5GREG?;+CEREG?", `+C5GREG: 2,5,"1A2D","1C2D301",11,6,"ABCDEF"|+CEREG: 0,0|OK`},
		{"quectel-rm500", "5G", "AT+QCSQ", `+QCSQ: "NR5G-SA",-95,8,-13|OK`},
		{"simcom-sim8200", "5G", "AT+C5GREG=2;+C5GREG?", "+C5GREG: 2,5,1A2D,1C2D301,11|OK"},
		{"quectel-eg25", "5G", "AT+CEREG?", "+CEREG: 0,2|OK"},
		{"simcom-sim800", "LTE", "AT+CGREG?", "+CGREG: 0,2|OK"},
		{"quectel-eg25", "2G", "AT+CEREG?;+CGREG?", "+CEREG: 0,0|+CGREG: 0,5|OK"},
		{"ublox-lara-r6", "3G", "AT+CGREG=2;+CGREG?;+UCGED?", `+CGREG: 2,5,"1A2D","01C2D301",2|+UCGED: 2|3,4,310,410|OK`},
		{"ublox-sara-u2", "2G", "AT+CESQ", "+CESQ: 41,0,255,255,255,255|OK"},
		{"simcom-sim7000", "2G", "AT+CNSMOD?", "+CNSMOD: 0,3|OK"},
	} {
		play(t, fmt.Sprintf("modem = %q\n", c.modem)+quiet+fmt.Sprintf(world, c.rat), func(b *bench) {
			b.wait(time.Minute)
			b.ask("ATE0")
			if got := b.plainly(c.command); got != c.answer {
				t.Errorf("%s on %s, %s: want %q, got %q", c.modem, c.rat, c.command, c.answer, got)
			}
		})
	}
}

// TestRefusalsByFamily: each family's way, or lack of one, to tell that the network said #11.
func TestRefusalsByFamily(t *testing.T) {
	for name, list := range map[string][]exchange{
		"quectel-eg25":   {{"AT+CEREG?", "+CEREG: 2,3|OK"}, {"AT+CEER", "+CEER: PLMN not allowed|OK"}},
		"quectel-bg96":   {{"AT+CEREG?", "+CEREG: 2,3,,,,0,11|OK"}, {"AT+CGREG?", "+CGREG: 0,3|OK"}},
		"simcom-a76xx":   {{"AT+CEER", `+CEER: "11 PLMN not allowed"|OK`}},
		"simcom-sim7080": {{"AT+CEREG?", "+CEREG: 2,3|OK"}, {"AT+CEER", "ERROR"}},
		"ublox-sara-r4":  {{"AT+CEREG=3;+CEREG?", "+CEREG: 3,3,,,,0,11|OK"}, {"AT+CEER", "+CME ERROR: 4"}},
		"ublox-sara-r5":  {{"AT+CEREG=3;+CEREG?", "+CEREG: 3,3,,,,0,11|OK"}, {"AT+CEER", `+CEER: "EMM cause",11,`}},
	} {
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet+"[[cell]]\nplmn = \"310410\"\nreject_cause = 11\n", func(b *bench) {
			b.wait(time.Minute)
			b.ask("ATE0;+CMEE=1;+CEREG=2")
			for _, x := range list {
				if got := b.plainly(x.command); !strings.HasPrefix(got, x.answer) {
					t.Errorf("%s %s: want %q, got %q", name, x.command, x.answer, got)
				}
			}
		})
	}
}

// TestLostStack: the module's own IP stack tells that its bearer went, and Quectel wants it closed before it is opened.
func TestLostStack(t *testing.T) {
	for name, c := range map[string]struct{ open, line, again, answer string }{
		"quectel-eg25":   {"AT+QIACT=1", `+QIURC: "pdpdeact",1`, "AT+QIACT=1", "ERROR"},
		"simcom-sim7600": {"AT+NETOPEN", "+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY", "AT+NETOPEN?", "+NETOPEN: 0"},
		"simcom-sim7080": {"AT+CNACT=0,1", "+APP PDP: 0,DEACTIVE", "AT+CNACT?", "+CNACT: 0,0"},
		"simcom-sim7000": {`AT+CNACT=1,"super"`, "+APP PDP: DEACTIVE", "AT+CNACT?", "+CNACT: 0,"},
		"simcom-sim800":  {`AT+SAPBR=3,1,"APN","super";+SAPBR=1,1`, "+SAPBR 1: DEACT", "AT+SAPBR=2,1", "+SAPBR: 1,3"},
		"ublox-sara-r5":  {"AT+UPSDA=0,3", "+UUPSDD: 0", "AT+UPSND=0,8", "+UPSND: 0,8,0"},
	} {
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet+"[[at]]\ntime=\"2m\"\nset.sim.data_limit_reached = true\n"+
			"[[at]]\ntime=\"2m10s\"\nset.sim.data_limit_reached = false\n", func(b *bench) {
			b.wait(time.Minute)
			b.want(c.open, "OK")
			b.wait(3 * time.Minute)
			if !strings.Contains(b.heard(), "\r\n"+c.line+"\r\n") {
				t.Errorf("%s: no %q in %q", name, c.line, b.heard())
			}
			b.want(c.again, c.answer)
		})
	}
}

// TestNetworkTime is printed at registration when it was asked for.
func TestNetworkTime(t *testing.T) {
	for name, c := range map[string][2]string{
		"quectel-eg25":   {"AT+CTZR=1", `+CTZE: "+00",0,"2000/01/01,00:0`},
		"simcom-sim7080": {"AT+CLTS=1", `*PSUTTZ: 2000,1,1,0,1,`},
		"ublox-sara-r5":  {"AT+CTZR=1", `+CTZV: "+00"`},
	} {
		play(t, fmt.Sprintf("modem = %q\n", name)+quiet, func(b *bench) {
			b.wait(time.Minute)
			for _, command := range []string{c[0], "AT+CFUN=4", "AT+CFUN=1"} {
				b.want(command, "OK")
			}
			b.wait(time.Minute)
			if !strings.Contains(b.heard(), c[1]) {
				t.Errorf("%s: no %q in %q", name, c[1], b.heard())
			}
		})
	}
}

// TestWithModem: one scenario, another module; the first is not touched, and an unknown name is a mistake.
func TestWithModem(t *testing.T) {
	s := Default()
	other, err := s.WithModem("simcom-sim868")
	if err != nil || other.Modem != "simcom-sim800" || s.Modem != "quectel-eg25" {
		t.Errorf("got %v, %v; the first is %q now", other, err, s.Modem)
	}
	if _, err := s.WithModem("nokia-3310"); err == nil || !strings.Contains(err.Error(), "simcom-sim7020") {
		t.Errorf("unknown modem: %v", err)
	}
}

// TestDescriptions: every personality tells who it is, and what its radio hears comes from the scenario's own words.
func TestDescriptions(t *testing.T) {
	list := Descriptions()
	if len(list) != 21 || len(Personalities()) != len(list) {
		t.Fatalf("%d descriptions of %d personalities", len(list), len(Personalities()))
	}
	seen := map[string]bool{}
	for _, d := range list {
		for _, name := range append([]string{d.Name}, d.Aliases...) {
			if seen[name] {
				t.Errorf("%s stands for two personalities", name)
			}
			seen[name] = true
		}
		if d.Maker == "" || d.Model == "" || d.About == "" || len(d.RATs) == 0 {
			t.Errorf("incomplete: %+v", d)
		}
		for _, rat := range d.RATs {
			if ratTypes[rat] == "" {
				t.Errorf("%s: unknown rat %q", d.Name, rat)
			}
		}
	}
}

// TestEveryModemIsDeterministic: the same host at the same times hears the same bytes from the same seed.
func TestEveryModemIsDeterministic(t *testing.T) {
	for _, name := range Personalities() {
		var runs [2]string
		for i := range runs {
			play(t, fmt.Sprintf("modem = %q\nseed = 7\n", name), func(b *bench) {
				b.wait(time.Minute)
				for _, command := range []string{"AT+CMEE=1", "AT+CREG=2", "AT+CEREG=2", "AT+CGEREP=2", "AT+CFUN=4", "AT+CFUN=1"} {
					b.ask(command)
				}
				b.wait(time.Minute)
				runs[i] = b.heard() + b.story()
			})
		}
		if runs[0] != runs[1] {
			t.Errorf("%s: two runs differ", name)
		}
	}
}

// TestEveryCommandTakesAnything runs every command of every personality in every form, with arguments that make no
// sense, on a module that is off, booting and registered. Nothing may panic, and an information line is one line.
func TestEveryCommandTakesAnything(t *testing.T) {
	arguments := []string{"", "?", "=?", "=", "=0", "=1", "=3,1", `="",,""`, `="x","y","z"`, "=-1,999999999999999999999", "=,,,,,,,"}
	for _, name := range Personalities() {
		p, _ := findPersonality(name)
		s, err := Default().WithModem(name)
		if err != nil {
			t.Fatal(err)
		}
		for command := range with(standard, p.extra) {
			for _, age := range []time.Duration{0, p.ready + time.Millisecond, time.Minute} {
				c := newCore(s, time.Unix(0, 0))
				c.advance(c.start.Add(age))
				for _, text := range arguments {
					tryCommand(t, c, command+text)
					c.advance(c.now.Add(50 * time.Millisecond))
				}
			}
		}
	}
}

func tryCommand(t *testing.T, c *core, text string) {
	calls, valid := parseLine(text)
	if !valid {
		return
	}
	for _, one := range calls {
		row, known := c.mod.p.command(one.name)
		if !known {
			continue
		}
		r := row.run(&c.mod, one)
		for depth := 0; r.more != nil && depth < 3; depth++ {
			r = r.more()
		}
		for _, line := range r.lines {
			if strings.ContainsAny(line, "\r\n") {
				t.Errorf("%s: AT%s: a line with a line end: %q", c.mod.p.name, text, line)
			}
		}
	}
}
