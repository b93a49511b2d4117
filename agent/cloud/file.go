package cloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

const (
	defaultPoll = time.Second
	chunkSize   = 64 << 10
	// tailSize is how much of what was read last is compared before reading on. Two events never agree in so many bytes,
	// since each has its own SID and time.
	tailSize = 256
)

// FileOptions adjusts a FileSource. The zero value is usable.
type FileOptions struct {
	Interval time.Duration // between two looks at the file; 1 s
	Limits   Limits
	Clock    Clock
}

// A FileSource follows a file to which somebody appends events: one JSON document per line, or any other layout that
// Decode takes. It reads from the beginning each time it is started; who keeps the events tells duplicates by SID.
//
//   - No file yet, no permission: looked for again at every interval; the reason is in Stats.
//   - Half a document at the end: waited for.
//   - Truncated, also if written again to more than the old length: read from the beginning.
//   - Replaced under its name (rotation): the old file is read to its end, then the new one from its beginning. A
//     document the old one did not finish is counted as junk.
//   - Lines that are no JSON: skipped and counted.
//
// It polls. inotify would say the same a moment sooner, and nothing on file systems that are mounted over a network.
type FileSource struct {
	path   string
	opts   FileOptions
	tally  tally
	framer *framer
	file   *os.File // nil while there is none
	offset int64    // bytes of file read
	tail   []byte   // the last bytes before offset
	chunk  []byte   // where reads go
	batch  *Batch   // decoded but not accepted by emit yet
}

// NewFileSource returns a source that follows the file at path.
func NewFileSource(path string, opts FileOptions) *FileSource {
	if opts.Interval <= 0 {
		opts.Interval = defaultPoll
	}
	opts.Limits = opts.Limits.orDefault()
	opts.Clock = orSystem(opts.Clock)
	return &FileSource{path: path, opts: opts, framer: newFramer(opts.Limits), chunk: make([]byte, chunkSize)}
}

// Name says which source this is.
func (s *FileSource) Name() string { return "file " + s.path }

// Stats may be called at any time, from anywhere.
func (s *FileSource) Stats() Stats { return s.tally.snapshot() }

// Run follows the file until ctx ends, and returns nil then. It must not run twice at the same time.
func (s *FileSource) Run(ctx context.Context, emit func(context.Context, Batch) error) error {
	s.rewind()
	defer s.close()
	failing := false
	for ctx.Err() == nil {
		err := s.poll(ctx, emit)
		s.note(err, failing)
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

// note keeps the reason why the file cannot be followed for as long as that is so.
func (s *FileSource) note(err error, failing bool) {
	switch {
	case err != nil:
		s.tally.update(func(st *Stats) { st.LastError = err.Error() })
	case failing:
		s.tally.update(func(st *Stats) { st.LastError = "" })
	}
}

// poll reads what is new. It leaves the file where it is when something fails, for the next poll to go on.
func (s *FileSource) poll(ctx context.Context, emit func(context.Context, Batch) error) error {
	if s.file == nil {
		file, err := openRegular(s.path)
		if err != nil {
			return err
		}
		s.file = file
	}
	// Looked at before reading: what was written to the old file before it was replaced is then read for certain.
	replaced, err := s.replaced()
	if err != nil {
		return err
	}
	if err := s.restartIfTruncated(); err != nil {
		return err
	}
	if err := s.readToEnd(ctx, emit); err != nil {
		return err
	}
	if !replaced {
		return nil
	}
	s.tally.update(func(st *Stats) { st.Restarts++ })
	s.close()
	s.rewind() // the new file is opened by the next poll
	return nil
}

// openRegular opens path for reading. O_NONBLOCK keeps a FIFO from blocking the open; then it is refused as everything
// else that has no end and no size.
func openRegular(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "follow", Path: path, Err: errNotRegular}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// replaced reports whether another file now has our file's name. While no file has it, ours may still grow.
func (s *FileSource) replaced() (bool, error) {
	now, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ours, err := s.file.Stat()
	return err == nil && !os.SameFile(now, ours), err
}

// restartIfTruncated goes back to the beginning when what we read last is no longer there. The size alone would not do:
// a file emptied and written again between two polls may have grown past our place.
func (s *FileSource) restartIfTruncated() error {
	there := make([]byte, len(s.tail))
	n, err := s.file.ReadAt(there, s.offset-int64(len(s.tail)))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(there[:n], s.tail) {
		return nil
	}
	s.tally.update(func(st *Stats) { st.Restarts++ })
	s.rewind()
	return nil
}

func (s *FileSource) readToEnd(ctx context.Context, emit func(context.Context, Batch) error) error {
	for {
		if err := s.deliver(ctx, emit); err != nil {
			return err
		}
		n, err := s.file.ReadAt(s.chunk, s.offset)
		if n > 0 {
			s.take(s.chunk[:n])
		}
		if n == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
}

// take decodes what the chunk completes and remembers the place.
func (s *FileSource) take(chunk []byte) {
	s.offset += int64(len(chunk))
	s.tail = append(s.tail, chunk...)
	s.tail = append(s.tail[:0], s.tail[max(len(s.tail)-tailSize, 0):]...)

	junk := s.framer.junk
	batch := Batch{Source: "file", Received: s.opts.Clock.Now()}
	for _, doc := range s.framer.feed(chunk) {
		events, problems, err := Decode(doc, s.opts.Limits)
		if err != nil {
			s.tally.update(func(st *Stats) { st.Refused, st.LastError = st.Refused+1, err.Error() })
			continue
		}
		batch.Events = append(batch.Events, events...)
		batch.Problems += len(problems)
	}
	s.tally.update(func(st *Stats) { st.Junk += s.framer.junk - junk })
	if len(batch.Events)+batch.Problems > 0 {
		s.batch = &batch
	}
}

// deliver hands on the batch at hand. One that emit does not accept is kept for the next poll.
func (s *FileSource) deliver(ctx context.Context, emit func(context.Context, Batch) error) error {
	if s.batch == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if err := emit(ctx, *s.batch); err != nil {
		s.tally.update(func(st *Stats) { st.Failed++ })
		return &SourceError{Source: "file", Op: "deliver events of", On: s.path, Err: err}
	}
	s.tally.accepted(*s.batch)
	s.batch = nil
	return nil
}

// rewind makes the source read from the beginning. A document that was waited for will not come any more.
func (s *FileSource) rewind() {
	if s.framer.unread() {
		s.tally.update(func(st *Stats) { st.Junk++ })
	}
	s.framer = newFramer(s.opts.Limits)
	s.offset, s.tail = 0, nil
}

func (s *FileSource) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}
