package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Class says when a record must be on disk.
type Class int

const (
	Now   Class = iota // when Append returns
	Group              // within 5 s
	Lazy               // within 15 min, sooner when something else is written
)

// delays are how long a record of a class may wait in memory.
var delays = [...]time.Duration{Now: 0, Group: 5 * time.Second, Lazy: 15 * time.Minute}

const (
	// DefaultMaxBytes is the cap on the directory.
	DefaultMaxBytes = 8 << 20
	// MinMaxBytes is the lowest cap. Records are then at most 2 KiB.
	MinMaxBytes = segmentsInCap * minSegment

	defaultRetry = time.Minute
	// waitingBytes of records are written before their time is up.
	waitingBytes = 32 << 10
	// memoryBytes of records are kept while there is no disk.
	memoryBytes = 512 << 10
)

var (
	// ErrInvalid: the record, class or option cannot be right. A mistake in the program that calls.
	ErrInvalid = errors.New("journal: invalid")
	// ErrInMemory: it is kept, but will not survive a power cut until the disk is back.
	ErrInMemory = errors.New("journal: kept in memory only")

	errClosed = errors.New("closed")
)

// Options adjusts a journal. The zero value is usable.
type Options struct {
	BootID   string        // /proc/sys/kernel/random/boot_id: up to 64 of a-z A-Z 0-9 -
	MaxBytes int64         // cap on all files in the directory; DefaultMaxBytes
	Retry    time.Duration // between two attempts to use a disk that failed; 1 min
	FS       FS            // instead of the directory dir of this host
}

// State says where records go.
type State struct {
	OK     bool      // to disk; else they are kept in memory, as far as they fit
	Reason string    // why not to disk
	Since  time.Time // of OK's last change
	Holder int       // process that writes to the directory instead of us; 0: none, or unknown
}

// Journal is one directory of history. Its methods may be called from several goroutines; those that write wait for the
// disk as long as it takes.
type Journal struct {
	mu    sync.Mutex
	boot  string
	retry time.Duration
	fs    FS
	lim   limits

	disk  *disk // never nil; without state.OK only to be read
	state State
	cause error // behind state.Reason
	next  uint64
	owned bool // numbers go on from a disk that only we write to
	fault bool // something has failed since the disk was opened

	pending      []Record // not on disk yet, in order
	pendingBytes int
	due          time.Time // when pending has to be written
	retryAt      time.Time // of what failed: the disk, the snapshot, the spare
	snapshot     Snapshot  // the newest, saved or not
	unsaved      bool
	busy         bool // Tick is doing something without the lock
	closed       bool

	dropped, faults int
	written         int64 // by disks before this one
	commits         int64
}

// Open reads the journal in dir, and makes it when there is none. The error is ErrInvalid, for wrong options; whatever is
// wrong with the disk is told by State. now and all later times must not run backwards (a time.Time with its monotonic
// reading does not).
func Open(dir string, now time.Time, o Options) (*Journal, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Retry == 0 {
		o.Retry = defaultRetry
	}
	if o.FS == nil {
		o.FS = osFS{dir}
	}
	if !validBoot(o.BootID) || o.MaxBytes < MinMaxBytes || o.Retry < 0 {
		return nil, fmt.Errorf("%w: boot id %q, cap %d bytes, retry %s", ErrInvalid, o.BootID, o.MaxBytes, o.Retry)
	}
	j := &Journal{boot: o.BootID, retry: o.Retry, fs: o.FS, lim: limitsFor(o.MaxBytes), next: 1, disk: &disk{}}
	j.state = State{OK: true, Since: now}
	d, err := openDisk(j.fs, j.lim, false)
	j.attach(now, d, err)
	return j, nil
}

func validBoot(id string) bool {
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return len(id) <= maxBoot
}

// MaxPayload is the largest Data of a record, in bytes: 64 KiB, less with a cap below 1 MiB.
func (j *Journal) MaxPayload() int { return int(j.lim.payload) }

// Append adds a record and returns its number. With class Now it is on disk when Append returns, or the error is
// ErrInMemory. ErrInvalid refuses a record that could not be read again. A number given while the disk could not be read
// may be raised when it is back, to follow those that are there.
func (j *Journal) Append(now time.Time, r Record, c Class) (seq uint64, err error) {
	if err := j.check(&r, c); err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	r.Seq, r.Boot = j.next, j.boot
	j.next++
	if due := now.Add(delays[c]); len(j.pending) == 0 || due.Before(j.due) {
		j.due = due
	}
	j.pending = append(j.pending, r)
	j.pendingBytes += weight(&r)
	if j.state.OK && (c == Now || j.pendingBytes > waitingBytes) {
		j.commit(now)
	}
	j.trim()
	if c == Now {
		err = j.inMemory()
	}
	return r.Seq, err
}

