package modemsim

import (
	"fmt"
	"strings"
	"time"
)

// ubloxBase is what u-blox's families share. The AT command manuals could not be had: ubxlib, Particle's firmware and
// the R5 notes say what is known. None prints a boot banner.
func ubloxBase() *personality {
	p := as27007()
	p.maker = "u-blox"
	p.info = func(m *module, n int) []string {
		if n == 9 {
			return []string{m.firmware() + ",A00.01"}
		}
		return []string{m.p.model + "-00B-00"}
	}
	p.rats = []string{"LTE"}
	p.regTest = [4]string{"(0-3)", "(0-3)", "(0-5)"}
	p.location = quotedLocation("08")
	p.cfunRead, p.cfunTest = "+CFUN: %d,0", "+CFUN: (0,1,4,15,16,19,127),(0,1)"
	p.cfunLevels, p.cfunReset, p.cardless = []int{0, 1, 4, 19}, []int{15, 16}, []int{0, 19}
	p.badValue, p.missing, p.lastPDN = 50, 4, 151
	p.scanLow, p.scanHigh, p.scanAbort, p.attachWait = 30*time.Second, 3*time.Minute, "ABORTED", 180*time.Second
	p.contextLine = func(cid int, c pdp, ip string) string {
		apn := c.apn
		if ip != "" {
			apn = fullAPN(apn)
		}
		return fmt.Sprintf(`%d,"%s","%s","%s",0,0,0,0,0,0,0,0,0`, cid, c.kind, apn, orZero(ip))
	}
	p.addressLine = func(cid int, ip string) string {
		if ip == "" {
			return fmt.Sprintf("%d,", cid)
		}
		return fmt.Sprintf(`%d,"%s"`, cid, ip)
	}
	p.networkAPN = fullAPN
	p.stackLost = func(*module) []string { return []string{"+UUPSDD: 0"} }
	p.cardReady = ubloxCardLines
	p.cardGone, p.cardRefreshing = ubloxSIMLine("+UUSIMSTAT: 0"), ubloxSIMLine("+UUSIMSTAT: 4")
	p.lacks, p.extra = []string{"+CGREP", "+C5GREG"}, ubloxCommands()
	return p
}

// ubloxCardLines exist only after AT+USIMSTAT=<mask>; 9 is a REFRESH that ended well.
func ubloxCardLines(m *module) []bootLine {
	switch {
	case m.set.simURC == 0:
		return nil
	case m.c.card.refreshed:
		return []bootLine{{0, "+UUSIMSTAT: 9"}, {100 * time.Millisecond, "+UUSIMSTAT: 6"}}
	}
	return []bootLine{{0, "+UUSIMSTAT: 6"}, {time.Second, "+UUSIMSTAT: 8"}}
}

func ubloxSIMLine(text string) func(*module) []string {
	return func(m *module) []string {
		if m.set.simURC == 0 {
			return nil
		}
		return []string{text}
	}
}

func ubloxCommands() map[string]command {
	return map[string]command{
		"+CCID":     {run: cmdICCID("+CCID", false)},
		"+CIMI":     {run: cmdCIMI, low: 200 * time.Millisecond, high: 2500 * time.Millisecond}, // 3 s and more in the field
		"+USIMSTAT": {run: ubloxSIMStat}, "+UPSV": choose("+UPSV", "0", "0", "1", "2", "3", "4"),
		"+CPWROFF": powerDown("", 4*time.Second, false), "+UAUTHREQ": accept, "+UDCONF": accept, "+UGPIOC": accept,
		"+UPSD": {run: ubloxProfileData}, "+UPSDA": {run: ubloxProfileStack(true)}, "+UPSND": {run: ubloxProfileStatus},
		"+UCUSATA": setting("+UCUSATA", "4"), "+CSGT": setting("+CSGT", `0,""`), "+UFACTORY": accept,
		"+CPSMS": psm("+CPSMS:", `,,,"00010011","00000011"`),
	}
}

// ubloxLTEM adds what the LTE-M families have: the operator profile, an ordered list of technologies, eDRX that wants to
// be switched off by technology, and OTA activity.
func ubloxLTEM(p *personality, profile, rats, bands string, none ...string) {
	p.extra["+UMNOPROF"] = ubloxProfile(profile)
	p.extra["+URAT"] = ubloxTechnologies(rats)
	p.extra["+UBANDMASK"] = setting("+UBANDMASK", bands)
	p.extra["+CEDRXS"] = edrx{act: "4", none: none, keep: true}.command()
	p.extra["+UBIP"], p.extra["+UUBIP"], p.extra["+UPSMR"] = accept, accept, setting("+UPSMR", "0")
	p.only = map[string]map[string][]string{"+URAT": {"7": {"LTE"}, "8": {}, "9": {"2G"}, "7,9": {"LTE", "2G"}, "9,7": {"LTE", "2G"},
		"7,8": {"LTE"}, "8,7": {"LTE"}, "8,9": {"2G"}, "9,8": {"2G"}}} // 8 is NB-IoT, which a Super SIM has nowhere
}

// ubloxTechnologies is AT+URAT, refused while registered: AT+COPS=2 comes first.
func ubloxTechnologies(initial string) command {
	return stored{name: "+URAT", initial: initial, idle: true, radio: true}.command()
}

// ubloxProfile refuses a change while registered; the value counts after a reset.
func ubloxProfile(initial string) command {
	return stored{name: "+UMNOPROF", initial: initial, test: "(0-5,8,19,21,28,31,33,90,100,198,201)", idle: true}.command()
}

