package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/status"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	pump  = "89883070000000000016"
	crane = "89883070000000000024"
)

func at(d time.Duration) time.Time { return noon.Add(d) }

// event is one of a SIM, some time after noon.
func event(d time.Duration, iccid, typ string, change ...func(*cloud.Event)) cloud.Event {
	e := cloud.Event{Type: typ, ICCID: iccid, Time: at(d),
		Network: cloud.Network{MCC: "310", MNC: "170", Name: "AT&T"}, RAT: "4G LTE"}
	for _, c := range change {
		c(&e)
	}
	e.SID = sid(e)
	return e
}

// sid names the content of an event, as the operator's does.
func sid(e cloud.Event) string {
	e.SID = ""
	hash := fnv.New64a()
	fmt.Fprint(hash, e)
	return fmt.Sprintf("EZ%032x", hash.Sum64())
}

func refused(code int) func(*cloud.Event) { return func(e *cloud.Event) { e.Error.Code = code } }

func inSession(sid string, up, down int64) func(*cloud.Event) {
	return func(e *cloud.Event) {
		e.SessionSID, e.IP, e.APN = sid, "100.64.1.2", "super"
		e.UpdateStart, e.UpdateEnd, e.Upload, e.Download, e.Counted = e.Time.Add(-6*time.Minute), e.Time, up, down, true
	}
}

const session = "PI0123456789abcdef0123456789abcdef"

func reportOf(iccid, code string) []byte {
	return fmt.Appendf(nil, `{"schema":"supersim-agent/1","time":"2026-03-01T12:00:00Z","iccid":%q,"verdict":{"code":%q,`+
		`"summary":"As the device says.","confidence":0.98,"since":"2026-03-01T10:00:00Z","rule":"E1","advice":"Nothing.",`+
		`"next":{"action":"hold","why":"all is well"}},"modem":{"vendor":"quectel","model":"EG25"},`+
		`"registration":{"state":"roaming","rat":"4G LTE","plmn":"310410"},"signal":{"rsrp_dbm":-95,"quality":"good"},`+
		`"data":{"active":true},"attach":{"step":"hold"},"agent_version":"v1.2.3"}`, iccid, code)
}

func will(iccid string) []byte {
	return fmt.Appendf(nil, `{"schema":"supersim-agent/1","iccid":%q,"unreachable":true}`, iccid)
}

func goodbye(iccid string) []byte {
	return fmt.Appendf(nil, `{"schema":"supersim-agent/1","iccid":%q,"stopped":true}`, iccid)
}

// listening is a fleet whose relay has run for a week.
func listening(change ...func(*FleetOptions)) *Fleet {
	o := FleetOptions{Started: at(-7 * 24 * time.Hour)}
	for _, c := range change {
		c(&o)
	}
	return NewFleet(o)
}

func mustTake(t testing.TB, f *Fleet, d time.Duration, id string, payload []byte) {
	t.Helper()
	if err := f.TakeStatus(at(d), id, payload); err != nil {
		t.Fatal(err)
	}
}

