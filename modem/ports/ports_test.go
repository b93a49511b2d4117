package ports_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem/ports"
)

func scan(t *testing.T, h *host) []ports.Port {
	t.Helper()
	list, err := ports.Scan(h.root)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// summary prints ports one a line: path, role, and what else was found.
func summary(list []ports.Port) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "%s %s", p.Path, p.Role)
		if p.USB != nil {
			fmt.Fprintf(&b, " %04x:%04x/%d", p.USB.VID, p.USB.PID, p.USB.Interface)
		}
		if len(p.Aliases) > 0 {
			b.WriteString(" " + strings.Join(p.Aliases, ","))
		}
		if p.Console {
			b.WriteString(" console")
		}
		for _, h := range p.Holders {
			b.WriteString(" " + h.String())
		}
		b.WriteString("\n")
	}
	return b.String()
}

// machines are hosts with different modules, and what is found on them and would be tried.
var machines = []struct {
	name  string
	build func(h *host)
	want  string
	tried string // paths in order
	why   string // part of the reason
}{
	{
		"SIM7600 on a Pi 4 with its UARTs", func(h *host) {
			h.sim7600("1-1.2", 0)
			h.byID("usb-SimTech__Incorporated_SimTech__Incorporated_0123456789ABCDEF-if02-port0", "ttyUSB2")
			h.uart("ttyS0", "7e215040", "4")
			h.uart("ttyS1", "7e215041", "0")
			h.uart("ttyAMA0", "7e201000", "32")
			h.alias("serial0", "7e215040")
			h.alias("serial1", "7e201000")
			h.virtual("tty0")
			h.holds(812, "ModemManager", "/dev/null", "/dev/ttyUSB2", "/dev/ttyUSB2")
		},
		`/dev/ttyUSB0 diag 1e0e:9001/0
/dev/ttyUSB1 gnss 1e0e:9001/1
/dev/ttyUSB2 at 1e0e:9001/2 ModemManager (pid 812)
/dev/ttyUSB3 at2 1e0e:9001/3
/dev/ttyUSB4 audio 1e0e:9001/4
wwan0 net 1e0e:9001/5
/dev/ttyS0 uart serial0
/dev/ttyAMA0 uart serial1
`, "/dev/ttyUSB2 /dev/ttyUSB3", "SIM7600",
	},
	{
		"numbers moved by another device, interfaces out of order", func(h *host) {
			d := h.device("1-1.4", "2c7c:0125", "EG25-G")
			for i, tty := range []string{"ttyUSB5", "ttyUSB3", "ttyUSB9", "ttyUSB2"} {
				h.usbSerial(d, i, tty)
			}
			c := h.device("1-1.1", "10c4:ea60", "CP2102 USB to UART Bridge Controller")
			h.usbSerial(c, 0, "ttyUSB0")
		},
		`/dev/ttyUSB0 uart 10c4:ea60/0
/dev/ttyUSB5 diag 2c7c:0125/0
/dev/ttyUSB3 gnss 2c7c:0125/1
/dev/ttyUSB9 at 2c7c:0125/2
/dev/ttyUSB2 at2 2c7c:0125/3
`, "/dev/ttyUSB9 /dev/ttyUSB2", "EG25-G",
	},
	{
		"LARA-R2, a cdc-acm modem", func(h *host) {
			d := h.device("1-1.3", "1546:110a", "u-blox Wireless Module")
			for i := range 6 {
				h.acm(d, 2*i, fmt.Sprintf("ttyACM%d", i))
			}
		},
		`/dev/ttyACM0 at 1546:110a/0
/dev/ttyACM1 at2 1546:110a/2
/dev/ttyACM2 at? 1546:110a/4
/dev/ttyACM3 gnss 1546:110a/6
/dev/ttyACM4 sap 1546:110a/8
/dev/ttyACM5 log 1546:110a/10
`, "/dev/ttyACM0 /dev/ttyACM1 /dev/ttyACM2", "LARA-R2",
	},
	{
		"SARA-R410M, either port may be the one", func(h *host) {
			d := h.device("1-1.3", "05c6:90b2", "Qualcomm CDMA Technologies MSM")
			h.usbSerial(d, 0, "ttyUSB0")
			h.usbSerial(d, 2, "ttyUSB1")
		},
		"/dev/ttyUSB0 at? 05c6:90b2/0\n/dev/ttyUSB1 at 05c6:90b2/2\n", "/dev/ttyUSB1 /dev/ttyUSB0", "SARA-R410M",
	},
	{
		"SIM7080 in its factory setting: PPP is interface 5", func(h *host) {
			d := h.device("1-1", "1e0e:9206", "SIMCOM")
			for i := range 6 {
				h.usbSerial(d, i, fmt.Sprintf("ttyUSB%d", i))
			}
		},
		`/dev/ttyUSB0 diag 1e0e:9206/0
/dev/ttyUSB1 gnss 1e0e:9206/1
/dev/ttyUSB2 at 1e0e:9206/2
/dev/ttyUSB3 ignore 1e0e:9206/3
/dev/ttyUSB4 ignore 1e0e:9206/4
/dev/ttyUSB5 at2 1e0e:9206/5
`, "/dev/ttyUSB2 /dev/ttyUSB5", "SIM7070",
	},
	{
		"A7670: network first, AT on 4, its network interface is shown once", func(h *host) {
			d := h.device("1-1", "1e0e:9011", "A7670E")
			h.network(d, 0, "usb0")
			h.usbSerial(d, 2, "ttyUSB0")
			h.usbSerial(d, 4, "ttyUSB1")
			h.usbSerial(d, 5, "ttyUSB2")
		},
		`usb0 net 1e0e:9011/0
/dev/ttyUSB0 ignore 1e0e:9011/2
/dev/ttyUSB1 at 1e0e:9011/4
/dev/ttyUSB2 at2 1e0e:9011/5
`, "/dev/ttyUSB1 /dev/ttyUSB2", "A7670",
	},
	{
		"BG95: one AT port and no other", func(h *host) {
			d := h.device("1-1", "2c7c:0700", "BG95")
			for i := range 3 {
				h.usbSerial(d, i, fmt.Sprintf("ttyUSB%d", i))
			}
		},
		"/dev/ttyUSB0 diag 2c7c:0700/0\n/dev/ttyUSB1 gnss 2c7c:0700/1\n/dev/ttyUSB2 at 2c7c:0700/2\n", "/dev/ttyUSB2", "BG95",
	},
	{
		"two modems: the first USB path, as numbers", func(h *host) {
			h.sim7600("1-1.10", 0)
			d := h.device("1-1.2", "2c7c:0296", "BG96")
			h.usbSerial(d, 2, "ttyUSB7")
		},
		`/dev/ttyUSB7 at 2c7c:0296/2
/dev/ttyUSB0 diag 1e0e:9001/0
/dev/ttyUSB1 gnss 1e0e:9001/1
/dev/ttyUSB2 at 1e0e:9001/2
/dev/ttyUSB3 at2 1e0e:9001/3
/dev/ttyUSB4 audio 1e0e:9001/4
wwan0 net 1e0e:9001/5
`, "/dev/ttyUSB7", "the first of 2 modems",
	},
	{
		"only the header's UART, named by udev", func(h *host) {
			h.uart("ttyAMA0", "7e201000", "32")
			h.link("/dev/serial0", "/dev/ttyAMA0")
		},
		"/dev/ttyAMA0 uart /dev/serial0\n", "/dev/ttyAMA0", "serial0",
	},
	{
		"the console has the header's UART", func(h *host) {
			h.uart("ttyS0", "7e215040", "4")
			h.alias("serial0", "7e215040")
			h.file("/sys/class/tty/console/active", "tty1 ttyS0\n")
		},
		"/dev/ttyS0 uart serial0 console\n", "", "console",
	},
	{
		"an unknown USB serial device is shown and not used", func(h *host) {
			d := h.device("1-1", "1546:01a8", "u-blox GNSS receiver")
			h.acm(d, 0, "ttyACM0")
			h.uart("ttyS0", "1", "0")
		},
		"/dev/ttyACM0  1546:01a8/0\n", "", "set modem.port",
	},
	{"nothing", func(*host) {}, "", "", "set modem.port"},
}