// fullAPN is the APN with the operator identifier that LTE-M modules append once the network has confirmed it.
func fullAPN(apn string) string { return apn + ".mnc123.mcc732.gprs" }

// ubloxCause is the strongest source of the three makers: type, number and text.
func ubloxCause(_ *module, why cause) []string {
	switch {
	case why.session != 0:
		return []string{fmt.Sprintf(`+CEER: "SM cause",%d,"%s"`, why.session, causeText(smTexts, why.session))}
	case why.esm != 0:
		return []string{fmt.Sprintf(`+CEER: "ESM cause",%d,"%s"`, why.esm, causeText(smTexts, why.esm))}
	case why.number != 0:
		return []string{fmt.Sprintf(`+CEER: "EMM cause",%d,"%s"`, why.number, causeText(emmTexts, why.number))}
	}
	return []string{`+CEER: "No report available",0,"No cause information available"`}
}

func ubloxSIMStat(m *module, c call) reply {
	switch c.form {
	case write:
		m.set.simURC = c.number(0, 0)
		return ok()
	case test:
		return ok("+USIMSTAT: (0-7)")
	}
	return ok("+USIMSTAT: " + decimal(m.set.simURC))
}

// cellReport is a family's answer to AT+UCGED?, most of it without a prefix.
type cellReport struct {
	mode  string // must be written first, "" for none
	lines func(cell Cell, r reading) []string
	none  []string // without service
}

func ubloxCellInfo(report cellReport) command {
	return command{run: func(m *module, c call) reply {
		if c.form == write {
			m.kept["+UCGED"] = c.arg(0)
			return ok()
		}
		if c.form == test {
			return ok("+UCGED: (0,2,3,4,5)")
		}
		if report.mode != "" && m.kept["+UCGED"] != report.mode {
			return ok("+UCGED: " + m.keptOr("+UCGED", "0"))
		}
		cell, found := m.camped()
		if !found || m.c.nas.state != registered {
			return ok(report.none...)
		}
		return ok(report.lines(cell, measure(cell))...)
	}}
}

// ubloxIndexed is the body of SARA-R5 and LARA-R6: indices of AT+CESQ, SINR in dB. first is the technology's number.
func ubloxIndexed(first string) cellReport {
	lines := func(cell Cell, r reading) []string {
		mcc, mnc := splitPLMN(cell.PLMN)
		switch cell.RAT { // of 2G and 3G only the first line is known
		case "3G":
			return []string{"+UCGED: 2", "3,4," + mcc + "," + mnc}
		case "2G":
			return []string{"+UCGED: 2", "2," + mcc + "," + mnc}
		}
		return []string{"+UCGED: 2", first + "," + mcc + "," + mnc,
			fmt.Sprintf("5110,12,50,50,%04x,%07x,152,d60814d1,8001,01,%d,%d,%d.00,3", cell.TAC, cell.CellID,
				r.rsrpIndex(), r.rsrqIndex(), r.sinr)}
	}
	return cellReport{lines: lines, none: []string{"+UCGED: 2", first + ",001,01",
		"65535,255,255,255,ffff,0000000,65535,00000000,ffff,ff,255,255,255.00,255"}}
}

// ubloxRSRP is the body of SARA-R410/R412: two labelled lines.
func ubloxRSRP(_ Cell, r reading) []string {
	return []string{fmt.Sprintf(`+RSRP: 152,5110,"%d.00"`, r.rsrp), fmt.Sprintf(`+RSRQ: 152,5110,"%d.00"`, r.rsrq)}
}

// ubloxDecibels is the body of SARA-R422: dBm, and SINR as fifths of a dB above -20 dB.
func ubloxDecibels(cell Cell, r reading) []string {
	mcc, mnc := splitPLMN(cell.PLMN)
	if cell.RAT == "2G" {
		return []string{"+UCGED: 2", "2," + mcc + "," + mnc}
	}
	return []string{"+UCGED: 2", "6," + mcc + "," + mnc,
		fmt.Sprintf(`5110,12,10,10,%04x,%x,%d,%d,%d,-1,3,255,%d,"FB306E02"`, cell.TAC, cell.CellID, r.rsrp, r.rsrq, 131,
			r.sinr*5+100)}
}

// ubloxAttachArea inserts the group of the mobility entity between TAC and CI with n=4, in both forms or, on LARA-R6, in
// the answer to a read alone; timers follow (UBX u_cell_net.c in). The group's value is a guess.
func ubloxAttachArea(readOnly bool) func(where) string {
	return func(w where) string {
		if w.domain != domainEPS || w.n != 4 {
			return quotedLocation("08")(w)
		}
		group := `,"8001"`
		if readOnly && !w.read {
			group = ""
		}
		return fmt.Sprintf(`,"%04X"%s,"%08X",%d,,,"00000000","00000000"`, w.cell.TAC, group, w.cell.CellID, w.act)
	}
}

// ubloxEarly are refused as if the card had failed while SARA-R41x still reads it; the module is well.
func ubloxEarly(p *personality) {
	for _, name := range strings.Fields("+UMNOPROF +URAT +UBANDMASK +UPSV +USIMSTAT +UCGED") {
		p.extra[name] = early(cme(13), p.extra[name])
	}
	for _, name := range []string{"+IFC", "+CEREG"} {
		p.extra[name] = early(cme(13), standard[name])
	}
}
