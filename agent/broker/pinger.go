package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho/log"
)

// pinger gives a sign of life when nothing else was sent or heard for the keep-alive time, and whenever check says so. paho's own
// gives the broker a whole keep-alive to answer: with 15 minutes, a device whose address changed would hear nothing for half an
// hour. This one gives it half a minute.
type pinger struct {
	check chan struct{} // room for one
	heard chan struct{} // room for one

	mu             sync.Mutex // guards what follows
	sent, received time.Time
}

func newPinger(check chan struct{}) *pinger {
	return &pinger{check: check, heard: make(chan struct{}, 1)}
}

var errSilent = errors.New("the broker has not answered for half a minute")

// Run serves one connection until ctx ends. The connection is a new one, so what was asked of the one before is void.
func (p *pinger) Run(ctx context.Context, conn net.Conn, keepAlive uint16) error {
	interval := time.Duration(keepAlive) * time.Second
	if interval == 0 {
		interval = 1<<63 - 1 // the broker does not want any; check still works
	}
	drain(p.check)
	p.mu.Lock()
	p.sent, p.received = time.Now(), time.Now()
	p.mu.Unlock()
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.check:
		case <-timer.C:
			if rest := p.quiet(interval); rest > 0 {
				timer.Reset(rest)
				continue
			}
		}
		if err := p.ping(ctx, conn); err != nil {
			return err
		}
		timer.Reset(interval)
	}
}

// quiet is how much of the interval is left until both sides, or one of them, were quiet for all of it.
func (p *pinger) quiet(interval time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.sent
	if p.received.Before(last) {
		last = p.received
	}
	return time.Until(last.Add(interval))
}

// ping asks, and waits until anything is heard.
func (p *pinger) ping(ctx context.Context, conn net.Conn) error {
	drain(p.heard)
	conn.SetWriteDeadline(time.Now().Add(answerTime)) //nolint:errcheck // the write tells
	if _, err := packets.NewControlPacket(packets.PINGREQ).WriteTo(conn); err != nil {
		return fmt.Errorf("sending a sign of life: %w", err)
	}
	conn.SetWriteDeadline(time.Time{}) //nolint:errcheck // likewise
	p.PacketSent()
	timer := time.NewTimer(answerTime)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-p.heard:
		return nil
	case <-timer.C:
		return errSilent
	}
}

// PacketSent is paho's word that something was sent.
func (p *pinger) PacketSent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = time.Now()
}

// PacketReceived is paho's word that something came, the answer to a ping included.
func (p *pinger) PacketReceived() {
	p.mu.Lock()
	p.received = time.Now()
	p.mu.Unlock()
	signal(p.heard)
}

// PingResp adds nothing to PacketReceived.
func (p *pinger) PingResp() {}

// SetDebug is part of paho's interface.
func (p *pinger) SetDebug(log.Logger) {}

func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
