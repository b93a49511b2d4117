package modem

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// causeNames holds the names of the reject causes, as the specifications write them.
//
//	EMM  TS 24.301 §9.9.3.9 and Annex A
//	ESM  TS 24.301 §9.9.4.4
//	GMM  TS 24.008 §10.5.5.14
//	MM   TS 24.008 §10.5.3.6
//	SM   TS 24.008 §10.5.6.6
var causeNames = map[CauseDomain]map[int]string{
	EMM: {
		2: "IMSI unknown in HSS", 3: "Illegal UE", 5: "IMEI not accepted", 6: "Illegal ME",
		7: "EPS services not allowed", 8: "EPS services and non-EPS services not allowed",
		9: "UE identity cannot be derived by the network", 10: "Implicitly detached", 11: "PLMN not allowed",
		12: "Tracking area not allowed", 13: "Roaming not allowed in this tracking area",
		14: "EPS services not allowed in this PLMN", 15: "No suitable cells in tracking area",
		16: "MSC temporarily not reachable", 17: "Network failure", 18: "CS domain not available", 19: "ESM failure",
		20: "MAC failure", 21: "Synch failure", 22: "Congestion", 23: "UE security capabilities mismatch",
		24: "Security mode rejected, unspecified", 25: "Not authorized for this CSG",
		26: "Non-EPS authentication unacceptable", 31: "Redirection to 5GCN required",
		35: "Requested service option not authorized in this PLMN", 39: "CS service temporarily not available",
		40: "No EPS bearer context activated", 42: "Severe network failure",
		78: "PLMN not allowed to operate at the present UE location", 95: "Semantically incorrect message",
		96: "Invalid mandatory information", 97: "Message type non-existent or not implemented",
		98:  "Message type not compatible with the protocol state",
		99:  "Information element non-existent or not implemented",
		100: "Conditional IE error", 101: "Message not compatible with the protocol state",
		111: "Protocol error, unspecified",
	},
	ESM: {
		8: "Operator determined barring", 26: "Insufficient resources", 27: "Missing or unknown APN",
		28: "Unknown PDN type", 29: "User authentication or authorization failed",
		30: "Request rejected by Serving GW or PDN GW", 31: "Request rejected, unspecified",
		32: "Service option not supported", 33: "Requested service option not subscribed",
		34: "Service option temporarily out of order", 35: "PTI already in use", 36: "Regular deactivation",
		37: "EPS QoS not accepted", 38: "Network failure", 39: "Reactivation requested",
		41: "Semantic error in the TFT operation", 42: "Syntactical error in the TFT operation",
		43: "Invalid EPS bearer identity", 44: "Semantic errors in packet filter(s)",
		45: "Syntactical errors in packet filter(s)", 47: "PTI mismatch",
		49: "Last PDN disconnection not allowed", 50: "PDN type IPv4 only allowed", 51: "PDN type IPv6 only allowed",
		52: "Single address bearers only allowed", 53: "ESM information not received",
		54: "PDN connection does not exist", 55: "Multiple PDN connections for a given APN not allowed",
		56: "Collision with network initiated request", 57: "PDN type IPv4v6 only allowed",
		58: "PDN type non IP only allowed", 59: "Unsupported QCI value", 60: "Bearer handling not supported",
		61: "PDN type Ethernet only allowed", 65: "Maximum number of EPS bearers reached",
		66: "Requested APN not supported in current RAT and PLMN combination", 81: "Invalid PTI value",
		95: "Semantically incorrect message", 96: "Invalid mandatory information",
		97:  "Message type non-existent or not implemented",
		98:  "Message type not compatible with the protocol state",
		99:  "Information element non-existent or not implemented",
		100: "Conditional IE error", 101: "Message not compatible with the protocol state",
		111: "Protocol error, unspecified", 112: "APN restriction value incompatible with active EPS bearer context",
		113: "Multiple accesses to a PDN connection not allowed",
	},
	GMM: {
		2: "IMSI unknown in HLR", 3: "Illegal MS", 5: "IMEI not accepted", 6: "Illegal ME",
		7: "GPRS services not allowed", 8: "GPRS services and non-GPRS services not allowed",
		9: "MS identity cannot be derived by the network", 10: "Implicitly detached", 11: "PLMN not allowed",
		12: "Location area not allowed", 13: "Roaming not allowed in this location area",
		14: "GPRS services not allowed in this PLMN", 15: "No suitable cells in location area",
		16: "MSC temporarily not reachable", 17: "Network failure", 20: "MAC failure", 21: "Synch failure",
		22: "Congestion", 23: "GSM authentication unacceptable", 25: "Not authorized for this CSG",
		28: "SMS provided via GPRS in this routing area", 40: "No PDP context activated",
		48: "Retry upon entry into a new cell", 95: "Semantically incorrect message",
		96: "Invalid mandatory information", 97: "Message type non-existent or not implemented",
		98:  "Message type not compatible with the protocol state",
		99:  "Information element non-existent or not implemented",
		100: "Conditional IE error", 101: "Message not compatible with the protocol state",
		111: "Protocol error, unspecified",
	},
	MM: {
		2: "IMSI unknown in HLR", 3: "Illegal MS", 4: "IMSI unknown in VLR", 5: "IMEI not accepted", 6: "Illegal ME",
		11: "PLMN not allowed", 12: "Location area not allowed", 13: "Roaming not allowed in this location area",
		15: "No suitable cells in location area", 17: "Network failure", 20: "MAC failure", 21: "Synch failure",
		22: "Congestion", 23: "GSM authentication unacceptable", 25: "Not authorized for this CSG",
		32: "Service option not supported", 33: "Requested service option not subscribed",
		34: "Service option temporarily out of order", 38: "Call cannot be identified",
		48: "Retry upon entry into a new cell", 95: "Semantically incorrect message",
		96: "Invalid mandatory information", 97: "Message type non-existent or not implemented",
		98:  "Message type not compatible with the protocol state",
		99:  "Information element non-existent or not implemented",
		100: "Conditional IE error", 101: "Message not compatible with the protocol state",
		111: "Protocol error, unspecified",
	},
	SM: {
		8: "Operator determined barring", 24: "MBMS bearer capabilities insufficient for the service",
		25: "LLC or SNDCP failure", 26: "Insufficient resources", 27: "Missing or unknown APN",
		28: "Unknown PDP address or PDP type", 29: "User authentication failed",
		30: "Activation rejected by GGSN, Serving GW or PDN GW", 31: "Activation rejected, unspecified",
		32: "Service option not supported", 33: "Requested service option not subscribed",
		34: "Service option temporarily out of order", 35: "NSAPI already used", 36: "Regular deactivation",
		37: "QoS not accepted", 38: "Network failure", 39: "Reactivation required", 40: "Feature not supported",
		41: "Semantic error in the TFT operation", 42: "Syntactical error in the TFT operation",
		43: "Unknown PDP context", 44: "Semantic errors in packet filter(s)",
		45: "Syntactical errors in packet filter(s)", 46: "PDP context without TFT already activated",
		47: "Multicast group membership time-out", 48: "Request rejected, BCM violation",
		50: "PDP type IPv4 only allowed", 51: "PDP type IPv6 only allowed", 52: "Single address bearers only allowed",
		56: "Collision with network initiated request", 57: "PDP type IPv4v6 only allowed",
		58: "PDP type non IP only allowed", 60: "Bearer handling not supported", 65: "Maximum number of PDP contexts reached",
		66: "Requested APN not supported in current RAT and PLMN combination", 81: "Invalid transaction identifier value",
		95: "Semantically incorrect message", 96: "Invalid mandatory information",
		97:  "Message type non-existent or not implemented",
		98:  "Message type not compatible with the protocol state",
		99:  "Information element non-existent or not implemented",
		100: "Conditional IE error", 101: "Message not compatible with the protocol state",
		111: "Protocol error, unspecified", 112: "APN restriction value incompatible with active PDP context",
		113: "Multiple accesses to a PDN connection not allowed",
	},
}

