package facts

import (
	"fmt"
	"slices"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/modem"
)

// Side tells whose word a fact is.
type Side string

const (
	Local Side = "local" // the modem
	Cloud Side = "cloud" // the operator's connection events
	Host  Side = "host"  // this machine: ports, clock, routes
	Agent Side = "agent" // our own verdicts and actions
)

// Change is one line of the timeline: something is different now.
type Change struct {
	Side     Side
	Kind     string // port, modem, supply, sim, registration, signal, data, cloud, clock, verdict, action
	Text     string
	EventSID string    // cloud only
	ICCID    string    // the card it is about (cloud only)
	At       time.Time // when it happened, if that is not when it was seen (cloud only)
	Attempt  time.Time // stamp of the attempt whose end this is, see Facts.Attempts; else zero
	Routine  bool      // one of many that say that all goes on; it need not survive a power cut
}

// Apply puts an observation in its place. It returns what a person would call a change, in order; nil for no news.
func (f *Facts) Apply(now time.Time, obs modem.Observation) []Change {
	switch o := obs.(type) {
	case modem.Identity:
		return f.news(f.Modem.set(now, o), "modem", "%s %s, firmware %s", vendorName(o.Vendor), o.Model, o.Firmware)
	case modem.SIM:
		return f.applySIM(now, o)
	case modem.ICCID:
		return f.applyICCID(now, o)
	case modem.IMSI:
		return f.applyIMSI(now, o)
	case modem.Radio:
		return f.news(f.Radio.set(now, o), "modem", "radio %s (CFUN %d)", onOff(o.On()), o.Fun)
	case modem.Operator:
		return f.applyOperator(now, o)
	case modem.Registration:
		return f.applyRegistration(now, o)
	case modem.Signal:
		return f.applySignal(now, o)
	case modem.Contexts:
		return f.applyContexts(now, o)
	case modem.Active:
		return f.applyActive(now, slices.Contains(o.CIDs, f.Want.CID), "")
	case modem.Address:
		return f.applyAddress(now, o)
	case modem.ContextLost:
		if o.CID == 0 || o.CID == f.Want.CID {
			return f.applyActive(now, false, o.Reason)
		}
	case modem.LastCause:
		return f.applyLastCause(now, o)
	case modem.Booted:
		return f.applyBooted(now, o)
	case modem.Settings:
		return f.applySettings(o)
	case modem.RestartNeeded:
		f.Module.RestartNeeded = true
	case modem.ForbiddenPLMNs:
		return f.applyForbidden(now, o)
	case modem.Networks:
		return f.applyNetworks(now, o)
	case modem.Cells:
		return f.applyCells(now, o)
	case modem.Supply:
		return f.news(f.Supply.set(now, o), "supply", "%s", supplyWords[o])
	case modem.Install:
		return f.applyInstall(now, o)
	case modem.NetworkTime:
		f.Clock.network(now, o.UTC)
	}
	return nil
}

func (f *Facts) news(changed bool, kind, format string, args ...any) []Change {
	if !changed {
		return nil
	}
	return []Change{{Side: Local, Kind: kind, Text: fmt.Sprintf(format, args...)}}
}

// withAttempt marks a change as the end of an attempt.
func withAttempt(at time.Time, changes []Change) []Change {
	for i := range changes {
		changes[i].Attempt = at
	}
	return changes
}

func (f *Facts) applySIM(now time.Time, o modem.SIM) []Change {
	if o.Refreshed {
		f.RefreshedAt = now
		return []Change{{Side: Local, Kind: "sim", Text: "the SIM was initialised again (refresh)"}}
	}
	before := f.SIM.Value
	changed := f.SIM.set(now, o.State)
	if o.State == modem.SIMReady {
		if changed && before != modem.SIMUnknown {
			f.RefreshedAt = now
		}
		f.SIMReadyAt = now
		if before != modem.SIMReady && before != modem.SIMBusy && before != modem.SIMUnknown {
			f.newCard(now)
		}
	}
	return f.news(changed, "sim", "SIM %s", simWords[o.State])
}

