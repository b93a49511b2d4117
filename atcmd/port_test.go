package atcmd_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/atcmd/atcmdtest"
)

// modem is a scripted modem in a bubble: answer says what a command line is answered, after how long.
type modem struct {
	io.ReadWriteCloser
	answer func(cmd string) (string, time.Duration)
}

// serve reads command lines one after the other, as a modem does, until its end of the pipe is closed.
func (m *modem) serve() {
	defer m.Close()
	var line []byte
	buf := make([]byte, 256)
	for {
		n, err := m.Read(buf)
		if err != nil {
			return
		}
		for _, c := range buf[:n] {
			if c != '\r' {
				line = append(line, c)
				continue
			}
			text, after := m.answer(string(line))
			line = line[:0]
			<-time.After(after)
			if _, err := m.Write([]byte(text)); err != nil {
				return
			}
		}
	}
}

// numbered answers each "AT+N=i" with its own number, so that a wrong pairing shows.
func numbered(cmd string) (string, time.Duration) {
	if n, ok := strings.CutPrefix(cmd, "AT+N="); ok {
		return "\r\n+N: " + n + "\r\n\r\nOK\r\n", 50 * time.Millisecond
	}
	if cmd == "AT+CMEE?" {
		return "\r\n+CMEE: 1\r\n\r\nOK\r\n", 10 * time.Millisecond
	}
	return "\r\nOK\r\n", 10 * time.Millisecond
}

func start(t *testing.T, answer func(string) (string, time.Duration), o atcmd.Options) (*atcmd.Port, *modem) {
	host, far := atcmdtest.Pipe()
	m := &modem{far, answer}
	go m.serve()
	p := atcmd.New(host, o)
	t.Cleanup(func() { p.Close() })
	return p, m
}

func ask(ctx context.Context, p *atcmd.Port, n int, timeout time.Duration) error {
	r, err := p.Exec(ctx, atcmd.Cmd{Text: fmt.Sprintf("AT+N=%d", n), Prefix: "+N", Timeout: timeout})
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("+N: %d", n); len(r.Lines) != 1 || r.Lines[0] != want {
		return fmt.Errorf("wrong answer %q, want %q", r.Lines, want)
	}
	return nil
}

func TestConcurrentCallersQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t, numbered, atcmd.Options{})
		defer p.Close()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := ask(t.Context(), p, i, 0); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s := p.Stats(); s.Commands != 20 || s.Late != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Whenever a caller gives up, the next command gets its own answer. The modem takes 50 ms for each.
func TestCancelAtAnyMomentThenTheNextCommandIsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t, numbered, atcmd.Options{})
		defer p.Close()
		for ms := range 60 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(ms)*time.Millisecond)
			err := ask(ctx, p, 1000+ms, 0)
			cancel()
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("cancel after %d ms: %v", ms, err)
			}
			if err := ask(t.Context(), p, ms, 0); err != nil {
				t.Fatalf("after a cancel at %d ms: %v", ms, err)
			}
		}
	})
}

// The answer arrives exactly when its time is over, a thousand times: it counts or it does not, but never for another.
func TestAnswerExactlyAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t, numbered, atcmd.Options{})
		defer p.Close()
		late := 0
		for i := range 1000 {
			err := ask(t.Context(), p, i, 50*time.Millisecond)
			if errors.Is(err, atcmd.ErrTimeout) {
				late++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if s := p.Stats(); s.Timeouts != uint64(late) || s.Resyncs != uint64(late) {
			t.Errorf("%d late, %+v", late, s)
		}
	})
}

func TestSilentModemIsDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t, func(string) (string, time.Duration) { return "", 0 }, atcmd.Options{Name: "/dev/ttyTEST"})
		defer p.Close()
		began := time.Now()
		if _, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT"}); !errors.Is(err, atcmd.ErrTimeout) {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Exec(ctx, atcmd.Cmd{Text: "AT"}); !errors.Is(err, atcmd.ErrResync) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an Exec that ends while the port resyncs: %v", err)
		}
		if _, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT"}); !errors.Is(err, atcmd.ErrDead) {
			t.Errorf("a pending Exec: %v", err)
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("noticed after %v", took)
		}
		if _, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT"}); !errors.Is(err, atcmd.ErrDead) {
			t.Errorf("a later Exec: %v", err)
		}
		if _, open := <-p.URCs(); open || !errors.Is(p.Err(), atcmd.ErrDead) {
			t.Errorf("URCs open: %v, Err %v", open, p.Err())
		}
		trace := p.Trace()
		if last := trace[len(trace)-1]; last.Kind != atcmd.ExchangeResync || last.Err == "" {
			t.Errorf("the trace ends with %+v", last)
		}
	})
}

