package modemsim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// PTYError says what could not be done with a pseudo terminal.
type PTYError struct {
	Op, Path string
	Err      error
}

func (e *PTYError) Error() string { return fmt.Sprintf("modemsim: %s %s: %v", e.Op, e.Path, e.Err) }

// Unwrap gives the system's error.
func (e *PTYError) Unwrap() error { return e.Err }

// PTY is a front on a pseudo terminal in raw mode. Its name for the host is a symbolic link that stays the same; the
// host may close and open it as often as it likes. It implements io.ReadWriteCloser for World.Connect.
type PTY struct {
	link   string
	closed chan struct{} // closed by Close

	mu     sync.Mutex // guards master and slave; never held while reading or writing
	master *os.File   // nil while unplugged
	slave  string     // device behind link
}

// How long the reader waits before it looks again for a host, and how long a write may wait for a host that does not
// read. Wall time: a pty is never part of a virtual world.
const (
	hostPoll  = 20 * time.Millisecond
	writeWait = 50 * time.Millisecond
)

// OpenPTY makes a pty and the link to it. A link that is there already is replaced; any other file is not.
func OpenPTY(link string) (*PTY, error) {
	p := &PTY{link: link, closed: make(chan struct{})}
	if err := p.Plug(); err != nil {
		return nil, err
	}
	return p, nil
}

// Path is the name for the host.
func (p *PTY) Path() string { return p.link }

// Plug makes the port appear. It does nothing when it is there.
func (p *PTY) Plug() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.master != nil {
		return nil
	}
	master, slave, err := openMaster()
	if err != nil {
		return &PTYError{"open", "/dev/ptmx", err}
	}
	if err := relink(slave, p.link); err != nil {
		_ = master.Close() // the link's error is the one to tell
		return &PTYError{"link", p.link, err}
	}
	p.master, p.slave = master, slave
	return nil
}

// Unplug makes the port vanish, as USB does: the link is gone when the host's reads end.
func (p *PTY) Unplug() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.master == nil {
		return nil
	}
	var err error
	if target, e := os.Readlink(p.link); e == nil && target == p.slave {
		err = os.Remove(p.link)
	}
	err = errors.Join(err, p.master.Close())
	p.master = nil
	return err
}

// Close unplugs for good.
func (p *PTY) Close() error {
	err := p.Unplug()
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return err
}

// current is the master now, nil while unplugged.
func (p *PTY) current() *os.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.master
}

// Read waits for the host's bytes. No host (EIO) and no port only make it wait longer; io.EOF comes after Close.
func (p *PTY) Read(b []byte) (int, error) {
	for {
		if f := p.current(); f != nil {
			n, err := f.Read(b)
			if n > 0 || err == nil {
				return n, nil
			}
		}
		select {
		case <-p.closed:
			return 0, io.EOF
		case <-time.After(hostPoll):
		}
	}
}

// Write sends to the host. Without a host, or when the host does not read, bytes are lost as on a wire.
func (p *PTY) Write(b []byte) (int, error) {
	f := p.current()
	if f == nil || !hostThere(f) {
		return len(b), nil
	}
	if err := f.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return len(b), nil // unplugged in between
	}
	_, err := f.Write(b)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, os.ErrClosed) && !errors.Is(err, unix.EIO) {
		return 0, &PTYError{"write", p.link, err}
	}
	return len(b), nil
}

// openMaster opens a new pty pair and leaves the slave raw and closed: the master then reads EIO until a host opens it.
// SyscallConn instead of Fd keeps the file with Go's poller: Fd would make reads block for ever, also after Close.
func openMaster() (master *os.File, slave string, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", err
	}
	var number int
	err = control(master, func(fd int) error {
		if e := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); e != nil {
			return e
		}
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	slave = fmt.Sprintf("/dev/pts/%d", number)
	if err == nil {
		err = makeRaw(slave)
	}
	if err != nil {
		_ = master.Close() // err is the one to tell
		return nil, "", err
	}
	return master, slave, nil
}

// makeRaw opens the slave once to take the terminal's habits away: no echo, no line editing, no signals.
func makeRaw(slave string) error {
	f, err := os.OpenFile(slave, os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	err = control(f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return err
		}
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B115200
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		return unix.IoctlSetTermios(fd, unix.TCSETS, t)
	})
	return errors.Join(err, f.Close())
}

// hostThere reports whether somebody has the slave open.
func hostThere(f *os.File) bool {
	there := false
	_ = control(f, func(fd int) error { // an error leaves there false
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		_, err := unix.Poll(fds, 0)
		there = err == nil && fds[0].Revents&unix.POLLHUP == 0
		return err
	})
	return there
}

func control(f *os.File, do func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = do(int(fd)) })
	return errors.Join(err, inner)
}

// relink points link at target in one step, so that a host never finds it missing.
func relink(target, link string) error {
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("is there and is not a symbolic link: %w", os.ErrExist)
	}
	fresh := filepath.Join(filepath.Dir(link), fmt.Sprintf(".%s.%d", filepath.Base(link), os.Getpid()))
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, link); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return nil
}
