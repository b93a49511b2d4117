package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A key is one row of a section: a name, and how its value is taken over and shown. It is bound to a field of a Config.
type key struct {
	name     string
	required bool
	read     func(r *report, path string, v any) // stores v, or reports what is wrong with it
	show     func() string                       // the value as TOML
}

// must says that a table of this kind is of no use without the key.
func (k key) must() key {
	k.required = true
	return k
}

// A check returns what is wrong with a text, or "". The answer completes "<key>: …".
type check func(s string) string

func text(name string, field *string, ok check) key {
	return key{
		name: name,
		read: func(r *report, path string, v any) {
			if s, fits := readText(r, path, v, ok); fits {
				*field = s
			}
		},
		show: func() string { return strconv.Quote(*field) },
	}
}

// texts is a list whose elements are each checked, and none of which may come twice.
func texts(name string, field *[]string, ok check) key {
	return key{
		name: name,
		read: func(r *report, path string, v any) {
			list, isList := v.([]any)
			if !isList {
				r.add(path, "must be a list of text, not %s", kind(v))
				return
			}
			*field = nil
			for i, element := range list {
				at := fmt.Sprintf("%s[%d]", path, i)
				s, fits := readText(r, at, element, ok)
				switch {
				case fits && slices.Contains(*field, s):
					r.add(at, "%q is there twice", s)
				case fits:
					*field = append(*field, s)
				}
			}
		},
		show: func() string { return showList(*field) },
	}
}

// numbers is a list of whole numbers, none of which may come twice.
func numbers(name string, field *[]int64, least, most int64) key {
	return key{
		name: name,
		read: func(r *report, path string, v any) {
			list, isList := v.([]any)
			if !isList {
				r.add(path, "must be a list of whole numbers, not %s", kind(v))
				return
			}
			*field = nil
			for i, element := range list {
				var n int64
				at := fmt.Sprintf("%s[%d]", path, i)
				before := len(r.mistakes)
				number(name, &n, least, most).read(r, at, element)
				switch {
				case len(r.mistakes) > before:
				case slices.Contains(*field, n):
					r.add(at, "%d is there twice", n)
				default:
					*field = append(*field, n)
				}
			}
		},
		show: func() string { return strings.ReplaceAll(fmt.Sprint(*field), " ", ", ") },
	}
}

func number(name string, field *int64, least, most int64) key {
	return key{
		name: name,
		read: func(r *report, path string, v any) {
			n, isNumber := v.(int64)
			switch {
			case !isNumber:
				r.add(path, "must be a whole number, not %s", kind(v))
			case least == most && n != least:
				r.add(path, "must be %d, not %d", least, n)
			case n < least || n > most:
				r.add(path, "must be from %d to %d, not %d", least, most, n)
			default:
				*field = n
			}
		},
		show: func() string { return strconv.FormatInt(*field, 10) },
	}
}

func truth(name string, field *bool) key {
	return key{
		name: name,
		read: func(r *report, path string, v any) {
			b, isBool := v.(bool)
			if !isBool {
				r.add(path, "must be true or false, not %s", kind(v))
				return
			}
			*field = b
		},
		show: func() string { return strconv.FormatBool(*field) },
	}
}

// duration is a text such as "90s" or "1h30m", from 0 to most.
func duration(name string, field *time.Duration, most time.Duration) key {
	return key{
		name: name,
		read: func(r *report, path string, v any) {
			s, isText := v.(string)
			d, err := time.ParseDuration(s)
			switch {
			case !isText:
				r.add(path, `must be a duration in quotes such as "90s" or "1h30m", not %s`, kind(v))
			case err != nil:
				r.add(path, `%q is not a duration such as "90s" or "1h30m"`, s)
			case d < 0 || d > most:
				r.add(path, "must be from 0s to %s, not %s", most, d)
			default:
				*field = d
			}
		},
		show: func() string { return strconv.Quote(field.String()) },
	}
}

func readText(r *report, path string, v any, ok check) (string, bool) {
	s, isText := v.(string)
	if !isText {
		r.add(path, "must be text in quotes, not %s", kind(v))
		return "", false
	}
	wrong := ok(s)
	if strings.ContainsFunc(s, func(c rune) bool { return !strconv.IsPrint(c) }) {
		wrong = "must not contain control characters"
	}
	if wrong != "" {
		r.add(path, "%s", wrong)
	}
	return s, wrong == ""
}

// kind names what a TOML value is, for a reader who knows the file and not the parser.
func kind(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case int64:
		return "a whole number"
	case float64:
		return "a number with a fraction"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

func showList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
