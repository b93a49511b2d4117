package ublox

import (
	"fmt"
	"net/netip"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// The module's own IP stack works on profiles, counted from 0. Profile n serves context n+1 here.

// ownContext is the stack of SARA-U2 and LARA-R2, whose profiles hold the APN themselves (UBX; Twilio's page for the
// Super SIM).
var ownContext = profiles("UBX; Twilio: Super SIM on LARA-R203 and LARA-R211", func(c modem.PDPContext) []string {
	p := c.CID - 1
	return []string{fmt.Sprintf(`AT+UPSD=%d,1,"%s"`, p, c.APN), fmt.Sprintf(`AT+UPSD=%d,7,"0.0.0.0"`, p)}
})

// mappedContext is the stack of SARA-R5, whose profiles take a context over (R5APP).
var mappedContext = profiles("R5APP", func(c modem.PDPContext) []string {
	p := c.CID - 1
	return []string{fmt.Sprintf("AT+UPSD=%d,100,%d", p, c.CID), fmt.Sprintf("AT+UPSD=%d,0,0", p)}
})

func profiles(source string, define func(modem.PDPContext) []string) *modem.Activation {
	return &modem.Activation{
		Define: define,
		Up:     func(cid int) string { return fmt.Sprintf("AT+UPSDA=%d,3", cid-1) },
		Down:   func(cid int) string { return fmt.Sprintf("AT+UPSDA=%d,4", cid-1) },
		Read:   "AT+UPSND=0,8", Prefix: "+UPSND",
		Parse: profileStatus,
		Address: func(cid int) modem.Query {
			return modem.Query{Cmd: fmt.Sprintf("AT+UPSND=%d,0", cid-1), Prefix: "+UPSND",
				Parse: modem.FirstLine(ParseUPSND)}
		},
		Later:  180 * time.Second, // ublox-cellular-rs, PART
		Loss:   []string{"+UUPSDD: 0"},
		Source: source,
	}
}

// profileStatus reads "+UPSND: 0,8,1": profile, what was asked (8: is it active), the answer.
func profileStatus(lines []string) ([]modem.Address, error) {
	var up []modem.Address
	for _, l := range lines {
		_, f := atcmd.Split(l)
		profile, what, value := f.Int(), f.Int(), f.Int()
		if f.Err() != nil || what != 8 {
			return nil, fmt.Errorf("AT+UPSND: %w: %q", modem.ErrAnswer, l)
		}
		if value == 1 {
			up = append(up, modem.Address{CID: profile + 1})
		}
	}
	return up, nil
}

// ParseUPSND reads the address of a profile: `+UPSND: 0,0,"10.1.2.3"`. None is an empty text, or zeros.
func ParseUPSND(line string) (modem.Address, error) {
	label, f := atcmd.Split(line)
	profile, what, text := f.Int(), f.Int(), f.Str()
	if label != "+UPSND" || f.Err() != nil || what != 0 || profile < 0 || profile > lastProfile {
		return modem.Address{}, fmt.Errorf("AT+UPSND: %w: %q", modem.ErrAnswer, line)
	}
	return modem.Address{CID: profile + 1, IP: realIP(text)}, nil
}

const lastProfile = 6 // R4AT 13.4

// realIP is "" for a text that is no address, or that of nothing.
func realIP(text string) string {
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

// profileUp reads `+UUPSDA: 0,"10.0.0.2"`: the result of the activation, 0 for success. The profile is not told; it is
// the first.
func profileUp(line string) []modem.Observation {
	_, f := atcmd.Split(line)
	result, ip := f.Int(), realIP(f.Str())
	if f.Err() != nil || result != 0 || ip == "" {
		return nil
	}
	return []modem.Observation{modem.Address{CID: 1, IP: ip}}
}

// profileLost reads "+UUPSDD: 0".
func profileLost(line string) []modem.Observation {
	_, f := atcmd.Split(line)
	profile := f.Int()
	if f.Err() != nil || profile < 0 || profile > lastProfile {
		return nil
	}
	return []modem.Observation{modem.ContextLost{CID: profile + 1, Reason: "the module's IP stack was deactivated"}}
}
