package agent

import (
	"strings"
	"time"

	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/core"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/status"
	"supersim-agent/modem"
)

// report turns a snapshot into the status document. What is unknown is left out.
func (a *Agent) report(now time.Time, s *core.Snapshot) *status.Status {
	f := &s.Facts
	wall := func(t time.Time) status.Time { return status.At(facts.Wall(now, t)) }
	r := &status.Status{
		Schema:       status.Schema,
		Time:         status.At(now),
		UptimeS:      int64(now.Sub(s.Started).Seconds()),
		Verdict:      reportVerdict(now, s),
		Modem:        reportModem(f),
		SIM:          reportSIM(f),
		Registration: reportRegistration(now, f),
		Data:         a.reportData(now, f),
		Cloud:        reportCloud(now, f),
		Clock:        reportClock(f),
	}
	r.Cloud.Sources = a.reportSources()
	r.Modem.Board = a.deps.Board
	if f.Signal.Known() && f.Line.Alive {
		r.Signal = reportSignal(f.Signal.Value)
	}
	r.Attach = status.Attach{Profile: a.cfg.Policy.Profile.Name, Step: s.Decision.Step, Budgets: a.reportBudgets(now, s)}
	r.Attach.Why = s.Decision.Why
	stand := attach.Stand(now, f, s.Verdict, &s.History)
	r.Attach.Level, r.Attach.Since = stand.Level, wall(stand.Since)
	r.Attach.HeldUntil, r.Attach.FrozenUntil = wall(stand.Held), wall(stand.Frozen)
	return r
}

func reportVerdict(now time.Time, s *core.Snapshot) status.Verdict {
	v := s.Verdict
	r := status.Verdict{
		Code: string(v.Code), Online: v.Online(), Summary: v.Summary, Confidence: v.Confidence, Rule: v.Rule,
		Since: status.At(facts.Wall(now, s.Since)), Advice: v.Advice, Changes: v.Changes,
		Next: status.Next{Action: string(s.Decision.Kind), Why: s.Decision.Why},
	}
	if at := s.Decision.At; !at.IsZero() {
		r.Next.At = status.At(facts.Wall(now, later(at, now)))
	}
	r.Evidence = reportEvidence(now, v.Evidence)
	for _, n := range v.Notes {
		r.Notes = append(r.Notes, status.Note{Code: string(n.Code), Rule: n.Rule, Summary: n.Summary, Advice: n.Advice,
			Evidence: reportEvidence(now, n.Evidence)})
	}
	if u := v.RunnerUp; u != nil {
		r.RunnerUp = &status.RunnerUp{Code: string(u.Code), Rule: u.Rule, Summary: u.Summary, Confidence: u.Confidence, Why: u.Why}
	}
	if p := s.Previous; p != nil {
		r.Previous = &status.Previous{Code: string(p.Code), Summary: p.Summary}
	}
	return r
}

