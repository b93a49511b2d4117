package ublox_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/atcmd"
	"supersim-agent/atcmd/atcmdtest"
	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
	"supersim-agent/modem/ublox"
)

// script is a module that answers commands from a table: answers in turn, separated by "|", the last one for ever;
// what is not in it gets ERROR.
type script struct {
	answers map[string]string
	mu      sync.Mutex
	sent    []string
	at      []time.Time // when each arrived
}

func (s *script) serve(rw io.ReadWriteCloser) {
	defer rw.Close()
	in := bufio.NewReader(rw)
	for {
		line, err := in.ReadString('\r')
		if err != nil {
			return
		}
		text := strings.ReplaceAll(s.answer(strings.TrimSpace(line)), "\n", "\r\n")
		if _, err := io.WriteString(rw, "\r\n"+text+"\r\n"); err != nil {
			return
		}
	}
}

func (s *script) answer(cmd string) string {
	if cmd == "AT" {
		return "OK"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.at = append(s.sent, cmd), append(s.at, time.Now())
	text, ok := s.answers[cmd]
	if now, later, more := strings.Cut(text, "|"); more {
		text, s.answers[cmd] = now, later
	}
	switch {
	case !ok:
		return "ERROR"
	case text == "":
		return "OK"
	case strings.Contains(text, "ERROR"):
		return text
	}
	return text + "\n\nOK"
}

// commands returns what was received since the last call.
func (s *script) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent, s.at = nil, nil
	return sent
}

// least is the shortest time between two commands since the last call of commands.
func (s *script) least() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	shortest := time.Hour
	for i := 1; i < len(s.at); i++ {
		shortest = min(shortest, s.at[i].Sub(s.at[i-1]))
	}
	return shortest
}

// attached runs a test against a driver on a module that has been attached.
func attached(t *testing.T, module, more map[string]string, test func(*testing.T, *modem.Driver, *script)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: maps.Clone(common)}
		maps.Copy(s.answers, module)
		maps.Copy(s.answers, more)
		host, end := atcmdtest.Pipe()
		go s.serve(end)
		port := atcmd.New(host, atcmd.Options{Name: "script", BootTime: modem.LongestBoot(ublox.Dialects)})
		defer port.Close()
		d := modem.NewDriver(port, ublox.Dialects)
		if _, err := d.Attach(t.Context()); err != nil {
			t.Fatalf("attach: %v", err)
		}
		test(t, d, s)
	})
}

// common is what every module of the make answers.
var common = map[string]string{
	"ATE0": "", "AT+CMEE=1": "", "AT+CMEE?": "+CMEE: 1", "AT+CGSN": "352753090123453", "AT+COPS=3,2": "",
	"AT+CGEREP=2,1": "", "AT+USIMSTAT?": "+USIMSTAT: 7", "AT+UCGED=2": "", "AT+CREG=2": "", "AT+CGREG=2": "",
	"AT+CCID": "+CCID: 89860000502000180722", "AT+CIMI": "310410123456789", "AT+CPIN?": "+CPIN: READY",
	"AT+CFUN?": "+CFUN: 1,0", "AT+CESQ": "+CESQ: 99,99,255,255,20,80", "AT+CPWROFF": "",
}

