package modem

import (
	"fmt"

	"supersim-agent/atcmd"
)

// PreferredPLMN is an entry of a PLMN selector with access technology (31.102 §4.2.5, EF_PLMNwAcT).
type PreferredPLMN struct {
	PLMN string // five or six digits
	AcT  AcTMask
}

// AcTMask is the access technology identifier of 31.102 §4.2.5, its first byte the upper one.
type AcTMask uint16

const (
	AcTUTRAN  AcTMask = 0x8000
	AcTEUTRAN AcTMask = 0x4000
	AcTNGRAN  AcTMask = 0x0800
	AcTGSM    AcTMask = 0x0080

	AcTAny = AcTUTRAN | AcTEUTRAN | AcTNGRAN | AcTGSM
)

// ValidPLMN reports whether s has the form of a PLMN: five or six digits (23.003 §2.2).
func ValidPLMN(s string) bool { return allDigits(s) && (len(s) == 5 || len(s) == 6) }

// DecodePLMN reads the three bytes of 24.008 §10.5.1.13; "" for an empty entry.
func DecodePLMN(b []byte) string {
	if len(b) < 3 {
		return ""
	}
	digits := []byte{b[0] & 15, b[0] >> 4, b[1] & 15, b[2] & 15, b[2] >> 4, b[1] >> 4}
	if digits[5] == 15 {
		digits = digits[:5]
	}
	for i := range digits {
		if digits[i] > 9 {
			return ""
		}
		digits[i] += '0'
	}
	return string(digits)
}

// EncodePLMN writes the three bytes of 24.008 §10.5.1.13; false for something that is no PLMN.
func EncodePLMN(plmn string) ([]byte, bool) {
	if !ValidPLMN(plmn) {
		return nil, false
	}
	var n [6]byte
	n[5] = 15
	for i := range plmn {
		n[i] = plmn[i] - '0'
	}
	return []byte{n[1]<<4 | n[0], n[5]<<4 | n[2], n[4]<<4 | n[3]}, true
}

// decodePLMNs reads entries of three bytes, leaving out the empty ones.
func decodePLMNs(file []byte) []string {
	var out []string
	for ; len(file) >= 3; file = file[3:] {
		if p := DecodePLMN(file); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// decodePreferred reads entries of five bytes.
func decodePreferred(file []byte) []PreferredPLMN {
	var out []PreferredPLMN
	for ; len(file) >= 5; file = file[5:] {
		if p := DecodePLMN(file); p != "" {
			out = append(out, PreferredPLMN{PLMN: p, AcT: AcTMask(file[3])<<8 | AcTMask(file[4])})
		}
	}
	return out
}

// encodePreferred fills a file of the given length; what is left over is empty (31.102: FFFFFF and no technology).
func encodePreferred(list []PreferredPLMN, size int) ([]byte, error) {
	if len(list) > size/5 {
		return nil, fmt.Errorf("%w: the card has room for %d networks, not for %d", ErrNotSupported, size/5, len(list))
	}
	var file []byte
	for _, p := range list {
		b, ok := EncodePLMN(p.PLMN)
		if !ok {
			return nil, fmt.Errorf("%w: %q is no PLMN", atcmd.ErrBadCommand, p.PLMN)
		}
		file = append(file, b[0], b[1], b[2], byte(p.AcT>>8), byte(p.AcT))
	}
	for len(file) < size/5*5 {
		file = append(file, 0xFF, 0xFF, 0xFF, 0, 0)
	}
	return file, nil
}
