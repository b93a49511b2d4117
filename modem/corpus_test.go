package modem_test

import (
	"fmt"
	"strings"
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
	"supersim-agent/modem/quectel"
	"supersim-agent/modem/simcom"
	"supersim-agent/modem/ublox"
)

// everyCapture is the captured answers of all families, with the built ones.
func everyCapture(t testing.TB) []corpus.Capture {
	t.Helper()
	var all []corpus.Capture
	for _, dir := range []string{"", "quectel/", "simcom/", "ublox/"} {
		all = append(all, corpus.Load(t, dir+"testdata/*.txt")...)
	}
	return all
}

// TestCapturesHaveAnOrigin counts the answers that real modules gave, each once: the built ones, and lines that are there
// only to be refused, do not count.
func TestCapturesHaveAnOrigin(t *testing.T) {
	captured, builtOnes := map[string]bool{}, 0
	for _, c := range everyCapture(t) {
		switch {
		case !strings.Contains(strings.ToLower(c.Header), "origin"):
			t.Errorf("%s: the file's header names no origin", c.Where)
		case c.Built:
			builtOnes++
		case c.Want != corpus.Refused:
			captured[c.Reader+" "+c.Line] = true
		}
	}
	t.Logf("%d different captured answers, and %d built ones", len(captured), builtOnes)
	if len(captured) < 400 {
		t.Errorf("%d captured answers", len(captured))
	}
}

// registrations are the registration lines of all families, with the <n> that was set; where a file does not say, any.
func registrations(t testing.TB) map[string]int {
	t.Helper()
	lines := map[string]int{}
	for _, c := range everyCapture(t) {
		if c.Reader != "reg" && c.Reader != "urc" || !strings.Contains(strings.ToUpper(c.Line), "REG:") {
			continue
		}
		n := modem.AnyN
		words := strings.Fields(c.Arg)
		if len(words) > 0 {
			n = regN(words[len(words)-1])
		}
		lines[c.Line] = n
	}
	if len(lines) < 140 {
		t.Errorf("%d registration lines", len(lines))
	}
	return lines
}

// TestRegistrationPrintsBack: parse, print, parse gives the same values, for every captured line of every family and
// every mutation of one that can still be read.
func TestRegistrationPrintsBack(t *testing.T) {
	for line, n := range registrations(t) {
		checkPrintsBack(t, line, n)
		corpus.Mutate(line, func(l string) { checkPrintsBack(t, l, n) })
	}
}

func checkPrintsBack(t *testing.T, line string, n int) {
	t.Helper()
	first, err := modem.ParseRegistration(line, n)
	if err != nil {
		return
	}
	again, err := modem.ParseRegistration(first.String(), n)
	if err != nil || again != first {
		t.Errorf("%q reads as %+v, printed %q, which reads as %+v (%v)", line, first, first, again, err)
	}
}

// TestThreeForms: an answer, the unsolicited line, and an unsolicited line in the form of an answer say the same, to the
// parser and to whoever reads unsolicited lines.
func TestThreeForms(t *testing.T) {
	for line, n := range registrations(t) {
		said, err := modem.ParseRegistration(line, n)
		if err != nil {
			continue
		}
		for _, set := range []int{0, 1, 2, 3, 4, 5} {
			answer, urc := said, said
			answer.N, urc.N = set, modem.Unknown
			for form, l := range map[string]modem.RegLine{"answer": answer, "unsolicited": urc} {
				got, err := modem.ParseRegistration(l.String(), set)
				if err != nil || got != l {
					t.Errorf("%s, n=%d, %s %q: %+v (%v), want %+v", line, set, form, l, got, err, l)
				}
				checkInterpret(t, l.String(), set, said.Registration)
			}
		}
	}
}

// checkInterpret reads an unsolicited line as a session does that has set n.
func checkInterpret(t *testing.T, line string, n int, want modem.Registration) {
	t.Helper()
	obs := modem.Standard.Interpret(line, [modem.NumDomains]int{n, n, n, n})
	if want.AcT < 0 {
		want.AcT = modem.Unknown
	}
	if len(obs) != 1 || obs[0] != modem.Observation(want) {
		t.Errorf("n=%d, %q, unsolicited: %+v, want %+v", n, line, obs, want)
	}
}

