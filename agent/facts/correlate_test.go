package facts

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/cloud"
	"supersim-agent/modem"
)

// The network's time dates a clock that is wrong by anything but a time zone.
func TestNetworkTimeAndTimeZones(t *testing.T) {
	for _, test := range []struct {
		off   time.Duration
		state ClockState
		want  time.Duration
	}{
		{5 * time.Second, ClockNITZ, 0},
		{3 * time.Hour, ClockUnsynced, 0},
		{-45*time.Minute + 20*time.Second, ClockUnsynced, 0},
		{7 * time.Minute, ClockNITZ, 7 * time.Minute},
		{20*24*time.Hour + 15*time.Minute, ClockNITZ, 20*24*time.Hour + 15*time.Minute}, // no time zone is so far
	} {
		f := known()
		f.Apply(noon, modem.NetworkTime{UTC: noon.Add(test.off)})
		if f.Clock.State != test.state || f.Clock.Offset != test.want {
			t.Errorf("%v off: %+v", test.off, f.Clock)
		}
		f.Clock.Synced(true)
		if f.Clock.Offset != 0 || f.Clock.State != ClockNTP {
			t.Errorf("after NTP: %+v", f.Clock)
		}
	}
}

// connect plays a registration under our eyes and a session that the cloud saw begin, the clock late by off.
func connect(f *Facts, at time.Time, off time.Duration, session, ip string) {
	f.Apply(at, reg(modem.EPS, modem.RegSearching))
	f.Apply(at.Add(time.Second), reg(modem.EPS, modem.RegRoaming))
	f.Apply(at.Add(2*time.Second), modem.Active{CIDs: []int{1}})
	f.Apply(at.Add(3*time.Second), modem.Address{CID: 1, IP: ip})
	began := at.Add(off)
	f.AddCloud(at.Add(time.Minute), "test", []cloud.Event{{SID: "EZ" + session, Type: cloud.SessionStarted, ICCID: iccid, Time: began,
		SessionStart: began, SessionSID: session, IP: ip}}, 0)
	f.Apply(at.Add(10*time.Minute), modem.Active{})
}

// Two sessions that both sides saw begin date a run without any clock; one does not.
func TestAnchorsDateARunWithoutClock(t *testing.T) {
	const off = 500*time.Hour + 7*time.Minute
	f := known()
	f.Clock.Synced(false)
	connect(f, noon, off, "PI1", "100.64.0.1")
	if f.Clock.Known() {
		t.Fatalf("one session is enough: %+v", f.Clock)
	}
	connect(f, noon.Add(time.Hour), off, "PI2", "100.64.0.2")
	if f.Clock.State != ClockAnchored || (f.Clock.Offset-off).Abs() > 10*time.Second {
		t.Fatalf("two sessions: %+v", f.Clock)
	}
	now := noon.Add(2 * time.Hour)
	if after, certain := f.Order(now, noon.Add(off+time.Hour), noon); !after || !certain {
		t.Errorf("an hour later is not certainly later: %v %v", after, certain)
	}
	if _, certain := f.Order(now, noon.Add(off+30*time.Second), noon); certain {
		t.Error("half a minute is certain though a minute is uncertain")
	}
	if wrong, ok := f.ClockError(now); !ok || (wrong-off).Abs() > 10*time.Second {
		t.Errorf("the clock is wrong by %v, %v", wrong, ok)
	}
}

// A context that was up before we looked, and an event of an earlier session with the same address, anchor nothing.
func TestWhatIsNoAnchor(t *testing.T) {
	f := known()
	f.Clock.Synced(false)
	f.Apply(noon, reg(modem.EPS, modem.RegRoaming))
	f.Apply(noon, modem.Active{CIDs: []int{1}})
	f.Apply(noon, modem.Address{CID: 1, IP: "100.64.0.1"})
	f.AddCloud(noon, "test", []cloud.Event{event("EZ1", cloud.SessionStarted, 0, "PI1", 0)}, 0)
	if n := len(f.Clock.anchors); n != 0 {
		t.Errorf("a context that was up before: %d anchors", n)
	}
	f = known()
	f.Clock.Synced(false)
	f.AddCloud(noon, "test", []cloud.Event{event("EZ1", cloud.SessionStarted, 0, "PI1", 0)}, 0)
	at := noon.Add(time.Hour)
	f.Apply(at, reg(modem.EPS, modem.RegSearching))
	f.Apply(at, reg(modem.EPS, modem.RegRoaming))
	f.Apply(at, modem.Active{CIDs: []int{1}})
	f.Apply(at, modem.Address{CID: 1, IP: "100.64.0.1"})
	if n := len(f.Clock.anchors); n != 0 {
		t.Errorf("an event from before: %d anchors", n)
	}
}

