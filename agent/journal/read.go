package journal

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"
)

// Query chooses records. The zero value chooses all.
type Query struct {
	After uint64    // only with a higher number
	Since time.Time // only with a wall clock, trusted or not, at or after this, or with none at all
}

func (q Query) wants(r *Record) bool {
	return r.Wall.IsZero() || !r.Wall.Before(q.Since)
}

// Records goes through what is readable, each record once, by number: those on disk as of the call, then those that wait
// in memory. It does not keep others from appending; what they push over the cap meanwhile is left out.
func (j *Journal) Records(q Query) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		j.mu.Lock()
		r := reader{fs: j.fs, q: q, last: q.After, yield: yield}
		segments := slices.Clone(j.disk.segments)
		pending := slices.Clone(j.pending)
		j.mu.Unlock()
		for len(segments) > 0 {
			n := overlap(segments)
			if !r.segments(segments[:n]) {
				return
			}
			segments = segments[n:]
		}
		for i := range pending {
			if !r.give(pending[i]) {
				return
			}
		}
	}
}

// overlap counts the segments at the beginning whose records have to be sorted together: those that a failed write left
// behind, and copies.
func overlap(segments []segment) int {
	last := segments[0].last
	for i, s := range segments[1:] {
		if s.first > last {
			return i + 1
		}
		last = max(last, s.last)
	}
	return len(segments)
}

// reader gives records in order.
type reader struct {
	fs     FS
	q      Query
	last   uint64 // number of the last one given
	before Record // the last one read
	buf    []byte
	yield  func(Record) bool
}

// give passes a record on, unless it was before or is not wanted. False: no more, please.
func (r *reader) give(rec Record) bool {
	if rec.Seq <= r.last {
		return true
	}
	r.last = rec.Seq
	return !r.q.wants(&rec) || r.yield(rec)
}

func (r *reader) segments(group []segment) bool {
	if len(group) == 1 && group[0].ordered {
		return r.read(&group[0], r.give)
	}
	var all []Record
	for i := range group {
		r.read(&group[i], func(rec Record) bool {
			all = append(all, rec)
			return true
		})
	}
	slices.SortStableFunc(all, func(a, b Record) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, rec := range all {
		if !r.give(rec) {
			return false
		}
	}
	return true
}

// read gives the records of one segment in the order of the file.
func (r *reader) read(s *segment, give func(Record) bool) bool {
	if s.records == 0 || s.last <= r.last {
		return true
	}
	var err error
	if r.buf, err = load(r.fs, s.name, s.size, r.buf); err != nil {
		return true // gone, to make room
	}
	more := true
	scan(r.buf, func(_ int, body []byte) {
		p, ok := parseRecord(body)
		if !more || !ok || p.seq <= r.last || p.seq > s.last { // beyond last: another process wrote it since
			return
		}
		r.before = p.record(&r.before)
		more = give(r.before)
	}, func(int, int) {})
	return more
}

// Damage is a place that could not be read as lines: one or more records are lost there.
type Damage struct {
	File   string
	Offset int64
	Bytes  int64
}

// Stats is for metrics and people. Damaged, Unknown and Foreign are as of the last time the disk was opened.
type Stats struct {
	Segments int
	Bytes    int64    // in the directory
	Next     uint64   // number of the next record
	Damaged  int      // places skipped
	Damage   []Damage // the first 16 of them
	Unknown  int      // intact lines of newer versions, skipped
	Foreign  int      // files that are not ours, left alone
	Pending  int      // records in memory only
	Dropped  int      // records that memory had no room for while there was no disk
	Faults   int      // operations on the disk that failed
	Commits  int64    // writes with fdatasync
	Written  int64    // bytes of lines handed to the disk
}

// Stats counts.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	d := j.disk
	return Stats{Segments: len(d.segments), Bytes: d.used, Next: j.next, Damaged: d.damaged, Damage: slices.Clone(d.damage),
		Unknown: d.unknown, Foreign: d.foreign, Pending: len(j.pending), Dropped: j.dropped, Faults: j.faults,
		Commits: j.commits + d.commits, Written: j.written + d.written}
}

// Dump writes all records as lines of JSON, as they are in the files but for the sums.
func (j *Journal) Dump(w io.Writer) error {
	var line []byte
	for r := range j.Records(Query{}) {
		line = appendRecord(line[:0], &r)
		if _, err := fmt.Fprintf(w, "%s\n", line[:len(line)-crcTail]); err != nil {
			return err
		}
	}
	return nil
}
