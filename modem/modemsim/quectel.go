package modemsim

import (
	"fmt"
	"strings"
	"time"
)

// quectelEG25 is the Quectel EG25-G (EC2x AT manual V2.0; outputs of a real EG25-G).
func quectelEG25() *personality {
	return &personality{
		name: "quectel-eg25", aliases: []string{"quectel-eg25-g"},
		maker: "Quectel", model: "EG25", firmware: "EG25GGBR07A08M2G", imei: "867698041234562",
		revision: func(fw string) string { return fw },
		info: func(m *module, _ int) []string {
			return []string{"Quectel", "EG25", "Revision: " + m.firmware()}
		},
		ready: 11 * time.Second, cfunLine: "+CFUN: 1", banner: []bootLine{{0, "RDY"}},
		rats: []string{"LTE", "3G", "2G"}, psDomain: true,
		regTest:  [3]string{"(0-2)", "(0-2)", "(0-2)"},
		location: quotedLocation(""),
		cfunRead: "+CFUN: %d", cfunTest: "+CFUN: (0,1,4),(0,1)", cfunLevels: []int{0, 1, 4},
		cfunChange: func(m *module, fun int) (early, late []string) {
			if fun == 1 {
				return nil, []string{"+CFUN: 1"} // guess: the manuals list the line for boot and CFUN 0 to 1
			}
			return nil, nil
		},
		scanLow: 25 * time.Second, scanHigh: 90 * time.Second, attachWait: 140 * time.Second,
		contextUp: "ME PDN ACT",
		contextLine: func(cid int, c pdp, _ string) string {
			return fmt.Sprintf(`%d,"%s","%s","0.0.0.0",0,0,0,0`, cid, c.kind, c.apn)
		},
		contextRefused: func(m *module) *reply { // seconds after boot
			if m.c.card.state() == cardBusy {
				return &reply{final: "ERROR"}
			}
			return nil
		},
		addressLine: func(cid int, ip string) string { return fmt.Sprintf(`%d,"%s"`, cid, orZero(ip)) },
		networkAPN:  func(apn string) string { return apn },
		ceer:        func(why cause) string { return "+CEER: " + plainCause(why) },
		cardReady: func(m *module) []bootLine {
			return []bootLine{{0, "+CPIN: READY"}, {100 * time.Millisecond, "+QUSIM: 1"},
				{2 * time.Second, "+QIND: SMS DONE"}, {3 * time.Second, "+QIND: PB DONE"}}
		},
		cardGone: func(m *module) []string {
			if m.set.simURC > 0 {
				return []string{"+QSIMSTAT : 1,0", "+CPIN: NOT READY"} // the blank is the manual's
			}
			return []string{"+CPIN: NOT READY"}
		},
		cardBack: func(m *module) []string {
			if m.set.simURC > 0 {
				return []string{"+QSIMSTAT : 1,1"}
			}
			return nil
		},
		cardRefreshing: func(*module) []string { return []string{"+CPIN: NOT READY"} },
		lacks:          []string{"+CESQ", "+CGAUTH"},
		extra:          quectelCommands(),
	}
}

func quectelCommands() map[string]command {
	iccid := func(label string) command { return command{run: cmdICCID(label, true)} }
	return map[string]command{
		"+QCCID": iccid("+QCCID"), "+CCID": iccid("+CCID"), "+ICCID": iccid("+ICCID"),
		"+QGMR":  {run: cmdText(func(m *module) string { return m.firmware() + "_30.203.30.203" })},
		"+QCSQ":  {run: quectelSignal},
		"+QENG":  {run: quectelServing},
		"+QCFG":  {run: quectelConfig},
		"+QPOWD": powerDown("POWERED DOWN", 3*time.Second), "+QINISTAT": {run: quectelInit},
		"+QNWINFO": {run: quectelNetwork}, "+QICSGP": {run: quectelContext}, "+QIACT": {run: quectelActive},
		"+QSIMSTAT": {run: quectelSIMStat}, "+QFPLMNCFG": {run: quectelFPLMN},
		"+QURCCFG": setting("+QURCCFG", `"urcport","usbat"`), "+QSCLK": setting("+QSCLK", "0"),
		"+QINDCFG": accept, "+QSTK": setting("+QSTK", "0"), "+QSIMDET": setting("+QSIMDET", "0,0"), "+QGPS": accept,
	}
}

