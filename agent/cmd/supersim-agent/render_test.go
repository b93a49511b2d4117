package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/status"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// moment is "now" in these tests: 09:05:44 UTC, shown in a zone two hours ahead.
var moment = time.Date(2025, 11, 26, 11, 5, 44, 0, time.FixedZone("EET", 7200))

func at(before time.Duration) status.Time { return status.At(moment.Add(-before)) }

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "render", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// fullStatus reads the status that pins the JSON contract, in which every field is set.
func fullStatus(t *testing.T) *status.Status {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "status", "testdata", "status.json"))
	if err != nil {
		t.Fatal(err)
	}
	s := new(status.Status)
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRenderStatus(t *testing.T) {
	online := &status.Status{
		Verdict: status.Verdict{Code: "online", Online: true, Summary: "Connected; the cloud says the same.", Confidence: 0.99,
			Since: at(26 * time.Hour), Next: status.Next{Action: "hold", Why: "all is well"}},
		SIM:          status.SIM{State: "ready", ICCID: "89883070000000000017", SuperSIM: new(true)},
		Registration: status.Registration{State: "roaming", RAT: "4G LTE", PLMN: "310410"},
		Signal:       status.Signal{RSSIdBm: new(-65), Quality: "excellent"},
		Data:         status.Data{APN: "super", CID: 1, Active: new(true), IP: "100.65.109.189", Bearer: "ppp", Interface: "ppp0"},
	}
	nothing := &status.Status{Verdict: status.Verdict{Code: "starting", Summary: "The modem is being identified.", Confidence: 1}}
	golden(t, "status_inactive.txt", renderStatus(fullStatus(t), moment, false))
	golden(t, "status_inactive_colour.txt", renderStatus(fullStatus(t), moment, true))
	golden(t, "status_online.txt", renderStatus(online, moment, false))
	golden(t, "status_starting.txt", renderStatus(nothing, moment, false))
}

// diary is the story of an inactive SIM, with an event that came late and one from the day before.
func diary() []status.TimelineEntry {
	return []status.TimelineEntry{
		{Seq: 1, Time: at(12 * time.Hour), Side: status.Cloud, Kind: "event", EventSID: "EZ01", Seen: at(time.Hour),
			Text: "data-session.ended, 1.2 MB"},
		{Seq: 2, Time: at(10 * time.Minute), Side: status.Host, Kind: "port", Text: "port /dev/ttyUSB2 opened"},
		{Seq: 3, Time: at(9 * time.Minute), Side: status.Agent, Kind: "verdict", Verdict: "searching",
			Text: "The modem is looking for a network."},
		{Seq: 4, Time: at(5 * time.Minute), Side: status.Local, Kind: "registration",
			Text: "registration denied by 310410 with EMM cause 7, EPS services not allowed", Matched: "unmatched"},
		{Seq: 5, Time: at(5 * time.Minute), Side: status.Cloud, Kind: "event", EventSID: "EZ02", Seen: at(5*time.Minute - time.Second),
			Text: "attachment.rejected 83705 on AT&T 310410: Attachment Rejected Due To SIM In Inactive State", Matched: "time and network"},
		{Seq: 8, Time: at(5 * time.Minute), Side: status.Cloud, Kind: "event", EventSID: "EZ03", Matched: "unmatched",
			Text: "attach accepted on 26201"},
		{Seq: 6, Time: at(4 * time.Minute), Side: status.Agent, Kind: "verdict", Verdict: "sim-inactive",
			Text: "The SIM is set to inactive, so every network refuses it."},
		{Seq: 7, Time: at(4 * time.Minute), Side: status.Agent, Kind: "plan", Action: "hold",
			Text: "hold until 12:05: no attempt of ours can help"},
	}
}

func TestRenderTimeline(t *testing.T) {
	view := func(o renderOptions) *timelineView { o.Now = moment; return &timelineView{renderOptions: o} }
	golden(t, "timeline_80.txt", played(view(renderOptions{}), diary()))
	golden(t, "timeline_120.txt", played(view(renderOptions{Width: 200}), diary()))
	golden(t, "timeline_colour.txt", played(view(renderOptions{Colour: true}), diary()))
	golden(t, "timeline_plain.txt", renderTimelineLines(diary()))
}