// A stamp that was taken while the clock was wrong is re-dated when the clock comes.
func TestStampsAreRedated(t *testing.T) {
	f := known()
	f.Clock.Synced(false)
	stamp := time.Now()           // has a monotonic reading
	now := stamp.Add(time.Minute) // so has this
	f.Apply(now, modem.NetworkTime{UTC: now.Round(0).Add(1000*time.Hour + time.Minute)})
	if got := f.Clock.True(now, stamp).Sub(stamp.Round(0)); got != 1000*time.Hour+time.Minute {
		t.Errorf("moved by %v", got)
	}
}

// Attempts of this side and events of the other find each other by address, else by time, network and identity.
func TestMatching(t *testing.T) {
	attempt := func(f *Facts, stat modem.RegStat) {
		f.Apply(noon, modem.IMSI("732123200012345"))
		f.Apply(noon, modem.Operator{PLMN: "310410"})
		f.Apply(noon, reg(modem.EPS, modem.RegSearching))
		f.Apply(noon, reg(modem.EPS, stat))
	}
	rejected := func(at time.Duration, change func(*cloud.Event)) Entry {
		e := cloud.Event{SID: "EZ1", Type: cloud.AttachmentRejected, ICCID: iccid, Time: noon.Add(at), IMSI: "732123200012345",
			Network: cloud.Network{MCC: "310", MNC: "170"}}
		if change != nil {
			change(&e)
		}
		return Entry{Event: e, Received: noon}
	}
	for name, test := range map[string]struct {
		e    Entry
		want Closeness
	}{
		"at once, the network by its other number": {rejected(10*time.Second, nil), Closely},
		"ten minutes later":                        {rejected(10*time.Minute, nil), Loosely},
		"an hour later":                            {rejected(time.Hour, nil), Unmatched},
		"another network":                          {rejected(0, func(e *cloud.Event) { e.Network.MNC = "260" }), Unmatched},
		"another identity":                         {rejected(0, func(e *cloud.Event) { e.IMSI = "204046200054321" }), Unmatched},
		"an acceptance":                            {rejected(0, func(e *cloud.Event) { e.Type = cloud.AttachmentAccepted }), Unmatched},
	} {
		f := known()
		f.Clock.Synced(true)
		attempt(f, modem.RegDenied)
		if _, got := f.Match(noon, test.e); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		f.Clock = Clock{State: ClockUnsynced}
		if _, got := f.Match(noon, test.e); test.want > Unmatched && got != Loosely {
			t.Errorf("%s, without a clock: %v", name, got)
		}
	}
	f := known()
	f.Clock.Synced(true)
	connect(f, noon, 0, "PI1", "100.64.0.1")
	s, _ := f.Cloud.Session()
	if a, how := f.Match(noon, *s.Last); how != Surely || a.IP != "100.64.0.1" {
		t.Errorf("a session: %v, %+v", how, a)
	}
	if got := Surely.String() + ", " + Unmatched.String(); got != "same address, unmatched" || Tells(Entry{Event: cloud.Event{Type: cloud.SessionEnded}}) {
		t.Error(got)
	}
}

