package ports

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Kind is how a port is connected.
type Kind string

const (
	KindUSB     Kind = "usb"
	KindUART    Kind = "uart"
	KindNetwork Kind = "network" // a module's network interface, not a tty
)

// Port is one port as it was found.
type Port struct {
	Path    string   // "/dev/ttyUSB2"; for a network interface its name
	Kind    Kind     // how it is connected
	Role    Role     // what it is for
	ByID    string   // stable name of udev: "/dev/serial/by-id/…-if02-port0"; "" when there is none
	Aliases []string // of a UART: "/dev/serial0", from the device tree or udev
	Console bool     // the kernel's console runs on it
	USB     *USB     // nil for a UART
	Holders []Holder // who has it open, as far as our rights let us see
}

// USB says which interface of which device a port is.
type USB struct {
	VID, PID  uint16
	Interface uint8  // bInterfaceNumber
	Device    string // kernel's name of the device: "1-1.2"
	Product   string // as the device calls itself
	Modules   string // as the table calls it; "" when it is not in there
	Note      string // of the table
	Bridge    bool   // a serial converter: it says nothing about what is behind it
}

// Holder is a process that has a port open.
type Holder struct {
	PID  int
	Comm string // "" when it cannot be read
}

func (h Holder) String() string {
	if h.Comm == "" {
		return fmt.Sprintf("pid %d", h.PID)
	}
	return fmt.Sprintf("%s (pid %d)", h.Comm, h.PID)
}

// Name is "1e0e:9001 interface 02".
func (u USB) Name() string { return fmt.Sprintf("%04x:%04x interface %02x", u.VID, u.PID, u.Interface) }

// Scan lists the ports below root, which is "/" but in tests: those of USB first, by device and interface, then UARTs,
// those with an alias before the others. It reads /sys, /proc and links in /dev, and opens no device. The error is that
// of reading /sys/class/tty; whatever else cannot be read is left out.
func Scan(root string) ([]Port, error) {
	s := scanner{root: root}
	entries, err := os.ReadDir(s.path("/sys/class/tty"))
	if err != nil {
		return nil, fmt.Errorf("list serial ports: %w", err)
	}
	s.prepare()
	var list []Port
	for _, e := range entries {
		if p, ok := s.tty(e.Name()); ok {
			list = append(list, p)
		}
	}
	list = append(list, s.networks(list)...)
	slices.SortStableFunc(list, compare)
	return list, nil
}

// scanner holds what is read once for all ports.
type scanner struct {
	root     string
	byID     map[string]string   // device node -> link
	aliases  map[string][]string // device node -> links /dev/serialN
	consoles []string            // names of ttys
	holders  map[string][]Holder // device node -> processes
}

func (s *scanner) path(p string) string { return filepath.Join(s.root, p) }

func (s *scanner) prepare() {
	s.byID, s.aliases = map[string]string{}, map[string][]string{}
	for node, links := range s.links("/dev/serial/by-id/*") {
		s.byID[node] = links[0]
	}
	s.aliases = s.links("/dev/serial[0-9]*")
	s.consoles = strings.Fields(s.read("/sys/class/tty/console/active"))
	s.holders = s.findHolders()
}

// links maps device nodes to the links that lead to them.
func (s *scanner) links(pattern string) map[string][]string {
	found := map[string][]string{}
	names, _ := filepath.Glob(s.path(pattern)) // the pattern is well-formed
	for _, link := range names {
		target, err := os.Readlink(link)
		if err != nil {
			continue
		}
		node := "/dev/" + filepath.Base(target)
		rel, _ := filepath.Rel(s.path("/"), link)
		found[node] = append(found[node], "/"+rel)
	}
	return found
}

// read returns a file's text without surrounding blanks and zeros, "" when it cannot be read.
func (s *scanner) read(path string) string {
	raw, _ := os.ReadFile(s.path(path)) // sysfs files come and go with their device
	return strings.Trim(string(raw), " \t\r\n\x00")
}

// tty reads one entry of /sys/class/tty. Virtual terminals and ports without hardware behind them are not reported.
func (s *scanner) tty(name string) (Port, bool) {
	node := "/dev/" + name
	device, err := filepath.EvalSymlinks(s.path("/sys/class/tty/" + name + "/device"))
	if err != nil {
		return Port{}, false // no hardware: tty0, ptmx, console
	}
	p := Port{Path: node, ByID: s.byID[node], Holders: s.holders[node], Console: slices.Contains(s.consoles, name)}
	if usb, ok := s.usb(device); ok {
		p.Kind, p.USB, p.Role = KindUSB, &usb, roleOf(usb)
		return p, true
	}
	// The 8250 driver makes ttyS0 to ttyS3 whether they exist or not: type 0 is "unknown", no hardware was found.
	if !isUART(name) || s.read("/sys/class/tty/"+name+"/type") == "0" {
		return Port{}, false
	}
	p.Kind, p.Role = KindUART, UART
	p.Aliases = s.uartAliases(node, device)
	return p, true
}

