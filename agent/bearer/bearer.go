// Package bearer watches the modem's data path on this computer: the network interface that belongs to the modem, its
// address, route and counters, and whether anything outside answers through it. It only looks: it dials nothing, sets no
// address and no route, and changes no file. What it cannot find out it leaves unsaid.
//
// Watcher reads (files below a root, and the kernel's addresses), Prober sends a few packets when it is told to, and Record
// decides when that is worth it. Record and Flow are pure: the time is an argument.
package bearer

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Modem is what the agent knows of the modem whose interface is looked for.
type Modem struct {
	Port string // path of the AT port; "" when it is not known
	IP   string // the address that the network gave the PDP context; "" when it is not known
}

// Link is the modem's network interface. The zero Link says that it was there and has gone.
type Link struct {
	Name    string
	Up      bool   // switched on, and not known to be without its other end
	IP      string // its address, "" when it has none that leads anywhere
	Route   bool   // a way to the internet leads through it, be it the second best
	Rival   string // the interface whose way there the kernel prefers; "" when none is preferred to it
	Deaf    bool   // the kernel drops answers that come in here while there is a rival (strict rp_filter)
	TxBytes int64  // since it appeared
	RxBytes int64
}

// Ready reports whether packets can leave through it.
func (l Link) Ready() bool { return l.Up && l.IP != "" }

// Watcher finds the interface and reads it. The zero Watcher watches this computer.
type Watcher struct {
	Root  string                             // of the file system; "" is "/"
	Addrs func(string) ([]netip.Addr, error) // of an interface; default: asks the kernel

	port  string // the modem that was looked for last
	known string // its interface
}

// Look finds the modem's interface and reads it. ok is false when nothing can be told: no interface was ever found.
func (w *Watcher) Look(m Modem) (l Link, ok bool) {
	if m.Port != w.port {
		w.port, w.known = m.Port, ""
	}
	name := w.find(m)
	if name == "" {
		return Link{}, w.known != ""
	}
	w.known = name
	l, err := w.read(name, m.IP)
	return l, err == nil
}

// find chooses the interface: the one that carries the context's address, else one of the modem's USB device that has an
// address, else the one chosen before while it exists, else any of the USB device. "": none, or gone.
func (w *Watcher) find(m Modem) string {
	names := w.interfaces()
	ip, err := netip.ParseAddr(m.IP)
	for _, name := range names {
		if err == nil && cellular(name) && slices.Contains(w.addrs(name), ip) {
			return name
		}
	}
	siblings := w.siblings(names, m.Port)
	for _, name := range siblings {
		if address(w.addrs(name), netip.Addr{}).IsValid() {
			return name
		}
	}
	switch {
	case w.known != "" && slices.Contains(names, w.known):
		return w.known
	case w.known != "" || len(siblings) == 0:
		return ""
	}
	return siblings[0]
}

// cellular reports a name that an interface of a modem may have. Others may carry an equal private address by chance.
func cellular(name string) bool {
	for _, prefix := range []string{"ppp", "wwan", "wwp", "ww", "rmnet", "qmimux", "mhi", "usb", "eth", "enx", "enp", "enu"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (w *Watcher) path(parts ...string) string {
	root := w.Root
	if root == "" {
		root = "/"
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// interfaces lists the network interfaces in order of their names.
func (w *Watcher) interfaces() (names []string) {
	entries, err := os.ReadDir(w.path("sys/class/net"))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.Name() != "lo" {
			names = append(names, e.Name())
		}
	}
	return names
}

// siblings are the interfaces of the USB device that the port belongs to.
func (w *Watcher) siblings(names []string, port string) (found []string) {
	if port == "" {
		return nil
	}
	node, err := filepath.EvalSymlinks(w.path(port)) // /dev/serial/by-id/… leads to /dev/ttyUSB2
	if err != nil {
		node = port
	}
	device := w.usbDevice("sys/class/tty/" + filepath.Base(node) + "/device")
	for _, name := range names {
		if device != "" && w.usbDevice("sys/class/net/"+name+"/device") == device {
			found = append(found, name)
		}
	}
	return found
}

// usbDevice is the folder of the USB device that a device link of sysfs leads into, "" when it is no USB device. Only the
// device itself, not its interfaces, has an idVendor.
func (w *Watcher) usbDevice(link string) string {
	dir, err := filepath.EvalSymlinks(w.path(link))
	if err != nil {
		return ""
	}
	for range 6 { // an interface, a serial port on it: the device is near
		if _, err := os.Stat(filepath.Join(dir, "idVendor")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// read looks at one interface. An error means that it went away meanwhile.
func (w *Watcher) read(name, contextIP string) (l Link, err error) {
	class := "sys/class/net/" + name + "/"
	flags, err1 := w.number(class+"flags", 0)
	tx, err2 := w.number(class+"statistics/tx_bytes", 10)
	rx, err3 := w.number(class+"statistics/rx_bytes", 10)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Link{}, err
	}
	l = Link{Name: name, TxBytes: tx, RxBytes: rx}
	l.Up = flags&flagUp != 0 && !slices.Contains(noOtherEnd, w.text(class+"operstate"))
	wanted, _ := netip.ParseAddr(contextIP)
	ip := address(w.addrs(name), wanted)
	if !ip.IsValid() {
		return l, nil
	}
	l.IP = ip.String()
	l.Route, l.Rival = wayOut(w.routes(ip.Is4()), name, targets(l)[0].addr)
	l.Deaf = ip.Is4() && l.Rival != "" && w.strict(name)
	return l, nil
}

const flagUp = 1 // IFF_UP (netdevice(7))

// noOtherEnd are the states in which an interface that is switched on carries nothing (RFC 2863; kernel operstates.rst).
// "unknown" is what PPP and most modems' interfaces say all the time.
var noOtherEnd = []string{"down", "lowerlayerdown", "notpresent"}

// strict reports that answers are dropped unless the best way back leads through the interface they came in by (RFC 3704;
// kernel ip-sysctl.rst: the higher value of "all" and the interface counts).
func (w *Watcher) strict(name string) bool {
	all, _ := w.number("proc/sys/net/ipv4/conf/all/rp_filter", 10)
	own, _ := w.number("proc/sys/net/ipv4/conf/"+name+"/rp_filter", 10)
	return max(all, own) == 1
}

// address chooses among an interface's addresses: the wanted one, else the first IPv4 one, else the first IPv6 one.
// Link-local ones lead nowhere: an interface makes them up when it gets no other.
func address(list []netip.Addr, wanted netip.Addr) (best netip.Addr) {
	for _, a := range list {
		switch {
		case a == wanted:
			return a
		case !a.IsGlobalUnicast():
		case !best.IsValid(), a.Is4() && !best.Is4():
			best = a
		}
	}
	return best
}

func (w *Watcher) addrs(name string) []netip.Addr {
	ask := w.Addrs
	if ask == nil {
		ask = kernelAddrs
	}
	list, err := ask(name)
	if err != nil {
		return nil // it went away
	}
	return list
}

func kernelAddrs(name string) (list []netip.Addr, err error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	addrs, err := i.Addrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, p.Addr().Unmap())
		}
	}
	return list, err
}

// maxFile bounds what is read of one file.
const maxFile = 1 << 18

func (w *Watcher) text(path string) string {
	f, err := os.Open(w.path(path))
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (w *Watcher) number(path string, base int) (int64, error) {
	return strconv.ParseInt(w.text(path), base, 64)
}
