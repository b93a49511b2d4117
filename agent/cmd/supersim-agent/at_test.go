package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// runCLI runs a command line against the rig's daemon.
func (r *rig) runCLI(args ...string) (out string, err error) {
	r.t.Helper()
	var b bytes.Buffer
	root := rootCommand()
	root.SetArgs(append([]string{"--socket", r.client.Socket}, args...))
	root.SetOut(&b)
	err = root.ExecuteContext(r.ctx)
	return b.String(), err
}

// TestATCommand runs the whole way: command line, socket, core, driver, pty, and back with explanations.
func TestATCommand(t *testing.T) {
	r := newRig(t)
	port := filepath.Join(r.dir, "modem0")
	r.startWorld(port, "modem = \"simcom-sim7600\"")
	r.startDaemon(port)
	r.untilVerdict("online")

	out, err := r.runCLI("at", "AT+CPIN?")
	if err != nil || !strings.Contains(out, "+CPIN: READY") || !strings.Contains(out, "the card is ready") {
		t.Errorf("AT+CPIN?: %v\n%s", err, out)
	}
	out, err = r.runCLI("at", "--json", "AT+CEREG?")
	var report struct {
		Final    string
		Readings []map[string]any
	}
	if err != nil || json.Unmarshal([]byte(out), &report) != nil || report.Final != "OK" || report.Readings[0]["domain"] != "eps" {
		t.Errorf("AT+CEREG?: %v\n%s", err, out)
	}
	var exit *exitError
	if out, err = r.runCLI("at", "AT+NOSUCH"); !errors.As(err, &exit) || exit.code != exitFailed || !strings.Contains(out, "refused") {
		t.Errorf("AT+NOSUCH: %v\n%s", err, out)
	}
	if _, err = r.runCLI("at", "AT+CFUN=1,1"); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("AT+CFUN=1,1: %v", err)
	}
	if out, err = r.runCLI("at", "--plain", "AT"); err != nil || out != "OK\n" {
		t.Errorf("AT: %v %q", err, out)
	}
}

func TestATWithoutDaemon(t *testing.T) {
	r := newRig(t)
	var exit *exitError
	if _, err := r.runCLI("at", "AT"); !errors.As(err, &exit) || exit.code != exitMisused {
		t.Errorf("got %v", err)
	}
	if _, err := r.runCLI("at"); !errors.As(err, &exit) || exit.code != exitMisused {
		t.Errorf("without a command: %v", err)
	}
}

// The list of refusals is printed from the table that refuses.
func TestATRefused(t *testing.T) {
	r := newRig(t)
	out, err := r.runCLI("at", "--refused")
	if err != nil || !strings.Contains(out, "AT+CFUN") || !strings.Contains(out, "AT+EGMR") {
		t.Errorf("%v\n%s", err, out)
	}
}
