package modemsim

import (
	"io"
	"sync"
)

// front is the module's end of one connection. It lives as long as the connection: a goroutine reads, another writes,
// so that a host that does not read never stops the world.
type front struct {
	rw   io.ReadWriteCloser
	out  chan []byte   // to write; Run sends, write takes
	done chan struct{} // closed by close
	once sync.Once
}

// A host that does not read loses what does not fit, as on a UART without flow control.
const frontQueue = 1024

func newFront(rw io.ReadWriteCloser) *front {
	return &front{rw: rw, out: make(chan []byte, frontQueue), done: make(chan struct{})}
}

// start serves the connection until it is closed. input gets the host's bytes in order.
func (f *front) start(group *sync.WaitGroup, input func([]byte)) {
	group.Add(2)
	go func() {
		defer group.Done()
		f.read(input)
	}()
	go func() {
		defer group.Done()
		f.write()
	}()
}

func (f *front) read(input func([]byte)) {
	buf := make([]byte, 4096)
	for {
		n, err := f.rw.Read(buf)
		if n > 0 {
			input(append([]byte(nil), buf[:n]...))
		}
		if err != nil {
			f.close()
			return
		}
	}
}

func (f *front) write() {
	for {
		select {
		case <-f.done:
			return
		case b := <-f.out:
			if _, err := f.rw.Write(b); err != nil {
				f.close()
				return
			}
		}
	}
}

// send queues bytes without ever waiting, and reports whether there was room.
func (f *front) send(b []byte) bool {
	select {
	case f.out <- b:
		return true
	default:
		return false
	}
}

func (f *front) close() {
	f.once.Do(func() {
		close(f.done)
		_ = f.rw.Close() // nobody is left to tell
	})
}
