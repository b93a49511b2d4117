package agent

import (
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/modem/modemsim"
)

// probes is all that may be sent to something that is not known to be a modem.
var probes = regexp.MustCompile(`^(AT(\+CMEE\?)?\r)*$`)

// TestStranger: what is no modem is never configured, and is left in peace more and more.
func TestStranger(t *testing.T) {
	for _, kind := range []string{"nmea", "login", "error", "echo", "binary"} {
		t.Run(kind, func(t *testing.T) {
			s := modemsim.Default()
			s.Module.Speaks = kind
			synctest.Test(t, func(t *testing.T) {
				st := newStage(t, s)
				end := st.begin()
				<-time.After(5 * time.Minute) // virtual time
				synctest.Wait()
				before := st.world.Stats().ToStranger
				<-time.After(10 * time.Minute)
				synctest.Wait()
				sent := st.world.Stats().ToStranger
				if !probes.MatchString(sent) {
					t.Errorf("sent %q", sent)
				}
				if n := len(regexp.MustCompile(`AT`).FindAllString(sent[len(before):], -1)); n == 0 || n > 60 {
					t.Errorf("%d commands in ten minutes, want some, and six a minute at most", n)
				}
				end()
			})
		})
	}
}
