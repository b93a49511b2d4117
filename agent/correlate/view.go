package correlate

import (
	"fmt"
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
)

// view is the facts at one moment with what several rules ask of them.
type view struct {
	*facts.Facts
	now     time.Time
	serving facts.Registration
	cause   facts.Cause // fresh, else zero

	refusal     facts.Entry // the attach refusal that still stands
	refused     bool
	accepted    facts.Entry // the newest attach acceptance
	wasAccepted bool
	session     facts.Session
	hasSession  bool
}

func newView(now time.Time, f *facts.Facts) *view {
	v := &view{Facts: f, now: now, serving: f.Serving()}
	v.cause, _ = f.FreshCause(now)
	v.accepted, v.wasAccepted = f.Cloud.Last(facts.AttachmentAccepted)
	v.session, v.hasSession = f.Cloud.Session()
	v.refusal, v.refused = v.standingRefusal()
	return v
}

// standingRefusal is the newest attach event if it is a refusal that explains the present state: nothing good came
// after it, and it belongs to this outage.
func (v *view) standingRefusal() (facts.Entry, bool) {
	last, ok := v.Cloud.Last(facts.AttachmentAccepted, facts.AttachmentRejected, facts.AttachmentFailed, facts.SessionStarted)
	if !ok || last.Type == facts.AttachmentAccepted || last.Type == facts.SessionStarted {
		return facts.Entry{}, false
	}
	if v.Registered.Value || v.now.Sub(last.Time) > refusalMaxAge || last.Time.Sub(v.now) > refusalSlack {
		return facts.Entry{}, false
	}
	outage := facts.Wall(v.now, v.OutageStart).Add(-refusalSlack)
	ownsOutage := v.LastOnlineAt.IsZero() // the outage began before we looked
	return last, ownsOutage || !last.Time.Before(outage)
}

func (v *view) rejectedWith(code int) bool {
	return v.refused && v.refusal.Type == facts.AttachmentRejected && v.refusal.Error.Code == code
}

// unregistered reports that the modem answers and no packet domain is registered.
func (v *view) unregistered() bool {
	return v.Line.Alive && v.Registered.Known() && !v.Registered.Value
}

func (v *view) denied() bool {
	return v.unregistered() && (v.serving.Stat == facts.RegDenied || v.cause != facts.Cause{} && v.serving.Stat != facts.RegSearching)
}

// outage is how long the device has not been registered.
func (v *view) outage() time.Duration { return v.now.Sub(v.OutageStart) }

// repeatedAccepts counts acceptances after which no session came.
func (v *view) repeatedAccepts() int {
	since := facts.Wall(v.now, v.now).Add(-repeatWindow)
	if v.hasSession && v.session.Start.After(since) {
		since = v.session.Start
	}
	return v.Cloud.CountSince(facts.AttachmentAccepted, since)
}

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
		text += fmt.Sprintf(", %s cause %d (%s)", v.cause.Domain, v.cause.Number, v.cause.Name())
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

func (v *view) silence() Evidence {
	if v.Cloud.LastReceived.IsZero() {
		return Evidence{Side: facts.Cloud, Fact: "no connection events have reached this device"}
	}
	return Evidence{Side: facts.Cloud, Fact: "no connection event of this SIM explains it", At: v.Cloud.LastReceived}
}
