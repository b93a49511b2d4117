package modem

import (
	"strings"

	"supersim-agent/atcmd"
)

// ParseCEER reads a line of AT+CEER (27.007 §6.10: free text) in the vendors' styles:
//
//	+CEER: "EMM cause",15,"No suitable cells in tracking area"   SARA-R5: domain and number
//	+CEER: "31 Normal unspecified"                               A76xx: a call cause inside the text
//	+CEER: EPS services not allowed                              Quectel: the specification's words
//	+CEER: EPS_AND_NON_EPS_SERVICES_NOT_ALLOWED                  Altair: a token
//	+CEER: 8,21,0   +CEER: "SM detach",0,""                      Cinterion: location and call cause
//
// The cause is zero when the line names none that we know; the text is always kept.
func ParseCEER(line string) (LastCause, error) {
	label, f := splitLine(line)
	if label != "" && label != "+CEER" || len(f) == 0 {
		return LastCause{}, unreadable("AT+CEER", line)
	}
	if c, ok := numberedCause(f); ok {
		return LastCause{Cause: c, Text: c.textFrom(at(f, 2).text)}, nil
	}
	_, all := atcmd.Split(line)
	text := strings.TrimSpace(strings.ReplaceAll(all.Rest(), `"`, ""))
	if len(f) > 1 && f[0].quoted { // "No report available",0,"No cause information available"
		text = f[0].text
	}
	return LastCause{Cause: CauseByText(text), Text: text}, nil
}

// numberedCause reads u-blox's three fields. "No report available",0 is no cause.
func numberedCause(f []field) (Cause, bool) {
	word, isCause := strings.CutSuffix(strings.ToLower(f[0].text), " cause")
	n, ok := at(f, 1).within(1, 255)
	domain := CauseDomain(word)
	if _, known := causeNames[domain]; !isCause || !ok || !known {
		return Cause{}, false
	}
	return Cause{domain, n}, true
}

func (c Cause) textFrom(s string) string {
	if s == "" {
		return c.Name()
	}
	return s
}

// CauseByText finds a reject cause by its words: the spelling of the specifications, of Quectel's tables and of
// Altair's tokens. Case, punctuation and a number in front do not matter. Where EMM and GMM (or ESM and SM) say the
// same, the answer is EMM (ESM). Zero when nothing fits.
func CauseByText(text string) Cause {
	words := plainWords(text)
	best, longest := Cause{}, 0
	for _, t := range causeTexts {
		if len(t.words) > longest && strings.Contains(words, t.words) {
			best, longest = t.cause, len(t.words)
		}
	}
	return best
}

type causeText struct {
	words string
	cause Cause
}

// causeTexts is searched for the longest phrase inside a text, so that "services not allowed in this PLMN" wins over
// "PLMN not allowed". The first entry of equal phrases wins: the order of CauseDomains.
var causeTexts = buildCauseTexts()

// causeAliases are spellings that differ from the specifications' (Quectel EC2x manual tables 33 and 34, Altair tokens,
// 3GPP TS 27.007 error texts).
var causeAliases = []struct {
	text  string
	cause Cause
}{
	{"IMSI unknown", Cause{EMM, 2}}, {"EPS and non-EPS services not allowed", Cause{EMM, 8}},
	{"GPRS and non-GPRS services not allowed", Cause{GMM, 8}}, {"Identity cannot be derived", Cause{EMM, 9}},
	{"Implicit detach", Cause{EMM, 10}}, {"LA not allowed", Cause{GMM, 12}}, {"TA not allowed", Cause{EMM, 12}},
	{"Roaming not allowed in this TA", Cause{EMM, 13}}, {"Roaming not allowed in this LA", Cause{GMM, 13}},
	{"Roaming not allowed in LA", Cause{GMM, 13}}, {"No suitable cells in LA", Cause{GMM, 15}},
	{"No suitable cells in TA", Cause{EMM, 15}}, {"Unknown or missing APN", Cause{ESM, 27}},
	{"Missing/unknown APN", Cause{ESM, 27}}, {"Unknown APN", Cause{ESM, 27}}, {"Unknown PDP type", Cause{ESM, 28}},
	{"User authentication failed", Cause{ESM, 29}}, {"Requested service not subscribed", Cause{ESM, 33}},
	{"Only IPv4 allowed", Cause{ESM, 50}}, {"Only IPv6 allowed", Cause{ESM, 51}},
	{"Operator barring", Cause{ESM, 8}},
}

func buildCauseTexts() []causeText {
	var out []causeText
	for _, d := range CauseDomains {
		for n := range 256 {
			if name, ok := causeNames[d][n]; ok {
				out = append(out, causeText{plainWords(name), Cause{d, n}})
			}
		}
	}
	for _, a := range causeAliases {
		out = append(out, causeText{plainWords(a.text), a.cause})
	}
	return out
}

// plainWords lowers the case and makes every run of other characters one blank, with a blank at both ends, so that
// phrases match at word borders only.
func plainWords(s string) string {
	return " " + strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), " ") + " "
}
