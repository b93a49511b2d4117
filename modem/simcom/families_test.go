package simcom_test

import (
	"bufio"
	"context"
	"fmt"
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
	"supersim-agent/modem/simcom"
)

// script is a module that answers commands from a table; what is not in it gets ERROR. Answers in turn are parted by "|",
// the last one stays. An error and NORMAL POWER DOWN are finals, after everything else comes OK.
type script struct {
	answers map[string]string
	mu      sync.Mutex
	sent    []string
}

func (s *script) serve(rw io.ReadWriteCloser) {
	defer rw.Close()
	in := bufio.NewReader(rw)
	for {
		line, err := in.ReadString('\r')
		if err != nil {
			return
		}
		cmd := strings.TrimSpace(line)
		if _, err := io.WriteString(rw, "\r\n"+strings.ReplaceAll(s.answer(cmd), "\n", "\r\n")+"\r\n"); err != nil {
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
	s.sent = append(s.sent, cmd)
	text, ok := s.answers[cmd]
	if first, rest, more := strings.Cut(text, "|"); more {
		text, s.answers[cmd] = first, rest
	}
	switch {
	case !ok:
		return "ERROR"
	case text == "":
		return "OK"
	case strings.HasSuffix(text, "POWER DOWN") || strings.Contains(text, "ERROR"):
		return text
	}
	return text + "\n\nOK"
}

// commands returns what was received since the last call.
func (s *script) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

// session is a test on an attached module; it is given what the module said of itself and which commands that took.
type session func(t *testing.T, d *modem.Driver, s *script, id modem.Identity, sent []string)

// attached runs a test against a driver on a module that has been attached.
func attached(t *testing.T, module, more map[string]string, test session) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: maps.Clone(common)}
		maps.Copy(s.answers, module)
		maps.Copy(s.answers, more)
		host, end := atcmdtest.Pipe()
		go s.serve(end)
		port := atcmd.New(host, atcmd.Options{Name: "script", BootTime: modem.LongestBoot(simcom.Dialects)})
		defer port.Close()
		d := modem.NewDriver(port, simcom.Dialects)
		id, err := d.Attach(t.Context())
		if err != nil {
			t.Fatalf("attach: %v", err)
		}
		test(t, d, s, id, s.commands())
	})
}

// common is what every module of the make answers.
var common = map[string]string{
	"ATE0": "", "AT+CMEE=1": "", "AT+CMEE?": "+CMEE: 1", "AT+CGSN": "867962040000002", "AT+COPS=3,2": "",
	"AT+CGEREP=2,1": "", "AT+CREG=2": "", "AT+CGREG=2": "", "AT+CEREG=?": "+CEREG: (0-2)", "AT+CEREG=2": "",
	"AT+CPIN?": "+CPIN: READY", "AT+CIMI": "310410123456789", "AT+CFUN?": "+CFUN: 1",
}

