// Package relay stands where KORE's webhook can reach it, and passes each connection event on to the SIM it is about, through a
// broker. It loses nothing that it has answered with 2xx: an event is on disk first (Spool), and stays there until the broker has
// acknowledged it and for a while longer, because a broker that is killed may forget what it acknowledged since it last saved.
// What goes out twice for that, the device knows by its event_sid.
//
// Several relays may stand behind a load balancer; they need not know of each other. Beside passing on, a relay keeps what is
// known of each device (Fleet), and judges those that are silent.
//
// Where events come from is an Input: the webhook is one, a consumer of another stream would be another.
package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/cloud"
)

// Input is a source whose batches have a Body.
type Input = cloud.Source

// Broker is where events go.
type Broker interface {
	Run(ctx context.Context) error
	Publish(ctx context.Context, m broker.Message) error
	Stats() broker.Stats
}

// Options say how a relay works. Spool is required.
type Options struct {
	Spool  *Spool
	Inputs []Input
	Prefix string        // of topics
	Key    []byte        // of cloud.TopicID
	Expiry time.Duration // how long an event waits for its device; 7 days
	Log    func(text string)
	Clock  cloud.Clock
	Again  Again                              // told of new connections
	Took   func(now time.Time, e cloud.Event) // told of each event; may be nil
}

// Relay passes events on. Make it with New, and Run it once.
type Relay struct {
	opts   Options
	broker Broker
	counts counts
	slow   atomic.Bool  // the broker did not answer lately: nobody's answer waits for it
	spoke  atomic.Int64 // unix seconds at which a refusal was last logged
}

// counts are since the start.
type counts struct{ events, published, late, expired, refused, failed atomic.Int64 }

const (
	defaultExpiry = 7 * 24 * time.Hour
	ackTime       = 700 * time.Millisecond // the sender's answer waits for the broker so long; it comes again after 5 s
	drainEvery    = 5 * time.Second
	drainTime     = 30 * time.Second // for the acknowledgement of one that waited
	drainAtOnce   = 100              // in flight, so that fresh ones find room beside them
)

// New returns a relay that does not work yet.
func New(opts Options, b Broker) *Relay {
	if opts.Prefix == "" {
		opts.Prefix = cloud.DefaultTopicPrefix
	}
	if opts.Expiry <= 0 {
		opts.Expiry = defaultExpiry
	}
	if opts.Log == nil {
		opts.Log = func(string) {}
	}
	if opts.Clock == nil {
		opts.Clock = cloud.SystemClock()
	}
	return &Relay{opts: opts, broker: b}
}

// Again is the channel by which a relay is told of a new connection: then everything of late goes out again.
type Again chan struct{}

