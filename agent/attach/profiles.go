package attach

import "time"

// Profile is a schedule of patience.
type Profile struct {
	Name    string
	Observe bool            // never act
	Steps   []Step          // registration ladder, times since the outage began
	Data    []Step          // ladder while registered without data, times since the data path was lost
	Gaps    []time.Duration // after the last step, between repeats; the last one repeats
	Spread  time.Duration   // random addition to the times of the steps, never a subtraction
	Halve   bool            // budgets halved
	Hourly  map[string]int  // other limits per hour than the accounts have, by account
	Lasts   time.Duration   // so long into a trouble; the first profile of the table holds after that. 0: for ever
}

// Step is one rung of a ladder.
type Step struct {
	Name  string
	After time.Duration
	Do    Kind
}

// Profiles is the table of schedules, the default first (sources: modem/SOURCES.md). 25 minutes are the longest documented IMSI-switch
// timer (20) plus a roaming attach (5); resets are an hour apart at least (GSMA TS.34: N1 = 1 per hour).
var Profiles = []Profile{
	{
		Name: "balanced", Spread: 5 * time.Minute,
		Steps: steps("L", 25, 45, 75, 135), Data: dataSteps(1), Gaps: hours(2, 4, 8, 12, 24),
	},
	{
		Name: "attended", Lasts: time.Hour, Spread: time.Minute, Hourly: map[string]int{"radio-cycle": 2},
		Steps: steps("L", 12, 15, 30, 135), Data: dataSteps(1), Gaps: hours(2, 4, 8, 12, 24),
	},
	{
		Name: "gentle", Spread: 10 * time.Minute, Halve: true, Hourly: map[string]int{"activate": 4},
		Steps: steps("L", 40, 90, 150, 270), Data: dataSteps(2), Gaps: hours(4, 8, 16, 24),
	},
	{Name: "observe", Observe: true},
}

func steps(prefix string, selection, radio, reset, power int) []Step {
	return []Step{
		{prefix + "1", minutes(selection)[0], AutomaticSelection},
		{prefix + "2", minutes(radio)[0], RadioCycle},
		{prefix + "3", minutes(reset)[0], ModuleReset},
		{prefix + "4", minutes(power)[0], HardCycle},
	}
}

// dataSteps is the ladder for "registered, no data". Activation itself follows the waits of schedule B or C.
func dataSteps(slower int) []Step {
	times := minutes(8*slower, 20*slower, 40*slower, 75*slower, 135*slower)
	return []Step{{"D1", times[0], Reactivate}, {"D2", times[1], Reattach}, {"D3", times[2], RadioCycle},
		{"D4", times[3], ModuleReset}, {"D5", times[4], HardCycle}}
}

// LookupProfile finds a profile by name.
func LookupProfile(name string) (Profile, bool) {
	for _, p := range Profiles {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// stopGaps space the radio cycles after a permanent refusal (TEF REQ_009: 1, 4, 8, 16, 24 h).
var stopGaps = hours(1, 4, 8, 16, 24)

// Waits between activation attempts: B after temporary failures, C after permanent refusals. Both stay
// far below the counters of GSMA TS.34 (30 to 60 activations an hour and APN).
var (
	waitsB = minutes(1, 2, 3, 5, 10, 15, 30, 60)
	waitsC = minutes(5, 15, 30, 60, 120, 240)
)

func minutes(n ...int) []time.Duration { return times(time.Minute, n) }

func hours(n ...int) []time.Duration { return times(time.Hour, n) }

func times(unit time.Duration, n []int) (ds []time.Duration) {
	for _, m := range n {
		ds = append(ds, time.Duration(m)*unit)
	}
	return ds
}
