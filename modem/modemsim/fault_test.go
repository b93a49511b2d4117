package modemsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRebootForgetsSettings(t *testing.T) {
	play(t, "[[at]]\ntime = \"5m\"\nfault = \"modem-reboot\"\n", func(b *bench) {
		b.wait(time.Minute)
		b.want("ATE0", "OK")
		b.want("AT+CEREG=2", "OK")
		b.want("AT+CMEE=2", "OK")
		b.want(`AT+CGDCONT=2,"IP","other"`, "OK")
		b.wait(6 * time.Minute)
		b.want("AT+CEREG?", "AT+CEREG?\r\r\n+CEREG: 0,5\r\n")
		b.want("AT+CMEE?", "+CMEE: 0")
		b.want("AT+CGDCONT?", `+CGDCONT: 2,"IP","other"`)
		if s := b.w.Stats(); s.Boots != 2 || s.Resets != 1 {
			t.Errorf("boots %d, resets %d", s.Boots, s.Resets)
		}
		want := []string{"attachment.accepted", "data-session.started", "attachment.accepted", "data-session.ended",
			"data-session.started"}
		if got := b.kinds(); !slices.Equal(got, want) {
			t.Errorf("events: want %q, got %q", want, got)
		}
	})
}

func TestHangMidAnswer(t *testing.T) {
	play(t, quiet+"[[at]]\ntime = \"1m\"\nfault = \"hang-mid-answer\"\n", func(b *bench) {
		b.wait(2 * time.Minute)
		if got := b.ask("AT+CGDCONT?"); !strings.Contains(got, "+CGDC") || strings.Contains(got, "OK") {
			t.Errorf("the answer is not cut: %q", got)
		}
		if got := b.ask("AT"); got != "" {
			t.Errorf("a hung module says %q", got)
		}
		b.w.ResetPulse()
		b.wait(time.Minute)
		b.want("AT", "OK")
	})
}

func TestFaultsEnd(t *testing.T) {
	for _, name := range []string{"modem-hang", "hang-mid-answer", "silence", "garbage", "drop-bytes"} {
		t.Run(name, func(t *testing.T) {
			play(t, quiet+"[[at]]\ntime = \"1m\"\nfault = \""+name+"\"\nfault_for = \"2m\"\n", func(b *bench) {
				b.wait(50 * time.Second)
				b.want("ATE0", "OK")
				b.wait(time.Minute)
				trouble := false
				for range 20 {
					trouble = trouble || b.ask("AT+CGMM;+CGSN") != "\r\nEG25\r\n\r\n867698041234562\r\n\r\nOK\r\n"
					if trouble {
						break
					}
				}
				if !trouble {
					t.Error("the fault did nothing")
				}
				b.wait(3 * time.Minute)
				if got := b.ask("AT+CGMM"); got != "\r\nEG25\r\n\r\nOK\r\n" {
					t.Errorf("after the fault: %q", got)
				}
			})
		})
	}
}

// TestLowSupply: the warning in each maker's words; u-blox has none.
func TestLowSupply(t *testing.T) {
	for modem, want := range map[string]string{"quectel-bg96": `+QIND: "vbatt",-1`, "simcom-sim7600": "UNDER-VOLTAGE WARNNING",
		"ublox-sara-r5": ""} {
		scenario := fmt.Sprintf("modem = %q\n", modem) + quiet + "[[at]]\ntime = \"5m\"\nfault = \"low-supply\"\n"
		play(t, scenario, func(b *bench) {
			b.wait(5*time.Minute - time.Second)
			from := len(b.heard())
			b.wait(2 * time.Second)
			if got := strings.TrimSpace(b.heard()[from:]); got != want {
				t.Errorf("%s: %q, want %q", modem, got, want)
			}
		})
	}
}

func TestSIMPulledAndPutBack(t *testing.T) {
	play(t, `
		[[at]]
		time = "5m"
		fault = "sim-pulled"
		fault_for = "3m"`, func(b *bench) {
		b.wait(6 * time.Minute)
		b.want("AT+CMEE=2", "OK")
		b.want("AT+CPIN?", "+CME ERROR: SIM not inserted")
		b.want("AT+CEREG?", "+CEREG: 0,0")
		b.wait(3 * time.Minute)
		b.want("AT+CPIN?", "+CPIN: READY")
		b.want("AT+CEREG?", "+CEREG: 0,5")
	})
}

