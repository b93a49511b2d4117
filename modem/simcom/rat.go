package simcom

import (
	"slices"

	"supersim-agent/modem"
)

// ratMode is a value of AT+CNMP and the technologies that it makes the module search.
type ratMode struct {
	value string
	rats  []string
}

// The tables of AT+CNMP. The first mode, automatic, is preferred where several come to the same.
var (
	// 7600 4.2.11; the modes with CDMA and TD-SCDMA are left out. 48 (any but LTE) is 19 on these networks.
	modes7600 = []ratMode{
		{"2", []string{"2G", "3G", "4G"}}, {"39", []string{"2G", "3G", "4G"}},
		{"13", []string{"2G"}}, {"14", []string{"3G"}}, {"38", []string{"4G"}},
		{"19", []string{"2G", "3G"}}, {"48", []string{"2G", "3G"}},
		{"51", []string{"2G", "4G"}}, {"54", []string{"3G", "4G"}},
	}
	// A76: those that every variant has.
	modesA76 = []ratMode{
		{"2", []string{"2G", "3G", "4G"}}, {"13", []string{"2G"}}, {"14", []string{"3G"}}, {"38", []string{"4G"}},
	}
	// 7080, 7000. 4G is LTE-M here, and NB-IoT unless AT+CMNB excludes it.
	modesLPWA = []ratMode{
		{"2", []string{"2G", "4G"}}, {"51", []string{"2G", "4G"}}, {"13", []string{"2G"}}, {"38", []string{"4G"}},
	}
	// 8200, as several shipping programs use it.
	modes8200 = []ratMode{
		{"2", []string{"3G", "4G", "5G"}}, {"14", []string{"3G"}}, {"38", []string{"4G"}}, {"71", []string{"5G"}},
		{"109", []string{"4G", "5G"}},
	}
)

// ratSetting is AT+CNMP. Each write starts a new search, at once; it is kept over power-off (7600 4.2.11).
func ratSetting(modes []ratMode, source string) modem.Setting {
	return modem.Setting{
		Name: modem.SetRAT, Read: "AT+CNMP?", Prefix: "+CNMP",
		Wish: func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
			return wishMode(modes, w.RATs, have)
		},
		Write:  modem.WriteFormat("AT+CNMP=%s"),
		Why:    "which technologies are searched",
		Source: source,
	}
}

// wishMode finds the mode that searches all wanted technologies of the family and the fewest others. A module that is in
// a mode that comes to the same stays in it; one of which nothing that it has is wanted is left alone.
func wishMode(modes []ratMode, rats []string, have string) (string, bool) {
	wanted := slices.DeleteFunc(slices.Clone(rats), func(r string) bool { return !slices.Contains(modes[0].rats, r) })
	if len(wanted) == 0 {
		return "", false
	}
	var best ratMode
	for _, m := range modes {
		if m.has(wanted) && (best.value == "" || len(m.rats) < len(best.rats)) {
			best = m
		}
	}
	for _, m := range modes {
		if m.value == have && slices.Equal(m.rats, best.rats) {
			return "", false
		}
	}
	return best.value, true
}

func (m ratMode) has(rats []string) bool {
	for _, r := range rats {
		if !slices.Contains(m.rats, r) {
			return false
		}
	}
	return true
}

// lteMode is AT+CMNB (7080, 7000): 1 LTE-M, 2 NB-IoT, 3 both. Super SIM networks have no NB-IoT, and the search for it
// takes minutes. It is kept over power-off.
var lteMode = modem.Setting{
	Name: modem.SetLTEMode, Read: "AT+CMNB?", Prefix: "+CMNB",
	Wish: func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
		return "1", w.Has("4G") && have != "1"
	},
	Write:  modem.WriteFormat("AT+CMNB=%s"),
	Why:    "LTE-M without NB-IoT",
	Source: "7080, 7000 AT+CMNB",
}
