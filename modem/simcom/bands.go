package simcom

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// cnbp is AT+CNBP (7600, A76, 767): masks in hexadecimal, of GSM and UMTS bands, of LTE bands, and of TD-SCDMA bands on
// some. LTE band n is bit n-1; the mask is longer than 64 bits on newer firmware.
var cnbp = modem.Setting{
	Name: modem.SetBands, Read: "AT+CNBP?", Prefix: "+CNBP",
	Wish: func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
		masks := strings.Split(have, ",")
		if len(w.Bands.LTE) == 0 || len(masks) < 2 {
			return "", false
		}
		lte, ok := parseMask(masks[1])
		wanted := bandMask(w.Bands.LTE)
		if !ok || lte.Cmp(wanted) == 0 {
			return "", false
		}
		return fmt.Sprintf("%s,0x%016X", strings.TrimSpace(masks[0]), wanted), true
	},
	Write:  modem.WriteFormat("AT+CNBP=%s"),
	Why:    "which LTE bands are searched",
	Source: "7600, A76, 767 AT+CNBP",
}

func parseMask(s string) (*big.Int, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	return new(big.Int).SetString(strings.TrimPrefix(s, "0x"), 16)
}

func bandMask(bands []int) *big.Int {
	mask := new(big.Int)
	for _, b := range bands {
		if b >= 1 && b <= maxBand {
			mask.SetBit(mask, b-1, 1)
		}
	}
	return mask
}

const maxBand = 256 // 36.101 ends at 106

// cbandcfg is AT+CBANDCFG (7080, 7000), a line for each technology; the one of LTE-M counts.
var cbandcfg = modem.Setting{
	Name: modem.SetBands, Read: "AT+CBANDCFG?", Prefix: "+CBANDCFG",
	Value: func(lines []string) (string, error) {
		for _, l := range lines {
			_, f := atcmd.Split(l)
			if f.Str() == "CAT-M" {
				return f.Rest(), nil
			}
		}
		return "", fmt.Errorf("AT+CBANDCFG?: %w: no line for CAT-M", modem.ErrAnswer)
	},
	Wish: func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
		return wishList(w.Bands.LTE, have, ",")
	},
	Write:  modem.WriteFormat(`AT+CBANDCFG="CAT-M",%s`),
	Why:    "which LTE-M bands are searched",
	Source: "7080, 7000 AT+CBANDCFG",
}

// csyssel is AT+CSYSSEL (8200), whose lists are joined by colons: one for each kind of cell.
func csyssel(name modem.SettingName, key string, bands func(modem.Bands) []int) modem.Setting {
	return modem.Setting{
		Name: name, Read: fmt.Sprintf(`AT+CSYSSEL="%s"`, key), Prefix: "+CSYSSEL",
		Value: func(lines []string) (string, error) {
			for _, l := range lines {
				_, f := atcmd.Split(l)
				if f.Str() == key {
					return f.Rest(), nil
				}
			}
			return "", fmt.Errorf("AT+CSYSSEL: %w: no line for %s", modem.ErrAnswer, key)
		},
		Wish: func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
			return wishList(bands(w.Bands), have, ":")
		},
		Write:  modem.WriteFormat(`AT+CSYSSEL="` + key + `",%s`),
		Why:    "which bands are searched: " + key,
		Source: "captured session of a SIM8230; QModem",
	}
}

func lteBands(b modem.Bands) []int { return b.LTE }
func nrBands(b modem.Bands) []int  { return b.NR }

// wishList compares lists of band numbers as sets.
func wishList(wanted []int, have, separator string) (string, bool) {
	if len(wanted) == 0 {
		return "", false
	}
	var has []int
	for _, s := range strings.Split(have, separator) {
		if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
			has = append(has, n)
		}
	}
	wanted = slices.Clone(wanted)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	slices.Sort(has)
	if slices.Equal(slices.Compact(has), wanted) {
		return "", false
	}
	var text []string
	for _, n := range wanted {
		text = append(text, strconv.Itoa(n))
	}
	return strings.Join(text, separator), true
}
