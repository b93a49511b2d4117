package modem_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"supersim-agent/modem"
)

func TestParseNetworks(t *testing.T) {
	u := modem.Unknown
	for answer, want := range map[string][]modem.Network{
		`+COPS: (2,"AT&T","ATT","310410",7),(3,"T-Mobile","T-Mobile","310260",2),,(0,1,2,3,4),(0,1,2)`: {
			{Stat: modem.NetworkCurrent, PLMN: "310410", Name: "AT&T", AcT: 7},
			{Stat: modem.NetworkForbidden, PLMN: "310260", Name: "T-Mobile", AcT: 2}},
		`+COPS: (1,"","","26201"),(1,"Vodafone.de","Voda",""),,(0-4),(0-2)`: {
			{Stat: modem.NetworkAvailable, PLMN: "26201", AcT: u}, {Stat: modem.NetworkAvailable, Name: "Vodafone.de", AcT: u}},
		`+COPS: (0,1,2,3,4),(0,1,2)`: nil,
		`+COPS:`:                     nil,
		`+COPS: (1`:                  nil,
		`+COPS: ()`:                  nil,
	} {
		if diff := cmp.Diff(want, modem.ParseNetworks([]string{answer}).List); diff != "" {
			t.Errorf("%s\n%s", answer, diff)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		modem.ParseNetworks([]string{rapid.StringMatching(`\+COPS: [(),"0-9a-z]{0,60}`).Draw(r, "answer")})
	})
}

func TestNetworksAreListed(t *testing.T) {
	for answer, fails := range map[string]bool{`+COPS: (1,"A","A","310410",8),,(0,1),(0,2)`: false, "ERROR": true} {
		attached(t, bg96, map[string]string{"AT+COPS=?": answer}, func(t *testing.T, d *modem.Driver, m *fakeModem) {
			m.delay["AT+COPS=?"] = 4 * time.Minute
			got, err := d.Networks(t.Context())
			if (err != nil) != fails || !fails && (len(got.List) != 1 || got.List[0].PLMN != "310410") {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
