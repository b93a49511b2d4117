package modem_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
)

// quectelFamilies: what a module of each family says, which dialect that is, and which commands begin its session.
var quectelFamilies = map[string]struct {
	model   string
	line    modem.Line
	answers map[string]string
	setup   []string // between identification and registration
	reg     []string
}{
	"quectel-eg91": {"EG95", modem.USB, nil,
		[]string{`AT+QURCCFG="urcport"`, `AT+QURCCFG="urcport","all"`, `AT+QCFG="urc/cache"`, `AT+QCFG="urc/cache",0`, "AT+QSIMSTAT=1"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"}},
	"quectel-bg95": {"BG95-M3", modem.UART, nil,
		[]string{`AT+QURCCFG="urcport"`, `AT+QURCCFG="urcport","uart1"`, `AT+QCFG="urc/cache"`, `AT+QCFG="urc/cache",0`, "AT+QSIMSTAT=1"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"}},
	"quectel-bg96": {"BG96", modem.USB, nil,
		[]string{`AT+QURCCFG="urcport"`, `AT+QURCCFG="urcport","usbat"`, `AT+QCFG="urc/cache"`, `AT+QCFG="urc/cache",0`, "AT+QSIMSTAT=1"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=2"}},
	"quectel-eg06": {"EP06", modem.USB, nil,
		[]string{`AT+QURCCFG="urcport"`, `AT+QURCCFG="urcport","all"`, `AT+QCFG="urc/cache"`, `AT+QCFG="urc/cache",0`, "AT+QSIMSTAT=1"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"}},
	"quectel-rm500": {"RM500Q-GL", modem.USB, nil,
		[]string{`AT+QURCCFG="urcport"`, `AT+QURCCFG="urcport","all"`, `AT+QCFG="urc/cache"`, `AT+QCFG="urc/cache",0`, "AT+QSIMSTAT=1"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2", "AT+C5GREG=2"}},
	"quectel-rm520": {"RM520N-GL", modem.AnyLine, map[string]string{"AT+CEREG=?": "+CEREG: (0-5)", "AT+CEREG=5": ""},
		[]string{`AT+QURCCFG="urcport"`, `AT+QURCCFG="urcport","all"`, `AT+QCFG="urc/cache"`, `AT+QCFG="urc/cache",0`, "AT+QSIMSTAT=1"},
		[]string{"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=5", "AT+C5GREG=2"}},
}

func TestQuectelFamilies(t *testing.T) {
	for name, c := range quectelFamilies {
		t.Run(name, func(t *testing.T) {
			answers := merge(session, map[string]string{"AT+CGMM": c.model, "AT+CEREG=?": "+CEREG: (0-2)",
				`AT+QURCCFG="urcport"`: `+QURCCFG: "urcport","usbmodem"`, `AT+QCFG="urc/cache"`: `+QCFG: "urc/cache",1`})
			maps.Copy(answers, c.answers)
			onModem(t, answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				d.Line = c.line
				id, err := d.Attach(t.Context())
				if err != nil || id.Dialect != name {
					t.Fatalf("%+v, %v", id, err)
				}
				want := slices.Concat([]string{"AT+CGMM", "ATE0", "AT+CMEE=1", "AT+CGMM", "AT+CGMR", "AT+CGSN", "AT+COPS=3,2",
					"AT+CGEREP=2,1"}, c.setup, c.reg)
				if diff := cmp.Diff(want, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

// TestLTEMNumber: BG95 and BG96 number LTE-M 8, which is a 2G technology in 27.007.
func TestLTEMNumber(t *testing.T) {
	attached(t, bg96, map[string]string{"AT+COPS?": `+COPS: 0,2,"26203",8`, "AT+CEREG?": `+CEREG: 2,5,"1A2B","01C2D3E4",8`},
		func(t *testing.T, d *modem.Driver, _ *fakeModem) {
			obs, err := d.Look(t.Context(), modem.LookOperator, 0)
			if err != nil || modem.RAT(obs[0].(modem.Operator).AcT) != "4G LTE" {
				t.Errorf("operator %+v, %v", obs, err)
			}
			obs, err = d.Look(t.Context(), modem.LookServing, 0)
			if err != nil || modem.RAT(obs[0].(modem.Registration).AcT) != "4G LTE" {
				t.Errorf("serving %+v, %v", obs, err)
			}
		})
}

// TestStack is the module's own IP stack on Quectel: read, define, activate.
func TestStack(t *testing.T) {
	up := `+QIACT: 1,1,1,"10.7.157.1"`
	for name, c := range map[string]struct {
		answers map[string]string
		do      func(context.Context, *modem.Driver) error
		sent    []string
	}{
		"up already": {map[string]string{"AT+QIACT?": up},
			func(ctx context.Context, d *modem.Driver) error { return d.StackUp(ctx, 1) }, []string{"AT+QIACT?"}},
		"up": {map[string]string{"AT+QIACT?": "", "AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`,
			`AT+QICSGP=1,1,"super","","",0`: "", "AT+QIACT=1": ""},
			func(ctx context.Context, d *modem.Driver) error { return d.StackUp(ctx, 1) },
			[]string{"AT+QIACT?", "AT+CGDCONT?", `AT+QICSGP=1,1,"super","","",0`, "AT+QIACT=1"}},
		"down": {map[string]string{"AT+QIACT?": up, "AT+QIDEACT=1": ""},
			func(ctx context.Context, d *modem.Driver) error { return d.StackDown(ctx, 1) },
			[]string{"AT+QIACT?", "AT+QIDEACT=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			attached(t, ec25, c.answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				if err := c.do(t.Context(), d); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}
