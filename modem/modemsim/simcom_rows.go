package modemsim

import (
	"fmt"
	"time"
)

// What the values of AT+CNMP and AT+CMNB leave of the radio. CMNB 2 is NB-IoT alone.
var simcomModes = map[string]map[string][]string{
	"+CNMP": {"13": {"2G"}, "14": {"3G"}, "38": {"LTE"}, "19": {"3G", "2G"}, "48": {"3G", "2G"}, "51": {"LTE", "2G"},
		"54": {"LTE", "3G"}},
	"+CMNB": {"2": {"2G"}},
}

// simcomSIM7600 is the SIM7600E-H (SIM7500_SIM7600 AT manual V3.00).
func simcomSIM7600() *personality {
	p := simcomTrunk()
	p.name, p.about = "simcom-sim7600", "SIM7600E, SIM7600A, SIM7600G, -H: LTE Cat 1 and Cat 4, 3G, 2G"
	p.aliases = []string{"simcom-sim7600e-h"}
	p.model, p.firmware, p.imei = "SIMCOM_SIM7600E-H", "LE11B01SIM7600M22", "861234050123457"
	p.info = func(m *module, _ int) []string {
		return []string{"Manufacturer: SIMCOM INCORPORATED", "Model: SIMCOM_SIM7600E-H",
			"Revision: SIM7600M22_V1.1", "IMEI: " + m.imei(), "+GCAP: +CGSM"}
	}
	p.ready = 14 * time.Second
	p.cfunTest, p.cfunLevels, p.cfunReset = "+CFUN: (0-1,4-7),(0-1)", []int{0, 1, 4, 5, 7}, []int{6}
	p.cfunRefused = func(m *module, _ int) bool { return m.cfun == 7 } // left by 6 or a restart alone (7600 3.2.1)
	p.only = simcomModes
	p.extra["+CPSI"] = simcomCell("LTE", tenths)
	p.extra["+CNSMOD"] = simcomMode(map[string]int{"2G": 3, "3G": 4, "LTE": 8})
	p.extra["+CNMP"] = radioChoice("+CNMP", "2", "2", "9", "10", "13", "14", "19", "22", "38", "39", "48", "51", "54", "59",
		"60", "63", "67")
	p.extra["+CUSBPIDSWITCH"] = setting("+CUSBPIDSWITCH", "9001")
	return p
}

// simcomA76xx (A76XX AT manual V1.09): cell values as indices, a numbered +CEER, no AcT in the answer to AT+CEREG?, and
// a CFUN=0 that tells more than any other.
func simcomA76xx() *personality {
	p := simcomTrunk()
	p.name, p.about = "simcom-a76xx", "A7670, A7608, A7683: LTE Cat 1 and Cat 4, 2G"
	p.maker, p.model, p.firmware, p.imei = "INCORPORATED", "A7670E", "A35B01A7670E", "862636051234560"
	p.ready, p.banner = 8*time.Second, []bootLine{{0, "*ATREADY: 1"}} // time: guess, code waits 20 s
	p.rats, p.cgerep, p.cardMissing = []string{"LTE", "2G"}, 1, "+CPIN: SIM REMOVED"
	p.cfunTest, p.cfunLevels, p.cfunReset = "+CFUN: (0-1,4-8),(0-1)", []int{0, 1, 4, 5, 7, 8}, []int{6}
	p.cardless = []int{0, 8}
	p.cfunChange = func(_ *module, fun int) (early, late []string) {
		if fun != 0 {
			return nil, nil
		}
		return []string{"+SIMCARD: NOT AVAILABLE", "+CGEV: ME DETACH"}, []string{"*RADIOPOWER: 0"}
	}
	p.location = func(w where) string {
		if w.domain == domainEPS && w.read {
			return fmt.Sprintf(",%X,%X", w.cell.TAC, w.cell.CellID)
		}
		return simcomLocation(w)
	}
	p.ceer = func(_ *module, why cause) []string { return []string{`+CEER: "` + numberedCause(why) + `"`} }
	p.only = simcomModes
	p.extra["+CPSI"] = simcomCell("LTE", indices)
	p.extra["+CNSMOD"] = simcomMode(map[string]int{"2G": 3, "LTE": 8}) // guess: the SIM7600's numbers
	p.extra["+CNMP"] = radioChoice("+CNMP", "2", "2", "13", "14", "38")
	p.extra["+CATR"] = choose("+CATR", "0", "0", "1", "2", "3")
	p.extra["+DIALMODE"] = stored{name: "+DIALMODE", label: "+DIALMODE:", initial: "1", allowed: firstOf("0", "1")}.command()
	p.extra["$MYCONFIG"], p.extra["+USBNETIP"] = accept, setting("+USBNETIP", "0")
	return p
}

