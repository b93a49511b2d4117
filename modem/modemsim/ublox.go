package modemsim

import (
	"fmt"
	"time"
)

// ubloxSARAR5 is the u-blox SARA-R510S (application note UBX-20009652, system integration UBX-19041356, ubxlib).
// It prints no boot banner, knows LTE only, and is the one that shows reject causes.
func ubloxSARAR5() *personality {
	return &personality{
		name: "ublox-sara-r5", aliases: []string{"ublox-sara-r510s"},
		maker: "u-blox", model: "SARA-R510S", firmware: "02.05", imei: "351234090123458",
		revision: func(fw string) string { return fw },
		info: func(m *module, n int) []string {
			if n == 9 {
				return []string{m.firmware() + ",A00.01"}
			}
			return []string{"SARA-R510S-00B-00"}
		},
		ready: 6 * time.Second,
		rats:  []string{"LTE"}, regTest: [3]string{"(0-3)", "(0-3)", "(0-5)"},
		location: quotedLocation("08"),
		cfunRead: "+CFUN: %d,0", cfunTest: "+CFUN: (0,1,4,15,16,19,127),(0,1)", cfunLevels: []int{0, 1, 4, 19},
		cfunReset:  []int{15, 16},
		cfunChange: func(*module, int) (early, late []string) { return nil, nil },
		badValue:   50, missing: 4, lastPDN: 151,
		scanLow: 30 * time.Second, scanHigh: 3 * time.Minute, scanAbort: "ABORTED", attachWait: 180 * time.Second,
		contextUp: "ME PDN ACT",
		contextLine: func(cid int, c pdp, ip string) string {
			apn := c.apn
			if ip != "" {
				apn = fullAPN(apn)
			}
			return fmt.Sprintf(`%d,"%s","%s","%s",0,0,0,0,0,0,0,0,0`, cid, c.kind, apn, orZero(ip))
		},
		contextRefused: func(*module) *reply { return nil },
		addressLine: func(cid int, ip string) string {
			if ip == "" {
				return fmt.Sprintf("%d,", cid)
			}
			return fmt.Sprintf(`%d,"%s"`, cid, ip)
		},
		networkAPN: fullAPN, ceer: ubloxCause,
		cardReady: func(m *module) []bootLine {
			switch {
			case m.set.simURC == 0:
				return nil
			case m.c.card.refreshed:
				return []bootLine{{0, "+UUSIMSTAT: 9"}, {100 * time.Millisecond, "+UUSIMSTAT: 6"}}
			}
			return []bootLine{{0, "+UUSIMSTAT: 6"}, {time.Second, "+UUSIMSTAT: 8"}}
		},
		cardGone:       ubloxSIMLine("+UUSIMSTAT: 0"),
		cardBack:       func(*module) []string { return nil },
		cardRefreshing: ubloxSIMLine("+UUSIMSTAT: 4"),
		lacks:          []string{"+CGREP"},
		extra:          ubloxCommands(),
	}
}

func ubloxSIMLine(text string) func(*module) []string {
	return func(m *module) []string {
		if m.set.simURC == 0 { // only after AT+USIMSTAT=<mask>
			return nil
		}
		return []string{text}
	}
}

func ubloxCommands() map[string]command {
	return map[string]command{
		"+CCID":     {run: cmdICCID("+CCID", false)},
		"+CIMI":     {run: cmdCIMI, low: 200 * time.Millisecond, high: 2500 * time.Millisecond}, // 3 s and more in the field
		"+USIMSTAT": {run: ubloxSIMStat}, "+UMNOPROF": {run: ubloxProfile}, "+URAT": setting("+URAT", "7"),
		"+UBANDMASK": setting("+UBANDMASK", "0,185473183,1048578"), "+UPSV": setting("+UPSV", "0"),
		"+UCGED": {run: ubloxCell}, "+CPWROFF": powerDown("", 4*time.Second), "+UAUTHREQ": accept,
		"+UPSD": accept, "+UPSDA": {run: ubloxInternalStack}, "+UDCONF": accept, "+UUBIP": accept, "+UBIP": accept,
		"+UCUSATA": setting("+UCUSATA", "4"), "+CEMODE": setting("+CEMODE", "2"), "+CSGT": setting("+CSGT", `0,""`),
	}
}

// fullAPN is the APN with the operator identifier that LTE-M modules append once the network has confirmed it.
func fullAPN(apn string) string { return apn + ".mnc123.mcc732.gprs" }

// ubloxCause is the strongest source of the three makers: type, number and text.
func ubloxCause(why cause) string {
	switch {
	case why.session != 0:
		return fmt.Sprintf(`+CEER: "SM cause",%d,"%s"`, why.session, causeText(smTexts, why.session))
	case why.esm != 0:
		return fmt.Sprintf(`+CEER: "ESM cause",%d,"%s"`, why.esm, causeText(smTexts, why.esm))
	case why.number != 0:
		return fmt.Sprintf(`+CEER: "EMM cause",%d,"%s"`, why.number, causeText(emmTexts, why.number))
	}
	return `+CEER: "No report available",0,"No cause information available"`
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

// ubloxProfile refuses a change while registered; the value counts after a reset.
func ubloxProfile(m *module, c call) reply {
	if c.form == write && m.c.nas.state == registered {
		return cme(3)
	}
	return setting("+UMNOPROF", "90").run(m, c)
}

// ubloxCell is AT+UCGED?: the body lines have no prefix.
func ubloxCell(m *module, c call) reply {
	if c.form == write || c.form == test {
		return ok()
	}
	cell, found := m.camped()
	if !found || m.c.nas.state != registered {
		return ok("+UCGED: 2", "6,4,001,01",
			"65535,255,255,255,ffff,0000000,65535,00000000,ffff,ff,255,255,255.00,255")
	}
	r := measure(cell)
	mcc, mnc := splitPLMN(cell.PLMN)
	return ok("+UCGED: 2", fmt.Sprintf("6,4,%s,%s", mcc, mnc),
		fmt.Sprintf("5110,12,50,50,%04x,%07x,152,d60814d1,8001,01,%d,%d,%d.00,3", cell.TAC, cell.CellID,
			min(max(r.rsrp+141, 0), 97), min(max((r.rsrq+20)*2, 0), 34), r.sinr))
}

// ubloxInternalStack answers OK first and the result later, 0 for success.
func ubloxInternalStack(m *module, c call) reply {
	if c.number(1, 0) != 3 {
		return ok()
	}
	return reply{then: func() {
		if ip := m.address(1); ip != "" {
			m.urc(fmt.Sprintf(`+UUPSDA: 0,"%s"`, ip))
			return
		}
		m.urc("+UUPSDA: 1")
	}}
}
