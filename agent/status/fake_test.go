package status

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// fake is a provider with a timeline that keeps the last few entries.
type fake struct {
	mu      sync.Mutex // protects what follows; the server reads while the test writes
	status  *Status
	entries []TimelineEntry
	seq     uint64
	keep    int
	changed chan struct{}

	asked    []Request
	injected []string
	result   Result
	takes    time.Duration // of Do
	err      error         // of everything that can fail
}

func newFake() *fake { return &fake{keep: 100, changed: make(chan struct{}), status: example()} }

func (f *fake) add(kind, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	f.entries = append(f.entries, TimelineEntry{Seq: f.seq, Time: At(moment), Side: Local, Kind: kind, Text: text})
	f.entries = f.entries[max(0, len(f.entries)-f.keep):]
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fake) setStatus(s *Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status = s
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fake) Status() *Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

func (f *fake) Timeline(after uint64) []TimelineEntry {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, e := range f.entries {
		if e.Seq > after {
			return append([]TimelineEntry(nil), f.entries[i:]...)
		}
	}
	return nil
}

func (f *fake) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *fake) Attempts() ([]Attempt, error) { return nil, f.err }
func (f *fake) Trace() ([]Exchange, error) {
	return []Exchange{{Time: At(moment), Command: "AT+CSQ", Lines: []string{"+CSQ: 20,99"}, Final: "OK", TookMs: 3}}, f.err
}
func (f *fake) Config() (any, error) { return map[string]int{"schema": 1}, f.err }

func (f *fake) WriteMetrics(w io.Writer) error {
	if f.err != nil {
		return f.err
	}
	_, err := fmt.Fprintln(w, "supersim_online 1")
	return err
}

func (f *fake) InjectEvents(_ context.Context, body []byte) (Injected, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.injected = append(f.injected, string(body))
	return Injected{Accepted: 1}, f.err
}

func (f *fake) Do(ctx context.Context, r Request) (Result, error) {
	f.mu.Lock()
	f.asked = append(f.asked, r)
	f.mu.Unlock()
	select {
	case <-time.After(f.takes):
		return f.result, f.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// moment is when everything in these tests happens: the time of the KORE sample event.
var moment = time.Date(2025, 11, 26, 9, 5, 44, 0, time.UTC)

func newTestServer(t testing.TB, f Provider) *Server {
	t.Helper()
	s, err := NewServer(Options{Provider: f, Version: "test", Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends one request to the handler as the user uid; headers are "Name: value".
func ask(s *Server, uid uint32, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "local"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(withPeer(r.Context(), Peer{UID: uid, PID: 1})))
	return w
}

// pipes is a listener whose connections are in memory, so that it works inside a synctest bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	peer  Peer // of the next connection
}

// pipe is a connection of known origin.
type pipe struct {
	net.Conn
	peer Peer
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// dial returns the client's end of a new connection.
func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- pipe{theirs, p.peer}
	return ours
}

// serve starts s on ln and returns a function that stops it and reports how it ended.
func serve(t testing.TB, s *Server, ln net.Listener) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
}

var _ http.Handler = (*Server)(nil)
