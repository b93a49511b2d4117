package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const bootID = "6f1c1b2a-8f7e-4a38-9d0e-5b1f0a2c3d4e"

// tester is what testing.TB and rapid.T have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func open(t tester, fs FS, maxBytes int64) *Journal {
	t.Helper()
	j, err := Open("", t0, Options{BootID: bootID, FS: fs, MaxBytes: maxBytes})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// rec is a record whose data tells it apart.
func rec(id int) Record {
	return Record{Up: time.Duration(id) * time.Second, Wall: t0.Add(time.Duration(id) * time.Second), Trusted: true,
		Kind: "test.step", Version: 1, Data: fmt.Appendf(nil, `{"id":%d}`, id)}
}

func idOf(t tester, r Record) int {
	t.Helper()
	var d struct{ ID int }
	if err := json.Unmarshal(r.Data, &d); err != nil {
		t.Fatalf("record %d has data %q: %v", r.Seq, r.Data, err)
	}
	return d.ID
}

func ids(t tester, j *Journal) (all []int) {
	t.Helper()
	for r := range j.Records(Query{}) {
		all = append(all, idOf(t, r))
	}
	return all
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

func fill(t tester, j *Journal, from, to int) {
	t.Helper()
	for id := from; id <= to; id++ {
		if _, err := j.Append(t0, rec(id), Now); err != nil {
			t.Fatal(err)
		}
	}
}

func want[T any](t tester, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	j, err := Open(dir, t0, Options{BootID: bootID})
	if err != nil {
		t.Fatal(err)
	}
	written := []Record{
		{Up: 1, Wall: t0.Add(123456789), Trusted: true, Kind: "budget", Version: 4_000_000_000, Data: []byte(`{"a":"\n} 0"}`)},
		{Up: -5, Kind: "x", Data: []byte("[1,\r\n 2]\n")},
		{Kind: "nothing.at-all_0", Wall: t0.In(time.FixedZone("CET", 3600))},
		{Kind: "null", Data: []byte("null"), Trusted: true},
		{Kind: "far", Wall: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Trusted: true},
	}
	for _, r := range written {
		if _, err := j.Append(t0, r, Group); err != nil {
			t.Fatal(err)
		}
	}
	expected := slices.Clone(written)
	for i := range expected {
		expected[i].Seq, expected[i].Boot = uint64(i+1), bootID
	}
	expected[1].Data = []byte("[1,   2]")
	expected[2].Wall = t0
	expected[3].Data, expected[3].Trusted = nil, false
	expected[4].Wall, expected[4].Trusted = time.Time{}, false
	want(t, "before the flush", slices.Collect(j.Records(Query{})), expected)
	if err := j.Close(t0); err != nil {
		t.Fatal(err)
	}
	j, _ = Open(dir, t0, Options{BootID: "other"})
	defer j.Close(t0)
	want(t, "after a restart", slices.Collect(j.Records(Query{})), expected)
	want(t, "state", j.State(), State{OK: true, Since: t0})
	if seq, err := j.Append(t0, rec(1), Now); seq != 6 || err != nil {
		t.Errorf("the next record is %d, %v", seq, err)
	}
}

func TestMistakesOfTheCallerAreRefused(t *testing.T) {
	for _, o := range []Options{{BootID: `a"b`}, {BootID: strings.Repeat("a", 65)}, {MaxBytes: MinMaxBytes - 1}, {Retry: -1}} {
		if _, err := Open(t.TempDir(), t0, o); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	j := open(t, newPlatter(), 0)
	for _, r := range []Record{{}, {Kind: "Big"}, {Kind: "a b"}, {Kind: strings.Repeat("k", 33)}, {Kind: "k", Data: []byte(`{"a":`)},
		{Kind: "k", Data: []byte("\"a\nb\"")}, {Kind: "k", Data: []byte(`"` + strings.Repeat("a", 64<<10) + `"`)}} {
		if seq, err := j.Append(t0, r, Now); !errors.Is(err, ErrInvalid) || seq != 0 {
			t.Errorf("%.60v: %d, %v", r, seq, err)
		}
	}
	if _, err := j.Append(t0, rec(1), Lazy+1); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if err := j.SaveSnapshot(t0, make([]byte, j.MaxSnapshot()+1)); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	want(t, "records", len(ids(t, j)), 0)
}

func TestLargestRecordFits(t *testing.T) {
	for _, maxBytes := range []int64{MinMaxBytes, 64 << 10, 1 << 20, DefaultMaxBytes} {
		p := newPlatter()
		j := open(t, p, maxBytes)
		r := Record{Kind: strings.Repeat("k", maxKind), Up: -1 << 63, Version: 1<<32 - 1, Wall: t0.Add(1), Trusted: true,
			Data: []byte(`"` + strings.Repeat("x", j.MaxPayload()-2) + `"`)}
		for range 20 {
			if _, err := j.Append(t0, r, Now); err != nil {
				t.Fatal(maxBytes, err)
			}
		}
		again := open(t, p.cut(func(int) int { return 0 }), maxBytes)
		n := 0
		for got := range again.Records(Query{}) {
			r.Seq, r.Boot = got.Seq, bootID
			want(t, "record", got, r)
			n++
		}
		if n < 4 {
			t.Errorf("cap %d: only %d records kept", maxBytes, n)
		}
	}
}

// Each class is on disk when it promised to be, and nothing is written before.
func TestClasses(t *testing.T) {
	for class, wait := range delays {
		p := newPlatter()
		j := open(t, p, 0)
		if _, err := j.Append(t0, rec(1), Class(class)); err != nil {
			t.Fatal(err)
		}
		lost := func(int) int { return 0 }
		if wait > 0 {
			want(t, "deadline", j.Deadline(), t0.Add(wait))
			j.Tick(t0.Add(wait - 1))
			want(t, "too early", len(ids(t, open(t, p.cut(lost), 0))), 0)
			j.Tick(t0.Add(wait))
		}
		want(t, "deadline", j.Deadline(), time.Time{})
		want(t, "on disk", ids(t, open(t, p.cut(lost), 0)), upTo(1))
	}
}

// A record that cannot wait takes those before it along in one commit; many small ones do not pile up.
func TestCommitsAreShared(t *testing.T) {
	j := open(t, newPlatter(), 0)
	for id := range 9 {
		_, _ = j.Append(t0, rec(id+1), Class(1+id%2))
	}
	fill(t, j, 10, 10)
	want(t, "commits", j.Stats().Commits, 1)
	for id := range 1000 {
		_, _ = j.Append(t0, rec(id), Lazy)
	}
	if s := j.Stats(); s.Commits < 2 || s.Commits > 20 || s.Pending > 300 {
		t.Errorf("%+v", s)
	}
}

// Writers, readers and upkeep at the same time: for the race detector, and that numbers are given out once.
func TestConcurrentUse(t *testing.T) {
	j := open(t, newPlatter(), 1<<20)
	const writers, each = 4, 200
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if _, err := j.Append(t0, rec(w*each+i), Class(i%3)); err != nil {
					t.Error(err)
				}
				j.Tick(t0)
			}
		})
		all.Go(func() {
			for range 10 {
				before := uint64(0)
				for r := range j.Records(Query{}) {
					if r.Seq <= before {
						t.Errorf("%d after %d", r.Seq, before)
					}
					before = r.Seq
				}
				_ = j.SaveSnapshot(t0, []byte("s"))
				_, _, _ = j.Stats(), j.State(), j.Deadline()
			}
		})
	}
	all.Wait()
	got := ids(t, j)
	slices.Sort(got)
	want(t, "distinct records", len(slices.Compact(got)), writers*each)
}

