package simcom

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// SIM7080 is the LTE-M, NB-IoT and GPRS family SIM7070, SIM7080, SIM7090. Super SIM networks have no NB-IoT: a module
// that searches nothing else (AT+CMNB=2) finds no service.
//
//   - AT+CEREG? and its unsolicited line have the routing area, which may be empty, between area and cell (7080 6.2.7).
//   - +CGREG has it last, and <stat> 6 there is "internal use", not SMS only; either way no data.
//   - There is no AT+CEER in the manual. Causes come in error codes, and from firmware that lists more than n=2.
var SIM7080 = &modem.Dialect{
	Name:     "simcom-sim7080",
	Vendor:   "simcom",
	Claims:   []string{"SIM7070", "SIM7080", "SIM7090"},
	Boot:     []string{"RDY"},
	BootTime: 10 * time.Second, // Zephyr
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, localTime},
	Firmware: "AT+CGMR",
	ICCID:    ccid,
	Signal:   []modem.Query{cpsiSignal(SNRHalf), modem.CSQ},
	Cell:     []modem.Query{cpsiCells(SNRHalf), narrowModes.query()},
	Reg:      narrowDomains,
	Stack:    cnact7080,
	Auth:     cncfg,
	Settings: settingsLPWA,
	Limits:   limitsLPWA,
	URCs:     urcs,
	Events:   append(narrowEvents, events...),
	RadioOff: "AT+CFUN=4",
	Reset:    "AT+CREBOOT",
	PowerOff: powerDown,
	Power: modem.Power{
		OnPulse: time.Second, OffPulse: 1200 * time.Millisecond, OffTime: 5 * time.Second,
		ResetPulse: 100 * time.Millisecond,
		Source:     "Zephyr modem_cellular.c; zero-iee.com for the shortest pulses",
	},
}

// What SIM7000 and SIM7080 share.
var (
	narrowDomains = []modem.Registrar{
		{Domain: modem.CS, N: []int{2, 1}}, // 2 on variants with GPRS only
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true}, // the manuals list (0-2,4); 4 brings timers, not causes
	}

	limitsLPWA = []modem.Limit{
		{Begins: "AT+CPIN", Time: 5 * time.Second, Source: "7080, 7000"},
		{Begins: "AT+CIMI", Time: 20 * time.Second, Source: "7080, 7000"},
		{Begins: "AT+CFUN=", Time: 10 * time.Second, Source: "7080, 7000"},
		{Begins: "AT+COPS=", Time: 120 * time.Second, Source: "7080, 7000"},
		{Begins: "AT+COPS=?", Time: 45 * time.Second, Source: "7080, 7000"},
		{Begins: "AT+CGATT=", Time: 75 * time.Second, Source: "7080, 7000"},
		{Begins: "AT+CGACT=", Time: 150 * time.Second, Source: "7080, 7000"},
		{Begins: "AT+CNACT=", Time: 85 * time.Second, Source: "7000 AT+CIICR"},
	}

	narrowEvents = []modem.Event{
		lost("+APP PDP: 0,DEACTIVE", true), lost("+APP PDP: DEACTIVE", true), lost("+PDP: DEACT", true),
		{Begins: "*PSUTTZ:", Parse: networkTime},
	}

	// localTime switches the network's time reports on.
	localTime = modem.Step{Read: "AT+CLTS?", Want: "+CLTS: 1", Write: "AT+CLTS=1", Why: "report the network's time"}
)

// cncfg has the credentials beside the APN (7080 AT+CNCFG).
func cncfg(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return atcmd.Cmd{
		Text:   fmt.Sprintf(`AT+CNCFG=%d,1,"%s","%s","%s",%d`, c.CID-1, c.APN, a.User, a.Password, a.Method),
		Secret: true,
	}
}
