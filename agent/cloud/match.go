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
