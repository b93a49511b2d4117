package cloud

import "strings"

// Lengths of an ICCID (ITU-T E.118): 18 digits without check digit up to 20 as KORE writes them.
const (
	minICCID = 18
	maxICCID = 20
	// identity is how many leading digits tell cards apart. The 20th is a Luhn check digit that some modems leave out.
	identity = 19
)

// NormalizeICCID returns the digits of s. The F that pads an odd number of digits on the card, quotes and spaces go; the
// nibble order is left alone, because only who read EF_ICCID by AT+CRSM knows that it is swapped.
func NormalizeICCID(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// SameICCID reports whether a and b name the same card. The check digit may be missing on one side: modems give 19 or 20
// digits for the same SIM, some only 18. Text too short or too long to be an ICCID matches nothing.
func SameICCID(a, b string) bool {
	a, b = NormalizeICCID(a), NormalizeICCID(b)
	if !plausibleICCID(a) || !plausibleICCID(b) {
		return false
	}
	n := min(len(a), len(b), identity)
	return a[:n] == b[:n]
}

func plausibleICCID(digits string) bool {
	return len(digits) >= minICCID && len(digits) <= maxICCID
}

// Spellings are the ways in which an ICCID may be written, itself first: with the check digit and without. A device knows what
// its modem tells, a relay what the operator writes; in topics both must be looked for.
func Spellings(iccid string) []string {
	switch len(iccid) {
	case identity + 1:
		return []string{iccid, iccid[:identity]}
	case identity:
		return []string{iccid, iccid + string(CheckDigit(iccid))}
	}
	return []string{iccid}
}

// CheckDigit is the Luhn digit that follows a number (ISO/IEC 7812-1 annex B).
func CheckDigit(digits string) byte {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			n = 2*n%10 + 2*n/10
		}
		sum += n
	}
	return byte('0' + (10-sum%10)%10)
}
