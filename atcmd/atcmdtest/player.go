package atcmdtest

import (
	"fmt"
	"io"
	"time"
)

// Player is a transport behind which a transcript plays the modem: it waits for what the transcript expects to be sent,
// and answers with what it recorded. When the transcript is over it is silent.
type Player struct {
	io.ReadWriteCloser // the host's end

	modem io.ReadWriteCloser
	done  chan struct{} // closed when the transcript is over
	err   error         // readable then
}

// NewPlayer starts to play a transcript.
func NewPlayer(t *Transcript) *Player {
	host, modem := Pipe()
	p := &Player{ReadWriteCloser: host, modem: modem, done: make(chan struct{})}
	go p.play(t)
	return p
}

// play is the life of the goroutine that is the modem. It ends with the transcript, or when the host closes its end.
func (p *Player) play(t *Transcript) {
	defer close(p.done)
	for i, s := range t.Steps {
		if p.err = p.step(s); p.err != nil {
			p.err = fmt.Errorf("%s: step %d: %w", t.Name, i+1, p.err)
			return
		}
	}
}

func (p *Player) step(s Step) error {
	for _, chunk := range s.Chunks {
		if _, err := p.modem.Write(chunk); err != nil {
			return fmt.Errorf("not taken by the host: %q", chunk)
		}
	}
	if s.Wait > 0 {
		<-time.After(s.Wait)
	}
	got := make([]byte, len(s.Send))
	if n, err := io.ReadFull(p.modem, got); err != nil {
		return fmt.Errorf("the host sent %q, expected %q", got[:n], s.Send)
	}
	if string(got) != string(s.Send) {
		return fmt.Errorf("the host sent %q, expected %q", got, s.Send)
	}
	return nil
}

// Close closes the host's end and waits for the modem to notice. It fails if the dialogue differed from the transcript
// or was not played to its end.
func (p *Player) Close() error {
	p.ReadWriteCloser.Close()
	<-p.done
	return p.err
}
