package attach

import (
	"slices"
	"time"
)

// Limit is a budget: at most N actions in any window of this length.
type Limit struct {
	Per time.Duration
	N   int
}

// limits per action; each holds for every sliding window of its length. Resets: GSMA TS.34 allows one an hour (N1).
// Activations: Telefónica TEF.IOT.DB REQ_008, one a minute and ten an hour.
var limits = map[Kind][]Limit{
	Activate:           {{time.Minute, 1}, {time.Hour, 10}},
	Reactivate:         {{time.Minute, 1}, {time.Hour, 10}},
	Reattach:           {{time.Hour, 2}, {day, 8}},
	AutomaticSelection: {{time.Hour, 2}},
	RadioCycle:         {{time.Hour, 1}, {day, 8}},
	ModuleReset:        {{time.Hour, 1}, {day, 6}},
	HardCycle:          {{2 * time.Hour, 1}, {day, 4}},
	PowerOn:            {{10 * time.Minute, 1}, {day, 12}},
	SetAPN:             {{30 * time.Minute, 1}, {day, 4}},
	Configure:          {{time.Hour, 2}, {day, 4}}, // a restart may bring other settings along
	RadioOn:            {{time.Minute, 1}, {time.Hour, 4}},
	EnterPIN:           {{10 * time.Minute, 1}, {day, 6}}, // accepted ones: a card asks after every power cycle
}

// total limits the sum of everything that makes the modem attach (Verizon: 4 automated accesses per hour).
var total = []Limit{{time.Hour, 4}, {day, 20}}

const day = 24 * time.Hour

// Done is an action that was started.
type Done struct {
	Kind    Kind
	At      time.Time
	Rule    string
	Why     string
	Outcome string // "" while it runs, "ok", or what went wrong
}

// historyLength keeps more than a day of everything the budgets allow.
const historyLength = 512

// History is what was done, oldest first. An action is noted before it starts, so that one
// that never ends is counted too.
type History struct {
	Actions []Done
}

// Note records an action that is about to start.
func (h *History) Note(d Done) {
	h.Actions = append(slices.Clip(h.Actions), d) // snapshots share the old slice
	if n := len(h.Actions); n > historyLength {
		h.Actions = h.Actions[n-historyLength:]
	}
}

// Ended notes how the newest action went.
func (h *History) Ended(outcome string) {
	if n := len(h.Actions); n > 0 {
		h.Actions = slices.Clone(h.Actions)
		h.Actions[n-1].Outcome = outcome
	}
}

// since lists the actions of the kinds after a time.
func (h *History) since(t time.Time, kinds ...Kind) (list []Done) {
	for _, d := range h.Actions {
		if !d.At.Before(t) && slices.Contains(kinds, d.Kind) {
			list = append(list, d)
		}
	}
	return list
}

func (h *History) countSince(k Kind, t time.Time) int { return len(h.since(t, k)) }

// lastOf is the time of the newest action of the kinds, zero if none.
func (h *History) lastOf(kinds ...Kind) time.Time {
	for _, d := range slices.Backward(h.Actions) {
		if slices.Contains(kinds, d.Kind) {
			return d.At
		}
	}
	return time.Time{}
}

// freeAt is the earliest time at which another action of this kind breaks no budget.
func (h *History) freeAt(now time.Time, k Kind, p Profile) time.Time {
	at := now
	for _, l := range limits[k] {
		at = later(at, nextFree(h.since(time.Time{}, shared(k)...), l, p))
	}
	if k.AttachLevel() {
		for _, l := range total {
			at = later(at, nextFree(h.since(time.Time{}, attachKinds...), l, p))
		}
	}
	return at
}

// shared are the kinds that draw on the same budget: both activate the context.
func shared(k Kind) []Kind {
	if k == Activate || k == Reactivate {
		return []Kind{Activate, Reactivate}
	}
	return []Kind{k}
}

// nextFree is when the N-th last action leaves the window.
func nextFree(done []Done, l Limit, p Profile) time.Time {
	n := l.allowed(p)
	if len(done) < n {
		return time.Time{}
	}
	return done[len(done)-n].At.Add(l.Per)
}

func (l Limit) allowed(p Profile) int {
	if p.Halve {
		return max(1, l.N/2)
	}
	return l.N
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Budget is what is left of one limit.
type Budget struct {
	Name   string // the action's name, "total" for the sum of all that attach
	Per    time.Duration
	Limit  int
	Used   int
	FreeAt time.Time // when the next one is allowed, zero if now
}

// Budgets lists every limit with what is used of it, in a stable order.
func Budgets(now time.Time, h *History, p Profile) (list []Budget) {
	kinds := []Kind{Activate, Reactivate, Reattach, AutomaticSelection, RadioCycle, ModuleReset, HardCycle, PowerOn, SetAPN, Configure, RadioOn}
	for _, k := range kinds {
		for _, l := range limits[k] {
			list = append(list, l.budget(now, string(k), h.since(time.Time{}, shared(k)...), p))
		}
	}
	for _, l := range total {
		list = append(list, l.budget(now, "total", h.since(time.Time{}, attachKinds...), p))
	}
	return list
}

func (l Limit) budget(now time.Time, name string, done []Done, p Profile) Budget {
	b := Budget{Name: name, Per: l.Per, Limit: l.allowed(p)}
	for _, d := range done {
		if now.Sub(d.At) < l.Per {
			b.Used++
		}
	}
	if at := nextFree(done, l, p); at.After(now) {
		b.FreeAt = at
	}
	return b
}
