package relay

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"supersim-agent/agent/journal"
)

// A Record is one event on its way: the message, and when it came.
type Record struct {
	Came    time.Time
	ICCID   string
	Payload []byte // the event as KORE sent it
}

// Spool keeps records on disk until the broker has them for certain. It is a folder of segments, files to which records are
// appended; a segment is removed as a whole when nothing in it is needed any more. Which records were acknowledged is known in
// memory only: after a restart all of them count as not acknowledged, and go out again. Duplicates do no harm; loss would.
//
// The folder is locked: a second relay on it would remove what the first one writes to. It is safe for use by several goroutines.
type Spool struct {
	fs   journal.FS
	lock io.Closer
	opts SpoolOptions

	syncing sync.Mutex // held by the one that syncs

	mu       sync.Mutex     // guards what follows
	segments []*segment     // oldest first; the last one is written to
	batch    *batch         // waits for the disk; nil: nobody does
	closing  []journal.File // of segments that are full, once nobody waits for them
	bytes    int64          // of all segments
	waiting  int            // records that the broker does not have
	nextID   uint64
	stats    SpoolStats
}

// SpoolOptions adjust a spool.
type SpoolOptions struct {
	MaxBytes int64         // of all segments; 1 GiB
	Segment  int64         // bytes after which a new one is begun; 1 MiB, less with a low MaxBytes
	Settle   time.Duration // how long after its acknowledgement a record is kept; see Waiting
	FS       journal.FS    // instead of the folder dir of this host
}

// SpoolStats counts since the start, but for the gauges.
type SpoolStats struct {
	Waiting   int    // gauge: records that the broker does not have
	Segments  int    // gauge
	Bytes     int64  // gauge
	Full      bool   // gauge: the next records may be refused for want of room
	Trouble   string // with the disk, since the last record that was kept; "" for none
	Kept      int64  // records taken
	Damaged   int64  // places where a segment of an earlier life holds no record
	FullTimes int64  // records refused for want of room
	Syncs     int64  // of the disk
}

// A batch is everything that waits for the same sync.
type batch struct {
	touched []*segment
	done    chan struct{}
	err     error // once done is closed
}

// A Ticket is a record's place in the spool.
type Ticket struct {
	segment *segment
	number  int
}

// ErrFull says that the spool holds as much as it may that the broker does not have.
var ErrFull = errors.New("the spool is full")

// refusedPause is how long a record rests that the broker does not take: a person must mend that.
const refusedPause = 10 * time.Minute

// OpenSpool opens a folder, which it makes if need be. What is in it from an earlier life waits for the broker again.
func OpenSpool(dir string, opts SpoolOptions) (*Spool, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 1 << 30
	}
	if opts.Segment <= 0 {
		opts.Segment = min(1<<20, opts.MaxBytes/8)
	}
	if opts.FS == nil {
		opts.FS = journal.Dir(dir)
	}
	s := &Spool{fs: opts.FS, opts: opts}
	if err := s.fs.Make(); err != nil {
		return nil, err
	}
	var err error
	if s.lock, err = s.fs.Lock(); err != nil {
		return nil, fmt.Errorf("spool %s: %w", dir, err)
	}
	if err := s.adoptAll(); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// adoptAll takes over what an earlier life left, and begins a segment of its own.