// The modem hangs in the middle of an answer: noticed within 30 s.
func TestHangInsideAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t, func(cmd string) (string, time.Duration) {
			if cmd == "AT+CSQ" {
				return "\r\n+CSQ: 20", 0
			}
			return "", 0
		}, atcmd.Options{})
		began := time.Now()
		p.Exec(t.Context(), atcmd.Cmd{Text: "AT+CSQ", Prefix: "+CSQ"})
		<-p.Done()
		if took := time.Since(began); took > 30*time.Second || !errors.Is(p.Err(), atcmd.ErrDead) {
			t.Errorf("%v after %v", p.Err(), took)
		}
	})
}

// stuck takes no bytes until it is closed.
type stuck struct{ closed chan struct{} }

func (s stuck) Read([]byte) (int, error)  { <-s.closed; return 0, io.EOF }
func (s stuck) Write([]byte) (int, error) { <-s.closed; return 0, io.ErrClosedPipe }
func (s stuck) Close() error              { close(s.closed); return nil }

func TestBlockedWriteEndsThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := atcmd.New(stuck{make(chan struct{})}, atcmd.Options{})
		began := time.Now()
		_, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT", Timeout: time.Minute})
		if !errors.Is(err, atcmd.ErrTimeout) || time.Since(began) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if _, open := <-p.URCs(); open {
			t.Error("the URC channel stays open")
		}
	})
}

func TestPeerGoneAndClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := start(t, numbered, atcmd.Options{Name: "/dev/ttyTEST"})
		m.Close()
		<-p.Done()
		if _, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT"}); !errors.Is(err, atcmd.ErrGone) || errors.Is(err, atcmd.ErrClosed) {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t, func(string) (string, time.Duration) { return "", 0 }, atcmd.Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT"}); !errors.Is(err, atcmd.ErrClosed) {
				t.Errorf("the open command: %v", err)
			}
		})
		synctest.Wait()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if err := p.Err(); !errors.Is(err, atcmd.ErrClosed) || errors.Is(err, atcmd.ErrGone) {
			t.Errorf("Err is %v", err)
		}
		p.SetURCs(nil) // must not block
	})
}

// URCs arrive in order; of those that nobody reads the oldest are dropped and counted.
func TestURCOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := start(t, numbered, atcmd.Options{})
		defer p.Close()
		p.SetURCs([]atcmd.URC{{Prefix: "+CREG"}})
		for i := range 1000 {
			fmt.Fprintf(m, "\r\n+CREG: %d\r\n", i)
		}
		synctest.Wait()
		s := p.Stats()
		for i := int(s.URCsDropped); i < 1000; i++ {
			if got, want := <-p.URCs(), fmt.Sprintf("+CREG: %d", i); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
		if s.URCs != 1000 || s.URCsDropped != 1000-256 || s.Unknown != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTraceKeepsTheLastAndNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := start(t, func(cmd string) (string, time.Duration) {
			switch {
			case strings.HasPrefix(cmd, "AT+CPIN="):
				return cmd + "\r\r\n+CME ERROR: 16\r\n", 0
			case cmd == "AT+CGAUTH?":
				return "\r\n+CGAUTH: 1,1,\"user\",\"hunter2\"\r\n\r\nOK\r\n", 0
			}
			return "\r\nOK\r\n", 0
		}, atcmd.Options{TraceLen: 8})
		defer p.Close()
		for range 20 {
			p.Exec(t.Context(), atcmd.Cmd{Text: "AT"})
		}
		_, err := p.Exec(t.Context(), atcmd.Cmd{Text: `AT+CPIN="1234"`})
		if code, ok := atcmd.CME(err); !ok || code != 16 || strings.Contains(err.Error(), "1234") {
			t.Errorf("%v: %d %t", err, code, ok)
		}
		r, err := p.Exec(t.Context(), atcmd.Cmd{Text: "AT+CGAUTH?", Prefix: "+CGAUTH"})
		if err != nil || !strings.Contains(r.Lines[0], "hunter2") {
			t.Errorf("the caller must see the answer: %q, %v", r.Lines, err)
		}
		p.Exec(t.Context(), atcmd.Cmd{Text: "AT+FOO=hunter2", Secret: true})
		fmt.Fprint(m, "\r\nT+CPIN=\"1234\"\r\n") // an echo that lost its first byte
		synctest.Wait()
		if line := <-p.URCs(); strings.Contains(line, "1234") {
			t.Errorf("URC %q", line)
		}
		trace := p.Trace()
		if all := fmt.Sprintf("%+v", trace); len(trace) != 8 || strings.Contains(all, "1234") || strings.Contains(all, "hunter2") {
			t.Errorf("%d exchanges: %s", len(trace), all)
		}
		if !slices.ContainsFunc(trace, func(e atcmd.Exchange) bool { return e.Command == "AT+CPIN=***" && e.Final == "+CME ERROR: 16" }) {
			t.Errorf("%+v", trace)
		}
	})
}

