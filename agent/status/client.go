package status

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnreachable is what errors.Is finds when no daemon answered.
var ErrUnreachable = errors.New("daemon unreachable")

// UnreachableError says which socket did not answer and why.
type UnreachableError struct {
	Socket string
	Err    error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("status socket %s: %v; %s", e.Socket, e.reason(), e.Hint())
}

// Unwrap makes both the sentinel and the cause visible to errors.Is and errors.As.
func (e *UnreachableError) Unwrap() []error { return []error{ErrUnreachable, e.Err} }

// reason is the cause without the address, which the message names already.
func (e *UnreachableError) reason() error {
	var number unix.Errno
	if errors.As(e.Err, &number) {
		return number
	}
	return e.Err
}

// Hint is what the user can do about it.
func (e *UnreachableError) Hint() string {
	switch {
	case errors.Is(e.Err, fs.ErrPermission):
		return "add yourself to group " + Group + " (sudo usermod -aG " + Group + " $USER), then log in again"
	case errors.Is(e.Err, fs.ErrNotExist), errors.Is(e.Err, unix.ECONNREFUSED):
		return "is the daemon running? Start it with: sudo systemctl start supersim-agent"
	}
	return "look at the daemon with: systemctl status supersim-agent"
}

const (
	redialEvery = 100 * time.Millisecond
	maxAnswer   = 32 << 20 // bytes; the longest answer is a full trace of 512 exchanges
)

// Client talks to a daemon. The zero value uses the default socket. It may be used by many goroutines and must not be
// copied. Errors are a *UnreachableError when nobody answered, a *Problem when the daemon refused.
type Client struct {
	// Socket is the path; "" means DefaultSocket.
	Socket string
	// Patience is for how long to try again while nobody answers, for "start the daemon, then ask it". 0: once.
	Patience time.Duration

	once sync.Once
	http http.Client
}

func (c *Client) socket() string {
	if c.Socket == "" {
		return DefaultSocket
	}
	return c.Socket
}

// Close ends idle connections. The client can be used again afterwards.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status returns everything known now.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	st := new(Status)
	return st, c.getJSON(ctx, "/v1/status", st)
}

// RawStatus returns the same as the daemon wrote it, with names that this program may not know yet.
func (c *Client) RawStatus(ctx context.Context) (json.RawMessage, error) {
	return c.raw(ctx, "/v1/status")
}

// Timeline returns the selected entries, oldest first.
func (c *Client) Timeline(ctx context.Context, q TimelineQuery) ([]TimelineEntry, error) {
	var entries []TimelineEntry
	return entries, c.getJSON(ctx, "/v1/timeline?"+q.values().Encode(), &entries)
}

// Follow yields the selected entries of the past, if After, Since or Limit is set, and then those that come, until ctx
// ends or the connection breaks. The last pair carries the error; there is none when ctx ended.
func (c *Client) Follow(ctx context.Context, q TimelineQuery) iter.Seq2[TimelineEntry, error] {
	return func(yield func(TimelineEntry, error) bool) {
		err := c.follow(ctx, q, func(e TimelineEntry) bool { return yield(e, nil) })
		if err != nil && ctx.Err() == nil {
			yield(TimelineEntry{}, err)
		}
	}
}

