package modem_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
)

var super = modem.PDPContext{CID: 1, Type: "IP", APN: "super"}

// operations has what is done, what the module says, and which commands that takes: the fewest.
var operations = map[string]struct {
	family  map[string]string
	answers map[string]string
	do      func(context.Context, *modem.Driver) error
	sent    []string
	fails   error // with errors.Is; nil: succeeds
	cause   modem.Cause
}{
	"apn is right": {
		ec25, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","SUPER.mnc012.mcc345.gprs","10.0.0.1",0,0`},
		setAPN, []string{"AT+CGDCONT?"}, nil, modem.Cause{},
	},
	"apn, quectel: write, then attach again": {
		ec25, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IPV4V6","ims"`, "AT+CFUN?": "+CFUN: 1",
			`AT+CGDCONT=1,"IP","super"`: "", "AT+CFUN=4": "", "AT+CFUN=1": ""},
		setAPN, []string{"AT+CGDCONT?", "AT+CFUN?", `AT+CGDCONT=1,"IP","super"`, "AT+CFUN=4", "AT+CFUN=1"}, nil, modem.Cause{},
	},
	"apn, simcom": {
		sim7600, map[string]string{"AT+CGDCONT?": `+CGDCONT: 2,"IP","super"`, "AT+CFUN?": "+CFUN: 1",
			`AT+CGDCONT=1,"IP","super"`: "", "AT+CFUN=4": "", "AT+CFUN=1": ""},
		setAPN, []string{"AT+CGDCONT?", "AT+CFUN?", `AT+CGDCONT=1,"IP","super"`, "AT+CFUN=4", "AT+CFUN=1"}, nil, modem.Cause{},
	},
	"apn, ublox: with the radio off": {
		saraR5, map[string]string{"AT+CGDCONT?": "", "AT+CFUN?": "+CFUN: 1,0",
			`AT+CGDCONT=1,"IP","super"`: "", "AT+CFUN=4": "", "AT+CFUN=1": ""},
		setAPN, []string{"AT+CGDCONT?", "AT+CFUN?", "AT+CFUN=4", `AT+CGDCONT=1,"IP","super"`, "AT+CFUN=1"}, nil, modem.Cause{},
	},
	"apn with the radio off already": {
		saraR5, map[string]string{"AT+CGDCONT?": "", "AT+CFUN?": "+CFUN: 4,0", `AT+CGDCONT=1,"IP","super"`: ""},
		setAPN, []string{"AT+CGDCONT?", "AT+CFUN?", `AT+CGDCONT=1,"IP","super"`}, nil, modem.Cause{},
	},
	"apn refused: the radio is on again": {
		saraR5, map[string]string{"AT+CGDCONT?": "", "AT+CFUN?": "+CFUN: 1,0", "AT+CFUN=4": "", "AT+CFUN=1": "",
			`AT+CGDCONT=1,"IP","super"`: "+CME ERROR: 4"},
		setAPN, []string{"AT+CGDCONT?", "AT+CFUN?", "AT+CFUN=4", `AT+CGDCONT=1,"IP","super"`, "AT+CFUN=1"},
		modem.ErrNotSupported, modem.Cause{},
	},
	"apn refused at boot, quectel tries again": {
		ec25, map[string]string{"AT+CGDCONT?": "", "AT+CFUN?": "+CFUN: 4",
			`AT+CGDCONT=1,"IP","super"`: "+CME ERROR: 14|ERROR|"},
		setAPN, []string{"AT+CGDCONT?", "AT+CFUN?", `AT+CGDCONT=1,"IP","super"`, `AT+CGDCONT=1,"IP","super"`,
			`AT+CGDCONT=1,"IP","super"`}, nil, modem.Cause{},
	},
	"apn, a setting for the attach: both are wrong": {
		sim7020, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","internet"`, "AT*MCGDEFCONT?": `*MCGDEFCONT: "IP","internet"`,
			"AT+CFUN?": "+CFUN: 1", "AT+CFUN=0": "", `AT+CGDCONT=1,"IP","super"`: "", `AT*MCGDEFCONT="IP","super"`: "", "AT+CFUN=1": ""},
		setAPN, []string{"AT+CGDCONT?", "AT*MCGDEFCONT?", "AT+CFUN?", "AT+CFUN=0", `AT+CGDCONT=1,"IP","super"`,
			`AT*MCGDEFCONT="IP","super"`, "AT+CFUN=1"}, nil, modem.Cause{},
	},
	"apn, a setting for the attach: it alone is wrong": {
		toby, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`, "AT+UCGDFLT?": `+UCGDFLT: 1,"IPV4V6","",0,0`,
			"AT+CFUN?": "+CFUN: 4,0", `AT+UCGDFLT=1,"IP","super"`: ""},
		setAPN, []string{"AT+CGDCONT?", "AT+UCGDFLT?", "AT+CFUN?", `AT+UCGDFLT=1,"IP","super"`}, nil, modem.Cause{},
	},
	"apn, a setting for the attach: both are right": {
		toby, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`, "AT+UCGDFLT?": `+UCGDFLT: "IP","SUPER.mnc012.mcc345.gprs"`},
		setAPN, []string{"AT+CGDCONT?", "AT+UCGDFLT?"}, nil, modem.Cause{},
	},
	"apn, a setting for the attach: answered in a form that is not known": {
		toby, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`, "AT+UCGDFLT?": "+UCGDFLT: 0", "AT+CFUN?": "+CFUN: 4,0",
			`AT+UCGDFLT=1,"IP","super"`: "+CME ERROR: 50"},
		setAPN, []string{"AT+CGDCONT?", "AT+UCGDFLT?", "AT+CFUN?", `AT+UCGDFLT=1,"IP","super"`}, errAny, modem.Cause{},
	},
	"apn, no setting for the attach in this firmware": {
		toby, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","internet"`, "AT+CFUN?": "+CFUN: 4,0", `AT+CGDCONT=1,"IP","super"`: ""},
		setAPN, []string{"AT+CGDCONT?", "AT+UCGDFLT?", "AT+CFUN?", `AT+CGDCONT=1,"IP","super"`, `AT+UCGDFLT=1,"IP","super"`},
		nil, modem.Cause{},
	},
	"contexts, with the setting for the attach": {
		toby, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`, "AT+UCGDFLT?": `+UCGDFLT: "IPV4V6","internet",0`},
		look(modem.LookContexts, modem.Contexts{List: []modem.PDPContext{super, {CID: 1, Type: "IPV4V6", APN: "internet"}}}),
		[]string{"AT+CGDCONT?", "AT+UCGDFLT?"}, nil, modem.Cause{},
	},
	"apn with credentials": {
		sim7600, map[string]string{"AT+CGDCONT?": `+CGDCONT: 1,"IP","corp"`, "AT+CFUN?": "+CFUN: 4",
			`AT+CGDCONT=1,"IP","corp"`: "", `AT+CGAUTH=1,1,"pw","me"`: ""},
		func(ctx context.Context, d *modem.Driver) error {
			return d.SetAPN(ctx, modem.PDPContext{CID: 1, Type: "ip", APN: "corp"},
				modem.Auth{Method: modem.AuthPAP, User: "me", Password: "pw"})
		},
		[]string{"AT+CGDCONT?", "AT+CFUN?", `AT+CGDCONT=1,"IP","corp"`, `AT+CGAUTH=1,1,"pw","me"`}, nil, modem.Cause{},
	},
	"selection is automatic": {
		ec25, map[string]string{"AT+COPS?": "+COPS: 0"},
		func(ctx context.Context, d *modem.Driver) error { return d.AutomaticSelection(ctx, false) },
		[]string{"AT+COPS?"}, nil, modem.Cause{},
	},
	"selection is manual": {
		ec25, map[string]string{"AT+COPS?": `+COPS: 1,2,"46000"`, "AT+COPS=0": ""},
		func(ctx context.Context, d *modem.Driver) error { return d.AutomaticSelection(ctx, false) },
		[]string{"AT+COPS?", "AT+COPS=0"}, nil, modem.Cause{},
	},
	"selection by force": {
		ec25, map[string]string{"AT+COPS=0": ""},
		func(ctx context.Context, d *modem.Driver) error { return d.AutomaticSelection(ctx, true) },
		[]string{"AT+COPS=0"}, nil, modem.Cause{},
	},
	"radio is on": {
		ec25, map[string]string{"AT+CFUN?": "+CFUN: 1"},
		func(ctx context.Context, d *modem.Driver) error { return d.RadioOn(ctx) }, []string{"AT+CFUN?"}, nil, modem.Cause{},
	},
	"radio on": {
		ec25, map[string]string{"AT+CFUN?": "+CFUN: 4", "AT+CFUN=1": ""},
		func(ctx context.Context, d *modem.Driver) error { return d.RadioOn(ctx) },
		[]string{"AT+CFUN?", "AT+CFUN=1"}, nil, modem.Cause{},
	},
	"radio off": {
		ec25, map[string]string{"AT+CFUN?": "+CFUN: 1", "AT+CFUN=4": ""},
		func(ctx context.Context, d *modem.Driver) error { return d.RadioOff(ctx) },
		[]string{"AT+CFUN?", "AT+CFUN=4"}, nil, modem.Cause{},
	},
	"active": {
		ec25, map[string]string{"AT+CGACT?": "+CGACT: 1,1"}, activate, []string{"AT+CGACT?"}, nil, modem.Cause{},
	},
	"activate, not subscribed": {
		ec25, map[string]string{"AT+CGACT?": "+CGACT: 1,0", "AT+CGACT=1,1": "+CME ERROR: 133"}, activate,
		[]string{"AT+CGACT?", "AT+CGACT=1,1"}, errAny, modem.Cause{Domain: modem.ESM, Number: 33},
	},
	"deactivate the last bearer": {
		saraR5, map[string]string{"AT+CGACT?": "+CGACT: 1,1", "AT+CGACT=0,1": "+CME ERROR: 148"},
		func(ctx context.Context, d *modem.Driver) error { return d.Deactivate(ctx, 1) },
		[]string{"AT+CGACT?", "AT+CGACT=0,1"}, modem.ErrLastBearer, modem.Cause{},
	},
	"attached": {
		ec25, map[string]string{"AT+CGATT?": "+CGATT: 1"},
		func(ctx context.Context, d *modem.Driver) error { return d.AttachPS(ctx) }, []string{"AT+CGATT?"}, nil, modem.Cause{},
	},
	"attach, PLMN not allowed": {
		ec25, map[string]string{"AT+CGATT?": "+CGATT: 0", "AT+CGATT=1": "+CME ERROR: 111"},
		func(ctx context.Context, d *modem.Driver) error { return d.AttachPS(ctx) },
		[]string{"AT+CGATT?", "AT+CGATT=1"}, errAny, modem.Cause{Domain: modem.EMM, Number: 11},
	},
	"detach": {
		ec25, map[string]string{"AT+CGATT?": "+CGATT: 1", "AT+CGATT=0": ""},
		func(ctx context.Context, d *modem.Driver) error { return d.Detach(ctx) },
		[]string{"AT+CGATT?", "AT+CGATT=0"}, nil, modem.Cause{},
	},
	"reset, quectel": {
		ec25, map[string]string{"AT+CFUN=1,1": ""}, reset, []string{"AT+CFUN=1,1"}, nil, modem.Cause{},
	},
	"reset, simcom": {
		sim7600, map[string]string{"AT+CRESET": ""}, reset, []string{"AT+CRESET"}, nil, modem.Cause{},
	},
	"reset, ublox": {
		saraR5, map[string]string{"AT+CFUN=16": ""}, reset, []string{"AT+CFUN=16"}, nil, modem.Cause{},
	},
	"power off": {
		saraR5, map[string]string{"AT+CPWROFF": ""},
		func(ctx context.Context, d *modem.Driver) error { return d.PowerOff(ctx) }, []string{"AT+CPWROFF"}, nil, modem.Cause{},
	},
	"pin": {
		ec25, map[string]string{"AT+CPIN?": "+CPIN: SIM PIN", `AT+CPIN="4711"`: ""}, pin,
		[]string{"AT+CPIN?", `AT+CPIN="4711"`}, nil, modem.Cause{},
	},
	"pin not asked for": {
		ec25, map[string]string{"AT+CPIN?": "+CPIN: READY"}, pin, []string{"AT+CPIN?"}, nil, modem.Cause{},
	},
	"pin not tried on a blocked card": {
		ec25, map[string]string{"AT+CPIN?": "+CPIN: SIM PUK"}, pin, []string{"AT+CPIN?"}, nil, modem.Cause{},
	},
	"pin wrong, tried once": {
		ec25, map[string]string{"AT+CPIN?": "+CPIN: SIM PIN", `AT+CPIN="4711"`: "+CME ERROR: 16"}, pin,
		[]string{"AT+CPIN?", `AT+CPIN="4711"`}, modem.ErrWrongPIN, modem.Cause{},
	},
}

// errAny stands for an error without a sentinel.
var errAny = errors.New("any")

func setAPN(ctx context.Context, d *modem.Driver) error { return d.SetAPN(ctx, super, modem.Auth{}) }

// look asks one question and compares the answer.
func look(what modem.Look, want modem.Observation) func(context.Context, *modem.Driver) error {
	return func(ctx context.Context, d *modem.Driver) error {
		got, err := d.Look(ctx, what, 1)
		if diff := cmp.Diff([]modem.Observation{want}, got); err == nil && diff != "" {
			err = errors.New(diff)
		}
		return err
	}
}

func activate(ctx context.Context, d *modem.Driver) error { return d.Activate(ctx, 1) }

func reset(ctx context.Context, d *modem.Driver) error { return d.Reset(ctx) }

func pin(ctx context.Context, d *modem.Driver) error { return d.EnterPIN(ctx, "4711") }

func TestOperations(t *testing.T) {
	for name, c := range operations {
		t.Run(name, func(t *testing.T) {
			attached(t, c.family, c.answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				checkError(t, c.do(t.Context(), d), c.fails, c.cause)
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

func checkError(t *testing.T, err, want error, cause modem.Cause) {
	t.Helper()
	if want == nil {
		if err != nil {
			t.Error(err)
		}
		return
	}
	e, ok := errors.AsType[*modem.Error](err)
	if !ok || want != errAny && !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	if e.Cause != cause {
		t.Errorf("cause %v, want %v", e.Cause, cause)
	}
	for _, secret := range []string{"4711", `"pw"`} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q stands in the error: %v", secret, err)
		}
	}
}

// TestSetAPNRefusesBadText: what would end the parameter or the line does not reach the port.
func TestSetAPNRefusesBadText(t *testing.T) {
	attached(t, ec25, nil, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		for _, apn := range []string{`su"per`, "super\rAT+CFUN=0", "super\x1a"} {
			if err := d.SetAPN(t.Context(), modem.PDPContext{CID: 1, Type: "IP", APN: apn}, modem.Auth{}); err == nil {
				t.Errorf("%q was accepted", apn)
			}
		}
		if err := d.EnterPIN(t.Context(), `1234"`); err == nil {
			t.Error("a PIN with a quote was accepted")
		}
		if sent := m.commands(); len(sent) != 0 {
			t.Errorf("sent %q", sent)
		}
	})
}

