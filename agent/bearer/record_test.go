package bearer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const minute = time.Minute

var (
	fine    = Result{IP: Worked, DNS: Worked, Bytes: 1000}
	dead    = Result{IP: Failed, Bytes: 480}
	noNames = Result{IP: Worked, DNS: Failed, Bytes: 1500}
)

func TestDue(t *testing.T) {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	probed := func(d time.Duration, why string, list ...Result) *Record {
		r := &Record{}
		for i, res := range list {
			r.Note(at(d+time.Duration(i)*minute), why, res)
		}
		return r
	}
	spent := func(n int, each Result) *Record {
		r := &Record{}
		for i := range n {
			r.Note(at(time.Duration(i)*20*minute), "", each)
		}
		return r
	}
	idle := Signs{Ready: true, Since: at(-time.Hour)}
	with := func(change func(*Signs)) Signs { s := idle; change(&s); return s }
	suspect := with(func(s *Signs) { s.Suspect = at(20 * minute) })
	mute := with(func(s *Signs) { s.Flow.Unanswered = at(20 * minute) })
	tests := []struct {
		name   string
		record *Record
		signs  Signs
		now    time.Duration
		due    bool
	}{
		{"it came up", &Record{}, Signs{Ready: true, Since: at(0)}, 10 * time.Second, true},
		{"it came up a moment ago", &Record{}, Signs{Ready: true, Since: at(0)}, 4 * time.Second, false},
		{"it came up again", probed(0, "", fine), Signs{Ready: true, Since: at(5 * minute)}, 6 * minute, true},
		{"again and again within a minute", probed(0, "", fine), Signs{Ready: true, Since: at(20 * time.Second)}, 40 * time.Second, false},
		{"it is not up", &Record{}, Signs{Since: at(0)}, time.Hour, false},
		{"failed five minutes ago", probed(0, "", dead), idle, 5 * minute, true},
		{"failed four minutes ago", probed(0, "", dead), idle, 4 * minute, false},
		{"failed four times", probed(0, "", dead, dead, dead, dead), idle, 3*minute + 29*minute, false},
		{"failed four times, half an hour ago", probed(0, "", dead, dead, dead, dead), idle, 3*minute + 30*minute, true},
		{"something came in after a failure", probed(0, "", dead, dead, dead, dead),
			with(func(s *Signs) { s.Flow.Came = at(8 * minute) }), 9 * minute, true},
		{"a suspicion", probed(0, "", fine), suspect, 21 * minute, true},
		{"a suspicion right after another probe", probed(19*minute, "", fine), suspect, 20*minute + 30*time.Second, true},
		{"a suspicion that was looked at", probed(20*minute, whyDoubted, fine), suspect, 25 * minute, false},
		{"no answer for two minutes", probed(0, "", fine), mute, 22 * minute, true},
		{"no answer for one minute", probed(0, "", fine), mute, 21 * minute, false},
		{"no answer, and that was looked at", probed(22*minute, "", fine), mute, 30 * minute, false},
		{"an hour without one", probed(0, "", fine), idle, 60 * minute, true},
		{"not yet an hour without one", probed(0, "", fine), idle, 59 * minute, false},
		{"the day's probes are spent", spent(48, Result{IP: Failed}), idle, 17 * time.Hour, false},
		{"the day's bytes are spent", spent(20, Result{IP: Failed, Bytes: 5000}), idle, 8 * time.Hour, false},
		{"a day later", spent(48, Result{IP: Failed}), idle, 41 * time.Hour, true},
	}
	for _, test := range tests {
		if test.name == "a suspicion right after another probe" {
			test.now += time.Minute // the gap
		}
		why, due := test.record.Due(at(test.now), test.signs)
		if due != test.due || due != (why != "") {
			t.Errorf("%s: due %v (%q)", test.name, due, why)
		}
	}
}

// Whatever happens, no loop: a day of the worst signs stays within the day's limits.
func TestNeverALoop(t *testing.T) {
	for _, res := range []Result{dead, noNames, fine, {IP: Worked, TLS: Failed, Bytes: 9000}} {
		r := &Record{}
		probes, bytes := 0, int64(0)
		for s := range 24 * 60 {
			now := noon.Add(time.Duration(s) * minute)
			signs := Signs{Ready: true, Since: now.Add(-settle), Suspect: noon, Flow: Flow{Unanswered: noon, Came: now}}
			if why, due := r.Due(now, signs); due {
				r.Note(now, why, res)
				probes, bytes = probes+1, bytes+res.Bytes
			}
		}
		if probes > probesADay || bytes > bytesADay+res.Bytes || probes == 0 {
			t.Errorf("%v: %d probes, %d bytes in a day", res, probes, bytes)
		}
	}
}

func TestHolds(t *testing.T) {
	up := Signs{Ready: true, Since: noon.Add(-time.Hour)}
	came := func(d time.Duration) Signs { s := up; s.Flow.Came = noon.Add(d); return s }
	tests := []struct {
		name  string
		res   Result
		signs Signs
		after time.Duration
		want  bool
	}{
		{"a failure, nothing new", dead, up, 5 * minute, true},
		{"a failure, the next probe is overdue", dead, up, 7 * minute, false},
		{"a failure, something came in", dead, came(2 * minute), 3 * minute, false},
		{"no names, data flows", noNames, came(2 * minute), 3 * minute, true},
		{"success, data flows", fine, came(3 * minute), 3 * minute, true},
		{"success, all is quiet", fine, came(-minute), 3 * minute, false},
		{"the connection is another", dead, Signs{Ready: true, Since: noon.Add(minute)}, 2 * minute, false},
		{"the connection is gone", dead, Signs{Since: noon.Add(-time.Hour)}, minute, false},
	}
	for _, test := range tests {
		r := &Record{}
		r.Note(noon, "", test.res)
		if got := r.Holds(noon.Add(test.after), test.signs); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if (&Record{}).Holds(noon, up) {
		t.Error("no probe holds")
	}
}

func TestFlow(t *testing.T) {
	var f Flow
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * minute) }
	add := func(n int, tx, rx int64, want Flow) {
		t.Helper()
		f.Add(at(n), Link{Name: "wwan0", TxBytes: tx, RxBytes: rx})
		want.last = f.last
		if diff := cmp.Diff(want, f, cmp.AllowUnexported(Flow{})); diff != "" {
			t.Errorf("minute %d: %s", n, diff)
		}
	}
	add(0, 100, 100, Flow{})
	add(1, 100, 100, Flow{})
	add(2, 200, 100, Flow{Unanswered: at(2)})
	add(3, 300, 100, Flow{Unanswered: at(2)})
	add(4, 300, 150, Flow{Came: at(4)})
	add(5, 10, 10, Flow{}) // it appeared anew
}

func TestResultWords(t *testing.T) {
	for want, r := range map[string]Result{
		"nothing could be tried":                   {},
		"IP works, DNS fails (1500 bytes)":         noNames,
		"IP works, DNS works, TLS fails (9 bytes)": {IP: Worked, DNS: Worked, TLS: Failed, Bytes: 9},
	} {
		if r.String() != want {
			t.Errorf("%q, want %q", r.String(), want)
		}
	}
}
