package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/relay"
)

// fleetICCID is the number of the n-th device.
func fleetICCID(n int) string { return fmt.Sprintf("8988307%012d0", n) }

func fleetReport(t testing.TB, f *relay.Fleet, at time.Time, n int, code, summary, advice string) {
	t.Helper()
	payload := fmt.Appendf(nil, `{"schema":"supersim-agent/1","time":%q,"verdict":{"code":%q,"summary":%q,"confidence":0.9,"rule":"X1",`+
		`"since":%q,"advice":%q},"modem":{"vendor":"quectel","model":"EG25"},"registration":{"state":"roaming","rat":"4G LTE","plmn":"310410"},`+
		`"signal":{"rsrp_dbm":-95,"quality":"good"},"data":{"active":true},"attach":{"step":"hold"},"agent_version":"v1.4.0"}`,
		at.UTC().Format(time.RFC3339), code, summary, at.UTC().Format(time.RFC3339), advice)
	if err := f.TakeStatus(at, fleetICCID(n), payload); err != nil {
		t.Fatal(err)
	}
}

func fleetLost(t testing.TB, f *relay.Fleet, at time.Time, n int) {
	t.Helper()
	if err := f.TakeStatus(at, fleetICCID(n), []byte(`{"schema":"supersim-agent/1","unreachable":true}`)); err != nil {
		t.Fatal(err)
	}
}

func fleetEvent(f *relay.Fleet, at time.Time, n int, typ string, code int) {
	f.TakeEvent(at, cloud.Event{SID: fmt.Sprintf("EZ%04d%d%d", n, code, at.Unix()), Type: typ, ICCID: fleetICCID(n), Time: at,
		Network: cloud.Network{MCC: "310", MNC: "170", Name: "AT&T"}, Error: cloud.Error{Code: code}})
}

// tenThousand is the fleet of an operator on an ordinary morning, as a relay knows it that has listened for ten days.
func tenThousand(t testing.TB) *relay.Fleet {
	t.Helper()
	names := fmt.Sprintf("%s Pump 12, west quay\n%s Crane 3\n%s Buoy 7, outer channel, beyond the lighthouse\n%s Spare\nnonsense\n",
		fleetICCID(9000), fleetICCID(9100), fleetICCID(9200), fleetICCID(99999))
	path := filepath.Join(t.TempDir(), "devices.txt")
	if err := os.WriteFile(path, []byte(names), 0o600); err != nil {
		t.Fatal(err)
	}
	f := relay.NewFleet(relay.FleetOptions{Started: moment.Add(-240 * time.Hour), DevicesFile: path,
		Clock: func() time.Time { return moment }})
	for n := range 10_000 {
		before := moment.Add(-time.Duration(n%600) * time.Minute)
		if n == 9000 || n >= 9100 && n < 9121 || n >= 9200 && n < 9204 {
			before = moment.Add(-80 * time.Hour)
		}
		fleetReport(t, f, before, n, "online", "Connected; the cloud says the same.", "Nothing.")
		switch {
		case n == 9000: // restarts all the time
			fleetLost(t, f, moment.Add(-26*time.Minute), n)
			for i := range 9 {
				fleetEvent(f, moment.Add(-time.Duration(3*i+2)*time.Minute), n, cloud.AttachmentAccepted, 0)
			}
		case n >= 9100 && n < 9121: // somebody set them inactive
			fleetLost(t, f, moment.Add(-150*time.Minute), n)
			fleetEvent(f, moment.Add(-155*time.Minute), n, cloud.AttachmentRejected, 83705)
		case n >= 9200 && n < 9204:
			fleetLost(t, f, moment.Add(-75*time.Hour), n)
			fleetEvent(f, moment.Add(-76*time.Hour), n, cloud.SessionEnded, 0)
		case n >= 9300 && n < 9330:
			fleetReport(t, f, moment.Add(-4*time.Minute), n, "searching", "The modem is looking for a network.", "Wait.")
		case n == 9400:
			fleetReport(t, f, moment.Add(-50*time.Minute), n, "sim-fault", "The modem cannot work with the SIM card.",
				"Clean and reseat the SIM. If it stays so, try the card in another device and replace it.")
		}
	}
	fleetEvent(f, moment.Add(-time.Second), 1, cloud.AttachmentAccepted, 0)
	_ = f.TakeStatus(moment, "rubbish", []byte("{"))
	return f
}

func TestRenderFleet(t *testing.T) {
	f := tenThousand(t)
	render := renderOptions{Now: moment}
	page, err := f.Page(moment, relay.Filter{Limit: worstShown})
	if err != nil {
		t.Fatal(err)
	}
	page.Fleet.File.Path = "/etc/supersim-agent/devices.txt"
	golden(t, "fleet.txt", renderFleet(page, render))
	golden(t, "fleet_colour.txt", renderFleet(page, renderOptions{Now: moment, Colour: true, Width: 120}))
	listed, _ := f.Page(moment, relay.Filter{Verdict: "sim-inactive", Limit: 5})
	golden(t, "fleet_list.txt", renderDevices(listed, render))
	for name, n := range map[string]int{"fleet_device_inactive.txt": 9100, "fleet_device_boot_loop.txt": 9000, "fleet_device_dead.txt": 9200,
		"fleet_device_online.txt": 1, "fleet_device_never.txt": 99999} {
		d, ok := f.Device(moment, fleetICCID(n))
		if !ok {
			t.Fatal(name)
		}
		golden(t, name, renderDevice(d, render))
	}
	golden(t, "fleet_empty.txt", renderFleet(relay.Page{}, render))
}

