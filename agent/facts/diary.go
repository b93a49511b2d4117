package facts

import (
	"fmt"
	"maps"
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
// arrival: entries are kept by the cloud's own time. What every judgement asks for is kept up to date when an event is
// added, so that a judgement costs the same however long the diary is. Memory is bounded by the lengths above. Nothing that
// was stored is ever written again, so that copies of a Diary may be read while the original grows.
type Diary struct {
	iccid    string
	entries  []*Entry // by Time, then SID
	others   []*Entry // of other or not yet known cards, by arrival
	seen     *cloud.Dedupe
	last     map[string]*Entry // newest of each type, without the SIM's own OTA sessions; replaced, never written to
	ota      *Entry            // newest of the SIM's own sessions
	sessions []Session         // by their beginning, without the SIM's own
	windows  []Window          // reports of usage, by arrival

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
			changes = append(changes, d.add(&Entry{Event: e, Received: now})...)
		}
	}
	f.anchor(now)
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
			d.add(&e)
		}
		if e.Received.After(d.LastReceived) {
			d.LastReceived = e.Received
		}
	}
}

func (d *Diary) add(e *Entry) []Change {
	if d.iccid == "" || !cloud.SameICCID(e.ICCID, d.iccid) {
		if d.iccid != "" {
			d.OtherICCID++
		}
		d.others = keepLast(append(d.others, e), othersLength)
		return nil
	}
	d.entries = keepLast(d.with(e), diaryLength)
	d.index(e)
	if e.told {
		return nil
	}
	return []Change{{Side: Cloud, Kind: "cloud", Text: EventWords(e.Event), EventSID: e.SID, ICCID: e.ICCID, At: e.Time,
		Routine: e.Type == cloud.SessionUpdated}}
}

// index keeps what judging asks for.
func (d *Diary) index(e *Entry) {
	if e.OTA {
		if d.ota == nil || compareEntries(d.ota, e) < 0 {
			d.ota = e
		}
		return
	}
	if old := d.last[e.Type]; old == nil || compareEntries(old, e) < 0 {
		last := make(map[string]*Entry, len(d.last)+1)
		maps.Copy(last, d.last)
		last[e.Type] = e
		d.last = last
	}
	d.sessions = withSession(d.sessions, e)
	d.windows = withWindow(d.windows, e)
}

// with is the entries and one more, in a new slice: snapshots share the old one. Of a session's updates, which come every
// few minutes for as long as it lives and each tell its totals, only the newest stays.
func (d *Diary) with(e *Entry) []*Entry {
	entries := make([]*Entry, 0, len(d.entries)+1)
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

func compareEntries(a, b *Entry) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	return strings.Compare(a.SID, b.SID)
}

func keepLast[T any](s []T, n int) []T {
	if len(s) > n {
		return slices.Clone(s[len(s)-n:])
	}
	return s
}

// follow begins the diary of another card, with what already came for it.
func (d *Diary) follow(iccid string) (changes []Change) {
	others := slices.Concat(d.others, d.entries)
	d.iccid, d.entries, d.others = iccid, nil, nil
	d.last, d.ota, d.sessions, d.windows = nil, nil, nil, nil
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
func (d *Diary) Entries() []*Entry { return d.entries }

// Last is the newest entry of one of the types, by the cloud's time. OTA sessions of the SIM itself are not asked for.
func (d *Diary) Last(types ...string) (Entry, bool) {
	var newest *Entry
	for _, typ := range types {
		if e := d.last[typ]; e != nil && (newest == nil || compareEntries(newest, e) < 0) {
			newest = e
		}
	}
	if newest == nil {
		return Entry{}, false
	}
	return *newest, true
}

// LastOTA is the newest entry about the SIM's own sessions.
func (d *Diary) LastOTA() (Entry, bool) {
	if d.ota == nil {
		return Entry{}, false
	}
	return *d.ota, true
}

// Newest is the newest entry of any type.
func (d *Diary) Newest() (Entry, bool) {
	if n := len(d.entries); n > 0 {
		return *d.entries[n-1], true
	}
	return Entry{}, false
}

// Until is the diary as it would be had nothing happened after t. The past is judged by it when late events come.
func (d *Diary) Until(t time.Time) Diary {
	past := Diary{iccid: d.iccid, Source: d.Source, LastReceived: d.LastReceived}
	for _, e := range d.entries {
		if e.Time.After(t) {
			break
		}
		past.entries = append(past.entries, e)
		past.index(e)
	}
	return past
}

// Since is the entries from a time on, oldest first. The caller must not change them.
func (d *Diary) Since(t time.Time) []*Entry {
	i := len(d.entries)
	for i > 0 && !d.entries[i-1].Time.Before(t) {
		i--
	}
	return d.entries[i:]
}

// CountSince counts the entries of a type after a time.
func (d *Diary) CountSince(typ string, since time.Time) (n int) {
	for _, e := range d.Since(since) {
		if e.Type == typ {
			n++
		}
	}
	return n
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
		return "data session started" + part(", IP ", e.IP) + part(", APN ", e.APN)
	case cloud.SessionUpdated:
		return "data session alive: " + TrafficWords(e.Upload, e.Download)
	case cloud.SessionEnded:
		return "data session ended" + part(", IP ", e.IP) + sessionTotals(e)
	case cloud.SessionFailed:
		if e.Error.Code == 0 {
			return strings.TrimSuffix("data session failed: "+e.Error.Message, ": ")
		}
		return fmt.Sprintf("data session failed: %d %s", e.Error.Code, errorTitle(e))
	}
	return e.Type
}

// part is a label and a value, or nothing without a value.
func part(label, value string) string {
	if value == "" {
		return ""
	}
	return label + value
}

// sessionTotals is how long a session lasted and what it carried, as far as its end tells.
func sessionTotals(e cloud.Event) string {
	text := ""
	if d := e.SessionEnd.Sub(e.SessionStart); !e.SessionStart.IsZero() && d > 0 {
		text = ", after " + SpanWords(d)
	}
	if e.SessionUpload+e.SessionDownload > 0 {
		text += ", " + TrafficWords(e.SessionUpload, e.SessionDownload)
	}
	return text
}

func errorTitle(e cloud.Event) string {
	if c, ok := cloud.LookupCode(e.Error.Code); ok {
		return c.Title
	}
	return e.Error.Message
}
