package facts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supersim-agent/agent/cloud"
)

const (
	diaryLength  = 512 // events kept for the SIM in the slot
	othersLength = 512 // events kept for other SIMs, in case their card is inserted
	seenLength   = 8192
)

// Entry is one connection event of the cloud with the time it reached us.
type Entry struct {
	cloud.Event
	Received time.Time
	told     bool // before this start
}

// Diary is the cloud's story of the SIM in the slot. Events come late, twice and in any order, so nothing depends on
// arrival: entries are kept by the cloud's own time.
type Diary struct {
	iccid   string
	entries []Entry // by Time, then SID
	others  []Entry // of other or not yet known cards, by arrival
	seen    *cloud.Dedupe

	session    Session // the newest; kept because it is asked for at every judgement
	hasSession bool

	Source       string
	LastReceived time.Time // any event of any SIM: the pipeline is alive
	Received     int
	Duplicates   int
	OtherICCID   int // events for other cards: ignored
	Problems     int // events that could not be understood: skipped
}

// AddCloud takes a batch in. It returns what a person would call news.
func (f *Facts) AddCloud(now time.Time, source string, events []cloud.Event, problems int) []Change {
	d := &f.Cloud
	if d.seen == nil {
		d.seen = cloud.NewDedupe(seenLength)
	}
	d.Source, d.LastReceived = source, now
	d.Problems += problems
	var changes []Change
	for _, e := range events {
		d.Received++
		switch {
		case e.Test:
			changes = append(changes, Change{Side: Cloud, Kind: "cloud", Text: "test event received: the path from the cloud works"})
		case d.seen.Seen(e.SID):
			d.Duplicates++
		default:
			changes = append(changes, d.add(Entry{Event: e, Received: now})...)
		}
	}
	return changes
}

// Remember takes what came before this start of the agent, without telling it again.
func (d *Diary) Remember(list []Entry) {
	if d.seen == nil {
		d.seen = cloud.NewDedupe(seenLength)
	}
	for _, e := range list {
		if !d.seen.Seen(e.SID) {
			e.told = true
			d.add(e)
		}
		if e.Received.After(d.LastReceived) {
			d.LastReceived = e.Received
		}
	}
}

func (d *Diary) add(e Entry) []Change {
	if d.iccid == "" || !cloud.SameICCID(e.ICCID, d.iccid) {
		if d.iccid != "" {
			d.OtherICCID++
		}
		d.others = keepLast(append(d.others, e), othersLength)
		return nil
	}
	d.entries = keepLast(d.with(e), diaryLength)
	d.session, d.hasSession = d.newestSession()
	if e.told {
		return nil
	}
	return []Change{{Side: Cloud, Kind: "cloud", Text: EventWords(e.Event), EventSID: e.SID, ICCID: e.ICCID, At: e.Time,
		Routine: e.Type == cloud.SessionUpdated}}
}

// with is the entries and one more, in a new slice: snapshots share the old one. Of a session's updates, which come every
// few minutes for as long as it lives and each tell its totals, only the newest stays.
func (d *Diary) with(e Entry) []Entry {
	entries := make([]Entry, 0, len(d.entries)+1)
	for _, old := range d.entries {
		if old.Type == cloud.SessionUpdated && e.Type == cloud.SessionUpdated && old.SessionSID == e.SessionSID {
			if compareEntries(old, e) > 0 {
				e = old
			}
			continue
		}
		entries = append(entries, old)
	}
	i, _ := slices.BinarySearchFunc(entries, e, compareEntries)
	return slices.Insert(entries, i, e)
}

func compareEntries(a, b Entry) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	return strings.Compare(a.SID, b.SID)
}

func keepLast(s []Entry, n int) []Entry {
	if len(s) > n {
		return slices.Clone(s[len(s)-n:])
	}
	return s
}

// follow begins the diary of another card, with what already came for it.
func (d *Diary) follow(iccid string) (changes []Change) {
	others := slices.Concat(d.others, d.entries)
	d.iccid, d.entries, d.others = iccid, nil, nil
	d.session, d.hasSession = Session{}, false
	d.OtherICCID = 0
	for _, e := range others {
		changes = append(changes, d.add(e)...)
	}
	return changes
}

// pipelineQuiet: without any event of any SIM for this long, silence of the cloud says nothing.
const pipelineQuiet = 4 * time.Hour

// Alive reports whether events have arrived lately, so that their absence would mean something.
func (d *Diary) Alive(now time.Time) bool {
	return !d.LastReceived.IsZero() && now.Sub(d.LastReceived) < pipelineQuiet
}

// Entries is the diary, oldest first. The caller must not change it.
func (d *Diary) Entries() []Entry { return d.entries }

