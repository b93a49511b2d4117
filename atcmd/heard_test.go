package atcmd_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/atcmd"
)

// says starts a port on something that says a text for each line it gets.
func says(t *testing.T, text string, o atcmd.Options) *atcmd.Port {
	t.Helper()
	p, _ := start(t, func(string) (string, time.Duration) { return text, time.Millisecond }, o)
	return p
}

// What is there instead of a modem is given up after three probes, and what it said can still be read: its last KiB.
func TestHeardOutlivesADeadPort(t *testing.T) {
	for name, text := range map[string]string{
		"lines": strings.Repeat("\r\n$GPGGA,,,,\r\n", 60), "no line ends": strings.Repeat("\x7e\x81", 300),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := says(t, text, atcmd.Options{Resync: true, BootTime: time.Minute})
				<-p.Done()
				h, sent := p.Heard(), p.Stats().Probes
				all := bytes.Repeat([]byte(text), int(sent))
				if want := all[len(all)-1024:]; !bytes.Equal(h.Tail, want) {
					t.Errorf("tail of %d bytes: %q", len(h.Tail), h.Tail)
				}
				if sent != 3 || !h.First.After(began) || h.Last.Sub(h.First) < 3*time.Second || h.Last.After(time.Now()) {
					t.Errorf("%d probes, heard from %v to %v", sent, h.First.Sub(began), h.Last.Sub(began))
				}
			})
		})
	}
}

// A few bytes that a module makes when it gets power do not shorten the patience with its boot.
func TestSpuriousBytesAreNoVoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := says(t, "\x00", atcmd.Options{Resync: true, BootTime: 20 * time.Second})
		<-p.Done()
		if took := time.Since(began); took < 20*time.Second {
			t.Errorf("given up after %v", took)
		}
	})
}

// A modem is not overheard: the first good answer ends it. Nor is what a secret may be echoed in.
func TestHeardEnds(t *testing.T) {
	for _, c := range []struct {
		name, text string
		commands   []atcmd.Cmd
		want       string
	}{
		{"refused", "\r\nERROR\r\n", []atcmd.Cmd{{Text: "AT"}}, "\r\nERROR\r\n"},
		{"answered", "\r\nOK\r\n", []atcmd.Cmd{{Text: "AT"}, {Text: "AT"}}, ""},
		{"secret by its name", "AT+CPIN=1234\r\r\nERROR\r\n", []atcmd.Cmd{{Text: "AT+CPIN=1234"}}, ""},
		{"secret by the caller", "AT+X=1234\r\r\nERROR\r\n", []atcmd.Cmd{{Text: "AT"}, {Text: "AT+X=1234", Secret: true}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := says(t, c.text, atcmd.Options{})
				for _, cmd := range c.commands {
					p.Exec(t.Context(), cmd) //nolint:errcheck // refused on purpose
				}
				if got := string(p.Heard().Tail); got != c.want {
					t.Errorf("heard %q", got)
				}
			})
		})
	}
}
