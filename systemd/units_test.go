package systemd_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"supersim-agent/boards"
)

const unit = "supersim-agent.service"

var units = []string{unit, "supersim-relay.service"}

// tool finds a program of systemd, or skips the test where systemd is not installed.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed here", name)
	}
	return path
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run runs a command to its end and fails the test with its output if it fails.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// standIn is a program that exists, for checks that insist on one.
func standIn(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supersim-agent")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// verify gives what systemd-analyze has to say about the text of a unit. The agent need not be installed where tests
// run, and systemd insists on the program of ExecStart=, so a stand-in takes its place; all else is as shipped.
func verify(t *testing.T, text string) (string, error) {
	t.Helper()
	analyze := tool(t, "systemd-analyze")
	copied := filepath.Join(t.TempDir(), "supersim-copy.service")
	text = strings.ReplaceAll(text, "/usr/bin/supersim-agent", standIn(t))
	if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", copied).CombinedOutput()
	var ours []string // it also complains about other units of the machine
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "supersim-") {
			ours = append(ours, line)
		}
	}
	return strings.Join(ours, ""), err
}

func TestUnitVerifies(t *testing.T) {
	for _, unit := range units {
		if said, err := verify(t, read(t, unit)); err != nil || said != "" {
			t.Errorf("systemd-analyze verify %s: %v\n%s", unit, err, said)
		}
	}
}

// TestVerifyNotices makes sure that the test above can fail.
func TestVerifyNotices(t *testing.T) {
	broken := strings.Replace(read(t, unit), "WatchdogSec=60", "WatchdogSec=soon", 1)
	if said, err := verify(t, broken); err == nil && said == "" {
		t.Error("a wrong WatchdogSec went unnoticed")
	}
}

// TestUnitIsHardened holds the exposure score at 2.0 or less (0 is best, 10 worst).
func TestUnitIsHardened(t *testing.T) {
	for _, unit := range units {
		run(t, tool(t, "systemd-analyze"), "security", "--offline=true", "--threshold=20", unit)
	}
}

// TestUnitKeeps holds what no tool checks: what the agent and its users rely on.
func TestUnitKeeps(t *testing.T) {
	text := read(t, unit)
	before, service, _ := strings.Cut(text, "[Service]")
	for _, line := range []string{"Type=notify", "WatchdogSec=60", "NotifyAccess=main", "Restart=on-failure", "MemoryMax=64M",
		"User=supersim-agent", "SupplementaryGroups=dialout gpio", "ExecStart=/usr/bin/supersim-agent run",
		"RuntimeDirectory=supersim-agent", "StateDirectory=supersim-agent"} {
		if !strings.Contains(service, "\n"+line+"\n") {
			t.Errorf("[Service] lacks %s", line)
		}
	}
	if !strings.Contains(before, "\nStartLimitIntervalSec=0\n") {
		t.Error("[Unit] lacks StartLimitIntervalSec=0: systemd would give up after five failures")
	}
}

// TestUserAndFolders plays sysusers.d and tmpfiles.d on an empty root.
func TestUserAndFolders(t *testing.T) {
	sysusers, tmpfiles := tool(t, "systemd-sysusers"), tool(t, "systemd-tmpfiles")
	if os.Getuid() != 0 {
		t.Skip("needs root to create users in an empty root folder")
	}
	root, here := t.TempDir(), abs(t, ".")
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, sysusers, "--root="+root, filepath.Join(here, "supersim-agent.sysusers.conf"))
	run(t, tmpfiles, "--root="+root, "--create", filepath.Join(here, "supersim-agent.tmpfiles.conf"))
	if passwd := read(t, filepath.Join(root, "etc/passwd")); !strings.Contains(passwd, "supersim-agent:x:") {
		t.Errorf("no user supersim-agent in\n%s", passwd)
	}
	groups := read(t, filepath.Join(root, "etc/group"))
	for _, group := range []string{"supersim-agent:x:", "gpio:x:"} {
		if !strings.Contains(groups, group) {
			t.Errorf("no group %s in\n%s", group, groups)
		}
	}
	secrets, err := os.Stat(filepath.Join(root, "etc/supersim-agent/secrets"))
	if err != nil || secrets.Mode().Perm() != 0o750 {
		t.Errorf("folder for secrets: %v, %v", secrets, err)
	}
}

// TestRulesKnowTheBoards: a modem of the catalogue that the udev rules lack would be fought over with ModemManager.
func TestRulesKnowTheBoards(t *testing.T) {
	rules := read(t, "77-supersim-agent.rules")
	for _, b := range boards.Boards {
		for _, p := range b.USB {
			match := fmt.Sprintf(`ATTR{idVendor}=="%04x", ATTR{idProduct}=="%04x", ENV{ID_MM_DEVICE_IGNORE}="1"`, p.VID, p.PID)
			if !strings.Contains(rules, match) {
				t.Errorf("%s: no rule for %v", b.Name, p)
			}
		}
	}
}

// TestInstall installs into an empty folder, with a stand-in for the binary, and takes everything away again.
func TestInstall(t *testing.T) {
	tool(t, "bash")
	install, root := abs(t, "../scripts/install"), t.TempDir()
	run(t, install, "--destdir", root, "--binary", standIn(t))
	want := []string{
		"etc/supersim-agent/config.toml",
		"usr/bin/supersim-agent",
		"usr/lib/modules-load.d/supersim-agent.conf",
		"usr/lib/systemd/system/supersim-agent.service",
		"usr/lib/sysusers.d/supersim-agent.conf",
		"usr/lib/tmpfiles.d/supersim-agent.conf",
		"usr/lib/udev/rules.d/77-supersim-agent.rules",
	}
	if got := files(t, root); !slices.Equal(got, want) {
		t.Errorf("installed %q, want %q", got, want)
	}
	run(t, install, "--destdir", root, "--uninstall")
	if got := files(t, root); !slices.Equal(got, want[:1]) {
		t.Errorf("left behind %q, want only the configuration", got)
	}
}

// TestInstallKeepsConfiguration: a second installation changes no file that a person may have edited.
func TestInstallKeepsConfiguration(t *testing.T) {
	tool(t, "bash")
	root := t.TempDir()
	config := filepath.Join(root, "etc/supersim-agent/config.toml")
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("schema = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, abs(t, "../scripts/install"), "--destdir", root, "--binary", standIn(t))
	if got := read(t, config); got != "schema = 1\n" {
		t.Errorf("configuration was overwritten with %q", got)
	}
}

// TestInstallPrefix: with another prefix the unit starts the binary that was installed.
func TestInstallPrefix(t *testing.T) {
	tool(t, "bash")
	root := t.TempDir()
	run(t, abs(t, "../scripts/install"), "--destdir", root, "--prefix", "/usr/local", "--binary", standIn(t))
	text := read(t, filepath.Join(root, "usr/local/lib/systemd/system", unit))
	if !strings.Contains(text, "\nExecStart=/usr/local/bin/supersim-agent run\n") {
		t.Errorf("the unit does not start /usr/local/bin/supersim-agent:\n%s", text)
	}
}

func abs(t *testing.T, path string) string {
	t.Helper()
	full, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

// files lists all regular files under root, sorted.
func files(t *testing.T, root string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		list = append(list, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