// families has a module of each row: what it says, what the session set-up sends after the common beginning, and what
// the looks make of its answers. Origins of the answers: testdata/; TOBY's and LARA-R2's firmware names are made up.
var families = map[string]struct {
	module   map[string]string
	firmware string // the question
	identity modem.Identity
	setup    []string
	signal   modem.Signal
	plmn     string // of the serving cell, "" where the report has none
	reset    string
	off      string // radio off
}{
	"sara-r4": {
		map[string]string{
			"AT+CGMM": "SARA-R410M-02B", "ATI9": "L0.0.00.00.05.12,A.02.21", "AT+UCGED=5": "", "AT+USIMSTAT?": "+USIMSTAT: 0",
			"AT+USIMSTAT=7": "", "AT+CEREG=3": "", "AT+CFUN=15": "", "AT+CFUN=4": "",
			"AT+UCGED?": "+RSRP: 476,5110,\"-096.50\",\n+RSRQ: 476,5110,\"-20.00\",",
		},
		"ATI9", modem.Identity{Model: "SARA-R410M-02B", Firmware: "L0.0.00.00.05.12,A.02.21"},
		[]string{"AT+USIMSTAT?", "AT+USIMSTAT=7", "AT+UCGED=5", "AT+CREG=3", "AT+CREG=2", "AT+CGREG=2", "AT+CEREG=3"},
		modem.Signal{RSRPdBm: -97, RSRQdB: -20, SINRdB: modem.Unknown, RSSIdBm: modem.Unknown}, "",
		"AT+CFUN=15", "AT+CFUN=4",
	},
	"sara-r422": {
		map[string]string{
			"AT+CGMM": "SARA-R422M8S", "ATI9": "00.12,A00.01", "AT+CEREG=3": "", "AT+CFUN=15": "", "AT+CFUN=4": "",
			"AT+UCGED?": "+UCGED: 2\n6,310,410\n5110,12,10,10,830e,162,-86,-14,131,-1,3,255,128,\"FB306E02\"",
		},
		"ATI9", modem.Identity{Model: "SARA-R422M8S", Firmware: "00.12,A00.01"},
		[]string{"AT+USIMSTAT?", "AT+UCGED=2", "AT+CREG=3", "AT+CREG=2", "AT+CGREG=3", "AT+CGREG=2", "AT+CEREG=5",
			"AT+CEREG=3"},
		modem.Signal{RSRPdBm: -86, RSRQdB: -14, SINRdB: 6, RSSIdBm: modem.Unknown}, "310410", "AT+CFUN=15", "AT+CFUN=4",
	},
	"sara-r5": {
		map[string]string{
			"AT+CGMM": "SARA-R510M8S", "ATI9": "03.15,A00.01", "AT+CREG=3": "", "AT+CGREG=3": "", "AT+CEREG=5": "",
			"AT+CFUN=16": "", "AT+CFUN=4": "",
			"AT+UCGED?": "+UCGED: 2\n6,4,001,01\n" +
				"2525,5,50,50,e8fe,1a2d001,1,d60814d1,8001,01,28,31,13.75,3,1,10,28,-50,-6,0,255,255,0",
		},
		"ATI9", modem.Identity{Model: "SARA-R510M8S", Firmware: "03.15,A00.01"},
		[]string{"AT+USIMSTAT?", "AT+UCGED=2", "AT+CREG=3", "AT+CGREG=3", "AT+CEREG=5"},
		modem.Signal{RSRPdBm: -113, RSRQdB: -5, SINRdB: 14, RSSIdBm: modem.Unknown}, "00101", "AT+CFUN=16", "AT+CFUN=4",
	},
	"lara-r6": {
		map[string]string{
			"AT+CGMM": "LARA-R6001D", "ATI9": "00.13,A00.01", "AT+CREG=3": "", "AT+CGREG=3": "", "AT+CEREG=5": "",
			"AT+CFUN=15": "", "AT+CFUN=4": "",
			"AT+UCGED?": "+UCGED: 2\n4,0,001,01\n" +
				"2525,5,25,50,2b67,69f6bc7,111,00000000,ffff,ff,67,19,0.00,255,255,255,67,11,255,0,255,255,0,0",
		},
		"ATI9", modem.Identity{Model: "LARA-R6001D", Firmware: "00.13,A00.01"},
		[]string{"AT+USIMSTAT?", "AT+UCGED=2", "AT+CREG=3", "AT+CGREG=3", "AT+CEREG=5"},
		modem.Signal{RSRPdBm: -74, RSRQdB: -11, SINRdB: 0, RSSIdBm: modem.Unknown}, "00101", "AT+CFUN=15", "AT+CFUN=4",
	},
	"lara-r2": {
		map[string]string{
			"AT+CGMM": "LARA-R211", "AT+CGMR": "30.44", "AT+CEREG=2": "", "AT+CFUN=16": "", "AT+CFUN=4": "",
		},
		"AT+CGMR", modem.Identity{Model: "LARA-R211", Firmware: "30.44"},
		[]string{"AT+USIMSTAT?", "AT+UCGED=2", "AT+CREG=2", "AT+CGREG=2", "AT+CEREG=2"},
		modem.Signal{RSRPdBm: -61, RSRQdB: -10, SINRdB: modem.Unknown, RSSIdBm: modem.Unknown}, "", "AT+CFUN=16", "AT+CFUN=4",
	},
	"sara-u2": {
		map[string]string{
			"AT+CGMM": "SARA-U201", "ATI9": "23.60,A01.51", "AT+CESQ": "+CESQ: 40,0,255,255,255,255", "AT+CFUN=15": "",
			"AT+CFUN=0": "",
		},
		"ATI9", modem.Identity{Model: "SARA-U201", Firmware: "23.60,A01.51"},
		[]string{"AT+USIMSTAT?", "AT+CREG=2", "AT+CGREG=2"},
		modem.Signal{RSRPdBm: modem.Unknown, RSRQdB: modem.Unknown, SINRdB: modem.Unknown, RSSIdBm: -71}, "",
		"AT+CFUN=15", "AT+CFUN=0",
	},
	"toby-l2": {
		map[string]string{
			"AT+CGMM": "TOBY-L200", "AT+CGMR": "15.93", "AT+CREG=?": "+CREG: (0-2)", "AT+CGREG=?": "+CGREG: (0-2)",
			"AT+CEREG=?": "+CEREG: (0-3)", "AT+CEREG=3": "", "AT+CFUN=16": "", "AT+CFUN=4": "",
		},
		"AT+CGMR", modem.Identity{Model: "TOBY-L200", Firmware: "15.93"},
		[]string{"AT+USIMSTAT?", "AT+UCGED=2", "AT+CREG=?", "AT+CREG=2", "AT+CGREG=?", "AT+CGREG=2", "AT+CEREG=?",
			"AT+CEREG=3"},
		modem.Signal{RSRPdBm: -61, RSRQdB: -10, SINRdB: modem.Unknown, RSSIdBm: modem.Unknown}, "", "AT+CFUN=16", "AT+CFUN=4",
	},
}

