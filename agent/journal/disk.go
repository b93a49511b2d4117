package journal

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	maxPayload     = 64 << 10
	maxSegment     = 256 << 10
	minSegment     = 4 << 10
	segmentsInCap  = 8 // at least so many, so that dropping the oldest never drops most
	keepWhenFull   = 4 // segments that are not given up to get room on a full disk
	maxDamageKept  = 16
	spareThreshold = 8 // a spare is made when less than one in so many bytes is left
)

// limits are the sizes that follow from the cap.
type limits struct{ total, segment, payload int64 }

func limitsFor(total int64) limits {
	segment := min(total/segmentsInCap, maxSegment) / blockSize * blockSize
	return limits{total: total, segment: segment, payload: min(segment/2, maxPayload)}
}

// disk is the directory as one start found it, and the segment that is written to.
type disk struct {
	fs      FS
	lim     limits
	lock    io.Closer // nil: not ours to write
	scanned bool      // the directory could be listed

	segments []segment // by their records; while cur is open, it is the last one
	cur      File      // nil: none
	spare    bool      // spareName is full of zeros and durable

	snapshot Snapshot // the newest readable one
	slot     int      // of the two files, the one it is in
	slots    [2]int64 // their sizes; 0: not made since the start, or failed
	next     uint64   // lowest record number that is free
	used     int64    // bytes in the directory
	foreign  int
	damaged  int
	unknown  int
	damage   []Damage // the first of them
	written  int64
	commits  int64
	buf      []byte
}

// openDisk reads the directory and gets it ready to be written to. On error it can still be read, as far as it goes.
// fresh refuses to go on in a segment in which a write has failed.
func openDisk(fs FS, lim limits, fresh bool) (*disk, error) {
	d := &disk{fs: fs, lim: lim, next: 1, slot: 1}
	errMake := fs.Make()
	lock, err := fs.Lock()
	if err == nil {
		d.lock = lock
	}
	if err := errors.Join(errMake, err, d.survey()); err != nil {
		return d, err
	}
	_ = d.room(0) // the cap may have been lowered, or files may be back to a size they had before a power cut
	if fresh || !d.resume() {
		return d, d.rotate(d.next)
	}
	return d, nil
}

func (d *disk) close() error {
	err := d.seal()
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
		d.lock = nil
	}
	return err
}

// survey reads everything there is.
func (d *disk) survey() error {
	files, err := d.fs.List()
	if err != nil {
		return err
	}
	d.scanned = true
	var buf []byte
	for _, f := range files {
		d.used += blocks(f.Size)
		number, isSegment := segmentNumber(f.Name)
		switch {
		case isSegment:
			buf, _ = load(d.fs, f.Name, f.Size, buf) // what cannot be read counts as damage
			d.add(look(f.Name, number, f.Size, buf), f.Size-int64(len(buf)))
		case strings.HasPrefix(f.Name, segmentPrefix) && strings.HasSuffix(f.Name, tmpSuffix):
			if d.lock != nil && d.fs.Remove(f.Name) == nil {
				d.used -= blocks(f.Size)
			}
		case isSnapshot(f.Name):
			d.addSnapshot(f)
		case f.Name != pidName:
			d.foreign++
		}
	}
	slices.SortFunc(d.segments, byRecords)
	d.next = max(d.next, d.snapshot.Seq+1)
	return nil
}

func (d *disk) add(s survey, unread int64) {
	if unread > 0 {
		s.damage = append(s.damage, Damage{File: s.name, Offset: s.size - unread, Bytes: unread})
	}
	for _, place := range s.damage {
		d.noteDamage(place)
	}
	d.unknown += s.unknown
	d.next = max(d.next, s.next())
	d.segments = append(d.segments, s.segment)
}

func (d *disk) noteDamage(place Damage) {
	d.damaged++
	if len(d.damage) < maxDamageKept {
		d.damage = append(d.damage, place)
	}
}

// resume goes on in the last segment. What a killed process had written there but not synced is made durable first, and
// so is the segment's name, and those of the snapshots.
func (d *disk) resume() bool {
	if len(d.segments) == 0 || !d.segments[len(d.segments)-1].ours {
		return false
	}
	f, err := d.fs.Open(d.segments[len(d.segments)-1].name, true)
	if err != nil {
		return false
	}
	if errors.Join(f.Sync(), d.fs.Sync()) != nil {
		_ = f.Close()
		return false
	}
	d.cur = f
	return true
}

func (d *disk) seal() error {
	if d.cur == nil {
		return nil
	}
	f := d.cur
	d.cur = nil
	return f.Close()
}

// write makes as many of the records durable as fit into one segment, at least one. A write or sync that fails is
// repeated once, in a new segment.
func (d *disk) write(rs []Record) (n int, err error) {
	for range 2 {
		n = d.encode(rs)
		if n == 0 {
			if rotated := d.rotate(rs[0].Seq); rotated != nil {
				return 0, errors.Join(err, rotated)
			}
			n = d.encode(rs)
		}
		s := &d.segments[len(d.segments)-1]
		failed := d.put(s)
		for _, r := range rs[:n] {
			s.note(r.Seq) // also when it failed: some of it may be there
		}
		if failed == nil {
			d.next = max(d.next, rs[n-1].Seq+1)
			return n, nil
		}
		d.abandon()
		err = errors.Join(err, failed)
	}
	return 0, err
}