// Up is for broker.Options.Up.
func (a Again) Up() {
	select {
	case a <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. An input that fails at the start ends it with an error; what is spooled stays.
func (r *Relay) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	running.Go(func() { cancel(r.broker.Run(ctx)) })
	running.Go(func() { r.drain(ctx) })
	for _, in := range r.opts.Inputs {
		running.Go(func() {
			if err := in.Run(ctx, r.take); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// take keeps a batch, publishes it, and returns when it is safe: on disk, and with the broker if that answers in time. An error
// asks the sender to come again.
func (r *Relay) take(ctx context.Context, b cloud.Batch) error {
	pieces, _, err := cloud.Split(b.Body, b.Events, cloud.DefaultLimits())
	if err != nil {
		return err // it was decoded before: this cannot be
	}
	var list []Record
	for _, p := range pieces {
		if p.Event.Test || p.Event.ICCID == "" {
			continue // of no SIM: there is nobody to tell
		}
		list = append(list, Record{Came: b.Received, ICCID: p.Event.ICCID, Payload: p.Raw})
	}
	tickets, err := r.opts.Spool.Append(list)
	if err != nil {
		r.counts.failed.Add(1)
		return fmt.Errorf("spool: %w", err)
	}
	r.counts.events.Add(int64(len(list)))
	if r.opts.Took != nil {
		for _, p := range pieces {
			r.opts.Took(b.Received, p.Event)
		}
	}
	r.send(ctx, tickets, list)
	return nil // what was not acknowledged is the drain's now
}

// send publishes fresh records, and returns when the broker has answered or the sender has waited long enough. A broker that is
// connected and does not answer costs one post that time, not every one: few are taken at once, and others would be turned away.
func (r *Relay) send(ctx context.Context, tickets []Ticket, list []Record) {
	if r.slow.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	var sending sync.WaitGroup
	for i, rec := range list {
		sending.Go(func() { r.publish(ctx, tickets[i], rec) })
	}
	sending.Wait()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		r.slow.Store(true)
	}
}

// publish passes one record on. What is too old is dropped; what the broker refuses rests until somebody may have mended that.
// false means that the broker did not answer.
func (r *Relay) publish(ctx context.Context, t Ticket, rec Record) bool {
	left := r.opts.Expiry - max(0, r.opts.Clock.Now().Sub(rec.Came))
	if left < time.Second { // a message expires after whole seconds, and 0 would be never
		r.counts.expired.Add(1)
		r.opts.Spool.Acked(r.opts.Clock.Now(), t)
		return true
	}
	err := r.broker.Publish(ctx, broker.Message{Topic: cloud.EventsTopic(r.opts.Prefix, cloud.TopicID(rec.ICCID, r.opts.Key)),
		Payload: rec.Payload, Expiry: left, Retain: true}) // so that a device that comes for the first time has the newest
	refused, ok := errors.AsType[*broker.RefusedError](err)
	switch {
	case err == nil:
		r.counts.published.Add(1)
		r.slow.Store(false)
		r.opts.Spool.Acked(r.opts.Clock.Now(), t)
		return true
	case ok && refused.Trouble.Mend:
		r.counts.refused.Add(1)
		r.opts.Spool.Refused(r.opts.Clock.Now(), t)
		r.tell(rec.ICCID, refused)
		return true
	}
	return false
}

// tell logs a refusal, one a minute: a wrong access list refuses thousands.
func (r *Relay) tell(iccid string, e *broker.RefusedError) {
	now, last := r.opts.Clock.Now().Unix(), r.spoke.Load()
	if now-last >= 60 && r.spoke.CompareAndSwap(last, now) {
		r.opts.Log(fmt.Sprintf("the broker does not take an event for SIM …%s, and perhaps for others: %s. %s",
			tail(iccid), e.Trouble.Code, e.Trouble.Hint))
	}
}

// tail is what of an identifier may stand in a log.
func tail(iccid string) string { return iccid[max(0, len(iccid)-4):] }

// drain publishes what waits in the spool until ctx ends: what the broker did not acknowledge at once, and on a new connection
// also what it may have forgotten, until that has all gone out.
func (r *Relay) drain(ctx context.Context) {
	for again := false; ; {
		timer, stop := r.opts.Clock.NewTimer(drainEvery)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-r.opts.Again:
			again = true
		case <-timer:
		}
		stop()
		now := r.opts.Clock.Now()
		err := r.opts.Spool.Sweep(now)
		if st := r.opts.Spool.Stats(); (again || st.Waiting > 0) && r.broker.Stats().State == "connected" {
			whole, e := r.drainOnce(ctx, now, again)
			again, err = again && !whole, errors.Join(err, e)
		}
		if err != nil {
			r.opts.Log("spool: " + err.Error())
		}
	}
}

// drainOnce goes through the spool once, a bounded number at a time. It ends early, and is not whole, when the broker goes away.
func (r *Relay) drainOnce(ctx context.Context, now time.Time, again bool) (whole bool, err error) {
	room := make(chan struct{}, drainAtOnce)
	var failed atomic.Bool
	var sending sync.WaitGroup
	err = r.opts.Spool.Waiting(now, again, func(t Ticket, rec Record) bool {
		if failed.Load() || ctx.Err() != nil {
			return false
		}
		if age := now.Sub(rec.Came); !again && age >= 0 && age < 2*ackTime {
			return true // it is under way
		}
		room <- struct{}{}
		sending.Go(func() {
			defer func() { <-room }()
			ctx, cancel := context.WithTimeout(ctx, drainTime)
			defer cancel()
			r.counts.late.Add(1)
			if !r.publish(ctx, t, rec) {
				failed.Store(true)
			}
		})
		return true
	})
	sending.Wait()
	return err == nil && ctx.Err() == nil && !failed.Load(), err
}
