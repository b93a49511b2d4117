package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
)

// runCLI runs one command line and returns what it printed and its exit code.
func runCLI(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	var text bytes.Buffer
	cmd := rootCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&text)
	cmd.SetErr(&text)
	err := cmd.ExecuteContext(t.Context())
	if err == nil {
		return text.String(), 0
	}
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	} else {
		code = exitFailed
	}
	return text.String() + err.Error(), code
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommands(t *testing.T) {
	bad := writeFile(t, "bad.toml", "schema = 1\n[modem]\nbaud = \"fast\"\nprot = \"/dev/x\"\n[attach]\nprofile = \"reckless\"\n[modem2]\n")
	later := writeFile(t, "later.toml", "[data]\nbearer = \"ppp\"\nmetric = 50\n")
	board := writeFile(t, "board.toml", "[modem]\nboard = \"no-such-hat\"\n")
	empty := writeFile(t, "empty", " \n")
	lines := writeFile(t, "lines", "hunter2\nhunter3\n")
	good := writeFile(t, "good", "whs-secret\n")
	secrets := writeFile(t, "secrets.toml", fmt.Sprintf("[[cloud]]\nsource = \"webhook\"\n"+
		"secret_files = [%q, \"/nonexistent/secret\",\n  %q, %q]\n"+
		"cert_file = %q\nkey_file = %q\n", good, empty, lines, good, good))
	spool := writeFile(t, "spool.toml", fmt.Sprintf("[[cloud]]\nsource = \"spool\"\ndir = \"/x\"\n"+
		"[[cloud]]\nsource = \"webhook\"\nsecret_files = [%q]\n", good))
	world := writeFile(t, "world.toml", "modem = \"nokia-3310\"\n[sim]\nstatus = \"sleepy\"\n")
	for _, test := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"config", "check", "--config", bad}, 2, []string{"bad.toml:3:", "bad.toml:4:", "bad.toml:6:", "bad.toml:7:", "reckless", "port"}},
		{[]string{"config", "check", "--config", later}, 2, []string{"later.toml:2:10", "later.toml:3:10", "not available in this version"}},
		{[]string{"config", "check", "--config", board}, 2, []string{"board.toml:2:9", "no-such-hat", "waveshare-sim7600x"}},
		{[]string{"config", "check", "--config", "/nonexistent/agent.toml"}, 2, []string{"/nonexistent/agent.toml"}},
		{[]string{"run", "--config", bad}, 2, []string{"bad.toml:3:", "bad.toml:6:"}},
		{[]string{"config", "show", "--config", "../../../systemd/config.toml"}, 0, []string{"network.apn", `"super"`, "default"}},
		{[]string{"config", "check", "--config", secrets}, 2, []string{
			"secrets.toml:3:", "cloud[0].secret_files[1]", "/nonexistent/secret",
			"secrets.toml:4:3: cloud[0].secret_files[2]", "is empty", "secret_files[3]", "more than one line",
			"secrets.toml:5:13: cloud[0].cert_file"}},
		{[]string{"run", "--config", secrets}, 2, []string{"cloud[0]", "/nonexistent/secret"}},
		{[]string{"config", "show", "--config", secrets}, 0, []string{"cloud[0].secret_files"}},
		{[]string{"config", "check", "--config", spool}, 0, []string{"no mistakes"}},
		{[]string{"simulate", "--secret-file", empty}, 2, []string{"is empty"}},
		{[]string{"simulate", world}, 2, []string{"world.toml:1:", "world.toml:3:", "sleepy"}},
		{[]string{"simulate", "--modem", "list"}, 0, []string{"quectel-bg95", "simcom-a76xx", "ublox-lara-r6"}},
		{[]string{"simulate", "--modem", "nokia"}, 2, []string{"nokia", "quectel-eg25"}},
		{[]string{"simulate", "--speed", "0"}, 2, []string{"above zero"}},
		{[]string{"status", "--socket", "/nonexistent/status.sock"}, 2, []string{"/nonexistent/status.sock"}},
		{[]string{"timeline", "--since", "yesterday"}, 2, []string{"yesterday"}},
		{[]string{"explain", "no-such-thing"}, 2, []string{"no-such-thing"}},
		{[]string{"boards", "no-such-hat"}, 2, []string{"no-such-hat"}},
		{[]string{"boards", "power", "sideways"}, 2, []string{"sideways"}},
		{[]string{"status", "extra"}, 2, []string{"extra"}},
		{[]string{"timeline", "--kind", "bogus"}, 2, []string{"bogus", "verdict"}},
		{[]string{"explain", "cme 10"}, 0, []string{"SIM not inserted"}},
		{[]string{"version"}, 0, []string{"supersim-agent"}},
	} {
		out, code := runCLI(t, test.args...)
		if code != test.code {
			t.Errorf("%v: exit code %d, want %d\n%s", test.args, code, test.code, out)
		}
		if strings.Contains(out, "hunter") || strings.Contains(out, "whs-secret") {
			t.Errorf("%v: prints a secret:\n%s", test.args, out)
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v: no %q in\n%s", test.args, want, out)
			}
		}
	}
}

// Everything the agent may say can be looked up.
func TestExplainKnowsAllNames(t *testing.T) {
	var names []string
	for _, r := range correlate.Rules {
		names = append(names, string(r.Code))
	}
	for _, k := range attach.Kinds() {
		names = append(names, string(k))
	}
	names = append(names, "83705", "emm 11", "EMM #15", "esm 27", "cme 111", "gmm 7", "8")
	for _, name := range names {
		if found := explain(name); len(found) == 0 || found[0].Title == "" {
			t.Errorf("nothing about %q", name)
		}
	}
	if out, code := runCLI(t, "explain", "--list"); code != 0 || !strings.Contains(out, "sim-inactive") || !strings.Contains(out, cloud.Codes[0].Title) {
		t.Errorf("the list of names is incomplete:\n%s", out)
	}
	if out, _ := runCLI(t, "explain", "--json", "sim-inactive"); !strings.Contains(out, `"kind": "verdict"`) {
		t.Errorf("JSON: %s", out)
	}
}
