package modemsim

import (
	"fmt"
	"strings"
	"time"
)

// quectelBase is what Quectel's LTE families share (EC2x AT manual V2.0).
func quectelBase() *personality {
	p := as27007()
	p.maker, p.lowSupply = "Quectel", `+QIND: "vbatt",-1`
	p.cfunLine, p.banner = "+CFUN: 1", []bootLine{{0, "RDY"}}
	p.rats, p.psDomain = []string{"LTE", "3G", "2G"}, true
	p.attachWait = 140 * time.Second
	p.cfunChange = func(_ *module, fun int) (early, late []string) {
		if fun == 1 {
			return nil, []string{"+CFUN: 1"} // guess: the manuals list the line for boot and CFUN 0 to 1
		}
		return nil, nil
	}
	p.contextRefused = func(m *module) *reply { // seconds after boot
		if m.c.card.state() == cardBusy {
			return &reply{final: "ERROR"}
		}
		return nil
	}
	p.stackLost = func(m *module) []string { return []string{`+QIURC: "pdpdeact",` + decimal(m.c.nas.sessionID)} }
	p.timeLines = func(now time.Time) []string {
		return []string{`+CTZE: "+00",0,"` + now.Format("2006/01/02,15:04:05") + `"`}
	}
	p.cardReady = quectelCardLines("+QIND: SMS DONE", "+QIND: PB DONE")
	p.cardGone, p.cardBack = quectelCardGone, quectelCardBack
	p.lacks, p.extra = []string{"+CESQ", "+CGAUTH"}, quectelCommands()
	quectelRadio(p, ec2xConfig, ec2xModes)
	return p
}

// quectelCardLines are printed when the card is ready, the last two in an order that varies.
func quectelCardLines(first, second string) func(*module) []bootLine {
	return func(*module) []bootLine {
		return []bootLine{{0, "+CPIN: READY"}, {100 * time.Millisecond, "+QUSIM: 1"},
			{2 * time.Second, first}, {3 * time.Second, second}}
	}
}

// quectelCardGone and quectelCardBack: the blank before the colon is the manual's.
func quectelCardGone(m *module) []string {
	if m.set.simURC > 0 {
		return []string{"+QSIMSTAT : 1,0", "+CPIN: NOT READY"}
	}
	return []string{"+CPIN: NOT READY"}
}

func quectelCardBack(m *module) []string {
	if m.set.simURC > 0 {
		return []string{"+QSIMSTAT : 1,1"}
	}
	return nil
}

// quectelRadio gives a row its AT+QCFG names, what they leave of the radio, and the roaming switch: 1 is off, 2 on,
// 255 as the carrier profile says.
func quectelRadio(p *personality, config map[string]key, only map[string]map[string][]string) {
	p.extra["+QCFG"], p.only = keyed{name: "+QCFG", keys: config}.command(), only
	p.roaming = func(m *module) bool { return m.kept["+QCFG roamservice"] != "1" }
}

