package agent

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"supersim-agent/modem/modemsim"
)

const (
	soakLength = 7 * 24 * time.Hour
	soakHealed = soakLength - 36*time.Hour // from here on nothing is wrong any more
)

// trouble is something that befalls a world: lines of [[at]] tables when it begins and, unless it ends by itself, when it
// is over.
type trouble struct {
	begin string
	end   string
	lasts [2]time.Duration // from, to
}

// troubles is the table that random worlds draw from. Everything heals.
var troubles = []trouble{
	{begin: `fault = "agent-restart"`},
	{begin: `fault = "host-power-cut"`, lasts: minutesTo(1, 60)},
	{begin: `set.host.clock_offset = "-87600h"`, end: `set.host.clock_offset = "0s"`, lasts: hoursTo(1, 12)},
	{begin: `set.host.clock_offset = "87600h"`, end: `set.host.clock_offset = "0s"`, lasts: hoursTo(1, 12)},
	{begin: "set.host.ntp = false\nset.host.clock_offset = \"-26280h\"", end: "set.host.ntp = true\nset.host.clock_offset = \"0s\"", lasts: hoursTo(1, 12)},
	{begin: `fault = "modem-hang"`},
	{begin: `fault = "hang-mid-answer"`},
	{begin: `fault = "modem-reboot"`},
	{begin: `fault = "garbage"`, lasts: minutesTo(1, 10)},
	{begin: `fault = "drop-bytes"`, lasts: minutesTo(1, 10)},
	{begin: `fault = "silence"`, lasts: minutesTo(1, 30)},
	{begin: `fault = "sim-pulled"`, lasts: minutesTo(1, 90)},
	{begin: `fault = "port-gone"`, lasts: minutesTo(1, 60)},
	{begin: `set.sim.status = "inactive"`, end: `set.sim.status = "active"`, lasts: hoursTo(1, 30)},
	{begin: `set.cell.0.nap_allowed = false`, end: `set.cell.0.nap_allowed = true`, lasts: hoursTo(1, 30)},
	{begin: `set.cell.0.reject_cause = 15`, end: `set.cell.0.reject_cause = 0`, lasts: hoursTo(1, 12)},
	{begin: `set.cell.0.reject_cause = 17`, end: `set.cell.0.reject_cause = 0`, lasts: hoursTo(1, 12)},
	{begin: `set.cell.0.reject_cause = 22`, end: `set.cell.0.reject_cause = 0`, lasts: hoursTo(1, 12)},
	{begin: `set.cell.0.rsrp = -150`, end: `set.cell.0.rsrp = -95`, lasts: hoursTo(1, 30)},
	{begin: `set.cloud.alive = false`, end: `set.cloud.alive = true`, lasts: hoursTo(1, 30)},
	{begin: `set.cloud.core_failure = "attach"`, end: `set.cloud.core_failure = ""`, lasts: hoursTo(1, 12)},
	{begin: `set.cloud.core_failure = "session"`, end: `set.cloud.core_failure = ""`, lasts: hoursTo(1, 12)},
	{begin: `set.sim.data_limit_reached = true`, end: `set.sim.data_limit_reached = false`, lasts: hoursTo(1, 30)},
	{begin: `set.cell.0.roaming_route = false`, end: `set.cell.0.roaming_route = true`, lasts: hoursTo(1, 30)},
}

func minutesTo(from, to int) [2]time.Duration {
	return [2]time.Duration{time.Duration(from) * time.Minute, time.Duration(to) * time.Minute}
}

func hoursTo(from, to int) [2]time.Duration {
	return [2]time.Duration{time.Duration(from) * time.Hour, time.Duration(to) * time.Hour}
}

// randomWorld writes the scenario file of one world: the same seed gives the same file.
func randomWorld(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	names := modemsim.Personalities()
	line("title = \"random world %d\"\nmodem = %q\nduration = %q\nseed = %d", seed, names[r.IntN(len(names))], soakLength, seed)
	line("\n[sim]\nimsis = [\"732123200012345\", \"901287100012345\"]\nimsi_switch = \"%dm\"", 5+r.IntN(15))
	line("\n[module]\napn = %q", []string{"super", "super", "internet"}[r.IntN(3)])
	line("\n[cloud]\ndelay = \"%ds\"\njitter = \"%ds\"\nduplicate = %.1f\nreorder = %.1f\nloss = %.1f",
		1+r.IntN(120), r.IntN(60), r.Float64()*0.3, r.Float64()*0.3, r.Float64()*0.2)
	if r.IntN(2) == 0 { // one network only: what befalls it, befalls the device
		line("\n[[cell]]\nplmn = \"26201\"\nname = \"Telekom\"\nrsrp = -95")
	}
	for at := time.Duration(0); ; {
		at += time.Duration(1+r.IntN(12*60)) * time.Minute
		t := troubles[r.IntN(len(troubles))]
		lasts := t.lasts[0]
		if span := t.lasts[1] - t.lasts[0]; span > 0 {
			lasts += time.Duration(r.Int64N(int64(span))).Round(time.Second)
		}
		if at+lasts >= soakHealed {
			break
		}
		line("\n[[at]]\ntime = %q\n%s", at, t.begin)
		if t.end != "" {
			line("\n[[at]]\ntime = %q\n%s", at+lasts, t.end)
		} else if lasts > 0 {
			line("fault_for = %q", lasts)
		}
		at += lasts
	}
	line("\n[[expect]]\nfrom = %q\nby = %q\nverdict = \"online\"", soakHealed, soakLength)
	return b.String()
}