// TestSlowCommand: AT+CFUN=1 may take 15 s on this family, and is not given up after 3.
func TestSlowCommand(t *testing.T) {
	attached(t, ec25, map[string]string{"AT+CFUN?": "+CFUN: 4", "AT+CFUN=1": ""},
		func(t *testing.T, d *modem.Driver, m *fakeModem) {
			m.delay["AT+CFUN=1"] = 14 * time.Second
			if err := d.RadioOn(t.Context()); err != nil {
				t.Error(err)
			}
		})
}

// TestRadioGap: u-blox wants a second between two changes of functionality.
func TestRadioGap(t *testing.T) {
	attached(t, saraR5, map[string]string{"AT+CGDCONT?": "", "AT+CFUN?": "+CFUN: 1,0",
		`AT+CGDCONT=1,"IP","super"`: "", "AT+CFUN=4": "", "AT+CFUN=1": ""},
		func(t *testing.T, d *modem.Driver, _ *fakeModem) {
			start := time.Now()
			if err := setAPN(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took < time.Second {
				t.Errorf("the radio was on again after %v", took)
			}
		})
}

// TestSetAPNCancelled: whatever ends the caller's context, a radio that was on is on afterwards.
func TestSetAPNCancelled(t *testing.T) {
	attached(t, saraR5, map[string]string{"AT+CGDCONT?": "", "AT+CFUN?": "+CFUN: 1,0",
		`AT+CGDCONT=1,"IP","super"`: "", "AT+CFUN=4": "", "AT+CFUN=1": ""},
		func(t *testing.T, d *modem.Driver, m *fakeModem) {
			m.delay[`AT+CGDCONT=1,"IP","super"`] = time.Minute
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := setAPN(ctx, d); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if sent := m.commands(); sent[len(sent)-1] != "AT+CFUN=1" {
				t.Errorf("sent %q", sent)
			}
		})
}