func quectelCommands() map[string]command {
	iccid := func(label string) command { return command{run: cmdICCID(label, true)} }
	ports := keyed{name: "+QURCCFG", keys: map[string]key{"urcport": {initial: `"usbat"`,
		allowed: []string{"usbat", "usbmodem", "uart1", "uart2", "all"}}}}
	events := keyed{name: "+QINDCFG", keys: map[string]key{"csq": {initial: "0"}, "act": {initial: "0"},
		"ring": {initial: "0"}, "smsincoming": {initial: "1"}, "all": {initial: "1"}}}
	profiles := keyed{name: "+QMBNCFG", keys: map[string]key{"autosel": {initial: "1"},
		"select": {initial: `"ROW_Generic_3GPP"`}}}
	locks := keyed{name: "+QNWLOCK", keys: map[string]key{"common/lte": {initial: "0"}, "common/4g": {initial: "0"},
		"common/5g": {initial: "0"}}}
	return map[string]command{
		"+QCCID": iccid("+QCCID"), "+CCID": iccid("+CCID"), "+ICCID": iccid("+ICCID"),
		"+QGMR":  {run: cmdText(func(m *module) string { return m.firmware() + "_30.203.30.203" })},
		"+QCSQ":  {run: quectelSignal("LTE", true)},
		"+QENG":  {run: quectelServing("LTE")},
		"+QPOWD": early(fails(), powerDown("POWERED DOWN", 3*time.Second, false, "0")), "+QINISTAT": {run: quectelInit},
		"+QNWINFO": {run: quectelNetwork("FDD LTE", "+QNWINFO: No Service")}, "+QICSGP": {run: quectelContext},
		"+QIACT": {run: quectelActive}, "+QIDEACT": {run: quectelInactive},
		"+QIGETERROR": {run: cmdText(func(*module) string { return "+QIGETERROR: 0,operate successfully" })},
		"$QCRMCALL":   {run: quectelCall}, "+QLTS": {run: quectelTime},
		"+QSIMSTAT": {run: quectelSIMStat}, "+QFPLMNCFG": {run: quectelFPLMN}, "+QSIMDET": setting("+QSIMDET", "0,0"),
		"+QURCCFG": ports.command(), "+QINDCFG": events.command(), "+QSCLK": choose("+QSCLK", "0", "0", "1", "2"),
		"+QSTK": setting("+QSTK", "0"), "+QGPS": accept,
		"+QMBNCFG": profiles.command(), "+QNWLOCK": locks.command(),
	}
}

func orZero(ip string) string {
	if ip == "" {
		return "0.0.0.0"
	}
	return ip
}

// plainCause is +CEER as free text: no number.
func plainCause(why cause) string {
	switch {
	case why.session != 0:
		return causeText(smTexts, why.session)
	case why.esm != 0:
		return causeText(smTexts, why.esm)
	case why.number != 0:
		return causeText(emmTexts, why.number)
	}
	return "No cause information available"
}

// quectelSignal is AT+QCSQ. SINR is an index of fifths above -20 dB on the LTE families, and dB on the 5G ones.
func quectelSignal(lte string, index bool) func(*module, call) reply {
	return func(m *module, c call) reply {
		cell, found := m.camped()
		if c.form == test || !found {
			return ok(`+QCSQ: "NOSERVICE"`)
		}
		r := measure(cell)
		sinr := r.sinr
		if index {
			sinr = (r.sinr + 20) * 5
		}
		switch cell.RAT {
		case "5G":
			return ok(fmt.Sprintf(`+QCSQ: "NR5G-SA",%d,%d,%d`, r.rsrp, sinr, r.rsrq))
		case "3G":
			return ok(fmt.Sprintf(`+QCSQ: "WCDMA",%d,%d,%d`, r.rssi, r.rsrp, r.rsrq))
		case "2G":
			return ok(fmt.Sprintf(`+QCSQ: "GSM",%d`, r.rssi))
		}
		return ok(fmt.Sprintf(`+QCSQ: "%s",%d,%d,%d,%d`, lte, r.rssi, r.rsrp, sinr, r.rsrq))
	}
}

// quectelNetwork is AT+QNWINFO; none is the answer without service.
func quectelNetwork(lte, none string) func(*module, call) reply {
	names := map[string]string{"LTE": `"` + lte + `","%s","LTE BAND 12",5110`, "3G": `"WCDMA","%s","WCDMA 850",4385`,
		"2G": `"EDGE","%s","GSM 1900",653`, "5G": `"FDD NR5G","%s","NR5G BAND 71",127490`}
	return func(m *module, _ call) reply {
		if m.c.nas.state != registered {
			return ok(none)
		}
		cell := m.c.live.Cells[m.c.nas.cell]
		return ok("+QNWINFO: " + fmt.Sprintf(names[cell.RAT], cell.PLMN))
	}
}

// quectelServing is AT+QENG="servingcell".
func quectelServing(lte string) func(*module, call) reply {
	return func(m *module, c call) reply {
		if c.form != write || !strings.EqualFold(c.arg(0), "servingcell") {
			return ok()
		}
		cell, found := m.camped()
		if !found {
			return ok(`+QENG: "servingcell","SEARCH"`)
		}
		state := "LIMSRV"
		if m.c.nas.state == registered {
			state = "NOCONN"
			if m.c.nas.session != nil {
				state = "CONNECT"
			}
		}
		return ok(`+QENG: "servingcell","` + state + `",` + quectelCell(cell, lte))
	}
}

