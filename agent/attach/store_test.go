package attach

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// mustStore encodes and decodes, as over a restart.
func mustStore(t failer, h *History, m Moment) Stored {
	t.Helper()
	data, err := h.Encode(m)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	s, err := Decode(data)
	if err != nil || s.Skipped != 0 {
		t.Fatalf("decode: %v, %d skipped\n%s", err, s.Skipped, data)
	}
	return s
}

// A stored action is never older than what is certain, whatever the wall clock says.
func TestRestoreCountsConservatively(t *testing.T) {
	h := History{Held: noon.Add(3 * time.Hour),
		Actions: []Done{{Kind: RadioCycle, At: noon.Add(-30 * time.Minute), Rule: ruleLadder, Level: 2, Outcome: "ok"}}}
	saved := Moment{Now: noon, Boot: "one", Uptime: 10 * time.Hour, Trusted: true}
	untrusted := saved
	untrusted.Trusted = false
	year := 365 * day
	const short, long, left = 31 * time.Minute, 150 * time.Minute, 179 * time.Minute
	for _, test := range []struct {
		name  string
		saved Moment
		m     Moment
		age   time.Duration // of the action then
		held  time.Duration // what is left of the hold
	}{
		{"the same boot", saved, Moment{noon.Add(2 * time.Hour), "one", 12 * time.Hour, true}, long, time.Hour},
		{"the same boot, years back", saved, Moment{noon.Add(-30 * year), "one", 12 * time.Hour, true}, long, time.Hour},
		{"the same boot, years ahead", saved, Moment{noon.Add(30 * year), "one", 12 * time.Hour, true}, long, time.Hour},
		{"another boot", saved, Moment{noon.Add(2 * time.Hour), "two", time.Minute, false}, short, left},
		{"another boot, years ahead", saved, Moment{noon.Add(30 * year), "two", time.Minute, false}, short, left},
		{"another boot, both clocks trusted", saved, Moment{noon.Add(2 * time.Hour), "two", time.Minute, true}, long, time.Hour},
		{"another boot, trusted only now", untrusted, Moment{noon.Add(2 * time.Hour), "two", time.Minute, true}, short, left},
		{"another boot, trusted and yet in the past", saved, Moment{noon.Add(-year), "two", time.Minute, true}, short, left},
		{"the boot is not known", saved, Moment{noon.Add(time.Hour), "", 9 * time.Hour, true}, 30 * time.Minute, 3 * time.Hour},
	} {
		got := Restore(mustStore(t, &h, test.saved), test.m)
		d := got.Actions[0]
		want := Done{Kind: RadioCycle, At: d.At, Rule: ruleLadder, Level: 2, Outcome: "ok"}
		if age := test.m.Now.Sub(d.At); age != test.age || d != want {
			t.Errorf("%s: age %v, want %v (%+v)", test.name, age, test.age, d)
		}
		if held := got.Held.Sub(test.m.Now).Round(time.Second); held != test.held {
			t.Errorf("%s: held for %v, want %v", test.name, held, test.held)
		}
	}
}

// The freeze, the ladder and what is known of acceptances come back too; how long all was well does not.
func TestRestoreKeepsTheRest(t *testing.T) {
	h := History{Ladder: Ladder{Card: iccid, Rungs: 5, Data: 4, Stops: 3, Outages: 2, HealthySince: noon.Add(-25 * time.Minute)},
		Refusals: []Refusal{{Time: noon.Add(-2 * time.Hour), Received: noon.Add(-time.Hour)}, {Time: noon, Received: noon}},
		Accepted: noon.Add(-3 * time.Hour)}
	stored := mustStore(t, &h, Moment{Now: noon, Boot: "one", Uptime: time.Hour})
	got := Restore(stored, Moment{Now: noon.Add(time.Hour), Boot: "one", Uptime: 2 * time.Hour})
	if want := (Ladder{Card: iccid, Rungs: 3, Data: 2, Stops: 1, Outages: 2}); got.Ladder != want {
		t.Errorf("ladder %+v, want %+v", got.Ladder, want)
	}
	if !got.frozenUntil().Equal(h.frozenUntil()) || !got.Accepted.Equal(h.Accepted) {
		t.Errorf("frozen until %v, want %v; accepted %v", got.frozenUntil(), h.frozenUntil(), got.Accepted)
	}
}

// What cannot be read is an error that says so, or is skipped and counted; nothing panics or makes a time out of range.
func TestDecodeAnything(t *testing.T) {
	for name, data := range map[string]string{"nothing": "", "no JSON": "{", "a list": "[]", "another version": `{"v":2}`, "no version": "{}"} {
		if _, err := Decode([]byte(data)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	s, err := Decode([]byte(`{"v":1,"boot":"a","uptime_ms":-9223372036854775808,"wall_ms":9223372036854775807,"hold_ms":9223372036854775807,
		"actions":[{"kind":"radio-cycle","age_ms":5},{"kind":"hold","age_ms":1},{"kind":"no-such","age_ms":1},{"kind":"scan","age_ms":-1},
		{"kind":"scan","age_ms":9223372036854775807},{"kind":"scan","age_ms":50}],
		"refusals":[{"age_ms":-1,"time_ms":1}],"ladder":{"rungs":-4,"data":9223372036854775807},"new":"field"}`))
	if err != nil || s.Skipped != 5 || len(s.Actions) != 2 || s.Actions[0].Kind != Scan {
		t.Errorf("%v %+v", err, s)
	}
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 1e9))
		raw := Stored{Version: 1, Boot: "a", UptimeMS: number.Draw(r, "uptime"), WallMS: number.Draw(r, "wall"),
			Trusted: rapid.Bool().Draw(r, "trusted"), Accepted: number.Draw(r, "accepted"), HoldMS: number.Draw(r, "hold")}
		for range rapid.IntRange(0, 20).Draw(r, "n") {
			kind := rapid.SampledFrom(Kinds()).Draw(r, "kind")
			raw.Actions = append(raw.Actions, storedDone{Kind: kind, AgeMS: number.Draw(r, "age")})
			raw.Refusals = append(raw.Refusals, storedRefusal{number.Draw(r, "age"), number.Draw(r, "time")})
		}
		data, err := json.Marshal(raw)
		if err != nil {
			r.Fatalf("%v", err)
		}
		s, err := Decode(data)
		if err != nil {
			r.Fatalf("%v", err)
		}
		m := Moment{Now: noon, Boot: rapid.SampledFrom([]string{"", "a", "b"}).Draw(r, "boot"),
			Uptime: time.Duration(rapid.Int64().Draw(r, "up")), Trusted: rapid.Bool().Draw(r, "now trusted")}
		h := Restore(s, m)
		sorted := slices.IsSortedFunc(h.Actions, func(a, b Done) int { return a.At.Compare(b.At) })
		for _, d := range h.Actions {
			if d.At.After(m.Now) {
				r.Fatalf("an action in the future: %v", d.At)
			}
		}
		if !sorted || h.Held.Sub(m.Now) > maxHold {
			r.Fatalf("sorted %v, held %v", sorted, h.Held)
		}
		mustStore(r, &h, m)
	})
}
