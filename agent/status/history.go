package status

import (
	"slices"
	"strconv"
	"time"
)

// TimelineEntry is one line of the two diaries side by side.
type TimelineEntry struct {
	Seq      uint64 `json:"seq"`           // rises by one with each entry, from 1
	Time     Time   `json:"time"`          // when it happened
	Seen     Time   `json:"seen,omitzero"` // when the agent learned of it, if that is another time
	Side     Side   `json:"side"`
	Kind     string `json:"kind"`
	Text     string `json:"text"`
	ICCID    string `json:"iccid,omitzero"`
	EventSID string `json:"event_sid,omitzero"`
	Verdict  string `json:"verdict,omitzero"` // the new verdict's code, on its change
	Action   string `json:"action,omitzero"`
	Matched  string `json:"matched,omitzero"` // whether the other side tells of it too: "unmatched", "loosely", "time and network", "same address"
	Routine  bool   `json:"routine,omitzero"` // one of many that say that all goes on
	Lost     uint64 `json:"lost,omitzero"`    // kind "lost": so many entries were dropped before a slow reader took them
}

// KindLost marks the entry that tells a slow reader of a stream about the entries it missed. It carries the sequence
// number of the last entry that was dropped, and every filter lets it through.
const KindLost = "lost"

// noticed is when the entry came into the diary, which is what "since" asks for: a cloud event that arrives an hour
// late is news.
func (e TimelineEntry) noticed() time.Time {
	if e.Seen.IsZero() {
		return e.Time.Time
	}
	return e.Seen.Time
}

// Attempt is one action that was started, for GET /v1/attempts.
type Attempt struct {
	Time    Time   `json:"time"`
	Action  string `json:"action"`
	Rule    string `json:"rule,omitzero"`
	Why     string `json:"why,omitzero"`
	Outcome string `json:"outcome,omitzero"` // "ok", or what went wrong; left out while it is under way
}

// Exchange is one AT command and its answer, secrets masked, for GET /v1/trace. An unsolicited line has no command.
type Exchange struct {
	Time    Time     `json:"time"`
	Command string   `json:"command,omitzero"`
	Lines   []string `json:"lines,omitzero"`
	Final   string   `json:"final,omitzero"`
	TookMs  int64    `json:"took_ms,omitzero"`
	Error   string   `json:"error,omitzero"`
}

// TimelineQuery selects timeline entries. The zero value selects all that are kept.
type TimelineQuery struct {
	After uint64    // only entries with a higher Seq
	Since time.Time // only entries noticed at or after it
	Kinds []string  // only these kinds
	Limit int       // the newest so many; 0 means no limit
}

// matches reports whether the query selects e, its limit aside.
func (q TimelineQuery) matches(e TimelineEntry) bool {
	if e.Seq <= q.After || (!q.Since.IsZero() && e.noticed().Before(q.Since)) {
		return false
	}
	return len(q.Kinds) == 0 || e.Kind == KindLost || slices.Contains(q.Kinds, e.Kind)
}

// Select returns the entries that q selects, oldest first. It leaves entries as it is, and never returns nil, so that
// an empty timeline is written as an empty array.
func (q TimelineQuery) Select(entries []TimelineEntry) []TimelineEntry {
	selected := []TimelineEntry{}
	for _, e := range slices.Backward(entries) {
		if q.Limit > 0 && len(selected) == q.Limit {
			break
		}
		if q.matches(e) {
			selected = append(selected, e)
		}
	}
	slices.Reverse(selected)
	return selected
}

// missed returns the notice for entries that were dropped between after and the first of entries, if there were any.
func missed(now time.Time, after uint64, entries []TimelineEntry) (TimelineEntry, bool) {
	if len(entries) == 0 || entries[0].Seq <= after+1 {
		return TimelineEntry{}, false
	}
	last := entries[0].Seq - 1
	lost := last - after
	return TimelineEntry{Seq: last, Time: At(now), Side: Agent, Kind: KindLost, Lost: lost,
		Text: strconv.FormatUint(lost, 10) + " entries were dropped before they could be sent"}, true
}
