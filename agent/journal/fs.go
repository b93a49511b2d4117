package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// FS is the one directory that a journal lives in, as far as it uses it. Names have no slashes.
type FS interface {
	Make() error                            // creates the directory if it is missing
	Lock() (io.Closer, error)               // for this process alone; *HeldError when another one has it
	List() ([]FileInfo, error)              // regular files
	Open(name string, w bool) (File, error) // to read, or to read and write; never creates
	Create(name string) (File, error)       // to write, empty
	Rename(from, to string) error           // replaces to
	Remove(name string) error
	Sync() error // makes creations, renames and removals durable
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	Sync() error // fdatasync(2): the content, and the size if it changed
	Truncate(size int64) error
	Close() error
}

// FileInfo is a name and its size in bytes.
type FileInfo struct {
	Name string
	Size int64
}

// HeldError says that another process writes to the directory. PID is 0 when it cannot be told.
type HeldError struct{ PID int }

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return "in use by another process"
	}
	return fmt.Sprintf("in use by process %d", e.PID)
}

const pidName = "journal.pid"

// Dir is a directory of this host.
func Dir(path string) FS { return osFS{path} }

// osFS is a directory of the host.
type osFS struct{ dir string }

func (d osFS) path(name string) string { return filepath.Join(d.dir, name) }

func (d osFS) Make() error { return os.MkdirAll(d.dir, 0o750) }

// Lock takes flock(2) on the directory itself: it needs no write access, and no file that somebody could remove.
func (d osFS) Lock() (io.Closer, error) {
	f, err := os.Open(d.dir)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		err = errors.Join(err, f.Close())
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &HeldError{PID: d.holder()}
		}
		return nil, fmt.Errorf("flock %s: %w", d.dir, err)
	}
	pid := strconv.Itoa(os.Getpid()) + "\n"
	// Only a courtesy to whom the lock keeps out; what keeps us from writing shows soon enough.
	_ = os.WriteFile(d.path(pidName), []byte(pid), 0o640)
	return f, nil
}

func flock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := raw.Control(func(fd uintptr) { locked = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return err
	}
	return locked
}

func (d osFS) holder() int {
	text, err := os.ReadFile(d.path(pidName))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

func (d osFS) List() ([]FileInfo, error) {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	var files []FileInfo
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		files = append(files, FileInfo{Name: e.Name(), Size: info.Size()})
	}
	return files, nil
}

func (d osFS) Open(name string, w bool) (File, error) {
	if w {
		return asFile(os.OpenFile(d.path(name), os.O_RDWR, 0))
	}
	return asFile(os.Open(d.path(name)))
}

func (d osFS) Create(name string) (File, error) {
	return asFile(os.OpenFile(d.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o640))
}

func (d osFS) Rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }

func (d osFS) Remove(name string) error { return os.Remove(d.path(name)) }

func (d osFS) Sync() error {
	f, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

type osFile struct{ *os.File }

func asFile(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) Sync() error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var synced error
	if err := raw.Control(func(fd uintptr) { synced = ignoringEINTR(func() error { return unix.Fdatasync(int(fd)) }) }); err != nil {
		return err
	}
	if synced != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: synced}
	}
	return nil
}

// ignoringEINTR repeats a call that Go's own preemption signals interrupted.
func ignoringEINTR(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
