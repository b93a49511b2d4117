package quectel_test

import (
	"fmt"
	"strings"
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

// cause reads an answer to AT+CEER in the family's way.
func cause(line, _ string) (string, error) {
	o, err := quectel.EC25.Cause.Parse(corpus.Lines(line))
	if c, ok := o.(modem.LastCause); ok && c.Cause != (modem.Cause{}) {
		return fmt.Sprintf("%s %d", c.Cause.Domain, c.Cause.Number), err
	}
	return "none", err
}

var readers = map[string]corpus.Reader{
	"qcsq": qcsq, "urc": interpret, "cause": cause, "setting": corpus.Setting(quectel.Dialects),
	"qeng":    func(l, _ string) (string, error) { return corpus.Cells(quectel.ParseQENG(corpus.Lines(l))) },
	"qnwinfo": func(l, _ string) (string, error) { return corpus.Cells(quectel.ParseQNWINFO(corpus.Lines(l))) },
	"qlts":    func(l, _ string) (string, error) { return corpus.Time(quectel.ParseQLTS(l)) },
	"qiact":   func(l, _ string) (string, error) { return corpus.Addresses(quectel.ParseQIACT(corpus.Lines(l))) },
	"qinistat": func(l, _ string) (string, error) {
		s, err := quectel.ParseQINISTAT(l)
		return fmt.Sprintf("sim=%t sms=%t phonebook=%t", s.SIM, s.SMS, s.Phonebook), err
	},
	"qfplmn": func(l, _ string) (string, error) {
		list, err := quectel.ParseQFPLMNCFG(corpus.Lines(l))
		return strings.Join(list, " "), err
	},
}

func TestCaptures(t *testing.T) { corpus.Run(t, corpus.Load(t, "testdata/*.txt"), readers) }

func TestClaims(t *testing.T) {
	corpus.Claims(t, quectel.Dialects, map[string]string{
		"EC25": "quectel-eg25", "EG25": "quectel-eg25", "EG25-G": "quectel-eg25", "Quectel EC25": "quectel-eg25",
		"EC21": "quectel-eg25", "EG21-G": "quectel-eg25",
		"EG91": "quectel-eg91", "EG95": "quectel-eg91",
		"BG95-M3": "quectel-bg95", "BG77": "quectel-bg95", "BG96": "quectel-bg96",
		"EG06": "quectel-eg06", "EP06": "quectel-eg06",
		"RM500Q-GL": "quectel-rm500", "RM502Q-AE": "quectel-rm500", "RM520N-GL": "quectel-rm520", "RG520NNA": "quectel-rm520",
		"UC20": modem.Standard.Name, "": modem.Standard.Name,
	})
}

func TestWishes(t *testing.T) {
	corpus.Wishes(t, quectel.Dialects, map[modem.SettingName][]string{
		modem.SetRoaming: {"2", "255"}, modem.SetRAT: {"AUTO", "LTE:NR5G", "3"}, modem.SetLTEMode: {"2", "2,1"},
		modem.SetBands: {"bff,1e00b0e18df,0", "f,100002000000000f0e189f,10004200000000090e189f", "1:3:7:20"},
	})
}

// TestWish has what a configuration does to a module's settings; "" means that nothing is written.
func TestWish(t *testing.T) {
	lte := modem.Wanted{RATs: []string{"4G"}, Bands: modem.Bands{LTE: []int{20, 3}}}
	all := modem.Wanted{RATs: []string{"3G", "4G", "5G"}, Roaming: modem.On, PowerSavingOff: true}
	for _, c := range []struct {
		dialect *modem.Dialect
		read    string
		wanted  modem.Wanted
		have    string
		write   string
	}{
		{quectel.EC25, `AT+QCFG="roamservice"`, all, "255", ""},
		{quectel.EC25, `AT+QCFG="roamservice"`, all, "2", ""},
		{quectel.EC25, `AT+QCFG="roamservice"`, all, "1", `AT+QCFG="roamservice",255,1`},
		{quectel.EC25, `AT+QCFG="roamservice"`, modem.Wanted{Roaming: modem.Off}, "255", `AT+QCFG="roamservice",1,1`},
		{quectel.EC25, `AT+QCFG="roamservice"`, modem.Wanted{}, "1", ""},
		{quectel.EC25, `AT+QCFG="nwscanmode"`, lte, "0", `AT+QCFG="nwscanmode",3,1`},
		{quectel.EC25, `AT+QCFG="nwscanmode"`, all, "3", `AT+QCFG="nwscanmode",0,1`}, // no number for two of three
		{quectel.EC25, `AT+QCFG="nwscanmode"`, modem.Wanted{RATs: []string{"5G"}}, "0", ""},
		{quectel.EC25, `AT+QCFG="band"`, lte, "bff,1e00b0e18df,0", `AT+QCFG="band",bff,80004,0,1`},
		{quectel.EC25, `AT+QCFG="band"`, lte, "bff,80004,0", ""},
		{quectel.EC25, "AT+QSCLK?", all, "1", "AT+QSCLK=0"},
		{quectel.EC25, "AT+CPSMS?", all, "1", "AT+CPSMS=0"},
		{quectel.BG96, `AT+QCFG="nwscanmode"`, modem.Wanted{RATs: []string{"3G"}}, "0", ""}, // it has none
		{quectel.BG95, `AT+QCFG="iotopmode"`, lte, "2", `AT+QCFG="iotopmode",0,1`},
		{quectel.BG95, `AT+QCFG="band"`, modem.Wanted{Bands: modem.Bands{LTE: []int{66, 71, 85}}},
			"f,100002000000000f0e189f,10004200000000090e189f",
			`AT+QCFG="band",f,1000420000000000000000,10004200000000090e189f,1`},
		{quectel.RM520, `AT+QNWPREFCFG="mode_pref"`, all, "NR5G", `AT+QNWPREFCFG="mode_pref",AUTO`},
		{quectel.RM520, `AT+QNWPREFCFG="mode_pref"`, lte, "AUTO", `AT+QNWPREFCFG="mode_pref",LTE`},
		{quectel.RM520, `AT+QNWPREFCFG="mode_pref"`, modem.Wanted{RATs: []string{"4G", "5G"}}, "LTE:NR5G", ""},
		{quectel.RM520, `AT+QNWPREFCFG="lte_band"`, lte, "3:20", ""},
		{quectel.RM520, `AT+QNWPREFCFG="lte_band"`, lte, "1:3:7:20", `AT+QNWPREFCFG="lte_band",20:3`},
		{quectel.RM500, `AT+QNWPREFCFG="roam_pref"`, all, "1", `AT+QNWPREFCFG="roam_pref",255`},
	} {
		if got := writes(t, c.dialect, c.read, c.wanted, c.have); got != c.write {
			t.Errorf("%s %s = %q with %+v: wrote %q, want %q", c.dialect.Name, c.read, c.have, c.wanted, got, c.write)
		}
	}
}

func writes(t *testing.T, d *modem.Dialect, read string, w modem.Wanted, have string) string {
	t.Helper()
	for _, s := range d.Settings {
		if s.Read != read {
			continue
		}
		if want, ok := s.Wish(w, modem.Identity{}, have); ok {
			return strings.Join(s.Write(want), "; ")
		}
		return ""
	}
	t.Fatalf("%s has no %s", d.Name, read)
	return ""
}

// TestLineOfPort: a step that names a port is only for that kind of port.
func TestLineOfPort(t *testing.T) {
	for _, d := range quectel.Dialects {
		for _, s := range d.Setup {
			if strings.Contains(s.Write, `"uart1"`) != (s.Only == modem.UART) {
				t.Errorf("%s: %s on line %d", d.Name, s.Write, s.Only)
			}
			if strings.Contains(s.Write, `"all"`) && strings.HasPrefix(d.Name, "quectel-bg") {
				t.Errorf("%s: the BG96 manual knows no %s", d.Name, s.Write)
			}
		}
	}
}

func TestAuth(t *testing.T) {
	for _, d := range quectel.Dialects {
		cmd := d.Auth(modem.PDPContext{CID: 1, Type: "IPV4V6", APN: "corp"},
			modem.Auth{Method: modem.AuthCHAP, User: "u", Password: "p"})
		if want := `AT+QICSGP=1,3,"corp","u","p",2`; cmd.Text != want || !cmd.Secret {
			t.Errorf("%s: got %q secret=%t, want %q, secret", d.Name, cmd.Text, cmd.Secret, want)
		}
	}
}

func FuzzQCSQ(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "qcsq")
	f.Fuzz(func(t *testing.T, line string) { corpus.SaneSignal(t, line, quectel.ParseQCSQ) })
}

func FuzzQENG(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "qeng")
	f.Fuzz(func(t *testing.T, line string) {
		cells, err := quectel.ParseQENG(corpus.Lines(line))
		for _, c := range cells.List {
			if err != nil || c.PLMN != "" && !modem.ValidPLMN(c.PLMN) {
				t.Errorf("%q: %+v, %v", line, c, err)
			}
			corpus.SaneSignal(t, line, func(string) (modem.Signal, error) { return c.Signal, nil })
		}
	})
}

func FuzzInterpret(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "urc")
	f.Fuzz(func(_ *testing.T, line string) { quectel.EC25.Interpret(line, anyN) })
}
