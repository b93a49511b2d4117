package core

import (
	"strings"
	"testing"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/modem"
)

// set puts the modem of a puppet into a registration state.
func (p *puppet) set(stat modem.RegStat) {
	p.answers[modem.LookServing] = []modem.Observation{registration(stat)}
	p.answers[modem.LookRegistration] = p.answers[modem.LookServing]
	p.feed(Seen{Observations: p.answers[modem.LookServing]})
}

func (p *puppet) verdicts(kind string) (list []Entry) {
	for _, e := range p.core.Snapshot().Timeline {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

func rejection(sid string, code int, at time.Time) CloudBatch {
	return CloudBatch{Source: "test", Events: []cloud.Event{{SID: sid, Type: cloud.AttachmentRejected, ICCID: testICCID, Time: at,
		Error: cloud.Error{Code: code}}}}
}

// A modem that moves between refused and searching every few seconds does not fill the timeline with verdicts.
func TestVerdictsDoNotFlap(t *testing.T) {
	p := newPuppet(testConfig())
	p.set(modem.RegSearching)
	p.until(epoch.Add(time.Minute))
	before := len(p.verdicts("verdict"))
	for range 20 {
		p.set(modem.RegDenied)
		p.until(p.now.Add(10 * time.Second))
		p.set(modem.RegSearching)
		p.until(p.now.Add(10 * time.Second))
	}
	if n := len(p.verdicts("verdict")) - before; n > 1 {
		t.Errorf("%d changes of the verdict in 400 s: %v", n, p.verdicts("verdict"))
	}
	if got := p.core.Snapshot().Verdict.Code; got != "denied-cloud-unknown" {
		t.Errorf("verdict %q", got)
	}
}

// What the cloud is sure of is shown at once.
func TestSureVerdictsAreNotHeldBack(t *testing.T) {
	p := newPuppet(testConfig())
	p.feed(ClockState{NTP: true})
	p.set(modem.RegDenied)
	p.until(epoch.Add(2 * time.Minute))
	p.feed(rejection("EZ1", 83705, p.now))
	if got := p.core.Snapshot().Verdict.Code; got != "sim-inactive" {
		t.Errorf("verdict %q", got)
	}
}

// Events that come late change what is known of the past, not what was said and done in it.
func TestLateEventsReviseThePast(t *testing.T) {
	p := newPuppet(testConfig())
	p.feed(ClockState{NTP: true})
	p.set(modem.RegDenied)
	p.until(epoch.Add(10 * time.Minute))
	p.set(modem.RegRoaming)
	p.until(epoch.Add(20 * time.Minute))
	said, acted := len(p.verdicts("verdict")), p.count(isAct)
	now := p.core.Snapshot().Verdict.Code

	late := rejection("EZ1", 83705, epoch.Add(5*time.Minute))
	p.feed(late)
	p.feed(late)
	p.until(epoch.Add(25 * time.Minute))

	revised := p.verdicts("revised")
	if len(revised) != 1 || !strings.Contains(revised[0].Text, "denied-cloud-unknown") || revised[0].Verdict != "sim-inactive" {
		t.Fatalf("revised: %v", revised)
	}
	if got := p.core.Snapshot().Verdict.Code; got != now || len(p.verdicts("verdict")) != said || p.count(isAct) != acted {
		t.Errorf("a late event changed the present: verdict %q, %d verdicts said, %d actions", got, len(p.verdicts("verdict")), p.count(isAct))
	}
	p.feed(CloudBatch{Events: []cloud.Event{{SID: "EZ2", Type: cloud.AttachmentRejected, ICCID: "89490200001234567890", Time: epoch.Add(4 * time.Minute)}}})
	if n := len(p.verdicts("revised")); n != 1 {
		t.Errorf("another card's event revised the past: %d", n)
	}
}

// A verdict that is not true any more gives way after a while, even when none of the others holds for long.
func TestUntrueVerdictGivesWay(t *testing.T) {
	p := newPuppet(testConfig())
	p.set(modem.RegDenied)
	p.until(epoch.Add(time.Minute))
	if got := p.core.Snapshot().Verdict.Code; got != "denied-cloud-unknown" {
		t.Fatalf("verdict %q", got)
	}
	causes := []int{22, 12, 3}
	shown := false
	for i := range 20 {
		r := registration(modem.RegDenied)
		r.Cause = modem.Cause{Domain: modem.EMM, Number: causes[i%len(causes)]}
		p.feed(Seen{Observations: []modem.Observation{r}})
		p.until(p.now.Add(10 * time.Second))
		shown = shown || p.core.Snapshot().Verdict.Code != "denied-cloud-unknown"
	}
	if !shown {
		t.Errorf("verdict %q after 200 s of others", p.core.Snapshot().Verdict.Code)
	}
}
