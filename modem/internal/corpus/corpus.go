// Package corpus reads files of captured AT answers for table tests. It is used by tests only.
//
//	# Comments and blank lines are free; the header names module, firmware and origin.
//	[cereg n=2]                       the reader that the following answers are for, with its argument
//	+CEREG: 2,5,"1A2B","01C2D3E4",7   one answer line, verbatim (leading blanks too)
//	-> eps n=2 roaming area=1A2B …    what it means, as the reader prints it
//	-> !                              or: it must be refused
//
// A comment is about all answers up to the next comment or reader. With the word "built" in it they were not captured but
// made from a documented syntax; a header that begins with that word says so of the whole file.
package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"supersim-agent/modem"
)

// Capture is one captured line and its meaning.
type Capture struct {
	Reader, Arg string
	Line, Want  string
	Where       string // file:line
	Header      string // of the file: module, firmware, origin
	Note        string // the comment above it: what is odd, or where this one is from
	Built       bool   // made from a documented syntax
}

// Refused is what stands for an error.
const Refused = "!"

// Reader prints what a line means, or returns an error for one it cannot read.
type Reader func(line, arg string) (string, error)

// Load reads all files that match the pattern.
func Load(t testing.TB, pattern string) []Capture {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures match %s (%v)", pattern, err)
	}
	var all []Capture
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parse(t, name, string(text))...)
	}
	return all
}

func parse(t testing.TB, name, text string) []Capture {
	t.Helper()
	var out []Capture
	var c Capture
	commented := false // the line before was a comment too
	for i, line := range strings.Split(text, "\n") {
		c.Where = fmt.Sprintf("%s:%d", name, i+1)
		comment := strings.HasPrefix(line, "#")
		switch {
		case comment:
			c.comment(line, commented)
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "["):
			c.Reader, c.Arg, _ = strings.Cut(strings.Trim(line, "[]"), " ")
			c.Note = ""
		case strings.HasPrefix(line, "->"):
			if c.Line == "" {
				t.Fatalf("%s: a meaning without an answer", c.Where)
			}
			c.Want = strings.TrimSpace(line[2:])
			c.Built = built.MatchString(c.Note) || strings.HasPrefix(c.Header, "built")
			out = append(out, c)
			c.Line = ""
		default:
			c.Line = line
		}
		commented = comment
	}
	return out
}

var built = regexp.MustCompile(`(?i)\bbuilt\b`)

// comment keeps a comment: before the first reader it belongs to the file's header.
func (c *Capture) comment(line string, goesOn bool) {
	text := strings.TrimSpace(strings.TrimLeft(line, "#"))
	switch {
	case c.Reader == "":
		c.Header = strings.TrimSpace(c.Header + " " + text)
	case goesOn:
		c.Note += " " + text
	default:
		c.Note = text
	}
}

// Run checks every capture against its reader, and that no mutation of it makes a reader panic.
func Run(t *testing.T, captures []Capture, readers map[string]Reader) {
	for _, c := range captures {
		read, ok := readers[c.Reader]
		if !ok {
			t.Fatalf("%s: no reader %q", c.Where, c.Reader)
		}
		got, err := read(c.Line, c.Arg)
		if err != nil {
			got = Refused
		}
		if got != c.Want {
			t.Errorf("%s (%s): %s\n got %s (%v)\nwant %s", c.Where, c.Note, c.Line, got, err, c.Want)
		}
		Mutate(c.Line, func(line string) { _, _ = read(line, c.Arg) })
	}
	t.Logf("%d captured answers", len(captures))
}

// Mutate calls f with every prefix of line, every deletion of one byte, and flips of every byte.
func Mutate(line string, f func(string)) {
	for i := range len(line) {
		f(line[:i])
		f(line[:i] + line[i+1:])
		for _, bits := range []byte{0x01, 0x10, 0x20, 0x80, 0xFF} {
			b := []byte(line)
			b[i] ^= bits
			f(string(b))
		}
	}
}

