package agent

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/core"
	"supersim-agent/agent/correlate"
	"supersim-agent/modem/modemsim"
)

// cause is a world in which one thing is wrong, the verdict that it deserves, and the weaker ones that are right as far
// as they go when the cloud's diary says less.
type cause struct {
	name   string
	around string // keys of the computer and the cloud
	world  string // sections of a scenario file
	want   string
	weak   []string
	at     string // further changes
}

func setAt(at, what string) string   { return fmt.Sprintf("[[at]]\ntime = %q\nset.%s", at, what) }
func faultAt(at, what string) string { return fmt.Sprintf("[[at]]\ntime = %q\nfault = %q", at, what) }

// wired is a computer that has a network interface to the modem, with programs that use it.
const wired = "host.interface = \"wwan0\"\nhost.upload = 3000\nhost.download = 9000"

const unknownDenial = "denied-cloud-unknown"

// causes are played with an agent that only watches, so that what is wrong stays wrong.
var causes = []cause{
	{name: "nothing", want: "online", weak: []string{"online-cloud-lags"}},
	{name: "SIM inactive", world: "[sim]\nstatus = \"inactive\"", want: "sim-inactive", weak: []string{unknownDenial}},
	{name: "SIM new", world: "[sim]\nstatus = \"new\"", want: "sim-new", weak: []string{unknownDenial}},
	{name: "SIM set inactive while online", want: "sim-inactive", weak: []string{unknownDenial}, at: setAt("25m", "sim.status = \"inactive\"")},
	{name: "network not in the profile", world: "[[cell]]\nplmn = \"310410\"\nnap_allowed = false", want: "nap-blocks-this-plmn",
		weak: []string{unknownDenial, "local-barring-or-old-fplmn", "fplmn-trap", "no-roaming-route"}},
	{name: "no identity is let in", world: "[sim]\nimsis = [\"732123200012345\", \"204046200054321\"]\nimsi_switch = \"12m\"\n" +
		"[[cell]]\nplmn = \"310410\"\nallowed_imsis = [\"732123999999999\"]",
		want: "imsi-rotation", weak: []string{"nap-blocks-this-plmn", "fplmn-trap", unknownDenial, "local-barring-or-old-fplmn", "searching", "imsi-not-provisioned"}},
	{name: "core fails at attach", around: "cloud.core_failure = \"attach\"", want: "core-transient", weak: []string{unknownDenial, "no-roaming-route"}},
	{name: "core fails at session", around: "cloud.core_failure = \"session\"", want: "core-session-fail", weak: []string{"connecting", "host-not-dialling", "no-roaming-route"}},
	{name: "data limit", world: "[sim]\ndata_limit_reached = true", want: "data-limit", weak: []string{"host-not-dialling"}},
	{name: "wrong APN", world: "[module]\napn = \"internet\"", want: "wrong-apn"},
	{name: "no roaming route", world: "[[cell]]\nplmn = \"310410\"\nroaming_route = false", want: "no-roaming-route", weak: []string{unknownDenial}},
	{name: "IMEI barred", world: "[[cell]]\nplmn = \"310410\"\nreject_cause = 6", want: "imei-blocked"},
	{name: "authentication fails", world: "[[cell]]\nplmn = \"310410\"\nreject_cause = 3", want: "auth-failed"},
	{name: "congestion", world: "[[cell]]\nplmn = \"310410\"\nreject_cause = 22", want: "congestion"},
	{name: "area barred", world: "[[cell]]\nplmn = \"310410\"\nreject_cause = 12", want: "ta-blocked-trap"},
	{name: "barred locally", world: "[[cell]]\nplmn = \"310410\"\nreject_cause = 11", want: "local-barring-or-old-fplmn", weak: []string{"fplmn-trap"}},
	{name: "forbidden list full", world: "[sim]\nfplmn = [\"310410\"]\n[[cell]]\nplmn = \"310410\"", want: "fplmn-trap"},
	{name: "no antenna", world: "[[cell]]\nplmn = \"310410\"\nrsrp = -140", want: "no-signal"},
	{name: "no SIM", world: "[sim]\npresent = false", want: "sim-missing"},
	{name: "SIM with PIN", world: "[sim]\npin = \"1234\"", want: "sim-pin"},
	{name: "another operator's SIM", world: "[sim]\niccid = \"89490200001234567890\"", want: "not-super-sim"},
	{name: "radio off", world: "[module]\ncfun = 4", want: "radio-off"},
	{name: "locked to a network", world: "[module]\ncops_mode = 1\ncops_plmn = \"26201\"", want: "manual-plmn"},
	{name: "SIM taken out", at: faultAt("25m", "sim-pulled"), want: "sim-missing"},
	{name: "modem hangs", at: faultAt("25m", "modem-hang"), want: "modem-unreachable"},
	{name: "port gone", at: faultAt("25m", "port-gone"), want: "modem-unreachable"},
	{name: "a login on the port", world: "[module]\nspeaks = \"login\"", want: "not-a-modem"},
	{name: "interface switched off", around: wired, at: setAt("25m", "host.link = \"down\""), want: "netdev-down"},
	{name: "no address", around: wired, at: setAt("25m", "host.link = \"no-address\""), want: "netdev-down"},
	{name: "no route", around: wired, at: setAt("25m", "host.link = \"no-route\""), want: "host-path"},
	{name: "names not resolved", around: wired, at: setAt("25m", "internet.dns = false"), want: "dns"},
	{name: "filter beyond the operator", around: wired, at: setAt("25m", "internet.filter = true"), want: "server-or-filter",
		weak: []string{"silent-detach"}},
	{name: "session lost in silence", around: wired, at: faultAt("25m", "silent-detach"), want: "silent-detach"},
	{name: "session ended behind our back", around: wired, at: faultAt("25m", "session-ended"), want: "stale-bearer",
		weak: []string{"silent-detach"}},
	{name: "ended behind our back, no interface", at: faultAt("25m", "session-ended"), want: "stale-bearer",
		weak: []string{"online-cloud-lags"}},
	{name: "data limit reached while online", at: setAt("25m", "sim.data_limit_reached = true"), want: "data-limit",
		weak: []string{"host-not-dialling"}},
	{name: "APN not allowed", world: "[[cell]]\nplmn = \"310410\"\nsession_cause = 27", want: "apn-rejected"},
	{name: "PDP type not allowed", world: "[module]\npdp_type = \"IPV6\"\n[[cell]]\nplmn = \"310410\"\nsession_cause = 50", want: "pdp-type"},
	{name: "credentials wanted", world: "[[cell]]\nplmn = \"310410\"\nsession_cause = 29", want: "pdp-auth"},
	{name: "no room for a session", world: "[[cell]]\nplmn = \"310410\"\nsession_cause = 26", want: "apn-congestion"},
	{name: "too many bearers", world: "[[cell]]\nplmn = \"310410\"\nsession_cause = 65", want: "bearer-limit"},
	{name: "network core unreachable", world: "[[cell]]\nplmn = \"310410\"\nreject_cause = 17", want: "no-roaming-route", weak: []string{unknownDenial}},
	{name: "roaming switched off", world: "[module]\nstored = [\"AT+QCFG=\\\"roamservice\\\",1,1\"]", want: "roaming-off"},
}

