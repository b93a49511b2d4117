package facts

import (
	"testing"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/modem"
)

// metered is a device at noon UTC with a trusted clock and its interface.
type metered struct {
	*Facts
	now    time.Time
	tx, rx int64
}

func newMetered() *metered {
	m := &metered{Facts: New(noon, Want{APN: "super", CID: 1}), now: noon}
	m.Clock.Synced(true)
	m.Cloud.follow(iccid)
	return m
}

// run lets the interface carry up and down bytes a minute for so many minutes, with a reading in each.
func (m *metered) run(minutes int, up, down int64) *metered {
	for range minutes {
		m.now = m.now.Add(time.Minute)
		m.tx, m.rx = m.tx+up, m.rx+down
		m.look("wwan0")
	}
	return m
}

func (m *metered) look(name string) {
	m.Observe(m.now, HostLink{Name: name, Up: true, IP: "100.64.1.2", Route: true, TxBytes: m.tx, RxBytes: m.rx})
}

func (m *metered) gone(minutes int) {
	for range minutes {
		m.now = m.now.Add(time.Minute)
		m.Observe(m.now, HostLink{})
	}
}

func (m *metered) usage(from, to time.Duration) (up, down int64) {
	u, _ := m.Outside.Meter.Between(noon.Add(from), noon.Add(to))
	return u.Upload, u.Down
}

func TestMeter(t *testing.T) {
	m := newMetered()
	m.tx, m.rx = 1_000_000, 2_000_000 // from before the agent: not counted
	m.look("wwan0")
	m.run(60, 100, 300)
	if up, down := m.usage(0, time.Hour); up != 6000 || down != 18000 {
		t.Errorf("an hour: %d, %d", up, down)
	}
	if up, _ := m.usage(13*time.Minute, 26*time.Minute); up < 1290 || up > 1310 {
		t.Errorf("13 minutes in the middle: %d", up)
	}
	if _, ok := m.Outside.Meter.Between(noon.Add(-time.Hour), noon); ok {
		t.Error("usage from before the first reading")
	}

	m.tx, m.rx = 0, 0 // it appears anew
	m.run(10, 100, 300)
	if up, down := m.usage(0, 2*time.Hour); up != 7000 || down != 21000 {
		t.Errorf("after it appeared anew: %d, %d", up, down)
	}
	m.gone(5)
	m.run(10, 100, 300)
	if up, _ := m.usage(0, 2*time.Hour); up != 8000 {
		t.Errorf("after a gap: %d", up)
	}
	m.tx = 1 << 40 // another interface that has been there for long
	m.look("ppp0")
	if up, _ := m.usage(0, 2*time.Hour); up != 8000 {
		t.Errorf("another interface's past was counted: %d", up)
	}
}

// The windows for comparing with the cloud are closed, long enough, and of one run of the interface.
func TestUsageWindows(t *testing.T) {
	m := newMetered()
	m.look("wwan0")
	span := func() (from, to time.Duration) {
		u := m.Outside.Usage.Value
		return u.From.Sub(noon), u.To.Sub(noon)
	}
	m.run(42, 10, 10)
	if m.Outside.Usage.Known() {
		t.Errorf("a window after 42 minutes: %+v", m.Outside.Usage)
	}
	m.run(1, 10, 10)
	if from, to := span(); from != 0 || to != 30*time.Minute {
		t.Errorf("after 43 minutes %v to %v", from, to)
	}
	m.run(200, 10, 10)
	if from, to := span(); to != 230*time.Minute || to-from != 2*time.Hour || m.Outside.Usage.Value.Upload != 1200 {
		t.Errorf("after four hours %v to %v, %+v", from, to, m.Outside.Usage.Value)
	}
	m.tx, m.rx = 0, 0 // at minute 244 it has begun anew
	m.run(60, 10, 10)
	if from, to := span(); from != 244*time.Minute || to != 290*time.Minute {
		t.Errorf("an hour after it began anew %v to %v", from, to)
	}
}

