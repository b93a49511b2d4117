package ublox_test

import (
	"strings"
	"testing"
	"time"

	"supersim-agent/modem"
)

// TestCardNotUpYet: after a start SARA-R41x refuses whatever it is asked with "SIM failure". The session is set up all the
// same, and no fault is seen; a card that goes on failing is one.
func TestCardNotUpYet(t *testing.T) {
	fails := "+CME ERROR: 13|+CME ERROR: 13|"
	attached(t, families["sara-r4"].module, map[string]string{
		"AT+USIMSTAT?": "+CME ERROR: 13", "AT+USIMSTAT=7": fails, "AT+CEREG=3": fails, "AT+CPIN?": "+CME ERROR: 13",
	}, func(t *testing.T, d *modem.Driver, s *script) {
		got := strings.Join(s.commands(), " ")
		for _, cmd := range []string{"AT+USIMSTAT=7", "AT+CEREG=3"} {
			if n := strings.Count(got, cmd); n != 3 {
				t.Errorf("%s was sent %d times: %s", cmd, n, got)
			}
		}
		if strings.Contains(got, "AT+CEREG=2") {
			t.Errorf("reject causes are given up: %s", got)
		}
		checkLook(t, d, modem.LookSIM, modem.SIM{State: modem.SIMBusy})
		<-time.After(30 * time.Second)
		checkLook(t, d, modem.LookSIM, modem.SIM{State: modem.SIMFault})
	})
}

// TestSignalByTurns: on GSM the report of LTE is empty or unreadable, and the next question has the signal.
func TestSignalByTurns(t *testing.T) {
	for _, report := range []string{"+CME ERROR: 4", "+RSRP: 1,2", "0,255,255"} {
		attached(t, families["sara-r422"].module, map[string]string{"AT+UCGED?": report},
			func(t *testing.T, d *modem.Driver, _ *script) {
				checkLook(t, d, modem.LookSignal, modem.Signal{RSRPdBm: -61, RSRQdB: -10, SINRdB: modem.Unknown,
					RSSIdBm: modem.Unknown})
			})
	}
}
