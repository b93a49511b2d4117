package journal

import "time"

// Deadline is when Tick has something to do; zero when it has not.
func (j *Journal) Deadline() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return time.Time{}
	}
	upkeep := j.upkeep() != nil
	switch {
	case !j.state.OK || upkeep && (len(j.pending) == 0 || j.retryAt.Before(j.due)):
		return j.retryAt
	case len(j.pending) > 0:
		return j.due
	}
	return time.Time{}
}

// Tick does what is due: writes records whose time is up, tries a failed disk again, makes the next segment before it is
// needed. Only the first keeps others from appending, and for no longer than one commit.
func (j *Journal) Tick(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state.OK && len(j.pending) > 0 && !now.Before(j.due) {
		j.commit(now)
	}
	do := j.upkeep()
	if do == nil || j.busy || now.Before(j.retryAt) {
		return
	}
	j.busy = true
	do(now)
	j.busy = false
}

// upkeep is what should be done next besides writing records, once retryAt has come.
func (j *Journal) upkeep() func(now time.Time) {
	switch {
	case j.closed:
		return nil
	case !j.state.OK:
		return j.reopen
	case j.unsaved:
		return func(now time.Time) { _ = j.saveSnapshot(now) } // tells by retryAt
	case j.disk.wantsSpare():
		return j.makeSpare
	}
	return nil
}

// makeSpare fills the next segment with zeros while others go on.
func (j *Journal) makeSpare(now time.Time) {
	d := j.disk
	err := d.room(d.lim.segment)
	if err == nil {
		j.mu.Unlock()
		err = d.fill(spareName)
		j.mu.Lock()
	}
	if err != nil {
		j.faults++
		j.retryAt = now.Add(j.retry)
		return
	}
	d.spare = true
}

// reopen tries the disk again while others go on in memory.
func (j *Journal) reopen(now time.Time) {
	fresh := j.fault && j.owned
	_ = j.disk.close() // what it had not made durable waits in pending
	j.mu.Unlock()
	d, err := openDisk(j.fs, j.lim, fresh)
	j.mu.Lock()
	j.attach(now, d, err)
}

// attach takes over a disk that was just opened, and hands it what waited.
func (j *Journal) attach(now time.Time, d *disk, err error) {
	if j.closed {
		_ = d.close()
		return
	}
	j.written += j.disk.written
	j.commits += j.disk.commits
	j.disk = d
	j.renumber(d)
	if d.snapshot.Generation > 0 {
		j.adopt(d.snapshot)
	}
	if err != nil {
		j.fail(now, err)
		return
	}
	if !j.state.OK {
		j.state, j.cause = State{OK: true, Since: now}, nil
	}
	j.fault, j.retryAt = false, now
	j.commit(now)
	if j.state.OK && j.unsaved {
		_ = j.saveSnapshot(now) // tells by retryAt
	}
}

// adopt keeps the newer of the disk's snapshot and ours; one that is not saved yet is always newer.
func (j *Journal) adopt(s Snapshot) {
	if j.unsaved {
		j.snapshot.Generation = max(j.snapshot.Generation, s.Generation+1)
		return
	}
	if s.Generation > j.snapshot.Generation {
		j.snapshot = s
	}
}

// renumber makes what waits follow what is on the disk, unless the numbers were taken from that disk and nobody else
// could use them since. Then records with the same number are the same: written, but never acknowledged.
func (j *Journal) renumber(d *disk) {
	if !d.scanned {
		return
	}
	first := j.next - uint64(len(j.pending))
	if (!j.owned || d.next > j.next) && d.next > first {
		shift := d.next - first
		for i := range j.pending {
			j.pending[i].Seq += shift
		}
		if j.unsaved {
			j.snapshot.Seq += shift
		}
		j.next += shift
	}
	j.owned = d.lock != nil
}