// isUART: names of on-board serial lines that Raspberry Pi and similar machines have.
func isUART(name string) bool {
	for _, prefix := range []string{"ttyAMA", "ttyS", "ttymxc", "ttyO", "ttyHS", "ttyTHS"} {
		rest, ok := strings.CutPrefix(name, prefix)
		if _, err := strconv.Atoi(rest); ok && err == nil {
			return true
		}
	}
	return false
}

// usb reads which USB interface a device folder belongs to. For usb-serial the interface is the parent of the device,
// for cdc-acm the device itself.
func (s *scanner) usb(device string) (USB, bool) {
	for _, dir := range []string{device, filepath.Dir(device)} {
		if u, ok := readInterface(dir); ok {
			return u, true
		}
	}
	return USB{}, false
}

// readInterface reads an interface's folder, "…/1-1.2/1-1.2:1.2", and that of its device above it.
func readInterface(dir string) (USB, bool) {
	number, ok := readHex(filepath.Join(dir, "bInterfaceNumber"))
	if !ok {
		return USB{}, false
	}
	device := filepath.Dir(dir)
	vid, okVID := readHex(filepath.Join(device, "idVendor"))
	pid, okPID := readHex(filepath.Join(device, "idProduct"))
	u := USB{VID: uint16(vid), PID: uint16(pid), Interface: uint8(number), Device: filepath.Base(device)}
	product, _ := os.ReadFile(filepath.Join(device, "product"))
	u.Product = strings.TrimSpace(string(product))
	if d, bridge, known := lookup(u.VID, u.PID); known {
		u.Modules, u.Note, u.Bridge = d.Modules, d.Note, bridge
	}
	return u, okVID && okPID
}

func readHex(path string) (uint64, bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 16, 16)
	return n, err == nil
}

func roleOf(u USB) Role {
	if u.Bridge {
		return UART
	}
	d, _, _ := lookup(u.VID, u.PID)
	return d.Roles[u.Interface]
}

// uartAliases are the names that udev made, and without udev those that the device tree has for the port's node.
func (s *scanner) uartAliases(node, device string) []string {
	if links := s.aliases[node]; len(links) > 0 {
		return links
	}
	const tree = "/sys/firmware/devicetree/base"
	of, ok := ofNode(device)
	if !ok {
		return nil
	}
	var list []string
	names, _ := filepath.Glob(s.path(tree + "/aliases/serial[0-9]*")) // the pattern is well-formed
	for _, name := range names {
		target := s.read(tree + "/aliases/" + filepath.Base(name))
		if full, err := filepath.EvalSymlinks(s.path(tree + target)); target != "" && err == nil && full == of {
			list = append(list, filepath.Base(name))
		}
	}
	return list
}

// ofNode is the device-tree node of a UART. Kernels since 6.5 put two folders between the port and its device.
func ofNode(device string) (string, bool) {
	for range 3 {
		if of, err := filepath.EvalSymlinks(filepath.Join(device, "of_node")); err == nil {
			return of, true
		}
		device = filepath.Dir(device)
	}
	return "", false
}

// networks lists the network interfaces of the modules that the ttys belong to, and of known modules without a tty.
func (s *scanner) networks(ttys []Port) []Port {
	var list []Port
	folders, _ := filepath.Glob(s.path("/sys/bus/usb/devices/*:*/net/*")) // the pattern is well-formed
	for _, dir := range folders {
		link := filepath.Dir(filepath.Dir(dir))
		iface, err := filepath.EvalSymlinks(link)
		if err != nil {
			continue
		}
		u, ok := readInterface(iface)
		if _, bridge, known := lookup(u.VID, u.PID); !ok || bridge || !known && !hasDevice(ttys, u.Device) {
			continue
		}
		list = append(list, Port{Path: filepath.Base(dir), Kind: KindNetwork, Role: Net, USB: &u})
	}
	return list
}

func hasDevice(list []Port, device string) bool {
	return slices.ContainsFunc(list, func(p Port) bool { return p.USB != nil && p.USB.Device == device })
}

// compare orders ports: USB by device and interface, then UARTs, those with an alias first.
func compare(a, b Port) int {
	switch {
	case a.USB != nil && b.USB != nil:
		if c := comparePath(a.USB.Device, b.USB.Device); c != 0 {
			return c
		}
		return int(a.USB.Interface) - int(b.USB.Interface)
	case a.USB != nil:
		return -1
	case b.USB != nil:
		return 1
	case (len(a.Aliases) > 0) != (len(b.Aliases) > 0):
		return len(b.Aliases) - len(a.Aliases)
	case len(a.Aliases) > 0:
		return strings.Compare(a.Aliases[0], b.Aliases[0])
	}
	return comparePath(a.Path, b.Path)
}

// comparePath compares names with the numbers in them as numbers: 1-2 before 1-10, ttyS2 before ttyS10.
func comparePath(a, b string) int {
	if len(a) != len(b) && strings.TrimRight(a, "0123456789") == strings.TrimRight(b, "0123456789") {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
