package modem

import (
	"encoding/hex"
	"strings"
)

// cpinStates are the words of AT+CPIN? (27.007 §8.3) and those that vendors added: NOT READY and NOT INSERTED
// (Quectel, SIM7000), SIM REMOVED (A76xx). Anything else that asks for a code is a lock.
var cpinStates = map[string]SIMState{
	"READY": SIMReady, "SIM PIN": SIMPIN, "SIM PUK": SIMPUK, "NOT READY": SIMBusy, "SIM BUSY": SIMBusy,
	"NOT INSERTED": SIMMissing, "SIM NOT INSERTED": SIMMissing, "SIM REMOVED": SIMMissing,
	"SIM FAILURE": SIMFault, "SIM WRONG": SIMFault,
	// PIN2 and PUK2 guard features that a data card does not use: the card works without them.
	"SIM PIN2": SIMReady, "SIM PUK2": SIMReady,
}

// ParseCPIN reads "+CPIN: READY" and its relatives: quoted, without the plus (EC2x manual), without a label.
func ParseCPIN(line string) (SIMState, error) {
	label, f := splitLine(line)
	if label != "" && label != "+CPIN" && label != "CPIN" || len(f) != 1 {
		return SIMUnknown, unreadable("AT+CPIN?", line)
	}
	word := strings.ToUpper(strings.ReplaceAll(f[0].text, "_", " ")) // PH_SIM PIN: SIM800 manual
	if s, ok := cpinStates[word]; ok {
		return s, nil
	}
	if strings.HasSuffix(word, "PIN") || strings.HasSuffix(word, "PUK") {
		return SIMLocked, nil
	}
	return SIMUnknown, unreadable("AT+CPIN?", line)
}

// SIMStateOfCME is what a +CME ERROR number says about the card (27.007 §9.2.1); SIMUnknown when it says nothing.
// Number 13 is also Quectel's and u-blox's answer while the card is unpowered (CFUN=0): ask for the radio first.
func SIMStateOfCME(code int) SIMState {
	switch code {
	case 10:
		return SIMMissing
	case 11:
		return SIMPIN
	case 12:
		return SIMPUK
	case 13, 15:
		return SIMFault
	case 14:
		return SIMBusy
	case 5, 6, 7, 40, 41, 42, 43, 44, 45, 46, 47: // PH-SIM, PH-FSIM, network, subset, provider, corporate locks
		return SIMLocked
	}
	return SIMUnknown
}

// ParseIMSI reads the answer to AT+CIMI, which is bare by the standard and labelled or quoted on some modules.
func ParseIMSI(line string) (IMSI, error) {
	s := loneValue(line)
	if !ValidIMSI(s) {
		return "", unreadableSecret("AT+CIMI", line)
	}
	return IMSI(s), nil
}

// ParseIMEI reads the answer to AT+CGSN: 15 digits, or 14 without the check digit, or 16 with a software version.
func ParseIMEI(line string) (string, error) {
	s := loneValue(line)
	if !allDigits(s) || len(s) < 14 || len(s) > 16 {
		return "", unreadableSecret("AT+CGSN", line)
	}
	return s, nil
}

// ParseICCID reads the answer to a family's ICCID command: with any label (+QCCID, +ICCID, +CCID) or none, quoted or
// not, padded with F, or in the swapped form of EF_ICCID.
func ParseICCID(line string) (ICCID, error) {
	s, ok := NormalICCID(loneValue(line))
	if !ok {
		return "", unreadableSecret("ICCID", line)
	}
	return ICCID(s), nil
}

// CRSM is the answer to AT+CRSM (27.007 §8.18): the card's status word, and the file's bytes. The AT side says OK
// even when the card refused, so the status word must be looked at.
type CRSM struct {
	SW1, SW2 int
	Data     []byte
}

// OK reports whether the card did what was asked: 0x90, or 0x91 and 0x9F when it has more to say.
func (c CRSM) OK() bool { return c.SW1 == 0x90 || c.SW1 == 0x91 || c.SW1 == 0x9F }

// ParseCRSM reads "+CRSM: 144,0,"9844…"", with or without quotes, blanks and data.
func ParseCRSM(line string) (CRSM, error) {
	_, f := splitLine(line)
	sw1, ok1 := at(f, 0).within(0, 255)
	sw2, ok2 := at(f, 1).within(0, 255)
	data, err := hex.DecodeString(at(f, 2).text)
	if !ok1 || !ok2 || err != nil {
		return CRSM{}, unreadableSecret("AT+CRSM", line)
	}
	return CRSM{SW1: sw1, SW2: sw2, Data: data}, nil
}

// ParseCRSMICCID reads the ICCID out of EF_ICCID: the answer to AT+CRSM=176,12258,0,0,10, the one way that every
// module has.
func ParseCRSMICCID(line string) (ICCID, error) {
	c, err := ParseCRSM(line)
	if err != nil {
		return "", err
	}
	s, ok := NormalICCID(hex.EncodeToString(c.Data))
	if !c.OK() || !ok {
		return "", unreadableSecret("EF_ICCID", line)
	}
	return ICCID(s), nil
}

// identityLabels stand before the value in some answers to AT+CGMM, AT+CGMR, AT+CGMI and in ATI.
var identityLabels = []string{"+CGMM:", "+CGMR:", "+CGMI:", "+GMM:", "+GMR:", "Revision:", "Manufacturer:", "Model:"}

// ParseIdentityWord takes label, quotes and blanks off one line of identification: "Revision:1951B02SIM7080",
// "+CGMR: LE11B01SIM7600C", "EG25".
func ParseIdentityWord(line string) string {
	s := strings.TrimSpace(line)
	for _, l := range identityLabels {
		if len(s) >= len(l) && strings.EqualFold(s[:len(l)], l) {
			s = s[len(l):]
			break
		}
	}
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(s), `"`))
}

// loneValue is the only value of a line, its label and quotes removed; "" when there are several.
func loneValue(line string) string {
	_, f := splitLine(line)
	if len(f) != 1 {
		return ""
	}
	return f[0].text
}
