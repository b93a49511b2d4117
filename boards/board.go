package boards

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Board is one row of the catalogue. Pins are BCM numbers (GPIO6 is 6), never positions on the header.
type Board struct {
	Name    string   // key in the configuration and on the command line: "waveshare-sim7600x"
	Title   string   // as the vendor sells it
	Vendor  string   // who makes the board, not the module
	Modules []string // the modules it is sold with

	Power Power
	Reset *ResetLine // nil: no reset line on the header
	Held  []Held     // lines that stay at one level for as long as the board is in use

	UART    string   // how AT is reached over the header, and what that needs on the Pi
	USB     []ATPort // how AT is reached over USB, preferred first
	Jumpers []string // what must be fitted by hand; the program cannot see it
	Sources []string // where the facts of this row were read, and which of them are not sure
}

// Line is one output to the board. Most HATs invert it with a transistor, so a high Pi pin pulls the module's line low.
type Line struct {
	Pin       int
	ActiveLow bool // the function is asserted by driving the Pi pin low
}

// asserted is the pin level at which the line's function is in force.
func (l Line) asserted() gpio.Level { return gpio.Level(!l.ActiveLow) }

// idle is the pin level at which the line does nothing.
func (l Line) idle() gpio.Level { return gpio.Level(l.ActiveLow) }

// PowerKind is the way a board switches its module.
type PowerKind uint8

// The power models.
const (
	PowerKey     PowerKind = iota + 1 // a pulse on the line toggles the module
	SupplySwitch                      // the module has no power while the line is asserted
)

func (k PowerKind) String() string {
	switch k {
	case PowerKey:
		return "power key"
	case SupplySwitch:
		return "supply switch"
	}
	return "unknown"
}

// Power is how the module of a board is switched, and how long that takes.
type Power struct {
	Kind     PowerKind
	Line     Line          // the key, or the line that cuts the supply
	OnPulse  time.Duration // how long the key is held to start the module; not used by a supply switch
	OffPulse time.Duration // how long the key is held to stop it; not used by a supply switch
	Ready    time.Duration // longest time from the start until the module answers
	Gone     time.Duration // longest time from the end of OffPulse until the module is off
	Rest     time.Duration // least time without power before it is started again
}

// ResetLine restarts the module without asking it. The module boots by itself when the line is released.
type ResetLine struct {
	Line  Line
	Pulse time.Duration
	Quiet time.Duration // after release, how long an answer could still come from before the reset
}

// Held is a line that has to stay at one level while the board is used.
type Held struct {
	Pin   int
	Level gpio.Level
	Why   string
}

// ATPort is a USB interface with an AT command port. It is found by interface number: ttyUSB numbers move.
type ATPort struct {
	VID, PID  uint16
	Interface uint8 // bInterfaceNumber
}

// String writes the port as lsusb and udev would: "1e0e:9001 interface 02".
func (p ATPort) String() string {
	return fmt.Sprintf("%04x:%04x interface %02x", p.VID, p.PID, p.Interface)
}

// Sentinels of this package; all come wrapped with what was attempted.
var (
	// ErrUnknownBoard: no row has this name.
	ErrUnknownBoard = errors.New("unknown board")
	// ErrNoReset: the board has no line that could reset the module; the AT command or a power cycle remains.
	ErrNoReset = errors.New("the board has no reset line")
	// ErrNoGPIO: this machine has no header pins, or they may not be used.
	ErrNoGPIO = errors.New("no GPIO header")
	// ErrUnknownState: whether the module is on could not be found out, so its key was not pressed.
	ErrUnknownState = errors.New("cannot tell whether the module is on")
	// ErrNoEffect: the pins moved as planned, and the module did not follow.
	ErrNoEffect = errors.New("the module did not follow")
	// ErrBusy: another power operation on the same board is under way.
	ErrBusy = errors.New("another power operation is running")
)

// Lookup finds a board by its Name. The error wraps ErrUnknownBoard and lists the names that exist.
func Lookup(name string) (Board, error) {
	known := make([]string, 0, len(Boards))
	for _, b := range Boards {
		if b.Name == name {
			return b, nil
		}
		known = append(known, b.Name)
	}
	return Board{}, fmt.Errorf("%w %q; known are %s", ErrUnknownBoard, name, strings.Join(known, ", "))
}
