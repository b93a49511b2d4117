package bearer

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// target is an address outside that answers everybody on port 443, and its name.
type target struct {
	addr netip.Addr
	name string
}

// The targets of probes; routes are judged by the first. They are run by different companies and have not moved for years.
var (
	targets4 = []target{{netip.MustParseAddr("1.1.1.1"), "one.one.one.one"}, {netip.MustParseAddr("8.8.8.8"), "dns.google"}}
	targets6 = []target{{netip.MustParseAddr("2606:4700:4700::1111"), "one.one.one.one"},
		{netip.MustParseAddr("2001:4860:4860::8888"), "dns.google"}}
)

// targets are those of the link's kind of address.
func targets(l Link) []target {
	if strings.Contains(l.IP, ":") {
		return targets6
	}
	return targets4
}

// route is one line of the kernel's main routing table.
type route struct {
	dest   netip.Prefix
	metric uint64
	device string
}

// wayOut tells whether a route through a device leads to an address, and which other device the kernel would take first: the
// one with the longest prefix, then the lowest metric, as `ip route get` does.
func wayOut(table []route, device string, to netip.Addr) (leads bool, rival string) {
	var best route
	for _, r := range table {
		if !r.dest.Contains(to) {
			continue
		}
		leads = leads || r.device == device
		if best.device == "" || r.dest.Bits() > best.dest.Bits() || r.dest.Bits() == best.dest.Bits() && r.metric < best.metric {
			best = r
		}
	}
	if best.device == device {
		return leads, ""
	}
	return leads, best.device
}

func (w *Watcher) routes(ip4 bool) []route {
	if ip4 {
		return parseTable(w.text("proc/net/route"), parseRoute4)
	}
	return parseTable(w.text("proc/net/ipv6_route"), parseRoute6)
}

// parseTable skips lines that it does not understand, such as the head.
func parseTable(text string, parse func([]string) (route, bool)) (table []route) {
	for line := range strings.Lines(text) {
		if r, ok := parse(strings.Fields(line)); ok {
			table = append(table, r)
		}
	}
	return table
}

// Flags of a route (linux/route.h).
const (
	routeUp     = 0x0001
	routeReject = 0x0200 // "unreachable": it leads nowhere
)

// parseRoute4 reads "wwan0 00000000 0100A8C0 0003 0 0 700 00000000 0 0 0": device, destination, gateway, flags, two counters,
// metric in decimal, mask. Addresses are in the machine's byte order; every machine that we run on is little-endian.
func parseRoute4(f []string) (route, bool) {
	if len(f) < 8 {
		return route{}, false
	}
	dest, err1 := hex.DecodeString(f[1])
	mask, err2 := strconv.ParseUint(f[7], 16, 32)
	flags, err3 := strconv.ParseUint(f[3], 16, 32)
	metric, err4 := strconv.ParseUint(f[6], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || len(dest) != 4 || flags&routeUp == 0 || flags&routeReject != 0 {
		return route{}, false
	}
	var ip [4]byte
	binary.LittleEndian.PutUint32(ip[:], binary.BigEndian.Uint32(dest))
	p, err := netip.AddrFrom4(ip).Prefix(bits.OnesCount64(mask))
	return route{dest: p, metric: metric, device: f[0]}, err == nil
}

// parseRoute6 reads destination, its length, source, its length, gateway, metric, two counters, flags (all hexadecimal), device.
func parseRoute6(f []string) (route, bool) {
	if len(f) < 10 {
		return route{}, false
	}
	dest, err1 := hex.DecodeString(f[0])
	length, err2 := strconv.ParseUint(f[1], 16, 8)
	metric, err3 := strconv.ParseUint(f[5], 16, 64)
	flags, err4 := strconv.ParseUint(f[8], 16, 32)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || len(dest) != 16 || flags&routeUp == 0 || flags&routeReject != 0 {
		return route{}, false
	}
	p, err := netip.AddrFrom16([16]byte(dest)).Prefix(int(length))
	return route{dest: p, metric: metric, device: f[9]}, err == nil
}
