package attach

import (
	"strings"

	"supersim-agent/agent/facts"
)

// Class says how a refusal is to be taken.
type Class struct {
	Name   string
	Agent  string // what the agent does
	Advice string // what a person should do
}

// The classes of refusals.
var (
	ClassStop = Class{"stop", "Stops trying: one radio cycle after an hour, then ever more rarely (4, 8, 16, 24 h).",
		"The network will not take this SIM or device until something is changed: check the SIM's status in the console and " +
			"the module's IMEI."}
	ClassPLMN = Class{"plmn", "Waits for another network or another IMSI; after 25 minutes it climbs the ladder.",
		"If it lasts, see whether the fleet's Network Access Profile holds a network at this place."}
	ClassArea = Class{"area", "Waits for another cell, network or IMSI; after 25 minutes it climbs the ladder.",
		"Often heals with the place or the network. If it lasts, tell support the network and the time."}
	ClassTemp = Class{"temporary", "Leaves it to the modem, which tries again by itself; after 25 minutes it climbs the ladder.",
		"Wait."}
	ClassReattach = Class{"reattach", "Watches: the modem attaches again at once.", "Nothing."}
	ClassAPN      = Class{"apn", "Checks APN and PDP type, then tries at growing intervals (5 minutes to 4 hours).",
		"Check the APN and whether the SIM may use data."}
	ClassCong  = Class{"congestion", "Leaves the network alone for half an hour at least. Never resets.", "Wait."}
	ClassProto = Class{"protocol", "Treats it as temporary and keeps the modem's words.",
		"If it repeats, look for newer firmware of the module."}
	ClassInfo   = Class{"info", "Nothing: it does not concern data.", "Nothing."}
	ClassFreeze = Class{"freeze",
		"Does nothing that makes the modem attach for an hour, twice as long each time it happens again, up to 24 h.",
		"Find what restarts the modem so often: a watchdog, a script, or a weak power supply."}
)

// LookupCause finds the row of a cause; ok is false for one that no specification names.
func LookupCause(c facts.Cause) (row Cause, ok bool) {
	i, ok := causeIndex[c]
	if !ok {
		return Cause{}, false
	}
	return Causes[i], true
}

var causeIndex = func() map[facts.Cause]int {
	index := make(map[facts.Cause]int, len(Causes))
	for i, row := range Causes {
		index[facts.Cause{Domain: row.Domain, Number: row.Number}] = i
	}
	return index
}()

// ClassOf says how a cause is to be taken. Unknown ones are temporary; 95 and above are protocol errors.
func ClassOf(c facts.Cause) Class {
	if row, ok := LookupCause(c); ok {
		return *row.Class
	}
	if c.Number >= 95 {
		return ClassProto
	}
	return ClassTemp
}

// cloudCodes are KORE's error codes in connection events.
var cloudCodes = map[int]*Class{
	83700: &ClassTemp, 83701: &ClassTemp, 83702: &ClassPLMN, 83703: &ClassFreeze, 83704: &ClassStop, 83705: &ClassStop,
}

// cloudWords tell a code that is not known by its message, which may name a Diameter result (TS 29.272 §7.4). Numbers are
// not looked at: the same ones mean different things in different lists.
var cloudWords = []struct {
	word  string
	class *Class
}{
	{"RATE_LIMIT", &ClassFreeze}, {"TOO_MANY_ATT", &ClassFreeze},
	{"USER_UNKNOWN", &ClassStop}, {"EQUIPMENT_UNKNOWN", &ClassStop},
	{"ROAMING_NOT_ALLOWED", &ClassPLMN}, {"NETWORK_NOT_ALLOWED", &ClassPLMN},
	{"RAT_NOT_ALLOWED", &ClassArea}, {"UNKNOWN_EPS_SUBSCRIPTION", &ClassArea},
	{"CREDIT_LIMIT_REACHED", &ClassAPN}, {"END_USER_SERVICE_DENIED", &ClassAPN},
}

// ClassOfEvent says how a refusal in a connection event is to be taken: by its code, else by its message. What nobody knows
// is temporary, and what is called a failure and not a rejection is never final.
func ClassOfEvent(typ string, code int, message string) Class {
	if class, ok := cloudCodes[code]; ok {
		return *class
	}
	text := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return '_'
		}
		return r
	}, strings.ToUpper(message))
	for _, w := range cloudWords {
		if strings.Contains(text, w.word) && (*w.class != ClassStop || typ == facts.AttachmentRejected) {
			return *w.class
		}
	}
	return ClassTemp
}
