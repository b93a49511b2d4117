package modem_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// What was heard while AT+CMEE? was sent three times within six seconds, and who that is. The sentences are the
// examples of u-blox's protocol description, the LCP frame is pppd's first.
var overheard = map[string]struct {
	text string
	want modem.Stranger
}{
	"NMEA": {"\xb5\x62K,1.2,M,,*4A\r\n$GPGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*5B\r\n" +
		"$GNRMC,083559.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091202,,,A*49\r\n",
		modem.Stranger{Kind: modem.StrangerNMEA, Sample: "$GNRMC"}},
	"one sentence":                   {"$GPGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*5B\r\n", modem.Stranger{}},
	"sentences with wrong checksums": {strings.Repeat("$GPGGA,092725.00,,,,,0,,,,,,,,*00\r\n", 2), modem.Stranger{}},
	"agetty, waiting": {"\r\nraspberrypi login: AT+CMEE?\r\nPassword: ",
		modem.Stranger{Kind: modem.StrangerLogin, Sample: "raspberrypi login:"}},
	"agetty, in its middle": {"\r\nLogin incorrect\r\npi-12.home login: ",
		modem.Stranger{Kind: modem.StrangerLogin, Sample: "Login incorrect"}},
	"password asked": {"AT+CMEE?\r\nPassword: ", modem.Stranger{Kind: modem.StrangerLogin, Sample: "Password:"}},
	"a shell": {"AT+CMEE?\r\n-bash: AT+CMEE?: command not found\r\npi@raspberrypi:~ $ ",
		modem.Stranger{Kind: modem.StrangerLogin, Sample: "-bash: AT+CMEE?: command not found"}},
	"echo":          {"AT+CMEE?\rAT+CMEE?\rAT+CMEE?\r", modem.Stranger{Kind: modem.StrangerEcho, Sample: "AT+CMEE?"}},
	"echo, twice":   {"AT+CMEE?\rAT+CMEE?\r", modem.Stranger{}},
	"echo and more": {"AT+CMEE?\rAT+CMEE?\rAT+CMEE?\rfoo", modem.Stranger{}},
	"binary": {strings.Repeat("\x7e\x13\x00\xe1\xf4 7", 8),
		modem.Stranger{Kind: modem.StrangerBinary, Sample: "7e 13 00 e1 f4 20 37 7e"}},
	"PPP": {"~\xff}#\xc0!}!}!} }8}!}$}%\xdc}\"}&} } } } }%}&\x9a\x11~",
		modem.Stranger{Kind: modem.StrangerPPP, Sample: "7e ff 7d 23 c0 21"}},
	"text": {strings.Repeat("T=21.5 id 8988307000001234567\r\n", 3),
		modem.Stranger{Kind: modem.StrangerText, Sample: "T=21.5 id *"}},
	"silence":                    {"", modem.Stranger{}},
	"errors":                     {strings.Repeat("\r\nERROR\r\n", 5), modem.Stranger{}}, // the answers tell, not the noise
	"a modem's banner":           {"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n", modem.Stranger{}},
	"banner behind noise":        {"\x00\xff\xfe\x80\x81\x82\x00\xff\xfe\x80\x81\x82\r\nRDY\r\n", modem.Stranger{}},
	"NMEA on a modem's own port": {strings.Repeat("$GPGGA,,,,,,0,,,,,,,,*66\r\n", 3) + "+CREG: 2\r\n", modem.Stranger{}},
}

func TestFindStranger(t *testing.T) {
	now := time.Now()
	for name, c := range overheard {
		t.Run(name, func(t *testing.T) {
			h := atcmd.Heard{Tail: []byte(c.text), First: now.Add(-7 * time.Second), Last: now.Add(-2 * time.Second)}
			if got := modem.FindStranger(h, now); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			h.Last = now.Add(-6 * time.Second)
			if got := modem.FindStranger(h, now); got.Kind != "" {
				t.Errorf("silent for six seconds, and still %+v", got)
			}
		})
	}
	// One burst, as of a module that gets power, is no stranger.
	for _, text := range []string{overheard["binary"].text, overheard["text"].text} {
		if got := modem.FindStranger(atcmd.Heard{Tail: []byte(text), First: now.Add(-time.Second), Last: now}, now); got.Kind != "" {
			t.Errorf("%q within a second: %+v", text, got)
		}
	}
}

// Every kind has words and advice, and its error shows what was said without what must not be shown.
func TestStrangersAreExplained(t *testing.T) {
	for _, k := range []modem.StrangerKind{modem.StrangerNMEA, modem.StrangerLogin, modem.StrangerEcho, modem.StrangerPPP,
		modem.StrangerBinary, modem.StrangerText, modem.StrangerErrors, modem.StrangerUnnamed} {
		if k.Words() == "" || k.Advice("") == "" || !strings.Contains(k.Advice("/dev/ttyUSB2"), "use /dev/ttyUSB2 ") {
			t.Errorf("%s: %q, %q, %q", k, k.Words(), k.Advice(""), k.Advice("/dev/ttyUSB2"))
		}
	}
	err := &modem.StrangerError{Stranger: modem.Stranger{Kind: modem.StrangerNMEA, Sample: "$GPGGA"}, Err: atcmd.ErrDead}
	if got := err.Error(); !strings.Contains(got, "NMEA") || !strings.Contains(got, `"$GPGGA"`) || !errors.Is(err, atcmd.ErrDead) {
		t.Error(got)
	}
}

