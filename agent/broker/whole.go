package broker

import (
	"net"
	"sync"
)

// whole sends each packet in one piece. paho writes a packet part by part, and each part would be a TLS record and a TCP segment
// of its own: 74 bytes more, times three or four, and as many system calls. paho holds the lock while it writes one packet.
type whole struct {
	net.Conn

	mu  sync.Mutex // guards what follows; Lock and Unlock are for paho
	buf []byte
	err error // of the last packet
}

// keepBuffer is up to which size the buffer is kept for the next packet.
const keepBuffer = 16 << 10

func (w *whole) Lock() { w.mu.Lock() }

// Write takes a part of a packet. The lock is held.
func (w *whole) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	w.buf = append(w.buf, b...)
	return len(b), nil
}

// Unlock sends the packet. paho does not learn whether that failed, so the connection ends with it.
func (w *whole) Unlock() {
	defer w.mu.Unlock()
	if len(w.buf) > 0 && w.err == nil {
		if _, w.err = w.Conn.Write(w.buf); w.err != nil {
			w.Conn.Close()
		}
	}
	if w.buf = w.buf[:0]; cap(w.buf) > keepBuffer {
		w.buf = nil
	}
}
