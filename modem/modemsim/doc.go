// Package modemsim is a simulated world for a cellular device: one module that answers AT commands, the SIM in it with
// its multi-IMSI applet, the radio networks around it, and the operator's cloud that reports connection events. What
// the module says and what the cloud says come from the same happening, so that an agent which compares the two can be
// tested on real contradictions.
//
// It is not a protocol stack: NAS procedures are a few rules and timers, PPP is not spoken, and radio is one RSRP value
// per cell. It shares no code with the driver that it is meant to test, and imports nothing of this module.
//
// # Shape
//
// core is everything that happens. It is pure: no goroutine, no lock, no clock; an agenda of tasks runs in the order of
// their times, and what must reach the outside is collected as effects. World is the shell: it owns the clock, moves
// bytes between a front and the core, and performs effects in order. Inside core,
//
//	card     SIM files (IMSI, EF_FPLMN), PIN, the applet's timer, REFRESH
//	nas      search, attach, attempt counter, T3411, T3402, T3247, forbidden lists
//	home     subscription, NAP, rate limit, data sessions, connection events
//	mail     delay, jitter, loss, duplicates, reordering on the way to the device
//	module   power, boot, settings, faults; cli runs command lines; line writes them out roughly
//
// The same seed and the same input at the same times give the same bytes. All randomness comes from a few PCG streams,
// one per concern, so that the host's timing does not change the radio's luck.
//
// # Scenario files
//
// A scenario (TOML) describes a world, what changes in it, and what an agent should make of it; the tables in schema.go
// are the list of keys. Mistakes are reported together, each with line and column. The module's own section is
// [module], or [modem] with a name in it: modem = "…" takes the key for itself.
//
//	title = "inactive SIM, activated after 40 minutes"
//	modem = "quectel-eg25"
//	duration = "3h"
//	[sim]
//	status = "inactive"
//	[[cell]]
//	plmn = "310410"
//	[[at]]
//	time = "40m"
//	set.sim.status = "active"
//	[[at]]
//	time = "90m"
//	fault = "modem-hang"
//	fault_for = "2m"
//	[[expect]]
//	by = "5m"
//	verdict = "sim-inactive"
//
// [host] is the computer around the agent: its clock, its network interface to the module with the traffic on it, and the
// faults host-power-cut and agent-restart. The world only tells of them (World.OnHost, World.Path). [internet] is what lies
// beyond the operator.
//
// What is on the port need not be a modem: [module] speaks, and set.modem.speaks, put a GNSS receiver, a login prompt, an
// echo, binary data or a modem that answers ERROR to everything there. World.Stats tells which lines it got.
//
// A cell that names no rat has the best that the module's radio knows, so that one file can be played on every module;
// Scenario.WithModem makes the other scenario. What an earlier owner left in the module's memory is [module] stored.
//
// A cell is changed by its PLMN or its place in the file: set.cell.310410.rsrp = -130, set.cell.0.nap_allowed = false.
//
// # Adding a personality
//
// Write a function that returns a *personality in the maker's _rows.go, beginning with the row it is most like: identity,
// boot lines, the formats that differ, its own commands, what it lacks. as27007 is the module without a maker. Cite the
// manual and page and mark guesses. Commands that only keep a value are rows of stored, choose or keyed (stored.go);
// stack.go has the module's own IP stack in each maker's words. Add the function to the list in personality.go, answers
// to answers_test.go, and its host to families_test.go. Nothing else knows the list.
package modemsim
