package ublox

import "supersim-agent/modem"

// What lets a module fall asleep.
var (
	// edrxAll switches eDRX off for LTE-M and for NB-IoT, edrxOne for LTE-M alone: AT+CEDRXS=0 does not do so fully
	// (PART, UBX). It reads "+CEDRXS:" on SARA-R410 and `+CEDRXS: 4,"0000"` on SARA-R510 when it is off.
	edrxAll = edrxBy("AT+CEDRXS=3,4", "AT+CEDRXS=3,5")
	edrxOne = edrxBy("AT+CEDRXS=3,4")

	upsv = modem.Setting{
		Name: modem.SetSleep, Read: "AT+UPSV?", Prefix: "+UPSV", Value: modem.SettingField(0),
		Wish: modem.WishOff("0"), Write: modem.WriteFormat("AT+UPSV=%s"),
		Why: "the first command to a sleeping port is lost", Source: "PART, UBX",
	}
	// lwm2m: the client of LARA-R6 is on by default; 1 is off.
	lwm2m = modem.Setting{
		Name: modem.SetLwM2M, Read: "AT+ULWM2M?", Prefix: "+ULWM2M", Value: modem.SettingField(0),
		Wish: modem.WishOff("1"), Write: modem.WriteFormat("AT+ULWM2M=%s"),
		Why: "the operator's device management may restart the module", Source: "Zephyr",
	}
	// toolkit: the factory value leaves the card's proactive commands to the module, as an applet that changes its IMSI
	// needs it; what the others than 0 mean is not known here.
	toolkit = modem.Setting{
		Name: modem.SetSTK, Read: "AT+UCUSATA?", Prefix: "+UCUSATA", Value: modem.SettingField(0),
		Why: "who answers the card's toolkit; 0 is nobody", Source: "R5APP",
	}
)

func edrxBy(commands ...string) modem.Setting {
	s := modem.EDRX
	s.Write = func(string) []string { return commands }
	s.Source = "PART sara_ncp_client.cpp, UBX"
	return s
}
