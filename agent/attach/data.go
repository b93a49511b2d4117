package attach

import (
	"fmt"
	"time"

	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
)

const (
	bearerGrace   = 10 * time.Second // LTE brings the default bearer by itself
	dataSettle    = 3 * time.Minute  // after a registration in the middle of the data ladder
	staleWindow   = 6 * time.Hour    // each repair of a stale bearer once in this time
	staleApart    = 2 * time.Minute
	radioPatience = 25 * time.Minute // before this no radio is touched for a bearer
	limitProbe    = 6 * time.Hour    // how often a barred data connection is looked at
)

// bearerTrouble are the verdicts by which an active context leads nowhere, and a new one would.
var bearerTrouble = map[correlate.Code]bool{"stale-bearer": true, "maybe-stale": true, "silent-detach": true}

// hostFaults are the verdicts by which the modem does its part and the fault is on this computer or behind the operator.
// Nothing is done to the modem for them.
var hostFaults = map[correlate.Code]string{
	"clock-wrong":      "the clock of this computer is wrong",
	"host-path":        "the addresses or routes of this computer are at fault",
	"netdev-down":      "the network interface of this computer is at fault",
	"dns":              "names are not resolved",
	"nat-idle":         "idle connections are closed on the way",
	"server-or-filter": "the server, or a filter on the way, does not answer",
	"no-answer":        "nothing outside answers; the operator's next report shows whether the connection is to blame",
}

// dataPath is what is done while registered.
func (w *view) dataPath() Decision {
	f := w.f
	fault, host := hostFaults[w.v.Code]
	switch {
	case f.ReadyForData() && host:
		return hold("host-fault", "the modem does its part: "+fault)
	case f.ReadyForData() && w.v.Code == "data-limit":
		return hold("data-limit", "the operator bars data for this SIM; nothing that could be done here changes that")
	case f.ReadyForData() && !bearerTrouble[w.v.Code]:
		return Decision{Kind: Hold, Rule: ruleHealthy, Why: "everything works", Step: "none"}
	case !w.Dial:
		return hold("no-dial", "data.bearer leaves the data connection to another program")
	case bearerTrouble[w.v.Code] && f.ReadyForData():
		return w.staleBearer()
	case w.v.Code == "data-limit" && f.Dial.Tries > 0:
		return Decision{Kind: Activate, At: f.Dial.At.Add(limitProbe), Rule: "data-limit", Step: "dial",
			Why: "the operator bars data for this SIM; every six hours it is looked whether that has changed"}
	}
	if f.Dial.Tries > 0 && facts.SessionCause(f.Dial.Cause) {
		switch end := f.Dial.At.Add(congestion); {
		case ClassOf(f.Dial.Cause) == ClassAPN:
			return w.dial() // no reset changes what the operator refuses
		case ClassOf(f.Dial.Cause) == ClassCong && w.now.Before(end):
			return holdUntil(end, ruleCong, "the network has no room for the session; it is left alone for 30 minutes")
		case ClassOf(f.Dial.Cause) == ClassCong:
			return w.dial()
		}
	}
	if w.v.Code == "flapping" {
		return w.dial() // more of our own restarts would only add to it
	}
	step := w.dataStep()
	if dial := w.dial(); dial.At.Before(step.At) {
		return dial
	}
	return step
}

// dataStep is the next rung of the data ladder. Its times run from the loss of data, also when the module was restarted in
// between; a new registration gets its own time.
func (w *view) dataStep() Decision {
	f, rungs := w.f, w.rungs(w.Profile.Data)
	settled := later(f.DataLostAt.Add(dataSettle), w.quietUntil())
	for n := w.h.Ladder.Data; n < len(rungs); n++ {
		s := rungs[n]
		if w.spared(s.Do) {
			continue
		}
		return w.rung(Decision{Kind: s.Do, At: later(w.h.Ladder.DataSince.Add(s.After), settled), Rule: ruleData, Step: s.Name,
			Level: n + 1, Why: fmt.Sprintf("registered without data; the next stronger step is %s", s.Do)})
	}
	d := w.repeat(rungs, w.h.Ladder.Data)
	d.At, d.Rule = later(later(d.At, settled), w.h.Ladder.DataSince.Add(radioPatience)), ruleData
	return w.rung(d)
}

// dial is the next activation attempt.
func (w *view) dial() Decision {
	f := w.f
	at := f.DataLostAt
	if f.BearerComes() {
		at = at.Add(bearerGrace)
	}
	d := Decision{Kind: Activate, At: at, Rule: "dial", Why: "registered; the data connection is opened", Step: "dial"}
	if f.Dial.Tries == 0 || f.Dial.At.Before(f.DataLostAt) {
		return d
	}
	waits, class := waitsB, "temporary failures"
	if facts.SessionCause(f.Dial.Cause) && ClassOf(f.Dial.Cause) == ClassAPN {
		waits, class = waitsC, "permanent refusals"
	}
	wait := waits[min(f.Dial.Tries-1, len(waits)-1)]
	d.At = f.Dial.At.Add(w.stretch(wait, saltDial, f.Dial.Tries))
	d.Why = fmt.Sprintf("activation failed %d times (%s); schedule for %s", f.Dial.Tries, f.Dial.Text, class)
	return d
}

// staleBearer mends a context that only the modem believes in: opened anew, attached anew, and the radio at last.
func (w *view) staleBearer() Decision {
	since := w.now.Add(-staleWindow) // not since the address came: each repair brings a new one
	for _, k := range []Kind{Reactivate, Reattach, RadioCycle} {
		if w.h.countSince(k, since) > 0 {
			continue
		}
		at := later(w.f.IP.Since, w.h.lastOf(Reactivate, Reattach)).Add(staleApart)
		if k == RadioCycle {
			at = later(at, w.h.Ladder.Since.Add(radioPatience))
		}
		return Decision{Kind: k, At: at, Rule: "stale", Step: "stale",
			Why: "the operator ended the session that the modem still believes in"}
	}
	return holdUntil(w.h.lastOf(RadioCycle).Add(staleWindow), "stale", "reactivating, attaching anew and a radio cycle did not help")
}