// chatter is a transport at whose other end is no modem: it says something of itself, and something for each line.
type chatter struct {
	*fakeModem
	reply func(line string) string
	got   []string
}

func (c *chatter) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.partial += string(p)
	for {
		line, rest, ok := strings.Cut(c.partial, "\r")
		if !ok {
			return len(p), nil
		}
		c.partial = rest
		c.got = append(c.got, line)
		if text := c.reply(line); text != "" {
			c.out <- []byte(text)
		}
	}
}

func always(text string) func(string) string { return func(string) string { return text } }

// Whatever is there instead of a modem: it gets harmless questions only, few of them, and it is named.
func TestAttachNamesStrangers(t *testing.T) {
	named := func(line string) string { return map[string]string{"AT": "\r\nOK\r\n", "AT+CMEE?": "\r\nOK\r\n"}[line] }
	for name, c := range map[string]struct {
		reply func(string) string
		want  modem.StrangerKind
		most  int // lines
	}{
		"nmea":                   {always(overheard["NMEA"].text), modem.StrangerNMEA, 3},
		"login":                  {func(l string) string { return l + "\r\nPassword: " }, modem.StrangerLogin, 3},
		"echo":                   {func(l string) string { return l + "\r" }, modem.StrangerEcho, 3},
		"binary":                 {always(overheard["binary"].text), modem.StrangerBinary, 3},
		"error":                  {always("\r\nERROR\r\n"), modem.StrangerErrors, 5},
		"error with echo":        {func(l string) string { return l + "\r\r\nERROR\r\n" }, modem.StrangerErrors, 4},
		"AT, but no name":        {func(l string) string { return named(l) + map[bool]string{true: "\r\nERROR\r\n"}[named(l) == ""] }, modem.StrangerUnnamed, 6},
		"OK to everything":       {always("\r\nOK\r\n"), modem.StrangerUnnamed, 6},
		"a module that boots":    {always(""), "", 30},
		"one burst of noise":     {onceOnly(overheard["binary"].text), "", 30},
		"a banner, then nothing": {onceOnly("\r\nRDY\r\n\r\n+CFUN: 1\r\n"), "", 30},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				far := &chatter{fakeModem: newFake(nil), reply: c.reply}
				port := atcmd.New(far, atcmd.Options{Resync: true, BootTime: modem.LongestBoot(allDialects)})
				defer port.Close()
				_, err := modem.NewDriver(port, allDialects).Attach(t.Context())
				s, _ := errors.AsType[*modem.StrangerError](err)
				switch {
				case err == nil:
					t.Error("attached")
				case c.want == "" && s != nil, c.want != "" && (s == nil || s.Kind != c.want):
					t.Errorf("got %v, want %q", err, c.want)
				}
				far.mu.Lock()
				defer far.mu.Unlock()
				if len(far.got) > c.most {
					t.Errorf("%d lines were sent: %q", len(far.got), far.got)
				}
				for _, line := range far.got {
					if line != "AT" && line != "AT+CMEE?" && line != "AT+CGMM" {
						t.Errorf("%s was sent to something that is no modem", line)
					}
				}
			})
		})
	}
}

func onceOnly(text string) func(string) string {
	said := false
	return func(string) string {
		if said {
			return ""
		}
		said = true
		return text
	}
}

// A module that refuses two ATs because of its own noise, and the question for its name once, is a modem.
func TestAttachForgivesABoot(t *testing.T) {
	onModem(t, merge(session, ec25, map[string]string{"AT+CGMM": "ERROR|EG25"}), func(t *testing.T, d *modem.Driver, m *fakeModem) {
		m.refuse = 2
		if id, err := d.Attach(t.Context()); err != nil || id.Model != "EG25" {
			t.Errorf("%+v, %v", id, err)
		}
	})
}

// Who gives up before the second question has not shown that it is a stranger.
func TestNoStrangerWhenCancelled(t *testing.T) {
	onModem(t, nil, func(t *testing.T, d *modem.Driver, _ *fakeModem) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := d.Attach(ctx)
		if s, ok := errors.AsType[*modem.StrangerError](err); err == nil || ok {
			t.Errorf("got %v, %v", err, s)
		}
	})
}

// Anything may be heard. Who is named has words, and his sample may be shown.
func FuzzFindStranger(f *testing.F) {
	for _, c := range overheard {
		f.Add([]byte(c.text), int64(5000))
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, tail []byte, ms int64) {
		h := atcmd.Heard{Tail: tail, Last: now.Add(-time.Second)}
		h.First = h.Last.Add(-time.Duration(ms) * time.Millisecond)
		s := modem.FindStranger(h, now)
		if s.Kind != "" && s.Kind.Words() == "" || s.Kind == "" && s.Sample != "" {
			t.Errorf("%+v", s)
		}
		if len(s.Sample) > 64 || strings.ContainsFunc(s.Sample, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("sample %q", s.Sample)
		}
		if s.Kind == modem.StrangerBinary && ms < 3000 {
			t.Errorf("%d ms are enough for %+v", ms, s)
		}
	})
}
