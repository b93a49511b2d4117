package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
)

// mediaTypes are the bodies taken. KORE sends application/json; the other two are what the CloudEvents HTTP binding
// calls the same thing. A request without Content-Type is taken for JSON.
var mediaTypes = []string{"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"}

const (
	// tokenHeader is the same on every resend of a request (docs.korewireless.com, webhooks, idempotency).
	tokenHeader = "Kore-Idempotency-Token"
	// maxToken is the longest token remembered; a longer one is no token of KORE's and is ignored.
	maxToken = 128
	// maxReported is how many problems an answer lists.
	maxReported = 20
)

// A delivery is the handler of one Webhook: it takes a request through the checks in the order of their cost.
type delivery struct {
	hook *Webhook
	emit func(context.Context, Batch) error
}

// A refusal is an answer other than 2xx, as application/problem+json (RFC 9457).
type refusal struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Line   int    `json:"line,omitempty"`   // of the body, from 1
	Offset *int   `json:"offset,omitempty"` // bytes of the body before the place
}

func (d *delivery) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if no := d.checkHead(rw, req); no != nil {
		d.refuse(rw, no)
		return
	}
	token := req.Header.Get(tokenHeader)
	if d.hook.knownToken(token) {
		d.hook.tally.update(func(s *Stats) { s.Duplicates++ })
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	if !d.acquire(req.Context()) {
		d.busy(rw)
		return
	}
	defer d.release()

	events, problems, no := d.read(rw, req)
	if no == nil {
		no = d.deliver(req.Context(), events, problems)
	}
	if no != nil {
		d.refuse(rw, no)
		return
	}
	if len(token) <= maxToken {
		d.hook.rememberToken(token)
	}
	accept(rw, events, problems)
}

// checkHead judges what can be judged without the body.
func (d *delivery) checkHead(rw http.ResponseWriter, req *http.Request) *refusal {
	switch {
	case req.URL.Path != d.hook.opts.Path:
		return newRefusal(http.StatusNotFound, "no events are taken at this path")
	case req.Method != http.MethodPost:
		rw.Header().Set("Allow", http.MethodPost)
		return newRefusal(http.StatusMethodNotAllowed, "events are taken by POST")
	case req.Header.Get("Origin") != "":
		// Only browsers send it. A page open on this host must not be able to write into the diary.
		return newRefusal(http.StatusForbidden, "requests from web pages are not taken")
	case req.Header.Get("Content-Encoding") != "":
		return newRefusal(http.StatusUnsupportedMediaType, "encoded bodies are not taken")
	case !jsonType(req.Header.Get("Content-Type")):
		return newRefusal(http.StatusUnsupportedMediaType, "the body must be JSON (application/json)")
	case req.ContentLength > int64(d.hook.opts.Limits.Body):
		return newRefusal(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", d.hook.opts.Limits.Body)
	}
	return nil
}

func jsonType(header string) bool {
	if header == "" {
		return true
	}
	name, _, err := mime.ParseMediaType(header)
	return err == nil && slices.Contains(mediaTypes, name)
}

// acquire takes a slot, and reports false when none came free in time or the server is stopping.
func (d *delivery) acquire(ctx context.Context) bool {
	timeout, stop := d.hook.opts.Clock.NewTimer(slotTimeout)
	defer stop()
	select {
	case d.hook.slots <- struct{}{}:
	case <-timeout:
		return false
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil { // select chooses at random when both are ready
		d.release()
		return false
	}
	return true
}

func (d *delivery) release() { <-d.hook.slots }

// read reads and decodes the body.
func (d *delivery) read(rw http.ResponseWriter, req *http.Request) ([]Event, []Problem, *refusal) {
	limit := d.hook.opts.Limits.Body
	body, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, int64(limit)))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, nil, newRefusal(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", limit)
	}
	if err != nil {
		return nil, nil, newRefusal(http.StatusRequestTimeout, "the body did not arrive: %v", err)
	}
	events, problems, err := Decode(body, d.hook.opts.Limits)
	if bad, ok := errors.AsType[*DecodeError](err); ok {
		no := newRefusal(http.StatusBadRequest, "%v: %s", bad.Err, bad.Reason)
		no.Line, no.Offset = bad.Line, &bad.Offset
		return nil, nil, no
	}
	return events, problems, nil
}

// deliver hands the batch on. An empty array is fine and says nothing.
func (d *delivery) deliver(ctx context.Context, events []Event, problems []Problem) *refusal {
	if len(events)+len(problems) == 0 {
		return nil
	}
	batch := Batch{Events: events, Source: "webhook", Received: d.hook.opts.Clock.Now(), Problems: len(problems)}
	ctx, cancel := context.WithTimeout(ctx, emitTimeout)
	defer cancel()
	if err := d.emit(ctx, batch); err != nil {
		d.hook.tally.update(func(s *Stats) { s.Failed, s.LastError = s.Failed+1, err.Error() })
		// The reason is ours and stays with us; the sender only needs to know that it should come again.
		return newRefusal(http.StatusServiceUnavailable, "the events could not be taken now")
	}
	d.hook.tally.accepted(batch)
	return nil
}

// accept answers 204, or 200 with the list of what could not be used, for a person who tries it by hand.
func accept(rw http.ResponseWriter, events []Event, problems []Problem) {
	if len(problems) == 0 {
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	reasons := make([]string, 0, maxReported)
	for _, p := range problems[:min(len(problems), maxReported)] {
		reasons = append(reasons, p.String())
	}
	writeJSON(rw, http.StatusOK, "application/json", struct {
		Accepted int      `json:"accepted"`
		Problems int      `json:"problems"`
		First    []string `json:"first_problems"`
	}{len(events), len(problems), reasons})
}

func (d *delivery) busy(rw http.ResponseWriter) {
	d.hook.tally.update(func(s *Stats) { s.Busy++ })
	no := newRefusal(http.StatusServiceUnavailable, "too many deliveries at the same time, or shutting down")
	writeJSON(rw, no.Status, "application/problem+json", no)
}

func (d *delivery) refuse(rw http.ResponseWriter, no *refusal) {
	if no.Status < http.StatusInternalServerError {
		d.hook.tally.update(func(s *Stats) { s.Refused, s.LastError = s.Refused+1, no.Detail })
	}
	writeJSON(rw, no.Status, "application/problem+json", no)
}

func newRefusal(status int, format string, args ...any) *refusal {
	return &refusal{Status: status, Title: http.StatusText(status), Detail: fmt.Sprintf(format, args...)}
}

// writeJSON answers with v. A 503 asks the sender to come again soon.
func writeJSON(rw http.ResponseWriter, status int, mediaType string, v any) {
	rw.Header().Set("Content-Type", mediaType)
	if status == http.StatusServiceUnavailable {
		rw.Header().Set("Retry-After", "1")
	}
	rw.WriteHeader(status)
	// An error here means that the sender is gone; it will send again.
	_ = json.NewEncoder(rw).Encode(v)
}
