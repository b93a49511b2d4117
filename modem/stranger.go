package modem

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"supersim-agent/atcmd"
)

// StrangerKind is what answers on a port in the place of a modem. Its values are words that may be shown.
type StrangerKind string

// The kinds, "" for none: silence, or a modem.
const (
	StrangerNMEA    StrangerKind = "nmea"
	StrangerLogin   StrangerKind = "login"
	StrangerEcho    StrangerKind = "echo"
	StrangerPPP     StrangerKind = "ppp"
	StrangerBinary  StrangerKind = "binary"
	StrangerText    StrangerKind = "text"
	StrangerErrors  StrangerKind = "error" // to everything
	StrangerUnnamed StrangerKind = "unnamed"
)

// Stranger is something on the port that a handshake has shown to be no modem, or none that can be worked with.
type Stranger struct {
	Kind   StrangerKind
	Sample string // of what it said, printable and short; a position or what somebody typed is not in it
}

// stranger is a row of the table.
type stranger struct {
	kind   StrangerKind
	words  string                                       // what is there, for people
	advice string                                       // for a person
	port   string                                       // which port of a modem speaks so; "" when that does not tell
	power  bool                                         // it may be a modem that a loss of power cures
	find   func(h atcmd.Heard) (sample string, ok bool) // nil: not told by what was heard, but by the answers to commands
}

// strangers is the table of kinds, the surest sign first: who speaks NMEA at times sends binary UBX frames too, and a
// terminal echoes.
var strangers = []stranger{
	{kind: StrangerNMEA, words: "the port speaks NMEA (a GNSS receiver)", find: findNMEA, port: "the modem's GNSS port",
		advice: "This is the modem's GNSS port, or a GPS receiver. Set modem.port to the modem's AT port " +
			"(supersim-agent ports lists them) or to \"auto\"."},
	{kind: StrangerLogin, words: "a login prompt", find: findLogin,
		advice: "A getty runs on this UART: disable the serial console (raspi-config, Interface Options, Serial " +
			"Port: login shell No, hardware Yes) and restart."},
	{kind: StrangerEcho, words: "what is sent comes back, and nothing else", find: findEcho, power: true,
		advice: "TX and RX are connected with each other, or a modem that is off or in the wrong mode echoes: " +
			"check the wiring and jumpers, and switch the modem on (PWRKEY)."},
	{kind: StrangerPPP, words: "a modem in data mode: a PPP connection that a program left open", find: findPPP, power: true,
		advice: "Stop the program that dialled on this port (pppd, wvdial), then power-cycle the modem, or let " +
			"that program use the second AT port."},
	{kind: StrangerBinary, words: "binary data", find: findBinary, port: "the modem's diagnostic port",
		advice: "Wrong baud rate or the diagnostic port: check modem.baud, and on USB take the AT port " +
			"(supersim-agent ports lists them)."},
	{kind: StrangerText, words: "text that is no modem's", find: findText,
		advice: "Another device is on this port: set modem.port to the modem's AT port (supersim-agent ports lists them)."},
	{kind: StrangerErrors, words: "it answers ERROR to every command", power: true,
		advice: "Power-cycle it: switching the modem off and on brings back one whose firmware hangs. If it " +
			"stays so, another device is on this port."},
	{kind: StrangerUnnamed, words: "it answers AT and names no model", power: true,
		advice: "Another device with AT commands (Wi-Fi, Bluetooth, an old telephone modem) is on this port, or " +
			"a modem whose firmware hangs: check modem.port, then power-cycle it."},
}

func (k StrangerKind) row() stranger {
	for _, s := range strangers {
		if s.kind == k {
			return s
		}
	}
	return stranger{kind: k}
}

// Words says what is at the port: "the port speaks NMEA (a GNSS receiver)".
func (k StrangerKind) Words() string { return k.row().words }

// Advice says what a person should do about it. atPort is where the module that the port belongs to takes commands, ""
// when that is not known.
func (k StrangerKind) Advice(atPort string) string {
	r := k.row()
	if atPort == "" {
		return r.advice
	}
	return fmt.Sprintf("This is %s: use %s (set modem.port to it, or to \"auto\").",
		cmp.Or(r.port, "not the modem's AT port"), atPort)
}

// PowerHelps reports whether it may be a modem after its power was cut.
func (k StrangerKind) PowerHelps() bool { return k.row().power }

func (s Stranger) String() string {
	if s.Sample == "" {
		return s.Kind.Words()
	}
	return fmt.Sprintf("%s, it said %q", s.Kind.Words(), s.Sample)
}

// StrangerError is a handshake that failed because something else than a modem is at the port. Err is how it ended.
type StrangerError struct {
	Stranger
	Err error
}

func (e *StrangerError) Error() string { return e.String() + ": " + e.Err.Error() }
func (e *StrangerError) Unwrap() error { return e.Err }

const (
	strangerLasts = 3 * time.Second // a module that boots may make noise, but not for so long
	strangerFresh = 4 * time.Second // nor can noise that has ended speak for what is there now; a probe takes 2 s
)