// abandon closes the current segment after a write to it has failed, and gives back the space it will not use: a disk
// that fails again and again must not push out history with segments that are nearly empty.
func (d *disk) abandon() {
	s := &d.segments[len(d.segments)-1]
	err := d.cur.Truncate(s.end)
	_ = d.seal()
	if s.acked == 0 && d.fs.Remove(s.name) == nil {
		d.segments = d.segments[:len(d.segments)-1]
		return
	}
	if s.ours = false; err == nil {
		s.size = s.end
	}
}

// encode fills buf with the records that still fit into the current segment.
func (d *disk) encode(rs []Record) (n int) {
	d.buf = d.buf[:0]
	if d.cur == nil {
		return 0
	}
	s := &d.segments[len(d.segments)-1]
	if s.torn {
		d.buf = append(d.buf, "#\n"...) // so that a last line which lacks only its end does not become a record now
	}
	for i := range rs {
		before := len(d.buf)
		d.buf = appendRecord(d.buf, &rs[i])
		if s.end+int64(len(d.buf)) > s.size {
			d.buf = d.buf[:before]
			break
		}
		n++
	}
	return n
}

func (d *disk) put(s *segment) error {
	if _, err := d.cur.WriteAt(d.buf, s.end); err != nil {
		return err
	}
	if err := d.cur.Sync(); err != nil {
		return err
	}
	s.end += int64(len(d.buf))
	s.torn = false
	s.acked++
	d.written += int64(len(d.buf))
	d.commits++
	return nil
}

// rotate starts a new segment, whose first record will have number seq.
func (d *disk) rotate(seq uint64) error {
	_ = d.seal() // all in it is durable
	from := spareName
	if !d.spare {
		from = newName
		if err := d.fillWithRoom(from); err != nil {
			_ = d.fs.Remove(from)
			return err
		}
	}
	d.spare = false
	s := segment{number: d.freeNumber(), size: d.lim.segment, first: seq, ordered: true, ours: true}
	s.name = segmentName(s.number)
	line := appendHeader(nil, header{Major: schemaMajor, Minor: schemaMinor, Segment: s.number, Seq: seq, Bytes: s.size})
	s.end = int64(len(line))
	f, err := d.fs.Open(from, true)
	if err != nil {
		return err
	}
	if err := errors.Join(d.publish(f, line, from, s.name), f.Close()); err != nil {
		return err
	}
	if d.cur, err = d.fs.Open(s.name, true); err != nil { // again, so that errors name it
		d.cur = nil
		return err
	}
	d.written += int64(len(line))
	d.segments = append(d.segments, s)
	return nil
}

// publish writes the beginning of a prepared file and gives it its name.
func (d *disk) publish(f File, start []byte, from, to string) error {
	if _, err := f.WriteAt(start, 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := d.fs.Rename(from, to); err != nil {
		return err
	}
	return d.fs.Sync()
}

func (d *disk) freeNumber() uint64 {
	taken := map[uint64]bool{}
	number := uint64(0)
	for _, s := range d.segments {
		taken[s.number] = true
		number = max(number, s.number)
	}
	if number++; number <= maxNumber {
		return number
	}
	for number = 1; taken[number]; {
		number++
	}
	return number
}

// fillWithRoom makes a file of zeros. On a full disk it gives up the oldest segment for it.
func (d *disk) fillWithRoom(name string) error {
	if err := d.room(d.lim.segment); err != nil {
		return err
	}
	err := d.fill(name)
	if errors.Is(err, unix.ENOSPC) && len(d.segments) > keepWhenFull && d.dropOldest() == nil {
		err = d.fill(name)
	}
	return err
}

// fill writes real zeros: space that is only reserved (fallocate) has to be converted block by block later, which costs
// as much as growing the file.
func (d *disk) fill(name string) error {
	f, err := d.fs.Create(name)
	if err != nil {
		return err
	}
	zeros := make([]byte, 32<<10)
	for at := int64(0); at < d.lim.segment && err == nil; at += int64(len(zeros)) {
		_, err = f.WriteAt(zeros[:min(int64(len(zeros)), d.lim.segment-at)], at)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// room drops the oldest segments until need more bytes fit below the cap. The newest one always stays.
func (d *disk) room(need int64) error {
	files, err := d.fs.List()
	if err != nil {
		return err
	}
	d.used = 0
	for _, f := range files {
		if f.Name == spareName {
			f.Size = d.lim.segment // also while it is still being filled
		}
		d.used += blocks(f.Size)
	}
	need = blocks(need)
	for d.used+need > d.lim.total && len(d.segments) > 1 {
		if err := d.dropOldest(); err != nil {
			return err
		}
	}
	d.used += need
	return nil
}

// blocks is what a file of size bytes takes on the card.
func blocks(size int64) int64 { return (size + blockSize - 1) / blockSize * blockSize }

func (d *disk) dropOldest() error {
	oldest := d.segments[0]
	if err := d.fs.Remove(oldest.name); err != nil {
		return fmt.Errorf("making room: %w", err)
	}
	d.used -= blocks(oldest.size)
	d.segments = slices.Delete(d.segments, 0, 1)
	return nil
}

// wantsSpare says that the next segment had better be made before a record has to wait for it.
func (d *disk) wantsSpare() bool {
	if d.cur == nil || d.spare {
		return false
	}
	s := d.segments[len(d.segments)-1]
	return s.size-s.end < s.size/spareThreshold
}
