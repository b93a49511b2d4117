package ublox_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
	"supersim-agent/modem/ublox"
)

var anyN = [modem.NumDomains]int{modem.AnyN, modem.AnyN, modem.AnyN, modem.AnyN}

// family finds a row by the end of its name: "sara-r5".
func family(name string) *modem.Dialect {
	for _, d := range ublox.Dialects {
		if d.Name == "ublox-"+name {
			return d
		}
	}
	return modem.Standard
}

// readers print what each family makes of an answer; the argument is the family, and for registrations <n> behind it.
var readers = map[string]corpus.Reader{
	"model": func(l, _ string) (string, error) {
		return modem.Choose(ublox.Dialects, modem.ParseIdentityWord(l)).Name, nil
	},
	"firmware":  func(l, _ string) (string, error) { return modem.ParseIdentityWord(l), nil },
	"cpin":      func(l, _ string) (string, error) { return show(modem.ParseCPIN(l)) },
	"cfun":      func(l, _ string) (string, error) { r, err := modem.ParseCFUN(l); return strconv.Itoa(r.Fun), err },
	"iccid":     func(l, arg string) (string, error) { return show(family(arg).ICCID.Parse([]string{l})) },
	"cops":      readOperator,
	"reg":       readRegistration,
	"cgatt":     func(l, _ string) (string, error) { return word(modem.ParseCGATT(l))("attached", "detached") },
	"cgdcont":   readContext,
	"cgact":     readActive,
	"cgcontrdp": readDynamic,
	"csq":       func(l, _ string) (string, error) { return corpus.Signal(modem.ParseCSQ(l)) },
	"rsrp":      func(l, _ string) (string, error) { return corpus.Cells(ublox.ParseRSRP(corpus.Lines(l))) },
	"cell":      readCell,
	"ceer":      readCause,
	"active":    readProfiles,
	"address":   readAddress,
	"time":      func(l, _ string) (string, error) { return corpus.Time(modem.ParseCCLK(l)) },
	"set":       corpus.Setting(ublox.Dialects),
	"urc":       readURC,
}

func show[T any](v T, err error) (string, error) { return fmt.Sprint(v), err }

func word(yes bool, err error) func(is, isNot string) (string, error) {
	return func(is, isNot string) (string, error) {
		if yes {
			return is, err
		}
		return isNot, err
	}
}

func readOperator(l, arg string) (string, error) {
	c, err := modem.ParseCOPS(l)
	out := append([]string{"mode=" + strconv.Itoa(c.Mode), c.PLMN + c.Name}, technology(family(arg), c.AcT)...)
	return strings.TrimSpace(strings.Join(out, " ")), err
}

func technology(d *modem.Dialect, act int) []string {
	if v, ok := d.AcT[act]; ok {
		act = v
	}
	if act == modem.Unknown {
		return nil
	}
	return []string{"act=" + strconv.Itoa(act)}
}

func readRegistration(l, arg string) (string, error) {
	name, n, _ := strings.Cut(arg, " ")
	set, _ := strconv.Atoi(n)
	r, err := modem.ParseRegistration(l, set)
	out := []string{r.Domain.String(), r.Stat.String()}
	if r.Area != "" || r.CellID != "" {
		out = append(out, "area="+r.Area, "cell="+r.CellID)
	}
	out = append(out, technology(family(name), r.AcT)...)
	if r.Cause != (modem.Cause{}) {
		out = append(out, string(r.Cause.Domain), strconv.Itoa(r.Cause.Number))
	}
	return strings.Join(out, " "), err
}

func readContext(l, _ string) (string, error) {
	c, err := modem.ParseCGDCONT(l)
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", c.CID, c.Type, c.APN)), err
}

func readActive(l, _ string) (string, error) {
	cid, on, err := modem.ParseCGACT(l)
	state, _ := word(on, nil)("active", "not active")
	return fmt.Sprintf("%d %s", cid, state), err
}

func readDynamic(l, _ string) (string, error) {
	c, err := modem.ParseCGCONTRDP(l)
	return fmt.Sprintf("%d %s %s", c.CID, c.APN, c.IP), err
}

func readCell(l, arg string) (string, error) {
	o, err := family(arg).Cell[0].Parse(corpus.Lines(l))
	cells, _ := o.(modem.Cells)
	return corpus.Cells(cells, err)
}

func readCause(l, arg string) (string, error) {
	o, err := family(arg).Cause.Parse(corpus.Lines(l))
	if c, ok := o.(modem.LastCause); ok && c.Cause != (modem.Cause{}) {
		return fmt.Sprintf("%s %d", c.Cause.Domain, c.Cause.Number), err
	}
	return "none", err
}

// stack is what a row has for the module's own IP stack.
func stack(d *modem.Dialect) *modem.Activation {
	if d.Activate != nil {
		return d.Activate
	}
	return d.Stack
}

func readProfiles(l, arg string) (string, error) {
	return corpus.Addresses(stack(family(arg)).Parse(corpus.Lines(l)))
}

func readAddress(l, arg string) (string, error) {
	o, err := stack(family(arg)).Address(1).Parse([]string{l})
	a, _ := o.(modem.Address)
	return corpus.Addresses([]modem.Address{a}, err)
}

func readURC(l, arg string) (string, error) {
	list := family(arg).Interpret(l, anyN)
	if len(list) == 1 {
		if a, ok := list[0].(modem.Address); ok {
			return fmt.Sprintf("address %d %s", a.CID, a.IP), nil
		}
	}
	return corpus.Observations(list), nil
}

func TestCaptures(t *testing.T) {
	captures := corpus.Load(t, "testdata/*.txt")
	corpus.Run(t, captures, readers)
	if len(captures) < 80 {
		t.Errorf("%d captured answers", len(captures))
	}
}

func TestBandOfEARFCN(t *testing.T) {
	for channel, want := range map[int]string{
		0: "B1", 599: "B1", 600: "B2", 2000: "B4", 5179: "B12", 5180: "B13", 6200: "B20", 9360: "B28", 66786: "B66",
		68600: "B71", 5000: "", 65535: "", modem.Unknown: "",
	} {
		if got := ublox.BandOfEARFCN(channel); got != want {
			t.Errorf("channel %d: %q, want %q", channel, got, want)
		}
	}
}

func FuzzUCGED(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "cell")
	f.Fuzz(func(t *testing.T, line string) {
		for _, form := range []ublox.Report{ublox.Indexed, ublox.Decibels} {
			corpus.SaneSignal(t, line, first(func(l []string) (modem.Cells, error) { return ublox.ParseUCGED(l, form) }))
		}
	})
}

func FuzzRSRP(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "rsrp")
	f.Fuzz(func(t *testing.T, line string) { corpus.SaneSignal(t, line, first(ublox.ParseRSRP)) })
}

// first gives the anchor cell's signal.
func first(parse func([]string) (modem.Cells, error)) func(string) (modem.Signal, error) {
	return func(line string) (modem.Signal, error) {
		cells, err := parse(corpus.Lines(line))
		if len(cells.List) == 0 {
			return modem.NoSignal, err
		}
		return cells.List[0].Signal, err
	}
}

func FuzzInterpret(f *testing.F) {
	corpus.Seed(f, "testdata/*.txt", "urc")
	f.Fuzz(func(_ *testing.T, line string) {
		for _, d := range ublox.Dialects {
			d.Interpret(line, anyN)
		}
	})
}
