package agent

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/core"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/journal"
)

// Kinds of journal records, and the version of their data.
const (
	recordEntry   = "timeline"
	recordEvent   = "event"
	recordVersion = 1
)

// memory is what outlives the agent: the history of actions as the journal's snapshot, the timeline and the connection
// events as its records. Without a journal it does nothing.
type memory struct {
	journal *journal.Journal
	boot    string
	uptime  func() time.Duration // since this boot of the computer
	clock   Clock

	entries chan news     // from the owner to keep
	lost    atomic.Uint64 // entries that found no room: the disk is too slow
	handed  uint64        // the owner's: revision of the history that was handed to keep last

	told atomic.Pointer[journalState] // for readers, who must not wait for a disk either

	mu     sync.Mutex // guards what follows: the executor and keep save, the sources take events
	saved  uint64     // revision of the history that was saved last
	events cloud.Dedupe
}

// journalState is how the journal was a moment ago.
type journalState struct {
	journal.State
	bytes  int64
	errors uint64
}

// tell looks at the journal for those who read the status.
func (m *memory) tell() {
	n := m.journal.Stats()
	m.told.Store(&journalState{m.journal.State(), n.Bytes, uint64(n.Damaged) + uint64(n.Dropped) + m.lost.Load()})
}

// news is what keep is to write.
type news struct {
	entries []storedEntry
	history attach.History
	saves   uint64 // its revision; 0 when it has not changed
	trusted bool
}

// storedEntry is a line of the timeline in the journal.
type storedEntry struct {
	Side     facts.Side     `json:"side"`
	Kind     string         `json:"kind"`
	Text     string         `json:"text"`
	EventSID string         `json:"event_sid,omitempty"`
	ICCID    string         `json:"iccid,omitempty"`
	Verdict  correlate.Code `json:"verdict,omitempty"`
	Action   attach.Kind    `json:"action,omitempty"`
	At       time.Time      `json:"at,omitzero"` // by the cloud's clock

	seen    time.Time
	routine bool
}

// stamp is a record's place in time.
func (m *memory) stamp(seen time.Time, trusted bool) journal.Record {
	now := m.clock.Now()
	return journal.Record{Up: m.uptime() - now.Sub(seen), Wall: facts.Wall(now, seen), Trusted: trusted, Version: recordVersion}
}

// when is a record's time by our clock: as long ago as it was, if it is from this boot, else by the wall clock of then.
func (m *memory) when(now time.Time, r *journal.Record) time.Time {
	if r.Boot == m.boot && m.boot != "" {
		return now.Add(r.Up - m.uptime())
	}
	return r.Wall
}

// restore is what the agent knew before it was started.
func (m *memory) restore(now time.Time, trusted bool, cfg *core.Config) error {
	if m.journal == nil {
		return nil
	}
	m.tell()
	var failed error
	if s := m.journal.LoadSnapshot(); s.Generation > 0 {
		stored, err := attach.Decode(s.Data)
		if err == nil {
			cfg.History = attach.Restore(stored, m.moment(now, trusted))
		}
		failed = err
	}
	for r := range m.journal.Records(journal.Query{}) {
		switch {
		case r.Version > recordVersion:
		case r.Kind == recordEntry:
			var e storedEntry
			if json.Unmarshal(r.Data, &e) == nil {
				cfg.Timeline = keepLast(append(cfg.Timeline, e.entry(m.when(now, &r))))
			}
		case r.Kind == recordEvent:
			var e cloud.Event
			if json.Unmarshal(r.Data, &e) == nil && !m.events.Seen(e.SID) {
				cfg.Diary = keepLast(append(cfg.Diary, facts.Entry{Event: e, Received: m.when(now, &r)}))
			}
		}
	}
	return failed
}

// restoreLength is how much of each kind is wanted at least; a full journal holds far more than belongs into memory.
const restoreLength = 2048

// keepLast drops the older half once there is twice as much as is wanted.
func keepLast[T any](list []T) []T {
	if len(list) < 2*restoreLength {
		return list
	}
	n := copy(list, list[restoreLength:])
	clear(list[n:])
	return list[:n]
}

func (e *storedEntry) entry(seen time.Time) core.Entry {
	out := core.Entry{Seen: seen, At: seen, Side: e.Side, Kind: e.Kind, Text: e.Text, EventSID: e.EventSID, ICCID: e.ICCID,
		Verdict: e.Verdict, Action: e.Action}
	if !e.At.IsZero() {
		out.At = e.At
	}
	return out
}