// A data session that tells every few minutes that it goes on takes one line.
func TestRoutineIsFolded(t *testing.T) {
	entries := diary()
	for range 3 {
		entries = append(entries, status.TimelineEntry{Time: at(0), Side: status.Cloud, Text: "data session alive", Routine: true})
	}
	got := folded(append(entries, diary()...))
	if len(got) != 2*len(diary())+1 || got[len(diary())].Text != "data session alive (and 2 before like it)" {
		t.Errorf("%d entries: %+v", len(got), got)
	}
}

// Whatever the modem or the cloud put into a text: lines fit, nothing but our own colours controls the terminal, and no
// word is lost.
func TestRenderedTextFitsAndIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(0, 300).Draw(t, "width")
		limit := min(max(width, minWidth), maxWidth)
		text := rapid.String().Draw(t, "text")
		side := rapid.SampledFrom([]status.Side{status.Local, status.Cloud, status.Host, status.Agent}).Draw(t, "side")
		s := &status.Status{
			Verdict: status.Verdict{Code: text, Summary: text, Advice: text, Evidence: []status.Evidence{{Side: side, Fact: text}}},
			SIM:     status.SIM{ICCID: text}, Modem: status.Modem{Port: text}, Registration: status.Registration{Operator: text},
		}
		entries := []status.TimelineEntry{{Time: at(0), Side: side, Kind: text, Text: text}}
		if strings.Count(renderTimelineLines(entries), "\n") != 1 {
			t.Fatal("a plain entry is not one line")
		}
		for line := range strings.Lines(renderStatus(s, moment, false) + played(newTimelineView(width, false), entries)) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > limit {
				t.Fatalf("%d characters in %q", utf8.RuneCountInString(line), line)
			}
			if clean(line) != strings.Join(strings.Fields(line), " ") {
				t.Fatalf("control characters in %q", line)
			}
		}
	})
}

func TestWrapKeepsEveryCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		lines := wrap(text, rapid.IntRange(1, 40).Draw(t, "width"))
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got, want := squeeze(strings.Join(lines, "")), squeeze(clean(text)); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestLight(t *testing.T) {
	for _, tt := range []struct {
		verdict status.Verdict
		want    style
	}{
		{status.Verdict{Online: true}, green},
		{status.Verdict{Online: true, Advice: "Check the pipeline."}, green},
		{status.Verdict{}, yellow},
		{status.Verdict{Advice: "Nothing now. If it comes back, find the script."}, yellow},
		{status.Verdict{Advice: "Activate the SIM."}, red},
	} {
		tt.verdict.Summary = "so it is"
		got := renderStatus(&status.Status{Verdict: tt.verdict}, moment, true)
		if !strings.HasPrefix(got, "\x1b["+string(tt.want)+"m●") {
			t.Errorf("%+v: %q", tt.verdict, got)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 999 * time.Millisecond: "0 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min",
		59*time.Minute + 59*time.Second: "59 min", time.Hour: "1 h", 130 * time.Minute: "2 h 10 min",
		76 * time.Hour: "3 d 4 h", 24*time.Hour + 59*time.Minute: "1 d",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

// Every action of the agent has a plain word.
func TestDeeds(t *testing.T) {
	for _, kind := range attach.Kinds() {
		if deeds[string(kind)] == "" {
			t.Errorf("%s has none", kind)
		}
	}
}

func TestNextText(t *testing.T) {
	p := &page{renderOptions: renderOptions{Now: moment}}
	for _, tt := range []struct {
		next status.Next
		want string
	}{
		{status.Next{}, ""},
		{status.Next{Action: "hold", Why: "all is well"}, "waits: all is well"},
		{status.Next{Action: "hold", At: at(-12 * time.Minute)}, "waits until 11:17 (in 12 min)"},
		{status.Next{Action: "radio-cycle", At: at(-14 * time.Hour), Why: "no network"},
			"switches the radio off and on at 27 Nov 01:05 (in 14 h): no network"},
		{status.Next{Action: "set-apn", At: at(time.Second), Why: "it is wrong"}, "sets the APN now: it is wrong"},
		{status.Next{Action: "new-thing", At: at(0)}, "does new-thing now"},
	} {
		if got := p.nextText(tt.next); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// played is what a followed timeline looks like after these entries, under its heading.
func played(v *timelineView, entries []status.TimelineEntry) string {
	text := v.heading()
	for _, e := range entries {
		text += v.entry(e)
	}
	return text
}
