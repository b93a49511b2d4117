package modemsim

import "time"

// ubloxSARAR4 is SARA-R410M and R412M: LTE-M, the R412M with 2G. No +CEER, two labelled signal lines, and a port that
// does not leave data mode by +++.
func ubloxSARAR4() *personality {
	p := ubloxBase()
	p.name, p.about = "ublox-sara-r4", "SARA-R410M, SARA-R412M: LTE-M, the R412M 2G too"
	p.aliases = []string{"ublox-sara-r410m", "ublox-sara-r412m"}
	p.model, p.firmware, p.imei = "SARA-R410M-02B", "L0.0.00.00.05.08", "352753090123453"
	p.info = func(m *module, n int) []string {
		if n == 9 {
			return []string{m.firmware() + ",A.02.04"}
		}
		return []string{"Manufacturer: u-blox", "Model: SARA-R410M-02B", "Revision: " + m.firmware()}
	}
	p.ready, p.noEscape, p.actOnce = 5*time.Second, true, true
	p.rats = []string{"LTE", "2G"}
	p.location = ubloxAttachArea(false)
	p.lacks = append(p.lacks, "+CEER")
	ubloxLTEM(p, "100", "7,8", "0,185473183,1,185473183", "+CEDRXS:")
	p.extra["+UCGED"] = ubloxCellInfo(cellReport{"5", ubloxRSRP, []string{"+UCGED: 5"}})
	ubloxEarly(p)
	return p
}

// ubloxSARAR422 reports dB and wants AT+CGACT after registering (UBX); its other answers are
// taken to be the R4's: a guess.
func ubloxSARAR422() *personality {
	p := ubloxBase()
	p.name, p.about = "ublox-sara-r422", "SARA-R422: LTE-M and 2G"
	p.model, p.firmware, p.imei = "SARA-R422", "00.12", "354595110123457"
	p.ready = 6 * time.Second
	p.rats = []string{"LTE", "2G"}
	p.lacks = append(p.lacks, "+CEER")
	ubloxLTEM(p, "90", "7,9", "0,185473183,2,1,168761503,2", "+CEDRXS:")
	p.extra["+UCGED"] = ubloxCellInfo(cellReport{"", ubloxDecibels, []string{"+UCGED: 2"}})
	return p
}

// ubloxSARAR5 is the SARA-R510S (application note UBX-20009652, system integration UBX-19041356). It knows LTE only, and
// is the one that shows reject causes.
func ubloxSARAR5() *personality {
	p := ubloxBase()
	p.name, p.about = "ublox-sara-r5", "SARA-R500S, SARA-R510S, SARA-R520: LTE-M"
	p.aliases = []string{"ublox-sara-r510s"}
	p.model, p.firmware, p.imei = "SARA-R510S", "02.05", "351234090123458"
	p.ready, p.ceer = 6*time.Second, ubloxCause
	ubloxLTEM(p, "90", "7", "0,185473183,1048578", `+CEDRXS: 4,"0000"`)
	p.extra["+UCGED"] = ubloxCellInfo(ubloxIndexed("6,4"))
	p.extra["+CEMODE"] = setting("+CEMODE", "2")
	return p
}

// ubloxLARAR6 is LTE Cat 1. Its +CGREG stays at 4 while LTE serves, and its LwM2M client is on.
func ubloxLARAR6() *personality {
	p := ubloxBase()
	p.name, p.about = "ublox-lara-r6", "LARA-R6001, LARA-R6401, LARA-R6801: LTE Cat 1, 3G, 2G"
	p.model, p.firmware, p.imei = "LARA-R6001", "00.13", "357862091234567"
	p.ready = 10 * time.Second
	p.rats, p.psDomain, p.psStale, p.lastPDN = []string{"LTE", "3G", "2G"}, true, 4, 171
	p.location = ubloxAttachArea(true)
	p.extra["+UMNOPROF"], p.extra["+ULWM2M"] = ubloxProfile("90"), choose("+ULWM2M", "0", "0", "1")
	p.extra["+URAT"], p.only = ubloxTechnologies("3,2,0"), ubloxRadios()
	p.extra["+UCGED"] = ubloxCellInfo(ubloxIndexed("4,0"))
	return p
}

