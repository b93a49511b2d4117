package relay

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/status"
)

// Device is what is known of one device. What is unknown is left out of its JSON.
type Device struct {
	ICCID string `json:"iccid,omitzero"`
	ID    string `json:"id,omitzero"` // the hashed id, while no ICCID is known that fits it
	Name  string `json:"name,omitzero"`

	Verdict  status.Verdict `json:"verdict"`
	Judge    Judge          `json:"judge"`    // whose verdict it is
	Need     Need           `json:"need"`     // what the device needs of a person
	Presence string         `json:"presence"` // "reporting", "unreachable", "stopped", "never-reported"
	Silent   status.Time    `json:"silent_since,omitzero"`
	Heard    status.Time    `json:"heard,omitzero"`    // the device's last word reached the relay
	Reported status.Time    `json:"reported,omitzero"` // its last status did
	Said     status.Time    `json:"said,omitzero"`     // when it was written, by the device's clock

	LastEvent status.Event    `json:"last_event,omitzero"` // the cloud's newest
	Own       *status.Verdict `json:"own,omitempty"`       // what a silent device said last

	Modem        status.Modem        `json:"modem,omitzero"`
	Registration status.Registration `json:"registration,omitzero"`
	Signal       status.Signal       `json:"signal,omitzero"`
	Data         status.Data         `json:"data,omitzero"`
	Attach       status.Attach       `json:"attach,omitzero"`
	AgentVersion string              `json:"agent_version,omitzero"`

	Events []status.Event `json:"events,omitempty"` // one device only: what is kept, newest first
}

// Filter selects devices. The zero value selects all.
type Filter struct {
	Verdict     string // its code
	Need        Need
	Silent      *bool  // judged by the relay, because the device does not speak for itself
	Unreachable bool   // the broker lost it, or its agent was stopped
	Prefix      string // of the ICCID, or of the name, whatever its case
	After       string // rows after this cursor, see Page.Next
	Limit       int    // at most so many; 0 for all
}

// Page is a part of the fleet, the worst first.
type Page struct {
	Schema  string      `json:"schema"`
	Time    status.Time `json:"time"`
	Fleet   Summary     `json:"fleet"`
	Total   int         `json:"total"` // devices that the filter selects
	Devices []Device    `json:"devices"`
	Next    string      `json:"next,omitzero"` // cursor of the next page, for "after"; left out on the last
}

// Summary is the whole fleet in a few numbers.
type Summary struct {
	Started  status.Time    `json:"started,omitzero"` // the relay has listened since
	Devices  int            `json:"devices"`
	Online   int            `json:"online"`
	Silent   int            `json:"silent"`
	Needs    map[Need]int   `json:"needs"`
	Verdicts map[string]int `json:"verdicts"`
	File     *FileSummary   `json:"devices_file,omitempty"`
	Counters FleetStats     `json:"counters"`
}

// row is a device with what it is sorted by.
type row struct {
	k    key
	s    *sim // nil: only the devices file knows it
	rank int
	*brief
}

func (r row) compare(o row) int {
	return cmp.Or(cmp.Compare(r.rank, o.rank), cmp.Compare(r.since, o.since), cmp.Compare(r.k, o.k))
}

// cursor is the place of a row in the order, so that a page begins rightly even when the row itself has moved.
func (r row) cursor() string { return fmt.Sprintf("%d.%d.%s", r.rank, r.since, r.k) }

// ErrCursor is what errors.Is finds for a cursor that no page gave out.
var ErrCursor = errors.New("not a cursor of this list")

func parseCursor(text string) (r row, err error) {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) != 3 || len(parts[2]) > hashedLen+1 {
		return r, ErrCursor
	}
	rank, err1 := strconv.Atoi(parts[0])
	since, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return r, ErrCursor
	}
	return row{k: key(parts[2]), rank: rank, brief: &brief{since: since}}, nil
}

// snapshot is all that is known at one moment. It is read without a lock.
func (f *Fleet) snapshot(now time.Time) (bench, []row, *deviceList) {
	file := f.file.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(now)
	b := bench{now: now, started: f.started, lastEvent: f.lastEvent, silentAfter: f.opts.SilentAfter}
	rows := make([]row, 0, len(f.sims)+len(file.names))
	for k, s := range f.sims {
		rows = append(rows, row{k: k, s: s})
	}
	for k := range file.names {
		if f.sims[k] == nil {
			rows = append(rows, row{k: k})
		}
	}
	return b, rows, file
}

// Page returns the devices that a filter selects, the worst first, and the whole fleet in numbers. It fails only for a bad
// cursor.
func (f *Fleet) Page(now time.Time, filter Filter) (Page, error) {
	var after row
	if filter.After != "" {
		var err error
		if after, err = parseCursor(filter.After); err != nil {
			return Page{}, err
		}
	}
	b, rows, file := f.snapshot(now)
	page := Page{Schema: status.Schema, Time: status.At(now), Devices: []Device{}}
	page.Fleet = Summary{Started: status.At(b.started), Needs: map[Need]int{}, Verdicts: map[string]int{}, File: file.summary(),
		Counters: f.Stats()}
	b.judgeAll(rows)
	selected := rows[:0]
	for _, r := range rows {
		page.Fleet.count(r)
		if !filter.selects(r, file) {
			continue
		}
		page.Total++
		if filter.After == "" || r.compare(after) > 0 {
			selected = append(selected, r)
		}
	}
	slices.SortFunc(selected, row.compare)
	if filter.Limit > 0 && len(selected) > filter.Limit {
		selected = selected[:filter.Limit]
		page.Next = selected[filter.Limit-1].cursor()
	}
	for _, r := range selected {
		d := b.device(r, file)
		d.Verdict.Evidence, d.Events, d.Own = nil, nil, nil
		page.Devices = append(page.Devices, d)
	}
	return page, nil
}

