package agent

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"supersim-agent/modem/modemsim"
)

// mostAdded is how much longer than the module by itself the agent may take until data can flow.
const mostAdded = 0.05

// TestBringUp prints, for each module, what the way from power-on to an active data connection costs: the number of
// commands, and the time by the virtual clock beside that of the least that a host can do. On LTE that is nothing, the
// module registers and gets its bearer by itself; on 2G and 3G the module's own time for opening the connection is added.
func TestBringUp(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "module\talone\twith us\tadded\tcommands\t")
	for _, name := range modemsim.Personalities() {
		ours, commands, dialling := bringUp(t, name)
		alone := registers(t, name) + dialling
		added := float64(ours-alone) / float64(alone)
		fmt.Fprintf(w, "%s\t%.1f s\t%.1f s\t%.1f %%\t%d\t\n", name, alone.Seconds(), ours.Seconds(), 100*added, commands)
		if added > mostAdded {
			t.Errorf("%s: %v alone, %v with the agent", name, alone, ours)
		}
	}
	w.Flush()
	t.Logf("from power-on to an active data connection\n%s", table.String())
}

// quickModem is the default world on one module. A late answer that happens to be under way is no delay of ours.
func quickModem(t *testing.T, name string) *modemsim.Scenario {
	s, err := modemsim.Default().WithModem(name)
	if err != nil {
		t.Fatal(err)
	}
	s.Module.Late = false
	return s
}

// bringUp is how long the agent takes until it knows the address of the data connection, with how many commands, and for
// how long of that the module was busy opening it.
func bringUp(t *testing.T, name string) (took time.Duration, commands int, dialling time.Duration) {
	s := quickModem(t, name)
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, s)
		end := st.begin()
		took = waitFor(func() bool { f := st.agent.Load().Snapshot().Facts; return f.ReadyForData() })
		for _, n := range st.world.Stats().Commands {
			commands += n
		}
		trace, err := st.agent.Load().Trace()
		if err != nil {
			t.Error(err)
		}
		for _, x := range trace {
			if opens.MatchString(x.Command) {
				dialling += time.Duration(x.TookMs) * time.Millisecond
			}
		}
		end()
	})
	return took, commands, dialling
}

// opens matches the commands that open a data connection, in the words of every family.
var opens = regexp.MustCompile(`^AT\+(CGACT=1|SAPBR=[13]|UPSD=|UPSDA=0,3)`)

// registers is how long the module takes by itself.
func registers(t *testing.T, name string) (took time.Duration) {
	s := quickModem(t, name)
	synctest.Test(t, func(t *testing.T) {
		world := modemsim.NewWorld(s, nil)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			world.Run(ctx) //nolint:errcheck // it returns nil
		}()
		took = waitFor(world.Registered)
		cancel()
		<-ended
	})
	return took
}

// waitFor is the virtual time until something is true, ten minutes at most.
func waitFor(ready func() bool) time.Duration {
	start := time.Now()
	for !ready() && time.Since(start) < 10*time.Minute {
		<-time.After(20 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(start)
}
