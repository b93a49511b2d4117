package simcom

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// SIM7000 is the LTE-M, NB-IoT and GPRS family SIM7000E, -C, -G, -A. It differs from the SIM7080 in how a context is
// activated and in how it restarts. On USB its AT port may hang until the second one has been spoken to
// (botletics/SIM7000-LTE-Shield#298).
var SIM7000 = &modem.Dialect{
	Name:     "simcom-sim7000",
	Vendor:   "simcom",
	Claims:   []string{"SIM7000"},
	Boot:     []string{"RDY"},
	BootTime: 10 * time.Second, // 7000HD: 4.5 s
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents, localTime},
	Firmware: "AT+CGMR",
	ICCID:    ccid,
	Signal:   []modem.Query{cpsiSignal(SNRHalf), modem.CSQ},
	Cell:     []modem.Query{cpsiCells(SNRHalf), narrowModes.query()},
	Reg:      narrowDomains,
	Stack:    cnact7000,
	Auth:     cstt,
	Settings: settingsLPWA,
	Limits:   limitsLPWA,
	URCs:     urcs,
	Events:   append(narrowEvents, events...),
	RadioOff: "AT+CFUN=4",
	Reset:    "AT+CFUN=1,1",
	PowerOff: powerDown,
	Power: modem.Power{
		OnPulse: time.Second, OffPulse: 1200 * time.Millisecond, OffTime: 6900 * time.Millisecond,
		Source: "SIM7000 hardware design V1.04; 7000HD",
	},
}

// cstt is the command of the manual; firmware that has AT+CNCFG in its place refuses it, and SetAPN reports that.
func cstt(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return atcmd.Cmd{Text: fmt.Sprintf(`AT+CSTT="%s","%s","%s"`, c.APN, a.User, a.Password), Secret: true}
}
