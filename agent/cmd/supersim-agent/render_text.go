package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// renderOptions say for what a text is rendered. The zero value is for a pipe: no colour, 80 columns.
type renderOptions struct {
	Colour bool
	Width  int       // columns of the terminal; less than minWidth counts as minWidth, more than maxWidth as maxWidth
	Now    time.Time // "in 12 min" counts from it, and times are shown in its zone
}

const (
	minWidth = 80
	maxWidth = 120 // longer lines are tiring to read
)

func (o renderOptions) width() int { return min(max(o.Width, minWidth), maxWidth) }

// style is an SGR sequence (ECMA-48 §8.3.117).
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "1;32"
	yellow style = "1;33"
	cyan   style = "36"
)

// paint puts text into a style, if colour is wanted.
func (o renderOptions) paint(s style, text string) string {
	if !o.Colour || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// clean makes text from a modem or from the cloud safe for a terminal: no control or formatting characters, no line
// ends, single spaces.
func clean(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// wrap cleans text and breaks it into lines of at most width characters, between words where it can.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(clean(text)) {
		for utf8.RuneCountInString(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			head := string([]rune(word)[:width])
			lines, word = append(lines, head), word[len(head):]
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || lines == nil {
		lines = append(lines, line)
	}
	return lines
}

// pad fills text with spaces up to width characters.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// list joins the parts that are not empty.
func list(parts ...string) string {
	var known []string
	for _, p := range parts {
		if p != "" {
			known = append(known, p)
		}
	}
	return strings.Join(known, ", ")
}

// labelled is "label value", or nothing without a value.
func labelled(label, value string) string {
	if value == "" {
		return ""
	}
	return label + " " + value
}

// span says how long a duration is, in two units at most: "45 s", "12 min", "2 h 10 min", "3 d 4 h".
func span(d time.Duration) string {
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.of {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.of, u.name)
		if u.of < time.Hour { // nobody needs the seconds of minutes
			return text
		}
		if rest := d % u.of / units[i+1].of; rest > 0 {
			text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
		}
		return text
	}
	return "0 s"
}

// relative says where t lies from now: "in 12 min", "5 min ago", "now".
func (o renderOptions) relative(t time.Time) string {
	switch d := t.Sub(o.Now); {
	case d >= time.Second:
		return "in " + span(d)
	case d <= -time.Second:
		return span(-d) + " ago"
	}
	return "now"
}

// clock is the time of day, with the date when it is not today.
func (o renderOptions) clock(t time.Time, layout string) string {
	t = t.In(o.Now.Location())
	if t.Format(time.DateOnly) != o.Now.Format(time.DateOnly) {
		layout = "2 Jan " + layout
	}
	return t.Format(layout)
}

// when is a moment in both forms: "14:32 (in 12 min)".
func (o renderOptions) when(t time.Time) string {
	return fmt.Sprintf("%s (%s)", o.clock(t, "15:04"), o.relative(t))
}
