package bearer

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// computer is a file system with the parts of /sys, /proc and /etc that are read, and the interfaces' addresses.
type computer struct {
	t     *testing.T
	root  string
	addrs map[string]string
}

func newComputer(t *testing.T) *computer {
	c := &computer{t: t, root: t.TempDir(), addrs: map[string]string{}}
	c.file("proc/net/route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n")
	return c
}

func (c *computer) file(path, text string) {
	c.t.Helper()
	path = filepath.Join(c.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *computer) link(path, target string) {
	c.t.Helper()
	path = filepath.Join(c.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(c.root, target), path); err != nil {
		c.t.Fatal(err)
	}
}

const usb = "sys/devices/platform/soc/usb1/1-1"

// modem is a USB modem with an AT port.
func (c *computer) modem() *computer {
	c.file(usb+"/idVendor", "2c7c\n")
	c.file(usb+"/1-1:1.2/ttyUSB2/port_number", "0\n")
	c.link("sys/class/tty/ttyUSB2/device", usb+"/1-1:1.2/ttyUSB2")
	c.file("dev/ttyUSB2", "")
	c.link("dev/serial/by-id/usb-Quectel-if02", "dev/ttyUSB2")
	return c
}

// netdev is an interface; device is the folder in /sys/devices that it belongs to, "" for none.
func (c *computer) netdev(name, device, addrs string, tx, rx int64) *computer {
	c.file("sys/class/net/"+name+"/operstate", "unknown\n")
	c.file("sys/class/net/"+name+"/flags", "0x1091\n")
	c.counters(name, tx, rx)
	if device != "" {
		c.file(device+"/uevent", "")
		c.link("sys/class/net/"+name+"/device", device)
	}
	c.addrs[name] = addrs
	return c
}

func (c *computer) counters(name string, tx, rx int64) {
	c.file("sys/class/net/"+name+"/statistics/tx_bytes", fmt.Sprintln(tx))
	c.file("sys/class/net/"+name+"/statistics/rx_bytes", fmt.Sprintln(rx))
}

func (c *computer) remove(name string) {
	if err := os.RemoveAll(filepath.Join(c.root, "sys/class/net", name)); err != nil {
		c.t.Fatal(err)
	}
	delete(c.addrs, name)
}

// route adds a line to the table of IPv4.
func (c *computer) route(device, dest, mask string, metric int) *computer {
	path := filepath.Join(c.root, "proc/net/route")
	table, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	c.file("proc/net/route", string(table)+fmt.Sprintf("%s\t%s\t00000000\t0001\t0\t0\t%d\t%s\t0\t0\t0\n", device, dest, metric, mask))
	return c
}

func (c *computer) defaultRoute(device string, metric int) *computer {
	return c.route(device, "00000000", "00000000", metric)
}

func (c *computer) watcher() *Watcher {
	return &Watcher{Root: c.root, Addrs: func(name string) (list []netip.Addr, err error) {
		for a := range strings.FieldsSeq(c.addrs[name]) {
			list = append(list, netip.MustParseAddr(a))
		}
		return list, nil
	}}
}

var atPort = Modem{Port: "/dev/ttyUSB2", IP: "100.64.1.2"}

func TestFindsTheInterface(t *testing.T) {
	const wwan = usb + "/1-1:1.4"
	up := Link{Up: true, IP: "100.64.1.2", Route: true, TxBytes: 10, RxBytes: 20}
	as := func(name string, change func(*Link)) Link {
		l := up
		l.Name = name
		if change != nil {
			change(&l)
		}
		return l
	}
	tests := []struct {
		name  string
		host  func(*computer)
		modem Modem
		want  Link
		ok    bool
	}{
		{"nothing there", func(*computer) {}, atPort, Link{}, false},
		{"no interface of the modem", func(c *computer) { c.netdev("eth0", "sys/devices/platform/eth", "192.168.1.5", 1, 1) }, atPort, Link{}, false},
		{"on the same USB device", func(c *computer) {
			c.netdev("wwan0", wwan, "fe80::1 10.7.7.7", 10, 20).defaultRoute("wwan0", 700)
		}, atPort, as("wwan0", func(l *Link) { l.IP = "10.7.7.7" }), true},
		{"by the name of a link to the port", func(c *computer) {
			c.netdev("wwan0", wwan, "100.64.1.2", 10, 20).defaultRoute("wwan0", 700)
		}, Modem{Port: "/dev/serial/by-id/usb-Quectel-if02"}, as("wwan0", nil), true},
		{"of another USB device", func(c *computer) {
			c.file("sys/devices/platform/soc/usb1/1-2/idVendor", "0bda\n")
			c.netdev("enx1", "sys/devices/platform/soc/usb1/1-2/1-2:1.0", "192.168.9.2", 1, 1)
		}, atPort, Link{}, false},
		{"PPP, by the address", func(c *computer) {
			c.netdev("wwan0", wwan, "", 0, 0).netdev("ppp0", "", "100.64.1.2", 10, 20).defaultRoute("ppp0", 0)
		}, atPort, as("ppp0", nil), true},
		{"on a UART, by the address", func(c *computer) { c.netdev("ppp0", "", "100.64.1.2", 10, 20).defaultRoute("ppp0", 0) },
			Modem{Port: "/dev/ttyAMA0", IP: "100.64.1.2"}, as("ppp0", nil), true},
		{"an equal address on a bridge is chance", func(c *computer) { c.netdev("docker0", "", "100.64.1.2", 1, 1) }, atPort, Link{}, false},
		{"switched off", func(c *computer) {
			c.netdev("wwan0", wwan, "", 10, 20).file("sys/class/net/wwan0/flags", "0x1090\n")
		}, atPort, Link{Name: "wwan0", TxBytes: 10, RxBytes: 20}, true},
		{"without the other end", func(c *computer) {
			c.netdev("wwan0", wwan, "", 10, 20).file("sys/class/net/wwan0/operstate", "down\n")
		}, atPort, Link{Name: "wwan0", TxBytes: 10, RxBytes: 20}, true},
		{"an address that it made up", func(c *computer) { c.netdev("usb0", wwan, "169.254.3.4 fe80::2", 10, 20) }, atPort,
			Link{Name: "usb0", Up: true, TxBytes: 10, RxBytes: 20}, true},
		{"Wi-Fi is preferred", func(c *computer) {
			c.netdev("wwan0", wwan, "100.64.1.2", 10, 20).defaultRoute("wwan0", 700).defaultRoute("wlan0", 600)
		}, atPort, as("wwan0", func(l *Link) { l.Rival = "wlan0" }), true},
		{"Wi-Fi is preferred, and answers are dropped", func(c *computer) {
			c.netdev("wwan0", wwan, "100.64.1.2", 10, 20).defaultRoute("wwan0", 700).defaultRoute("wlan0", 600)
			c.file("proc/sys/net/ipv4/conf/all/rp_filter", "1\n")
		}, atPort, as("wwan0", func(l *Link) { l.Rival, l.Deaf = "wlan0", true }), true},
		{"a VPN's halves are longer than a default route", func(c *computer) {
			c.netdev("wwan0", wwan, "100.64.1.2", 10, 20).defaultRoute("wwan0", 0).route("tun0", "00000000", "00000080", 0)
		}, atPort, as("wwan0", func(l *Link) { l.Rival = "tun0" }), true},
		{"no route", func(c *computer) {
			c.netdev("wwan0", wwan, "100.64.1.2", 10, 20).route("wwan0", "00004064", "0000FFFF", 0)
		}, atPort,
			as("wwan0", func(l *Link) { l.Route = false }), true},
		{"IPv6 only", func(c *computer) {
			c.netdev("wwan0", wwan, "fe80::1 2001:db8::7", 10, 20)
			c.file("proc/net/ipv6_route", "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "+
				"fe800000000000000000000000000001 00000400 00000001 00000000 00000003    wwan0\n"+
				"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "+
				"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n")
		}, atPort, as("wwan0", func(l *Link) { l.IP = "2001:db8::7" }), true},
		{"tables that are cut off", func(c *computer) {
			c.netdev("wwan0", wwan, "100.64.1.2", 10, 20).file("proc/net/route", "Iface\nwwan0\t0000\nwwan0\tZZ\t0\t0\t0\t0\t0\t0\n")
		}, atPort, as("wwan0", func(l *Link) { l.Route = false }), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newComputer(t).modem()
			test.host(c)
			got, ok := c.watcher().Look(test.modem)
			if diff := cmp.Diff(test.want, got); diff != "" || ok != test.ok {
				t.Errorf("ok %v\n%s", ok, diff)
			}
		})
	}
}

