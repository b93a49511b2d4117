package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supersim-agent/agent"
	"supersim-agent/atcmd"
	"supersim-agent/modem"
	"supersim-agent/modem/ports"
)

// modemHost builds the sysfs of a machine with an EG25-G whose AT ports are ttyUSB2 and ttyUSB3, held by ModemManager.
func modemHost(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	write := func(path, text string) {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(path, target string) {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, full); err != nil {
			t.Fatal(err)
		}
	}
	device := "sys/devices/usb1/1-1"
	write(device+"/idVendor", "2c7c\n")
	write(device+"/idProduct", "0125\n")
	write(device+"/product", "EG25-G\n")
	for i, number := range []string{"00", "01", "02", "03"} {
		name := "ttyUSB" + string(rune('0'+i))
		iface := device + "/1-1:1." + string(rune('0'+i))
		write(iface+"/bInterfaceNumber", number+"\n")
		write(iface+"/"+name+"/tty/"+name+"/dev", "188:0\n")
		link(iface+"/"+name+"/tty/"+name+"/device", "../..")
		link("sys/class/tty/"+name, "../../devices/usb1/1-1/1-1:1."+string(rune('0'+i))+"/"+name+"/tty/"+name)
	}
	link("dev/serial/by-id/usb-Quectel_EG25-G-if02-port0", "../../ttyUSB2")
	write("proc/812/comm", "ModemManager\n")
	link("proc/812/fd/7", "/dev/ttyUSB2")
	return root
}

func TestPortsCommand(t *testing.T) {
	root := modemHost(t)
	for name, configured := range map[string]string{"ports_auto.txt": "auto", "ports_configured.txt": "/dev/ttyS7"} {
		var out bytes.Buffer
		if err := listPorts(&out, root, configured, false); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
	}
	var out bytes.Buffer
	if err := listPorts(&out, root, "auto", true); err != nil {
		t.Fatal(err)
	}
	golden(t, "ports_auto.json", out.String())
	var report portsReport
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report.Uses != "/dev/ttyUSB2" || len(report.Fallback) != 1 || len(report.Ports) != 4 {
		t.Errorf("%v %+v", err, report)
	}
}

func TestPortsWithNothing(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "sys/class/tty"), 0o755); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := listPorts(&out, root, "auto", false); err != nil {
		t.Fatal(err)
	}
	golden(t, "ports_none.txt", out.String())
}

// A finder that is told of two handshakes in vain opens the second AT port next, and stays with what answers.
func TestPortFinderFallsBack(t *testing.T) {
	var opened []string
	p := &portFinder{root: modemHost(t), configured: "auto", rotation: ports.Rotation{Baud: 115200},
		dial: func(path string, _ int) (atcmd.Transport, error) { opened = append(opened, path); return nil, nil }}
	for _, answered := range []bool{false, false, true, true} {
		if _, _, err := p.open(context.Background()); err != nil {
			t.Fatal(err)
		}
		p.greeted(agent.Greeting{Answered: answered})
	}
	if got := strings.Join(opened, " "); got != "/dev/ttyUSB2 /dev/ttyUSB2 /dev/ttyUSB3 /dev/ttyUSB3" {
		t.Errorf("opened %s", got)
	}
	if p.line() != modem.USB {
		t.Errorf("line %v", p.line())
	}
}

// Something else than a modem on a found port: the next port at once. On a configured one: it stays, and the advice names
// the AT port of the same module.
func TestPortFinderAroundStrangers(t *testing.T) {
	for configured, want := range map[string]string{
		"auto":         "/dev/ttyUSB2 true /dev/ttyUSB3, /dev/ttyUSB3 false /dev/ttyUSB2, /dev/ttyUSB2 false /dev/ttyUSB3",
		"/dev/ttyUSB1": "/dev/ttyUSB1 false /dev/ttyUSB2, /dev/ttyUSB1 false /dev/ttyUSB2, /dev/ttyUSB1 false /dev/ttyUSB2",
		"/tmp/pty":     "/tmp/pty false , /tmp/pty false , /tmp/pty false ",
	} {
		p := &portFinder{root: modemHost(t), configured: configured, rotation: ports.Rotation{Baud: 115200},
			dial: func(string, int) (atcmd.Transport, error) { return nil, nil }}
		var got []string
		for range 3 {
			_, path, err := p.open(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			where := p.greeted(agent.Greeting{Stranger: modem.StrangerNMEA})
			got = append(got, fmt.Sprint(path, " ", where.Next, " ", where.ATPort))
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", configured, got, want)
		}
	}
}

func TestPortFinderFindsNothing(t *testing.T) {
	p := &portFinder{root: t.TempDir(), configured: "auto"}
	_, _, err := p.open(context.Background())
	if e, ok := errors.AsType[*atcmd.PortError](err); !ok || e.Reason != atcmd.ReasonMissing {
		t.Errorf("got %v", err)
	}
	if on, err := p.moduleRuns(context.Background()); on || err != nil {
		t.Errorf("the module runs: %t, %v", on, err)
	}
}
