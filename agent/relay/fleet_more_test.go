package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/status"
)

// numbered is the ICCID of the n-th device of a large fleet.
func numbered(n int) string {
	first := fmt.Sprintf("8988307%012d", n)
	return first + string(cloud.CheckDigit(first))
}

func TestCheckDigit(t *testing.T) {
	for _, iccid := range []string{pump, crane} {
		if got := cloud.CheckDigit(iccid[:19]); got != iccid[19] {
			t.Errorf("%s: %c", iccid, got)
		}
	}
	if got := cloud.CheckDigit("7992739871"); got != '3' { // the example of ISO/IEC 7812-1's algorithm that everybody uses
		t.Errorf("7992739871: %c", got)
	}
}

// Whether a device writes its check digit or not, and whoever is heard first, a hashed id finds its ICCID.
func TestHashedIDs(t *testing.T) {
	secret := []byte("fleet key")
	keyed := func(o *FleetOptions) { o.TopicKey = secret }
	for name, id := range map[string]string{"20 digits": cloud.TopicID(pump, secret), "19 digits": cloud.TopicID(pump[:19], secret)} {
		quiet := []byte(strings.Replace(string(reportOf("", "online")), `"iccid":""`, fmt.Sprintf(`"id":%q`, id), 1))
		for _, eventFirst := range []bool{true, false} {
			f := listening(keyed)
			seen := event(0, pump, cloud.AttachmentAccepted)
			if eventFirst {
				f.TakeEvent(at(0), seen)
			}
			mustTake(t, f, 0, id, quiet)
			if d, ok := f.Device(at(time.Minute), id); !ok || d.Verdict.Code != "online" || (d.ICCID == "") == eventFirst {
				t.Errorf("%s, event first %v: %v %+v", name, eventFirst, ok, d)
			}
			f.TakeEvent(at(time.Second), seen)
			d, ok := f.Device(at(time.Minute), pump)
			if !ok || d.Verdict.Code != "online" || d.ICCID != pump || d.LastEvent.Type == "" {
				t.Errorf("%s, event first %v: %v %+v", name, eventFirst, ok, d)
			}
			if s := f.Stats(); s.SIMs != 1 || s.Unidentified != 0 {
				t.Errorf("%s, event first %v: %+v", name, eventFirst, s)
			}
		}
	}
	f := listening(keyed)
	mustTake(t, f, 0, cloud.TopicID(pump, secret), reportOf(pump, "online"))
	if d, ok := f.Device(at(0), pump); !ok || d.ICCID != pump {
		t.Errorf("an ICCID in the message that fits the id: %v %+v", ok, d)
	}
	if err := f.TakeStatus(at(0), cloud.TopicID(crane, secret), reportOf(pump, "no-signal")); err == nil {
		t.Error("an ICCID that does not fit its id was believed")
	}
	mustTake(t, f, 0, cloud.TopicID(crane, secret), will(""))
	if page, _ := f.Page(at(2*time.Hour), Filter{}); page.Devices[0].ID != cloud.TopicID(crane, secret) || page.Devices[0].Need != NeedVisit ||
		!strings.Contains(page.Devices[0].Verdict.Summary, "ICCID is not known") || page.Fleet.Counters.Unidentified != 1 {
		t.Errorf("a device behind an unknown id: %+v", page)
	}
}

