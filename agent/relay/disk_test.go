package relay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/journal"
)

var errDisk = errors.New("input/output error")

// disk is a folder in a machine that can lose power: content is durable when its file was synced, names when the folder was.
type disk struct {
	mu      sync.Mutex
	names   map[string]*inode // as processes see it
	durable map[string]*inode // as after a power cut
	locked  bool
	ops     int
	fail    func(op, name string, n int) error // asked before each operation that changes something
	syncing func()                             // called before a file is synced, while others may write
}

type inode struct{ cache, safe []byte }

func newDisk() *disk { return &disk{names: map[string]*inode{}, durable: map[string]*inode{}} }

// do is an operation that changes something.
func (d *disk) do(op, name string, f func()) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops++
	if d.fail != nil {
		if err := d.fail(op, name, d.ops); err != nil {
			return err
		}
	}
	f()
	return nil
}

func (d *disk) Make() error { return nil }

func (d *disk) Lock() (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return nil, &journal.HeldError{}
	}
	d.locked = true
	return unlock{d}, nil
}

type unlock struct{ d *disk }

func (u unlock) Close() error {
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	u.d.locked = false
	return nil
}

func (d *disk) List() (list []journal.FileInfo, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		list = append(list, journal.FileInfo{Name: name, Size: int64(len(d.names[name].cache))})
	}
	return list, nil
}

func (d *disk) Open(name string, _ bool) (journal.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.names[name]; n != nil {
		return &handle{d: d, name: name, n: n}, nil
	}
	return nil, fs.ErrNotExist
}

func (d *disk) Create(name string) (journal.File, error) {
	n := &inode{}
	err := d.do("create", name, func() { d.names[name] = n })
	return &handle{d: d, name: name, n: n}, err
}

func (d *disk) Rename(string, string) error { return errors.ErrUnsupported }

func (d *disk) Remove(name string) error {
	return d.do("remove", name, func() { delete(d.names, name) })
}

func (d *disk) Sync() error {
	return d.do("sync-names", "", func() { d.durable = maps.Clone(d.names) })
}

type handle struct {
	d      *disk
	name   string
	n      *inode
	closed bool
}

func (h *handle) ReadAt(b []byte, off int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return bytes.NewReader(h.n.cache).ReadAt(b, off)
}

// WriteAt that fails has written half.
func (h *handle) WriteAt(b []byte, off int64) (int, error) {
	write := func(b []byte) {
		if grow := off + int64(len(b)) - int64(len(h.n.cache)); grow > 0 {
			h.n.cache = append(h.n.cache, make([]byte, grow)...)
		}
		copy(h.n.cache[off:], b)
	}
	if h.closed {
		return 0, os.ErrClosed
	}
	if err := h.d.do("write", h.name, func() { write(b) }); err != nil {
		h.d.mu.Lock()
		defer h.d.mu.Unlock()
		write(b[:len(b)/2])
		return len(b) / 2, err
	}
	return len(b), nil
}

// Sync that fails has lost what was not synced, and the next one succeeds without it, as on Linux.
func (h *handle) Sync() error {
	if h.closed {
		return os.ErrClosed
	}
	if h.d.syncing != nil {
		h.d.syncing()
	}
	err := h.d.do("sync", h.name, func() { h.n.safe = slices.Clone(h.n.cache) })
	if err != nil {
		h.d.mu.Lock()
		defer h.d.mu.Unlock()
		h.n.cache = append(slices.Clone(h.n.safe), make([]byte, len(h.n.cache)-len(h.n.safe))...)
	}
	return err
}

func (h *handle) Truncate(int64) error { return errors.ErrUnsupported }

func (h *handle) Close() error { h.closed = true; return nil }

// cut is the disk after a power cut. choose tells how much of what was not synced is there all the same.
func (d *disk) cut(choose func(n int) int) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := newDisk()
	names := d.durable
	if choose(2) == 1 {
		names = d.names
	}
	for name, n := range names {
		kept := slices.Clone(n.cache[:choose(len(n.cache)+1)])
		if len(kept) < len(n.safe) {
			kept = append(kept, n.safe[len(kept):]...)
		}
		copy(kept, n.safe)
		left := &inode{cache: kept, safe: slices.Clone(kept)}
		after.names[name], after.durable[name] = left, left
	}
	return after
}

// promises are what a test does with a spool, and what it was promised.
type promises struct {
	next     int
	promised map[string]bool // payloads that are to come out again
	tickets  []Ticket
	names    []string // of tickets
}