func (s *Spool) adoptAll() error {
	files, err := s.fs.List()
	if err != nil {
		return err
	}
	for _, f := range files {
		if id, ok := segmentID(f.Name); ok {
			s.nextID = max(s.nextID, id+1)
			if err := s.adopt(&segment{id: id, size: f.Size}); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(s.segments, bySegment)
	return s.begin()
}

func (s *Spool) adopt(g *segment) error {
	data, err := load(s.fs, g.name(), g.size)
	if err != nil {
		return err
	}
	damaged, _ := scan(data, func(place int64, _ Record) bool {
		g.add(place)
		return true
	})
	s.stats.Damaged += int64(damaged)
	if g.open == 0 {
		return s.fs.Remove(g.name())
	}
	s.segments, s.bytes, s.waiting = append(s.segments, g), s.bytes+g.size, s.waiting+g.open
	return nil
}

// begin opens a new segment behind the last one. One that cannot be made durable is left behind, empty, and its number with it.
func (s *Spool) begin() error {
	g := &segment{id: s.nextID}
	s.nextID++
	f, err := s.fs.Create(g.name())
	if err != nil {
		return err
	}
	if err := s.fs.Sync(); err != nil {
		return errors.Join(err, f.Close(), s.fs.Remove(g.name()))
	}
	g.file, s.segments = f, append(s.segments, g)
	return nil
}

func (s *Spool) current() *segment { return s.segments[len(s.segments)-1] }

// Append keeps records and returns when they are on disk. An error means that none of them may be relied upon.
func (s *Spool) Append(list []Record) (tickets []Ticket, err error) {
	var block []byte
	var places []int64
	for _, r := range list {
		places = append(places, int64(len(block)))
		if block, err = appendRecord(block, r); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	s.mu.Lock()
	if tickets, err = s.write(block, places); err != nil {
		s.complain(err)
		s.mu.Unlock()
		return nil, err
	}
	b, first := s.join(s.current())
	s.mu.Unlock()
	if first {
		s.sync(b)
	}
	<-b.done
	if b.err != nil {
		return nil, b.err
	}
	s.mu.Lock()
	s.stats.Kept += int64(len(list))
	s.mu.Unlock()
	return tickets, nil
}

// complain keeps why records were not taken. The lock is held.
func (s *Spool) complain(err error) {
	switch {
	case err == nil:
		s.stats.Trouble = ""
	case !errors.Is(err, ErrFull):
		s.stats.Trouble = err.Error()
	}
}

// write appends a block of records to the last segment. A write that fails is overwritten by the next one. The lock is held.
func (s *Spool) write(block []byte, places []int64) (tickets []Ticket, err error) {
	size := int64(len(block))
	if g := s.current(); g.failed || g.size > 0 && g.size+size > s.opts.Segment {
		if err := s.rotate(); err != nil {
			return nil, err
		}
	}
	if s.makeRoom(size); s.bytes+size > s.opts.MaxBytes {
		s.stats.FullTimes += int64(len(places))
		return nil, ErrFull
	}
	g := s.current()
	if _, err := g.file.WriteAt(block, g.size); err != nil {
		return nil, err
	}
	for _, place := range places {
		tickets = append(tickets, Ticket{g, len(g.places)})
		g.add(g.size + place)
	}
	g.size, s.bytes, s.waiting = g.size+size, s.bytes+size, s.waiting+len(places)
	return tickets, nil
}

// rotate begins another segment. The one before it is closed when nobody waits for it any more. The lock is held.
func (s *Spool) rotate() error {
	before := s.current()
	if err := s.begin(); err != nil {
		return err
	}
	s.closing = append(s.closing, before.file)
	return nil
}

// join waits for the disk together with others, or is the first to do so. The lock is held.
func (s *Spool) join(g *segment) (b *batch, first bool) {
	if s.batch == nil {
		s.batch, first = &batch{done: make(chan struct{})}, true
	}
	if !slices.Contains(s.batch.touched, g) {
		s.batch.touched = append(s.batch.touched, g)
	}
	return s.batch, first
}

// sync brings a batch to the disk: all who joined it while the one before was under way. No file is closed that a later batch
// could wait for.
func (s *Spool) sync(b *batch) {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	s.batch = nil // who comes now waits for the next
	full := s.closing
	s.closing = nil
	s.mu.Unlock()
	for _, g := range b.touched {
		b.err = errors.Join(b.err, s.syncSegment(g))
	}
	for _, f := range full {
		f.Close() //nolint:errcheck // what was in it is on disk, or was said not to be
	}
	s.mu.Lock()
	s.stats.Syncs++
	s.complain(b.err)
	s.mu.Unlock()
	close(b.done)
}

// syncSegment fails for good once it failed: the kernel may have thrown the data away and call the next one a success.
func (s *Spool) syncSegment(g *segment) error {
	s.mu.Lock()
	failed := g.failed
	s.mu.Unlock()
	if failed {
		return errLost
	}
	err := g.file.Sync()
	if err != nil {
		s.mu.Lock()
		g.failed = true
		s.mu.Unlock()
	}
	return err
}

var errLost = errors.New("the disk lost what was written to this file")

// Acked notes that the broker has a record.
func (s *Spool) Acked(now time.Time, t Ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := t.segment
	if !g.states[t.number].acked() {
		g.open--
		s.waiting--
	}
	g.states[t.number] = state(now.UnixMilli())
	if now.After(g.last) {
		g.last = now
	}
}

// Refused notes that the broker does not take a record, nor will in a moment.
func (s *Spool) Refused(now time.Time, t Ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.segment.states[t.number].acked() {
		t.segment.states[t.number] = state(-now.UnixMilli())
	}
}

// Sweep removes the segments of which the broker has everything, and has had for the time of Settle. The one that is written to
// is no exception, or a quiet relay would send days of events again after each restart.
func (s *Spool) Sweep(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	settled := func(g *segment) bool { return g.size > 0 && g.open == 0 && now.Sub(g.last) >= s.opts.Settle }
	if settled(s.current()) {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	s.drop(settled)
	return nil
}

// makeRoom removes what the broker has, however fresh, before something new must be refused. The lock is held.
func (s *Spool) makeRoom(bytes int64) {
	s.drop(func(g *segment) bool { return s.bytes+bytes > s.opts.MaxBytes && g.open == 0 })
}

// drop removes segments that are not written to. One that waits for its device keeps none of the later ones.
func (s *Spool) drop(when func(*segment) bool) {
	current := s.current()
	s.segments = slices.DeleteFunc(s.segments, func(g *segment) bool {
		if g == current || !when(g) {
			return false
		}
		s.fs.Remove(g.name()) //nolint:errcheck // it would go out again after a restart, which does no harm
		s.bytes -= g.size
		return true
	})
}

// Waiting calls f with the records that the broker does not have, oldest first, until f returns false; those that it refused
// lately rest. With again, these come too, and those that it acknowledged within Settle: a broker that was killed may have
// forgotten them.
func (s *Spool) Waiting(now time.Time, again bool, f func(Ticket, Record) bool) error {
	s.mu.Lock()
	segments := slices.Clone(s.segments)
	s.mu.Unlock()
	for _, g := range segments {
		s.mu.Lock()
		needed, size := g.open > 0 || again && now.Sub(g.last) < s.opts.Settle, g.size
		s.mu.Unlock()
		if !needed || size == 0 {
			continue
		}
		data, err := load(s.fs, g.name(), size)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		_, more := scan(data, func(place int64, r Record) bool {
			n, wanted := s.wanted(g, place, now, again)
			return !wanted || f(Ticket{g, n}, r)
		})
		if !more {
			return nil
		}
	}
	return nil
}

func (s *Spool) wanted(g *segment, place int64, now time.Time, again bool) (number int, wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := g.find(place)
	if !ok {
		return 0, false
	}
	switch st := g.states[n]; {
	case st == 0:
		return n, true
	case st.acked():
		return n, again && now.Sub(st.at()) < s.opts.Settle
	default:
		return n, again || now.Sub(st.at()) >= refusedPause
	}
}

// Stats tells how the spool stands.
func (s *Spool) Stats() SpoolStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Waiting, st.Segments, st.Bytes = s.waiting, len(s.segments), s.bytes
	held := int64(0)
	for _, g := range s.segments {
		if g.open > 0 {
			held += g.size
		}
	}
	st.Full = held > s.opts.MaxBytes-s.opts.MaxBytes/16
	return st
}

// Close ends it. What is not acknowledged is there at the next start. Nobody may use it any more.
func (s *Spool) Close() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.current().file.Close()
	for _, f := range s.closing {
		err = errors.Join(err, f.Close())
	}
	s.closing = nil
	return errors.Join(err, s.lock.Close())
}