// What an operator is told of a device, by what came of it.
func TestVerdicts(t *testing.T) {
	hour := time.Hour
	says := func(code string) func(*Fleet) {
		return func(f *Fleet) { _ = f.TakeStatus(at(0), pump, reportOf(pump, code)) }
	}
	lost := func(f *Fleet) { _ = f.TakeStatus(at(time.Minute), pump, will(pump)) }
	told := func(list ...cloud.Event) func(*Fleet) {
		return func(f *Fleet) {
			for _, e := range list {
				f.TakeEvent(e.Time.Add(time.Second), e)
			}
		}
	}
	var storm, resets []cloud.Event
	for i := range 20 {
		d := time.Duration(3*i) * time.Minute
		storm = append(storm, event(d, pump, cloud.AttachmentAccepted), event(d+time.Second, pump, cloud.SessionStarted, inSession(session, 0, 0)))
		resets = append(resets, event(d, pump, cloud.AttachmentRejected, refused(83703)))
	}
	ended := func(e *cloud.Event) { e.SessionSID, e.SessionEnd = session, e.Time }
	for _, test := range []struct {
		name  string
		steps []func(*Fleet)
		at    time.Duration
		want  string
		judge Judge
		need  Need
	}{
		{"a device that speaks keeps its verdict", []func(*Fleet){says("wrong-apn")}, hour, "wrong-apn", JudgedByDevice, NeedWait},
		{"whatever the cloud says of it", []func(*Fleet){says("online"), told(event(0, pump, cloud.AttachmentRejected, refused(83705)))}, hour,
			"online", JudgedByDevice, NeedNone},
		{"lost, session alive", []func(*Fleet){says("online"), lost, told(event(50*time.Minute, pump, cloud.SessionUpdated, inSession(session, 5, 5)))},
			hour, "agent-down-link-up", JudgedByRelay, NeedVisit},
		{"lost, session ended a while ago", []func(*Fleet){says("online"), lost, told(event(time.Minute, pump, cloud.SessionEnded, ended))},
			2 * hour, "device-off-or-no-coverage", JudgedByRelay, NeedVisit},
		{"lost a moment ago", []func(*Fleet){says("online"), lost, told(event(time.Minute, pump, cloud.SessionEnded, ended))},
			10 * time.Minute, "device-off-or-no-coverage", JudgedByRelay, NeedWait},
		{"restarts all the time", []func(*Fleet){lost, told(storm...)}, hour, "boot-loop", JudgedByRelay, NeedVisit},
		{"is slowed down for it", []func(*Fleet){lost, told(resets...)}, hour, "rate-limited", JudgedByRelay, NeedVisit},
		{"inactive, so it cannot say so", []func(*Fleet){says("online"), lost, told(event(hour, pump, cloud.AttachmentRejected, refused(83705)))},
			2 * hour, "sim-inactive", JudgedByRelay, NeedDesk},
		{"nothing for a day", []func(*Fleet){lost, told(event(0, pump, cloud.AttachmentAccepted))}, 25 * hour, "unknown-dead", JudgedByRelay, NeedVisit},
		{"speaks again", []func(*Fleet){lost, says("online"), func(f *Fleet) { _ = f.TakeStatus(at(2*time.Minute), pump, reportOf(pump, "online")) }},
			hour, "online", JudgedByDevice, NeedNone},
		{"has not spoken for a day, and the cloud sees it living", []func(*Fleet){says("online"),
			told(event(24*hour, pump, cloud.SessionUpdated, inSession(session, 5, 5)))}, 26 * hour, "online", JudgedByDevice, NeedNone},
		{"has not spoken for a day, and the cloud does not either", []func(*Fleet){says("online"),
			told(event(0, pump, cloud.SessionUpdated, inSession(session, 5, 5)))}, 26 * hour, "unknown-dead", JudgedByRelay, NeedVisit},
		{"a verdict that this relay does not know", []func(*Fleet){says("struck-by-lightning")}, hour, "struck-by-lightning", JudgedByDevice, NeedWait},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := listening()
			for _, step := range test.steps {
				step(f)
			}
			d, ok := f.Device(at(test.at), pump)
			if !ok || d.Verdict.Code != test.want || d.Judge != test.judge || d.Need != test.need {
				t.Fatalf("%v: %s by %s, needs %s (%s)", ok, d.Verdict.Code, d.Judge, d.Need, d.Verdict.Summary)
			}
			if d.Judge == JudgedByRelay && len(d.Verdict.Evidence) < 2 {
				t.Errorf("evidence: %+v", d.Verdict.Evidence)
			}
			if counts := f.Counts(at(test.at)); counts[test.want] != 1 || len(counts) != 1 {
				t.Errorf("counts: %v", counts)
			}
		})
	}
}