func TestPIN(t *testing.T) {
	play(t, "[sim]\npin = \"1234\"\n", func(b *bench) {
		b.wait(time.Minute)
		b.want("AT+CMEE=1", "OK")
		b.want("AT+CPIN?", "+CPIN: SIM PIN")
		b.want("AT+CIMI", "+CME ERROR: 11")
		b.want(`AT+CPIN="0000"`, "+CME ERROR: 16")
		b.want(`AT+CPIN="1234"`, "OK")
		b.wait(time.Minute)
		b.want("AT+CEREG?", "+CEREG: 0,5")
	})
}

func TestPortGoneAndBack(t *testing.T) {
	play(t, "[[at]]\ntime = \"1m\"\nfault = \"port-gone\"\nfault_for = \"1m\"\n", func(b *bench) {
		b.wait(90 * time.Second)
		if _, err := b.rw.Write([]byte("AT\r")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write to a port that is gone: %v", err)
		}
		if _, err := b.w.Open(); !errors.Is(err, ErrPortGone) {
			t.Errorf("Open: %v", err)
		}
		b.wait(time.Minute)
		b.connect()
		b.want("AT", "OK")
	})
}

func TestReopenedPortTakesOver(t *testing.T) {
	play(t, "", func(b *bench) {
		b.wait(time.Minute)
		old := b.rw
		b.connect()
		b.want("AT", "OK")
		if _, err := old.Write([]byte("AT\r")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write to the old port: %v", err)
		}
	})
}

func TestSignalLostAndBack(t *testing.T) {
	play(t, `
		[[cell]]
		plmn = "310410"
		[[at]]
		time = "5m"
		set.cell.310410.rsrp = -135
		[[at]]
		time = "25m"
		set.cell.0.rsrp = -90`, func(b *bench) {
		b.wait(20 * time.Minute)
		b.want("AT+CSQ", "+CSQ: 99,99")
		b.want("AT+CEREG?", "+CEREG: 0,2")
		b.wait(7 * time.Minute)
		b.want("AT+CEREG?", "+CEREG: 0,5")
		if got := b.kinds(); !slices.Contains(got, "data-session.ended") {
			t.Errorf("the home network never noticed: %q", got)
		}
	})
}

func TestForeignAndOTAEvents(t *testing.T) {
	play(t, "[cloud]\nota = \"10m\"\n[[at]]\ntime = \"1m\"\nforeign_event = \"attachment.rejected\"\n", func(b *bench) {
		b.wait(12 * time.Minute)
		var foreign, ota int
		for _, e := range b.events() {
			if e.Data["sim_iccid"] == foreignICCID {
				foreign++
			}
			if e.Data["apn"] == "ota.super" {
				ota++
			}
		}
		if foreign != 1 || ota != 2 {
			t.Errorf("foreign %d, ota %d in %q", foreign, ota, b.kinds())
		}
	})
}

// TestHost: what befalls the computer is told to whoever plays it; a power cut takes the module along.
func TestHost(t *testing.T) {
	s, err := ParseScenario("host.toml", []byte(quiet+`
[host]
ntp = false
clock_offset = "-8760h"
[[at]]
time = "1m"
set.host.ntp = true
set.host.clock_offset = "0s"
[[at]]
time = "2m"
fault = "host-power-cut"
fault_for = "10s"
[[at]]
time = "3m"
fault = "agent-restart"
`))
	if err != nil {
		t.Fatal(err)
	}
	usual, start := Default().Host, Default().Host
	start.NTP, start.ClockOffset = false, -8760*time.Hour
	if s.Host != start {
		t.Fatalf("at the start %+v, want %+v", s.Host, start)
	}
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(s, nil)
		var told []HostChange
		w.OnHost(func(c HostChange) { told = append(told, c) })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.Run(ctx) }()
		<-time.After(4 * time.Minute)
		cancel()
		<-ended
		want := []HostChange{{Host: usual}, {usual, "host-power-cut", 10 * time.Second}, {usual, "agent-restart", time.Second}}
		if !slices.Equal(told, want) {
			t.Errorf("told %+v, want %+v", told, want)
		}
		if n := w.Stats().Boots; n != 2 {
			t.Errorf("%d boots, want one after the power cut", n)
		}
	})
}
