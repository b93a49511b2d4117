package main

import (
	"fmt"
	"strings"
	"time"

	"supersim-agent/agent/status"
)

// timelineView shows the two diaries side by side: what the modem and this computer saw on the left, what the
// operator's cloud saw on the right, and across both what the agent concluded and did. It takes the entries one by one,
// so that a followed timeline looks like a printed one: write heading, then entry for each as it comes.
type timelineView struct {
	renderOptions
	day string // of the last entry, to head the next day
}

const (
	timeWidth = 10 // "15:04:05" and a gap
	divider   = " │ "
	unmatched = "unmatched" // as the agent writes it
)

// newTimelineView is a view for a terminal so many columns wide, with times in this computer's zone.
func newTimelineView(width int, colour bool) *timelineView {
	return &timelineView{renderOptions: renderOptions{Colour: colour, Width: width, Now: time.Now()}}
}

// renderTimelineLines shows entries for a pipe or a file, one line each, times in UTC.
func renderTimelineLines(entries []status.TimelineEntry) string {
	var text strings.Builder
	for _, e := range entries {
		text.WriteString(plainEntry(e))
	}
	return text.String()
}

// lane is the width of one diary's column.
func (v *timelineView) lane() int { return (v.width() - timeWidth - len([]rune(divider))) / 2 }

func (v *timelineView) heading() string {
	return v.paint(bold, pad("time", timeWidth)+pad("modem and computer", v.lane())+divider+"operator's cloud") + "\n"
}

// entry shows one entry, wrapped in its lane.
func (v *timelineView) entry(e status.TimelineEntry) string {
	var text strings.Builder
	at := e.Time.In(v.Now.Location())
	if day := at.Format("Mon 2 Jan 2006"); day != v.day {
		v.day = day
		text.WriteString(v.paint(dim, day) + "\n")
	}
	clock := at.Format(time.TimeOnly)
	for _, line := range v.lines(e) {
		text.WriteString(strings.TrimRight(v.paint(dim, pad(clock, timeWidth))+line, " ") + "\n")
		clock = ""
	}
	return text.String()
}

// lines are the lines of an entry to the right of its time.
func (v *timelineView) lines(e status.TimelineEntry) []string {
	if e.Side == status.Agent {
		return v.across(e)
	}
	text := entryText(e)
	if e.Side == status.Host { // shares the modem's lane
		text = "(computer) " + text
	}
	lines := wrap(text, v.lane())
	for i, line := range lines {
		if e.Side == status.Cloud {
			lines[i] = pad("", v.lane()) + v.paint(dim, divider) + v.paint(cyan, line)
		} else {
			lines[i] = pad(line, v.lane()) + v.paint(dim, strings.TrimRight(divider, " "))
		}
	}
	return lines
}

// across are the lines of what the agent concluded ("==") or did ("->"), over both lanes.
func (v *timelineView) across(e status.TimelineEntry) []string {
	mark, markStyle := "-> ", plain
	if e.Verdict != "" {
		mark, markStyle = "== ", bold
	}
	lines := wrap(entryText(e), v.width()-timeWidth-len(mark))
	for i, line := range lines {
		lines[i] = v.paint(markStyle, mark+line)
		mark = pad("", len(mark))
	}
	return lines
}

// folded leaves of several routine entries in a row only the last. A data session tells every few minutes that it goes on.
func folded(entries []status.TimelineEntry) (kept []status.TimelineEntry) {
	row := 0
	for i, e := range entries {
		if e.Routine && i+1 < len(entries) && entries[i+1].Routine {
			row++
			continue
		}
		if row > 0 {
			e.Text += fmt.Sprintf(" (and %d before like it)", row)
			row = 0
		}
		kept = append(kept, e)
	}
	return kept
}

// entryText is what an entry says, with what its lane does not show.
func entryText(e status.TimelineEntry) string {
	text := e.Text
	if e.Verdict != "" {
		text = e.Verdict + ": " + text
	}
	if late := e.Seen.Sub(e.Time.Time); !e.Seen.IsZero() && late >= time.Minute {
		text += " (heard " + span(late) + " later)"
	}
	switch {
	case e.Matched != unmatched:
	case e.Side == status.Cloud:
		text += " [unmatched: this modem saw nothing of it]"
	default:
		text += " [unmatched: the cloud tells nothing of it]"
	}
	return text
}

// plainEntry is one line for a program: time in UTC, side, kind, text.
func plainEntry(e status.TimelineEntry) string {
	text := entryText(e)
	if e.EventSID != "" {
		text += " (" + e.EventSID + ")"
	}
	return e.Time.UTC().Format(time.RFC3339) + " " + pad("["+string(e.Side)+"]", 8) + clean(e.Kind+": "+text) + "\n"
}
