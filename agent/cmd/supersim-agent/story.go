package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"supersim-agent/agent/status"
)

// storyteller prints the demo: the agent's timeline, what a person does in the world, and now and then the status.
type storyteller struct {
	mu   sync.Mutex // narrator and follower are different goroutines
	w    io.Writer
	view *timelineView
	now  func() time.Time
}

func newStoryteller(w io.Writer, now func() time.Time) *storyteller {
	return &storyteller{w: w, view: newTimelineView(width(w), colour(w)), now: now}
}

func (s *storyteller) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.w, text) //nolint:errcheck // a closed terminal ends the demo soon enough
}

func (s *storyteller) introduce(speed float64) {
	s.print(fmt.Sprintf(`A simulated world: a Raspberry Pi with a SIMCom SIM7600 HAT and a Super SIM. It has signal and no internet,
because another APN was left in the modem. The clock runs %g times faster than real time; the modem answers
on a real pty, the cloud's connection events come by webhook, and all you see is read from the agent's socket.

`, speed))
	s.print(s.view.heading())
}

// entry prints one line of the agent's timeline.
func (s *storyteller) entry(e status.TimelineEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.w, s.view.entry(e)) //nolint:errcheck // as in print
}

// narrator prints what a person does in the world.
func (s *storyteller) narrator(text string) {
	s.print(s.view.paint(yellow, "\n*** "+s.now().In(s.view.Now.Location()).Format(time.TimeOnly)+"  "+clean(text)) + "\n\n")
}

// status prints the upper part of what `supersim-agent status` shows: verdict, what happens next, and why.
func (s *storyteller) status(doc *status.Status) {
	screen := renderStatus(doc, s.now(), s.view.Colour)
	parts := strings.SplitN(screen, "\n\n", 3)
	text := strings.Join(parts[:min(2, len(parts))], "\n")
	s.print("\n  $ supersim-agent status\n  | " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  | ") + "\n\n")
}

// conclude ends the story with the whole screen.
func (s *storyteller) conclude(doc *status.Status) {
	s.print("\n  $ supersim-agent status\n" + renderStatus(doc, s.now(), s.view.Colour) + `
That is the whole story: wrong APN found and mended, online, SIM switched off in the console, and back.
Next: README.md, "Install on a Pi". To play with a world of your own:
  supersim-agent simulate world.toml --pty /tmp/modem0 --webhook http://127.0.0.1:8099/events
`)
}
