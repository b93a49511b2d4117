package relay

import (
	"cmp"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/status"
)

// FleetOptions say how a fleet is kept. The zero value is a fleet without a devices file and with plain ICCIDs in topics.
type FleetOptions struct {
	DevicesFile string        // names the devices, see Reload; "" for none
	TopicKey    []byte        // of hashed ids; nil when topics hold ICCIDs
	SilentAfter time.Duration // how long a report of a device speaks for it; 24 h
	Max         int           // SIMs kept, the oldest silent ones forgotten first; 200,000
	Started     time.Time     // of this relay; the time of the first call when zero
	Clock       func() time.Time
	Log         func(text string) // a devices file that changed or cannot be used; may be nil
}

const (
	defaultSilentAfter = 24 * time.Hour
	defaultMaxSIMs     = 200_000
)

// Fleet is what is known of each device: the last status that it published, the newest connection events of its SIM, and
// the name that the devices file gives it. It lives in memory, below 2 KB a SIM. After a restart the retained statuses come
// again from the broker at once; events do not, so until they come the relay knows of a silent device only that it is
// silent, and says so.
//
// What it knows does not depend on the order in which events came, nor on how often; of statuses the one that arrived last
// counts. It is safe for use by several goroutines: records are replaced and never written to, so readers hold no lock.
type Fleet struct {
	opts  FleetOptions
	file  atomic.Pointer[deviceList]
	check sync.Mutex // one look at the devices file at a time

	mu        sync.Mutex // protects what follows
	sims      map[key]*sim
	hashes    map[[hashedLen / 2]byte]string // ICCIDs by their hashed ids
	lastEvent time.Time                      // of any SIM, by arrival
	started   time.Time
	stats     FleetStats
	packer    packer
}

// FleetStats counts since the start.
type FleetStats struct {
	Events       uint64            `json:"events"`       // taken
	Duplicates   uint64            `json:"duplicates"`   // known already, or older than what is kept
	Tests        uint64            `json:"tests"`        // test events, of no SIM
	BadEvents    uint64            `json:"bad_events"`   // without a usable ICCID, id or time
	Statuses     uint64            `json:"statuses"`     // taken
	BadStatuses  map[string]uint64 `json:"bad_statuses"` // by the code of StatusError
	Forgotten    uint64            `json:"forgotten"`    // SIMs, for want of room
	Unidentified int               `json:"unidentified"` // devices whose hashed id fits no known ICCID
	SIMs         int               `json:"sims"`         // known by events or statuses
	FileErrors   uint64            `json:"file_errors"`  // devices files that could not be used
	LastEvent    status.Time       `json:"last_event,omitzero"`
}

// sim is what came of one device. It is replaced when something comes and never written to, but for what judging left.
type sim struct {
	iccid  string // as first written by the operator or the device; "" behind a hashed id that fits no known ICCID
	events []byte // packed
	newest int64  // ms, of the newest event
	report *report
	word   lastWord
	judged atomic.Pointer[brief]
}

