package modemsim

import (
	"fmt"
	"time"
)

// simcomBase is what SIMCom's families share.
func simcomBase() *personality {
	p := as27007()
	p.maker = "SIMCOM INCORPORATED"
	p.revision = func(fw string) string { return "+CGMR: " + fw }
	p.banner = []bootLine{{0, "RDY"}}
	p.execResets, p.lowSupply = true, "UNDER-VOLTAGE WARNNING" // its spelling
	p.location = simcomLocation
	p.timeLines = simcomTimeLines
	p.extra = map[string]command{
		"+SIMEI": {run: func(m *module, _ call) reply { return ok("+SIMEI: " + m.imei()) }},
		"+CSCLK": choose("+CSCLK", "0", "0", "1", "2"), "+CLTS": {run: simcomClock}, "+AUTOCSQ": setting("+AUTOCSQ", "0,0"),
		"+STK": setting("+STK", "0"), "+CNETLIGHT": choose("+CNETLIGHT", "1", "0", "1"),
	}
	return p
}

// simcomLocation: hex without quotes, and no AcT outside +CEREG (quoting is not shown in the manual).
func simcomLocation(w where) string {
	if w.domain == domainEPS {
		return fmt.Sprintf(",%X,%X,%d", w.cell.TAC, w.cell.CellID, w.act)
	}
	return fmt.Sprintf(",%X,%X", w.cell.TAC, w.cell.CellID)
}

// simcomTimeLines come at registration with AT+CTZR or AT+CLTS.
func simcomTimeLines(now time.Time) []string {
	return []string{fmt.Sprintf(`*PSUTTZ: %d,%d,%d,%d,%d,%d,"+00",0`, now.Year(), now.Month(), now.Day(), now.Hour(),
		now.Minute(), now.Second()), "DST: 0"}
}

func simcomClock(m *module, c call) reply {
	switch c.form {
	case read:
		return ok("+CLTS: " + decimal(m.set.timeURC))
	case write:
		m.set.timeURC = c.number(0, 0)
	}
	return ok()
}

// units is how a family counts the four numbers at the end of +CPSI's LTE line: RSRQ, RSRP, RSSI, SNR.
type units func(r reading) string

func tenths(r reading) string {
	return fmt.Sprintf("%d,%d,%d,%d", r.rsrq*10, r.rsrp*10, r.rssi*10, r.sinr)
}
func indices(r reading) string { // A76xx: as AT+CESQ, always positive
	return fmt.Sprintf("%d,%d,%d,%d", r.rsrqIndex(), r.rsrpIndex(), r.rssiIndex(), (r.sinr+20)/2)
}
func decibels(r reading) string { // SIM7000/7070/7080: SINR is twice the field less 20
	return fmt.Sprintf("%d,%d,%d,%d", r.rsrq, r.rsrp, r.rssi, (r.sinr+20)/2)
}

// simcomCell is AT+CPSI?. The first one after power-on can be refused.
func simcomCell(lte string, u units) command {
	return early(fails(), command{run: func(m *module, c call) reply {
		if c.form == write || c.form == test {
			return ok()
		}
		if m.cfun != 1 {
			return ok("+CPSI: NO SERVICE, Low Power Mode")
		}
		if m.c.nas.state != registered {
			return ok("+CPSI: NO SERVICE,Online")
		}
		return ok("+CPSI: " + simcomCellLine(m.c.live.Cells[m.c.nas.cell], lte, u))
	}})
}

