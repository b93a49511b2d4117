package main

import (
	"fmt"
	"strconv"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// finalRow is a line that ends a command.
type finalRow struct {
	text string
	more bool // something may follow
	kind string
	mean string
}

// finalRows: V.250 §6.3.4, 27.007 §9.2, 27.005 §3.2.5, and the vendors' own (dialect reference §5.4).
var finalRows = []finalRow{
	{"OK", false, kindFinal, "done"},
	{"ERROR", false, kindError, "refused, without a reason: unknown command, wrong parameter, or not now"},
	{"NO CARRIER", false, kindError, "the connection ended or was not made; PPP is over"},
	{"BUSY", false, kindError, "the called party is busy"},
	{"NO ANSWER", false, kindError, "the called party does not answer"},
	{"NO DIALTONE", false, kindError, "no line"},
	{"NO DIAL TONE", false, kindError, "no line"},
	{"CONNECT", true, kindFinal, "connected: from here the port carries data, no commands"},
	{"ABORTED", false, kindError, "a byte that came in between ended the command"},
	{"COMMAND NOT SUPPORT", true, kindError, "the module does not know this command"},
	{"MODEM ERROR:", true, kindError, "refused with a number of the vendor's"},
	{"UNKNOWN COMMAND", false, kindError, "the module does not know this command"},
	{"SHUT OK", false, kindFinal, "all contexts of the internal stack are closed"},
	{"SEND OK", false, kindFinal, "the data went out"},
	{"SEND FAIL", false, kindError, "the data did not go out"},
	{"NORMAL POWER DOWN", false, kindFinal, "the module switches off in good order"},
	{"POWERED DOWN", false, kindFinal, "the module has switched itself off"},
	{"POWERD DOWN", false, kindFinal, "the module has switched itself off (its own spelling)"},
}

// final explains a line that ends a command, and closes it.
func (d *decoder) final(line string) (reading, bool) {
	r, ok := d.codedFinal(line)
	for _, row := range finalRows {
		if !ok && (line == row.text || row.more && strings.HasPrefix(line, row.text)) {
			r, ok = reading{kind: row.kind, text: row.mean, values: []value{{"result", row.text}}}, true
		}
	}
	if ok {
		if d.open != "" {
			r.values = append(r.values, value{"command", atcmd.Mask(d.open)})
		}
		d.open, d.answer = "", nil
	}
	return r, ok
}

// codedFinal explains +CME ERROR and +CMS ERROR, with a number or in words.
func (d *decoder) codedFinal(line string) (reading, bool) {
	for _, c := range []struct {
		label string
		text  func(int) string
	}{{"+CME ERROR", atcmd.CMEText}, {"+CMS ERROR", atcmd.CMSText}} {
		rest, ok := strings.CutPrefix(strings.ToUpper(line), c.label)
		rest, colon := strings.CutPrefix(strings.TrimSpace(rest), ":")
		if !ok || !colon {
			continue
		}
		arg := strings.TrimSpace(line[len(line)-len(rest):])
		r := reading{kind: kindError, text: "refused", values: []value{{"result", c.label}}}
		code, known := codeOf(arg, c.text)
		switch {
		case known && c.text(code) != "":
			r.text = "refused: " + c.text(code)
		case arg != "":
			r.text = "refused: " + arg
		}
		if known {
			r.values = append(r.values, value{"code", code})
		}
		if c.label == "+CME ERROR" && known {
			d.addMeaning(&r, code)
		}
		return r, true
	}
	return reading{}, false
}

// addMeaning says what a +CME ERROR means for the card and which reject cause it carries.
func (d *decoder) addMeaning(r *reading, code int) {
	if state := modem.SIMStateOfCME(code); state != modem.SIMUnknown {
		r.values = append(r.values, value{"sim_state", string(state)})
	}
	if code == 13 {
		r.text += " (also what Quectel and u-blox say while CFUN=0 has switched the card off)"
	}
	if cause := modem.CauseOfCME(code); cause != (modem.Cause{}) {
		r.text += "; the network's reason: " + cause.String()
		r.values = append(r.values, causeValues(cause)...)
	}
}

// codeOf reads a number, or finds the number of a text in any case and spacing.
func codeOf(arg string, text func(int) string) (int, bool) {
	if n, err := strconv.Atoi(arg); err == nil && n >= 0 {
		return n, true
	}
	for n := range 1000 {
		if t := text(n); t != "" && sameWords(t, arg) {
			return n, true
		}
	}
	return 0, false
}

func sameWords(a, b string) bool {
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.ToLower(s))
	}
	return fold(a) == fold(b)
}

func causeValues(c modem.Cause) []value {
	return []value{{"cause_domain", string(c.Domain)}, {"cause", c.Number}, {"cause_name", c.Name()}}
}

// actName says an access technology to people.
func actName(act int) string {
	if name := modem.RAT(act); name != "" {
		return name
	}
	return fmt.Sprintf("access technology %d", act)
}
