package modemsim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bench is a world in virtual time with a host that keeps everything it reads.
type bench struct {
	t       *testing.T
	w       *World
	rw      io.ReadWriteCloser
	mu      sync.Mutex // guards the rest: the reader and Run write, the test reads
	text    strings.Builder
	bodies  [][]byte
	moments []Moment
}

// event is what the tests look at in a body; decoded here on purpose without the package's own types.
type event struct {
	ID, Type, Source, SpecVersion string
	Data                          map[string]any
}

// play runs f against a world made from a scenario text, in a bubble of virtual time.
func play(t *testing.T, scenario string, f func(b *bench)) {
	t.Helper()
	s, err := ParseScenario("test.toml", []byte(scenario))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { withWorld(t, s, f) })
}

func withWorld(t *testing.T, s *Scenario, f func(b *bench)) {
	b := &bench{t: t, w: NewWorld(s, nil)}
	b.w.OnEvents(func(body []byte) { b.mu.Lock(); b.bodies = append(b.bodies, body); b.mu.Unlock() })
	b.w.Narrate(func(m Moment) { b.mu.Lock(); b.moments = append(b.moments, m); b.mu.Unlock() })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	b.connect()
	go func() { done <- b.w.Run(ctx) }()
	f(b)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	_ = b.rw.Close()
	synctest.Wait()
}

func (b *bench) connect() {
	b.rw = b.w.Pipe()
	go func(rw io.Reader) {
		buf := make([]byte, 256)
		for {
			n, err := rw.Read(buf)
			b.mu.Lock()
			b.text.Write(buf[:n])
			b.mu.Unlock()
			if err != nil {
				return
			}
		}
	}(b.rw)
}

func (b *bench) heard() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *bench) events() []event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []event
	for _, body := range b.bodies {
		var list []event
		if err := json.Unmarshal(body, &list); err != nil {
			b.t.Errorf("body %s: %v", body, err)
		}
		out = append(out, list...)
	}
	return out
}

// kinds are the suffixes of the events so far, with the error code where there is one.
func (b *bench) kinds() []string {
	var out []string
	for _, e := range b.events() {
		_, kind, _ := strings.Cut(e.Type, "supersim.connection.")
		if fault, ok := e.Data["error"].(map[string]any); ok {
			kind += fmt.Sprintf(" %v", fault["code"])
		}
		out = append(out, kind)
	}
	return out
}

func (b *bench) story() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	for _, m := range b.moments {
		fmt.Fprintf(&out, "%10s %-8s %s\n", m.At.Round(time.Millisecond), m.Who, m.Text)
	}
	return out.String()
}

// ask writes one command and returns what came until its final result, or all that came within a minute.
func (b *bench) ask(command string) string {
	b.t.Helper()
	from := len(b.heard())
	if _, err := b.rw.Write([]byte(command + "\r")); err != nil {
		b.t.Fatalf("%s: %v", command, err)
	}
	for range 6000 {
		<-time.After(10 * time.Millisecond)
		said := b.heard()[from:]
		for _, final := range []string{"\r\nOK\r\n", "\r\nERROR\r\n", "+CME ERROR", "NO CARRIER\r\n", "CONNECT 150000000\r\n", "SHUT OK\r\n"} {
			if strings.Contains(said, final) {
				<-time.After(50 * time.Millisecond) // the rest of the line
				return b.heard()[from:]
			}
		}
	}
	return b.heard()[from:]
}

// want asks and looks for a text in the answer.
func (b *bench) want(command, text string) {
	b.t.Helper()
	if got := b.ask(command); !strings.Contains(got, text) {
		b.t.Errorf("%s: want %q in %q\n%s", command, text, got, b.story())
	}
}

// wait lets virtual time pass.
func (b *bench) wait(d time.Duration) { <-time.After(d) }

// wantEvents compares the kinds so far, in any order of arrival when the cloud shuffles them.
func (b *bench) wantEvents(kinds ...string) {
	b.t.Helper()
	if got := b.kinds(); !slices.Equal(got, kinds) {
		b.t.Errorf("events: want %q, got %q\n%s", kinds, got, b.story())
	}
}

const quiet = "[module]\nfragments = false\ninterleave = false\nlate = false\n"

func TestBootIsDeafThenAnswers(t *testing.T) {
	play(t, `modem = "quectel-eg25"`+"\n"+quiet, func(b *bench) {
		b.wait(5 * time.Second)
		if _, err := b.rw.Write([]byte("AT\r")); err != nil {
			t.Fatal(err)
		}
		b.wait(5 * time.Second)
		if got := b.heard(); got != "" {
			t.Errorf("the module spoke before its boot ended: %q", got)
		}
		b.wait(10 * time.Second)
		want := "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n\r\n+QIND: SMS DONE\r\n\r\n+QIND: PB DONE\r\n"
		if got := b.heard(); got != want {
			t.Errorf("boot: want %q, got %q", want, got)
		}
		if got := b.ask("AT"); got != "AT\r\r\nOK\r\n" {
			t.Errorf("AT with echo: %q", got)
		}
		b.ask("ATE0")
		if got := b.ask("AT"); got != "\r\nOK\r\n" {
			t.Errorf("AT without echo: %q", got)
		}
	})
}

