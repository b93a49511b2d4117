package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	doneFolder = "done"
	badFolder  = "bad"
	// badKept bounds the folder of files that could not be used: they and their reasons are for a person to look at.
	badKept = 100
	// spoolKnown bounds how many files are watched at the same time; the others wait for their turn.
	spoolKnown = 4096
	// patience is how long a file that ends inside a document may stay so: its writer may have paused.
	patience = time.Minute
	// spoolNames is how many names of a folder are read at a time.
	spoolNames = 256
)

// spoolTypes are the names taken. A writer that does not rename gives its file another name until it is complete.
var spoolTypes = []string{".json", ".ndjson", ".jsonl"}

var errNotRegular = errors.New("not a regular file")

// SpoolOptions adjusts a SpoolSource. The zero value is usable.
type SpoolOptions struct {
	Interval time.Duration // between two looks at the folder; 1 s
	Keep     int           // files kept in "done"; 0 removes each when its events were taken
	Limits   Limits        // of one file; 2 MiB and 2,000 events
	Clock    Clock
}

// A SpoolSource takes files of events that another program drops into a folder, best by renaming them into it.
//
//   - A file is taken when it did not change between two looks, as a whole, and leaves the folder only after emit accepted
//     its events. One that ends inside a document is waited for, for a minute. What is taken twice because of a crash
//     in between is known by its SIDs.
//   - A file that cannot be used moves to "bad", with the reason beside it in a file of the same name and ".reason". Of a
//     file in which only some events cannot be used, the others are taken.
//   - What cannot be read or moved, for want of permission, stays and is tried again; its events are not taken twice.
//
// It polls, for the reasons that FileSource has.
type SpoolSource struct {
	dir   string
	opts  SpoolOptions
	tally tally
	known map[string]spooled // files in the folder by name
	look  uint64             // counts the looks
}

// A spooled is what is known of a file that was there at the last look.
type spooled struct {
	look  uint64    // at which it was seen
	since time.Time // of this size and time, by our clock
	size  int64
	mtime time.Time
	taken bool  // its events were, or it is bad; it only could not be moved
	bad   error // why it is
}

// NewSpoolSource returns a source that takes the files dropped into dir.
func NewSpoolSource(dir string, opts SpoolOptions) *SpoolSource {
	if opts.Interval <= 0 {
		opts.Interval = defaultPoll
	}
	if opts.Limits.Body <= 0 {
		opts.Limits.Body = 2 << 20
	}
	if opts.Limits.Events <= 0 {
		opts.Limits.Events = 2000
	}
	opts.Limits = opts.Limits.orDefault()
	opts.Clock = orSystem(opts.Clock)
	return &SpoolSource{dir: dir, opts: opts, known: make(map[string]spooled)}
}

// Name says which source this is.
func (s *SpoolSource) Name() string { return "spool " + s.dir }

// Stats may be called at any time, from anywhere.
func (s *SpoolSource) Stats() Stats { return s.tally.snapshot() }

// Run takes files until ctx ends, and returns nil then. It must not run twice at the same time.
func (s *SpoolSource) Run(ctx context.Context, emit func(context.Context, Batch) error) error {
	failing := false
	for ctx.Err() == nil {
		err := s.poll(ctx, emit)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			s.tally.update(func(st *Stats) { st.LastError = err.Error() })
		case failing:
			s.tally.update(func(st *Stats) { st.LastError = "" })
		}
		failing = err != nil
		tick, stop := s.opts.Clock.NewTimer(s.opts.Interval)
		select {
		case <-ctx.Done():
			stop()
		case <-tick:
		}
	}
	return nil
}

// poll looks at every file once. It goes on behind one that fails, and returns the first failure.
func (s *SpoolSource) poll(ctx context.Context, emit func(context.Context, Batch) error) error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	s.look++
	var first error
	for ctx.Err() == nil {
		entries, err := dir.ReadDir(spoolNames)
		// By name as far as that goes: most programs put the time into it.
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, e := range entries {
			if !candidate(e) || ctx.Err() != nil {
				continue
			}
			if err := s.consider(ctx, e.Name(), emit); err != nil && first == nil {
				first = err
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && first == nil {
				first = err
			}
			break
		}
	}
	s.forgetGone()
	return first
}

func candidate(e fs.DirEntry) bool {
	name := e.Name()
	return !e.IsDir() && !strings.HasPrefix(name, ".") && slices.Contains(spoolTypes, strings.ToLower(filepath.Ext(name)))
}

// forgetGone drops what is not in the folder any more.
func (s *SpoolSource) forgetGone() {
	for name, f := range s.known {
		if f.look != s.look {
			delete(s.known, name)
		}
	}
}

