package ublox

import (
	"fmt"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// The USB side of TOBY and SARA-U2; all read only, because each write makes the module appear anew.
var (
	uusbconf = modem.Setting{
		Name: modem.SetUSBMode, Read: "AT+UUSBCONF?", Prefix: "+UUSBCONF", Value: firstOf(ParseUUSBCONF),
		Why: "which USB interfaces there are", Source: "MM, hologram-python",
	}
	ubmconf = modem.Setting{
		Name: modem.SetUSBNet, Read: "AT+UBMCONF?", Prefix: "+UBMCONF", Value: firstOf(ParseUBMCONF),
		Why: "router: the host gets a private address; bridge: the network's own", Source: "MM",
	}
	uipaddr = modem.Setting{
		Name: "usb-address", Read: "AT+UIPADDR=1", Prefix: "+UIPADDR", Value: firstOf(ParseUIPADDR),
		Why: "the module's address on its USB network", Source: "MM",
	}
)

func firstOf(parse func(string) (string, error)) func([]string) (string, error) {
	return func(lines []string) (string, error) {
		if len(lines) == 0 {
			return "", fmt.Errorf("setting: %w: no line", modem.ErrAnswer)
		}
		return parse(lines[0])
	}
}

// ParseUUSBCONF reads `+UUSBCONF: 3,"RNDIS",,"0x1146"`: the kind of network interface, "ACM" when there is none but
// serial ports, and the USB product.
func ParseUUSBCONF(line string) (string, error) {
	label, v := values(line)
	if label != "+UUSBCONF" || len(v) < 2 {
		return "", fmt.Errorf("AT+UUSBCONF?: %w: %q", modem.ErrAnswer, line)
	}
	kind := v[1]
	if v[0] == "0" && kind == "" {
		kind = "ACM"
	}
	return strings.TrimSpace(kind + " " + at(v, 4)), nil
}

// ParseUBMCONF reads "+UBMCONF: 1".
func ParseUBMCONF(line string) (string, error) {
	_, f := atcmd.Split(line)
	switch n := f.Int(); {
	case f.Err() == nil && n == 1:
		return "router", nil
	case f.Err() == nil && n == 2:
		return "bridge", nil
	}
	return "", fmt.Errorf("AT+UBMCONF?: %w: %q", modem.ErrAnswer, line)
}

// ParseUIPADDR reads `+UIPADDR: 1,"usb0:0","192.168.1.1","255.255.255.0","",""`: context, interface, IPv4 address and
// mask, global and local IPv6 address. It gives interface and address, the IPv4 one first.
func ParseUIPADDR(line string) (string, error) {
	label, v := values(line)
	if label != "+UIPADDR" || len(v) < 3 {
		return "", fmt.Errorf("AT+UIPADDR: %w: %q", modem.ErrAnswer, line)
	}
	ip := v[2]
	if ip == "" {
		ip = at(v, 5)
	}
	return strings.TrimSpace(v[1] + " " + ip), nil
}
