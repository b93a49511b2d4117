package cloud

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An object reads members of one JSON object tolerantly. What it could read leaves members; what remains at the end is
// what nobody asked for or nobody understood. A member that is null counts as absent.
type object struct {
	r       *reader
	path    string // "data.", "data.network.": what stands before a member's name in a Problem
	members map[string]json.RawMessage
}

func parseObject(raw json.RawMessage) (map[string]json.RawMessage, bool) {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || m == nil {
		return nil, false
	}
	return m, true
}

// scalar returns a string's or a number's text; number says which it was. ok is false when the member is absent, null,
// empty or of another kind.
func (o *object) scalar(key string) (text string, number, ok bool) {
	raw, there := o.members[key]
	if !there {
		return "", false, false
	}
	switch {
	case string(raw) == "null" || string(raw) == `""`:
		delete(o.members, key)
		return "", false, false
	case raw[0] == '"':
		if json.Unmarshal(raw, &text) == nil {
			return text, false, true
		}
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return wholeNumber(string(raw)), true, true
	}
	o.r.note(o.path+key, "neither text nor a number", false)
	return "", false, false
}

// take reads a scalar through parse. A value that parse refuses stays among the members and is reported with reason.
func take[T any](o *object, key, reason string, parse func(string) (T, bool)) (T, bool) {
	var none T
	text, _, ok := o.scalar(key)
	if !ok {
		return none, false
	}
	value, ok := parse(text)
	if !ok {
		o.r.note(o.path+key, reason, false)
		return none, false
	}
	delete(o.members, key)
	return value, true
}

// text reads something for people to see: made harmless and cut to the limit.
func (o *object) text(key string) string {
	s, _ := take(o, key, "", func(s string) (string, bool) { return shorten(printable(s), o.r.limits.Text), true })
	return s
}

// identifier reads something to compare: never cut, because two cut ones could look the same.
func (o *object) identifier(key string) string {
	s, _ := take(o, key, "too long", func(s string) (string, bool) { return printable(s), len(s) <= o.r.limits.Text })
	return s
}

// padded reads a code whose leading zeros are lost when it comes as a number (MCC 001, MNC 02).
func (o *object) padded(key string, width int) string {
	text, number, ok := o.scalar(key)
	if !ok {
		return ""
	}
	delete(o.members, key)
	if number && len(text) < width {
		text = strings.Repeat("0", width-len(text)) + text
	}
	return shorten(printable(text), o.r.limits.Text)
}

// count reads a number of bytes.
func (o *object) count(key string) (int64, bool) {
	return take(o, key, "not a whole number of 0 or more", func(s string) (int64, bool) {
		n, err := strconv.ParseInt(wholeNumber(s), 10, 64)
		return n, err == nil && n >= 0
	})
}

// code reads an error code. It fits an int32, so that it means the same on a 32-bit Pi.
func (o *object) code(key string) int {
	n, _ := take(o, key, "not an error code", func(s string) (int, bool) {
		n, err := strconv.ParseInt(wholeNumber(s), 10, 32)
		return int(n), err == nil && n >= 0
	})
	return n
}

func (o *object) degrees(key string, limit float64) float64 {
	f, _ := take(o, key, fmt.Sprintf("not degrees within ±%g", limit), func(s string) (float64, bool) {
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil && f >= -limit && f <= limit // false for NaN
	})
	return f
}

func (o *object) time(key string) time.Time {
	t, _ := take(o, key, fmt.Sprintf("not a time as in RFC 3339 between %d and %d", firstYear, lastYear), parseTime)
	return t
}

func (o *object) address(key string) string {
	s, _ := take(o, key, "not an IP address", parseAddress)
	return s
}

// within reads the object under key, and gives back to o what read left over, under "<key>.<name>".
func (o *object) within(key string, read func(*object)) {
	raw, there := o.members[key]
	if !there {
		return
	}
	members, ok := parseObject(raw)
	if !ok {
		if string(raw) == "null" {
			delete(o.members, key)
			return
		}
		o.r.note(o.path+key, "not an object", false)
		return
	}
	delete(o.members, key)
	inner := object{r: o.r, path: o.path + key + ".", members: members}
	read(&inner)
	for name, left := range inner.members {
		o.members[key+"."+name] = left
	}
}

// wholeNumber writes a JSON number that is whole but written as a fraction or with an exponent (83702.0, 4.0026625e7)
// in plain digits. Other text is returned as it is.
func wholeNumber(s string) string {
	if !strings.ContainsAny(s, ".eE") {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	const exact = 1 << 53 // beyond it a float64 no longer tells neighbours apart
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return s
	}
	return strconv.FormatInt(int64(f), 10)
}

// printable makes text safe to print: control and format characters (escape sequences, overrides of writing direction,
// line ends) become U+FFFD.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// shorten cuts text to at most limit bytes, between two characters.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

func sortedNames(members map[string]json.RawMessage) []string {
	return slices.Sorted(maps.Keys(members))
}
