package modem

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Stranger is what sits at a port where no modem answers, as far as can be told from what it sends.
type Stranger string

const (
	NoStranger Stranger = ""
	NMEA       Stranger = "nmea"   // a satellite receiver's sentences: the modem's GNSS port
	Login      Stranger = "login"  // a login prompt or a shell: the system's serial console
	Refuser    Stranger = "error"  // answers ERROR to everything
	Echo       Stranger = "echo"   // gives back what is sent, and nothing else
	Binary     Stranger = "binary" // bytes that are no text: another speed, or a diagnostic port
)

// strangers is the table for people.
var strangers = map[Stranger]struct{ what, advice string }{
	NMEA: {"satellite positions (NMEA): it is the modem's GNSS port, or a GNSS receiver",
		"Give the modem's AT port as modem.port, or \"auto\"; `supersim-agent ports` shows them."},
	Login: {"a login prompt: this computer's serial console runs on this port",
		"Switch the console off (raspi-config, Interface Options, Serial Port: no login shell, but hardware enabled) and restart the computer."},
	Refuser: {"ERROR to every command",
		"Cut the modem's power once. If it stays so, its firmware is damaged or the port is not its AT port."},
	Echo: {"what is sent comes back, and nothing else",
		"Check the wires: TX and RX of this computer may be connected with each other. With a HAT, cut the modem's power once."},
	Binary: {"bytes that are no text",
		"Check modem.baud, and that modem.port is not the modem's diagnostic port; `supersim-agent ports` shows the right one."},
}

// String says in words what is heard.
func (s Stranger) String() string { return strangers[s].what }

// Advice says what a person should do.
func (s Stranger) Advice() string { return strangers[s].advice }

// StrangerError is a failed Attach that has found out what is at the port instead of a modem.
type StrangerError struct {
	Kind   Stranger
	Sample string // the beginning of what was heard, in printable form
	Err    error  // what the handshake came to
}

func (e *StrangerError) Error() string {
	return fmt.Sprintf("%s: %s (%v)", e.Kind, e.Sample, e.Err)
}

func (e *StrangerError) Unwrap() error { return e.Err }

var (
	// IEC 61162-1: talker and sentence, fields, checksum.
	nmeaSentence = regexp.MustCompile(`\$[A-Z]{5,6},[ -~]*\*[0-9A-Fa-f]{2}`)
	// agetty(8), login(1), and shells that take AT for a program.
	loginPrompt = regexp.MustCompile(`(?i)\blogin: ?|\bpassword: ?|login incorrect|AT(\+CMEE\?)?: (command )?not found`)
	errorLine   = regexp.MustCompile(`(?m)^(ERROR|\+CM[ES] ERROR: ?\d+)\r*$`)
	okLine      = regexp.MustCompile(`(?m)^(OK|\+CMEE: ?\d)\r*$`)
	ourProbes   = regexp.MustCompile(`AT(\+CMEE\?)?`)
)

const (
	leastBinary = 16 // bytes; less may be the noise of a module that boots
	leastErrors = 3
)

// Classify tells what sends the bytes that were heard while the handshake was tried in vain. A module that has just
// started and prints its banner, or noise, is no stranger.
func Classify(heard []byte) Stranger {
	switch {
	case nmeaSentence.Match(heard):
		return NMEA
	case loginPrompt.Match(heard):
		return Login
	case okLine.Match(heard):
		return NoStranger
	case len(errorLine.FindAllIndex(heard, leastErrors)) == leastErrors:
		return Refuser
	case echoes(heard):
		return Echo
	case len(heard) >= leastBinary && unprintable(heard) > len(heard)/4:
		return Binary
	}
	return NoStranger
}

// echoes: nothing is left when the commands that we sent are taken out.
func echoes(heard []byte) bool {
	return ourProbes.Match(heard) && len(bytes.TrimSpace(ourProbes.ReplaceAll(heard, nil))) == 0
}

// unprintable counts bytes that are neither text nor line ends.
func unprintable(heard []byte) (n int) {
	for len(heard) > 0 {
		r, size := utf8.DecodeRune(heard)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\r' && r != '\n' && r != '\t' || r == 0x7F {
			n++
		}
		heard = heard[size:]
	}
	return n
}

// sample is the beginning of what was heard, for people.
func sample(heard []byte) string {
	const most = 60
	text := strings.Join(strings.Fields(fmt.Sprintf("%q", heard[:min(len(heard), most)])), " ")
	if len(heard) > most {
		text += "…"
	}
	return text
}