func TestMeterIsBounded(t *testing.T) {
	m := newMetered()
	m.look("wwan0")
	m.run(10, 1, 1)
	early := m.Outside.Meter
	before, _ := early.Between(noon, noon.Add(5*time.Minute))
	m.run(30*24*60, 1, 1)
	if n := len(m.Outside.Meter.marks); n > 2*marksKept {
		t.Errorf("%d marks", n)
	}
	if after, _ := early.Between(noon, noon.Add(5*time.Minute)); after != before {
		t.Errorf("a snapshot changed from %+v to %+v", before, after)
	}
}

func (m *metered) cloudSays(events ...cloud.Event) {
	for i := range events {
		events[i].ICCID = iccid
	}
	m.AddCloud(m.now, "test", events, 0)
}

func window(session string, from, to time.Duration, up, down, allUp, allDown int64) cloud.Event {
	return cloud.Event{SID: session + to.String(), Type: cloud.SessionUpdated, SessionSID: session, Time: noon.Add(to), IP: "100.64.1.2",
		UpdateStart: noon.Add(from), UpdateEnd: noon.Add(to), Counted: true, Upload: up, Download: down,
		SessionStart: noon, SessionUpload: allUp, SessionDownload: allDown}
}

// A report that was lost is made good by the totals of the session, and a session over midnight counts for each day its part.
func TestUsedOfBothSides(t *testing.T) {
	m := newMetered()
	m.look("wwan0")
	m.run(60, 100, 300)
	const min = time.Minute
	m.cloudSays(window("PS1", 0, 6*min, 600, 1800, 600, 1800), window("PS1", 48*min, 54*min, 600, 1800, 5400, 16200))
	today, ok := m.UsedToday(m.now)
	if !ok || today.Here.Upload != 6000 || !today.Counted || today.Upload != 5400 || today.Download != 16200 ||
		!today.Until.Equal(noon.Add(54*min)) {
		t.Errorf("today %+v, %v", today, ok)
	}
	session, ok := m.UsedInSession(m.now)
	if !ok || session.Here.Down != 18000 || session.Download != 16200 {
		t.Errorf("session %+v, %v", session, ok)
	}
	if y, ok := m.UsedYesterday(m.now); ok {
		t.Errorf("yesterday %+v", y)
	}

	m.run(11*60+30, 100, 300) // half past midnight
	m.cloudSays(window("PS1", 725*min, 731*min, 600, 1800, 73000, 219000))
	if today, ok = m.UsedToday(m.now); !ok || today.Here.Upload != 3000 || today.Upload != 600 {
		t.Errorf("after midnight %+v, %v", today, ok)
	}
	if y, ok := m.UsedYesterday(m.now); !ok || y.Here.Upload != 72000 || y.Upload != 1200 {
		t.Errorf("yesterday %+v, %v", y, ok)
	}

	ended := cloud.Event{SID: "EZend", Type: cloud.SessionEnded, SessionSID: "PS1", Time: m.now, SessionStart: noon,
		SessionEnd: m.now, SessionUpload: 75000, SessionDownload: 225000}
	m.cloudSays(ended)
	if session, ok = m.UsedInSession(m.now.Add(time.Hour)); !ok || session.Here.Upload != 75000 || session.Upload != 75000 {
		t.Errorf("the ended session %+v, %v", session, ok)
	}
}

func TestUsedNeedsAClock(t *testing.T) {
	m := newMetered()
	m.Clock = Clock{State: ClockUnsynced}
	m.look("wwan0")
	m.run(60, 100, 300)
	if u, ok := m.UsedToday(m.now); ok {
		t.Errorf("today %+v without a clock", u)
	}
}

// What was probed on another path says nothing of the present one.
func TestProbeOfAnotherPath(t *testing.T) {
	m := newMetered()
	m.look("wwan0")
	probe := func() { m.Observe(m.now, Probe{IP: Worked}); m.now = m.now.Add(time.Minute) }
	probe()
	m.look("wwan0")
	if !m.Outside.Probe.Known() {
		t.Error("forgotten without a reason")
	}
	m.Observe(m.now, HostLink{Name: "wwan0"})
	if m.Outside.Probe.Known() {
		t.Error("the interface went down, and the probe still counts")
	}
	probe()
	m.Want.CID = 1
	m.Apply(m.now, modem.Address{CID: 1, IP: "100.64.7.7"})
	if m.Outside.Probe.Known() {
		t.Error("another address, and the probe still counts")
	}
}
