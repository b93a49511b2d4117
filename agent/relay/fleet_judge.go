package relay

import (
	"slices"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/status"
)

// Judge tells whose verdict a device has.
type Judge string

const (
	JudgedByDevice Judge = "device" // the agent on the device, in its last status
	JudgedByRelay  Judge = "relay"  // the device is silent: only the cloud's diary counts
)

// moment of judging: what the verdicts on all devices depend on.
type bench struct {
	now         time.Time
	started     time.Time
	lastEvent   time.Time
	silentAfter time.Duration
}

// outcome is the verdict on a device and how it came about.
type outcome struct {
	verdict status.Verdict
	judge   Judge
	silent  time.Time // since; zero when it reports or never did
	away    time.Duration
}

// brief is what sorting and counting ask of a verdict. It holds for a while: verdicts change by the minute, not faster.
type brief struct {
	until time.Time
	code  word
	need  Need
	judge Judge
	since int64 // ms, of the trouble
}

const briefHolds = 30 * time.Second

// brief is the verdict in short, from what judging left if that still holds.
func (b *bench) brief(s *sim) *brief {
	if old := s.judged.Load(); old != nil && b.now.Before(old.until) && old.until.Sub(b.now) <= briefHolds {
		return old
	}
	o := b.judge(s)
	if o.verdict.Since.IsZero() {
		o.verdict.Since = status.At(b.now)
	}
	short := &brief{until: b.now.Add(briefHolds), code: label(o.verdict.Code), judge: o.judge,
		need: needOf(o.verdict.Code, o.verdict.Advice, o.away), since: o.verdict.Since.UnixMilli()}
	s.judged.Store(short)
	return short
}

// judge decides: a device that speaks knows best, a silent one is judged by what the cloud says of its SIM.
func (b *bench) judge(s *sim) outcome {
	own := s.spoken()
	if own == nil {
		return b.judgeSilent(s)
	}
	v := own.verdict()
	spoke := outcome{verdict: v, judge: JudgedByDevice}
	// An agent reports changes only, so that the cloud sees the SIM living is enough to believe what it said last.
	if b.now.Sub(time.UnixMilli(own.at)) < b.silentAfter || v.Online && b.living(s) {
		return spoke
	}
	return b.judgeSilent(s)
}

// eventsLate is how long events may be under way: KORE repeats a delivery for up to four hours.
const eventsLate = 4 * time.Hour

// living reports whether the cloud lately saw the SIM's data session alive.
func (b *bench) living(s *sim) bool {
	last, ok := b.diary(s, b.now).Cloud.Session()
	return ok && last.Alive() && b.now.Sub(last.Newest()) < eventsLate
}

// spoken is the report that speaks for the device, nil when its last word is another.
func (s *sim) spoken() *report {
	if s.word.kind != reporting {
		return nil
	}
	return s.report
}

func (b *bench) judgeSilent(s *sim) outcome {
	silent := b.silentSince(s)
	since := silent
	if since.IsZero() {
		since = b.started
	}
	f := b.diary(s, since)
	v := correlate.Judge(b.now, f)
	o := outcome{judge: JudgedByRelay, silent: silent}
	o.verdict = status.Verdict{Code: string(v.Code), Online: v.Online(), Summary: v.Summary, Confidence: v.Confidence,
		Rule: v.Rule, Advice: v.Advice, Changes: v.Changes}
	for _, e := range v.Evidence {
		o.verdict.Evidence = append(o.verdict.Evidence, evidenceOf(e, s, silent))
	}
	if r := v.RunnerUp; r != nil {
		o.verdict.RunnerUp = &status.RunnerUp{Code: string(r.Code), Rule: r.Rule, Summary: r.Summary,
			Confidence: r.Confidence, Why: r.Why}
	}
	o.verdict.Since = status.At(b.troubleSince(s, silent))
	o.away = b.now.Sub(o.verdict.Since.Time)
	b.admit(s, &o.verdict)
	return o
}

// silentSince is when the device was last heard, zero when it never was.
func (b *bench) silentSince(s *sim) time.Time {
	if s.word.kind == neverReported || s.word.kind == cleared {
		return time.Time{}
	}
	return time.UnixMilli(s.word.at).UTC()
}

