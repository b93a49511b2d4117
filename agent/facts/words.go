package facts

import (
	"fmt"
	"strings"
	"time"

	"supersim-agent/modem"
)

// Quality names a signal in one word: "excellent", "good", "fair", "weak", "very weak", "none". LTE is judged by RSRP (dBm),
// anything else by RSSI (dBm). The limits are the ones installers' tables agree on (Digi: -85/-95/-105/-115 dBm).
func Quality(s modem.Signal) string {
	if s.RSRPdBm != modem.Unknown {
		return grade(s.RSRPdBm, -85, -95, -105, -115)
	}
	if s.RSSIdBm != modem.Unknown {
		return grade(s.RSSIdBm, -73, -85, -95, -105)
	}
	return "none"
}

func grade(dBm, excellent, good, fair, weak int) string {
	switch {
	case dBm >= excellent:
		return "excellent"
	case dBm >= good:
		return "good"
	case dBm >= fair:
		return "fair"
	case dBm >= weak:
		return "weak"
	}
	return "very weak"
}

// SignalWords is the signal for people: "good (RSRP -95 dBm)".
func SignalWords(s modem.Signal) string {
	switch {
	case s.RSRPdBm != modem.Unknown:
		return fmt.Sprintf("%s (RSRP %d dBm)", Quality(s), s.RSRPdBm)
	case s.RSSIdBm != modem.Unknown:
		return fmt.Sprintf("%s (RSSI %d dBm)", Quality(s), s.RSSIdBm)
	}
	return "none measured"
}

func registrationWords(r modem.Registration) string {
	words := map[modem.RegStat]string{
		modem.RegIdle:      "not registered and not searching",
		modem.RegHome:      "registered, home network",
		modem.RegSearching: "searching for a network",
		modem.RegDenied:    "registration denied",
		modem.RegRoaming:   "registered, roaming",
	}
	text, ok := words[r.Stat]
	if !ok {
		text = r.Stat.String()
	}
	if rat := modem.RAT(r.AcT); rat != "" && r.Stat.Data() {
		text += ", " + rat
	}
	return text
}

func vendorName(v string) string {
	switch v {
	case "quectel":
		return "Quectel"
	case "simcom":
		return "SIMCom"
	case "ublox":
		return "u-blox"
	case "":
		return "unknown maker"
	}
	return v
}

// SpanWords is a length of time for people, in its largest unit: "40 min", "21 days".
func SpanWords(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// TrafficWords is numbers of bytes for people: "1.5 kB up, 637 B down".
func TrafficWords(up, down int64) string {
	return bytesWords(up) + " up, " + bytesWords(down) + " down"
}

// bytesWords is a number of bytes in decimal units, as bills have them.
func bytesWords(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	units := []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	amount := float64(n) / 1000
	for amount >= 999.5 && len(units) > 1 {
		amount, units = amount/1000, units[1:]
	}
	if amount < 9.95 {
		return fmt.Sprintf("%.1f %s", amount, units[0])
	}
	return fmt.Sprintf("%.0f %s", amount, units[0])
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func quoteOrNone(s string) string {
	if s == "" {
		return "not set"
	}
	return `"` + s + `"`
}

func joinNonEmpty(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}
