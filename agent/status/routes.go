package status

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// route is one endpoint. The table is also what GET /v1/ shows.
type route struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Does   string `json:"does"`
	write  bool   // needs the right to write
	serve  func(*Server, http.ResponseWriter, *http.Request) error
}

var routes = []route{
	{"GET", "/v1/", "this list", false, (*Server).getIndex},
	{"GET", "/v1/status", "everything known now; ?wait=10s&since=ETAG waits for a change", false, (*Server).getStatus},
	{"GET", "/v1/health", "200 when online, 503 otherwise", false, (*Server).getHealth},
	{"GET", "/v1/timeline", "both diaries; ?since=2h|TIME|SEQ &kind=a,b &limit=N &follow=1", false, (*Server).getTimeline},
	{"GET", "/v1/attempts", "what the agent did, why, and how it went", false, (*Server).getAttempts},
	{"GET", "/v1/trace", "the last AT exchanges, secrets masked", false, (*Server).getTrace},
	{"GET", "/v1/config", "the configuration in force, secrets removed", false, (*Server).getConfig},
	{"GET", "/v1/metrics", "Prometheus text", false, (*Server).getMetrics},
	{"POST", "/v1/events", "take connection events, as the webhook would", true, (*Server).postEvents},
	{"POST", "/v1/probe", "look at everything anew", true, asks(Probe)},
	{"POST", "/v1/retry", `do the next sensible step now; {"force": true} for root`, true, asks(Retry)},
	{"POST", "/v1/hold", `leave modem and network alone for a time: {"for": "2h"}`, true, (*Server).postHold},
	{"POST", "/v1/resume", "end that time", true, asks(Resume)},
	{"POST", "/v1/at", `one AT command: {"command": "AT+CSQ"}`, true, (*Server).postAT},
	{"POST", "/v1/modem/reset", "restart the modem", true, asks(ModemReset)},
}

// index is the answer to GET /v1/.
type index struct {
	Name      string     `json:"name"`
	Version   string     `json:"version,omitzero"`
	API       apiVersion `json:"api"`
	Endpoints []route    `json:"endpoints"`
}

// apiVersion rises in Minor with every addition. Major is the path's number.
type apiVersion struct {
	Major int `json:"major"`
	Minor int `json:"minor"`
}

func (s *Server) getIndex(w http.ResponseWriter, _ *http.Request) error {
	return respondJSON(w, http.StatusOK, index{Name: "supersim-agent", Version: s.version, API: apiVersion{1, 0},
		Endpoints: s.routes})
}

// getStatus answers with the present snapshot, or, with wait, with the first one that differs from what the caller has.
func (s *Server) getStatus(w http.ResponseWriter, r *http.Request) error {
	wait, err := waitParam(r)
	if err != nil {
		return err
	}
	patient(w)
	ifNoneMatch := r.Header.Get("If-None-Match")
	have := ifNoneMatch
	if since := r.URL.Query().Get("since"); since != "" {
		have = since
	}
	doc, err := s.waitForOther(r.Context(), have, wait)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", doc.etag)
	if doc.is(ifNoneMatch) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	respond(w, http.StatusOK, typeJSON, doc.body)
	return nil
}

// waitForOther returns the first document that the caller does not have, or the present one when the time is up.
func (s *Server) waitForOther(ctx context.Context, have string, wait time.Duration) (*document, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		changed := s.provider.Changed()
		doc, err := s.document()
		if err != nil || wait == 0 || !doc.is(have) {
			return doc, err
		}
		select {
		case <-changed:
		case <-timer.C:
			return doc, nil
		case <-ctx.Done():
			return doc, nil
		}
	}
}

func (s *Server) getHealth(w http.ResponseWriter, _ *http.Request) error {
	st := s.provider.Status()
	if st == nil {
		return errStarting
	}
	code := http.StatusServiceUnavailable
	if st.Online() {
		code = http.StatusOK
	}
	return respondJSON(w, code, st.Health())
}

func (s *Server) getAttempts(w http.ResponseWriter, _ *http.Request) error {
	attempts, err := s.provider.Attempts()
	if err != nil {
		return err
	}
	return respondJSON(w, http.StatusOK, orEmpty(attempts))
}

func (s *Server) getTrace(w http.ResponseWriter, _ *http.Request) error {
	trace, err := s.provider.Trace()
	if err != nil {
		return err
	}
	return respondJSON(w, http.StatusOK, orEmpty(trace))
}

// orEmpty makes sure that an empty list is written as [], not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) getConfig(w http.ResponseWriter, _ *http.Request) error {
	config, err := s.provider.Config()
	if err != nil {
		return err
	}
	return respondJSON(w, http.StatusOK, config)
}

func (s *Server) getMetrics(w http.ResponseWriter, _ *http.Request) error {
	var text bytes.Buffer
	if err := s.provider.WriteMetrics(&text); err != nil {
		return err
	}
	respond(w, http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", text.Bytes())
	return nil
}

func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxEventsBody)
	if err != nil {
		return err
	}
	s.logWrite(r, "events")
	ctx, cancel := context.WithTimeout(r.Context(), doTimeout)
	defer cancel()
	result, err := s.provider.InjectEvents(ctx, body)
	if err != nil {
		return err
	}
	return respondJSON(w, http.StatusOK, result)
}

// asks serves the requests that carry nothing but force.
func asks(kind Kind) func(*Server, http.ResponseWriter, *http.Request) error {
	return func(s *Server, w http.ResponseWriter, r *http.Request) error {
		var body forceBody
		if err := readJSON(w, r, &body); err != nil {
			return err
		}
		if peer, known := peerFrom(r.Context()); kind == Retry && body.Force && (!known || peer.UID != 0) {
			return NewProblem(http.StatusForbidden, "root-only", "a forced retry is for root: it goes past the pauses that protect the network",
				"Use retry without force, or sudo.")
		}
		return s.do(w, r, Request{Kind: kind, Force: body.Force})
	}
}

func (s *Server) postHold(w http.ResponseWriter, r *http.Request) error {
	var body holdBody
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	req, err := body.request()
	if err != nil {
		return err
	}
	return s.do(w, r, req)
}

func (s *Server) postAT(w http.ResponseWriter, r *http.Request) error {
	var body atBody
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	req, err := body.request()
	if err != nil {
		return err
	}
	return s.do(w, r, req)
}

// do hands a request to the provider and sends its result.
func (s *Server) do(w http.ResponseWriter, r *http.Request, req Request) error {
	s.logWrite(r, req.name())
	ctx, cancel := context.WithTimeout(r.Context(), doTimeout)
	defer cancel()
	result, err := s.provider.Do(ctx, req)
	if err != nil {
		return err
	}
	return respondJSON(w, http.StatusOK, result)
}
