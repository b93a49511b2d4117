package attach

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"supersim-agent/agent/facts"
)

// Moment is a point in time with what is known of the clocks. A Raspberry Pi has no clock that runs without power, so that
// the wall time may be years off until a time server was heard.
type Moment struct {
	Now     time.Time     // as Plan gets it: its differences are true within a run
	Boot    string        // id of this boot of the computer
	Uptime  time.Duration // since that boot, also through suspension
	Trusted bool          // the wall clock follows a time server
}

// Stored is a History as it lies on disk, in JSON of version 1. Times are milliseconds of age at the moment of saving, so
// that nothing in it depends on a wall clock; the saving itself is stamped by both clocks.
type Stored struct {
	Version  int             `json:"v"`
	Boot     string          `json:"boot"`
	UptimeMS int64           `json:"uptime_ms"`
	WallMS   int64           `json:"wall_ms"` // Unix time
	Trusted  bool            `json:"wall_trusted"`
	Actions  []storedDone    `json:"actions,omitempty"`
	Ladder   storedLadder    `json:"ladder"`
	Refusals []storedRefusal `json:"refusals,omitempty"`
	Accepted int64           `json:"accepted_ms,omitempty"` // Unix time of the cloud
	HoldMS   int64           `json:"hold_ms,omitempty"`     // what is left of a hold

	Skipped int `json:"-"` // entries that made no sense
}

