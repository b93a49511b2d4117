package attach

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// event is something that happens to a device, drawn once and played as often as a property needs.
type event struct {
	after time.Duration // since the event before it
	kind  int
	n     int
	code  correlate.Code // of a verdict that correlate did not come to by itself; "" none
	again time.Duration  // restart: without power for so long
	sane  bool           // restart: the wall clocks are right and trusted
	boot  bool           // restart: of the computer too
}

const eventKinds = 15

func drawEvents(r *rapid.T, most int) (list []event) {
	codes := []correlate.Code{"", "", "", "healed-in-cloud", "fplmn-trap", "stale-bearer", "flapping", "data-limit", "congestion",
		"sim-inactive", "dns", "host-path"}
	for range rapid.IntRange(1, most).Draw(r, "events") {
		list = append(list, event{
			after: time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(r, "after")),
			kind:  rapid.IntRange(0, eventKinds-1).Draw(r, "kind"),
			n:     rapid.IntRange(0, 99).Draw(r, "n"),
			code:  rapid.SampledFrom(codes).Draw(r, "code"),
			again: time.Duration(rapid.Int64Range(0, int64(5*time.Hour)).Draw(r, "off")),
			sane:  rapid.Bool().Draw(r, "sane"),
			boot:  rapid.Bool().Draw(r, "boot"),
		})
	}
	return list
}

// device plays events to the policy, as the core does. Its own clock may jump at a restart; elapsed never does.
type device struct {
	policy  Policy
	f       *facts.Facts
	h       History
	start   time.Time     // by the cloud's clock, which is right
	now     time.Time     // by the device's clock
	elapsed time.Duration // in truth
	uptime  time.Duration
	boots   int
	code    correlate.Code
	check   func(d *device, v correlate.Verdict, d2 Decision)
	done    []Done          // everything, at its true time
	plans   []time.Duration // what was planned, from the moment of planning
}

func newDevice(p Policy, start time.Time) *device {
	d := &device{policy: p, start: start, now: start, boots: 1}
	d.begin()
	return d
}

// begin is what a start of the agent sees.
func (d *device) begin() {
	d.f = facts.New(d.now, facts.Want{APN: "super", PDPType: "IP", CID: 1})
	d.f.Port.Open, d.f.Line.Alive = true, true
	for range 2 {
		d.apply(modem.Identity{Model: "EG25"}, modem.SIM{State: modem.SIMReady}, modem.ICCID(iccid), modem.Radio{Fun: 1},
			modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "super"}}},
			modem.Registration{Domain: modem.EPS, Stat: modem.RegUnknown, AcT: modem.Unknown})
	}
}

func (d *device) apply(list ...modem.Observation) {
	for _, o := range list {
		d.f.Apply(d.now, o)
	}
}

func (d *device) play(list []event) {
	for _, e := range list {
		d.wait(e.after)
		d.code = e.code
		d.happen(e)
		d.wait(0)
	}
}

// wait lets time pass and does what becomes due, at the moments at which it becomes due.
func (d *device) wait(length time.Duration) {
	for end := d.elapsed + length; ; {
		v := correlate.Judge(d.now, d.f)
		if d.code != "" {
			v.Code = d.code
		}
		d.h.Observe(d.now, d.f, v)
		next := Plan(d.now, d.f, v, &d.h, d.policy)
		if d.check != nil {
			d.check(d, v, next)
		}
		if !next.At.IsZero() {
			d.plans = append(d.plans, next.At.Sub(d.now))
		}
		if next.Due(d.now) {
			d.h.Note(d.now, next)
			d.h.Ended("ok")
			truth := d.h.Actions[len(d.h.Actions)-1]
			truth.At = noon.Add(d.elapsed)
			d.done = append(d.done, truth)
			if next.Kind == Activate || next.Kind == Reactivate {
				d.f.Dialled(d.now, false, modem.Cause{Domain: modem.ESM, Number: 38}, "failed")
			}
			continue
		}
		step := min(end-d.elapsed, 10*time.Minute)
		if !next.At.IsZero() && next.At.After(d.now) {
			step = min(step, next.At.Sub(d.now))
		}
		if step <= 0 {
			return
		}
		d.pass(step)
	}
}

func (d *device) pass(t time.Duration) {
	d.now, d.elapsed, d.uptime = d.now.Add(t), d.elapsed+t, d.uptime+t
}

