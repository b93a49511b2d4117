package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// filled is the directory of a journal with n records in several segments, whose process has gone.
func filled(t tester, n int) *platter {
	t.Helper()
	p := newPlatter()
	fill(t, open(t, p, 64<<10), 1, n)
	return p.cut(nil0)
}

func segmentNames(p *platter) (names []string) {
	for name := range p.names {
		if _, ok := segmentNumber(name); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// survivors checks that what is read is a part of what was written, in order, and that a new record follows it.
func survivors(t tester, p *platter, written int) []int {
	t.Helper()
	p.settle()
	j := open(t, p, 128<<10) // more than it was filled with, so that foreign files have room too
	if !j.State().OK {
		t.Fatal(j.State())
	}
	got := ids(t, j)
	unique := len(slices.Compact(slices.Clone(got))) == len(got)
	if !slices.IsSorted(got) || !unique || len(got) > 0 && (got[0] < 1 || got[len(got)-1] > written) {
		t.Fatalf("read %v", got)
	}
	fill(t, j, written+1, written+1)
	after := ids(t, open(t, p.cut(nil0), 128<<10))
	want(t, "after one more", after, append(got, written+1))
	return got
}

func TestFlippedBit(t *testing.T) {
	p := filled(t, 60)
	names := segmentNames(p)
	rapid.Check(t, func(r *rapid.T) {
		q := p.cut(nil0)
		data := q.names[rapid.SampledFrom(names).Draw(r, "file")].cache
		data[rapid.IntRange(0, len(data)-1).Draw(r, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		if got := survivors(r, q, 60); len(got) < 59 {
			r.Errorf("%d records lost to one bit", 60-len(got))
		}
	})
}

// Every single byte of a segment.
func TestAnyByteOfASegment(t *testing.T) {
	p := filled(t, 8)
	data := p.names[segmentName(1)].cache
	used := strings.LastIndexByte(string(data), '\n') + 1
	for at := range used + 100 {
		for _, value := range []byte{0, '\n', '{', data[at] ^ 1} {
			was := data[at]
			if data[at] = value; was == value {
				continue
			}
			s := look("x", 1, int64(len(data)), data)
			if s.records < 7 || len(s.damage) > 2 || len(s.damage) == 0 {
				t.Fatalf("byte %d set to %q: %+v", at, value, s)
			}
			data[at] = was
		}
	}
}

func TestBadSector(t *testing.T) {
	p := filled(t, 60)
	names := segmentNames(p)
	rapid.Check(t, func(r *rapid.T) {
		q := p.cut(nil0)
		data := q.names[rapid.SampledFrom(names).Draw(r, "file")].cache
		at := rapid.IntRange(0, len(data)/sector-1).Draw(r, "sector") * sector
		if rapid.Bool().Draw(r, "zeros") {
			clear(data[at : at+sector])
		} else {
			copy(data[at:], rapid.SliceOfN(rapid.Byte(), sector, sector).Draw(r, "garbage"))
		}
		if got := survivors(r, q, 60); len(got) < 60-6 {
			r.Errorf("%d records lost to one sector", 60-len(got))
		}
	})
}

func TestTruncatedAnywhere(t *testing.T) {
	p := filled(t, 60)
	for _, name := range segmentNames(p) {
		full := p.names[name].cache
		for size := 0; size <= len(full); size += 37 {
			whole := 0
			for _, line := range strings.SplitAfter(string(full[:size]), "\n") {
				if strings.HasPrefix(line, `{"seq":`) && strings.HasSuffix(line, "\n") {
					whole++
				}
			}
			q := p.cut(nil0)
			all := look(name, 1, int64(len(full)), full).records
			q.names[name].cache = q.names[name].cache[:size]
			if got := survivors(t, q, 60); len(got) != 60-all+whole {
				t.Fatalf("%s cut to %d bytes: %d records of %d left", name, size, len(got), 60-all+whole)
			}
		}
	}
}

// What people and file systems do to files.
func TestFilesMixedUp(t *testing.T) {
	for what, mix := range map[string]func(*platter, []string){
		"swapped": func(p *platter, n []string) { p.names[n[0]], p.names[n[1]] = p.names[n[1]], p.names[n[0]] },
		"copied": func(p *platter, n []string) {
			p.names[segmentName(maxNumber)] = &inode{cache: slices.Clone(p.names[n[1]].cache), dirty: map[int]bool{}}
		},
		"copied, then one half of each broken": func(p *platter, n []string) {
			broken := slices.Clone(p.names[n[1]].cache)
			clear(broken[:len(broken)/2-400])
			p.names[segmentName(7777)] = &inode{cache: broken, dirty: map[int]bool{}}
			clear(p.names[n[1]].cache[len(broken)/2:])
		},
		"last copied to the front": func(p *platter, n []string) {
			p.names[segmentName(0)] = &inode{cache: slices.Clone(p.names[n[len(n)-1]].cache), dirty: map[int]bool{}}
		},
		"two in one file": func(p *platter, n []string) {
			p.names[n[0]].cache = append(slices.Clone(p.names[n[1]].cache), p.names[n[0]].cache...)
			delete(p.names, n[1])
		},
		"foreign files": func(p *platter, _ []string) {
			for _, name := range []string{"x", "journal-1.seg", "journal-0000000001.seg", "journal-00000001.seg~", "journal-.seg",
				"journal-snapshot-2.0", "journal-99999999999999999999.seg"} {
				p.names[name] = &inode{cache: []byte("keep me"), dirty: map[int]bool{}}
			}
		},
		"junk by our names": func(p *platter, _ []string) {
			for _, name := range []string{segmentName(500), snapshotName(0), snapshotName(1), spareName, newName, snapshotTmp, pidName} {
				p.names[name] = &inode{cache: []byte("\x00{\"seq\":}\n{} 00000000\n{\n"), dirty: map[int]bool{}}
			}
		},
		"empty files": func(p *platter, _ []string) {
			for _, name := range []string{segmentName(0), segmentName(999), snapshotName(0)} {
				p.names[name] = &inode{dirty: map[int]bool{}}
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			p := filled(t, 200)
			mix(p, segmentNames(p))
			kept := maps.Clone(p.names)
			want(t, "read", survivors(t, p, 200), upTo(200))
			for name, n := range kept {
				if string(n.cache) == "keep me" && p.names[name] != n {
					t.Errorf("%s was touched", name)
				}
			}
		})
	}
}

// A block the card cannot read costs what was in it.
func TestUnreadableBlock(t *testing.T) {
	p := filled(t, 200)
	name, reads := segmentNames(p)[1], 0
	p.fail = func(op, file string) error {
		if op == "read" && file == name {
			if reads++; reads <= 2 { // the whole, then its first block
				return syscall.EIO
			}
		}
		return nil
	}
	s := open(t, p, 64<<10).Stats()
	want(t, "damage", s.Damage, []Damage{{File: name, Bytes: s.Damage[0].Bytes}})
	if s.Damage[0].Bytes < blockSize-1 || s.Damage[0].Bytes > blockSize+300 {
		t.Errorf("%+v", s.Damage)
	}
}

// A newer version's files stay, what can be read of them is read, and we write into files of our own.
func TestNewerSchema(t *testing.T) {
	line := func(json string) string { return string(appendSeal([]byte(json), 0)) }
	record := func(seq int, more string) string {
		return line(fmt.Sprintf(`{"seq":%d,"boot":"b","up_ns":1,"kind":"new.kind","v":9%s,"data":{"id":%d}}`, seq, more, seq))
	}
	for _, c := range []struct {
		name  string
		major int
		text  string
		ours  bool
	}{
		{"minor", 1, line(`{"journal":1,"minor":7,"segment":1,"seq":1,"bytes":8192,"more":[1]}`) + record(1, "") +
			record(2, `,"severity":"high"`) + line(`{"mark":true}`), true},
		{"major", 2, line(`{"journal":2,"layout":"new","bytes":8192}`) + record(1, "") + record(2, `,"x":1`) +
			line(`{"sequence":3}`) + "\x01\x02binary\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlatter()
			data := resize([]byte(c.text), 8192)
			p.names[segmentName(1)] = &inode{cache: slices.Clone(data), dirty: map[int]bool{}}
			p.names["journal-snapshot-2.0"] = &inode{cache: []byte("new"), dirty: map[int]bool{}}
			j := open(t, p, 64<<10)
			want(t, "read", ids(t, j), upTo(2))
			want(t, "unknown lines", j.Stats().Unknown, 1)
			fill(t, j, 3, 3)
			want(t, "snapshot", j.SaveSnapshot(t0, nil), nil)
			if kept := string(p.names[segmentName(1)].cache) == string(data); kept == c.ours {
				t.Errorf("segment untouched: %v", kept)
			}
			want(t, "newer snapshot", string(p.names["journal-snapshot-2.0"].cache), "new")
			want(t, "after a restart", ids(t, open(t, p.killed(), 64<<10)), upTo(3))
		})
	}
}

// errOnce and errFrom are disks that fail at their n-th operation, once or from then on.
func errOnce(n int, err error) func(string, string) error {
	return func(string, string) error {
		if n--; n == 0 {
			return err
		}
		return nil
	}
}

func errFrom(n int, err error) func(string, string) error {
	return func(op, _ string) error {
		if n--; n <= 0 && op != "list" && op != "read" && op != "open" && op != "lock" {
			return err
		}
		return nil
	}
}

// Whatever operation fails, in whatever way: nobody is stopped, what was acknowledged survives a power cut at the end,
// and once the disk works again everything is there.
func TestDiskFailsAtAnyOperation(t *testing.T) {
	type fault func(int, error) func(string, string) error
	for name, fault := range map[string]fault{"once": errOnce, "from then on": errFrom} {
		for _, errno := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
			t.Run(fmt.Sprintf("%s %v", name, errno), func(t *testing.T) {
				for n, hit := 1, true; hit; n++ {
					hit = failAt(t, n, fault, errno)
				}
			})
		}
	}
}

func failAt(t *testing.T, n int, fault func(int, error) func(string, string) error, errno error) (hit bool) {
	t.Helper()
	p := newPlatter()
	inner := fault(n, errno)
	p.fail = func(op, name string) error {
		err := inner(op, name)
		hit = hit || err != nil
		return err
	}
	j := open(t, p, 128<<10)
	now := t0
	var acked []int
	saved := false
	for id := 1; id <= 150; id++ {
		_, err := j.Append(now, rec(id), Class(id%3))
		if err == nil && id%3 == int(Now) {
			acked = append(acked, id)
		}
		if err != nil && !errors.Is(err, ErrInMemory) {
			t.Fatal(err)
		}
		if id == 75 {
			saved = j.SaveSnapshot(now, []byte("state")) == nil
		}
		now = now.Add(time.Second)
		j.Tick(now)
	}
	missing := missingFrom(acked, ids(t, open(t, p.cut(nil0), 128<<10)))
	if len(missing) > 0 {
		t.Fatalf("operation %d: acknowledged but lost: %v", n, missing)
	}
	if s := open(t, p.cut(nil0), 128<<10).LoadSnapshot(); saved && string(s.Data) != "state" {
		t.Fatalf("operation %d: the snapshot is lost", n)
	}
	p.fail = nil
	j.Tick(now.Add(time.Minute))
	if err := j.Flush(now); err != nil || !j.State().OK {
		t.Fatal(n, err, j.State())
	}
	again := open(t, p.cut(nil0), 128<<10)
	want(t, fmt.Sprintf("operation %d: all", n), ids(t, again), upTo(150))
	want(t, "snapshot", string(again.LoadSnapshot().Data), "state")
	return hit
}

func missingFrom(some, all []int) (missing []int) {
	for _, id := range some {
		if _, ok := slices.BinarySearch(all, id); !ok {
			missing = append(missing, id)
		}
	}
	return missing
}

// After a failed sync the kernel calls the pages clean: they must be written again, elsewhere.
func TestSyncFailsOnce(t *testing.T) {
	p := newPlatter()
	j := open(t, p, 64<<10)
	fill(t, j, 1, 5)
	p.fail = func(op, _ string) error {
		if op == "sync" {
			p.fail = nil
			return syscall.EIO
		}
		return nil
	}
	fill(t, j, 6, 10)
	want(t, "state", j.State(), State{OK: true, Since: t0})
	want(t, "segments", j.Stats().Segments, 2)
	want(t, "live", ids(t, j), upTo(10))
	want(t, "on disk", ids(t, open(t, p.cut(nil0), 64<<10)), upTo(10))
}

// A disk that fails every few minutes for weeks must not push out history with empty segments.
func TestFlappingDiskKeepsHistory(t *testing.T) {
	p := newPlatter()
	j := open(t, p, 1<<20)
	fill(t, j, 1, 3000)
	now := t0
	for id := 3001; id <= 3050; id++ {
		p.fail = func(op, _ string) error {
			if op == "sync" {
				return syscall.EIO
			}
			return nil
		}
		_, _ = j.Append(now, rec(id), Now)
		for range 10 {
			now = now.Add(time.Minute)
			j.Tick(now)
		}
		p.fail = nil
		now = now.Add(time.Minute)
		j.Tick(now)
	}
	want(t, "all", ids(t, j), upTo(3050))
}

// On a full disk the journal lives within the space it has, by giving up its oldest part.
func TestFullDiskRecycles(t *testing.T) {
	p := newPlatter()
	j := open(t, p, 1<<20)
	fill(t, j, 1, 4000)
	segments := len(segmentNames(p))
	p.fail = func(op, name string) error {
		if op == "create" && (name == newName || name == spareName) && len(segmentNames(p)) >= segments {
			return syscall.ENOSPC
		}
		return nil
	}
	fill(t, j, 4001, 8000)
	got := ids(t, j)
	if s := j.State(); !s.OK || got[len(got)-1] != 8000 || got[0] == 1 {
		t.Errorf("%+v, %d..%d", s, got[0], got[len(got)-1])
	}
}

func TestMissingDirectoryOfTheHost(t *testing.T) {
	j, err := Open("/proc/nothing/here", t0, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := j.State(); s.OK || s.Reason == "" {
		t.Error(s)
	}
	if _, err := j.Append(t0, rec(1), Now); !errors.Is(err, ErrInMemory) || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	want(t, "in memory", ids(t, j), upTo(1))
}
