package atcmd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// giveUp makes an engine that has just timed out on a command.
func giveUp(t *testing.T, c Cmd) *bench {
	t.Helper()
	b := newBench(t)
	b.m.heard = true
	c.Timeout = time.Second
	b.send(c)
	b.pass(time.Second)
	if b.done == nil || !errors.Is(b.done.err, ErrTimeout) || b.m.state != draining {
		t.Fatalf("after the time-out: %+v, state %d", b.done, b.m.state)
	}
	b.wrote, b.over = nil, 0
	return b
}

var csq = Cmd{Text: "AT+CSQ", Prefix: "+CSQ"}

// Late lines are traced and never handed on, also when they look like a URC; other URCs go on arriving.
func TestLateAnswer(t *testing.T) {
	read := Cmd{Text: "AT+CREG?", Prefix: "+CREG", Answer: func(s string) bool { return strings.Count(s, ",") == 1 }}
	b := giveUp(t, read)
	b.recv("\r\n+CREG: 2,5\r\n\r\n+CREG: 1\r\n\r\nOK\r\n\r\n+CPIN: READY\r\n")
	b.pass(quietTime)
	if diff := cmp.Diff([]string{"+CREG: 2,5", "OK"}, b.late); diff != "" {
		t.Errorf("late (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"+CREG: 1", "+CPIN: READY"}, b.urcs); diff != "" {
		t.Errorf("URCs (-want +got):\n%s", diff)
	}
	if b.m.state != probing || b.wrote[0] != "AT+CMEE?\r" || b.m.stats.Late != 2 {
		t.Errorf("state %d, wrote %q, %d late", b.m.state, b.wrote, b.m.stats.Late)
	}
}

func TestProbeAnswers(t *testing.T) {
	tests := []struct {
		name    string
		answers []string // to the first probe, the second, …
		state   state
		probes  int
	}{
		{"as it should be", []string{"\r\n+CMEE: 1\r\n\r\nOK\r\n"}, idle, 1},
		{"with echo", []string{"AT+CMEE?\r\r\n+CMEE: 2\r\n\r\nOK\r\n"}, idle, 1},
		{"late final in front", []string{"\r\nERROR\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n"}, idle, 1},
		{"late OK behind the echo", []string{"AT+CMEE?\r\r\nOK\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n"}, idle, 1},
		{"URC between", []string{"\r\n+CMEE: 1\r\n\r\n+CPIN: READY\r\n\r\nOK\r\n"}, idle, 1},
		{"not known, with echo", []string{"AT+CMEE?\r\r\nERROR\r\n"}, idle, 1},
		{"not known, without echo", []string{"\r\nERROR\r\n", "\r\nERROR\r\n"}, idle, 2},
		{"late final only, then good", []string{"\r\nOK\r\n", "\r\n+CMEE: 0\r\n\r\nOK\r\n"}, idle, 2},
		{"answered to the third", []string{"", "", "\r\n+CMEE: 1\r\n\r\nOK\r\n"}, idle, 3},
		{"all answered in the end", []string{"", "", strings.Repeat("\r\n+CMEE: 1\r\n\r\nOK\r\n", 3)}, idle, 3},
		{"two finals twice", []string{"\r\nOK\r\nOK\r\n", "\r\nOK\r\nOK\r\n"}, dead, 3},
		{"not a number", []string{"\r\n+CMEE: OK\r\n", "+CMEE: 17\r\nOK\r\n"}, dead, 3},
		{"label without OK", []string{"\r\n+CMEE: 1\r\n", "+CMEE: 1\r\n", "+CMEE: 1\r\n"}, dead, 3},
		{"silence", nil, dead, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := giveUp(t, csq)
			probes := 0
			for range 1200 { // 12 s
				if n := len(b.wrote); n > probes && n <= len(tt.answers) {
					probes = n
					b.recv(tt.answers[n-1])
				}
				b.pass(10 * time.Millisecond)
			}
			if b.m.state != tt.state || len(b.wrote) != tt.probes {
				t.Errorf("state %d after %q, want %d after %d", b.m.state, b.wrote, tt.state, tt.probes)
			}
			if want := (map[state]outputKind{idle: outSynced, dead: outDead})[tt.state]; b.over != want {
				t.Errorf("ended with output %d, want %d", b.over, want)
			}
			if tt.state == idle {
				b.send(csq)
				b.recv("\r\n+CSQ: 7,99\r\n\r\nOK\r\n")
				if b.done == nil || b.done.err != nil || b.done.reply.Lines[0] != "+CSQ: 7,99" {
					t.Errorf("the next command: %+v", b.done)
				}
			}
		})
	}
}

