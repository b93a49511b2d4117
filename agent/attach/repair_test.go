package attach

import (
	"testing"
	"time"

	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// TestSettingsAreRepaired: what the owner wants of the module's settings is written, whatever else is going on, and a
// module that works is not touched for the sake of roaming.
func TestSettingsAreRepaired(t *testing.T) {
	wrong := func(name modem.SettingName) modem.Settings {
		return modem.Settings{List: []modem.SettingValue{{Name: name, Value: "2", Want: "100"}}}
	}
	online := func(list ...modem.Observation) *facts.Facts {
		f := registered(modem.Active{CIDs: []int{1}}, modem.Address{CID: 1, IP: "100.64.1.2"})
		tell(f, list...)
		return f
	}
	refused := func(auth, given bool) *facts.Facts {
		f := registered()
		f.Want.Auth, f.AuthGiven = auth, given
		f.Dialled(noon, false, modem.Cause{Domain: modem.ESM, Number: 29}, "user authentication failed")
		return f
	}
	for name, c := range map[string]struct {
		facts *facts.Facts
		want  Kind
	}{
		"roaming is off":                          {unregistered(wrong(modem.SetRoaming)), Configure},
		"an operator's profile":                   {unregistered(wrong(modem.SetProfile)), Configure},
		"bands, and it is online":                 {online(wrong(modem.SetBands)), Configure},
		"an operator's profile, and it is online": {online(wrong(modem.SetProfile)), Hold},
		"a restart is needed":                     {unregistered(modem.RestartNeeded{}), ModuleReset},
		"the restart was made":                    {unregistered(modem.RestartNeeded{}, modem.Booted{}), Hold},
		"another operator's card":                 {unregistered(modem.ICCID("89490200001234567890"), wrong(modem.SetRoaming)), Hold},
		"credentials are missing":                 {refused(true, false), SetAPN},
		"credentials were written":                {refused(true, true), Activate},
		"there are no credentials":                {refused(false, false), Activate},
	} {
		t.Run(name, func(t *testing.T) {
			d := plan(c.facts, &History{}, policy("balanced"), time.Minute)
			if waits := !d.Due(noon.Add(time.Minute)); c.want == Hold && !waits || c.want != Hold && d.Kind != c.want {
				t.Errorf("got %+v, want %s", d, c.want)
			}
			if got := plan(c.facts, &History{}, policy("observe"), time.Minute); got.Kind != Hold {
				t.Errorf("observe: %+v", got)
			}
		})
	}
}
