package main

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"supersim-agent/modem"
)

// bareRow explains lines without a label by the command that they answer.
type bareRow struct {
	commands []string
	read     func(d *decoder, line string) (reading, bool)
}

var bareRows = []bareRow{
	{[]string{"AT+CIMI"}, parsed(modem.ParseIMSI)},
	{[]string{"AT+CGSN", "AT+GSN", "AT+CGSN=1", "AT+CGSN=0"}, imei},
	{[]string{"AT+CCID", "AT+QCCID", "AT+CICCID", "AT+ICCID", "AT+CCID?"}, parsed(modem.ParseICCID)},
	{[]string{"AT+CGMM", "AT+GMM"}, (*decoder).model},
	{[]string{"AT+CGMR", "AT+GMR", "AT+QGMR"}, identityWord("firmware")},
	{[]string{"AT+CGMI", "AT+GMI"}, identityWord("vendor")},
	{[]string{"AT+CIFSR"}, bareAddress},
	{[]string{"AT+CPIN?"}, observed(modem.ParseCPIN, func(s modem.SIMState) modem.Observation { return modem.SIM{State: s} })},
	{[]string{"ATI", "ATI0", "ATI1", "ATI9"}, (*decoder).about},
	{[]string{"AT+CLAC"}, func(_ *decoder, line string) (reading, bool) {
		return reading{kind: kindSupport, text: "a command that the module has"}, true
	}},
}

// byCommand explains an unlabelled line by the open command: a row, or a dialect's query without a label. The answer to
// such a query can begin with a labelled line that says nothing yet (+UCGED: 2).
func (d *decoder) byCommand(label, line string) (reading, bool) {
	if d.open == "" {
		return reading{}, false
	}
	for _, row := range bareRows {
		if !slices.Contains(row.commands, d.open) {
			continue
		}
		if r, ok := row.read(d, line); ok {
			if r.kind == "" {
				r.kind = "identity"
			}
			return r, true
		}
	}
	o, ok := d.query(func(q modem.Query) bool { return q.Takes("") && strings.EqualFold(q.Cmd, d.open) }, line)
	if cells, isCells := o.(modem.Cells); !ok || isCells && len(cells.List) == 0 && label != "" {
		return reading{}, false
	}
	return d.describe(o), true
}

// about explains a line of ATI: vendor, model or firmware without a label.
func (d *decoder) about(line string) (reading, bool) {
	word := modem.ParseIdentityWord(line)
	if m := modem.Choose(d.dialects, word); m != modem.Standard {
		return d.model(line)
	}
	r := reading{kind: "identity", text: "about the module: " + word}
	r.add("about", word)
	return r, word != ""
}

func bareAddress(_ *decoder, line string) (reading, bool) {
	ip, err := netip.ParseAddr(line)
	if err != nil {
		return reading{}, false
	}
	r := reading{kind: "address", text: "the address of the module's own IP stack: " + ip.String()}
	r.add("ip", ip.String())
	return r, true
}

// otherRow is a line of something that is no AT port.
type otherRow struct {
	form *regexp.Regexp
	mean string
}

var otherRows = []otherRow{
	{regexp.MustCompile(`^[$!](?:G[ABLNPQ]|BD|QZ)[A-Z]{3},`), "satellite positions (NMEA): this is the GNSS port, not an AT port"},
	{regexp.MustCompile(`(?i)^\S* ?(?:login|password): ?`), "a login prompt: a computer's console, not a modem"},
	{regexp.MustCompile(`^.*Linux version \d|^\[ *\d+\.\d+\] `), "a computer's boot messages, not a modem"},
	{regexp.MustCompile(`^~.{3,}`), "PPP frames: the port is in data mode"},
}

// byShape explains a line by nothing but its form.
func (d *decoder) byShape(label, line string) (reading, bool) {
	for _, row := range otherRows {
		if row.form.MatchString(line) {
			return reading{kind: kindOther, text: row.mean}, true
		}
	}
	if label != "" || d.open != "" {
		return reading{}, false
	}
	bare := strings.Trim(line, `"`)
	if id, err := modem.ParseICCID(bare); err == nil {
		return d.describe(id), true
	}
	if r, ok := bareAddress(d, bare); ok {
		return r, true
	}
	if modem.ValidIMSI(bare) && len(bare) == 15 {
		return fifteenDigits(bare), true
	}
	if m := modem.Choose(d.dialects, bare); m != modem.Standard {
		return d.model(bare)
	}
	return reading{}, false
}

// fifteenDigits: an IMEI has a check digit, which one IMSI in ten fits by chance; an IMSI begins with a country code,
// which no IMEI of a module does by its own rule. So neither is certain.
func fifteenDigits(s string) reading {
	if modem.Luhn(s) {
		return reading{kind: "imei", text: fmt.Sprintf("15 digits whose last is a check digit: probably an IMEI (%s)", modem.MaskIMEI(s)), values: []value{{"imei", s}}}
	}
	return reading{kind: "imsi", text: fmt.Sprintf("15 digits without a check digit: an IMSI, of network %s…", s[:5]), values: []value{{"imsi", s}}}
}
