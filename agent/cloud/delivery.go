package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
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
	if arrived(req.Context()) {
		rw.Header().Set("Connection", "close")
	}
	if no := d.checkHead(rw, req); no != nil {
		d.refuse(rw, no)
		return
	}
	body, more, no := d.begin(rw, req)
	if more && no == nil {
		if !d.hook.large.acquire(req.Context(), d.hook.opts.Clock) {
			d.busy(rw)
			return
		}
		defer d.hook.large.release()
		body, no = d.finish(body, rw, req)
	}
	if no != nil {
		d.refuse(rw, no)
		return
	}
	if !d.hook.work.acquire(req.Context(), d.hook.opts.Clock) {
		d.busy(rw)
		return
	}
	defer d.hook.work.release()
	d.judge(rw, req, body)
}

// judge decides about a body that is here as a whole.
func (d *delivery) judge(rw http.ResponseWriter, req *http.Request, body []byte) {
	if err := d.hook.verifier.verify(req, body); err != nil {
		d.unverified(rw, req, err)
		return
	}
	token := resendToken(req, body)
	if d.hook.known(token) {
		d.hook.tally.update(func(s *Stats) { s.Duplicates++ })
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	events, problems, no := d.decode(body)
	if no == nil {
		no = d.deliver(req.Context(), body, events, problems)
	}
	if no != nil {
		d.refuse(rw, no)
		return
	}
	d.hook.remember(token)
	accept(rw, events, problems)
}

// resendToken is what a resend is known by: the sender's token and the body. Should one token ever come with two bodies,
// both are taken, and the events' own SIDs tell what is double.
func resendToken(req *http.Request, body []byte) string {
	token := req.Header.Get(tokenHeader)
	if token == "" || len(token) > maxToken {
		return ""
	}
	sum := sha256.Sum256(body)
	return token + " " + string(sum[:])
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

// begin reads what every connection may have in memory, and tells whether there may be more.
func (d *delivery) begin(rw http.ResponseWriter, req *http.Request) (body []byte, more bool, no *refusal) {
	limit := min(smallBody, d.hook.opts.Limits.Body)
	body, err := io.ReadAll(io.LimitReader(req.Body, int64(limit)))
	if err != nil {
		return nil, false, newRefusal(http.StatusRequestTimeout, "the body did not arrive: %v", err)
	}
	return body, len(body) == limit, nil
}

// finish reads the rest of a long body.
func (d *delivery) finish(body []byte, rw http.ResponseWriter, req *http.Request) ([]byte, *refusal) {
	limit := d.hook.opts.Limits.Body
	rest, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, int64(limit-len(body))))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, newRefusal(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", limit)
	}
	if err != nil {
		return nil, newRefusal(http.StatusRequestTimeout, "the body did not arrive: %v", err)
	}
	return append(body, rest...), nil
}

func (d *delivery) decode(body []byte) ([]Event, []Problem, *refusal) {
	events, problems, err := Decode(body, d.hook.opts.Limits)
	if bad, ok := errors.AsType[*DecodeError](err); ok {
		no := newRefusal(http.StatusBadRequest, "%v: %s", bad.Err, bad.Reason)
		no.Line, no.Offset = bad.Line, &bad.Offset
		return nil, nil, no
	}
	return events, problems, nil
}

// unverified refuses a body that none of our secrets signed: 401 without a signature, 403 with a wrong one. The sender is
// told no more than that; the log is told which URLs were tried, since a wrong one is the usual reason.
func (d *delivery) unverified(rw http.ResponseWriter, req *http.Request, err error) {
	hint := "check that secret_files hold the webhook secret of the account and that public_url is the URL given to the sender"
	no := newRefusal(http.StatusForbidden, "%v", err)
	if errors.Is(err, errUnsigned) {
		hint = "create a webhook secret in the KORE console, or leave secret_files out"
		no = newRefusal(http.StatusUnauthorized, "%v", err)
		rw.Header().Set("WWW-Authenticate", koreHeader) // RFC 9110 §15.5.2 wants a challenge
	}
	var urls []string
	for _, u := range d.hook.verifier.urls(req) {
		urls = append(urls, shorten(printable(u), d.hook.opts.Limits.Text))
	}
	d.hook.tally.update(func(s *Stats) { s.Unverified, s.Hint = s.Unverified+1, hint })
	d.hook.reporter.report("signature", "webhook %s: %v; expected for %s; %s",
		d.hook.opts.Listen, err, strings.Join(urls, " or "), hint)
	d.refuse(rw, no)
}

// deliver hands the batch on. An empty array is fine and says nothing.
func (d *delivery) deliver(ctx context.Context, body []byte, events []Event, problems []Problem) *refusal {
	if len(events)+len(problems) == 0 {
		return nil
	}
	batch := Batch{Events: events, Source: "webhook", Received: d.hook.opts.Clock.Now(), Problems: len(problems), Body: body}
	ctx, cancel := context.WithTimeout(ctx, emitTimeout)
	defer cancel()
	if err := d.emit(ctx, batch); err != nil {
		d.hook.tally.update(func(s *Stats) { s.Failed, s.LastError = s.Failed+1, err.Error() })
		d.hook.reporter.report("emit", "webhook %s: events not taken, the sender was asked to come again: %v", d.hook.opts.Listen, err)
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
		// Who sends what we do not take need not be kept connected.
		rw.Header().Set("Connection", "close")
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
