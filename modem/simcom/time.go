package simcom

import (
	"fmt"
	"strconv"
	"strings"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// ParsePSUTTZ reads the network time that AT+CLTS=1 switches on:
//
//	*PSUTTZ: 2020,12,16,18,3,45,"+4",0      year,month,day,hour,minute,second,"quarter hours from UTC",summer time
//
// The time is UTC: a captured session has this line while the local time is 19:03 at +4. SIM7000 firmware prints
// `*PSUTTZ: 25/04/02,09:49:27","+08",1` instead, against its manual; whether that is UTC or local time no source tells,
// so it is refused.
func ParsePSUTTZ(line string) (modem.NetworkTime, error) {
	label, f := atcmd.Split(line)
	var v [6]int
	for i := range v {
		n, err := strconv.Atoi(strings.TrimSpace(f.Str()))
		if err != nil || f.Err() != nil {
			return modem.NetworkTime{}, fmt.Errorf("*PSUTTZ: %w: %q", modem.ErrAnswer, line)
		}
		v[i] = n
	}
	t, ok := modem.NetworkClock(v[0], v[1], v[2], v[3], v[4], v[5], 0)
	if label != "*PSUTTZ" || !ok {
		return modem.NetworkTime{}, fmt.Errorf("*PSUTTZ: %w: %q", modem.ErrAnswer, line)
	}
	return t, nil
}

func networkTime(line string) []modem.Observation {
	t, err := ParsePSUTTZ(line)
	if err != nil {
		return nil
	}
	return []modem.Observation{t}
}
