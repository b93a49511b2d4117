package modemsim

import (
	"fmt"
	"strings"
	"time"
)

// The AT+QCFG names of the EC2x generation with their factory values, and what nwscanmode leaves of the radio
// (AT+QCFG=? of a real EG25-G).
var (
	ec2xConfig = map[string]key{
		"roamservice": {initial: "255", allowed: []string{"1", "2", "255"}, radio: true},
		"nwscanmode":  {initial: "0", allowed: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8"}, radio: true},
		"nwscanseq":   {initial: "0403010502"}, "servicedomain": {initial: "2", allowed: []string{"0", "1", "2"}},
		"usbnet": {initial: "0", allowed: []string{"0", "1", "2", "3"}}, "urc/cache": {initial: "0"},
		"band":            {initial: "0xbff,0x1e00b0e18df,0x0"},
		"airplanecontrol": {initial: "0"}, "urc_cause_support": {initial: "0"}, "roamserviceex": {initial: "0"},
	}
	ec2xModes = map[string]map[string][]string{"+QCFG nwscanmode": {"1": {"2G"}, "2": {"3G"}, "3": {"LTE"}}}

	bgConfig = map[string]key{
		"roamservice": {initial: "255", allowed: []string{"1", "2", "255"}, radio: true},
		"nwscanmode":  {initial: "0", allowed: []string{"0", "1", "3"}, radio: true},
		// A read drops the leading zero.
		"nwscanseq":     {initial: "020103", shown: func(v string) string { return strings.TrimLeft(v, "0") }},
		"iotopmode":     {initial: "2", allowed: []string{"0", "1", "2"}, radio: true},
		"servicedomain": {initial: "1", allowed: []string{"0", "1", "2"}}, "urc/cache": {initial: "0"},
		"band": {initial: "0xf,0x400a0e189f,0xa0e189f"}, "airplanecontrol": {initial: "0"},
	}
	// iotopmode 1 is NB-IoT alone, which a Super SIM has nowhere.
	bgModes = map[string]map[string][]string{"+QCFG nwscanmode": {"1": {"2G"}, "3": {"LTE"}},
		"+QCFG iotopmode": {"1": {"2G"}}}
)

// quectelEG25 is the EG25-G (outputs of a real EG25-G).
func quectelEG25() *personality {
	p := quectelBase()
	p.name, p.aliases = "quectel-eg25", []string{"quectel-eg25-g", "quectel-ec25", "quectel-ec21"}
	p.about = "EC25, EG25-G, EC21, EG21-G: LTE Cat 4 and Cat 1"
	p.model, p.firmware, p.imei = "EG25", "EG25GGBR07A08M2G", "867698041234562"
	p.ready = 11 * time.Second
	return p
}

// quectelEG91: boot times from Particle. The revision text is a guess after the EC25's.
func quectelEG91() *personality {
	p := quectelBase()
	p.name, p.about = "quectel-eg91", "EG91, EG95: LTE Cat 1 and Cat 4"
	p.model, p.firmware, p.imei = "EG91", "EG91EXGAR08A05M1G", "866425031234567"
	p.ready = 12 * time.Second
	p.rats, p.only = []string{"LTE", "3G"}, ec2xModes
	p.contextUp, p.cardMissing = "PDN ACT", "+CPIN: NOT INSERTED" // the manuals' spelling, without ME
	p.extra["+QDSIM"] = choose("+QDSIM", "0", "0", "1")
	return p
}

// quectelEG06 is Cat 6; the commands are the EC2x generation's.
func quectelEG06() *personality {
	p := quectelBase()
	p.name, p.about = "quectel-eg06", "EG06, EP06: LTE Cat 6"
	p.model, p.firmware, p.imei = "EG06", "EG06ELAR04A04M4G", "866758041234563"
	p.ready = 12 * time.Second // guess
	p.rats = []string{"LTE", "3G"}
	return p
}

// quectelBG is the LTE-M generation: <AcT> 8 is its name for Cat-M1, APP RDY follows RDY, no FPLMN command, no "all"
// among the ports for unsolicited lines. Both have NB-IoT too, which this world does not.
func quectelBG() *personality {
	p := quectelBase()
	p.banner = []bootLine{{0, "RDY"}, {300 * time.Millisecond, "APP RDY"}}
	p.rats, p.act = []string{"LTE", "2G"}, map[string]int{"LTE": 8}
	p.regTest[domainEPS] = "(0-2,4)"
	p.location = quectelBGLocation
	p.lacks = append(p.lacks, "+QFPLMNCFG", "$QCRMCALL")
	p.extra["+QURCCFG"] = keyed{name: "+QURCCFG", keys: map[string]key{"urcport": {initial: `"usbat"`,
		allowed: []string{"usbat", "usbmodem", "uart1"}}}}.command()
	p.extra["+CEDRXS"], p.extra["+QCFGEXT"] = edrx{act: "4"}.command(), accept
	p.extra["+QPSMS"] = setting("+QPSMS", "0")
	quectelRadio(p, bgConfig, bgModes)
	return p
}

// quectelBGLocation has, with n=4, two layouts: the answer to a read holds a routing area that the unsolicited line does
// not (BG96 10.12).
func quectelBGLocation(w where) string {
	text := quotedLocation("")(w)
	switch {
	case w.domain != domainEPS || w.n != 4:
		return text
	case w.read:
		return text + `,,,,"00000000","00000000"`
	}
	return text + `,,,"00000000","00000000"`
}

func quectelBG95() *personality {
	p := quectelBG()
	p.name, p.about = "quectel-bg95", "BG95, BG77: LTE-M and 2G"
	p.model, p.firmware, p.imei = "BG95-M3", "BG95M3LAR02A04", "864475041234568" // revision text: guess
	p.ready = 2500 * time.Millisecond
	p.extra["+QCSQ"], p.extra["+QENG"] = command{run: quectelSignal("eMTC", true)}, command{run: quectelServing("eMTC")}
	p.extra["+QNWINFO"] = command{run: quectelNetwork("eMTC", "+QNWINFO: No Service")}
	return p
}

// quectelBG96 tells the cause in the answer to AT+CEREG? with n up to 2, never by itself, and calls LTE-M by its
// category (BG96 manual).
func quectelBG96() *personality {
	p := quectelBG()
	p.name, p.about = "quectel-bg96", "BG96: LTE-M and 2G"
	p.model, p.firmware, p.imei = "BG96", "BG96MAR02A07M1G", "866425031234569"
	p.ready = 4900 * time.Millisecond
	p.contextUp = "PDN ACT"
	p.refusal = func(w where, why cause) string {
		if w.domain != domainEPS || !w.read {
			return ""
		}
		return fmt.Sprintf(",,,,0,%d", why.number)
	}
	p.extra["+QCSQ"], p.extra["+QENG"] = command{run: quectelSignal("CAT-M1", true)}, command{run: quectelServing("CAT-M1")}
	p.extra["+QNWINFO"] = command{run: quectelNetwork("CAT-M1", `+QNWINFO: "NONE"`)}
	return p
}

// quectelNR is the 5G generation: settings move to AT+QNWPREFCFG, and +C5GREG joins the registration lines.
func quectelNR() *personality {
	p := quectelBase()
	p.rats = []string{"LTE", "5G", "3G"}
	p.regTest[domain5GS] = "(0-2)"
	p.location = quectelNRLocation
	p.addressLine = func(cid int, ip string) string {
		if ip == "" { // both addresses in one string
			return fmt.Sprintf(`%d,"0.0.0.0,0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"`, cid)
		}
		return fmt.Sprintf(`%d,"%s"`, cid, ip)
	}
	p.lacks = []string{"+CESQ", "+ICCID", "+QFPLMNCFG"}
	p.missing = 4 // AT+ICCID of an RM500U
	p.extra["+QCSQ"] = command{run: quectelSignal("LTE", false)}
	p.extra["+QURCCFG"] = keyed{name: "+QURCCFG", keys: map[string]key{"urcport": {initial: `"usbat"`,
		allowed: []string{"usbat", "usbmodem", "uart1", "all"}}}}.command()
	preferences := keyed{name: "+QNWPREFCFG", keys: map[string]key{
		"mode_pref": {initial: "AUTO", radio: true}, "rat_acq_order": {initial: "NR5G:LTE:WCDMA"},
		"roam_pref": {initial: "255", allowed: []string{"1", "3", "255"}, radio: true},
		"lte_band":  {initial: "1:2:3:4:5:7:8:12"}, "nr5g_band": {initial: "1:2:3:5:71:78"}, "srv_domain": {initial: "2"},
		"nr5g_disable_mode": {initial: "0", allowed: []string{"0", "1", "2"}, radio: true}}}
	p.extra["+QNWPREFCFG"], p.extra["+CGAUTH"] = preferences.command(), accept
	// The polarity of data_roaming is in no manual: nothing depends on it here.
	p.extra["+QNWCFG"] = keyed{name: "+QNWCFG", keys: map[string]key{"data_roaming": {initial: "1"}}}.command()
	p.extra["+QUIMSLOT"] = choose("+QUIMSLOT", "1", "1", "2")
	p.extra["+QNETDEVCTL"], p.extra["+QMAP"], p.extra["+QSCAN"] = accept, accept, accept
	quectelRadio(p,
		map[string]key{"usbnet": ec2xConfig["usbnet"], "urc/cache": {initial: "0"}, "airplanecontrol": {initial: "0"}},
		map[string]map[string][]string{"+QNWPREFCFG mode_pref": quectelModes(),
			"+QNWPREFCFG nr5g_disable_mode": {"1": {"LTE", "3G"}}})
	p.roaming = func(m *module) bool { return m.kept["+QNWPREFCFG roam_pref"] != "1" }
	return p
}

// quectelModes are the values of mode_pref: technologies joined by colons.
func quectelModes() map[string][]string {
	modes, names := map[string][]string{}, []string{"LTE", "NR5G", "WCDMA"}
	rats := map[string]string{"LTE": "LTE", "NR5G": "5G", "WCDMA": "3G"}
	for _, a := range names {
		modes[a] = []string{rats[a]}
		for _, b := range names {
			if a != b {
				modes[a+":"+b] = []string{rats[a], rats[b]}
			}
		}
	}
	return modes
}

// quectelNRLocation: +C5GREG ends with the length and the list of allowed slices.
func quectelNRLocation(w where) string {
	if w.domain == domain5GS {
		return fmt.Sprintf(`,"%X","%X",%d,6,"ABCDEF"`, w.cell.TAC, w.cell.CellID, w.act)
	}
	return quotedLocation("")(w)
}

// quectelRM500 prints +CFUN after the card's lines (a log of an RM510Q).
func quectelRM500() *personality {
	p := quectelNR()
	p.name, p.about = "quectel-rm500", "RM500Q, RM502Q: 5G"
	p.model, p.firmware, p.imei = "RM500Q-GL", "RM500QGLABR11A06M4G", "863305041234564" // revision text: guess
	p.ready, p.cfunLine = 13*time.Second, ""                                            // time: guess
	p.cardReady = func(*module) []bootLine {
		return []bootLine{{0, "+CPIN: READY"}, {100 * time.Millisecond, "+QUSIM: 1"}, {200 * time.Millisecond, "+CFUN: 1"},
			{2 * time.Second, "+QIND: SMS DONE"}, {3 * time.Second, "+QIND: PB DONE"}}
	}
	return p
}

// quectelRM520 prints PB DONE first (RG5 manual).
func quectelRM520() *personality {
	p := quectelNR()
	p.name, p.about = "quectel-rm520", "RM520N, RG520N: 5G"
	p.model, p.firmware, p.imei = "RM520N-GL", "RM520NGLAAR03A03M4G", "868371051234561" // revision text: guess
	p.ready = 13 * time.Second                                                          // guess
	p.cardReady = quectelCardLines("+QIND: PB DONE", "+QIND: SMS DONE")
	return p
}
