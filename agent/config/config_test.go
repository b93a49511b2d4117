package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var values = cmpopts.IgnoreUnexported(Config{})

func parse(t *testing.T, src string) *Config {
	t.Helper()
	c, err := Parse("test.toml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mistakes returns what is wrong with src, one "line:column: key: message" each.
func mistakes(t *testing.T, src string) []string {
	t.Helper()
	_, err := Parse("test.toml", []byte(src))
	if err == nil {
		return nil
	}
	bad, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	var list []string
	for _, m := range bad.Mistakes {
		list = append(list, m.String())
	}
	return list
}

func TestEmptyFileMeansDefaults(t *testing.T) {
	if diff := cmp.Diff(Default(), parse(t, "# nothing\n"), values); diff != "" {
		t.Error(diff)
	}
}

func TestFullFile(t *testing.T) {
	got, err := Load("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Schema: 1,
		Modem:  Modem{Port: "/dev/ttyUSB2", Baud: 921600, Board: "auto", PowerControl: "auto", PowerSaving: "off"},
		Network: Network{APN: "iot.example", PDPType: "ipv4v6", Username: "me",
			PasswordFile: "/etc/supersim-agent/apn.password", RATs: []string{"3G", "4G"},
			LTEBands: []int64{3, 20}, NRBands: []int64{78}, Preferred: []string{"310410"}},
		Attach: Attach{Profile: "gentle", StartDelayMax: 90 * time.Second},
		Cloud: []Cloud{
			{Source: "webhook", Listen: "0.0.0.0:8099", Path: "/events", AllowRemote: true,
				SecretFiles: []string{"/etc/supersim-agent/secret.1"}, PublicURL: "https://pi.example/events",
				CertFile: "/etc/supersim-agent/web.pem", KeyFile: "/etc/supersim-agent/web.key"},
			{Source: "file", Path: "/var/spool/events.ndjson"},
			{Source: "mqtt", URL: "mqtts://broker.example:8883", CertFile: "/etc/supersim-agent/cert.pem",
				KeyFile: "/etc/supersim-agent/key.pem", CAFile: "/etc/supersim-agent/ca.pem", ClientID: "pump-7",
				TopicPrefix: "acme/supersim", TopicKeyFile: "/etc/supersim-agent/topic.key", ICCID: "89883070000012345678",
				PlainText: true, KeepAlive: 30 * time.Minute, StatusEvery: time.Hour, StatusDailyBytes: 1000},
			{Source: "spool", Dir: "/var/spool/supersim", Keep: 10},
		},
		Data:    Data{Bearer: "ppp", Metric: 50, MonthlyCapMB: 100},
		Status:  Status{Socket: "/tmp/s.sock", Operators: []string{"pi"}},
		Journal: Journal{Dir: "/data", MaxBytes: 1 << 20},
		Log:     Log{Level: "debug", Format: "json"},
	}
	if diff := cmp.Diff(want, got, values); diff != "" {
		t.Error(diff)
	}
}

func TestSixMistakesAreAllReported(t *testing.T) {
	_, err := Load("testdata/six-mistakes.toml")
	bad, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%T %v", err, err)
	}
	want := []Mistake{
		{3, 1, "modem.prot", `unknown key, did you mean "port"?`},
		{4, 8, "modem.baud", "must be a whole number, not text"},
		{6, 15, "network.rats[1]", `"6G" is not known, did you mean "2G"?`},
		{8, 11, "attach.profile", `"balancd" is not known, did you mean "balanced"?`},
		{9, 19, "attach.start_delay_max", `"soon" is not a duration such as "90s" or "1h30m"`},
		{11, 7, "journal.dir", "must be an absolute path"},
	}
	if diff := cmp.Diff(want, bad.Mistakes); diff != "" {
		t.Error(diff)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	if first != `testdata/six-mistakes.toml:3:1: modem.prot: unknown key, did you mean "port"?` {
		t.Error(first)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      []string
	}{
		{"schema", "schema = 2", []string{"1:10: schema: must be 1, not 2"}},
		{"unknown section", "[modm]\n", []string{`1:2: modm: unknown, did you mean "modem"?`}},
		{"section in the wrong case", "[Modem]\n", []string{`1:2: Modem: unknown, did you mean "modem"?`}},
		{"far section", "[bluetooth]\n", []string{
			`1:2: bluetooth: unknown section, must be "cloud", "modem", "network", "attach", "data", "status", "journal" or "log"`}},
		{"key without section", "apn = 'super'\n", []string{"1:1: apn: belongs into [network]"}},
		{"key of another section", "[modem]\n apn = 'super'", []string{"2:2: modem.apn: unknown here, it belongs into [network]"}},
		{"inline secret", "[modem]\npin = '1234'", []string{"2:1: modem.pin: secrets are given by file: use pin_file"}},
		{"secret for a file", "[modem]\npin_file = '1234'", []string{"2:12: modem.pin_file: must be an absolute path"}},
		{"far key", "[log]\ncolour = true", []string{"2:1: log.colour: unknown key, must be one of level, format"}},
		{"unprintable key", "[log]\n\"\\u001b[2J\" = 1", []string{`2:1: log."\x1b[2J": unknown key, must be one of level, format`}},
		{"section is a value", "modem = 1", []string{"1:1: modem: must be a table: write [modem]"}},
		{"section is a list", "[[modem]]", []string{"1:3: modem: is there once only: write [modem] in single brackets"}},
		{"inline table", "modem = { port = 'x', baud = 1 }", []string{
			`1:18: modem.port: must be an absolute path, or "auto"`,
			"1:30: modem.baud: must be from 1200 to 4000000, not 1"}},
		{"dotted key", "log.level = 'loud'", []string{
			`1:13: log.level: "loud" is not known, must be "trace", "debug", "info", "warn" or "error"`}},
		{"types", "[network]\napn = 1\nroaming = 'yes'\nrats = '4G'\n[data]\nmetric = 1.5\nprobe = 2020-01-01", []string{
			"2:7: network.apn: must be text in quotes, not a whole number",
			"3:11: network.roaming: must be true or false, not text",
			"4:8: network.rats: must be a list of text, not text",
			"6:10: data.metric: must be a whole number, not a number with a fraction",
			"7:9: data.probe: must be true or false, not a date or time"}},
		{"list elements", "[network]\nrats = ['4G', 4, ['x'], '4G']", []string{
			"2:8: network.rats[2]: must be text in quotes, not a list", // a list in a list has no place of its own
			"2:15: network.rats[1]: must be text in quotes, not a whole number",
			`2:25: network.rats[3]: "4G" is there twice`}},
		{"duration", "[attach]\nstart_delay_max = '25h'", []string{
			"2:19: attach.start_delay_max: must be from 0s to 24h0m0s, not 25h0m0s"}},
		{"duration as a number", "[attach]\nstart_delay_max = 5", []string{
			`2:19: attach.start_delay_max: must be a duration in quotes such as "90s" or "1h30m", not a whole number`}},
		{"apn", "[network]\napn = 'a\"b'", []string{
			`2:7: network.apn: "a\"b" is not an APN: letters, digits, hyphens and dots, at most 100`}},
		{"control character", "[modem]\nport = \"/dev/\\u0007\"", []string{"2:8: modem.port: must not contain control characters"}},
		{"long socket", "[status]\nsocket = '/" + strings.Repeat("x", 107) + "'", []string{
			"2:10: status.socket: the path of a socket has at most 107 bytes, not 108"}},
		{"password without user", "[network]\npassword_file = '/p'", []string{
			"2:17: network.password_file: a password needs a username"}},
	} {
		if diff := cmp.Diff(c.want, mistakes(t, c.src)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestCloudMistakes(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      []string
	}{
		{"single brackets", "[cloud]\nsource = 'file'", []string{
			"1:2: cloud: is a list of sources: write [[cloud]] in double brackets"}},
		{"no source", "\n[[cloud]]\npath = '/x'", []string{
			`2:3: cloud[0].source: missing, must be "webhook", "mqtt", "file" or "spool"`}},
		{"unknown source", "[[cloud]]\nsource = 'webhok'", []string{
			`2:10: cloud[0].source: "webhok" is not known, did you mean "webhook"?`}},
		{"source of a wrong type", "cloud = [{source = 3}, 4]", []string{
			"1:20: cloud[0].source: must be text in quotes, not a whole number",
			"1:24: cloud[1]: must be a table, not a whole number"}},
		{"required key", "[[cloud]]\nsource = 'file'\n[[cloud]]\nsource = 'spool'\n[[cloud]]\nsource = 'mqtt'", []string{
			"1:3: cloud[0].path: missing", "3:3: cloud[1].dir: missing", "5:3: cloud[2].url: missing"}},
		{"key of another kind", "[[cloud]]\nsource = 'file'\npath = '/x'\nlisten = '127.0.0.1:1'", []string{
			`4:1: cloud[0].listen: belongs to source = "webhook", and this one is "file"`}},
		{"near key", "[[cloud]]\nsource = 'webhook'\nlisen = '127.0.0.1:1'", []string{
			`3:1: cloud[0].lisen: unknown key, did you mean "listen"?`}},
		{"no address", "[[cloud]]\nsource = 'webhook'\nlisten = '8099'\npath = 'events?x'", []string{
			`3:10: cloud[0].listen: "8099" must be an address and a port such as "127.0.0.1:8099"`,
			`4:8: cloud[0].path: "events?x" must be the path of a URL such as "/events"`}},
		{"open to others", "[[cloud]]\nsource = 'webhook'\nlisten = ':8099'", []string{
			`3:10: cloud[0].listen: ":8099" can be reached from other hosts; set allow_remote = true if that is meant`}},
		{"plain to others", "[[cloud]]\nsource = 'webhook'\nlisten = ':8099'\nallow_remote = true", []string{
			`3:10: cloud[0].listen: other hosts would speak to ":8099" without TLS; ` +
				`give cert_file and key_file, or set plain_http = true`}},
		{"plain to others is meant", "[[cloud]]\nsource='webhook'\nlisten=':8099'\nallow_remote=true\nplain_http=true", nil},
		{"half a certificate", "[[cloud]]\nsource = 'webhook'\nkey_file = '/k'", []string{
			"3:12: cloud[0].key_file: needs cert_file beside it"}},
		{"public URL", "[[cloud]]\nsource='webhook'\npublic_url='pi.example/events'", []string{
			`3:12: cloud[0].public_url: must be a URL such as "https://pi.example/events"`}},
		{"public URL with a query", "[[cloud]]\nsource='webhook'\npublic_url='https://pi.example/events?a=1'", []string{
			"3:12: cloud[0].public_url: must have no query and no fragment: they are not signed"}},
		{"public URL with a password", "[[cloud]]\nsource='webhook'\npublic_url='https://me:hunter2@pi.example'", []string{
			"3:12: cloud[0].public_url: must not hold a user or password"}},
		{"too many secrets", "[[cloud]]\nsource='webhook'\nsecret_files=['/1','/2','/3','/4','/5']", []string{
			"3:14: cloud[0].secret_files: at most 4: the present secret and the next one of each sender"}},
		{"files to keep", "[[cloud]]\nsource='spool'\ndir='/x'\nkeep=-1", []string{
			"4:6: cloud[0].keep: must be from 0 to 100000, not -1"}},
		{"same file", "[[cloud]]\nsource='file'\npath='/x'\n[[cloud]]\nsource='file'\npath='/x'", []string{
			`6:6: cloud[1].path: "/x" is already used by cloud[0]`}},
		{"same default address", "[[cloud]]\nsource='webhook'\n[[cloud]]\nsource='webhook'\npath='/other'", []string{
			`3:3: cloud[1].listen: "127.0.0.1:8099" is already used by cloud[0]`}},
		{"port 0 twice is fine", "[[cloud]]\nsource='webhook'\nlisten='[::1]:0'\n[[cloud]]\nsource='webhook'\nlisten='[::1]:0'", nil},
		{"password in a URL", "[[cloud]]\nsource='mqtt'\nurl='mqtts://me:hunter2@broker.example'", []string{
			"3:5: cloud[0].url: must not hold a user or password: give them in user_file and password_file"}},
		{"keys of MQTT", "[[cloud]]\nsource='mqtt'\nurl='mqtts://b'\nclient_id='a b'\ntopic_prefix='a/#'\niccid='12'\nkeep_alive='20h'", []string{
			`4:11: cloud[0].client_id: "a b" must be letters, digits, hyphens, dots and underscores, 64 at most`,
			`5:14: cloud[0].topic_prefix: "a/#" must be a prefix of topics such as "supersim" or "acme/supersim"`,
			`6:7: cloud[0].iccid: "12" must be the 18 to 20 digits of an ICCID`,
			"7:12: cloud[0].keep_alive: must be from 0s to 18h12m15s, not 20h0m0s"}},
		{"pairs", "[[cloud]]\nsource='mqtt'\nurl='mqtt://b'\ncert_file='/c'\npassword_file='/p'", []string{
			"3:5: cloud[0].url: b would be spoken to without TLS: use mqtts://, or set plain_text = true",
			"4:11: cloud[0].cert_file: needs key_file beside it",
			"5:15: cloud[0].password_file: needs user_file beside it"}},
	} {
		if diff := cmp.Diff(c.want, mistakes(t, c.src)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestNotTOML(t *testing.T) {
	for _, c := range []struct{ src, at string }{
		{"[modem]\nport = \n", "2:8: "},
		{"[modem]\nbaud = 1\nbaud = 2\n", "3:1: "},
		{"[modem]\n[modem]\n", "2:2: "},
		{"\x00", "1:1: "},
	} {
		got := mistakes(t, c.src)
		if len(got) != 1 || !strings.HasPrefix(got[0], c.at+"not TOML: ") {
			t.Errorf("%q: %q, want %s", c.src, got, c.at)
		}
	}
}

// TestLists: each element is judged in its place.
func TestLists(t *testing.T) {
	got := mistakes(t, "[network]\nlte_bands = [3, 0, 3, \"20\"]\npreferred_plmns = [\"3104\", \"26201\", \"26201\"]\nnr_bands = 78")
	want := []string{
		`2:17: network.lte_bands[1]: must be from 1 to 256, not 0`,
		`2:20: network.lte_bands[2]: 3 is there twice`,
		`2:23: network.lte_bands[3]: must be a whole number, not text`,
		`3:20: network.preferred_plmns[0]: "3104" is not a network: five or six digits such as "310410"`,
		`3:37: network.preferred_plmns[2]: "26201" is there twice`,
		`4:12: network.nr_bands: must be a list of whole numbers, not a whole number`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnsupportedNamesItsPlace(t *testing.T) {
	c, err := Load("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	const other = "another value than the default is not available in this version"
	want := []Mistake{
		{58, 10, "data.bearer", `bearer "ppp" is not available in this version`},
		{59, 10, "data.metric", other},
		{61, 18, "data.monthly_cap_mb", other},
	}
	if diff := cmp.Diff(want, c.Unsupported()); diff != "" {
		t.Error(diff)
	}
	if got := Default().Unsupported(); len(got) != 0 {
		t.Errorf("defaults: %v", got)
	}
}

func TestEntriesTellOrigin(t *testing.T) {
	c := parse(t, "[network]\nrats = ['4G']\n[[cloud]]\nsource = 'webhook'\n[attach]\nstart_delay_max = '90s'")
	got := make(map[string]Entry)
	for _, e := range c.Entries() {
		got[e.Key] = e
	}
	for _, want := range []Entry{
		{"network.rats", `["4G"]`, "test.toml:2"},
		{"network.apn", `"super"`, "default"},
		{"cloud[0].source", `"webhook"`, "test.toml:4"},
		{"cloud[0].listen", `"127.0.0.1:8099"`, "default"},
		{"attach.start_delay_max", `"1m30s"`, "test.toml:6"},
		{"data.probe", "true", "default"},
		{"schema", "1", "default"},
	} {
		if got[want.Key] != want {
			t.Errorf("%+v, want %+v", got[want.Key], want)
		}
	}
}

// written writes a configuration as the file that says all its entries.
func written(c *Config) string {
	var b strings.Builder
	section := ""
	for _, e := range c.Entries() {
		table, key, inTable := strings.Cut(e.Key, ".")
		if !inTable {
			table, key = "", e.Key
		}
		if table != section {
			section = table
			if name, _, isCloud := strings.Cut(table, "["); isCloud {
				fmt.Fprintf(&b, "[[%s]]\n", name)
			} else {
				fmt.Fprintf(&b, "[%s]\n", table)
			}
		}
		fmt.Fprintf(&b, "%s = %s\n", key, e.Value)
	}
	return b.String()
}

// TestEntriesAreTheConfiguration: what is shown is complete, and is itself a file that means the same.
func TestEntriesAreTheConfiguration(t *testing.T) {
	full, err := Load("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Config{Default(), full} {
		again := parse(t, written(c))
		if diff := cmp.Diff(c, again, values, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLoad(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.toml")
	_, err := Load(missing)
	bad, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, fs.ErrNotExist) || bad.Name != missing || strings.Count(err.Error(), missing) != 1 {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(DefaultPath); errors.Is(err, fs.ErrNotExist) {
		c, err := Load("")
		if err != nil || cmp.Diff(Default(), c, values) != "" {
			t.Errorf("%+v %v", c, err)
		}
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
	if _, err := Parse("big", make([]byte, maxSize+1)); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%v", err)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"port", "baud", "board", "power_control"}
	for s, want := range map[string]string{
		"prot": "port", "bord": "board", "power-control": "power_control", "PORT": "port", "x": "", "zebra": "", "": "",
		strings.Repeat("port", 20): "",
	} {
		if got := nearest(s, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", s, got, want)
		}
	}
}

// FuzzConfig: no panic; mistakes lie within the file and are safe to print; what is accepted can be shown and read again.
func FuzzConfig(f *testing.F) {
	names, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("[[cloud]]\nsource='webhook'\n[cloud.x]\n[[cloud.y]]\nz=[[1],{a=2}]\n'\\'.b=1"))
	f.Add([]byte("[cloud]\n[[modem]]\n[modem.port]\nlog.level.x=1\nschema=[]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("f", src)
		if err == nil {
			again, err := Parse("f", []byte(written(c)))
			if err != nil {
				t.Fatalf("%v\n%s", err, written(c))
			}
			if diff := cmp.Diff(c, again, values, cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
			return
		}
		bad, ok := errors.AsType[*Error](err)
		if !ok || len(bad.Mistakes) == 0 && bad.Err == nil {
			t.Fatalf("%#v", err)
		}
		lines := strings.Split(string(src), "\n")
		for _, m := range bad.Mistakes {
			if m.Line < 1 || m.Line > len(lines) || m.Column < 1 || m.Column > len(lines[m.Line-1])+1 {
				t.Fatalf("%v lies outside of the file", m)
			}
			if strings.ContainsFunc(m.String(), unicode.IsControl) {
				t.Fatalf("unsafe text %q", m.String())
			}
		}
	})
}

// TestHostileFiles: no file of the largest size keeps the reader busy, however it is built.
func TestHostileFiles(t *testing.T) {
	fill := func(head, body, tail string) string {
		return head + strings.Repeat(body, (maxSize-len(head)-len(tail))/len(body)) + tail
	}
	var keys strings.Builder
	for i := 0; keys.Len() < maxSize-20; i++ {
		fmt.Fprintf(&keys, "k%d=0\n", i)
	}
	for name, src := range map[string]string{
		"long dotted key": fill("", "a.", "a=1"),
		"nested lists":    fill("a=", "[", ""),
		"many keys":       keys.String(),
		"many sources":    fill("", "[[cloud]]\n", ""),
		"long word":       fill("log.level='", "x", "'"),
		"long key":        fill("", "x", "=1"),
	} {
		if _, err := Parse(name, []byte(src)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
