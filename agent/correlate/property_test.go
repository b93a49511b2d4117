package correlate_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// localStories are states of the device, without any event.
var localStories = []func() *story{
	func() *story { return healthy().with(noCloud) },
	searching,
	deaf,
	func() *story { return searching().see(time.Second, denied(11)) },
	func() *story { return searching().see(time.Second, denied(8)) },
	func() *story { return searching().see(time.Second, denied(0)) },
	func() *story { return searching().see(time.Second, context("IP", "internet")) },
	func() *story { return healthy().with(noCloud).see(time.Second, modem.Active{}) },
	func() *story { return healthy().with(noCloud).failedWith(minute, 33) },
	func() *story { return healthy().with(noCloud).see(minute, modem.SIM{State: modem.SIMMissing}) },
}

// noCloud empties the cloud's diary, and reads the card again so that the diary knows whose it is.
func noCloud(f *facts.Facts) {
	f.Cloud = facts.Diary{}
	f.ICCID = facts.Seen[modem.ICCID]{}
	f.Apply(noon, modem.ICCID(superSIM))
	f.Apply(noon, modem.ICCID(superSIM))
}

// drawEvents draws a plausible diary of an hour.
func drawEvents(r *rapid.T, iccid string) (events []cloud.Event) {
	types := []string{cloud.AttachmentAccepted, cloud.AttachmentRejected, cloud.AttachmentFailed, cloud.SessionStarted, cloud.SessionUpdated,
		cloud.SessionEnded, cloud.SessionFailed}
	codes := []int{83702, 83703, 83704, 83705, 99999}
	for i := range rapid.IntRange(0, 12).Draw(r, "events") {
		at := noon.Add(time.Duration(rapid.IntRange(-30, 30).Draw(r, "minute")) * minute)
		e := cloud.Event{SID: fmt.Sprintf("EZ%s%d", iccid, i), ICCID: iccid, Time: at, Type: rapid.SampledFrom(types).Draw(r, "type"), Network: att}
		switch e.Type {
		case cloud.AttachmentRejected:
			e.Error.Code = rapid.SampledFrom(codes).Draw(r, "code")
		case cloud.AttachmentFailed, cloud.SessionFailed:
			e.Error.Code = 83700
		case cloud.SessionStarted, cloud.SessionUpdated, cloud.SessionEnded:
			n := rapid.IntRange(1, 3).Draw(r, "session")
			e.SessionSID, e.IP = fmt.Sprintf("PI%d", n), fmt.Sprintf("100.64.1.%d", n)
			e.SessionStart = noon.Add(time.Duration(10*n-40) * minute)
			if e.Type == cloud.SessionUpdated {
				e.UpdateEnd = at
			}
			if e.Type == cloud.SessionEnded {
				e.SessionEnd = at
			}
		}
		events = append(events, e)
	}
	return events
}

func tell(s *story, events []cloud.Event) correlate.Verdict {
	for _, e := range events {
		s.f.AddCloud(noon.Add(30*minute), "test", []cloud.Event{e}, 0)
	}
	return correlate.Judge(noon.Add(31*minute), s.f)
}

// The order in which events arrive, and how often, never matters.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		begin := rapid.SampledFrom(localStories).Draw(r, "story")
		events := drawEvents(r, superSIM)
		want := tell(begin(), events)
		order := rapid.Permutation(events).Draw(r, "order")
		if len(events) > 0 {
			order = append(order, rapid.SliceOf(rapid.SampledFrom(events)).Draw(r, "again")...)
		}
		if got := tell(begin(), order); got.Code != want.Code || got.Confidence != want.Confidence {
			r.Fatalf("in order %q (%v), otherwise %q (%v)", want.Code, want.Confidence, got.Code, got.Confidence)
		}
	})
}

// Events of another card never change a verdict; all they show is that events arrive, which makes silence worth more.
func TestOtherCardsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		begin := rapid.SampledFrom(localStories).Draw(r, "story")
		events := drawEvents(r, superSIM)
		events = append(events, cloud.Event{SID: "EZ0", Test: true}) // the pipeline lives in both
		want := tell(begin(), events)
		mixed := slices.Concat(drawEvents(r, otherSIM), events)
		if got := tell(begin(), mixed); got.Code != want.Code || got.Confidence != want.Confidence || len(got.Notes) != len(want.Notes) {
			r.Fatalf("alone %q (%v), with another card's events %q (%v)", want.Code, want.Confidence, got.Code, got.Confidence)
		}
	})
}