// numberedCause is the number inside the quotes of the A76xx.
func numberedCause(why cause) string {
	for _, n := range []int{why.session, why.esm, why.number} {
		if n != 0 {
			return decimal(n) + " " + plainCause(why)
		}
	}
	return "31 Normal unspecified"
}

// simcomSIM8200 is 5G. No manual was at hand: it is taken for a SIM7600 with +C5GREG, a guess all over.
func simcomSIM8200() *personality {
	p := simcomSIM7600()
	p.name, p.aliases, p.about = "simcom-sim8200", []string{"simcom-sim8202"}, "SIM8200, SIM8202: 5G (answers as a SIM7600's)"
	p.model, p.firmware, p.imei = "SIMCOM_SIM8200EA-M2", "LE13B02SIM8200", "861543040123455"
	p.info = simcomTrunk().info
	p.rats = []string{"LTE", "5G", "3G"}
	p.regTest[domain5GS] = "(0-2)"
	p.location = func(w where) string {
		if w.domain == domain5GS {
			return fmt.Sprintf(",%X,%X,%d", w.cell.TAC, w.cell.CellID, w.act)
		}
		return simcomLocation(w)
	}
	p.extra["+CUSBCFG"] = setting("+CUSBCFG", "usbid,1e0e,9001")
	return p
}

// simcomIoT is the LTE-M platform of SIM7000, SIM7070 and SIM7080 (7080 AT manual V1.05, 7000 V1.06): bare ICCID, whole
// dB, CNACT, and a power-off that ends without OK.
func simcomIoT() *personality {
	p := simcomBase()
	p.maker = "SIMCOM_Ltd"
	p.revision = func(fw string) string { return "Revision:" + fw }
	p.info = func(m *module, _ int) []string { return []string{m.p.model, "Revision:" + m.firmware()} }
	p.cfunLine, p.quietAutobaud, p.cardMissing = "+CFUN: 1", true, "+CPIN: NOT INSERTED"
	p.rats, p.psDomain, p.psOnLTE = []string{"LTE", "2G"}, true, true
	p.cfunTest, p.cfunLevels, p.cfunReset = "+CFUN: (0-1,4-7),(0-1)", []int{0, 1, 4, 5, 7}, []int{6}
	p.regTest = [4]string{"(0-2)", "(0-2,4)", "(0-2,4)"}
	p.location = simcomIoTLocation
	p.contextUp = "PDN ACT" // guess
	p.addressLine = func(cid int, ip string) string { return fmt.Sprintf("%d,%s", cid, orZero(ip)) }
	p.cardReady = func(*module) []bootLine { return []bootLine{{0, "+CPIN: READY"}, {3 * time.Second, "SMS Ready"}} }
	p.cardGone = func(*module) []string { return []string{"+CPIN: NOT INSERTED"} }
	p.only = simcomModes
	p.lacks = []string{"+CEER", "+CGAUTH", "+CESQ"} // the manuals document none of them (for CEER)
	p.extra = with(p.extra, map[string]command{
		"+CCID": {run: cmdICCID("", false), high: 2 * time.Second},
		"+CIMI": {run: cmdCIMI, low: 100 * time.Millisecond, high: 2500 * time.Millisecond}, // 20 s allowed
		"+CPSI": simcomCell("LTE CAT-M1", decibels), "+CNSMOD": simcomMode(map[string]int{"2G": 3, "LTE": 7}),
		"+CNMP": radioChoice("+CNMP", "2", "2", "13", "38", "51"), "+CMNB": radioChoice("+CMNB", "3", "1", "2", "3"),
		"+CBANDCFG": setting("+CBANDCFG", `"CAT-M",1,2,3,4,5,8,12,13,18,19,20,26,28,39`),
		"+CPOWD":    powerDown("NORMAL POWER DOWN", 2*time.Second, true, "0"), "+CGNAPN": {run: simcomGivenAPN},
		"+CEDRXS": edrx{act: "4", none: []string{`+CEDRXS: 4,"0000"`, `+CEDRXS: 5,"0000"`}}.command(),
	})
	return p
}

