package boards

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"periph.io/x/host/v3/gpioioctl"
)

// TestOpenWithoutGPIO runs periph's own driver. Machines that build this seldom have a header; a Pi skips it.
func TestOpenWithoutGPIO(t *testing.T) {
	if chips, _ := filepath.Glob("/dev/gpiochip*"); len(chips) > 0 {
		t.Skip("this machine has GPIO, and its pins must not be moved by a test")
	}
	_, err := Open(Boards[0], Options{IsOn: func(context.Context) (bool, error) { return false, nil }})
	if !errors.Is(err, ErrNoGPIO) || !strings.Contains(err.Error(), Boards[0].Name) {
		t.Errorf("Open = %v", err)
	}
}

func TestNoHeaderSaysWhy(t *testing.T) {
	allowed := func(string) error { return nil }
	denied := func(path string) error { return &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission} }
	for _, c := range []struct {
		name            string
		devices, labels []string
		readable        func(string) error
		want            string
	}{
		{"no devices", nil, nil, allowed, "is it a Raspberry Pi?"},
		{"no rights", []string{"/dev/gpiochip0"}, nil, denied, "/dev/gpiochip0: permission denied; the user must be in the group gpio"},
		{"a PC", []string{"/dev/gpiochip0"}, []string{"INT34C6:00"}, allowed, "INT34C6:00"},
	} {
		err := noHeader(c.devices, c.labels, c.readable)
		if !errors.Is(err, ErrNoGPIO) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q does not say %q", c.name, err, c.want)
		}
	}
}

// TestHeaderLabels: labels as in gpiodetect of a Pi 4 and a Pi 5; the expander and the SoC's own chips are not the header.
func TestHeaderLabels(t *testing.T) {
	for label, want := range map[string]bool{
		"pinctrl-bcm2835": true, "pinctrl-bcm2711": true, "pinctrl-rp1": true,
		"raspberrypi-exp-gpio": false, "gpio-brcmstb@107d508500": false, "": false,
	} {
		if isHeader(label) != want {
			t.Errorf("isHeader(%q) = %v", label, !want)
		}
	}
}

// TestKeepStdin lets periph close descriptor 0 by the very mistake it makes on a Pi 5.
func TestKeepStdin(t *testing.T) {
	before := identity(t)
	failure := errors.New("no chips")
	err := keepStdin(func() error {
		new(gpioioctl.GPIOChip).Close()
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("keepStdin = %v", err)
	}
	if after := identity(t); after != before {
		t.Errorf("descriptor 0 was %v and is %v", before, after)
	}
}

// identity is device and inode of descriptor 0.
func identity(t *testing.T) [2]uint64 {
	var st unix.Stat_t
	if err := unix.Fstat(0, &st); err != nil {
		t.Fatalf("descriptor 0: %v", err)
	}
	return [2]uint64{uint64(st.Dev), st.Ino}
}
