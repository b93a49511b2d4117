package facts

import (
	"slices"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/modem"
)

// AttemptKind is what came of something that the modem tried.
type AttemptKind string

const (
	TriedRegistered AttemptKind = "registered"
	TriedDenied     AttemptKind = "denied"
	TriedActivated  AttemptKind = "activated"
)

// Attempt is one try of the modem as this side saw its end: the counterpart of a connection event.
type Attempt struct {
	At    time.Time // a local stamp
	Kind  AttemptKind
	PLMN  string // "" when not known
	IMSI  string
	IP    string // TriedActivated
	Cause modem.Cause
}

const (
	attemptsLength = 64
	sameAttempt    = 10 * time.Second // the domains tell of one attempt within seconds
	// pairWithin is how far apart the two sides of one attempt may lie, beside what the clock leaves open: the modem tells at
	// once, the cloud stamps when its core has answered.
	pairWithin = 2 * time.Minute
	// pairLoosely is how far apart they may lie when the clock or the modem was slow to tell.
	pairLoosely = 15 * time.Minute
)

// attempted notes an attempt. Those before are never written again: snapshots share them.
func (f *Facts) attempted(now time.Time, kind AttemptKind, cause modem.Cause) {
	a := Attempt{At: now, Kind: kind, PLMN: f.PLMN(), IMSI: string(f.IMSI.Value), Cause: cause}
	if kind == TriedActivated {
		a.IP = f.IP.Value
	}
	list := f.Attempts
	if n := len(list); n > 0 && list[n-1].Kind == kind && now.Sub(list[n-1].At) < sameAttempt {
		return // told by another domain
	}
	f.Attempts = keepLast(append(list[:len(list):len(list)], a), attemptsLength)
}

// Closeness says how sure it is that an attempt and an event are the same.
type Closeness uint8

const (
	Unmatched Closeness = iota
	Loosely             // it may be; the clock or the times leave it open
	Closely             // time, network and IMSI fit
	Surely              // the same address
)

// Denials counts the attempts that were refused in this outage.
func (f *Facts) Denials() (n int) {
	for _, a := range f.Attempts {
		if a.Kind == TriedDenied && !a.At.Before(f.OutageStart) {
			n++
		}
	}
	return n
}

// Tells reports whether an event tells of something that the modem should have seen too.
func Tells(e Entry) bool { return !e.OTA && attemptOf[e.Type] != "" }

// String says it in words for people.
func (c Closeness) String() string {
	return [...]string{"unmatched", "loosely", "time and network", "same address"}[c]
}

// Match finds the attempt of this side that an event tells of. An event without one is a fact of its own: it is from before
// the agent looked, or somebody else used the card.
func (f *Facts) Match(now time.Time, e Entry) (best Attempt, how Closeness) {
	for i := len(f.Attempts) - 1; i >= 0; i-- {
		a := f.Attempts[i]
		if c := f.closeness(now, a, e); c > how {
			best, how = a, c
		}
	}
	return best, how
}

// Heard says how sure it is that this side saw what an event of the diary tells of. ok is false where nothing can be said: the
// event tells of nothing that the modem would see, or of a time before the oldest attempt that is known.
func (f *Facts) Heard(now time.Time, sid string) (how Closeness, ok bool) {
	for _, e := range f.Cloud.entries {
		if e.SID != sid {
			continue
		}
		if !Tells(*e) || !f.Clock.Known() || e.Time.Before(f.Clock.True(now, f.attemptsFrom())) {
			return Unmatched, false
		}
		_, how = f.Match(now, *e)
		return how, true
	}
	return Unmatched, false
}

// attemptsFrom is since when every attempt is known.
func (f *Facts) attemptsFrom() time.Time {
	if len(f.Attempts) == attemptsLength {
		return f.Attempts[0].At
	}
	return f.Started
}

// tellingTime is how long the cloud may take to tell of an attempt before its silence is worth a word.
const tellingTime = 15 * time.Minute

// Told says how sure it is that the cloud told of an attempt of this side. ok is false where its silence says nothing: it is too
// early, nothing was heard of the cloud since, or the operator is not asked at each registration.
func (f *Facts) Told(now, attempt time.Time) (how Closeness, ok bool) {
	i := slices.IndexFunc(f.Attempts, func(a Attempt) bool { return a.At.Equal(attempt) && a.Kind != TriedRegistered })
	if i < 0 {
		return Unmatched, false
	}
	for _, e := range f.Cloud.entries {
		how = max(how, f.closeness(now, f.Attempts[i], *e))
	}
	heard := !f.Cloud.LastReceived.Before(attempt.Add(tellingTime))
	return how, how != Unmatched || heard
}

// attemptOf is which attempts each type of event answers.
var attemptOf = map[string]AttemptKind{
	cloud.AttachmentAccepted: TriedRegistered,
	cloud.AttachmentRejected: TriedDenied,
	cloud.AttachmentFailed:   TriedDenied,
	cloud.SessionStarted:     TriedActivated,
}

func (f *Facts) closeness(now time.Time, a Attempt, e Entry) Closeness {
	elsewhere := a.PLMN != "" && e.Network.PLMN() != "" && !SamePLMN(a.PLMN, e.Network.PLMN())
	if e.OTA || attemptOf[e.Type] != a.Kind || contradict(a.IMSI, e.IMSI) || elsewhere {
		return Unmatched
	}
	if a.Kind == TriedActivated && a.IP != "" && e.IP != "" {
		if a.IP == e.IP && (!f.Clock.Known() || f.apart(now, a, e) <= pairLoosely) {
			return Surely
		}
		return Unmatched // an address is given to one session at a time
	}
	if !f.Clock.Known() {
		return Loosely
	}
	switch gap := f.apart(now, a, e); {
	case gap <= pairWithin:
		return Closely
	case gap <= pairLoosely:
		return Loosely
	}
	return Unmatched
}

// apart is the time between the two sides beyond what the clock leaves open.
func (f *Facts) apart(now time.Time, a Attempt, e Entry) time.Duration {
	return max(0, f.Clock.True(now, a.At).Sub(e.Time).Abs()-f.Clock.Uncertainty)
}

// contradict reports two known values that differ.
func contradict(a, b string) bool { return a != "" && b != "" && a != b }

// anchor dates this run by the sessions that both sides saw begin: the same address in an activation and in an event that
// came after it. Addresses are given again to later sessions; one that arrived before we had it is another session.
func (f *Facts) anchor(now time.Time) {
	s, ok := f.Cloud.Session()
	if !ok || s.Start.IsZero() || s.IP == "" || s.IP != f.IP.Value || f.ActivatedAt.IsZero() {
		return
	}
	if s.Last.Received.Before(f.ActivatedAt.Add(-pairWithin)) {
		return
	}
	f.Clock.addAnchor(s.SID, s.Start.Sub(Wall(now, f.ActivatedAt)))
}
