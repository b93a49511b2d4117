package modem

import (
	"regexp"
	"strconv"
	"time"
)

// CCLK is the module's clock (27.007 §8.15).
var CCLK = Query{Cmd: "AT+CCLK?", Prefix: "+CCLK", Parse: FirstLine(ParseCCLK)}

// clockForm finds a date and time as modules write them: "17/10/13,03:40:48+32", "2017/11/04,06:51:13". The zone, in
// quarters of an hour, is part of it on AT+CCLK and AT+QLTS.
var clockForm = regexp.MustCompile(`(\d{2}|\d{4})/(\d{1,2})/(\d{1,2}),(\d{1,2}):(\d{2}):(\d{2})([+-]\d{1,2})?`)

// zoneForm finds the zone that stands first in time zone reports, quoted or not.
var zoneForm = regexp.MustCompile(`:\s*"?([+-]?\d{1,2})"?\s*,`)

// ParseClock finds a date and time in a line. With local, it is local time and its zone is taken off; else it is
// universal time and a zone only says where the module is. ErrAnswer: no time, or that of a module that was never
// told, which shows a year such as 1980 or 2004; or a local time without zone, which could be half a day off.
func ParseClock(line string, local bool) (NetworkTime, error) {
	m := clockForm.FindStringSubmatch(line)
	if m == nil || local && m[7] == "" {
		return NetworkTime{}, unreadable("clock", line)
	}
	var v [7]int
	for i := range v {
		v[i], _ = strconv.Atoi(m[i+1]) // digits only; the empty zone is 0
	}
	if !local {
		v[6] = 0
	}
	t, ok := NetworkClock(v[0], v[1], v[2], v[3], v[4], v[5], v[6])
	if !ok {
		return NetworkTime{}, unreadable("clock", line)
	}
	return t, nil
}

// ParseCCLK reads `+CCLK: "15/02/28,20:30:40-32"`: local time and zone.
func ParseCCLK(line string) (NetworkTime, error) { return ParseClock(line, true) }

// ParseCTZE reads the extended time zone reports of 27.007 §8.41: `+CTZE: "+32",0,"2017/11/04,06:51:13"` with local
// time, +CTZEU with universal time.
func ParseCTZE(line string) (NetworkTime, error) {
	label, _ := splitLine(line)
	zone, m := zoneForm.FindStringSubmatch(line), clockForm.FindStringSubmatch(line)
	if zone == nil || m == nil || m[7] != "" || label != "+CTZE" && label != "+CTZEU" {
		return NetworkTime{}, unreadable("time zone report", line)
	}
	if label == "+CTZEU" {
		return ParseClock(line, false)
	}
	n, _ := strconv.Atoi(zone[1])
	sign := "+"
	if n < 0 {
		sign, n = "-", -n
	}
	return ParseClock(m[0]+sign+strconv.Itoa(n), true)
}

// NetworkClock makes a NetworkTime of a date and time whose zone is ahead of universal time by so many quarters of an
// hour. Years have two or four digits. It reports false for a date that does not exist, and for years before 2012 or
// after 2069: two-digit clocks that were never set show 70, 80, 04 or 08.
func NetworkClock(year, month, day, hour, minute, second, quarters int) (NetworkTime, bool) {
	if year < 100 {
		year += 2000
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	exists := t.Month() == time.Month(month) && t.Day() == day && hour < 24 && minute < 60 && second < 60
	if !exists || year < 2012 || year > 2069 || quarters < -48 || quarters > 56 {
		return NetworkTime{}, false
	}
	return NetworkTime{UTC: t.Add(-time.Duration(quarters) * 15 * time.Minute)}, true
}