// Signal prints a reading, leaving out what is not known.
func Signal(s modem.Signal, err error) (string, error) {
	var parts []string
	for _, v := range []struct {
		name  string
		value int
	}{{"rsrp", s.RSRPdBm}, {"rsrq", s.RSRQdB}, {"sinr", s.SINRdB}, {"rssi", s.RSSIdBm}} {
		if v.value != modem.Unknown {
			parts = append(parts, fmt.Sprintf("%s=%d", v.name, v.value))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	return strings.Join(parts, " "), err
}

// Observations prints what an unsolicited line said.
func Observations(list []modem.Observation) string {
	if len(list) == 0 {
		return "nothing"
	}
	var parts []string
	for _, o := range list {
		parts = append(parts, observation(o))
	}
	return strings.Join(parts, "; ")
}

func observation(o modem.Observation) string {
	switch o := o.(type) {
	case modem.Booted:
		return "booted"
	case modem.SIM:
		if o.Refreshed {
			return "sim refreshed"
		}
		return "sim " + string(o.State)
	case modem.Supply:
		return "supply " + supplyWords[o]
	case modem.Install:
		return fmt.Sprintf("install %d over=%t failed=%t", o.Code, o.Over(), o.Failed())
	case modem.Radio:
		return fmt.Sprintf("radio %d", o.Fun)
	case modem.ContextLost:
		return fmt.Sprintf("lost %d", o.CID)
	case modem.NetworkTime:
		return "time " + o.UTC.Format(time.DateTime)
	case modem.Registration:
		s := o.Domain.String() + " " + o.Stat.String()
		if o.Cause != (modem.Cause{}) {
			s += fmt.Sprintf(" %s %d", o.Cause.Domain, o.Cause.Number)
		}
		return s
	}
	return fmt.Sprintf("%T %v", o, o)
}

var supplyWords = map[modem.Supply]string{
	{}: "low", {Off: true}: "low, off", {High: true}: "high", {High: true, Off: true}: "high, off",
}

// Cells prints serving cells, leaving out what is not known; "none" without one.
func Cells(c modem.Cells, err error) (string, error) {
	var parts []string
	for _, cell := range c.List {
		parts = append(parts, oneCell(cell))
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	return strings.Join(parts, "; "), err
}

func oneCell(c modem.Cell) string {
	var words []string
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+value)
		}
	}
	number := func(name string, n int) {
		if n != modem.Unknown {
			words = append(words, fmt.Sprintf("%s%d", name, n))
		}
	}
	add("", string(c.State))
	number("act=", c.AcT)
	add("plmn=", c.PLMN)
	add("area=", c.Area)
	add("cell=", c.CellID)
	number("pci=", c.PCI)
	number("ch=", c.Channel)
	add("band=", c.Band)
	if signal, _ := Signal(c.Signal, nil); signal != "none" {
		words = append(words, signal)
	}
	return strings.Join(words, " ")
}

// Time prints a clock reading in universal time.
func Time(t modem.NetworkTime, err error) (string, error) { return t.UTC.Format(time.DateTime), err }

// Addresses prints what is active: "1=10.0.0.1 2".
func Addresses(list []modem.Address, err error) (string, error) {
	var parts []string
	for _, a := range list {
		parts = append(parts, strings.TrimSuffix(fmt.Sprintf("%d=%s", a.CID, a.IP), "="))
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	return strings.Join(parts, " "), err
}

// Lines splits a capture of several lines, which stand in one, separated by " | ".
func Lines(line string) []string { return strings.Split(line, " | ") }

// Setting reads the answers to a dialect's settings; the argument is the command that was sent.
func Setting(dialects []*modem.Dialect) Reader {
	return func(line, arg string) (string, error) {
		for _, d := range dialects {
			for _, s := range d.Settings {
				if s.Read != arg {
					continue
				}
				if s.Value == nil {
					s.Value = modem.SettingText
				}
				value, err := s.Value(Lines(line))
				return string(s.Name) + " " + value, err
			}
		}
		return "", fmt.Errorf("no setting is read by %s", arg)
	}
}

// Wishes checks that every wish is stable: once its value is set, nothing more is wished.
func Wishes(t *testing.T, dialects []*modem.Dialect, have map[modem.SettingName][]string) {
	t.Helper()
	wanted := modem.Wanted{RATs: []string{"4G"}, Roaming: modem.On, PowerSavingOff: true,
		Bands: modem.Bands{LTE: []int{2, 4, 12}, NR: []int{71}}}
	for _, d := range dialects {
		for _, s := range d.Settings {
			if s.Wish == nil {
				continue
			}
			for _, h := range append(have[s.Name], "", "0", "1", "garbage") {
				want, ok := s.Wish(wanted, modem.Identity{Model: d.Claims[0]}, h)
				if !ok {
					continue
				}
				if again, ok := s.Wish(wanted, modem.Identity{Model: d.Claims[0]}, want); ok && again != want {
					t.Errorf("%s %s: of %q it wishes %q, and of that %q", d.Name, s.Name, h, want, again)
				}
				if len(s.Write(want)) == 0 {
					t.Errorf("%s %s: no command writes %q", d.Name, s.Name, want)
				}
			}
		}
	}
}

// Claims checks which dialect is chosen for the models as modules give them.
func Claims(t *testing.T, dialects []*modem.Dialect, models map[string]string) {
	t.Helper()
	for model, want := range models {
		if got := modem.Choose(dialects, model).Name; got != want {
			t.Errorf("%q: dialect %s, want %s", model, got, want)
		}
	}
}

// Seed gives a fuzz target the captured lines of one reader.
func Seed(f *testing.F, pattern, reader string) {
	for _, c := range Load(f, pattern) {
		if c.Reader == reader {
			f.Add(c.Line)
		}
	}
}

// SaneSignal fails when a parser gives a reading that no radio can have.
func SaneSignal(t *testing.T, line string, parse func(string) (modem.Signal, error)) {
	s, err := parse(line)
	if err != nil && s != modem.NoSignal {
		t.Errorf("%q: a reading %+v beside the error %v", line, s, err)
	}
	for _, dBm := range []int{s.RSRPdBm, s.RSSIdBm} {
		if dBm != modem.Unknown && (dBm < -160 || dBm > -10) {
			t.Errorf("%q: %d dBm", line, dBm)
		}
	}
}