func simcomCellLine(cell Cell, lte string, u units) string {
	mcc, mnc := splitPLMN(cell.PLMN)
	r, plmn := measure(cell), mcc+"-"+mnc
	switch cell.RAT {
	case "5G": // guess: no capture of a 5G line is known
		return fmt.Sprintf("NR5G_SA,Online,%s,0x%X,%d,299,NR5G_BAND71,127490,%d,%d,%d", plmn, cell.TAC, cell.CellID,
			r.rsrp*10, r.rsrq*10, r.sinr*10)
	case "3G":
		return fmt.Sprintf("WCDMA,Online,%s,0X%x,%d,WCDMA 850,279,4385,0,1.5,62,33,52,500", plmn, cell.TAC, cell.CellID)
	case "2G":
		return fmt.Sprintf("GSM,Online,%s,0x%x,%d,653 PCS 1900,%d,2110,42-42", plmn, cell.TAC, cell.CellID, r.rssi)
	}
	return fmt.Sprintf("%s,Online,%s,0x%X,%d,152,EUTRAN-BAND12,5110,3,3,%s", lte, plmn, cell.TAC, cell.CellID, u(r))
}

// simcomMode is AT+CNSMOD?; modes are the family's numbers.
func simcomMode(modes map[string]int) command {
	return command{run: func(m *module, c call) reply {
		if c.form == write {
			return ok()
		}
		mode := 0
		if m.c.nas.state == registered {
			mode = modes[m.c.live.Cells[m.c.nas.cell].RAT]
		}
		return ok("+CNSMOD: 0," + decimal(mode))
	}}
}

// simcomAuth is AT+CGAUTH: written with the password first, read with the user first (7600 8.2.15). The password stays
// unsaid.
func simcomAuth() command {
	return stored{name: "+CGAUTH", initial: "1,0", keep: func(c call) string {
		if len(c.args) < 4 {
			return c.arg(0) + "," + c.arg(1)
		}
		return fmt.Sprintf(`%s,%s,"%s","%s"`, c.arg(0), c.arg(1), c.arg(3), "****")
	}}.command()
}

// simcomTrunk is the LTE platform of SIM7600 and A76xx: labelled answers, CNMP, NETOPEN, a reset command.
func simcomTrunk() *personality {
	p := simcomBase()
	p.rats, p.psDomain, p.psOnLTE = []string{"LTE", "3G", "2G"}, true, true
	p.info = func(m *module, _ int) []string {
		return []string{"Manufacturer: " + m.p.maker, "Model: " + m.p.model, "Revision: " + m.firmware(),
			"IMEI: " + m.imei(), "+GCAP: +CGSM"}
	}
	p.scanHigh, p.scanAbort = 60*time.Second, "ERROR" // any input aborts the scan; the result is a guess
	p.contextUp = "EPS PDN ACT"
	p.contextRefused = func(m *module) *reply { // CFUN=0 makes CGDCONT= fail
		if m.cfun == 0 {
			return &reply{final: "ERROR"}
		}
		return nil
	}
	p.addressLine = func(cid int, ip string) string { return fmt.Sprintf("%d,%s", cid, orZero(ip)) }
	p.stackLost = func(*module) []string { return []string{"+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"} }
	p.cardReady = func(*module) []bootLine {
		return []bootLine{{0, "+CPIN: READY"}, {2 * time.Second, "SMS DONE"}, {4 * time.Second, "PB DONE"}}
	}
	p.cardGone = func(*module) []string { return []string{"+SIMCARD: NOT AVAILABLE", "+CPIN: SIM REMOVED"} }
	p.extra = with(p.extra, map[string]command{
		"+CICCID": {run: cmdICCID("+ICCID", false)}, // the label differs from the command
		"+CPOF":   powerDown("", 2*time.Second, false), "+CRESET": resetCommand("+CRESET"), "+CGAUTH": simcomAuth(),
		"+NETOPEN": {run: simcomNetOpen}, "+NETCLOSE": {run: simcomNetClose}, "+IPADDR": {run: simcomNetAddress},
		"+UIMHOTSWAPON": setting("+UIMHOTSWAPON", "0"), "+UIMHOTSWAPLEVEL": setting("+UIMHOTSWAPLEVEL", "1"),
		"+CNBP": stored{name: "+CNBP", initial: "0xFFFFFFFF7FFFFFFF,0x000007FF3FDF3FFF", radio: true}.command(),
	})
	return p
}
