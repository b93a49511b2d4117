package modem_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
	"supersim-agent/modem/quectel"
)

// bg96 is a BG96 on its USB port, its lists as in the dialect reference §3.1.
var bg96 = map[string]string{
	"AT+CGMM": "BG96", "AT+CGMR": "BG96MAR02A07M1G", `AT+QCFG="urc/cache"`: `+QCFG: "urc/cache",0`, "AT+QSIMSTAT=1": "",
}

// TestConfigure has what a configuration costs in commands, and what it changes.
func TestConfigure(t *testing.T) {
	for name, c := range map[string]struct {
		wanted  modem.Wanted
		answers map[string]string
		sent    []string
		want    modem.Configured
		fails   error
	}{
		"nothing is wanted": {},
		"roaming is allowed": {
			wanted:  modem.Wanted{Roaming: modem.On},
			answers: map[string]string{`AT+QCFG="roamservice"`: `+QCFG: "roamservice",255`},
			sent:    []string{`AT+QCFG="roamservice"`},
			want:    modem.Configured{Values: []modem.SettingValue{{Name: modem.SetRoaming, Value: "255"}}},
		},
		"roaming is forbidden": {
			wanted: modem.Wanted{Roaming: modem.On},
			answers: map[string]string{`AT+QCFG="roamservice"`: `+QCFG: "roamservice",1`,
				`AT+QCFG="roamservice",255,1`: ""},
			sent: []string{`AT+QCFG="roamservice"`, `AT+QCFG="roamservice",255,1`},
			want: modem.Configured{Values: []modem.SettingValue{{Name: modem.SetRoaming, Value: "255", Was: "1"}}},
		},
		"the firmware has no such setting": {
			wanted: modem.Wanted{Roaming: modem.On},
			sent:   []string{`AT+QCFG="roamservice"`},
		},
		"an answer that cannot be read is not written over": {
			wanted:  modem.Wanted{Roaming: modem.On},
			answers: map[string]string{`AT+QCFG="roamservice"`: `+QCFG:`},
			sent:    []string{`AT+QCFG="roamservice"`},
		},
		"the write is refused": {
			wanted:  modem.Wanted{Roaming: modem.On},
			answers: map[string]string{`AT+QCFG="roamservice"`: `+QCFG: "roamservice",1`},
			sent:    []string{`AT+QCFG="roamservice"`, `AT+QCFG="roamservice",255,1`},
			want:    modem.Configured{Values: []modem.SettingValue{{Name: modem.SetRoaming, Value: "1", Was: "1"}}},
			fails:   errAny,
		},
		"LTE-M only": {
			wanted: modem.Wanted{RATs: []string{"4G"}},
			answers: map[string]string{`AT+QCFG="nwscanmode"`: `+QCFG: "nwscanmode",0`, `AT+QCFG="nwscanmode",3,1`: "",
				`AT+QCFG="iotopmode"`: `+QCFG: "iotopmode",0`},
			sent: []string{`AT+QCFG="nwscanmode"`, `AT+QCFG="nwscanmode",3,1`, `AT+QCFG="iotopmode"`},
			want: modem.Configured{Values: []modem.SettingValue{{Name: modem.SetRAT, Value: "3", Was: "0"},
				{Name: modem.SetLTEMode, Value: "0"}}},
		},
		"power saving off": {
			wanted: modem.Wanted{PowerSavingOff: true},
			answers: map[string]string{"AT+QSCLK?": "+QSCLK: 1", "AT+QSCLK=0": "", "AT+CPSMS?": "+CPSMS: 1,,,\"00\",\"00\"",
				"AT+CPSMS=0": "", "AT+CEDRXS?": `+CEDRXS: 4,"0000"`},
			sent: []string{"AT+QSCLK?", "AT+QSCLK=0", "AT+CPSMS?", "AT+CPSMS=0", "AT+CEDRXS?"},
			want: modem.Configured{Values: []modem.SettingValue{{Name: modem.SetSleep, Value: "0", Was: "1"},
				{Name: modem.SetPSM, Value: "0", Was: "1"}, {Name: modem.SetEDRX, Value: "0"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			attached(t, bg96, c.answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				d.Wanted = c.wanted
				got, err := d.Configure(t.Context())
				if (err != nil) != (c.fails != nil) {
					t.Errorf("error %v, want %v", err, c.fails)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("configured:\n%s", diff)
				}
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

// guarded is a family whose one setting may only be written with the radio off, and counts after a restart.
var guarded = &modem.Dialect{
	Name: "guarded", Vendor: "test", Claims: []string{"GUARDED"}, Firmware: "AT+CGMR", RadioOff: "AT+CFUN=4",
	Gap: 100 * time.Millisecond,
	Settings: []modem.Setting{{
		Name: modem.SetProfile, Read: "AT+PROF?", Prefix: "+PROF", RadioOff: true, Restart: true,
		Wish:  func(w modem.Wanted, _ modem.Identity, have string) (string, bool) { return "100", have != "100" },
		Write: modem.WriteFormat("AT+PROF=%s"),
	}},
}

// TestConfigureRadioOff: the radio is off around the write, whatever the write comes to.
func TestConfigureRadioOff(t *testing.T) {
	for name, c := range map[string]struct {
		fun, write string
		sent       []string
		restart    bool
	}{
		"radio on":  {"+CFUN: 1", "", []string{"AT+PROF?", "AT+CFUN?", "AT+CFUN=4", "AT+PROF=100", "AT+CFUN=1"}, true},
		"radio off": {"+CFUN: 4", "", []string{"AT+PROF?", "AT+CFUN?", "AT+PROF=100"}, true},
		"refused": {"+CFUN: 1", "+CME ERROR: 3",
			[]string{"AT+PROF?", "AT+CFUN?", "AT+CFUN=4", "AT+PROF=100", "AT+CFUN=1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{"AT+CGMM": "GUARDED", "AT+CGMR": "1", "AT+PROF?": "+PROF: 0", "AT+CFUN?": c.fun,
				"AT+CFUN=4": "", "AT+CFUN=1": "", "AT+PROF=100": c.write}
			onModemOf(t, []*modem.Dialect{guarded}, merge(session, answers), func(t *testing.T, d *modem.Driver, m *fakeModem) {
				if _, err := d.Attach(t.Context()); err != nil {
					t.Fatal(err)
				}
				m.commands()
				start := time.Now()
				d.Wanted = modem.Wanted{Roaming: modem.On}
				got, err := d.Configure(t.Context())
				if got.Restart != c.restart || (err == nil) != c.restart {
					t.Errorf("restart=%t (%v), want %t", got.Restart, err, c.restart)
				}
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
				if least := time.Duration(len(c.sent)-1) * guarded.Gap; time.Since(start) < least {
					t.Errorf("%d commands within %v, want pauses of %v", len(c.sent), time.Since(start), guarded.Gap)
				}
			})
		})
	}
}

// TestSettings: what the firmware refuses or garbles is left out.
func TestSettings(t *testing.T) {
	attached(t, bg96, map[string]string{`AT+QCFG="roamservice"`: `+QCFG: "roamservice",2`, "AT+QSTK?": "+QSTK: 0",
		`AT+QCFG="band"`: `+QCFG: "band"`}, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		d.Wanted = modem.Wanted{Roaming: modem.Off, PowerSavingOff: true}
		got, err := d.Look(t.Context(), modem.LookSettings, 1)
		want := []modem.Observation{modem.Settings{List: []modem.SettingValue{
			{Name: modem.SetRoaming, Value: "2", Want: "1"}, {Name: modem.SetSTK, Value: "0"}}}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		if n := len(m.commands()); n != len(quectel.BG96.Settings)+1 { // and the owner's list on the card
			t.Errorf("%d commands for %d settings", n, len(quectel.BG96.Settings))
		}
	})
}

func TestCells(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		cells   int
		fails   error
	}{
		"the best":   {map[string]string{`AT+QENG="servingcell"`: `+QENG: "servingcell","NOCONN","eMTC","FDD",274,02,44F5C,267,3600,8,3,3,8,-80,-12,-53,11,47`}, 1, nil},
		"the second": {map[string]string{"AT+QNWINFO": `+QNWINFO: "eMTC","26203","LTE BAND 20",6200`}, 1, nil},
		"garbled":    {map[string]string{`AT+QENG="servingcell"`: `+QENG:`, "AT+QNWINFO": `+QNWINFO: "eMTC","26203","LTE BAND 20",6200`}, 1, nil},
		"searching":  {map[string]string{`AT+QENG="servingcell"`: `+QENG: "servingcell","SEARCH"`}, 0, nil},
		"neither":    {nil, 0, errAny},
	} {
		t.Run(name, func(t *testing.T) {
			attached(t, bg96, c.answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				got, err := d.Look(t.Context(), modem.LookCells, 1)
				if (err != nil) != (c.fails != nil) || err == nil && len(got[0].(modem.Cells).List) != c.cells {
					t.Errorf("%+v (%v), want %d cells", got, err, c.cells)
				}
			})
		})
	}
	onModem(t, nil, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		if _, err := d.Look(t.Context(), modem.LookCells, 1); !errors.Is(err, modem.ErrNotSupported) {
			t.Errorf("the standard has no such command, and got %v", err)
		}
	})
}

func TestTime(t *testing.T) {
	attached(t, bg96, map[string]string{"AT+QLTS=1": `+QLTS: "2026/09/11,14:22:25+32,0"|+QLTS: ""`},
		func(t *testing.T, d *modem.Driver, m *fakeModem) {
			want := []modem.Observation{modem.NetworkTime{UTC: time.Date(2026, 9, 11, 14, 22, 25, 0, time.UTC)}}
			if got, err := d.Look(t.Context(), modem.LookTime, 1); !cmp.Equal(want, got) || err != nil {
				t.Errorf("got %v (%v)", got, err)
			}
			if _, err := d.Look(t.Context(), modem.LookTime, 1); !errors.Is(err, modem.ErrAnswer) {
				t.Errorf("a clock that was never set: %v", err)
			}
		})
	onModem(t, map[string]string{"AT+CCLK?": `+CCLK: "26/09/11,14:22:23+32"`}, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		want := []modem.Observation{modem.NetworkTime{UTC: time.Date(2026, 9, 11, 6, 22, 23, 0, time.UTC)}}
		if got, err := d.Look(t.Context(), modem.LookTime, 1); !cmp.Equal(want, got) || err != nil {
			t.Errorf("got %v (%v)", got, err)
		}
	})
}

// TestSettingsAreDistinct: no family shows two settings by one name, but for one that firmware has by either name.
func TestSettingsAreDistinct(t *testing.T) {
	const renamed = `AT+QNWPREFCFG="rat_order_pref"`
	for _, d := range allDialects {
		seen := map[modem.SettingName]string{}
		for _, s := range d.Settings {
			if other, twice := seen[s.Name]; twice && s.Read != renamed {
				t.Errorf("%s: %s and %s are both %q", d.Name, other, s.Read, s.Name)
			}
			seen[s.Name] = s.Read
		}
	}
}
