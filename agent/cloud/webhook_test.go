package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A hooked is a Webhook running on a real loopback port.
type hooked struct {
	t    *testing.T
	hook *Webhook
	url  string
	stop func()

	mu     sync.Mutex // guards what follows
	refuse error      // what emit answers
	got    []Batch
}

func serve(t *testing.T, limits Limits) *hooked {
	t.Helper()
	return serveWith(t, WebhookOptions{Limits: limits})
}

func serveWith(t *testing.T, opts WebhookOptions) *hooked {
	t.Helper()
	opts.Listen, opts.Path = "127.0.0.1:0", "/events"
	hook, err := NewWebhook(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.Listen(); err != nil {
		t.Fatal(err)
	}
	h := &hooked{t: t, hook: hook, url: "http://" + hook.Addr() + "/events"}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- hook.Run(ctx, h.emit) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not stop")
		}
	})
	t.Cleanup(h.stop)
	return h
}

func (h *hooked) emit(ctx context.Context, b Batch) error {
	b.Body = nil // it must not be kept
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse == nil {
		h.got = append(h.got, b)
	}
	return h.refuse
}

func (h *hooked) setRefuse(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = err
}

func (h *hooked) batches() []Batch {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

// send makes a request and returns status and body. Header lines are "Name: value".
func (h *hooked) send(method, url string, body io.Reader, header ...string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, url, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

func (h *hooked) post(body string, header ...string) (int, string) {
	h.t.Helper()
	return h.send(http.MethodPost, h.url, strings.NewReader(body), header...)
}

const asJSON = "Content-Type: application/json"

func TestWebhookAccepts(t *testing.T) {
	h := serve(t, Limits{})
	body := string(fixture(t, "kore-started.json"))
	for _, header := range []string{"X: no type", asJSON, "Content-Type: application/json; charset=utf-8",
		"Content-Type: application/cloudevents+json", "Content-Type: application/cloudevents-batch+json"} {
		if status, answer := h.post(body, header); status != 204 {
			t.Errorf("%s: %d %s", header, status, answer)
		}
	}
	got := h.batches()
	if len(got) != 5 || len(got[0].Events) != 1 || got[0].Source != "webhook" || got[0].Received.IsZero() {
		t.Fatalf("%+v", got)
	}
	if st := h.hook.Stats(); st.Batches != 5 || st.Events != 5 || st.Refused != 0 || !st.Last.Equal(got[4].Received) {
		t.Errorf("%+v", st)
	}
	if status, _ := h.post("[]", asJSON); status != 204 || len(h.batches()) != 5 {
		t.Errorf("empty array: %d, %d batches", status, len(h.batches()))
	}
}

func TestWebhookReportsSkippedEvents(t *testing.T) {
	h := serve(t, Limits{})
	status, answer := h.post(string(fixture(t, "mixed.ndjson")), asJSON)
	if status != 200 || !strings.Contains(answer, `"accepted":3`) || !strings.Contains(answer, "event 1: sim_iccid: missing") {
		t.Errorf("%d %s", status, answer)
	}
	if got := h.batches(); len(got) != 1 || got[0].Problems != 2 || len(got[0].Events) != 3 {
		t.Errorf("%+v", got)
	}
}

func TestWebhookRefuses(t *testing.T) {
	h := serve(t, Limits{Body: 1000, Events: 100})
	good := bare()
	big := strings.Repeat(" ", 1001)
	for _, c := range []struct {
		name, method, path string
		body               io.Reader
		header             string
		status             int
		says               string
	}{
		{"wrong path", "POST", "/event", strings.NewReader(good), asJSON, 404, "path"},
		{"longer path", "POST", "/events/", strings.NewReader(good), asJSON, 404, "path"},
		{"get", "GET", "/events", nil, asJSON, 405, "POST"},
		{"put", "PUT", "/events", strings.NewReader(good), asJSON, 405, "POST"},
		{"form", "POST", "/events", strings.NewReader(good), "Content-Type: application/x-www-form-urlencoded", 415, "JSON"},
		{"nonsense type", "POST", "/events", strings.NewReader(good), "Content-Type: ;;", 415, "JSON"},
		{"gzip", "POST", "/events", strings.NewReader(good), "Content-Encoding: gzip", 415, "encoded"},
		{"web page", "POST", "/events", strings.NewReader(good), "Origin: http://evil.example", 403, "web pages"},
		{"too long", "POST", "/events", strings.NewReader(big), asJSON, 413, "1000 bytes"},
		{"too long, length not told", "POST", "/events", io.MultiReader(strings.NewReader(big)), asJSON, 413, "1000 bytes"},
		{"malformed", "POST", "/events", strings.NewReader("[{}\n,]"), asJSON, 400, `"line":2,"offset":5`},
		{"deep", "POST", "/events", strings.NewReader(strings.Repeat("[", 100)), asJSON, 400, "too deeply"},
		{"many", "POST", "/events", strings.NewReader("[" + strings.Repeat("1,", 400) + "1]"), asJSON, 400, "too many"},
		{"not text", "POST", "/events", strings.NewReader("\x00\xff"), asJSON, 400, "malformed"},
		{"two types", "POST", "/events", strings.NewReader(good), "Content-Type: application/json, text/plain", 415, "JSON"},
		{"empty", "POST", "/events", nil, asJSON, 400, "no JSON"},
	} {
		status, answer := h.send(c.method, "http://"+h.hook.Addr()+c.path, c.body, c.header)
		var problem struct {
			Status        int
			Title, Detail string
		}
		if err := json.Unmarshal([]byte(answer), &problem); err != nil || problem.Status != status || problem.Title == "" {
			t.Errorf("%s: not a problem: %s", c.name, answer)
		}
		if status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%s: %d %s, want %d %s", c.name, status, answer, c.status, c.says)
		}
	}
	if st := h.hook.Stats(); st.Refused != 16 || st.Batches != 0 || len(h.batches()) != 0 {
		t.Errorf("%+v", st)
	}
}

func TestWebhookEmitFails(t *testing.T) {
	h := serve(t, Limits{})
	h.setRefuse(errors.New("journal: disk full"))
	token := "kore-idempotency-token: t1"
	status, answer := h.post(bare(), token)
	if status != 503 || strings.Contains(answer, "disk") {
		t.Errorf("%d %s", status, answer)
	}
	if st := h.hook.Stats(); st.Failed != 1 || st.Refused != 0 || st.LastError != "journal: disk full" {
		t.Errorf("%+v", st)
	}
	// The resend is not taken for a duplicate: what was refused is still wanted.
	h.setRefuse(nil)
	if status, _ := h.post(bare(), token); status != 204 || len(h.batches()) != 1 {
		t.Errorf("resend: %d, %d batches", status, len(h.batches()))
	}
}

func TestWebhookKnowsResends(t *testing.T) {
	h := serve(t, Limits{})
	for range 3 {
		if status, _ := h.post(bare(), "kore-idempotency-token: t1"); status != 204 {
			t.Error(status)
		}
	}
	h.post(bare())
	h.post(bare())
	if st := h.hook.Stats(); st.Duplicates != 2 || st.Batches != 3 {
		t.Errorf("%+v", st)
	}
	for i := range maxTokens + 10 {
		h.hook.remember(fmt.Sprint(i))
	}
	if n := h.hook.tokens.Len(); n != maxTokens {
		t.Errorf("%d tokens kept", n)
	}
}

func TestWebhookManyClients(t *testing.T) {
	h := serve(t, Limits{})
	body := []byte(bare())
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			res, err := http.Post(h.url, "application/json", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			if res.StatusCode != 204 && res.StatusCode != 503 {
				t.Error(res.Status)
			}
		})
	}
	wg.Wait()
	if st := h.hook.Stats(); st.Batches+st.Busy != 200 || st.Batches < defaultParallel || int(st.Batches) != len(h.batches()) {
		t.Errorf("%+v", st)
	}
}

