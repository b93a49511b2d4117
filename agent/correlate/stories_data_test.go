package correlate_test

import (
	"fmt"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

func noDataTales() []tale {
	sms := func() *story { return searching().see(time.Second, reg(modem.RegSMSRoaming)) }
	blocked := cloud.Event{Modifier: "blocked"}
	ota := cloud.Event{Type: cloud.SessionStarted, SessionSID: "PI9", APN: "ota.super", OTA: true}
	coreFails := cloud.Event{Type: cloud.SessionFailed, Error: cloud.Error{Code: 83701}}
	idle := func() *story { return healthy().see(time.Second, modem.Active{}) }
	return []tale{
		{"D1", fires, "accepted again and again", searching().see(time.Second, context("IP", "internet")).accepted(minute).accepted(2 * minute).accepted(3 * minute), 4 * minute},
		{"D1", nearMiss, "a regional one", searching().see(time.Second, context("IP", "sg1.super")), minute},
		{"D3", fires, "refused", idle().see(2*time.Second, context("IPV6", "super")).failedWith(minute, 50), 2 * minute},
		{"D3", fires, "not as wanted", idle().see(2*time.Second, context("IPV4V6", "super")), minute},
		{"D3", nearMiss, "it works all the same", healthy().see(2*time.Second, context("IPV4V6", "super")), minute},
		{"D4", fires, "not subscribed", healthy().failedWith(minute, 33), 2 * minute},
		{"D4", nearMiss, "a temporary cause", healthy().failedWith(minute, 38), 2 * minute},
		{"D5", fires, "authentication", healthy().failedWith(minute, 29), 2 * minute},
		{"D5", nearMiss, "it worked in the end", healthy().failedWith(minute, 29).see(2*minute, modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.9"}), 3 * minute},
		{"D6", fires, "barred", healthy().failedWith(minute, 8), 2 * minute},
		{"D6", nearMiss, "a refusal of registration with the same number", searching().see(time.Second, denied(8)), minute},
		{"D7", fires, "blocked", idle().session(minute, cloud.SessionEnded, "PI1", blocked), 2 * minute},
		{"D7", nearMiss, "a later session is free", idle().session(minute, cloud.SessionEnded, "PI1", blocked).session(2*minute, cloud.SessionStarted, "PI2", cloud.Event{}), 3 * minute},
		{"D8", fires, "the core fails", idle().event(time.Minute, coreFails), 2 * minute},
		{"D8", nearMiss, "it succeeded since", idle().event(time.Minute, coreFails).session(2*minute, cloud.SessionStarted, "PI2", cloud.Event{}), 3 * minute},
		{"D8", nearMiss, "long ago", idle().event(time.Minute, coreFails), 2 * time.Hour},
		{"D9", fires, "short messages only", sms(), 3 * minute},
		{"D9", fires, "calls only", searching().see(time.Second, modem.Registration{Domain: modem.CS, Stat: modem.RegRoaming}), 3 * minute},
		{"D9", nearMiss, "data follows within a minute", sms(), minute},
		{"D10", fires, "no room", healthy().failedWith(minute, 26), 2 * minute},
		{"D10", nearMiss, "another cause", healthy().failedWith(minute, 31), 2 * minute},
		{"D11", fires, "the SIM's own session", idle().event(minute, ota), 2 * minute},
		{"D11", nearMiss, "too long ago", idle().event(minute, ota), 15 * minute},
		{"D11", nearMiss, "it is over", idle().event(minute, ota).event(2*minute, cloud.Event{Type: cloud.SessionEnded, SessionSID: "PI9", OTA: true}), 3 * minute},
		{"D12", fires, "no bearer left", healthy().failedWith(minute, 65), 2 * minute},
		{"D12", nearMiss, "registration, not data", searching().see(time.Second, denied(35)), minute},
		{"D13", fires, "nobody dials", idle(), 2 * minute},
		{"D13", nearMiss, "just registered", idle(), 20 * time.Second},
		{"S2", fires, "under way", idle(), 20 * time.Second},
		{"S2", nearMiss, "done", healthy(), 20 * time.Second},
	}
}

func connectionTales() []tale {
	works := facts.Probe{IP: facts.Worked, DNS: facts.Worked}
	other := cloud.Event{IP: "100.64.9.9"}
	return []tale{
		{"E1", fires, "confirmed", healthy(), minute},
		{"E1", nearMiss, "another address", healthy().see(minute, modem.Address{CID: 1, IP: "100.64.7.7"}), 2 * minute},
		{"E2", fires, "the cloud has the older session", healthy().see(minute, modem.Address{CID: 1, IP: "100.64.7.7"}), 2 * minute},
		{"E2", fires, "no cloud", healthy().with(func(f *facts.Facts) { f.Cloud = facts.Diary{} }), 2 * minute},
		{"E2", nearMiss, "confirmed", healthy(), 2 * minute},
		{"E3", fires, "no attach was told", healthy().observe(minute, works).see(minute, modem.Address{CID: 1, IP: "100.64.7.7"}), 2 * minute},
		{"E3", nearMiss, "one was", healthy().accepted(time.Second).observe(minute, works).see(minute, modem.Address{CID: 1, IP: "100.64.7.7"}), 2 * minute},
		{"E10", fires, "no update for long", healthy().observe(19*minute, works), 20 * minute},
		{"E10", nearMiss, "updated", healthy().counted(10*minute, 1, 1).observe(19*minute, works), 20 * minute},
		{"E10", nearMiss, "the clock cannot tell, and the events came lately", healthy().unsynced().session(10*minute, cloud.SessionUpdated, "PI1",
			cloud.Event{UpdateEnd: noon.Add(10 * minute)}).observe(19*minute, works), 20 * minute},
		{"E12", fires, "a newer session elsewhere", healthy().session(10*minute, cloud.SessionStarted, "PI2", other), 11 * minute},
		{"E12", nearMiss, "ours is the newer", healthy().see(minute, modem.Address{CID: 1, IP: "100.64.7.7"}), 2 * minute},
		{"E12", nearMiss, "the clock cannot tell", healthy().unsynced().session(10*minute, cloud.SessionStarted, "PI2", other), 11 * minute},
	}
}

func troubledTales() []tale {
	dead := facts.Probe{IP: facts.Failed, DNS: facts.Failed}
	link := facts.HostLink{Name: "wwan0", Up: true, IP: "100.64.1.2", Route: true}
	sent := func(tx, rx int64) facts.HostLink {
		l := link
		l.TxBytes, l.RxBytes = tx, rx
		return l
	}
	ended := cloud.Event{SessionEnd: noon.Add(5 * minute)}
	nowhere := cloud.Event{Type: cloud.SessionEnded, SessionSID: "PI3", SessionStart: noon.Add(4 * minute), SessionEnd: noon.Add(5 * minute)}
	return []tale{
		{"E4", fires, "no route", healthy().observe(8*minute, facts.HostLink{Name: "wwan0", Up: true, IP: "100.64.1.2"}, dead), 9 * minute},
		{"E4", fires, "the operator sees it flow", healthy().observe(minute, link, dead).counted(8*minute, 500, 900).observe(8*minute, link, dead), 9 * minute},
		{"E4", nearMiss, "it saw that before", healthy().counted(8*minute, 500, 900).observe(8*minute, link, dead), 9 * minute},
		{"E4", nearMiss, "nothing comes back", healthy().counted(8*minute, 500, 0).observe(8*minute, link, dead), 9 * minute},
		{"E5", fires, "no address", healthy().observe(minute, facts.HostLink{Name: "wwan0", Up: true}), 9 * minute},
		{"E5", fires, "no interface, and the operator counts nothing", healthy().counted(8*minute, 0, 0).observe(minute, facts.HostLink{}), 9 * minute},
		{"E5", nearMiss, "it is coming up", healthy().observe(minute, facts.HostLink{Name: "wwan0", Up: true}), minute + 10*time.Second},
		{"E6", fires, "ended", healthy().session(5*minute, cloud.SessionEnded, "PI1", ended), 6 * minute},
		{"E6", fires, "ended, and probes fail", healthy().session(5*minute, cloud.SessionEnded, "PI1", ended).observe(5*minute, dead), 6 * minute},
		{"E6", nearMiss, "a probe gets through", healthy().session(5*minute, cloud.SessionEnded, "PI1", ended).observe(5*minute, facts.Probe{IP: facts.Worked}), 6 * minute},
		{"E7", fires, "the clock cannot tell", healthy().unsynced().event(5*minute, nowhere).observe(5*minute, dead), 6 * minute},
		{"E7", nearMiss, "it can", healthy().event(5*minute, nowhere).observe(5*minute, dead), 6 * minute},
		{"E8", fires, "nothing comes back", healthy().observe(minute, link, dead).counted(8*minute, 500, 0).observe(8*minute, link, dead), 9 * minute},
		{"E8", fires, "an old count of the same failure", healthy().observe(minute, link, dead).counted(8*minute, 500, 0).observe(29*minute, link, dead), 30 * minute},
		{"S3", fires, "the report is from before", healthy().counted(8*minute, 500, 0).observe(8*minute, link, dead), 9 * minute},
		{"S3", nearMiss, "the operator is silent for long", healthy().counted(8*minute, 500, 0).observe(29*minute, link, dead), 30 * minute},
		{"E8", fires, "only the owner's server is away", healthy().observe(8*minute, facts.Probe{IP: facts.Worked, Server: facts.Failed}), 9 * minute},
		{"E8", nearMiss, "an old count", healthy().counted(8*minute, 500, 0).observe(29*minute, link, dead), 30 * minute},
		{"E9", fires, "no answer and no update", healthy().observe(18*minute, sent(0, 0)).observe(19*minute, sent(900, 0), dead), 20 * minute},
		{"E9", nearMiss, "the operator sees it flow", healthy().counted(18*minute, 500, 900).observe(19*minute, link, dead), 20 * minute},
		{"E9", nearMiss, "an old probe", healthy().observe(2*minute, link, dead), 20 * minute},
		{"E11", fires, "blocked", healthy().session(6*minute, cloud.SessionUpdated, "PI1", cloud.Event{Modifier: "blocked"}), 7 * minute},
		{"E11", nearMiss, "a probe gets through", healthy().session(6*minute, cloud.SessionUpdated, "PI1", cloud.Event{Modifier: "blocked"}).
			observe(6*minute, facts.Probe{IP: facts.Worked}), 7 * minute},
		{"E13", fires, "idle", healthy().observe(minute, facts.Probe{IP: facts.Worked, Idle: facts.Failed}), 2 * minute},
		{"E13", nearMiss, "everything fails", healthy().observe(minute, facts.Probe{IP: facts.Failed, Idle: facts.Failed}), 2 * minute},
		{"E14", fires, "no names", healthy().observe(minute, facts.Probe{IP: facts.Worked, DNS: facts.Failed}), 2 * minute},
		{"E14", nearMiss, "nothing at all works", healthy().observe(minute, dead), 2 * minute},
		{"E15", fires, "four in an hour, down now", sessions(4).see(30*minute, modem.Active{}), 31 * minute},
		{"E15", fires, "up at the moment: a note", sessions(4), 31 * minute},
		{"E15", nearMiss, "three in an hour", sessions(3).see(30*minute, modem.Active{}), 31 * minute},
		{"E15", nearMiss, "long ago", sessions(4).see(30*minute, modem.Active{}), 3 * time.Hour},
	}
}

// sessions is a device with n short sessions behind it.
func sessions(n int) *story {
	s := healthy()
	for i := range n {
		sid, at := fmt.Sprintf("PS%d", i), time.Duration(5*i+1)*minute
		s.session(at, cloud.SessionStarted, sid, cloud.Event{IP: fmt.Sprintf("100.64.2.%d", i), SessionStart: noon.Add(at)})
		s.session(at+minute, cloud.SessionEnded, sid, cloud.Event{IP: fmt.Sprintf("100.64.2.%d", i), SessionStart: noon.Add(at), SessionEnd: noon.Add(at + minute)})
	}
	return s
}

func identityTales() []tale {
	imei := func(s *story) *story {
		return s.see(0, modem.Identity{Vendor: "quectel", Model: "EG25", IMEI: "866758040000000"})
	}
	by := func(imei string) cloud.Event { return cloud.Event{Type: cloud.AttachmentAccepted, IMEI: imei} }
	on := func(mnc, rat string) cloud.Event {
		return cloud.Event{Type: cloud.AttachmentAccepted, Network: cloud.Network{MCC: "310", MNC: mnc}, RAT: rat}
	}
	old := by("352099001761481")
	old.Time = noon.Add(-time.Hour)
	before := on("260", "")
	before.Time = noon.Add(-time.Hour)
	elsewhere := cloud.Event{Type: cloud.AttachmentRejected, Error: cloud.Error{Code: 83702}, Network: cloud.Network{MCC: "310", MNC: "260"}}
	here := elsewhere
	here.Network = att
	carried := func(up int64) facts.Usage {
		return facts.Usage{From: noon, To: noon.Add(time.Hour), Upload: up}
	}
	return []tale{
		{"F2", fires, "another modem", imei(healthy()).event(minute, by("352099001761481")), 2 * minute},
		{"F2", nearMiss, "another check digit", imei(healthy()).event(minute, by("866758040000008")), 2 * minute},
		{"F2", nearMiss, "no IMEI in the event", imei(healthy()).event(minute, by("")), 2 * minute},
		{"F2", nearMiss, "the clock cannot tell", imei(healthy()).unsynced().event(minute, by("352099001761481")), 2 * minute},
		{"F3", fires, "moved", imei(searching()).event(minute, old), 2 * minute},
		{"F3", nearMiss, "used elsewhere now", imei(searching()).event(minute, by("352099001761481")), 2 * minute},
		{"F5", fires, "switched", healthy().event(minute, cloud.Event{Type: cloud.AttachmentAccepted, IMSI: "204046200054321"}), 2 * minute},
		{"F5", nearMiss, "the same", healthy().event(minute, cloud.Event{Type: cloud.AttachmentAccepted, IMSI: "732123200012345"}), 2 * minute},
		{"F6", fires, "older than the registration", searching().event(time.Second, before).see(minute, reg(modem.RegRoaming), modem.Operator{PLMN: "26201"}), 2 * minute},
		{"F6", nearMiss, "an alias of the same network", healthy().event(minute, on("170", "")), 2 * minute},
		{"F7", fires, "at the same time", healthy().event(minute, on("260", "")), 2 * minute},
		{"F7", nearMiss, "an alias of the same network", healthy().event(minute, on("170", "")), 2 * minute},
		{"F7", nearMiss, "the clock cannot tell", healthy().unsynced().event(minute, on("260", "")), 2 * minute},
		{"F8", fires, "3G then, 4G now", healthy().event(minute, on("410", "3G")), 2 * minute},
		{"F8", nearMiss, "4G on both sides", healthy().event(minute, on("410", "4G LTE")), 2 * minute},
		{"F10", fires, "the interface carries more", metered(1000).observe(61*minute, carried(50_000_000)), 80 * minute},
		{"F10", nearMiss, "the cloud's counts are on the way", metered(1000).observe(61*minute, carried(50_000_000)), 65 * minute},
		{"F10", nearMiss, "they agree", metered(5_000_000).observe(61*minute, carried(50_000_000)), 80 * minute},
		{"F11", fires, "the operator counts more", metered(5_000_000).observe(61*minute, carried(1000)), 80 * minute},
		{"F11", nearMiss, "little in all", metered(100_000).observe(61*minute, carried(1000)), 80 * minute},
		{"C18", fires, "steered here", healthy().event(minute, elsewhere), 2 * minute},
		{"C18", nearMiss, "this very network refused", healthy().event(minute, here), 2 * minute},
		{"C18", nearMiss, "half an hour ago", healthy().event(minute, elsewhere), 40 * minute},
	}
}

// metered is an hour of reports on the healthy session, each with so many bytes.
func metered(each int64) *story {
	s := healthy()
	for i := 1; i <= 10; i++ {
		s.counted(time.Duration(6*i)*minute, each, 0)
	}
	return s
}

func silentTales() []tale {
	silent := func(s *story) *story {
		return s.with(func(f *facts.Facts) { f.SilentSince = noon.Add(minute) })
	}
	storm := func(n int) *story {
		s := searching()
		for i := range n {
			s.accepted(time.Duration(5*i) * minute)
		}
		return silent(s)
	}
	off := cloud.Event{SessionEnd: noon.Add(5 * minute)}
	return append(silentRefusedTales(silent), []tale{
		{"G1", fires, "data flows", silent(healthy().counted(10*minute, 9, 9)), 20 * minute},
		{"G1", nearMiss, "it reports itself", healthy().counted(10*minute, 9, 9), 20 * minute},
		{"G1", nearMiss, "no update for half an hour", silent(healthy().counted(10*minute, 9, 9)), 45 * minute},
		{"G2", fires, "ended", silent(healthy().session(5*minute, cloud.SessionEnded, "PI1", off)), time.Hour},
		{"G2", nearMiss, "a day ago", silent(healthy().session(5*minute, cloud.SessionEnded, "PI1", off)), 30 * time.Hour},
		{"G3", fires, "a storm", storm(7), 35 * minute},
		{"G3", nearMiss, "some attaches", storm(4), 35 * minute},
		{"G4", fires, "for a day", silent(healthy()), 30 * time.Hour},
		{"G4", fires, "never", silent(searching()), time.Hour},
		{"G4", nearMiss, "for an hour", silent(healthy()), time.Hour},
	}...)
}