// Last is the newest entry of one of the types, by the cloud's time. OTA sessions of the SIM itself are not asked for.
func (d *Diary) Last(types ...string) (Entry, bool) {
	for _, e := range slices.Backward(d.entries) {
		if !e.OTA && slices.Contains(types, e.Type) {
			return e, true
		}
	}
	return Entry{}, false
}

// Newest is the newest entry of any type.
func (d *Diary) Newest() (Entry, bool) {
	if n := len(d.entries); n > 0 {
		return d.entries[n-1], true
	}
	return Entry{}, false
}

// CountSince counts the entries of a type after a time.
func (d *Diary) CountSince(typ string, since time.Time) (n int) {
	for _, e := range slices.Backward(d.entries) {
		if e.Time.Before(since) {
			break
		}
		if e.Type == typ {
			n++
		}
	}
	return n
}

// Session is one data session as the cloud tells it: started, then updated, then ended, whatever order the news had.
type Session struct {
	SID      string
	IP       string
	APN      string
	Start    time.Time
	Update   time.Time // end of the last reported usage window
	End      time.Time // zero while it lives
	Upload   int64     // bytes since its start, as far as reported
	Download int64
	Last     Entry // the newest entry that belongs to it
}

// Alive reports whether no end was told.
func (s Session) Alive() bool { return s.End.IsZero() }

// Session returns the newest data session, not counting the SIM's own OTA sessions.
func (d *Diary) Session() (Session, bool) { return d.session, d.hasSession }

func (d *Diary) newestSession() (Session, bool) {
	newest, ok := d.Last(cloud.SessionStarted, cloud.SessionUpdated, cloud.SessionEnded)
	if !ok {
		return Session{}, false
	}
	sid, start := newest.SessionSID, sessionStart(newest)
	if newest.Type != cloud.SessionEnded || start.IsZero() {
		return d.assemble(sid), true
	}
	// The end of an old session may come after the start of the next one and must not hide it.
	for _, e := range d.entries {
		if !e.OTA && e.SessionSID != "" && sessionStart(e).After(start) {
			sid, start = e.SessionSID, sessionStart(e)
		}
	}
	return d.assemble(sid), true
}

// sessionStart is when an entry's session began, as far as the entry tells.
func sessionStart(e Entry) time.Time {
	switch {
	case !e.SessionStart.IsZero():
		return e.SessionStart
	case e.Type == cloud.SessionStarted:
		return e.Time
	}
	return time.Time{}
}

func (d *Diary) assemble(sid string) Session {
	s := Session{SID: sid}
	for _, e := range d.entries {
		if e.OTA || e.SessionSID != sid || !strings.HasPrefix(e.Type, "data-session.") || e.Type == cloud.SessionFailed {
			continue
		}
		s.Last = e
		if e.IP != "" {
			s.IP = e.IP
		}
		if e.APN != "" {
			s.APN = e.APN
		}
		if t := sessionStart(e); !t.IsZero() {
			s.Start = t
		}
		if e.UpdateEnd.After(s.Update) {
			s.Update = e.UpdateEnd
		}
		s.Upload, s.Download = max(s.Upload, e.SessionUpload), max(s.Download, e.SessionDownload)
		if e.Type == cloud.SessionEnded {
			s.End = e.Time
			if !e.SessionEnd.IsZero() {
				s.End = e.SessionEnd
			}
		}
	}
	return s
}

// EventWords is one connection event as a sentence for people.
func EventWords(e cloud.Event) string {
	where := joinNonEmpty(e.Network.PLMN(), e.Network.Name)
	switch e.Type {
	case cloud.AttachmentAccepted:
		return joinNonEmpty("attach accepted on", where)
	case cloud.AttachmentRejected, cloud.AttachmentFailed:
		text := joinNonEmpty("attach", strings.TrimPrefix(e.Type, "attachment."), "on", where)
		if e.Error.Code != 0 {
			text += fmt.Sprintf(": %d %s", e.Error.Code, errorTitle(e))
		}
		return text
	case cloud.SessionStarted:
		return joinNonEmpty("data session started, IP", e.IP, "APN", e.APN)
	case cloud.SessionUpdated:
		return fmt.Sprintf("data session alive: %d bytes up, %d bytes down", e.Upload, e.Download)
	case cloud.SessionEnded:
		return joinNonEmpty("data session ended, IP", e.IP)
	case cloud.SessionFailed:
		return fmt.Sprintf("data session failed: %d %s", e.Error.Code, errorTitle(e))
	}
	return e.Type
}

func errorTitle(e cloud.Event) string {
	if c, ok := cloud.LookupCode(e.Error.Code); ok {
		return c.Title
	}
	return e.Error.Message
}