func reportEvidence(now time.Time, list []correlate.Evidence) (shown []status.Evidence) {
	for _, e := range list {
		one := status.Evidence{Side: status.Side(e.Side), Fact: e.Fact, EventSID: e.EventSID, Contradicts: e.Against}
		switch {
		case e.At.IsZero():
		case e.Side == facts.Cloud: // the cloud's times are wall times already
			one.At = status.At(e.At)
		default:
			one.At = status.At(facts.Wall(now, e.At))
		}
		shown = append(shown, one)
	}
	return shown
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func reportModem(f *facts.Facts) status.Modem {
	m := f.Modem.Value
	r := status.Modem{Vendor: m.Vendor, Model: m.Model, Firmware: m.Firmware, IMEI: m.IMEI, Dialect: m.Dialect,
		Port: f.Port.Path, RestartNeeded: f.Module.RestartNeeded}
	for _, s := range f.Module.Settings {
		if r.Settings == nil {
			r.Settings = map[string]string{}
		}
		r.Settings[string(s.Name)] = s.Value
	}
	return r
}

func reportSIM(f *facts.Facts) status.SIM {
	r := status.SIM{State: string(f.SIM.Value), ICCID: string(f.ICCID.Value), IMSI: string(f.IMSI.Value)}
	if f.ICCID.Known() {
		super := f.SuperSIM()
		r.SuperSIM = &super
	}
	r.ForbiddenPLMNs = strings.Fields(f.Module.Forbidden.Value)
	return r
}

func reportRegistration(now time.Time, f *facts.Facts) status.Registration {
	if !f.Registered.Known() || !f.Line.Alive {
		return status.Registration{}
	}
	g := f.Serving()
	r := status.Registration{State: g.Stat.String()}
	if g.Stat.Data() {
		r.RAT, r.TAC, r.CellID = modem.RAT(g.AcT), g.Area, g.CellID
		if r.RAT == "" { // some modules leave AcT out of the registration and give it with the operator
			r.RAT = modem.RAT(f.Operator.Value.AcT)
		}
		r.PLMN, r.Operator = f.Operator.Value.PLMN, f.Operator.Value.Name
		if e, ok := f.Cloud.Last(facts.AttachmentAccepted); ok && r.Operator == "" && e.Network.PLMN() == r.PLMN {
			r.Operator = e.Network.Name // a module that gives numbers gives no name; the cloud knows it
		}
	}
	if cell := f.Module.Cell; cell.Known() {
		r.Band, r.Channel = cell.Value.Band, known(cell.Value.Channel)
	}
	if c, ok := f.FreshCause(now); ok {
		r.Cause = status.Cause{Domain: string(c.Domain), Number: c.Number, Name: c.Name(), At: status.At(facts.Wall(now, f.Cause.Since))}
	}
	return r
}

// known leaves out a number that is not.
func known(n int) *int {
	if n == modem.Unknown {
		return nil
	}
	return &n
}

func reportSignal(s modem.Signal) status.Signal {
	r := status.Signal{RSRPdBm: known(s.RSRPdBm), RSRQdB: known(s.RSRQdB), SINRdB: known(s.SINRdB), RSSIdBm: known(s.RSSIdBm)}
	if s.Heard() {
		r.Quality = facts.Quality(s)
	}
	return r
}

func reportCloud(now time.Time, f *facts.Facts) status.CloudState {
	d := &f.Cloud
	alive := d.Alive(now)
	r := status.CloudState{Alive: &alive, Source: d.Source, Events: uint64(d.Received), Duplicates: uint64(d.Duplicates),
		OtherICCID: uint64(d.OtherICCID), Problems: uint64(d.Problems)}
	if e, ok := d.Newest(); ok {
		r.LastEvent = status.Event{SID: e.SID, Type: e.Type, At: status.At(e.Time), PLMN: e.Network.PLMN(), Network: e.Network.Name, RAT: e.RAT}
		if facts.Tells(e) {
			_, how := f.Match(now, e)
			r.LastEvent.Matched = how.String()
		}
		if e.Error.Code != 0 || e.Error.Message != "" {
			r.LastEvent.Error = &status.EventError{Code: e.Error.Code, Message: e.Error.Message}
		}
	}
	if s, ok := d.Session(); ok {
		r.Session = status.Session{SID: s.SID, APN: s.APN, IP: s.IP, Started: status.At(s.Start), Updated: status.At(s.Update),
			Ended: status.At(s.End), UploadBytes: uint64(max(s.Upload, 0)), DownloadBytes: uint64(max(s.Download, 0))}
	}
	return r
}

// reportSources tells how each source does that counts what it does.
func (a *Agent) reportSources() (list []status.CloudSource) {
	for _, s := range a.deps.Sources {
		counted, ok := s.(interface {
			Name() string
			Stats() cloud.Stats
		})
		if !ok {
			continue
		}
		n := counted.Stats()
		list = append(list, status.CloudSource{Name: counted.Name(), Events: n.Events, Tests: n.Tests, Last: status.At(n.Last),
			Duplicates: n.Duplicates, Refused: n.Refused, Unverified: n.Unverified, Failed: n.Failed, Busy: n.Busy,
			Dropped: n.Dropped, Error: mask(n.LastError), Hint: n.Hint,
			State: n.State, NextTry: status.At(n.NextTry), BytesIn: n.BytesIn, BytesOut: n.BytesOut})
	}
	return list
}

func reportClock(f *facts.Facts) status.Clock {
	r := status.Clock{State: string(f.Clock.State)}
	if f.Clock.Known() {
		s := f.Clock.Uncertainty.Seconds()
		r.UncertaintyS = &s
	}
	return r
}

// reportBudgets shows the tightest limit of each action.
func (a *Agent) reportBudgets(now time.Time, s *core.Snapshot) map[string]status.Budget {
	budgets := map[string]status.Budget{}
	for _, b := range attach.Budgets(now, &s.History, a.cfg.Policy.Profile) {
		shown := status.Budget{Limit: b.Limit, Left: b.Left, WindowS: int64(b.Per.Seconds())}
		if !b.FreeAt.IsZero() {
			shown.FreeAt = status.At(facts.Wall(now, b.FreeAt))
		}
		if old, ok := budgets[b.Name]; !ok || shown.Left < old.Left {
			budgets[b.Name] = shown
		}
	}
	return budgets
}
