package modemsim

import (
	"fmt"
	"time"
)

// simcomSIM7600 is the SIMCom SIM7600E-H (SIM7500_SIM7600 AT manual V3.00).
func simcomSIM7600() *personality {
	return &personality{
		name: "simcom-sim7600", aliases: []string{"simcom-sim7600e-h"},
		maker: "SIMCOM INCORPORATED", model: "SIMCOM_SIM7600E-H", firmware: "LE11B01SIM7600M22", imei: "861234050123457",
		revision: func(fw string) string { return "+CGMR: " + fw },
		info: func(m *module, _ int) []string {
			return []string{"Manufacturer: SIMCOM INCORPORATED", "Model: SIMCOM_SIM7600E-H",
				"Revision: SIM7600M22_V1.1", "IMEI: " + m.imei(), "+GCAP: +CGSM"}
		},
		ready: 14 * time.Second, banner: []bootLine{{0, "RDY"}},
		rats: []string{"LTE", "3G", "2G"}, psDomain: true, psOnLTE: true, execResets: true,
		regTest:  [3]string{"(0-2)", "(0-2)", "(0-2)"},
		location: simcomLocation,
		cfunRead: "+CFUN: %d", cfunTest: "+CFUN: (0-1,4-7),(0-1)", cfunLevels: []int{0, 1, 4}, cfunReset: []int{6},
		cfunChange: func(*module, int) (early, late []string) { return nil, nil },
		scanLow:    25 * time.Second, scanHigh: 60 * time.Second, attachWait: 75 * time.Second,
		scanAbort: "ERROR", // any input aborts the scan; the final result is a guess
		contextUp: "EPS PDN ACT",
		contextLine: func(cid int, c pdp, _ string) string {
			return fmt.Sprintf(`%d,"%s","%s","0.0.0.0",0,0,0,0`, cid, c.kind, c.apn)
		},
		contextRefused: func(m *module) *reply { // CFUN=0 makes CGDCONT= fail
			if m.cfun == 0 {
				return &reply{final: "ERROR"}
			}
			return nil
		},
		addressLine: func(cid int, ip string) string { return fmt.Sprintf("%d,%s", cid, orZero(ip)) },
		networkAPN:  func(apn string) string { return apn },
		ceer:        func(why cause) string { return "+CEER: " + plainCause(why) },
		cardReady: func(*module) []bootLine {
			return []bootLine{{0, "+CPIN: READY"}, {2 * time.Second, "SMS DONE"}, {4 * time.Second, "PB DONE"}}
		},
		cardGone:       func(*module) []string { return []string{"+SIMCARD: NOT AVAILABLE", "+CPIN: SIM REMOVED"} },
		cardBack:       func(*module) []string { return nil },
		cardRefreshing: func(*module) []string { return []string{"+CPIN: NOT READY"} },
		extra:          simcomCommands(),
	}
}

func simcomCommands() map[string]command {
	return map[string]command{
		"+CICCID": {run: cmdICCID("+ICCID", false)}, // the label differs from the command
		"+SIMEI":  {run: func(m *module, _ call) reply { return ok("+SIMEI: " + m.imei()) }},
		"+CPSI":   {run: simcomCell}, "+CNSMOD": {run: simcomMode}, "+CNMP": setting("+CNMP", "2"),
		"+CPOF": powerDown("", 2*time.Second), "+CRESET": resetCommand("+CRESET"),
		"+CGAUTH": setting("+CGAUTH", "1,0"), "+NETOPEN": {run: simcomNetOpen}, "+CSCLK": setting("+CSCLK", "0"),
		"+UIMHOTSWAPON": setting("+UIMHOTSWAPON", "0"), "+UIMHOTSWAPLEVEL": setting("+UIMHOTSWAPLEVEL", "1"),
		"+CNBP": setting("+CNBP", "0xFFFFFFFF7FFFFFFF,0x000007FF3FDF3FFF"), "+STK": setting("+STK", "0"),
		"+AUTOCSQ": accept, "+CLTS": accept, "+CATR": accept, "+CUSBPIDSWITCH": setting("+CUSBPIDSWITCH", "9001"),
	}
}

// simcomLocation: hex without quotes, and no AcT outside +CEREG (quoting is not shown in the manual).
func simcomLocation(domain int, cell Cell, act int) string {
	if domain == domainEPS {
		return fmt.Sprintf(",%X,%X,%d", cell.TAC, cell.CellID, act)
	}
	return fmt.Sprintf(",%X,%X", cell.TAC, cell.CellID)
}

// simcomCell is AT+CPSI?: signal values of the SIM7600 are tenths of a dB.
func simcomCell(m *module, c call) reply {
	if c.form == write || c.form == test {
		return ok()
	}
	if m.cfun != 1 {
		return ok("+CPSI: NO SERVICE, Low Power Mode")
	}
	if m.c.nas.state != registered {
		return ok("+CPSI: NO SERVICE,Online")
	}
	cell := m.c.live.Cells[m.c.nas.cell]
	mcc, mnc := splitPLMN(cell.PLMN)
	r, plmn := measure(cell), mcc+"-"+mnc
	switch cell.RAT {
	case "3G":
		return ok(fmt.Sprintf("+CPSI: WCDMA,Online,%s,0X%x,%d,WCDMA 850,279,4385,0,1.5,62,33,52,500",
			plmn, cell.TAC, cell.CellID))
	case "2G":
		return ok(fmt.Sprintf("+CPSI: GSM,Online,%s,0x%x,%d,653 PCS 1900,%d,2110,42-42", plmn, cell.TAC, cell.CellID, r.rssi))
	}
	return ok(fmt.Sprintf("+CPSI: LTE,Online,%s,0x%X,%d,152,EUTRAN-BAND12,5110,3,3,%d,%d,%d,%d",
		plmn, cell.TAC, cell.CellID, r.rsrq*10, r.rsrp*10, r.rssi*10, r.sinr))
}

func simcomMode(m *module, c call) reply {
	if c.form == write {
		return ok()
	}
	mode := 0
	if m.c.nas.state == registered {
		mode = map[string]int{"2G": 3, "3G": 4, "LTE": 8}[m.c.live.Cells[m.c.nas.cell].RAT]
	}
	return ok("+CNSMOD: 0," + decimal(mode))
}

// simcomNetOpen is the internal IP stack: in the unsolicited line 0 is success, in the answer 1 is open.
func simcomNetOpen(m *module, c call) reply {
	open := m.address(1) != ""
	switch {
	case c.form == read && open:
		return ok("+NETOPEN: 1")
	case c.form == read:
		return ok("+NETOPEN: 0")
	case open:
		return reply{lines: []string{"+IP ERROR: Network is already opened"}, final: "ERROR"}
	case m.c.nas.state != registered:
		return reply{then: func() { m.urc("+NETOPEN: 1") }}
	}
	return reply{then: func() {
		if m.c.nas.state == registered && m.c.nas.activate(1) == 0 {
			m.urc("+NETOPEN: 0")
			return
		}
		m.urc("+NETOPEN: 1")
	}}
}
