package modem_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
)

func TestParseCauseArg(t *testing.T) {
	one := func(d modem.CauseDomain, n int) []modem.Cause { return []modem.Cause{{Domain: d, Number: n}} }
	for arg, want := range map[string][]modem.Cause{
		"emm 11": one(modem.EMM, 11), "EMM #11": one(modem.EMM, 11), "emm11": one(modem.EMM, 11),
		"EMM cause 11": one(modem.EMM, 11), "esm 27": one(modem.ESM, 27), "ESM27": one(modem.ESM, 27),
		"gmm 7": one(modem.GMM, 7), "sm 33": one(modem.SM, 33), "mm 4": one(modem.MM, 4),
		"emm 77":  one(modem.EMM, 77), // asked for by name: an unknown number is an answer too
		"cme 111": one(modem.EMM, 11), "+CME ERROR: 133": one(modem.ESM, 33), "cme177": one(modem.ESM, 8),
		"11":  {{Domain: modem.EMM, Number: 11}, {Domain: modem.GMM, Number: 11}, {Domain: modem.MM, Number: 11}},
		"#27": {{Domain: modem.ESM, Number: 27}, {Domain: modem.SM, Number: 27}},
	} {
		got, err := modem.ParseCauseArg(arg)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %v (%v), want %v", arg, got, err, want)
		}
	}
	for _, arg := range []string{"", "emm", "foo 11", "199", "cme 10", "cme 148", "emm 11 12x", "99999999999999999999"} {
		if got, err := modem.ParseCauseArg(arg); !errors.Is(err, modem.ErrCauseArg) {
			t.Errorf("%q: %v, %v, want ErrCauseArg", arg, got, err)
		}
	}
}

func TestCauseOfCME(t *testing.T) {
	for code, want := range map[int]modem.Cause{
		103: {Domain: modem.EMM, Number: 3}, 107: {Domain: modem.EMM, Number: 7}, 111: {Domain: modem.EMM, Number: 11},
		122: {Domain: modem.EMM, Number: 22}, 126: {Domain: modem.ESM, Number: 26}, 127: {Domain: modem.ESM, Number: 27},
		134: {Domain: modem.ESM, Number: 34}, 149: {Domain: modem.ESM, Number: 29}, 171: {Domain: modem.ESM, Number: 49},
		192: {Domain: modem.ESM, Number: 50}, 204: {Domain: modem.EMM, Number: 42},
		10: {}, 13: {}, 30: {}, 100: {}, 101: {}, 104: {}, 148: {}, 151: {}, 200: {}, -1: {},
	} {
		if got := modem.CauseOfCME(code); got != want {
			t.Errorf("CME %d: %v, want %v", code, got, want)
		}
	}
}

// TestCauseNamesAreFound: the name of every attach and session cause finds the cause again, or one of the same words.
func TestCauseNamesAreFound(t *testing.T) {
	for _, d := range modem.CauseDomains {
		for n := range 256 {
			c := modem.Cause{Domain: d, Number: n}
			if c.Name() == "unknown cause" {
				continue
			}
			found := modem.CauseByText("last reject: " + c.Name() + ".")
			if found.Name() != c.Name() {
				t.Errorf("%v is found as %v", c, found)
			}
		}
	}
}

func TestCauseNames(t *testing.T) {
	for _, c := range []struct {
		cause  modem.Cause
		string string
	}{
		{modem.Cause{Domain: modem.EMM, Number: 11}, "EMM cause 11 (PLMN not allowed)"},
		{modem.Cause{Domain: modem.ESM, Number: 33}, "ESM cause 33 (Requested service option not subscribed)"},
		{modem.Cause{Domain: modem.EMM, Number: 250}, "EMM cause 250 (unknown cause)"},
		{modem.Cause{}, "no cause"},
	} {
		if got := c.cause.String(); got != c.string {
			t.Errorf("got %q, want %q", got, c.string)
		}
	}
}

// TestCauseOfCombinedAttach: MM defines no cause 8; in +CREG it is the EMM cause of an attach for both domains.
func TestCauseOfCombinedAttach(t *testing.T) {
	for line, want := range map[string]modem.Cause{
		`+CREG: 3,"1A2D","01C2D301",7,0,8`:  {Domain: modem.EMM, Number: 8},
		`+CREG: 3,"1A2D","01C2D301",7,0,11`: {Domain: modem.MM, Number: 11},
	} {
		obs := modem.Standard.Interpret(line, [modem.NumDomains]int{3, 3, 3, 3})
		if len(obs) != 1 || obs[0].(modem.Registration).Cause != want {
			t.Errorf("%s: %+v, want %v", line, obs, want)
		}
	}
}