// ubloxRadios are the values of AT+URAT of the families with 2G, 3G and LTE, alone and in the lists that were seen.
func ubloxRadios() map[string]map[string][]string {
	return map[string]map[string][]string{"+URAT": {"0": {"2G"}, "1": {"3G", "2G"}, "2": {"3G"}, "3": {"LTE"},
		"5": {"LTE", "2G"}, "6": {"LTE", "3G"}, "3,0": {"LTE", "2G"}, "3,2": {"LTE", "3G"}}}
}

// ubloxCat1 is the older LTE generation. It has no power saving mode, and of AT+UCGED nothing is known.
func ubloxCat1() *personality {
	p := ubloxBase()
	p.rats, p.psDomain = []string{"LTE", "3G", "2G"}, true
	p.regTest = [4]string{"(0-2)", "(0-2)", "(0-2)"}
	p.location = quotedLocation("")
	p.lacks = append(p.lacks, "+CPSMS", "+CEDRXS", "+UCGED")
	p.extra["+URAT"], p.only = ubloxTechnologies("4,3"), ubloxRadios()
	return p
}

func ubloxLARAR2() *personality {
	p := ubloxCat1()
	p.name, p.about = "ublox-lara-r2", "LARA-R2, TOBY-R2: LTE Cat 1"
	p.model, p.firmware, p.imei = "LARA-R211", "30.44", "356726100123457"
	p.ready = 6 * time.Second // guess
	p.rats = []string{"LTE", "2G"}
	p.extra["+URAT"] = ubloxTechnologies("5,3")
	return p
}

// ubloxTOBYL2 is the Cat 4 family: it says when its AT port is ready, takes long for it, and has a network interface of
// its own on USB (MM).
func ubloxTOBYL2() *personality {
	p := ubloxCat1()
	p.name, p.about = "ublox-toby-l2", "TOBY-L2, TOBY-L4: LTE Cat 4"
	p.aliases = []string{"ublox-toby-l4"}
	p.model, p.firmware, p.imei = "TOBY-L200", "15.93", "352953080123459"
	p.ready, p.banner = 20*time.Second, []bootLine{{0, "+AT: READY"}}
	p.cardReady = func(m *module) []bootLine { return append(ubloxCardLines(m), bootLine{2 * time.Second, "+PBREADY"}) }
	// With 1 the value is kept over boots; all public scripts write it so, with the radio off. Of the answer to a read no
	// capture is known: its form is a guess.
	p.bearer = true
	p.extra["+UCGDFLT"] = defaultBearer{line: `+UCGDFLT: "%s","%s",0,0,2,2,2,2,0,2,0,0,0,0`, at: 1,
		refused: func(m *module) bool { return m.cfun == 1 }}.command()
	p.extra["+UUSBCONF"] = stored{name: "+UUSBCONF", initial: `3,"RNDIS",,"0x1146"`}.command()
	p.extra["+UBMCONF"] = choose("+UBMCONF", "1", "1", "2")
	p.extra["+UIPADDR"] = command{run: func(_ *module, c call) reply {
		return ok(`+UIPADDR: ` + decimal(c.number(0, 1)) + `,"usb0:0","192.168.1.1","255.255.255.0","",""`)
	}}
	return p
}

// ubloxSARAU2 is 2G and 3G only: no +CEREG, and an IP stack that answers when it is done.
func ubloxSARAU2() *personality {
	p := ubloxBase()
	p.name, p.about = "ublox-sara-u2", "SARA-U201, SARA-U260, SARA-U270, SARA-U280: 3G and 2G, no LTE"
	p.model, p.firmware, p.imei = "SARA-U201", "23.60", "353162070123454"
	p.ready = 5 * time.Second
	p.rats, p.psDomain = []string{"3G", "2G"}, true
	p.regTest = [4]string{"(0-2)", "(0-2)"}
	p.location = quotedLocation("")
	p.networkAPN = func(apn string) string { return apn }
	p.lacks = append(p.lacks, "+CEREG", "+CPSMS", "+CEDRXS", "+UCGED", "+CSCON")
	p.extra["+UPSDA"] = command{run: ubloxProfileStack(false), low: time.Second, high: 3 * time.Second}
	p.extra["+URAT"], p.only = ubloxTechnologies("1,2"), ubloxRadios()
	return p
}
