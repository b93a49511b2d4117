package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"supersim-agent/agent/broker"
)

// MQTTOptions say where a device gets its events by MQTT. Broker.URL is required; the topics, the will and, unless it is
// given, the client's name are made from the SIM.
type MQTTOptions struct {
	Broker broker.Options
	Prefix string // of the topics; DefaultTopicPrefix
	Key    []byte // of TopicID; nil: the ICCID itself
	ICCID  string // "": the one that the modem reads, once SetICCID tells it
	Status bool   // the will says that the device is unreachable, and PublishStatus works
	Limits Limits
	Clock  Clock
}

// An MQTTSource takes one SIM's events from a broker. They are acknowledged after emit took them, so that the broker keeps what
// comes while the device is away. Another SIM's events are dropped and counted; a message that is no event is, too.
type MQTTSource struct {
	opts  MQTTOptions
	tally tally
	sim   chan string   // the newest ICCID, for Run
	up    chan struct{} // a connection was made; see Up

	mu     sync.Mutex // guards what follows
	client *broker.Client
	id     string
}

// NewMQTTSource checks the options. It does not connect.
func NewMQTTSource(opts MQTTOptions) (*MQTTSource, error) {
	if opts.Prefix == "" {
		opts.Prefix = DefaultTopicPrefix
	}
	opts.Limits, opts.Clock = opts.Limits.orDefault(), orSystem(opts.Clock)
	s := &MQTTSource{opts: opts, sim: make(chan string, 1), up: make(chan struct{}, 1)}
	if _, err := broker.New(s.brokerOptions("0", nil)); err != nil {
		return nil, &SourceError{Source: "mqtt", Op: "configure", On: opts.Broker.URL, Err: err}
	}
	return s, nil
}

// SetICCID tells which SIM is in the modem. It may be called as often as that is known; another SIM than before is another
// connection. What is no number is ignored: it would become part of a topic, where "+" is everybody.
func (s *MQTTSource) SetICCID(iccid string) {
	if s.opts.ICCID != "" || iccid == "" || strings.Trim(iccid, "0123456789") != "" || s.serves(iccid) {
		return
	}
	select {
	case <-s.sim: // an older one that nobody took
	default:
	}
	select {
	case s.sim <- iccid:
	default:
	}
}

func (s *MQTTSource) serves(iccid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client != nil && s.id == TopicID(iccid, s.opts.Key)
}

// Check says that what carries the connection may have changed; see broker.Client.
func (s *MQTTSource) Check() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		s.client.Check()
	}
}

// Up says that a connection was made: what is published from now on comes after the will of the one before.
func (s *MQTTSource) Up() <-chan struct{} { return s.up }

// Name says which source this is.
func (s *MQTTSource) Name() string {
	u, err := url.Parse(s.opts.Broker.URL)
	if err != nil {
		return "mqtt"
	}
	return "mqtt " + u.Host
}

// Stats may be called at any time, from anywhere.
func (s *MQTTSource) Stats() Stats {
	st := s.tally.snapshot()
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	if client == nil {
		st.State = "waiting for the SIM"
		return st
	}
	c := client.Stats()
	st.State, st.NextTry, st.BytesIn, st.BytesOut = c.State, c.NextTry, c.BytesIn, c.BytesOut
	if c.Trouble.Code != "" {
		st.LastError, st.Hint = c.Trouble.Code+": "+c.Detail, c.Trouble.Hint
	}
	return st
}

// Run takes events until ctx ends, and returns nil then. It begins when the SIM is known, and anew with another SIM.
func (s *MQTTSource) Run(ctx context.Context, emit func(context.Context, Batch) error) error {
	var connection sync.WaitGroup
	end := func() {}
	defer s.adopt(nil, "")
	if s.opts.ICCID != "" {
		s.sim <- s.opts.ICCID
	}
	for {
		select {
		case <-ctx.Done():
			end()
			connection.Wait()
			return nil
		case iccid := <-s.sim:
			if s.serves(iccid) {
				continue // it was told twice before it was taken once
			}
			end()
			connection.Wait()
			client, err := broker.New(s.brokerOptions(iccid, emit))
			if err != nil {
				return &SourceError{Source: "mqtt", Op: "configure", On: s.opts.Broker.URL, Err: err}
			}
			s.adopt(client, TopicID(iccid, s.opts.Key))
			var life context.Context
			life, end = context.WithCancel(ctx) //nolint:govet // ended above, in each way out
			connection.Go(func() {
				if err := client.Run(life); err != nil {
					s.tally.update(func(st *Stats) { st.LastError = err.Error() })
				}
			})
		}
	}
}

