package status

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const typeJSON = "application/json"

// encode is json.Marshal with a line end and without HTML escapes: "->" is to be read by people with curl.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b.Bytes(), nil
}

// document is a snapshot in the form in which it is sent.
type document struct {
	of   *Status
	body []byte
	etag string
}

// is reports whether this is the document that a reader named by its ETag. The quotes are optional: they are a nuisance
// in a shell.
func (d *document) is(etag string) bool { return strings.Trim(d.etag, `"`) == strings.Trim(etag, `"`) }

// document returns the present snapshot's document. It is made once per snapshot; two readers who come at the same
// moment may both make it, which is cheaper than letting one wait for the other.
func (s *Server) document() (*document, error) {
	st := s.provider.Status()
	if st == nil {
		return nil, errStarting
	}
	if d := s.rendered.Load(); d != nil && d.of == st {
		return d, nil
	}
	body, err := encode(st)
	if err != nil {
		return nil, err
	}
	sum := fnv.New64a()
	sum.Write(body)
	d := &document{of: st, body: body, etag: fmt.Sprintf(`"%016x"`, sum.Sum64())}
	s.rendered.Store(d)
	return d, nil
}

// respond sends a whole answer. The deadline guards against a reader that stops reading; one that went away in the
// middle of its answer needs nothing further, so that failure ends here.
func respond(w http.ResponseWriter, code int, contentType string, body []byte) {
	// A ResponseWriter without deadlines (a recorder in a test) has no connection that could stall.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

// respondJSON sends v as one JSON document. When it fails, nothing has been sent yet.
func respondJSON(w http.ResponseWriter, code int, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	respond(w, code, typeJSON, body)
	return nil
}