// printers print what was read in 27.007's form.
var printers = map[string]func(line string) (text string, value any, err error){
	"cpin": func(l string) (string, any, error) {
		s, err := modem.ParseCPIN(l)
		words := map[modem.SIMState]string{modem.SIMReady: "READY", modem.SIMBusy: "NOT READY", modem.SIMMissing: "NOT INSERTED",
			modem.SIMPIN: "SIM PIN", modem.SIMPUK: "SIM PUK", modem.SIMLocked: "PH-SIM PIN"}
		return "+CPIN: " + words[s], s, err
	},
	"cops": func(l string) (string, any, error) {
		c, err := modem.ParseCOPS(l)
		text := fmt.Sprintf(`+COPS: %d,0,"%s"`, c.Mode, c.PLMN+c.Name)
		if c.AcT != modem.Unknown {
			text += fmt.Sprintf(",%d", c.AcT)
		}
		return text, c.Operator, err
	},
	"cgdcont": func(l string) (string, any, error) {
		c, err := modem.ParseCGDCONT(l)
		return fmt.Sprintf(`+CGDCONT: %d,"%s","%s"`, c.CID, c.Type, c.APN), c, err
	},
	"cgact": func(l string) (string, any, error) {
		cid, on, err := modem.ParseCGACT(l)
		state := map[bool]int{true: 1}[on]
		return fmt.Sprintf("+CGACT: %d,%d", cid, state), [2]int{cid, state}, err
	},
	"cgpaddr": func(l string) (string, any, error) {
		a, err := modem.ParseCGPADDR(l)
		return fmt.Sprintf(`+CGPADDR: %d,"%s"`, a.CID, a.IP), a, err
	},
	"cfun": func(l string) (string, any, error) {
		r, err := modem.ParseCFUN(l)
		return fmt.Sprintf("+CFUN: %d", r.Fun), r, err
	},
	"iccid": func(l string) (string, any, error) {
		id, err := modem.ParseICCID(l)
		return string(id), id, err
	},
	"imsi": func(l string) (string, any, error) {
		id, err := modem.ParseIMSI(l)
		return string(id), id, err
	},
	"imei": func(l string) (string, any, error) {
		id, err := modem.ParseIMEI(l)
		return id, id, err
	},
}

// TestAnswersPrintBack is TestRegistrationPrintsBack for the other answers that 27.007 gives a form.
func TestAnswersPrintBack(t *testing.T) {
	tried := map[string]int{}
	for _, c := range everyCapture(t) {
		read, ok := printers[c.Reader]
		if !ok {
			continue
		}
		tried[c.Reader]++
		check := func(line string) {
			text, first, err := read(line)
			if err != nil {
				return
			}
			if _, again, err := read(text); err != nil || again != first {
				t.Errorf("%s: %q reads as %+v, printed %q, which reads as %+v (%v)", c.Where, line, first, text, again, err)
			}
		}
		check(c.Line)
		corpus.Mutate(c.Line, check)
	}
	for name := range printers {
		if tried[name] == 0 {
			t.Errorf("no answer is for %s", name)
		}
	}
}

// TestNoLinePanics gives every line of every family to every parser of every dialect: firmware answers one question with
// the answer to another. Every prefix, deletion and flipped byte of a line goes to one dialect of each make as an
// unsolicited line; corpus.Run gives them to the parser that the line is for.
func TestNoLinePanics(t *testing.T) {
	n := [modem.NumDomains]int{2, 2, 2, 2}
	for _, c := range everyCapture(t) {
		for _, d := range allDialects {
			feed(d, corpus.Lines(c.Line), n)
		}
		for _, d := range []*modem.Dialect{quectel.BG96, simcom.SIM7080, ublox.SARAR4} {
			corpus.Mutate(c.Line, func(l string) { d.Interpret(l, n) })
		}
	}
}

// TestFirmwareForms: the hard list has each of these by name.
func TestFirmwareForms(t *testing.T) {
	cases := map[string]int{}
	for _, c := range corpus.Load(t, "testdata/registration.txt") {
		name, _, _ := strings.Cut(c.Note, ":")
		cases[name]++
	}
	for _, name := range []string{"two-digit states", "leading blanks", "one quote missing", "all quotes missing",
		"a quote without its end", "area or cell zero, empty or garbage", "all that could follow the state is empty",
		"<n> in an unsolicited line", "cause 1", "cause 2", "cause 3", "cause 4", "cause 5", "cause 6", "cause 7", "cause 8",
		"a cause that is none", "quoted numbers",
	} {
		if cases[name] == 0 {
			t.Errorf("no case %q", name)
		}
	}
}

// feed gives lines to everything in a dialect that reads.
func feed(d *modem.Dialect, lines []string, n [modem.NumDomains]int) {
	for _, l := range lines {
		d.Interpret(l, n)
	}
	for _, list := range [][]modem.Query{d.Signal, d.Cell, d.Time, {d.ICCID, d.Cause}} {
		for _, q := range list {
			if q.Parse != nil {
				_, _ = q.Parse(lines)
			}
		}
	}
	for _, s := range d.Settings {
		if s.Value != nil {
			_, _ = s.Value(lines)
		}
	}
	for _, a := range activations(d) {
		_, _ = a.Parse(lines)
	}
}
