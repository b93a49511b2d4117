package facts

import (
	"slices"
	"strings"
	"time"

	"supersim-agent/agent/cloud"
)

const (
	sessionsLength = 64  // data sessions kept
	windowsLength  = 256 // usage windows kept: a day of one every six minutes
)

// Session is one data session as the cloud tells it. Its news are joined as in a lattice (started < updated < ended), so that
// the result is the same in whatever order and however often they come: nothing ever re-opens an ended session.
type Session struct {
	SID      string
	IP       string
	APN      string
	Start    time.Time
	Update   time.Time // end of the last reported usage window
	End      time.Time // zero while it lives
	Upload   int64     // bytes since its start, as far as reported
	Download int64
	Last     *Entry // the newest entry that belongs to it

	windowUp, windowDown int64 // sums of the windows, for events without totals
}

// Alive reports whether no end was told.
func (s Session) Alive() bool { return s.End.IsZero() }

// Blocked reports whether the newest word on the session is that the SIM is over its data limit.
func (s Session) Blocked() bool { return s.Last != nil && s.Last.Modifier == "blocked" }

// Newest is the last moment at which the session is known to have lived.
func (s Session) Newest() time.Time {
	if s.Update.After(s.Start) {
		return s.Update
	}
	return s.Start
}

// began orders sessions. One that is known by its later news only is put where these are.
func (s Session) began() time.Time {
	if s.Start.IsZero() && s.Last != nil {
		return s.Last.Time
	}
	return s.Start
}

// Session returns the newest data session, not counting the SIM's own OTA sessions.
func (d *Diary) Session() (Session, bool) {
	if n := len(d.sessions); n > 0 {
		return d.sessions[n-1], true
	}
	return Session{}, false
}

// Sessions are the data sessions by their beginning, oldest first. The caller must not change them.
func (d *Diary) Sessions() []Session { return d.sessions }

// withSession is the sessions with what e tells of one of them, in a new slice.
func withSession(list []Session, e *Entry) []Session {
	if e.SessionSID == "" || !strings.HasPrefix(e.Type, "data-session.") || e.Type == cloud.SessionFailed {
		return list
	}
	s := Session{SID: e.SessionSID}
	rest := make([]Session, 0, len(list)+1)
	for _, old := range list {
		if old.SID == e.SessionSID {
			s = old
		} else {
			rest = append(rest, old)
		}
	}
	s = s.join(e)
	i, _ := slices.BinarySearchFunc(rest, s, compareSessions)
	return keepLast(slices.Insert(rest, i, s), sessionsLength)
}

func compareSessions(a, b Session) int {
	if c := a.began().Compare(b.began()); c != 0 {
		return c
	}
	return strings.Compare(a.SID, b.SID)
}

// join adds what an entry tells.
func (s Session) join(e *Entry) Session {
	newest := s.Last == nil || compareEntries(s.Last, e) < 0
	if newest {
		s.Last = e
	}
	if e.IP != "" && (newest || s.IP == "") {
		s.IP = e.IP
	}
	if e.APN != "" && (newest || s.APN == "") {
		s.APN = e.APN
	}
	if t := sessionStart(e); !t.IsZero() && (s.Start.IsZero() || t.Before(s.Start)) {
		s.Start = t
	}
	s.Update = later(s.Update, e.UpdateEnd)
	s.windowUp, s.windowDown = s.windowUp+e.Upload, s.windowDown+e.Download
	s.Upload, s.Download = max(s.Upload, e.SessionUpload, s.windowUp), max(s.Download, e.SessionDownload, s.windowDown)
	if e.Type == cloud.SessionEnded {
		end := e.SessionEnd
		if end.IsZero() {
			end = e.Time
		}
		s.End = later(s.End, end)
	}
	return s
}

// sessionStart is when an entry's session began, as far as the entry tells.
func sessionStart(e *Entry) time.Time {
	switch {
	case !e.SessionStart.IsZero():
		return e.SessionStart
	case e.Type == cloud.SessionStarted:
		return e.Time
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Window is one report of usage: bytes that the operator counted from Start to End.
type Window struct {
	Session      string
	Start, End   time.Time
	Upload, Down int64
}

func withWindow(list []Window, e *Entry) []Window {
	if !e.Counted || e.UpdateStart.IsZero() || !e.UpdateEnd.After(e.UpdateStart) {
		return list
	}
	w := Window{Session: e.SessionSID, Start: e.UpdateStart, End: e.UpdateEnd, Upload: e.Upload, Down: e.Download}
	return keepLast(append(slices.Clip(list), w), windowsLength)
}

// Usage is what the operator counted in the windows that lie within a span, and how much of the span they cover.
func (d *Diary) Usage(from, to time.Time) (upload, download int64, covered time.Duration) {
	for _, w := range d.windows {
		if !w.Start.Before(from) && !w.End.After(to) {
			upload, download, covered = upload+w.Upload, download+w.Down, covered+w.End.Sub(w.Start)
		}
	}
	return upload, download, covered
}

// Counted is all that the operator told of a span: the totals of the sessions that lie in it, which are right even where a
// report was lost, and the reports on the others. until is how far the newest of it reaches; told is false when there is none.
func (d *Diary) Counted(from, to time.Time) (upload, download int64, until time.Time, told bool) {
	whole := map[string]bool{}
	for _, s := range d.sessions {
		end := later(s.Newest(), s.End)
		if s.Start.IsZero() || s.Start.Before(from) || end.After(to) || s.Update.IsZero() && s.Alive() {
			continue
		}
		whole[s.SID] = true
		upload, download, until, told = upload+s.Upload, download+s.Download, later(until, end), true
	}
	for _, w := range d.windows {
		if !whole[w.Session] && !w.Start.Before(from) && !w.End.After(to) {
			upload, download, until, told = upload+w.Upload, download+w.Down, later(until, w.End), true
		}
	}
	return upload, download, until, told
}

// LastWindow is the newest report of usage.
func (d *Diary) LastWindow() (newest Window, ok bool) {
	for _, w := range d.windows {
		if !ok || w.End.After(newest.End) {
			newest, ok = w, true
		}
	}
	return newest, ok
}