var simWords = map[modem.SIMState]string{
	modem.SIMUnknown: "state unknown",
	modem.SIMReady:   "ready",
	modem.SIMBusy:    "busy",
	modem.SIMMissing: "not found",
	modem.SIMPIN:     "asks for its PIN",
	modem.SIMPUK:     "is blocked and asks for its PUK",
	modem.SIMLocked:  "locked to another device or network",
	modem.SIMFault:   "reports a fault",
}

// applyICCID starts a new diary when another card is in the slot.
func (f *Facts) applyICCID(now time.Time, id modem.ICCID) []Change {
	old := f.ICCID
	sure := old.Known() && cloud.SameICCID(string(old.Value), string(id)) || !old.Known() && modem.Luhn(string(id))
	if !f.iccidDoubt.settled(id, sure) {
		return nil
	}
	if old.Known() && cloud.SameICCID(string(old.Value), string(id)) {
		f.ICCID.At = now
		return nil
	}
	f.ICCID.set(now, id)
	told := f.Cloud.follow(string(id))
	kind := "not a Super SIM"
	if modem.SuperSIM(string(id)) {
		kind = "a Super SIM"
	}
	changes := f.news(true, "sim", "ICCID %s, %s", id, kind)
	if old.Known() {
		f.IMSI.forget()
		f.newOutage(now)
		changes = append(changes, Change{Side: Local, Kind: "sim", Text: "another card than before: a new diary begins"})
	}
	return append(changes, told...)
}

// newCard: the card was missing, locked or broken until now. It may be another one, and what was waited for was the
// card, not the network: the hold begins anew.
func (f *Facts) newCard(now time.Time) {
	if !f.Registered.Value {
		f.ICCID.forget()
		f.newOutage(now)
	}
}

func (f *Facts) newOutage(now time.Time) {
	f.IMSIChanges, f.Denied, f.DeniedAt, f.Dial = 0, 0, time.Time{}, Dial{}
	f.Cause.forget()
	if !f.Registered.Value {
		f.OutageStart = now
	}
}

func (f *Facts) applyIMSI(now time.Time, id modem.IMSI) []Change {
	old := f.IMSI
	if !f.IMSI.set(now, id) {
		return nil
	}
	if !old.Known() {
		return f.news(true, "sim", "IMSI %s", id)
	}
	f.IMSIChanges++
	return f.news(true, "sim", "IMSI changed from %s to %s (the SIM's applet tries another)", old.Value, id)
}

func (f *Facts) applyOperator(now time.Time, o modem.Operator) []Change {
	changed := f.Operator.set(now, o)
	switch {
	case o.Mode == 1:
		return f.news(changed, "modem", "network selection is manual: %s", o.PLMN)
	case o.Mode == 2:
		return f.news(changed, "modem", "network selection is off (COPS 2)")
	case o.PLMN == "" && o.Name == "":
		return nil
	}
	return f.news(changed, "registration", "network %s", joinNonEmpty(o.PLMN, o.Name))
}

func (f *Facts) applyRegistration(now time.Time, r modem.Registration) []Change {
	cause := r.Cause
	r.Cause = modem.Cause{} // kept by itself: a registration may still carry an old one
	before, was := registrationWords(f.Serving()), f.Reg[r.Domain].Value.Stat
	var attempt time.Time
	known := f.anyRegistration()
	f.Reg[r.Domain].set(now, r)
	if r.Stat == modem.RegDenied && was != modem.RegDenied {
		f.Denied++
		f.DeniedAt = now
		f.attempted(now, TriedDenied, cause)
		attempt = now
	}
	// The domains move together; what they mean together is told once.
	words := registrationWords(f.Serving())
	changes := withAttempt(attempt, f.news(!known || words != before, "registration", "%s", words))
	if !r.Stat.Data() && cause != (modem.Cause{}) {
		changes = append(changes, f.applyCause(now, cause)...)
	}
	f.settleRegistered(now)
	return changes
}

func (f *Facts) anyRegistration() bool {
	return slices.ContainsFunc(f.Reg[:], Seen[modem.Registration].Known)
}

