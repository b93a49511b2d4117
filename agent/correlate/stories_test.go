package correlate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// tale is a story about one rule: it fires, or it nearly does.
type tale struct {
	rule  string
	fires bool
	what  string
	story *story
	at    time.Duration
}

const (
	fires    = true
	nearMiss = false
	minute   = time.Minute
)

// TestEveryRule: each rule decides or adds its note where it should, and keeps quiet where it nearly applies.
func TestEveryRule(t *testing.T) {
	stories := map[bool]map[string]int{fires: {}, nearMiss: {}}
	n := 0
	for _, tale := range allTales() {
		n++
		stories[tale.fires][tale.rule]++
		t.Run(fmt.Sprintf("%s %v %s", tale.rule, tale.fires, tale.what), func(t *testing.T) { tale.check(t) })
	}
	for _, r := range correlate.Rules {
		if stories[fires][r.ID] == 0 || stories[nearMiss][r.ID] == 0 {
			t.Errorf("%s %s: %d stories where it fires, %d near misses", r.ID, r.Code, stories[fires][r.ID], stories[nearMiss][r.ID])
		}
	}
	t.Logf("%d stories of %d rules", n, len(correlate.Rules))
}

// TestEveryRuleWithLateEvents: the same, when the events come at last, all at once, the newest first and twice.
func TestEveryRuleWithLateEvents(t *testing.T) {
	lateEvents = true
	defer func() { lateEvents = false }()
	for _, tale := range allTales() {
		t.Run(fmt.Sprintf("%s %v %s", tale.rule, tale.fires, tale.what), func(t *testing.T) {
			tale.story.arrive(tale.at)
			tale.check(t)
		})
	}
}

func allTales() []tale {
	return slices.Concat(deviceTales(), searchingTales(), refusedTales(), refusedMoreTales(), noDataTales(), connectionTales(),
		troubledTales(), identityTales(), silentTales())
}

func (tale tale) check(t *testing.T) {
	v := correlate.Judge(noon.Add(tale.at), tale.story.f)
	noted := slices.ContainsFunc(v.Notes, func(n correlate.Note) bool { return n.Rule == tale.rule })
	if fired := v.Rule == tale.rule || noted; fired != tale.fires {
		t.Fatalf("verdict %s %q (%s), notes %v; evidence %v", v.Rule, v.Code, v.Summary, v.Notes, v.Evidence)
	}
	if v.Summary == "" || v.Advice == "" || v.Agent == "" || v.Changes == "" || len(v.Evidence) == 0 {
		t.Errorf("incomplete verdict: %+v", v)
	}
	if v.Confidence <= 0 || v.Confidence > 1 {
		t.Errorf("confidence %v", v.Confidence)
	}
	if v.RunnerUp != nil && (v.RunnerUp.Code == v.Code || v.RunnerUp.Why == "") {
		t.Errorf("runner-up %+v", v.RunnerUp)
	}
	for _, n := range v.Notes {
		if n.Summary == "" || n.Advice == "" || len(n.Evidence) == 0 {
			t.Errorf("incomplete note: %+v", n)
		}
	}
}

func (s *story) observe(at time.Duration, list ...facts.HostObservation) *story {
	for _, o := range list {
		s.f.Observe(noon.Add(at), o)
	}
	return s
}

var att = cloud.Network{MCC: "310", MNC: "170", Name: "AT&T"}

func (s *story) refusedAs(at time.Duration, code int, message string) *story {
	return s.event(at, cloud.Event{Type: cloud.AttachmentRejected, Error: cloud.Error{Code: code, Message: message}, Network: att})
}

func (s *story) failedWith(at time.Duration, cause int) *story {
	s.see(at, modem.Active{})
	s.f.Dialled(noon.Add(at+time.Second), false, modem.Cause{Domain: modem.ESM, Number: cause}, "refused")
	return s
}

func (s *story) session(at time.Duration, typ, sid string, e cloud.Event) *story {
	e.Type, e.SessionSID = typ, sid
	if e.IP == "" {
		e.IP = "100.64.1.2"
	}
	return s.event(at, e)
}

