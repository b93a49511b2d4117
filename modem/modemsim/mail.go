package modemsim

import (
	"math/rand/v2"
	"time"
)

// How much later than the rest a duplicate or an overtaken event comes. KORE resends with exponential back-off, so
// minutes are possible.
const (
	duplicateWithin = 30 * time.Second
	overtakenWithin = 3 * time.Minute
)

// mail is the way of the events from the cloud to the device: late, doubled, out of order, or never.
type mail struct {
	c    *core
	dice *rand.Rand
}

// post sends one webhook body on its way. All dice are thrown for every event, so that changing one probability does
// not change the fate of later events.
func (m *mail) post(r record, body []byte) {
	cloud := &m.c.live.Cloud
	lost, doubled, overtaken := m.dice.Float64(), m.dice.Float64(), m.dice.Float64()
	jitter, again, held := m.dice.Float64(), m.dice.Float64(), m.dice.Float64()
	if !cloud.Alive || lost < cloud.Loss {
		m.c.stats.Lost++
		return
	}
	delay := cloud.Delay + part(cloud.Jitter, jitter)
	if overtaken < cloud.Reorder {
		delay += part(overtakenWithin, held)
	}
	m.c.in(delay, func() { m.deliver(r, body) })
	if doubled < cloud.Duplicate {
		m.c.in(delay+part(duplicateWithin, again), func() { m.deliver(r, body) })
	}
}

func part(of time.Duration, share float64) time.Duration { return time.Duration(float64(of) * share) }

func (m *mail) deliver(r record, body []byte) {
	m.c.stats.Delivered++
	m.c.say("cloud", "delivers %s", r.text())
	m.c.effects = append(m.c.effects, effect{body: body})
}
