package quectel

import (
	"strings"

	"supersim-agent/modem"
)

// nwinfoAcT are the words of AT+QNWINFO that say more than a technology: which of 27.007's numbers they are.
var nwinfoAcT = map[string]int{
	"EDGE": 3, "GPRS": 0, "HSDPA": 4, "HSUPA": 5, "HSPA+": 6, "HSDPA&HSUPA": 6,
}

// ParseQNWINFO reads the answer to AT+QNWINFO (EC25, BG96): technology, operator, band, channel. With EN-DC there are
// two lines, the LTE anchor first.
//
//	+QNWINFO: "FDD LTE",46011,"LTE BAND 3",1650        the operator is quoted on most firmware
//	+QNWINFO: "EDGE","46001","GSM 1800",653
//	+QNWINFO: "NR5G-SA",46011,"NR N78",633984          RM500U
//	+QNWINFO: No Service                               BG96: "NONE"
func ParseQNWINFO(lines []string) (modem.Cells, error) {
	var out modem.Cells
	for _, l := range lines {
		f := values(l, "+QNWINFO")
		if len(f) == 0 || f[0] == "" {
			return modem.Cells{}, unreadable("AT+QNWINFO", l)
		}
		if cell, ok := nwinfoCell(f, len(out.List) > 0); ok {
			out.List = append(out.List, cell)
		}
	}
	return out, nil
}

func nwinfoCell(f []string, second bool) (modem.Cell, bool) {
	word := strings.ToUpper(f[0])
	for _, duplex := range []string{"FDD ", "TDD "} {
		word = strings.TrimPrefix(word, duplex)
	}
	c := modem.NoCell
	tech, ok := findTechnology(word)
	if ok {
		c.AcT = tech.act
	} else if c.AcT, ok = nwinfoAcT[word]; !ok {
		return modem.NoCell, false
	}
	if second && c.AcT == 11 {
		c.AcT = 13 // NR beside an LTE anchor
	}
	if plmn := field(f, 1); modem.ValidPLMN(plmn) {
		c.PLMN = plmn
	}
	c.Band = band(field(f, 2))
	if len(f) > 3 {
		c.Channel = count(f, 3, 3279165)
	}
	return c, true
}

// bandForms: how AT+QNWINFO writes a band, and what stands for it here.
var bandForms = []struct{ begins, short string }{
	{"LTE BAND ", "B"}, {"NR5G BAND ", "n"}, {"NR N", "n"},
}

// band shortens "LTE BAND 3" to "B3" and "NR5G BAND 71" to "n71"; "GSM 1800" stays.
func band(text string) string {
	for _, form := range bandForms {
		if n, ok := strings.CutPrefix(strings.ToUpper(text), form.begins); ok {
			return form.short + n
		}
	}
	return text
}