// counted is an update of the healthy session's usage in the six minutes before at.
func (s *story) counted(at time.Duration, up, down int64) *story {
	return s.session(at, cloud.SessionUpdated, "PI1", cloud.Event{UpdateStart: noon.Add(at - 6*minute), UpdateEnd: noon.Add(at),
		Upload: up, Download: down, Counted: true})
}

func (s *story) unsynced() *story {
	s.f.Clock = facts.Clock{State: facts.ClockUnsynced}
	return s
}

func deaf() *story {
	return searching().see(time.Second, modem.NoSignal).with(func(f *facts.Facts) { f.HeardAt = time.Time{} })
}

func heard(plmns ...string) (n modem.Networks) {
	for _, p := range plmns {
		n.List = append(n.List, modem.Network{PLMN: p})
	}
	return n
}

func settings(name modem.SettingName, have, want string) modem.Settings {
	return modem.Settings{List: []modem.SettingValue{{Name: name, Value: have, Want: want}}}
}

func context(typ, apn string) modem.Contexts {
	return modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: typ, APN: apn}}}
}

func deviceTales() []tale {
	line := func(l facts.Line) func(*facts.Facts) { return func(f *facts.Facts) { f.Line = l } }
	return []tale{
		{"A1", fires, "dead line", healthy().with(line(facts.Line{Failing: 1, Text: "AT: time-out"})), minute},
		{"A1", nearMiss, "one handshake is under way", healthy().with(line(facts.Line{})), minute},
		{"A1b", fires, "a satellite receiver", healthy().with(line(facts.Line{Failing: 1, Stranger: modem.Stranger{Kind: modem.StrangerNMEA}})), minute},
		{"A1b", nearMiss, "the modem refuses the beginning", healthy().with(line(facts.Line{Failing: 1, Speaks: true, Text: "ATE0: ERROR"})), minute},
		{"S1", fires, "just started", &story{f: facts.New(noon, facts.Want{CID: 1})}, time.Second},
		{"S1", nearMiss, "everything is known", healthy(), minute},
		{"A2", fires, "pulled", healthy().see(minute, modem.SIM{State: modem.SIMMissing}), 3 * minute},
		{"A2", nearMiss, "away for half a minute", healthy().see(minute, modem.SIM{State: modem.SIMReady}, modem.SIM{State: modem.SIMMissing}), 90 * time.Second},
		{"A3", fires, "the applet refreshes", healthy().see(minute, modem.SIM{State: modem.SIMReady}, modem.SIM{State: modem.SIMBusy}), 90 * time.Second},
		{"A3", nearMiss, "busy for too long", healthy().see(minute, modem.SIM{State: modem.SIMReady}, modem.SIM{State: modem.SIMBusy}), 3 * minute},
		{"A4", fires, "PIN", healthy().see(minute, modem.SIM{State: modem.SIMPIN}), 2 * minute},
		{"A4", nearMiss, "ready", healthy().see(minute, modem.SIM{State: modem.SIMReady}), 2 * minute},
		{"A4b", fires, "PUK", healthy().see(minute, modem.SIM{State: modem.SIMPUK}), 2 * minute},
		{"A4b", nearMiss, "PIN only", healthy().see(minute, modem.SIM{State: modem.SIMPIN}), 2 * minute},
		{"A5", fires, "fault", healthy().see(minute, modem.SIM{State: modem.SIMFault}), 3 * minute},
		{"A5", nearMiss, "a fault for a moment", healthy().see(minute, modem.SIM{State: modem.SIMReady}, modem.SIM{State: modem.SIMFault}), 90 * time.Second},
		{"A6", fires, "another operator", searching().see(time.Second, modem.ICCID(otherSIM)), minute},
		{"A6", nearMiss, "the newest prefix", searching().see(time.Second, modem.ICCID("89103920000012345678")), minute},
		{"A7", fires, "flight mode", searching().see(time.Second, modem.Radio{Fun: 4}), minute},
		{"A7", nearMiss, "full functionality", searching().see(time.Second, modem.Radio{Fun: 1}), minute},
		{"A8", fires, "locked to a network", searching().see(time.Second, modem.Operator{Mode: 1, PLMN: "26201"}), minute},
		{"A8", fires, "deregistered", searching().see(time.Second, modem.Operator{Mode: 2}), minute},
		{"A8", nearMiss, "registered all the same", healthy().see(time.Second, modem.Operator{Mode: 1, PLMN: "310410"}), minute},
		{"D2", fires, "in the module", searching().see(time.Second, roaming("1", "255")), minute},
		{"D2", nearMiss, "another setting", searching().see(time.Second, settings(modem.SetPSM, "1", "0")), minute},
		{"A9", fires, "TLS fails alone", healthy().unsynced().observe(minute, facts.Probe{IP: facts.Worked, TLS: facts.Failed}), 2 * minute},
		{"A9", fires, "an event from the future, as a note", healthy().unsynced().event(2*minute, cloud.Event{Type: cloud.AttachmentAccepted, Time: noon.Add(time.Hour)}), 3 * minute},
		{"A9", fires, "the network's time says so, as a note", healthy().unsynced().see(minute, modem.NetworkTime{UTC: noon.Add(400*24*time.Hour + 7*minute)}), 2 * minute},
		{"A9", nearMiss, "TLS fails with a good clock", healthy().observe(minute, facts.Probe{IP: facts.Worked, TLS: facts.Failed}), 2 * minute},
		{"A9", nearMiss, "nothing works, so it is not the clock", healthy().unsynced().observe(minute, facts.Probe{IP: facts.Failed, TLS: facts.Failed}), 2 * minute},
		{"A9", nearMiss, "the network is three hours off: a time zone", healthy().unsynced().see(minute, modem.NetworkTime{UTC: noon.Add(3*time.Hour + minute)}), 2 * minute},
	}
}

