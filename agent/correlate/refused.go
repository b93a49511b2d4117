package correlate

import (
	"supersim-agent/agent/facts"
)

// KORE's error codes of connection events ("error.code").
const (
	codeAttachFailed  = 83700
	codeSessionFailed = 83701
	codeNotAllowed    = 83702
	codeRateLimited   = 83703
	codeNew           = 83704
	codeInactive      = 83705
)

// Group C: refused. First what no waiting can change.
var refusedForGood = []Rule{
	{
		ID: "C17", Code: "healed-in-cloud", Base: 0.85, match: healedInCloud,
		When:    "The modem holds on to a hard refusal (causes 3, 6, 7, 8, 11), and the console says that the SIM is active and was changed after it.",
		Summary: "Somebody has put the SIM in order, and the modem does not know it yet.",
		Agent:   "Makes one radio cycle now, within its budget, so that the modem tries again.",
		Advice:  "Nothing. The device should be online within a few minutes.",
		Changes: "A registration, or another refusal.",
	},
	{
		ID: "F1", Code: "unknown-sim", Base: 0.8, adds: true, match: unknownSIM,
		When:    "The operator's console knows no SIM with this ICCID.",
		Summary: "This SIM is not in the account that the agent asks.",
		Agent:   "Goes on as usual.",
		Advice:  "Register the SIM in the KORE console with its registration code. If it belongs to another account, use that account's access.",
		Changes: "The console finds the SIM.",
	},
	{
		ID: "C3", Code: "rate-limited", Base: 0.98, match: refusedWith(codeRateLimited),
		When:    "Not registered, and the newest attach event is a rejection with 83703.",
		Summary: "The operator refuses the SIM because it has tried too often.",
		Agent:   "Does nothing that makes the modem attach for an hour, twice as long each time it happens again.",
		Advice:  "Find what restarts the modem so often: a watchdog, a script, or a weak power supply.",
		Changes: "An accepted attach after the pause.",
	},
	{
		ID: "C1", Code: "sim-new", Base: 0.98, match: refusedWith(codeNew),
		When:    "Not registered, and the newest attach event is a rejection with 83704.",
		Summary: "The SIM was never activated, so every network refuses it.",
		Agent:   "Stops trying, except for one radio cycle after an hour and then ever more rarely.",
		Advice:  "Activate the SIM in the KORE console: set it to ready or active and put it into a fleet. Then supersim-agent retry saves hours of waiting.",
		Changes: "An accepted attach.",
	},
	{
		ID: "C2", Code: "sim-inactive", Base: 0.98, match: simInactive,
		When:    "Not registered, and the newest attach event is a rejection with 83705; or refused, and the console says inactive or scheduled.",
		Summary: "The SIM is set to inactive, so every network refuses it.",
		Agent:   "Stops trying, except for one radio cycle after an hour and then ever more rarely.",
		Advice:  "Set the SIM to active in the KORE console. The device comes back by itself within hours, or at once with supersim-agent retry.",
		Changes: "An accepted attach.",
	},
}

