package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// FuzzWebhook gives the whole handler any request. It never panics, answers with one of its status codes, hands on nothing
// that was not signed, and never a batch that it does not acknowledge or the other way round.
func FuzzWebhook(f *testing.F) {
	for _, name := range []string{"kore-started.json", "kore-test.json", "mixed.ndjson", "twilio-updated.json"} {
		body := fixture(f, name)
		f.Add("POST", "/events", "application/json", "", "t1", false, body)
		signature := koreSign("s", "POST", "http://h/events", string(body))
		f.Add("POST", "/events?bodySHA256=00", "application/json; charset=utf-8", signature, "", true, body)
	}
	f.Add("GET", "/", "", "x", "", true, []byte("[[[["))
	f.Fuzz(func(t *testing.T, method, target, contentType, signature, token string, secured bool, body []byte) {
		opts := WebhookOptions{Listen: "127.0.0.1:0", Path: "/events", Limits: Limits{Body: 1 << 16}}
		if secured {
			opts.Secrets = []string{"s"}
		}
		hook, err := NewWebhook(opts)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(method, "http://h"+target, bytes.NewReader(body))
		if err != nil {
			t.Skip("no request")
		}
		req.Header = http.Header{"Content-Type": {contentType}, "Kore-Signature": {signature}, "Kore-Idempotency-Token": {token},
			"X-Twilio-Signature": {signature}}
		emitted := 0
		d := &delivery{hook: hook, emit: func(context.Context, Batch) error { emitted++; return nil }}
		rec := httptest.NewRecorder()
		d.ServeHTTP(rec, req)

		st := hook.Stats()
		if !slices.Contains([]int{200, 204, 400, 401, 403, 404, 405, 413, 415}, rec.Code) {
			t.Errorf("status %d", rec.Code)
		}
		if good := rec.Code/100 == 2; !good && emitted > 0 || good != (st.Refused == 0) || uint64(emitted) != st.Batches {
			t.Errorf("status %d, %d emitted, %+v", rec.Code, emitted, st)
		}
		if rec.Body.Len() > 0 && !json.Valid(rec.Body.Bytes()) {
			t.Errorf("answer %q", rec.Body)
		}
		if secured && emitted > 0 && hook.verifier.verify(req, body) != nil {
			t.Error("not signed and handed on")
		}
	})
}
