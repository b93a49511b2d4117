package atcmd

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"supersim-agent/atcmd/atcmdtest"
)

// testURCs is a table as dialects have it, with rows that are answers too.
var testURCs = []URC{
	{Prefix: "+CREG"}, {Prefix: "+CEREG"}, {Prefix: "+CPIN"}, {Prefix: "+CFUN"}, {Prefix: "+CGEV"},
	{Prefix: "+CMTI"}, {Prefix: "+CMT", Extra: 1}, {Prefix: "+QUSIM"}, {Prefix: `+QIND: "csq"`}, {Prefix: "+CRING"},
	{Prefix: "+UUPSDD"}, {Prefix: "+SIMCARD"}, {Prefix: "RDY", Exact: true}, {Prefix: "POWERED DOWN", Exact: true},
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// bench drives an engine without a shell.
type bench struct {
	t     testing.TB
	m     engine
	now   time.Time
	urcs  []string
	late  []string
	wrote []string
	done  *output // of the last command
	over  outputKind
}

func newBench(t testing.TB) *bench {
	return &bench{t: t, now: epoch, m: engine{urcs: testURCs, patience: epoch}}
}

func (b *bench) step(in input) {
	for _, o := range b.m.step(b.now, in) {
		switch o.kind {
		case outWrite:
			b.wrote = append(b.wrote, string(o.data))
		case outURC:
			b.urcs = append(b.urcs, o.line)
		case outLate:
			b.late = append(b.late, o.line)
		case outDone:
			if b.done != nil {
				b.t.Fatalf("a command ended twice: %+v, then %+v", b.done, o)
			}
			b.done = &o
		default:
			b.over = o.kind
		}
	}
}

func (b *bench) send(c Cmd)    { b.done = nil; b.step(input{kind: inCommand, cmd: c}) }
func (b *bench) recv(s string) { b.step(input{kind: inBytes, data: []byte(s)}) }

// pass lets time go by, with a tick at each deadline.
func (b *bench) pass(d time.Duration) {
	end := b.now.Add(d)
	for {
		at := b.m.deadline()
		if at.IsZero() || at.After(end) {
			break
		}
		b.now = at
		b.step(input{kind: inTick})
		if next := b.m.deadline(); !next.IsZero() && !next.After(at) {
			b.t.Fatalf("the deadline %v stays in the past", next)
		}
	}
	b.now = end
	b.step(input{kind: inTick})
}

// commandOf makes the command that a transcript records.
func commandOf(t testing.TB, tr *atcmdtest.Transcript) Cmd {
	sent := tr.Sent()
	c := Cmd{Text: strings.TrimSuffix(sent[0], "\r"), Prefix: tr.Header["prefix"]}
	if f := tr.Header["finals"]; f != "" {
		c.Finals = strings.Split(f, ",")
	}
	if s := tr.Header["timeout"]; s != "" {
		c.Timeout, _ = time.ParseDuration(s)
	}
	if n := tr.Header["n"]; n != "" {
		c.Answer = func(line string) bool {
			_, f := Split(line)
			first, second := f.Int(), f.Quoted()
			return strconv.Itoa(first) == n && !second
		}
	}
	if len(sent) > 1 {
		c.Data = []byte(strings.TrimSuffix(sent[1], "\x1a"))
	}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	return c
}

// outcome puts what an engine made of a transcript into the words of its expectation.
func (b *bench) outcome() (answer, urcs []string) {
	if b.done == nil {
		return []string{"open"}, b.urcs
	}
	for _, line := range b.done.reply.Lines {
		answer = append(answer, "info "+line)
	}
	if e := b.done.err; e == nil {
		answer = append(answer, "final "+b.done.reply.Final)
	} else if e.Err != nil {
		answer = append(answer, "failed "+e.Err.Error())
	} else {
		answer = append(answer, fmt.Sprintf("error %v %d", e.Kind, e.Code))
	}
	return answer, b.urcs
}

// wanted splits the expectation of a transcript.
func wanted(tr *atcmdtest.Transcript) (answer, urcs []string) {
	for _, line := range tr.Want {
		if text, ok := strings.CutPrefix(line, "urc "); ok {
			urcs = append(urcs, strings.ReplaceAll(text, `\n`, "\n"))
			continue
		}
		answer = append(answer, line)
	}
	return answer, urcs
}

func transcripts(t testing.TB) []*atcmdtest.Transcript {
	paths, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d transcripts, %v", len(paths), err)
	}
	var all []*atcmdtest.Transcript
	for _, path := range paths {
		tr, err := atcmdtest.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tr)
	}
	return all
}