// simcomIoTLocation has the routing area inside +CEREG and at the end of +CGREG (7080 6.2.7). It is
// empty on LTE.
func simcomIoTLocation(w where) string {
	switch w.domain {
	case domainEPS:
		return fmt.Sprintf(`,"%04X",,"%X",%d`, w.cell.TAC, w.cell.CellID, w.act)
	case domainPS:
		return fmt.Sprintf(`,"%04X","%X",%d,""`, w.cell.TAC, w.cell.CellID, w.act)
	}
	return fmt.Sprintf(`,"%04X","%X"`, w.cell.TAC, w.cell.CellID)
}

// simcomGivenAPN is AT+CGNAPN: the APN that the network sent, 0 for none.
func simcomGivenAPN(m *module, c call) reply {
	if c.form == test || m.address(1) == "" {
		return ok(`+CGNAPN: 0,""`)
	}
	return ok(fmt.Sprintf(`+CGNAPN: 1,"%s"`, m.apn(1)))
}

func simcomSIM7000() *personality {
	p := simcomIoT()
	p.name, p.about = "simcom-sim7000", "SIM7000A, SIM7000E, SIM7000G: LTE-M and 2G"
	p.model, p.firmware, p.imei = "SIMCOM_SIM7000G", "1529B09SIM7000G", "865234030123452" // revision text: guess
	p.ready = 4500 * time.Millisecond
	p.stackLost = func(*module) []string { return []string{"+APP PDP: DEACTIVE"} }
	p.extra["+CNACT"] = command{run: simcomAppNetwork7000}
	return p
}

func simcomSIM7080() *personality {
	p := simcomIoT()
	p.name, p.about = "simcom-sim7080", "SIM7070, SIM7080, SIM7090: LTE-M, the SIM7070 2G too"
	p.aliases = []string{"simcom-sim7070"}
	p.model, p.firmware, p.imei = "SIMCOM_SIM7080", "1951B02SIM7080", "867787050123453"
	p.ready = 5 * time.Second // guess
	p.stackLost = func(*module) []string { return []string{"+APP PDP: 0,DEACTIVE"} }
	p.extra = with(p.extra, map[string]command{
		"+CNACT": {run: simcomAppNetwork}, "+CNCFG": {run: simcomAppConfig}, "+CREBOOT": resetCommand("+CREBOOT"),
		"+CURCCFG": accept, "+SECMEN": setting("+SECMEN", "0,0"), "+CUSBSELNV": setting("+CUSBSELNV", "86"),
	})
	return p
}

