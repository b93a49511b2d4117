package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	root     = 0
	stranger = 4_000_000_000 // nobody's uid
)

func TestReads(t *testing.T) {
	f := newFake()
	f.add("registration", "searching")
	f.add("signal", "RSRP -95 dBm")
	s := newTestServer(t, f)
	online := example()
	online.Verdict.Online = true
	for _, tt := range []struct {
		name, target string
		headers      []string
		code         int
		contentType  string
		contains     string
	}{
		{"status", "/v1/status", nil, 200, typeJSON, `"schema":"supersim-agent/1"`},
		{"status by socket path", "/v1/status", []string{"Host: /run/supersim-agent/status.sock"}, 200, typeJSON, `"schema"`},
		{"status by escaped path", "/v1/status", []string{"Host: %2Frun%2Fstatus.sock"}, 200, typeJSON, `"schema"`},
		{"status without host (HTTP/1.0)", "/v1/status", []string{"Host: "}, 200, typeJSON, `"schema"`},
		{"status, localhost", "/v1/status", []string{"Host: LocalHost"}, 200, typeJSON, `"schema"`},
		{"health, not online", "/v1/health", nil, 503, typeJSON, `"online":false,"verdict":"sim-inactive"`},
		{"index", "/v1/", nil, 200, typeJSON, `"/v1/modem/reset"`},
		{"timeline", "/v1/timeline", nil, 200, typeJSON, `"text":"searching"`},
		{"timeline of nothing", "/v1/timeline?kind=verdict", nil, 200, typeJSON, "[]\n"},
		{"attempts, none yet", "/v1/attempts", nil, 200, typeJSON, "[]\n"},
		{"trace", "/v1/trace", nil, 200, typeJSON, `"command":"AT+CSQ"`},
		{"config", "/v1/config", nil, 200, typeJSON, `{"schema":1}`},
		{"metrics", "/v1/metrics", nil, 200, "text/plain; version=0.0.4; charset=utf-8", "supersim_online 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(s, stranger, "GET", tt.target, "", tt.headers...)
			if w.Code != tt.code || w.Header().Get("Content-Type") != tt.contentType {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Header().Get("Content-Type"), tt.code, tt.contentType)
			}
			if !strings.Contains(w.Body.String(), tt.contains) {
				t.Errorf("body lacks %s:\n%s", tt.contains, w.Body)
			}
		})
	}
	f.setStatus(online)
	if w := ask(s, stranger, "GET", "/v1/health", ""); w.Code != http.StatusOK {
		t.Errorf("health of an online device: %d", w.Code)
	}
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", maxBody+1)
	for _, tt := range []struct {
		name         string
		uid          uint32
		method       string
		target, body string
		headers      []string
		code         int
		problem      string
	}{
		{"unknown path", root, "GET", "/v1/nothing", "", nil, 404, "no-such-endpoint"},
		{"path of another version", root, "GET", "/v2/status", "", nil, 404, "no-such-endpoint"},
		{"no path", root, "GET", "/", "", nil, 404, "no-such-endpoint"},
		{"write to a read", root, "DELETE", "/v1/status", "", nil, 405, "wrong-method"},
		{"read of a write", root, "GET", "/v1/retry", "", nil, 405, "wrong-method"},
		{"foreign host", root, "GET", "/v1/status", "", []string{"Host: evil.example"}, 403, "foreign-host"},
		{"host with a port", root, "GET", "/v1/status", "", []string{"Host: localhost:8080"}, 403, "foreign-host"},
		{"web page", root, "GET", "/v1/status", "", []string{"Origin: http://evil.example"}, 403, "browser-request"},
		{"opaque web page", root, "POST", "/v1/retry", "", []string{"Origin: null"}, 403, "browser-request"},
		{"link", root, "GET", "/v1/status", "", []string{"Referer: http://local/"}, 403, "browser-request"},
		{"no right: retry", stranger, "POST", "/v1/retry", "", nil, 403, "no-write-right"},
		{"no right: probe", stranger, "POST", "/v1/probe", "", nil, 403, "no-write-right"},
		{"no right: at", stranger, "POST", "/v1/at", `{"command":"AT"}`, nil, 403, "no-write-right"},
		{"no right: reset", stranger, "POST", "/v1/modem/reset", "", nil, 403, "no-write-right"},
		{"no right: events", stranger, "POST", "/v1/events", "[]", nil, 403, "no-write-right"},
		{"bad since", root, "GET", "/v1/timeline?since=yesterday", "", nil, 400, "bad-query"},
		{"since in the future", root, "GET", "/v1/timeline?since=-2h", "", nil, 400, "bad-query"},
		{"bad limit", root, "GET", "/v1/timeline?limit=0", "", nil, 400, "bad-query"},
		{"limit too high", root, "GET", "/v1/timeline?limit=1000000000000000000000", "", nil, 400, "bad-query"},
		{"bad follow", root, "GET", "/v1/timeline?follow=yes", "", nil, 400, "bad-query"},
		{"bad wait", root, "GET", "/v1/status?wait=ten", "", nil, 400, "bad-query"},
		{"endless wait", root, "GET", "/v1/status?wait=24h", "", nil, 400, "bad-query"},
		{"hold without a time", root, "POST", "/v1/hold", "", nil, 400, "bad-body"},
		{"hold for ever", root, "POST", "/v1/hold", `{"for":"9999h"}`, nil, 400, "bad-body"},
		{"not JSON", root, "POST", "/v1/retry", "force", nil, 400, "bad-body"},
		{"wrong type", root, "POST", "/v1/retry", `{"force":"yes"}`, nil, 400, "bad-body"},
		{"misspelt name", root, "POST", "/v1/retry", `{"forse":true}`, nil, 400, "bad-body"},
		{"two values", root, "POST", "/v1/retry", `{} {}`, nil, 400, "bad-body"},
		{"no command", root, "POST", "/v1/at", `{"command":" "}`, nil, 400, "bad-body"},
		{"endless command", root, "POST", "/v1/at", `{"command":"AT","timeout_s":1e300}`, nil, 400, "bad-body"},
		{"body too large", root, "POST", "/v1/retry", long, nil, 413, "body-too-large"},
		{"events too large", root, "POST", "/v1/events", strings.Repeat(" ", maxEventsBody+1), nil, 413, "body-too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			w := ask(newTestServer(t, f), tt.uid, tt.method, tt.target, tt.body, tt.headers...)
			checkProblem(t, w.Code, w.Header(), w.Body.Bytes(), tt.code, tt.problem)
			if len(f.asked)+len(f.injected) > 0 {
				t.Errorf("a refused request reached the provider: %v %v", f.asked, f.injected)
			}
		})
	}
}