// A recorded dialogue through the whole port, byte by byte and with pauses.
func TestTranscriptThroughThePort(t *testing.T) {
	for _, name := range []string{"cms_prompt.txt", "eg25_cops_scan.txt"} {
		synctest.Test(t, func(t *testing.T) {
			tr, err := atcmdtest.Load("testdata/transcripts/" + name)
			if err != nil {
				t.Fatal(err)
			}
			player := atcmdtest.NewPlayer(tr)
			p := atcmd.New(atcmdtest.Delay(atcmdtest.Split(player, 3), 10*time.Millisecond), atcmd.Options{})
			c := atcmd.Cmd{Text: strings.TrimSuffix(tr.Sent()[0], "\r"), Prefix: tr.Header["prefix"], Timeout: time.Minute}
			if len(tr.Sent()) > 1 {
				c.Data = []byte("hello\rworld")
			}
			r, err := p.Exec(t.Context(), c)
			if err != nil || "info "+r.Lines[0] != tr.Want[0] {
				t.Errorf("%q, %v", r.Lines, err)
			}
			p.Close()
			if err := player.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// On a line that corrupts and loses bytes commands fail, but an answer is never that of another command.
func TestBadLineNeverMisattributes(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			host, far := atcmdtest.Pipe()
			go (&modem{far, numbered}).serve()
			p := atcmd.New(atcmdtest.Drop(atcmdtest.Corrupt(host, rng, 0.002), rng, 0.002), atcmd.Options{})
			defer p.Close()
			good := 0
			for i := 100_000; i < 100_100 && p.Err() == nil; i++ {
				r, err := p.Exec(t.Context(), atcmd.Cmd{Text: fmt.Sprintf("AT+N=%d", i), Prefix: "+N"})
				if err != nil || len(r.Lines) == 0 {
					continue
				}
				good++
				for other := 100_000; other < i; other++ {
					if r.Lines[0] == fmt.Sprintf("+N: %d", other) {
						t.Errorf("seed %d: command %d got the answer of %d", seed, i, other)
					}
				}
			}
			if good == 0 {
				t.Errorf("seed %d: no command came through", seed)
			}
		})
	}
}

// With Resync the first command does not get the answer of what a former owner left.
func TestResyncAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := start(t, numbered, atcmd.Options{Resync: true})
		defer p.Close()
		fmt.Fprint(m, "\r\n+N: 99\r\n\r\nOK\r\n")
		if err := ask(t.Context(), p, 1, 0); err != nil {
			t.Error(err)
		}
		if s := p.Stats(); s.Late != 2 || s.Resyncs != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestBadCommandsNeverReachThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t, numbered, atcmd.Options{})
		defer p.Close()
		for _, c := range []atcmd.Cmd{
			{}, {Text: "+++"}, {Text: "ATD1\rATH"}, {Text: "AT+X=\"a\nb\""}, {Text: "AT\x1a"}, {Text: "AT\x1b"}, {Text: "AT\x00"},
			{Text: "AT+X=\"\u00e9\""}, {Text: "AT" + strings.Repeat("x", 2000)},
			{Text: "AT+CMGS=1", Data: []byte("a\x1ab")}, {Text: "AT+CMGS=1", Data: []byte("a\x1b")}, {Text: "AT+CMGS=1", Data: make([]byte, 1<<20)},
		} {
			if _, err := p.Exec(t.Context(), c); !errors.Is(err, atcmd.ErrBadCommand) {
				t.Errorf("%.20q: %v", c.Text, err)
			}
		}
		if s := p.Stats(); s.BytesOut != 0 {
			t.Errorf("%d bytes were sent", s.BytesOut)
		}
	})
}
