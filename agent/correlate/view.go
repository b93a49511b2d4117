package correlate

import (
	"fmt"
	"slices"
	"time"

	"supersim-agent/agent/facts"
)

const (
	// refusalSlack is how long before the loss of registration a refusal may lie and still explain it: the home network
	// withdraws a SIM first and the modem notices later.
	refusalSlack = 5 * time.Minute
	// refusalMaxAge bounds refusals from before the agent started.
	refusalMaxAge = 24 * time.Hour
	// repeatWindow is the time in which repeated acceptances are counted.
	repeatWindow = 15 * time.Minute
	// deniedHold: a modem that was refused a moment ago is not merely searching. It also keeps the verdict from flapping.
	deniedHold = 2 * time.Minute
	// probeFresh is how long a probe speaks of the present.
	probeFresh = 5 * time.Minute
	// The cloud's silence says something only after a while: events are retried for up to four hours.
	silenceWeak   = 15 * time.Minute
	silenceMedium = time.Hour
)

// view is the facts at one moment with what several rules ask of them.
type view struct {
	*facts.Facts
	now     time.Time
	serving facts.Registration
	cause   facts.Cause // fresh, else zero

	refusal     facts.Entry // the attach refusal that still stands
	refused     bool
	answer      facts.Answer    // what the home network said in it
	matched     facts.Closeness // of the refusal with a denial that the modem saw
	accepted    facts.Entry     // the newest attach acceptance
	wasAccepted bool
	session     facts.Session
	hasSession  bool
	probe       facts.Probe // fresh, else nothing tried
}

func newView(now time.Time, f *facts.Facts) *view {
	v := &view{Facts: f, now: now, serving: f.Serving()}
	v.cause = v.presentCause()
	v.accepted, v.wasAccepted = f.Cloud.Last(facts.AttachmentAccepted)
	v.session, v.hasSession = f.Cloud.Session()
	v.refusal, v.refused = v.standingRefusal()
	if v.refused {
		v.answer = facts.DiameterAnswer(v.refusal.Error.Message)
		_, v.matched = f.Match(now, v.refusal)
	}
	if p := f.Outside.Probe; p.Known() && now.Sub(p.At) <= probeFresh {
		v.probe = p.Value
	}
	return v
}

// presentCause is the reject cause that explains the present state. It goes stale, except while the modem stays refused and
// makes no attempt that could bring another one.
func (v *view) presentCause() facts.Cause {
	if c, fresh := v.FreshCause(v.now); fresh {
		return c
	}
	if v.serving.Stat == facts.RegDenied && !v.DeniedAt.IsZero() && !v.Cause.At.Before(v.DeniedAt) {
		return v.Cause.Value
	}
	return facts.Cause{}
}

// silent reports that a far judge looks at a device of which it hears nothing.
func (v *view) silent() bool { return !v.SilentSince.IsZero() }

// standingRefusal is the newest attach event if it is a refusal that explains the present state: nothing good came
// after it, and it belongs to this outage.
func (v *view) standingRefusal() (facts.Entry, bool) {
	last, ok := v.Cloud.Last(facts.AttachmentAccepted, facts.AttachmentRejected, facts.AttachmentFailed, facts.SessionStarted)
	if !ok || last.Type == facts.AttachmentAccepted || last.Type == facts.SessionStarted {
		return facts.Entry{}, false
	}
	age, certain := v.Age(v.now, last)
	if v.Registered.Value || age > refusalMaxAge || age < -refusalSlack {
		return facts.Entry{}, false
	}
	if v.LastOnlineAt.IsZero() { // the outage began before we looked
		return last, true
	}
	if !certain { // it came in this outage; nothing more can be told
		return last, !last.Received.Before(v.OutageStart.Add(-refusalSlack))
	}
	return last, !last.Time.Before(v.Clock.True(v.now, v.OutageStart).Add(-refusalSlack))
}

func (v *view) rejectedWith(code int) bool {
	return v.refused && v.refusal.Type == facts.AttachmentRejected && v.refusal.Error.Code == code
}

// unregistered reports that the modem answers and no packet domain is registered.
func (v *view) unregistered() bool {
	return v.Line.Alive && v.Registered.Known() && !v.Registered.Value
}

// denied reports that the network refuses the modem: it says so, or said so a moment ago, or gave a cause that still holds.
func (v *view) denied() bool {
	if !v.unregistered() {
		return false
	}
	return v.serving.Stat == facts.RegDenied || v.mobilityCause() ||
		!v.DeniedAt.IsZero() && v.now.Sub(v.DeniedAt) < deniedHold
}

func (v *view) mobilityCause() bool {
	return v.cause != facts.Cause{} && !facts.SessionCause(v.cause)
}

// deniedWith reports a denial with one of these causes.
func (v *view) deniedWith(numbers ...int) bool {
	return v.denied() && v.mobilityCause() && slices.Contains(numbers, v.cause.Number)
}

// outage is how long the device has not been registered.
func (v *view) outage() time.Duration { return v.now.Sub(v.OutageStart) }

// unexplained reports that the cloud had this long to tell of the trouble and did not. deaf: nothing shows that the cloud
// could have been heard.
func (v *view) unexplained(atLeast time.Duration) (deaf, ok bool) {
	if v.refused || v.outage() < atLeast || v.acceptedLately() {
		return false, false
	}
	return v.Cloud.LastReceived.IsZero() || v.Cloud.LastReceived.Before(v.OutageStart), true
}

