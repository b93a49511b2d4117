package broker

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pinged is a pinger on a connection whose other side counts what comes, and answers if it is told to.
func pinged(t *testing.T, answers bool, then func(p *pinger, pings *atomic.Int64, end <-chan error)) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		p, end, pings := newPinger(make(chan struct{}, 1)), make(chan error, 1), &atomic.Int64{}
		go func() {
			for b := make([]byte, 2); ; pings.Add(1) {
				if _, err := far.Read(b); err != nil {
					return
				}
				if answers {
					p.PacketReceived()
				}
			}
		}()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { end <- p.Run(ctx, near, 900) }()
		synctest.Wait()
		then(p, pings, end)
		cancel()
		far.Close()
		synctest.Wait()
	})
}

// A quiet day has a sign of life each quarter of an hour; one that was asked for comes at once.
func TestPingerQuietDay(t *testing.T) {
	pinged(t, true, func(p *pinger, pings *atomic.Int64, _ <-chan error) {
		<-time.After(24*time.Hour + time.Second) // virtual time
		if n := pings.Load(); n != 96 {
			t.Errorf("%d signs of life in a day", n)
		}
		signal(p.check)
		synctest.Wait()
		if n := pings.Load(); n != 97 {
			t.Errorf("%d when asked", n)
		}
	})
}

// What is sent and answered anyway makes a sign of life needless; what is sent and not answered does not.
func TestPingerTraffic(t *testing.T) {
	pinged(t, true, func(p *pinger, pings *atomic.Int64, _ <-chan error) {
		for range 12 {
			<-time.After(10 * time.Minute) // virtual time
			p.PacketSent()
			p.PacketReceived()
		}
		if n := pings.Load(); n != 0 {
			t.Errorf("%d beside other traffic", n)
		}
		for range 12 {
			<-time.After(10 * time.Minute) // virtual time
			p.PacketSent()
		}
		if n := pings.Load(); n < 6 {
			t.Errorf("%d while nothing was heard", n)
		}
	})
}

// A connection that leads nowhere is given up half a minute after the question.
func TestPingerSilence(t *testing.T) {
	pinged(t, false, func(p *pinger, _ *atomic.Int64, end <-chan error) {
		signal(p.check)
		asked := time.Now()
		if err := <-end; !errors.Is(err, errSilent) || time.Since(asked) != answerTime {
			t.Errorf("%v after %v", err, time.Since(asked))
		}
	})
}

// News of the path ends a wait for the broker, but not one for a person.
func TestCheckEndsWaiting(t *testing.T) {
	for trouble, hurries := range map[Trouble]bool{unreachable: true, unknownCA: false} {
		synctest.Test(t, func(t *testing.T) {
			c, err := New(Options{URL: "mqtt://127.0.0.1", ClientID: "device"})
			if err != nil {
				t.Fatal(err)
			}
			c.pause.tried = true
			for range 8 {
				c.pause.failed(trouble)
			}
			begin, waited := time.Now(), make(chan time.Duration, 1)
			go func() {
				rest := c.wait(t.Context())
				waited <- time.Since(begin) + rest
			}()
			synctest.Wait()
			c.Check()
			d := <-waited
			if d < shortest || (d <= hurrySpread+shortest) != hurries {
				t.Errorf("%s: waited %v", trouble.Code, d)
			}
		})
	}
}
