package status

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSelect(t *testing.T) {
	late := TimelineEntry{Seq: 4, Time: At(moment), Seen: At(moment.Add(time.Hour)), Kind: "event"}
	entries := []TimelineEntry{
		{Seq: 1, Time: At(moment), Kind: "sim"},
		{Seq: 2, Time: At(moment.Add(time.Minute)), Kind: "data"},
		{Seq: 3, Time: At(moment.Add(2 * time.Minute)), Kind: "sim"},
		late,
	}
	for _, tt := range []struct {
		name, query string
		want        []uint64
	}{
		{"all", "", []uint64{1, 2, 3, 4}},
		{"after a number", "since=2", []uint64{3, 4}},
		{"since a time; the late event is news", "since=2025-11-26T09:06:44Z", []uint64{2, 3, 4}},
		{"since a time elsewhere", "since=2025-11-26T10:06:45%2B01:00", []uint64{3, 4}},
		{"since a duration", "since=30s", []uint64{3, 4}},
		{"kinds", "kind=data,event", []uint64{2, 4}},
		{"kinds, repeated", "kind=data&kind=event", []uint64{2, 4}},
		{"the newest", "limit=2", []uint64{3, 4}},
		{"the newest of a kind", "limit=1&kind=sim", []uint64{3}},
		{"none", "since=4", []uint64{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			values, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			p, err := parseTimeline(moment.Add(2*time.Minute+10*time.Second), values)
			if err != nil {
				t.Fatal(err)
			}
			got := []uint64{}
			for _, e := range p.Select(entries) {
				got = append(got, e.Seq)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What the client asks for is what the server understands.
func TestQueryRoundTrip(t *testing.T) {
	for _, want := range []TimelineQuery{
		{},
		{After: 7, Limit: 3},
		{Since: moment.Add(123 * time.Millisecond), Kinds: []string{"sim", "data"}},
	} {
		got, err := parseTimeline(moment, want.values())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.TimelineQuery); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
