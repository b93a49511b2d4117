package ports_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// host builds the folders of a machine below a temporary root: sysfs, /dev and /proc, as far as Scan reads them.
type host struct {
	t    *testing.T
	root string
}

func newHost(t *testing.T) *host {
	h := &host{t, t.TempDir()}
	h.dir("/sys/class/tty")
	return h
}

func (h *host) dir(path string) string {
	h.t.Helper()
	full := filepath.Join(h.root, path)
	if err := os.MkdirAll(full, 0o755); err != nil {
		h.t.Fatal(err)
	}
	return full
}

func (h *host) file(path, text string) {
	h.t.Helper()
	h.dir(filepath.Dir(path))
	if err := os.WriteFile(filepath.Join(h.root, path), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// link makes a relative link below the root, as sysfs and udev do.
func (h *host) link(path, target string) {
	h.t.Helper()
	h.dir(filepath.Dir(path))
	rel, err := filepath.Rel(filepath.Dir(path), target)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := os.Symlink(rel, filepath.Join(h.root, path)); err != nil {
		h.t.Fatal(err)
	}
}

const usbRoot = "/sys/devices/platform/scb/fd500000.pcie/usb1/1-1"

// device plugs a USB device in: "1-1.2", "1e0e:9001".
func (h *host) device(name, id, product string) string {
	vid, pid, _ := strings.Cut(id, ":")
	dir := usbRoot + "/" + name
	h.file(dir+"/idVendor", vid+"\n")
	h.file(dir+"/idProduct", pid+"\n")
	h.file(dir+"/product", product+"\n")
	return dir
}

func (h *host) iface(device string, number int) string {
	name := fmt.Sprintf("%s:1.%d", filepath.Base(device), number)
	dir := device + "/" + name
	h.file(dir+"/bInterfaceNumber", fmt.Sprintf("%02x\n", number))
	h.link("/sys/bus/usb/devices/"+name, dir)
	return dir
}

// usbSerial adds a tty of the usb-serial drivers (option, cp210x): the tty's device lies below the interface.
func (h *host) usbSerial(device string, number int, tty string) {
	dir := h.iface(device, number) + "/" + tty
	h.file(dir+"/tty/"+tty+"/dev", "188:0\n")
	h.link(dir+"/tty/"+tty+"/device", dir)
	h.link("/sys/class/tty/"+tty, dir+"/tty/"+tty)
	h.file("/dev/"+tty, "")
}

// acm adds a tty of the cdc-acm driver: the tty's device is the interface itself.
func (h *host) acm(device string, number int, tty string) {
	dir := h.iface(device, number)
	h.file(dir+"/tty/"+tty+"/dev", "166:0\n")
	h.link(dir+"/tty/"+tty+"/device", dir)
	h.link("/sys/class/tty/"+tty, dir+"/tty/"+tty)
	h.file("/dev/"+tty, "")
}

func (h *host) network(device string, number int, name string) {
	h.dir(h.iface(device, number) + "/net/" + name)
}

func (h *host) byID(name, tty string) { h.link("/dev/serial/by-id/"+name, "/dev/"+tty) }

// uart adds an on-board serial line; kind is /sys/class/tty/<tty>/type, 0 for one that the driver only reserves.
func (h *host) uart(tty, address, kind string) {
	dir := "/sys/devices/platform/soc/" + address + ".serial"
	port := dir + "/" + address + ".serial:0/" + address + ".serial:0.0" // kernel 6.5 and later
	h.file(port+"/tty/"+tty+"/type", kind+"\n")
	h.link(port+"/tty/"+tty+"/device", port)
	h.link("/sys/class/tty/"+tty, port+"/tty/"+tty)
	node := "/sys/firmware/devicetree/base/soc/serial@" + address
	h.dir(node)
	h.link(dir+"/of_node", node)
	h.file("/dev/"+tty, "")
}

// alias writes the device tree's alias; a device-tree text ends with a zero.
func (h *host) alias(name, address string) {
	h.file("/sys/firmware/devicetree/base/aliases/"+name, "/soc/serial@"+address+"\x00")
}

// virtual adds a tty without hardware.
func (h *host) virtual(tty string) { h.file("/sys/class/tty/"+tty+"/dev", "4:0\n") }

// holds lets a process have files open.
func (h *host) holds(pid int, comm string, nodes ...string) {
	h.file(fmt.Sprintf("/proc/%d/comm", pid), comm+"\n")
	for i, node := range nodes {
		h.dir(fmt.Sprintf("/proc/%d/fd", pid))
		if err := os.Symlink(node, filepath.Join(h.root, fmt.Sprintf("/proc/%d/fd/%d", pid, i+3))); err != nil {
			h.t.Fatal(err)
		}
	}
}

// sim7600 is a SIM7600E-H as a Pi shows it, its ttys numbered from first.
func (h *host) sim7600(name string, first int) {
	d := h.device(name, "1e0e:9001", "SimTech, Incorporated")
	for i := range 5 {
		h.usbSerial(d, i, fmt.Sprintf("ttyUSB%d", first+i))
	}
	h.network(d, 5, "wwan0")
}
