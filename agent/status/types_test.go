package status

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// example has every field set, so that the golden file pins every name of the contract.
func example() *Status {
	at := func(before time.Duration) Time { return At(moment.Add(-before)) }
	return &Status{
		Schema: Schema, Time: at(0), UptimeS: 412,
		Verdict: Verdict{Code: "sim-inactive", Summary: "The SIM is set to inactive, so every network refuses it.",
			Confidence: 0.98, Since: at(5 * time.Minute), Rule: "C2",
			Evidence: []Evidence{
				{Side: Local, Fact: "registration denied, EMM cause 7", At: at(5 * time.Minute)},
				{Side: Cloud, Fact: "attachment.rejected 83705 on 310410", At: at(4 * time.Minute), EventSID: "EZ01"},
				{Side: Host, Fact: "clock set by NTP", At: at(6 * time.Minute)},
				{Side: Cloud, Fact: "data session alive", At: at(time.Minute), EventSID: "EZ02", Contradicts: true},
			},
			Next:     Next{Action: "hold", At: at(-time.Hour), Why: "no attempt of ours can help"},
			Advice:   "Set the SIM to active in the KORE console.",
			Changes:  "An accepted attach.",
			Previous: &Previous{Code: "searching", Summary: "The modem looks for a network.", Since: at(10 * time.Minute)},
			RunnerUp: &RunnerUp{Code: "denied-cloud-unknown", Rule: "C16", Summary: "The network refuses the SIM.", Confidence: 0.3, Why: "it is less sure"},
			Notes: []Note{{Code: "imsi-switched", Rule: "F5", Summary: "The SIM has changed its IMSI.", Advice: "Nothing.",
				Evidence: []Evidence{{Side: Local, Fact: "IMSI 732123000000001", At: at(time.Minute)}}}}},
		Modem: Modem{Vendor: "quectel", Model: "EG25", Firmware: "EG25GGBR07A08M2G", IMEI: "866758040000000",
			Dialect: "quectel-eg25", Port: "/dev/ttyUSB2", Board: "sixfab-base",
			Settings: map[string]string{"roaming": "255"}, RestartNeeded: true},
		SIM: SIM{State: "ready", ICCID: "89883070000000000017", IMSI: "732123000000001", SuperSIM: new(true),
			ForbiddenPLMNs: []string{"26201", "26202"}},
		Registration: Registration{State: "roaming", RAT: "4G LTE", PLMN: "310410", Operator: "AT&T", TAC: "25A",
			CellID: "262BDE1", Band: "B12", Channel: new(5110), Cause: Cause{Domain: "emm", Number: 11, Name: "PLMN not allowed", At: at(5 * time.Minute)}},
		Signal: Signal{RSRPdBm: new(-95), RSRQdB: new(-11), SINRdB: new(0), RSSIdBm: new(-65), Quality: "good"},
		Data: Data{APN: "super", CID: 1, Active: new(false), IP: "100.65.109.189", Bearer: "ppp", Interface: "ppp0",
			Link: &Link{Up: true, Address: "100.65.109.189", Route: "second", Preferred: "wlan0", Since: at(time.Hour)},
			Probe: &Probed{At: at(time.Minute), Why: "a person asked", IP: "works", DNS: "fails", TLS: "works", Error: "no name", Bytes: 980,
				DayProbes: 3, DayBytes: 2900},
			Usage: &Usage{
				Session: &Used{From: at(time.Hour), To: at(0), UploadBytes: 1, DownloadBytes: 2},
				Today: &Used{From: at(9 * time.Hour), To: at(0), UploadBytes: 3, DownloadBytes: 4, CloudUploadBytes: new(int64(5)),
					CloudDownloadBytes: new(int64(6)), CloudUntil: at(5 * time.Minute)},
				Yesterday: &Used{From: at(33 * time.Hour), To: at(9 * time.Hour), UploadBytes: 7, DownloadBytes: 8}}},
		Cloud: CloudState{Alive: new(true), Source: "mqtt",
			LastEvent: Event{SID: "EZ01", Type: "attachment.rejected", At: at(4 * time.Minute), PLMN: "310410",
				Network: "AT&T", RAT: "4G LTE", Error: &EventError{Code: 83705, Message: "SIM In Inactive State"}, Matched: "time and network"},
			Session: Session{SID: "PI01", APN: "super", IP: "100.65.109.189", Started: at(3 * time.Hour),
				Updated: at(2 * time.Hour), Ended: at(time.Hour), UploadBytes: 1000, DownloadBytes: 2000},
			Events: 4, Duplicates: 1, OtherICCID: 2, Problems: 3,
			Sources: []CloudSource{{Name: "webhook 127.0.0.1:8099/events", Events: 9, Tests: 8, Duplicates: 7, Refused: 6, Unverified: 5,
				Failed: 4, Busy: 3, Dropped: 2, Last: at(time.Minute), Error: "the request is not signed", Hint: "sign it"}}},
		Attach: Attach{Profile: "balanced", Step: "hold", Since: at(5 * time.Minute),
			Budgets: map[string]Budget{"radio-cycle": {Limit: 1, Left: 0, WindowS: 3600, FreeAt: at(-time.Hour)}}},
		Clock:   Clock{State: "ntp", UncertaintyS: new(1.0)},
		Journal: Journal{State: "memory", Reason: "read-only file system", Since: at(time.Hour), Bytes: 524288},
		Counters: Counters{Commands: 9, Timeouts: 8, Resyncs: 7, LateLines: 6, LongLines: 5, URCOverflow: 4,
			PortOpens: 3, StaleResults: 2, JournalErrors: 1},
	}
}

// The names are a contract: this file may grow, but no line of it may change or go.
func TestStatusGolden(t *testing.T) {
	for name, st := range map[string]*Status{
		"status.json":         example(),
		"status_nothing.json": {Schema: Schema, Time: At(moment), Verdict: Verdict{Code: "starting"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(st, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
				t.Errorf("the JSON changed (-want +got):\n%s", diff)
			}
			var back Status
			if err := json.Unmarshal(want, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(st, &back); diff != "" {
				t.Errorf("reading the JSON back loses something (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownIsLeftOutAndTimesAreUTC(t *testing.T) {
	vienna := time.FixedZone("CET", 3600)
	got, err := encode(TimelineEntry{Seq: 1, Time: At(moment.In(vienna).Add(1234567)), Side: Cloud, Kind: "event", Text: "a -> b"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"seq":1,"time":"2025-11-26T09:05:44.001Z","side":"cloud","kind":"event","text":"a -> b"}` + "\n"
	if string(got) != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