func (d *device) happen(e event) {
	cause := Causes[e.n%len(Causes)]
	stats := []modem.RegStat{modem.RegIdle, modem.RegSearching, modem.RegRoaming, modem.RegHome, modem.RegUnknown}
	switch e.kind {
	case 0, 1:
		d.apply(modem.Registration{Domain: modem.EPS, Stat: stats[e.n%len(stats)], AcT: 7})
	case 2:
		c := modem.Cause{Domain: cause.Domain, Number: cause.Number}
		d.apply(modem.Registration{Domain: modem.EPS, Stat: modem.RegDenied, AcT: 7, Cause: c})
	case 3:
		d.apply(modem.Registration{Domain: modem.EPS, Stat: modem.RegRoaming, AcT: 7}, modem.Active{CIDs: []int{1}},
			modem.Address{CID: 1, IP: "100.64.1.2"})
	case 4:
		d.apply(modem.Active{})
	case 5:
		d.apply(modem.IMSI(fmt.Sprintf("7321232000%05d", e.n)))
	case 6:
		d.apply(modem.SIM{State: modem.SIMReady, Refreshed: true})
	case 7:
		code := []int{83700, 83702, 83703, 83703, 83704, 83705, 1}[e.n%7]
		d.cloud(cloud.AttachmentRejected, code)
	case 8:
		d.cloud(cloud.AttachmentAccepted, 0)
	case 9:
		d.f.Line, d.f.BootingUntil = facts.Line{Since: d.now, Failing: 3}, d.now
		d.f.Port.Reason = []string{"", "", "gone", "missing", "busy"}[e.n%5]
		d.f.Lose(d.now)
	case 10:
		d.f.Line, d.f.Port.Reason = facts.Line{Alive: true, Since: d.now}, ""
	case 11:
		heard := []string{"310410", "26201"}[e.n%2]
		d.apply(modem.ForbiddenPLMNs{List: []string{"310410"}}, modem.Networks{List: []modem.Network{{PLMN: heard}}})
	case 12:
		d.apply(modem.Radio{Fun: []int{0, 1, 4}[e.n%3]})
	case 13:
		kind := []RequestKind{Retry, ForceRetry, HoldUntil, Resume}[e.n%4]
		d.h.Ask(Request{Kind: kind, At: d.now, Until: d.now.Add(time.Duration(e.n) * time.Minute)})
	case 14:
		d.restart(e)
	}
}

func (d *device) cloud(typ string, code int) {
	e := cloud.Event{SID: fmt.Sprint("EZ", d.elapsed, typ, code), Type: typ, ICCID: iccid, Time: d.start.Add(d.elapsed),
		Error: cloud.Error{Code: code}}
	d.f.AddCloud(d.now, "test", []cloud.Event{e}, 0)
}

// restart stores the history and begins anew with it: the agent alone, or the computer with it. What its clock says then
// may be years off.
func (d *device) restart(e event) {
	boot := fmt.Sprint("boot", d.boots)
	s, err := d.h.Encode(Moment{Now: d.now, Boot: boot, Uptime: d.uptime, Trusted: e.sane})
	if err != nil {
		panic(err)
	}
	stored, err := Decode(s)
	if err != nil || stored.Skipped > 0 {
		panic(fmt.Sprint(err, stored.Skipped))
	}
	d.elapsed += e.again
	d.now = d.now.Add(e.again)
	d.uptime += e.again
	if e.boot {
		d.boots++
		d.uptime = 30 * time.Second
		d.elapsed += d.uptime
		d.now = d.now.Add(d.uptime)
	}
	if !e.sane {
		d.now = d.now.Add(time.Duration(e.n-50) * 365 * day)
	}
	d.h = Restore(stored, Moment{Now: d.now, Boot: fmt.Sprint("boot", d.boots), Uptime: d.uptime, Trusted: e.sane})
	d.begin()
}

func drawPolicy(r *rapid.T, profiles ...string) Policy {
	p := policy(rapid.SampledFrom(profiles).Draw(r, "profile"))
	p.Seed = rapid.Uint64().Draw(r, "seed")
	p.Power, p.Dial = rapid.Bool().Draw(r, "power"), rapid.Bool().Draw(r, "dial")
	return p
}

// radioKinds touch the radio or the module.
var radioKinds = []Kind{AutomaticSelection, RadioCycle, ClearFPLMN, ModuleReset, SoftReset, HardCycle}

