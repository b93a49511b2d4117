package modemsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// What can be on the port: module.speaks. Everything but a modem is a stranger: it hears what the host sends in the
// modem's place, and what the modem says does not reach the host.
const (
	speaksModem  = "modem"
	speaksNMEA   = "nmea"   // the module's GNSS port, or a receiver: sentences every second, deaf
	speaksLogin  = "login"  // agetty and login(1) on the UART
	speaksEcho   = "echo"   // TX and RX connected
	speaksBinary = "binary" // a diagnostic port, or another baud rate
	speaksError  = "error"  // the modem itself with a firmware that hangs: ERROR to every line, until its power is cut
)

var speakers = []string{speaksModem, speaksNMEA, speaksLogin, speaksEcho, speaksBinary, speaksError}

const (
	maxStrangerLines = 256
	loginDelay       = 2 * time.Second // pam_unix waits so long after a wrong password
	loginTimeout     = time.Minute     // LOGIN_TIMEOUT of login.defs
)

// other is the stranger on the port.
type other struct {
	c       *core
	dice    *rand.Rand
	typed   []byte // the line being typed
	name    bool   // login: a name was given, the password is asked for
	checks  bool   // login: the password is being checked; what is typed meanwhile waits
	waiting []byte
	next    *task // what it says of itself
	timeout *task // login
}

func newOther(c *core) other { return other{c: c, dice: dice(c.live.Seed, 4)} }

func (o *other) present() bool {
	s := o.c.live.Module.Speaks
	return s != speaksModem && s != "" // of a Scenario that was not parsed
}

// appear begins what is on the port now, and ends what was there before.
func (o *other) appear() {
	o.next.stop()
	o.timeout.stop()
	*o = other{c: o.c, dice: o.dice}
	if o.present() {
		o.c.say("scenario", "on the port is no modem, but: %s", o.c.live.Module.Speaks)
	}
	switch o.c.live.Module.Speaks {
	case speaksNMEA:
		o.sentences()
	case speaksBinary:
		o.frames()
	case speaksLogin:
		o.prompt()
	}
}

func (o *other) write(text string) {
	if !o.c.portGone {
		o.c.effects = append(o.c.effects, effect{write: []byte(text)})
	}
}

// input takes bytes from the host.
func (o *other) input(in []byte) {
	if o.checks {
		o.waiting = append(o.waiting, in[:min(len(in), maxTyped-len(o.waiting))]...)
		return
	}
	if o.c.live.Module.Speaks == speaksEcho {
		o.write(string(in))
	}
	for i, b := range in {
		if b != '\r' && b != '\n' {
			if len(o.typed) < maxTyped {
				o.typed = append(o.typed, b)
			}
			o.show(string(b))
			continue
		}
		line := string(o.typed)
		o.typed = o.typed[:0]
		o.enter(line)
		if o.checks {
			o.input(in[i+1:])
			return
		}
	}
}

// show echoes what is typed at the login prompt; a password is not shown.
func (o *other) show(typed string) {
	if o.c.live.Module.Speaks == speaksLogin && !o.name {
		o.write(typed)
	}
}

// enter takes a line. All of them are counted, and the last are kept for tests.
func (o *other) enter(line string) {
	s := &o.c.stats
	s.StrangerLines++
	s.StrangerGot = append(s.StrangerGot, line)
	if extra := len(s.StrangerGot) - maxStrangerLines; extra > 0 {
		s.StrangerGot = slices.Delete(s.StrangerGot, 0, extra)
	}
	switch o.c.live.Module.Speaks {
	case speaksLogin:
		o.login(line)
	case speaksError:
		o.refuse(line)
	case speaksBinary:
		o.next.stop()
		o.frames()
	}
}

// refuse answers as a modem whose command interpreter hangs. One without power says nothing.
func (o *other) refuse(line string) {
	if o.c.mod.power == off {
		return
	}
	if o.c.live.Module.Echo {
		o.write(line + "\r")
	}
	o.c.in(between(o.dice, 2*time.Millisecond, 40*time.Millisecond), func() {
		if o.c.live.Module.Speaks == speaksError && o.c.mod.power != off {
			o.write(frame("ERROR"))
		}
	})
}

// login is agetty's prompt for the name and login(1)'s for the password. Nobody gets in.
func (o *other) login(line string) {
	if !o.name {
		o.write("\r\n")
		if line == "" {
			o.write("raspberrypi login: ")
			return
		}
		o.name = true
		o.write("Password: ")
		o.timeout = o.c.in(loginTimeout, func() {
			o.write("\r\nLogin timed out after 60 seconds.\r\n")
			o.name, o.typed = false, nil
			o.prompt()
		})
		return
	}
	o.timeout.stop()
	o.write("\r\n")
	o.checks = true
	o.next = o.c.in(loginDelay, func() {
		o.write("\r\nLogin incorrect\r\nraspberrypi login: ")
		waiting := o.waiting
		o.name, o.checks, o.waiting = false, false, nil
		o.input(waiting)
	})
}

// prompt is how agetty introduces itself.
func (o *other) prompt() {
	o.write("\r\nDebian GNU/Linux 12 raspberrypi ttyS0\r\n\r\nraspberrypi login: ")
}

// sentences are those of a receiver without a fix, and go on as long as it is there.
func (o *other) sentences() {
	at := o.c.now.UTC()
	clock, date := at.Format("150405.00"), at.Format("020106")
	for _, body := range []string{
		"GPGGA," + clock + ",,,,,0,00,99.99,,,,,,", "GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99", "GPGSV,1,1,00",
		"GNRMC," + clock + ",V,,,,,,," + date + ",,,N",
	} {
		o.write(fmt.Sprintf("$%s*%02X\r\n", body, checksum(body)))
	}
	o.next = o.c.in(time.Second, o.sentences)
}

// checksum is that of NMEA 0183: all characters between $ and *, XOR.
func checksum(body string) (sum byte) {
	for i := range len(body) {
		sum ^= body[i]
	}
	return sum
}

// frames are of random bytes, as of any protocol that is no text, or of text at another speed.
func (o *other) frames() {
	var out strings.Builder
	for range 8 + o.dice.IntN(40) {
		out.WriteByte(byte(o.dice.IntN(256)))
	}
	o.write(out.String())
	o.next = o.c.in(between(o.dice, 300*time.Millisecond, 1500*time.Millisecond), o.frames)
}