// Without any event, nothing of a verdict is the cloud's word.
func TestWithoutTheCloudNothingIsClaimed(t *testing.T) {
	for i, begin := range localStories {
		for at := minute; at < 3*time.Hour; at += 7 * minute {
			v := correlate.Judge(noon.Add(at), begin().f)
			for _, e := range v.Evidence {
				if e.EventSID != "" {
					t.Errorf("story %d at %v: %q by %v", i, at, v.Code, e)
				}
			}
			if r, ok := correlate.Lookup(v.Rule); ok && r.Group() == 'C' && v.Confidence > r.Base {
				t.Errorf("story %d at %v: %q is surer without the cloud (%v) than the rule (%v)", i, at, v.Code, v.Confidence, r.Base)
			}
		}
	}
}

// Facts that contradict each other are both shown, and nothing is sure beside them.
func TestContradictionsAreShown(t *testing.T) {
	living := cloud.Event{SessionStart: noon.Add(15 * minute), UpdateEnd: noon.Add(20 * minute)}
	s := searching().see(time.Second, denied(8)).rejected(2*time.Second, 83705).session(20*minute, cloud.SessionUpdated, "PI1", living)
	v := correlate.Judge(noon.Add(21*minute), s.f)
	against := slices.IndexFunc(v.Evidence, func(e correlate.Evidence) bool { return e.Against })
	if v.Code != "sim-inactive" || v.Confidence != 0.5 || against < 0 || v.Evidence[against].EventSID == "" {
		t.Errorf("verdict %q %v, evidence %+v", v.Code, v.Confidence, v.Evidence)
	}
	s = searching().see(time.Second, denied(8)).rejected(2*time.Second, 83705)
	if v := correlate.Judge(noon.Add(21*minute), s.f); v.Confidence < 0.9 {
		t.Errorf("without contradiction: %v", v.Confidence)
	}
}

// The second explanation is named, with the reason why it lost.
func TestRunnerUp(t *testing.T) {
	v := correlate.Judge(noon.Add(minute), searching().see(time.Second, denied(11)).rejected(2*time.Second, 83702).f)
	if u := v.RunnerUp; v.Code != "nap-blocks-this-plmn" || u == nil || u.Code != "denied-cloud-unknown" || u.Confidence >= v.Confidence {
		t.Errorf("verdict %q, runner-up %+v", v.Code, v.RunnerUp)
	}
	if v := correlate.Judge(noon.Add(time.Second), facts.New(noon, facts.Want{CID: 1})); v.RunnerUp != nil {
		t.Errorf("nothing is known, and there is a runner-up: %+v", v.RunnerUp)
	}
}

// long is a week of a device with ten thousand events.
func long(events int) *story {
	s := healthy()
	for i := range events {
		at := time.Duration(i) * minute
		switch i % 10 {
		case 0:
			s.see(at, reg(modem.RegDenied), reg(modem.RegSearching), reg(modem.RegRoaming))
			s.accepted(at)
		case 1:
			s.session(at, cloud.SessionStarted, fmt.Sprintf("PW%d", i), cloud.Event{SessionStart: noon.Add(at)})
		case 9:
			s.session(at, cloud.SessionEnded, fmt.Sprintf("PW%d", i-8), cloud.Event{SessionEnd: noon.Add(at)})
		default:
			s.session(at, cloud.SessionUpdated, fmt.Sprintf("PW%d", i-i%10+1), cloud.Event{UpdateStart: noon.Add(at - minute), UpdateEnd: noon.Add(at),
				Upload: 100, Download: 200, Counted: true})
		}
	}
	return s
}

// BenchmarkJudge: the cost of a judgement does not grow with the diary.
func BenchmarkJudge(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(n, " events"), func(b *testing.B) {
			s := long(n)
			s.see(time.Duration(n)*minute, modem.Active{}, reg(modem.RegDenied))
			b.ReportAllocs()
			for b.Loop() {
				correlate.Judge(noon.Add(time.Duration(n+1)*minute), s.f)
			}
		})
	}
}

func BenchmarkAddEvent(b *testing.B) {
	s := long(10_000)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		s.f.AddCloud(noon, "test", []cloud.Event{{SID: fmt.Sprint("EB", n), Type: cloud.AttachmentAccepted, ICCID: superSIM, Time: noon.Add(time.Duration(n) * minute)}}, 0)
	}
}

// TestMemoryIsBounded: what a device's facts hold after ten thousand events and after twenty thousand is the same.
func TestMemoryIsBounded(t *testing.T) {
	held := func(events int) int {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := long(events)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(s)
		return int(after.HeapAlloc) - int(before.HeapAlloc)
	}
	small, large := held(10_000), held(20_000)
	t.Logf("the facts of one device hold %d kB after 10,000 events, %d kB after 20,000", small/1024, large/1024)
	if large > 2*1024*1024 || large > small+small/2 {
		t.Errorf("memory grows: %d kB, then %d kB", small/1024, large/1024)
	}
}
