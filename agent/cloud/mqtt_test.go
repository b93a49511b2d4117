package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/internal/mosquitto"
)

const mqttSIM = "89883070000012345678"

// mqttRig is a broker, a source under test, and somebody who publishes and listens.
type mqttRig struct {
	t      *testing.T
	source *MQTTSource
	other  *broker.Client
	heard  chan broker.Message
	got    chan Batch
	fail   error // of the next emit
	mu     sync.Mutex
}

func newMQTTRig(t *testing.T, change func(*MQTTOptions)) *mqttRig {
	t.Helper()
	b := mosquitto.Start(t, mosquitto.Options{})
	r := &mqttRig{t: t, heard: make(chan broker.Message, 100), got: make(chan Batch, 100)}
	opts := MQTTOptions{Broker: broker.Options{URL: b.URL}, Status: true}
	if change != nil {
		change(&opts)
	}
	var err error
	if r.source, err = NewMQTTSource(opts); err != nil {
		t.Fatal(err)
	}
	r.other, err = broker.New(broker.Options{URL: b.URL, ClientID: "other", Subscribe: []string{"supersim/+/status"},
		Receive: func(_ context.Context, m broker.Message) error { r.heard <- m; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	r.run(r.other.Run)
	r.until("the other client is connected", func() bool { return r.other.Stats().State == "connected" })
	return r
}

func (r *mqttRig) run(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := f(ctx); err != nil {
			r.t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	r.t.Cleanup(stop)
	return stop
}

func (r *mqttRig) start() (stop func()) {
	return r.run(func(ctx context.Context) error {
		return r.source.Run(ctx, func(_ context.Context, b Batch) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			if err := r.fail; err != nil {
				r.fail = nil
				return err
			}
			r.got <- b
			return nil
		})
	})
}

func (r *mqttRig) until(what string, ok func() bool) {
	r.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 4000 {
		if ok() {
			return
		}
		<-tick.C
	}
	r.t.Fatalf("never: %s; %+v", what, r.source.Stats())
}

func (r *mqttRig) publish(topic, payload string) {
	r.t.Helper()
	if err := r.other.Publish(context.Background(), broker.Message{Topic: topic, Payload: []byte(payload)}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *mqttRig) next() Batch {
	r.t.Helper()
	select {
	case b := <-r.got:
		return b
	case <-time.After(20 * time.Second):
		r.t.Fatalf("nothing came: %+v", r.source.Stats())
		return Batch{}
	}
}

func (r *mqttRig) status() (m map[string]any) {
	r.t.Helper()
	select {
	case text := <-r.heard:
		if err := json.Unmarshal(text.Payload, &m); err != nil {
			r.t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		r.t.Fatal("no status came")
	}
	return m
}

func eventOf(iccid string, n int) string {
	return strings.Replace(fmt.Sprintf(piece, n), mqttSIM, iccid, 1)
}

// The source waits for the SIM, takes what came while it was away, and says goodbye.
func TestMQTTSource(t *testing.T) {
	r := newMQTTRig(t, nil)
	stop := r.start()
	if s := r.source.Stats(); s.State != "waiting for the SIM" {
		t.Errorf("%+v", s)
	}
	r.source.SetICCID(mqttSIM)
	<-r.source.Up()
	r.publish("supersim/"+mqttSIM+"/events", eventOf(mqttSIM, 1))
	if b := r.next(); len(b.Events) != 1 || b.Source != "mqtt" || b.Events[0].ICCID != mqttSIM {
		t.Errorf("%+v", b)
	}
	stop()
	if m := r.status(); m["stopped"] != true || m["iccid"] != mqttSIM {
		t.Errorf("on leaving: %v", m)
	}
	r.publish("supersim/"+mqttSIM+"/events", eventOf(mqttSIM, 2))
	r.start()
	r.source.SetICCID("89883070000099999999") // another card first, then this one again
	r.source.SetICCID(mqttSIM)
	for b := r.next(); !strings.HasSuffix(b.Events[0].SID, "2"); b = r.next() {
		if !strings.HasSuffix(b.Events[0].SID, "1") { // whose acknowledgement may have been lost
			t.Fatalf("%+v", b)
		}
	}
}

// What cannot be used is acknowledged and counted; what could not be taken comes again.
func TestMQTTSourceSortsOut(t *testing.T) {
	r := newMQTTRig(t, func(o *MQTTOptions) { o.ICCID = mqttSIM })
	r.start()
	<-r.source.Up()
	topic := "supersim/" + mqttSIM + "/events"
	r.publish(topic, "no JSON")
	r.publish(topic, eventOf("89883070000099999999", 1))
	r.mu.Lock()
	r.fail = errors.New("the disk is full")
	r.mu.Unlock()
	r.publish(topic, eventOf(mqttSIM, 2))
	if b := r.next(); len(b.Events) != 1 || !strings.HasSuffix(b.Events[0].SID, "2") {
		t.Errorf("%+v", b)
	}
	if s := r.source.Stats(); s.Refused < 2 || s.Failed != 1 || s.Events != 1 {
		t.Errorf("%+v", s)
	}
}

// A modem that leaves the check digit out hears what the operator says of the SIM with it.
func TestMQTTSourceWithoutCheckDigit(t *testing.T) {
	const whole, short = "89883070000000000016", "8988307000000000001"
	r := newMQTTRig(t, nil)
	r.start()
	r.source.SetICCID(short)
	<-r.source.Up()
	r.publish("supersim/"+whole+"/events", eventOf(whole, 1))
	if b := r.next(); len(b.Events) != 1 || b.Events[0].ICCID != whole {
		t.Errorf("%+v", b)
	}
}

// With a key nobody who sees the topics learns an ICCID.
func TestMQTTSourceHashed(t *testing.T) {
	r := newMQTTRig(t, func(o *MQTTOptions) { o.Key, o.ICCID = []byte("secret"), mqttSIM })
	r.start()
	<-r.source.Up()
	id := TopicID(mqttSIM, []byte("secret"))
	r.publish("supersim/"+id+"/events", eventOf(mqttSIM, 1))
	r.next()
	if err := r.source.PublishStatus(context.Background(), []byte(`{"id":"`+id+`"}`)); err != nil {
		t.Fatal(err)
	}
	if m := r.status(); m["id"] != id || len(id) != 32 || strings.Contains(id, mqttSIM) {
		t.Errorf("%v", m)
	}
}

func TestTopics(t *testing.T) {
	for topic, want := range map[string]string{"supersim/1/events": "1 events", "supersim/1/status": "1 status", "supersim/1/other": "",
		"supersim//events": "", "other/1/events": "", "supersim/1/2/events": "", "": ""} {
		id, kind, ok := ParseTopic("supersim", topic)
		if ok != (want != "") || ok && id+" "+kind != want {
			t.Errorf("%q: %q %q %v", topic, id, kind, ok)
		}
	}
}