// TestWebhookStopsWithOpenConnections: a client that sends its body slowly does not keep Run from returning, and the port
// can be bound again.
func TestWebhookStopsWithOpenConnections(t *testing.T) {
	h := serve(t, Limits{})
	addr := h.hook.Addr()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	h.stop()
	if len(h.batches()) != 0 || h.hook.Addr() != "" {
		t.Error("something was delivered, or the address is still there")
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("port not free: %v", err)
	}
	again.Close()
}

// A pipeListener hands out the other ends of in-memory connections, whose deadlines are virtual in a synctest bubble.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestWebhookSlowClients: neither a header nor a body that trickles in holds a connection for longer than readTimeout.
func TestWebhookSlowClients(t *testing.T) {
	for _, c := range []struct{ name, sent, status string }{
		{"header", "POST /events HTTP/1.1\r\nHost: x\r\n", ""},
		{"body", "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 408 "},
	} {
		synctest.Test(t, func(t *testing.T) {
			hook, err := NewWebhook(WebhookOptions{Listen: "127.0.0.1:0", Path: "/events"})
			if err != nil {
				t.Fatal(err)
			}
			listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
			hook.listener = listener
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- hook.Run(ctx, nil) }()

			client, server := net.Pipe()
			listener.conns <- server
			began := time.Now()
			if _, err := io.WriteString(client, c.sent); err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(client)
			if took := time.Since(began); took > readTimeout+time.Second || !strings.HasPrefix(string(answer), c.status) {
				t.Errorf("%s: %q after %v", c.name, answer, took)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewWebhookChecks(t *testing.T) {
	for _, c := range []struct {
		listen, path string
		remote, ok   bool // remote: and plain HTTP
	}{
		{"127.0.0.1:0", "/events", false, true},
		{"127.8.9.1:0", "/events", false, true},
		{"[::1]:0", "/events", false, true},
		{"localhost:0", "/events", false, true},
		{":8099", "/events", false, false},
		{"0.0.0.0:8099", "/events", false, false},
		{"192.168.1.5:8099", "/events", false, false},
		{"example.com:8099", "/events", false, false},
		{"0.0.0.0:8099", "/events", true, true},
		{"127.0.0.1", "/events", false, false},
		{"127.0.0.1:0", "events", false, false},
	} {
		_, err := NewWebhook(WebhookOptions{Listen: c.listen, Path: c.path, AllowRemote: c.remote, PlainHTTP: c.remote})
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	_, err := NewWebhook(WebhookOptions{Listen: ":1", Path: "/"})
	if bad, ok := errors.AsType[*SourceError](err); !ok || !errors.Is(err, ErrNotLoopback) || bad.On != ":1" {
		t.Errorf("%#v", err)
	}
	for name, bad := range map[string]WebhookOptions{
		"plain to others":  {Listen: ":1", Path: "/", AllowRemote: true},
		"empty secret":     {Listen: "127.0.0.1:0", Path: "/", Secrets: []string{"a", ""}},
		"too many secrets": {Listen: "127.0.0.1:0", Path: "/", Secrets: make([]string, maxSecrets+1)},
		"no certificate":   {Listen: "127.0.0.1:0", Path: "/", CertFile: "/none", KeyFile: "/none"},
	} {
		if _, err := NewWebhook(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestWebhookPortTaken(t *testing.T) {
	h := serve(t, Limits{})
	second, err := NewWebhook(WebhookOptions{Listen: h.hook.Addr(), Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), h.hook.Addr()) {
		t.Errorf("%v", err)
	}
}