func (s *MQTTSource) adopt(client *broker.Client, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client, s.id = client, id
}

func (s *MQTTSource) brokerOptions(iccid string, emit func(context.Context, Batch) error) broker.Options {
	id := TopicID(iccid, s.opts.Key)
	o := s.opts.Broker
	if o.ClientID == "" {
		o.ClientID = s.opts.Prefix + "-" + id
	}
	o.Subscribe = nil
	for _, spelling := range Spellings(iccid) {
		o.Subscribe = append(o.Subscribe, EventsTopic(s.opts.Prefix, TopicID(spelling, s.opts.Key)))
	}
	o.Receive = func(ctx context.Context, m broker.Message) error { return s.receive(ctx, iccid, m, emit) }
	o.Up = func() {
		select {
		case s.up <- struct{}{}:
		default:
		}
	}
	if s.opts.Status {
		o.Will = &broker.Message{Topic: StatusTopic(s.opts.Prefix, id), Payload: s.lastWord(iccid, "unreachable"), Retain: true, Delay: willDelay}
		o.Goodbye = func() (broker.Message, bool) {
			return broker.Message{Topic: StatusTopic(s.opts.Prefix, id), Payload: s.lastWord(iccid, "stopped"), Retain: true}, true
		}
	}
	return o
}

// willDelay is how long a device may be away before it counts as unreachable: a reconnect after a bad minute is no news.
const willDelay = 5 * time.Minute

// lastWord is the status of a device that is not there: "unreachable" or "stopped".
func (s *MQTTSource) lastWord(iccid, what string) []byte {
	m := map[string]any{"schema": "supersim-agent/1", what: true}
	if len(s.opts.Key) == 0 {
		m["iccid"] = iccid
	} else {
		m["id"] = TopicID(iccid, s.opts.Key)
	}
	text, _ := json.Marshal(m) // of strings and a bool
	return text
}

// receive hands on what one message holds. An error has it sent again; what can never be used is acknowledged and counted.
func (s *MQTTSource) receive(ctx context.Context, iccid string, m broker.Message, emit func(context.Context, Batch) error) error {
	events, problems, err := Decode(m.Payload, s.opts.Limits)
	if err != nil {
		s.tally.update(func(st *Stats) { st.Refused, st.LastError = st.Refused+1, err.Error() })
		return nil
	}
	b := Batch{Source: "mqtt", Received: s.opts.Clock.Now(), Problems: len(problems)}
	for _, e := range events {
		if SameICCID(e.ICCID, iccid) || e.Test {
			b.Events = append(b.Events, e)
		}
	}
	if foreign := len(events) - len(b.Events); foreign > 0 {
		s.tally.update(func(st *Stats) {
			st.Refused += uint64(foreign)
			st.LastError = fmt.Sprintf("%d events of other SIMs came on this SIM's topic", foreign)
		})
	}
	if len(b.Events)+b.Problems == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, emitTimeout)
	defer cancel()
	if err := emit(ctx, b); err != nil {
		s.tally.update(func(st *Stats) { st.Failed++ })
		return err
	}
	s.tally.accepted(b)
	return nil
}

// PublishStatus publishes, retained, what the device thinks of itself. broker.ErrOffline comes at once.
func (s *MQTTSource) PublishStatus(ctx context.Context, payload []byte) error {
	s.mu.Lock()
	client, id := s.client, s.id
	s.mu.Unlock()
	if client == nil {
		return broker.ErrOffline
	}
	return client.Publish(ctx, broker.Message{Topic: StatusTopic(s.opts.Prefix, id), Payload: payload, Retain: true})
}
