package modem_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
)

// bg has no command of its own for forbidden networks: the card's file is read and written.
var (
	twelveF = strings.Repeat("F", 24)
	// Four networks and three more: 310410, 26201, empty, empty; empty, 23415, empty.
	longFile = "130014" + "62F210" + "FFFFFF" + "FFFFFF" + "FFFFFF" + "32F451" + "FFFFFF"
)

func TestForbiddenPLMNs(t *testing.T) {
	list := func(ctx context.Context, d *modem.Driver) ([]string, error) {
		obs, err := d.Look(ctx, modem.LookForbidden, 1)
		if err != nil {
			return nil, err
		}
		return obs[0].(modem.ForbiddenPLMNs).List, nil
	}
	clearAll := func(ctx context.Context, d *modem.Driver) ([]string, error) { return nil, d.ClearForbiddenPLMNs(ctx) }
	radio := map[string]string{"AT+CFUN?": "+CFUN: 1", "AT+CFUN=4": "", "AT+CFUN=1": ""}
	for name, c := range map[string]struct {
		family  map[string]string
		answers map[string]string
		do      func(context.Context, *modem.Driver) ([]string, error)
		want    []string
		sent    []string
		fails   error
	}{
		"read, the card does not tell its length": {
			bg96, map[string]string{"AT+CRSM=176,28539,0,0,12": `+CRSM: 144,0,"130014FFFFFFFFFFFFFFFFFF"`}, list,
			[]string{"310410"}, []string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,12"}, nil,
		},
		"read, SIM header": { // 51.011: length in bytes 3 and 4, here 21
			bg96, map[string]string{"AT+CRSM=192,28539,0,0,15": `+CRSM: 144,0,"000000156F7B04001100BB01020000"`,
				"AT+CRSM=176,28539,0,0,21": `+CRSM: 144,0,"` + longFile + `"`}, list,
			[]string{"310410", "26201", "23415"}, []string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,21"}, nil,
		},
		"read, USIM parameters cut and asked for again": { // the form of library file 60919073772
			bg96, map[string]string{"AT+CRSM=192,28539,0,0,15": `+CRSM: 144,0,"62168202412183026F7BA503C00100"`,
				"AT+CRSM=192,28539,0,0,24": `+CRSM: 144,0,"62168202412183026F7BA503C001008A0105800200158800"`,
				"AT+CRSM=176,28539,0,0,21": `+CRSM: 144,0,"` + longFile + `"`}, list,
			[]string{"310410", "26201", "23415"},
			[]string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=192,28539,0,0,24", "AT+CRSM=176,28539,0,0,21"}, nil,
		},
		"read, the card names the length (6C)": {
			bg96, map[string]string{"AT+CRSM=176,28539,0,0,12": "+CRSM: 108,6", "AT+CRSM=176,28539,0,0,6": `+CRSM: 144,0,"130014FFFFFF"`},
			list, []string{"310410"},
			[]string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,12", "AT+CRSM=176,28539,0,0,6"}, nil,
		},
		"read, no such file": {
			bg96, map[string]string{"AT+CRSM=176,28539,0,0,12": "+CRSM: 106,130"}, list, nil,
			[]string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,12"}, modem.ErrNotSupported,
		},
		"nothing to clear": {
			bg96, map[string]string{"AT+CRSM=176,28539,0,0,12": `+CRSM: 144,0,"` + twelveF + `"`}, clearAll, nil,
			[]string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,12"}, nil,
		},
		"clear all of a long file, radio off": {
			bg96, merge(radio, map[string]string{"AT+CRSM=192,28539,0,0,15": `+CRSM: 144,0,"000000156F7B04001100BB01020000"`,
				"AT+CRSM=176,28539,0,0,21":                                   `+CRSM: 144,0,"` + longFile + `"`,
				`AT+CRSM=214,28539,0,0,21,"` + strings.Repeat("F", 42) + `"`: `+CRSM: 144,0,""`}), clearAll, nil,
			[]string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,21", "AT+CFUN?", "AT+CFUN=4",
				`AT+CRSM=214,28539,0,0,21,"` + strings.Repeat("F", 42) + `"`, "AT+CFUN=1"}, nil,
		},
		"cleared before the radio is off, where that takes the card's power": {
			map[string]string{"AT+CGMM": "SARA-U201", "AT+CREG=1": "", "AT+CGREG=1": ""},
			merge(radio, map[string]string{"AT+CFUN=0": "", "AT+CRSM=176,28539,0,0,12": `+CRSM: 144,0,"130014FFFFFFFFFFFFFFFFFF"`,
				`AT+CRSM=214,28539,0,0,12,"` + twelveF + `"`: "+CRSM: 144,0"}), clearAll, nil,
			[]string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,12",
				`AT+CRSM=214,28539,0,0,12,"` + twelveF + `"`, "AT+CFUN?", "AT+CFUN=0", "AT+CFUN=1"}, nil,
		},
		"the card refuses, the module says OK": {
			bg96, merge(radio, map[string]string{"AT+CRSM=176,28539,0,0,12": `+CRSM: 144,0,"130014FFFFFFFFFFFFFFFFFF"`,
				`AT+CRSM=214,28539,0,0,12,"` + twelveF + `"`: "+CRSM: 105,130"}), clearAll, nil,
			[]string{"AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,12", "AT+CFUN?", "AT+CFUN=4",
				`AT+CRSM=214,28539,0,0,12,"` + twelveF + `"`, "AT+CFUN=1"}, modem.ErrPINRequired,
		},
		"the vendor's list": {
			ec25, merge(radio, map[string]string{`AT+QFPLMNCFG="List"`: `+QFPLMNCFG: "List",1,"310410"`,
				`AT+QFPLMNCFG="Delete","all"`: ""}), clearAll, nil,
			[]string{`AT+QFPLMNCFG="List"`, "AT+CFUN?", "AT+CFUN=4", `AT+QFPLMNCFG="Delete","all"`, "AT+CFUN=1"}, nil,
		},
		"the vendor's list is unknown to the firmware": {
			ec25, map[string]string{"AT+CRSM=176,28539,0,0,12": `+CRSM: 144,0,"62F210FFFFFFFFFFFFFFFFFF"`}, list,
			[]string{"26201"}, []string{`AT+QFPLMNCFG="List"`, "AT+CRSM=192,28539,0,0,15", "AT+CRSM=176,28539,0,0,12"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			attached(t, c.family, c.answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				got, err := c.do(t.Context(), d)
				if !errors.Is(err, c.fails) {
					t.Errorf("got %v, want %v", err, c.fails)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("networks:\n%s", diff)
				}
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

// TestPreferredPLMNs: 31.102 §4.2.5, a file of ten bytes.
func TestPreferredPLMNs(t *testing.T) {
	header := map[string]string{"AT+CRSM=192,28512,0,0,15": `+CRSM: 144,0,"0000000A6F6004001100BB01020000"`}
	read := "AT+CRSM=176,28512,0,0,10"
	write := `AT+CRSM=214,28512,0,0,10,"1300144080FFFFFF0000"`
	att := modem.PreferredPLMN{PLMN: "310410", AcT: modem.AcTEUTRAN | modem.AcTGSM}
	for name, c := range map[string]struct {
		have           string
		want           []modem.PreferredPLMN
		sent           []string
		fails, changes bool
	}{
		"as wanted": {"1300144080FFFFFF0000", []modem.PreferredPLMN{att}, []string{"AT+CRSM=192,28512,0,0,15", read}, false, false},
		"another":   {"62F2104000FFFFFF0000", []modem.PreferredPLMN{att}, []string{"AT+CRSM=192,28512,0,0,15", read, write}, false, true},
		"too many": {"62F2104000FFFFFF0000", []modem.PreferredPLMN{att, att, att}, []string{"AT+CRSM=192,28512,0,0,15", read},
			true, false},
		"no PLMN": {"62F2104000FFFFFF0000", []modem.PreferredPLMN{{PLMN: "31041x"}}, []string{"AT+CRSM=192,28512,0,0,15", read},
			true, false},
	} {
		t.Run(name, func(t *testing.T) {
			answers := merge(header, map[string]string{read: `+CRSM: 144,0,"` + c.have + `"`, write: "+CRSM: 144,0"})
			attached(t, bg96, answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				d.Wanted = modem.Wanted{UPLMN: c.want}
				if got, err := d.Configure(t.Context()); (err != nil) != c.fails || got.Restart != c.changes {
					t.Errorf("got %+v %v", got, err)
				}
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

func TestPLMNBytes(t *testing.T) {
	for plmn, want := range map[string]string{"310410": "130014", "26201": "62F210", "001001": "001100", "23415": "32F451"} {
		b, ok := modem.EncodePLMN(plmn)
		if !ok || fmt.Sprintf("%X", b) != want || modem.DecodePLMN(b) != plmn {
			t.Errorf("%s: %X %t, back %s", plmn, b, ok, modem.DecodePLMN(b))
		}
	}
	for _, bad := range []string{"", "3104", "3104100", "31041x"} {
		if _, ok := modem.EncodePLMN(bad); ok {
			t.Errorf("%q was encoded", bad)
		}
	}
	for _, bad := range [][]byte{nil, {1, 2}, {0xFF, 0xFF, 0xFF}, {0x1A, 0, 0x14}} {
		if p := modem.DecodePLMN(bad); p != "" {
			t.Errorf("%X reads as %s", bad, p)
		}
	}
}