// CauseDomains lists the domains, most telling first: this is the order in which a bare number is explained.
var CauseDomains = [...]CauseDomain{EMM, ESM, GMM, SM, MM}

// Name is the specification's name of the cause, "unknown cause" for a number it does not define, "" for no cause.
func (c Cause) Name() string {
	if c == (Cause{}) {
		return ""
	}
	if name, ok := causeNames[c.Domain][c.Number]; ok {
		return name
	}
	return "unknown cause"
}

// String prints the cause as a person writes it: "EMM cause 11 (PLMN not allowed)".
func (c Cause) String() string {
	if c == (Cause{}) {
		return "no cause"
	}
	return fmt.Sprintf("%s cause %d (%s)", strings.ToUpper(string(c.Domain)), c.Number, c.Name())
}

// cmeCauses are the +CME ERROR numbers outside the pattern "100 plus cause" (27.007 §9.2.2).
var cmeCauses = map[int]Cause{
	149: {ESM, 29}, 171: {ESM, 49}, 177: {ESM, 8}, 178: {ESM, 65}, 179: {ESM, 66}, 189: {ESM, 35}, 190: {ESM, 38},
	191: {ESM, 39}, 192: {ESM, 50}, 193: {ESM, 51}, 194: {ESM, 52}, 204: {EMM, 42},
}

