package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/cloud"
)

// fakeBroker does as the test says.
type fakeBroker struct {
	mu     sync.Mutex
	answer func(n int) error // to the n-th message
	state  string
	got    []broker.Message
	n      int
	last   int // number in the event_sid of the message that is judged
}

func (b *fakeBroker) Run(ctx context.Context) error { <-ctx.Done(); return nil }

func (b *fakeBroker) Publish(ctx context.Context, m broker.Message) error {
	b.mu.Lock()
	n, state := b.n, b.state
	b.n++
	answer := b.answer
	var err error
	if answer != nil {
		fmt.Sscanf(string(m.Payload), `{"event_sid":"EZ%d"`, &b.last) //nolint:errcheck // as eventBody writes it
		err = answer(n)
	}
	b.mu.Unlock()
	if state != "connected" {
		return broker.ErrOffline
	}
	if answer != nil {
		if err != nil {
			if errors.Is(err, errLate) {
				<-ctx.Done()
			}
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, m)
	return nil
}

func (b *fakeBroker) Stats() broker.Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return broker.Stats{State: b.state}
}

func (b *fakeBroker) set(state string, answer func(int) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state, b.answer = state, answer
}

// sids are the event_sids that reached the broker, sorted.
func (b *fakeBroker) sids(t *testing.T) (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.got {
		var e struct {
			SID string `json:"event_sid"`
		}
		if err := json.Unmarshal(m.Payload, &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.TrimLeft(strings.TrimPrefix(e.SID, "EZ"), "0"))
	}
	slices.Sort(list)
	return list
}

var errLate = errors.New("no answer")

// post is the input of a test: it hands bodies to the relay as the webhook does.
type post struct {
	ready chan struct{}
	emit  func(context.Context, cloud.Batch) error
}

func (p *post) Run(ctx context.Context, emit func(context.Context, cloud.Batch) error) error {
	p.emit = emit
	close(p.ready)
	<-ctx.Done()
	return nil
}

const simICCID = "89883070000012345678"

func eventBody(n int) string {
	return fmt.Sprintf(`{"event_sid":"EZ%032d","event_type":"com.kore.iot.supersim.connection.attachment.accepted","sim_iccid":"%s",`+
		`"timestamp":"2026-03-01T12:00:00Z"}`, n, simICCID)
}

// stand is a relay in virtual time.
type stand struct {
	*post
	t      *testing.T
	broker *fakeBroker
	relay  *Relay
	stop   func()
}

func start(t *testing.T, dir string, opts SpoolOptions) *stand {
	b := &stand{post: &post{ready: make(chan struct{})}, t: t, broker: &fakeBroker{state: "connected"}}
	s, err := OpenSpool(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	b.relay = New(Options{Spool: s, Inputs: []Input{b.post}, Again: make(Again, 1)}, b.broker)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := b.relay.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	<-b.ready
	b.stop = func() { cancel(); running.Wait(); s.Close() }
	return b
}

func (b *stand) post1(n int) error {
	return b.emit(context.Background(), cloud.Batch{Body: []byte("[" + eventBody(n) + "]"), Received: time.Now()})
}

// Each row is a broker, and what becomes of a post: whether it is answered with 2xx, and what the broker has in the end.
func TestWhatAPostGets(t *testing.T) {
	refused := &broker.RefusedError{Trouble: broker.Trouble{Code: "not-authorised", Mend: true}}
	for _, test := range []struct {
		name   string
		state  string
		answer func(int) error
		waits  int // records after the answer
	}{
		{"it acknowledges", "connected", nil, 0},
		{"it is away", "waiting", nil, 1},
		{"it does not answer", "connected", func(int) error { return errLate }, 1},
		{"it refuses", "connected", func(int) error { return refused }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, t.TempDir(), SpoolOptions{Settle: 10 * time.Minute})
				defer b.stop()
				b.broker.set(test.state, test.answer)
				began := time.Now()
				if err := b.post1(1); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("the sender waited %v", took)
				}
				if st := b.relay.opts.Spool.Stats(); st.Waiting != test.waits {
					t.Errorf("%+v", st)
				}
				b.broker.set("connected", nil)
				<-time.After(refusedPause + time.Minute) // virtual time
				if got := b.broker.sids(t); !slices.Equal(got, []string{"1"}) || b.relay.opts.Spool.Stats().Waiting != 0 {
					t.Errorf("the broker has %v, %+v", got, b.relay.opts.Spool.Stats())
				}
			})
		})
	}
}

// A full spool or a broken disk is said to the sender, who comes again.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, t.TempDir(), SpoolOptions{MaxBytes: 1000, Segment: 300})
		defer b.stop()
		b.broker.set("waiting", nil)
		var kept []string
		for n := 1; n < 20; n++ {
			if err := b.post1(n); err == nil {
				kept = append(kept, fmt.Sprint(n))
			} else if !errors.Is(err, ErrFull) {
				t.Fatal(err)
			}
		}
		if len(kept) == 0 || len(kept) == 19 {
			t.Fatalf("kept %v", kept)
		}
		b.broker.set("connected", nil)
		<-time.After(time.Minute)
		if got := b.broker.sids(t); !slices.Equal(got, kept) {
			t.Errorf("the broker has %v of %v", got, kept)
		}
		if err := b.post1(99); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