// TestFamilies begins a session with a module of each family, looks at it, and ends it.
func TestFamilies(t *testing.T) {
	for _, row := range ublox.Dialects {
		name := strings.TrimPrefix(row.Name, "ublox-")
		c, ok := families[name]
		if !ok {
			t.Errorf("%s: no module", row.Name)
			continue
		}
		c.identity.Vendor, c.identity.Dialect, c.identity.IMEI = "ublox", row.Name, "352753090123453"
		beginning := []string{"AT+CGMM", "ATE0", "AT+CMEE=1", "AT+CGMM", c.firmware, "AT+CGSN", "AT+COPS=3,2", "AT+CGEREP=2,1"}
		t.Run(name, func(t *testing.T) {
			attached(t, c.module, nil, func(t *testing.T, d *modem.Driver, s *script) {
				if diff := cmp.Diff(append(beginning, c.setup...), s.commands()); diff != "" {
					t.Errorf("set-up:\n%s", diff)
				}
				checkLook(t, d, modem.LookIdentity, c.identity)
				checkLook(t, d, modem.LookICCID, modem.ICCID("89860000502000180722"))
				checkLook(t, d, modem.LookSignal, c.signal)
				if gap := s.least(); gap < row.Gap || row.Gap < 20*time.Millisecond {
					t.Errorf("%v between two commands, want %v at least", gap, row.Gap)
				}
				checkCells(t, d, c.plmn)
				s.commands()
				checkSends(t, s, d.RadioOff, "AT+CFUN?", c.off)
				checkSends(t, s, d.Reset, c.reset)
				checkSends(t, s, d.PowerOff, "AT+CPWROFF")
			})
		})
	}
}

func checkLook(t *testing.T, d *modem.Driver, look modem.Look, want modem.Observation) {
	t.Helper()
	got, err := d.Look(t.Context(), look, 1)
	if diff := cmp.Diff([]modem.Observation{want}, got); err != nil || diff != "" {
		t.Errorf("%v: %v\n%s", look, err, diff)
	}
}