func searchingTales() []tale {
	cell := func(plmn string) modem.Cells {
		c := modem.NoCell
		c.PLMN, c.State, c.Signal = plmn, modem.CellLimited, modem.Signal{RSRPdBm: -90, RSRQdB: -10, SINRdB: 5, RSSIdBm: -60}
		return modem.Cells{List: []modem.Cell{c}}
	}
	rotating := func() *story { return searching().see(5*minute, modem.IMSI("204046200054321")) }
	return []tale{
		{"B1", fires, "no antenna", deaf(), 10 * minute},
		{"B1", nearMiss, "three minutes only", deaf(), 3 * minute},
		{"B1", nearMiss, "a search heard networks", deaf().see(5*minute, heard("310410")), 20 * minute},
		{"B1", fires, "a search heard networks long ago", deaf().see(5*minute, heard("310410")), 7 * 60 * minute},
		{"B1", nearMiss, "cells are heard", searching(), 10 * minute},
		{"B2", fires, "just begun", searching(), minute},
		{"B2", nearMiss, "registered", healthy(), minute},
		{"B3", fires, "all that is heard is forbidden", searching().see(time.Second, modem.ForbiddenPLMNs{List: []string{"310410", "310260"}}).
			see(20*minute, heard("310170", "310260")), 30 * minute},
		{"B3", fires, "camped on a forbidden network", searching().see(time.Second, modem.ForbiddenPLMNs{List: []string{"310410"}}, cell("310410")), 30 * minute},
		{"B3", nearMiss, "one is open", searching().see(time.Second, modem.ForbiddenPLMNs{List: []string{"310410"}}).
			see(20*minute, heard("310410", "310260")), 30 * minute},
		{"B3", nearMiss, "the operator refuses what is heard", searching().see(time.Second, modem.ForbiddenPLMNs{List: []string{"310410"}}, cell("310410")).
			rejected(2*minute, 83702), 30 * minute},
		{"B3", nearMiss, "too early", searching().see(time.Second, modem.ForbiddenPLMNs{List: []string{"310410"}}, cell("310410")), 20 * minute},
		{"B4", fires, "two identities refused", rotating().event(2*minute, rejectedIMSI("732123200012345")).event(7*minute, rejectedIMSI("204046200054321")), 8 * minute},
		{"B4", nearMiss, "one identity refused", rotating().event(7*minute, rejectedIMSI("204046200054321")), 8 * minute},
		{"B4", nearMiss, "the IMSI stays", searching().event(2*minute, rejectedIMSI("732123200012345")), 8 * minute},
		{"B5", fires, "refused for an hour with one IMSI", refusedOften(3), 50 * minute},
		{"B5", nearMiss, "refused twice", refusedOften(2), 50 * minute},
		{"B5", nearMiss, "too early", refusedOften(3), 40 * minute},
		{"B6", fires, "idle for long", searching().see(time.Second, reg(modem.RegIdle)), 20 * minute},
		{"B6", nearMiss, "it may be resting between attempts", searching().see(time.Second, reg(modem.RegIdle)), 12 * minute},
		{"B7", fires, "NB-IoT only", deaf().see(2*time.Second, settings(modem.SetLTEMode, "2", "1")), 10 * minute},
		{"B7", nearMiss, "it hears cells all the same", searching().see(2*time.Second, settings(modem.SetLTEMode, "2", "1")), 10 * minute},
		{"B7", nearMiss, "the settings are as wanted", deaf().see(2*time.Second, settings(modem.SetLTEMode, "1", "")), 10 * minute},
	}
}