// settleRegistered derives what all domains together mean. One domain that lost service does not lower the state
// while another packet domain has it (a stale +CGREG: 0 after +CEREG: 5).
func (f *Facts) settleRegistered(now time.Time) {
	up := false
	for _, d := range [...]modem.Domain{modem.PS, modem.EPS, modem.FGS} {
		up = up || f.Reg[d].Known() && f.Reg[d].Value.Stat.Data()
	}
	f.sawUnregistered = f.sawUnregistered || !up
	if !f.Registered.set(now, up) {
		return
	}
	if up {
		if f.sawUnregistered {
			f.attempted(now, TriedRegistered, modem.Cause{})
		}
		f.Cause.forget()
		f.Denied, f.IMSIChanges, f.DeniedAt = 0, 0, time.Time{}
		f.OutageStart = time.Time{}
	} else if f.OutageStart.IsZero() { // a restart of the module in an outage does not begin a new one
		f.OutageStart = now
	}
	f.settleData(now)
}

// settleData keeps DataLostAt and LastOnlineAt.
func (f *Facts) settleData(now time.Time) {
	switch {
	case f.ReadyForData():
		f.DataLostAt, f.LastOnlineAt = time.Time{}, now
		f.Dial.Tries = 0
	case f.Registered.Value && f.DataLostAt.IsZero():
		f.DataLostAt = now
	case !f.Registered.Value:
		f.DataLostAt = time.Time{}
	}
}

func (f *Facts) applySignal(now time.Time, s modem.Signal) []Change {
	before := f.Signal
	f.Signal.set(now, s)
	if s.Heard() {
		f.HeardAt = now
	}
	if Quality(before.Value) == Quality(s) || !before.Known() && !s.Heard() {
		return nil
	}
	return f.news(true, "signal", "signal %s", SignalWords(s))
}

func (f *Facts) applyContexts(now time.Time, o modem.Contexts) []Change {
	def := modem.PDPContext{CID: f.Want.CID}
	wanted := func(c modem.PDPContext) bool { return c.APN == f.Want.APN && c.Type == f.Want.PDPType }
	for _, c := range o.List {
		if c.CID == f.Want.CID && (def.Type == "" || wanted(def)) { // there twice, the one that is wrong counts
			def = c
		}
	}
	if sure := wanted(def); !f.contextDoubt.settled(def, sure) {
		return nil
	}
	return f.news(f.Context.set(now, def), "data", "APN %s (%s) in PDP context %d", quoteOrNone(def.APN), def.Type, def.CID)
}

func (f *Facts) applyActive(now time.Time, active bool, reason string) []Change {
	was := f.Active
	changed := f.Active.set(now, active)
	if !active {
		f.IP.set(now, "")
		f.ActivatedAt = time.Time{}
	} else if changed && (was.Known() || f.sawUnregistered) {
		f.ActivatedAt, f.sawUnregistered = now, false
	}
	f.settleData(now)
	switch {
	case !changed, !was.Known() && !active:
		return nil
	case active:
		return f.news(true, "data", "PDP context %d is active", f.Want.CID)
	case reason != "":
		return f.news(true, "data", "PDP context %d ended: %s", f.Want.CID, reason)
	}
	return f.news(true, "data", "PDP context %d is not active", f.Want.CID)
}

func (f *Facts) applyAddress(now time.Time, o modem.Address) []Change {
	if o.CID != f.Want.CID {
		return nil
	}
	if sure := o.IP == f.IP.Value || f.IP.Value == ""; !f.ipDoubt.settled(o.IP, sure) {
		return nil
	}
	changed := f.IP.set(now, o.IP)
	if changed {
		f.Outside.otherPath(now)
	}
	f.settleData(now)
	var attempt time.Time
	if changed && o.IP != "" {
		if attempt = f.ActivatedAt; !attempt.IsZero() {
			f.attempted(f.ActivatedAt, TriedActivated, modem.Cause{})
		}
		f.anchor(now)
	}
	return withAttempt(attempt, f.news(changed && o.IP != "", "data", "IP address %s", o.IP))
}

