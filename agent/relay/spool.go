package relay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
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
// It is safe for use by several goroutines.
type Spool struct {
	dir  string
	opts SpoolOptions

	syncing sync.Mutex // one fsync at a time, for all who wait; taken before mu

	mu       sync.Mutex // guards what follows
	segments []*segment // oldest first; the last one is written to
	file     *os.File   // of the last one
	written  uint64     // records appended in this life
	synced   uint64     // of these, on disk
	bytes    int64      // of all segments
	waiting  int        // records that are not acknowledged
	stats    SpoolStats
}

// SpoolOptions adjust a spool.
type SpoolOptions struct {
	MaxBytes int64         // of all segments; 1 GiB
	Segment  int64         // bytes after which a new one is begun; 1 MiB
	Settle   time.Duration // how long what was acknowledged is kept; see Again
}

// SpoolStats counts since the start, but for the gauges.
type SpoolStats struct {
	Waiting   int   // gauge: records that the broker has not acknowledged
	Segments  int   // gauge
	Bytes     int64 // gauge
	Kept      int64 // records taken
	Damaged   int64 // places where a segment could not be read; what follows them in the segment is skipped
	FullTimes int64 // records refused for want of room
}

// segment is one file. Its records are known by their number in it.
type segment struct {
	id     uint64
	size   int64
	acked  []bool // of each record
	open   int    // records not acknowledged
	newest time.Time
}

// A Ticket is a record's place in the spool.
type Ticket struct {
	segment *segment
	number  int
}

// ErrFull says that the spool holds as much as it may that the broker does not have.
var ErrFull = errors.New("the spool is full")

const (
	recordHeader = 4 + 4 // length and CRC-32C of what follows
	bodyHeader   = 8 + 2 // unix milliseconds, length of the ICCID
	maxRecord    = 1 << 20
	extension    = ".seg"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// OpenSpool opens a folder, which it makes if need be. What is in it from an earlier life waits for the broker again.
func OpenSpool(dir string, opts SpoolOptions) (*Spool, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 1 << 30
	}
	if opts.Segment <= 0 {
		opts.Segment = 1 << 20
	}
	s := &Spool{dir: dir, opts: opts}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"+extension))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := s.adopt(name); err != nil {
			return nil, err
		}
	}
	return s, s.begin()
}

// adopt takes a segment of an earlier life over.
func (s *Spool) adopt(path string) error {
	id, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), extension), 16, 64)
	if err != nil {
		return nil // not ours
	}
	g := &segment{id: id}
	_, damaged, err := readSegment(path, func(_ int, r Record) bool {
		g.acked, g.newest = append(g.acked, false), r.Came
		return true
	})
	if err != nil {
		return err
	}
	if damaged {
		s.stats.Damaged++
	}
	if g.open = len(g.acked); g.open == 0 {
		return os.Remove(path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	g.size = info.Size()
	s.segments, s.bytes, s.waiting = append(s.segments, g), s.bytes+g.size, s.waiting+g.open
	return nil
}

func (s *Spool) path(g *segment) string {
	return filepath.Join(s.dir, fmt.Sprintf("%016x%s", g.id, extension))
}

// begin opens a new segment behind the last one. The lock is held, or nobody else knows s yet.
func (s *Spool) begin() error {
	g := &segment{}
	if n := len(s.segments); n > 0 {
		g.id = s.segments[n-1].id + 1
	}
	f, err := os.OpenFile(s.path(g), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		f.Close()
		return err
	}
	s.file, s.segments = f, append(s.segments, g)
	return nil
}

// syncDir makes the names of a folder's new files durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Append keeps records and returns when they are on disk. An error means that none of them may be relied upon.
func (s *Spool) Append(list []Record) ([]Ticket, error) {
	s.syncing.Lock()
	s.mu.Lock()
	tickets, err := s.write(list)
	upTo := s.written
	s.mu.Unlock()
	s.syncing.Unlock()
	if err != nil {
		return nil, err
	}
	return tickets, s.sync(upTo)
}

// write appends records to the last segment. Both locks are held.
func (s *Spool) write(list []Record) (tickets []Ticket, err error) {
	var block []byte
	for _, r := range list {
		if block, err = appendRecord(block, r); err != nil {
			return nil, err
		}
	}
	s.makeRoom(int64(len(block)))
	if s.bytes+int64(len(block)) > s.opts.MaxBytes {
		s.stats.FullTimes += int64(len(list))
		return nil, ErrFull
	}
	g := s.segments[len(s.segments)-1]
	if g.size > 0 && g.size+int64(len(block)) > s.opts.Segment {
		if err := s.rotate(); err != nil {
			return nil, err
		}
		g = s.segments[len(s.segments)-1]
	}
	if _, err := s.file.Write(block); err != nil {
		s.file.Truncate(g.size) //nolint:errcheck // half a record is recognised
		return nil, err
	}
	for _, r := range list {
		tickets = append(tickets, Ticket{g, len(g.acked)})
		g.acked, g.newest = append(g.acked, false), r.Came
	}
	g.size, g.open = g.size+int64(len(block)), g.open+len(list)
	s.bytes, s.waiting = s.bytes+int64(len(block)), s.waiting+len(list)
	s.written, s.stats.Kept = s.written+uint64(len(list)), s.stats.Kept+int64(len(list))
	return tickets, nil
}

// rotate closes the last segment, with everything on disk, and begins another. Both locks are held.
func (s *Spool) rotate() error {
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.synced = s.written
	s.file.Close() //nolint:errcheck // everything is on disk
	return s.begin()
}

// sync returns when so many records are on disk. Whoever comes first does it for all who wait.
func (s *Spool) sync(upTo uint64) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	done, written, file := s.synced, s.written, s.file
	s.mu.Unlock()
	if done >= upTo {
		return nil
	}
	if err := file.Sync(); err != nil {
		return err
	}
	s.mu.Lock()
	s.synced = max(s.synced, written)
	s.mu.Unlock()
	return nil
}

