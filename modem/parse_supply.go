package modem

import "strings"

// ParseSupply reads the bare lines about the supply voltage: "UNDER-VOLTAGE WARNNING" and "OVER-VOLTAGE POWER DOWN" as
// SIMCom spells them (800, 7080), with one N in other firmware, and with an underscore on Quectel's 2G modules.
func ParseSupply(line string) (Supply, error) {
	words := strings.ReplaceAll(strings.ToUpper(strings.TrimSpace(line)), "_", "-")
	side, what, _ := strings.Cut(words, " ")
	if side != "UNDER-VOLTAGE" && side != "OVER-VOLTAGE" {
		return Supply{}, unreadable("supply voltage", line)
	}
	return Supply{High: side == "OVER-VOLTAGE", Off: strings.TrimSpace(what) == "POWER DOWN"}, nil
}

// SupplyEvent is the meaning of such a line, for the tables of the families that print them.
func SupplyEvent(begins string) Event {
	return Event{Begins: begins, Parse: func(line string) []Observation {
		s, err := ParseSupply(line)
		if err != nil {
			return nil
		}
		return []Observation{s}
	}}
}