// simcomSIM7020 is NB-IoT only. Its manual was not at hand: it answers the standard, and of its own only the APN of the
// attach, which wants AT+CFUN=0 (public drivers, after SIMCom's TCP/IP application note). A Super SIM has no NB-IoT anywhere; that this one registers is a
// concession, so that every scenario can be played on every personality.
func simcomSIM7020() *personality {
	p := as27007()
	p.name = "simcom-sim7020"
	p.about = "SIM7020: NB-IoT only, so a real one gets no service with a Super SIM (answers: 27.007 alone)"
	p.maker, p.model, p.firmware, p.imei = "SIMCOM_Ltd", "SIM7020E", "1752B12SIM7020E", "868986030123450"
	p.ready, p.banner, p.cfunLine = 5*time.Second, []bootLine{{0, "RDY"}}, "+CFUN: 1" // guesses
	p.rats, p.act = []string{"LTE"}, map[string]int{"LTE": 9}
	p.regTest = [4]string{"", "", "(0-5)"}
	p.bearer = true
	p.extra = map[string]command{"*MCGDEFCONT": defaultBearer{line: `*MCGDEFCONT: "%s","%s"`,
		refused: func(m *module) bool { return m.cfun != 0 }}.command()}
	return p
}

// simcomSIM800 is 2G only (800 AT manual V1.09): SAPBR and the CIP chain instead of contexts, call causes alone in +CEER.
func simcomSIM800() *personality {
	p := simcomBase()
	p.name, p.about = "simcom-sim800", "SIM800, SIM868: 2G, no LTE"
	p.aliases = []string{"simcom-sim868"}
	p.maker, p.model, p.firmware, p.imei = "SIMCOM_Ltd", "SIMCOM_SIM800L", "1308B08SIM800M32", "869988015123451"
	p.revision = func(fw string) string { return "Revision:" + fw }
	p.info = func(m *module, _ int) []string { return []string{"SIM800 R14.18"} } // text: guess
	p.ready, p.cfunLine = 4*time.Second, "+CFUN: 1"                               // the manual asks 3 to 5 s before the first AT
	p.quietAutobaud, p.lateOK, p.noAct = true, true, true
	p.rats, p.psDomain = []string{"2G"}, true
	p.regTest = [4]string{"(0-2)", "(0-2)"}
	p.location = func(w where) string { return fmt.Sprintf(`,"%04X","%04X"`, w.cell.TAC, w.cell.CellID&0xFFFF) }
	p.cfunRefused = func(m *module, fun int) bool { return fun+m.cfun == 4 } // 0 and 4 only by way of 1 (800 3.2.42)
	p.contextLine = func(cid int, c pdp, ip string) string {
		return fmt.Sprintf(`%d,"%s","%s","%s",0,0`, cid, c.kind, c.apn, orZero(ip))
	}
	p.stackLost = func(*module) []string { return []string{"+SAPBR 1: DEACT", "+PDP: DEACT"} }
	p.ceer = func(m *module, _ cause) []string {
		if m.set.callCause {
			return []string{"Cause:31"}
		}
		return []string{"+CEER: Normal, unspecified"} // no packet causes in its list; this text is a guess
	}
	p.cardReady = func(*module) []bootLine {
		return []bootLine{{0, "+CPIN: READY"}, {3 * time.Second, "Call Ready"}, {3200 * time.Millisecond, "SMS Ready"}}
	}
	p.lacks = []string{"+CEREG", "+CESQ", "+CPSMS", "+CEDRXS", "+CGCONTRDP", "+CGAUTH", "+CSCON"}
	p.extra = with(p.extra, simcom800Commands())
	return p
}

func simcom800Commands() map[string]command {
	return map[string]command{
		"+CCID": {run: cmdICCID("", false)}, "+CPOWD": powerDown("NORMAL POWER DOWN", 2*time.Second, true, "0"),
		"+SAPBR": {run: simcomBearer},
		"+CSTT":  {run: simcomTask}, "+CIICR": {run: simcomBringUp, low: time.Second, high: 4 * time.Second},
		"+CIFSR": {run: simcomOwnAddress}, "+CIPSHUT": {run: simcomShut},
		"+CEER": {run: func(m *module, c call) reply {
			if c.form == write {
				m.set.callCause = c.arg(0) == "1"
				return ok()
			}
			return cmdCEER(m, c)
		}},
	}
}
