package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A spool is a SpoolSource running in a synctest bubble on a real folder; its looks happen in virtual time.
type spool struct {
	t      *testing.T
	dir    string
	opts   SpoolOptions
	source *SpoolSource
	cancel context.CancelFunc
	done   chan error

	mu     sync.Mutex // guards what follows
	refuse error      // what emit answers
	got    []string
}

// spooling runs the test body beside a running SpoolSource, and checks that the source stops.
func spooling(t *testing.T, opts SpoolOptions, body func(s *spool)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &spool{t: t, dir: dir, opts: opts}
		s.start()
		body(s)
		s.stop()
	})
}

func (s *spool) start() {
	s.source = NewSpoolSource(s.dir, s.opts)
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(s.t.Context())
	s.done = make(chan error)
	go func() { s.done <- s.source.Run(ctx, s.emit) }()
}

func (s *spool) stop() {
	s.cancel()
	if err := <-s.done; err != nil {
		s.t.Errorf("Run: %v", err)
	}
}

func (s *spool) emit(_ context.Context, b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	for _, ev := range b.Events {
		s.got = append(s.got, ev.SID)
	}
	return nil
}

func (s *spool) setRefuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

// expect lets three looks happen and compares all that has come so far.
func (s *spool) expect(sids ...string) {
	s.t.Helper()
	<-time.After(3 * time.Second) // virtual
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.got, sids) {
		s.t.Errorf("got %v, want %v", s.got, sids)
	}
}

func (s *spool) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// drop puts a file in by renaming it.
func (s *spool) drop(name, text string) {
	s.t.Helper()
	s.do(os.WriteFile(filepath.Join(s.dir, ".new"), []byte(text), 0o600))
	s.do(os.Rename(filepath.Join(s.dir, ".new"), filepath.Join(s.dir, name)))
}

// files lists a folder by name, without the stamps before the names.
func (s *spool) files(folder string) (names []string) {
	s.t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, folder))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		name := e.Name()
		if folder != "." {
			_, name, _ = strings.Cut(name, "Z-")
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *spool) expectFiles(folder string, names ...string) {
	s.t.Helper()
	if got := s.files(folder); !slices.Equal(got, names) {
		s.t.Errorf("%s holds %v, want %v", folder, got, names)
	}
}

func TestSpoolTakesFiles(t *testing.T) {
	spooling(t, SpoolOptions{Keep: 2}, func(s *spool) {
		s.drop("1.json", "["+bare("event_sid", `"A"`)+"]")
		s.drop("2.ndjson", line("B")+line("C"))
		s.expect("A", "B", "C")
		s.drop("3.JSONL", line("D"))
		s.drop("1.json", line("E"))
		s.expect("A", "B", "C", "E", "D")
		s.expectFiles(".")
		s.expectFiles("done", "1.json", "3.JSONL") // the newest two
		if st := s.source.Stats(); st.Batches != 4 || st.Events != 5 || st.LastError != "" {
			t.Errorf("%+v", st)
		}
	})
	spooling(t, SpoolOptions{}, func(s *spool) {
		s.drop("1.json", line("A"))
		s.expect("A")
		s.expectFiles(".")
		s.expectFiles("done")
	})
}

func TestSpoolLeavesWhatIsNotForIt(t *testing.T) {
	spooling(t, SpoolOptions{}, func(s *spool) {
		names := []string{".hidden.json", "a.json.part", "a.tmp", "notes.txt"}
		for _, name := range names {
			s.drop(name, line("A"))
		}
		s.do(os.Mkdir(filepath.Join(s.dir, "folder.json"), 0o700))
		s.expect()
		s.expectFiles(".", names...)
	})
}

// TestSpoolWaitsForWriters: a program that writes in place is given the time it needs.
func TestSpoolWaitsForWriters(t *testing.T) {
	spooling(t, SpoolOptions{Interval: 2 * time.Second}, func(s *spool) {
		file, err := os.Create(filepath.Join(s.dir, "slow.ndjson"))
		s.do(err)
		for i := range 6 {
			_, err = file.WriteString(line(fmt.Sprint(i)))
			s.do(err)
			<-time.After(time.Second) // virtual
			synctest.Wait()
		}
		whole := line("last")
		_, err = file.WriteString(whole[:30])
		s.do(err)
		s.expect() // changed until now
		<-time.After(patience / 2)
		s.expect() // ends in the middle
		_, err = file.WriteString(whole[30:])
		s.do(errors.Join(err, file.Close()))
		<-time.After(patience)
		s.expect("0", "1", "2", "3", "4", "5", "last")
		s.expectFiles("bad")
	})
}