// judgeAll gives every row its verdict in short.
func (b *bench) judgeAll(rows []row) {
	unheard := b.unheard()
	for i := range rows {
		r := &rows[i]
		r.brief = unheard
		if r.s != nil {
			r.brief = b.brief(r.s)
		}
		r.rank = slices.Index(needOrder, r.need)
	}
}

func (s *Summary) count(r row) {
	s.Devices++
	s.Needs[r.need]++
	s.Verdicts[r.code.Value()]++
	if online(r.code.Value()) {
		s.Online++
	}
	if r.judge == JudgedByRelay {
		s.Silent++
	}
}

func (b *bench) unheard() *brief {
	return &brief{code: label(NeverHeard), need: NeedUnknown, judge: JudgedByRelay, since: b.started.UnixMilli()}
}

func (f Filter) selects(r row, file *deviceList) bool {
	switch {
	case f.Verdict != "" && f.Verdict != r.code.Value():
		return false
	case f.Need != "" && f.Need != r.need:
		return false
	case f.Silent != nil && *f.Silent != (r.judge == JudgedByRelay):
		return false
	case f.Unreachable && (r.s == nil || r.s.word.kind != unreachable && r.s.word.kind != stopped):
		return false
	case f.Prefix == "":
		return true
	}
	name := strings.ToLower(file.names[r.k].name)
	return strings.HasPrefix(r.iccid(file), f.Prefix) || strings.HasPrefix(name, strings.ToLower(f.Prefix))
}

// iccid is the number as it was written, "" when it is not known.
func (r row) iccid(file *deviceList) string {
	if r.s != nil {
		return r.s.iccid
	}
	return file.names[r.k].iccid
}

// List returns the devices that a filter selects, the worst first; none for a bad cursor.
func (f *Fleet) List(now time.Time, filter Filter) []Device {
	page, err := f.Page(now, filter)
	if err != nil {
		return nil
	}
	return page.Devices
}

// Counts returns how many devices have each verdict.
func (f *Fleet) Counts(now time.Time) map[string]int {
	b, rows, _ := f.snapshot(now)
	counts := map[string]int{}
	for _, r := range rows {
		if r.s == nil {
			counts[NeverHeard]++
			continue
		}
		counts[b.brief(r.s).code.Value()]++
	}
	return counts
}

// Device returns all that is known of one device, by its ICCID or its hashed id.
func (f *Fleet) Device(now time.Time, id string) (Device, bool) {
	file := f.file.Load()
	f.mu.Lock()
	f.begin(now)
	k, plain := keyOf(id)
	if raw, hashed := hashBytes(id); hashed && !plain {
		k = key("#" + id)
		if iccid := f.hashes[raw]; iccid != "" {
			k, _ = keyOf(iccid)
		}
	}
	s := f.sims[k]
	b := bench{now: now, started: f.started, lastEvent: f.lastEvent, silentAfter: f.opts.SilentAfter}
	f.mu.Unlock()
	if k == "" || s == nil && !file.has(k) {
		return Device{}, false
	}
	r := row{k: k, s: s, brief: b.unheard()}
	return b.device(r, file), true
}

// device is a row in full.
func (b *bench) device(r row, file *deviceList) Device {
	d := Device{ICCID: r.iccid(file), ID: r.k.hashed(), Name: file.names[r.k].name}
	if r.s == nil {
		d.Verdict, d.Judge, d.Need, d.Presence = b.neverHeard(), JudgedByRelay, NeedUnknown, presenceNames[neverReported]
		return d
	}
	o := b.judge(r.s)
	d.Verdict, d.Judge, d.Presence = o.verdict, o.judge, presenceNames[r.s.word.kind]
	d.Need = needOf(o.verdict.Code, o.verdict.Advice, o.away)
	if o.judge == JudgedByRelay && !o.silent.IsZero() {
		d.Silent = status.At(o.silent)
	}
	d.Heard = moment(r.s.word.at)
	if rep := r.s.report; rep != nil && (r.s.word.kind != cleared || rep.at > r.s.word.at) {
		rep.describe(&d)
		if o.judge == JudgedByRelay {
			own := rep.verdict()
			d.Own = &own
		}
	}
	if events := shownEvents(unpack(r.s.events, r.s.iccid)); len(events) > 0 {
		d.LastEvent, d.Events = events[0], events
	}
	return d
}

// SameDevice reports whether two rows, of two relays, are about the same device.
func SameDevice(a, b Device) bool {
	return a.ID != "" && a.ID == b.ID || a.ICCID != "" && cloud.SameICCID(a.ICCID, b.ICCID)
}
