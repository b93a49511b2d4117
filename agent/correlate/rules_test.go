package correlate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/correlate"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	superSIM = "89883070000012345678"
	otherSIM = "89490200001234567890"
)

// story is a device's facts being told; each step happens at its time after noon.
type story struct {
	f       *facts.Facts
	sid     int
	pending []cloud.Event // when events are late
}

// lateEvents holds the events of stories that are told while it is set back until the judgement.
var lateEvents bool

// healthy is a device that is online and confirmed.
func healthy() *story {
	s := &story{f: facts.New(noon, facts.Want{APN: "super", PDPType: "IP", CID: 1})}
	s.f.Clock.Synced(true)
	s.f.Port.Open = true
	s.f.Line = facts.Line{Alive: true, Since: noon}
	return s.see(0, modem.Identity{Vendor: "quectel", Model: "EG25"}, modem.SIM{State: modem.SIMReady},
		modem.ICCID(superSIM), modem.IMSI("732123200012345"), modem.Radio{Fun: 1}, modem.Operator{PLMN: "310410"},
		modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "super"}}},
		modem.Signal{RSRPdBm: -95, RSRQdB: -11, SINRdB: 9, RSSIdBm: -65},
		reg(modem.RegRoaming), modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"}).
		event(2*time.Second, cloud.Event{Type: cloud.SessionStarted, SessionSID: "PI1", IP: "100.64.1.2"})
}

// searching is a device that has never been registered.
func searching() *story {
	s := healthy()
	s.f.Lose(noon)
	s.f.Cloud, s.pending = facts.Diary{}, nil
	s.f.ICCID = facts.Seen[modem.ICCID]{}
	s.f.LastOnlineAt = time.Time{}
	return s.see(0, modem.ICCID(superSIM), modem.Radio{Fun: 1}, reg(modem.RegSearching),
		modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "super"}}})
}

func reg(stat modem.RegStat) modem.Registration {
	return modem.Registration{Domain: modem.EPS, Stat: stat, AcT: 7}
}

func roaming(have, want string) modem.Settings {
	return modem.Settings{List: []modem.SettingValue{{Name: modem.SetRoaming, Value: have, Want: want}}}
}

func denied(cause int) modem.Registration {
	r := reg(modem.RegDenied)
	if cause != 0 {
		r.Cause = modem.Cause{Domain: modem.EMM, Number: cause}
	}
	return r
}

func (s *story) see(at time.Duration, list ...modem.Observation) *story {
	for _, o := range list { // twice: some readings count only when they are confirmed
		s.f.Apply(noon.Add(at), o)
		s.f.Apply(noon.Add(at), o)
	}
	return s
}

func (s *story) event(at time.Duration, e cloud.Event) *story {
	s.sid++
	e.SID = fmt.Sprintf("EZ%08d", s.sid)
	if e.ICCID == "" {
		e.ICCID = superSIM
	}
	if e.Time.IsZero() {
		e.Time = noon.Add(at)
	}
	if lateEvents {
		s.pending = append(s.pending, e)
		return s
	}
	s.f.AddCloud(noon.Add(at), "test", []cloud.Event{e}, 0)
	return s
}

// arrive lets the events that were held back come: the last first, and all of them twice.
func (s *story) arrive(at time.Duration) {
	for range 2 {
		for _, e := range slices.Backward(s.pending) {
			s.f.AddCloud(noon.Add(at), "test", []cloud.Event{e}, 0)
		}
	}
	s.pending = nil
}

func (s *story) rejected(at time.Duration, code int) *story {
	return s.event(at, cloud.Event{Type: cloud.AttachmentRejected, Error: cloud.Error{Code: code}, Network: cloud.Network{MCC: "310", MNC: "410", Name: "AT&T"}})
}

func (s *story) accepted(at time.Duration) *story {
	return s.event(at, cloud.Event{Type: cloud.AttachmentAccepted})
}

func (s *story) with(change func(*facts.Facts)) *story {
	change(s.f)
	return s
}

