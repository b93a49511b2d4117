package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"supersim-agent/agent/relay"
	"supersim-agent/agent/status"
)

// needWords say what the devices of each kind need, the most urgent first.
var needWords = []struct {
	need      relay.Need
	style     style
	one, many string
}{
	{relay.NeedVisit, red, "needs a visit", "need a visit"},
	{relay.NeedDesk, red, "needs a change in the console", "need a change in the console"},
	{relay.NeedUnknown, yellow, "was never heard of", "were never heard of"},
	{relay.NeedWait, yellow, "is not online and needs nobody yet", "are not online and need nobody yet"},
}

// needMarks mark a device in a list.
var needMarks = map[relay.Need]string{relay.NeedVisit: "visit", relay.NeedDesk: "desk", relay.NeedUnknown: "?",
	relay.NeedWait: "wait"}

// thousands writes a number as people read it: 10,000.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// renderFleet shows a fleet on one screen: how many are online, how many need somebody, why, and who is worst.
func renderFleet(answer relay.Page, o renderOptions) string {
	p := &page{renderOptions: o}
	s := answer.Fleet
	p.fleetHead(s)
	p.fleetVerdicts(s)
	p.fleetWorst(answer.Devices)
	p.blank()
	p.row("Relay", p.relayText(s))
	p.row("Devices file", fileText(s.File))
	if s.File != nil {
		for _, problem := range s.File.Problems[:min(3, len(s.File.Problems))] {
			p.row("", problem)
		}
	}
	return strings.TrimRight(p.text.String(), "\n") + "\n"
}

func (p *page) fleetHead(s relay.Summary) {
	light, rest := green, s.Devices-s.Online
	for _, n := range slices.Backward(needWords) {
		if s.Needs[n.need] > 0 {
			light = n.style
		}
	}
	head := fmt.Sprintf("%s of %s devices are online", thousands(s.Online), thousands(s.Devices))
	switch {
	case s.Devices == 0:
		light, head = yellow, "No device is known: nothing has come since this relay started."
	case rest == 0 && s.Devices == 1:
		head = "The only device is online"
	case rest == 0:
		head = fmt.Sprintf("All %s devices are online", thousands(s.Devices))
	}
	p.styledRow(light, "● FLEET", bold, head)
	for _, n := range needWords {
		switch count := s.Needs[n.need]; count {
		case 0:
		case 1:
			p.styledRow(plain, "", n.style, "1 "+n.one)
		default:
			p.styledRow(plain, "", n.style, thousands(count)+" "+n.many)
		}
	}
}

// fleetVerdicts counts the verdicts, the most frequent first.
func (p *page) fleetVerdicts(s relay.Summary) {
	codes := slices.SortedFunc(maps.Keys(s.Verdicts), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Verdicts[b], s.Verdicts[a]), cmp.Compare(a, b))
	})
	if len(codes) == 0 {
		return
	}
	p.blank()
	var parts []string
	for _, code := range codes {
		parts = append(parts, thousands(s.Verdicts[code])+" "+clean(code))
	}
	p.row("Verdicts", strings.Join(parts, ", "))
	if s.Silent > 0 {
		p.row("", thousands(s.Silent)+" of them by this relay: the device is silent, and only the cloud tells of it")
	}
}

// fleetWorst shows who needs somebody first, and what is to be done.
func (p *page) fleetWorst(devices []relay.Device) {
	devices = slices.DeleteFunc(slices.Clone(devices), func(d relay.Device) bool {
		return d.Need == relay.NeedWait || d.Need == relay.NeedNone
	})
	if len(devices) == 0 {
		return
	}
	p.blank()
	p.text.WriteString(p.paint(bold, "Worst first") + "\n")
	advice := func(d relay.Device) string { return cmp.Or(d.Verdict.Advice, d.Verdict.Summary) }
	for i, d := range devices {
		p.deviceLine(d)
		if i+1 < len(devices) && advice(devices[i+1]) == advice(d) {
			continue
		}
		for _, line := range wrap(advice(d), p.width()-4) {
			p.text.WriteString("    " + line + "\n")
		}
	}
}

// Columns of a list.
const (
	iccidWidth   = 20
	verdictWidth = 26
	sinceWidth   = 10
)

// deviceLine is a device in one line: number, name, verdict, since when, who says so, what it needs.
func (p *page) deviceLine(d relay.Device) {
	light := green
	for _, n := range needWords {
		if n.need == d.Need {
			light = n.style
		}
	}
	since := "?"
	if !d.Verdict.Since.IsZero() {
		since = span(p.Now.Sub(d.Verdict.Since.Time))
	}
	line := pad(deviceID(d), iccidWidth) + "  " + p.paint(light, pad(clip(d.Verdict.Code, verdictWidth), verdictWidth)) + " " +
		pad(needMarks[d.Need], 5) + " " + pad(since, sinceWidth) + " " +
		clip(d.Name, max(12, p.width()-iccidWidth-verdictWidth-sinceWidth-10))
	p.text.WriteString(strings.TrimRight(line, " ") + "\n")
}

func deviceID(d relay.Device) string {
	if d.ICCID != "" {
		return clean(d.ICCID)
	}
	return clip("#"+d.ID, iccidWidth)
}

// clip cleans text and shortens it to a column.
func clip(text string, width int) string {
	runes := []rune(clean(text))
	if len(runes) <= width {
		return string(runes)
	}
	return string(runes[:width-1]) + "…"
}