// Acked notes that the broker has a record.
func (s *Spool) Acked(t Ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.segment.acked[t.number] {
		t.segment.acked[t.number] = true
		t.segment.open--
		s.waiting--
	}
}

// Sweep removes the segments of which the broker has everything, and has had for the time of Settle.
func (s *Spool) Sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.segments) > 1 && s.segments[0].open == 0 && now.Sub(s.segments[0].newest) >= s.opts.Settle {
		s.drop()
	}
}

// makeRoom removes what the broker has, however fresh, before something new must be refused. The lock is held.
func (s *Spool) makeRoom(bytes int64) {
	for s.bytes+bytes > s.opts.MaxBytes && len(s.segments) > 1 && s.segments[0].open == 0 {
		s.drop()
	}
}

func (s *Spool) drop() {
	g := s.segments[0]
	os.Remove(s.path(g)) //nolint:errcheck // it would go out again after a restart, which does no harm
	s.segments, s.bytes = s.segments[1:], s.bytes-g.size
}

// Waiting calls f with the records that the broker has not acknowledged, oldest first, until f returns false. With again,
// those that it has acknowledged within Settle come too: a broker that lost its memory may have forgotten them.
func (s *Spool) Waiting(now time.Time, again bool, f func(Ticket, Record) bool) error {
	s.mu.Lock()
	segments := slices.Clone(s.segments)
	s.mu.Unlock()
	for _, g := range segments {
		s.mu.Lock()
		needed := g.open > 0 || again && now.Sub(g.newest) < s.opts.Settle
		s.mu.Unlock()
		if !needed {
			continue
		}
		more, _, err := readSegment(s.path(g), func(n int, r Record) bool {
			s.mu.Lock()
			wanted := n < len(g.acked) && (!g.acked[n] || again && now.Sub(r.Came) < s.opts.Settle)
			s.mu.Unlock()
			return !wanted || f(Ticket{g, n}, r)
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if !more {
			return nil
		}
	}
	return nil
}

// Stats tells how the spool stands.
func (s *Spool) Stats() SpoolStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Waiting, st.Segments, st.Bytes = s.waiting, len(s.segments), s.bytes
	return st
}

// Full reports that the next record may be refused.
func (s *Spool) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes+maxRecord > s.opts.MaxBytes && s.segments[0].open > 0
}

// Close ends it. What is not acknowledged is there at the next start.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file.Close()
}

func appendRecord(block []byte, r Record) ([]byte, error) {
	n := bodyHeader + len(r.ICCID) + len(r.Payload)
	if n > maxRecord || len(r.ICCID) > 255 {
		return nil, fmt.Errorf("an event of %d bytes is too long for the spool", n)
	}
	start := len(block)
	block = append(block, make([]byte, recordHeader)...)
	block = binary.BigEndian.AppendUint64(block, uint64(r.Came.UnixMilli()))
	block = binary.BigEndian.AppendUint16(block, uint16(len(r.ICCID)))
	block = append(append(block, r.ICCID...), r.Payload...)
	binary.BigEndian.PutUint32(block[start:], uint32(n))
	binary.BigEndian.PutUint32(block[start+4:], crc32.Checksum(block[start+recordHeader:], castagnoli))
	return block, nil
}

// readSegment calls f with each record and its number. damaged tells that the file ends in something else than a record: the
// rest of one that a power cut left, or worse. more is false when f wanted no more.
func readSegment(path string, f func(int, Record) bool) (more, damaged bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return true, false, err
	}
	defer file.Close()
	in := io.Reader(file)
	for n := 0; ; n++ {
		r, err := readRecord(in)
		switch {
		case errors.Is(err, io.EOF):
			return true, false, nil
		case errors.Is(err, errDamaged):
			return true, true, nil
		case err != nil:
			return true, false, err
		case !f(n, r):
			return false, false, nil
		}
	}
}

var errDamaged = errors.New("no record")

func readRecord(in io.Reader) (r Record, err error) {
	var head [recordHeader]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errDamaged
		}
		return r, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < bodyHeader || n > maxRecord {
		return r, errDamaged
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(in, body); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errDamaged
		}
		return r, err
	}
	name := int(binary.BigEndian.Uint16(body[8:]))
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(head[4:]) || bodyHeader+name > len(body) {
		return r, errDamaged
	}
	r.Came = time.UnixMilli(int64(binary.BigEndian.Uint64(body)))
	r.ICCID, r.Payload = string(body[bodyHeader:bodyHeader+name]), body[bodyHeader+name:]
	return r, nil
}
