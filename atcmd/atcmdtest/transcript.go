package atcmdtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Transcript is a recorded dialogue.
type Transcript struct {
	Name   string
	Header map[string]string // names in lower case
	Steps  []Step
	Want   []string // the lines behind "---"
}

// Step is one line of a transcript. Exactly one of its fields is set.
type Step struct {
	Send   []byte        // '<': what the modem is sent
	Chunks [][]byte      // '>': what it answers, piece by piece
	Wait   time.Duration // '@'
}

// Load reads a transcript file.
func Load(path string) (*Transcript, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(filepath.Base(path), string(src))
}

// Parse reads a transcript. The error names file and line.
func Parse(name, src string) (*Transcript, error) {
	t := &Transcript{Name: name, Header: map[string]string{}}
	steps, want, _ := strings.Cut(src, "\n---\n")
	for i, line := range strings.Split(steps, "\n") {
		if err := t.add(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	for line := range strings.SplitSeq(want, "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			t.Want = append(t.Want, line)
		}
	}
	return t, nil
}

func (t *Transcript) add(line string) error {
	if strings.TrimSpace(line) == "" {
		return nil
	}
	kind, text := line[0], strings.TrimPrefix(line[1:], " ")
	switch kind {
	case '#':
		if name, value, ok := strings.Cut(text, ":"); ok && len(t.Steps) == 0 {
			t.Header[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
		return nil
	case '@':
		wait, err := time.ParseDuration(strings.TrimSpace(text))
		t.Steps = append(t.Steps, Step{Wait: wait})
		return err
	case '<', '>':
		chunks, err := unescape(text)
		step := Step{Chunks: chunks}
		if kind == '<' {
			step = Step{Send: bytes.Join(chunks, nil)}
		}
		t.Steps = append(t.Steps, step)
		return err
	}
	return fmt.Errorf("a line begins with #, <, > or @, not with %q", kind)
}

// unescape resolves the escapes of a line and cuts it at '|'.
func unescape(text string) ([][]byte, error) {
	var chunks [][]byte
	var chunk []byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '|':
			chunks, chunk = append(chunks, chunk), nil
			continue
		case c == '\\':
			var width int
			var err error
			if c, width, err = escape(text[i+1:]); err != nil {
				return nil, err
			}
			i += width
		}
		chunk = append(chunk, c)
	}
	return append(chunks, chunk), nil
}

// escape reads what stands behind a backslash.
func escape(s string) (c byte, width int, err error) {
	if s == "" {
		return 0, 0, fmt.Errorf("a backslash at the end of the line")
	}
	if i := strings.IndexByte(`rnt\|`, s[0]); i >= 0 {
		return "\r\n\t\\|"[i], 1, nil
	}
	if s[0] == 'x' && len(s) >= 3 {
		n, err := strconv.ParseUint(s[1:3], 16, 8)
		return byte(n), 3, err
	}
	return 0, 0, fmt.Errorf("unknown escape \\%c", s[0])
}

// Received is everything that comes from the modem, without chunk borders and pauses.
func (t *Transcript) Received() []byte {
	var all []byte
	for _, s := range t.Steps {
		all = append(all, bytes.Join(s.Chunks, nil)...)
	}
	return all
}

// Sent is what the modem is sent, step by step.
func (t *Transcript) Sent() []string {
	var all []string
	for _, s := range t.Steps {
		if s.Send != nil {
			all = append(all, string(s.Send))
		}
	}
	return all
}
