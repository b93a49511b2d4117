package facts

import "strings"

// Answer is what the home network's subscriber data base said, as a connection event quotes it.
type Answer string

const (
	AnswerNone          Answer = ""
	AnswerUnknownUser   Answer = "USER_UNKNOWN"
	AnswerNoRoaming     Answer = "ROAMING_NOT_ALLOWED"
	AnswerNoEPS         Answer = "UNKNOWN_EPS_SUBSCRIPTION"
	AnswerRAT           Answer = "RAT_NOT_ALLOWED"
	AnswerTransient     Answer = "transient"
	AnswerUnauthorised  Answer = "AUTHORIZATION_REJECTED"
	AnswerNoCredit      Answer = "CREDIT_LIMIT_REACHED"
	AnswerUnknownDevice Answer = "EQUIPMENT_UNKNOWN"
)

// answers by name and by number. A name decides: 5001 and 5004 mean something else in the base protocol (RFC 6733 §7.1)
// than between home and visited network (TS 29.272 §7.4.3).
var answers = []struct {
	name, number string
	is           Answer
}{
	{"USER_UNKNOWN", "5001", AnswerUnknownUser},
	{"ROAMING_NOT_ALLOWED", "5004", AnswerNoRoaming},
	{"UNKNOWN_EPS_SUBSCRIPTION", "5420", AnswerNoEPS},
	{"RAT_NOT_ALLOWED", "5421", AnswerRAT},
	{"EQUIPMENT_UNKNOWN", "5422", AnswerUnknownDevice},
	{"AUTHORIZATION_REJECTED", "5003", AnswerUnauthorised},
	{"CREDIT_LIMIT_REACHED", "4012", AnswerNoCredit},
	{"END_USER_SERVICE_DENIED", "4010", AnswerNoCredit},
	{"AUTHENTICATION_DATA_UNAVAILABLE", "4181", AnswerTransient},
	{"TOO_BUSY", "3004", AnswerTransient},
	{"UNABLE_TO_COMPLY", "5012", AnswerTransient},
	{"UNABLE_TO_DELIVER", "3002", AnswerTransient},
	{"AVP_UNSUPPORTED", "", AnswerTransient},
	{"INVALID_AVP_VALUE", "", AnswerTransient},
}

// DiameterAnswer reads the standard Diameter text that an event's error message may hold.
func DiameterAnswer(message string) Answer {
	text := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToUpper(message))
	for _, a := range answers {
		if strings.Contains(text, a.name) {
			return a.is
		}
	}
	for _, a := range answers {
		if a.number != "" && hasNumber(text, a.number) {
			return a.is
		}
	}
	return AnswerNone
}

// hasNumber finds a number that is not part of a longer one.
func hasNumber(text, number string) bool {
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r < '0' || r > '9' }) {
		if field == number {
			return true
		}
	}
	return false
}