// way is how the cloud's events come to the device, and how its clock stands.
type way struct {
	name  string
	cloud string
	host  string
	at    string
	loses bool // evidence may really be gone: a weaker verdict is right as well
}

const (
	late      = "cloud.delay = \"40m\"\ncloud.jitter = \"10m\"\ncloud.duplicate = 0.5\ncloud.reorder = 0.5"
	lateClock = "host.ntp = false\nhost.clock_offset = \"-500h7m\""
)

const unsyncedStart = "[[at]]\ntime = \"20m\"\nset.host.ntp = true\nset.host.clock_offset = \"0s\""

var ways = []way{
	{name: "prompt"},
	{name: "after 90 s, doubled, out of order", cloud: "cloud.delay = \"90s\"\ncloud.jitter = \"60s\"\ncloud.duplicate = 0.5\ncloud.reorder = 0.5"},
	{name: "after 40 min", cloud: "cloud.delay = \"40m\""},
	{name: "after 40 min, doubled, out of order, 10 % lost", cloud: late + "\ncloud.loss = 0.1", loses: true},
	{name: "clock three weeks late for 20 min", host: lateClock, at: unsyncedStart},
	{name: "no clock at all", host: lateClock},
	{name: "nothing comes", cloud: "cloud.alive = false", loses: true},
}

const causeLength = 2*time.Hour + 10*time.Minute