// NewFleet returns a fleet that knows what the devices file says. A file that cannot be read is logged and tried again.
func NewFleet(opts FleetOptions) *Fleet {
	if opts.SilentAfter <= 0 {
		opts.SilentAfter = defaultSilentAfter
	}
	if opts.Max <= 0 {
		opts.Max = defaultMaxSIMs
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Log == nil {
		opts.Log = func(string) {}
	}
	f := &Fleet{opts: opts, sims: map[key]*sim{}, started: opts.Started, stats: FleetStats{BadStatuses: map[string]uint64{}}}
	if len(opts.TopicKey) > 0 {
		f.hashes = map[[hashedLen / 2]byte]string{}
	}
	f.file.Store(&deviceList{})
	f.Reload()
	return f
}

var (
	errOther = errors.New("the ICCID or id in the message is not the one of its topic")
	errTopic = errors.New("neither an ICCID (18 to 20 digits) nor a hashed one (32 hex digits)")
)

// future is how far ahead of this host's clock the time of an event may lie.
const future = 24 * time.Hour

// TakeEvent takes one connection event in. An event that is known, or older than all that is kept of its kind, changes
// nothing.
func (f *Fleet) TakeEvent(now time.Time, e cloud.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(now)
	k, ok := keyOf(e.ICCID)
	switch {
	case e.Test:
		f.stats.Tests++
		f.heard(now)
		return
	case !ok || e.SID == "" || e.Time.IsZero() || e.Time.Sub(now) > future:
		f.stats.BadEvents++
		return
	}
	f.heard(now)
	old := f.known(k, e.ICCID)
	events, newest, news := f.packer.add(old.events, e)
	if !news {
		f.stats.Duplicates++
		return
	}
	f.stats.Events++
	next := old.copy()
	next.events, next.newest = events, newest
	f.put(k, next)
}

// TakeStatus takes what a device published under its id, an ICCID or a hashed one: its status, its last will, its goodbye,
// or nothing when somebody cleared the topic. The error is a *StatusError and means that nothing was changed.
func (f *Fleet) TakeStatus(now time.Time, id string, payload []byte) error {
	wire, w, r, err := readStatus(now, id, payload)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(now)
	var k key
	iccid := ""
	if err == nil {
		k, iccid, err = f.owner(id, wire)
	}
	if bad, ok := err.(*StatusError); ok {
		f.stats.BadStatuses[bad.Code]++
		return err
	}
	f.stats.Statuses++
	old := f.known(k, iccid)
	next := old.copy()
	if w.after(old.word) {
		next.word = w
	}
	if r != nil && r.after(old.report) {
		next.report = r
	}
	f.put(k, next)
	return nil
}

// owner finds whose status came under an id. What the message says of itself must fit.
func (f *Fleet) owner(id string, wire wireStatus) (k key, iccid string, err error) {
	said := wire.ICCID
	if wire.ID != "" && wire.ID != id {
		return "", "", &StatusError{ID: id, Code: otherICCID, Err: errOther}
	}
	if k, plain := keyOf(id); plain {
		if said != "" && !cloud.SameICCID(said, id) {
			return "", "", &StatusError{ID: id, Code: otherICCID, Err: errOther}
		}
		return k, id, nil
	}
	raw, ok := hashBytes(id)
	if !ok {
		return "", "", &StatusError{ID: id, Code: badTopic, Err: errTopic}
	}
	if _, plain := keyOf(said); plain && f.hashes != nil {
		if !slices.ContainsFunc(cloud.Spellings(said), func(s string) bool { return cloud.TopicID(s, f.opts.TopicKey) == id }) {
			return "", "", &StatusError{ID: id, Code: otherICCID, Err: errOther}
		}
		f.join(said)
	}
	if iccid = f.hashes[raw]; iccid != "" {
		k, _ = keyOf(iccid)
		return k, iccid, nil
	}
	return key("#" + id), "", nil
}

func hashBytes(id string) (raw [hashedLen / 2]byte, ok bool) {
	if !isHashed(id) {
		return raw, false
	}
	_, err := hex.Decode(raw[:], []byte(id))
	return raw, err == nil
}

// join makes the hashed ids of an ICCID known, and what came under them before. It costs nothing when ids are not hashed.
func (f *Fleet) join(iccid string) {
	if f.hashes == nil {
		return
	}
	k, _ := keyOf(iccid)
	for _, spelling := range cloud.Spellings(iccid) {
		id := cloud.TopicID(spelling, f.opts.TopicKey)
		raw, _ := hashBytes(id)
		if _, known := f.hashes[raw]; known {
			continue
		}
		f.hashes[raw] = iccid
		if stray := f.sims[key("#"+id)]; stray != nil {
			delete(f.sims, key("#"+id))
			f.sims[k] = f.known(k, iccid).joined(stray)
		}
	}
}

// known is the record of a key, an empty one for a new device.
func (f *Fleet) known(k key, iccid string) *sim {
	if s := f.sims[k]; s != nil {
		return s
	}
	return &sim{iccid: strings.Clone(iccid)}
}

// put stores a record and makes room when there are too many.
func (f *Fleet) put(k key, s *sim) {
	if _, known := f.sims[k]; !known {
		f.sims[key(strings.Clone(string(k)))] = s
		if s.iccid != "" {
			f.join(s.iccid)
		}
		f.makeRoom()
		return
	}
	f.sims[k] = s
}

func (s *sim) copy() *sim {
	return &sim{iccid: s.iccid, events: s.events, newest: s.newest, report: s.report, word: s.word}
}

// joined is a record with the statuses that came before its ICCID was known.
func (s *sim) joined(stray *sim) *sim {
	next := s.copy()
	if stray.word.after(next.word) {
		next.word = stray.word
	}
	if stray.report != nil && stray.report.after(next.report) {
		next.report = stray.report
	}
	return next
}

// last is when anything was last known of the device, in ms.
func (s *sim) last() int64 { return max(s.newest, s.word.at) }

// room is the share of all SIMs that is forgotten at a time: looking for the oldest costs a pass over all of them.
const room = 100

// makeRoom forgets those who do not report and were heard of longest ago, then those who report.
func (f *Fleet) makeRoom() {
	if len(f.sims) <= f.opts.Max {
		return
	}
	type candidate struct {
		k      key
		speaks int // 1 when it does
		last   int64
	}
	list := make([]candidate, 0, len(f.sims))
	for k, s := range f.sims {
		list = append(list, candidate{k, 0, s.last()})
		if s.word.kind == reporting {
			list[len(list)-1].speaks = 1
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.speaks, b.speaks), cmp.Compare(a.last, b.last), cmp.Compare(a.k, b.k))
	})
	for _, c := range list[:max(len(list)-f.opts.Max, f.opts.Max/room)] {
		f.forget(c.k)
	}
}

func (f *Fleet) forget(k key) {
	if s := f.sims[k]; s.iccid != "" && f.hashes != nil && !f.file.Load().has(k) {
		for _, spelling := range cloud.Spellings(s.iccid) {
			raw, _ := hashBytes(cloud.TopicID(spelling, f.opts.TopicKey))
			delete(f.hashes, raw)
		}
	}
	delete(f.sims, k)
	f.stats.Forgotten++
}

// begin notes when the relay's knowledge begins.
func (f *Fleet) begin(now time.Time) {
	if f.started.IsZero() {
		f.started = now
	}
}

// heard notes that events reach the relay, so that their absence means something.
func (f *Fleet) heard(now time.Time) {
	if now.After(f.lastEvent) {
		f.lastEvent = now
	}
}

// Stats are the counters now.
func (f *Fleet) Stats() FleetStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.BadStatuses = make(map[string]uint64, len(f.stats.BadStatuses))
	for code, n := range f.stats.BadStatuses {
		s.BadStatuses[code] = n
	}
	s.SIMs, s.LastEvent = len(f.sims), status.At(f.lastEvent)
	if f.hashes != nil {
		for k := range f.sims {
			if k.hashed() != "" {
				s.Unidentified++
			}
		}
	}
	return s
}
