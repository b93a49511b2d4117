package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"supersim-agent/agent/facts"
	"supersim-agent/agent/status"
)

// labelWidth is the column in which the texts of the status begin.
const labelWidth = 14

// renderStatus shows a status on one screen of 80 columns, with times in the zone of now. The first three lines are for
// somebody on a roof: is it online and if not why, what you can do, what the agent does about it. Then follow who says
// so, and the details.
func renderStatus(s *status.Status, now time.Time, colour bool) string {
	p := &page{renderOptions: renderOptions{Colour: colour, Width: minWidth, Now: now}}
	p.verdict(s.Verdict)
	p.reasons(s.Verdict)
	p.blank()
	p.row("SIM", simText(s.SIM))
	p.row("Modem", modemText(s.Modem))
	p.row("Registration", p.registrationText(s.Registration))
	p.row("Signal", signalText(s.Signal))
	p.row("Data", dataText(s.Data))
	p.row("  Interface", linkText(s.Data))
	p.row("  Probe", p.probeText(s.Data.Probe))
	p.row("  Usage", p.usageText(s.Data.Usage))
	p.row("Cloud", p.cloudText(s.Cloud))
	for _, source := range s.Cloud.Sources {
		p.row("  Trouble", troubleText(source))
	}
	p.row("Session", p.sessionText(s.Cloud.Session))
	p.row("Retries", p.attachText(s.Attach))
	p.row("Budgets", p.budgetsText(s.Attach.Budgets))
	p.row("Clock", clockText(s.Clock))
	if s.Journal.State == "memory" {
		p.row("Journal", "in memory only, lost with the power: "+s.Journal.Reason)
	}
	return strings.TrimRight(p.text.String(), "\n") + "\n"
}

// page collects the lines of the screen.
type page struct {
	renderOptions
	text strings.Builder
}

func (p *page) blank() { p.text.WriteByte('\n') }

// row writes a label and a text beside it. A row without text is left out.
func (p *page) row(label, text string) { p.styledRow(plain, label, plain, text) }

func (p *page) styledRow(labelStyle style, label string, textStyle style, text string) {
	if text == "" {
		return
	}
	for i, line := range wrap(text, p.width()-labelWidth) {
		if i > 0 {
			label = ""
		}
		p.text.WriteString(p.paint(labelStyle, pad(label, labelWidth)))
		p.text.WriteString(p.paint(textStyle, line))
		p.blank()
	}
}

// verdict writes the lines that everybody must understand. The light is green when online, yellow while the agent can
// manage alone, red when a person is needed.
func (p *page) verdict(v status.Verdict) {
	light, word := yellow, "● NOT ONLINE"
	switch {
	case v.Online:
		light, word = green, "● ONLINE"
	case needsPerson(v):
		light = red
	}
	p.styledRow(light, word, bold, v.Summary)
	if v.Advice == "" {
		v.Advice = "Nothing to do."
	}
	p.styledRow(plain, "  You", bold, v.Advice)
	agent := p.nextText(v.Next)
	if v.Online && v.Next.Action == "hold" {
		agent = strings.Replace(agent, deeds["hold"], "watches", 1)
	}
	p.row("  The agent", agent)
}

// needsPerson reports whether somebody must do something. The rules that leave all to the agent advise "Nothing …".
func needsPerson(v status.Verdict) bool {
	return v.Advice != "" && !strings.HasPrefix(v.Advice, "Nothing")
}

// deeds say in plain words what the agent does; an action that is not here is shown by its name.
var deeds = map[string]string{
	"hold":                "waits",
	"set-apn":             "sets the APN",
	"configure":           "corrects the modem's settings",
	"scan":                "looks which networks can be heard",
	"clear-fplmn":         "empties the SIM's list of forbidden networks",
	"soft-reset":          "tells the modem to restart",
	"radio-on":            "switches the radio on",
	"automatic-selection": "lets the modem choose its network anew",
	"enter-pin":           "enters the SIM's PIN",
	"activate":            "opens the data connection",
	"reactivate":          "closes and opens the data connection",
	"reattach":            "leaves the network and joins it again",
	"radio-cycle":         "switches the radio off and on",
	"module-reset":        "restarts the modem",
	"power-on":            "switches the modem on",
	"hard-cycle":          "switches the modem's power off and on",
}

