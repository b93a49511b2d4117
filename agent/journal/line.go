package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"math"
	"strconv"
	"time"
)

const (
	maxKind  = 32
	maxBoot  = 64
	overhead = 320 // upper bound of a record's line without its data
	maxSeq   = math.MaxInt64
	// crcTail is " 1a2b3c4d\n".
	crcTail = 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Record is one line of history. Seq and Boot are set by the journal.
type Record struct {
	Seq     uint64          // counts up from 1
	Boot    string          // the boot that wrote it
	Up      time.Duration   // since that boot, monotonic
	Wall    time.Time       // zero when unknown; kept in UTC, years 1 to 9999
	Trusted bool            // whether the wall clock had been set; false without Wall
	Kind    string          // 1 to 32 of a-z 0-9 - . _
	Version uint32          // of Data's layout for this Kind
	Data    json.RawMessage // JSON; newlines between its tokens come back as spaces, nil and null as nil
}

// appendSeal ends the line whose JSON begins at dst[start:].
func appendSeal(dst []byte, start int) []byte {
	sum := crc32.Checksum(dst[start:], castagnoli)
	dst = append(dst, ' ')
	dst = appendHex(dst, sum)
	return append(dst, '\n')
}

func appendHex(dst []byte, sum uint32) []byte {
	return hex.AppendEncode(dst, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

// unseal gives the JSON of a line (without its newline), if it is intact.
func unseal(line []byte) ([]byte, bool) {
	end := len(line) - (crcTail - 1)
	if end < 2 || line[end] != ' ' || line[0] != '{' || line[end-1] != '}' {
		return nil, false
	}
	var want [8]byte
	return line[:end], bytes.Equal(line[end+1:], appendHex(want[:0], crc32.Checksum(line[:end], castagnoli)))
}

// appendRecord adds the line of a record that check has passed.
func appendRecord(dst []byte, r *Record) []byte {
	start := len(dst)
	dst = strconv.AppendUint(append(dst, `{"seq":`...), r.Seq, 10)
	dst = append(append(dst, `,"boot":"`...), r.Boot...)
	dst = strconv.AppendInt(append(dst, `","up_ns":`...), int64(r.Up), 10)
	if !r.Wall.IsZero() {
		dst = r.Wall.UTC().AppendFormat(append(dst, `,"wall":"`...), time.RFC3339Nano)
		dst = strconv.AppendBool(append(dst, `","trusted":`...), r.Trusted)
	}
	dst = append(append(dst, `,"kind":"`...), r.Kind...)
	dst = strconv.AppendUint(append(dst, `","v":`...), uint64(r.Version), 10)
	dst = append(dst, `,"data":`...)
	if r.Data == nil {
		dst = append(dst, "null"...)
	}
	dst = append(append(dst, r.Data...), '}')
	return appendSeal(dst, start)
}

// parsed is a record as it lies in a buffer: nothing is copied yet.
type parsed struct {
	seq              uint64
	boot, kind, data []byte
	up               int64
	wall             []byte
	trusted          bool
	version          uint64
}

// parseRecord reads the JSON of a record: at once when it is laid out as we do it, else with the patience that another
// minor version needs.
func parseRecord(body []byte) (parsed, bool) {
	if !bytes.HasPrefix(body, seqMark) {
		return parsed{}, false
	}
	p, ok := parseOwn(body)
	if !ok {
		p, ok = parseForeign(body)
	}
	return p, ok && p.seq > 0 && p.seq < maxSeq && p.version <= math.MaxUint32 && validKind(p.kind)
}

func parseOwn(body []byte) (p parsed, ok bool) {
	c := cursor{rest: body}
	c.skip(`{"seq":`)
	p.seq = c.uint()
	c.skip(`,"boot":"`)
	p.boot = c.word()
	c.skip(`,"up_ns":`)
	p.up = c.int()
	if bytes.HasPrefix(c.rest, wallMark) {
		c.skip(`,"wall":"`)
		p.wall = c.word()
		c.skip(`,"trusted":`)
		p.trusted = c.bool()
	}
	c.skip(`,"kind":"`)
	p.kind = c.word()
	c.skip(`,"v":`)
	p.version = c.uint()
	c.skip(`,"data":`)
	if c.bad || len(c.rest) < 2 {
		return parsed{}, false
	}
	p.data = c.rest[:len(c.rest)-1]
	return p, true
}

var (
	seqMark  = []byte(`{"seq":`)
	wallMark = []byte(`,"wall":"`)
)

func parseForeign(body []byte) (parsed, bool) {
	var r struct {
		Seq     uint64          `json:"seq"`
		Boot    string          `json:"boot"`
		Up      int64           `json:"up_ns"`
		Wall    string          `json:"wall"`
		Trusted bool            `json:"trusted"`
		Kind    string          `json:"kind"`
		Version uint64          `json:"v"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &r) != nil {
		return parsed{}, false
	}
	return parsed{seq: r.Seq, boot: []byte(r.Boot), up: r.Up, wall: []byte(r.Wall), trusted: r.Trusted,
		kind: []byte(r.Kind), version: r.Version, data: r.Data}, true
}

// record copies p out of its buffer. Strings that equal those of the record before it are shared.
func (p *parsed) record(before *Record) Record {
	r := Record{Seq: p.seq, Boot: share(p.boot, before.Boot), Up: time.Duration(p.up), Kind: share(p.kind, before.Kind),
		Version: uint32(p.version)}
	if string(p.data) != "null" {
		r.Data = bytes.Clone(p.data)
	}
	if wall, err := time.Parse(time.RFC3339Nano, string(p.wall)); err == nil {
		r.Wall, r.Trusted = wall.UTC(), p.trusted
	}
	return r
}

func share(b []byte, s string) string {
	if string(b) == s {
		return s
	}
	return string(b)
}

func validKind[T string | []byte](kind T) bool {
	for i := range len(kind) {
		c := kind[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	return len(kind) > 0 && len(kind) <= maxKind
}

// cursor reads the fixed layout of a line; bad sticks.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) skip(s string) {
	if c.bad || len(c.rest) < len(s) || string(c.rest[:len(s)]) != s {
		c.bad = true
		return
	}
	c.rest = c.rest[len(s):]
}

// word reads up to the closing quote. What we write between quotes needs no escapes.
func (c *cursor) word() []byte {
	n := bytes.IndexAny(c.rest[:min(len(c.rest), maxBoot+1)], `"\`)
	if c.bad || n < 0 || c.rest[n] == '\\' {
		c.bad = true
		return nil
	}
	w := c.rest[:n]
	c.rest = c.rest[n+1:]
	return w
}

func (c *cursor) uint() (n uint64) {
	i := 0
	for ; i < len(c.rest) && '0' <= c.rest[i] && c.rest[i] <= '9'; i++ {
		n = n*10 + uint64(c.rest[i]-'0')
	}
	if i == 0 || i > 19 { // 19 digits always fit
		c.bad = true
		return 0
	}
	c.rest = c.rest[i:]
	return n
}

func (c *cursor) int() int64 {
	sign := int64(1)
	if len(c.rest) > 0 && c.rest[0] == '-' {
		sign, c.rest = -1, c.rest[1:]
	}
	n := c.uint()
	if n > math.MaxInt64 {
		c.bad = true
		return 0
	}
	return sign * int64(n)
}

func (c *cursor) bool() bool {
	if bytes.HasPrefix(c.rest, []byte("true")) {
		c.skip("true")
		return true
	}
	c.skip("false")
	return false
}
