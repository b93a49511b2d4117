package modem_test

import (
	"strings"
	"testing"

	"supersim-agent/modem"
)

// TestClassify: what is at the port is told from what it sends, and a modem that boots is not taken for something else.
func TestClassify(t *testing.T) {
	for name, c := range map[string]struct {
		heard string
		want  modem.Stranger
	}{
		"silence":             {"", modem.NoStranger},
		"GNSS, Quectel":       {"$GPVTG,,T,,M,,N,,K,N*2C\r\n$GPGSA,A,1,,,,,,,,,,,,,,,*1E\r\n", modem.NMEA},
		"GNSS, u-blox":        {"\x00\xb5$GNRMC,083559.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091202,,,A,V*57\r\n", modem.NMEA},
		"agetty":              {"\r\nDebian GNU/Linux 12 raspberrypi ttyS0\r\n\r\nraspberrypi login: AT\r\nPassword: ", modem.Login},
		"agetty, second try":  {"\r\n\r\nLogin incorrect\r\n", modem.Login},
		"a shell":             {"pi@raspberrypi:~$ AT\r\n-bash: AT: command not found\r\n", modem.Login},
		"busybox":             {"/ # AT\r\nsh: AT: not found\r\n", modem.Login},
		"ERROR to everything": {"AT\r\r\nERROR\r\nAT\r\r\nERROR\r\n\r\nERROR\r\n", modem.Refuser},
		"refused twice":       {"\r\nERROR\r\n\r\nERROR\r\n", modem.NoStranger},
		"refused, then well":  {"\r\nERROR\r\n\r\nERROR\r\n\r\nERROR\r\n\r\nOK\r\n", modem.NoStranger},
		"wire loop":           {"AT\rAT\rAT+CMEE?\rAT+CMEE?\r", modem.Echo},
		"echo, and a banner":  {"AT\r\r\nRDY\r\n", modem.NoStranger},
		"boot banner":         {"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n", modem.NoStranger},
		"a little boot noise": {"\x00\xff\xfe\r\nRDY\r\n", modem.NoStranger},
		"another speed":       {strings.Repeat("\x80\xf8\x00\x78\xe6", 10), modem.Binary},
		"diagnostic port":     {strings.Repeat("\x7e\x13\x00\x00\xd4\x7e", 6), modem.Binary},
		"UTF-8 is text":       {strings.Repeat("grüß dich ", 9), modem.NoStranger},
	} {
		t.Run(name, func(t *testing.T) {
			got := modem.Classify([]byte(c.heard))
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got != modem.NoStranger && (got.String() == "" || got.Advice() == "") {
				t.Errorf("%q has no words", got)
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	f.Add([]byte("$GPGGA,1*00\r\nlogin: \x80"))
	f.Fuzz(func(t *testing.T, heard []byte) {
		kind := modem.Classify(heard)
		if again := modem.Classify(heard); again != kind {
			t.Errorf("%q, then %q", kind, again)
		}
		if kind != modem.NoStranger && kind.String() == "" {
			t.Errorf("%q has no words", kind)
		}
	})
}
