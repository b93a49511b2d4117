package ublox

import (
	"strings"

	"supersim-agent/modem"
)

// umnoprof is AT+UMNOPROF, the operator's bundle of settings: bands, APN rules, power saving. 90 is "global", 100
// "standard Europe"; both roam anywhere. Others (1 by the card, 2 AT&T, 3 Verizon, …) bind the module to an operator's
// networks, and 1 is not reliable for a card that it does not know (MM, UBX). Which of the two a family is given is
// Particle's choice for this very card. The profile changes bands and context too, and on SARA-R41x from firmware
// 05.12 on may switch PSM and eDRX on: what is configured must be configured once more after the restart.
func umnoprof(preferred string) modem.Setting {
	return modem.Setting{
		Name: modem.SetProfile, Read: "AT+UMNOPROF?", Prefix: "+UMNOPROF", Value: modem.SettingField(0),
		Wish: func(w modem.Wanted, id modem.Identity, have string) (string, bool) {
			want := preferred
			if lacks100(id.Firmware) {
				want = "0"
			}
			roams := have == "90" || have == "100" || have == want
			return want, w.Roaming == modem.On && !roams
		},
		Write: modem.WriteFormat("AT+UMNOPROF=%s"), RadioOff: true, Restart: true,
		Why: "an operator's profile keeps a roaming card off other networks", Source: "PART sara_ncp_client.cpp",
	}
}

// lacks100: SARA-R410 with firmware 05.06 and 05.07 knows no profile 100; its default roams (PART).
func lacks100(firmware string) bool {
	return strings.HasPrefix(firmware, "L0.0.00.00.05.06") || strings.HasPrefix(firmware, "L0.0.00.00.05.07")
}

// profileShown is the profile of families of which nothing is known that would be better.
var profileShown = modem.Setting{
	Name: modem.SetProfile, Read: "AT+UMNOPROF?", Prefix: "+UMNOPROF", Value: modem.SettingField(0),
	Why: "the operator's bundle of settings", Source: "UBX",
}
