package ublox

import (
	"fmt"
	"slices"
	"strings"

	"supersim-agent/modem"
)

// AT+URAT exists in two forms: a list in order of preference (SARA-R4, SARA-R5, LARA-R6), and a number for a set of
// technologies with an optional preferred one (SARA-U2, LARA-R2, TOBY).

// technology is a value of the list. 8, NB-IoT, is in none: Super SIM networks have it nowhere, and the search for it
// takes up to twenty minutes (UBX).
type technology struct{ value, rat string }

var (
	urat7   = uratList("R4AT; PART", technology{"7", "4G"})
	urat79  = uratList("R4AT; UBX", technology{"7", "4G"}, technology{"9", "2G"})
	urat320 = uratList("UBX", technology{"3", "4G"}, technology{"2", "3G"}, technology{"0", "2G"})
)

// uratList is the form with a list. It is refused while registered, and kept over power-off.
func uratList(source string, table ...technology) modem.Setting {
	return modem.Setting{
		Name: modem.SetRAT, Read: "AT+URAT?", Prefix: "+URAT", Value: withoutBlanks,
		Wish: func(w modem.Wanted, id modem.Identity, have string) (string, bool) {
			return wishList(lessOf(id.Model, table), w, have)
		},
		Write: modem.WriteFormat("AT+URAT=%s"), RadioOff: true, Restart: true,
		Why: "technologies that are searched, in order", Source: source,
	}
}

// lessOf leaves out what a model of the family lacks: SARA-R410 has no GSM.
func lessOf(model string, table []technology) []technology {
	if !strings.Contains(model, "R410") {
		return table
	}
	return slices.DeleteFunc(slices.Clone(table), func(t technology) bool { return t.rat == "2G" })
}

// wishList keeps the module's order of what is wanted and adds what is missing. A module that has nothing of what is
// wanted is left alone.
func wishList(table []technology, w modem.Wanted, have string) (string, bool) {
	var wanted []string
	for _, t := range table {
		if w.Has(t.rat) {
			wanted = append(wanted, t.value)
		}
	}
	if len(wanted) == 0 {
		return "", false
	}
	var list []string
	for _, v := range append(strings.Split(have, ","), wanted...) {
		if slices.Contains(wanted, v) && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	want := strings.Join(list, ",")
	return want, want != have
}

// selection is a number of the other form, and the technologies that it stands for.
type selection struct {
	value string
	rats  []string
}

var selections = []selection{
	{"0", []string{"2G"}}, {"1", []string{"2G", "3G"}}, {"2", []string{"3G"}}, {"3", []string{"4G"}},
	{"4", []string{"2G", "3G", "4G"}}, {"5", []string{"2G", "4G"}}, {"6", []string{"3G", "4G"}},
}

// uratNumber is the form with a number. has are the family's technologies.
func uratNumber(has ...string) modem.Setting {
	return modem.Setting{
		Name: modem.SetRAT, Read: "AT+URAT?", Prefix: "+URAT", Value: withoutBlanks,
		Wish: func(w modem.Wanted, id modem.Identity, have string) (string, bool) {
			return wishNumber(w, available(id.Model, has), have)
		},
		Write: modem.WriteFormat("AT+URAT=%s"), RadioOff: true,
		Why: "technologies that are searched, and the preferred one", Source: "MM",
	}
}

// noGSM are models whose AT+URAT=? lists GSM although they have none (MM).
var noGSM = []string{"TOBY-L201", "SARA-U280"}

func available(model string, has []string) []string {
	if !slices.ContainsFunc(noGSM, func(m string) bool { return strings.Contains(model, m) }) {
		return has
	}
	return slices.DeleteFunc(slices.Clone(has), func(r string) bool { return r == "2G" })
}

// wishNumber finds the number of exactly what is wanted and there. A preferred technology is kept as long as the number
// is the right one.
func wishNumber(w modem.Wanted, has []string, have string) (string, bool) {
	wanted := slices.DeleteFunc(slices.Clone(has), func(r string) bool { return !w.Has(r) })
	now, _, _ := strings.Cut(have, ",")
	for _, s := range selections {
		if slices.Equal(s.rats, wanted) {
			return s.value, s.value != now
		}
	}
	return "", false
}

// withoutBlanks is the answer's text: "+URAT: 7 ,9" is 7,9.
func withoutBlanks(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", fmt.Errorf("setting: %w: no line", modem.ErrAnswer)
	}
	text, err := modem.SettingText(lines)
	return strings.ReplaceAll(text, " ", ""), err
}
