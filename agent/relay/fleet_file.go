package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Bounds of a devices file.
const (
	maxFile       = 64 << 20
	maxDeviceName = 64 // bytes of a name
	maxProblems   = 20 // that are named; all are counted
)

// deviceList is a devices file as it was read. It is never written to.
type deviceList struct {
	path     string
	names    map[key]named
	bad      int
	problems []string
	stamp    fileStamp
}

type named struct{ iccid, name string }

// fileStamp tells whether a file changed without reading it.
type fileStamp struct {
	size int64
	at   time.Time
	err  string
}

func (l *deviceList) has(k key) bool { _, ok := l.names[k]; return ok }

// FileSummary says how much of the devices file could be used.
type FileSummary struct {
	Path     string   `json:"path"`
	Devices  int      `json:"devices"`
	Bad      int      `json:"bad_lines"`
	Problems []string `json:"problems,omitempty"` // the first of them
}

func (l *deviceList) summary() *FileSummary {
	if l.path == "" {
		return nil
	}
	return &FileSummary{Path: l.path, Devices: len(l.names), Bad: l.bad, Problems: l.problems}
}

// Reload reads the devices file if it is another than when it was last read. A file that cannot be used is logged and
// counted once, and what was known from it stays.
func (f *Fleet) Reload() {
	if f.opts.DevicesFile == "" {
		return
	}
	f.check.Lock()
	defer f.check.Unlock()
	old := f.file.Load()
	stamp := stampOf(f.opts.DevicesFile)
	if stamp == old.stamp {
		return
	}
	list, err := readDevices(f.opts.DevicesFile)
	if err != nil {
		f.fileFailed(old, stamp, err)
		return
	}
	list.stamp = stamp
	f.file.Store(list)
	f.mu.Lock()
	for _, d := range list.names {
		f.join(d.iccid)
	}
	f.mu.Unlock()
	f.opts.Log(fmt.Sprintf("devices file %s: %d devices, %d lines skipped", list.path, len(list.names), list.bad))
	for _, p := range list.problems {
		f.opts.Log("devices file: " + p)
	}
}

// fileFailed keeps what was known and remembers what the matter is, so that it is told once.
func (f *Fleet) fileFailed(old *deviceList, stamp fileStamp, err error) {
	kept := *old
	kept.path, kept.stamp, kept.problems = f.opts.DevicesFile, stamp, []string{"not used: " + err.Error()}
	f.file.Store(&kept)
	f.mu.Lock()
	f.stats.FileErrors++
	f.mu.Unlock()
	f.opts.Log(fmt.Sprintf("devices file not used: %v; what it said before stays", err))
}

const lookEvery = 10 * time.Second

// Watch reloads the devices file when it changes, or at once when something comes from nudge (SIGHUP), until ctx ends.
func (f *Fleet) Watch(ctx context.Context, nudge <-chan os.Signal) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-nudge:
		}
		f.Reload()
	}
}

func stampOf(path string) fileStamp {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{err: err.Error()}
	}
	return fileStamp{size: info.Size(), at: info.ModTime()}
}

// readDevices reads a devices file: TOML with [[device]] tables when its name ends with .toml, else lines of an ICCID and
// a name. What cannot be used is skipped, counted, and named as far as maxProblems.
func readDevices(path string) (*deviceList, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err, path)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, withoutPath(err, path)
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s: larger than %d MiB", path, maxFile>>20)
	}
	l := &deviceList{path: path, names: map[key]named{}}
	if filepath.Ext(path) == ".toml" {
		return l, l.readTOML(text)
	}
	return l, l.readLines(text)
}

func withoutPath(err error, path string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func (l *deviceList) readLines(text []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		iccid, name := line, ""
		if i := strings.IndexAny(line, " \t,;"); i >= 0 {
			iccid, name = line[:i], strings.TrimLeft(line[i:], " \t,;")
		}
		l.add(fmt.Sprintf("line %d", n), iccid, name)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	return nil
}

func (l *deviceList) readTOML(text []byte) error {
	var file struct {
		Device []struct {
			ICCID string `toml:"iccid"`
			Name  string `toml:"name"`
		} `toml:"device"`
	}
	if err := toml.Unmarshal(text, &file); err != nil {
		if at, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := at.Position()
			return fmt.Errorf("%s:%d:%d: %w", l.path, line, column, err)
		}
		return fmt.Errorf("%s: %w", l.path, err)
	}
	for i, d := range file.Device {
		l.add(fmt.Sprintf("device %d", i+1), d.ICCID, d.Name)
	}
	return nil
}

func (l *deviceList) add(where, iccid, name string) {
	k, ok := keyOf(strings.Trim(iccid, `"'`))
	if !ok {
		l.skip("%s: %.40q is no ICCID (18 to 20 digits)", where, iccid)
		return
	}
	if first, twice := l.names[k]; twice {
		l.skip("%s: %s is there already, as %q", where, iccid, first.name)
		return
	}
	l.names[key(strings.Clone(string(k)))] = named{iccid: strings.Clone(strings.Trim(iccid, `"'`)), name: strings.Clone(cut(strings.Trim(clean(name), ` "'`), maxDeviceName))}
}

func (l *deviceList) skip(format string, args ...any) {
	if l.bad++; len(l.problems) < maxProblems {
		l.problems = append(l.problems, fmt.Sprintf(format, args...))
	}
}
