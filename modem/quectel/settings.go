package quectel

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"supersim-agent/modem"
)

// qcfg is a setting of AT+QCFG.
func qcfg(name modem.SettingName, key string) modem.Setting {
	return modem.Setting{
		Name: name, Read: `AT+QCFG="` + key + `"`, Prefix: "+QCFG", Source: "EC25 4.3, BG96 4.3",
	}
}

// qnwpref is a setting of AT+QNWPREFCFG.
func qnwpref(name modem.SettingName, key string) modem.Setting {
	return modem.Setting{
		Name: name, Read: `AT+QNWPREFCFG="` + key + `"`, Prefix: "+QNWPREFCFG", Source: "RG50 3.8",
	}
}

// wished makes a setting writable.
func wished(s modem.Setting, why, write string, wish func(modem.Wanted, modem.Identity, string) (string, bool)) modem.Setting {
	s.Why, s.Write, s.Wish = why, modem.WriteFormat(write), wish
	return s
}

// Settings that several families have.
var (
	// 1 is "disable"; code in the wild passes it for "on" (EC25 4.3.4).
	roamService = wished(qcfg(modem.SetRoaming, "roamservice"), "a Super SIM is always a guest",
		`AT+QCFG="roamservice",%s,1`, wishRoaming("255", "1", "2"))
	scanMode = wished(qcfg(modem.SetRAT, "nwscanmode"), "technologies that are searched",
		`AT+QCFG="nwscanmode",%s,1`, wishScanMode(map[string]string{"2G": "1", "3G": "2", "4G": "3"}))
	scanModeM = wished(qcfg(modem.SetRAT, "nwscanmode"), "technologies that are searched",
		`AT+QCFG="nwscanmode",%s,1`, wishScanMode(map[string]string{"2G": "1", "4G": "3"}))
	iotMode = wished(qcfg(modem.SetLTEMode, "iotopmode"), "a Super SIM has no NB-IoT, and its search takes minutes",
		`AT+QCFG="iotopmode",%s,1`, wishLTEM)
	bands = bandMask()
	sleep = wished(modem.Setting{Name: modem.SetSleep, Read: "AT+QSCLK?", Prefix: "+QSCLK", Source: "EC2x 2"},
		"a UART that sleeps swallows the first command", "AT+QSCLK=%s", modem.WishOff("0"))

	// Read only.
	scanOrder = qcfg(modem.SetRATOrder, "nwscanseq") // the leading zero is lost when it is read
	domain    = qcfg(modem.SetDomain, "servicedomain")
	usbNet    = qcfg(modem.SetUSBNet, "usbnet") // 0 QMI, 1 ECM, 2 MBIM, 3 RNDIS; a write restarts the port
	simDetect = modem.Setting{Name: modem.SetSIMDetect, Read: "AT+QSIMDET?", Prefix: "+QSIMDET", Source: "EC2x 5.10",
		Why: "a wrong level of the slot's switch makes a card look missing for ever"}
	carrier = modem.Setting{Name: modem.SetProfile, Read: `AT+QMBNCFG="AutoSel"`, Prefix: "+QMBNCFG", Source: "EG25-G outputs",
		Why: "an operator's profile may forbid roaming"}
	// What each value of AT+QSTK does to the terminal profile is in no manual that could be had: it is shown, and left.
	toolkit = modem.Setting{Name: modem.SetSTK, Read: "AT+QSTK?", Prefix: "+QSTK", Value: modem.SettingField(0),
		Source: "captured sessions", Why: "a host that claims the toolkit and does not answer stalls the IMSI applet"}
	cellLock = modem.Setting{Name: modem.SetCellLock, Read: `AT+QNWLOCK="common/lte"`, Prefix: "+QNWLOCK", Source: "EC2x 6.12",
		Why: "a module bound to one cell never roams"}
)

var (
	settingsEC25 = []modem.Setting{roamService, scanMode, scanOrder, bands, domain, sleep, modem.PSM, modem.EDRX,
		usbNet, simDetect, carrier, toolkit, cellLock}
	settingsBG = []modem.Setting{roamService, scanModeM, scanOrder, iotMode, bands, domain, sleep, modem.PSM, modem.EDRX,
		usbNet, simDetect, toolkit}
	settingsRM = []modem.Setting{roamPref, dataRoaming, modePref, acqOrder, orderPref, lteBands, saBands, nsaBands,
		noNR, usbNet, sleep, simDetect, slot("+QUIMSLOT"), carrier, toolkit}
)

