//go:build linux

package atcmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// DefaultBaud is used when OpenSerial is given 0. USB ports ignore the speed.
const DefaultBaud = 115200

// serialPort is a tty with the settings and the exclusivity of go.bug.st/serial. The bytes go through a second, own
// descriptor of the same tty, because that library (v1.8.0) has no way to end a blocked Write, reports a
// lost device and its own Close alike, closes the descriptor before its reader has left, and passes it on to children.
// The own one is non-blocking, so it is served by Go's poller: Close ends Read and Write at once. It also holds the
// flock, which binds root too, as TIOCEXCL does not.
type serialPort struct {
	path string
	file *os.File
	line serial.Port
}

// OpenSerial opens a serial port, 8N1 without flow control, and takes it for this process alone. The path may be a
// symbolic link or a pty. Errors are *PortError.
//
// DTR and RTS are left as the kernel sets them on opening, asserted: a pty has none, and to lower them may hang up or
// put the module to sleep. HUPCL is cleared, so that closing the port does not lower DTR either.
func OpenSerial(path string, baud int) (Transport, error) {
	if baud == 0 {
		baud = DefaultBaud
	}
	if baud < 0 { // the library would cast it to an unsigned speed
		return nil, &PortError{Path: path, Reason: ReasonFailed, Err: fmt.Errorf("%d baud: %w", baud, unix.EINVAL)}
	}
	node, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, portError(path, path, err)
	}
	fd, err := unix.Open(node, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, portError(path, node, err)
	}
	file := os.NewFile(uintptr(fd), path)
	if err := claim(fd, node); err != nil {
		file.Close()
		return nil, portError(path, node, err)
	}
	line, err := openLine(node, baud)
	if err != nil {
		file.Close()
		return nil, portError(path, node, err)
	}
	prepare(fd)
	return &serialPort{path: path, file: file, line: line}, nil
}

// claim makes sure that fd is a tty and that nobody else uses it. Programs that only open a port are found among the
// open files, as far as our rights go. On a pty that is not asked: a simulator may keep the slave side open itself.
func claim(fd int, node string) error {
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
		return err
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	if isPTY(fd) {
		return nil
	}
	if excl, err := unix.IoctlGetInt(fd, unix.TIOCGEXCL); err == nil && excl != 0 {
		return unix.EBUSY
	}
	if findOpener("/proc", node) != "" {
		return unix.EBUSY
	}
	return nil
}

// isPTY reports whether fd is a pty slave: character majors 136 to 143 (Linux Documentation/admin-guide/devices.txt).
func isPTY(fd int) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	major := unix.Major(uint64(st.Rdev))
	return 136 <= major && major <= 143
}

// openLine opens the node through the library, and keeps what it opens, the tty and a pipe, from being inherited by
// children. What was inheritable before, such as sockets of systemd, is left alone.
func openLine(node string, baud int) (serial.Port, error) {
	before := inheritable()
	line, err := serial.Open(node, &serial.Mode{BaudRate: baud, DataBits: 8})
	for fd := range inheritable() {
		if !before[fd] {
			unix.CloseOnExec(fd)
		}
	}
	return line, err
}

// inheritable is the set of descriptors that are not close-on-exec. Without /proc it is empty, and children inherit
// what the library opens.
func inheritable() map[int]bool {
	fds := make(map[int]bool)
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			fds[fd] = true
		}
	}
	return fds
}

// prepare does what only improves matters: no hang-up on close, and no bytes from before our time.
func prepare(fd int) {
	if t, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil && t.Cflag&unix.HUPCL != 0 {
		t.Cflag &^= unix.HUPCL
		unix.IoctlSetTermios(fd, unix.TCSETS, t)
	}
	unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
}

func (p *serialPort) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	return n, p.wrap(err)
}

func (p *serialPort) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	return n, p.wrap(err)
}

// Close drops what was not sent yet, because close would otherwise wait up to 30 s for a modem that takes nothing.
func (p *serialPort) Close() error {
	p.line.ResetOutputBuffer()
	err := p.file.Close()
	return p.wrap(errors.Join(err, p.line.Close()))
}

// wrap tells a port that was closed from one that was lost. A tty that was hung up reads as end of file.
func (p *serialPort) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrClosed):
		return fmt.Errorf("%s: %w", p.path, ErrClosed)
	case errors.Is(err, io.EOF):
		err = errors.New("hung up")
	}
	return &PortError{Path: p.path, Reason: ReasonGone, Err: fmt.Errorf("%w: %w", ErrGone, err)}
}

// portError gives a failure to open its reason.
func portError(path, node string, err error) *PortError {
	e := &PortError{Path: path, Reason: reasonOf(err), Err: err}
	if e.Reason == ReasonBusy {
		e.Holder = findHolder(node)
	}
	return e
}

func reasonOf(err error) Reason {
	var library *serial.PortError
	if errors.As(err, &library) {
		switch library.Code() {
		case serial.PortBusy:
			return ReasonBusy
		case serial.PermissionDenied:
			return ReasonPermission
		case serial.PortNotFound:
			return ReasonMissing
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ReasonMissing
	case errors.Is(err, unix.EACCES):
		return ReasonPermission
	case errors.Is(err, unix.EPERM): // the device cgroup; a missing right of the file is EACCES
		return ReasonSandbox
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EWOULDBLOCK):
		return ReasonBusy
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EISDIR), errors.Is(err, unix.EINVAL):
		return ReasonNotATTY
	case errors.Is(err, unix.EIO), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return ReasonGone
	}
	return ReasonFailed
}
