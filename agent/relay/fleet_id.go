package relay

import (
	"supersim-agent/agent/cloud"
)

// Digits of an ICCID as they occur (ITU-T E.118): KORE writes 20, some modems leave the check digit out.
const (
	minDigits = 18
	maxDigits = 20
	identity  = 19 // leading digits that tell cards apart
	hashedLen = 32 // hex digits of a hashed id
)

// key is what a device is found by: the digits of its ICCID without the check digit, or '#' and its hashed id while the
// ICCID behind it is not known.
type key string

// keyOf returns the key of an ICCID, false when the text cannot be one.
func keyOf(iccid string) (key, bool) {
	digits := cloud.NormalizeICCID(iccid)
	if len(digits) != len(iccid) || len(digits) < minDigits || len(digits) > maxDigits {
		return "", false
	}
	return key(digits[:min(len(digits), identity)]), true
}

// hashed is the id in a key, "" when the ICCID is known.
func (k key) hashed() string {
	if k != "" && k[0] == '#' {
		return string(k[1:])
	}
	return ""
}

func isHashed(id string) bool {
	if len(id) != hashedLen {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
