package cloud

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func utc(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// decodeOne decodes a fixture that holds one event without a problem.
func decodeOne(t *testing.T, name string) Event {
	t.Helper()
	events, problems, err := Decode(fixture(t, name), Limits{})
	if err != nil || len(problems) != 0 || len(events) != 1 {
		t.Fatalf("%s: %d events, problems %v, error %v", name, len(events), problems, err)
	}
	return events[0]
}

func TestDecodeObservedStarted(t *testing.T) {
	got := decodeOne(t, "kore-started.json")
	want := Event{
		SID: "EZ00000000000000000000000000000001", Type: SessionStarted,
		ICCID: "89883070000041234567", IMSI: "732123000000001", IMEI: "353712345678901",
		Time:    utc("2025-11-26T09:05:44Z"),
		Network: Network{MCC: "310", MNC: "170", Name: "AT&T", Country: "US", SID: "HW11111111111111111111111111111111"},
		RAT:     "4G LTE", Cell: Cell{CellID: "40026625", LAC: "602", Lat: 26.2721, Lon: -81.809},
		APN: "super", IP: "100.65.109.189", SessionSID: "PI00000000000000000000000000000001",
		SessionStart: utc("2025-11-26T09:05:44Z"),
		Extra: map[string]json.RawMessage{
			"sim_sid":         json.RawMessage(`"HS11111111111111111111111111111111"`),
			"fleet_sid":       json.RawMessage(`"HF11111111111111111111111111111111"`),
			"account_sid":     json.RawMessage(`"AC11111111111111111111111111111111"`),
			"sim_unique_name": json.RawMessage(`"buoy-7"`),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Network.PLMN() != "310170" {
		t.Errorf("PLMN %q", got.Network.PLMN())
	}
}

func TestDecodeObservedUsage(t *testing.T) {
	up := decodeOne(t, "kore-updated.json")
	if !up.Counted || up.Upload != 1024 || up.Download != 2048 || up.Total != 3072 || up.SessionTotal != 3072 {
		t.Errorf("updated: %+v", up)
	}
	if want := utc("2025-11-26T09:11:44Z"); !up.UpdateEnd.Equal(want) || up.UpdateEnd.Sub(up.UpdateStart) != 6*time.Minute {
		t.Errorf("updated: window %v to %v", up.UpdateStart, up.UpdateEnd)
	}
	end := decodeOne(t, "kore-ended.json")
	if end.Type != SessionEnded || end.SessionEnd.IsZero() || end.Total != 512 || end.SessionTotal != 0 {
		t.Errorf("ended: %+v", end)
	}
	zero := decodeOne(t, "twilio-updated.json")
	if !zero.Counted || zero.Total != 0 || zero.IMEI != "" || zero.Error != (Error{}) {
		t.Errorf("twilio: %+v", zero)
	}
	if started := decodeOne(t, "kore-started.json"); started.Counted {
		t.Error("started carries no counts but says so")
	}
}

func TestDecodeRejected(t *testing.T) {
	got := decodeOne(t, "rejected.json")
	want := Error{Code: 83702, Message: "DIAMETER_ERROR_ROAMING_NOT_ALLOWED (5004)"}
	if got.Type != AttachmentRejected || got.Error != want {
		t.Errorf("%+v", got)
	}
}

func TestDecodeTestEvent(t *testing.T) {
	got := decodeOne(t, "kore-test.json")
	want := Event{
		SID: "6c1f6c1e-0000-4000-8000-0123456789ab", Type: TestEvent, Test: true, Time: utc("2025-11-26T09:00:00.1234567Z"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeMixed(t *testing.T) {
	events, problems, err := Decode(fixture(t, "mixed.ndjson"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Event{
		{SID: "EZ10", Type: AttachmentAccepted, ICCID: "89883070000012345678", IMSI: "732123000000002",
			Time: utc("2025-01-01T00:00:00Z"), Network: Network{MCC: "001", MNC: "02"}, Cell: Cell{CellID: "40026625", LAC: "602"},
			Extra: map[string]json.RawMessage{"network.region": json.RawMessage(`"north"`)}},
		{SID: "EZ12", Type: AttachmentFailed, ICCID: "89883070000012345678", Time: utc("2025-01-01T00:00:02.5Z"),
			Error: Error{Code: 83700, Message: "busy\uFFFD[31m"},
			Extra: map[string]json.RawMessage{"envelope.traceparent": json.RawMessage(`"00-1"`)}},
		{SID: "EZ14", Type: SessionStarted, ICCID: "89883070000012345678", Time: utc("2025-01-01T00:00:04Z"),
			APN: "OTA.super.mnc123.mcc732.gprs", OTA: true},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}
	wantProblems := []Problem{
		{Index: 1, Path: "sim_iccid", Reason: "missing", Skipped: true},
		{Index: 3, Path: "event_type", Reason: "not a Super SIM connection event", Skipped: true},
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Error(diff)
	}
}

// bare returns a bare event with some members replaced or added; an empty value removes the member.
func bare(change ...string) string {
	members := map[string]json.RawMessage{
		"event_sid": json.RawMessage(`"EZ1"`), "event_type": json.RawMessage(`"attachment.rejected"`),
		"sim_iccid": json.RawMessage(`"89883070000012345678"`), "timestamp": json.RawMessage(`"2025-01-01T00:00:00Z"`),
	}
	for i := 0; i < len(change); i += 2 {
		members[change[i]] = json.RawMessage(change[i+1])
		if change[i+1] == "" {
			delete(members, change[i])
		}
	}
	out, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestDecodeRequired(t *testing.T) {
	for _, c := range []struct{ key, value, reason string }{
		{"event_sid", ``, "missing"},
		{"event_sid", `null`, "missing"},
		{"event_sid", `""`, "missing"},
		{"event_type", ``, "missing"},
		{"event_type", `"supersim.connection."`, "not a Super SIM connection event"},
		{"event_type", `"supersim.connection.attachment"`, "not a Super SIM connection event"},
		{"event_type", `"com.example.order.created"`, "not a Super SIM connection event"},
		{"timestamp", ``, "missing or unreadable"},
		{"timestamp", `"yesterday"`, "missing or unreadable"},
		{"timestamp", `"9999-12-31T23:59:59-23:00"`, "missing or unreadable"},
		{"sim_iccid", ``, "missing"},
		{"sim_iccid", `"8988"`, "not an ICCID of 18 to 20 digits"},
	} {
		events, problems, err := Decode([]byte(bare(c.key, c.value)), Limits{})
		if err != nil || len(events) != 0 || len(problems) == 0 {
			t.Errorf("%s=%s: %d events, problems %v, error %v", c.key, c.value, len(events), problems, err)
			continue
		}
		last := problems[len(problems)-1]
		if want := (Problem{Path: c.key, Reason: c.reason, Skipped: true}); last != want {
			t.Errorf("%s=%s: %+v, want %+v", c.key, c.value, last, want)
		}
	}
}

func TestDecodeFieldProblemsKeepTheEvent(t *testing.T) {
	for _, c := range []struct{ key, value, path string }{
		{"imsi", `{"a":1}`, "imsi"},
		{"ip_address", `"not an address"`, "ip_address"},
		{"data_total", `-1`, "data_total"},
		{"data_total", `1.5`, "data_total"},
		{"error", `"broken"`, "error"},
		{"error", `{"code":"E83705"}`, "error.code"},
		{"error", `{"code":99999999999}`, "error.code"},
		{"location", `{"lat":"NaN"}`, "location.lat"},
		{"location", `{"lat":91}`, "location.lat"},
		{"data_session_end_time", `"now"`, "data_session_end_time"},
	} {
		events, problems, err := Decode([]byte(bare(c.key, c.value)), Limits{})
		if err != nil || len(events) != 1 || len(problems) != 1 || problems[0].Path != c.path || problems[0].Skipped {
			t.Errorf("%s=%s: %d events, problems %v, error %v", c.key, c.value, len(events), problems, err)
			continue
		}
		if _, kept := events[0].Extra[c.path]; !kept {
			t.Errorf("%s=%s: raw value is not in Extra %v", c.key, c.value, events[0].Extra)
		}
	}
}

func TestDecodeNumbersAndText(t *testing.T) {
	events, problems, err := Decode([]byte(bare("error", `{"code":83705.0,"message":""}`, "data_total", `"12"`,
		"location", `{"cell_id":4.0026625e7,"lat":"26.5"}`, "network", `{"mcc":"310","mnc":26}`)), Limits{})
	if err != nil || len(problems) != 0 || len(events) != 1 {
		t.Fatal(events, problems, err)
	}
	ev := events[0]
	if ev.Error.Code != 83705 || ev.Total != 12 || ev.Cell.CellID != "40026625" || ev.Cell.Lat != 26.5 || ev.Network.PLMN() != "31026" {
		t.Errorf("%+v", ev)
	}
}

func TestDecodeMalformed(t *testing.T) {
	for _, c := range []struct {
		name, body   string
		line, offset int
		err          error
	}{
		{"empty", "", 1, 0, ErrSyntax},
		{"only spaces", " \n ", 2, 3, ErrSyntax},
		{"not JSON", "hello", 1, 0, ErrSyntax},
		{"a lone number", "12", 1, 0, ErrSyntax},
		{"cut off", "[{\n\"a\":", 2, 7, ErrSyntax},
		{"mismatched", "[{}\n}", 2, 4, ErrSyntax},
		{"trailing comma", "[{},]", 1, 4, ErrSyntax},
		{"raw line end in a string", "{\"a\":\"x\ny\"}", 1, 7, ErrSyntax},
		{"bad literal", "[\n{\"a\":tru}]", 2, 10, ErrSyntax},
		{"bad escape", `{"a":"\q"}`, 1, 7, ErrSyntax},
		{"second document", "{}\n{]", 2, 4, ErrSyntax},
		{"too deep", strings.Repeat("[", 40), 1, 32, ErrTooDeep},
		{"too many", "[" + strings.Repeat("{},", 1000) + "{}]", 1, 0, ErrTooMany},
		{"too many documents", strings.Repeat("{}\n", 1001), 1001, 3000, ErrTooMany},
		{"too large", strings.Repeat(" ", 1<<20) + "{}", 1, 1 << 20, ErrTooLarge},
	} {
		events, problems, err := Decode([]byte(c.body), Limits{})
		bad, ok := errors.AsType[*DecodeError](err)
		if !ok || !errors.Is(err, c.err) || bad.Line != c.line || bad.Offset != c.offset || events != nil || problems != nil {
			t.Errorf("%s: %v, want %v at line %d, byte %d", c.name, err, c.err, c.line, c.offset)
		}
	}
}

func TestDecodeEmptyArrayAndStrangeElements(t *testing.T) {
	if events, problems, err := Decode([]byte("\xEF\xBB\xBF []\r\n"), Limits{}); len(events)+len(problems) != 0 || err != nil {
		t.Error(events, problems, err)
	}
	events, problems, err := Decode([]byte(`[null, 3, "x", [], `+bare()+`]`), Limits{})
	if err != nil || len(events) != 1 || len(problems) != 4 {
		t.Error(events, problems, err)
	}
}

func TestDecodeBounds(t *testing.T) {
	long := strings.Repeat("ä", 600)
	events, problems, err := Decode([]byte(bare("imsi", `"`+long+`"`, "unknown", `"`+strings.Repeat("x", 9000)+`"`)), Limits{})
	if err != nil || len(events) != 1 || len(problems) != 1 {
		t.Fatal(problems, err)
	}
	if n := len(events[0].IMSI); n > 512 || !utf8.ValidString(events[0].IMSI) || len(events[0].Extra) != 0 {
		t.Errorf("%d bytes of text, extra %v", n, events[0].Extra)
	}
	if events, _, _ := Decode([]byte(bare("event_sid", `"`+long+`"`)), Limits{}); len(events) != 0 {
		t.Error("an identifier of 1200 bytes was taken")
	}
}

// FuzzDecode holds what a consumer relies on: no panic, required fields set, text that is safe to print, bounds.
func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*json")
	if err != nil || len(names) < 6 {
		f.Fatal("fixtures missing", names, err)
	}
	for _, name := range names {
		f.Add(fixture(f, filepath.Base(name)))
	}
	f.Add([]byte(bare("network", `{"mcc":1e2}`, "error", `{"code":1e99}`, "location", `{"lat":"-0"}`)))
	f.Add([]byte(`[[[{"data":null}],{"data":{"data":{}}}]]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, problems, err := Decode(body, Limits{})
		if err != nil {
			if bad, ok := errors.AsType[*DecodeError](err); !ok || bad.Offset > len(body) || bad.Line < 1 {
				t.Fatalf("%#v", err)
			}
			return
		}
		if len(events) > 1000 {
			t.Fatal(len(events))
		}
		for _, p := range problems {
			checkText(t, p.String())
		}
		for _, ev := range events {
			checkEvent(t, ev)
		}
	})
}

func checkEvent(t *testing.T, ev Event) {
	t.Helper()
	if !ev.Test && (ev.SID == "" || ev.Type == "" || ev.Time.IsZero() || !plausibleICCID(ev.ICCID)) {
		t.Fatalf("incomplete: %+v", ev)
	}
	if _, err := json.Marshal(ev); err != nil {
		t.Fatalf("cannot be written: %v", err)
	}
	for _, s := range []string{ev.SID, ev.Type, ev.ICCID, ev.IMSI, ev.IMEI, ev.Network.MCC, ev.Network.MNC, ev.Network.Name,
		ev.Network.Country, ev.Network.SID, ev.RAT, ev.Cell.CellID, ev.Cell.LAC, ev.Error.Message, ev.APN, ev.IP,
		ev.SessionSID, ev.Modifier} {
		checkText(t, s)
	}
	extra := 0
	for name, raw := range ev.Extra {
		checkText(t, name)
		extra += len(name) + len(raw)
	}
	if extra > DefaultLimits().Extra {
		t.Fatalf("%d bytes of extra", extra)
	}
}

func checkText(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		t.Fatalf("unsafe text %q", s)
	}
}

func BenchmarkDecode(b *testing.B) {
	body := fixture(b, "kore-updated.json")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, _, err := Decode(body, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
