package atcmdtest

import (
	"io"
	"math/rand/v2"
	"time"
)

// reader is a transport with another way to read.
type reader struct {
	io.ReadWriteCloser
	read func(p []byte) (int, error)
}

func (r *reader) Read(p []byte) (int, error) { return r.read(p) }

// Split delivers at most n bytes per Read.
func Split(t io.ReadWriteCloser, n int) io.ReadWriteCloser {
	return &reader{t, func(p []byte) (int, error) { return t.Read(p[:min(n, len(p))]) }}
}

// Delay delivers each piece d later than it came.
func Delay(t io.ReadWriteCloser, d time.Duration) io.ReadWriteCloser {
	return &reader{t, func(p []byte) (int, error) {
		n, err := t.Read(p)
		<-time.After(d)
		return n, err
	}}
}

// Corrupt replaces each byte that is read, with the given probability, by a random one.
func Corrupt(t io.ReadWriteCloser, rng *rand.Rand, probability float64) io.ReadWriteCloser {
	return &reader{t, func(p []byte) (int, error) {
		n, err := t.Read(p)
		for i := range p[:n] {
			if rng.Float64() < probability {
				p[i] = byte(rng.UintN(256))
			}
		}
		return n, err
	}}
}

// Drop loses each byte that is read with the given probability. A Read of which nothing is left returns (0, nil).
func Drop(t io.ReadWriteCloser, rng *rand.Rand, probability float64) io.ReadWriteCloser {
	return &reader{t, func(p []byte) (int, error) {
		n, err := t.Read(p)
		kept := p[:0]
		for _, b := range p[:n] {
			if rng.Float64() >= probability {
				kept = append(kept, b)
			}
		}
		return len(kept), err
	}}
}
