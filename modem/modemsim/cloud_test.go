package modemsim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The key sets of the observed payloads (KSA samples of 26 Nov 2025) for each event.
func TestEnvelopeKeys(t *testing.T) {
	play(t, "", func(b *bench) {
		b.wait(8 * time.Minute)
		b.ask("AT+CFUN=4")
		b.wait(time.Minute)
		common := []string{"account_sid", "event_sid", "event_type", "fleet_sid", "imei", "imsi", "location", "network",
			"rat_type", "sim_iccid", "sim_sid", "sim_unique_name", "timestamp"}
		session := append(slices.Clone(common), "apn", "data_modifier", "data_session_sid", "data_session_start_time",
			"ip_address")
		report := append(slices.Clone(session), "data_download", "data_session_data_download", "data_session_data_total",
			"data_session_data_upload", "data_session_update_end_time", "data_session_update_start_time", "data_total",
			"data_upload")
		want := map[string][]string{evAccepted: common, evStarted: session, evUpdated: report,
			evEnded: append(slices.Clone(report), "data_session_end_time")}
		seen := 0
		for _, e := range b.events() {
			kind := strings.TrimPrefix(e.Type, "com.kore.iot.supersim.connection.")
			keys := want[kind]
			slices.Sort(keys)
			var got []string
			for key := range e.Data {
				got = append(got, key)
			}
			slices.Sort(got)
			if diff := cmp.Diff(keys, got); diff != "" {
				t.Errorf("%s: %s", kind, diff)
			}
			seen++
		}
		if seen != 4 {
			t.Errorf("saw %q", b.kinds())
		}
	})
}

func TestEventFields(t *testing.T) {
	play(t, `
		[[cell]]
		plmn = "310410"
		name = "AT&T"
		cloud_plmn = "310170"
		tac = "5003"
		cell_id = "262C201"`, func(b *bench) {
		b.wait(time.Minute)
		e := b.events()[1]
		if e.Source != "kore-events" || e.SpecVersion != "2.0" || !strings.HasPrefix(e.ID, "EZ") || len(e.ID) != 34 {
			t.Errorf("envelope: %+v", e)
		}
		want := map[string]any{"cell_id": "40026625", "lac": "20483", "lat": 26.2721, "lon": -81.809}
		if diff := cmp.Diff(want, e.Data["location"]); diff != "" {
			t.Errorf("location: %s", diff)
		}
		network := e.Data["network"].(map[string]any)
		if network["mcc"] != "310" || network["mnc"] != "170" || network["iso_country"] != "US" || e.Data["rat_type"] != "4G LTE" {
			t.Errorf("network: %v", e.Data)
		}
		if e.Data["event_sid"] != e.ID || e.Data["event_type"] != e.Type {
			t.Errorf("identifiers differ: %v", e)
		}
	})
}

func TestTwilioEnvelope(t *testing.T) {
	play(t, "[cloud]\nenvelope = \"twilio\"\n", func(b *bench) {
		b.wait(time.Minute)
		e := b.events()[0]
		if e.Type != "com.twilio.iot.supersim.connection.attachment.accepted" || e.SpecVersion != "1.0" ||
			e.Source != "/v1/SuperSim/ConnectionEvents/"+e.ID {
			t.Errorf("envelope: %+v", e)
		}
	})
}

func TestDeliveryModes(t *testing.T) {
	const hour = 65 * time.Minute
	ids := func(b *bench) (all []string, distinct map[string]int) {
		distinct = map[string]int{}
		for _, e := range b.events() {
			all = append(all, e.ID)
			distinct[e.ID]++
		}
		return all, distinct
	}
	for _, c := range []struct {
		name, cloud string
		check       func(t *testing.T, b *bench)
	}{
		{"as it should be", "", func(t *testing.T, b *bench) {
			if all, distinct := ids(b); len(all) != 12 || len(distinct) != 12 {
				t.Errorf("%d events, %d distinct", len(all), len(distinct))
			}
		}},
		{"silent", "alive = false", func(t *testing.T, b *bench) {
			if all, _ := ids(b); len(all) != 0 {
				t.Errorf("%d events", len(all))
			}
		}},
		{"lost", "loss = 0.5", func(t *testing.T, b *bench) {
			if all, _ := ids(b); len(all) == 0 || len(all) >= 12 || b.w.Stats().Lost+len(all) != 12 {
				t.Errorf("%d events, %d lost", len(all), b.w.Stats().Lost)
			}
		}},
		{"doubled", "duplicate = 1", func(t *testing.T, b *bench) {
			if all, distinct := ids(b); len(all) != 24 || len(distinct) != 12 {
				t.Errorf("%d events, %d distinct", len(all), len(distinct))
			}
		}},
		{"shuffled", "jitter = \"10m\"\nreorder = true", func(t *testing.T, b *bench) {
			stamps := []string{}
			for _, e := range b.events() {
				stamps = append(stamps, e.Data["timestamp"].(string))
			}
			if slices.IsSorted(stamps) {
				t.Errorf("in order: %q", stamps)
			}
		}},
		{"late", "delay = \"30m\"", func(t *testing.T, b *bench) {
			if all, _ := ids(b); len(all) != 7 {
				t.Errorf("%d events: %q", len(all), b.kinds())
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, "[cloud]\n"+c.cloud, func(b *bench) {
				b.wait(hour)
				c.check(t, b)
			})
		})
	}
}

// A cloud that comes back does not send what it swallowed.
func TestSilentCloudQueuesNothing(t *testing.T) {
	play(t, "[cloud]\nalive = false\n[[at]]\ntime = \"10m\"\nset.cloud.alive = true\n", func(b *bench) {
		b.wait(14 * time.Minute)
		b.wantEvents("data-session.updated")
	})
}

// The operator's own trouble: the two remaining kinds of event, and a device that comes back by itself.
func TestCoreFailure(t *testing.T) {
	play(t, `
		cloud = {core_failure = "attach"}
		[[at]]
		time = "30s"
		set.cloud.core_failure = "session"
		[[at]]
		time = "45s"
		set.cloud.core_failure = ""`, func(b *bench) {
		b.wait(5 * time.Minute)
		got := b.kinds()
		for _, want := range []string{"attachment.failed 83700", "data-session.failed 83701", "data-session.started"} {
			if !slices.Contains(got, want) {
				t.Errorf("no %s in %q\n%s", want, got, b.story())
			}
		}
	})
}