func (p *page) nextText(n status.Next) string {
	if n == (status.Next{}) {
		return ""
	}
	text, known := deeds[n.Action]
	if !known {
		text = "does " + n.Action
	}
	switch {
	case n.At.IsZero():
	case !n.At.After(p.Now):
		text += " now"
	case n.Action == "hold":
		text += " until " + p.when(n.At.Time)
	default:
		text += " at " + p.when(n.At.Time)
	}
	if n.Why != "" {
		text += ": " + n.Why
	}
	return text
}

// reasons writes who says so.
func (p *page) reasons(v status.Verdict) {
	p.blank()
	title := list(v.Code, labelled("rule", v.Rule), fmt.Sprintf("%.0f %% sure", 100*v.Confidence))
	if !v.Since.IsZero() {
		title += ", since " + p.when(v.Since.Time)
	}
	if v.Previous != nil {
		title += ", before that " + v.Previous.Code
	}
	p.styledRow(bold, "Why", plain, title)
	for _, e := range v.Evidence {
		p.evidence(e)
	}
	p.row("  Ends with", v.Changes)
	for _, n := range v.Notes {
		p.row("  Note", strings.TrimSpace(n.Summary+" "+worthSaying(n.Advice))+" ("+n.Code+")")
	}
}

// worthSaying leaves out the advice to do nothing.
func worthSaying(advice string) string {
	if strings.HasPrefix(advice, "Nothing") {
		return ""
	}
	return advice
}

// evidence writes one line "[cloud] 14:01:10  fact (EZ…)".
func (p *page) evidence(e status.Evidence) {
	at := ""
	if !e.At.IsZero() {
		at = p.clock(e.At.Time, "15:04:05")
	}
	fact := e.Fact
	if e.EventSID != "" {
		fact += " (" + e.EventSID + ")"
	}
	if e.Contradicts {
		fact = "but: " + fact
	}
	head := pad("  ["+string(e.Side)+"]", 10) + pad(at, 8) + "  "
	for i, line := range wrap(fact, p.width()-len(head)) {
		if i > 0 {
			head = pad("", len(head))
		}
		p.text.WriteString(p.paint(sideStyle(e.Side), head) + line)
		p.blank()
	}
}

// sideStyle tells the two diaries apart at a glance.
func sideStyle(s status.Side) style {
	switch s {
	case status.Cloud:
		return cyan
	case status.Agent:
		return bold
	}
	return dim
}

func simText(s status.SIM) string {
	kind := ""
	if s.SuperSIM != nil {
		kind = map[bool]string{true: "Super SIM", false: "not a Super SIM"}[*s.SuperSIM]
	}
	return list(s.State, kind, labelled("ICCID", s.ICCID), labelled("IMSI", s.IMSI),
		labelled("forbids", strings.Join(s.ForbiddenPLMNs, " ")))
}

func modemText(m status.Modem) string {
	return list(strings.TrimSpace(m.Vendor+" "+m.Model), labelled("firmware", m.Firmware), labelled("IMEI", m.IMEI),
		labelled("at", m.Port), labelled("on", m.Board), restartText(m.RestartNeeded))
}

func restartText(needed bool) string {
	if needed {
		return "a changed setting needs a restart of the modem"
	}
	return ""
}

func (p *page) registrationText(r status.Registration) string {
	network := r.Operator
	switch {
	case network == "":
		network = r.PLMN
	case r.PLMN != "":
		network += " (" + r.PLMN + ")"
	}
	state := strings.TrimSpace(r.State + " " + labelled("on", network))
	return list(state, r.RAT, labelled("TAC", r.TAC), labelled("cell", r.CellID), labelled("band", r.Band), p.causeText(r.Cause))
}

