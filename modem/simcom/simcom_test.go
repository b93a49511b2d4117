package simcom_test

import (
	"fmt"
	"strconv"
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
	"supersim-agent/modem/simcom"
)

var anyN = [modem.NumDomains]int{modem.AnyN, modem.AnyN, modem.AnyN, modem.AnyN}

// family finds a row by the end of its name: "sim7600".
func family(name string) *modem.Dialect {
	for _, d := range simcom.Dialects {
		if d.Name == "simcom-"+name {
			return d
		}
	}
	return modem.Standard
}

// readers print what each family makes of an answer; the argument is the family.
var readers = map[string]corpus.Reader{
	"model": func(l, _ string) (string, error) {
		return modem.Choose(simcom.Dialects, modem.ParseIdentityWord(l)).Name, nil
	},
	"firmware": func(l, _ string) (string, error) { return modem.ParseIdentityWord(l), nil },
	"cpin":     func(l, _ string) (string, error) { return show(modem.ParseCPIN(l)) },
	"cfun": func(l, _ string) (string, error) {
		r, err := modem.ParseCFUN(l)
		return strconv.Itoa(r.Fun), err
	},
	"cgdcont": func(l, _ string) (string, error) {
		c, err := modem.ParseCGDCONT(l)
		return fmt.Sprintf("cid=%d %s %q", c.CID, c.Type, c.APN), err
	},
	"cgpaddr": func(l, _ string) (string, error) {
		a, err := modem.ParseCGPADDR(l)
		return fmt.Sprintf("cid=%d %s", a.CID, a.IP), err
	},
	"csq":    func(l, _ string) (string, error) { return corpus.Signal(modem.ParseCSQ(l)) },
	"cesq":   func(l, _ string) (string, error) { return corpus.Signal(modem.ParseCESQ(l)) },
	"iccid":  func(l, arg string) (string, error) { return show(family(arg).ICCID.Parse(corpus.Lines(l))) },
	"cops":   readOperator,
	"reg":    readRegistration,
	"ceer":   readCause,
	"cell":   func(l, arg string) (string, error) { return readCells(family(arg).Cell, 0, l) },
	"cnsmod": func(l, arg string) (string, error) { return readCells(family(arg).Cell, 1, l) },
	"active": func(l, arg string) (string, error) { return readActive(family(arg).Activate, l) },
	"stack":  func(l, arg string) (string, error) { return readActive(family(arg).Stack, l) },
	"set":    corpus.Setting(simcom.Dialects),
	"time":   func(l, _ string) (string, error) { return corpus.Time(simcom.ParsePSUTTZ(l)) },
	"urc":    func(l, arg string) (string, error) { return corpus.Observations(family(arg).Interpret(l, anyN)), nil },
}

func show[T any](v T, err error) (string, error) { return fmt.Sprint(v), err }

func readOperator(l, arg string) (string, error) {
	c, err := modem.ParseCOPS(l)
	if act, ok := family(arg).AcT[c.AcT]; ok {
		c.AcT = act
	}
	return fmt.Sprintf("mode=%d %s%s %s", c.Mode, c.PLMN, c.Name, technology(c.AcT)), err
}

// readRegistration reads an answer; n is 2 on all families.
func readRegistration(l, _ string) (string, error) {
	r, err := modem.ParseRegistration(l, 2)
	out := r.Domain.String() + " " + r.Stat.String()
	if r.Area != "" || r.CellID != "" {
		out += " area=" + r.Area + " cell=" + r.CellID
	}
	if r.AcT != modem.Unknown {
		out += " " + modem.RAT(r.AcT)
	}
	return out, err
}

func readCause(l, arg string) (string, error) {
	o, err := family(arg).Cause.Parse(corpus.Lines(l))
	c, _ := o.(modem.LastCause)
	if c.Cause == (modem.Cause{}) {
		return "none | " + c.Text, err
	}
	return fmt.Sprintf("%s %d | %s", c.Cause.Domain, c.Cause.Number, c.Text), err
}

func readCells(queries []modem.Query, i int, l string) (string, error) {
	o, err := queries[i].Parse(corpus.Lines(l))
	cells, _ := o.(modem.Cells)
	return corpus.Cells(cells, err)
}

func technology(act int) string {
	if rat := modem.RAT(act); rat != "" {
		return rat
	}
	return "?"
}

func readActive(a *modem.Activation, l string) (string, error) {
	return corpus.Addresses(a.Parse(corpus.Lines(l)))
}

func TestCaptures(t *testing.T) {
	captures := corpus.Load(t, "testdata/*.txt")
	corpus.Run(t, captures, readers)
	if len(captures) < 90 {
		t.Errorf("%d captured answers", len(captures))
	}
}

func FuzzCPSI(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "cell")
	f.Fuzz(func(t *testing.T, line string) {
		for _, snr := range []simcom.SNR{simcom.SNRdB, simcom.SNRHalf} {
			corpus.SaneSignal(t, line, func(l string) (modem.Signal, error) {
				cells, err := simcom.ParseCPSI([]string{l}, snr)
				if len(cells.List) == 0 {
					return modem.NoSignal, err
				}
				return cells.List[0].Signal, err
			})
		}
	})
}

func FuzzInterpret(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "urc")
	f.Fuzz(func(_ *testing.T, line string) {
		for _, d := range simcom.Dialects {
			d.Interpret(line, anyN)
		}
	})
}