func TestSpoolPutsBadFilesAside(t *testing.T) {
	spooling(t, SpoolOptions{Limits: Limits{Body: 2000}}, func(s *spool) {
		s.drop("big.json", strings.Repeat(" ", 2001))
		s.drop("deep.json", strings.Repeat("[", 100))
		s.drop("half.ndjson", line("A")+`{"cut":`)
		s.drop("mixed.json", "["+bare("event_sid", `"B"`)+`,{"event_sid":"\u001b[2J"}]`)
		s.do(syscall.Mkfifo(filepath.Join(s.dir, "pipe.json"), 0o600))
		s.do(os.Symlink("/etc/hostname", filepath.Join(s.dir, "link.json")))
		s.expect("B")
		s.expectFiles(".", "half.ndjson")
		<-time.After(patience)
		s.expect("B")
		s.expectFiles(".")
		s.expectFiles("bad", "big.json", "big.json.reason", "deep.json", "deep.json.reason", "half.ndjson", "half.ndjson.reason",
			"link.json", "link.json.reason", "mixed.json", "mixed.json.reason", "pipe.json", "pipe.json.reason")
		for name, says := range map[string]string{
			"big": "2000 bytes", "deep": "nested too deeply", "half": "line 2", "mixed": "event 1",
			"pipe": "not a regular file", "link": "not a regular file"} {
			found, err := filepath.Glob(filepath.Join(s.dir, "bad", "*Z-"+name+".*.reason"))
			s.do(err)
			reason, err := os.ReadFile(found[0])
			s.do(err)
			if !strings.Contains(string(reason), says) || strings.Contains(string(reason), "\x1b") {
				t.Errorf("%s: %q", name, reason)
			}
		}
		if st := s.source.Stats(); st.Refused != 5 || st.Problems != 1 || st.Batches != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestSpoolKeepsBadFolderBounded(t *testing.T) {
	spooling(t, SpoolOptions{}, func(s *spool) {
		for i := range badKept + 20 {
			s.drop(fmt.Sprintf("%03d.json", i), "nonsense")
		}
		s.expect()
		if n := len(s.files("bad")); n != 2*badKept {
			t.Errorf("%d files", n)
		}
	})
}

// TestSpoolKeepsWhatIsNotAccepted: neither a receiver that refuses nor a restart loses a file.
func TestSpoolKeepsWhatIsNotAccepted(t *testing.T) {
	spooling(t, SpoolOptions{}, func(s *spool) {
		s.setRefuse(errors.New("disk full"))
		s.drop("1.json", line("A"))
		s.expect()
		s.expectFiles(".", "1.json")
		if st := s.source.Stats(); st.Failed == 0 || !strings.Contains(st.LastError, "disk full") {
			t.Errorf("%+v", st)
		}
		s.stop()
		s.setRefuse(nil)
		s.start()
		s.expect("A")
		s.expectFiles(".")
	})
}

// TestSpoolPermissions: what cannot be opened or moved yet stays, is taken once, and is not in the way of others.
func TestSpoolPermissions(t *testing.T) {
	spooling(t, SpoolOptions{Keep: 5}, func(s *spool) {
		// A file where the folder should be works against root too, unlike permission bits.
		s.do(os.WriteFile(filepath.Join(s.dir, "done"), nil, 0o600))
		s.drop("1.json", line("A"))
		s.drop("2.json", "nonsense")
		s.expect("A")
		s.expect("A")
		s.expectFiles(".", "1.json", "done")
		s.expectFiles("bad", "2.json", "2.json.reason")
		if st := s.source.Stats(); st.LastError == "" || st.Batches != 1 {
			t.Errorf("%+v", st)
		}
		s.do(os.Remove(filepath.Join(s.dir, "done")))
		s.expect("A")
		s.expectFiles(".")
		s.expectFiles("done", "1.json")
		if st := s.source.Stats(); st.LastError != "" || st.Batches != 1 {
			t.Errorf("%+v", st)
		}
	})
	if os.Getuid() == 0 {
		t.Skip("permission bits do not bind root")
	}
	spooling(t, SpoolOptions{}, func(s *spool) {
		s.drop("1.json", line("A"))
		s.do(os.Chmod(filepath.Join(s.dir, "1.json"), 0))
		s.drop("2.json", line("B"))
		s.expect("B")
		if st := s.source.Stats(); !strings.Contains(st.LastError, "permission") {
			t.Errorf("%+v", st)
		}
		s.do(os.Chmod(filepath.Join(s.dir, "1.json"), 0o600))
		s.expect("B", "A")
	})
}

func TestSpoolWaitsForItsFolder(t *testing.T) {
	spooling(t, SpoolOptions{}, func(s *spool) {
		s.do(os.Remove(s.dir))
		s.expect()
		if st := s.source.Stats(); !strings.Contains(st.LastError, "no such file") {
			t.Errorf("%+v", st)
		}
		s.do(os.Mkdir(s.dir, 0o700))
		s.drop("1.json", line("A"))
		s.expect("A")
		if st := s.source.Stats(); st.LastError != "" {
			t.Errorf("%+v", st)
		}
	})
}

func TestSpoolManyFiles(t *testing.T) {
	spooling(t, SpoolOptions{}, func(s *spool) {
		const n = spoolKnown + 100
		for i := range n {
			s.do(os.WriteFile(filepath.Join(s.dir, fmt.Sprintf("%05d.json", i)), []byte(line(fmt.Sprint(i))), 0o600))
		}
		<-time.After(10 * time.Second) // virtual
		synctest.Wait()
		s.expectFiles(".")
		if st := s.source.Stats(); st.Events != n || len(s.source.known) != 0 || st.LastError != "" {
			t.Errorf("%+v, %d known", st, len(s.source.known))
		}
	})
}
