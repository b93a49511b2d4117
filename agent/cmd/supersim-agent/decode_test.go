package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
)

// transcripts are the files of testdata/decode; one whose first line is "# urc" is decoded with --urc.
func transcripts(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/decode/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	all := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".txt")] = string(text)
	}
	return all
}

func decoded(t testing.TB, text string, asJSON bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := decodeStream(strings.NewReader(text), &out, newDecoder(dialects(), strings.HasPrefix(text, "# urc\n")), asJSON); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// objects decodes with --json and reads it back.
func objects(t testing.TB, text string) (list []map[string]any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(decoded(t, text, true)))
	for {
		var o map[string]any
		if err := dec.Decode(&o); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
}

func TestDecodeTranscripts(t *testing.T) {
	for name, text := range transcripts(t) {
		golden(t, "decode_"+name+".txt", decoded(t, text, false))
		golden(t, "decode_"+name+".json", decoded(t, text, true))
		lines := objects(t, text)
		if want := strings.Count(text, "\n"); len(lines) != want {
			t.Errorf("%s: %d objects for %d lines", name, len(lines), want)
		}
		for i, o := range lines {
			if o["kind"] == kindUnknown || o["kind"] != kindEmpty && o["text"] == "" {
				t.Errorf("%s:%d: %v is not explained", name, i+1, o["input"])
			}
			if o["line"] != float64(i+1) {
				t.Errorf("%s:%d: numbered %v", name, i+1, o["line"])
			}
		}
	}
}

// The captured answers that the parsers are tested with must not be unknown to decode either. Those that a parser refuses
// ("-> !") are not looked at; bare firmware strings mean nothing without their command.
func TestDecodeKnowsTheCaptures(t *testing.T) {
	files, _ := filepath.Glob("../../../modem/testdata/*.txt")
	more, _ := filepath.Glob("../../../modem/*/testdata/*.txt")
	seen := 0
	for _, name := range append(files, more...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for i := 0; i+1 < len(lines); i++ {
			if lines[i] == "" || !strings.ContainsAny(lines[i][:1], "+^*$%") || !strings.HasPrefix(lines[i+1], "-> ") || lines[i+1] == "-> !" {
				continue
			}
			seen++
			if r := newDecoder(dialects(), false).line(lines[i]); r.kind == kindUnknown {
				t.Errorf("%s:%d: %s", name, i+1, lines[i])
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d captured lines were found", seen)
	}
}

func TestDecodeRegistration(t *testing.T) {
	for _, c := range []struct {
		urc  bool
		line string
		want map[string]any
	}{
		{false, `+CEREG: 2,5,"1A2B","01C2D3E4",7`, map[string]any{"domain": "eps", "stat": 5., "n": 2., "area": "1A2B", "cell_id": "1C2D3E4", "act": 7.}},
		{false, `+CREG:002,001,"18d8","ffff"`, map[string]any{"domain": "cs", "stat": 1., "area": "18D8", "cell_id": "FFFF"}},
		{false, `+CGREG: 3,3,,,,0,7`, map[string]any{"domain": "ps", "stat": 3., "cause_type": 0., "cause": 7., "cause_domain": "gmm"}},
		{false, `+CEREG: 3,,,,1,42`, map[string]any{"domain": "eps", "stat": 3., "cause_type": 1., "cause": 42., "cause_domain": nil}},
		{false, `+C5GREG: 2,1,"1F00","79D903",11,6,"ABCDEF"`, map[string]any{"domain": "5gs", "stat": 1., "act": 11., "rat": "5G"}},
		{false, `+CREG: 5,1,2,7`, map[string]any{"n": 5., "stat": 1.}},
		{true, `+CREG: 5,1,2,7`, map[string]any{"n": nil, "stat": 5., "area": "1", "cell_id": "2", "act": 7.}},
		{true, `+CEREG: 2`, map[string]any{"stat": 2., "area": nil, "act": nil}},
		{true, `+CREG: 2,5,"0502","0404736D"`, map[string]any{"stat": 5., "area": "502"}},
	} {
		text := c.line + "\n"
		if c.urc {
			text = "# urc\n" + text
		}
		list := objects(t, text)
		o := list[len(list)-1]
		if o["kind"] != "registration" || o["text"] == "" || o["input"] != c.line {
			t.Errorf("%s: %v", c.line, o)
		}
		for name, want := range c.want {
			if diff := cmp.Diff(want, o[name]); diff != "" {
				t.Errorf("%s (urc %t): %s (-want +got):\n%s", c.line, c.urc, name, diff)
			}
		}
	}
}

// What commands in the input tell decides before --urc does.
func TestDecodeContext(t *testing.T) {
	list := objects(t, "AT+CREG?\n+CREG: 5,1,2,7\nOK\n+CREG: 5,1,2,7\n")
	if list[1]["stat"] != 1. || list[3]["stat"] != 5. {
		t.Errorf("answer %v, unsolicited %v", list[1], list[3])
	}
}

// Line ends of every kind, echo with and without its end, and a last line without one.
func TestDecodeLineEnds(t *testing.T) {
	for _, text := range []string{"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n", "AT+CSQ\r+CSQ: 20,99\r\rOK", "AT+CSQ+CSQ: 20,99\nOK", "\x00\xffAT+CSQ\n\x1b[0m+CSQ: 20,99\x1b[K\nOK\n"} {
		found := false
		for _, o := range objects(t, text) {
			found = found || o["kind"] == "signal" && o["rssi_dbm"] == -73.
		}
		if !found {
			t.Errorf("%q: %s", text, decoded(t, text, true))
		}
	}
}

// No secret of a pasted log is repeated.
func TestDecodeHidesSecrets(t *testing.T) {
	text := `AT+CPIN="9876"` + "\n" + `AT+CGAUTH=1,1,"hush","hush"` + "\n" + `+CGAUTH: 1,1,"hush","hush"` + "\n" + `AT+QICSGP=1,1,"super","hush","hush",1` + "\nOK\n"
	for _, out := range []string{decoded(t, text, false), decoded(t, text, true)} {
		if strings.Contains(out, "9876") || strings.Contains(out, "hush") {
			t.Errorf("a secret in\n%s", out)
		}
	}
}

func TestDecodeOtherLanguages(t *testing.T) {
	for line, kind := range map[string]string{
		"$GPGGA,120000.00,,,,,0,,,,,,,,*66":        kindOther,
		"raspberrypi login: ":                      kindOther,
		"\x7e\xff\x7d\x23\xc0\x21\x7d\x21\x7d\x20": kindOther,
		"\x01\x02\x03\x04\x05\x06":                 kindBinary,
		"something else":                           kindUnknown,
	} {
		if r := newDecoder(dialects(), false).line(line); r.kind != kind {
			t.Errorf("%q: %s (%s), want %s", line, r.kind, r.text, kind)
		}
	}
}

// Every dialect's own questions must be readable back: a command of its tables is known by name.
func TestDecodeKnowsTheDialectsCommands(t *testing.T) {
	d := newDecoder(dialects(), false)
	for _, m := range d.dialects {
		commands := []string{m.RadioOff, m.Reset, m.PowerOff.Text, m.Firmware}
		for _, q := range slices.Concat(m.Cell, m.Signal, m.Time, []modem.Query{m.ICCID, m.Cause}) {
			commands = append(commands, q.Cmd)
		}
		for _, s := range m.Setup {
			commands = append(commands, s.Read, s.Write)
		}
		for _, s := range m.Settings {
			commands = append(commands, s.Read)
		}
		for _, c := range commands {
			if r := d.line(c); c != "" && strings.Contains(r.text, "not in the tables") {
				t.Errorf("%s: %s is not explained", m.Name, c)
			}
		}
	}
}

func TestDecodeRefusesUnknownFamily(t *testing.T) {
	cmd := rootCommand()
	cmd.SetArgs([]string{"decode", "--modem", "nokia"})
	cmd.SetIn(strings.NewReader(""))
	if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), "quectel") {
		t.Errorf("got %v", err)
	}
}

// Lines differ between families: with --modem the SINR of SIM7080 is known, without it only what all agree on is said.
func TestDecodeFamily(t *testing.T) {
	const line = "+CPSI: LTE CAT-M1,Online,460-11,0x5AE1,187212754,82,EUTRAN-BAND5,2506,0,0,-7,-115,-110,13"
	d := newDecoder(dialects(), false)
	if r := d.line(line); strings.Contains(r.text, "SINR") || !strings.Contains(r.text, "RSRP -115 dBm") {
		t.Errorf("family not known: %s", r.text)
	}
	if !d.setFamily("simcom-sim7080") {
		t.Fatal("no such family")
	}
	if r := d.line(line); !strings.Contains(r.text, "SINR 6 dB") {
		t.Errorf("SIM7080: %s", r.text)
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range transcripts(f) {
		for line := range strings.SplitSeq(text, "\n") {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range objects(t, text) {
			if o["kind"] == "" || o["text"] == "" && o["kind"] != kindEmpty && o["kind"] != kindComment {
				t.Errorf("%q: %v", text, o)
			}
		}
	})
}
