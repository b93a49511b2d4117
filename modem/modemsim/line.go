package modemsim

import (
	"math/rand/v2"
	"slices"
	"time"
)

// line is the module's side of the serial line. It is harder than life: what is written leaves in random pieces,
// unsolicited lines land between, inside and glued to answers. Every die is thrown from the scenario's seed.
type line struct {
	c       *core
	dice    *rand.Rand
	pieces  []piece // whole lines not yet begun
	partial []byte  // begun
	held    []string
	pump    *task
	release *task

	cut      bool // the next answer stops in its middle, and the module with it
	hung     bool // neither hears nor answers
	mute     bool // hears, but nothing arrives
	dropping bool // loses a byte now and then
	noisy    bool
}

// piece is text that nothing may be put into.
type piece struct {
	text string
	urc  bool
}

func frame(text string) string { return "\r\n" + text + "\r\n" }

// echo sends back what was typed.
func (l *line) echo(text string) { l.add(piece{text: text}) }

// answer sends the information lines and the final result of one command.
func (l *line) answer(lines []string, final string) {
	if l.cut {
		l.cutShort(lines, final)
		return
	}
	for _, text := range lines {
		l.add(piece{text: frame(text)})
	}
	if final != "" {
		l.add(piece{text: frame(final)})
	}
	l.mingle()
}

// cutShort sends about half of an answer and hangs.
func (l *line) cutShort(lines []string, final string) {
	var whole string
	for _, text := range append(slices.Clone(lines), final) {
		whole += frame(text)
	}
	l.add(piece{text: whole[:len(whole)/2]})
	l.cut = false
	l.c.in(100*time.Millisecond, l.hang)
}

// unsolicited sends a line that nobody asked for, or keeps it back a moment so that it meets an answer: modules hold
// such lines while their interface is busy and release them in a bunch (R5SYS).
func (l *line) unsolicited(text string) {
	if l.c.live.Module.Interleave && (len(l.held) > 0 || l.dice.IntN(3) == 0) {
		l.held = append(l.held, text)
		if len(l.held) == 1 {
			l.release = l.c.in(between(l.dice, 20*time.Millisecond, 300*time.Millisecond), l.mingle)
		}
		return
	}
	l.add(piece{text: frame(text), urc: true})
}

// mingle puts the lines kept back into the queue, anywhere after the last unsolicited one: their order stays.
func (l *line) mingle() {
	if len(l.held) == 0 {
		return
	}
	l.release.stop()
	held := l.held
	l.held = nil
	for _, text := range held {
		from := 0
		for i, p := range l.pieces {
			if p.urc {
				from = i + 1
			}
		}
		place := from + l.dice.IntN(len(l.pieces)-from+1)
		l.pieces = slices.Insert(l.pieces, place, piece{text: frame(text), urc: true})
	}
	l.start()
}

func (l *line) add(p piece) {
	if l.hung {
		return
	}
	l.pieces = append(l.pieces, p)
	l.start()
}

// start plans the next write unless one is planned. Without fragments everything of this instant goes in one write.
func (l *line) start() {
	if l.pump != nil || len(l.pieces) == 0 && len(l.partial) == 0 {
		return
	}
	var wait time.Duration
	if l.c.live.Module.Fragments {
		wait = between(l.dice, 0, 6*time.Millisecond)
	}
	l.pump = l.c.in(wait, l.write)
}

// write sends the next bytes.
func (l *line) write() {
	l.pump = nil
	if len(l.partial) == 0 {
		n := len(l.pieces)
		if l.c.live.Module.Fragments && n > 0 {
			n = 1 + l.dice.IntN(n)
		}
		for _, p := range l.pieces[:n] {
			l.partial = append(l.partial, p.text...)
		}
		l.pieces = l.pieces[n:]
	}
	n := len(l.partial)
	if l.c.live.Module.Fragments && n > 1 && l.dice.IntN(2) == 0 {
		n = 1 + l.dice.IntN(n)
	}
	l.send(l.partial[:n])
	l.partial = l.partial[n:]
	l.start()
}

// send is the wire, with its faults.
func (l *line) send(text []byte) {
	if l.mute || l.c.other.present() || len(text) == 0 {
		return
	}
	out := make([]byte, 0, len(text))
	for _, b := range text {
		if l.dropping && l.dice.IntN(25) == 0 {
			continue
		}
		out = append(out, b)
	}
	if len(out) > 0 {
		l.c.effects = append(l.c.effects, effect{write: out})
	}
}

// noise writes short bursts of random bytes until noisy is taken back.
func (l *line) noise() {
	l.noisy = true
	l.burst()
}

func (l *line) burst() {
	if !l.noisy {
		return
	}
	out := make([]byte, 1+l.dice.IntN(24))
	for i := range out {
		out[i] = byte(l.dice.IntN(256))
	}
	l.send(out)
	l.c.in(between(l.dice, 200*time.Millisecond, 3*time.Second), l.burst)
}

// hang makes the module deaf and dumb until it is reset, loses power, or wakes.
func (l *line) hang() {
	if l.hung {
		return
	}
	l.c.say("fault", "the module hangs")
	l.reset()
	l.hung = true
}

// wake ends a hang.
func (l *line) wake() { l.hung, l.cut = false, false }

// reset drops what has not left yet.
func (l *line) reset() {
	l.pump.stop()
	l.release.stop()
	l.pump, l.release = nil, nil
	l.pieces, l.partial, l.held = nil, nil, nil
}
