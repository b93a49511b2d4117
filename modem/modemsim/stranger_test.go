package modemsim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// exchange sends a line and returns what came in the ten seconds after it.
func (b *bench) exchange(line string) string {
	before := len(b.heard())
	if _, err := b.rw.Write([]byte(line)); err != nil {
		b.t.Fatal(err)
	}
	b.wait(10 * time.Second)
	return b.heard()[before:]
}

func TestNMEASentences(t *testing.T) {
	play(t, "[module]\nspeaks = \"nmea\"", func(b *bench) {
		b.wait(time.Minute + 500*time.Millisecond)
		b.exchange("AT\r")
		list := regexp.MustCompile(`(?m)^\$(\w+),(.*)\*([0-9A-F]{2})\r$`).FindAllStringSubmatch(b.heard(), -1)
		kinds := map[string]int{}
		for _, s := range list {
			sum := 0
			for _, c := range s[1] + "," + s[2] {
				sum ^= int(c)
			}
			if fmt.Sprintf("%02X", sum) != s[3] {
				t.Errorf("checksum of %s is %02X", s[0], sum)
			}
			kinds[s[1]]++
		}
		if n := strings.Count(b.heard(), "\n"); kinds["GPGGA"] != 71 || kinds["GNRMC"] != 71 || n != len(list) {
			t.Errorf("%v in %d lines", kinds, n)
		}
	})
}

// The prompt's dialogue as agetty and login(1) hold it, the password unseen.
func TestLoginPrompt(t *testing.T) {
	play(t, "[module]\nspeaks = \"login\"", func(b *bench) {
		b.wait(time.Second)
		if got := b.heard(); !strings.HasSuffix(got, "\r\nraspberrypi login: ") {
			t.Errorf("at first %q", got)
		}
		for _, c := range [][2]string{
			{"\r", "\r\nraspberrypi login: "},
			{"AT+CMEE?\r", "AT+CMEE?\r\nPassword: "},
			{"AT+CMEE?\r", "\r\n\r\nLogin incorrect\r\nraspberrypi login: "},
			{"AT\rAT\rAT\r", "AT\r\nPassword: \r\n\r\nLogin incorrect\r\nraspberrypi login: AT\r\nPassword: "},
		} {
			if got := b.exchange(c[0]); got != c[1] {
				t.Errorf("%q is answered %q", c[0], got)
			}
		}
		before := len(b.heard())
		b.wait(3 * time.Minute)
		got, late := b.heard()[before:], "\r\nLogin timed out after 60 seconds.\r\n"
		if !strings.HasPrefix(got, late) || !strings.HasSuffix(got, " login: ") {
			t.Errorf("after a minute %q", got)
		}
	})
}

func TestEchoBinaryAndErrors(t *testing.T) {
	for speaks, want := range map[string]string{"echo": "AT\r", "error": "AT\r\r\nERROR\r\n"} {
		play(t, "[module]\nspeaks = \""+speaks+"\"", func(b *bench) {
			b.wait(time.Minute)
			if got := b.exchange("AT\r"); got != want || b.heard() != want {
				t.Errorf("%s: %q, in all %q", speaks, got, b.heard())
			}
		})
	}
	play(t, "[module]\nspeaks = \"binary\"", func(b *bench) {
		b.wait(time.Minute)
		strange := strings.Count(strings.Map(func(r rune) rune {
			if r >= ' ' && r <= '~' {
				return -1
			}
			return 'x'
		}, b.heard()), "x")
		if strange*3 < len(b.heard()) || len(b.heard()) < 500 {
			t.Errorf("%d of %d bytes are no text", strange, len(b.heard()))
		}
	})
}

// What a stranger got is counted apart, and what the modem behind it does is not seen until it is there.
func TestStrangerGivesWay(t *testing.T) {
	play(t, "[module]\nspeaks = \"nmea\"\n[[at]]\ntime = \"2m\"\nset.modem.speaks = \"modem\"", func(b *bench) {
		b.wait(time.Minute)
		b.exchange("AT\rAT+CFUN=0\r")
		s := b.w.Stats()
		if s.StrangerLines != 2 || !slices.Equal(s.StrangerGot, []string{"AT", "AT+CFUN=0"}) || len(s.Commands) != 0 {
			t.Errorf("%d lines %q, the modem got %v", s.StrangerLines, s.StrangerGot, s.Commands)
		}
		b.wait(2 * time.Minute)
		before := len(b.heard())
		b.want("AT+CFUN?", "+CFUN: 1")
		b.wait(4 * time.Minute)
		if got := b.heard()[before:]; strings.Contains(got, "$G") || b.w.Stats().StrangerLines != 2 {
			t.Errorf("the receiver is still there: %q", got)
		}
	})
}

// A modem with a hung interpreter is cured by a loss of power, and by nothing less.
func TestPowerCuresErrors(t *testing.T) {
	play(t, "[module]\nspeaks = \"error\"", func(b *bench) {
		b.wait(time.Minute)
		b.w.ResetPulse()
		b.wait(2 * time.Minute)
		if got := b.exchange("AT\r"); !strings.Contains(got, "ERROR") {
			t.Errorf("after a reset: %q", got)
		}
		b.w.PowerOff()
		if got := b.exchange("AT\r"); got != "" {
			t.Errorf("without power: %q", got)
		}
		b.w.PowerOn()
		b.wait(4 * time.Minute)
		b.want("AT", "OK")
	})
}