func TestQuery(t *testing.T) {
	j := open(t, newPlatter(), 64<<10)
	fill(t, j, 1, 100)
	noClock := rec(101)
	noClock.Wall = time.Time{}
	_, _ = j.Append(t0, noClock, Lazy)
	for _, c := range []struct {
		q    Query
		want []int
	}{
		{Query{After: 98}, []int{99, 100, 101}},
		{Query{After: 101}, nil},
		{Query{Since: t0.Add(99 * time.Second)}, []int{99, 100, 101}},
		{Query{After: 99, Since: t0.Add(30 * time.Second)}, []int{100, 101}},
	} {
		var got []int
		for r := range j.Records(c.q) {
			got = append(got, idOf(t, r))
		}
		want(t, fmt.Sprint(c.q), got, c.want)
	}
	for range j.Records(Query{}) {
		break
	}
}

// The cap holds for the whole directory, at any time; the oldest records go first, the snapshots never.
func TestCap(t *testing.T) {
	for _, total := range []int64{MinMaxBytes, 100_000, 1 << 20} {
		p := newPlatter()
		p.names["somebody-elses"] = &inode{cache: make([]byte, 5000)}
		j := open(t, p, total)
		now := t0
		for id := 1; id <= 20_000; id++ {
			if id%500 == 0 {
				if err := j.SaveSnapshot(now, make([]byte, j.MaxSnapshot()/2)); err != nil {
					t.Fatal(err)
				}
			}
			_, _ = j.Append(now, rec(id), Group)
			now = now.Add(time.Second)
			j.Tick(now)
			size := int64(0)
			for name, n := range p.names {
				size += int64(len(n.cache))
				if name == "somebody-elses" && len(n.cache) != 5000 {
					t.Fatal("touched a foreign file")
				}
			}
			if size > total || j.Stats().Bytes > total {
				t.Fatalf("%d bytes, %d by Stats, with a cap of %d", size, j.Stats().Bytes, total)
			}
		}
		got := ids(t, j)
		kept := got[len(got)-1] - got[0] + 1
		if got[len(got)-1] != 20_000 || kept != len(got) || int64(kept)*150 < total/4 {
			t.Errorf("cap %d: kept %d of %d..%d", total, len(got), got[0], got[len(got)-1])
		}
		if g := j.LoadSnapshot().Generation; g != 40 {
			t.Errorf("snapshot generation %d", g)
		}
		if s := j.Stats(); s.Faults > 0 || s.Dropped > 0 {
			t.Errorf("%+v", s)
		}
	}
}