// CauseOfCME gives the reject cause behind a +CME ERROR number, the zero Cause when there is none (148, the catch-all,
// among them). 102 to 122 are 100 plus an attach cause, 126 to 146 are 100 plus a session cause (27.007 §9.2.2). The
// number does not say whether LTE or an older network answered; LTE's names are used, which mean the same.
func CauseOfCME(code int) Cause {
	if c, ok := cmeCauses[code]; ok {
		return c
	}
	c := Cause{Number: code - 100}
	switch {
	case 102 <= code && code <= 125:
		c.Domain = EMM
	case 126 <= code && code <= 146:
		c.Domain = ESM
	default:
		return Cause{}
	}
	if _, known := causeNames[c.Domain][c.Number]; !known {
		return Cause{}
	}
	return c
}

// ErrCauseArg is the error of ParseCauseArg.
var ErrCauseArg = errors.New("not a reject cause")

// ParseCauseArg reads what a person types when asking about a cause: "emm 11", "EMM #11", "esm27", "11", "cme 111".
// A number without its domain fits several; all that are defined come back, the most telling first. The result of a
// nil error has at least one entry.
func ParseCauseArg(arg string) ([]Cause, error) {
	s := strings.ToLower(arg)
	for _, filler := range []string{"cause", "error", "+", "#", ":"} {
		s = strings.ReplaceAll(s, filler, " ")
	}
	s = strings.ReplaceAll(s, " ", "")
	i := strings.IndexAny(s, "0123456789")
	if i < 0 {
		return nil, fmt.Errorf("%q: %w: there is no number in it", arg, ErrCauseArg)
	}
	n, err := strconv.Atoi(s[i:])
	if err != nil {
		return nil, fmt.Errorf("%q: %w: %q is not a number", arg, ErrCauseArg, s[i:])
	}
	switch prefix := s[:i]; prefix {
	case "":
		return causesOfNumber(arg, n)
	case "cme":
		if c := CauseOfCME(n); c != (Cause{}) {
			return []Cause{c}, nil
		}
		return nil, fmt.Errorf("%q: %w: this +CME ERROR carries none", arg, ErrCauseArg)
	default:
		if _, ok := causeNames[CauseDomain(prefix)]; !ok {
			return nil, fmt.Errorf("%q: %w: the domains are emm, esm, gmm, sm, mm, and cme", arg, ErrCauseArg)
		}
		return []Cause{{CauseDomain(prefix), n}}, nil
	}
}

func causesOfNumber(arg string, n int) ([]Cause, error) {
	var out []Cause
	for _, d := range CauseDomains {
		if _, ok := causeNames[d][n]; ok {
			out = append(out, Cause{d, n})
		}
	}
	if out == nil {
		return nil, fmt.Errorf("%q: %w: no domain defines number %d", arg, ErrCauseArg, n)
	}
	return out, nil
}
