package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"time"

	"supersim-agent/agent/broker"
	"supersim-agent/agent/cloud"
	"supersim-agent/modem/modemsim"
)

// courier carries the simulated cloud's webhook bodies to where the agent can take them. The world must not wait, so
// it only puts them into a queue.
type courier struct {
	url    func() string  // of the webhook, "" for none
	secret string         // signs what goes to the webhook, "" for no signature
	file   string         // NDJSON, one body a line, "" for none
	broker *broker.Client // gets each event on its SIM's topic, nil for none
	clock  fastClock
	queue  chan []byte
	report func(string)
}

func newCourier(webhook, file string, clock fastClock, report func(string)) *courier {
	return &courier{url: func() string { return webhook }, file: file, clock: clock, queue: make(chan []byte, 1024), report: report}
}

// take is the world's OnEvents.
func (c *courier) take(body []byte) {
	select {
	case c.queue <- body:
	default:
		c.report("connection events lost: the receiver is too slow")
	}
}

// run delivers until ctx ends.
func (c *courier) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case body := <-c.queue:
			c.deliver(ctx, body)
		}
	}
}

func (c *courier) deliver(ctx context.Context, body []byte) {
	if c.file != "" {
		if err := appendLine(c.file, body); err != nil {
			c.report(err.Error())
		}
	}
	if c.broker != nil {
		c.publish(ctx, body)
	}
	if c.url() == "" {
		return
	}
	// KORE resends up to three times with growing pauses, then the event is gone.
	token := rand.Text()
	for pause := 5 * time.Second; ; pause *= 2 {
		err := c.post(ctx, body, token)
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case pause > 20*time.Second:
			c.report("connection events lost after three resends: " + err.Error())
			return
		}
		timer, stop := c.clock.NewTimer(pause)
		select {
		case <-timer:
		case <-ctx.Done():
			stop()
			return
		}
	}
}

// publish puts each event on its SIM's topic. What the broker cannot take now is tried again every second.
func (c *courier) publish(ctx context.Context, body []byte) {
	pieces, _, err := cloud.Split(body, nil, cloud.DefaultLimits())
	if err != nil {
		c.report(err.Error())
	}
	for _, p := range pieces {
		m := broker.Message{Topic: cloud.EventsTopic(cloud.DefaultTopicPrefix, p.Event.ICCID), Payload: p.Raw,
			Expiry: 7 * 24 * time.Hour, Retain: true}
		for c.broker.Publish(ctx, m) != nil {
			timer, stop := c.clock.NewTimer(time.Second)
			select {
			case <-timer:
			case <-ctx.Done():
				stop()
				return
			}
		}
	}
}

// post sends one request with KORE's headers. The token is the same for each resend.
func (c *courier) post(ctx context.Context, body []byte, token string) error {
	url := c.url()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "KoreProxy/1.1")
	req.Header.Set("Date", time.Now().UTC().Format("2006-01-02T15:04:05Z"))
	req.Header.Set("kore-idempotency-token", token)
	req.Header.Set("kore-signature", modemsim.Signature(c.secret, http.MethodPost, url, body))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("POST %s: %s", url, resp.Status)
	}
	return nil
}

func appendLine(path string, body []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(bytes.TrimSpace(body), '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