// refusedRules are refusals of one network, one identity or one moment.
var refusedRules = []Rule{
	{
		ID: "C4", Code: "nap-blocks-all", Base: 0.95, match: napBlocksAll,
		When:    "Rejected with 83702, and neither that network nor any other that is heard is in the Network Access Profile.",
		Summary: "No network at this place is open to the SIM.",
		Agent:   "Stops trying, except for one radio cycle after an hour and then ever more rarely.",
		Advice:  "Add a network of this place to the fleet's Network Access Profile in the KORE console.",
		Changes: "An accepted attach, or another profile.",
	},
	{
		ID: "C6", Code: "imsi-not-allowed-here", Base: 0.85, match: imsiNotAllowed,
		When:    "Rejected with 83702 on a network that is in the Network Access Profile.",
		Summary: "The network is open to the SIM, but not to the identity that the SIM uses now.",
		Agent:   "Waits for the SIM to change its IMSI.",
		Advice:  "Wait for half an hour. If it lasts for more than an hour, write to KORE support with the IMSI, the network and the time.",
		Changes: "Another IMSI, or an accepted attach.",
	},
	{
		ID: "C5", Code: "nap-blocks-this-plmn", Base: 0.85, match: napBlocksThis,
		When:    "Rejected with 83702 (or Diameter ROAMING_NOT_ALLOWED), and the profile is not known or holds another network that is heard.",
		Summary: "This network is not open to the SIM; the modem looks for another.",
		Agent:   "Waits for the modem to choose another network or the SIM another IMSI; after 25 minutes it climbs the ladder.",
		Advice:  "If it lasts for more than an hour, add the network to the fleet's Network Access Profile in the KORE console.",
		Changes: "An accepted attach on this or another network.",
	},
	{
		ID: "C8", Code: "imsi-not-provisioned", Base: 0.85, match: answered(facts.AnswerUnknownUser),
		When:    "Refused, and the cloud quotes USER_UNKNOWN (5001); causes 8 and 2 fit.",
		Summary: "The home network does not know the identity that the SIM uses now.",
		Agent:   "Waits for the SIM to change its IMSI; makes one radio cycle after an hour and then ever more rarely.",
		Advice:  "If it lasts for an hour, write to KORE support with the ICCID, the IMSI and the time.",
		Changes: "Another IMSI, or an accepted attach.",
	},
	{
		ID: "C9", Code: "rat-not-subscribed", Base: 0.85, match: answered(facts.AnswerNoEPS, facts.AnswerRAT),
		When:    "Refused, and the cloud quotes UNKNOWN_EPS_SUBSCRIPTION (5420) or RAT_NOT_ALLOWED (5421); cause 15 fits.",
		Summary: "The SIM may not use this kind of network (2G, 3G or 4G) here.",
		Agent:   "Leaves all technologies open that the configuration allows, and waits for another network.",
		Advice:  "Allow other technologies in network.rats if they are switched off. Otherwise ask KORE support for this network's technologies.",
		Changes: "An accepted attach.",
	},
	{
		ID: "C7", Code: "core-transient", Base: 0.8, match: coreTransient,
		When:    "The newest attach event is attachment.failed (83700), or quotes a passing Diameter failure.",
		Summary: "The operator's own network has a passing fault.",
		Agent:   "Leaves it to the modem, which tries again by itself; after 25 minutes it climbs the ladder, but restarts nothing.",
		Advice:  "Wait. If it lasts for longer than an hour, write to KORE support with the ICCID and the time.",
		Changes: "An accepted attach.",
	},
	{
		ID: "C15", Code: "congestion", Base: 0.7, match: congestion,
		When:    "Refused with cause 22.",
		Summary: "The network is overloaded and asks devices to wait.",
		Agent:   "Leaves the network alone for half an hour at least. It never resets for this.",
		Advice:  "Wait. If it happens every day, another network at this place may be better.",
		Changes: "A registration.",
	},
	{
		ID: "C12", Code: "imei-blocked", Base: 0.7, match: imeiBlocked,
		When:    "Refused with cause 5 or 6, or the cloud quotes EQUIPMENT_UNKNOWN.",
		Summary: "The visited network refuses this modem itself, by its IMEI.",
		Agent:   "Stops trying, except for one radio cycle after an hour and then ever more rarely.",
		Advice:  "Check that the modem shows a valid IMEI and is certified for this network. Then try another network or module.",
		Changes: "Another network, or a registration.",
	},
	{
		ID: "C13", Code: "auth-failed", Base: 0.5, match: authFailed,
		When:    "Refused with cause 3, and the cloud gives no other reason.",
		Summary: "The network did not accept the SIM's proof of identity.",
		Agent:   "Stops trying, except for one radio cycle after an hour and then ever more rarely.",
		Advice:  "Try the SIM in another device. If it fails there too, replace it.",
		Changes: "A registration.",
	},
	{
		ID: "C14", Code: "ta-blocked-trap", Base: 0.6, match: areaBlocked,
		When:    "Refused with cause 12.",
		Summary: "The network refuses the SIM in this area, and the modem keeps to this network all the same.",
		Agent:   "Lets the modem choose a network anew after 25 minutes.",
		Advice:  "If it lasts, move the device a little, or put another network first in the SIM's list.",
		Changes: "Another cell or network.",
	},
	{
		ID: "C10", Code: "local-barring-or-old-fplmn", Base: 0.6, match: localBarring,
		When:    "Refused with cause 11, 13 or 35, and for an hour the cloud says nothing of it; or the network is on the SIM's forbidden list.",
		Summary: "The visited network refuses the SIM without asking the operator, or the SIM remembers an old refusal.",
		Agent:   "Climbs the ladder; it clears the SIM's forbidden list once if this network is on it.",
		Advice:  "Nothing for the first hour. Then see that the Network Access Profile holds this network, and clear the SIM's forbidden list.",
		Changes: "A registration, or the cloud's word.",
	},
	{
		ID: "C11", Code: "no-roaming-route", Base: 0.6, match: noRoamingRoute,
		When:    "Refused with cause 15, 17 or 42, and for 15 minutes the cloud says nothing of it.",
		Summary: "This network cannot reach the SIM's home with the identity that it uses now.",
		Agent:   "Waits for the SIM to change its IMSI: a restart would not help and costs the SIM its turn.",
		Advice:  "Wait for half an hour. If it lasts, write to KORE support with the network, the IMSI and the time.",
		Changes: "Another IMSI or network, or the cloud's word.",
	},
}