// renderDevices is a list, a line for each device.
func renderDevices(answer relay.Page, o renderOptions) string {
	p := &page{renderOptions: o}
	if len(answer.Devices) == 0 {
		return fmt.Sprintf("None of %s devices.\n", thousands(answer.Fleet.Devices))
	}
	head := pad("ICCID", iccidWidth) + "  " + pad("verdict", verdictWidth) + " " + pad("needs", 5) + " " + pad("for", sinceWidth) + " name"
	p.text.WriteString(p.paint(bold, head) + "\n")
	for _, d := range answer.Devices {
		p.deviceLine(d)
	}
	if answer.Total > len(answer.Devices) {
		fmt.Fprintf(&p.text, "… and %s more\n", thousands(answer.Total-len(answer.Devices)))
	}
	return p.text.String()
}

// renderDevice is all that is known of one device: the same first lines as on the device itself, then who says so.
func renderDevice(d relay.Device, o renderOptions) string {
	p := &page{renderOptions: o}
	p.row("Device", list(d.Name, deviceID(d)))
	p.deviceVerdict(d)
	p.blank()
	p.deviceReasons(d)
	p.blank()
	p.row("Device says", p.ownText(d))
	p.row("  Modem", list(modemText(d.Modem), labelled("agent", d.AgentVersion)))
	p.row("  Network", p.registrationText(d.Registration))
	p.row("  Signal", signalText(d.Signal))
	p.row("  Data", dataText(d.Data))
	p.row("  Retries", p.attachText(d.Attach))
	for i, e := range d.Events {
		p.row(map[bool]string{true: "Cloud"}[i == 0], p.eventText(e))
	}
	return strings.TrimRight(p.text.String(), "\n") + "\n"
}

func (p *page) deviceVerdict(d relay.Device) {
	v := d.Verdict
	light, word := yellow, "● NOT ONLINE"
	switch {
	case v.Online:
		light, word = green, "● ONLINE"
	case d.Need == relay.NeedVisit || d.Need == relay.NeedDesk:
		light = red
	}
	p.styledRow(light, word, bold, v.Summary)
	p.styledRow(plain, "  You", bold, cmp.Or(v.Advice, "Nothing to do."))
	p.row("  The agent", p.nextText(v.Next))
}

func (p *page) deviceReasons(d relay.Device) {
	v := d.Verdict
	title := list(v.Code, labelled("rule", v.Rule), fmt.Sprintf("%.0f %% sure", 100*v.Confidence),
		map[relay.Judge]string{relay.JudgedByDevice: "the device's own verdict", relay.JudgedByRelay: "judged by the relay"}[d.Judge])
	if !v.Since.IsZero() {
		title += ", since " + p.when(v.Since.Time)
	}
	p.styledRow(bold, "Why", plain, title)
	for _, e := range v.Evidence {
		p.evidence(e)
	}
	if r := v.RunnerUp; r != nil {
		p.row("  Or else", fmt.Sprintf("%s (%s, %.0f %%)", r.Summary, r.Code, 100*r.Confidence))
	}
	p.row("  Ends with", v.Changes)
}

// ownText is what the device said last, and when. What follows below it is as old.
func (p *page) ownText(d relay.Device) string {
	text := map[string]string{"unreachable": "the broker lost it", "stopped": "its agent was stopped",
		"never-reported": "nothing yet to this relay"}[d.Presence]
	if text != "" && !d.Heard.IsZero() {
		text += " " + p.relative(d.Heard.Time)
	}
	if d.Reported.IsZero() {
		return text
	}
	report := "report of " + p.when(d.Reported.Time)
	if d.Own != nil {
		report += ", " + d.Own.Code + ": " + d.Own.Summary
	}
	return strings.TrimPrefix(text+"; "+report, "; ")
}

func (p *page) eventText(e status.Event) string {
	text := e.Type
	if where := strings.TrimSpace(e.PLMN + " " + e.Network); where != "" {
		text += " on " + where
	}
	if e.Error != nil {
		text += fmt.Sprintf(": %d %s", e.Error.Code, e.Error.Message)
	}
	return p.clock(e.At.Time, "15:04:05") + "  " + text + " (" + e.SID + ")"
}

// relayText is what the relay can know: since when it listens, and what it could not use.
func (p *page) relayText(s relay.Summary) string {
	listens := ""
	if !s.Started.IsZero() {
		listens = "listens since " + p.when(s.Started.Time)
	}
	last := "no connection event yet"
	if at := s.Counters.LastEvent; !at.IsZero() {
		last = "last event " + p.relative(at.Time)
	}
	bad := uint64(0)
	for _, n := range s.Counters.BadStatuses {
		bad += n
	}
	return list(listens, last, counted(s.Counters.Events, "events"), counted(s.Counters.Duplicates, "doubled or too old"),
		counted(s.Counters.BadEvents, "events unusable"), counted(bad, "statuses unusable"),
		counted(s.Counters.Forgotten, "devices forgotten"), counted(uint64(s.Counters.Unidentified), "ids without an ICCID"))
}

func fileText(f *relay.FileSummary) string {
	if f == nil {
		return ""
	}
	text := f.Path + ", " + thousands(f.Devices) + " devices"
	if f.Bad > 0 {
		text += fmt.Sprintf(", %d lines skipped", f.Bad)
	}
	return text
}