// The next segment is made by Tick, so that no record waits for it.
func TestSpareIsMadeInTime(t *testing.T) {
	p := newPlatter()
	j := open(t, p, DefaultMaxBytes)
	creations := 0
	p.fail = func(op, _ string) error {
		if op == "create" {
			creations++
		}
		return nil
	}
	for id := 1; j.Stats().Segments < 4; id++ {
		creations = 0
		fill(t, j, id, id)
		if creations > 0 {
			t.Fatalf("record %d had to wait for a new segment", id)
		}
		if d := j.Deadline(); !d.IsZero() {
			j.Tick(d)
		}
	}
}

func TestSnapshots(t *testing.T) {
	p := newPlatter()
	j := open(t, p, 0)
	want(t, "none", j.LoadSnapshot(), Snapshot{})
	for g := 1; g <= 5; g++ {
		fill(t, j, g, g)
		if err := j.SaveSnapshot(t0, fmt.Appendf(nil, "state\x00\n%d", g)); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "live", j.LoadSnapshot(), Snapshot{5, 5, []byte("state\x00\n5")})
	p = p.cut(func(int) int { return 0 })
	want(t, "after a power cut", open(t, p.killed(), 0).LoadSnapshot(), Snapshot{5, 5, []byte("state\x00\n5")})
	newest := p.names[snapshotName(0)].cache
	for i := range bytes.IndexByte(newest, '\n') + 1 + len("state..5") { // any byte of it
		broken := p.cut(nil0)
		broken.names[snapshotName(0)].cache[i] ^= 0x10
		j := open(t, broken, 0)
		want(t, "the one before", j.LoadSnapshot(), Snapshot{4, 4, []byte("state\x00\n4")})
		want(t, "damage", j.Stats().Damage, []Damage{{File: snapshotName(0), Bytes: int64(len(newest))}})
		want(t, "saved", j.SaveSnapshot(t0, []byte("new")), nil)
		want(t, "both", open(t, broken.cut(nil0), 0).LoadSnapshot(), Snapshot{5, 5, []byte("new")})
	}
}

