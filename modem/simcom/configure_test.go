package simcom_test

import (
	"context"
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

// TestSeldomWrites has the commands that a usual start does not send, after captured answers.
func TestSeldomWrites(t *testing.T) {
	bands := func(ctx context.Context, d *modem.Driver) error {
		d.Wanted = modem.Wanted{Bands: modem.Bands{LTE: []int{12, 2, 4}}}
		_, err := d.Configure(ctx)
		return err
	}
	for name, c := range map[string]struct {
		family  string
		answers map[string]string
		do      func(context.Context, *modem.Driver) error
		sent    []string
	}{
		"bands, a line for each technology": {
			"sim7000", map[string]string{"AT+CBANDCFG?": `+CBANDCFG: "CAT-M",1,2,3,4,5,8,12,13,18,19,20,26,28,39` + "\n" +
				`+CBANDCFG: "NB-IOT",1,2,3,5,8,12,13,17,18,19,20,26,28`, `AT+CBANDCFG="CAT-M",2,4,12`: ""},
			bands, []string{"AT+CBANDCFG?", `AT+CBANDCFG="CAT-M",2,4,12`},
		},
		"bands, one": {
			"sim7080", map[string]string{"AT+CBANDCFG?": `+CBANDCFG: "CAT-M",5` + "\n" + `+CBANDCFG: "NB-IOT",5`,
				`AT+CBANDCFG="CAT-M",2,4,12`: ""},
			bands, []string{"AT+CBANDCFG?", `AT+CBANDCFG="CAT-M",2,4,12`},
		},
		"the stack is closed": {
			"sim7080", map[string]string{"AT+CNACT?": `+CNACT: 0,1,"10.32.116.31"` + "\n" + `+CNACT: 1,0,"0.0.0.0"|` +
				`+CNACT: 0,0,"0.0.0.0"`, "AT+CNACT=0,0": ""},
			func(ctx context.Context, d *modem.Driver) error { return d.StackDown(ctx, 1) },
			[]string{"AT+CNACT?", "AT+CNACT=0,0", "AT+CNACT?"},
		},
		"the stack is closed already": {
			"sim7080", map[string]string{"AT+CNACT?": `+CNACT: 0,0,"0.0.0.0"`},
			func(ctx context.Context, d *modem.Driver) error { return d.StackDown(ctx, 1) }, []string{"AT+CNACT?"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			attached(t, families[c.family].module, c.answers, func(t *testing.T, d *modem.Driver, s *script,
				_ modem.Identity, _ []string,
			) {
				if err := c.do(t.Context(), d); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(c.sent, s.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}