func (p *page) causeText(c status.Cause) string {
	if c.Number == 0 {
		return ""
	}
	text := fmt.Sprintf("last refusal %s cause %d", strings.ToUpper(c.Domain), c.Number)
	if c.Name != "" {
		text += " (" + c.Name + ")"
	}
	if !c.At.IsZero() {
		text += " " + p.relative(c.At.Time)
	}
	return text
}

func signalText(s status.Signal) string {
	reading := func(name string, value *int, unit string) string {
		if value == nil {
			return ""
		}
		return fmt.Sprintf("%s %d %s", name, *value, unit)
	}
	return list(s.Quality, reading("RSRP", s.RSRPdBm, "dBm"), reading("RSRQ", s.RSRQdB, "dB"),
		reading("SINR", s.SINRdB, "dB"), reading("RSSI", s.RSSIdBm, "dBm"))
}

func (p *page) cloudText(c status.CloudState) string {
	alive := ""
	if c.Alive != nil {
		alive = map[bool]string{true: "heard lately", false: "silent"}[*c.Alive]
	}
	last := ""
	if e := c.LastEvent; e.Type != "" {
		last = "last event " + e.Type
		if e.Error != nil {
			last += fmt.Sprintf(" %d", e.Error.Code)
		}
		if !e.At.IsZero() {
			last += " " + p.relative(e.At.Time)
		}
		if e.Matched == "unmatched" {
			last += " (the modem saw nothing of it)"
		}
	}
	return list(alive, labelled("via", c.Source), last, counted(c.Events, "in all"), counted(c.Duplicates, "doubled"),
		counted(c.OtherICCID, "of other SIMs"), counted(c.Problems, "unreadable"))
}

// troubleText is what is wrong with a source, "" when all is well.
func troubleText(c status.CloudSource) string {
	if c.Error == "" {
		return ""
	}
	return list(c.Name+": "+c.Error, counted(c.Refused, "refused"), counted(c.Unverified, "of them for their signature"), c.Hint)
}

func counted(n uint64, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (p *page) sessionText(s status.Session) string {
	moment := func(label string, t status.Time) string {
		if t.IsZero() {
			return ""
		}
		return label + " " + p.relative(t.Time)
	}
	bytes := ""
	if s.UploadBytes+s.DownloadBytes > 0 {
		bytes = facts.TrafficWords(int64(s.UploadBytes), int64(s.DownloadBytes))
	}
	return list(labelled("IP", s.IP), labelled("APN", s.APN), moment("started", s.Started), moment("updated", s.Updated),
		moment("ended", s.Ended), bytes)
}

func (p *page) attachText(a status.Attach) string {
	step := labelled("step", a.Step)
	if step != "" && !a.Since.IsZero() {
		step += " since " + p.when(a.Since.Time)
	}
	return list(labelled("profile", a.Profile), step)
}

func (p *page) budgetsText(budgets map[string]status.Budget) string {
	var parts []string
	for _, action := range slices.Sorted(maps.Keys(budgets)) {
		b := budgets[action]
		if b.Left == b.Limit {
			continue
		}
		text := fmt.Sprintf("%s %d of %d left", action, b.Left, b.Limit)
		if b.Left == 0 && !b.FreeAt.IsZero() {
			text += " until " + p.clock(b.FreeAt.Time, "15:04")
		}
		parts = append(parts, text)
	}
	if len(budgets) > 0 && parts == nil {
		return "none used"
	}
	return list(parts...)
}

func clockText(c status.Clock) string {
	uncertainty := ""
	if c.UncertaintyS != nil {
		uncertainty = fmt.Sprintf("within %g s", *c.UncertaintyS)
	}
	return list(c.State, uncertainty)
}