// A silent device shows who says so, with the event's id, and what it said itself before.
func TestSilentDeviceShowsItsEvidence(t *testing.T) {
	f := listening()
	mustTake(t, f, 0, pump, reportOf(pump, "online"))
	mustTake(t, f, time.Minute, pump, will(pump))
	rejection := event(2*time.Minute, pump, cloud.AttachmentRejected, refused(83705))
	f.TakeEvent(at(2*time.Minute), rejection)
	d, _ := f.Device(at(time.Hour), pump)
	want := []status.Evidence{
		{Side: status.Cloud, Fact: "attach rejected on 310170 AT&T: 83705 Attachment Rejected Due To SIM In Inactive State",
			At: status.At(at(2 * time.Minute)), EventSID: rejection.SID},
		{Side: status.Agent, Fact: "the broker lost the connection to the device", At: status.At(at(time.Minute))},
	}
	if diff := cmp.Diff(want, d.Verdict.Evidence); diff != "" {
		t.Error(diff)
	}
	if d.Own == nil || d.Own.Code != "online" || d.Presence != "unreachable" || !d.Silent.Equal(at(time.Minute)) {
		t.Errorf("own %+v, presence %s, silent since %s", d.Own, d.Presence, d.Silent)
	}
	if len(d.Events) != 1 || d.Events[0].Error.Message == "" || d.Modem.Model != "EG25" || *d.Signal.RSRPdBm != -95 {
		t.Errorf("device: %+v", d)
	}
	mustTake(t, f, 2*time.Hour, pump, goodbye(pump))
	if d, _ = f.Device(at(3*time.Hour), pump); d.Presence != "stopped" || !strings.Contains(d.Verdict.Evidence[1].Fact, "stopped") {
		t.Errorf("after a goodbye: %s, %+v", d.Presence, d.Verdict.Evidence)
	}
	mustTake(t, f, 4*time.Hour, pump, nil)
	if d, _ = f.Device(at(5*time.Hour), pump); d.Presence != "never-reported" || d.Own != nil {
		t.Errorf("after the status was taken off the broker: %s, own %+v", d.Presence, d.Own)
	}
}

// A relay that has just started does not claim a day of silence.
func TestYoungRelayAdmitsWhatItCannotKnow(t *testing.T) {
	f := NewFleet(FleetOptions{Started: at(0)})
	mustTake(t, f, time.Minute, pump, will(pump))
	d, _ := f.Device(at(10*time.Minute), pump)
	if d.Verdict.Code != "unknown-dead" || d.Verdict.Confidence != young || !strings.Contains(d.Verdict.Summary, "since this relay started") {
		t.Errorf("after ten minutes: %+v", d.Verdict)
	}
	if d.Need != NeedWait {
		t.Errorf("somebody is sent after ten minutes: %s", d.Need)
	}
	if d, _ = f.Device(at(30*time.Hour), pump); d.Verdict.Confidence <= young || d.Need != NeedVisit {
		t.Errorf("after a day: %+v", d.Verdict)
	}
}

// step is one thing that comes of a fleet.
type step struct {
	now     time.Time
	event   cloud.Event
	id      string
	payload []byte
}

func (s step) take(f *Fleet) {
	if s.id != "" {
		_ = f.TakeStatus(s.now, s.id, s.payload)
		return
	}
	f.TakeEvent(s.now, s.event)
}

func anyEvent(t *rapid.T, iccid string) cloud.Event {
	types := []string{cloud.AttachmentAccepted, cloud.AttachmentRejected, cloud.AttachmentFailed, cloud.SessionStarted, cloud.SessionUpdated,
		cloud.SessionEnded, cloud.SessionFailed, "data-session.paused"}
	typ := rapid.SampledFrom(types).Draw(t, "type")
	e := event(time.Duration(rapid.IntRange(0, 4000).Draw(t, "second"))*time.Second, iccid, typ)
	if strings.HasPrefix(typ, "data-session.") {
		inSession(fmt.Sprintf("PI%032x", rapid.IntRange(1, 3).Draw(t, "session")), int64(e.Time.Second()), 1)(&e)
		e.OTA = e.Time.Second()%7 == 0
		if e.Time.Second()%11 == 0 {
			e.Modifier = "blocked"
		}
	} else if typ != cloud.AttachmentAccepted {
		e.Error = cloud.Error{Code: 83700 + e.Time.Second()%7, Message: "USER_UNKNOWN"}
	}
	e.SID = sid(e)
	return e
}

func anySteps(t *rapid.T, iccid string) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		if rapid.IntRange(0, 3).Draw(t, "kind") > 0 {
			e := anyEvent(t, iccid)
			return step{now: e.Time.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "late")) * time.Second), event: e}
		}
		payloads := [][]byte{reportOf(iccid, "online"), reportOf(iccid, "wrong-apn"), will(iccid), goodbye(iccid), nil}
		return step{now: at(time.Duration(rapid.IntRange(0, 60).Draw(t, "minute")) * time.Minute), id: iccid,
			payload: rapid.SampledFrom(payloads).Draw(t, "payload")}
	}), 1, 60).Draw(t, "steps")
}

