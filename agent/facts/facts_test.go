package facts

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/cloud"
	"supersim-agent/modem"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const iccid = "89883070000012345678"

func known() *Facts {
	f := New(noon, Want{APN: "super", PDPType: "IP", CID: 1})
	f.Line.Alive = true
	f.Apply(noon, modem.ICCID(iccid))
	f.Apply(noon, modem.ICCID(iccid))
	return f
}

// A UART that loses a byte must not make another card, another APN or another address.
func TestOneMisreadingIsNotBelieved(t *testing.T) {
	f := known()
	super := modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "super"}}}
	for _, o := range []modem.Observation{super, reg(modem.EPS, modem.RegRoaming), modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.23"}} {
		f.Apply(noon, o)
	}
	for _, o := range []modem.Observation{modem.ICCID("8988307000012345678"), modem.Address{CID: 1, IP: "100.64.1.2"},
		modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "supr"}}}} {
		if changes := f.Apply(noon, o); len(changes) != 0 {
			t.Errorf("%v is believed at once: %v", o, changes)
		}
	}
	if len(f.InDoubt()) != 3 {
		t.Errorf("in doubt: %v", f.InDoubt())
	}
	for _, o := range []modem.Observation{modem.ICCID(iccid), modem.Address{CID: 1, IP: "100.64.1.23"}, super} {
		f.Apply(noon, o)
	}
	if len(f.InDoubt()) != 0 || f.APNWrong() || f.ICCID.Value != iccid || f.IP.Value != "100.64.1.23" {
		t.Errorf("after the right readings: %v, %+v, %v, %v", f.InDoubt(), f.Context.Value, f.ICCID.Value, f.IP.Value)
	}
	wrong := modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "internet"}}}
	f.Apply(noon, wrong)
	f.Apply(noon, wrong)
	if !f.APNWrong() {
		t.Error("the same reading twice is not believed")
	}
}

// A restart of the module in an outage does not begin a new outage: the ladder goes on where it was.
func TestOutageOutlivesARestart(t *testing.T) {
	f := known()
	f.Apply(noon, reg(modem.EPS, modem.RegSearching))
	f.Restarting(noon.Add(75 * time.Minute))
	f.Apply(noon.Add(76*time.Minute), reg(modem.EPS, modem.RegSearching))
	if !f.OutageStart.Equal(noon) {
		t.Errorf("the outage began %v", f.OutageStart)
	}
}

func reg(d modem.Domain, s modem.RegStat) modem.Registration {
	return modem.Registration{Domain: d, Stat: s, AcT: 7}
}

// A stale 2G domain must not lower the state of a device that LTE has (dialects: order problem of +CEREG and +CGREG).
func TestOneGoodDomainIsEnough(t *testing.T) {
	f := known()
	f.Apply(noon, reg(modem.EPS, modem.RegRoaming))
	f.Apply(noon, reg(modem.PS, modem.RegIdle))
	f.Apply(noon, reg(modem.CS, modem.RegDenied))
	if !f.Registered.Value || f.Serving().Stat != modem.RegRoaming {
		t.Errorf("registered %v, serving %v", f.Registered.Value, f.Serving())
	}
	f.Apply(noon, reg(modem.EPS, modem.RegSearching))
	if f.Registered.Value || f.OutageStart.IsZero() {
		t.Error("still registered after the last packet domain was lost")
	}
}

// CS alone is no proof of data.
func TestCircuitSwitchedIsNotData(t *testing.T) {
	f := known()
	f.Apply(noon, reg(modem.CS, modem.RegRoaming))
	if f.Registered.Value {
		t.Error("registered by AT+CREG alone")
	}
}

// +CEER keeps its last failure for ever: the first reading and the same reading again say nothing.
func TestLastCauseGoesStale(t *testing.T) {
	f := known()
	f.Apply(noon, reg(modem.EPS, modem.RegSearching))
	old := modem.LastCause{Cause: modem.Cause{Domain: modem.ESM, Number: 27}}
	for range 3 {
		f.Apply(noon, old)
	}
	if c, ok := f.FreshCause(noon); ok {
		t.Errorf("an old cause counts: %v", c)
	}
	f.Apply(noon, reg(modem.EPS, modem.RegDenied))
	f.Apply(noon, old)
	if _, ok := f.FreshCause(noon); !ok {
		t.Error("after a denial the same cause is news")
	}
	f.Apply(noon, reg(modem.EPS, modem.RegRoaming))
	if c, ok := f.FreshCause(noon); ok {
		t.Errorf("a cause outlived the registration: %v", c)
	}
	f.Apply(noon, reg(modem.EPS, modem.RegSearching))
	f.Apply(noon, modem.LastCause{Cause: modem.Cause{Domain: modem.EMM, Number: 17}})
	if c, ok := f.FreshCause(noon.Add(31 * time.Minute)); ok {
		t.Errorf("a cause counts after half an hour: %v", c)
	}
}

