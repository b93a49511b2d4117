package atcmd

import "time"

const (
	// heardMax bounds Heard.Tail: ten NMEA sentences, or some hundred echoes of a probe.
	heardMax = 1024

	// heardSpurious is how many bytes without a line end say nothing: a module that gets power makes a few by its levels
	// alone.
	heardSpurious = 16
)

// Heard is what came from the other end before it answered its first command: what tells, when it never does, who it is.
type Heard struct {
	Tail        []byte    // the last bytes as they came, echoes and line ends included; at most 1 KiB
	First, Last time.Time // when the first and the last byte came
}

// first collects Heard. It ends for good with the first successful answer, and with a command that carries a secret,
// whose echo must not be kept.
type first struct {
	heard   Heard
	over    bool
	changed bool // since the owner last published it
}

func (f *first) add(now time.Time, p []byte) {
	if f.over || len(p) == 0 {
		return
	}
	f.changed = true
	h := &f.heard
	if h.First.IsZero() {
		h.First = now
	}
	h.Last = now
	h.Tail = append(h.Tail, p[max(0, len(p)-heardMax):]...)
	if extra := len(h.Tail) - heardMax; extra > 0 {
		h.Tail = append(h.Tail[:0], h.Tail[extra:]...)
	}
}

func (f *first) end() {
	if !f.over {
		*f = first{over: true, changed: true}
	}
}

// holdsSecret reports whether a command's echo would show what Mask hides.
func (c *Cmd) holdsSecret() bool { return c.Secret || Mask(c.Text) != c.Text }

// publish copies what is new for the reader of Heard; the port's mutex is held.
func (w *owner) publish() {
	f := &w.engine.first
	if !f.changed {
		return
	}
	f.changed = false
	w.heard = Heard{Tail: append(w.heard.Tail[:0], f.heard.Tail...), First: f.heard.First, Last: f.heard.Last}
}

// Heard gives what came before the first successful answer on this port. Once there was one, or a secret was sent, it is
// empty; when the port ended without one, it stays readable.
func (p *Port) Heard() Heard {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.heard
	h.Tail = append([]byte(nil), h.Tail...)
	return h
}
