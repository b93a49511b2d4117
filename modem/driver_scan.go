package modem

import (
	"context"
	"slices"
	"strings"
	"time"

	"supersim-agent/atcmd"
)

// NetworkStat says whether a network that can be heard may be used (27.007 §7.3, <stat>).
type NetworkStat int

const (
	NetworkUnknown   NetworkStat = 0
	NetworkAvailable NetworkStat = 1
	NetworkCurrent   NetworkStat = 2
	NetworkForbidden NetworkStat = 3
)

// Network is one entry of the answer to AT+COPS=?.
type Network struct {
	Stat NetworkStat
	PLMN string // five or six digits, "" when the module gave names only
	Name string // the longest one given
	AcT  int    // Unknown when not given
}

// Networks are the networks that were heard, in the module's order.
type Networks struct{ List []Network }

func (Networks) observation() {}

// scanTime is waited at least, whatever the manuals say: 45 seconds, as some do, are too short where several technologies are
// searched, and a module whose answer is not waited for answers nothing else for the rest of the search.
const scanTime = 5 * time.Minute

// Networks lists the networks that can be heard. The module searches every band: this takes minutes, and on some families
// half an hour; anything sent meanwhile may end it. It is no look, because a data session suffers.
func (d *Driver) Networks(ctx context.Context) (Networks, error) {
	const search = "AT+COPS=?"
	reply, err := d.send(ctx, atcmd.Cmd{Text: search, Prefix: "+COPS", Timeout: max(d.Dialect().limit(search), scanTime)})
	if err != nil {
		return Networks{}, opError("list networks", err)
	}
	return ParseNetworks(reply.Lines), nil
}

// ParseNetworks reads `+COPS: (2,"AT&T","AT&T","310410",7),(1,…),,(0,1,2),(0,2)`, on one line or on several. The lists of
// supported modes at the end, and what else is no network, are left out.
func ParseNetworks(lines []string) (n Networks) {
	for _, line := range lines {
		_, values := splitLine(line)
		for _, v := range values {
			if net, ok := parseNetwork(v.text); ok {
				n.List = append(n.List, net)
			}
		}
	}
	return n
}

func parseNetwork(text string) (Network, bool) {
	inner, opens := strings.CutPrefix(strings.TrimSpace(text), "(")
	inner, closes := strings.CutSuffix(inner, ")")
	if !opens || !closes {
		return Network{}, false
	}
	_, f := splitLine(inner)
	stat, ok := at(f, 0).within(0, 3)
	if !ok || !slices.ContainsFunc(f[1:], func(v field) bool { return v.quoted }) {
		return Network{}, false
	}
	net := Network{Stat: NetworkStat(stat), AcT: Unknown}
	for i, v := range f[1:min(len(f), 4)] {
		switch {
		case ValidPLMN(v.text):
			net.PLMN = v.text
		case len(v.text) > len(net.Name) && i < 2:
			net.Name = v.text
		}
	}
	if n, ok := at(f, 4).within(0, 99); ok {
		net.AcT = n
	}
	return net, true
}
