package facts

import (
	"strings"

	"supersim-agent/modem"
)

// aliases are networks that go by several numbers: the cloud may name another one than the modem shows (ITU-T E.212
// assignments; KORE lists AT&T as 310410 and names it 310170 in events).
var aliases = [][]string{
	{"310410", "310030", "310070", "310150", "310170", "310280", "310380", "310560", "310680", "310950", "311180"}, // AT&T
	{"310260", "310160", "310200", "310210", "310220", "310230", "310240", "310250", "310270", "310310", "310490", "310660",
		"310800"}, // T-Mobile US
	{"311480", "310004", "310010", "310012", "310013"}, // Verizon
}

var aliasOf = func() map[string]string {
	m := map[string]string{}
	for _, list := range aliases {
		for _, plmn := range list {
			m[plmn] = list[0]
		}
	}
	return m
}()

// SamePLMN reports whether two numbers name the same network: equal, equal but for a leading zero of the network code
// (26201, 262001), or aliases. An empty one is the same as nothing.
func SamePLMN(a, b string) bool { return a != "" && b != "" && canonicalPLMN(a) == canonicalPLMN(b) }

func canonicalPLMN(plmn string) string {
	if main, ok := aliasOf[plmn]; ok {
		return main
	}
	if len(plmn) == 6 && plmn[3] == '0' {
		return plmn[:3] + plmn[4:]
	}
	return plmn
}

// PLMNIn reports whether a list of networks ("310410 26201") holds one.
func PLMNIn(list, plmn string) bool {
	for p := range strings.FieldsSeq(list) {
		if SamePLMN(p, plmn) {
			return true
		}
	}
	return false
}

// imeiIdentity is how many digits of an IMEI name the device: the 15th is a check digit, and an IMEISV has 16
// (23.003 §6.2).
const imeiIdentity = 14

// SameIMEI reports whether two numbers may name the same device. A missing or short one contradicts nothing.
func SameIMEI(a, b string) bool {
	return len(a) < imeiIdentity || len(b) < imeiIdentity || a[:imeiIdentity] == b[:imeiIdentity]
}

// RAT is the serving technology in the cloud's words, "" when it is not known. LTE-M counts as "4G LTE" on both sides.
func (f *Facts) RAT() string {
	if rat := modem.RAT(f.Serving().AcT); rat != "" {
		return rat
	}
	return modem.RAT(f.Operator.Value.AcT)
}

// PLMN is the network that the modem is on or was refused by, "" when it does not tell.
func (f *Facts) PLMN() string {
	if p := f.Module.Cell.Value.PLMN; p != "" && !f.Registered.Value {
		return p
	}
	return f.Operator.Value.PLMN
}
