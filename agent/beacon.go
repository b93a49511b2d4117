package agent

import (
	"context"
	"encoding/json"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/status"
)

// Beacon tells a broker who this device is and what it thinks of itself.
type Beacon struct {
	To interface {
		SetICCID(iccid string)
		Up() <-chan struct{} // a connection was made
		Check()              // what carries the connection may have changed
		PublishStatus(ctx context.Context, payload []byte) error
	}
	Status     bool          // publish the status, not only say which SIM this is
	Every      time.Duration // at least so long between two of them
	DailyBytes int64         // in a day of UTC
	Key        []byte        // of cloud.TopicID: with it the ICCID stays unsaid
}

const (
	beaconEvery   = 5 * time.Second // looks
	beaconAnswer  = 30 * time.Second
	beaconCheck   = time.Minute // between two questions whether the connection is still there
	checkBytes    = 250
	messageHeader = 200 // what a publication costs beside its payload: MQTT, TLS, TCP and IP headers and the acknowledgement
)

// beacon is what was told, and what may be told now.
type beacon struct {
	told  string // Key of the last status
	at    time.Time
	day   time.Time
	spent int64
	seen  string    // Key when the connection was last in doubt
	asked time.Time // when that was
	owed  bool      // a new connection: the broker may hold the will of the one before
}

// due reports whether a status of so many bytes is to be sent now.
func (b *beacon) due(now time.Time, key string, bytes int64, o Beacon) bool {
	b.turn(now)
	wait := !b.at.IsZero() && now.Sub(b.at) < o.Every && !b.owed
	return (b.owed || key != b.told) && !wait && b.spent+bytes <= o.DailyBytes
}

// turn begins a new day.
func (b *beacon) turn(now time.Time) {
	if day := now.UTC().Truncate(24 * time.Hour); !day.Equal(b.day) {
		b.day, b.spent = day, 0
	}
}

// doubtful reports whether to ask if the connection is still there: with the verdict, what carries it may have changed, and
// neither side of a connection whose address is gone would notice.
func (b *beacon) doubtful(now time.Time, key string, o Beacon) bool {
	b.turn(now)
	if key == b.seen || !b.asked.IsZero() && now.Sub(b.asked) < beaconCheck || b.spent+checkBytes > o.DailyBytes {
		return false
	}
	b.seen, b.asked, b.spent = key, now, b.spent+checkBytes
	return true
}

func (b *beacon) sent(now time.Time, key string, bytes int64) {
	b.told, b.at, b.spent, b.owed = key, now, b.spent+bytes, false
}

// runBeacon keeps one beacon until ctx ends.
func (a *Agent) runBeacon(ctx context.Context, o Beacon) {
	var b beacon
	for {
		o.To.SetICCID(string(a.snapshot.Load().Facts.ICCID.Value))
		brief := status.MakeBrief(a.Status())
		if b.doubtful(a.deps.Clock.Now(), brief.Key(), o) {
			o.To.Check()
		}
		if o.Status && brief.ICCID != "" {
			a.lightBeacon(ctx, o, &b, brief)
		}
		timer, stop := a.deps.Clock.NewTimer(beaconEvery)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-o.To.Up():
			b.owed = true
		case <-timer:
		}
		stop()
	}
}

func (a *Agent) lightBeacon(ctx context.Context, o Beacon, b *beacon, brief status.Brief) {
	key, now := brief.Key(), a.deps.Clock.Now()
	if len(o.Key) > 0 {
		brief.ID, brief.ICCID = cloud.TopicID(brief.ICCID, o.Key), ""
	}
	payload, err := json.Marshal(brief)
	cost := int64(len(payload)) + messageHeader
	if err != nil || !b.due(now, key, cost, o) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, beaconAnswer)
	defer cancel()
	if err := o.To.PublishStatus(ctx, payload); err != nil {
		return // whether there is a connection, the source's own state tells
	}
	b.sent(now, key, cost)
}