func (c *Client) follow(ctx context.Context, q TimelineQuery, yield func(TimelineEntry) bool) error {
	v := q.values()
	v.Set("follow", "1")
	resp, err := c.send(ctx, http.MethodGet, "/v1/timeline?"+v.Encode(), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	dec := json.NewDecoder(bufio.NewReader(resp.Body))
	for {
		var e TimelineEntry
		if err := dec.Decode(&e); err != nil {
			return fmt.Errorf("follow the timeline: %w", err)
		}
		if !yield(e) {
			return nil
		}
	}
}

func (q TimelineQuery) values() url.Values {
	v := url.Values{}
	switch {
	case q.After > 0:
		v.Set("since", strconv.FormatUint(q.After, 10))
	case !q.Since.IsZero():
		v.Set("since", q.Since.UTC().Format(time.RFC3339Nano))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if len(q.Kinds) > 0 {
		v.Set("kind", strings.Join(q.Kinds, ","))
	}
	return v
}

// Attempts returns the history of actions, oldest first.
func (c *Client) Attempts(ctx context.Context) ([]Attempt, error) {
	var attempts []Attempt
	return attempts, c.getJSON(ctx, "/v1/attempts", &attempts)
}

// Trace returns the last AT exchanges, oldest first.
func (c *Client) Trace(ctx context.Context) ([]Exchange, error) {
	var trace []Exchange
	return trace, c.getJSON(ctx, "/v1/trace", &trace)
}

// Config returns the daemon's configuration as it wrote it.
func (c *Client) Config(ctx context.Context) (json.RawMessage, error) {
	return c.raw(ctx, "/v1/config")
}

// Metrics returns Prometheus text.
func (c *Client) Metrics(ctx context.Context) ([]byte, error) { return c.raw(ctx, "/v1/metrics") }

// PostEvents hands the daemon the body of a connection-event webhook.
func (c *Client) PostEvents(ctx context.Context, body []byte) (Injected, error) {
	var result Injected
	return result, c.post(ctx, "/v1/events", body, &result)
}

// Do asks the daemon to do something and waits for the result.
func (c *Client) Do(ctx context.Context, r Request) (Result, error) {
	paths := map[Kind]string{Probe: "/v1/probe", Retry: "/v1/retry", AT: "/v1/at", ModemReset: "/v1/modem/reset",
		Hold: "/v1/hold", Resume: "/v1/resume"}
	path, ok := paths[r.Kind]
	if !ok {
		return Result{}, fmt.Errorf("request %q: unknown kind", r.Kind)
	}
	var request any = forceBody{Force: r.Force}
	switch r.Kind {
	case AT:
		request = atBody{Command: r.Command, Force: r.Force, TimeoutS: r.Timeout.Seconds()}
	case Hold:
		request = holdBody{For: r.For.String()}
	}
	body, err := encode(request)
	if err != nil {
		return Result{}, err
	}
	var result Result
	return result, c.post(ctx, path, body, &result)
}

func (c *Client) post(ctx context.Context, path string, body []byte, v any) error {
	resp, err := c.send(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return decodeAnswer(path, resp, v)
}

func (c *Client) getJSON(ctx context.Context, path string, v any) error {
	resp, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return decodeAnswer(path, resp, v)
}

func decodeAnswer(path string, resp *http.Response, v any) error {
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(v); err != nil {
		return fmt.Errorf("%s: answer not understood: %w", path, err)
	}
	return nil
}

func (c *Client) raw(ctx context.Context, path string) ([]byte, error) {
	resp, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s: read answer: %w", path, err)
	}
	return body, nil
}

// send makes one request and returns its answer if that is good news.
func (c *Client) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	c.once.Do(func() { c.http.Transport = &http.Transport{DialContext: c.dial} })
	req, err := http.NewRequestWithContext(ctx, method, "http://local"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failure(ctx, path, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		defer resp.Body.Close()
		return nil, problemFrom(resp)
	}
	return resp, nil
}

// failure sorts out why a request got no answer.
func (c *Client) failure(ctx context.Context, path string, err error) error {
	var unreachable *UnreachableError
	switch {
	case errors.As(err, &unreachable):
		return unreachable
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", path, ctx.Err())
	}
	return &UnreachableError{Socket: c.socket(), Err: err}
}

// dial connects to the socket, again and again while Patience lasts and the reason is one that passes.
func (c *Client) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var d net.Dialer
	patience := time.NewTimer(c.Patience)
	defer patience.Stop()
	for {
		conn, err := d.DialContext(ctx, "unix", c.socket())
		if err == nil {
			return conn, nil
		}
		failed := &UnreachableError{Socket: c.socket(), Err: err}
		if c.Patience == 0 || !(errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED)) {
			return nil, failed
		}
		select {
		case <-time.After(redialEvery):
		case <-patience.C:
			return nil, failed
		case <-ctx.Done():
			return nil, failed
		}
	}
}

// problemFrom reads the problem in an answer. Those that net/http writes by itself (a header too long) are plain text.
func problemFrom(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	p := new(Problem)
	if err == nil && json.Unmarshal(text, p) == nil && p.Code != "" {
		return p
	}
	return NewProblem(resp.StatusCode, "http-error", strings.TrimSpace(string(text)), "")
}
