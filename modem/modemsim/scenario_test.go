package modemsim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const everything = `
title = "all keys"
modem = "quectel-eg25-g"
duration = "3h"
seed = 7
[sim]
iccid = "8988307000001234567"
imsis = ["732123200012345", "234507000000001"]
imei = "867698041234562"
status = "ready"
apn_allowed = "super"
data_limit_reached = false
imsi_switch = "10m"
fplmn = ["310260"]
pin = ""
present = true
[[cell]]
plmn = "310410"
name = "AT&T"
rat = "4G LTE"
rsrp = -91
tac = "5003"
cell_id = 40026625
nap_allowed = true
reject_cause = 0
roaming_route = true
[module]
apn = "internet"
boot = "3s"
[cloud]
delay = "5s"
jitter = "10s"
duplicate = 0.25
reorder = true
loss = 0
alive = true
envelope = "kore"
[[at]]
time = "40m"
set.sim.status = "active"
set.cell.310410.rsrp = -120
[[at]]
time = "20m"
fault = "modem-hang"
fault_for = "2m"
set = {cloud = {alive = false}}
[[expect]]
by = "5m"
verdict = "sim-inactive"
never_action = "set-apn"
max = {radio-cycle = 1}
sim = {state = "ready", super_sim = true}
data = {apn = "super"}
`

func TestParseScenario(t *testing.T) {
	s, err := ParseScenario("all.toml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	if s.Modem != "quectel-eg25" || s.Duration != 3*time.Hour || s.Seed != 7 || s.SIM.IMSISwitch != 10*time.Minute {
		t.Errorf("%+v", s)
	}
	wantCell := Cell{PLMN: "310410", Name: "AT&T", RAT: "LTE", RSRPdBm: -91, TAC: 0x5003, CellID: 40026625,
		NAPAllowed: true, RoamingRoute: true}
	if diff := cmp.Diff([]Cell{wantCell}, s.Cells); diff != "" {
		t.Error(diff)
	}
	if len(s.At) != 2 || s.At[0].Time != 20*time.Minute || s.At[0].Fault != "modem-hang" || len(s.At[1].Set) != 2 {
		t.Errorf("changes are not in order of time: %+v", s.At)
	}
	want := Expect{By: 5 * time.Minute, Verdict: "sim-inactive", NeverAction: "set-apn", Max: map[string]int{"radio-cycle": 1},
		SIM: map[string]any{"state": "ready", "super_sim": true}, Data: map[string]any{"apn": "super"}, Line: s.Expect[0].Line}
	if diff := cmp.Diff(want, s.Expect[0]); diff != "" {
		t.Error(diff)
	}
}

func TestScenarioMistakes(t *testing.T) {
	const src = `modem = "nokia-3310"
duration = 5
colour = "red"
[sim]
iccid = "12ab"
status = "sleepy"
imsis = [1, 2]
[[cell]]
name = "no plmn"
rsrp = "strong"
tac = "XYZ"
[cloud]
delay = "soon"
loss = 1.5
[[at]]
fault = "lightning"
set.sim.colour = "blue"
set.cell.99999.rsrp = -100
[[at]]
time = "1m"
[[expect]]
by = "1m"
`
	_, err := ParseScenario("bad.toml", []byte(src))
	bad, ok := errors.AsType[*ScenarioError](err)
	if !ok {
		t.Fatalf("error is %T: %v", err, err)
	}
	for _, want := range []string{
		`bad.toml:1:9: modem: unknown modem "nokia-3310" (known: ` + strings.Join(Personalities(), ", ") + `)`,
		"bad.toml:2:12: duration: want a duration in quotes",
		"bad.toml:3:10: unknown key colour",
		"bad.toml:5:9: sim.iccid: want 18 to 20 digits",
		"bad.toml:6:10: sim.status: want one of new, ready, active, inactive",
		"sim.imsis: want strings in the list",
		"bad.toml:8:3: cell.plmn is missing",
		"bad.toml:10:8: cell.rsrp: want an integer, got a string",
		"bad.toml:11:7: cell.tac: want hex digits",
		"bad.toml:13:9: cloud.delay: want a duration such as",
		"bad.toml:14:8: cloud.loss: want a probability",
		"at.time is missing",
		"bad.toml:16:9: at.fault: want one of modem-hang",
		"bad.toml:17:18: unknown key at.set.sim.colour",
		"at.set.cell.99999: no such cell",
		"bad.toml:19:3: at: nothing happens",
		"bad.toml:21:3: expect: nothing is expected",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q", want)
		}
	}
	if len(bad.Problems) != 17 {
		t.Errorf("%d problems:\n%v", len(bad.Problems), err)
	}
}

