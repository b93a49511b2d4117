package atcmd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/atcmd/atcmdtest"
)

// Each transcript gives what it says it gives, played step by step.
func TestTranscripts(t *testing.T) {
	for _, tr := range transcripts(t) {
		t.Run(tr.Name, func(t *testing.T) {
			b := newBench(t)
			b.send(commandOf(t, tr))
			for _, s := range tr.Steps {
				b.pass(s.Wait)
				for _, chunk := range s.Chunks {
					b.step(input{kind: inBytes, data: chunk})
				}
			}
			compare(t, tr, b)
			if diff := cmp.Diff(tr.Sent(), b.wrote); diff != "" {
				t.Errorf("sent (-transcript +engine):\n%s", diff)
			}
			if tr.Header["origin"] == "" {
				t.Error("the transcript does not name its origin")
			}
		})
	}
}

func compare(t *testing.T, tr *atcmdtest.Transcript, b *bench) {
	t.Helper()
	wantAnswer, wantURCs := wanted(tr)
	answer, urcs := b.outcome()
	if diff := cmp.Diff(wantAnswer, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantURCs, urcs); diff != "" {
		t.Errorf("URCs (-want +got):\n%s", diff)
	}
}

// The size of the pieces in which an answer arrives changes nothing.
func TestAnyChunking(t *testing.T) {
	for _, tr := range transcripts(t) {
		for size := 1; size <= 9; size++ {
			b := newBench(t)
			b.send(commandOf(t, tr))
			for piece := range slices.Chunk(tr.Received(), size) {
				b.step(input{kind: inBytes, data: piece})
			}
			compare(t, tr, b)
			if t.Failed() {
				t.Fatalf("%s in pieces of %d bytes", tr.Name, size)
			}
		}
	}
}

// injections are URCs as a modem sends them, the last two with the prefix of an answer in the transcripts and with a
// second line that looks like a final.
var injections = []string{`+QUSIM: 1`, `+CREG: 5,"1A2B","01C2D3E4",7`, "+CPIN: NOT READY", "+CMT: \"+15550100\",,\"\"\r\nOK"}

// A URC at any place of any recorded answer where a modem puts one, which is between two responses, changes neither the
// answer nor the other URCs, and arrives itself.
func TestURCBetweenResponses(t *testing.T) {
	for _, tr := range transcripts(t) {
		c := commandOf(t, tr)
		for _, urc := range injections {
			if ambiguous(c, urc) {
				continue
			}
			for _, at := range gaps(tr.Received()) {
				b := newBench(t)
				b.send(c)
				b.recv(inject(tr.Received(), urc, at))
				checkInjected(t, tr, b, urc, at)
			}
		}
	}
}

// unmendable are the transcripts in which a URC at some bytes changes the answer, and why nothing can be done.
var unmendable = map[string]string{
	"cme_numeric.txt":    "the first half of the final is a final: +CME ERROR: 1, 0",
	"cme_verbose.txt":    "the same",
	"cms_error.txt":      "the same",
	"dial_connect.txt":   "the same: CONNECT, 150000000",
	"sms_while_busy.txt": "the URC cuts another one, and is taken for the text that belongs to that",
}

// A URC that cuts an answer at any byte whatever changes nothing either, but for what nobody can mend. Even then the
// command fails, or ends as it should with a part of the line; no other line takes its place.
func TestURCAtEveryByte(t *testing.T) {
	for _, tr := range transcripts(t) {
		c := commandOf(t, tr)
		want, _ := wanted(tr)
		for _, urc := range injections {
			if ambiguous(c, urc) {
				continue
			}
			for at := range tr.Received() {
				b := newBench(t)
				b.m.framed = true // as it is after the first commands on each of these modules
				b.send(c)
				b.recv(inject(tr.Received(), urc, at))
				got, urcs := b.outcome()
				if cmp.Equal(want, got) && slices.Contains(urcs, unframed(urc)) {
					continue
				}
				if unmendable[tr.Name] == "" {
					t.Errorf("%s, %q at byte %d: %q, URCs %q", tr.Name, urc, at, got, urcs)
				}
				checkHarmless(t, tr, got)
			}
		}
	}
}

// checkHarmless: an answer that differs has no line that is not of the recorded one, and no refusal became a success.
func checkHarmless(t *testing.T, tr *atcmdtest.Transcript, got []string) {
	t.Helper()
	want, _ := wanted(tr)
	for _, line := range got {
		if text, isInfo := strings.CutPrefix(line, "info "); isInfo && !bytes.Contains(tr.Received(), []byte(text)) {
			t.Errorf("%s: %q is not of the answer", tr.Name, text)
		}
	}
	if last := got[len(got)-1]; strings.HasPrefix(last, "final ") && strings.HasPrefix(want[len(want)-1], "error ") {
		t.Errorf("%s: a refusal became %q", tr.Name, last)
	}
}

