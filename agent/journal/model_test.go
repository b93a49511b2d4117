package journal

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const modelCap = 256 << 10

// model is a journal on a disk that fails and loses power, next to what its user may expect of it.
type model struct {
	*rapid.T
	p     *platter
	j     *Journal
	now   time.Time
	lines []line // everything ever appended; a line's id is its index

	savedID, ackedSnapshot int   // snapshots count too: the last attempted, the last acknowledged
	struck                 bool  // since the last power cut
	since                  int   // first line of this process
	spent                  int64 // bytes that the directory was asked for so far
}

type line struct {
	acked bool
	spent int64 // before it
}

func newModel(t *rapid.T) *model {
	m := &model{T: t, p: newPlatter(), now: t0}
	m.reopen()
	return m
}

func (m *model) reopen() {
	j, err := Open("", m.now, Options{BootID: bootID, FS: m.p, MaxBytes: modelCap, Retry: time.Minute})
	if err != nil {
		m.Fatal(err)
	}
	m.j = j
	m.since = len(m.lines)
	m.spent += blockSize
}

// strike is one fault at one of the next few operations.
func (m *model) strike(t *rapid.T) {
	after := rapid.IntRange(1, 12).Draw(t, "after")
	errno := rapid.SampledFrom([]error{syscall.EIO, syscall.ENOSPC, syscall.EROFS}).Draw(t, "error")
	m.p.fail = rapid.SampledFrom([]func(int, error) func(string, string) error{errOnce, errFrom}).Draw(t, "fault")(after, errno)
	m.spent += 4 * blockSize
	m.struck = true
}

func (m *model) append(t *rapid.T, class Class) {
	id := len(m.lines)
	r := rec(id)
	pad := rapid.IntRange(0, 3000).Draw(t, "pad")
	r.Data = fmt.Appendf(nil, `{"id":%d,"pad":"%0*d"}`, id, pad, 0)
	m.lines = append(m.lines, line{spent: m.spent})
	m.spent += int64(len(r.Data)) + overhead
	_, err := m.j.Append(m.now, r, class)
	if err != nil && !errors.Is(err, ErrInMemory) {
		t.Fatal(err)
	}
	if class == Now && err == nil {
		m.acknowledge()
	}
}

// acknowledge: whatever this process appended and did not drop is on disk now.
func (m *model) acknowledge() {
	if !m.j.State().OK {
		return
	}
	for r := range m.j.Records(Query{}) {
		if id := idOf(m, r); id >= m.since {
			m.lines[id].acked = true
		}
	}
}

func (m *model) flush(t *rapid.T) {
	if m.j.Flush(m.now) == nil {
		m.acknowledge()
	}
}

func (m *model) snapshot(t *rapid.T) {
	m.savedID++
	m.spent += 2 * blockSize
	err := m.j.SaveSnapshot(m.now, fmt.Appendf(nil, "%d", m.savedID))
	if err == nil {
		m.ackedSnapshot = m.savedID
		return
	}
	if !errors.Is(err, ErrInMemory) {
		t.Fatal(err)
	}
}

func (m *model) pass(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
	m.j.Tick(m.now)
	if d := m.j.Deadline(); !d.IsZero() && d.Before(m.now) && m.p.fail == nil {
		m.j.Tick(m.now)
		if d = m.j.Deadline(); !d.IsZero() && d.Before(m.now) {
			t.Fatalf("deadline %v is in the past at %v after two ticks: %+v", d, m.now, m.j.State())
		}
	}
}

func (m *model) powerCut(t *rapid.T) {
	m.p = m.p.cut(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "cut") })
	m.struck = false
	m.restart(t)
}

func (m *model) kill(t *rapid.T) {
	m.p = m.p.killed()
	m.restart(t)
}

// restart reads everything. What was read is acted on, so it must not vanish later; only what a failed sync has left in
// the kernel's cache alone may, and that was never acknowledged.
func (m *model) restart(t *rapid.T) {
	m.reopen()
	m.check(t)
	if !m.struck {
		m.since = 0
		m.acknowledge()
	}
}

// check is the promise: acknowledged records are there, the others are some of those appended, all in their order.
func (m *model) check(t *rapid.T) {
	var got []int
	seq := uint64(0)
	for r := range m.j.Records(Query{}) {
		if r.Seq <= seq {
			t.Fatalf("record %d after %d", r.Seq, seq)
		}
		seq = r.Seq
		got = append(got, idOf(t, r))
	}
	for i := range got {
		if got[i] >= len(m.lines) || i > 0 && got[i] <= got[i-1] {
			t.Fatalf("ids %v, %d were appended", got, len(m.lines))
		}
	}
	for id, l := range m.lines {
		_, found := slices.BinarySearch(got, id)
		if l.acked && !found && m.spent-l.spent < modelCap/2 {
			t.Fatalf("acknowledged %d of %d is lost: %v, %+v", id, len(m.lines), got, m.j.Stats())
		}
	}
	if s := m.j.LoadSnapshot(); m.ackedSnapshot > 0 {
		var n int
		if _, err := fmt.Sscan(string(s.Data), &n); err != nil || n < m.ackedSnapshot || n > m.savedID {
			t.Fatalf("snapshot %q, acknowledged %d, tried %d", s.Data, m.ackedSnapshot, m.savedID)
		}
	}
}

func (m *model) size(t *rapid.T) {
	size := int64(0)
	for _, n := range m.p.names {
		size += int64(len(n.cache))
	}
	if size > modelCap {
		t.Fatalf("%d bytes in the directory", size)
	}
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"":          m.size,
			"now":       func(t *rapid.T) { m.append(t, Now) },
			"group":     func(t *rapid.T) { m.append(t, Group) },
			"lazy":      func(t *rapid.T) { m.append(t, Lazy) },
			"flush":     m.flush,
			"snapshot":  m.snapshot,
			"pass":      m.pass,
			"strike":    m.strike,
			"heal":      func(*rapid.T) { m.p.fail = nil },
			"power cut": m.powerCut,
			"kill":      m.kill,
		})
	})
}
