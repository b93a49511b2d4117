package relay

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func open(t testing.TB, dir string, opts SpoolOptions) *Spool {
	t.Helper()
	s, err := OpenSpool(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // twice is harmless
	return s
}

func sweep(t testing.TB, s *Spool, now time.Time) {
	t.Helper()
	if err := s.Sweep(now); err != nil {
		t.Fatal(err)
	}
}

func records(from, n int) (list []Record) {
	for i := range n {
		list = append(list, Record{Came: noon, ICCID: "89883070000012345678", Payload: fmt.Appendf(nil, `{"n":%d}`, from+i)})
	}
	return list
}

func waiting(t testing.TB, s *Spool, again bool) (payloads []string) {
	t.Helper()
	if err := s.Waiting(noon, again, func(_ Ticket, r Record) bool {
		payloads = append(payloads, string(r.Payload))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return payloads
}

// What was kept waits until it is acknowledged, also in another life; what was acknowledged can be had again for a while.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	opts := SpoolOptions{Segment: 200, Settle: 10 * time.Minute}
	s := open(t, dir, opts)
	tickets, err := s.Append(records(0, 20))
	if err != nil {
		t.Fatal(err)
	}
	more, err := s.Append(records(20, 20))
	if err != nil {
		t.Fatal(err)
	}
	for _, ticket := range append(tickets, more[:5]...) {
		s.Acked(noon, ticket)
		s.Acked(noon, ticket)
	}
	if got := waiting(t, s, false); len(got) != 15 || got[0] != `{"n":25}` || s.Stats().Waiting != 15 {
		t.Errorf("%v, %+v", got, s.Stats())
	}
	if got := waiting(t, s, true); len(got) != 40 {
		t.Errorf("%d again", len(got))
	}
	sweep(t, s, noon.Add(5*time.Minute))
	if n := len(waiting(t, s, true)); n != 40 {
		t.Errorf("%d after five minutes", n)
	}
	sweep(t, s, noon.Add(10*time.Minute))
	if got := waiting(t, s, true); len(got) != 20 {
		t.Errorf("%d after ten minutes: %+v", len(got), s.Stats())
	}
	s.Close()
	if got := waiting(t, open(t, dir, opts), false); len(got) != 20 || got[0] != `{"n":20}` {
		t.Errorf("another life: %v", got)
	}
}

// Full is said before anything is lost, and room is made from what the broker has.
func TestSpoolFull(t *testing.T) {
	s := open(t, t.TempDir(), SpoolOptions{Segment: 200, MaxBytes: 1000, Settle: time.Hour})
	var all []Ticket
	for i := 0; ; i++ {
		tickets, err := s.Append(records(i, 1))
		if errors.Is(err, ErrFull) {
			break
		}
		if err != nil || i > 100 {
			t.Fatal(i, err)
		}
		all = append(all, tickets...)
	}
	if st := s.Stats(); st.Bytes > 1000 || st.Waiting != len(all) || st.FullTimes != 1 {
		t.Errorf("%+v, %d kept", st, len(all))
	}
	for _, ticket := range all {
		s.Acked(noon, ticket)
	}
	if _, err := s.Append(records(1000, 1)); err != nil {
		t.Errorf("no room: %v", err)
	}
}

// A power cut at any byte, or damage anywhere, loses nothing that lies before it, and never hinders a start.
func TestSpoolDamage(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "spool")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s, err := OpenSpool(dir, SpoolOptions{})
		if err != nil {
			r.Fatal(err)
		}
		n := rapid.IntRange(1, 10).Draw(r, "records")
		if _, err := s.Append(records(0, n)); err != nil {
			r.Fatal(err)
		}
		s.Close()
		names, _ := filepath.Glob(filepath.Join(dir, "*"+extension))
		text, err := os.ReadFile(names[0])
		if err != nil {
			r.Fatal(err)
		}
		each := len(text) / n
		at := rapid.IntRange(0, len(text)-1).Draw(r, "at")
		cut := rapid.Bool().Draw(r, "cut")
		if cut {
			text = text[:at]
		} else {
			text[at] ^= byte(rapid.IntRange(1, 255).Draw(r, "bits"))
		}
		if err := os.WriteFile(names[0], text, 0o600); err != nil {
			r.Fatal(err)
		}
		s, err = OpenSpool(dir, SpoolOptions{})
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		var got []Record
		if err := s.Waiting(noon, false, func(_ Ticket, rec Record) bool { got = append(got, rec); return true }); err != nil {
			r.Fatal(err)
		}
		want := slices.Delete(records(0, n), at/each, at/each+1)
		if cut {
			want = records(0, at/each)
		}
		if len(got) != len(want) || s.Stats().Damaged != 1 && !(cut && at%each == 0) {
			r.Fatalf("%d of %d records are left, damage at %d of %d, %+v", len(got), n, at, len(text), s.Stats())
		}
		for i, rec := range got {
			if !bytes.Equal(rec.Payload, want[i].Payload) || rec.ICCID != want[i].ICCID || !rec.Came.Equal(want[i].Came) {
				r.Fatalf("record %d is %+v", i, rec)
			}
		}
		if _, err := s.Append(records(99, 1)); err != nil {
			r.Fatal(err)
		}
	})
}

// Many at once share the work of the disk, and each has its own.
func TestSpoolTogether(t *testing.T) {
	s := open(t, t.TempDir(), SpoolOptions{Segment: 4096})
	var posts sync.WaitGroup
	for i := range 100 {
		posts.Go(func() {
			tickets, err := s.Append(records(i, 1))
			if err != nil {
				t.Error(err)
				return
			}
			if i%2 == 0 {
				s.Acked(noon, tickets[0])
			}
		})
	}
	posts.Wait()
	got := waiting(t, s, false)
	slices.Sort(got)
	if len(slices.Compact(got)) != 50 {
		t.Errorf("%d wait", len(got))
	}
}

func FuzzSegment(f *testing.F) {
	block, _ := appendRecord(nil, records(0, 1)[0])
	f.Add(block)
	f.Add(block[:len(block)-1])
	f.Add(append(append([]byte("junk"), block...), block...))
	f.Add(append(recordMark, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, text []byte) {
		end := int64(0)
		scan(text, func(place int64, r Record) bool {
			again, err := appendRecord(nil, r)
			if err != nil || place < end || !bytes.Equal(again, text[place:place+int64(len(again))]) {
				t.Fatalf("%+v at %d", r, place)
			}
			end = place + int64(len(again))
			return true
		})
	})
}

func BenchmarkSpoolAppend(b *testing.B) {
	s := open(b, b.TempDir(), SpoolOptions{})
	list := records(0, 1)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Append(list); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/float64(s.Stats().Syncs), "records/sync")
}
