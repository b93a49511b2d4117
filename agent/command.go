package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"supersim-agent/agent/core"
	"supersim-agent/agent/status"
	"supersim-agent/atcmd"
)

// maxTickets is how many commands of persons may wait at once.
const maxTickets = 8

// tickets are the commands of persons whose answer is awaited. The core decides when one may touch the modem and knows
// it by its number only.
type tickets struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]*ticket
}

type ticket struct {
	ctx     context.Context // of who asked; a command of somebody who left is not sent, or cancelled
	request status.Request
	answer  chan commandResult // has room for it
}

type commandResult struct {
	reply atcmd.Reply
	err   error
}

// issue returns the number of a new ticket; ok is false when too many are waiting.
func (t *tickets) issue(ctx context.Context, r status.Request) (n uint64, wait *ticket, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) >= maxTickets {
		return 0, nil, false
	}
	if t.open == nil {
		t.open = map[uint64]*ticket{}
	}
	t.last++
	wait = &ticket{ctx: ctx, request: r, answer: make(chan commandResult, 1)}
	t.open[t.last] = wait
	return t.last, wait, true
}

// redeem takes a ticket out; nil when who asked has left.
func (t *tickets) redeem(n uint64) *ticket {
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := t.open[n]
	delete(t.open, n)
	return wait
}

// command sends one AT command for a person: through the core, so that nothing else speaks with the modem meanwhile.
func (a *Agent) command(ctx context.Context, r status.Request) (status.Result, error) {
	if reason := Risk(r.Command); reason != "" && !r.Force {
		return status.Result{}, status.NewProblem(http.StatusConflict, "needs-force",
			fmt.Sprintf("%s is not sent: %s", atcmd.Mask(r.Command), reason), "Repeat it with force (--force) if you mean it.")
	}
	if s := a.snapshot.Load(); !s.Facts.Line.Alive {
		return status.Result{}, status.NewProblem(http.StatusServiceUnavailable, "no-modem",
			"the modem does not answer at present: "+s.Verdict.Summary, "See supersim-agent status.")
	}
	n, wait, ok := a.tickets.issue(ctx, r)
	if !ok {
		return status.Result{}, status.NewProblem(http.StatusTooManyRequests, "busy",
			fmt.Sprintf("%d commands are waiting for the modem already", maxTickets), "Try again in a few seconds.")
	}
	defer a.tickets.redeem(n)
	request := core.CommandRequest{Ticket: n, Shown: atcmd.Mask(r.Command), Writes: writes(r.Command), Upsets: Risk(r.Command) != ""}
	if err := a.send(ctx, request); err != nil {
		return status.Result{}, err
	}
	select {
	case got := <-wait.answer:
		return got.result()
	case <-ctx.Done():
		return status.Result{}, ctx.Err()
	}
}

// writes reports whether a command may change something: it is neither a read, nor a test, nor a plain execution.
func writes(command string) bool {
	command = strings.TrimSpace(command)
	return Risk(command) != "" || strings.Contains(command, "=") && !strings.HasSuffix(command, "?")
}

// runCommand is the executor's part. What the modem refused is an answer for the person and no failure of ours.
func (a *Agent) runCommand(ctx context.Context, n uint64) error {
	wait := a.tickets.redeem(n)
	if wait == nil {
		return nil
	}
	if a.session.driver == nil {
		wait.answer <- commandResult{err: errNoPort}
		return errNoPort
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(wait.ctx, cancel)()
	reply, err := a.session.driver.Raw(ctx, wait.request.Command, wait.request.Timeout)
	wait.answer <- commandResult{reply, err}
	if errors.Is(err, atcmd.ErrBadCommand) {
		return nil
	}
	return err
}

// result puts the modem's answer into the socket's words. A refusal is an answer too: its final says so.
func (r commandResult) result() (status.Result, error) {
	out := status.Result{Lines: r.reply.Lines, Final: r.reply.Final, TookMs: r.reply.Took.Milliseconds()}
	refusal, ok := errors.AsType[*atcmd.Error](r.err)
	switch {
	case r.err == nil:
		return out, nil
	case ok && refusal.Err == nil:
		out.Final, out.TookMs = refusal.Final, refusal.Took.Milliseconds()
		return out, nil
	case errors.Is(r.err, atcmd.ErrBadCommand):
		return out, status.NewProblem(http.StatusBadRequest, "bad-command", r.err.Error(), "Send one line that begins with AT.")
	case errors.Is(r.err, atcmd.ErrTimeout):
		return out, status.NewProblem(http.StatusGatewayTimeout, "no-answer", r.err.Error(),
			"Some commands take minutes: give them a longer time-out.")
	}
	return out, r.err
}
