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
	"testing"
	"testing/synctest"
	"time"
)

// A followed is a FileSource running in a synctest bubble on a real file; its polls happen in virtual time.
type followed struct {
	t      *testing.T
	path   string
	source *FileSource

	mu     sync.Mutex // guards what follows
	refuse error      // what emit answers
	got    []string
}

// follow runs the test body beside a running FileSource, and checks that the source stops.
func follow(t *testing.T, body func(f *followed)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	synctest.Test(t, func(t *testing.T) {
		f := &followed{t: t, path: path, source: NewFileSource(path, FileOptions{})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- f.source.Run(ctx, f.emit) }()
		body(f)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func (f *followed) emit(_ context.Context, b Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	for _, ev := range b.Events {
		f.got = append(f.got, ev.SID)
	}
	return nil
}

func (f *followed) setRefuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = err
}

// poll lets one interval pass.
func (f *followed) poll() {
	<-time.After(time.Second) // virtual
	synctest.Wait()
}

// expect lets an interval pass and compares all that has come so far.
func (f *followed) expect(sids ...string) {
	f.t.Helper()
	f.poll()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.got, sids) {
		f.t.Errorf("got %v, want %v", f.got, sids)
	}
}

func (f *followed) append(text string) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *followed) do(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *followed) stats() Stats { return f.source.Stats() }

func line(sid string) string { return bare("event_sid", `"`+sid+`"`) + "\n" }

func TestFileFollowsGrowth(t *testing.T) {
	follow(t, func(f *followed) {
		f.expect()
		if !strings.Contains(f.stats().LastError, "no such file") {
			t.Errorf("LastError %q", f.stats().LastError)
		}
		f.append(line("A") + line("B"))
		f.expect("A", "B")
		if st := f.stats(); st.LastError != "" || st.Events != 2 || st.Last.IsZero() {
			t.Errorf("%+v", st)
		}
		whole := line("C")
		f.append(whole[:40])
		f.expect("A", "B")
		f.append(whole[40:])
		f.expect("A", "B", "C")
		f.append("[\n" + line("D") + ",\n" + line("E") + "]")
		f.expect("A", "B", "C", "D", "E")
	})
}

func TestFileSkipsJunk(t *testing.T) {
	follow(t, func(f *followed) {
		f.append("\x00\xff\x01 broken\n" + line("A") + "{\"cut\":\n" + line("B") + `{"a":nope}` + "\n" +
			bare("sim_iccid", "") + "\n" + line("C"))
		f.expect("A", "B", "C") // B looks like the value of "cut" until the line after it shows that it is not
		st := f.stats()
		if st.Junk != 2 || st.Refused != 1 || st.Problems != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestFileSurvivesTruncation(t *testing.T) {
	follow(t, func(f *followed) {
		f.append(line("A") + `{"half":`)
		f.expect("A")
		f.do(os.Truncate(f.path, 0))
		f.append(line("B"))
		f.expect("A", "B")
		// Written again within one interval, to more than before.
		f.do(os.WriteFile(f.path, []byte(line("C")+line("D")+line("E")), 0o600))
		f.expect("A", "B", "C", "D", "E")
		if st := f.stats(); st.Restarts != 2 || st.Junk != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestFileSurvivesRotation(t *testing.T) {
	follow(t, func(f *followed) {
		f.append(line("A"))
		f.expect("A")
		f.append(line("B")) // not read yet when the file is renamed
		f.do(os.Rename(f.path, f.path+".1"))
		f.expect("A", "B") // no successor yet: the old file may still grow
		f.append(line("C"))
		f.poll()
		f.expect("A", "B", "C")
		f.do(os.Remove(f.path))
		f.poll()
		f.append(line("D"))
		f.poll()
		f.expect("A", "B", "C", "D")
		if st := f.stats(); st.Restarts != 2 || st.Junk != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestFileKeepsWhatIsNotAccepted(t *testing.T) {
	follow(t, func(f *followed) {
		f.setRefuse(errors.New("disk full"))
		f.append(line("A"))
		f.expect()
		f.append(line("B"))
		f.expect()
		if st := f.stats(); st.Failed == 0 || !strings.Contains(st.LastError, "disk full") {
			t.Errorf("%+v", st)
		}
		f.setRefuse(nil)
		f.expect("A", "B")
		if st := f.stats(); st.LastError != "" {
			t.Errorf("%+v", st)
		}
	})
}

func TestFileRefusesWhatIsNoFile(t *testing.T) {
	follow(t, func(f *followed) {
		f.do(os.Mkdir(f.path, 0o700))
		f.expect()
		if !strings.Contains(f.stats().LastError, "not a regular file") {
			t.Errorf("%+v", f.stats())
		}
		f.do(os.Remove(f.path))
		f.append(line("A"))
		f.expect("A")
	})
}

func TestFileLongerThanAChunk(t *testing.T) {
	follow(t, func(f *followed) {
		var want []string
		var text strings.Builder
		for i := range 2000 {
			want = append(want, fmt.Sprintf("EZ%04d", i))
			text.WriteString(line(want[i]))
		}
		if text.Len() < 3*chunkSize {
			t.Fatal("too short to show anything")
		}
		f.append(text.String())
		f.expect(want...)
	})
}