func quectelCell(cell Cell, lte string) string {
	mcc, mnc := splitPLMN(cell.PLMN)
	r := measure(cell)
	switch cell.RAT {
	case "5G":
		return fmt.Sprintf(`"NR5G-SA","FDD",%s,%s,%09X,299,%06X,127490,71,3,%d,%d,%d,0,41`,
			mcc, mnc, cell.CellID, cell.TAC, r.rsrp, r.rsrq, r.sinr)
	case "LTE":
		return fmt.Sprintf(`"%s","FDD",%s,%s,%X,152,5110,12,3,3,%04X,%d,%d,%d,%d,41`,
			lte, mcc, mnc, cell.CellID, cell.TAC, r.rsrp, r.rsrq, r.rssi, r.sinr)
	}
	act := map[string]string{"3G": "WCDMA", "2G": "GSM"}[cell.RAT]
	return fmt.Sprintf(`"%s",%s,%s,%04X,%X,52,123,0,%d,5,14,64,30,28,0,-,-,-`, act, mcc, mnc, cell.TAC, cell.CellID, r.rssi)
}

// quectelInit is CPIN 1 + SMS 2 + phonebook 4.
func quectelInit(m *module, _ call) reply {
	if m.c.card.state() != cardReady {
		return ok("+QINISTAT: 0")
	}
	return ok("+QINISTAT: 7")
}

func quectelContext(m *module, c call) reply {
	cid := c.number(0, 0)
	if c.form != write || cid < 1 || cid > 16 {
		return fails()
	}
	if len(c.args) == 1 {
		return ok(fmt.Sprintf(`+QICSGP: 1,"%s","","",0`, m.apn(cid)))
	}
	if refused := m.p.contextRefused(m); refused != nil {
		return *refused
	}
	kind := map[int]string{1: "IP", 2: "IPV6", 3: "IPV4V6"}[c.number(1, 1)]
	if kind == "" {
		return fails()
	}
	m.contexts[cid] = pdp{kind, c.arg(2)}
	return ok()
}

// quectelCall is AT$QCRMCALL: the bearer for the network interface of the USB port.
func quectelCall(m *module, c call) reply {
	if c.form == write && c.number(0, 0) == 1 {
		if r := m.activate(1); r.cme != 0 {
			return reply{final: "NO CARRIER"}
		}
	}
	if c.form != test && c.arg(0) != "0" && m.address(1) != "" {
		return ok("$QCRMCALL: 1,V4")
	}
	return ok()
}

// quectelTime is AT+QLTS: empty until the network told the time.
func quectelTime(m *module, c call) reply {
	switch {
	case c.form == test:
		return ok("+QLTS: (0-2)")
	case m.c.nas.state != registered:
		return ok(`+QLTS: ""`)
	}
	return ok(`+QLTS: "` + m.c.now.UTC().Format("2006/01/02,15:04:05") + `+00,0"`)
}

func quectelSIMStat(m *module, c call) reply {
	if c.form == write {
		m.set.simURC = c.number(0, 0)
		return ok()
	}
	inserted := 0
	if m.c.live.SIM.Present {
		inserted = 1
	}
	return ok(fmt.Sprintf("+QSIMSTAT: %d,%d", m.set.simURC, inserted))
}

func quectelFPLMN(m *module, c call) reply {
	switch strings.ToLower(c.arg(0)) {
	case "list":
		var lines []string
		for i, plmn := range m.c.card.fplmn {
			if plmn != "" {
				lines = append(lines, fmt.Sprintf(`+QFPLMNCFG: "List",%d,"%s"`, i+1, plmn))
			}
		}
		return ok(lines...)
	case "delete":
		return m.withCard(func() reply {
			for i, plmn := range m.c.card.fplmn {
				if c.arg(1) == "all" || c.arg(1) == plmn {
					m.c.card.fplmn[i] = ""
				}
			}
			m.c.stats.FPLMNWrites++
			return ok()
		})
	}
	return fails()
}