// check makes r fit to be written.
func (j *Journal) check(r *Record, c Class) error {
	switch {
	case c < 0 || int(c) >= len(delays):
		return fmt.Errorf("%w: class %d", ErrInvalid, c)
	case !validKind(r.Kind):
		return fmt.Errorf("%w: kind %q", ErrInvalid, r.Kind)
	case len(r.Data) > j.MaxPayload():
		return fmt.Errorf("%w: %s of %d bytes, at most %d", ErrInvalid, r.Kind, len(r.Data), j.MaxPayload())
	case len(r.Data) > 0 && !json.Valid(r.Data):
		return fmt.Errorf("%w: %s is no JSON: %.40q", ErrInvalid, r.Kind, r.Data)
	}
	r.Data = bytes.TrimSpace(bytes.Clone(r.Data))
	for i, b := range r.Data {
		if b == '\n' || b == '\r' { // only ever between tokens: within strings they are escaped
			r.Data[i] = ' '
		}
	}
	if len(r.Data) == 0 || string(r.Data) == "null" {
		r.Data = nil
	}
	r.Wall = r.Wall.UTC()
	if r.Wall.IsZero() || r.Wall.Year() < 1 || r.Wall.Year() > 9999 {
		r.Wall, r.Trusted = time.Time{}, false
	}
	return nil
}

// weight is about what a record takes in memory.
func weight(r *Record) int { return len(r.Data) + overhead/2 }

// inMemory is the error of what should be on disk and is not.
func (j *Journal) inMemory() error {
	if j.state.OK {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrInMemory, j.cause)
}

// Flush writes whatever waits, for instance before the agent ends. ErrInMemory when it cannot.
func (j *Journal) Flush(now time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state.OK {
		j.commit(now)
	}
	return j.inMemory()
}

// commit empties pending, or goes over to memory.
func (j *Journal) commit(now time.Time) {
	for len(j.pending) > 0 {
		n, err := j.disk.write(j.pending)
		if err != nil {
			j.fail(now, err)
			return
		}
		j.take(n)
	}
	j.pending = nil
}

// take removes the first n pending records.
func (j *Journal) take(n int) {
	for i := range n {
		j.pendingBytes -= weight(&j.pending[i])
	}
	j.pending = j.pending[n:]
}

// trim keeps memory bounded while there is no disk.
func (j *Journal) trim() {
	for j.pendingBytes > memoryBytes {
		j.take(1)
		j.dropped++
	}
}

// fail goes over to memory, or says why it still is there.
func (j *Journal) fail(now time.Time, err error) {
	j.faults++
	j.fault = true
	if j.state.OK {
		j.state.Since = now
	}
	j.cause = err
	j.state = State{Reason: err.Error(), Since: j.state.Since}
	if held, ok := errors.AsType[*HeldError](err); ok {
		j.state.Holder = held.PID
	}
	j.retryAt = now.Add(j.retry)
}

// Close writes what waits and lets go of the directory. The journal then goes on in memory, for good.
func (j *Journal) Close(now time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	if j.state.OK {
		j.commit(now)
	}
	err := errors.Join(j.inMemory(), j.disk.close())
	j.closed = true
	if j.state.OK {
		j.state, j.cause = State{Reason: errClosed.Error(), Since: now}, errClosed
	}
	return err
}

// State says where records go now.
func (j *Journal) State() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state
}

// SaveSnapshot keeps the caller's state, at most MaxSnapshot bytes, as of all records appended so far, and leaves the
// generation before it alone. With ErrInMemory it is kept, and saved when the disk is back.
func (j *Journal) SaveSnapshot(now time.Time, data []byte) error {
	if len(data) > j.MaxSnapshot() {
		return fmt.Errorf("%w: snapshot of %d bytes, at most %d", ErrInvalid, len(data), j.MaxSnapshot())
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state.OK {
		j.commit(now)
	}
	j.snapshot = Snapshot{Generation: j.snapshot.Generation + 1, Seq: j.next - 1, Data: bytes.Clone(data)}
	j.unsaved = true
	if !j.state.OK {
		return j.inMemory()
	}
	return j.saveSnapshot(now)
}

// MaxSnapshot is the largest snapshot in bytes: 128 KiB, less with a cap below 2 MiB.
func (j *Journal) MaxSnapshot() int { return int(j.lim.segment / 2) }

func (j *Journal) saveSnapshot(now time.Time) error {
	if err := j.disk.saveSnapshot(j.snapshot); err != nil {
		j.faults++
		j.retryAt = now.Add(j.retry)
		return fmt.Errorf("%w: %w", ErrInMemory, err)
	}
	j.unsaved = false
	return nil
}

// LoadSnapshot returns the newest readable snapshot. Its Generation is 0 when there is none.
func (j *Journal) LoadSnapshot() Snapshot {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.snapshot
	s.Data = bytes.Clone(s.Data)
	return s
}
