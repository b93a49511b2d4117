package relay

import (
	"strings"
	"time"

	"supersim-agent/agent/correlate"
)

// Need is what a device needs of a person.
type Need string

const (
	NeedVisit   Need = "visit"   // somebody must go there
	NeedDesk    Need = "desk"    // somebody must change something in the console or the configuration
	NeedUnknown Need = "unknown" // nothing is known of it
	NeedWait    Need = "wait"    // it is under way or passes by itself
	NeedNone    Need = "none"    // all is well
)

// needOrder is the order in which a fleet is shown: the worst first.
var needOrder = []Need{NeedVisit, NeedDesk, NeedUnknown, NeedWait, NeedNone}

// NeverHeard is the verdict on a device of the devices file of which nothing has ever come.
const NeverHeard = "never-heard"

// needs is what each verdict needs. A verdict that an agent newer than this relay sends is judged by its advice.
var needs = table(map[Need]string{
	NeedVisit: `modem-unreachable not-a-modem sim-missing sim-pin sim-puk sim-fault not-super-sim no-signal rat-band-config
		rate-limited imei-blocked auth-failed ta-blocked-trap applet-stuck host-path host-not-dialling flapping
		sim-in-other-device agent-down-link-up boot-loop device-off-or-no-coverage unknown-dead`,
	NeedDesk: `sim-inactive sim-new data-limit nap-blocks-all nap-blocks-this-plmn imsi-not-allowed-here imsi-not-provisioned
		rat-not-subscribed unknown-sim apn-rejected pdp-auth denied-cloud-unknown no-roaming-route unseen-consumer
		server-or-filter cloud-updates-missing bearer-limit roaming-off local-traffic-not-on-sim nat-idle`,
	NeedUnknown: NeverHeard,
	NeedWait: `starting searching connecting sim-refreshing core-transient core-session-fail congestion apn-congestion
		imsi-rotation imsi-switched healed-in-cloud steering ota-only ps-not-attached stale-bearer maybe-stale silent-detach no-answer
		event-old plmn-mismatch rat-changed sim-moved-here modem-gave-up wrong-apn pdp-type local-barring-or-old-fplmn
		no-answer fplmn-trap radio-off manual-plmn netdev-down clock-wrong dns`,
	NeedNone: `online online-cloud-lags online-cached-permission ip-mismatch`,
})

func table(words map[Need]string) map[string]Need {
	t := map[string]Need{}
	for need, codes := range words {
		for code := range strings.FieldsSeq(codes) {
			t[code] = need
		}
	}
	return t
}

// patience is how long a device may be away before somebody is sent: coverage comes and goes.
const patience = time.Hour

// needOf is what a verdict needs, away for how long.
func needOf(code, advice string, away time.Duration) Need {
	need, known := needs[code]
	switch {
	case !known && (advice == "" || strings.HasPrefix(advice, "Nothing") || strings.HasPrefix(advice, "Wait")):
		return NeedWait
	case !known:
		return NeedVisit
	case (code == "device-off-or-no-coverage" || code == "unknown-dead") && away < patience:
		return NeedWait
	}
	return need
}

func online(code string) bool { return correlate.Verdict{Code: correlate.Code(code)}.Online() }
