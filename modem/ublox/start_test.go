package ublox_test

import (
	"context"
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

// TestSeldomWrites has the commands that a usual start does not send, after captured answers.
func TestSeldomWrites(t *testing.T) {
	configure := func(w modem.Wanted) func(context.Context, *modem.Driver) error {
		return func(ctx context.Context, d *modem.Driver) error {
			d.Wanted = w
			_, err := d.Configure(ctx)
			return err
		}
	}
	stackDown := func(ctx context.Context, d *modem.Driver) error { return d.StackDown(ctx, 1) }
	closing := map[string]string{"AT+UPSND=0,8": "+UPSND: 0,8,1|+UPSND: 0,8,0", "AT+UPSDA=0,4": ""}
	closed := []string{"AT+UPSND=0,8", "AT+UPSDA=0,4", "AT+UPSND=0,8"}
	for name, c := range map[string]struct {
		family  string
		answers map[string]string
		do      func(context.Context, *modem.Driver) error
		sent    []string
	}{
		"the stack of SARA-R5 is closed": {"sara-r5", closing, stackDown, closed},
		"the stack of LARA-R2 is closed": {"lara-r2", closing, stackDown, closed},
		"the context of SARA-U2 is ended": {"sara-u2", closing,
			func(ctx context.Context, d *modem.Driver) error { return d.Deactivate(ctx, 1) }, closed},
		"SARA-U2 searches 3G alone": {
			"sara-u2", map[string]string{"AT+URAT?": "+URAT: 1,2", "AT+URAT=2": "", "AT+CFUN=1": ""},
			configure(modem.Wanted{RATs: []string{"3G", "4G"}}),
			[]string{"AT+URAT?", "AT+CFUN?", "AT+CFUN=0", "AT+URAT=2", "AT+CFUN=1"},
		},
		"TOBY searches some LTE bands, and the others' as before": {
			"toby-l2", map[string]string{"AT+UACT?": "+UACT: ,,,900,1800,1900,850,1,2,3,101,102,103",
				"AT+UACT=,,,900,1800,1900,850,1,2,3,103,120": "", "AT+CFUN=1": ""},
			configure(modem.Wanted{Bands: modem.Bands{LTE: []int{20, 3}}}),
			[]string{"AT+UACT?", "AT+CFUN?", "AT+CFUN=4", "AT+UACT=,,,900,1800,1900,850,1,2,3,103,120", "AT+CFUN=1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			attached(t, families[c.family].module, c.answers, func(t *testing.T, d *modem.Driver, s *script) {
				s.commands()
				checkSends(t, s, func(ctx context.Context) error { return c.do(ctx, d) }, c.sent...)
			})
		})
	}
}