func TestNoNewsIsNoChange(t *testing.T) {
	f := known()
	list := []modem.Observation{modem.SIM{State: modem.SIMReady}, modem.Radio{Fun: 1}, reg(modem.EPS, modem.RegRoaming),
		modem.Active{CIDs: []int{1, 2}}, modem.Address{CID: 1, IP: "100.64.1.2"}, modem.Operator{PLMN: "310410"},
		modem.Signal{RSRPdBm: -95, RSRQdB: modem.Unknown, SINRdB: modem.Unknown, RSSIdBm: modem.Unknown}}
	for _, o := range list {
		f.Apply(noon, o)
	}
	for _, o := range list {
		if changes := f.Apply(noon.Add(time.Minute), o); len(changes) != 0 {
			t.Errorf("%T again: %v", o, changes)
		}
	}
	if !f.ReadyForData() {
		t.Error("not ready for data")
	}
	if changes := f.Apply(noon, modem.ContextLost{CID: 2}); len(changes) != 0 || !f.Active.Value {
		t.Errorf("another context's end: %v", changes)
	}
}

func event(sid, typ string, at time.Duration, session string, started time.Duration) cloud.Event {
	e := cloud.Event{SID: sid, Type: typ, ICCID: iccid, Time: noon.Add(at), SessionSID: session, IP: "100.64.0." + session[2:]}
	e.SessionStart = noon.Add(started)
	if typ == cloud.SessionEnded {
		e.SessionEnd = e.Time
	}
	return e
}

// A weak supply is told once until the module restarts, and again after that.
func TestSupply(t *testing.T) {
	f := known()
	for i, want := range []int{1, 0} {
		if got := f.Apply(noon, modem.Supply{}); len(got) != want || want == 1 && got[0].Kind != "supply" {
			t.Errorf("warning %d: %v", i, got)
		}
	}
	f.Apply(noon, modem.Booted{})
	if got := f.Apply(noon, modem.Supply{}); len(got) != 1 {
		t.Errorf("after a restart: %v", got)
	}
}

// A module that installs firmware may be silent; its progress is no news, its end is.
func TestInstall(t *testing.T) {
	f := known()
	for _, step := range []struct{ code, changes int }{{1, 1}, {99, 0}, {128, 1}, {1, 1}, {141, 1}} {
		if got := f.Apply(noon, modem.Install{Code: step.code}); len(got) != step.changes {
			t.Errorf("%d: %v", step.code, got)
		}
	}
	if want := noon.Add(installTime); !f.BootingUntil.Equal(want) {
		t.Errorf("given until %v, want %v", f.BootingUntil, want)
	}
}

// Context 1 stands twice where the attach has a setting of its own: the one that is wrong counts, in either order.
func TestContextTwice(t *testing.T) {
	right := modem.PDPContext{CID: 1, Type: "IP", APN: "super"}
	wrong := modem.PDPContext{CID: 1, Type: "IP", APN: "internet"}
	for _, list := range [][]modem.PDPContext{{right, wrong}, {wrong, right}, {right, right}} {
		f := New(noon, Want{APN: "super", PDPType: "IP", CID: 1})
		want := right
		if slices.Contains(list, wrong) {
			want = wrong
		}
		f.Apply(noon, modem.Contexts{List: list})
		f.Apply(noon, modem.Contexts{List: list})
		if f.Context.Value != want {
			t.Errorf("%v: %v", list, f.Context.Value)
		}
	}
}

// Sessions are assembled by the cloud's time: no order of arrival and no repetition changes the result.
func TestSessionsInAnyOrder(t *testing.T) {
	const hour = time.Hour
	events := []cloud.Event{
		event("EZ1", cloud.SessionStarted, 0, "PI1", 0),
		event("EZ2", cloud.SessionUpdated, 6*time.Minute, "PI1", 0),
		event("EZ3", cloud.SessionStarted, hour, "PI2", hour),
		event("EZ4", cloud.SessionEnded, hour+time.Second, "PI1", 0), // the old one ends after the new one began
		event("EZ5", cloud.SessionUpdated, hour+6*time.Minute, "PI2", hour),
		event("EZ7", cloud.SessionUpdated, hour+12*time.Minute, "PI2", hour),
		{SID: "EZ6", Type: cloud.SessionStarted, ICCID: iccid, Time: noon.Add(2 * hour), OTA: true, SessionSID: "PI3"},
	}
	rapid.Check(t, func(r *rapid.T) {
		f := known()
		order := append(rapid.Permutation(events).Draw(r, "order"), rapid.SliceOf(rapid.SampledFrom(events)).Draw(r, "again")...)
		for _, e := range order {
			f.AddCloud(noon, "test", []cloud.Event{e}, 0)
		}
		s, ok := f.Cloud.Session()
		if !ok || s.SID != "PI2" || !s.Alive() || s.IP != "100.64.0.2" {
			r.Fatalf("session %+v", s)
		}
		if f.Cloud.Duplicates != len(order)-len(events) {
			r.Fatalf("%d duplicates counted of %d", f.Cloud.Duplicates, len(order)-len(events))
		}
		if s.Last.SID != "EZ7" || len(f.Cloud.Entries()) != len(events)-1 {
			r.Fatalf("of the updates of a session the newest counts: %s, %d entries", s.Last.SID, len(f.Cloud.Entries()))
		}
		if !slices.IsSortedFunc(f.Cloud.Entries(), compareEntries) {
			r.Fatal("the diary is not in order")
		}
	})
}

