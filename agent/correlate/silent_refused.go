package correlate

import (
	"math"
	"time"

	"supersim-agent/agent/facts"
)

// silentRefusals are what the cloud alone tells of a device that says nothing because it is refused. A refused device has
// no way to report, so the far judge must know these reasons by the operator's word. They come before the rest of group G:
// a device that is refused is neither switched off nor out of coverage.
var silentRefusals = []Rule{
	{
		ID: "G5", Code: "rate-limited", Base: 0.9, match: lastRefusedWith(codeRateLimited, refusalMaxAge),
		When:    "No report from the device, and the newest attach event is a rejection with 83703, less than a day old.",
		Summary: "The operator refuses the SIM because it has tried too often, and the device cannot report.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Find what restarts the modem so often: a watchdog, a script, or a weak power supply.",
		Changes: "A report from the device, or an accepted attach.",
	},
	{
		ID: "G6", Code: "sim-new", Base: 0.9, match: lastRefusedWith(codeNew, forever),
		When:    "No report from the device, and the newest attach event is a rejection with 83704.",
		Summary: "The SIM was never activated, so every network refuses it and the device cannot report.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Activate the SIM in the KORE console: set it to ready or active and put it into a fleet.",
		Changes: "A report from the device, or an accepted attach.",
	},
	{
		ID: "G7", Code: "sim-inactive", Base: 0.9, match: lastRefusedWith(codeInactive, forever),
		When:    "No report from the device, and the newest attach event is a rejection with 83705.",
		Summary: "The SIM is set to inactive, so every network refuses it and the device cannot report.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Set the SIM to active in the KORE console. The device comes back by itself within a few hours.",
		Changes: "A report from the device, or an accepted attach.",
	},
	{
		ID: "G8", Code: "data-limit", Base: 0.85, match: lastBlocked,
		When:    "No report from the device, and the newest word on the SIM's data sessions is that they are blocked.",
		Summary: "The SIM has used up its data limit, so the operator blocks its data and the device cannot report.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Raise the fleet's data limit in the KORE console, or wait for the next billing period.",
		Changes: "A report from the device, or a data session that is not blocked.",
	},
	{
		ID: "G9", Code: "nap-blocks-this-plmn", Base: 0.75, match: lastRefusedWith(codeNotAllowed, refusalMaxAge),
		When:    "No report from the device, and the newest attach event is a rejection with 83702, less than a day old.",
		Summary: "The network that the device tried is not open to its SIM, and the device cannot report.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "If it lasts for more than an hour, add the network to the fleet's Network Access Profile in the KORE console.",
		Changes: "A report from the device, or an accepted attach on this or another network.",
	},
	{
		ID: "G10", Code: "core-transient", Base: 0.7, match: lastFailed,
		When:    "No report from the device, and the newest attach event is attachment.failed, less than a day old.",
		Summary: "The operator's own network failed to let the SIM in, and the device cannot report.",
		Agent:   "Nothing: it is not heard.",
		Advice:  "Wait. If it lasts for longer than an hour, write to KORE support with the ICCID and the time.",
		Changes: "A report from the device, or an accepted attach.",
	},
}

// forever: what a person set in the console stays until a person sets it otherwise.
const forever = time.Duration(math.MaxInt64)

// staleRefusal is how sure a refusal still is after a day: the console may have been put in order since.
const staleRefusal = 0.7

// lastRefusedWith is a rejection by its code, with nothing good after it.
func lastRefusedWith(code int, within time.Duration) func(*view) (finding, bool) {
	return func(v *view) (finding, bool) {
		e, ok := v.Cloud.Last(facts.AttachmentRejected)
		age := v.cloudNow().Sub(e.Time)
		if !ok || e.Error.Code != code || !v.newestAttach(e) || age > within {
			return no()
		}
		found := finding{evidence: []Evidence{fromCloud(e), v.noReport()}}
		if age > refusalMaxAge {
			found.confidence = staleRefusal
		}
		return found, true
	}
}

func lastBlocked(v *view) (finding, bool) {
	last, ok := v.Cloud.Last(facts.SessionStarted, facts.SessionUpdated, facts.SessionEnded, facts.SessionFailed)
	if !ok || last.Modifier != "blocked" {
		return no()
	}
	blocked := fromCloud(last)
	blocked.Fact += ", blocked by the data limit"
	return evidence(blocked, v.noReport())
}

func lastFailed(v *view) (finding, bool) {
	e, ok := v.Cloud.Last(facts.AttachmentAccepted, facts.AttachmentRejected, facts.AttachmentFailed, facts.SessionStarted)
	if !ok || e.Type != facts.AttachmentFailed || v.cloudNow().Sub(e.Time) > refusalMaxAge {
		return no()
	}
	if v.hasSession && v.session.Newest().After(e.Time) {
		return no()
	}
	return evidence(fromCloud(e), v.noReport())
}