// applyLastCause takes what the modem calls its last failure (+CEER). It is never cleared, so the same answer as before
// says nothing new, and the first answer of all may be older than our last action; unless we were denied since.
func (f *Facts) applyLastCause(now time.Time, o modem.LastCause) []Change {
	news := f.LastCause.Known() && f.LastCause.Value != o.Cause || f.Denied > f.deniedAtLastCause
	f.LastCause.set(now, o.Cause)
	f.deniedAtLastCause = f.Denied
	if !news {
		return nil
	}
	return f.applyCause(now, o.Cause)
}

func (f *Facts) applyCause(now time.Time, c modem.Cause) []Change {
	if c == (modem.Cause{}) || f.Registered.Value {
		return nil
	}
	if old := f.Cause.Value; old.Number == c.Number && SessionCause(old) == SessionCause(c) {
		f.Cause.At = now // the same refusal, told by another domain
		return nil
	}
	return f.news(f.Cause.set(now, c), "registration", "reject cause: %s", c)
}

func (f *Facts) applyBooted(now time.Time, o modem.Booted) []Change {
	f.Restarting(now)
	return []Change{{Side: Local, Kind: "modem", Text: "the module restarted (" + o.Line + ")"}}
}

var supplyWords = map[modem.Supply]string{
	{}:                      "the module's supply voltage is too low (a weak power supply or cable)",
	{Off: true}:             "the module switches itself off: its supply voltage is too low (a weak power supply or cable)",
	{High: true}:            "the module's supply voltage is too high",
	{High: true, Off: true}: "the module switches itself off: its supply voltage is too high",
}

// applyInstall: while firmware is being installed the module may be silent for five minutes (Particle), and must not be
// taken for a dead one.
func (f *Facts) applyInstall(now time.Time, o modem.Install) []Change {
	changed := f.Installing.set(now, !o.Over())
	switch {
	case o.Failed():
		return f.news(changed, "modem", "the installation of firmware failed (%d)", o.Code)
	case o.Over():
		return f.news(changed, "modem", "firmware was installed")
	}
	f.BootingUntil = now.Add(installTime)
	return f.news(changed, "modem", "firmware is being installed: the power must stay on")
}

const installTime = 5 * time.Minute

// Restarting says that the module is booting: it may be silent for a while and has lost its session.
func (f *Facts) Restarting(now time.Time) {
	f.BootingUntil = now.Add(bootTime)
	f.Module.RestartNeeded = false
	f.Lose(now)
}

// Lose drops what is only true of a module that keeps running and answering. The card and its diary stay.
func (f *Facts) Lose(now time.Time) {
	f.Radio.forget()
	f.Supply.forget()
	f.Context.forget()
	f.Active.forget()
	f.IP.forget()
	f.ActivatedAt = time.Time{}
	f.Module.Cell.forget()
	f.Reg = [modem.NumDomains]Seen[modem.Registration]{}
	if f.Registered.Value {
		f.OutageStart = now
	}
	f.Registered.forget()
	f.DataLostAt = time.Time{}
}

// Doubt forgets a setting that an action of ours is changing, until it is read again: what was read before no longer
// counts, and the action must not be planned a second time because of it.
func (f *Facts) Doubt(settings ...Setting) {
	for _, s := range settings {
		switch s {
		case SettingAPN:
			f.Context.forget()
			f.Cause.forget()
		case SettingRadio:
			f.Radio.forget()
		case SettingSelection:
			f.Operator.forget()
		case SettingModule:
			f.Module.Settings = nil
		}
	}
}

// Setting names a part of the modem's configuration.
type Setting uint8

const (
	SettingAPN Setting = iota
	SettingRadio
	SettingSelection
	SettingModule // what the module keeps over power-off
)

// Dialled records the result of an activation attempt of ours.
func (f *Facts) Dialled(now time.Time, ok bool, cause modem.Cause, text string) {
	f.Dial = Dial{At: now, OK: ok, Cause: cause, Text: text, Tries: f.Dial.Tries + 1}
}