// FindStranger says by what was heard who is at a port whose handshake has failed at the given time. The zero Stranger
// is silence, a modem that stopped answering, one that boots, or too little to tell.
func FindStranger(h atcmd.Heard, now time.Time) Stranger {
	if modemSpoke.Match(h.Tail) || now.Sub(h.Last) > strangerFresh {
		return Stranger{}
	}
	for _, s := range strangers {
		if s.find == nil {
			continue
		}
		if sample, ok := s.find(h); ok {
			return Stranger{Kind: s.kind, Sample: sample}
		}
	}
	return Stranger{}
}

// modemSpoke is what modems say and nobody else: results, labelled lines, the boot lines of the three makers.
var modemSpoke = regexp.MustCompile(`(?m)^[\r ]*(?:OK|RDY|APP RDY|SMS Ready|SMS DONE|PB DONE|Call Ready|` +
	`NORMAL POWER DOWN|POWERED DOWN|NO CARRIER|NO DIALTONE|\*ATREADY: 1|[+^]+[A-Z][A-Z0-9]+: ?.*|\^SYSSTART)[\r ]*$`)

var nmeaSentence = regexp.MustCompile(`[$!]([A-Z][A-Z0-9]{3,7}),[ -)+-~]*\*[0-9A-Fa-f]{2}`)

// findNMEA asks for two sentences with the right checksum (NMEA 0183: the XOR of what stands between $ and *). The
// sample is the sentence's name: the rest says where the device is.
func findNMEA(h atcmd.Heard) (sample string, ok bool) {
	good := 0
	for _, s := range nmeaSentence.FindAll(h.Tail, -1) {
		body, sum, _ := bytes.Cut(s[1:], []byte("*"))
		var x byte
		for _, c := range body {
			x ^= c
		}
		if fmt.Sprintf("%02X", x) == strings.ToUpper(string(sum)) {
			name, _, _ := bytes.Cut(s, []byte(","))
			sample, good = string(name), good+1
		}
	}
	return sample, good >= 2
}

// consoleSigns are what only a computer's console says: agetty's prompt, login(1), a shell that was given a command.
var consoleSigns = regexp.MustCompile(`(?m)^[\r ]*(?:[A-Za-z0-9.-]{1,64} login: ?|Password: ?|` +
	`Login incorrect|.{0,40}: (?:command )?not found)`)

func findLogin(h atcmd.Heard) (sample string, ok bool) {
	sign := consoleSigns.Find(h.Tail)
	return excerpt(sign), sign != nil
}

// echoed are the lines that a port and the handshake send.
var echoed = regexp.MustCompile(`^(?:AT(?:\+CMEE\?)?)$`)

// findEcho asks for three of our own lines, and for no other. The first may be a part of one: the tail is cut.
func findEcho(h atcmd.Heard) (sample string, ok bool) {
	lines := linesOf(h.Tail)
	for _, line := range lines {
		if !echoed.Match(line) {
			return "", false
		}
		sample = string(line)
	}
	return sample, len(lines) >= 3
}

// pppOpens begins each LCP packet as it is sent before anything was agreed (RFC 1662 §3.1, with the control byte escaped).
var pppOpens = []byte{0x7e, 0xff, 0x7d, 0x23, 0xc0, 0x21}

func findPPP(h atcmd.Heard) (sample string, ok bool) {
	return fmt.Sprintf("% x", pppOpens), bytes.Contains(h.Tail, pppOpens)
}

// findBinary asks for bytes that are no text, a quarter of all and for some time.
func findBinary(h atcmd.Heard) (sample string, ok bool) {
	strange := 0
	for _, c := range h.Tail {
		if !isText(c) {
			strange++
		}
	}
	head := h.Tail[:min(len(h.Tail), 8)]
	return fmt.Sprintf("% x", head), strange >= 12 && strange*4 >= len(h.Tail) && lasted(h)
}

// findText asks for several lines of text for some time that are neither an ERROR nor an echo of ours.
func findText(h atcmd.Heard) (sample string, ok bool) {
	count := 0
	for _, line := range linesOf(h.Tail) {
		if string(line) != "ERROR" && !echoed.Match(line) && len(line) >= 4 {
			sample, count = excerpt(line), count+1
		}
	}
	return sample, count >= 3 && lasted(h)
}

func lasted(h atcmd.Heard) bool { return h.Last.Sub(h.First) >= strangerLasts }

func isText(c byte) bool { return c >= ' ' && c <= '~' || c == '\r' || c == '\n' || c == '\t' }

// linesOf gives the lines that are not empty, without the blanks around them.
func linesOf(p []byte) (lines [][]byte) {
	for _, line := range bytes.FieldsFunc(p, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// excerpt is the beginning of a line as it may be shown: short and printable, without long numbers, which may be
// identifiers.
func excerpt(line []byte) string {
	const most = 40
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, string(bytes.TrimSpace(line)))
	s = atcmd.Mask(longNumber.ReplaceAllString(s, "*"))
	return s[:min(len(s), most)]
}

var longNumber = regexp.MustCompile(`[0-9]{6,}`)
