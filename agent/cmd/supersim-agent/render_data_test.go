package main

import (
	"testing"
	"time"

	"supersim-agent/agent/status"
)

func TestUsageIsOneLine(t *testing.T) {
	now := time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)
	p := &page{renderOptions: renderOptions{Width: minWidth, Now: now}}
	midnight, later := status.At(now.Truncate(24*time.Hour)), status.At(now.Add(-time.Hour))
	tests := []struct {
		usage *status.Usage
		want  string
	}{
		{nil, ""},
		{&status.Usage{Today: &status.Used{From: midnight, UploadBytes: 12_300_000, DownloadBytes: 80_100_000,
			CloudUploadBytes: new(int64(11_000_000)), CloudDownloadBytes: new(int64(79_000_000))}},
			"Today 12 MB up, 80 MB down here; the cloud counted 11 MB and 79 MB"},
		{&status.Usage{Today: &status.Used{From: later, UploadBytes: 999, DownloadBytes: 1_250_000}},
			"Since 14:00 999 B up, 1.2 MB down here; the cloud has not counted it yet"},
		{&status.Usage{Session: &status.Used{From: later, UploadBytes: 9_960, DownloadBytes: 3}},
			"This session 10 kB up, 3 B down here; the cloud has not counted it yet"},
	}
	for _, test := range tests {
		if got := p.usageText(test.usage); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

func TestLinkWords(t *testing.T) {
	for want, d := range map[string]status.Data{
		"":                          {},
		"ppp0":                      {Interface: "ppp0"},
		"gone: it was there before": {Link: &status.Link{}},
		"wwan0 is down":             {Interface: "wwan0", Link: &status.Link{}},
		"wwan0 has no address":      {Interface: "wwan0", Link: &status.Link{Up: true}},
		"wwan0, has 10.1.2.3, no route leads through it": {Interface: "wwan0",
			Link: &status.Link{Up: true, Address: "10.1.2.3", Route: "none"}},
		"wwan0, has 10.1.2.3, the default route prefers wlan0": {Interface: "wwan0",
			Link: &status.Link{Up: true, Address: "10.1.2.3", Route: "second", Preferred: "wlan0"}},
	} {
		if got := linkText(d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
