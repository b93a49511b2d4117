package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"supersim-agent/boards"
)

var errNoKnownModem = errors.New("no USB modem of a known board is plugged in; a modem on a UART needs modem.port")

// findPort looks through sysfs for the AT interface of a module that one of the boards carries. It opens nothing: ports
// in use would be disturbed. ttyUSB numbers move, so it goes by VID:PID and interface number.
func findPort(sysTTY string) (string, error) {
	entries, err := os.ReadDir(sysTTY)
	if err != nil {
		return "", err
	}
	for _, b := range boards.Boards {
		for _, want := range b.USB {
			for _, e := range entries {
				if at, ok := usbPort(filepath.Join(sysTTY, e.Name())); ok && at == want {
					return "/dev/" + e.Name(), nil
				}
			}
		}
	}
	return "", errNoKnownModem
}

// usbPort reads which USB interface a tty belongs to. For usb-serial the interface is the parent of the device, for
// cdc-acm the device itself.
func usbPort(tty string) (boards.ATPort, bool) {
	device, err := filepath.EvalSymlinks(filepath.Join(tty, "device"))
	if err != nil {
		return boards.ATPort{}, false
	}
	for _, dir := range []string{device, filepath.Dir(device)} {
		iface, ok := readHex(filepath.Join(dir, "bInterfaceNumber"))
		if !ok {
			continue
		}
		vid, okVID := readHex(filepath.Join(dir, "..", "idVendor"))
		pid, okPID := readHex(filepath.Join(dir, "..", "idProduct"))
		return boards.ATPort{VID: uint16(vid), PID: uint16(pid), Interface: uint8(iface)}, okVID && okPID
	}
	return boards.ATPort{}, false
}

func readHex(path string) (uint64, bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 16, 16)
	return n, err == nil
}