type storedDone struct {
	Kind    Kind   `json:"kind"`
	AgeMS   int64  `json:"age_ms"`
	Rule    string `json:"rule,omitempty"`
	Why     string `json:"why,omitempty"`
	Level   int    `json:"level,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

type storedLadder struct {
	Card    facts.ICCID `json:"iccid,omitempty"`
	Rungs   int         `json:"rungs,omitempty"`
	Data    int         `json:"data,omitempty"`
	Stops   int         `json:"stops,omitempty"`
	Outages int         `json:"outages,omitempty"`
}

type storedRefusal struct {
	AgeMS  int64 `json:"age_ms"`  // since it was received
	TimeMS int64 `json:"time_ms"` // Unix time of the cloud
}

const (
	storeVersion = 1
	forever      = 100 * 365 * day // what is older, or longer, makes no sense
	maxLevel     = 1 << 16
	maxHold      = 366 * day
	roundUp      = time.Millisecond - 1
)

// Encode writes the history for a journal. The result is one line of JSON. What is rounded is rounded so that nothing seems
// older afterwards.
func (h *History) Encode(m Moment) ([]byte, error) {
	l := h.Ladder.at(m.Now)
	s := Stored{Version: storeVersion, Boot: m.Boot,
		UptimeMS: (m.Uptime + roundUp).Milliseconds(), WallMS: m.Now.Add(roundUp).UnixMilli(), Trusted: m.Trusted,
		Ladder: storedLadder{l.Card, l.Rungs, l.Data, l.Stops, l.Outages}}
	for _, d := range h.Actions {
		s.Actions = append(s.Actions, storedDone{d.Kind, age(m.Now, d.At), d.Rule, d.Why, d.Level, d.Outcome})
	}
	for _, r := range h.Refusals {
		s.Refusals = append(s.Refusals, storedRefusal{age(m.Now, r.Received), r.Time.UnixMilli()})
	}
	if !h.Accepted.IsZero() {
		s.Accepted = h.Accepted.UnixMilli()
	}
	if h.Held.After(m.Now) {
		s.HoldMS = (h.Held.Sub(m.Now) + roundUp).Milliseconds()
	}
	return json.Marshal(s)
}

// Brief is the history without its words: all that budgets and ladders need, in little room.
func (h *History) Brief() *History {
	brief := *h
	brief.Actions = slices.Clone(h.Actions)
	for i := range brief.Actions {
		d := &brief.Actions[i]
		d.Why = ""
		if d.Outcome != "ok" && d.Outcome != "" {
			d.Outcome = "failed"
		}
	}
	return &brief
}

func age(now, at time.Time) int64 {
	return min(max(0, now.Sub(at).Milliseconds()), forever.Milliseconds()-1)
}

// Decode reads what Encode wrote. Entries that make no sense are left out and counted; a record that cannot be read, or of
// another version, is an error.
func Decode(data []byte) (Stored, error) {
	var s Stored
	if err := json.Unmarshal(data, &s); err != nil {
		return Stored{}, fmt.Errorf("history of actions: %w", err)
	}
	if s.Version != storeVersion {
		return Stored{}, fmt.Errorf("history of actions: version %d, want %d", s.Version, storeVersion)
	}
	s.clean()
	return s, nil
}

func (s *Stored) clean() {
	total := len(s.Actions) + len(s.Refusals)
	s.Actions = slices.DeleteFunc(s.Actions, func(d storedDone) bool {
		_, known := Describe(d.Kind)
		return !known || d.Kind == Hold || !sane(d.AgeMS)
	})
	s.Refusals = slices.DeleteFunc(s.Refusals, func(r storedRefusal) bool { return !sane(r.AgeMS) || !saneWall(r.TimeMS) })
	s.Skipped = total - len(s.Actions) - len(s.Refusals)
	slices.SortStableFunc(s.Actions, func(a, b storedDone) int { return int(min(max(b.AgeMS-a.AgeMS, -1), 1)) })
	s.Actions = s.Actions[max(0, len(s.Actions)-historyLength):]
	s.Refusals = s.Refusals[max(0, len(s.Refusals)-refusalsLength):]
	for _, n := range []*int{&s.Ladder.Rungs, &s.Ladder.Data, &s.Ladder.Stops, &s.Ladder.Outages} {
		*n = min(max(*n, 0), maxLevel)
	}
	if !sane(s.UptimeMS) {
		s.UptimeMS = forever.Milliseconds() // so that no time has passed since, for certain
	}
	if !saneWall(s.Accepted) {
		s.Accepted = 0
	}
	s.Trusted = s.Trusted && saneWall(s.WallMS)
	s.HoldMS = min(max(s.HoldMS, 0), maxHold.Milliseconds())
}

func sane(ms int64) bool { return 0 <= ms && ms < forever.Milliseconds() }

// saneWall is a time from 1970 to the year 9999.
func saneWall(ms int64) bool { return 0 <= ms && ms < 253402300800000 }

// Restore makes the history of what was stored. Nothing in it is taken for older than is certain, so that a restart or a
// clock that jumps never frees a budget too early:
//
//   - in the same boot, the time since the saving is the difference of the uptimes;
//   - in another boot, it is at least the uptime of this one, and the difference of the wall clocks if both were trusted and
//     that is more;
//   - if it is not known which boot it was, nothing is certain.
//
// A hold that a person asked for lasts as long as these leave of it. How long all was well is not kept.
func Restore(s Stored, m Moment) History {
	since := s.certain(m)
	at := func(ageMS int64) time.Time { return m.Now.Add(-since - millis(ageMS)) }
	l := s.Ladder
	h := History{Ladder: Ladder{Card: l.Card, Rungs: l.Rungs, Data: l.Data, Stops: l.Stops, Outages: l.Outages}}
	for _, d := range s.Actions {
		h.Actions = append(h.Actions, Done{d.Kind, at(d.AgeMS), d.Rule, d.Why, d.Level, d.Outcome})
	}
	for _, r := range s.Refusals {
		h.Refusals = append(h.Refusals, Refusal{time.UnixMilli(r.TimeMS).UTC(), at(r.AgeMS)})
	}
	if s.Accepted != 0 {
		h.Accepted = time.UnixMilli(s.Accepted).UTC()
	}
	if left := millis(s.HoldMS) - since; left > 0 {
		h.Held = m.Now.Add(left)
	}
	return h
}

// certain is how long ago the saving was, at least.
func (s *Stored) certain(m Moment) time.Duration {
	up := min(max(m.Uptime, 0), forever)
	switch {
	case s.Boot == "" || m.Boot == "":
		return 0
	case s.Boot == m.Boot:
		return max(0, up-millis(s.UptimeMS))
	case s.Trusted && m.Trusted:
		return max(up, millis(min(m.Now.UnixMilli()-s.WallMS, forever.Milliseconds())))
	}
	return up
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