func TestWrongAPNRepeatsAcceptedWithoutSession(t *testing.T) {
	play(t, "modem = \"ublox-sara-r5\"\n[module]\napn = \"internet\"\n", func(b *bench) {
		b.wait(3 * time.Minute)
		b.wantEvents(slices.Repeat([]string{"attachment.accepted"}, 5)...)
		b.want("AT+CEREG=3", "OK")
		b.want("AT+CEREG?", "+CEREG: 3,3,,,,0,19")
		b.want("AT+CEER", `"ESM cause",27`)
		b.want("AT+CFUN=4", "OK")
		b.want(`AT+CGDCONT=1,"IP","Super"`, "OK")
		b.want("AT+CFUN=1", "OK")
		b.wait(time.Minute)
		b.want("AT+CEREG?", "+CEREG: 3,5,")
		if got := b.kinds(); got[len(got)-1] != "data-session.started" {
			t.Errorf("events: %q", got)
		}
	})
}

func TestInactiveWhileAttached(t *testing.T) {
	play(t, `
		[[at]]
		time = "10m"
		set.sim.status = "inactive"
		[[at]]
		time = "15m"
		set.sim.status = "active"`, func(b *bench) {
		b.wait(9 * time.Minute)
		b.want("AT+CEREG=2", "OK")
		b.wait(3 * time.Minute)
		b.wantEvents("attachment.accepted", "data-session.started", "data-session.updated", "data-session.ended",
			"attachment.rejected 83705")
		b.want("AT+CEREG?", "+CEREG: 2,3\r\n")
		b.wait(4 * time.Minute)
		b.want("AT+CEREG?", "+CEREG: 2,3\r\n") // the USIM counts as invalid: nothing is tried
		b.want("AT+CFUN=4", "OK")
		b.want("AT+CFUN=1", "OK")
		b.wait(time.Minute)
		b.want("AT+CEREG?", "+CEREG: 2,5,")
	})
}

func TestInvalidUSIMIsForgivenByT3247(t *testing.T) {
	play(t, `
		sim = {status = "new"}
		[[at]]
		time = "10m"
		set.sim.status = "ready"`, func(b *bench) {
		b.wait(29 * time.Minute)
		b.wantEvents("attachment.rejected 83704")
		b.wait(35 * time.Minute)
		b.want("AT+CEREG?", "+CEREG: 0,5")
	})
}

const twoCells = `
[[cell]]
plmn = "310410"
name = "AT&T"
rsrp = -85
nap_allowed = false
[[cell]]
plmn = "310260"
name = "T-Mobile"
rsrp = -100
`

func TestNAPBlocksOneOfTwo(t *testing.T) {
	play(t, twoCells, func(b *bench) {
		b.wait(time.Minute)
		b.wantEvents("attachment.rejected 83702", "attachment.accepted", "data-session.started")
		b.want("AT+COPS=3,2", "OK")
		b.want("AT+COPS?", `"310260",7`)
		b.want("AT+CRSM=176,28539,0,0,12", `+CRSM: 144,0,"130014FFFFFFFFFFFFFFFFFF"`)
	})
}

func TestForbiddenPLMNSurvivesPower(t *testing.T) {
	const healed = "[[at]]\ntime = \"2m\"\nset.cell.310410.nap_allowed = true\nset.cell.310260.rsrp = -140\n"
	play(t, twoCells+healed, func(b *bench) {
		b.wait(3 * time.Minute)
		b.w.PowerOff()
		b.wait(time.Minute)
		if b.w.IsOn() {
			t.Error("still on")
		}
		b.w.PowerOn()
		b.wait(5 * time.Minute)
		b.want("AT+CEREG?", "+CEREG: 0,2") // only a forbidden network is heard: nothing is tried
		b.want("AT+CFUN=4", "OK")
		b.want(`AT+CRSM=214,28539,0,0,12,"FFFFFFFFFFFFFFFFFFFFFFFF"`, "+CRSM: 144,0")
		b.want("AT+CFUN=1", "OK")
		b.wait(time.Minute)
		b.want("AT+CEREG?", "+CEREG: 0,5")
		if n := b.w.Stats().FPLMNWrites; n != 1 {
			t.Errorf("FPLMNWrites = %d", n)
		}
	})
}

const twoIMSIs = `
[sim]
imsis = ["732123200012345", "234507000000001"]
imsi_switch = "10m"
[[cell]]
plmn = "310410"
allowed_imsis = ["234507000000001"]
`

func TestAppletSwitchesIMSI(t *testing.T) {
	play(t, twoIMSIs, func(b *bench) {
		b.wait(time.Minute)
		b.want("AT+CIMI", "732123200012345")
		b.want("AT+CEREG?", "+CEREG: 0,3")
		b.wait(11 * time.Minute)
		b.want("AT+CIMI", "234507000000001")
		b.want("AT+CEREG?", "+CEREG: 0,5")
		if !strings.Contains(b.heard(), "+CPIN: NOT READY") || strings.Count(b.heard(), "+QUSIM: 1") != 2 {
			t.Errorf("no sign of a REFRESH in %q", b.heard())
		}
		if n := b.w.Stats().IMSISwitches; n != 1 {
			t.Errorf("IMSISwitches = %d", n)
		}
	})
}

