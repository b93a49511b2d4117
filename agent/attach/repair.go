package attach

import (
	"fmt"
	"time"

	"supersim-agent/agent/facts"
)

const (
	repairWindow     = time.Hour
	repairsPerWindow = 2
)

// repair sets what is wrong in the modem's configuration, each thing twice at most: if it does not stay, something else
// keeps changing it, and that is for a person to find.
func (w *view) repair() (Decision, bool) {
	f := w.f
	switch {
	case w.v.Code == "sim-pin":
		return w.enterPIN(), true
	case w.v.Code == "radio-off":
		return w.mend(RadioOn, "the radio is off"), true
	case w.v.Code == "manual-plmn":
		return w.mend(AutomaticSelection, "the modem is locked to one network"), true
	case !f.SuperSIM():
		return Decision{}, false
	case len(f.WrongSettings()) > 0:
		return w.mend(Configure, facts.SettingWords(f.WrongSettings()[0])), true
	case f.Module.RestartNeeded:
		return w.mend(ModuleReset, "a setting that was changed is in force only after a restart"), true
	case f.ReadyForData():
		return Decision{}, false // it works as it is
	case f.APNWrong() || f.PDPTypeWrong():
		return w.mend(SetAPN, fmt.Sprintf("the modem has APN %q (%s), wanted is %q (%s)",
			f.Context.Value.APN, f.Context.Value.Type, f.Want.APN, f.Want.PDPType)), true
	case f.AuthMissing():
		return w.mend(SetAPN, "the data connection was refused, and the APN's credentials were not written yet"), true
	}
	return Decision{}, false
}

func (w *view) mend(k Kind, why string) Decision {
	done := w.h.since(w.now.Add(-repairWindow), k)
	if n := len(done); n >= repairsPerWindow {
		return holdUntil(done[n-repairsPerWindow].At.Add(repairWindow), "repair",
			fmt.Sprintf("%s was done %d times within %v and did not last: something else changes it", k, n, repairWindow))
	}
	return Decision{Kind: k, At: w.now, Rule: "repair", Why: why}
}

// enterPIN enters the PIN when the card asks for it. One that was not accepted is left alone for an hour; whether it may be
// tried at all then, whoever keeps the PIN decides, because three wrong ones block a card.
func (w *view) enterPIN() Decision {
	d := Decision{Kind: EnterPIN, At: w.now, Rule: "repair", Why: "the SIM asks for its PIN"}
	if done := w.h.since(time.Time{}, EnterPIN); len(done) > 0 && done[len(done)-1].Outcome != "ok" {
		d.At = done[len(done)-1].At.Add(time.Hour)
		d.Why = "the PIN was not accepted; whether another one was configured is looked at then"
	}
	return d
}
