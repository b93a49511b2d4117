package modem_test

import (
	"testing"

	"pgregory.net/rapid"

	"supersim-agent/modem"
)

func TestSuperSIM(t *testing.T) {
	for iccid, want := range map[string]bool{
		"89883070000000000012": true, "8988323000000000001": true, "89103920000000000012": true,
		"8910391000000000001": false, // KORE's other cards share six digits
		"8901390000000000001": false, "8988306000000000001": false, "898830": false, "": false,
	} {
		if got := modem.SuperSIM(iccid); got != want {
			t.Errorf("SuperSIM(%q) = %t", iccid, got)
		}
	}
}

func TestSameICCID(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"89883070000000000012", "89883070000000000012", true},
		{"89883070000000000012", "8988307000000000001", true}, // without the check digit
		{"8988307000000000001", "8988307000000000001F", true}, // padded
		{"898830700000000000", "89883070000000000012", true},  // 18 digits
		{"98887003000000000010", "89883007000000000001", false},
		{"984402003576012594F9", "8944200053671052499", true}, // swapped
		{"89883070000000000012", "89883070000000000022", false},
		{"", "", false},
		{"8988307", "8988307", false},
	} {
		if got := modem.SameICCID(c.a, c.b); got != c.want {
			t.Errorf("SameICCID(%q, %q) = %t", c.a, c.b, got)
		}
	}
}

func TestSameIMEI(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"867962040000002", "867962040000000", true},  // check digit given as 0
		{"867962040000002", "8679620400000017", true}, // IMEISV
		{"867962040000002", "867962040000010", false},
		{"86796204000000", "867962040000002", true},
		{"8679620400000", "8679620400000", false},
		{"", "", false},
	} {
		if got := modem.SameIMEI(c.a, c.b); got != c.want {
			t.Errorf("SameIMEI(%q, %q) = %t", c.a, c.b, got)
		}
	}
}

func TestLuhn(t *testing.T) {
	for s, want := range map[string]bool{
		"490154203237518": true, "490154203237517": false, // the IMEI of 23.003's examples
		"79927398713": true, "79927398710": false,
		"": false, "49015420323751x": false,
	} {
		if got := modem.Luhn(s); got != want {
			t.Errorf("Luhn(%q) = %t", s, got)
		}
	}
}

func TestMasks(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{modem.MaskICCID("89883070000000004321"), "8988307…4321"},
		{modem.MaskIMSI("310410123454321"), "310410…4321"},
		{modem.MaskIMEI("867962040000002"), "867962…0002"},
		{modem.MaskICCID(""), ""},
		{modem.MaskICCID("8988307"), "…"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestICCIDForms: whatever way a module writes a card number, the same number comes out.
func TestICCIDForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := "89" + rapid.StringMatching(`[0-9]{17}`).Draw(t, "digits")
		padded := plain + "F"
		swapped := []byte(padded)
		for i := 0; i < len(swapped); i += 2 {
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		}
		for _, line := range []string{
			plain, padded, string(swapped), "+QCCID: " + padded, `+CCID: "` + plain + `"`, "+ICCID:" + plain,
		} {
			if got, err := modem.ParseICCID(line); err != nil || string(got) != plain {
				t.Fatalf("%q reads as %s (%v), want %s", line, got, err, plain)
			}
		}
		if got, err := modem.ParseCRSMICCID(`+CRSM: 144,0,"` + string(swapped) + `"`); err != nil || string(got) != plain {
			t.Fatalf("EF_ICCID %s reads as %s (%v), want %s", swapped, got, err, plain)
		}
	})
}

func TestRAT(t *testing.T) {
	for act, want := range map[int]string{
		0: "2G", 3: "2G", 2: "3G", 6: "3G", 7: "4G LTE", 9: "4G LTE", 13: "4G LTE", 11: "5G",
		14: "", 100: "", -1: "", modem.Unknown: "",
	} {
		if got := modem.RAT(act); got != want {
			t.Errorf("RAT(%d) = %q, want %q", act, got, want)
		}
	}
}
