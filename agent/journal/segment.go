package journal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	schemaMajor = 1
	schemaMinor = 0

	segmentPrefix = "journal-"
	segmentSuffix = ".seg"
	tmpSuffix     = ".tmp"
	spareName     = segmentPrefix + "spare" + tmpSuffix
	newName       = segmentPrefix + "new" + tmpSuffix
	// maxNumber keeps names short. Numbers only have to differ: beyond it the gaps are used.
	maxNumber = 999_999_999
	// maxRead bounds what is read of one segment, whoever wrote it.
	maxRead = 4 << 20
	// blockSize is what is given up when the card cannot read a place.
	blockSize = 4096
)

// segment is what is known of a file of records.
type segment struct {
	name    string
	number  uint64
	size    int64
	first   uint64 // lowest record number; without records, the one that was to come first
	last    uint64
	records int
	acked   int   // commits to it, or records found in it
	ordered bool  // numbers only go up
	ours    bool  // header intact, of our schema major, file as long as it says
	end     int64 // where the unused rest begins
	torn    bool  // the last line has no end
}

// header is the first line of a segment.
type header struct {
	Major   int    `json:"journal"`
	Minor   int    `json:"minor"`
	Segment uint64 `json:"segment"`
	Seq     uint64 `json:"seq"`
	Bytes   int64  `json:"bytes"`
}

var headerMark = []byte(`{"journal":`)

func appendHeader(dst []byte, h header) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, `{"journal":%d,"minor":%d,"segment":%d,"seq":%d,"bytes":%d}`, h.Major, h.Minor, h.Segment, h.Seq, h.Bytes)
	return appendSeal(dst, start)
}

func segmentName(number uint64) string {
	return fmt.Sprintf("%s%08d%s", segmentPrefix, number, segmentSuffix)
}

// segmentNumber tells segments from what else lies in the directory.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, segmentPrefix)
	digits, suffixed := strings.CutSuffix(digits, segmentSuffix)
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ok && suffixed && err == nil && n <= maxNumber && segmentName(n) == name
}

// A segment without readable records comes first: it is the first to go when room is needed.
func byRecords(a, b segment) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last), cmp.Compare(a.number, b.number))
}

// survey is what a look at a whole segment found.
type survey struct {
	segment
	damage  []Damage
	unknown int // intact lines that are no records we can read
}

// look reads through a segment's bytes.
func look(name string, number uint64, size int64, data []byte) survey {
	s := survey{segment: segment{name: name, number: number, size: size, ordered: true}}
	var h header
	end := scan(data, func(off int, body []byte) {
		if off == 0 && bytes.HasPrefix(body, headerMark) && json.Unmarshal(body, &h) == nil {
			s.ours = h.Major == schemaMajor && h.Bytes == size && int64(len(data)) == size
			return
		}
		p, ok := parseRecord(body)
		if !ok {
			s.unknown++
			return
		}
		s.note(p.seq)
	}, func(off, n int) {
		s.damage = append(s.damage, Damage{File: name, Offset: int64(off), Bytes: int64(n)})
	})
	if s.records == 0 && h.Seq < maxSeq {
		s.first = h.Seq
	}
	s.acked = s.records
	s.end, s.torn = int64(end), end > 0 && data[end-1] != '\n'
	return s
}

// note counts a record in.
func (s *segment) note(seq uint64) {
	if s.records == 0 {
		s.first, s.last = seq, seq
	}
	s.ordered = s.ordered && (s.records == 0 || seq > s.last)
	s.first, s.last = min(s.first, seq), max(s.last, seq)
	s.records++
}

// next is the lowest number that no record of the segment has or was to have.
func (s *segment) next() uint64 {
	if s.records == 0 {
		return max(s.first, 1)
	}
	return s.last + 1
}

// load reads up to size bytes of a file into buf, which it may replace. Blocks that cannot be read are zero.
func load(fs FS, name string, size int64, buf []byte) ([]byte, error) {
	size = min(size, maxRead)
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	f, err := fs.Open(name, false)
	if err != nil {
		return buf[:0], err
	}
	n, err := f.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		n = loadBlocks(f, buf)
	}
	return buf[:n], f.Close()
}

func loadBlocks(f File, buf []byte) int {
	for at := 0; at < len(buf); at += blockSize {
		block := buf[at:min(at+blockSize, len(buf))]
		n, err := f.ReadAt(block, int64(at))
		if errors.Is(err, io.EOF) {
			return at + n
		}
		if err != nil {
			clear(block)
		}
	}
	return len(buf)
}