func rejectedIMSI(imsi string) cloud.Event {
	return cloud.Event{Type: cloud.AttachmentRejected, IMSI: imsi, Error: cloud.Error{Code: 83702}, Network: att}
}

func refusedOften(n int) *story {
	s := searching()
	for i := range n {
		s.see(time.Duration(10*i+1)*minute, denied(0)).see(time.Duration(10*i+2)*minute, reg(modem.RegSearching))
	}
	return s
}

func refusedTales() []tale {
	no := func(cause int) *story { return searching().see(time.Second, denied(cause)) }
	account := func(status string, changed time.Duration) facts.Account {
		return facts.Account{Status: status, Changed: noon.Add(changed)}
	}
	return []tale{
		{"C1", fires, "new", no(8).rejected(2*time.Second, 83704), minute},
		{"C1", nearMiss, "accepted since", no(8).rejected(2*time.Second, 83704).accepted(30 * time.Second), minute},
		{"C2", fires, "inactive", no(8).rejected(2*time.Second, 83705), minute},
		{"C2", fires, "the console says so", no(8).observe(minute, account("inactive", 0)), 2 * minute},
		{"C2", fires, "scheduled", no(8).observe(minute, account("scheduled", 0)), 2 * minute},
		{"C2", nearMiss, "the console says active", no(8).observe(minute, account("active", -time.Hour)), 2 * minute},
		{"C2", nearMiss, "of another card", searching().event(2*time.Second, cloud.Event{Type: cloud.AttachmentRejected, ICCID: otherSIM, Error: cloud.Error{Code: 83705}}), minute},
		{"C3", fires, "too often", no(0).rejected(2*time.Second, 83703), minute},
		{"C3", nearMiss, "registered", healthy().rejected(minute, 83703), 2 * minute},
		{"C17", fires, "activated after the refusal", no(8).rejected(2*time.Second, 83705).observe(20*minute, account("active", 15*minute)), 21 * minute},
		{"C17", nearMiss, "activated before it", no(8).observe(20*minute, account("active", -time.Hour)), 21 * minute},
		{"C17", nearMiss, "refused again since", no(8).rejected(18*minute, 83705).observe(20*minute, account("active", 15*minute)), 21 * minute},
		{"C17", nearMiss, "the clock cannot tell", no(8).unsynced().observe(20*minute, account("active", 15*minute)), 21 * minute},
		{"F1", fires, "not in the account", no(8).observe(minute, facts.Account{Missing: true}), 2 * minute},
		{"F1", fires, "online all the same: a note", healthy().observe(minute, facts.Account{Missing: true}), 2 * minute},
		{"F1", nearMiss, "found", no(8).observe(minute, account("active", -time.Hour)), 2 * minute},
		{"C16", fires, "no reason at all", no(0), minute},
		{"C16", fires, "a code nobody knows", no(17).rejected(2*time.Second, 99999), minute},
		{"C16", nearMiss, "the cloud says why", no(0).rejected(2*time.Second, 83705), minute},
	}
}

