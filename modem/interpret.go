package modem

import (
	"strings"

	"supersim-agent/atcmd"
)

// Interpret reads an unsolicited line; n has the <n> that each domain's registration command was set to, or AnyN. It
// returns nil for a line that says nothing we use, or that cannot be read.
func (d *Dialect) Interpret(line string, n [NumDomains]int) []Observation {
	line = strings.TrimSpace(line)
	for _, b := range d.Boot {
		if line == b {
			return []Observation{Booted{Line: line}}
		}
	}
	for _, e := range d.Events {
		if line == e.Begins || !e.Exact && strings.HasPrefix(line, e.Begins) {
			return e.Parse(line)
		}
	}
	return d.interpretStandard(line, n)
}

func (d *Dialect) interpretStandard(line string, n [NumDomains]int) []Observation {
	label, _ := atcmd.Split(line)
	if domain, ok := regDomains[label]; ok {
		r, err := ParseRegistration(line, n[domain])
		if err != nil {
			return nil
		}
		return []Observation{d.registration(r)}
	}
	switch label {
	case "+CPIN", "CPIN":
		if s, err := ParseCPIN(line); err == nil {
			return []Observation{SIM{State: s}}
		}
	case "+CFUN":
		if r, err := ParseCFUN(line); err == nil {
			return []Observation{r}
		}
	case "+CTZE", "+CTZEU":
		if t, err := ParseCTZE(line); err == nil {
			return []Observation{t}
		}
	case "+CGEV":
		if e, err := ParseCGEV(line); err == nil {
			return e.Observations()
		}
	}
	return nil
}

// registration puts a line's content into 27.007's terms.
func (d *Dialect) registration(r RegLine) Registration {
	r.AcT = d.act(r.AcT)
	// On LTE modules put the EMM cause of a combined attach into the lines of the other domains too (TS 24.301 §5.5.1.3).
	_, own := causeNames[r.Cause.Domain][r.Cause.Number]
	if _, emm := causeNames[EMM][r.Cause.Number]; !own && emm && (r.Cause.Domain == MM || r.Cause.Domain == GMM) {
		r.Cause.Domain = EMM
	}
	return r.Registration
}

// act translates a vendor's access technology number. Negative numbers mean nothing unless the table says so.
func (d *Dialect) act(n int) int {
	if v, ok := d.AcT[n]; ok {
		return v
	}
	if n < 0 {
		return Unknown
	}
	return n
}