func serveFleet(t *testing.T, f *relay.Fleet) string {
	t.Helper()
	s := httptest.NewServer(f.Handler())
	t.Cleanup(s.Close)
	return s.URL
}

func TestFleetCommands(t *testing.T) {
	f := tenThousand(t)
	one := serveFleet(t, f)
	calm := relay.NewFleet(relay.FleetOptions{Started: moment, Clock: func() time.Time { return moment }})
	fleetReport(t, calm, moment, 1, "online", "Connected.", "")
	two := serveFleet(t, calm)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	t.Cleanup(broken.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	lines := func(text string) int { return strings.Count(text, "\n") }
	for _, test := range []struct {
		name string
		args []string
		code int
		want []string
		rows int // lines of the output, 0 for any
	}{
		{"the fleet", []string{"status", "--relay", one}, 1, []string{"9,943 of 10,001 devices are online", "6 need a visit", "21 need a change", "Pump 12"}, 0},
		{"a fleet in which all is well", []string{"status", "--relay", two}, 0, []string{"The only device is online"}, 0},
		{"as JSON", []string{"status", "--relay", one, "--json"}, 1, []string{`"schema": "supersim-agent/1"`, `"online": 9943`}, 0},
		{"one device", []string{"status", fleetICCID(9100), "--relay", one}, 1, []string{"Crane 3", "sim-inactive", "83705", "judged by the relay"}, 0},
		{"one that is online", []string{"status", fleetICCID(1), "--relay", one}, 0, []string{"● ONLINE"}, 0},
		{"one as JSON", []string{"status", fleetICCID(9100), "--relay", one, "--json"}, 1, []string{`"event_sid": "EZ`}, 0},
		{"an unknown one", []string{"status", fleetICCID(12345), "--relay", one}, 1, []string{"nothing is known of"}, 0},
		{"no ICCID", []string{"status", "pump", "--relay", one}, 1, []string{"is no ICCID"}, 0},
		{"by verdict", []string{"list", "--verdict", "sim-inactive", "--relay", one}, 0, []string{fleetICCID(9120)}, 22},
		{"as JSON lines", []string{"list", "--verdict", "sim-inactive", "--json", "--relay", one}, 0, []string{`"judge":"relay"`}, 21},
		{"silent", []string{"list", "--silent", "--relay", one}, 0, []string{"Spare"}, 28},
		{"speaking", []string{"list", "--silent=false", "--need", "visit", "--relay", one}, 0, []string{"sim-fault"}, 2},
		{"unreachable, the worst", []string{"list", "--unreachable", "--limit", "2", "--relay", one}, 0, []string{"and 24 more"}, 4},
		{"by name", []string{"list", "--prefix", "buoy", "--relay", one}, 0, []string{"unknown-dead"}, 2},
		{"more than a page", []string{"list", "--relay", one}, 0, nil, 10_002},
		{"nobody", []string{"list", "--verdict", "no-such", "--relay", one}, 0, []string{"None of 10,001 devices"}, 1},
		{"two relays", []string{"status", "--relay", one, "--relay", two}, 1, []string{"9,943 of 10,001"}, 0},
		{"two relays, one knows it", []string{"status", fleetICCID(9100), "--relay", one + "," + two}, 1, []string{"sim-inactive"}, 0},
		{"two relays, filtered", []string{"list", "--verdict", "sim-inactive", "--silent", "--relay", one + "," + two}, 0, nil, 22},
		{"one of two is down", []string{"status", "--relay", gone.URL + "," + one}, 1, []string{"connection refused", "9,943 of 10,001"}, 0},
		{"none answers", []string{"status", "--relay", gone.URL}, 2, []string{"connection refused", "is it running"}, 0},
		{"something else answers", []string{"list", "--relay", broken.URL}, 2, []string{"answer not understood"}, 0},
		{"a bad need", []string{"list", "--need", "tea", "--relay", one}, 1, []string{"need=tea: it must be one of"}, 0},
		{"no address", []string{"list", "--relay", "ftp://x"}, 2, []string{`--relay "ftp://x"`}, 0},
		{"too many", []string{"status", "a", "b"}, 2, []string{"at most 1"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, code := runCLI(t, append([]string{"relay"}, test.args...)...)
			if code != test.code {
				t.Errorf("exit %d, want %d\n%.2000s", code, test.code, out)
			}
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing in\n%.2000s", want, out)
				}
			}
			if test.rows != 0 && lines(out) != test.rows {
				t.Errorf("%d lines, want %d\n%.1000s", lines(out), test.rows, out)
			}
		})
	}
}

// Whatever a device or a devices file says, the terminal is safe and lines fit.
func TestFleetTextIsSafe(t *testing.T) {
	d := relay.Device{ICCID: fleetICCID(1), Name: "evil\x1b[2J\nname " + strings.Repeat("long ", 50)}
	d.Verdict.Code, d.Verdict.Advice = strings.Repeat("x", 80), "do\x1b]0;this\x07 "+strings.Repeat("word ", 60)
	page := relay.Page{Devices: []relay.Device{d}, Total: 1}
	page.Devices[0].Need = relay.NeedVisit
	page.Fleet.Devices = 1
	for _, text := range []string{renderFleet(page, renderOptions{Now: moment}), renderDevices(page, renderOptions{Now: moment}),
		renderDevice(d, renderOptions{Now: moment})} {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.ContainsAny(line, "\x1b\x07") || len([]rune(line)) > minWidth {
				t.Errorf("%q", line)
			}
		}
	}
}
