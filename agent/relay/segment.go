package relay

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"supersim-agent/agent/journal"
)

// A record in a segment, numbers big-endian:
//
//	4  mark, which no JSON text contains: where to go on after damage
//	4  length of the body
//	4  CRC-32C of the body
//	   body: 8 unix milliseconds, 2 length of the ICCID, the ICCID, the event
const (
	recordHeader = 4 + 4 + 4
	bodyHeader   = 8 + 2
	maxRecord    = 1 << 20
	extension    = ".seg"
	blockSize    = 4096     // what is given up when the disk cannot read a place
	maxSegment   = 64 << 20 // more than that is read of no file, whoever wrote it
)

var (
	recordMark = []byte{0xFF, 'S', 'R', 0xFE}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// segment is one file. Its records are known by their places in it.
type segment struct {
	id     uint64
	file   journal.File // nil when it is not written to
	size   int64
	failed bool // an fsync failed: what was written to it may be gone, whatever a later one says

	places []int64 // offsets of the records, ascending
	states []state // of each
	open   int     // records that the broker does not have
	last   time.Time
}

// A state is 0 for a record that waits; the unix milliseconds of its acknowledgement; or, negative, those of its last refusal.
type state int64

func (s state) acked() bool { return s > 0 }

func (s state) at() time.Time { return time.UnixMilli(max(int64(s), -int64(s))) }

func (g *segment) name() string { return fmt.Sprintf("%016x%s", g.id, extension) }

// segmentID tells segments from what else lies in the folder.
func segmentID(name string) (uint64, bool) {
	id, err := strconv.ParseUint(strings.TrimSuffix(name, extension), 16, 63)
	return id, err == nil && (&segment{id: id}).name() == name
}

func bySegment(a, b *segment) int { return cmp.Compare(a.id, b.id) }

// add notes a record at a place behind all others.
func (g *segment) add(place int64) {
	g.places, g.states, g.open = append(g.places, place), append(g.states, 0), g.open+1
}

// find is the number of the record at a place. What a failed write left behind is no record of ours.
func (g *segment) find(place int64) (int, bool) { return slices.BinarySearch(g.places, place) }

func appendRecord(block []byte, r Record) ([]byte, error) {
	n := bodyHeader + len(r.ICCID) + len(r.Payload)
	if n > maxRecord || len(r.ICCID) > 255 {
		return nil, fmt.Errorf("an event of %d bytes is too long for the spool", n)
	}
	block = append(block, recordMark...)
	block = binary.BigEndian.AppendUint32(block, uint32(n))
	sum := len(block)
	block = append(block, 0, 0, 0, 0)
	block = binary.BigEndian.AppendUint64(block, uint64(r.Came.UnixMilli()))
	block = binary.BigEndian.AppendUint16(block, uint16(len(r.ICCID)))
	block = append(append(block, r.ICCID...), r.Payload...)
	binary.BigEndian.PutUint32(block[sum:], crc32.Checksum(block[sum+4:], castagnoli))
	return block, nil
}

// parseRecord reads the record at the beginning of data, and tells how long it is. Payload points into data.
func parseRecord(data []byte) (r Record, n int, ok bool) {
	if len(data) < recordHeader+bodyHeader || !bytes.HasPrefix(data, recordMark) {
		return r, 0, false
	}
	length := int64(binary.BigEndian.Uint32(data[4:]))
	if length < bodyHeader || length > maxRecord || length > int64(len(data)-recordHeader) {
		return r, 0, false
	}
	body := data[recordHeader : recordHeader+length]
	name := int(binary.BigEndian.Uint16(body[8:]))
	if bodyHeader+name > len(body) || crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(data[8:]) {
		return r, 0, false
	}
	r.Came = time.UnixMilli(int64(binary.BigEndian.Uint64(body)))
	r.ICCID, r.Payload = string(body[bodyHeader:bodyHeader+name]), body[bodyHeader+name:]
	return r, recordHeader + int(length), true
}

// scan calls f with each intact record and its place, until f returns false. damaged counts the places where something else lies:
// the rest of a record that a power cut left, or what the disk made of one.
func scan(data []byte, f func(place int64, r Record) bool) (damaged int, more bool) {
	for at := 0; at < len(data); {
		r, n, ok := parseRecord(data[at:])
		if ok {
			if !f(int64(at), r) {
				return damaged, false
			}
			at += n
			continue
		}
		damaged++
		if at = nextRecord(data, at+1); at < 0 {
			break
		}
	}
	return damaged, true
}

// nextRecord is where the next intact record begins, or -1.
func nextRecord(data []byte, at int) int {
	for at < len(data) {
		n := bytes.Index(data[at:], recordMark)
		if n < 0 {
			return -1
		}
		at += n
		if _, _, ok := parseRecord(data[at:]); ok {
			return at
		}
		at++
	}
	return -1
}

// load reads the first bytes of a segment. Blocks that the disk cannot read are zero.
func load(fs journal.FS, name string, size int64) ([]byte, error) {
	f, err := fs.Open(name, false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, min(size, maxSegment))
	n, err := f.ReadAt(data, 0)
	if err == nil || errors.Is(err, io.EOF) {
		return data[:n], nil
	}
	for at := 0; at < len(data); at += blockSize {
		block := data[at:min(at+blockSize, len(data))]
		n, err := f.ReadAt(block, int64(at))
		if errors.Is(err, io.EOF) {
			return data[:at+n], nil
		}
		if err != nil {
			clear(block)
		}
	}
	return data, nil
}