// Each row is a story and the verdict at a time; rows named "not …" are near misses of the rule above them.
func TestRules(t *testing.T) {
	tests := []struct {
		name  string
		story *story
		at    time.Duration
		want  correlate.Code
	}{
		{"modem-unreachable: dead line", healthy().with(func(f *facts.Facts) { f.Line = facts.Line{Failing: 1, Text: "AT: time-out"} }), time.Minute, "modem-unreachable"},
		{"modem-unreachable: port held", healthy().with(func(f *facts.Facts) { f.Port = facts.Port{Reason: "busy", Holder: "minicom[812]"} }), time.Minute, "modem-unreachable"},
		{"not modem-unreachable: still booting", healthy().with(func(f *facts.Facts) {
			f.Line = facts.Line{Failing: 1}
			f.BootingUntil = noon.Add(2 * time.Minute)
		}), time.Minute, "starting"},

		{"not-a-modem: nmea", healthy().with(func(f *facts.Facts) {
			f.Line = facts.Line{Failing: 1, Stranger: modem.Stranger{Kind: modem.StrangerNMEA, Sample: "$GPGGA"}}
		}), time.Minute, "not-a-modem"},
		{"not not-a-modem: noise of a module that boots", healthy().with(func(f *facts.Facts) {
			f.Line = facts.Line{Failing: 1, Stranger: modem.Stranger{Kind: modem.StrangerBinary}}
			f.BootingUntil = noon.Add(2 * time.Minute)
		}), time.Minute, "starting"},
		{"not not-a-modem: held by another program since", healthy().with(func(f *facts.Facts) {
			f.Port = facts.Port{Reason: "busy", Holder: "gpsd[812]"}
			f.Line = facts.Line{Failing: 2}
		}), time.Minute, "modem-unreachable"},

		{"sim-missing", healthy().see(time.Minute, modem.SIM{State: modem.SIMMissing}), 3 * time.Minute, "sim-missing"},
		{"not sim-missing: away for less than a minute", healthy().see(time.Minute, modem.SIM{State: modem.SIMReady}, modem.SIM{State: modem.SIMMissing}), 90 * time.Second, "sim-refreshing"},
		{"sim-pin", healthy().see(time.Minute, modem.SIM{State: modem.SIMPIN}), 2 * time.Minute, "sim-pin"},
		{"not sim-pin: puk", healthy().see(time.Minute, modem.SIM{State: modem.SIMPUK}), 2 * time.Minute, "sim-puk"},
		{"sim-fault", healthy().see(time.Minute, modem.SIM{State: modem.SIMFault}), 3 * time.Minute, "sim-fault"},

		{"not-super-sim", searching().see(time.Second, modem.ICCID(otherSIM)), time.Minute, "not-super-sim"},
		{"not not-super-sim: the new prefix", searching().see(time.Second, modem.ICCID("89103920000012345678")), time.Minute, "searching"},
		{"radio-off", searching().see(time.Second, modem.Radio{Fun: 4}), time.Minute, "radio-off"},
		{"manual-plmn", searching().see(time.Second, modem.Operator{Mode: 1, PLMN: "26201"}), time.Minute, "manual-plmn"},
		{"not manual-plmn: registered all the same", healthy().see(time.Second, modem.Operator{Mode: 1, PLMN: "310410"}), time.Minute, "online"},

		{"roaming-off: in the module", searching().see(time.Second, roaming("1", "255")), time.Minute, "roaming-off"},
		{"roaming-off: by the configuration", searching().with(func(f *facts.Facts) { f.Want.NoRoam = true }), time.Minute, "roaming-off"},
		{"not roaming-off: allowed", searching().see(time.Second, roaming("255", "")), time.Minute, "searching"},
		{"not roaming-off: it roams all the same", healthy().see(time.Second, roaming("1", "255")), time.Minute, "online"},
		{"not roaming-off: another setting is wrong", searching().see(time.Second, modem.Settings{List: []modem.SettingValue{
			{Name: modem.SetPSM, Value: "1", Want: "0"}}}), time.Minute, "searching"},

		{"online", healthy(), time.Minute, "online"},
		{"online-cloud-lags: another session", healthy().see(time.Minute, modem.Address{CID: 1, IP: "100.64.7.7"}), 2 * time.Minute, "online-cloud-lags"},
		{"stale-bearer", healthy().event(time.Minute, cloud.Event{Type: cloud.SessionEnded, SessionSID: "PI1", IP: "100.64.1.2", SessionEnd: noon.Add(time.Minute)}), 2 * time.Minute, "stale-bearer"},
		{"not stale-bearer: an older session ended late", healthy().event(time.Minute, cloud.Event{Type: cloud.SessionEnded, SessionSID: "PI0", IP: "100.64.0.9",
			SessionStart: noon.Add(-time.Hour), SessionEnd: noon.Add(-time.Minute), Time: noon.Add(-time.Minute)}), 2 * time.Minute, "online"},
		{"not stale-bearer: the SIM's own OTA session ended", healthy().event(time.Minute, cloud.Event{Type: cloud.SessionEnded, SessionSID: "PI9", OTA: true}), 2 * time.Minute, "online"},

		{"wrong-apn: by the modem alone", searching().see(time.Second, modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "internet"}}}), time.Minute, "wrong-apn"},
		{"not wrong-apn: a regional one", searching().see(time.Second, modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "de1.super"}}}), time.Minute, "searching"},
		{"apn-rejected", healthy().see(time.Second, modem.Active{}).with(func(f *facts.Facts) {
			f.Dialled(noon.Add(time.Minute), false, modem.Cause{Domain: modem.ESM, Number: 33}, "refused")
		}), 2 * time.Minute, "apn-rejected"},
		{"not apn-rejected: a temporary cause", healthy().see(time.Second, modem.Active{}).with(func(f *facts.Facts) {
			f.Dialled(noon.Add(time.Minute), false, modem.Cause{Domain: modem.ESM, Number: 38}, "failed")
		}), 2 * time.Minute, "connecting"},
		{"host-not-dialling", healthy().see(time.Second, modem.Active{}), 2 * time.Minute, "host-not-dialling"},
		{"not host-not-dialling: just registered", healthy().see(time.Second, modem.Active{}), 20 * time.Second, "connecting"},

		{"sim-new", searching().see(time.Second, denied(8)).rejected(2*time.Second, 83704), time.Minute, "sim-new"},
		{"sim-inactive", searching().see(time.Second, denied(8)).rejected(2*time.Second, 83705), time.Minute, "sim-inactive"},
		{"sim-inactive: the modem already searches again", searching().rejected(2*time.Second, 83705), time.Minute, "sim-inactive"},
		{"not sim-inactive: accepted since", searching().rejected(2*time.Second, 83705).accepted(30 * time.Second), time.Minute, "searching"},
		{"not sim-inactive: a late event of before an acceptance", searching().accepted(30*time.Second).event(40*time.Second,
			cloud.Event{Type: cloud.AttachmentRejected, Error: cloud.Error{Code: 83705}, Time: noon}), time.Minute, "searching"},
		{"not sim-inactive: another card's event", searching().event(2*time.Second, cloud.Event{Type: cloud.AttachmentRejected, ICCID: otherSIM, Error: cloud.Error{Code: 83705}}), time.Minute, "searching"},
		{"not sim-inactive: registered", healthy().rejected(time.Minute, 83705), 2 * time.Minute, "online"},
		{"not sim-inactive: from an outage that was over", healthy().event(time.Minute, cloud.Event{Type: cloud.AttachmentRejected, Error: cloud.Error{Code: 83705}, Time: noon.Add(3 * time.Second)}).
			see(time.Hour, reg(modem.RegSearching)), time.Hour + time.Minute, "searching"},
		{"rate-limited", searching().see(time.Second, denied(0)).rejected(2*time.Second, 83703), time.Minute, "rate-limited"},
		{"nap-blocks-this-plmn", searching().see(time.Second, denied(11)).rejected(2*time.Second, 83702), time.Minute, "nap-blocks-this-plmn"},
		{"denied-cloud-unknown", searching().see(time.Second, denied(17)), time.Minute, "denied-cloud-unknown"},
		{"denied-cloud-unknown: a code nobody knows", searching().see(time.Second, denied(17)).rejected(2*time.Second, 99999), time.Minute, "denied-cloud-unknown"},

		{"no-signal", searching().see(time.Second, modem.NoSignal).with(func(f *facts.Facts) { f.HeardAt = time.Time{} }), 10 * time.Minute, "no-signal"},
		{"not no-signal: for three minutes only", searching().see(time.Second, modem.NoSignal), 3 * time.Minute, "searching"},
		{"not no-signal: cells are heard", searching(), 10 * time.Minute, "searching"},
		{"starting", &story{f: facts.New(noon, facts.Want{CID: 1})}, time.Second, "starting"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := correlate.Judge(noon.Add(test.at), test.story.f)
			if got.Code != test.want {
				t.Fatalf("verdict %q (%s), want %q; evidence %v", got.Code, got.Summary, test.want, got.Evidence)
			}
			if got.Summary == "" || got.Advice == "" || got.Agent == "" || got.Changes == "" || len(got.Evidence) == 0 {
				t.Errorf("incomplete verdict: %+v", got)
			}
			if got.Confidence <= 0 || got.Confidence > 1 {
				t.Errorf("confidence %v", got.Confidence)
			}
		})
	}
}

