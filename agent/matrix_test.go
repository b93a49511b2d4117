package agent

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
	"supersim-agent/modem/modemsim"
)

// rotation is how many personalities share the work of plain go test: each scenario plays on every rotation-th of them,
// the next scenario on their neighbours. MATRIX=all plays everything on everything, SEED=n with other dice.
const rotation = 7

// notOn has the scenarios that make no sense on some modems, by the beginning of the personality's name, and why; with
// only, on all but those.
var notOn = []struct {
	scenario, modem, why string
	only                 bool
}{
	{scenario: "wrong-attach-apn", modem: "ublox-toby-l2", only: true, why: "the attach takes its APN from the first context"},
	{scenario: "roaming-off", modem: "quectel-rm5", why: "its roaming switch is AT+QNWPREFCFG, and the scenario turns that of AT+QCFG"},
	{scenario: "roaming-off", modem: "simcom-", why: "there is no roaming switch"},
	{scenario: "roaming-off", modem: "ublox-", why: "there is no roaming switch, only operators' profiles"},
}

func senseless(scenario, modem string) string {
	for _, n := range notOn {
		if n.scenario == scenario && strings.HasPrefix(modem, n.modem) != n.only {
			return n.why
		}
	}
	return ""
}

// matrix is what came of the pairs.
type matrix struct {
	mu     sync.Mutex
	played int
	left   int // pairs that make no sense
	failed []string
	sent   map[string]map[string]bool // by dialect: the commands that the scenarios sent
}

// TestMatrix plays the scenarios on modems that are not their own.
func TestMatrix(t *testing.T) {
	files, modems := scenarioFiles(t), modemsim.Personalities()
	all := os.Getenv("MATRIX") == "all"
	m := &matrix{sent: map[string]map[string]bool{}}
	t.Run("pairs", func(t *testing.T) {
		for i, file := range files {
			s, err := modemsim.LoadScenario(file)
			if err != nil {
				t.Fatal(err)
			}
			for j, name := range modems {
				if reason := senseless(scenarioName(file), name); reason != "" {
					m.left++
				} else if all || (i+j)%rotation == 0 {
					t.Run(scenarioName(file)+" on "+name, func(t *testing.T) { m.play(t, s, name) })
				}
			}
		}
	})
	if all {
		t.Log(unsent(m.sent))
	}
	slices.Sort(m.failed)
	for _, name := range m.failed {
		t.Logf("failed: %s", name)
	}
	t.Logf("%d scenarios × %d modems: %d played, %d make no sense, %d failed", len(files), len(modems), m.played, m.left, len(m.failed))
}

// play is one pair.
func (m *matrix) play(t *testing.T, s *modemsim.Scenario, name string) {
	t.Parallel()
	other, err := s.WithModem(name)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		other.Seed = n
	}
	var st *stage
	defer func() { m.note(t, st) }() // a bubble that failed ends this test
	synctest.Test(t, func(t *testing.T) {
		st = newStage(t, other)
		st.play()
	})
}

func (m *matrix) note(t *testing.T, st *stage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.played++
	if t.Failed() {
		m.failed = append(m.failed, t.Name())
	}
	dialect := st.agent.Load().Snapshot().Facts.Modem.Value.Dialect
	if m.sent[dialect] == nil {
		m.sent[dialect] = map[string]bool{}
	}
	for _, cmd := range st.sent.commands {
		m.sent[dialect][cmd] = true
	}
}

// unsent is a table of the commands that stand in the dialects' tables and that no scenario made the agent send: how many
// of each dialect, and which, by vendor.
func unsent(sent map[string]map[string]bool) string {
	counts, lists := map[string][]string{}, map[string][]string{}
	for _, d := range allDialects() {
		all := tabled(d)
		missing := slices.DeleteFunc(slices.Clone(all), func(begin string) bool {
			return slices.ContainsFunc(slices.Collect(maps.Keys(sent[d.Name])), func(cmd string) bool {
				return strings.HasPrefix(cmd, begin)
			})
		})
		counts[d.Vendor] = append(counts[d.Vendor], fmt.Sprintf("%s %d of %d", d.Name, len(missing), len(all)))
		lists[d.Vendor] = append(lists[d.Vendor], missing...)
	}
	var b strings.Builder
	b.WriteString("commands that no scenario sends:\n")
	for _, vendor := range slices.Sorted(maps.Keys(counts)) {
		slices.Sort(lists[vendor])
		fmt.Fprintf(&b, "%s\n  %s\n", strings.Join(counts[vendor], ", "), strings.Join(slices.Compact(lists[vendor]), "  "))
	}
	return b.String()
}

// tabled are the beginnings of the commands in a dialect's tables, without the values that are written.
func tabled(d *modem.Dialect) []string {
	list := []string{d.Firmware, d.ICCID.Cmd, d.Cause.Cmd, d.FPLMN.Read, d.FPLMN.Clear, d.RadioOff, d.Reset, d.PowerOff.Text}
	for _, s := range d.Setup {
		list = append(list, s.Read, s.Write)
	}
	for _, q := range slices.Concat(d.Signal, d.Cell, d.Time) {
		list = append(list, q.Cmd)
	}
	for _, s := range d.Settings {
		list = append(list, s.Read)
		if s.Wish != nil {
			list = append(list, s.Write("VALUE")...)
		}
	}
	for _, a := range []*modem.Activation{d.Activate, d.Stack} {
		if a != nil {
			list = append(list, a.Read, a.Up(1), a.Down(1))
		}
	}
	for _, l := range d.Limits {
		list = append(list, l.Begins)
	}
	for i := range list {
		list[i], _, _ = strings.Cut(list[i], "VALUE")
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(s string) bool { return s == "" })
}

// recorder keeps the command lines that the agent writes.
type recorder struct {
	mu       sync.Mutex
	commands []string
}

// listen puts the recorder into a serial line; nil stays nil.
func (r *recorder) listen(line atcmd.Transport) atcmd.Transport {
	if line == nil {
		return nil
	}
	return &recorded{Transport: line, to: r}
}

type recorded struct {
	atcmd.Transport
	to      *recorder
	partial string
}

func (l *recorded) Write(p []byte) (int, error) {
	n, err := l.Transport.Write(p)
	l.partial += string(p[:n])
	for {
		line, rest, ended := strings.Cut(l.partial, "\r")
		if !ended {
			return n, err
		}
		l.to.add(strings.TrimSpace(line))
		l.partial = rest
	}
}

func (r *recorder) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commands = append(r.commands, line)
}