func nil0(int) int { return 0 }

func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	first, _ := Open(dir, t0, Options{})
	fill(t, first, 1, 3)
	second, _ := Open(dir, t0, Options{Retry: time.Second})
	want(t, "state", second.State(), State{Reason: fmt.Sprintf("in use by process %d", os.Getpid()), Since: t0, Holder: os.Getpid()})
	seq, err := second.Append(t0, rec(100), Now)
	if seq != 4 || !errors.Is(err, ErrInMemory) {
		t.Error(seq, err)
	}
	fill(t, first, 4, 9)
	want(t, "what the second one knows", ids(t, second), []int{1, 2, 3, 100})
	want(t, "deadline", second.Deadline(), t0.Add(time.Second))
	second.Tick(t0.Add(time.Second))
	want(t, "still", second.State().Holder, os.Getpid())
	if err := first.Close(t0); err != nil {
		t.Fatal(err)
	}
	second.Tick(t0.Add(2 * time.Second))
	want(t, "state", second.State(), State{OK: true, Since: t0.Add(2 * time.Second)})
	want(t, "all", ids(t, second), append(upTo(9), 100))
	if err := second.Close(t0); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Append(t0, rec(101), Now); !errors.Is(err, ErrInMemory) || second.State().Reason != "closed" {
		t.Error(err, second.State())
	}
	want(t, "closed twice", second.Close(t0), nil)
}

func TestDiskThatComesLate(t *testing.T) {
	p := newPlatter()
	fill(t, open(t, p, 0), 1, 5)
	p = p.killed()
	p.fail = func(string, string) error { return syscall.EIO }
	j := open(t, p, 0)
	if j.State().OK || !strings.Contains(j.State().Reason, "input/output error") {
		t.Error(j.State())
	}
	for id := 6; id <= 8; id++ {
		if _, err := j.Append(t0, rec(id), Now); !errors.Is(err, ErrInMemory) || !errors.Is(err, syscall.EIO) {
			t.Error(err)
		}
	}
	if err := j.SaveSnapshot(t0, []byte("s")); !errors.Is(err, ErrInMemory) {
		t.Error(err)
	}
	want(t, "in memory", ids(t, j), []int{6, 7, 8})
	p.fail = nil
	j.Tick(t0.Add(time.Minute - 1))
	want(t, "too early", j.State().OK, false)
	j.Tick(t0.Add(time.Minute))
	want(t, "state", j.State(), State{OK: true, Since: t0.Add(time.Minute)})
	p = p.cut(nil0)
	again := open(t, p, 0)
	want(t, "on disk", ids(t, again), upTo(8))
	want(t, "snapshot", again.LoadSnapshot(), Snapshot{1, 8, []byte("s")})
}

func TestMemoryIsBounded(t *testing.T) {
	p := newPlatter()
	p.fail = func(string, string) error { return syscall.EROFS }
	j := open(t, p, 0)
	for id := range 5000 {
		_, _ = j.Append(t0, rec(id+1), Now)
	}
	got := ids(t, j)
	s := j.Stats()
	if s.Dropped+len(got) != 5000 || s.Pending != len(got) || len(got) < 2000 || len(got) > 4000 || got[len(got)-1] != 5000 {
		t.Errorf("%d records, %+v", len(got), s)
	}
}

func TestDump(t *testing.T) {
	j := open(t, newPlatter(), 0)
	fill(t, j, 1, 1)
	var b bytes.Buffer
	if err := j.Dump(&b); err != nil {
		t.Fatal(err)
	}
	want(t, "dump", b.String(), `{"seq":1,"boot":"`+bootID+`","up_ns":1000000000,"wall":"2026-03-01T12:00:01Z","trusted":true,`+
		`"kind":"test.step","v":1,"data":{"id":1}}`+"\n")
	if err := j.Dump(badWriter{}); !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
}

type badWriter struct{}

func (badWriter) Write([]byte) (int, error) { return 0, syscall.EPIPE }
