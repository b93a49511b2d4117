package modem_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
	"supersim-agent/modem/quectel"
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

// TestEveryCommand runs every look and operation of every dialect against modems that agree, refuse, and answer
// settings with one value and another, and reports which commands of the tables none of that sends.
func TestEveryCommand(t *testing.T) {
	for _, d := range allDialects {
		sent := map[string]bool{}
		for _, otherwise := range []string{"OK", "ERROR"} {
			for _, value := range []string{"", "0", "1", "255", "AUTO", "1,7,1", "0,15", "0x7,0x7"} {
				for _, line := range []modem.Line{modem.UART, modem.USB} {
					for _, cmd := range exercise(t, d, line, otherwise, value) {
						sent[cmd] = true
					}
				}
			}
		}
		commands, missing := commandsOf(d), []string(nil)
		for _, cmd := range commands {
			if !sent[cmd] && !begins(sent, cmd) {
				missing = append(missing, cmd)
			}
		}
		t.Logf("%s: %d commands, not sent: %q", d.Name, len(commands), missing)
		if slices.Contains(quectel.Dialects, d) && len(missing) > 0 {
			t.Errorf("%s: nothing sends %q", d.Name, missing)
		}
	}
}

// openEnd ends a command that was written with some value.
const openEnd = "…"

func begins(sent map[string]bool, cmd string) bool {
	start, open := strings.CutSuffix(cmd, openEnd)
	for s := range sent {
		if open && strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

// commandsOf are the commands of a dialect's tables; one that writes a setting ends where the value stands.
func commandsOf(d *modem.Dialect) []string {
	out := []string{d.Firmware, d.ICCID.Cmd, d.Cause.Cmd, d.FPLMN.Read, d.FPLMN.Clear, d.RadioOff, d.Reset, d.PowerOff.Text}
	for _, s := range d.Setup {
		out = append(out, s.Read, s.Write)
	}
	for _, q := range slices.Concat(d.Signal, d.Cell, d.Time) {
		out = append(out, q.Cmd)
	}
	for _, s := range d.Settings {
		out = append(out, s.Read)
		if s.Wish == nil {
			continue
		}
		for _, cmd := range s.Write("VALUE") {
			if start, _, ok := strings.Cut(cmd, "VALUE"); ok {
				cmd = start + openEnd
			}
			out = append(out, cmd)
		}
	}
	for _, a := range []*modem.Activation{d.Activate, d.Stack} {
		if a != nil {
			out = append(out, a.Read, a.Up(1), a.Down(1))
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

// exercise returns the commands that one modem received. Errors are what half of these modems are for.
func exercise(t *testing.T, dialect *modem.Dialect, line modem.Line, otherwise, value string) []string {
	t.Helper()
	answers := merge(session, map[string]string{"AT+CGMM": dialect.Claims[0], "AT+CFUN?": "+CFUN: 1", "AT+CFUN=4": "",
		"AT+CFUN=1": "", "AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`, "AT+CRSM=176,28539,0,0,12": `+CRSM: 144,0,"130014"`})
	for _, s := range dialect.Settings {
		if value != "" {
			answers[s.Read] = settingAnswer(s, value)
		}
	}
	if f := dialect.FPLMN; f.Read != "" && otherwise == "OK" {
		answers[f.Read] = f.Prefix + `: "List",1,"46000"`
	}
	for _, a := range []*modem.Activation{dialect.Activate, dialect.Stack} {
		if a != nil && value == "1" {
			answers[a.Read] = fmt.Sprintf(`%s: 1,1,1,"10.0.0.1"`, a.Prefix)
		}
	}
	var sent []string
	onModem(t, answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		m.otherwise, d.Line = otherwise, line
		everything(t.Context(), d)
		sent = m.commands()
	})
	return sent
}

// settingAnswer is an answer in the form of the question: with the key that the command names, if it names one.
func settingAnswer(s modem.Setting, value string) string {
	_, key, ok := strings.Cut(s.Read, `="`)
	if ok {
		return s.Prefix + `: "` + key + `,` + value
	}
	return s.Prefix + ": " + value
}

func everything(ctx context.Context, d *modem.Driver) {
	all := modem.Wanted{RATs: []string{"4G"}, Bands: modem.Bands{LTE: []int{3}, NR: []int{78}}, Roaming: modem.On,
		PowerSavingOff: true}
	_, _ = d.Attach(ctx)
	for look := range modem.NumLooks {
		for range 4 { // a signal query is given up after the third refusal
			_, _ = d.Look(ctx, look, 1)
		}
	}
	d.Wanted = all
	_, _ = d.Configure(ctx)
	for _, do := range []func(context.Context) error{d.ClearForbiddenPLMNs, d.RadioOff} {
		_ = do(ctx)
	}
	for _, do := range []func(context.Context, int) error{d.Activate, d.Deactivate, d.StackUp, d.StackDown} {
		_ = do(ctx, 1)
	}
	_ = d.Reset(ctx)
	_ = d.PowerOff(ctx)
}
