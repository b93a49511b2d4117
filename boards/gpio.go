package boards

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/host/v3/gpioioctl"
)

// headerPins is how many GPIOs the 40-pin header has: 0 to 27 on every Raspberry Pi since the B+.
const headerPins = 28

// Open takes the pins of a board from this machine's header and prepares them as New does. The error wraps ErrNoGPIO
// where there is no header or it may not be used, and says which. Call Close when done.
//
// Call it early in a program, before other goroutines open files; see keepStdin.
func Open(b Board, o Options) (*Control, error) {
	chip, err := header()
	if err != nil {
		return nil, fmt.Errorf("board %s: %w", b.Name, err)
	}
	find := func(bcm int) (Pin, error) {
		if bcm < 0 || bcm >= min(headerPins, chip.LineCount()) {
			return nil, fmt.Errorf("GPIO%d is not on the header of this machine (%s)", bcm, chip.Label())
		}
		return chip.ByNumber(bcm), nil
	}
	c, err := New(b, find, o)
	if errors.Is(err, unix.EBUSY) {
		return nil, fmt.Errorf("%w; another process holds the pin, gpioinfo names it", err)
	}
	return c, err
}

// header finds the chip behind the 40-pin header.
//
// Only periph's character-device driver is loaded, not all of its host package: as root on a Pi 5 the memory-mapped
// driver of that package would write to addresses that mean something else there. The chip is chosen by label, as its
// number differs between kernels, and its lines by offset, which on these chips is the BCM number, as their names
// differ too.
func header() (*gpioioctl.GPIOChip, error) {
	if err := keepStdin(loadDriver); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoGPIO, err)
	}
	labels := make([]string, 0, len(gpioioctl.Chips))
	for _, chip := range gpioioctl.Chips {
		if isHeader(chip.Label()) {
			return chip, nil
		}
		labels = append(labels, chip.Label())
	}
	devices, _ := filepath.Glob("/dev/gpiochip*") // the pattern is well-formed, the only error Glob has
	return nil, noHeader(devices, labels, readable)
}

// loadDriver starts periph's driver once per process. Its error says little: a machine without GPIO is no error to
// periph, so what counts is the list of chips afterwards.
func loadDriver() error {
	_, err := driverreg.Init()
	return err
}

// isHeader knows the pin controllers of the Raspberry Pi: bcm2835 (1 to 3, Zero), bcm2711 (4, 400) and rp1 (5).
func isHeader(label string) bool {
	switch label {
	case "pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1":
		return true
	}
	return false
}

// noHeader explains what is missing: the devices, the right to open them, or a Raspberry Pi.
func noHeader(devices, labels []string, readable func(path string) error) error {
	if len(devices) == 0 {
		return fmt.Errorf("%w: this machine has no /dev/gpiochip*; is it a Raspberry Pi?", ErrNoGPIO)
	}
	for _, path := range devices {
		if err := readable(path); err != nil {
			return fmt.Errorf("%w: %w; the user must be in the group gpio", ErrNoGPIO, err)
		}
	}
	return fmt.Errorf("%w: none of this machine's chips (%s) is that of a Raspberry Pi", ErrNoGPIO, strings.Join(labels, ", "))
}

func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// keepStdin runs f and puts file descriptor 0 back if f closed it. On a Pi 5 periph finds the header twice, as
// gpiochip0 and through the link gpiochip4, and closing the second it closes descriptor 0 by mistake (periph/host issue
// 70). The next file opened would then be "standard input", and a GPIO line with that number is taken for not open.
// Between the two moments another goroutine could open a file as 0; it is then left alone.
func keepStdin(f func() error) error {
	saved, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("duplicate standard input: %w", err)
	}
	defer unix.Close(saved)
	failure := f()
	if _, err := unix.FcntlInt(0, unix.F_GETFD, 0); errors.Is(err, unix.EBADF) {
		if err := unix.Dup3(saved, 0, 0); err != nil {
			return errors.Join(failure, fmt.Errorf("restore standard input: %w", err))
		}
	}
	return failure
}
