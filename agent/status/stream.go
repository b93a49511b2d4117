package status

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	heartbeat          = 15 * time.Second
	streamWriteTimeout = time.Minute // a reader that takes nothing for so long is cut off
)

func (s *Server) getTimeline(w http.ResponseWriter, r *http.Request) error {
	p, err := parseTimeline(time.Now(), r.URL.Query())
	if err != nil {
		return err
	}
	if p.follow {
		return s.follow(w, r, p)
	}
	return respondJSON(w, http.StatusOK, p.Select(s.provider.Timeline(p.After)))
}

// follow sends entries as they come, until the reader leaves or the server stops. Nothing is queued for a reader: each
// round asks the provider what came after the last entry sent, so a slow reader costs no memory, and what the provider
// has dropped in the meantime shows as a gap in the sequence.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, p timelineParams) error {
	if s.streams.Add(1) > maxStreams {
		s.streams.Add(-1)
		return NewProblem(http.StatusServiceUnavailable, "too-many-streams",
			fmt.Sprintf("%d streams are open already", maxStreams), "Close one, or ask again without follow.")
	}
	defer s.streams.Add(-1)
	if id, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		p.After, p.Since, p.Limit, p.history = id, time.Time{}, 0, true
	}
	patient(w)
	out := newStream(w, strings.Contains(r.Header.Get("Accept"), "text/event-stream"))
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()

	changed := s.provider.Changed()
	last, err := s.sendHistory(out, p)
	for err == nil {
		select {
		case <-r.Context().Done():
			return nil
		case <-beat.C:
			err = out.heartbeat()
		case <-changed:
			changed = s.provider.Changed()
			last, err = s.sendNew(out, p, last)
		}
	}
	s.log.Debug().Err(err).Msg("timeline stream ended")
	return nil // the answer has begun, so there is no way to send a problem
}

// sendHistory sends what the query asks of the past and returns the sequence number from which the stream goes on. A
// number that lies ahead of the timeline comes from before a restart, which began to count anew: then all is new.
func (s *Server) sendHistory(out *stream, p timelineParams) (last uint64, err error) {
	entries := s.provider.Timeline(0)
	if n := len(entries); n > 0 {
		last = entries[n-1].Seq
	}
	if p.After > last {
		p.After = 0
	}
	if !p.history {
		return last, out.send()
	}
	if notice, lost := missed(time.Now(), p.After, entries); lost && p.After > 0 {
		entries = append([]TimelineEntry{notice}, entries...)
	}
	return last, out.send(p.Select(entries)...)
}

// sendNew sends what came after last.
func (s *Server) sendNew(out *stream, p timelineParams, last uint64) (uint64, error) {
	entries := s.provider.Timeline(last)
	if len(entries) == 0 {
		return last, nil
	}
	live := TimelineQuery{Kinds: p.Kinds}
	selected := live.Select(entries)
	if notice, lost := missed(time.Now(), last, entries); lost {
		selected = append([]TimelineEntry{notice}, selected...)
	}
	return entries[len(entries)-1].Seq, out.send(selected...)
}

// stream writes entries as NDJSON or as server-sent events.
type stream struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	sse bool
}

func newStream(w http.ResponseWriter, sse bool) *stream {
	contentType := "application/x-ndjson"
	if sse {
		contentType = "text/event-stream"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	return &stream{w: w, rc: http.NewResponseController(w), sse: sse}
}

// send writes the entries and flushes, also when there are none: the reader then has the header.
func (st *stream) send(entries ...TimelineEntry) error {
	for _, e := range entries {
		line, err := encode(e)
		if err != nil {
			return err
		}
		if err := st.write(st.frame(e, line)); err != nil {
			return err
		}
	}
	return st.flush()
}

// frame makes an event of a line of JSON: the id lets a reader resume, the name "lost" marks a notice of loss.
func (st *stream) frame(e TimelineEntry, line []byte) []byte {
	if !st.sse {
		return line
	}
	name := ""
	if e.Kind == KindLost {
		name = "event: " + KindLost + "\n"
	}
	return fmt.Appendf(nil, "id: %d\n%sdata: %s\n", e.Seq, name, line)
}

// heartbeat keeps an event stream visibly alive. Lines of JSON have no comment form, so there it writes nothing; a
// reader that is gone is noticed by its closed connection.
func (st *stream) heartbeat() error {
	if !st.sse {
		return nil
	}
	if err := st.write([]byte(": hb\n\n")); err != nil {
		return err
	}
	return st.flush()
}

func (st *stream) write(b []byte) error {
	if err := st.rc.SetWriteDeadline(time.Now().Add(streamWriteTimeout)); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if _, err := st.w.Write(b); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}

func (st *stream) flush() error {
	if err := st.rc.Flush(); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}