func TestMachines(t *testing.T) {
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) {
			h := newHost(t)
			m.build(h)
			list := scan(t, h)
			if diff := cmp.Diff(m.want, summary(list)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			c := ports.Choose(list, ports.Auto)
			var tried []string
			for _, p := range c.Ports {
				tried = append(tried, p.Path)
			}
			if got := strings.Join(tried, " "); got != m.tried || !strings.Contains(c.Why, m.why) {
				t.Errorf("tried %q because %q, want %q because of %q", got, c.Why, m.tried, m.why)
			}
		})
	}
}

func TestByIDAndProduct(t *testing.T) {
	h := newHost(t)
	h.sim7600("1-1.2", 0)
	link := "/dev/serial/by-id/usb-SimTech-if02-port0"
	h.byID("usb-SimTech-if02-port0", "ttyUSB2")
	list := scan(t, h)
	if p := list[2]; p.ByID != link || p.USB.Product != "SimTech, Incorporated" || p.USB.Device != "1-1.2" {
		t.Errorf("got %+v %+v", p, p.USB)
	}
	c := ports.Choose(list, link)
	if c.Auto || len(c.Ports) != 1 || c.Path() != link || c.Ports[0].Role != ports.AT {
		t.Errorf("a configured link must be used as it is, and alone: %+v", c)
	}
}

// A configured path is taken even if it is not there: the module may start later, or it is a pty.
func TestConfiguredPortNotFound(t *testing.T) {
	c := ports.Choose(nil, "/tmp/modem0")
	if c.Path() != "/tmp/modem0" || !strings.Contains(c.Why, "no such port") {
		t.Errorf("got %+v", c)
	}
}

func TestScanWithoutSysfs(t *testing.T) {
	if _, err := ports.Scan(t.TempDir()); !os.IsNotExist(unwrap(err)) {
		t.Errorf("got %v", err)
	}
}

func unwrap(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || os.IsNotExist(err) {
			return err
		}
		err = u.Unwrap()
	}
}

// TestDevices checks the table: unique identities, an AT port in every row, a source.
func TestDevices(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range append(ports.Devices, ports.Bridges...) {
		id := fmt.Sprintf("%04x:%04x", d.VID, d.PID)
		if seen[id] || d.Modules == "" || d.Source == "" {
			t.Errorf("%s: doubled, or without modules or source: %+v", id, d)
		}
		seen[id] = true
	}
	for _, d := range ports.Devices {
		commands := 0
		for _, role := range d.Roles {
			if role == ports.AT || role == ports.MaybeAT {
				commands++
			}
			if role.Words() == "" {
				t.Errorf("%s: role %q has no words", d.Modules, role)
			}
		}
		if commands == 0 {
			t.Errorf("%s has no port for commands", d.Modules)
		}
	}
}