func writeDevices(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	rewrite(t, path, text)
	return path
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDevicesFile(t *testing.T) {
	plain := "# the harbour\n" + pump + " Pump 12, west quay\n\n" + crane + ",Crane\x1b[31m\nnonsense here\n8988\n" + pump + " Pump again\n" +
		numbered(3) + "\n"
	tables := fmt.Sprintf("[[device]]\niccid = %q\nname = \"Pump 12, west quay\"\n[[device]]\niccid = %q\nname = \"Crane\\u001b[31m\"\n"+
		"[[device]]\niccid = \"nonsense\"\n[[device]]\niccid = \"8988\"\n[[device]]\niccid = %q\nname=\"Pump again\"\n[[device]]\niccid=%q\n",
		pump, crane, pump, numbered(3))
	for name, text := range map[string]string{"devices.txt": plain, "devices.toml": tables} {
		t.Run(name, func(t *testing.T) {
			path := writeDevices(t, name, text)
			f := listening(func(o *FleetOptions) { o.DevicesFile = path })
			page, _ := f.Page(at(0), Filter{})
			if len(page.Devices) != 3 || page.Fleet.File.Bad != 3 || len(page.Fleet.File.Problems) != 3 {
				t.Fatalf("%+v", page)
			}
			if p := page.Fleet.File.Problems; !strings.Contains(p[0], "5: ") && !strings.Contains(p[0], "device 3: ") {
				t.Errorf("problems: %q", p)
			}
			d, ok := f.Device(at(0), pump)
			if !ok || d.Name != "Pump 12, west quay" || d.Verdict.Code != NeverHeard || d.Presence != "never-reported" {
				t.Errorf("%v %+v", ok, d)
			}
			if d, _ = f.Device(at(0), crane[:19]); d.Name != "Crane?[31m" {
				t.Errorf("a name with an escape sequence: %q", d.Name)
			}
			mustTake(t, f, 0, pump, reportOf(pump, "online"))
			if d, _ = f.Device(at(0), pump); d.Verdict.Code != "online" || d.Name != "Pump 12, west quay" {
				t.Errorf("heard of: %+v", d)
			}
		})
	}
}

// A file that breaks while the relay runs takes nothing away, and is told once.
func TestDevicesFileIsReloaded(t *testing.T) {
	path := writeDevices(t, "d.toml", fmt.Sprintf("[[device]]\niccid=%q\nname=\"Pump\"\n", pump))
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var logged []string
		f := listening(func(o *FleetOptions) {
			o.DevicesFile = path
			o.Log = func(text string) { mu.Lock(); defer mu.Unlock(); logged = append(logged, text) }
		})
		ctx, stop := context.WithCancel(t.Context())
		nudge := make(chan os.Signal)
		var done sync.WaitGroup
		done.Go(func() { f.Watch(ctx, nudge) })
		names := func() string {
			name := ""
			for _, d := range f.List(at(0), Filter{}) {
				name += d.Name + ";"
			}
			return name
		}
		rewrite(t, path, fmt.Sprintf("[[device]]\niccid=%q\nname=\"Pump 12\"\n", pump))
		<-time.After(lookEvery + time.Second)
		if got := names(); got != "Pump 12;" {
			t.Errorf("after a change: %q", got)
		}
		rewrite(t, path, "[[device\n")
		nudge <- os.Interrupt
		<-time.After(3 * lookEvery)
		if got := names(); got != "Pump 12;" || f.Stats().FileErrors != 1 {
			t.Errorf("a broken file: %q, %d errors", got, f.Stats().FileErrors)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * lookEvery)
		stop()
		done.Wait()
		mu.Lock()
		defer mu.Unlock()
		if got := names(); got != "Pump 12;" || f.Stats().FileErrors != 2 || len(logged) != 4 {
			t.Errorf("no file: %q, %d errors, logged %q", got, f.Stats().FileErrors, logged)
		}
	})
}

// yard is a fleet with one device of each need.
func yard(t testing.TB) *Fleet {
	f := listening(func(o *FleetOptions) { o.Clock = func() time.Time { return at(3 * time.Hour) } })
	for i, code := range []string{"online", "searching", "sim-inactive", "sim-missing", "online", "sim-missing"} {
		mustTake(t, f, time.Duration(i)*time.Minute, numbered(i), reportOf(numbered(i), code))
	}
	mustTake(t, f, 0, numbered(6), will(numbered(6)))
	return f
}