// What was kept survives the relay; what the broker acknowledged lately goes out again on a new connection, what is long
// settled does not, and what is too old is dropped.
func TestAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, dir, SpoolOptions{Settle: 10 * time.Minute, Segment: 1})
		b.post1(1) //nolint:errcheck // seen below
		<-time.After(time.Hour)
		b.post1(2) //nolint:errcheck // likewise
		b.relay.opts.Again.Up()
		<-time.After(time.Minute)
		if got := b.broker.sids(t); !slices.Equal(got, []string{"1", "2", "2"}) {
			t.Errorf("after a new connection %v", got)
		}
		b.broker.set("waiting", nil)
		b.post1(3) //nolint:errcheck // likewise
		b.stop()

		b = start(t, dir, SpoolOptions{Settle: 10 * time.Minute, Segment: 1})
		<-time.After(time.Minute)
		if got := b.broker.sids(t); !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("after a restart %v", got)
		}
		b.broker.set("waiting", nil)
		b.post1(4) //nolint:errcheck // likewise
		<-time.After(8 * 24 * time.Hour)
		b.broker.set("connected", nil)
		<-time.After(time.Minute)
		if got := b.broker.sids(t); slices.Contains(got, "4") || b.relay.counts.expired.Load() != 1 {
			t.Errorf("after eight days %v", got)
		}
		b.stop()
	})
}

// A SIM whose events the broker refuses holds up nobody else's, and is not offered again and again; when its topic is allowed,
// its events go out.
func TestARefusedSIMHoldsUpNobody(t *testing.T) {
	refused := &broker.RefusedError{Trouble: broker.Trouble{Code: "not-authorised", Mend: true}}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, t.TempDir(), SpoolOptions{Settle: time.Minute})
		defer b.stop()
		said := 0
		b.relay.opts.Log = func(string) { said++ }
		b.broker.set("waiting", nil)
		for n := range 300 {
			b.post1(n + 1) //nolint:errcheck // seen below
		}
		b.broker.set("connected", func(n int) error {
			if b.broker.last < 250 {
				return refused
			}
			return nil
		})
		<-time.After(time.Minute)
		if got := b.broker.sids(t); len(got) != 51 {
			t.Errorf("%d of 51 reached the broker", len(got))
		}
		if b.broker.n > 2*300+300 || said > 2 {
			t.Errorf("%d messages offered, %d lines logged", b.broker.n, said)
		}
		b.broker.set("connected", nil)
		<-time.After(11 * time.Minute)
		if got := b.broker.sids(t); len(got) != 300 {
			t.Errorf("%d of 300 in the end", len(got))
		}
	})
}

// A broker that is connected and says nothing costs the first post a moment, not every one.
func TestASilentBrokerSlowsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, t.TempDir(), SpoolOptions{Settle: time.Minute})
		defer b.stop()
		b.broker.set("connected", func(int) error { return errLate })
		began := time.Now()
		for n := range 100 {
			if err := b.post1(n + 1); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("100 posts took %v", took)
		}
		b.broker.set("connected", nil)
		<-time.After(2 * time.Minute)
		if got := b.broker.sids(t); len(got) < 100 {
			t.Errorf("%d of 100 in the end", len(got))
		}
		if err := b.post1(200); err != nil || b.relay.opts.Spool.Stats().Waiting != 0 {
			t.Errorf("a broker that answers again is not waited for: %v", err)
		}
	})
}

// What a broker may have forgotten goes out again even if it goes away in the midst of that.
func TestAgainUntilAllIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, t.TempDir(), SpoolOptions{Settle: time.Hour})
		defer b.stop()
		for n := range 300 {
			b.post1(n + 1) //nolint:errcheck // seen below
		}
		first := b.broker.n
		b.broker.set("connected", func(n int) error {
			if n-first > 150 && n-first < 200 {
				return errLate
			}
			return nil
		})
		b.relay.opts.Again.Up()
		<-time.After(5 * time.Minute)
		seen := map[string]int{}
		for _, sid := range b.broker.sids(t) {
			seen[sid]++
		}
		for sid, n := range seen {
			if n < 2 {
				t.Errorf("%s did not go out again", sid)
			}
		}
	})
}

// A disk that fails is a reason to send posts to another relay; it says so, and takes it back.
func TestHealthOfTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		b := start(t, "", SpoolOptions{FS: d})
		defer b.stop()
		bad := true
		d.fail = func(op, _ string, _ int) error {
			if bad && op == "write" {
				return errDisk
			}
			return nil
		}
		if err := b.post1(1); err == nil {
			t.Error("taken without a disk")
		}
		if h := b.relay.Health(); h.OK || !strings.Contains(h.Reason, errDisk.Error()) {
			t.Errorf("%+v", h)
		}
		bad = false
		if err := b.post1(1); err != nil || !b.relay.Health().OK {
			t.Errorf("%v %+v", err, b.relay.Health())
		}
	})
}
