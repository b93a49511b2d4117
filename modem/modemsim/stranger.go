package modemsim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// stranger is what is at the port while the scenario says that it is no modem ([module] speaks).
type stranger struct {
	c      *core
	dice   *rand.Rand
	talk   *task
	speaks string
	typed  string // of the line that is being entered
	asks   bool   // login: for the password
	fixes  int
}

// tongue is one kind: what it sends by itself, if anything, and what it makes of a byte.
type tongue struct {
	every time.Duration
	says  func(*stranger) string
	key   func(*stranger, byte) string
}

var tongues = map[string]tongue{
	"nmea":   {every: time.Second, says: (*stranger).position},
	"login":  {key: (*stranger).login},
	"error":  {key: func(s *stranger, b byte) string { return s.line(b, func(string) string { return "\r\nERROR\r\n" }) }},
	"echo":   {key: func(_ *stranger, b byte) string { return string([]byte{b}) }},
	"binary": {every: 150 * time.Millisecond, says: (*stranger).frames},
}

const mostKept = 4 << 10

// settle follows the scenario.
func (s *stranger) settle() {
	now := s.c.live.Module.Speaks
	if now == s.speaks {
		return
	}
	s.talk.stop()
	s.speaks, s.typed, s.asks = now, "", false
	if now == "login" {
		s.send("\r\nDebian GNU/Linux 12 raspberrypi ttyS0\r\n\r\nraspberrypi login: ")
	}
	if tongues[now].every > 0 {
		s.talks()
	}
}

// talks goes on for as long as the same is at the port.
func (s *stranger) talks() {
	t := tongues[s.speaks]
	s.send(t.says(s))
	s.talk = s.c.in(t.every, s.talks)
}

// hears takes what the host sends, if it is not for a modem.
func (s *stranger) hears(in []byte) bool {
	if s.speaks == "at" {
		return false
	}
	stats := &s.c.stats
	stats.ToStranger += string(in[:min(len(in), max(0, mostKept-len(stats.ToStranger)))])
	if key := tongues[s.speaks].key; key != nil {
		for _, b := range in {
			s.send(key(s, b))
		}
	}
	return true
}

func (s *stranger) send(text string) {
	if text != "" && !s.c.portGone {
		s.c.effects = append(s.c.effects, effect{write: []byte(text)})
	}
}

// line collects a line, echoing it, and answers it.
func (s *stranger) line(b byte, answer func(string) string) string {
	if b != '\r' {
		s.typed += string([]byte{b})
		return string([]byte{b})
	}
	typed := s.typed
	s.typed = ""
	return "\r" + answer(typed)
}

// login is agetty(8) and login(1): the name is echoed, the password is not.
func (s *stranger) login(b byte) string {
	if !s.asks {
		return s.line(b, func(name string) string {
			if name == "" {
				return "\nraspberrypi login: "
			}
			s.asks = true
			return "\nPassword: "
		})
	}
	if b == '\r' {
		s.asks = false
		return "\r\n\r\nLogin incorrect\r\nraspberrypi login: "
	}
	return ""
}

// position is what a receiver without a fix sends each second (IEC 61162-1).
func (s *stranger) position() string {
	s.fixes++
	clock := fmt.Sprintf("%06d.00", s.fixes%60)
	var b strings.Builder
	for _, body := range []string{"GPGGA," + clock + ",,,,,0,00,99.99,,,,,,", "GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99",
		"GPRMC," + clock + ",V,,,,,,,010126,,,N"} {
		sum := byte(0)
		for i := range len(body) {
			sum ^= body[i]
		}
		fmt.Fprintf(&b, "$%s*%02X\r\n", body, sum)
	}
	return b.String()
}

// frames is a diagnostic port, or text at another speed.
func (s *stranger) frames() string {
	out := []byte{0x7E}
	for range 12 {
		out = append(out, byte(0x80+s.dice.IntN(0x80)))
	}
	return string(append(out, 0x7E))
}
