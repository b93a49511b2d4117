package agent

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"supersim-agent/modem/modemsim"
)

var fullMatrix = flag.Bool("matrix", false, "TestMatrix plays every scenario on every module, not on a few of them")

// matrixSample is how many modules each scenario is played on without -matrix.
const matrixSample = 3

// notOn has the scenarios that make no sense on some modules, by the beginning of the personality's name, and why.
var notOn = []struct{ scenario, modem, why string }{
	{"roaming-off", "quectel-rm5", "its roaming switch is AT+QNWPREFCFG, and the scenario turns that of AT+QCFG"},
	{"roaming-off", "simcom-", "there is no roaming switch"},
	{"roaming-off", "ublox-", "there is no roaming switch, only operators' profiles"},
}

// TestMatrix plays the scenarios on other modules than their own. Which ones goes round, so that each gets its turn.
func TestMatrix(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario files (%v)", err)
	}
	modems := modemsim.Personalities()
	played, left := 0, 0
	for i, file := range files {
		base, err := modemsim.LoadScenario(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".toml")
		for j, modem := range modems {
			if turn := (i*matrixSample + j) % len(modems); !*fullMatrix && turn >= matrixSample {
				continue
			}
			if reason := senseless(name, modem); reason != "" {
				left++
				continue
			}
			played++
			t.Run(name+"/"+modem, func(t *testing.T) {
				t.Parallel()
				s, err := base.WithModem(modem)
				if err != nil {
					t.Fatal(err)
				}
				synctest.Test(t, func(t *testing.T) { newStage(t, s).play() })
			})
		}
	}
	t.Logf("%d scenarios, %d modules: %d pairs played, %d make no sense", len(files), len(modems), played, left)
}

func senseless(scenario, modem string) string {
	for _, n := range notOn {
		if n.scenario == scenario && strings.HasPrefix(modem, n.modem) {
			return n.why
		}
	}
	return ""
}