func checkProblem(t *testing.T, code int, h http.Header, body []byte, wantCode int, wantProblem string) {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("not a problem: %v: %s", err, body)
	}
	if code != wantCode || p.Status != wantCode || p.Code != wantProblem {
		t.Errorf("got %d %d %s, want %d %s: %s", code, p.Status, p.Code, wantCode, wantProblem, body)
	}
	if got := h.Get("Content-Type"); got != typeProblem {
		t.Errorf("content type %q", got)
	}
	if p.Type != "about:blank" || p.Title == "" || p.Detail == "" {
		t.Errorf("incomplete: %s", body)
	}
}

func TestWrongMethodNamesTheRightOne(t *testing.T) {
	w := ask(newTestServer(t, newFake()), root, "PUT", "/v1/at", "")
	if got := w.Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q", got)
	}
}

func TestUnknownPeerMayOnlyRead(t *testing.T) {
	s := newTestServer(t, newFake())
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		defer serve(t, s, p)()
		c := p.dial() // a pipe has no peer credentials
		defer c.Close()
		answer := exchange(t, c, "POST /v1/retry HTTP/1.1\r\nHost: local\r\nContent-Length: 0\r\n\r\n")
		checkProblem(t, answer.StatusCode, answer.Header, answer.body, 403, "no-write-right")
		if answer := exchange(t, c, "GET /v1/status HTTP/1.1\r\nHost: local\r\n\r\n"); answer.StatusCode != http.StatusOK {
			t.Errorf("read: %d", answer.StatusCode)
		}
	})
}