// scenario is the file of a cause played in a way.
func (c cause) scenario(w way) string {
	head := fmt.Sprintf("title = %q\nmodem = \"quectel-eg25\"\nduration = %q", c.name, causeLength)
	clock := w.host
	if clock == "" {
		clock = "host.ntp = true"
	}
	return strings.Join([]string{head, w.cloud, clock, c.around, c.world, c.at, w.at}, "\n") + "\n"
}

// final plays the cause to an agent that watches, and returns its last verdict.
func (c cause) final(t *testing.T, w way) (code string, story []string) {
	s, err := modemsim.ParseScenario("cause.toml", []byte(c.scenario(w)))
	if err != nil {
		t.Fatalf("%v\n%s", err, c.scenario(w))
	}
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, s)
		st.cfg.Policy.Profile, _ = attach.LookupProfile("observe")
		if c.name == "nothing" || c.name == "data limit" || c.name == "core fails at session" || strings.HasPrefix(c.name, "SIM set") {
			st.cfg = testConfig() // somebody has to open the data connection
		}
		end := st.begin()
		<-time.After(causeLength)
		synctest.Wait()
		snap := st.agent.Load().Snapshot()
		end()
		code = string(snap.Verdict.Code)
		story = tellCause(snap, st.start)
	})
	return code, story
}

func tellCause(s *core.Snapshot, start time.Time) (lines []string) {
	for _, e := range s.Timeline[max(0, len(s.Timeline)-40):] {
		lines = append(lines, fmt.Sprintf("%10s %-6s %-12s %s", e.Seen.Sub(start).Round(time.Second), e.Side, e.Kind, e.Text))
	}
	return lines
}

// TestCauses plays every cause in every way: the last verdict names it, or says as much as is left of the evidence.
// Then it prints how many causes were named rightly with the cloud's diary and without.
func TestCauses(t *testing.T) {
	given := map[string]map[string]string{}
	for _, w := range ways {
		given[w.name] = map[string]string{}
		for _, c := range causes {
			t.Run(w.name+"/"+c.name, func(t *testing.T) {
				code, story := c.final(t, w)
				given[w.name][c.name] = code
				if code != c.want && !(w.loses && slices.Contains(c.weak, code)) {
					t.Errorf("verdict %q, want %q\n%s", code, c.want, strings.Join(story, "\n"))
				}
			})
		}
	}
	matrix, right := confusion(given)
	t.Log(matrix)
	if len(given[ways[0].name]) == len(causes) && right < 95 {
		t.Errorf("%.0f %% of the causes are named rightly with the cloud's diary, at least 95 are wanted", right)
	}
}

// A wrong clock is said beside the verdict, and does not change it.
func TestWrongClockIsSaid(t *testing.T) {
	for _, w := range ways {
		s, err := modemsim.ParseScenario("clock.toml", []byte(causes[0].scenario(w)))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t, s)
			end := st.begin()
			<-time.After(15 * time.Minute)
			synctest.Wait()
			v := st.agent.Load().Snapshot().Verdict
			end()
			said := slices.ContainsFunc(v.Notes, func(n correlate.Note) bool { return n.Code == "clock-wrong" })
			if wrong := w.host != ""; said != wrong || !v.Online() {
				t.Errorf("%s: verdict %q, notes %v", w.name, v.Code, v.Notes)
			}
		})
	}
}

// confusion is the matrix: each cause with the verdict it got with the cloud's diary and without, and the share of right ones.
func confusion(given map[string]map[string]string) (matrix string, rightWith float64) {
	with, without := given[ways[0].name], given[ways[len(ways)-1].name]
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-32s %-28s %-28s %s\n", "true cause", "deserves", "with the cloud's diary", "without")
	right := [2]int{}
	for _, c := range causes {
		marks := [2]string{"  ", "  "}
		for i, code := range []string{with[c.name], without[c.name]} {
			if code == c.want || code == "online-cloud-lags" && c.want == "online" {
				right[i]++
			} else {
				marks[i] = "✗ "
			}
		}
		fmt.Fprintf(&b, "%-32s %-28s %s%-26s %s%s\n", c.name, c.want, marks[0], with[c.name], marks[1], without[c.name])
	}
	n := float64(len(causes)) / 100
	fmt.Fprintf(&b, "right: %.0f %% with the cloud's diary, %.0f %% without, of %d causes", float64(right[0])/n, float64(right[1])/n, len(causes))
	return b.String(), float64(right[0]) / n
}
