package cloud

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSameICCID(t *testing.T) {
	const full = "89883070000012345678"
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{full, full, true},
		{full, full[:19], true},       // without check digit
		{full, full[:19] + "F", true}, // padded on the card
		{full, full[:18], true},       // some modems
		{full, `"` + full + `"`, true},
		{full, "8988 3070 0000 1234 5678", true},
		{full, "89883070000012345688", false}, // the next card: 19th digit
		{full, full[:17], false},
		{full, full + "0", false},
		{"", "", false},
		{full, "", false},
	} {
		if got := SameICCID(c.a, c.b); got != c.same || SameICCID(c.b, c.a) != c.same {
			t.Errorf("SameICCID(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestCodes(t *testing.T) {
	for number := 83700; number <= 83705; number++ {
		if c, ok := LookupCode(number); !ok || c.Number != number {
			t.Errorf("%d: %+v %v", number, c, ok)
		}
	}
	if _, ok := LookupCode(1); ok {
		t.Error("code 1 found")
	}
	if !slices.IsSortedFunc(Codes, func(a, b Code) int { return a.Number - b.Number }) {
		t.Error("rows are not in order")
	}
	for _, c := range Codes {
		if c.Title == "" || c.Meaning == "" || c.Advice == "" {
			t.Errorf("%d: row not complete", c.Number)
		}
	}
}

// TestDedupe compares with a list of the last distinct SIDs.
func TestDedupe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 8).Draw(t, "limit")
		d := NewDedupe(limit)
		var last []string
		var evicted uint64
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 12), 0, 60).Draw(t, "sids") {
			sid := fmt.Sprint(n)
			known := slices.Contains(last, sid)
			if got := d.Seen(sid); got != known {
				t.Fatalf("Seen(%s) = %v with %v remembered", sid, got, last)
			}
			if !known {
				last = append(last, sid)
			}
			if len(last) > limit {
				last = last[1:]
				evicted++
			}
			if d.Len() != len(last) || d.Evicted() != evicted {
				t.Fatalf("%d remembered, %d evicted; want %d, %d", d.Len(), d.Evicted(), len(last), evicted)
			}
		}
	})
	var zero Dedupe
	for i, c := range []struct {
		sid  string
		seen bool
	}{{"", false}, {"", false}, {"a", false}, {"a", true}} {
		if got := zero.Seen(c.sid); got != c.seen {
			t.Errorf("zero value, call %d: Seen(%q) = %v", i, c.sid, got)
		}
	}
}