func TestWrites(t *testing.T) {
	for _, tt := range []struct {
		target, body string
		want         Request
		logged       string
	}{
		{"/v1/probe", "", Request{Kind: Probe}, "probe"},
		{"/v1/retry", "{}", Request{Kind: Retry}, "retry"},
		{"/v1/retry", `{"force":true}`, Request{Kind: Retry, Force: true}, "retry (forced)"},
		{"/v1/hold", `{"for":"2h"}`, Request{Kind: Hold, For: 2 * time.Hour}, "hold 2h0m0s"},
		{"/v1/resume", "", Request{Kind: Resume}, "resume"},
		{"/v1/modem/reset", "\n", Request{Kind: ModemReset}, "modem-reset"},
		{"/v1/at", `{"command":" AT+CSQ "}`, Request{Kind: AT, Command: "AT+CSQ"}, "AT+CSQ"},
		{"/v1/at", `{"command":"AT+CPIN=\"1234\"","force":true,"timeout_s":1.5}`,
			Request{Kind: AT, Command: `AT+CPIN="1234"`, Force: true, Timeout: 1500 * time.Millisecond}, "AT+CPIN=… (forced)"},
	} {
		t.Run(tt.logged, func(t *testing.T) {
			f := newFake()
			f.result = Result{Final: "OK", Lines: []string{"+CSQ: 20,99"}}
			w := ask(newTestServer(t, f), root, "POST", tt.target, tt.body)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"final":"OK"`) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff([]Request{tt.want}, f.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if got := tt.want.name(); got != tt.logged {
				t.Errorf("logged as %q, want %q", got, tt.logged)
			}
		})
	}
}

func TestInjectEvents(t *testing.T) {
	f := newFake()
	w := ask(newTestServer(t, f), root, "POST", "/v1/events", `[{"type":"x"}]`)
	if w.Code != http.StatusOK || w.Body.String() != `{"accepted":1,"duplicates":0,"other_iccid":0}`+"\n" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if diff := cmp.Diff([]string{`[{"type":"x"}]`}, f.injected); diff != "" {
		t.Errorf("injected (-want +got):\n%s", diff)
	}
}

func TestProviderErrors(t *testing.T) {
	own := NewProblem(http.StatusConflict, "busy", "another action is under way", "Wait for it.")
	for _, tt := range []struct {
		err     error
		code    int
		problem string
	}{
		{errors.ErrUnsupported, 501, "not-supported"},
		{fmt.Errorf("retry: %w", own), 409, "busy"},
		{&Problem{Detail: "without a status"}, 500, "failed"},
		{&Problem{Status: 400, Title: "Not events", Detail: "without a code"}, 400, "failed"},
		{context.DeadlineExceeded, 504, "timeout"},
		{errors.New("AT+CFUN=1,1 on /dev/ttyUSB2: no answer"), 502, "failed"},
	} {
		for _, rt := range routes {
			if slices.Contains([]string{"/v1/", "/v1/status", "/v1/health", "/v1/timeline"}, rt.Path) {
				continue // these cannot fail
			}
			t.Run(rt.Path+" "+tt.problem, func(t *testing.T) {
				f := newFake()
				f.err = tt.err
				w := ask(newTestServer(t, f), root, rt.Method, rt.Path, map[string]string{"/v1/at": `{"command":"AT"}`, "/v1/hold": `{"for":"1h"}`}[rt.Path])
				checkProblem(t, w.Code, w.Header(), w.Body.Bytes(), tt.code, tt.problem)
			})
		}
	}
}

// bare has a status and a timeline only.
type bare struct {
	Unsupported
	fake *fake
}

func (b bare) Status() *Status                       { return b.fake.Status() }
func (b bare) Timeline(after uint64) []TimelineEntry { return b.fake.Timeline(after) }
func (b bare) Changed() <-chan struct{}              { return b.fake.Changed() }

func TestUnsupportedProvider(t *testing.T) {
	s := newTestServer(t, bare{fake: newFake()})
	for _, path := range []string{"/v1/attempts", "/v1/trace", "/v1/config", "/v1/metrics"} {
		w := ask(s, root, "GET", path, "")
		checkProblem(t, w.Code, w.Header(), w.Body.Bytes(), 501, "not-supported")
	}
}

func TestStartingHasNoStatus(t *testing.T) {
	f := newFake()
	f.status = nil
	s := newTestServer(t, f)
	for _, path := range []string{"/v1/status", "/v1/health"} {
		w := ask(s, root, "GET", path, "")
		checkProblem(t, w.Code, w.Header(), w.Body.Bytes(), 503, "starting")
	}
}

func TestETag(t *testing.T) {
	f := newFake()
	s := newTestServer(t, f)
	first := ask(s, root, "GET", "/v1/status", "").Header().Get("ETag")
	if w := ask(s, root, "GET", "/v1/status", "", "If-None-Match: "+first); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same again: %d with %d bytes", w.Code, w.Body.Len())
	}
	changed := example()
	changed.UptimeS++
	f.setStatus(changed)
	w := ask(s, root, "GET", "/v1/status", "", "If-None-Match: "+first)
	if w.Code != http.StatusOK || w.Header().Get("ETag") == first {
		t.Errorf("after a change: %d %s", w.Code, w.Header().Get("ETag"))
	}
}

func TestWaitForChange(t *testing.T) {
	f := newFake()
	s := newTestServer(t, f)
	etag := strings.Trim(ask(s, root, "GET", "/v1/status", "").Header().Get("ETag"), `"`)
	synctest.Test(t, func(t *testing.T) {
		f.changed = make(chan struct{}) // of this bubble
		start := time.Now()
		time.AfterFunc(3*time.Second, func() {
			changed := example()
			changed.UptimeS = 415
			f.setStatus(changed)
		})
		w := ask(s, root, "GET", "/v1/status?wait=10s&since="+etag, "")
		if took := time.Since(start); took != 3*time.Second || !strings.Contains(w.Body.String(), `"uptime_s":415`) {
			t.Errorf("after %v: %s", took, w.Body)
		}
		start = time.Now()
		etag := strings.Trim(w.Header().Get("ETag"), `"`)
		if w := ask(s, root, "GET", "/v1/status?wait=10s&since="+etag, ""); w.Code != http.StatusOK || time.Since(start) != 10*time.Second {
			t.Errorf("without a change: %d after %v", w.Code, time.Since(start))
		}
		start = time.Now()
		if w := ask(s, root, "GET", "/v1/status?wait=10s", ""); w.Code != http.StatusOK || time.Since(start) != 0 {
			t.Errorf("nothing to compare with: %d after %v", w.Code, time.Since(start))
		}
	})
}

func TestOperators(t *testing.T) {
	w, err := newWriters([]string{"12345", "root"})
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[uint32]bool{0: true, 12345: true, stranger: false} {
		if w[uid] != want {
			t.Errorf("uid %d may write: %v", uid, w[uid])
		}
	}
	if _, err := newWriters([]string{"no such user"}); err == nil || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("unknown operator: %v", err)
	}
}

// TestForcedRetryIsForRoot: an operator may ask for a retry, but not past the pauses that protect the network.
func TestForcedRetryIsForRoot(t *testing.T) {
	f := newFake()
	s := newTestServer(t, f)
	s.writers[stranger] = true
	if w := ask(s, stranger, "POST", "/v1/retry", ""); w.Code != http.StatusOK {
		t.Errorf("a retry: %d %s", w.Code, w.Body)
	}
	if w := ask(s, stranger, "POST", "/v1/retry", `{"force":true}`); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "root-only") {
		t.Errorf("a forced retry: %d %s", w.Code, w.Body)
	}
	if len(f.asked) != 1 {
		t.Errorf("asked %v", f.asked)
	}
}