// ambiguous: with this command open nobody can tell that line from its answer.
func ambiguous(c Cmd, urc string) bool {
	return c.Answer == nil && c.Prefix != "" && hasLabel([]byte(urc), c.Prefix)
}

func unframed(urc string) string { return strings.ReplaceAll(urc, "\r\n", "\n") }

func inject(answer []byte, urc string, at int) string {
	return string(answer[:at]) + "\r\n" + urc + "\r\n" + string(answer[at:])
}

// gaps are the offsets at which no line is under way: the beginning, and behind each line end. The second line of a
// URC, and what a prompt is part of, are not separated from what is before them.
func gaps(answer []byte) []int {
	all := []int{0}
	for i := 1; i <= len(answer); i++ {
		line := answer[bytes.LastIndexByte(answer[:i-1], '\n')+1 : i]
		if answer[i-1] == '\n' && !bytes.HasPrefix(line, []byte("+CMT")) && i < len(answer) {
			all = append(all, i)
		}
	}
	return all
}

func checkInjected(t *testing.T, tr *atcmdtest.Transcript, b *bench, urc string, at int) {
	t.Helper()
	wantAnswer, wantURCs := wanted(tr)
	answer, urcs := b.outcome()
	if diff := cmp.Diff(wantAnswer, answer); diff != "" {
		t.Errorf("%s, %q at byte %d: answer (-want +got):\n%s", tr.Name, urc, at, diff)
	}
	i := slices.Index(urcs, unframed(urc))
	if i < 0 {
		t.Fatalf("%s, %q at byte %d: it did not arrive: %q", tr.Name, urc, at, urcs)
	}
	if diff := cmp.Diff(wantURCs, slices.Delete(slices.Clone(urcs), i, i+1)); diff != "" && len(wantURCs)+len(urcs) > 1 {
		t.Errorf("%s, %q at byte %d: other URCs (-want +got):\n%s", tr.Name, urc, at, diff)
	}
}

