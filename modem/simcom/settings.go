package simcom

import (
	"fmt"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// The settings that decide whether a roaming card gets service, by family. None of the manuals has one for roaming
// itself: it is allowed.
var (
	settings7600 = append([]modem.Setting{ratSetting(modes7600, "7600 4.2.11"), cnbp, sleep}, slotAndUSB...)
	settingsA76  = append([]modem.Setting{
		ratSetting(modesA76, "A76 AT+CNMP"), cnbp, modem.PSM, modem.EDRX, sleep, dialMode,
	}, slot...)
	settings8200 = append([]modem.Setting{
		ratSetting(modes8200, "rooter, netalyze and others"),
		csyssel(modem.SetBands, "lte_band", lteBands), csyssel(modem.SetBandsSA, "nr5g_band", nrBands),
		csyssel(modem.SetBandsNSA, "nsa_nr5g_band", nrBands), sleep,
	}, slotAndUSB...)
	settingsLPWA = []modem.Setting{
		ratSetting(modesLPWA, "7080, 7000 AT+CNMP"), lteMode, cbandcfg, modem.PSM, modem.EDRX, sleep, networkAPN, toolkit,
	}
	settings7020 = []modem.Setting{modem.PSM, modem.EDRX, sleep}
	settings800  = []modem.Setting{sleep, toolkit}
)

var sleep = modem.Setting{
	Name: modem.SetSleep, Read: "AT+CSCLK?", Prefix: "+CSCLK", Value: modem.SettingField(0),
	Wish: modem.WishOff("0"), Write: modem.WriteFormat("AT+CSCLK=%s"),
	Why: "the serial port sleeps when DTR is high", Source: "7600, A76, 7080, 7000, 800 AT+CSCLK",
}

// Read only.
var (
	slot = []modem.Setting{
		{
			Name: modem.SetHotSwap, Read: "AT+UIMHOTSWAPON?", Prefix: "+UIMHOTSWAPON",
			Why: "1: a change of the card is noticed", Source: "7600 24.2",
		},
		{
			Name: modem.SetSIMDetect, Read: "AT+UIMHOTSWAPLEVEL?", Prefix: "+UIMHOTSWAPLEVEL",
			Why: "level of the slot's switch; a wrong one means: no card, ever", Source: "7600 24.2",
		},
	}
	slotAndUSB = append([]modem.Setting{{
		Name: modem.SetUSBMode, Read: "AT+CUSBPIDSWITCH?", Prefix: "+CUSBPIDSWITCH",
		Why: "which USB interfaces there are; a change makes the module appear anew", Source: "7600 19.2.14",
	}}, slot...)
	dialMode = modem.Setting{
		Name: modem.SetUSBNet, Read: "AT+DIALMODE?", Prefix: "+DIALMODE",
		Why: "0: network interface on USB, 1: none", Source: "A76 35.2.1",
	}
	networkAPN = modem.Setting{
		Name: modem.SetNetworkAPN, Read: "AT+CGNAPN", Prefix: "+CGNAPN", Value: givenAPN,
		Why: "the APN that the network gave", Source: "7000 5.2.22",
	}
	toolkit = modem.Setting{
		Name: modem.SetSTK, Read: "AT+STK?", Prefix: "+STK", Value: modem.SettingField(0),
		Why: "1: toolkit lines are reported; the module itself answers the card", Source: "SIM7000/7080 SAT application notes",
	}
)

// givenAPN reads `+CGNAPN: 1,"super"`; 0 stands for none.
func givenAPN(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", fmt.Errorf("AT+CGNAPN: %w: no line", modem.ErrAnswer)
	}
	_, f := atcmd.Split(lines[0])
	if f.Int() == 0 {
		return "none", f.Err()
	}
	return modem.NormalAPN(f.Str()), f.Err()
}
