package simcom

import (
	"fmt"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// SIM7020 is an NB-IoT module (MediaTek MT2625). Super SIM networks have no NB-IoT, so that it cannot get service with
// one; the row is here so that the device says what it has found, and for other cards. Its manual was not at hand: what
// is below is from shipping drivers, the rest is asked.
//
// The APN of the attach is a default of its own, AT*MCGDEFCONT, to be set at AT+CFUN=0 (SIMCom's TCP/IP application
// note, as quoted by TinyGSM and AdvGSM, which compares the answer with what it would write). With credentials it is
// written once more, as only they have a place there.
var SIM7020 = &modem.Dialect{
	Name:     "simcom-sim7020",
	Vendor:   "simcom",
	Claims:   []string{"SIM7020"},
	Boot:     []string{"RDY"},
	BootTime: 30 * time.Second,
	Setup:    []modem.Step{modem.NumericOperator, modem.PacketEvents},
	Firmware: "AT+CGMR",
	ICCID:    ccid,
	Signal:   []modem.Query{modem.CESQ, modem.CSQ},
	Reg:      []modem.Registrar{{Domain: modem.EPS, N: []int{5, 3, 2, 1}, Ask: true}},
	Cause:    modem.CEER,
	APN: modem.APNRule{RadioFirst: true, Attach: modem.AttachAPN{
		Read: "AT*MCGDEFCONT?", Prefix: "*MCGDEFCONT", Write: `AT*MCGDEFCONT="%s","%s"`, Source: "AdvGSM; TinyGSM",
	}},
	Auth:     mcgdefcont,
	Settings: settings7020,
	Limits: []modem.Limit{
		{Begins: "AT+CFUN=", Time: 15 * time.Second, Source: "TinyGSM"},
		{Begins: "AT+CGACT=", Time: 150 * time.Second, Source: "as 7000"},
	},
	URCs:     urcs,
	Events:   events,
	RadioOff: "AT+CFUN=0", // not 4: the attach's APN is refused otherwise
	Reset:    "AT+CFUN=1,1",
	PowerOff: powerDown,
	Power: modem.Power{
		OnPulse: time.Second, OffPulse: time.Second, OffTime: 5 * time.Second,
		Source: "SIM7020 hardware design V1.02: STATUS falls after 0.5 s, 5 s before the next start",
	},
}

// mcgdefcont sets APN and credentials of the attach.
func mcgdefcont(c modem.PDPContext, a modem.Auth) atcmd.Cmd {
	return atcmd.Cmd{
		Text:   fmt.Sprintf(`AT*MCGDEFCONT="%s","%s","%s","%s"`, c.Type, c.APN, a.User, a.Password),
		Secret: true,
	}
}