func checkCells(t *testing.T, d *modem.Driver, plmn string) {
	t.Helper()
	if plmn == "" {
		return
	}
	obs, err := d.Look(t.Context(), modem.LookCells, 1)
	if err != nil {
		t.Fatal(err)
	}
	if cells := obs[0].(modem.Cells); len(cells.List) == 0 || cells.List[0].PLMN != plmn {
		t.Errorf("cells: %+v", cells)
	}
}

func checkSends(t *testing.T, s *script, do func(context.Context) error, want ...string) {
	t.Helper()
	if err := do(t.Context()); err != nil {
		t.Errorf("%s: %v", want, err)
	}
	if diff := cmp.Diff(want, s.commands()); diff != "" {
		t.Errorf("commands:\n%s", diff)
	}
}

// TestAPN: the context is written between radio off and on, a second apart, with credentials in the family's order.
func TestAPN(t *testing.T) {
	attached(t, families["sara-r4"].module, map[string]string{
		"AT+CGDCONT?":              `+CGDCONT: 1,"IPV4V6","","0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",0,0,0,0`,
		`AT+CGDCONT=1,"IP","corp"`: "", `AT+UAUTHREQ=1,1,"p","u"`: "", "AT+CFUN=1": "",
	}, func(t *testing.T, d *modem.Driver, s *script) {
		s.commands()
		begin := time.Now()
		err := d.SetAPN(t.Context(), modem.PDPContext{CID: 1, Type: "IP", APN: "corp"},
			modem.Auth{Method: modem.AuthPAP, User: "u", Password: "p"})
		if err != nil {
			t.Error(err)
		}
		want := []string{"AT+CGDCONT?", "AT+CFUN?", "AT+CFUN=4", `AT+CGDCONT=1,"IP","corp"`, `AT+UAUTHREQ=1,1,"p","u"`,
			"AT+CFUN=1"}
		if diff := cmp.Diff(want, s.commands()); diff != "" {
			t.Errorf("commands:\n%s", diff)
		}
		if took := time.Since(begin); took < time.Second {
			t.Errorf("radio off and on within %v", took)
		}
	})
}

// TestSuperSIM: with the context as it should be, nothing is written and the radio stays on, whatever the network has
// added.
func TestSuperSIM(t *testing.T) {
	attached(t, families["sara-r5"].module, map[string]string{
		"AT+CGDCONT?": `+CGDCONT: 1,"IP","super.mnc123.mcc456.gprs","10.1.2.3",0,0,0,0,0,0,0,0,0`,
	}, func(t *testing.T, d *modem.Driver, s *script) {
		s.commands()
		checkSends(t, s, func(ctx context.Context) error {
			return d.SetAPN(ctx, modem.PDPContext{CID: 1, Type: "IP", APN: "super"}, modem.Auth{})
		}, "AT+CGDCONT?")
	})
}

// TestUMTSContext: SARA-U2's context is a profile, with Twilio's steps for the Super SIM; its end is reported.
func TestUMTSContext(t *testing.T) {
	attached(t, families["sara-u2"].module, map[string]string{
		"AT+UPSND=0,8": "+UPSND: 0,8,0|+UPSND: 0,8,0|+UPSND: 0,8,1", "AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`,
		`AT+UPSD=0,1,"super"`: "", `AT+UPSD=0,7,"0.0.0.0"`: "", "AT+UPSDA=0,3": "", "AT+UPSDA=0,4": "",
		"AT+UPSND=0,0": `+UPSND: 0,0,"100.64.80.24"`,
	}, func(t *testing.T, d *modem.Driver, s *script) {
		s.commands()
		checkSends(t, s, func(ctx context.Context) error { return d.Activate(ctx, 1) }, "AT+UPSND=0,8", "AT+CGDCONT?",
			`AT+UPSD=0,1,"super"`, `AT+UPSD=0,7,"0.0.0.0"`, "AT+UPSDA=0,3", "AT+UPSND=0,8", "AT+UPSND=0,8")
		checkLook(t, d, modem.LookActive, modem.Active{CIDs: []int{1}})
		checkLook(t, d, modem.LookAddress, modem.Address{CID: 1, IP: "100.64.80.24"})
	})
}

