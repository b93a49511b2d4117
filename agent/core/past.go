package core

import (
	"fmt"
	"slices"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

// moment is the facts at a time. They share with the present ones only what is never written again.
type moment struct {
	at    time.Time
	facts facts.Facts
}

// past is a verdict that was given, with the facts at its end.
type past struct {
	moment
	from    time.Time
	verdict correlate.Verdict // as it is seen now
}

const (
	pastLength = 32          // verdicts that late events can revise
	pastWorth  = time.Minute // a verdict that was given for less is not worth a revision
)

// remember keeps the verdict that ends now.
func (c *Core) remember() {
	if c.judged.at.Sub(c.since) < pastWorth {
		return
	}
	then := c.judged
	then.facts.Cloud = facts.Diary{} // its past is cut from the present one
	c.past = append(c.past, past{moment: then, from: c.since, verdict: c.verdict})
	c.past = slices.Clone(c.past[max(0, len(c.past)-pastLength):])
}

// revise judges the past anew for which events came late. What is found goes into the timeline beside what was said then;
// nothing that was said is taken back, and nothing is done because of it.
func (c *Core) revise(now time.Time, events []cloud.Event) {
	if len(c.past) == 0 || !c.f.Clock.Known() {
		return // without a clock, nothing is known to lie in the past
	}
	oldest := now
	for _, e := range events {
		if !e.Test && cloud.SameICCID(e.ICCID, string(c.f.ICCID.Value)) && e.Time.Before(oldest) {
			oldest = e.Time
		}
	}
	for i := range c.past {
		p := &c.past[i]
		same := cloud.SameICCID(string(p.facts.ICCID.Value), string(c.f.ICCID.Value))
		if end := c.f.Clock.True(now, p.at); same && !oldest.After(end) {
			c.rejudge(now, end, p)
		}
	}
}

// rejudge looks at one verdict of the past with what is known of its time now.
func (c *Core) rejudge(now, end time.Time, p *past) {
	f := p.facts
	f.Cloud = c.f.Cloud.Until(end)
	f.Clock = c.f.Clock
	f.Clock.Offset = end.Sub(p.at.Round(0)) // the clock may have been set since
	v := correlate.Judge(p.at, &f)
	if v.Code == p.verdict.Code || v.Online() && p.verdict.Online() || v.Confidence < p.verdict.Confidence {
		return
	}
	text := fmt.Sprintf("revised: for %s this was taken for %q; events that came late show: %s",
		p.at.Sub(p.from).Round(time.Second), p.verdict.Code, v.Summary)
	p.verdict = v
	c.log.add(now, Entry{Side: facts.Agent, Kind: "revised", Text: text, Verdict: v.Code, At: p.from})
	c.rev++
}