// troubleSince: a device that never reported is in trouble since the cloud last told of it.
func (b *bench) troubleSince(s *sim, silent time.Time) time.Time {
	switch {
	case !silent.IsZero():
		return silent
	case s.newest != 0:
		return time.UnixMilli(s.newest).UTC()
	}
	return b.started
}

// diary is the cloud's story of the SIM as the rules want it, made anew from what is kept.
func (b *bench) diary(s *sim, silentSince time.Time) *facts.Facts {
	f := facts.New(b.started, facts.Want{APN: "super", PDPType: "IP", CID: 1})
	f.Clock.Synced(true)
	f.SilentSince = silentSince
	if s.iccid != "" {
		f.Apply(b.now, facts.ICCID(s.iccid)) // twice: a number without a good check digit counts only when it is confirmed
		f.Apply(b.now, facts.ICCID(s.iccid))
		f.Cloud.Remember(entries(s))
	}
	f.Cloud.LastReceived = b.lastEvent
	return f
}

func entries(s *sim) []facts.Entry {
	events := unpack(s.events, s.iccid)
	list := make([]facts.Entry, len(events))
	for i, e := range events {
		list[i] = facts.Entry{Event: e, Received: e.Time}
	}
	return list
}

// goodbyes say how a device fell silent.
var goodbyes = [...]string{
	neverReported: "no report from the device since this relay started",
	cleared:       "the device's status was taken off the broker, and no other came",
	stopped:       "the agent on the device was stopped and said so",
	unreachable:   "the broker lost the connection to the device",
	reporting:     "no report from the device since then",
}

// evidenceOf is a fact in the words of the relay: it knows how the device fell silent.
func evidenceOf(e correlate.Evidence, s *sim, silent time.Time) status.Evidence {
	shown := status.Evidence{Side: status.Side(e.Side), Fact: e.Fact, EventSID: e.EventSID, Contradicts: e.Against}
	if !e.At.IsZero() {
		shown.At = status.At(e.At)
	}
	if e.Side == facts.Agent {
		shown.Fact, shown.At = goodbyes[s.word.kind], status.Time{}
		if !silent.IsZero() {
			shown.At = status.At(silent)
		}
	}
	return shown
}

// young is how sure a verdict can be that rests on the absence of events, while the relay has not listened for a day.
const young = 0.3

// admit says what the relay cannot know: a rule that finds no event for a day means a day of listening.
func (b *bench) admit(s *sim, v *status.Verdict) {
	switch {
	case s.iccid == "":
		v.Summary = "The device is silent, and its ICCID is not known here, so its connection events cannot be found."
		v.Advice = "Put the device's ICCID into the devices file, and see that the relay has the key of the hashed ids."
		v.Confidence = young
	case s.newest == 0 && b.now.Sub(b.started) < 24*time.Hour:
		v.Summary = "The device is silent, and no connection event of its SIM has come since this relay started."
		v.Confidence = young
	}
}

// neverHeard is the verdict on a device that only the devices file knows.
func (b *bench) neverHeard() status.Verdict {
	return status.Verdict{Code: NeverHeard, Summary: "Nothing has been heard of this device since this relay started.",
		Confidence: 1, Since: status.At(b.started), Changes: "A report or an event.",
		Advice: "Compare the ICCID in the devices file with the card. Then see that the device has power and its agent this broker."}
}

// shownEvents are the events in short, newest first.
func shownEvents(list []cloud.Event) (shown []status.Event) {
	for _, e := range slices.Backward(list) {
		one := status.Event{SID: e.SID, Type: e.Type, At: status.At(e.Time),
			PLMN: e.Network.PLMN(), Network: e.Network.Name, RAT: e.RAT}
		if e.Error != (cloud.Error{}) {
			one.Error = &status.EventError{Code: e.Error.Code, Message: errorText(e.Error)}
		}
		shown = append(shown, one)
	}
	return shown
}

// errorText is the operator's own words, or the title that goes with the number.
func errorText(e cloud.Error) string {
	if c, known := cloud.LookupCode(e.Code); known && e.Message == "" {
		return c.Title
	}
	return e.Message
}