// TestStack: SARA-R5's own stack takes a context over.
func TestStack(t *testing.T) {
	attached(t, families["sara-r5"].module, map[string]string{
		"AT+UPSND=0,8": "+UPSND: 0,8,0|+UPSND: 0,8,1", "AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`,
		"AT+UPSD=0,100,1": "", "AT+UPSD=0,0,0": "", "AT+UPSDA=0,3": "",
	}, func(t *testing.T, d *modem.Driver, s *script) {
		s.commands()
		checkSends(t, s, func(ctx context.Context) error { return d.StackUp(ctx, 1) }, "AT+UPSND=0,8", "AT+CGDCONT?",
			"AT+UPSD=0,100,1", "AT+UPSD=0,0,0", "AT+UPSDA=0,3", "AT+UPSND=0,8")
	})
}

// TestLastBearer: TOBY names the last LTE context with numbers of its own.
func TestLastBearer(t *testing.T) {
	for _, code := range []string{"148", "151"} {
		attached(t, families["toby-l2"].module, map[string]string{
			"AT+CGACT?": "+CGACT: 1,1", "AT+CGACT=0,1": "+CME ERROR: " + code,
		}, func(t *testing.T, d *modem.Driver, _ *script) {
			if err := d.Deactivate(t.Context(), 1); !errors.Is(err, modem.ErrLastBearer) {
				t.Errorf("%s: %v", code, err)
			}
		})
	}
}

// TestConfigure: what differs is written with the radio off, eDRX by technology, and a restart is asked for.
func TestConfigure(t *testing.T) {
	attached(t, families["sara-r4"].module, map[string]string{
		"AT+UMNOPROF?": "+UMNOPROF: 2", "AT+UMNOPROF=100": "", "AT+URAT?": "+URAT: 7,8", "AT+URAT=7": "",
		"AT+UBANDMASK?": "+UBANDMASK: 0,168761503,1,168761503", "AT+UBANDMASK=0,2058": "",
		"AT+CPSMS?": `+CPSMS:0,,,"00011000","00001010"`, "AT+CEDRXS?": `+CEDRXS: 4,"0010"`, "AT+CEDRXS=3,4": "",
		"AT+CEDRXS=3,5": "", "AT+UPSV?": "+UPSV: 0", "AT+CFUN=1": "",
	}, func(t *testing.T, d *modem.Driver, s *script) {
		s.commands()
		d.Wanted = modem.Wanted{RATs: []string{"4G"}, Bands: modem.Bands{LTE: []int{2, 4, 12}}, Roaming: modem.On, PowerSavingOff: true}
		done, err := d.Configure(t.Context())
		if err != nil || !done.Restart {
			t.Errorf("%+v, %v", done, err)
		}
		off := func(write string) []string { return []string{"AT+CFUN?", "AT+CFUN=4", write, "AT+CFUN=1"} }
		var want []string
		want = append(append(want, "AT+UMNOPROF?"), off("AT+UMNOPROF=100")...)
		want = append(append(want, "AT+URAT?"), off("AT+URAT=7")...)
		want = append(append(want, "AT+UBANDMASK?"), off("AT+UBANDMASK=0,2058")...)
		want = append(want, "AT+CPSMS?", "AT+CEDRXS?", "AT+CEDRXS=3,4", "AT+CEDRXS=3,5", "AT+UPSV?")
		if diff := cmp.Diff(want, s.commands()); diff != "" {
			t.Errorf("commands:\n%s", diff)
		}
	})
}

