package modem

import "strings"

// superSIMPrefixes are the issuer numbers of KORE's (formerly Twilio's) Super SIM: the first two from Twilio's pages,
// the third for cards made since 2025. All seven digits count: other KORE cards share the first six.
var superSIMPrefixes = [...]string{"8988307", "8988323", "8910392"}

// SuperSIM reports whether the card is a KORE Super SIM, by its ICCID.
func SuperSIM(iccid string) bool {
	for _, p := range superSIMPrefixes {
		if strings.HasPrefix(iccid, p) {
			return true
		}
	}
	return false
}

// NormalICCID brings an ICCID into its plain form: 18 to 20 characters that begin with 89 (ITU-T E.118: telecom),
// upper case, no padding. It accepts the raw content of EF_ICCID too, where each byte holds its digits swapped.
// Some operators put hexadecimal letters into the account digits (SIM7600 manual: 898600700907A6019125).
func NormalICCID(s string) (string, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if !isHex(s) {
		return "", false
	}
	if strings.HasPrefix(s, "98") {
		s = swapNibbles(s)
	}
	s = strings.TrimRight(s, "F")
	ok := strings.HasPrefix(s, "89") && len(s) >= 18 && len(s) <= 20
	if !ok {
		return "", false
	}
	return s, true
}

func swapNibbles(s string) string {
	b := []byte(s)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// SameICCID compares two ICCIDs in any form. Some sources leave out the check digit, so that 18, 19 and 20 characters
// of the same card meet: what both have counts, at most 19, at least 18.
func SameICCID(a, b string) bool {
	a, okA := NormalICCID(a)
	b, okB := NormalICCID(b)
	if !okA || !okB {
		return false
	}
	n := min(len(a), len(b), 19)
	return a[:n] == b[:n]
}

// SameIMEI compares two equipment identities by their first 14 digits: the 15th is a check digit and some sources
// give 0 there, or a two-digit software version (IMEISV).
func SameIMEI(a, b string) bool {
	return len(a) >= 14 && len(b) >= 14 && allDigits(a[:14]) && a[:14] == b[:14]
}

// Luhn reports whether the last digit of s is its check digit (ISO/IEC 7812-1): true for a 15-digit IMEI, and for most
// ICCIDs of 19 or 20 digits.
func Luhn(s string) bool {
	if !allDigits(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// ValidIMSI reports whether s has the form of an IMSI: 14 or 15 digits (23.003 §2.2).
func ValidIMSI(s string) bool { return allDigits(s) && (len(s) == 14 || len(s) == 15) }

// MaskICCID keeps issuer and last four digits: "8988307…4321".
func MaskICCID(s string) string { return mask(s, 7) }

// MaskIMSI keeps the network and the last four digits: "310410…4321".
func MaskIMSI(s string) string { return mask(s, 6) }

// MaskIMEI keeps the type allocation code's first six and the last four digits.
func MaskIMEI(s string) string { return mask(s, 6) }

// mask hides the middle. Something too short to have a middle is hidden altogether.
func mask(s string, head int) string {
	const tail = 4
	if s == "" {
		return ""
	}
	if len(s) <= head+tail {
		return "…"
	}
	return s[:head] + "…" + s[len(s)-tail:]
}