// consider takes one file if it is ripe.
func (s *SpoolSource) consider(ctx context.Context, name string, emit func(context.Context, Batch) error) error {
	info, err := os.Lstat(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, seen := s.known[name]
	if !seen && len(s.known) >= spoolKnown {
		return fmt.Errorf("%s holds more than %d files that cannot be taken", s.dir, spoolKnown)
	}
	now := spooled{look: s.look, since: s.opts.Clock.Now(), size: info.Size(), mtime: info.ModTime()}
	if !seen || now.size != before.size || !now.mtime.Equal(before.mtime) {
		s.known[name] = now
		return nil
	}
	before.look = s.look
	s.known[name] = before
	if !before.taken {
		if err := s.take(ctx, name, info, &before, emit); err != nil {
			return err
		}
		s.known[name] = before
	}
	if !before.taken {
		return nil
	}
	return s.putAway(name, before.bad)
}

// take hands on the events of a file and notes in f what became of it. An error means that it must be tried again.
func (s *SpoolSource) take(ctx context.Context, name string, info fs.FileInfo, f *spooled,
	emit func(context.Context, Batch) error) error {
	body, err := s.read(name, info)
	switch {
	case errors.Is(err, ErrTooLarge), errors.Is(err, errNotRegular):
		s.refuse(f, err)
		return nil
	case err != nil:
		return err
	}
	events, problems, err := Decode(body, s.opts.Limits)
	if cut(err, body) && s.opts.Clock.Now().Sub(f.since) < patience {
		return nil
	}
	if err != nil {
		s.refuse(f, err)
		return nil
	}
	batch := Batch{Events: events, Source: "spool", Received: s.opts.Clock.Now(), Problems: len(problems)}
	if len(events)+len(problems) > 0 {
		if err := emit(ctx, batch); err != nil {
			s.tally.update(func(st *Stats) { st.Failed++ })
			return &SourceError{Source: "spool", Op: "deliver events of", On: filepath.Join(s.dir, name), Err: err}
		}
		s.tally.accepted(batch)
	}
	f.taken, f.bad = true, unusable(problems)
	return nil
}

// cut reports whether a body is the beginning of a good one.
func cut(err error, body []byte) bool {
	bad, ok := errors.AsType[*DecodeError](err)
	return ok && errors.Is(bad.Err, ErrSyntax) && bad.Offset == len(body)
}

func (s *SpoolSource) refuse(f *spooled, err error) {
	f.taken, f.bad = true, err
	s.tally.update(func(st *Stats) { st.Refused, st.LastError = st.Refused+1, err.Error() })
}

// unusable is the reason for a file of which some events were left out, nil if there is none.
func unusable(problems []Problem) error {
	var list []error
	for _, p := range problems {
		if p.Skipped && len(list) < maxReported {
			list = append(list, errors.New(p.String()))
		}
	}
	return errors.Join(list...)
}

// read returns the whole of a file. It follows no link, for a link may lead to what the writer of it cannot read, and
// does not wait for what a pipe may bring.
func (s *SpoolSource) read(name string, info fs.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	file, err := os.OpenFile(filepath.Join(s.dir, name), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, int64(s.opts.Limits.Body)+1))
	if err == nil && len(body) > s.opts.Limits.Body {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, s.opts.Limits.Body)
	}
	return body, err
}

// putAway moves a file that is finished with to where it belongs.
func (s *SpoolSource) putAway(name string, bad error) error {
	path := filepath.Join(s.dir, name)
	if bad == nil && s.opts.Keep == 0 {
		return gone(os.Remove(path))
	}
	folder, keep := doneFolder, s.opts.Keep
	if bad != nil {
		folder, keep = badFolder, 2*badKept // each with its reason
	}
	folder = filepath.Join(s.dir, folder)
	if err := os.Mkdir(folder, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	target := filepath.Join(folder, s.stamped(name))
	if bad != nil {
		if err := os.WriteFile(target+".reason", []byte(printableLines(bad)), 0o640); err != nil {
			return err
		}
	}
	if err := gone(os.Rename(path, target)); err != nil {
		return err
	}
	return prune(folder, keep)
}

// gone takes it for success that somebody else took a file away.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// stamped puts the time before a name: names may come again, and the oldest stand first.
func (s *SpoolSource) stamped(name string) string {
	const longest = 200 // of 255 that file systems allow
	return s.opts.Clock.Now().UTC().Format("20060102T150405.000000000Z-") + name[max(0, len(name)-longest):]
}

func printableLines(err error) string {
	var b strings.Builder
	for line := range strings.SplitSeq(err.Error(), "\n") {
		b.WriteString(printable(line) + "\n")
	}
	return b.String()
}

// prune removes the oldest files of a folder until keep are left.
func prune(folder string, keep int) error {
	entries, err := os.ReadDir(folder) // sorted
	if err != nil {
		return err
	}
	for _, e := range entries[:max(0, len(entries)-keep)] {
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