// unexplainedRules are refusals that nothing explains.
var unexplainedRules = []Rule{{
	ID: "C16", Code: "denied-cloud-unknown", Base: 0.3, match: deniedCloudUnknown,
	When:    "Refused, and neither the cause nor the cloud says why.",
	Summary: "The network refuses the SIM, and the cloud has not said why.",
	Agent:   "Waits for the SIM to change its IMSI, then climbs the ladder of retries slowly.",
	Advice:  "Look at this SIM in the KORE console: its status, its fleet and the fleet's networks.",
	Changes: "A connection event of this SIM, or a registration.",
}}

// rejectedForGood reports a rejection that another attempt cannot change.
func (v *view) rejectedForGood() bool {
	return v.rejectedWith(codeNew) || v.rejectedWith(codeInactive) || v.rejectedWith(codeRateLimited)
}

// refusal evidence: the cloud's word and the modem's.
func (v *view) bothSides() []Evidence { return []Evidence{fromCloud(v.refusal), v.registration()} }

// refusedWith is a rejection by its code. Local denial makes the cloud's word certain; a modem that is already searching
// again makes it a little less so.
func refusedWith(code int) func(*view) (finding, bool) {
	return func(v *view) (finding, bool) {
		if !v.unregistered() || !v.rejectedWith(code) {
			return no()
		}
		found := finding{evidence: v.bothSides(), orderOpen: v.orderOpen()}
		if !v.denied() {
			found.confidence = 0.9
		}
		return found, true
	}
}

// orderOpen reports that the refusal may be from before this outage, for all that the clock tells.
func (v *view) orderOpen() bool { return !v.LastOnlineAt.IsZero() && !v.Clock.Known() }

func simInactive(v *view) (finding, bool) {
	if found, ok := refusedWith(codeInactive)(v); ok {
		return found, true
	}
	if s := v.Outside.Account.Value.Status; v.denied() && !v.refused && (s == "inactive" || s == "scheduled") {
		return evidence(v.account(), v.registration())
	}
	return no()
}

func healedInCloud(v *view) (finding, bool) {
	a := v.Outside.Account
	if !v.deniedWith(3, 6, 7, 8, 11) || a.Value.Changed.IsZero() || a.Value.Status != "active" && a.Value.Status != "ready" {
		return no()
	}
	if after, certain := v.Order(v.now, a.Value.Changed, v.Cause.At); !after || !certain {
		return no()
	}
	if v.refused && !v.refusal.Time.Before(a.Value.Changed) {
		return no() // refused again since
	}
	healed := v.account()
	healed.At = a.Value.Changed
	return evidence(healed, v.registration())
}

func unknownSIM(v *view) (finding, bool) {
	if !v.Outside.Account.Value.Missing {
		return no()
	}
	card := local(v.ICCID.Since, "ICCID %s", v.ICCID.Value)
	return finding{evidence: []Evidence{v.account(), card}, note: !v.denied() || v.refused}, true
}

// networksHeard is the evidence of what the last search of all bands found.
func (v *view) networksHeard() Evidence {
	n := v.Module.Networks
	return local(n.At, "networks heard: %s", n.Value)
}

// notAllowed reports a refusal because of the network.
func (v *view) notAllowed() bool {
	return v.unregistered() && (v.rejectedWith(codeNotAllowed) || v.refused && v.answer == facts.AnswerNoRoaming)
}

func napBlocksAll(v *view) (finding, bool) {
	holds, known := v.profileHolds(v.refusal.Network.PLMN())
	around, all := v.Around()
	if !v.notAllowed() || !known || holds || !all {
		return no()
	}
	for _, plmn := range around {
		if in, _ := v.profileHolds(plmn); in {
			return no()
		}
	}
	profile := v.account()
	profile.Fact = "the Network Access Profile holds " + v.Outside.Account.Value.Profile
	return finding{evidence: append(v.bothSides(), v.networksHeard(), profile)}, true
}