func (l *promises) appendTo(s *Spool, n int) {
	list := records(l.next, n)
	l.next += n
	tickets, err := s.Append(list)
	if err != nil {
		return
	}
	for i, r := range list {
		l.promised[string(r.Payload)] = true
		l.tickets, l.names = append(l.tickets, tickets[i]), append(l.names, string(r.Payload))
	}
}

// ack is the broker's word for the oldest n.
func (l *promises) ack(s *Spool, now time.Time, n int) {
	for range min(n, len(l.tickets)) {
		s.Acked(now, l.tickets[0])
		delete(l.promised, l.names[0])
		l.tickets, l.names = l.tickets[1:], l.names[1:]
	}
}

func (l *promises) check(t testing.TB, s *Spool) {
	t.Helper()
	out := map[string]bool{}
	for _, payload := range waiting(t, s, false) {
		var n int
		if _, err := fmt.Sscanf(payload, `{"n":%d}`, &n); err != nil || n >= l.next {
			t.Fatalf("%q was never given", payload)
		}
		out[payload] = true
	}
	for payload := range l.promised {
		if !out[payload] {
			t.Fatalf("%s is lost", payload)
		}
	}
}

// Power is cut, or the disk ends, at every operation of a day with everything in it: what was promised is there afterwards.
func TestSpoolCutAtEveryOperation(t *testing.T) {
	day := func(d *disk, l *promises) {
		for range 2 {
			s, err := OpenSpool("", SpoolOptions{FS: d, Segment: 300, MaxBytes: 4000})
			if err != nil {
				return
			}
			for i := range 12 {
				l.appendTo(s, 1+i%3)
				l.ack(s, noon, i%3)
				s.Sweep(noon) //nolint:errcheck // the disk fails
			}
			s.Close() //nolint:errcheck // likewise
			l.tickets, l.names = nil, nil
		}
	}
	whole := newDisk()
	day(whole, &promises{promised: map[string]bool{}})
	if whole.ops < 50 {
		t.Fatalf("only %d operations", whole.ops)
	}
	for n := range whole.ops + 1 {
		for _, left := range []func(m int) int{func(int) int { return 0 }, func(m int) int { return m / 2 },
			func(m int) int { return m - 1 }} {
			d, l := newDisk(), &promises{promised: map[string]bool{}}
			d.fail = func(_, _ string, op int) error {
				if op > n {
					return errDisk
				}
				return nil
			}
			day(d, l)
			s := open(t, "", SpoolOptions{FS: d.cut(left)})
			l.check(t, s)
			l.appendTo(s, 1)
			l.check(t, s)
		}
	}
}

// Whatever the disk refuses for a while, and however often the power is cut: what was promised comes out again, and when the disk
// works the spool works.
func TestSpoolOnBadDisk(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, l := newDisk(), &promises{promised: map[string]bool{}}
		opts := SpoolOptions{Segment: 300, MaxBytes: 100_000, Settle: time.Minute}
		now := noon
		bad := ""
		var s *Spool
		boot := func() {
			d.fail, bad = func(op, _ string, _ int) error {
				if op == bad {
					return errDisk
				}
				return nil
			}, ""
			opts.FS = d
			l.tickets, l.names = nil, nil
			s = open(t, "", opts)
		}
		boot()
		r.Repeat(map[string]func(*rapid.T){
			"append": func(r *rapid.T) { l.appendTo(s, rapid.IntRange(1, 4).Draw(r, "records")) },
			"ack":    func(r *rapid.T) { l.ack(s, now, rapid.IntRange(1, 8).Draw(r, "records")) },
			"sweep":  func(*rapid.T) { s.Sweep(now) }, //nolint:errcheck // the disk may be bad
			"later":  func(*rapid.T) { now = now.Add(40 * time.Second) },
			"break": func(r *rapid.T) {
				bad = rapid.SampledFrom([]string{"", "write", "sync", "create", "sync-names", "remove"}).Draw(r, "bad")
			},
			"cut": func(r *rapid.T) {
				d = d.cut(func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "left") })
				boot()
			},
			"": func(*rapid.T) { l.check(t, s) },
		})
		bad = ""
		if _, err := s.Append(records(l.next, 1)); err != nil || s.Stats().Trouble != "" {
			r.Fatalf("the disk is well, the spool is not: %v, %+v", err, s.Stats())
		}
	})
}