// The news of sessions are joined to the same in any order, and an end is never taken back.
func TestSessionsAreALattice(t *testing.T) {
	var events []cloud.Event
	for i, typ := range []string{cloud.SessionStarted, cloud.SessionUpdated, cloud.SessionUpdated, cloud.SessionEnded} {
		at := time.Duration(6*i) * time.Minute
		e := event("EZ"+string(rune('1'+i)), typ, at, "PI1", 0)
		if typ != cloud.SessionStarted {
			e.Counted, e.UpdateStart, e.UpdateEnd, e.Upload, e.Download = true, e.Time.Add(-6*time.Minute), e.Time, 10, 20
		}
		events = append(events, e)
	}
	rapid.Check(t, func(r *rapid.T) {
		f := known()
		for _, e := range append(rapid.Permutation(events).Draw(r, "order"), rapid.SliceOf(rapid.SampledFrom(events)).Draw(r, "again")...) {
			f.AddCloud(noon, "test", []cloud.Event{e}, 0)
		}
		s, ok := f.Cloud.Session()
		if !ok || s.Alive() || !s.Start.Equal(noon) || s.Upload != 30 || s.Download != 60 || !s.Update.Equal(noon.Add(18*time.Minute)) {
			r.Fatalf("session %+v", s)
		}
		up, down, covered := f.Cloud.Usage(noon, noon.Add(13*time.Minute))
		if up != 20 || down != 40 || covered != 12*time.Minute {
			r.Fatalf("usage %d up, %d down in %v", up, down, covered)
		}
	})
}

// The totals that the operator gives count for more than the sum of windows that may be missing.
func TestTotalsArePreferred(t *testing.T) {
	f := known()
	e := event("EZ1", cloud.SessionEnded, time.Hour, "PI1", 0)
	e.Counted, e.Upload, e.SessionUpload, e.SessionDownload = true, 5, 900, 800
	f.AddCloud(noon, "test", []cloud.Event{e}, 0)
	if s, _ := f.Cloud.Session(); s.Upload != 900 || s.Download != 800 {
		t.Errorf("%d up, %d down", s.Upload, s.Download)
	}
}

// The diary as it was at a time has nothing of what came after it.
func TestDiaryUntil(t *testing.T) {
	f := known()
	f.AddCloud(noon, "test", []cloud.Event{event("EZ1", cloud.SessionStarted, 0, "PI1", 0), event("EZ2", cloud.SessionEnded, time.Hour, "PI1", 0)}, 0)
	past := f.Cloud.Until(noon.Add(30 * time.Minute))
	if s, ok := past.Session(); !ok || !s.Alive() || len(past.Entries()) != 1 {
		t.Errorf("session %+v of %d entries", s, len(past.Entries()))
	}
	if s, _ := f.Cloud.Session(); s.Alive() {
		t.Error("the present was changed")
	}
}

func TestSamePLMN(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"310410", "310170", true}, {"310260", "310800", true}, {"310410", "310260", false},
		{"26201", "262001", true}, {"26201", "26202", false}, {"310026", "31026", true}, {"", "", false}, {"310410", "", false},
	} {
		if got := SamePLMN(test.a, test.b); got != test.want || SamePLMN(test.b, test.a) != got {
			t.Errorf("%q and %q: %v", test.a, test.b, got)
		}
	}
	if !PLMNIn("26201 310410", "310170") || PLMNIn("", "310170") || PLMNIn("26201", "310170") {
		t.Error("lists")
	}
}