// quotedLocation prints ,"TAC","CI",AcT; width pads the cell identity with zeros.
func quotedLocation(width string) func(int, Cell, int) string {
	return func(_ int, cell Cell, act int) string {
		return fmt.Sprintf(`,"%04X","%`+width+`X",%d`, cell.TAC, cell.CellID, act)
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

func quectelSignal(m *module, c call) reply {
	cell, found := m.camped()
	if c.form == test || !found {
		return ok(`+QCSQ: "NOSERVICE"`)
	}
	r := measure(cell)
	switch cell.RAT {
	case "3G":
		return ok(fmt.Sprintf(`+QCSQ: "WCDMA",%d,%d,%d`, r.rssi, r.rsrp, r.rsrq))
	case "2G":
		return ok(fmt.Sprintf(`+QCSQ: "GSM",%d`, r.rssi))
	}
	return ok(fmt.Sprintf(`+QCSQ: "LTE",%d,%d,%d,%d`, r.rssi, r.rsrp, (r.sinr+20)*5, r.rsrq))
}

func quectelNetwork(m *module, _ call) reply {
	if m.c.nas.state != registered {
		return ok("+QNWINFO: No Service")
	}
	cell := m.c.live.Cells[m.c.nas.cell]
	names := map[string]string{"LTE": `"FDD LTE","%s","LTE BAND 12",5110`, "3G": `"WCDMA","%s","WCDMA 850",4385`,
		"2G": `"EDGE","%s","GSM 1900",653`}
	return ok("+QNWINFO: " + fmt.Sprintf(names[cell.RAT], cell.PLMN))
}

func quectelServing(m *module, c call) reply {
	if c.form != write || !strings.EqualFold(c.arg(0), "servingcell") {
		return ok()
	}
	cell, found := m.camped()
	if !found {
		return ok(`+QENG: "servingcell","SEARCH"`)
	}
	state, r := "LIMSRV", measure(cell)
	if m.c.nas.state == registered {
		state = "NOCONN"
		if m.c.nas.session != nil {
			state = "CONNECT"
		}
	}
	mcc, mnc := splitPLMN(cell.PLMN)
	if cell.RAT != "LTE" {
		act := map[string]string{"3G": "WCDMA", "2G": "GSM"}[cell.RAT]
		return ok(fmt.Sprintf(`+QENG: "servingcell","%s","%s",%s,%s,%04X,%X,52,123,0,%d,5,14,64,30,28,0,-,-,-`,
			state, act, mcc, mnc, cell.TAC, cell.CellID, r.rssi))
	}
	return ok(fmt.Sprintf(`+QENG: "servingcell","%s","LTE","FDD",%s,%s,%X,152,5110,12,3,3,%04X,%d,%d,%d,%d,41`,
		state, mcc, mnc, cell.CellID, cell.TAC, r.rsrp, r.rsrq, r.rssi, r.sinr))
}

// quectelConfigs are the AT+QCFG names this world knows, with their factory values.
var quectelConfigs = map[string]string{"roamservice": "255", "nwscanmode": "0", "nwscanseq": "0403010502",
	"servicedomain": "2", "usbnet": "0", "urc/cache": "0", "band": "0xbff,0x1e00b0e18df,0x0", "emmcause": "0",
	"airplanecontrol": "0", "urc_cause_support": "0"}

func quectelConfig(m *module, c call) reply {
	name := strings.ToLower(c.arg(0))
	initial, known := quectelConfigs[name]
	if c.form != write || !known {
		return fails()
	}
	if len(c.args) > 1 {
		m.kept["+QCFG "+name] = c.arg(1)
		return ok()
	}
	if written := m.kept["+QCFG "+name]; written != "" {
		initial = written
	}
	return ok(fmt.Sprintf(`+QCFG: "%s",%s`, name, initial))
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

// quectelActive is the internal IP stack: it refuses a second activation (public log, id 36205880887).
func quectelActive(m *module, c call) reply {
	if c.form == write {
		if m.address(c.number(0, 1)) != "" {
			return fails()
		}
		if m.c.nas.state != registered {
			return fails()
		}
		return m.activate(c.number(0, 1))
	}
	var lines []string
	for cid := 1; cid <= 16; cid++ {
		if ip := m.address(cid); ip != "" {
			lines = append(lines, fmt.Sprintf(`+QIACT: %d,1,1,"%s"`, cid, ip))
		}
	}
	return ok(lines...)
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
