package status

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody       = 64 << 10
	maxEventsBody = 1 << 20
	maxWait       = 30 * time.Second // of GET /v1/status?wait=
	maxLimit      = 100_000          // of GET /v1/timeline?limit=
)

var errStarting = NewProblem(http.StatusServiceUnavailable, "starting", "the agent has no snapshot yet",
	"Try again in a second.")

// badQuery says which parameter of the address was not understood.
func badQuery(name, value, want string) *Problem {
	return NewProblem(http.StatusBadRequest, "bad-query", fmt.Sprintf("%s=%q is not understood", name, value), want)
}

// waitParam reads ?wait=10s.
func waitParam(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > maxWait {
		return 0, badQuery("wait", text, "Use a duration up to "+maxWait.String()+".")
	}
	return wait, nil
}

// timelineParams are the parameters of GET /v1/timeline.
type timelineParams struct {
	TimelineQuery
	follow  bool
	history bool // since or limit was given: a stream begins with what is there already
}

// parseTimeline reads the parameters. now is what durations count back from.
func parseTimeline(now time.Time, v url.Values) (timelineParams, error) {
	var p timelineParams
	if text := v.Get("since"); text != "" {
		var ok bool
		if p.After, p.Since, ok = parseSince(now, text); !ok {
			return p, badQuery("since", text, "Use a duration (2h), a time (2025-11-26T09:05:44Z) or a sequence number.")
		}
		p.history = true
	}
	if text := v.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return p, badQuery("limit", text, fmt.Sprintf("Use a number from 1 to %d.", maxLimit))
		}
		p.Limit, p.history = n, true
	}
	if text := v.Get("follow"); text != "" {
		var err error
		if p.follow, err = strconv.ParseBool(text); err != nil {
			return p, badQuery("follow", text, "Use 1 or 0.")
		}
	}
	for _, kinds := range v["kind"] {
		for kind := range strings.SplitSeq(kinds, ",") {
			if kind = strings.TrimSpace(kind); kind != "" {
				p.Kinds = append(p.Kinds, kind)
			}
		}
	}
	return p, nil
}

// parseSince reads a sequence number, a time or a duration before now.
func parseSince(now time.Time, text string) (after uint64, since time.Time, ok bool) {
	if seq, err := strconv.ParseUint(text, 10, 64); err == nil {
		return seq, time.Time{}, true
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return 0, t, true
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return 0, now.Add(-d), true
	}
	return 0, time.Time{}, false
}

// patient takes away the deadline for reading the request, once nothing is left to read: net/http keeps a read pending
// to notice when the client leaves, and would end a request that takes longer than its deadline.
func patient(w http.ResponseWriter) {
	// A ResponseWriter without deadlines (a recorder in a test) has no connection that could stall.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

// readBody reads a whole body within the limits of size and time.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, NewProblem(http.StatusRequestTimeout, "slow-body",
			fmt.Sprintf("the request did not arrive within %v", readTimeout), "")
	case err != nil:
		return nil, fmt.Errorf("read the body: %w", err)
	}
	patient(w)
	return body, nil
}

// readJSON reads an optional JSON object into v. Unknown names are refused: a misspelt "force" must not be lost.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r, maxBody)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	if err == nil && dec.More() {
		err = errors.New("more than one JSON value")
	}
	if err != nil {
		return NewProblem(http.StatusBadRequest, "bad-body", "the body is not understood: "+err.Error(),
			"GET /v1/ shows an example.")
	}
	return nil
}

// forceBody is the body of probe, retry and reset.
type forceBody struct {
	Force bool `json:"force,omitzero"`
}

// atBody is the body of POST /v1/at.
type atBody struct {
	Command  string  `json:"command"`
	Force    bool    `json:"force,omitzero"`
	TimeoutS float64 `json:"timeout_s,omitzero"`
}

func (b atBody) request() (Request, error) {
	req := Request{Kind: AT, Force: b.Force, Command: strings.TrimSpace(b.Command),
		Timeout: time.Duration(b.TimeoutS * float64(time.Second))}
	if req.Command == "" {
		return req, NewProblem(http.StatusBadRequest, "bad-body", "command is missing", `Send {"command": "AT+CSQ"}.`)
	}
	if req.Timeout < 0 || req.Timeout >= doTimeout {
		return req, NewProblem(http.StatusBadRequest, "bad-body", "timeout_s is out of range",
			fmt.Sprintf("Use less than %.0f.", doTimeout.Seconds()))
	}
	return req, nil
}

// maxHold is the longest time for which a person may stop the agent from acting.
const maxHold = 7 * 24 * time.Hour

// holdBody is the body of POST /v1/hold.
type holdBody struct {
	For string `json:"for"`
}

func (b holdBody) request() (Request, error) {
	d, err := time.ParseDuration(b.For)
	if err != nil || d <= 0 || d > maxHold {
		return Request{}, NewProblem(http.StatusBadRequest, "bad-body", fmt.Sprintf("for=%q is not understood", b.For),
			fmt.Sprintf(`Send {"for": "2h"}, at most %v.`, maxHold))
	}
	return Request{Kind: Hold, For: d}, nil
}

// name is the request as the log shows it. The arguments of an AT command may hold a PIN, so they stay out.
func (r Request) name() string {
	name := string(r.Kind)
	if r.Kind == AT {
		name = r.Command
		if i := strings.IndexByte(name, '='); i >= 0 {
			name = name[:i+1] + "…"
		}
	}
	if r.Kind == Hold {
		name += " " + r.For.String()
	}
	if r.Force {
		name += " (forced)"
	}
	return name
}
