package relay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"supersim-agent/agent/status"
)

// Bounds of the interface.
const (
	defaultRows = 100
	maxRows     = 1000
	maxQuery    = 2048 // bytes
	sendTimeout = 30 * time.Second
)

// DeviceAnswer is the answer to GET /v1/devices/<iccid>.
type DeviceAnswer struct {
	Schema string      `json:"schema"`
	Time   status.Time `json:"time"`
	Device Device      `json:"device"`
}

// Handler serves GET /v1/devices and GET /v1/devices/<iccid>. Reading changes nothing. A request that a web page caused is
// refused: the interface knows every device by name.
func (f *Fleet) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, problem := f.answer(r)
		if problem != nil {
			if problem.Status == http.StatusMethodNotAllowed {
				w.Header().Set("Allow", "GET, HEAD")
			}
			send(w, problem.Status, "application/problem+json", problem)
			return
		}
		send(w, http.StatusOK, "application/json", answer)
	})
}

func (f *Fleet) answer(r *http.Request) (any, *status.Problem) {
	now := f.opts.Clock()
	id, one := strings.CutPrefix(r.URL.Path, "/v1/devices/")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return nil, status.NewProblem(http.StatusMethodNotAllowed, "method-not-allowed", r.Method+" is not served here", "Use GET.")
	case r.Header.Get("Origin") != "" || r.Header.Get("Referer") != "":
		return nil, status.NewProblem(http.StatusForbidden, "foreign-origin", "the request comes from a web page",
			"Ask with curl or the command line.")
	case len(r.URL.RawQuery) > maxQuery:
		return nil, status.NewProblem(http.StatusRequestURITooLong, "query-too-long",
			fmt.Sprintf("the query is longer than %d bytes", maxQuery), "")
	case !one && r.URL.Path != "/v1/devices":
		return nil, status.NewProblem(http.StatusNotFound, "no-such-path", fmt.Sprintf("%.80q is not served here", r.URL.Path),
			"There is /v1/devices and /v1/devices/<iccid>.")
	case one:
		return f.answerOne(now, id)
	}
	filter, problem := readFilter(r.URL.RawQuery)
	if problem != nil {
		return nil, problem
	}
	page, err := f.Page(now, filter)
	if err != nil {
		return nil, badParameter("after", filter.After, "the \"next\" of an earlier page")
	}
	return page, nil
}

func (f *Fleet) answerOne(now time.Time, id string) (any, *status.Problem) {
	if _, plain := keyOf(id); !plain && !isHashed(id) {
		return nil, status.NewProblem(http.StatusBadRequest, "bad-iccid", fmt.Sprintf("%.40q is no ICCID", id),
			"An ICCID has 18 to 20 digits, a hashed id 32 hex digits.")
	}
	d, ok := f.Device(now, id)
	if !ok {
		return nil, status.NewProblem(http.StatusNotFound, "unknown-device", fmt.Sprintf("nothing is known of %s", id),
			"Neither an event nor a status of it has come since the relay started, and the devices file does not name it.")
	}
	return DeviceAnswer{Schema: status.Schema, Time: status.At(now), Device: d}, nil
}

// parameters of GET /v1/devices: how each is read, and what it must be.
var parameters = map[string]struct {
	must string
	read func(f *Filter, value string) bool
}{
	"verdict": {"the code of a verdict, such as sim-inactive", func(f *Filter, v string) bool {
		f.Verdict = v
		return v != "" && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	}},
	"need": {"one of visit, desk, unknown, wait, none", func(f *Filter, v string) bool {
		f.Need = Need(v)
		return slices.Contains(needOrder, f.Need)
	}},
	"silent": {"true or false", func(f *Filter, v string) bool {
		b, err := strconv.ParseBool(v)
		f.Silent = &b
		return err == nil
	}},
	"unreachable": {"true or false", func(f *Filter, v string) (ok bool) {
		b, err := strconv.ParseBool(v)
		f.Unreachable = b
		return err == nil
	}},
	"prefix": {"the beginning of an ICCID or of a name", func(f *Filter, v string) bool {
		f.Prefix = v
		return v != ""
	}},
	"limit": {fmt.Sprintf("a number from 1 to %d", maxRows), func(f *Filter, v string) bool {
		n, err := strconv.Atoi(v)
		f.Limit = n
		return err == nil && n >= 1 && n <= maxRows
	}},
	"after": {"the \"next\" of an earlier page", func(f *Filter, v string) bool {
		f.After = v
		return v != ""
	}},
}

func readFilter(query string) (filter Filter, problem *status.Problem) {
	filter.Limit = defaultRows
	values, err := url.ParseQuery(query)
	if err != nil {
		return filter, status.NewProblem(http.StatusBadRequest, "bad-query", "the query cannot be read: "+err.Error(), "")
	}
	for name, list := range values {
		p, known := parameters[name]
		switch {
		case !known:
			return filter, status.NewProblem(http.StatusBadRequest, "unknown-parameter", fmt.Sprintf("%.40q is no parameter", name),
				"The parameters are verdict, need, silent, unreachable, prefix, limit and after.")
		case len(list) != 1 || !p.read(&filter, list[0]):
			return filter, badParameter(name, strings.Join(list, ", "), p.must)
		}
	}
	return filter, nil
}

func badParameter(name, value, must string) *status.Problem {
	return status.NewProblem(http.StatusBadRequest, "bad-parameter", fmt.Sprintf("%s=%.60s: it must be %s", name, value, must), "")
}

func send(w http.ResponseWriter, code int, contentType string, v any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		http.Error(w, "the answer cannot be written: "+err.Error(), http.StatusInternalServerError)
		return
	}
	// A ResponseWriter without deadlines (a recorder in a test) has no connection that could stall.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendTimeout))
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body.Bytes()) // a reader that went away needs nothing further
}
