package ublox

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"supersim-agent/modem"
)

// earfcns are the first downlink channels of the LTE bands, and the last (36.101 table 5.7.3-1).
var earfcns = []struct{ band, first, last int }{
	{1, 0, 599}, {2, 600, 1199}, {3, 1200, 1949}, {4, 1950, 2399}, {5, 2400, 2649}, {6, 2650, 2749}, {7, 2750, 3449},
	{8, 3450, 3799}, {9, 3800, 4149}, {10, 4150, 4749}, {11, 4750, 4949}, {12, 5010, 5179}, {13, 5180, 5279},
	{14, 5280, 5379}, {17, 5730, 5849}, {18, 5850, 5999}, {19, 6000, 6149}, {20, 6150, 6449}, {21, 6450, 6599},
	{25, 8040, 8689}, {26, 8690, 9039}, {27, 9040, 9209}, {28, 9210, 9659}, {30, 9770, 9869}, {31, 9870, 9919},
	{38, 37750, 38249}, {39, 38250, 38649}, {40, 38650, 39649}, {41, 39650, 41589}, {66, 66436, 67335},
	{71, 68586, 68935}, {72, 68936, 68985}, {73, 68986, 69035}, {85, 70366, 70545},
}

// BandOfEARFCN names the band of a downlink channel: "B12"; "" for a channel of none. The band that AT+UCGED? prints is
// not used: it was seen as 13 beside channel 5110, which is band 12.
func BandOfEARFCN(channel int) string {
	for _, e := range earfcns {
		if e.first <= channel && channel <= e.last {
			return "B" + strconv.Itoa(e.band)
		}
	}
	return ""
}

// ubandmask is AT+UBANDMASK of the LTE-M families: per technology (0 LTE-M, 1 NB-IoT, 2 GSM) one mask, or two for LTE
// bands 1 to 64 and 65 to 128, in decimal. Of these only the LTE-M masks are shown and set (R4AT 7.17).
var ubandmask = modem.Setting{
	Name: modem.SetBands, Read: "AT+UBANDMASK?", Prefix: "+UBANDMASK", Value: lteMMasks,
	Wish: wishMasks, Write: modem.WriteFormat("AT+UBANDMASK=%s"), RadioOff: true, Restart: true,
	Why: "which LTE-M bands are searched", Source: "R4AT 7.17; PART",
}

// lteMMasks cuts the answer after the masks of LTE-M: how many there are, only the whole line tells.
//
//	0,m   0,m,m2   0,m,1,m[,2,m]   0,m,m2,1,m,m2[,2,m]
func lteMMasks(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", fmt.Errorf("AT+UBANDMASK?: %w: no line", modem.ErrAnswer)
	}
	label, v := values(lines[0])
	if label != "+UBANDMASK" || at(v, 1) != "0" || len(v) < 2 {
		return "", fmt.Errorf("AT+UBANDMASK?: %w: %q", modem.ErrAnswer, lines[0])
	}
	n, next := 2, at(v, 4) // in the longer form the next technology's number is the fourth value
	alone := at(v, 3) == "1" && at(v, 5) == "2"
	if len(v) == 3 || len(v) >= 5 && !alone && (next == "1" || next == "2") {
		n = 3
	}
	return strings.Join(v[:n], ","), nil
}

// wishMasks compares bands, and keeps the module's own number of masks unless a band needs the second.
func wishMasks(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
	masks := strings.Split(have, ",")
	if len(w.Bands.LTE) == 0 || len(masks) < 2 || masks[0] != "0" {
		return "", false
	}
	low, high := bandMasks(w.Bands.LTE)
	masks = append(masks, "0")
	if masks[1] == low && masks[2] == high || low == "0" && high == "0" {
		return "", false
	}
	if high == "0" && len(masks) == 3 {
		return "0," + low, true
	}
	return "0," + low + "," + high, true
}

// bandMasks makes the two masks of 64 bits.
func bandMasks(bands []int) (low, high string) {
	masks := [2]*big.Int{new(big.Int), new(big.Int)}
	for _, b := range bands {
		if b >= 1 && b <= 128 {
			m := masks[(b-1)/64]
			m.SetBit(m, (b-1)%64, 1)
		}
	}
	return masks[0].String(), masks[1].String()
}

// Bands of the elder families. AT+UBANDSEL lists frequencies and cannot be given LTE bands; AT+UACT lists GSM
// frequencies, UMTS bands, and LTE bands as 100 more, behind three empty fields.
var (
	ubandsel = modem.Setting{
		Name: modem.SetFrequency, Read: "AT+UBANDSEL?", Prefix: "+UBANDSEL",
		Why: "frequencies that are searched", Source: "MM",
	}
	uact = modem.Setting{
		Name: modem.SetBands, Read: "AT+UACT?", Prefix: "+UACT",
		Wish: wishUACT, Write: modem.WriteFormat("AT+UACT=%s"), RadioOff: true,
		Why: "bands that are searched", Source: "MM",
	}
)

// lteInUACT is what AT+UACT adds to the number of an LTE band.
const lteInUACT = 100

// wishUACT replaces the LTE bands of the list and leaves the others.
func wishUACT(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
	if len(w.Bands.LTE) == 0 || !strings.HasPrefix(have, ",,,") {
		return "", false
	}
	var others []string
	var lte []int
	for _, s := range strings.Split(strings.TrimPrefix(have, ",,,"), ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err == nil && n > lteInUACT && n < 3*lteInUACT {
			lte = append(lte, n-lteInUACT)
		} else if s != "" {
			others = append(others, s)
		}
	}
	wanted := slices.Compact(slices.Sorted(slices.Values(w.Bands.LTE)))
	slices.Sort(lte)
	if slices.Equal(slices.Compact(lte), wanted) {
		return "", false
	}
	for _, b := range wanted {
		others = append(others, strconv.Itoa(b+lteInUACT))
	}
	return ",,," + strings.Join(others, ","), true
}
