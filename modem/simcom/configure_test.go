package simcom_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/modem"
)

// TestBands: LTE bands and 5G bands of both kinds are three settings, each by its own name.
func TestBands(t *testing.T) {
	ask := func(key string) string { return `AT+CSYSSEL="` + key + `"` }
	attached(t, families["sim8200"].module, map[string]string{
		ask("lte_band"): `+CSYSSEL: "lte_band",1:3`, ask("nr5g_band"): `+CSYSSEL: "nr5g_band",78`,
		ask("nsa_nr5g_band"):      `+CSYSSEL: "nsa_nr5g_band",41:78`,
		ask("lte_band") + ",3:20": "", ask("nsa_nr5g_band") + ",78": "",
	}, func(t *testing.T, d *modem.Driver, s *script, _ modem.Identity, _ []string) {
		d.Wanted = modem.Wanted{Bands: modem.Bands{LTE: []int{20, 3}, NR: []int{78}}}
		got, err := d.Configure(t.Context())
		want := modem.Configured{Values: []modem.SettingValue{
			{Name: modem.SetBands, Value: "3:20", Was: "1:3"}, {Name: modem.SetBandsSA, Value: "78"},
			{Name: modem.SetBandsNSA, Value: "78", Was: "41:78"},
		}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		sent := []string{ask("lte_band"), ask("lte_band") + ",3:20", ask("nr5g_band"), ask("nsa_nr5g_band"),
			ask("nsa_nr5g_band") + ",78"}
		if diff := cmp.Diff(sent, s.commands()); diff != "" {
			t.Errorf("commands:\n%s", diff)
		}
	})
}

// TestConfigure writes what differs and nothing else, and leaves out what this firmware does not have.
func TestConfigure(t *testing.T) {
	attached(t, families["sim7080"].module, map[string]string{
		"AT+CNMP?": "+CNMP: 2", "AT+CNMP=38": "", "AT+CMNB?": "+CMNB: 1", "AT+CPSMS?": `+CPSMS: 1,,,"00010011","00000011"`,
		"AT+CPSMS=0": "", "AT+CEDRXS?": `+CEDRXS: 4,"0000"`,
	}, func(t *testing.T, d *modem.Driver, s *script, _ modem.Identity, _ []string) {
		d.Wanted = modem.Wanted{RATs: []string{"4G"}, PowerSavingOff: true}
		if _, err := d.Configure(t.Context()); err != nil {
			t.Error(err)
		}
		want := []string{"AT+CNMP?", "AT+CNMP=38", "AT+CMNB?", "AT+CPSMS?", "AT+CPSMS=0", "AT+CEDRXS?", "AT+CSCLK?"}
		if diff := cmp.Diff(want, s.commands()); diff != "" {
			t.Errorf("commands:\n%s", diff)
		}
	})
}
