package modem_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"supersim-agent/modem"
	"supersim-agent/modem/internal/corpus"
)

// TestEveryCommand runs every look and operation of every dialect against modems that agree and refuse, and that answer
// the tables' questions with one value and another, the captured ones among them. A command of the tables that none of
// that sends is one whose form nobody has tried.
func TestEveryCommand(t *testing.T) {
	captured := capturedAnswers(t)
	for _, d := range allDialects {
		answers := []map[string]string{{}}
		for _, value := range []string{"0", "1", "255", "AUTO", "1,7,1", "0,15", "0x7,0x7"} {
			answers = append(answers, builtAnswers(d, value))
		}
		answers = append(answers, captured.turns(d)...)
		sent := map[string]bool{}
		for _, otherwise := range []string{"OK", "ERROR"} {
			for _, a := range answers {
				for _, line := range []modem.Line{modem.UART, modem.USB} {
					exercise(t, d, line, otherwise, a, sent)
				}
			}
		}
		commands := commandsOf(d)
		for _, cmd := range commands {
			if !sent[cmd] && !begins(sent, cmd) {
				t.Errorf("%s: nothing sends %s", d.Name, cmd)
			}
		}
		t.Logf("%s: %d commands", d.Name, len(commands))
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
	out := []string{d.Firmware, d.ICCID.Cmd, d.Cause.Cmd, d.FPLMN.Read, d.FPLMN.Clear, d.RadioOff, d.Reset, d.PowerOff.Text,
		d.APN.Attach.Read}
	for _, s := range d.Setup {
		out = append(out, s.Read, s.Write)
	}
	for _, q := range slices.Concat(d.Signal, d.Cell, d.Time) {
		out = append(out, q.Cmd)
	}
	if d.APN.Attach.Write != "" {
		out = append(out, fmt.Sprintf(d.APN.Attach.Write, super.Type, super.APN))
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
	for _, a := range activations(d) {
		out = append(out, a.Read, a.Up(1), a.Down(1))
		if a.Define != nil {
			out = append(out, a.Define(super)...)
		}
		if a == d.Activate && a.Address != nil {
			out = append(out, a.Address(1).Cmd)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

func activations(d *modem.Dialect) []*modem.Activation {
	return slices.DeleteFunc([]*modem.Activation{d.Activate, d.Stack}, func(a *modem.Activation) bool { return a == nil })
}

// builtAnswers gives all settings of a dialect one value, in the form of their questions, and all stacks one state.
func builtAnswers(d *modem.Dialect, value string) map[string]string {
	answers := map[string]string{}
	for _, s := range d.Settings {
		if _, key, ok := strings.Cut(s.Read, `="`); ok {
			answers[s.Read] = s.Prefix + `: "` + key + `,` + value
		} else {
			answers[s.Read] = s.Prefix + ": " + value
		}
	}
	for _, a := range activations(d) {
		if value == "1" {
			answers[a.Read] = fmt.Sprintf(`%s: 1,1,1,"10.0.0.1"`, a.Prefix)
		}
	}
	return answers
}

// answerTable has captured answers by the command that they are for, and for the stacks' readings by family.
type answerTable map[string][]string

func capturedAnswers(t *testing.T) answerTable {
	t.Helper()
	table := answerTable{}
	for _, pattern := range []string{"quectel", "simcom", "ublox"} {
		for _, c := range corpus.Load(t, pattern+"/testdata/*.txt") {
			switch c.Reader {
			case "set", "setting", "stack", "active":
				text := strings.Join(corpus.Lines(c.Line), "\n")
				table[c.Arg] = append(table[c.Arg], text)
			}
		}
	}
	return table
}

// turns deals the captured answers out: every one of them comes up once.
func (table answerTable) turns(d *modem.Dialect) []map[string]string {
	_, family, _ := strings.Cut(d.Name, "-")
	questions := map[string][]string{}
	for _, s := range d.Settings {
		questions[s.Read] = table[s.Read]
	}
	for _, a := range activations(d) {
		questions[a.Read] = table[family]
	}
	var turns []map[string]string
	for cmd, list := range questions {
		for i, text := range list {
			if i == len(turns) {
				turns = append(turns, map[string]string{})
			}
			turns[i][cmd] = text
		}
	}
	return turns
}

// exercise notes the commands that one modem received. Errors are what half of these modems are for.
func exercise(t *testing.T, dialect *modem.Dialect, line modem.Line, otherwise string, special map[string]string,
	sent map[string]bool,
) {
	t.Helper()
	answers := merge(session, map[string]string{"AT+CGMM": dialect.Claims[0], "AT+CFUN?": "+CFUN: 1", "AT+CFUN=4": "",
		"AT+CFUN=1": "", "AT+CGDCONT?": `+CGDCONT: 1,"IP","super"`, "AT+CRSM=176,28539,0,0,12": `+CRSM: 144,0,"130014"`},
		special)
	if f := dialect.FPLMN; f.Read != "" && otherwise == "OK" {
		answers[f.Read] = f.Prefix + `: "List",1,"46000"`
	}
	onModem(t, answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		m.otherwise, d.Line = otherwise, line
		everything(t.Context(), d)
		for _, cmd := range m.commands() {
			sent[cmd] = true
		}
	})
}

func everything(ctx context.Context, d *modem.Driver) {
	_, _ = d.Attach(ctx)
	for look := range modem.NumLooks {
		for range 4 { // a signal query is given up after the third refusal
			_, _ = d.Look(ctx, look, 1)
		}
	}
	for _, rat := range []string{"3G", "4G"} {
		d.Wanted = modem.Wanted{RATs: []string{rat}, Bands: modem.Bands{LTE: []int{3}, NR: []int{78}},
			Roaming: modem.On, PowerSavingOff: true}
		_, _ = d.Configure(ctx)
	}
	_ = d.SetAPN(ctx, super, modem.Auth{})
	for _, do := range []func(context.Context) error{d.ClearForbiddenPLMNs, d.RadioOff} {
		_ = do(ctx)
	}
	for _, do := range []func(context.Context, int) error{d.Activate, d.Deactivate, d.StackUp, d.StackDown} {
		_ = do(ctx, 1)
	}
	_ = d.Reset(ctx)
	_ = d.PowerOff(ctx)
}