// Both diaries together make a verdict surer than one.
func TestConfidenceGrowsWithTheSecondDiary(t *testing.T) {
	wrong := modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "internet"}}}
	alone := correlate.Judge(noon.Add(5*time.Minute), searching().see(time.Second, wrong).f)
	both := searching().see(time.Second, wrong).accepted(time.Minute).accepted(2 * time.Minute).accepted(3 * time.Minute)
	together := correlate.Judge(noon.Add(5*time.Minute), both.f)
	if alone.Code != "wrong-apn" || together.Code != "wrong-apn" || together.Confidence <= alone.Confidence {
		t.Errorf("alone %q %v, together %q %v", alone.Code, alone.Confidence, together.Code, together.Confidence)
	}
	if together.Evidence[1].EventSID == "" || !strings.Contains(together.Evidence[1].Fact, "3 times") {
		t.Errorf("evidence %+v", together.Evidence)
	}
}

// Without a trusted clock an order cannot be claimed; the address still tells one session from another.
func TestStaleBearerWithoutClock(t *testing.T) {
	s := healthy().event(time.Minute, cloud.Event{Type: cloud.SessionEnded, SessionSID: "PI1", IP: "100.64.1.2", SessionEnd: noon.Add(time.Minute)})
	sure := correlate.Judge(noon.Add(2*time.Minute), s.f)
	s.f.Clock = facts.Clock{State: facts.ClockUnsynced}
	unsure := correlate.Judge(noon.Add(2*time.Minute), s.f)
	if sure.Code != "stale-bearer" || unsure.Code != "stale-bearer" || unsure.Confidence >= sure.Confidence {
		t.Errorf("with clock %q %v, without %q %v", sure.Code, sure.Confidence, unsure.Code, unsure.Confidence)
	}
}

