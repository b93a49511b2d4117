package modem_test

import (
	"net/netip"
	"strings"
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
)

// fuzzReader runs one parser on anything, seeded with its captures. Parsers never panic; what they accept is checked
// by check.
func fuzzReader(f *testing.F, pattern, reader string, check func(t *testing.T, line string)) {
	corpus.Seed(f, pattern, reader)
	f.Fuzz(check)
}

func FuzzCPIN(f *testing.F) {
	fuzzReader(f, "testdata/sim.txt", "cpin", func(t *testing.T, line string) {
		if s, err := modem.ParseCPIN(line); (s == modem.SIMUnknown) != (err != nil) {
			t.Errorf("%q: state %q, error %v", line, s, err)
		}
	})
}

func FuzzICCID(f *testing.F) {
	fuzzReader(f, "testdata/sim.txt", "iccid", func(t *testing.T, line string) {
		id, err := modem.ParseICCID(line)
		if err != nil {
			if len(line) >= 18 && strings.Contains(err.Error(), line) {
				t.Errorf("%q stands in the error %v", line, err)
			}
			return
		}
		if again, ok := modem.NormalICCID(string(id)); !ok || again != string(id) {
			t.Errorf("%q reads as %s, which is not in plain form", line, id)
		}
	})
}

func FuzzIMSI(f *testing.F) {
	fuzzReader(f, "testdata/sim.txt", "imsi", func(t *testing.T, line string) {
		if id, err := modem.ParseIMSI(line); err == nil && !modem.ValidIMSI(string(id)) {
			t.Errorf("%q reads as %s", line, id)
		}
	})
}

func FuzzIMEI(f *testing.F) {
	fuzzReader(f, "testdata/sim.txt", "imei", func(t *testing.T, line string) {
		if id, err := modem.ParseIMEI(line); err == nil && !modem.SameIMEI(id, id) {
			t.Errorf("%q reads as %s", line, id)
		}
	})
}

func FuzzIdentityWord(f *testing.F) {
	fuzzReader(f, "testdata/sim.txt", "word", func(t *testing.T, line string) {
		if w := modem.ParseIdentityWord(line); w != strings.TrimSpace(w) {
			t.Errorf("%q reads as %q", line, w)
		}
	})
}

func FuzzCFUN(f *testing.F) {
	fuzzReader(f, "testdata/sim.txt", "cfun", func(t *testing.T, line string) {
		if r, err := modem.ParseCFUN(line); err == nil && (r.Fun < 0 || r.Fun > 127) {
			t.Errorf("%q reads as %d", line, r.Fun)
		}
	})
}

func FuzzCRSM(f *testing.F) {
	fuzzReader(f, "testdata/sim.txt", "crsm", func(t *testing.T, line string) {
		c, err := modem.ParseCRSM(line)
		if _, errID := modem.ParseCRSMICCID(line); errID == nil && (err != nil || !c.OK()) {
			t.Errorf("%q: an ICCID from a refused read", line)
		}
	})
}

func FuzzCOPS(f *testing.F) {
	fuzzReader(f, "testdata/network.txt", "cops", func(t *testing.T, line string) {
		c, err := modem.ParseCOPS(line)
		if err == nil && c.PLMN != "" && len(c.PLMN) != 5 && len(c.PLMN) != 6 {
			t.Errorf("%q: PLMN %q", line, c.PLMN)
		}
	})
}

func FuzzRegistration(f *testing.F) {
	for _, c := range corpus.Load(f, "testdata/network.txt") {
		if c.Reader == "reg" {
			f.Add(c.Line, int8(regN(c.Arg)))
		}
	}
	f.Fuzz(func(t *testing.T, line string, n int8) {
		expected := int(n)%7 - 1 // -1..5, and some that are never set
		checkPrintsBack(t, line, expected)
		r, err := modem.ParseRegistration(line, expected)
		if err == nil && (r.Stat < 0 || r.Stat > modem.RegRLOS) {
			t.Errorf("%q: state %d", line, r.Stat)
		}
	})
}

func FuzzCGATT(f *testing.F) {
	fuzzReader(f, "testdata/network.txt", "cgatt", func(t *testing.T, line string) {
		if on, err := modem.ParseCGATT(line); err != nil && on {
			t.Errorf("%q: attached, and %v", line, err)
		}
	})
}

func FuzzCGDCONT(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "cgdcont", func(t *testing.T, line string) {
		if c, err := modem.ParseCGDCONT(line); err == nil && c.APN != modem.NormalAPN(c.APN) {
			t.Errorf("%q: APN %q is not in plain form", line, c.APN)
		}
	})
}

func FuzzCGACT(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "cgact", func(t *testing.T, line string) {
		if cid, on, err := modem.ParseCGACT(line); err != nil && (on || cid != 0) {
			t.Errorf("%q: cid %d active %t, and %v", line, cid, on, err)
		}
	})
}

func FuzzCGPADDR(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "cgpaddr", func(t *testing.T, line string) {
		a, err := modem.ParseCGPADDR(line)
		if err != nil || a.IP == "" {
			return
		}
		if ip, err := netip.ParseAddr(a.IP); err != nil || ip.IsUnspecified() {
			t.Errorf("%q: address %q", line, a.IP)
		}
	})
}

func FuzzCGCONTRDP(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "cgcontrdp", func(t *testing.T, line string) {
		if d, err := modem.ParseCGCONTRDP(line); err == nil && len(d.DNS) > 2 {
			t.Errorf("%q: %d name servers", line, len(d.DNS))
		}
	})
}

func FuzzCGEV(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "cgev", func(t *testing.T, line string) {
		e, err := modem.ParseCGEV(line)
		if err != nil && e.Observations() != nil {
			t.Errorf("%q: observations beside %v", line, err)
		}
	})
}

func FuzzCSQ(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "csq", func(t *testing.T, line string) {
		corpus.SaneSignal(t, line, modem.ParseCSQ)
	})
}

func FuzzCESQ(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "cesq", func(t *testing.T, line string) {
		corpus.SaneSignal(t, line, modem.ParseCESQ)
	})
}

func FuzzCEER(f *testing.F) {
	fuzzReader(f, "testdata/data.txt", "ceer", func(t *testing.T, line string) {
		c, err := modem.ParseCEER(line)
		if c.Cause != (modem.Cause{}) && (err != nil || c.Cause.Name() == "") {
			t.Errorf("%q: %v, %v", line, c.Cause, err)
		}
	})
}

func FuzzCauseArg(f *testing.F) {
	for _, s := range []string{"emm 11", "EMM #11", "esm27", "11", "cme 111", "+CME ERROR: 133", "", "x 4", "emm"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		if c, err := modem.ParseCauseArg(arg); (len(c) == 0) != (err != nil) {
			t.Errorf("%q: %v, %v", arg, c, err)
		}
	})
}