func TestRadioCyclesByCFUN0StopTheApplet(t *testing.T) {
	play(t, twoIMSIs, func(b *bench) {
		for range 6 {
			b.wait(5 * time.Minute)
			b.want("AT+CFUN=0", "OK")
			b.want("AT+CPIN?", "ERROR")
			b.want("AT+CFUN=1", "OK")
		}
		b.wait(10 * time.Second)
		b.want("AT+CIMI", "732123200012345")
	})
}

func TestRateLimit(t *testing.T) {
	play(t, "[sim]\nattach_limit = 4\n", func(b *bench) {
		b.wait(30 * time.Second)
		for range 5 {
			b.ask("AT+CFUN=4")
			b.ask("AT+CFUN=1")
			b.wait(20 * time.Second)
		}
		if got := b.kinds(); !slices.Contains(got, "attachment.rejected 83703") {
			t.Errorf("events: %q", got)
		}
	})
}

func TestLocalRejectLeavesNoEvent(t *testing.T) {
	for key, number := range map[string]int{"reject_cause = 15": 15, "roaming_route = false": 15, "reject_cause = 6": 6} {
		play(t, "modem = \"ublox-sara-r5\"\n[[cell]]\nplmn = \"310410\"\n"+key, func(b *bench) {
			b.wait(time.Minute)
			b.wantEvents()
			b.ask("AT+CEREG=5")
			b.want("AT+CEREG?", fmt.Sprintf("+CEREG: 5,3,,,,0,%d", number))
		})
	}
}

func Test3GNeedsActivation(t *testing.T) {
	play(t, "[module]\napn = \"wrong\"\n[[cell]]\nplmn = \"310410\"\nrat = \"3G\"\n", func(b *bench) {
		b.wait(time.Minute)
		b.wantEvents("attachment.accepted")
		b.want("AT+CGREG?", "+CGREG: 0,5")
		b.want("AT+CMEE=1", "OK")
		b.want("AT+CGACT=1,1", "+CME ERROR: 127")
		b.want(`AT+CGDCONT=1,"IP","super"`, "OK")
		b.want("AT+CGACT=1,1", "OK")
		b.wait(time.Minute)
		b.wantEvents("attachment.accepted", "data-session.started")
		b.want("AT+CGACT=0,1", "OK")
		b.wait(time.Minute)
		b.wantEvents("attachment.accepted", "data-session.started", "data-session.ended")
	})
}

func TestDataLimit(t *testing.T) {
	play(t, "[[at]]\ntime = \"5m\"\nset.sim.data_limit_reached = true\n", func(b *bench) {
		b.wait(6 * time.Minute)
		var blocked int
		for _, e := range b.events() {
			if e.Data["data_modifier"] == "blocked" {
				blocked++
			}
		}
		if blocked < 2 {
			t.Errorf("want an ended and a failed event marked blocked, got %q", b.kinds())
		}
		b.want("AT+CEER", "Operator determined barring")
	})
}

func TestSelectionAndDetach(t *testing.T) {
	play(t, "", func(b *bench) {
		b.wait(time.Minute)
		b.want("AT+CMEE=1;+COPS=3,2", "OK")
		b.want("AT+COPS=2", "OK")
		b.want("AT+COPS?", "+COPS: 2\r\n")
		b.wait(5 * time.Minute)
		b.want("AT+CEREG?", "+CEREG: 0,0")
		b.want("AT+COPS=0", "OK")
		b.want("AT+COPS?", `+COPS: 0,2,"310410",7`)
		b.want(`AT+COPS=1,2,"310260"`, "OK")
		b.want("AT+COPS?", `+COPS: 1,2,"310260",7`)
		b.want(`AT+COPS=1,2,"26201"`, "+CME ERROR: 30")
		b.want("AT+COPS=0", "OK")
		b.want("AT+CGATT=0", "OK")
		b.want("AT+CGATT?", "+CGATT: 0")
		b.want("AT+CGATT=1", "OK")
		b.want("AT+CGATT?", "+CGATT: 1")
	})
}

func TestDial(t *testing.T) {
	play(t, "[[cell]]\nplmn = \"310410\"\nrat = \"3G\"\n", func(b *bench) {
		b.wait(time.Minute)
		b.want("ATD+123;", "NO CARRIER")
		b.want("ATD*99***1#", "CONNECT")
		b.wait(time.Minute)
		b.wantEvents("attachment.accepted", "data-session.started")
		if got := b.ask("AT"); got != "" {
			t.Errorf("data mode answers %q", got)
		}
		b.want("+++", "OK")
		b.want("ATH", "OK")
		b.wait(time.Minute)
		b.wantEvents("attachment.accepted", "data-session.started", "data-session.ended")
	})
}