func refusedMoreTales() []tale {
	no := func(cause int) *story { return searching().see(time.Second, denied(cause)) }
	profile := func(plmns string) facts.Account { return facts.Account{Status: "active", Profile: plmns} }
	listening := func(s *story, at time.Duration) *story { // the pipeline lives: another card's event came
		return s.event(at, cloud.Event{Type: cloud.AttachmentAccepted, ICCID: otherSIM})
	}
	return []tale{
		{"C4", fires, "nothing here is open", no(11).rejected(2*time.Second, 83702).observe(minute, profile("26201")).see(minute, heard("310410", "310260")), 2 * minute},
		{"C4", nearMiss, "another one is open", no(11).rejected(2*time.Second, 83702).observe(minute, profile("310260")).see(minute, heard("310410", "310260")), 2 * minute},
		{"C4", nearMiss, "nobody knows what is heard", no(11).rejected(2*time.Second, 83702).observe(minute, profile("26201")), 2 * minute},
		{"C5", fires, "the profile is not known", no(11).rejected(2*time.Second, 83702), minute},
		{"C5", fires, "in Diameter's words", no(11).refusedAs(2*time.Second, 0, "DIAMETER_ERROR_ROAMING_NOT_ALLOWED (5004)"), minute},
		{"C5", nearMiss, "the profile holds it, by its other number", no(11).refusedAs(2*time.Second, 83702, "").observe(minute, profile("310410")), 2 * minute},
		{"C6", fires, "the profile holds it, by its other number", no(11).refusedAs(2*time.Second, 83702, "").observe(minute, profile("310410")), 2 * minute},
		{"C6", nearMiss, "the profile lacks it", no(11).refusedAs(2*time.Second, 83702, "").observe(minute, profile("310260")), 2 * minute},
		{"C7", fires, "failed", no(17).event(2*time.Second, cloud.Event{Type: cloud.AttachmentFailed, Error: cloud.Error{Code: 83700}}), minute},
		{"C7", fires, "in Diameter's words", no(17).refusedAs(2*time.Second, 0, "UNABLE_TO_COMPLY"), minute},
		{"C7", nearMiss, "accepted since", no(17).event(2*time.Second, cloud.Event{Type: cloud.AttachmentFailed}).accepted(30 * time.Second), minute},
		{"C8", fires, "unknown user", no(8).refusedAs(2*time.Second, 0, "Diameter 5001 USER_UNKNOWN"), minute},
		{"C8", nearMiss, "5001 by another name", no(8).refusedAs(2*time.Second, 0, "5001 AVP_UNSUPPORTED"), minute},
		{"C9", fires, "no 4G", no(15).refusedAs(2*time.Second, 0, "5420"), minute},
		{"C9", fires, "this technology is barred", no(15).refusedAs(2*time.Second, 0, "RAT NOT ALLOWED"), minute},
		{"C9", nearMiss, "a longer number", no(15).refusedAs(2*time.Second, 0, "ticket 54207"), minute},
		{"C10", fires, "the cloud is silent for an hour", listening(no(11).see(50*minute, reg(modem.RegSearching), denied(11)), 50*minute), 70 * minute},
		{"C10", fires, "the SIM remembers", searching().see(time.Second, modem.Operator{PLMN: "310410"}, denied(11), modem.ForbiddenPLMNs{List: []string{"310410"}}), 20 * minute},
		{"C10", nearMiss, "too early", listening(no(11), 5*minute), 10 * minute},
		{"C11", fires, "no event, the pipeline lives", listening(no(15), 10*minute), 20 * minute},
		{"C11", fires, "no cloud at all", no(15), 20 * minute},
		{"C11", nearMiss, "too early", listening(no(15), 5*minute), 10 * minute},
		{"C11", nearMiss, "the cloud says why", no(15).rejected(minute, 83702), 20 * minute},
		{"C12", fires, "illegal device", no(6), minute},
		{"C12", nearMiss, "the cloud says otherwise", no(6).rejected(2*time.Second, 83705), minute},
		{"C13", fires, "illegal UE", no(3), minute},
		{"C13", nearMiss, "the cloud says otherwise", no(3).rejected(2*time.Second, 83704), minute},
		{"C14", fires, "area", no(12), minute},
		{"C14", nearMiss, "registered meanwhile", no(12).see(30*time.Second, reg(modem.RegRoaming)), minute},
		{"C15", fires, "congestion", no(22), minute},
		{"C15", nearMiss, "an old cause", searching().see(time.Second, denied(22), reg(modem.RegSearching)), 40 * minute},
	}
}