func TestBrokenTOML(t *testing.T) {
	_, err := ParseScenario("x.toml", []byte("title = \"a\"\nmodem = \n"))
	if err == nil || !strings.HasPrefix(err.Error(), "x.toml:2:") || errors.Unwrap(err) == nil {
		t.Errorf("got %v", err)
	}
}

func TestModemAsSection(t *testing.T) {
	s, err := ParseScenario("x", []byte("[modem]\nname = \"ublox-sara-r5\"\napn = \"internet\"\n"))
	if err != nil || s.Modem != "ublox-sara-r5" || s.Module.APN != "internet" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestLoadScenario(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.toml")
	if _, err := LoadScenario(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte("colour = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadScenario(path); err == nil || !strings.HasPrefix(err.Error(), path+":1:") {
		t.Errorf("got %v", err)
	}
}

// TestDeterminism plays the same host twice and expects the same bytes, events and story; another seed differs.
func TestDeterminism(t *testing.T) {
	transcript := func(seed uint64) string {
		s, err := ParseScenario("x", []byte(twoIMSIs+"[cloud]\njitter = \"1m\"\nduplicate = 0.3\nreorder = 0.3\n"))
		if err != nil {
			t.Fatal(err)
		}
		s.Seed = seed
		var out string
		synctest.Test(t, func(t *testing.T) {
			withWorld(t, s, func(b *bench) {
				b.wait(30 * time.Second)
				for range 20 {
					b.ask("AT+CEREG=2;+CEREG?;+CSQ")
					b.wait(time.Minute)
				}
				for _, body := range b.bodies {
					out += string(body)
				}
				out += b.heard() + b.story()
			})
		})
		return out
	}
	first := transcript(1)
	if diff := cmp.Diff(first, transcript(1)); diff != "" {
		t.Error(diff)
	}
	if first == transcript(2) {
		t.Error("the seed changes nothing")
	}
}

func FuzzScenario(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte(twoCells))
	f.Add([]byte("set = 1\n[[at]]\nset.cell.0 = 5\nset.sim.imsis = []\ntime = \"0s\"\n"))
	f.Add([]byte("[modem]\nname = 1\n[[modem.x]]\n"))
	f.Add([]byte("[[cell]]\nplmn = \"00101\"\n[cell.x]\ny = 1\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := ParseScenario("fuzz", src)
		if err != nil {
			if len(err.Error()) == 0 {
				t.Error("an error without words")
			}
			return
		}
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c := newCore(s, start)
		for i := range 200 {
			c.advance(start.Add(time.Duration(i) * 10 * time.Second))
			c.mod.cli.input([]byte("AT+CEREG?;+CGPADDR;+COPS?\r"))
			c.take()
		}
	})
}

func FuzzATLine(f *testing.F) {
	for _, line := range []string{"ATE0", `AT+CGDCONT=1,"IP","super"`, `AT+CRSM=214,28539,0,0,3,"FFFFFF"`,
		`at+cops=1,2,"310410"`, "AT+CRSM=176,28539,-1,99999999,-5", "ATD*99***1#", "AT+CSQ;+CREG?",
		`AT+QENG="servingcell"`, "AT+CFUN=1,1", `AT"`, "AT&", "ATS0=0;E1"} {
		f.Add(0, line)
		f.Add(1, line)
		f.Add(2, line)
	}
	f.Fuzz(func(t *testing.T, modem int, line string) {
		s := Default()
		s.Modem = Personalities()[uint(modem)%uint(len(personalities))]
		s.Module.Boot = 0
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c := newCore(s, start)
		c.advance(start.Add(time.Minute))
		for i := range 3 {
			c.mod.cli.input([]byte(line + "\r"))
			c.advance(start.Add(time.Duration(i+2) * 4 * time.Minute))
		}
		c.take()
		if c.mod.power == on && !c.mod.cli.online && c.mod.cli.working == nil {
			c.mod.cli.input([]byte("\rAT\r"))
			c.advance(start.Add(time.Hour))
			var said strings.Builder
			for _, e := range c.take() {
				said.Write(e.write)
			}
			if c.mod.power == on && !strings.Contains(said.String(), "OK") {
				t.Errorf("after %q the module does not answer AT: %q", line, said.String())
			}
		}
	})
}

func TestRunEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := NewWorld(nil, nil)
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
		host := w.Pipe() // after Run nothing is connected, and nothing is left behind
		if _, err := host.Write([]byte("AT\r")); err == nil {
			t.Error("a world that has ended took bytes")
		}
	})
}