func (m *memory) moment(now time.Time, trusted bool) attach.Moment {
	return attach.Moment{Now: now, Boot: m.boot, Uptime: m.uptime(), Trusted: trusted}
}

// save puts the history on disk. It returns when it is there, or when the journal works in memory: a broken disk must not
// keep the agent from its work.
func (m *memory) save(rev uint64, h *attach.History, trusted bool) {
	if m.journal == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if rev <= m.saved {
		return
	}
	now := m.clock.Now()
	data, err := h.Encode(m.moment(now, trusted))
	if err == nil && len(data) > m.journal.MaxSnapshot() { // a small cap: what the budgets need goes in, the words do not
		data, err = h.Brief().Encode(m.moment(now, trusted))
	}
	if err == nil {
		err = m.journal.SaveSnapshot(now, data)
	}
	switch {
	case err == nil:
		m.saved = rev
	case !errors.Is(err, journal.ErrInMemory): // that one, State tells
		m.lost.Add(1)
	}
}

// take puts connection events on disk before their source hears that they were taken.
func (m *memory) take(b cloud.Batch, trusted bool) {
	if m.journal == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fresh := false
	for _, e := range b.Events {
		if e.Test || m.events.Seen(e.SID) {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			continue
		}
		r := m.stamp(b.Received, trusted)
		r.Kind, r.Data = recordEvent, data
		m.append(r, journal.Group)
		fresh = true
	}
	if fresh {
		m.journal.Flush(m.clock.Now()) //nolint:errcheck // State tells
	}
}

// append counts what the journal refuses; that it works in memory, State tells.
func (m *memory) append(r journal.Record, c journal.Class) {
	if seq, _ := m.journal.Append(m.clock.Now(), r, c); seq == 0 {
		m.lost.Add(1)
	}
}

// note hands what is new to keep. The owner never waits for a disk.
func (m *memory) note(s *core.Snapshot, fresh []core.Entry) {
	if m.journal == nil || len(fresh) == 0 && s.Saves == m.handed {
		return
	}
	n := news{trusted: s.Facts.Clock.State == facts.ClockNTP}
	for _, e := range fresh {
		stored := storedEntry{Side: e.Side, Kind: e.Kind, Text: e.Text, EventSID: e.EventSID, ICCID: e.ICCID,
			Verdict: e.Verdict, Action: e.Action, seen: e.Seen, routine: e.Routine}
		if e.Side == facts.Cloud {
			stored.At = e.At
		}
		n.entries = append(n.entries, stored)
	}
	if s.Saves != m.handed {
		n.history, n.saves = s.History, s.Saves
	}
	select {
	case m.entries <- n:
		m.handed = s.Saves
	default:
		m.lost.Add(uint64(len(fresh)))
	}
}

// class is how soon a line of the timeline must be on disk. A lone write costs the card some 17 KB.
func (e *storedEntry) class() journal.Class {
	switch {
	case e.Kind == "verdict", e.Kind == "action":
		return journal.Now
	case e.Kind == "signal", e.routine:
		return journal.Lazy
	}
	return journal.Group
}

// keep writes the timeline, and does the journal's upkeep, until ctx ends.
func (m *memory) keep(ctx context.Context) {
	if m.journal == nil {
		return
	}
	for {
		m.tell()
		timer, stop := m.clock.NewTimer(m.wait())
		select {
		case <-ctx.Done():
			stop()
			m.drain()
			m.journal.Flush(m.clock.Now()) //nolint:errcheck // State tells
			return
		case n := <-m.entries:
			m.write(n)
		case <-timer:
			m.journal.Tick(m.clock.Now())
		}
		stop()
	}
}

// wait is how long the journal needs nothing.
func (m *memory) wait() time.Duration {
	at := m.journal.Deadline()
	if at.IsZero() {
		return time.Hour
	}
	return max(0, at.Sub(m.clock.Now()))
}

func (m *memory) write(n news) {
	for _, e := range n.entries {
		r := m.stamp(e.seen, n.trusted)
		data, err := json.Marshal(e)
		if err != nil {
			continue
		}
		r.Kind, r.Data = recordEntry, data
		m.append(r, e.class())
	}
	if n.saves != 0 {
		m.save(n.saves, &n.history, n.trusted)
	}
}

func (m *memory) drain() {
	for {
		select {
		case n := <-m.entries:
			m.write(n)
		default:
			return
		}
	}
}