// An interface that was there and goes is missed; one of another modem is not.
func TestFollowsTheInterface(t *testing.T) {
	c := newComputer(t).modem().netdev("ppp0", "", "100.64.1.2", 1, 1).defaultRoute("ppp0", 0)
	w := c.watcher()
	look := func(m Modem, want string, known bool) {
		t.Helper()
		if l, ok := w.Look(m); l.Name != want || ok != known {
			t.Errorf("%q, %v, want %q, %v", l.Name, ok, want, known)
		}
	}
	look(atPort, "ppp0", true)
	c.addrs["ppp0"] = "100.64.9.9" // the context's address is newer than PPP's
	look(atPort, "ppp0", true)
	c.remove("ppp0")
	look(atPort, "", true)
	c.netdev("wwan0", usb+"/1-1:1.4", "", 0, 0)
	look(atPort, "", true)
	c.addrs["wwan0"] = "100.64.1.2"
	look(atPort, "wwan0", true)
	c.remove("wwan0")
	look(Modem{Port: "/dev/ttyUSB9"}, "", false)
}

func TestCountersBeyond32Bits(t *testing.T) {
	c := newComputer(t).modem().netdev("wwan0", usb+"/1-1:1.4", "100.64.1.2", 5_000_000_000, 1<<60)
	if l, ok := c.watcher().Look(atPort); !ok || l.TxBytes != 5_000_000_000 || l.RxBytes != 1<<60 {
		t.Errorf("%+v, %v", l, ok)
	}
	c.file("sys/class/net/wwan0/statistics/tx_bytes", "soon\n")
	if l, ok := c.watcher().Look(atPort); ok {
		t.Errorf("unreadable counters became %+v", l)
	}
}

// The kernel of the machine that tests: nothing may be found for a modem that it has not, and nothing may panic.
func TestThisComputer(t *testing.T) {
	var w Watcher
	if l, ok := w.Look(Modem{Port: "/dev/ttyNONE", IP: "203.0.113.7"}); ok {
		t.Errorf("%+v", l)
	}
	if addrs, err := kernelAddrs("lo"); err != nil || len(addrs) == 0 {
		t.Errorf("lo has %v (%v)", addrs, err)
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add("wwan0\t00000000\t0100A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n")
	f.Add("00000000000000000000000000000000 00 00000000000000000000000000000000 00 " +
		"fe800000000000000000000000000001 00000400 00000001 00000000 00000003    wwan0\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, table := range [][]route{parseTable(text, parseRoute4), parseTable(text, parseRoute6)} {
			leads, rival := wayOut(table, "wwan0", targets4[0].addr)
			if rival == "wwan0" || len(table) == 0 && leads {
				t.Errorf("%q: %v %q", text, leads, rival)
			}
		}
	})
}