func TestListIsSortedWorstFirst(t *testing.T) {
	f := yard(t)
	yes, no := true, false
	for _, test := range []struct {
		name   string
		filter Filter
		want   string
	}{
		{"all", Filter{}, "3 5 6 2 1 0 4"},
		{"by verdict", Filter{Verdict: "sim-missing"}, "3 5"},
		{"by need", Filter{Need: NeedDesk}, "2"},
		{"silent", Filter{Silent: &yes}, "6"},
		{"speaking", Filter{Silent: &no, Need: NeedNone}, "0 4"},
		{"unreachable", Filter{Unreachable: true}, "6"},
		{"by ICCID", Filter{Prefix: "8988307000000000005"}, "5"},
		{"none", Filter{Prefix: "nobody"}, ""},
		{"the first two", Filter{Limit: 2}, "3 5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, d := range f.List(at(3*time.Hour), test.filter) {
				got = append(got, strings.TrimLeft(d.ICCID[7:19], "0")+map[bool]string{true: "0"}[d.ICCID[7:19] == "000000000000"])
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func ask(f *Fleet, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w
}

// All pages together are the list, each device once.
func TestPages(t *testing.T) {
	f := yard(t)
	var got []string
	after := ""
	for range 10 {
		w := ask(f, "GET", "/v1/devices?limit=3&after="+after)
		if after == "" {
			w = ask(f, "GET", "/v1/devices?limit=3")
		}
		var page Page
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 || page.Schema != status.Schema {
			t.Fatalf("%d %v %s", w.Code, err, w.Body)
		}
		if page.Total != 7 || page.Fleet.Devices != 7 || page.Fleet.Online != 2 || page.Fleet.Needs[NeedVisit] != 3 || page.Fleet.Silent != 1 {
			t.Errorf("%+v", page.Fleet)
		}
		for _, d := range page.Devices {
			got = append(got, d.ICCID)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if slices.Sort(got); len(got) != 7 || len(slices.Compact(got)) != 7 {
		t.Errorf("%d devices", len(got))
	}
}

func TestHandlerNamesTheFault(t *testing.T) {
	f := yard(t)
	for _, test := range []struct {
		method, target string
		header         []string
		want           int
		code           string
	}{
		{"GET", "/v1/devices/" + numbered(3), nil, 200, ""},
		{"HEAD", "/v1/devices", nil, 200, ""},
		{"GET", "/v1/devices/" + numbered(99), nil, 404, "unknown-device"},
		{"GET", "/v1/devices/pump", nil, 400, "bad-iccid"},
		{"GET", "/v1/devices/", nil, 400, "bad-iccid"},
		{"GET", "/v1/machines", nil, 404, "no-such-path"},
		{"POST", "/v1/devices", nil, 405, "method-not-allowed"},
		{"GET", "/v1/devices", []string{"Origin", "http://evil.example"}, 403, "foreign-origin"},
		{"GET", "/v1/devices?limit=0", nil, 400, "bad-parameter"},
		{"GET", "/v1/devices?limit=99999", nil, 400, "bad-parameter"},
		{"GET", "/v1/devices?silent=perhaps", nil, 400, "bad-parameter"},
		{"GET", "/v1/devices?need=tea", nil, 400, "bad-parameter"},
		{"GET", "/v1/devices?limit=1&limit=2", nil, 400, "bad-parameter"},
		{"GET", "/v1/devices?after=x", nil, 400, "bad-parameter"},
		{"GET", "/v1/devices?after=1.2." + strings.Repeat("9", 99), nil, 400, "bad-parameter"},
		{"GET", "/v1/devices?colour=red", nil, 400, "unknown-parameter"},
		{"GET", "/v1/devices?verdict=%zz", nil, 400, "bad-query"},
		{"GET", "/v1/devices?prefix=" + strings.Repeat("x", maxQuery), nil, 414, "query-too-long"},
	} {
		w := ask(f, test.method, test.target, test.header...)
		var p status.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != test.want || test.code != p.Code || test.want >= 400 && p.Detail == "" {
			t.Errorf("%s %.60s: %d %s (%v)", test.method, test.target, w.Code, w.Body, err)
		}
	}
}

func TestRoomIsMade(t *testing.T) {
	f := listening(func(o *FleetOptions) { o.Max, o.TopicKey = 100, []byte("k") })
	for i := range 60 { // report, long ago
		mustTake(t, f, 0, numbered(i), reportOf(numbered(i), "online"))
	}
	for i := 60; i < 160; i++ {
		f.TakeEvent(at(time.Duration(i)*time.Minute), event(time.Duration(i)*time.Minute, numbered(i), cloud.AttachmentAccepted))
	}
	s := f.Stats()
	if s.SIMs > 100 || s.SIMs < 95 || s.Forgotten != uint64(160-s.SIMs) || len(f.hashes) != 2*s.SIMs {
		t.Errorf("%d ids, %+v", len(f.hashes), s)
	}
	for n, want := range map[int]bool{0: true, 59: true, 60: false, 159: true} {
		if _, ok := f.Device(at(3*time.Hour), numbered(n)); ok != want {
			t.Errorf("device %d: known %v", n, ok)
		}
	}
}

// Two relays that share the fleet's events know together what one would know.
func TestMergedAnswers(t *testing.T) {
	one, two, whole := listening(), listening(), listening()
	both := []*Fleet{one, two}
	for i := range 40 {
		e := event(time.Duration(i)*time.Minute, numbered(i%8), cloud.AttachmentRejected, refused(83705))
		both[i%3%2].TakeEvent(at(0), e)
		whole.TakeEvent(at(0), e)
	}
	for i := range 6 { // statuses are retained, but each relay may have been away at one of them
		payload := [][]byte{reportOf(numbered(i), "online"), will(numbered(i))}
		for j, p := range payload {
			mustTake(t, both[(i+j)%2], time.Duration(i+j)*time.Minute, numbered(i), p)
			mustTake(t, whole, time.Duration(i+j)*time.Minute, numbered(i), p)
		}
	}
	mustTake(t, one, time.Hour, numbered(2), reportOf(numbered(2), "online"))
	mustTake(t, whole, time.Hour, numbered(2), reportOf(numbered(2), "online"))
	now := at(2 * time.Hour)
	a, b := one.List(now, Filter{}), two.List(now, Filter{})
	merged := MergeDevices(a, b)
	for _, again := range [][]Device{MergeDevices(b, a), MergeDevices(a, b, a, b), MergeDevices(merged, b, a)} {
		if got, want := fmt.Sprint(codes(again)), fmt.Sprint(codes(merged)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got, want := fmt.Sprint(codes(merged)), fmt.Sprint(codes(whole.List(now, Filter{}))); got != want {
		t.Errorf("two relays %s, one %s", got, want)
	}
	s := MergeSummaries(merged, Summary{Started: status.At(at(5 * time.Minute)), Counters: one.Stats()}, Summary{Started: status.At(at(3 * time.Minute)), Counters: two.Stats()})
	if s.Devices != 8 || s.Online != 1 || s.Silent != 7 || !s.Started.Equal(at(3*time.Minute)) || s.Counters.Events != 40 {
		t.Errorf("%+v", s)
	}
}

func codes(list []Device) map[string]string {
	m := map[string]string{}
	for _, d := range list {
		m[d.ICCID] = d.Verdict.Code + " by " + string(d.Judge)
	}
	return m
}

// Every verdict has its place in the table of needs.
func TestNeedsOfAllVerdicts(t *testing.T) {
	for _, r := range correlate.Rules {
		if _, known := needs[string(r.Code)]; !known {
			t.Errorf("%s %s has no need", r.ID, r.Code)
		}
		if online(string(r.Code)) != (needs[string(r.Code)] == NeedNone) {
			t.Errorf("%s: online %v, needs %s", r.Code, online(string(r.Code)), needs[string(r.Code)])
		}
	}
}

// Readers and writers do not disturb each other (with -race).
func TestTogether(t *testing.T) {
	f := yard(t)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 200 {
				f.TakeEvent(at(time.Duration(i)*time.Second), event(time.Duration(i)*time.Second, numbered(i%9), cloud.AttachmentAccepted))
				_ = f.TakeStatus(at(time.Duration(n)*time.Second), numbered(i%9), reportOf(numbered(i%9), "online"))
				f.Counts(at(3 * time.Hour))
				f.Device(at(3*time.Hour), numbered(i%9))
			}
		})
		all.Go(func() {
			for range 50 {
				if w := ask(f, "GET", "/v1/devices?silent=true"); w.Code != http.StatusOK {
					t.Error(w.Code)
				}
			}
		})
	}
	all.Wait()
}

// crowd is a fleet in which each device has a full diary and a status.
func crowd(n int) *Fleet {
	f := listening()
	for i := range n {
		for _, e := range diaryOf(numbered(i)) {
			f.TakeEvent(e.Time, e)
		}
		_ = f.TakeStatus(at(0), numbered(i), reportOf(numbered(i), "online"))
		if i%50 == 0 {
			_ = f.TakeStatus(at(time.Hour), numbered(i), will(numbered(i)))
		}
	}
	return f
}

// diaryOf is all that is kept of a SIM with a lively past: four sessions, refusals and repeated attaches.
func diaryOf(iccid string) (list []cloud.Event) {
	for i := range 4 {
		d := time.Duration(i) * 20 * time.Minute
		sid := fmt.Sprintf("PI%013d%019s", i, iccid[:19])
		list = append(list, event(d, iccid, cloud.AttachmentRejected, refused(83702)), event(d+time.Minute, iccid, cloud.AttachmentAccepted),
			event(d+2*time.Minute, iccid, cloud.SessionStarted, inSession(sid, 0, 0)),
			event(d+8*time.Minute, iccid, cloud.SessionUpdated, inSession(sid, 12345, 67890)),
			event(d+9*time.Minute, iccid, cloud.SessionEnded, inSession(sid, 1234, 5678)))
	}
	return list
}

// bytesPerSIM is the memory of a fleet of n.
func bytesPerSIM(n int) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := crowd(n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(f)
	return float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / float64(n)
}

func TestMemoryOfASIM(t *testing.T) {
	if got := bytesPerSIM(2000); got > 2048 {
		t.Errorf("%.0f bytes a SIM", got)
	}
}

func BenchmarkFleet(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			perSIM := bytesPerSIM(n)
			f := crowd(n)
			events := make([]cloud.Event, 1000)
			for i := range events {
				events[i] = event(2*time.Hour, numbered(i*(n/min(n, 1000))%n), cloud.AttachmentAccepted)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e := &events[i%len(events)]
				e.SID, e.Time = fmt.Sprintf("EZ%032x", i), e.Time.Add(time.Second)
				f.TakeEvent(e.Time, *e)
			}
			b.ReportMetric(perSIM, "B/SIM")
		})
	}
}

func BenchmarkCounts(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			f := crowd(n)
			for i := 0; b.Loop(); i++ {
				f.Counts(at(3*time.Hour + time.Duration(i)*time.Second))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/SIM")
		})
	}
}
