package journal

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// benchDir is on tmpfs where there is one, so that the program is measured and not the disk.
func benchDir(b *testing.B) string {
	b.Helper()
	const shm = "/dev/shm"
	if _, err := os.Stat(shm); err != nil {
		return b.TempDir()
	}
	dir, err := os.MkdirTemp(shm, "journal-bench")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func typical(id int) Record {
	r := rec(id)
	const layout = `{"id":%d,"action":"radio-cycle","rule":"E1","why":"no registration for 25 min","budget":{"used":%d,"of":4}}`
	r.Data = fmt.Appendf(nil, layout, id, id%4)
	return r
}

func BenchmarkAppend(b *testing.B) {
	for name, class := range map[string]Class{"now": Now, "group": Group} {
		b.Run(name, func(b *testing.B) {
			j, _ := Open(benchDir(b), t0, Options{BootID: bootID})
			r := typical(1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := j.Append(t0, r, class); err != nil {
					b.Fatal(err)
				}
			}
			_ = j.Close(t0)
		})
	}
}

func fullJournal(b *testing.B) string {
	b.Helper()
	dir := benchDir(b)
	j, _ := Open(dir, t0, Options{BootID: bootID})
	for id := 0; j.Stats().Bytes < DefaultMaxBytes-maxSegment || id%1000 != 0; id++ {
		_, _ = j.Append(t0, typical(id), Group)
	}
	if err := j.Close(t0); err != nil {
		b.Fatal(err)
	}
	return dir
}

func BenchmarkOpenFull(b *testing.B) {
	dir := fullJournal(b)
	b.ReportAllocs()
	for b.Loop() {
		j, err := Open(dir, t0, Options{BootID: bootID})
		if err != nil || !j.State().OK {
			b.Fatal(err, j.State())
		}
		_ = j.Close(t0)
	}
}

func BenchmarkRecords(b *testing.B) {
	j, _ := Open(fullJournal(b), t0, Options{BootID: bootID})
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = 0
		for range j.Records(Query{}) {
			n++
		}
	}
	b.ReportMetric(float64(n), "records")
	_ = j.Close(t0)
}

// A day of the agent, by what it writes and how often.
type day struct {
	now, group, lazy int // records
	snapshots        int
	limit            int // bytes an hour
}

var days = map[string]day{
	"idle": {now: 20, group: 40, lazy: 96, snapshots: 4, limit: 200_000},
	"busy": {now: 500, group: 300, lazy: 96, snapshots: 24, limit: 700_000},
}

// perCommit is what ext4 (4 KiB blocks, data=ordered) writes on top when a sync has to commit metadata: descriptor,
// inode, directory and bitmap blocks, commit block, and later the same blocks in their places.
const perCommit = 8 * blockSize

// perWindow is what ext4's own timer (commit=5) writes after any write to a file, for its changed mtime alone: descriptor,
// inode and commit block. Measured on a loop device, records 7 s apart: 17.4 KB each, and 4.3 KB each without a pause.
// The mount option lazytime did not change that.
const perWindow, window = 3 * blockSize, 5

// TestWear holds the budget of what goes to the card, file system included.
func TestWear(t *testing.T) {
	for name, d := range days {
		device := wear(t, d)
		t.Logf("%s day: %.2f MB to the card, %.1f KB an hour", name, float64(device)/1e6, float64(device)/24e3)
		if device > 24*d.limit {
			t.Errorf("%s day: %d bytes, at most %d", name, device, 24*d.limit)
		}
	}
}

func wear(t *testing.T, d day) (device int) {
	t.Helper()
	p := newPlatter()
	touched := false
	p.onSync = func(n int, metadata bool) {
		touched = true
		device += n * blockSize
		if metadata {
			device += perCommit
		}
	}
	j := open(t, p, 0)
	state := make([]byte, 3000)
	const seconds = 24 * 3600
	for s := range seconds {
		now := t0.Add(time.Duration(s) * time.Second)
		due := func(perDay int) bool { return s*perDay/seconds != (s+1)*perDay/seconds }
		if due(d.lazy) {
			_, _ = j.Append(now, typical(s), Lazy)
		}
		if due(d.group) {
			_, _ = j.Append(now, typical(s), Group)
		}
		if due(d.now) {
			_, _ = j.Append(now, typical(s), Now)
		}
		if due(d.snapshots) {
			_ = j.SaveSnapshot(now, state)
		}
		j.Tick(now)
		if s%window == 0 && touched {
			device += perWindow
			touched = false
		}
	}
	want(t, "state", j.State(), State{OK: true, Since: t0})
	return device
}