// Events that come before the card's number is known are not lost.
func TestEventsBeforeTheCardIsKnown(t *testing.T) {
	f := New(noon, Want{CID: 1})
	f.AddCloud(noon, "test", []cloud.Event{event("EZ1", cloud.SessionStarted, 0, "PI1", 0)}, 1)
	if n := len(f.Cloud.Entries()); n != 0 || f.Cloud.OtherICCID != 0 || f.Cloud.Problems != 1 {
		t.Fatalf("%d entries, %d of others, %d problems", n, f.Cloud.OtherICCID, f.Cloud.Problems)
	}
	f.Apply(noon, modem.ICCID(iccid))
	changes := f.Apply(noon, modem.ICCID(iccid))
	if n := len(f.Cloud.Entries()); n != 1 || !slices.ContainsFunc(changes, func(c Change) bool { return c.EventSID == "EZ1" }) {
		t.Errorf("%d entries, changes %v", n, changes)
	}
}

func TestDiaryIsBounded(t *testing.T) {
	f := known()
	for i := range 3 * diaryLength {
		e := event("EZ"+strings.Repeat("x", i%7)+time.Duration(i).String(), cloud.AttachmentAccepted, time.Duration(i)*time.Minute, "PI1", 0)
		f.AddCloud(noon, "test", []cloud.Event{e}, 0)
		e.SID, e.ICCID = "F"+e.SID, "89490200001234567890"
		f.AddCloud(noon, "test", []cloud.Event{e}, 0)
	}
	if a, b := len(f.Cloud.entries), len(f.Cloud.others); a != diaryLength || b != othersLength {
		t.Errorf("%d entries, %d of others", a, b)
	}
}

// A snapshot must not change when the diary goes on.
func TestSnapshotsShareNothingThatIsWritten(t *testing.T) {
	f := known()
	f.AddCloud(noon, "test", []cloud.Event{event("EZ2", cloud.SessionStarted, time.Minute, "PI2", time.Minute)}, 0)
	before := *f
	f.AddCloud(noon, "test", []cloud.Event{event("EZ1", cloud.SessionStarted, 0, "PI1", 0)}, 0)
	if got := before.Cloud.Entries(); len(got) != 1 || got[0].SID != "EZ2" {
		t.Errorf("the snapshot's diary became %v", got)
	}
}

func TestOrderNeedsAClock(t *testing.T) {
	f := known()
	for _, test := range []struct {
		clock          Clock
		gap            time.Duration
		after, certain bool
	}{
		{Clock{State: ClockNTP, Uncertainty: time.Second}, 2 * time.Second, true, true},
		{Clock{State: ClockNTP, Uncertainty: time.Second}, -2 * time.Second, false, true},
		{Clock{State: ClockNTP, Uncertainty: time.Second}, time.Second / 2, true, false},
		{Clock{State: ClockNITZ, Uncertainty: 30 * time.Second}, 20 * time.Second, true, false},
		{Clock{State: ClockUnsynced}, time.Hour, true, false},
		{Clock{}, -time.Hour, false, false},
	} {
		f.Clock = test.clock
		if after, certain := f.Order(noon.Add(time.Minute), noon.Add(test.gap), noon); after != test.after || certain != test.certain {
			t.Errorf("%v %v: after %v, certain %v", test.clock, test.gap, after, certain)
		}
	}
}

// The network's time confirms the clock or says nothing; it is never believed when it is hours off.
func TestNetworkTimeOnlyConfirms(t *testing.T) {
	f := known()
	f.Apply(noon, modem.NetworkTime{UTC: noon.Add(3 * time.Hour)})
	if f.Clock.State != ClockUnsynced {
		t.Errorf("three hours off: %v", f.Clock)
	}
	f.Apply(noon, modem.NetworkTime{UTC: noon.Add(5 * time.Second)})
	if f.Clock.State != ClockNITZ {
		t.Errorf("five seconds off: %v", f.Clock)
	}
	f.Clock.Synced(true)
	f.Apply(noon, modem.NetworkTime{UTC: noon.Add(3 * time.Hour)})
	if f.Clock.State != ClockNTP {
		t.Errorf("NTP was given up: %v", f.Clock)
	}
}

func TestQuality(t *testing.T) {
	s := modem.NoSignal
	if got := Quality(s); got != "none" {
		t.Errorf("no signal: %q", got)
	}
	for rsrp, want := range map[int]string{-80: "excellent", -85: "excellent", -86: "good", -95: "good", -100: "fair", -110: "weak", -120: "very weak"} {
		s.RSRPdBm = rsrp
		if got := Quality(s); got != want {
			t.Errorf("RSRP %d dBm: %q, want %q", rsrp, got, want)
		}
	}
}
