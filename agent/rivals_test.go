package agent

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem/modemsim"
)

var outageDays = flag.Int("days", 3, "length of the outage of TestRivals")

// longOutage: the SIM is inactive for so long. The network takes its second IMSI alone, so that the applet must get its
// turn before anything works.
func longOutage(length time.Duration) string {
	return fmt.Sprintf(`
title = "a SIM that is inactive for long, and a network that takes only its second IMSI"
modem = "quectel-eg25"
duration = %q
[sim]
status = "inactive"
imsis = ["732123200012345", "901287100012345"]
imsi_switch = "20m"
[[cell]]
plmn = "26201"
name = "Telekom"
allowed_imsis = ["901287100012345"]
[[at]]
time = %q
set.sim.status = "active"
`, length+afterwards, length)
}

const afterwards = 48 * time.Hour

// rival is one of the fixed policies that devices use today: what is done after how long without registration. The last
// remedy repeats.
type rival struct {
	name     string
	source   string
	remedies []remedy
}

type remedy struct {
	after time.Duration // since registration was lost, or since the remedy before
	do    func(*contest)
}

var rivals = []rival{
	{"reset every 15 minutes", "Sixfab core_manager: 180 checks of 5 s, then AT+CFUN=1,1, every second time the HAT's power", []remedy{
		{15 * time.Minute, (*contest).reset}, {15 * time.Minute, (*contest).powerCycle},
	}},
	{"power cycle after 10 minutes", "Particle Device OS: nothing for 5 minutes, then the radio, then power at 10 minutes", []remedy{
		{5 * time.Minute, (*contest).radioCycle}, {5 * time.Minute, (*contest).powerCycle},
	}},
	{"ping watchdog of 5 minutes", "MikroTik and OpenWrt users: power after 5 minutes without an answer", []remedy{
		{5 * time.Minute, (*contest).powerCycle},
	}},
}

// TestRivals plays the same outage to the agent and to the fixed policies, and prints what came of it. The agent must
// attach least, leave the applet its turn, and be back soon.
func TestRivals(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "policy\tattaches/day\tresets\tpower cycles\tIMSI changes\tonline after healing")
	show := func(name string, r result) {
		back := "never"
		if r.online > 0 {
			back = r.online.Round(time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%.1f\t%d\t%d\t%d\t%s\n", name, float64(r.attaches)/float64(*outageDays), r.resets, r.boots-r.resets-1, r.switches, back)
	}
	ours := contend(t, nil)
	show("supersim-agent, balanced", ours)
	fastest := time.Duration(0)
	for _, rival := range rivals {
		r := contend(t, &rival)
		show(rival.name, r)
		if ours.attaches >= r.attaches {
			t.Errorf("%d attaches, %s has %d", ours.attaches, rival.name, r.attaches)
		}
		if r.online > 0 && (fastest == 0 || r.online < fastest) {
			fastest = r.online
		}
	}
	w.Flush()
	t.Logf("%d days without service\n%s", *outageDays, table.String())
	if ours.switches == 0 {
		t.Error("the applet never got its turn")
	}
	if hold := 25 * time.Hour; ours.online == 0 || ours.online > fastest+hold {
		t.Errorf("online %v after healing, the fastest took %v", ours.online, fastest)
	}
}

// result is what one policy did in the outage, and how soon it was online afterwards; 0: never.
type result struct {
	attaches, resets, boots, switches int
	online                            time.Duration
}

// contend plays the outage to a policy, nil for the agent.
func contend(t *testing.T, r *rival) (got result) {
	length := time.Duration(*outageDays) * 24 * time.Hour
	s, err := modemsim.ParseScenario("outage.toml", []byte(longOutage(length)))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, s)
		var end func()
		if r == nil {
			end = st.begin()
		} else {
			end = (&contest{world: st.world}).begin(r)
		}
		<-time.After(length)
		synctest.Wait()
		n := st.world.Stats()
		got = result{attaches: n.Attaches, resets: n.Resets, boots: n.Boots, switches: n.IMSISwitches}
		healed := time.Now()
		for time.Since(healed) < afterwards && got.online == 0 {
			<-time.After(10 * time.Second)
			synctest.Wait()
			if st.world.Registered() {
				got.online = time.Since(healed)
			}
		}
		end()
	})
	return got
}

// contest is a fixed policy at work on a world.
type contest struct {
	world *modemsim.World
	port  *atcmd.Port
}

// begin plays the world and the policy; the returned function ends both.
func (c *contest) begin(r *rival) (end func()) {
	c.world.OnEvents(func([]byte) {}) // these policies do not listen
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.world.Run(ctx) })
	running.Go(func() { c.play(ctx, r) })
	return func() {
		cancel()
		running.Wait()
	}
}

const pollEvery = time.Minute

func (c *contest) play(ctx context.Context, r *rival) {
	defer func() { c.close() }()
	lost, next := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pollEvery):
		}
		if c.world.Registered() {
			lost, next = time.Now(), 0
			continue
		}
		m := r.remedies[next%len(r.remedies)]
		if time.Since(lost) >= m.after {
			m.do(c)
			lost, next = time.Now(), next+1
		}
	}
}

func (c *contest) reset()      { c.send("AT+CFUN=1,1") }
func (c *contest) radioCycle() { c.send("AT+CFUN=4"); c.send("AT+CFUN=1") }

func (c *contest) powerCycle() {
	c.close()
	c.world.PowerOff()
	<-time.After(2 * time.Second)
	c.world.PowerOn()
}

// send sends a command and does not care what comes back, as scripts do.
func (c *contest) send(command string) {
	if c.port == nil {
		rw, err := c.world.Open()
		if err != nil {
			return
		}
		c.port = atcmd.New(rw, atcmd.Options{Name: "rival", BootTime: time.Minute})
	}
	c.port.Exec(context.Background(), atcmd.Cmd{Text: command, Timeout: 20 * time.Second}) //nolint:errcheck // see above
	if c.port.Err() != nil {
		c.close()
	}
}

func (c *contest) close() {
	if c.port != nil {
		c.port.Close()
		c.port = nil
	}
}