// A failed sync is failed for all who wrote before it, though the next one succeeds.
func TestSpoolSyncFails(t *testing.T) {
	d := newDisk()
	s := open(t, "", SpoolOptions{FS: d})
	failing := true
	d.fail = func(op, _ string, _ int) error {
		if op == "sync" && failing {
			return errDisk
		}
		return nil
	}
	if _, err := s.Append(records(0, 1)); err == nil {
		t.Error("promised what the disk did not keep")
	}
	if st := s.Stats(); st.Trouble == "" || st.Kept != 0 {
		t.Errorf("%+v", st)
	}
	failing = false
	if _, err := s.Append(records(1, 1)); err != nil {
		t.Fatal(err)
	}
	got := waiting(t, open(t, "", SpoolOptions{FS: d.cut(func(int) int { return 0 })}), false)
	if !slices.Equal(got, []string{`{"n":1}`}) {
		t.Errorf("after a power cut: %v", got)
	}
}

// Who wrote while a sync was under way that fails is not told that the next one, which succeeds, brought it to the disk.
func TestSpoolSyncFailsUnderOthers(t *testing.T) {
	d := newDisk()
	s := open(t, "", SpoolOptions{FS: d})
	failing, second := true, make(chan error, 1)
	d.fail = func(op, _ string, _ int) error {
		if op == "sync" && failing {
			failing = false
			return errDisk
		}
		return nil
	}
	var once sync.Once
	d.syncing = func() {
		once.Do(func() {
			go func() {
				_, err := s.Append(records(1, 1))
				second <- err
			}()
			for s.Stats().Waiting < 2 {
				runtime.Gosched()
			}
		})
	}
	if _, err := s.Append(records(0, 1)); err == nil {
		t.Error("the first was promised")
	}
	if err := <-second; err == nil {
		got := waiting(t, open(t, "", SpoolOptions{FS: d.cut(func(int) int { return 0 })}), false)
		t.Errorf("the second was promised; after a power cut there is %v", got)
	}
	d.syncing = nil
	if _, err := s.Append(records(2, 1)); err != nil {
		t.Errorf("the third: %v", err)
	}
}

// A second relay by mistake leaves the folder of the first alone.
func TestSpoolIsLocked(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, SpoolOptions{})
	if _, err := OpenSpool(dir, SpoolOptions{}); err == nil {
		t.Fatal("two relays on one folder")
	}
	if _, err := first.Append(records(0, 1)); err != nil {
		t.Fatal(err)
	}
	first.Close()
	if got := waiting(t, open(t, dir, SpoolOptions{}), false); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// One record that waits for its device for days keeps none of the others, and a quiet spool ends empty.
func TestSpoolPinnedByNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, SpoolOptions{Segment: 300, MaxBytes: 3000, Settle: time.Minute})
	stuck, err := s.Append(records(0, 1))
	if err != nil {
		t.Fatal(err)
	}
	s.Refused(noon, stuck[0])
	for i := range 200 {
		tickets, err := s.Append(records(i+1, 1))
		if err != nil {
			t.Fatalf("record %d: %v, %+v", i+1, err, s.Stats())
		}
		s.Acked(noon, tickets[0])
	}
	if got := waiting(t, s, false); len(got) != 0 {
		t.Errorf("a refused record does not rest: %v", got)
	}
	if got := waiting(t, s, true); len(got) == 0 || got[0] != `{"n":0}` {
		t.Errorf("not tried on a new connection: %v", got)
	}
	s.Acked(noon, stuck[0])
	sweep(t, s, noon.Add(time.Minute))
	if st := s.Stats(); st.Bytes != 0 || st.Segments != 1 {
		t.Errorf("%+v", st)
	}
	s.Close()
	if got := waiting(t, open(t, dir, SpoolOptions{}), false); len(got) != 0 {
		t.Errorf("sent again after a restart: %v", got)
	}
}

// Settle is counted from the acknowledgement: a record may have waited for the broker for hours.
func TestSpoolSettlesAfterTheAcknowledgement(t *testing.T) {
	s := open(t, t.TempDir(), SpoolOptions{Settle: 10 * time.Minute})
	list := records(0, 1)
	list[0].Came = noon.Add(-5 * time.Hour)
	tickets, err := s.Append(list)
	if err != nil {
		t.Fatal(err)
	}
	s.Acked(noon, tickets[0])
	sweep(t, s, noon)
	if got := waiting(t, s, true); len(got) != 1 {
		t.Error("a broker that is killed now loses it")
	}
}
