package main

import (
	"fmt"
	"time"

	"supersim-agent/agent/status"
)

func dataText(d status.Data) string {
	state := ""
	if d.Active != nil {
		state = map[bool]string{true: "connected", false: "not connected"}[*d.Active]
	}
	context := ""
	if d.CID != 0 {
		context = fmt.Sprintf("context %d", d.CID)
	}
	return list(state, labelled("IP", d.IP), labelled("APN", d.APN), context)
}

// linkText is the modem's interface on this computer.
func linkText(d status.Data) string {
	l := d.Link
	switch {
	case l == nil && d.Interface == "":
		return ""
	case l == nil:
		return d.Interface
	case d.Interface == "":
		return "gone: it was there before"
	case !l.Up:
		return d.Interface + " is down"
	case l.Address == "":
		return d.Interface + " has no address"
	}
	route := map[string]string{"default": "the default route leads through it", "none": "no route leads through it",
		"second": labelled("the default route prefers", l.Preferred)}[l.Route]
	return list(d.Interface, labelled("has", l.Address), route)
}

func (p *page) probeText(r *status.Probed) string {
	if r == nil {
		return ""
	}
	part := func(name, outcome string) string {
		if outcome == "" {
			return ""
		}
		return name + " " + outcome
	}
	cost := fmt.Sprintf("%s; %d in a day cost %s", bytesText(r.Bytes), r.DayProbes, bytesText(r.DayBytes))
	return list(part("IP", r.IP), part("DNS", r.DNS), part("TLS", r.TLS), p.relative(r.At.Time), cost, r.Error)
}

// usageText is one line: what went through here, and what the operator counted.
func (p *page) usageText(u *status.Usage) string {
	if u == nil {
		return ""
	}
	used, span := u.Today, "Today"
	if used == nil {
		used, span = u.Session, "This session"
	}
	if used == nil {
		return ""
	}
	if from := used.From.UTC(); used == u.Today && from.Sub(from.Truncate(24*time.Hour)) > time.Minute {
		span = "Since " + p.clock(used.From.Time, "15:04")
	}
	text := fmt.Sprintf("%s %s up, %s down here", span, bytesText(used.UploadBytes), bytesText(used.DownloadBytes))
	if used.CloudUploadBytes == nil || used.CloudDownloadBytes == nil {
		return text + "; the cloud has not counted it yet"
	}
	return text + fmt.Sprintf("; the cloud counted %s and %s", bytesText(*used.CloudUploadBytes), bytesText(*used.CloudDownloadBytes))
}

// bytesText is an amount in the units of a data plan, which are decimal.
func bytesText(n int64) string {
	value, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if value < 999.5 {
			break
		}
		value, unit = value/1000, u
	}
	if unit != "B" && value < 9.95 {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}