func told(f *Fleet, now time.Time, iccid string) string {
	d, _ := f.Device(now, iccid)
	text, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Order and repetition of what comes do not matter, and other devices do not either.
func TestOutcomeDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := anySteps(t, pump)
		now := at(time.Duration(rapid.IntRange(61, 3000).Draw(t, "now")) * time.Minute)
		want, got := listening(), listening()
		for _, s := range steps {
			s.take(want)
		}
		twice := slices.Concat(steps, steps)
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
		others := anySteps(t, crane)
		for i, s := range twice {
			s.take(got)
			if i < len(others) && others[i].id != "" { // events of any SIM show that the cloud can be heard
				others[i].take(got)
			}
		}
		if a, b := told(want, now, pump), told(got, now, pump); a != b {
			t.Fatalf("in order:\n%s\nshuffled:\n%s", a, b)
		}
	})
}

// life is what the cloud tells of a device that starts now and then: attaches, and after some of them a session.
func life(t *rapid.T) (list []cloud.Event) {
	d := time.Duration(0)
	wait := func(label string, seconds int) time.Duration {
		d += time.Duration(rapid.IntRange(1, seconds).Draw(t, label)) * time.Second
		return d
	}
	for i := range rapid.IntRange(1, 12).Draw(t, "starts") {
		if rapid.Bool().Draw(t, "refused") {
			list = append(list, event(wait("pause", 2000), pump, cloud.AttachmentRejected, refused(83700+rapid.IntRange(0, 6).Draw(t, "code"))))
			continue
		}
		list = append(list, event(wait("pause", 2000), pump, cloud.AttachmentAccepted))
		began := at(wait("set-up", 10))
		tells := func(e *cloud.Event) {
			inSession(fmt.Sprintf("PI%032x", i), int64(i%3), 0)(e)
			e.SessionStart = began
			if e.Type == cloud.SessionEnded {
				e.SessionEnd = e.Time
			}
		}
		list = append(list, event(d, pump, cloud.SessionStarted, tells))
		for range rapid.IntRange(0, 5).Draw(t, "updates") {
			list = append(list, event(wait("update", 400), pump, cloud.SessionUpdated, tells))
		}
		if rapid.Bool().Draw(t, "ends") {
			list = append(list, event(wait("end", 400), pump, cloud.SessionEnded, tells))
		}
	}
	return list
}

// The rules find in the packed diary what they find in the whole one.
func TestPackedDiaryJudgesAsTheWholeOne(t *testing.T) {
	seen := map[correlate.Code]int{}
	rapid.Check(t, func(t *rapid.T) {
		list := life(t)
		now := list[len(list)-1].Time.Add(time.Duration(rapid.IntRange(0, 1600).Draw(t, "minutes")) * time.Minute)
		f := listening()
		b := bench{now: now, started: f.started, lastEvent: now, silentAfter: time.Hour}
		whole := b.diary(&sim{iccid: pump}, at(0))
		for _, e := range list {
			f.TakeEvent(now, e)
			whole.AddCloud(now, "test", []cloud.Event{e}, 0)
		}
		packed := b.diary(f.sims["8988307000000000001"], at(0))
		want, got := correlate.Judge(now, whole), correlate.Judge(now, packed)
		if want.Code != got.Code || want.Confidence != got.Confidence {
			t.Fatalf("whole %s %v, packed %s %v", want.Rule, want.Confidence, got.Rule, got.Confidence)
		}
		seen[want.Code]++
	})
	t.Log(seen)
}