// Settings of the 5G families.
var (
	roamPref = wished(qnwpref(modem.SetRoaming, "roam_pref"), "a Super SIM is always a guest",
		`AT+QNWPREFCFG="roam_pref",%s`, wishRoaming("255", "1"))
	// Whether 1 allows or forbids is in no manual that could be had: it is shown, and left.
	dataRoaming = modem.Setting{Name: modem.SetDataRoaming, Read: `AT+QNWCFG="data_roaming"`, Prefix: "+QNWCFG",
		Source: "library files 61376195282, 8186466303"}
	modePref = wished(qnwpref(modem.SetRAT, "mode_pref"), "technologies that are searched",
		`AT+QNWPREFCFG="mode_pref",%s`, wishModePref)
	acqOrder  = qnwpref(modem.SetRATOrder, "rat_acq_order")
	orderPref = qnwpref(modem.SetRATOrder, "rat_order_pref") // its name in the firmware of RM521F (library file 61743305930)
	lteBands  = bandList(modem.SetBands, "lte_band", func(b modem.Bands) []int { return b.LTE })
	saBands   = bandList(modem.SetBandsSA, "nr5g_band", func(b modem.Bands) []int { return b.NR })
	nsaBands  = bandList(modem.SetBandsNSA, "nsa_nr5g_band", func(b modem.Bands) []int { return b.NR })
	noNR      = qnwpref(modem.Set5GOff, "nr5g_disable_mode") // 0 none, 1 SA off, 2 NSA off
)

// wishRoaming: on unless it is on or also any of the values that allow it; off.
func wishRoaming(on, off string, also ...string) func(modem.Wanted, modem.Identity, string) (string, bool) {
	return func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
		switch w.Roaming {
		case modem.On:
			return on, have != on && !slices.Contains(also, have)
		case modem.Off:
			return off, have != off
		}
		return "", false
	}
}

// wishScanMode: a number for each single technology, and 0 for all. There is none for a choice of several; then the
// module searches all, because one technology too many costs time, and one too few costs the service.
func wishScanMode(numbers map[string]string) func(modem.Wanted, modem.Identity, string) (string, bool) {
	return func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
		want, known := "0", 0
		for rat, n := range numbers {
			if w.Has(rat) {
				want = n
				known++
			}
		}
		if known > 1 {
			want = "0"
		}
		return want, known > 0 && have != want
	}
}

func wishLTEM(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
	first, _, _ := strings.Cut(have, ",") // some firmware appends whether it is in force
	return "0", w.Has("4G") && first != "0"
}

// modeNames are the words of mode_pref, in the order in which they are written.
var modeNames = []struct{ rat, mode string }{{"5G", "NR5G"}, {"4G", "LTE"}, {"3G", "WCDMA"}}

func wishModePref(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
	var modes []string
	for _, n := range modeNames {
		if w.Has(n.rat) {
			modes = append(modes, n.mode)
		}
	}
	if len(modes) == 0 {
		return "", false
	}
	want := strings.Join(modes, ":")
	if len(modes) == len(modeNames) {
		want = "AUTO"
	}
	return want, !sameSet(want, have)
}

// sameSet compares lists that are joined by colons, whatever their order and case.
func sameSet(a, b string) bool {
	split := func(s string) []string {
		list := strings.Split(strings.ToUpper(s), ":")
		slices.Sort(list)
		return list
	}
	return slices.Equal(split(a), split(b))
}

func bandList(name modem.SettingName, key string, of func(modem.Bands) []int) modem.Setting {
	return wished(qnwpref(name, key), "bands that are searched", `AT+QNWPREFCFG="`+key+`",%s`,
		func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
			var list []string
			for _, b := range of(w.Bands) {
				list = append(list, strconv.Itoa(b))
			}
			want := strings.Join(list, ":")
			return want, want != "" && !sameSet(want, have)
		})
}

// bandMask is AT+QCFG="band": a mask for GSM and UMTS, one for LTE (LTE-M on BG95 and BG96), one for TD-SCDMA (NB-IoT).
// They are longer than 64 bits where a module has B66 or B71. Only the second is changed.
func bandMask() modem.Setting {
	s := wished(qcfg(modem.SetBands, "band"), "bands that are searched", `AT+QCFG="band",%s,1`,
		func(w modem.Wanted, _ modem.Identity, have string) (string, bool) {
			f := strings.Split(have, ",")
			if len(w.Bands.LTE) == 0 || len(f) < 2 {
				return "", false
			}
			f = slices.Clone(f[:min(len(f), 3)])
			f[1] = mask(w.Bands.LTE)
			want := strings.Join(f, ",")
			return want, want != have
		})
	s.Value = readMasks
	return s
}

// readMasks gives the masks without 0x and in lower case, as they are written: the write command wants no 0x. A fourth
// value (satellite bands of a BG95, library file 58553665692) is left out, and not touched.
func readMasks(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", unreadable("AT+QCFG", "")
	}
	f := values(lines[0], "+QCFG")
	if len(f) < 3 {
		return "", unreadable("AT+QCFG", lines[0])
	}
	var out []string
	for _, v := range f[1:min(len(f), 4)] {
		n, ok := new(big.Int).SetString(strings.TrimPrefix(strings.ToLower(v), "0x"), 16)
		if !ok || n.Sign() < 0 {
			return "", unreadable("AT+QCFG", lines[0])
		}
		out = append(out, n.Text(16))
	}
	return strings.Join(out, ","), nil
}

// mask has the bit of each band; band 1 is the lowest.
func mask(bands []int) string {
	m := new(big.Int)
	for _, b := range bands {
		if 1 <= b && b <= 128 {
			m.SetBit(m, b-1, 1)
		}
	}
	return fmt.Sprintf("%x", m)
}