// families has a module of each row: what it says, what the session set-up sends beyond the common beginning, and what
// the looks make of its answers. Origins of the answers: testdata/; the SIM7020's firmware name is made up.
var families = map[string]struct {
	module   map[string]string
	identity modem.Identity
	setup    []string
	iccid    modem.ICCID
	signal   modem.Signal
	plmn     string // of AT+CPSI?, "" where the family has none
	off      string
	reset    string
}{
	"sim7600": {
		map[string]string{
			"AT+CGMM": "SIMCOM_SIM7600E-H", "AT+CGMR": "+CGMR: LE11B01SIM7600C", "AT+CICCID": "+ICCID: 898600700907A6019125",
			"AT+CPSI?": "+CPSI: LTE,Online,228-02,0x9CA4,20964868,46,EUTRAN-BAND20,6200,3,3,-178,-1089,-742,8",
			"AT+CPOF":  "", "AT+CRESET": "",
		},
		modem.Identity{Model: "SIMCOM_SIM7600E-H", Firmware: "LE11B01SIM7600C"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"},
		"898600700907A6019125", modem.Signal{RSRPdBm: -109, RSRQdB: -18, SINRdB: 8, RSSIdBm: -74}, "22802",
		"AT+CPOF", "AT+CRESET",
	},
	"a76xx": {
		map[string]string{
			"AT+CGMM": "A7670E-FASE", "AT+CGMR": "+CGMR: A35B01A7600C", "AT+CICCID": "+ICCID: 898600700907A6019125",
			"AT+CATR=0": "", "AT+CPSI?": "+CPSI: LTE,Online,460-11,0x774B,126375687,303,EUTRAN-BAND1,100,5,0,12,36,42,5",
			"AT+CPOF": "", "AT+CRESET": "",
		},
		modem.Identity{Model: "A7670E-FASE", Firmware: "A35B01A7600C"},
		[]string{"AT+CATR=0", "AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"},
		"898600700907A6019125", modem.Signal{RSRPdBm: -105, RSRQdB: -14, SINRdB: 5, RSSIdBm: modem.Unknown}, "46011",
		"AT+CPOF", "AT+CRESET",
	},
	"sim8200": {
		map[string]string{
			"AT+CGMM": "SIM8202G-M2", "AT+CGMR": "LE13B04SIM8202M44A-M2", "AT+CICCID": "+ICCID: 898600700907A6019125",
			"AT+C5GREG=?": "+C5GREG: (0-2)", "AT+C5GREG=2": "",
			"AT+CPSI?": "+CPSI: LTE,Online,460-11,0x5A1E,187214780,257,EUTRAN-BAND3,1825,4,4,-102,-924,-632,13\n" +
				"+CPSI: NR5G,257,629952,-11,-92,153",
			"AT+CPOF": "", "AT+CRESET": "",
		},
		modem.Identity{Model: "SIM8202G-M2", Firmware: "LE13B04SIM8202M44A-M2"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2", "AT+C5GREG=?", "AT+C5GREG=2"},
		"898600700907A6019125", modem.Signal{RSRPdBm: -92, RSRQdB: -10, SINRdB: 13, RSSIdBm: -63}, "46011",
		"AT+CPOF", "AT+CRESET",
	},
	"sim7000": {
		map[string]string{
			"AT+CGMM": "SIMCOM_SIM7000G", "AT+CGMR": "Revision:1351B06SIM7000C", "AT+CCID": "89861118231006965031",
			"AT+CEREG=?": "+CEREG: (0-2,4)", "AT+CLTS?": "+CLTS: 0", "AT+CLTS=1": "",
			"AT+CPSI?":   "+CPSI: LTE CAT-M1,Online,310-410,0x4804,74777865,343,EUTRAN-BAND2,875,4,4,-13,-112,-82,14",
			"AT+CPOWD=1": "NORMAL POWER DOWN", "AT+CFUN=1,1": "",
		},
		modem.Identity{Model: "SIMCOM_SIM7000G", Firmware: "1351B06SIM7000C"},
		[]string{"AT+CLTS?", "AT+CLTS=1", "AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"},
		"89861118231006965031", modem.Signal{RSRPdBm: -112, RSRQdB: -13, SINRdB: 8, RSSIdBm: -82}, "310410",
		"AT+CPOWD=1", "AT+CFUN=1,1",
	},
	"sim7080": {
		map[string]string{
			"AT+CGMM": "SIMCOM_SIM7080", "AT+CGMR": "Revision:1951B16SIM7080", "AT+CCID": "89861118231006965031",
			"AT+CREG=2": "+CME ERROR: 4", "AT+CREG=1": "", "AT+CEREG=?": "+CEREG: (0-2,4)", "AT+CLTS?": "+CLTS: 1",
			"AT+CPSI?":   "+CPSI: LTE CAT-M1,Online,238-01,0x07D0,12024586,465,EUTRAN-BAND20,6350,5,5,-16,-83,-53,10",
			"AT+CPOWD=1": "NORMAL POWER DOWN", "AT+CREBOOT": "",
		},
		modem.Identity{Model: "SIMCOM_SIM7080", Firmware: "1951B16SIM7080"},
		[]string{"AT+CLTS?", "AT+CREG=2", "AT+CREG=1", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"},
		"89861118231006965031", modem.Signal{RSRPdBm: -83, RSRQdB: -16, SINRdB: 0, RSSIdBm: -53}, "23801",
		"AT+CPOWD=1", "AT+CREBOOT",
	},
	"sim7020": {
		map[string]string{
			"AT+CGMM": "SIM7020E", "AT+CGMR": "1752B04SIM7020E", "AT+CCID": "+CCID: 89861118231006965031",
			"AT+CEREG=?": "+CEREG: (0-5)", "AT+CEREG=5": "", "AT+CESQ": "+CESQ: 99,99,255,255,31,70",
			"AT+CPOWD=1": "NORMAL POWER DOWN", "AT+CFUN=1,1": "",
		},
		modem.Identity{Model: "SIM7020E", Firmware: "1752B04SIM7020E"},
		[]string{"AT+CEREG=?", "AT+CEREG=5"},
		"89861118231006965031", modem.Signal{RSRPdBm: -71, RSRQdB: -5, SINRdB: modem.Unknown, RSSIdBm: modem.Unknown}, "",
		"AT+CPOWD=1", "AT+CFUN=1,1",
	},
	"sim800": {
		map[string]string{
			"AT+CGMM": "SIMCOM_SIM800L", "AT+CGMR": "Revision:1308B08SIM800M32", "AT+CCID": "898600810906F8048812",
			"AT+CGEREP=2,1": "ERROR", "AT+CLTS?": "+CLTS: 1", "AT+CSQ": "+CSQ: 23,0",
			"AT+CPOWD=1": "NORMAL POWER DOWN", "AT+CFUN=1,1": "",
		},
		modem.Identity{Model: "SIMCOM_SIM800L", Firmware: "1308B08SIM800M32"},
		[]string{"AT+CLTS?", "AT+CREG=2", "AT+CGREG=2"},
		"898600810906F8048812",
		modem.Signal{RSRPdBm: modem.Unknown, RSRQdB: modem.Unknown, SINRdB: modem.Unknown, RSSIdBm: -67}, "",
		"AT+CPOWD=1", "AT+CFUN=1,1",
	},
}

// TestFamilies begins a session with a module of each family, looks at it, and ends it.
func TestFamilies(t *testing.T) {
	for _, row := range simcom.Dialects {
		name := strings.TrimPrefix(row.Name, "simcom-")
		c, ok := families[name]
		if !ok {
			t.Errorf("%s: no module", row.Name)
			continue
		}
		c.identity.Vendor, c.identity.Dialect, c.identity.IMEI = "simcom", row.Name, "867962040000002"
		beginning := []string{"AT+CGMM", "ATE0", "AT+CMEE=1", "AT+CGMM", "AT+CGMR", "AT+CGSN", "AT+COPS=3,2", "AT+CGEREP=2,1"}
		t.Run(name, func(t *testing.T) {
			attached(t, c.module, nil, func(t *testing.T, d *modem.Driver, s *script, id modem.Identity, sent []string) {
				if diff := cmp.Diff(c.identity, id); diff != "" {
					t.Errorf("identity:\n%s", diff)
				}
				if diff := cmp.Diff(append(beginning, c.setup...), sent); diff != "" {
					t.Errorf("set-up:\n%s", diff)
				}
				checkLook(t, d, modem.LookICCID, c.iccid)
				checkLook(t, d, modem.LookSignal, c.signal)
				checkLook(t, d, modem.LookIMSI, modem.IMSI("310410123456789"))
				checkCells(t, d, c.plmn)
				s.commands()
				checkSends(t, s, d.Reset, c.reset)
				checkSends(t, s, d.PowerOff, c.off)
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

func checkSends(t *testing.T, s *script, do func(context.Context) error, want string) {
	t.Helper()
	if err := do(t.Context()); err != nil {
		t.Errorf("%s: %v", want, err)
	}
	if diff := cmp.Diff([]string{want}, s.commands()); diff != "" {
		t.Errorf("commands:\n%s", diff)
	}
}

// TestFirstCPSIFails: after power-on the first AT+CPSI? is refused; the next question is the better one again.
func TestFirstCPSIFails(t *testing.T) {
	module := maps.Clone(families["sim7600"].module)
	cpsi := module["AT+CPSI?"]
	delete(module, "AT+CPSI?")
	attached(t, module, map[string]string{"AT+CSQ": "+CSQ: 20,99"},
		func(t *testing.T, d *modem.Driver, s *script, _ modem.Identity, _ []string) {
			checkLook(t, d, modem.LookSignal, modem.Signal{RSRPdBm: modem.Unknown, RSRQdB: modem.Unknown,
				SINRdB: modem.Unknown, RSSIdBm: -73})
			s.mu.Lock()
			s.answers["AT+CPSI?"] = cpsi
			s.mu.Unlock()
			checkLook(t, d, modem.LookSignal, families["sim7600"].signal)
		})
}

// TestStack opens each kind of IP stack and closes it: the contexts are read first, OK is not the result.
func TestStack(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		sent    []string
	}{
		"sim7600": {
			map[string]string{"AT+NETOPEN?": "+NETOPEN: 0|+NETOPEN: 0|+NETOPEN: 1", "AT+NETOPEN": ""},
			[]string{"AT+NETOPEN?", "AT+NETOPEN", "AT+NETOPEN?", "AT+NETOPEN?"},
		},
		"sim7080": {
			map[string]string{
				"AT+CNACT?":   `+CNACT: 0,0,"0.0.0.0"|+CNACT: 0,2,"0.0.0.0"|+CNACT: 0,1,"10.32.116.31"`,
				"AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`, `AT+CNCFG=0,1,"super"`: "", "AT+CNACT=0,1": "",
			},
			[]string{"AT+CNACT?", "AT+CGDCONT?", `AT+CNCFG=0,1,"super"`, "AT+CNACT=0,1", "AT+CNACT?", "AT+CNACT?"},
		},
		"sim7000": {
			map[string]string{"AT+CNACT?": `+CNACT: 0,"0.0.0.0"|+CNACT: 1,"10.133.65.46"`, "AT+CNACT=1": ""},
			[]string{"AT+CNACT?", "AT+CNACT=1", "AT+CNACT?"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			attached(t, families[name].module, c.answers, func(t *testing.T, d *modem.Driver, s *script,
				_ modem.Identity, _ []string,
			) {
				if err := d.StackUp(t.Context(), 1); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(c.sent, s.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

// TestBearer: the SIM800's context is activated and read in its own words, with the address.
func TestBearer(t *testing.T) {
	attached(t, families["sim800"].module, map[string]string{
		"AT+SAPBR=2,1": `+SAPBR: 1,3,"0.0.0.0"|+SAPBR: 1,1,"10.1.2.3"`, "AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`,
		`AT+SAPBR=3,1,"Contype","GPRS"`: "", `AT+SAPBR=3,1,"APN","super"`: "", "AT+SAPBR=1,1": "",
	}, func(t *testing.T, d *modem.Driver, s *script, _ modem.Identity, _ []string) {
		if err := d.Activate(t.Context(), 1); err != nil {
			t.Error(err)
		}
		want := []string{"AT+SAPBR=2,1", "AT+CGDCONT?", `AT+SAPBR=3,1,"Contype","GPRS"`, `AT+SAPBR=3,1,"APN","super"`,
			"AT+SAPBR=1,1"}
		if diff := cmp.Diff(want, s.commands()); diff != "" {
			t.Errorf("commands:\n%s", diff)
		}
		checkLook(t, d, modem.LookActive, modem.Active{CIDs: []int{1}})
		checkLook(t, d, modem.LookAddress, modem.Address{CID: 1, IP: "10.1.2.3"})
	})
}

// TestAuth: where the credentials go, and in which order.
func TestAuth(t *testing.T) {
	for name, want := range map[string]string{
		"sim7600": `AT+CGAUTH=1,1,"p","u"`, "a76xx": `AT+CGAUTH=1,1,"p","u"`, "sim8200": `AT+CGAUTH=1,1,"p","u"`,
		"sim7080": `AT+CNCFG=0,1,"corp","u","p",1`, "sim7000": `AT+CSTT="corp","u","p"`,
		"sim7020": `AT*MCGDEFCONT="IP","corp","u","p"`, "sim800": `AT+SAPBR=3,1,"USER","u";+SAPBR=3,1,"PWD","p"`,
	} {
		cmd := family(name).Auth(modem.PDPContext{CID: 1, Type: "IP", APN: "corp"},
			modem.Auth{Method: modem.AuthPAP, User: "u", Password: "p"})
		if cmd.Text != want || !cmd.Secret {
			t.Errorf("%s: %q secret=%t, want %q, secret", name, cmd.Text, cmd.Secret, want)
		}
	}
}

// TestActivations: each family's words, with the context numbers it counts by.
func TestActivations(t *testing.T) {
	super := modem.PDPContext{CID: 1, Type: "IP", APN: "super"}
	for name, want := range map[string][]string{
		"sim7600": {"AT+NETOPEN", "AT+NETCLOSE", "AT+NETOPEN?"},
		"a76xx":   {"AT+NETOPEN", "AT+NETCLOSE", "AT+NETOPEN?"},
		"sim8200": {"AT+NETOPEN", "AT+NETCLOSE", "AT+NETOPEN?"},
		"sim7080": {`AT+CNCFG=0,1,"super"`, "AT+CNACT=0,1", "AT+CNACT=0,0", "AT+CNACT?"},
		"sim7000": {"AT+CNACT=1", "AT+CNACT=0", "AT+CNACT?"},
		"sim800": {`AT+SAPBR=3,1,"Contype","GPRS"`, `AT+SAPBR=3,1,"APN","super"`, "AT+SAPBR=1,1", "AT+SAPBR=0,1",
			"AT+SAPBR=2,1"},
	} {
		a := family(name).Activate
		if a == nil {
			a = family(name).Stack
		}
		var got []string
		if a.Define != nil {
			got = a.Define(super)
		}
		if diff := cmp.Diff(want, append(got, a.Up(1), a.Down(1), a.Read)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestLimits: the manuals' maximum response times that are longer than the engine's default or unlike the standard.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		family, begins string
		want           time.Duration
	}{
		{"sim7080", "AT+COPS=?", 45 * time.Second}, {"sim7080", "AT+COPS=", 120 * time.Second},
		{"sim7080", "AT+CGATT=", 75 * time.Second}, {"sim7000", "AT+CIMI", 20 * time.Second},
		{"sim800", "AT+CGATT=", 10 * time.Second}, {"sim800", "AT+SAPBR=1", 85 * time.Second},
		{"sim800", "AT+SAPBR=0", 65 * time.Second}, {"a76xx", "AT+", 9 * time.Second},
		{"a76xx", "AT+COPS=", 60 * time.Second}, {"sim7600", "AT+NETOPEN", 120 * time.Second},
	} {
		found := false
		for _, l := range family(c.family).Limits {
			found = found || l.Begins == c.begins && l.Time == c.want && l.Source != ""
		}
		if !found {
			t.Errorf("%s: no limit of %v for %s", c.family, c.want, c.begins)
		}
	}
}

// TestWishes: what a configuration writes, and that it is not written twice.
func TestWishes(t *testing.T) {
	rats := func(r ...string) modem.Wanted { return modem.Wanted{RATs: r} }
	for _, c := range []struct {
		family string
		name   modem.SettingName
		wanted modem.Wanted
		have   string
		want   string // the first command; "" for none
	}{
		{"sim7600", modem.SetRAT, modem.Wanted{}, "38", ""},
		{"sim7600", modem.SetRAT, rats("4G"), "2", "AT+CNMP=38"},
		{"sim7600", modem.SetRAT, rats("4G", "5G"), "2", "AT+CNMP=38"}, // it has no 5G
		{"sim7600", modem.SetRAT, rats("2G", "3G", "4G"), "39", ""},
		{"sim7600", modem.SetRAT, rats("2G", "3G", "4G"), "13", "AT+CNMP=2"},
		{"sim7600", modem.SetRAT, rats("2G", "3G"), "48", ""},
		{"sim7600", modem.SetRAT, rats("5G"), "2", ""},
		{"a76xx", modem.SetRAT, rats("2G", "4G"), "13", "AT+CNMP=2"}, // the smallest that has both
		{"sim7080", modem.SetRAT, rats("4G"), "51", "AT+CNMP=38"},
		{"sim8200", modem.SetRAT, rats("4G", "5G"), "2", "AT+CNMP=109"},
		{"sim7080", modem.SetLTEMode, modem.Wanted{}, "2", ""},
		{"sim7080", modem.SetLTEMode, rats("4G"), "3", "AT+CMNB=1"},
		{"sim7080", modem.SetLTEMode, rats("2G"), "2", ""},
		{"sim7000", modem.SetBands, modem.Wanted{Bands: modem.Bands{LTE: []int{20, 3}}}, "1,2,3", `AT+CBANDCFG="CAT-M",3,20`},
		{"sim7000", modem.SetBands, modem.Wanted{Bands: modem.Bands{LTE: []int{20, 3}}}, "20, 3", ""},
		{"sim8200", modem.SetBands, modem.Wanted{Bands: modem.Bands{LTE: []int{3, 20}}}, "1:3", `AT+CSYSSEL="lte_band",3:20`},
		{"sim7600", modem.SetBands, modem.Wanted{Bands: modem.Bands{LTE: []int{3, 12, 20}}},
			"0X000700000FEB0180,0X000007FF3FDF3FFF", "AT+CNBP=0X000700000FEB0180,0x0000000000080804"},
		{"sim7600", modem.SetBands, modem.Wanted{Bands: modem.Bands{LTE: []int{1, 66}}},
			"0x1,0x2,0x3F", "AT+CNBP=0x1,0x20000000000000001"},
		{"sim7600", modem.SetBands, modem.Wanted{Bands: modem.Bands{LTE: []int{3}}}, "nonsense", ""},
		{"a76xx", modem.SetPSM, modem.Wanted{PowerSavingOff: true}, "1", "AT+CPSMS=0"},
		{"a76xx", modem.SetPSM, modem.Wanted{}, "1", ""},
		{"sim7080", modem.SetEDRX, modem.Wanted{PowerSavingOff: true}, "4=0010", "AT+CEDRXS=0"},
		{"sim800", modem.SetSleep, modem.Wanted{PowerSavingOff: true}, "2", "AT+CSCLK=0"},
	} {
		s := setting(t, c.family, c.name)
		value, ok := s.Wish(c.wanted, modem.Identity{}, c.have)
		got := ""
		if ok {
			got = s.Write(value)[0]
			if again, ok := s.Wish(c.wanted, modem.Identity{}, value); ok {
				t.Errorf("%s %s: of its own %q it wishes %q", c.family, c.name, value, again)
			}
		}
		if got != c.want {
			t.Errorf("%s %s of %q: %q, want %q", c.family, c.name, c.have, got, c.want)
		}
	}
}

// TestWishesAreStable has captured values; TestWishes has the meaning.
func TestWishesAreStable(t *testing.T) {
	corpus.Wishes(t, simcom.Dialects, map[modem.SettingName][]string{
		modem.SetRAT:   {"2", "13", "38", "51", "109"},
		modem.SetBands: {"0X000700000FEB0180,0X000007FF3FDF3FFF", "0x1,0x2,0x3F", "1,2,3,28", "1:2:3"},
	})
}

func setting(t *testing.T, name string, key modem.SettingName) modem.Setting {
	t.Helper()
	for _, s := range family(name).Settings {
		if s.Name == key {
			return s
		}
	}
	t.Fatalf("%s: no setting %s", name, key)
	return modem.Setting{}
}

// TestRows: what every row must have, so that a table with a hole does not go unnoticed.
func TestRows(t *testing.T) {
	for _, d := range simcom.Dialects {
		for what, ok := range map[string]bool{
			"claims": len(d.Claims) > 0, "boot": len(d.Boot) > 0 && d.BootTime > 0, "iccid": d.ICCID.Cmd != "",
			"signal": len(d.Signal) > 0, "registration": len(d.Reg) > 0, "power": d.Power.Source != "",
			"off": d.PowerOff.Text != "", "reset": d.Reset != "",
			"settings": len(d.Settings) > 0, "limits": len(d.Limits) > 0, "auth": d.Auth != nil,
		} {
			if !ok {
				t.Errorf("%s: no %s", d.Name, what)
			}
		}
		for _, s := range d.Settings {
			if s.Why == "" || s.Source == "" || (s.Wish == nil) != (s.Write == nil) {
				t.Errorf("%s, %s: %s", d.Name, s.Name, fmt.Sprintf("why %q, source %q", s.Why, s.Source))
			}
		}
	}
}
