package modem_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
)

// readers prints what each exported parser makes of a line.
var readers = map[string]corpus.Reader{
	"cpin":  func(l, _ string) (string, error) { return show(modem.ParseCPIN(l)) },
	"iccid": func(l, _ string) (string, error) { return show(modem.ParseICCID(l)) },
	"imsi":  func(l, _ string) (string, error) { return show(modem.ParseIMSI(l)) },
	"imei":  func(l, _ string) (string, error) { return show(modem.ParseIMEI(l)) },
	"word":  func(l, _ string) (string, error) { return modem.ParseIdentityWord(l), nil },
	"cfun": func(l, _ string) (string, error) {
		r, err := modem.ParseCFUN(l)
		return strconv.Itoa(r.Fun), err
	},
	"crsm":       readCRSM,
	"crsm-iccid": func(l, _ string) (string, error) { return show(modem.ParseCRSMICCID(l)) },
	"cops":       readCOPS,
	"reg":        readReg,
	"cgatt":      func(l, _ string) (string, error) { return show(modem.ParseCGATT(l)) },
	"cgdcont": func(l, _ string) (string, error) {
		c, err := modem.ParseCGDCONT(l)
		return fmt.Sprintf("cid=%d %s %q", c.CID, c.Type, c.APN), err
	},
	"cgact": func(l, _ string) (string, error) {
		cid, on, err := modem.ParseCGACT(l)
		return fmt.Sprintf("cid=%d %t", cid, on), err
	},
	"cgpaddr": func(l, _ string) (string, error) {
		a, err := modem.ParseCGPADDR(l)
		if a.IP == "" {
			a.IP = "none"
		}
		return fmt.Sprintf("cid=%d %s", a.CID, a.IP), err
	},
	"cgcontrdp": readDynamic,
	"cgev": func(l, _ string) (string, error) {
		e, err := modem.ParseCGEV(l)
		kind := [...]string{"other", "activated", "ended", "detached", "bearer-done"}[e.Kind]
		return fmt.Sprintf("%s cid=%d by=%s", kind, e.CID, e.By), err
	},
	"cclk": func(l, _ string) (string, error) { return corpus.Time(modem.ParseCCLK(l)) },
	"ctze": func(l, _ string) (string, error) { return corpus.Time(modem.ParseCTZE(l)) },
	"csq":  func(l, _ string) (string, error) { return corpus.Signal(modem.ParseCSQ(l)) },
	"cesq": func(l, _ string) (string, error) { return corpus.Signal(modem.ParseCESQ(l)) },
	"ceer": func(l, _ string) (string, error) {
		c, err := modem.ParseCEER(l)
		return short(c.Cause) + " | " + c.Text, err
	},
}

func show[T any](v T, err error) (string, error) { return fmt.Sprint(v), err }

func short(c modem.Cause) string {
	if c == (modem.Cause{}) {
		return "none"
	}
	return fmt.Sprintf("%s %d", c.Domain, c.Number)
}

func readCRSM(l, _ string) (string, error) {
	c, err := modem.ParseCRSM(l)
	if c.OK() {
		return fmt.Sprintf("ok %d bytes", len(c.Data)), err
	}
	return fmt.Sprintf("refused %d,%d", c.SW1, c.SW2), err
}

func readCOPS(l, _ string) (string, error) {
	c, err := modem.ParseCOPS(l)
	out := fmt.Sprintf("mode=%d", c.Mode)
	if c.PLMN != "" {
		out += " plmn=" + c.PLMN
	}
	if c.Name != "" {
		out += " name=" + c.Name
	}
	if c.AcT != modem.Unknown {
		out += fmt.Sprintf(" act=%d", c.AcT)
	}
	return out, err
}

func regN(arg string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(arg, "n="))
	if err != nil {
		return modem.AnyN
	}
	return n
}

func readReg(l, arg string) (string, error) {
	r, err := modem.ParseRegistration(l, regN(arg))
	out := r.Domain.String() + " urc "
	if r.N != modem.Unknown {
		out = fmt.Sprintf("%s n=%d ", r.Domain, r.N)
	}
	out += r.Stat.String()
	if r.Area != "" {
		out += " area=" + r.Area
	}
	if r.CellID != "" {
		out += " cell=" + r.CellID
	}
	if r.AcT != modem.Unknown {
		out += fmt.Sprintf(" act=%d", r.AcT)
	}
	switch r.CauseType {
	case 0:
		out += " cause=" + short(r.Cause)
	case 1:
		out += fmt.Sprintf(" vendor-cause=%d", r.Reject)
	}
	return out, err
}

func readDynamic(l, _ string) (string, error) {
	d, err := modem.ParseCGCONTRDP(l)
	out := fmt.Sprintf("cid=%d apn=%s", d.CID, d.APN)
	if d.IP != "" {
		out += " ip=" + d.IP
	}
	if d.Gateway != "" {
		out += " gw=" + d.Gateway
	}
	if d.DNS != nil {
		out += fmt.Sprintf(" dns=%v", d.DNS)
	}
	return out, err
}

func TestCaptures(t *testing.T) {
	corpus.Run(t, corpus.Load(t, "testdata/*.txt"), readers)
}

// TestIsReadAnswer has the ambiguous pairs: the same line may be an answer or not, by the <n> that was set.
func TestIsReadAnswer(t *testing.T) {
	for _, c := range []struct {
		line string
		n    int
		want bool
	}{
		{"+CEREG: 5", 2, false},
		{"+CEREG: 2", 2, false},                                // searching
		{"+CEREG: 2,5", 2, true},                               //
		{"+CEREG: 0,5", 2, true},                               // the module forgot its <n>
		{"+CREG: 1,1", 1, true},                                // rule 4 of the reference: taken for an answer
		{`+CEREG: 2,"B4DC","000AE520",9`, 2, false},            // nRF91
		{"+CEREG: 2, 0001, 00000100, 7", 2, false},             // Altair
		{`+CREG: 2,5,"0502","0404736D"`, 2, true},              // MD400
		{`+CREG: 2,5,"0502","0404736D"`, modem.AnyN, true},     //
		{`+CEREG: 5,"1A2B","01C2D3E4",7`, 5, false},            // roaming, n=5
		{`+CEREG: 5,5,"1A2B","01C2D3E4",7,,,"0","0"`, 5, true}, //
		{"+CEREG: 3,,,,0,15", 3, false},                        // denied, no place
		{"+CEREG: 3,3,,,,0,15", 3, true},                       //
		{"+CREG: 2,,", 2, true},                                // an answer without a state (MM)
		{"+CGREG: 3,2,5", 2, false},                            // bare area 2, bare cell 5
		{"", 2, false}, {"+CREG:", 2, false}, {"+CREG: x,1", 2, false},
	} {
		if got := modem.IsReadAnswer(c.line, c.n); got != c.want {
			t.Errorf("IsReadAnswer(%q, %d) = %t", c.line, c.n, got)
		}
	}
}