func TestClassification(t *testing.T) {
	yes := func(string) bool { return true }
	no := func(string) bool { return false }
	tests := []struct {
		name string
		cmd  Cmd
		in   string
		info []string
		urcs []string
	}{
		{"another label is no info", Cmd{Text: "AT+CSQ", Prefix: "+CSQ"}, "+XYZ: 1\r\n", nil, []string{"+XYZ: 1"}},
		{"nor for a bare command", Cmd{Text: "AT+CIMI"}, "+XYZ: 1\r\n", nil, []string{"+XYZ: 1"}},
		{"its own label is", Cmd{Text: "AT+CIMI"}, "+CIMI: 00101\r\n", []string{"+CIMI: 00101"}, nil},
		{"unless that is a URC", Cmd{Text: "AT+CFUN=1"}, "+CFUN: 1\r\n", nil, []string{"+CFUN: 1"}},
		{"bare URC, bare command", Cmd{Text: "ATI"}, "RDY\r\nQuectel\r\n", []string{"Quectel"}, []string{"RDY"}},
		{"bare line, labelled answer", Cmd{Text: "AT+CSQ", Prefix: "+CSQ"}, "Call Ready\r\n", nil, []string{"Call Ready"}},
		{"prefix of both, nobody decides", Cmd{Text: "AT+CREG?", Prefix: "+CREG"}, "+CREG: 2,5\r\n", []string{"+CREG: 2,5"}, nil},
		{"prefix of both, it is", Cmd{Text: "AT+CREG?", Prefix: "+CREG", Answer: yes}, "+CREG: 2,5\r\n", []string{"+CREG: 2,5"}, nil},
		{"prefix of both, it is not", Cmd{Text: "AT+CREG?", Prefix: "+CREG", Answer: no}, "+CREG: 5\r\n", nil, []string{"+CREG: 5"}},
		{"Answer is not asked for others", Cmd{Text: "AT+CREG?", Prefix: "+CREG", Answer: yes}, "+CEREG: 2,5\r\n", nil, []string{"+CEREG: 2,5"}},
		{"bare command with Answer", Cmd{Text: "AT+UCGED?", Answer: yes}, "+RSRP: 1,2\r\n6,4\r\n", []string{"+RSRP: 1,2", "6,4"}, nil},
		{"a longer label is another", Cmd{Text: "AT+CMT?", Prefix: "+CMT"}, "+CMTI: \"ME\",3\r\n", nil, []string{`+CMTI: "ME",3`}},
		{"empty line and blanks", Cmd{Text: "AT+CSQ", Prefix: "+CSQ"}, "\r\n\r\n  +CSQ: 1,99 \r\n", []string{"+CSQ: 1,99"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.send(tt.cmd)
			b.recv("\r\n" + tt.in + "\r\nOK\r\n")
			if b.done == nil || b.done.err != nil {
				t.Fatalf("%+v", b.done)
			}
			if diff := cmp.Diff(tt.info, b.done.reply.Lines); diff != "" {
				t.Errorf("info (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.urcs, b.urcs); diff != "" {
				t.Errorf("URCs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIdleLines(t *testing.T) {
	b := newBench(t)
	b.recv("\r\nRDY\r\n\r\n+CPIN: READY\r\n\r\nOK\r\n\r\nNO CARRIER\r\n\r\n+CME ERROR: 3\r\n\r\nSMS DONE\r\n")
	if diff := cmp.Diff([]string{"RDY", "+CPIN: READY", "NO CARRIER", "SMS DONE"}, b.urcs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"OK", "+CME ERROR: 3"}, b.late); diff != "" {
		t.Error(diff)
	}
}

// An empty message text leaves no line, so the tail of its URC must not wait for ever.
func TestTailThatNeverComes(t *testing.T) {
	b := newBench(t)
	b.recv("\r\n+CMT: \"+15550100\",,\"\"\r\n\r\n")
	b.pass(tailWait)
	b.send(Cmd{Text: "AT"})
	b.recv("\r\nOK\r\n")
	if b.done == nil || len(b.urcs) != 1 || b.urcs[0] != `+CMT: "+15550100",,""` {
		t.Fatalf("done %+v, URCs %q", b.done, b.urcs)
	}
}

func TestOverlongAnswers(t *testing.T) {
	long := "+CSQ: " + strings.Repeat("9", maxLine)
	for name, in := range map[string]string{
		"one line":   long + "\r\n",
		"many lines": strings.Repeat("+CSQ: 1\r\n", maxLines+1),
		"many bytes": strings.Repeat(long[:maxLine-1]+"\r\n", maxAnswer/maxLine+1),
	} {
		b := newBench(t)
		b.send(Cmd{Text: "AT+CSQ", Prefix: "+CSQ"})
		b.recv(in + "\r\nOK\r\n")
		if b.done == nil || b.done.err == nil || !errors.Is(b.done.err, ErrOverlong) || b.done.err.Final != "OK" {
			t.Errorf("%s: %+v", name, b.done)
		}
	}
	b := newBench(t)
	b.send(Cmd{Text: "AT+CSQ", Prefix: "+CSQ"})
	b.recv("+CPIN: " + strings.Repeat("9", maxLine) + "\r\n+CSQ: 1,99\r\nOK\r\n")
	if b.done == nil || b.done.err != nil || b.m.stats.Overlong != 1 {
		t.Errorf("a URC that is too long: %+v", b.done)
	}
}

// An answer that arrives exactly at its time limit is in time, whatever came before it at that moment.
func TestAnswerAtTheLimit(t *testing.T) {
	b := newBench(t)
	for i := range 1000 {
		b.send(Cmd{Text: "AT+CSQ", Prefix: "+CSQ", Timeout: time.Second})
		b.now = b.now.Add(time.Second)
		b.recv(fmt.Sprintf("\r\n+CSQ: %d,99\r\n\r\nOK\r\n", i))
		if b.done == nil || b.done.err != nil || b.done.reply.Lines[0] != fmt.Sprintf("+CSQ: %d,99", i) {
			t.Fatalf("round %d: %+v", i, b.done)
		}
	}
}

// FuzzEngine feeds anything to an engine: it must not panic, never end a command twice, keep its deadline ahead, hand
// no line on twice, and be idle or dead in the end.
func FuzzEngine(f *testing.F) {
	for _, tr := range transcripts(f) {
		f.Add(tr.Received(), uint8(3), uint16(100), tr.Header["prefix"])
	}
	f.Add([]byte("\r\n+CMT: 1\r\n>"), uint8(1), uint16(4000), "")
	f.Fuzz(func(t *testing.T, data []byte, size uint8, ms uint16, prefix string) {
		b := newBench(t)
		b.send(Cmd{Text: "AT+CSQ", Prefix: prefix, Data: []byte("x")})
		for piece := range slices.Chunk(data, int(size)+1) {
			b.step(input{kind: inBytes, data: piece})
			b.pass(time.Duration(ms) * time.Millisecond)
			if b.m.state == idle {
				b.send(Cmd{Text: "AT+CSQ", Prefix: prefix})
			}
		}
		b.pass(time.Minute)
		if b.m.state != idle && b.m.state != dead {
			t.Fatalf("state %d after a minute of silence", b.m.state)
		}
		lines := len(b.urcs) + len(b.late)
		if most := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1; lines > most {
			t.Fatalf("%d lines out of at most %d", lines, most)
		}
	})
}
