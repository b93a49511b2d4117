package modemsim

import "time"

// cause is why the network refused last: an EMM/GMM cause, with an ESM cause beside #19, or a session cause alone.
type cause struct {
	number  int // EMM (TS 24.301 §9.9.3.9) or GMM (TS 24.008 §10.5.5.14)
	esm     int // beside number 19
	session int // SM cause of a refused activation on 2G or 3G (TS 24.008 §10.5.6.6)
}

func (r cause) domain(rat string) string {
	switch rat {
	case "LTE":
		return "EMM"
	case "5G":
		return "5GMM"
	}
	return "GMM"
}

func (r cause) text() string {
	if r.esm != 0 {
		return causeText(emmTexts, r.number) + ", ESM: " + causeText(smTexts, r.esm)
	}
	return causeText(emmTexts, r.number)
}

// reaction is what a terminal does on a cause (TS 24.301 §5.5.1.2.5).
type reaction uint8

const (
	countIt     reaction = iota // abnormal case: T3411, five times, then T3402
	invalidUSIM                 // nothing more until power-off, USIM reset or T3247
	invalidLTE                  // the same for LTE only
	forbidPLMN                  // EF_FPLMN, then another PLMN
	forbidArea                  // forbidden TAs, then another cell
	trapArea                    // forbidden TAs, no change of PLMN: a roamer stays denied
	noService                   // forbidden PLMNs for GPRS service, then another PLMN
	againAtOnce                 // attach again
)

var reactions = map[int]reaction{
	3: invalidUSIM, 6: invalidUSIM, 8: invalidUSIM, 7: invalidLTE, 9: againAtOnce, 10: againAtOnce,
	11: forbidPLMN, 35: forbidPLMN, 12: trapArea, 13: forbidArea, 15: forbidArea, 14: noService,
}

// refused applies the terminal's rules to one refusal and plans the next step.
func (n *nas) refused(cell Cell, why cause) {
	n.cause = why
	next := between(n.c.air, time.Second, 3*time.Second)
	switch reactions[why.number] {
	case invalidUSIM:
		n.invalid = true
		n.become(denied, n.cell)
		n.planUnblock()
		return
	case invalidLTE:
		n.noLTE = true
		n.planUnblock()
	case forbidPLMN:
		n.c.card.forbid(cell.PLMN)
		n.attempts = 0
	case forbidArea:
		n.areas[area{cell.PLMN, cell.TAC}] = true
		n.planUnblock()
	case trapArea:
		n.areas[area{cell.PLMN, cell.TAC}] = true
		n.become(denied, n.cell)
		n.planUnblock()
		return
	case noService:
		n.services[cell.PLMN] = true
		n.planUnblock()
	case againAtOnce:
	default:
		next = n.counted(cell, why)
	}
	n.become(denied, n.cell)
	n.step = n.c.in(next, n.scan)
}

// counted is the abnormal case. ESM failure (#19) is counted too, as terminals before release 10 and, judging by the
// repeated attachment.accepted events that KORE describes for a wrong APN, many in the field do.
func (n *nas) counted(cell Cell, why cause) time.Duration {
	n.attempts++
	if n.attempts < maxAttempts {
		return t3411
	}
	n.attempts = 0
	if why.number == 19 { // another network would refuse the same bearer
		n.c.say("module", "has tried %d times and waits %s (T3402)", maxAttempts, t3402)
		return t3402
	}
	n.resting[cell.PLMN] = n.c.now.Add(t3402)
	n.c.say("module", "has tried %s %d times and leaves it alone for %s (T3402)", cell.PLMN, maxAttempts, t3402)
	return t3411
}

// planUnblock starts T3247 unless it runs: a reject that was not integrity protected is forgiven after 30 to 60 minutes.
func (n *nas) planUnblock() {
	if n.unblock != nil && !n.unblock.stopped && n.unblock.at.After(n.c.now) {
		return
	}
	n.unblock = n.c.in(between(n.c.air, t3247Min, t3247Max), func() {
		kept := n.cause
		n.forget()
		n.cause = kept
		n.c.say("module", "T3247 ends: it tries refused networks again")
		n.restart("T3247")
	})
}

func causeText(texts map[int]string, number int) string {
	if s, ok := texts[number]; ok {
		return s
	}
	return "Protocol error, unspecified"
}

// emmTexts are the names of TS 24.301 §9.9.3.9 and TS 24.008 §10.5.5.14.
var emmTexts = map[int]string{
	2: "IMSI unknown in HSS", 3: "Illegal UE", 5: "IMEI not accepted", 6: "Illegal ME", 7: "EPS services not allowed",
	8: "EPS services and non-EPS services not allowed", 9: "UE identity cannot be derived by the network",
	10: "Implicitly detached", 11: "PLMN not allowed", 12: "Tracking area not allowed",
	13: "Roaming not allowed in this tracking area", 14: "EPS services not allowed in this PLMN",
	15: "No suitable cells in tracking area", 17: "Network failure", 18: "CS domain not available", 19: "ESM failure",
	22: "Congestion", 35: "Requested service option not authorized in this PLMN", 40: "No EPS bearer context activated",
	42: "Severe network failure", 111: "Protocol error, unspecified",
}

// smTexts are the names of TS 24.301 §9.9.4.4 and TS 24.008 §10.5.6.6.
var smTexts = map[int]string{
	8: "Operator determined barring", 26: "Insufficient resources", 27: "Missing or unknown APN",
	28: "Unknown PDN type", 29: "User authentication failed", 30: "Request rejected by Serving GW or PDN GW",
	31: "Request rejected, unspecified", 32: "Service option not supported",
	33: "Requested service option not subscribed", 34: "Service option temporarily out of order", 35: "PTI already in use", 38: "Network failure",
	50: "PDN type IPv4 only allowed", 51: "PDN type IPv6 only allowed", 52: "Single address bearers only allowed",
	55: "Multiple PDN connections for a given APN not allowed", 65: "Maximum number of EPS bearers reached",
}