// Whatever happens, in whatever order, with restarts and clocks that jump by years: no budget is exceeded in any sliding
// window of the true time; the first 25 minutes belong to the modem and the SIM, unless the port is dead, the configuration
// is wrong, the cloud says that the SIM is healed, or a person asks; no fault of the host touches the modem; no plan lies in
// the past; and a person's hold is kept.
func TestPolicyHolds(t *testing.T) {
	exempt := []string{ruleDead, ruleAsked, ruleHealed, "repair"}
	rapid.Check(t, func(r *rapid.T) {
		d := newDevice(drawPolicy(r, "balanced", "gentle"), noon)
		d.check = func(d *device, v correlate.Verdict, next Decision) {
			if next.At.Before(d.now) && !(next.Kind == Hold && next.At.IsZero()) {
				r.Fatalf("a plan in the past: %+v at %v", next, d.now)
			}
			if next.Rule == "" || next.Why == "" {
				r.Fatalf("a plan without a reason: %+v", next)
			}
			if d.now.Before(d.h.Held) && next.Kind != Hold {
				r.Fatalf("%+v while a person wants nothing to be done", next)
			}
			busy := !d.f.Line.Alive && d.f.Port.Reason == "busy"
			host := hostFaults[v.Code] != "" && d.f.ReadyForData()
			if (busy || host) && next.Kind != Hold && next.Rule != ruleAsked && next.Rule != "repair" {
				r.Fatalf("%+v for a fault of the host", next)
			}
			if !next.Due(d.now) || !slices.Contains(radioKinds, next.Kind) || slices.Contains(exempt, next.Rule) {
				return
			}
			since := d.f.OutageStart
			if since.IsZero() {
				since = d.h.Ladder.Since
			}
			if d.now.Sub(since) < 25*time.Minute {
				r.Fatalf("%+v after %v", next, d.now.Sub(since))
			}
		}
		d.play(drawEvents(r, 60))
		d.wait(30 * time.Hour)
		checkWindows(r, d.done, d.policy.Profile)
	})
}

// A device whose clock is years off does the same at the same moments.
func TestWallClockChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawPolicy(r, "balanced", "gentle", "attended")
		events := drawEvents(r, 30)
		for i := range events {
			events[i].sane = true
			events[i].n -= events[i].n % 2
		}
		years := time.Duration(rapid.IntRange(-50, 50).Draw(r, "years")) * 365 * day
		here, there := newDevice(p, noon), newDevice(p, noon.Add(years))
		here.play(events)
		there.play(events)
		if !reflect.DeepEqual(here.plans, there.plans) || story(here.done, Kinds()...) != story(there.done, Kinds()...) {
			r.Fatalf("with another clock:\n%s\n%s", story(here.done, Kinds()...), story(there.done, Kinds()...))
		}
	})
}

// The same facts with the same stamps lead to the same plan, whatever the order of their arrival.
func TestOrderOfFactsDoesNotMatter(t *testing.T) {
	seen := []modem.Observation{modem.Radio{Fun: 1}, modem.Operator{PLMN: "310410", AcT: 7},
		modem.Registration{Domain: modem.PS, Stat: modem.RegDenied, AcT: 7},
		modem.Registration{Domain: modem.EPS, Stat: modem.RegSearching, AcT: 7},
		modem.Registration{Domain: modem.CS, Stat: modem.RegIdle, AcT: 7}, modem.IMSI("732123200012345"),
		modem.Signal{RSRPdBm: -95, RSRQdB: -11, SINRdB: 9, RSSIdBm: -65}, modem.ForbiddenPLMNs{List: []string{"310410"}},
		modem.Networks{List: []modem.Network{{PLMN: "310410"}}}, modem.SIM{State: modem.SIMReady, Refreshed: true}}
	told := []cloud.Event{}
	for i, code := range []int{83703, 83702, 83703, 0, 83703, 83705, 83703} {
		typ := cloud.AttachmentRejected
		if code == 0 {
			typ = cloud.AttachmentAccepted
		}
		told = append(told, cloud.Event{SID: fmt.Sprint("EZ", i), Type: typ, ICCID: iccid,
			Time: noon.Add(time.Duration(i*20) * time.Minute), Error: cloud.Error{Code: code}})
	}
	rapid.Check(t, func(r *rapid.T) {
		after := time.Duration(rapid.IntRange(0, 600).Draw(r, "minutes")) * time.Minute
		events := told[:rapid.IntRange(0, len(told)).Draw(r, "events")]
		once := func(seen []modem.Observation, told []cloud.Event) Decision {
			f, h := unregistered(), History{}
			for _, o := range seen {
				f.Apply(noon.Add(time.Minute), o)
			}
			for _, e := range told {
				f.AddCloud(noon.Add(2*time.Minute), "test", []cloud.Event{e}, 0)
				h.Observe(noon.Add(2*time.Minute), f, correlate.Judge(noon.Add(2*time.Minute), f))
			}
			return plan(f, &h, policy("balanced"), after)
		}
		want := once(seen, events)
		if got := once(rapid.Permutation(seen).Draw(r, "seen"), rapid.Permutation(events).Draw(r, "told")); got != want {
			r.Fatalf("%+v\n%+v", got, want)
		}
	})
}
