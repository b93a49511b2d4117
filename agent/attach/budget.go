package attach

import (
	"slices"
	"time"
)

// Limit is at most N actions in any window of this length.
type Limit struct {
	Per time.Duration
	N   int
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// account is a budget: who draws on it, and its limits. Each limit holds for every sliding window of its length.
type account struct {
	name   string
	kinds  []Kind
	rule   string // also what this rule asks for; "" none
	limits []Limit
}

// accounts are all budgets. An action must be covered by every account that it draws on. Resets: GSMA TS.34 allows one an
// hour (N1). Activations: Telefónica TEF.IOT.DB REQ_008, one a minute and ten an hour. The sum of what makes the modem
// attach: Verizon, four automated accesses an hour.
var accounts = []account{
	{name: "activate", kinds: []Kind{Activate, Reactivate}, limits: []Limit{{time.Minute, 1}, {time.Hour, 10}}},
	{name: "reattach", kinds: []Kind{Reattach}, limits: []Limit{{time.Hour, 2}, {day, 8}}},
	{name: "automatic-selection", kinds: []Kind{AutomaticSelection}, limits: []Limit{{time.Hour, 2}}},
	{name: "scan", kinds: []Kind{Scan}, limits: []Limit{{6 * time.Hour, 1}}},
	{name: "radio-cycle", kinds: []Kind{RadioCycle, ClearFPLMN}, limits: []Limit{{time.Hour, 1}, {day, 8}}},
	{name: "clear-fplmn", kinds: []Kind{ClearFPLMN}, limits: []Limit{{day, 1}, {week, 3}}},
	{name: "module-reset", kinds: []Kind{ModuleReset, SoftReset}, limits: []Limit{{time.Hour, 1}, {day, 6}}},
	{name: "hard-cycle", kinds: []Kind{HardCycle}, limits: []Limit{{2 * time.Hour, 1}, {day, 4}}},
	{name: "power-on", kinds: []Kind{PowerOn}, limits: []Limit{{10 * time.Minute, 1}, {day, 12}}},
	{name: "set-apn", kinds: []Kind{SetAPN}, limits: []Limit{{30 * time.Minute, 1}, {day, 4}}},
	{name: "configure", kinds: []Kind{Configure}, limits: []Limit{{time.Hour, 2}, {day, 4}}}, // a restart may bring other settings
	{name: "radio-on", kinds: []Kind{RadioOn}, limits: []Limit{{time.Minute, 1}, {time.Hour, 4}}},
	// Accepted PINs: a card asks after every power cycle.
	{name: "enter-pin", kinds: []Kind{EnterPIN}, limits: []Limit{{10 * time.Minute, 1}, {day, 6}}},
	{name: "asked", rule: ruleAsked, limits: []Limit{{time.Hour, 3}, {day, 12}}}, // what persons ask for
	{name: "total", kinds: attachKinds, limits: []Limit{{time.Hour, 4}, {day, 20}}},
}

func (a account) draws(k Kind, rule string) bool {
	return slices.Contains(a.kinds, k) || a.rule != "" && a.rule == rule
}

// spent lists when the account was drawn on, oldest first.
func (h *History) spent(a account) (times []time.Time) {
	for _, d := range h.Actions {
		if a.draws(d.Kind, d.Rule) {
			times = append(times, d.At)
		}
	}
	return times
}

// freeAt is the earliest time at which another action of this kind, asked for by this rule, breaks no budget; and the
// account that allows it last, "" when it is free now.
func (h *History) freeAt(now time.Time, k Kind, rule string, p Profile) (at time.Time, tightest string) {
	at = now
	for _, a := range accounts {
		if !a.draws(k, rule) {
			continue
		}
		spent := h.spent(a)
		for _, l := range a.limits {
			if free := l.in(a.name, p).nextFree(spent); free.After(at) {
				at, tightest = free, a.name
			}
		}
	}
	return at, tightest
}

// nextFree is when the N-th last action leaves the window.
func (l Limit) nextFree(spent []time.Time) time.Time {
	if len(spent) < l.N {
		return time.Time{}
	}
	return spent[len(spent)-l.N].Add(l.Per)
}

// in is the limit as the profile has it.
func (l Limit) in(account string, p Profile) Limit {
	if n, ok := p.Hourly[account]; ok && l.Per == time.Hour {
		l.N = n
		return l
	}
	switch {
	case !p.Halve:
	case l.N > 1:
		l.N /= 2
	default:
		l.Per *= 2
	}
	return l
}

// Budget is what is left of one limit.
type Budget struct {
	Name   string // of the account: the action, "total" for the sum of all that attach, "asked" for what persons ask for
	Per    time.Duration
	Limit  int
	Used   int
	Left   int
	FreeAt time.Time // when the next one is allowed, zero if now
}

// Budgets lists every limit with what is used of it, in a stable order.
func Budgets(now time.Time, h *History, p Profile) (list []Budget) {
	for _, a := range accounts {
		spent := h.spent(a)
		for _, l := range a.limits {
			l = l.in(a.name, p)
			b := Budget{Name: a.name, Per: l.Per, Limit: l.N}
			for _, at := range spent {
				if now.Sub(at) < l.Per {
					b.Used++
				}
			}
			b.Left = max(0, b.Limit-b.Used)
			if at := l.nextFree(spent); at.After(now) {
				b.FreeAt = at
			}
			list = append(list, b)
		}
	}
	return list
}