// TestUSB: what TOBY tells about its USB side is shown; questions that this module refuses are left out.
func TestUSB(t *testing.T) {
	attached(t, families["toby-l2"].module, map[string]string{
		"AT+UUSBCONF?": `+UUSBCONF: 3,"RNDIS",,"0x1146"`, "AT+UBMCONF?": "+UBMCONF: 1",
		"AT+UIPADDR=1": `+UIPADDR: 1,"usb0:0","192.168.1.1","255.255.255.0","",""`,
	}, func(t *testing.T, d *modem.Driver, _ *script) {
		got, err := d.Look(t.Context(), modem.LookSettings, 1)
		want := []modem.Observation{modem.Settings{List: []modem.SettingValue{
			{Name: modem.SetUSBMode, Value: "RNDIS 0x1146"}, {Name: modem.SetUSBNet, Value: "router"},
			{Name: "usb-address", Value: "usb0:0 192.168.1.1"},
		}}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// TestRegistrationWithoutN: an answer that leaves <n> out, as LENA-R8's does, is no failure; its line is read as an
// unsolicited one.
func TestRegistrationWithoutN(t *testing.T) {
	attached(t, families["lara-r6"].module, map[string]string{
		"AT+CREG?": `+CREG: 5,"35C5","00DC",7`, "AT+CGREG?": `+CGREG: 3,4`, "AT+CEREG?": `+CEREG: 5,5,"35C5","00DCF406",7`,
	}, func(t *testing.T, d *modem.Driver, _ *script) {
		got, err := d.Look(t.Context(), modem.LookRegistration, 1)
		want := []modem.Observation{
			modem.Registration{Domain: modem.PS, Stat: modem.RegUnknown, AcT: modem.Unknown},
			modem.Registration{Domain: modem.EPS, Stat: modem.RegRoaming, Area: "35C5", CellID: "DCF406", AcT: 7},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// TestAuth: where the credentials stand.
func TestAuth(t *testing.T) {
	for name, want := range map[string]string{
		"sara-r4": `AT+UAUTHREQ=1,2,"p","u"`, "sara-r422": `AT+UAUTHREQ=1,2,"p","u"`, "lara-r6": `AT+UAUTHREQ=1,2,"p","u"`,
		"sara-r5": `AT+UAUTHREQ=1,2,"u","p"`, "lara-r2": `AT+UAUTHREQ=1,2,"u","p"`, "sara-u2": `AT+UAUTHREQ=1,2,"u","p"`,
		"toby-l2": `AT+UAUTHREQ=1,2,"u","p"`,
	} {
		cmd := family(name).Auth(modem.PDPContext{CID: 1, Type: "IP", APN: "corp"},
			modem.Auth{Method: modem.AuthCHAP, User: "u", Password: "p"})
		if cmd.Text != want || !cmd.Secret {
			t.Errorf("%s: %q secret=%t, want %q, secret", name, cmd.Text, cmd.Secret, want)
		}
	}
}

// TestWishes: what a configuration makes of a setting; "" means that nothing is written.
func TestWishes(t *testing.T) {
	rats := func(r ...string) modem.Wanted { return modem.Wanted{RATs: r} }
	bands := func(b ...int) modem.Wanted { return modem.Wanted{Bands: modem.Bands{LTE: b}} }
	roam := modem.Wanted{Roaming: modem.On}
	r410, old := modem.Identity{Model: "SARA-R410M-02B"}, modem.Identity{Firmware: "L0.0.00.00.05.06,A.02.00"}
	for _, c := range []struct {
		family     string
		name       modem.SettingName
		wanted     modem.Wanted
		id         modem.Identity
		have, want string
	}{
		{"sara-r4", modem.SetRAT, rats("4G"), r410, "7,8", "7"},
		{"sara-r4", modem.SetRAT, rats("4G"), r410, "7", ""},
		{"sara-r4", modem.SetRAT, rats("4G", "2G"), r410, "7,8", "7"}, // R410 has no GSM
		{"sara-r4", modem.SetRAT, rats("2G", "4G"), modem.Identity{Model: "SARA-R412M-02B"}, "9,8", "9,7"},
		{"sara-r4", modem.SetRAT, rats("3G"), r410, "7,8", ""},
		{"sara-r5", modem.SetRAT, rats("4G", "5G"), modem.Identity{}, "8", "7"},
		{"lara-r6", modem.SetRAT, rats("4G", "2G"), modem.Identity{}, "3,2,0", "3,0"},
		{"sara-u2", modem.SetRAT, rats("3G", "2G"), modem.Identity{Model: "SARA-U201"}, "1,2", ""},
		{"sara-u2", modem.SetRAT, rats("3G", "4G"), modem.Identity{Model: "SARA-U201"}, "1,2", "2"},
		{"sara-u2", modem.SetRAT, rats("3G", "2G"), modem.Identity{Model: "SARA-U280-00S"}, "1,2", "2"},
		{"lara-r2", modem.SetRAT, rats("2G", "4G"), modem.Identity{Model: "LARA-R211"}, "5,3", ""},
		{"toby-l2", modem.SetRAT, rats("2G", "3G", "4G"), modem.Identity{Model: "TOBY-L201"}, "4,3", "6"},
		{"toby-l2", modem.SetRAT, rats("4G"), modem.Identity{Model: "TOBY-L200"}, "4,3", "3"},
		{"toby-l2", modem.SetRAT, rats("5G"), modem.Identity{Model: "TOBY-L200"}, "4,3", ""},
		{"sara-r4", modem.SetBands, bands(2, 4, 5, 12, 13), r410, "0,6170", ""},
		{"sara-r4", modem.SetBands, bands(2, 12), r410, "0,6170", "0,2050"},
		{"sara-r5", modem.SetBands, bands(2, 66), r410, "0,185473183,1048578", "0,2,2"},
		{"sara-r5", modem.SetBands, bands(2), r410, "0,185473183,1048578", "0,2,0"},
		{"sara-r4", modem.SetBands, bands(66), r410, "0,6170", "0,0,2"},
		{"sara-r4", modem.SetBands, bands(500), r410, "0,6170", ""},
		{"toby-l2", modem.SetBands, bands(20, 3), r410, ",,,900,1800,1,8,101,103", ",,,900,1800,1,8,103,120"},
		{"toby-l2", modem.SetBands, bands(3, 1), r410, ",,,900,1800,1,8,101,103", ""},
		{"sara-r4", modem.SetProfile, roam, r410, "2", "100"},
		{"sara-r4", modem.SetProfile, roam, r410, "90", ""},
		{"sara-r4", modem.SetProfile, roam, old, "2", "0"},
		{"sara-r4", modem.SetProfile, roam, old, "0", ""},
		{"sara-r4", modem.SetProfile, modem.Wanted{Roaming: modem.Off}, r410, "2", ""},
		{"sara-r5", modem.SetProfile, roam, modem.Identity{}, "1", "90"},
		{"sara-r5", modem.SetSleep, modem.Wanted{PowerSavingOff: true}, modem.Identity{}, "1", "0"},
		{"lara-r6", modem.SetLwM2M, modem.Wanted{PowerSavingOff: true}, modem.Identity{}, "0", "1"},
		{"lara-r6", modem.SetLwM2M, modem.Wanted{}, modem.Identity{}, "0", ""},
	} {
		var got string
		for _, s := range family(c.family).Settings {
			if s.Name == c.name && s.Wish != nil {
				if want, ok := s.Wish(c.wanted, c.id, c.have); ok {
					got = want
				}
			}
		}
		if got != c.want {
			t.Errorf("%s %s: of %q it wishes %q, want %q", c.family, c.name, c.have, got, c.want)
		}
	}
	corpus.Wishes(t, ublox.Dialects, map[modem.SettingName][]string{
		modem.SetRAT: {"7,8", "3,2,0", "4,3"}, modem.SetBands: {"0,6170", "0,6170,2", ",,,900,103"},
		modem.SetProfile: {"2", "90"},
	})
}

// TestTables: every row says how long its commands take and where its facts come from.
func TestTables(t *testing.T) {
	for _, d := range ublox.Dialects {
		for _, s := range d.Settings {
			if s.Why == "" || s.Source == "" {
				t.Errorf("%s %s: why %q, source %q", d.Name, s.Name, s.Why, s.Source)
			}
		}
		for begins, want := range map[string]time.Duration{
			"AT+CFUN=": 180 * time.Second, "AT+COPS=?": 1580 * time.Second, "AT+UPSDA=": 180 * time.Second,
		} {
			found := false
			for _, l := range d.Limits {
				found = found || l.Begins == begins && l.Time == want && l.Source != ""
			}
			if !found {
				t.Errorf("%s: no limit of %v for %s", d.Name, want, begins)
			}
		}
	}
}
