package atcmdtest

import (
	"io"
	"sync"
)

// pipeDepth is how many writes a pipe holds before Write blocks.
const pipeDepth = 64

// Pipe is a byte stream in memory with two ends, host and modem. What is written to one end is read from the other, in
// the same pieces as far as the reader's buffer allows. When one end is closed, the other reads what is left and then
// io.EOF, and its Write fails with io.ErrClosedPipe.
func Pipe() (host, modem io.ReadWriteCloser) {
	down, up := make(chan []byte, pipeDepth), make(chan []byte, pipeDepth)
	hostGone, modemGone := make(chan struct{}), make(chan struct{})
	return &pipeEnd{in: up, out: down, gone: hostGone, peer: modemGone},
		&pipeEnd{in: down, out: up, gone: modemGone, peer: hostGone}
}

// pipeEnd is one end. Read may be called by one goroutine, Write by another.
type pipeEnd struct {
	in   <-chan []byte
	out  chan<- []byte
	rest []byte // read from in, but not by the caller yet
	gone chan struct{}
	peer <-chan struct{}
	once sync.Once
}

func (e *pipeEnd) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if err := e.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func (e *pipeEnd) receive() error {
	select {
	case <-e.gone:
		return io.ErrClosedPipe
	case e.rest = <-e.in:
		return nil
	case <-e.peer:
		select {
		case e.rest = <-e.in: // sent before it closed
			return nil
		default:
			return io.EOF
		}
	}
}

func (e *pipeEnd) Write(p []byte) (int, error) {
	for _, over := range []<-chan struct{}{e.gone, e.peer} {
		select {
		case <-over:
			return 0, io.ErrClosedPipe
		default:
		}
	}
	select {
	case e.out <- append([]byte(nil), p...):
		return len(p), nil
	case <-e.gone:
	case <-e.peer:
	}
	return 0, io.ErrClosedPipe
}

func (e *pipeEnd) Close() error {
	e.once.Do(func() { close(e.gone) })
	return nil
}
