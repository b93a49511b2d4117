package atcmd

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestQuote(t *testing.T) {
	if got, err := Quote("super"); got != `"super"` || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{`a"b`, "a\rb", "a\nb", "a\x1ab", "a\x1bb", "\x00", "\x7f", "\u00e9"} {
		got, err := Quote("secret" + bad)
		if got != "" || !errors.Is(err, ErrBadCommand) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

func TestCodes(t *testing.T) {
	tests := []struct {
		line string
		code int // -1: none
		text string
	}{
		{"+CME ERROR: 10", 10, "SIM not inserted"},
		{"+CME ERROR:10", 10, "SIM not inserted"},
		{"+CME ERROR: SIM not inserted", 10, ""},
		{"+CME ERROR: SIMNOTINSERTED", 10, ""},
		{"+CME ERROR: Operation not  allowed", 3, ""},
		{"+CME ERROR: Incorrect parameters", 50, ""},
		{"+CME ERROR: 107", 107, "GPRS services not allowed"},
		{"+CME ERROR: 148", 148, "unspecified GPRS error"},
		{"+CME ERROR: 171", 171, "last PDN disconnection not allowed"},
		{"+CME ERROR: 208", 208, "message type not compatible with the protocol state"},
		{"+CME ERROR: 901", 901, ""},
		{"+CME ERROR:", -1, ""},
		{"+CME ERROR: something else", -1, ""},
		{"+CME ERROR: -5", -1, ""},
		{"+CMS ERROR: 331", 331, "no network service"},
		{"+CMS ERROR: SIM busy", 314, ""},
	}
	for _, tt := range tests {
		f, ok := findFinal([]byte(tt.line))
		if !ok {
			t.Fatalf("%q is no final", tt.line)
		}
		e := refusal(f, tt.line)
		if e.Code != tt.code || e.Text != tt.text {
			t.Errorf("%q: %d %q, want %d %q", tt.line, e.Code, e.Text, tt.code, tt.text)
		}
		if code, ok := CME(e); ok != (f.kind == KindCME && tt.code >= 0) || ok && code != tt.code {
			t.Errorf("%q: CME gives %d, %t", tt.line, code, ok)
		}
	}
	if code, ok := CME(errors.New("x")); ok {
		t.Errorf("CME of another error gives %d", code)
	}
}

// Every text of a table leads back to its number, or to a lower one with the same text.
func TestTextsAreFoundAgain(t *testing.T) {
	for _, table := range []map[int]string{cmeTexts, cmsTexts} {
		for code, text := range table {
			found := codeOf(strings.ToUpper(text), table)
			if found > code || foldText(table[found]) != foldText(text) {
				t.Errorf("%d %q is found as %d %q", code, text, found, table[found])
			}
		}
	}
	if CMEText(11) != "SIM PIN required" || CMSText(500) != "unknown error" || CMEText(9999) != "" {
		t.Error("CMEText or CMSText")
	}
}

func TestFinals(t *testing.T) {
	for line, want := range map[string]ErrorKind{
		"ERROR": KindError, "NO CARRIER": KindNoCarrier, "BUSY": KindBusy, "NO ANSWER": KindNoAnswer,
		"NO DIALTONE": KindNoDialtone, "ABORTED": KindAborted, "COMMAND NOT SUPPORT": KindNotSupported,
		"CONNECT": KindNone, "CONNECT 9600": KindNone, "OK": KindNone, "MODEM ERROR: 3": KindOther,
	} {
		if f, ok := findFinal([]byte(line)); !ok || f.kind != want {
			t.Errorf("%q: %v %t, want %v", line, f.kind, ok, want)
		}
	}
	for _, line := range []string{"", "OK ", "OKAY", "CONNECTED", "ERRORS", "+CME ERROR", "UNKNOWN COMMAND"} {
		if f, ok := findFinal([]byte(line)); ok {
			t.Errorf("%q is taken for %q", line, f.text)
		}
	}
	if !findExtra([]byte("CONNECT 1"), []string{"CONNECT"}) || findExtra([]byte("SHUT OKAY"), []string{"SHUT OK", ""}) {
		t.Error("findExtra")
	}
}

func TestErrorText(t *testing.T) {
	e := &Error{Cmd: "AT+CGATT=1", Port: "/dev/ttyUSB2", Final: "+CME ERROR: 107", Kind: KindCME, Code: 107,
		Text: "GPRS services not allowed", Took: 1200 * time.Millisecond}
	if got, want := e.Error(), "AT+CGATT=1 on /dev/ttyUSB2: +CME ERROR: 107 (GPRS services not allowed) after 1.2s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e = &Error{Cmd: "AT", Err: ErrTimeout, Took: 3 * time.Second}
	if got, want := e.Error(), "AT: no answer in time after 3s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		`AT+CPIN="1234"`:                  "AT+CPIN=***",
		`at+cpin=1234`:                    "at+cpin=***",
		"AT+CPIN?":                        "AT+CPIN?",
		"+CPIN: READY":                    "+CPIN: READY",
		`AT+CMEE=1;+CPIN=1234`:            "AT+CMEE=1;+CPIN=***",
		`AT+CLCK="SC",1,"1234"`:           "AT+CLCK=***",
		`AT+CPWD="SC","1234","5678"`:      "AT+CPWD=***",
		`AT+CGAUTH=1,1,"u","p"`:           "AT+CGAUTH=***",
		`+CGAUTH: 1,1,"u","p"`:            "+CGAUTH:***",
		`AT+UAUTHREQ=1,2,"u","p"`:         "AT+UAUTHREQ=***",
		`AT+QICSGP=1,1,"super","u","p",1`: "AT+QICSGP=***",
		`+QICSGP: 1,"super","u","p",1`:    "+QICSGP:***",
		`AT+CGDCONT=1,"IP","super"`:       `AT+CGDCONT=1,"IP","super"`,
		`AT+CPINX=1`:                      `AT+CPINX=1`,
	} {
		if got := maskText(in, false); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"AT+FOO=x": "AT+FOO=***", "AT+FOO?": "AT+FOO?", "ATD123": "AT***", "+FOO: x": "+FOO:***"} {
		if got := maskText(in, true); got != want {
			t.Errorf("secret %q: %q, want %q", in, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	prefix, f := Split(`+CREG: 2,5,"1A2B","01C2D3E4", ,7`)
	if prefix != "+CREG" || f.Len() != 6 {
		t.Fatalf("%q, %d fields", prefix, f.Len())
	}
	n, stat, quoted := f.Int(), f.Int(), f.Quoted()
	lac, ci, empty := f.Hex(), f.Hex(), f.Empty()
	f.Skip(1)
	if act := f.Int(); n != 2 || stat != 5 || !quoted || lac != 0x1a2b || ci != 0x01c2d3e4 || !empty || act != 7 || f.Err() != nil {
		t.Errorf("%d %d %t %x %x %t %d %v", n, stat, quoted, lac, ci, empty, act, f.Err())
	}
	if f.Int(); !errors.Is(f.Err(), ErrField) || !strings.Contains(f.Err().Error(), "field 7") {
		t.Errorf("past the end: %v", f.Err())
	}
}

func TestFieldForms(t *testing.T) {
	_, f := Split(`+COPS: (2,"CHN, (U)","U","46001",7),,(0-2,4),"a`)
	list := f.List()
	if stat, name := list.Int(), list.Str(); stat != 2 || name != "CHN, (U)" || list.Len() != 3 || list.Err() != nil {
		t.Errorf("%d %q %d %v", stat, name, list.Len(), list.Err())
	}
	if s, ints := f.Str(), f.Ints(); s != "" || len(ints) != 4 || ints[3] != 4 {
		t.Errorf("%q %v", s, ints)
	}
	if rest, s := f.Rest(), f.Str(); rest != `"a` || s != "a" || f.Err() != nil {
		t.Errorf("%q %q %v", rest, s, f.Err())
	}
	for in, want := range map[string]uint64{"0x9CA4": 0x9ca4, "0Xa809": 0xa809, `"  0 5"`: 5, "ffff": 0xffff, "FFFFFFFFFFFFFFFF": 1<<64 - 1} {
		_, f := Split(in)
		if got := f.Hex(); got != want || f.Err() != nil {
			t.Errorf("%q: %x, %v", in, got, f.Err())
		}
	}
	for _, in := range []string{"", "0x", "xyz", "1FFFFFFFFFFFFFFFF", `""`} {
		if _, f := Split(in); f.Hex() != 0 || f.Err() == nil {
			t.Errorf("%q is taken for a hexadecimal number", in)
		}
	}
	for _, in := range []string{"", "(0-9999999)", "(3-1)", "(a)", "(1,)", strings.Repeat("(", 9)} {
		if _, f := Split(in); f.Ints() != nil || f.Err() == nil {
			t.Errorf("%q is taken for a list of numbers", in)
		}
	}
	for in, want := range map[string]string{"Revision: x": "Revision", "17:00:00": "", `"a:b"`: "", "fe80::1,2": "fe80", "OK": ""} {
		if prefix, _ := Split(in); prefix != want {
			t.Errorf("%q has the label %q, want %q", in, prefix, want)
		}
	}
}

// FuzzFields: reading ends, the number of fields is what Len said, and an error sticks.
func FuzzFields(f *testing.F) {
	for _, s := range []string{`+CREG: 2,5,"1A2B",,7`, `+COPS: (2,"A,B","",7),,(0-4,7),(0-2)`, `+X: "((,",)`, ":", "0x1F"} {
		f.Add(s, uint64(0))
		f.Add(s, uint64(0xfac688))
	}
	f.Fuzz(func(t *testing.T, line string, reads uint64) {
		_, fields := Split(line)
		for left := fields.Len(); left > 0 && fields.Err() == nil; reads >>= 3 {
			if got := fields.Len(); got != left {
				t.Fatalf("%d fields left, expected %d", got, left)
			}
			read(&fields, reads)
			left--
		}
		if fields.Err() == nil && (fields.Len() != 0 || fields.Rest() != "") {
			t.Fatalf("left over: %q", fields.Rest())
		}
		fields.Str()
		first := fields.Err()
		if fields.Int(); first == nil || fields.Err() != first || fields.Len() != 0 || fields.Rest() != "" {
			t.Fatalf("the error does not stick: %v, %v", first, fields.Err())
		}
	})
}

func read(f *Fields, how uint64) {
	switch how & 7 {
	case 0:
		f.Str()
	case 1:
		f.Int()
	case 2:
		f.Hex()
	case 3:
		list := f.List()
		for list.Len() > 0 && list.Err() == nil {
			list.Str()
		}
	case 4:
		f.Ints()
	default:
		f.Skip(1)
	}
}
