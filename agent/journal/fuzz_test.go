package journal

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// FuzzSegment: whatever lies in a segment, reading it ends, and intact lines before and after it are found.
func FuzzSegment(f *testing.F) {
	p := newPlatter()
	j := open(f, p, 64<<10)
	fill(f, j, 1, 5)
	f.Add(slices.Clone(p.names[segmentName(1)].cache[:1000]))
	f.Add([]byte(`{"seq":{"seq":{"seq":1 00000000` + "\n"))
	f.Add(appendSeal([]byte(`{"seq":1,"boot":"b","up_ns":1,"kind":"k","v":9,"more":"x","data":{"id":1}}`), 0))
	f.Add(appendSeal([]byte(`{"journal":3,"seq":18446744073709551615}`), 0))
	f.Add([]byte("\x00\x00\n\n{} \n"))
	f.Fuzz(func(t *testing.T, junk []byte) {
		first, last := rec(1), rec(2)
		first.Seq, last.Seq = 1<<40, 1<<40+1
		data := appendRecord(nil, &first)
		data = append(append(data, junk...), "#\n"...)
		data = appendRecord(data, &last)
		var found []uint64
		covered := 0
		end := scan(data, func(off int, body []byte) {
			covered += len(body) + crcTail
			if p, ok := parseRecord(body); ok {
				found = append(found, p.seq)
				p.record(&Record{})
			}
		}, func(off, n int) { covered += n })
		if end != len(data) || covered != end {
			t.Fatalf("%d of %d bytes accounted for", covered, len(data))
		}
		if len(found) < 2 || found[0] != first.Seq || found[len(found)-1] != last.Seq {
			t.Fatalf("found %v", found)
		}
		look("x", 1, int64(len(data)), data)
		parseSnapshot(junk)
	})
}

// FuzzDirectory: whatever the files of a journal hold, it opens, gives records in order and goes on.
func FuzzDirectory(f *testing.F) {
	p := newPlatter()
	j := open(f, p, MinMaxBytes)
	fill(f, j, 1, 5)
	_ = j.SaveSnapshot(t0, []byte("state"))
	segment := slices.Clone(p.names[segmentName(1)].cache)
	f.Add(segment, segment[:1000], p.names[snapshotName(0)].cache)
	f.Add([]byte{}, []byte("\n"), []byte("\n"))
	f.Fuzz(func(t *testing.T, a, b, s []byte) {
		p := newPlatter()
		for name, data := range map[string][]byte{segmentName(1): a, segmentName(2): b, snapshotName(0): s} {
			p.names[name] = &inode{cache: slices.Clone(data), dirty: map[int]bool{}}
		}
		p.settle()
		j := open(t, p, MinMaxBytes)
		if !j.State().OK {
			t.Fatal(j.State())
		}
		before := slices.Collect(j.Records(Query{}))
		if !slices.IsSortedFunc(before, func(a, b Record) int { return int(a.Seq - b.Seq) }) {
			t.Fatal("out of order")
		}
		if _, err := j.Append(t0, rec(1), Now); err != nil {
			t.Fatal(err)
		}
		j = open(t, p.cut(nil0), MinMaxBytes)
		var last Record
		for last = range j.Records(Query{}) {
			continue
		}
		if last.Kind != "test.step" || idOf(t, last) != 1 {
			t.Fatalf("the new record is not the last one: %+v", last)
		}
	})
}

// Our own reader of lines and encoding/json agree on what we write.
func TestBothParsersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Record{
			Seq: rapid.Uint64Range(1, maxSeq-1).Draw(t, "seq"), Up: time.Duration(rapid.Int64Min(-math.MaxInt64).Draw(t, "up")),
			Boot:    rapid.StringMatching(`[0-9a-zA-Z-]{0,64}`).Draw(t, "boot"),
			Kind:    rapid.StringMatching(`[a-z0-9._-]{1,32}`).Draw(t, "kind"),
			Version: rapid.Uint32().Draw(t, "v"), Trusted: rapid.Bool().Draw(t, "trusted"),
			Wall: time.Unix(rapid.Int64Range(-6e10, 2e11).Draw(t, "wall"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).UTC(),
		}
		r.Data, _ = json.Marshal(rapid.String().Draw(t, "data"))
		line := appendRecord(nil, &r)
		body, ok := unseal(bytes.TrimSuffix(line, []byte{'\n'}))
		if !ok || len(line) > len(r.Data)+overhead {
			t.Fatalf("%q", line)
		}
		own, ok1 := parseOwn(body)
		foreign, ok2 := parseForeign(body)
		if !ok1 || !ok2 {
			t.Fatal(ok1, ok2)
		}
		want(t, "own", own.record(&Record{}), r)
		want(t, "foreign", foreign.record(&Record{}), r)
	})
}