// A card that is swapped starts a new diary, with what already came for it.
func TestSwappedCardStartsItsOwnDiary(t *testing.T) {
	s := healthy().event(time.Minute, cloud.Event{Type: cloud.AttachmentRejected, ICCID: "89883070000087654321", Error: cloud.Error{Code: 83705}})
	if n := s.f.Cloud.OtherICCID; n != 1 {
		t.Fatalf("%d events counted for other cards", n)
	}
	s.see(2*time.Minute, modem.ICCID("89883070000087654321"), denied(8))
	if got := correlate.Judge(noon.Add(3*time.Minute), s.f); got.Code != "sim-inactive" {
		t.Errorf("verdict %q (%s)", got.Code, got.Summary)
	}
}

// Who answers instead of a modem is named with its port; the advice names the AT port when that is known.
func TestStrangersAreNamed(t *testing.T) {
	for kind, words := range map[modem.StrangerKind][3]string{
		modem.StrangerNMEA:    {"NMEA", "GNSS", "GNSS port: use /dev/ttyUSB2"},
		modem.StrangerLogin:   {"login prompt", "raspi-config", "use /dev/ttyUSB2"},
		modem.StrangerEcho:    {"comes back", "TX and RX", "use /dev/ttyUSB2"},
		modem.StrangerPPP:     {"data mode", "pppd", "use /dev/ttyUSB2"},
		modem.StrangerBinary:  {"binary", "baud", "diagnostic port: use /dev/ttyUSB2"},
		modem.StrangerText:    {"text", "modem.port", "use /dev/ttyUSB2"},
		modem.StrangerErrors:  {"ERROR to every", "Power-cycle", "use /dev/ttyUSB2"},
		modem.StrangerUnnamed: {"no model", "Wi-Fi", "use /dev/ttyUSB2"},
	} {
		s := healthy().with(func(f *facts.Facts) {
			f.Port.Path = "/dev/ttyUSB1"
			f.Line = facts.Line{Failing: 3, Stranger: modem.Stranger{Kind: kind, Sample: "sample"}}
		})
		v := correlate.Judge(noon.Add(time.Minute), s.f)
		if v.Code != "not-a-modem" || v.Rule != "A1b" || v.Confidence != 0.95 {
			t.Fatalf("%s: verdict %q of %s, %v", kind, v.Code, v.Rule, v.Confidence)
		}
		if !strings.Contains(v.Summary, "/dev/ttyUSB1: ") || !strings.Contains(v.Summary, words[0]) || !strings.Contains(v.Advice, words[1]) {
			t.Errorf("%s: %q, %q", kind, v.Summary, v.Advice)
		}
		if e := v.Evidence[0].Fact; !strings.HasPrefix(e, string(kind)+": ") || !strings.Contains(e, `"sample"`) {
			t.Errorf("%s: evidence %q", kind, e)
		}
		s.f.Line.ATPort = "/dev/ttyUSB2"
		if v = correlate.Judge(noon.Add(time.Minute), s.f); !strings.Contains(v.Advice, words[2]) {
			t.Errorf("%s: %q", kind, v.Advice)
		}
	}
}