func imsiNotAllowed(v *view) (finding, bool) {
	if holds, _ := v.profileHolds(v.refusal.Network.PLMN()); !v.notAllowed() || !holds {
		return no()
	}
	profile := v.account()
	profile.Fact = "the Network Access Profile holds " + placeOf(v.refusal)
	return finding{evidence: append(v.bothSides(), profile)}, true
}

func napBlocksThis(v *view) (finding, bool) {
	if !v.notAllowed() {
		return no()
	}
	agreed := v.deniedWith(11, 13, 14, 15) && v.matched >= facts.Closely
	found := finding{evidence: v.bothSides(), agreed: agreed, orderOpen: v.orderOpen()}
	if v.refusal.Network.PLMN() != "" {
		found.summary = "Network " + placeOf(v.refusal) + " is not open to the SIM; the modem looks for another."
	}
	return found, true
}

func placeOf(e facts.Entry) string {
	if e.Network.Name != "" {
		return e.Network.PLMN() + " (" + e.Network.Name + ")"
	}
	return e.Network.PLMN()
}

// answered is a refusal by what the home network said.
func answered(answers ...facts.Answer) func(*view) (finding, bool) {
	return func(v *view) (finding, bool) {
		if !v.unregistered() || !v.refused {
			return no()
		}
		for _, a := range answers {
			if v.answer == a {
				quoted := fromCloud(v.refusal)
				quoted.Fact += ", " + string(a)
				both := []Evidence{quoted, v.registration()}
				return finding{evidence: both, agreed: v.deniedWith(2, 8, 15), orderOpen: v.orderOpen()}, true
			}
		}
		return no()
	}
}

func coreTransient(v *view) (finding, bool) {
	if !v.unregistered() || !v.refused {
		return no()
	}
	if v.refusal.Type != facts.AttachmentFailed && v.refusal.Error.Code != codeAttachFailed && v.answer != facts.AnswerTransient {
		return no()
	}
	return finding{evidence: v.bothSides(), orderOpen: v.orderOpen()}, true
}

func congestion(v *view) (finding, bool) {
	if !v.deniedWith(22) {
		return no()
	}
	return evidence(v.registration())
}

// byCause is a refusal that the cause alone names, while the cloud gives no reason of its own.
func (v *view) byCause(numbers ...int) (finding, bool) {
	if !v.deniedWith(numbers...) || v.refused {
		return no()
	}
	return finding{evidence: []Evidence{v.registration(), v.silence()}, deaf: !v.Cloud.Alive(v.now)}, true
}

func imeiBlocked(v *view) (finding, bool) {
	if v.refused && v.unregistered() && v.answer == facts.AnswerUnknownDevice {
		return finding{evidence: v.bothSides(), agreed: v.deniedWith(5, 6)}, true
	}
	return v.byCause(5, 6)
}

func authFailed(v *view) (finding, bool) { return v.byCause(3) }

func areaBlocked(v *view) (finding, bool) {
	if !v.deniedWith(12) || v.refused {
		return no()
	}
	return evidence(v.registration())
}

func localBarring(v *view) (finding, bool) {
	listed := facts.PLMNIn(v.Module.Forbidden.Value, v.PLMN())
	atLeast := silenceMedium
	if listed {
		atLeast = silenceWeak
	}
	deaf, ok := v.unexplained(atLeast)
	if !ok || !v.deniedWith(11, 13, 35) {
		return no()
	}
	found := finding{evidence: []Evidence{v.registration(), v.silence()}, deaf: deaf, remapped: true, agreed: listed}
	if listed {
		list := v.Module.Forbidden
		found.evidence = append(found.evidence, local(list.Since, "networks that the SIM forbids: %s", list.Value))
	}
	return found, true
}

func noRoamingRoute(v *view) (finding, bool) {
	deaf, ok := v.unexplained(silenceWeak)
	if !ok || !v.deniedWith(15, 17, 42) {
		return no()
	}
	return finding{evidence: []Evidence{v.registration(), v.silence()}, deaf: deaf, remapped: true}, true
}

func deniedCloudUnknown(v *view) (finding, bool) {
	if !v.denied() {
		return no()
	}
	found := finding{evidence: []Evidence{v.registration()}}
	if v.refused { // a refusal whose code no rule knows is still the cloud's word
		found.evidence = append(found.evidence, fromCloud(v.refusal))
		found.confidence = 0.5
		return found, true
	}
	found.evidence = append(found.evidence, v.silence())
	if v.cause != (facts.Cause{}) && v.Cloud.Alive(v.now) {
		found.confidence = 0.4
	}
	return found, true
}