func TestEndOfASessionInWords(t *testing.T) {
	e := event("EZ1", cloud.SessionEnded, 3*time.Hour, "PI1", 0)
	e.SessionUpload, e.SessionDownload = 5, 7
	for want, e := range map[string]cloud.Event{
		"data session ended, IP 100.64.0.1, after 3 hours, 5 B up, 7 B down": e,
		"data session ended":             {Type: cloud.SessionEnded},
		"data session failed":            {Type: cloud.SessionFailed},
		"data session failed: CREDIT 40": {Type: cloud.SessionFailed, Error: cloud.Error{Message: "CREDIT 40"}},
	} {
		if got := EventWords(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for d, want := range map[time.Duration]string{90 * time.Second: "90 s", 40 * time.Minute: "40 min", 30 * time.Hour: "30 hours", 500 * time.Hour: "20 days"} {
		if got := SpanWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestSameIMEI(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{{"866758040000000", "866758040000008", true}, {"8667580400000012", "866758040000008", true}, {"866758040000000", "352099001761481", false},
		{"", "352099001761481", true}, {"8667", "352099001761481", true}} {
		if got := SameIMEI(test.a, test.b); got != test.want {
			t.Errorf("%q and %q: %v", test.a, test.b, got)
		}
	}
}

func TestDiameterAnswer(t *testing.T) {
	for text, want := range map[string]Answer{
		"DIAMETER_ERROR_USER_UNKNOWN (5001)": AnswerUnknownUser, "5001": AnswerUnknownUser, "5001 avp unsupported": AnswerTransient,
		"5004/ROAMING_NOT_ALLOWED": AnswerNoRoaming, "Error 5421.": AnswerRAT, "unknown eps subscription": AnswerNoEPS,
		"4012": AnswerNoCredit, "Too Busy": AnswerTransient, "15001": AnswerNone, "": AnswerNone,
	} {
		if got := DiameterAnswer(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The counters of an interface that began anew are not compared with those before.
func TestHostFacts(t *testing.T) {
	f := known()
	link := HostLink{Name: "wwan0", Up: true, IP: "100.64.0.1", Route: true, TxBytes: 100, RxBytes: 50}
	if changes := f.Observe(noon, link); len(changes) != 1 || changes[0].Side != Host {
		t.Errorf("changes %v", changes)
	}
	link.TxBytes = 150
	if changes := f.Observe(noon.Add(time.Minute), link); len(changes) != 0 || !f.Outside.Link.Since.Equal(noon) {
		t.Errorf("more bytes are news: %v, %v", changes, f.Outside.Link)
	}
	if tx, rx, ok := f.Outside.Moved(); !ok || tx != 50 || rx != 0 {
		t.Errorf("moved %d, %d, %v", tx, rx, ok)
	}
	link.TxBytes = 3
	f.Observe(noon.Add(2*time.Minute), link)
	if _, _, ok := f.Outside.Moved(); ok {
		t.Error("counters that began anew are compared")
	}
	for _, o := range []HostObservation{Probe{IP: Failed, TLS: Worked}, Account{Missing: true}, Account{Status: "active", Disabled: true},
		HostLink{}, HostLink{Name: "ppp0"}, HostLink{Name: "ppp0", Up: true}, HostLink{Name: "ppp0", Up: true, IP: "10.0.0.1"}} {
		if changes := f.Observe(noon, o); len(changes) != 1 || changes[0].Text == "" {
			t.Errorf("%+v: %v", o, changes)
		}
		if changes := f.Observe(noon, o); len(changes) != 0 {
			t.Errorf("%+v again: %v", o, changes)
		}
	}
}

// What only one side tells of is shown as unmatched, as soon as the other side's silence means something and no earlier.
func TestUnmatched(t *testing.T) {
	f := known()
	f.Clock.Synced(true)
	f.Apply(noon.Add(time.Minute), reg(modem.EPS, modem.RegSearching))
	changes := f.Apply(noon.Add(2*time.Minute), reg(modem.EPS, modem.RegDenied))
	if len(changes) != 1 || !changes[0].Attempt.Equal(noon.Add(2*time.Minute)) {
		t.Fatalf("a denial: %+v", changes)
	}
	now := noon.Add(time.Hour)
	told := func(want Closeness, ok bool) {
		t.Helper()
		if how, known := f.Told(now, changes[0].Attempt); how != want || known != ok {
			t.Errorf("the denial is %v (%v), want %v (%v)", how, known, want, ok)
		}
	}
	told(Unmatched, false) // nothing was heard of the cloud
	event := func(sid, typ string, at time.Duration) {
		f.AddCloud(now, "test", []cloud.Event{{SID: sid, Type: typ, ICCID: iccid, Time: noon.Add(at)}}, 0)
	}
	event("EZ1", cloud.AttachmentAccepted, 30*time.Minute)
	told(Unmatched, true)
	event("EZ2", cloud.AttachmentRejected, 2*time.Minute)
	told(Closely, true)
	event("EZ3", cloud.AttachmentRejected, -time.Hour) // before the agent looked
	event("EZ4", cloud.SessionUpdated, 30*time.Minute) // nothing that a modem sees
	for sid, want := range map[string]struct {
		how Closeness
		ok  bool
	}{"EZ1": {Unmatched, true}, "EZ2": {Closely, true}, "EZ3": {Unmatched, false}, "EZ4": {Unmatched, false}, "EZ9": {Unmatched, false}} {
		if how, ok := f.Heard(now, sid); how != want.how || ok != want.ok {
			t.Errorf("%s is %v (%v), want %v (%v)", sid, how, ok, want.how, want.ok)
		}
	}
}

func TestTrafficWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 9_949: "9.9 kB", 9_950: "10 kB", 999_499: "999 kB",
		999_500: "1.0 MB", 12_300_000_000: "12 GB", 1 << 62: "4.6 EB"} {
		if got := bytesWords(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
