package agent

import "regexp"

// identifiers are long digit runs: ICCID (18–20), IMSI and IMEI (14, 15).
var identifiers = regexp.MustCompile(`\b[0-9]{14,20}[Ff]?\b`)

// mask keeps the first seven and the last four digits of identifiers in a text for the log.
func mask(text string) string {
	return identifiers.ReplaceAllStringFunc(text, func(id string) string { return id[:7] + "…" + id[len(id)-4:] })
}
