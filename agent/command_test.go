package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"supersim-agent/agent/status"
	"supersim-agent/atcmd"
	"supersim-agent/modem/modemsim"
)

// withAgent runs an agent against the default world, in virtual time, until it is online.
func withAgent(t *testing.T, f func(ctx context.Context, a *Agent, w *modemsim.World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		world := modemsim.NewWorld(modemsim.Default(), nil)
		a := New(testConfig(), Deps{
			Open:     func(context.Context) (atcmd.Transport, string, error) { return openPipe(world) },
			Dialects: allDialects(),
			Power:    worldPower{world},
			NTP:      func() bool { return true },
			Log:      zerolog.New(io.Discard),
		})
		ended := make(chan struct{}, 2)
		go func() { world.Run(ctx); ended <- struct{}{} }()
		go func() { a.Run(ctx); ended <- struct{}{} }()
		<-time.After(5 * time.Minute) // virtual time
		synctest.Wait()
		f(ctx, a, world)
		cancel()
		<-ended
		<-ended
	})
}

func ask(ctx context.Context, a *Agent, command string, force bool) (status.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return a.Do(ctx, status.Request{Kind: status.AT, Command: command, Force: force})
}

func TestCommand(t *testing.T) {
	withAgent(t, func(ctx context.Context, a *Agent, _ *modemsim.World) {
		got, err := ask(ctx, a, "AT+CPIN?", false)
		if err != nil || got.Final != "OK" || strings.Join(got.Lines, "|") != "+CPIN: READY" {
			t.Errorf("got %+v, %v", got, err)
		}
		// What the modem refuses is an answer, not a failure of ours.
		got, err = ask(ctx, a, "AT+NOSUCH", false)
		if err != nil || !strings.Contains(got.Final, "ERROR") {
			t.Errorf("refusal: got %+v, %v", got, err)
		}
		if _, err = ask(ctx, a, "HELLO", false); problemCode(err) != "bad-command" {
			t.Errorf("no AT command: got %v", err)
		}
		if s := a.Status(); !s.Online() {
			t.Errorf("after harmless commands: %+v", s.Verdict)
		}
	})
}

func problemCode(err error) string {
	if p, ok := errors.AsType[*status.Problem](err); ok {
		return p.Code
	}
	return ""
}

// Each command of the refusal table's test is refused, and nothing of it reaches the modem.
func TestCommandRefused(t *testing.T) {
	withAgent(t, func(ctx context.Context, a *Agent, w *modemsim.World) {
		before := w.Stats().Commands
		for _, line := range append(riskyLines, hiddenLines...) {
			_, err := ask(ctx, a, line, false)
			if problemCode(err) != "needs-force" {
				t.Errorf("%s: got %v", line, err)
			}
			if strings.Contains(fmt.Sprint(err), `"1234"`) {
				t.Errorf("the PIN is in the error: %v", err)
			}
		}
		if after := w.Stats().Commands; fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("commands reached the modem: before %v, after %v", before, after)
		}
	})
}

// A forced command that restarts the module: the agent greets it again and comes back online.
func TestCommandForced(t *testing.T) {
	withAgent(t, func(ctx context.Context, a *Agent, _ *modemsim.World) {
		if _, err := ask(ctx, a, "AT+CFUN=1,1", true); err != nil {
			t.Errorf("got %v", err)
		}
		<-time.After(5 * time.Minute) // virtual time
		synctest.Wait()
		if s := a.Status(); !s.Online() {
			t.Errorf("after a restart: %+v", s.Verdict)
		}
	})
}

// The timeline shows what was sent, without the PIN.
func TestCommandIsInTheTimeline(t *testing.T) {
	withAgent(t, func(ctx context.Context, a *Agent, _ *modemsim.World) {
		ask(ctx, a, `AT+CPIN="1234"`, true) //nolint:errcheck // refused or not, it is noted
		ask(ctx, a, "AT+CSQ", false)        //nolint:errcheck // see above
		var shown []string
		for _, e := range a.Timeline(0) {
			if e.Kind == "command" {
				shown = append(shown, e.Text)
			}
		}
		if got := strings.Join(shown, "; "); got != "sent for a person: AT+CPIN=***; sent for a person: AT+CSQ" {
			t.Errorf("timeline: %q", got)
		}
	})
}

func TestCommandWithoutModem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cfg := testConfig()
		cfg.Policy.Power = false
		a := New(cfg, Deps{
			Open: func(context.Context) (atcmd.Transport, string, error) {
				return nil, "", &atcmd.PortError{Path: "/dev/ttyTEST", Reason: atcmd.ReasonMissing, Err: errors.New("none")}
			},
			NTP: func() bool { return true }, Log: zerolog.New(io.Discard),
		})
		ended := make(chan struct{})
		go func() { a.Run(ctx); close(ended) }()
		<-time.After(time.Minute) // virtual time
		if _, err := ask(ctx, a, "AT", false); problemCode(err) != "no-modem" {
			t.Errorf("got %v", err)
		}
		cancel()
		<-ended
	})
}

// Commands of several people are done one at a time, each with its own answer; those above the bound are turned away.
func TestCommandsQueue(t *testing.T) {
	withAgent(t, func(ctx context.Context, a *Agent, _ *modemsim.World) {
		type outcome struct {
			result status.Result
			err    error
		}
		outcomes := make(chan outcome, 2*maxTickets)
		for range cap(outcomes) {
			go func() {
				r, err := ask(ctx, a, "AT+CPIN?", false)
				outcomes <- outcome{r, err}
			}()
		}
		done, turnedAway := 0, 0
		for range cap(outcomes) {
			switch o := <-outcomes; {
			case o.err == nil && strings.Join(o.result.Lines, "") == "+CPIN: READY":
				done++
			case problemCode(o.err) == "busy":
				turnedAway++
			default:
				t.Errorf("got %+v, %v", o.result, o.err)
			}
		}
		if done < maxTickets || done+turnedAway != cap(outcomes) {
			t.Errorf("%d answered, %d turned away", done, turnedAway)
		}
		if n := len(a.tickets.open); n != 0 {
			t.Errorf("%d tickets are left", n)
		}
	})
}

// Who leaves gets nothing sent in his name any more, and the modem is free for the next.
func TestCommandAbandoned(t *testing.T) {
	withAgent(t, func(ctx context.Context, a *Agent, w *modemsim.World) {
		w.Inject("modem-hang", 10*time.Second)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := a.Do(short, status.Request{Kind: status.AT, Command: "AT+CSQ"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		<-time.After(10 * time.Minute) // virtual time
		synctest.Wait()
		if got, err := ask(ctx, a, "AT+CPIN?", false); err != nil || got.Final != "OK" {
			t.Errorf("the next: got %+v, %v", got, err)
		}
	})
}
