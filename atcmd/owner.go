package atcmd

import (
	"fmt"
	"io"
	"time"
)

// owner is what belongs to who has taken it out of Port.seat.
type owner struct {
	*Port
	engine  engine
	command string // the open one, masked
	secret  bool   // its answer, too
	alarm   alarm
}

// take gives the engine to the caller, who must put it back into seat. It is nil when the port has ended.
func (p *Port) take() *owner {
	select {
	case w := <-p.seat:
		return w
	case <-p.done:
		return nil
	}
}

// step feeds the engine.
func (p *Port) step(in input) {
	if w := p.take(); w != nil {
		w.step(in)
		p.seat <- w
	}
}

// read is the life of the reading goroutine.
func (p *Port) read(left chan<- struct{}) {
	defer close(left)
	buf := make([]byte, readSize)
	for p.Err() == nil {
		n, err := p.t.Read(buf)
		if n > 0 {
			p.step(input{kind: inBytes, data: buf[:n]})
		}
		if err != nil {
			p.fail(lost(err)) // after Close this is not the first cause
		}
	}
}

// keep is the life of the goroutine that keeps the time. In the end it keeps the engine, so that nobody sends URCs any
// more, and closes their channel.
func (p *Port) keep(readerLeft <-chan struct{}) {
	defer close(p.left)
	var ring <-chan time.Time
	for p.Err() == nil {
		rang := false
		select {
		case <-ring:
			rang = true
		case <-p.nudge:
		case <-p.done:
			continue
		}
		if w := p.take(); w != nil {
			ring = w.setAlarm(rang)
			p.seat <- w
		}
	}
	w := <-p.seat
	w.alarm.clear()
	w.guard.stop()
	close(p.urcs)
	<-readerLeft
}

// setAlarm sets the alarm to the engine's deadline. When it has rung, the engine is told first.
func (w *owner) setAlarm(rang bool) <-chan time.Time {
	if rang {
		w.alarm.clear()
		w.step(input{kind: inTick})
	}
	w.alarm.set(w.clock.Now(), w.engine.deadline())
	return w.alarm.c
}

// step feeds the engine and does what it wants done.
func (w *owner) step(in input) {
	if in.kind == inCommand {
		w.command, w.secret = maskText(in.cmd.Text, in.cmd.Secret), in.cmd.Secret
	}
	now := w.clock.Now()
	outs := w.engine.step(now, in)
	w.resyncing.Store(w.engine.state == draining || w.engine.state == probing)
	w.record(now, outs)
	for i := range outs {
		w.do(&outs[i])
	}
	if w.alarm.isLate(w.engine.deadline()) {
		select {
		case w.nudge <- struct{}{}:
		default: // the keeper has not seen the last one yet
		}
	}
}

func (w *owner) do(out *output) {
	switch out.kind {
	case outWrite:
		w.write(out.data)
	case outDone:
		w.results <- result{out.reply, out.err}
		if w.engine.state == idle {
			w.ready <- struct{}{}
		}
	case outSynced:
		w.ready <- struct{}{}
	case outURC:
		w.deliver(out.line)
	case outDead:
		w.fail(fmt.Errorf("%w: %d probes in %s went unanswered", ErrDead, maxProbes, out.reply.Took.Round(time.Millisecond)))
	}
}

// write sends everything, or ends the port.
func (w *owner) write(data []byte) {
	w.guard.begin()
	defer w.guard.end()
	for len(data) > 0 {
		n, err := w.t.Write(data)
		if err == nil && n <= 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			w.fail(lost(err))
			return
		}
		data = data[n:]
	}
}

// deliver puts a line into the queue, if necessary in the place of the oldest.
func (w *owner) deliver(line string) {
	for {
		select {
		case w.urcs <- line:
			return
		default:
		}
		select {
		case <-w.urcs:
			w.dropped.Add(1)
		default: // the user was quicker
		}
	}
}

// record publishes trace and counters before anybody is told, so that who has a reply finds its exchange.
func (w *owner) record(now time.Time, outs []output) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range outs {
		out := &outs[i]
		switch out.kind {
		case outDone:
			e := Exchange{Time: now, Kind: ExchangeCommand, Command: w.command, Lines: out.reply.Lines,
				Final: out.reply.Final, Took: out.reply.Took}
			if out.err != nil && out.err.Err != nil {
				e.Err = out.err.Err.Error()
			}
			w.trace.add(e, w.secret)
		case outURC:
			w.trace.add(Exchange{Time: now, Kind: ExchangeURC, Lines: []string{out.line}}, false)
		case outLate:
			w.trace.add(Exchange{Time: now, Kind: ExchangeLate, Lines: []string{out.line}}, false)
		case outSynced:
			w.trace.add(Exchange{Time: now, Kind: ExchangeResync, Took: out.reply.Took}, false)
		case outDead:
			w.trace.add(Exchange{Time: now, Kind: ExchangeResync, Took: out.reply.Took, Err: ErrDead.Error()}, false)
		}
	}
	w.stats = w.engine.stats
	w.publish()
}
