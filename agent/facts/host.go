package facts

import (
	"fmt"
	"time"
)

// HostObservation is something that was seen on this computer or from it, not on the modem: its network interface, what a
// probe found, what was counted, what the operator's console says of the card. It carries no time; Observe stamps it.
type HostObservation interface{ hostObservation() }

// HostLink is the modem's network interface on this computer.
type HostLink struct {
	Name    string // "wwan0", "ppp0"; "" when there is none
	Up      bool
	IP      string // its address, "" when it has none
	Route   bool   // a way to the internet leads through it, be it the second best
	Rival   string // the interface whose way there the kernel prefers, "" when none is preferred to this one
	TxBytes int64  // counters of the interface since it appeared
	RxBytes int64
}

// Outcome is what became of one kind of probe.
type Outcome uint8

const (
	NotTried Outcome = iota
	Worked
	Failed
)

// Probe is one round of probes through the modem's interface. Each part stands for itself.
type Probe struct {
	IP     Outcome // packets to an address outside and back
	DNS    Outcome // a name was resolved
	Server Outcome // the owner's own server answered
	TLS    Outcome // a TLS handshake succeeded
	Idle   Outcome // a connection that was quiet for long still works
}

// Usage is what the interface carried between two readings of its counters in one run of the interface. The counters
// begin anew with the interface: nothing is compared across that.
type Usage struct {
	From, To     time.Time // local stamps
	Upload, Down int64     // bytes
}

// Account is what the operator's console or API says of the card. Lists are networks separated by spaces.
type Account struct {
	Missing  bool      // the card is not in this account
	Status   string    // "new", "ready", "active", "inactive", "scheduled"; "" when not known
	Changed  time.Time // last change of the card or of its profile, the operator's time
	Profile  string    // networks of the Network Access Profile, "" when not known
	Disabled bool      // the fleet has data switched off
}

func (HostLink) hostObservation() {}
func (Probe) hostObservation()    {}
func (Usage) hostObservation()    {}
func (Account) hostObservation()  {}

// Outside is what is known of this computer and from elsewhere. Whatever nobody delivers stays unknown, and no rule fires on it.
type Outside struct {
	Link    Seen[HostLink] // Since: its addresses and route hold since; counters do not count as a change
	Carried HostLink       // the link as it was one reading earlier: what moved since
	Meter   Meter
	Probe   Seen[Probe]
	Usage   Seen[Usage]
	Account Seen[Account]
}

// Observe puts an observation of the host in its place. It returns what a person would call a change.
func (f *Facts) Observe(now time.Time, obs HostObservation) []Change {
	h := &f.Outside
	switch o := obs.(type) {
	case HostLink:
		return f.observeLink(now, o)
	case Probe:
		return hostNews(h.Probe.set(now, o), "probe: %s", o)
	case Usage:
		h.Usage.set(now, o)
	case Account:
		return hostNews(h.Account.set(now, o), "the operator's console says: %s", o)
	}
	return nil
}

func (f *Facts) observeLink(now time.Time, o HostLink) []Change {
	seen := &f.Outside.Link
	before := seen.Value
	f.Outside.Carried = before
	same := seen.Known() && before.Name == o.Name && before.Up == o.Up && before.IP == o.IP && before.Route == o.Route
	since := seen.Since
	seen.set(now, o)
	if same {
		seen.Since = since
	} else {
		f.Outside.otherPath(now)
	}
	f.Outside.Meter.add(now, o)
	if u, ok := f.Outside.Meter.closed(now); ok {
		f.Outside.Usage.set(now, u)
	}
	return hostNews(!same || before.Rival != o.Rival, "network interface %s", o)
}

// otherPath: what was probed before now went another way and says nothing of this one.
func (h *Outside) otherPath(now time.Time) {
	if h.Probe.At.Before(now) {
		h.Probe.forget()
	}
}

// Moved is what the interface carried between its last two readings; not known when it began anew in between.
func (h *Outside) Moved() (tx, rx int64, known bool) {
	a, b := h.Carried, h.Link.Value
	if a.Name == "" || a.Name != b.Name || b.TxBytes < a.TxBytes || b.RxBytes < a.RxBytes {
		return 0, 0, false
	}
	return b.TxBytes - a.TxBytes, b.RxBytes - a.RxBytes, true
}

func hostNews(changed bool, format string, what any) []Change {
	if !changed {
		return nil
	}
	return []Change{{Side: Host, Kind: "host", Text: fmt.Sprintf(format, what)}}
}

func (l HostLink) String() string {
	switch {
	case l.Name == "":
		return "is missing"
	case !l.Up:
		return l.Name + " is down"
	case l.IP == "":
		return l.Name + " has no address"
	case !l.Route:
		return l.Name + " has " + l.IP + " and no route to the internet"
	case l.Rival != "":
		return l.Name + " has " + l.IP + "; the way through " + l.Rival + " is preferred to it"
	}
	return l.Name + " has " + l.IP
}

func (p Probe) String() string {
	text := ""
	for _, part := range []struct {
		name string
		is   Outcome
	}{{"IP", p.IP}, {"DNS", p.DNS}, {"server", p.Server}, {"TLS", p.TLS}, {"idle connection", p.Idle}} {
		switch part.is {
		case Worked:
			text = joinComma(text, part.name+" works")
		case Failed:
			text = joinComma(text, part.name+" fails")
		}
	}
	if text == "" {
		return "nothing tried"
	}
	return text
}

func (a Account) String() string {
	switch {
	case a.Missing:
		return "no such SIM in this account"
	case a.Disabled:
		return joinComma("SIM "+a.Status, "data is switched off for its fleet")
	}
	return "SIM " + a.Status
}

func joinComma(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}
