package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const secret = "not-to-be-seen-anywhere"

// A journal keeps what a webhook writes to the log.
type journal struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (j *journal) add(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, text)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

func (h *hooked) signed(secret, body string) string {
	return "kore-signature: " + koreSign(secret, "POST", h.url, body)
}

func TestWebhookTakesSignedEvents(t *testing.T) {
	h := serveWith(t, WebhookOptions{Secrets: []string{"new", "old"}})
	body := string(fixture(t, "kore-started.json"))
	for _, s := range []string{"new", "old"} { // both during rotation
		if status, answer := h.post(body, h.signed(s, body), asJSON); status != 204 {
			t.Errorf("%s: %d %s", s, status, answer)
		}
	}
	test := string(fixture(t, "kore-test.json"))
	if status, answer := h.post(test, h.signed("new", test)); status != 204 {
		t.Errorf("test event: %d %s", status, answer)
	}
	if st := h.hook.Stats(); st.Batches != 3 || st.Unverified != 0 || st.Tests != 1 {
		t.Errorf("%+v", st)
	}
}

// TestWebhookRefusesForgeries: nothing is kept, everything is counted, the log says what to do, and says it once a minute.
func TestWebhookRefusesForgeries(t *testing.T) {
	var log journal
	opts := WebhookOptions{Secrets: []string{secret}, PublicURL: "https://pi.example/hook", Log: log.add}
	h := serveWith(t, opts)
	body := bare()
	for _, c := range []struct {
		name, header string
		status       int
	}{
		{"no signature", "X: y", 401},
		{"empty signature", "kore-signature: ", 401},
		{"junk", "kore-signature: x", 403},
		{"another secret", "kore-signature: " + koreSign("wrong", "POST", "https://pi.example/hook", body), 403},
		{"the listener's URL", h.signed(secret, body), 403},
		{"another body", "kore-signature: " + koreSign(secret, "POST", "https://pi.example/hook", "[]"), 403},
		{"Twilio without hash", "X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 403},
	} {
		status, answer := h.post(body, c.header, "kore-idempotency-token: t1")
		if status != c.status || strings.Contains(answer, "pi.example") || strings.Contains(answer, secret) {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	if st := h.hook.Stats(); st.Unverified != 7 || st.Refused != 7 || st.Batches != 0 || len(h.batches()) != 0 ||
		!strings.Contains(st.Hint, "public_url") || strings.Contains(fmt.Sprintf("%+v", st), secret) {
		t.Errorf("%+v", st)
	}
	if text := log.text(); len(log.lines) != 1 || !strings.Contains(text, opts.PublicURL) || strings.Contains(text, secret) {
		t.Errorf("log: %q", text)
	}
	if text := fmt.Sprintf("%+v", h.hook.opts); strings.Contains(text, secret) {
		t.Error("the options print the secret")
	}
	// A token of a forgery is not remembered.
	good := "kore-signature: " + koreSign(secret, "POST", "https://pi.example/hook", body)
	if status, _ := h.post(body, good, "kore-idempotency-token: t1"); status != 204 || len(h.batches()) != 1 {
		t.Errorf("%d, %d batches", status, len(h.batches()))
	}
	if st := h.hook.Stats(); st.Hint != "" || st.LastError != "" {
		t.Errorf("after a good one: %+v", st)
	}
	// Nor does a known token let a forgery pass as a resend.
	if status, _ := h.post(body, "kore-idempotency-token: t1"); status != 401 {
		t.Errorf("known token, no signature: %d", status)
	}
}

func TestWebhookTokenWithAnotherBody(t *testing.T) {
	h := serve(t, Limits{})
	const token = "kore-idempotency-token: same"
	for _, body := range []string{line("A"), line("B"), line("A")} {
		if status, _ := h.post(body, token); status != 204 {
			t.Error(status)
		}
	}
	if st := h.hook.Stats(); st.Batches != 2 || st.Duplicates != 1 {
		t.Errorf("%+v", st)
	}
}

// TestWebhookSlowReceiver: who cannot take events in time makes the sender come again, well inside KORE's 5 s.
func TestWebhookSlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook, err := NewWebhook(WebhookOptions{Listen: "127.0.0.1:0", Path: "/events"})
		if err != nil {
			t.Fatal(err)
		}
		slow := &delivery{hook: hook, emit: func(ctx context.Context, _ Batch) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		began := time.Now()
		rec := httptest.NewRecorder()
		slow.ServeHTTP(rec, httptest.NewRequest("POST", "/events", strings.NewReader(bare())))
		if took := time.Since(began); rec.Code != 503 || rec.Header().Get("Retry-After") == "" || took > emitTimeout {
			t.Errorf("%d after %v", rec.Code, took)
		}
		if st := hook.Stats(); st.Failed != 1 || st.Batches != 0 {
			t.Errorf("%+v", st)
		}
	})
	if readTimeout+slotTimeout+emitTimeout >= 5*time.Second {
		t.Error("an answer may come too late for KORE")
	}
}

// TestWebhookSlowBodiesDoNotStarveOthers: senders of long bodies who hold all of their slots are in the way of their like.
func TestWebhookSlowBodiesDoNotStarveOthers(t *testing.T) {
	h := serve(t, Limits{})
	var ends []*io.PipeWriter
	var posting sync.WaitGroup
	var busy atomic.Int32
	for range largeSlots {
		r, w := io.Pipe()
		ends = append(ends, w)
		posting.Go(func() {
			res, err := http.Post(h.url, "application/json", r)
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			if res.StatusCode == 503 {
				busy.Add(1)
			}
		})
		if _, err := w.Write([]byte(strings.Repeat(" ", smallBody+1))); err != nil {
			t.Fatal(err)
		}
	}
	for len(h.hook.large) < largeSlots { // each has sent what makes its body long
		runtime.Gosched()
	}
	if status, answer := h.post(bare()); status != 204 {
		t.Errorf("a short one: %d %s", status, answer)
	}
	if status, _ := h.post(bare() + strings.Repeat(" ", smallBody)); status != 503 {
		t.Errorf("a long one: %d", status)
	}
	for _, w := range ends {
		if _, err := w.Write([]byte(bare())); err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	posting.Wait()
	if st := h.hook.Stats(); st.Batches != largeSlots+1 || st.Busy != 1 || busy.Load() != 0 {
		t.Errorf("%+v, %d busy", st, busy.Load())
	}
}

// TestWebhookMemory: 200 clients with the longest body at the same time do not need 200 times its memory.
func TestWebhookMemory(t *testing.T) {
	h := serve(t, Limits{})
	body := bare() + strings.Repeat(" ", defaultBody-len(bare()))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	var clients sync.WaitGroup
	for range 200 {
		clients.Go(func() {
			res, err := http.Post(h.url, "application/json", strings.NewReader(body))
			if err != nil {
				return // refused while it still wrote
			}
			res.Body.Close()
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), now.HeapInuse))
			if !slices.Contains([]int{204, 408, 503}, res.StatusCode) {
				t.Error(res.Status)
			}
		})
	}
	clients.Wait()
	grown := int64(most.Load()) - int64(before.HeapInuse)
	t.Logf("%d MiB for 200 clients, their own side included", grown>>20)
	if grown > 64<<20 {
		t.Errorf("%d MiB", grown>>20)
	}
	if st := h.hook.Stats(); st.Batches == 0 {
		t.Errorf("%+v", st)
	}
}

func TestReporterHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		r := reporter{log: log.add, clock: orSystem(nil)}
		for i := range 5 {
			r.report("a", "a %d", i)
			r.report("b", "b %d", i)
		}
		<-time.After(reportEvery)
		r.report("a", "a again")
		if got := log.text(); got != "a 0\nb 0\na again (and 4 more like it)" {
			t.Error(got)
		}
		(&reporter{}).report("a", "nobody listens")
	})
}

func TestWebhookEmitFailureIsLogged(t *testing.T) {
	var log journal
	h := serveWith(t, WebhookOptions{Log: log.add})
	h.setRefuse(errors.New("disk full"))
	h.post(bare())
	h.post(bare())
	if log.text() == "" || len(log.lines) != 1 || !strings.Contains(log.text(), "disk full") {
		t.Errorf("%q", log.text())
	}
}