func TestPackingKeepsWhatIsTrimmed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t, pump)
		e.SID = rapid.SampledFrom([]string{e.SID, "odd id", strings.Repeat("x", 90), "EZ0123456789ABCDEF0123456789abcdef"}).Draw(t, "sid")
		e.Network.Name = rapid.String().Draw(t, "name")
		e.SessionEnd = e.Time.Add(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "end")))
		e.Error.Message = rapid.String().Draw(t, "message")
		list := []cloud.Event{trim(e)}
		got := unpack(packOne(nil, &list[0]), "")
		if diff := cmp.Diff(list, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// What cannot be read is named, counted, and changes nothing.
func TestDamagedStatus(t *testing.T) {
	good := string(reportOf(pump, "online"))
	for _, test := range []struct{ name, id, payload, code string }{
		{"half a message", pump, good[:len(good)/2], badJSON},
		{"not JSON", pump, "hello", badJSON},
		{"wrong types", pump, strings.Replace(good, "0.98", `"much"`, 1), badJSON},
		{"no schema", pump, `{}`, badSchema},
		{"another schema", pump, strings.Replace(good, "agent/1", "agent/2", 1), badSchema},
		{"no verdict", pump, `{"schema":"supersim-agent/1"}`, badContent},
		{"a verdict that is none", pump, strings.Replace(good, `"online"`, `"on\u001bline"`, 1), badContent},
		{"more than sure", pump, strings.Replace(good, "0.98", "98", 1), badContent},
		{"of another SIM", crane, good, otherICCID},
		{"a last will of another SIM", crane, string(will(pump)), otherICCID},
		{"another id", pump, strings.Replace(good, `"iccid":"`+pump, `"id":"`+crane, 1), otherICCID},
		{"no id", "", good, badTopic},
		{"a name for an id", "pump-12", good, badTopic},
		{"far too long", pump, good + strings.Repeat(" ", maxStatus), tooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := listening()
			mustTake(t, f, 0, pump, reportOf(pump, "wrong-apn"))
			before := told(f, at(time.Hour), pump)
			err := f.TakeStatus(at(time.Minute), test.id, []byte(test.payload))
			var bad *StatusError
			if !errors.As(err, &bad) || bad.Code != test.code {
				t.Fatalf("error %v, want %s", err, test.code)
			}
			if after := told(f, at(time.Hour), pump); after != before {
				t.Errorf("changed to %s", after)
			}
			if s := f.Stats(); s.BadStatuses[test.code] != 1 || s.Statuses != 1 || s.SIMs != 1 {
				t.Errorf("counted: %+v", s)
			}
		})
	}
}

func TestUnusableEvents(t *testing.T) {
	f := listening()
	good := event(0, pump, cloud.AttachmentAccepted)
	for _, change := range []func(*cloud.Event){
		func(e *cloud.Event) { e.ICCID = "" },
		func(e *cloud.Event) { e.ICCID = "123" },
		func(e *cloud.Event) { e.SID = "" },
		func(e *cloud.Event) { e.Time = time.Time{} },
		func(e *cloud.Event) { e.Time = at(48 * time.Hour) },
	} {
		e := good
		change(&e)
		f.TakeEvent(at(0), e)
	}
	f.TakeEvent(at(0), cloud.Event{SID: "EZ1", Test: true})
	f.TakeEvent(at(0), good)
	f.TakeEvent(at(time.Second), good)
	if s := f.Stats(); s.BadEvents != 5 || s.Tests != 1 || s.Events != 1 || s.Duplicates != 1 || s.SIMs != 1 {
		t.Errorf("counted: %+v", s)
	}
}

func FuzzTakeStatus(f *testing.F) {
	for _, seed := range [][]byte{reportOf(pump, "online"), will(pump), goodbye(pump), nil, []byte(`{"schema":"supersim-agent/1","verdict":{"code":"a"}}`)} {
		f.Add(pump, seed)
		f.Add(cloud.TopicID(pump, []byte("k")), seed)
	}
	f.Fuzz(func(t *testing.T, id string, payload []byte) {
		fleet := listening(func(o *FleetOptions) { o.TopicKey = []byte("k") })
		mustTake(t, fleet, 0, crane, reportOf(crane, "online"))
		before := told(fleet, at(time.Hour), crane)
		err := fleet.TakeStatus(at(time.Minute), id, payload)
		if k, ok := keyOf(id); ok && k == "8988307000000000002" {
			return // it may speak for itself
		}
		if got := told(fleet, at(time.Hour), crane); got != before && id != cloud.TopicID(crane, []byte("k")) && id != cloud.TopicID(crane[:identity], []byte("k")) {
			t.Errorf("a status of %q changed another device: %s", id, got)
		}
		if s := fleet.Stats(); err != nil && s.SIMs != 1 {
			t.Errorf("a refused status left %d SIMs", s.SIMs)
		}
		if page, err := fleet.Page(at(time.Hour), Filter{}); err != nil || len(page.Devices) != fleet.Stats().SIMs {
			t.Errorf("page of %d devices, %v", len(page.Devices), err)
		}
	})
}
