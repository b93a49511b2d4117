package agent

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
	"supersim-agent/modem/modemsim"
)

// onlyQuestions: whatever is no modem got AT and the two questions of a greeting, and nothing that could set anything.
func onlyQuestions(t *testing.T, w *modemsim.World) {
	t.Helper()
	for _, line := range w.Stats().StrangerGot {
		if line != "AT" && line != "AT+CMEE?" && line != "AT+CGMM" {
			t.Errorf("%q was sent to something that is no modem", line)
		}
	}
}

// onStranger runs an agent without power control on a port where something else than a modem is.
func onStranger(t *testing.T, speaks string, f func(a *Agent, w *modemsim.World)) {
	t.Helper()
	s, err := modemsim.ParseScenario("stranger", []byte("[module]\nspeaks = \""+speaks+"\"\napn = \"internet\""))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		world := modemsim.NewWorld(s, nil)
		cfg := testConfig()
		cfg.Policy.Power = false
		a := New(cfg, Deps{
			Open: func(context.Context) (atcmd.Transport, string, error) { return openPipe(world) },
			Greeted: func(g Greeting) Elsewhere {
				return Elsewhere{ATPort: map[string]string{"nmea": "/dev/ttyUSB2"}[string(g.Stranger)]}
			},
			Dialects: allDialects(), NTP: func() bool { return true }, Log: zerolog.New(io.Discard),
		})
		ended := make(chan struct{}, 2)
		go func() { world.Run(ctx); ended <- struct{}{} }()
		go func() { a.Run(ctx); ended <- struct{}{} }()
		f(a, world)
		onlyQuestions(t, world)
		cancel()
		<-ended
		<-ended
	})
}

// A stranger costs a handful of lines a minute once it is known, and a dozen or so before.
func TestStrangersCostLittle(t *testing.T) {
	for _, speaks := range []string{"nmea", "login", "echo", "binary", "error"} {
		t.Run(speaks, func(t *testing.T) {
			onStranger(t, speaks, func(_ *Agent, w *modemsim.World) {
				before := 0
				for minute := range 20 {
					<-time.After(time.Minute) // virtual time
					n := w.Stats().StrangerLines
					most := 6
					if minute == 0 {
						most = 15
					}
					if n-before > most || n == 0 {
						t.Errorf("minute %d: %d lines", minute, n-before)
					}
					before = n
				}
			})
		})
	}
}

// The status says in words what is at the port and what to do, names the AT port when it is known, and refuses to send a
// person's command there.
func TestStatusNamesTheStranger(t *testing.T) {
	for speaks, want := range map[modem.StrangerKind][2]string{
		modem.StrangerNMEA:   {"the port speaks NMEA (a GNSS receiver)", "This is the modem's GNSS port: use /dev/ttyUSB2"},
		modem.StrangerLogin:  {"a login prompt", "raspi-config"},
		modem.StrangerEcho:   {"what is sent comes back, and nothing else", "TX and RX are connected"},
		modem.StrangerBinary: {"binary data", "Wrong baud rate or the diagnostic port"},
		modem.StrangerErrors: {"it answers ERROR to every command", "Power-cycle it"},
	} {
		t.Run(string(speaks), func(t *testing.T) {
			onStranger(t, string(speaks), func(a *Agent, _ *modemsim.World) {
				<-time.After(45 * time.Second) // virtual time
				v := a.Status().Verdict
				if v.Code != "not-a-modem" || len(v.Evidence) != 1 {
					t.Fatalf("verdict %+v", v)
				}
				for _, text := range []string{v.Summary, v.Evidence[0].Fact} {
					if !strings.Contains(text, want[0]) {
						t.Errorf("%q does not say %q", text, want[0])
					}
				}
				if !strings.HasPrefix(v.Evidence[0].Fact, string(speaks)+": ") || !strings.Contains(v.Advice, want[1]) {
					t.Errorf("evidence %q, advice %q", v.Evidence[0].Fact, v.Advice)
				}
				if _, err := ask(context.Background(), a, "AT+CFUN=0", true); problemCode(err) != "no-modem" {
					t.Errorf("a person's command: %v", err)
				}
			})
		})
	}
}