// acceptedLately reports that the operator let the SIM in during this outage: what fails lies behind it.
func (v *view) acceptedLately() bool {
	if !v.wasAccepted {
		return false
	}
	age, _ := v.Age(v.now, v.accepted)
	return age < v.outage()
}

// repeatedAccepts counts acceptances after which no session came.
func (v *view) repeatedAccepts() int {
	since := v.cloudNow().Add(-repeatWindow)
	if v.hasSession && v.session.Start.After(since) {
		since = v.session.Start
	}
	return v.Cloud.CountSince(facts.AttachmentAccepted, since)
}

// cloudNow is the present by the cloud's clock. Without a clock of our own it is guessed from the newest event.
func (v *view) cloudNow() time.Time {
	if e, ok := v.Cloud.Newest(); ok && !v.Clock.Known() {
		return e.Time.Add(v.now.Sub(e.Received))
	}
	return v.Clock.True(v.now, v.now)
}

// sinceSession is how long the cloud has not heard of the newest session.
func (v *view) sinceSession() time.Duration { return v.cloudNow().Sub(v.session.Newest()) }

// profileHolds reports whether the Network Access Profile holds a network; known when the console told the profile.
func (v *view) profileHolds(plmn string) (holds, known bool) {
	profile := v.Outside.Account.Value.Profile
	return facts.PLMNIn(profile, plmn), profile != "" && plmn != ""
}

// contradictions are facts that do not fit a verdict of the group. They are shown, and nothing is very sure beside them.
func (v *view) contradictions(group byte) (list []Evidence) {
	add := func(e Evidence) {
		e.Against = true
		list = append(list, e)
	}
	switch group {
	case 'B', 'C':
		if v.hasSession && v.session.Alive() && v.unregistered() && v.livedAfter(v.session, v.OutageStart.Add(refusalSlack)) {
			add(fromCloud(*v.session.Last))
		}
		unfit := v.rejectedWith(codeNew) || v.rejectedWith(codeInactive)
		if group == 'C' && unfit && v.Outside.Account.Value.Status == "active" {
			add(v.account())
		}
	case 'E':
		if e, ok := v.Cloud.Last(facts.AttachmentRejected); ok && v.ReadyForData() && v.probe.IP != facts.Worked && v.newestAttach(e) {
			if after, certain := v.Order(v.now, e.Time, v.IP.Since.Add(refusalSlack)); after && certain {
				add(fromCloud(e))
			}
		}
	}
	return list
}

// livedAfter reports that a session certainly lived after a local stamp.
func (v *view) livedAfter(s facts.Session, stamp time.Time) bool {
	after, certain := v.Order(v.now, s.Newest(), stamp)
	return after && certain
}

// newestAttach reports that nothing good was told after e.
func (v *view) newestAttach(e facts.Entry) bool {
	last, _ := v.Cloud.Last(facts.AttachmentAccepted, facts.AttachmentRejected, facts.SessionStarted)
	return last.SID == e.SID && !(v.hasSession && v.session.Newest().After(e.Time))
}

// evidence is shorthand for a finding that only brings its evidence.
func evidence(e ...Evidence) (finding, bool) { return finding{evidence: e}, true }

func no() (finding, bool) { return finding{}, false }

// Evidence in the words of each side.

func local(at time.Time, format string, args ...any) Evidence {
	return Evidence{Side: facts.Local, Fact: fmt.Sprintf(format, args...), At: at}
}

func host(at time.Time, format string, args ...any) Evidence {
	return Evidence{Side: facts.Host, Fact: fmt.Sprintf(format, args...), At: at}
}

func fromCloud(e facts.Entry) Evidence {
	return Evidence{Side: facts.Cloud, Fact: facts.EventWords(e.Event), At: e.Time, EventSID: e.SID}
}

// registration is the local side's word on registration, with the cause when there is one.
func (v *view) registration() Evidence {
	text := "registration: " + v.serving.Stat.String()
	if n := v.Operator.Value; v.Registered.Value && (n.PLMN != "" || n.Name != "") {
		text += " on " + networkName(n)
	}
	if v.cause != (facts.Cause{}) {
		text += ", " + v.cause.String()
	}
	return local(v.Reg[v.serving.Domain].Since, "%s", text)
}

func networkName(n facts.Operator) string {
	if n.Name != "" && n.PLMN != "" && n.Name != n.PLMN {
		return n.PLMN + " (" + n.Name + ")"
	}
	return n.PLMN + n.Name
}

func (v *view) apn() Evidence {
	return local(v.Context.Since, "the modem's APN is %q, a Super SIM needs %q", v.Context.Value.APN, v.Want.APN)
}

func (v *view) dataUp() Evidence {
	return local(v.IP.Since, "PDP context %d is active with IP %s", v.Want.CID, v.IP.Value)
}

func (v *view) probed() Evidence { return host(v.Outside.Probe.At, "probe: %s", v.probe) }

func (v *view) linkSeen() Evidence {
	return host(v.Outside.Link.Since, "network interface %s", v.Outside.Link.Value)
}

func (v *view) account() Evidence {
	return host(v.Outside.Account.At, "the operator's console says: %s", v.Outside.Account.Value)
}

func (v *view) silence() Evidence {
	if v.Cloud.LastReceived.IsZero() {
		return Evidence{Side: facts.Cloud, Fact: "no connection events have reached this device"}
	}
	return Evidence{Side: facts.Cloud, Fact: "no connection event of this SIM explains it", At: v.Cloud.LastReceived}
}
