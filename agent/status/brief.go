package status

// Brief is what a device publishes of itself for its owner: who it is, the verdict, and what carries it. A device that is not
// there has a Brief with Unreachable (its connection was lost) or Stopped (its agent was stopped) and no verdict.
type Brief struct {
	Schema       string       `json:"schema"`
	Time         Time         `json:"time,omitzero"`
	ICCID        string       `json:"iccid,omitzero"`
	ID           string       `json:"id,omitzero"` // of the topic, in place of the ICCID
	Verdict      Verdict      `json:"verdict,omitzero"`
	Modem        Modem        `json:"modem,omitzero"` // vendor and model
	Registration Registration `json:"registration,omitzero"`
	Signal       Signal       `json:"signal,omitzero"`
	Data         Data         `json:"data,omitzero"`   // whether the context is active
	Attach       Attach       `json:"attach,omitzero"` // profile and step
	Unreachable  bool         `json:"unreachable,omitzero"`
	Stopped      bool         `json:"stopped,omitzero"`
}

// MakeBrief leaves out whatever costs bytes and can be read on the device: the evidence, the settings, the cell.
func MakeBrief(s *Status) Brief {
	v := s.Verdict
	return Brief{Schema: Schema, Time: s.Time, ICCID: s.SIM.ICCID,
		Verdict: Verdict{Code: v.Code, Online: v.Online, Summary: v.Summary, Confidence: v.Confidence, Since: v.Since, Rule: v.Rule,
			Next: v.Next, Advice: v.Advice},
		Modem:        Modem{Vendor: s.Modem.Vendor, Model: s.Modem.Model},
		Registration: Registration{State: s.Registration.State, RAT: s.Registration.RAT, PLMN: s.Registration.PLMN, Cause: s.Registration.Cause},
		Signal:       Signal{RSRPdBm: s.Signal.RSRPdBm, Quality: s.Signal.Quality},
		Data:         Data{Active: s.Data.Active},
		Attach:       Attach{Profile: s.Attach.Profile, Step: s.Attach.Step}}
}

// Key is equal for two Briefs that tell their reader the same. Registration and signal come and go while a verdict holds.
func (b *Brief) Key() string {
	active := "?"
	if b.Data.Active != nil {
		active = map[bool]string{true: "up", false: "down"}[*b.Data.Active]
	}
	return b.ICCID + " " + b.Verdict.Code + " " + active
}
