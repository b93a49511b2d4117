package modem

import (
	"net/netip"
	"strconv"
	"strings"
)

// ParseCGDCONT reads one line of AT+CGDCONT? (27.007 §10.1.1). The APN comes in lower case without the network's
// suffix, so that it compares with a configured one.
func ParseCGDCONT(line string) (PDPContext, error) {
	_, f := splitLine(line)
	cid, ok := at(f, 0).within(0, 255)
	if !ok || strings.Contains(at(f, 1).text+at(f, 2).text, `"`) { // a lost quote or comma has joined values
		return PDPContext{}, unreadable("AT+CGDCONT?", line)
	}
	return PDPContext{CID: cid, Type: strings.ToUpper(at(f, 1).text), APN: NormalAPN(at(f, 2).text)}, nil
}

// NormalAPN lowers the case and cuts the operator identifier ".mncXXX.mccYYY.gprs", which modules show while a context
// is active (23.003 §9.1).
func NormalAPN(apn string) string {
	apn = strings.ToLower(apn)
	if i := strings.Index(apn, ".mnc"); i >= 0 {
		apn = apn[:i]
	}
	return strings.TrimSpace(apn)
}

// ParseCGACT reads one line of AT+CGACT? (27.007 §10.1.10): a context's number and whether it is active.
func ParseCGACT(line string) (cid int, active bool, err error) {
	_, f := splitLine(line)
	cid, ok := at(f, 0).within(0, 255)
	state, okState := at(f, 1).within(0, 1)
	if !ok || !okState {
		return 0, false, unreadable("AT+CGACT?", line)
	}
	return cid, state == 1, nil
}

// ParseCGPADDR reads one line of AT+CGPADDR (27.007 §10.1.14). IP is the IPv4 address if there is one, else the IPv6
// address, else "". Addresses of zeros count as none; RM5xx modules give both, all zero, inside one string.
func ParseCGPADDR(line string) (Address, error) {
	_, f := splitLine(line)
	cid, ok := at(f, 0).within(0, 255)
	if !ok {
		return Address{}, unreadable("AT+CGPADDR", line)
	}
	a := Address{CID: cid}
	for _, v := range f[1:] {
		for _, part := range strings.Split(v.text, ",") {
			ip, ok := parseIP(part)
			if ok && (a.IP == "" || ip.Is4() && strings.Contains(a.IP, ":")) {
				a.IP = ip.String()
			}
		}
	}
	return a, nil
}

// Dynamic is one line of AT+CGCONTRDP (27.007 §10.1.23): what the network gave to an active context.
type Dynamic struct {
	CID, Bearer int // Bearer is Unknown when not given
	APN         string
	IP          string // "" when none
	Gateway     string
	DNS         []string
}

// ParseCGCONTRDP reads a line of AT+CGCONTRDP in the shapes that firmware has: address and mask in one field or in two,
// as dotted numbers or in colon form, cut off at any field.
func ParseCGCONTRDP(line string) (Dynamic, error) {
	_, f := splitLine(line)
	cid, ok := at(f, 0).within(0, 255)
	if !ok {
		return Dynamic{}, unreadable("AT+CGCONTRDP", line)
	}
	d := Dynamic{CID: cid, Bearer: Unknown, APN: NormalAPN(at(f, 2).text)}
	if n, ok := at(f, 1).within(0, 255); ok {
		d.Bearer = n
	}
	rest := f[min(len(f), 3):]
	if ip, ok := parseIP(at(rest, 0).text); ok {
		d.IP = ip.String()
	}
	if isMask(at(rest, 1).text) {
		rest = rest[1:]
	}
	if ip, ok := parseIP(at(rest, 1).text); ok {
		d.Gateway = ip.String()
	}
	for i := 2; i <= 3; i++ {
		if ip, ok := parseIP(at(rest, i).text); ok {
			d.DNS = append(d.DNS, ip.String())
		}
	}
	return d, nil
}

// isMask: a netmask in a field of its own starts with 255, as no address does.
func isMask(s string) bool { return strings.HasPrefix(s, "255.") }

// parseIP reads an address in any of 27.007's forms (§10.1.0): 4 dotted numbers, 16 dotted numbers, either followed by
// as many numbers of mask, or colon form. An address of zeros is none.
func parseIP(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	ip, ok := parseDotted(s)
	if !ok {
		text, _, _ := strings.Cut(s, " ") // "address mask", after AT+CGPIAF
		text, _, _ = strings.Cut(text, "/")
		parsed, err := netip.ParseAddr(text)
		ip, ok = parsed.Unmap(), err == nil
	}
	return ip, ok && !ip.IsUnspecified()
}

func parseDotted(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	b := make([]byte, 0, 32)
	for _, p := range parts {
		n, err := strconv.ParseUint(strings.TrimSpace(p), 10, 8)
		if err != nil || len(b) == cap(b) {
			return netip.Addr{}, false
		}
		b = append(b, byte(n))
	}
	switch len(b) {
	case 4, 8:
		return netip.AddrFrom4([4]byte(b)), true
	case 16, 32:
		return netip.AddrFrom16([16]byte(b)), true
	}
	return netip.Addr{}, false
}