// A modem that says something every 100 ms must not keep the port from being probed, nor the resync from ending.
func TestChatterDoesNotDrainForEver(t *testing.T) {
	for _, answer := range []string{"", "\r\n+CMEE: 1\r\n\r\nOK\r\n"} {
		b := giveUp(t, csq)
		began, answered := b.now, 0
		for b.m.state != idle && b.m.state != dead {
			b.recv("\r\n+CREG: 2\r\n")
			if len(b.wrote) > max(answered, 1) { // the first probe is never answered
				answered = len(b.wrote)
				b.recv(answer)
			}
			b.pass(100 * time.Millisecond)
			if b.now.Sub(began) > 10*time.Second {
				t.Fatalf("state %d after %v", b.m.state, b.now.Sub(began))
			}
		}
		if want := answer != ""; (b.m.state == idle) != want {
			t.Errorf("state %d, answered: %v", b.m.state, want)
		}
		if len(b.urcs) < 30 || len(b.late) > 0 {
			t.Errorf("%d URCs, late %q", len(b.urcs), b.late)
		}
	}
}

// The modem waits at its prompt for the data of a command that was given up: it must leave it before the probe.
func TestAbandonedPrompt(t *testing.T) {
	b := newBench(t)
	b.send(Cmd{Text: "AT+CMGS=5", Prefix: "+CMGS", Data: []byte("hello"), Timeout: time.Second})
	b.pass(time.Second)
	b.recv("\r\n> ") // it comes late
	b.pass(quietTime)
	if diff := cmp.Diff([]string{"AT+CMGS=5\r", "\x1b", "\x1b", "AT+CMEE?\r"}, b.wrote); diff != "" {
		t.Error(diff)
	}
}

func TestCancel(t *testing.T) {
	b := newBench(t)
	b.send(csq)
	b.step(input{kind: inCancel, err: context.Canceled})
	if b.done == nil || !errors.Is(b.done.err, context.Canceled) || b.m.state != draining {
		t.Fatalf("%+v, state %d", b.done, b.m.state)
	}
	b.step(input{kind: inCancel, err: context.Canceled}) // of a command that has ended already
	b.recv("\r\n+CSQ: 20,99\r\n\r\nOK\r\n")
	b.pass(quietTime)
	b.recv("\r\n+CMEE: 1\r\n\r\nOK\r\n")
	b.send(Cmd{Text: "AT+CGATT?", Prefix: "+CGATT"})
	b.recv("\r\n+CGATT: 1\r\n\r\nOK\r\n")
	if b.done.err != nil || b.done.reply.Lines[0] != "+CGATT: 1" {
		t.Fatalf("the next command: %+v", b.done)
	}
}

// A modem that boots is silent for long and is not dead; once it was heard it has no such excuse.
func TestPatienceWithABootingModem(t *testing.T) {
	b := newBench(t)
	b.m.patience = epoch.Add(20 * time.Second)
	b.step(input{kind: inResync})
	b.pass(19 * time.Second)
	if b.m.state != probing {
		t.Fatalf("state %d while the modem boots", b.m.state)
	}
	b.pass(4 * time.Second)
	if b.m.state != dead {
		t.Fatalf("state %d after the boot time", b.m.state)
	}
	b = newBench(t)
	b.m.patience = epoch.Add(time.Minute)
	b.recv("\r\nRDY\r\n")
	b.step(input{kind: inResync})
	b.pass(10 * time.Second)
	if b.m.state != dead {
		t.Fatalf("state %d although it was heard", b.m.state)
	}
}

// A boot message ends the wait for the probe that the module slept through, and begins the count of probes anew.
func TestBootMessageWhileProbing(t *testing.T) {
	boot := func() *bench {
		b := newBench(t)
		b.m.patience = epoch.Add(time.Minute)
		b.step(input{kind: inResync})
		b.pass(quietTime + 3*probeLimit + probeLimit/2) // the fourth probe is under way
		b.wrote = nil
		b.recv("\r\nRDY\r\n")
		b.pass(quietTime)
		if len(b.wrote) != 1 || b.m.state != probing {
			t.Fatalf("soon after the boot: wrote %q, state %d", b.wrote, b.m.state)
		}
		return b
	}
	b := boot()
	b.recv("\r\n+CMEE: 1\r\n\r\nOK\r\n")
	b.pass(quietTime)
	if b.m.state != idle {
		t.Errorf("state %d after the answer", b.m.state)
	}
	b = boot()
	b.recv("\r\nRDY\r\n") // only the first one counts
	b.pass(maxProbes*probeLimit - time.Second)
	if b.m.state != probing {
		t.Errorf("state %d before it had its three probes", b.m.state)
	}
	b.pass(time.Second)
	if b.m.state != dead {
		t.Errorf("state %d after three probes without an answer", b.m.state)
	}
}
