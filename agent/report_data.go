package agent

import (
	"time"

	"supersim-agent/agent/bearer"
	"supersim-agent/agent/facts"
	"supersim-agent/agent/status"
)

func (a *Agent) reportData(now time.Time, f *facts.Facts) status.Data {
	r := status.Data{APN: f.Context.Value.APN, CID: f.Want.CID, IP: f.IP.Value, Bearer: a.deps.Bearer}
	if f.Active.Known() {
		r.Active = &f.Active.Value
	}
	r.Interface, r.Link = reportLink(now, f.Outside.Link)
	if p := a.probed.Load(); p != nil {
		r.Probe = p.report(now)
	}
	r.Usage = reportUsage(now, f)
	return r
}

func reportLink(now time.Time, link facts.Seen[facts.HostLink]) (name string, r *status.Link) {
	if !link.Known() {
		return "", nil
	}
	l := link.Value
	r = &status.Link{Up: l.Up, Address: l.IP, Route: "none", Preferred: l.Rival, Since: status.At(facts.Wall(now, link.Since))}
	switch {
	case l.Route && l.Rival == "":
		r.Route = "default"
	case l.Route:
		r.Route = "second"
	}
	return l.Name, r
}

var outcomeWords = map[bearer.Outcome]string{bearer.Worked: "works", bearer.Failed: "fails"}

func (p *probed) report(now time.Time) *status.Probed {
	return &status.Probed{At: status.At(facts.Wall(now, p.at)), Why: p.why, IP: outcomeWords[p.result.IP], DNS: outcomeWords[p.result.DNS],
		TLS: outcomeWords[p.result.TLS], Error: p.result.Text, Bytes: p.result.Bytes, DayProbes: p.dayProbes, DayBytes: p.dayBytes}
}

// reportUsage is left out when no interface was found: nothing was counted then.
func reportUsage(now time.Time, f *facts.Facts) *status.Usage {
	show := func(u facts.Used, ok bool) *status.Used {
		if !ok {
			return nil
		}
		r := &status.Used{From: status.At(f.Clock.True(now, u.Here.From)), To: status.At(f.Clock.True(now, u.Here.To)),
			UploadBytes: u.Here.Upload, DownloadBytes: u.Here.Down}
		if u.Counted {
			r.CloudUploadBytes, r.CloudDownloadBytes, r.CloudUntil = &u.Upload, &u.Download, status.At(u.Until)
		}
		return r
	}
	r := status.Usage{Session: show(f.UsedInSession(now)), Today: show(f.UsedToday(now)), Yesterday: show(f.UsedYesterday(now))}
	if r == (status.Usage{}) {
		return nil
	}
	return &r
}
