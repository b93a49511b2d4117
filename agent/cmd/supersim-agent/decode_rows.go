package main

import (
	"fmt"
	"slices"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// lineRow explains the lines with one label. read reports false for a line that it cannot read, and the search goes on.
type lineRow struct {
	labels []string
	kind   string
	read   func(d *decoder, line string) (reading, bool)
}

// lineRows are the labelled lines that the parsers of package modem read. A new parser is a new row.
var lineRows = []lineRow{
	{[]string{"+CREG", "+CGREG", "+CEREG", "+C5GREG"}, "registration", (*decoder).registration},
	{[]string{"+CPIN", "CPIN"}, "sim", observed(modem.ParseCPIN, func(s modem.SIMState) modem.Observation { return modem.SIM{State: s} })},
	{[]string{"+CFUN"}, "radio", parsed(modem.ParseCFUN)},
	{[]string{"+COPS"}, "operator", (*decoder).operator},
	{[]string{"+CSQ"}, "signal", parsed(modem.ParseCSQ)},
	{[]string{"+CESQ"}, "signal", parsed(modem.ParseCESQ)},
	{[]string{"+CGATT"}, "attach", attached},
	{[]string{"+CGDCONT"}, "context", contextLine},
	{[]string{"+CGACT"}, "context", activeLine},
	{[]string{"+CGPADDR"}, "address", parsed(modem.ParseCGPADDR)},
	{[]string{"+CGCONTRDP"}, "context", dynamicLine},
	{[]string{"+CGEV"}, "event", packetEvent},
	{[]string{"+CEER"}, "cause", parsed(modem.ParseCEER)},
	{[]string{"+CRSM"}, "card-file", (*decoder).cardFile},
	{[]string{"+CCLK"}, "time", parsed(modem.ParseCCLK)},
	{[]string{"+CTZE", "+CTZEU"}, "time", parsed(modem.ParseCTZE)},
	{[]string{"+QCCID", "+CCID", "+ICCID"}, "iccid", parsed(modem.ParseICCID)},
	{[]string{"+CIMI"}, "imsi", parsed(modem.ParseIMSI)},
	{[]string{"+CGSN", "IMEI"}, "imei", imei},
	{[]string{"+QENG"}, "cell", engineeringState},
	{[]string{"+CGMM", "MODEL", "+GMM"}, "identity", (*decoder).model},
	{[]string{"+CGMR", "REVISION", "+GMR", "+QGMR"}, "identity", identityWord("firmware")},
	{[]string{"+CGMI", "MANUFACTURER", "+GMI"}, "identity", identityWord("vendor")},
}

// parsed makes a row's read of a parser that returns an observation.
func parsed[T modem.Observation](parse func(string) (T, error)) func(*decoder, string) (reading, bool) {
	return func(d *decoder, line string) (reading, bool) {
		v, err := parse(line)
		if err != nil {
			return reading{}, false
		}
		return d.describe(v), true
	}
}

// observed is parsed for a parser whose result is only part of an observation.
func observed[T any](parse func(string) (T, error), wrap func(T) modem.Observation) func(*decoder, string) (reading, bool) {
	return func(d *decoder, line string) (reading, bool) {
		v, err := parse(line)
		if err != nil {
			return reading{}, false
		}
		return d.describe(wrap(v)), true
	}
}

func (d *decoder) byRow(label, line string) (reading, bool) {
	for _, row := range lineRows {
		if !slices.Contains(row.labels, label) {
			continue
		}
		if r, ok := row.read(d, line); ok {
			if r.kind == "" {
				r.kind = row.kind
			}
			return r, true
		}
	}
	return reading{}, false
}

// neverN is an <n> that no module has: with it, a line is only taken for an answer where it cannot be unsolicited.
const neverN = -2

var domainNames = [modem.NumDomains]string{modem.CS: "circuit-switched", modem.PS: "2G/3G packet", modem.EPS: "LTE", modem.FGS: "5G"}

var statWords = map[modem.RegStat]string{
	modem.RegIdle: "not registered, not searching", modem.RegHome: "registered, home network", modem.RegSearching: "searching",
	modem.RegDenied: "registration denied", modem.RegUnknown: "not known (out of coverage)",
	modem.RegRoaming:    "registered, roaming: the normal good state of a Super SIM",
	modem.RegSMSHome:    "registered for SMS only, home network",
	modem.RegSMSRoaming: "registered for SMS only, roaming", modem.RegEmergency: "emergency calls only",
	modem.RegHomeCSFB: "registered, home network, no voice fallback", modem.RegRoamCSFB: "registered, roaming, no voice fallback",
	modem.RegRLOS: "restricted local service, or emergency only (A76xx)",
}

// registration explains a registration line in either form.
func (d *decoder) registration(line string) (reading, bool) {
	label, _ := atcmd.Split(line)
	label = strings.ToUpper(label)
	n := modem.AnyN
	if d.unsolicited(label) {
		n = neverN
	}
	r, err := modem.ParseRegistration(line, n)
	if err != nil {
		return reading{}, false
	}
	out := reading{text: domainNames[r.Domain] + ": " + statWords[r.Stat]}
	out.add("domain", r.Domain.String())
	out.add("stat", int(r.Stat))
	out.add("state", r.Stat.String())
	if r.N != modem.Unknown {
		out.add("n", r.N)
	}
	d.addPlace(&out, r.Registration)
	if r.CauseType != modem.Unknown {
		out.add("cause_type", r.CauseType)
		out.add("cause", r.Reject)
		if r.Cause != (modem.Cause{}) {
			out.text += "; " + r.Cause.String()
			out.add("cause_domain", string(r.Cause.Domain))
			out.add("cause_name", r.Cause.Name())
		} else {
			out.text += fmt.Sprintf("; the vendor's own cause %d", r.Reject)
		}
	}
	return out, true
}

// addPlace adds where a registration is and by which technology. act is the number on the line; the words are those of
// the family, where it is known.
func (d *decoder) addPlace(out *reading, r modem.Registration) {
	if r.Area != "" {
		out.text += ", area " + r.Area
		out.add("area", r.Area)
	}
	if r.CellID != "" {
		out.text += ", cell " + r.CellID
		out.add("cell_id", r.CellID)
	}
	if r.AcT != modem.Unknown {
		out.text += ", " + actName(d.act(r.AcT))
		out.add("act", r.AcT)
		if rat := modem.RAT(d.act(r.AcT)); rat != "" {
			out.add("rat", rat)
		}
	}
}

// act translates a family's own number.
func (d *decoder) act(n int) int {
	if d.family != nil {
		if v, ok := d.family.AcT[n]; ok {
			return v
		}
	}
	return n
}

func (r *reading) add(name string, v any) { r.values = append(r.values, value{name, v}) }

// operator explains the answer to AT+COPS?, or the list of a scan.
func (d *decoder) operator(line string) (reading, bool) {
	_, f := atcmd.Split(line)
	if rest := f.Rest(); strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, ",") {
		return scanResult(rest), true
	}
	c, err := modem.ParseCOPS(line)
	if err != nil {
		return reading{}, false
	}
	return d.describe(c.Operator), true
}

var scanStates = map[string]string{"0": "unknown", "1": "available", "2": "current", "3": "forbidden"}

// scanResult explains the list of networks of AT+COPS=?. The lists at its end are what the command accepts.
func scanResult(list string) reading {
	r := reading{kind: "scan"}
	var found []string
	var networks []map[string]any
	_, f := atcmd.Split("+COPS: " + list)
	for range f.Len() {
		if f.Empty() {
			break
		}
		entry := f.List()
		if entry.Err() != nil || entry.Len() < 4 {
			break
		}
		state := entry.Str()
		name, _, plmn := entry.Str(), entry.Str(), entry.Str()
		network := map[string]any{"state": scanStates[state], "plmn": plmn, "name": name}
		text := fmt.Sprintf("%s %q %s", plmn, name, scanStates[state])
		if !entry.Empty() {
			act := entry.Int()
			network["act"] = act
			text += ", " + actName(act)
		}
		networks, found = append(networks, network), append(found, text)
	}
	r.add("networks", networks)
	r.text = "no network found, or the modem was busy"
	if len(found) > 0 {
		r.text = fmt.Sprintf("%d networks: %s", len(found), strings.Join(found, "; "))
	} else {
		r.values[0].v = []any{}
	}
	return r
}
