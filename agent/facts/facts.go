// Package facts holds what is known about one device: what the modem showed (the local diary) and what the
// operator's cloud said about the same SIM card (the cloud diary), each with the time of its first and last sighting.
//
// It is pure. Nothing here decides anything: package correlate reads the facts and names the trouble, package attach
// reads both and chooses what to do. A fact is a value in a Seen; Apply puts an observation in its place and says what
// changed. To add a fact, add a Seen field, a case in Apply, and the sentence that a person will read in the timeline.
package facts

import (
	"strings"
	"time"

	"supersim-agent/modem"
)

// Seen is a value with the time it was last confirmed and the time since which it has not changed.
// The zero Seen has never been seen.
type Seen[T comparable] struct {
	Value T
	At    time.Time // last confirmed
	Since time.Time // holds this value since
}

// Known reports whether the value was ever seen and not forgotten since.
func (s Seen[T]) Known() bool { return !s.At.IsZero() }

// set stores v and reports whether that is news.
func (s *Seen[T]) set(now time.Time, v T) bool {
	changed := !s.Known() || s.Value != v
	s.Value, s.At = v, now
	if changed {
		s.Since = now
	}
	return changed
}

func (s *Seen[T]) forget() { *s = Seen[T]{} }

// Want is the configuration that the facts are measured against.
type Want struct {
	APN     string // "super"
	PDPType string // "IP", "IPV6", "IPV4V6" as AT+CGDCONT writes it
	CID     int    // the PDP context in use, 1 unless the board needs another
	NoRoam  bool   // the owner forbids roaming
	Auth    bool   // the APN has credentials, which whoever writes it knows
}

// Port is the state of the serial port that leads to the modem.
type Port struct {
	Path   string
	Open   bool
	Reason string // why it is not open: missing, permission, busy, sandbox, not-a-tty, gone; "" when unknown
	Holder string // the process that holds it, "minicom[812]"
	Text   string // the error in full
	Since  time.Time
}

// Line is the AT dialogue on the port.
type Line struct {
	Alive   bool
	Since   time.Time // alive or dead since
	Failing int       // handshakes in a row without an answer
	Speaks  bool      // the last handshake failed because a modem refused what every session begins with

	Stranger Stranger // who answered the last handshake in the place of a modem; zero: nobody
	ATPort   string   // Stranger: where the module that the port belongs to takes commands, "" when that is not known

	Doubt string // the question that was not answered, while the port is being brought back into step
	Text  string // what was last tried in vain
}

// Dial is our last attempt to activate the PDP context.
type Dial struct {
	At    time.Time
	OK    bool
	Cause modem.Cause
	Text  string
	Tries int // without success since the data path was last up
}

// Facts is everything known about the device. It is a plain value; copying it makes a snapshot.
type Facts struct {
	Want    Want
	Started time.Time

	Port  Port
	Line  Line
	Modem Seen[modem.Identity]

	// BootingUntil: a module that restarts, or the one we first meet, may be silent until then.
	BootingUntil time.Time

	SIM         Seen[modem.SIMState]
	SIMReadyAt  time.Time // last time it was ready
	RefreshedAt time.Time // last time it was initialised again, as the applet does to change the IMSI
	ICCID       Seen[modem.ICCID]
	IMSI        Seen[modem.IMSI]
	IMSIChanges int // in this outage
	Radio       Seen[modem.Radio]
	Supply      Seen[modem.Supply] // last warning about the voltage since the module started
	Installing  Seen[bool]         // firmware is being installed
	Operator    Seen[modem.Operator]
	Reg         [modem.NumDomains]Seen[modem.Registration]
	Signal      Seen[modem.Signal]
	HeardAt     time.Time // last time any cell was measured

	Cause     Seen[modem.Cause]      // last reject cause, zero once a registration succeeded after it
	LastCause Seen[modem.Cause]      // the modem's "last failure", which it never clears
	Context   Seen[modem.PDPContext] // the definition of Want.CID
	AuthGiven bool                   // the credentials were written in this run; no module tells a password
	Active    Seen[bool]             // Want.CID is activated
	IP        Seen[string]           // its address
	Dial      Dial
	Module    Module

	Registered   Seen[bool] // any packet domain registered
	Denied       int        // changes to "denied" since the last registration
	DeniedAt     time.Time  // the last of them
	OutageStart  time.Time  // not registered since; zero while registered
	DataLostAt   time.Time  // registered but without an active context since; zero otherwise
	LastOnlineAt time.Time
	ActivatedAt  time.Time // the context came up under our eyes; zero when it was up before
	Attempts     []Attempt // what the modem tried, oldest first; never written to
	SilentSince  time.Time // for a judge far away: nothing local was reported since; zero on the device itself

	Cloud   Diary
	Clock   Clock
	Outside Outside

	deniedAtLastCause int  // Denied when LastCause was read
	sawUnregistered   bool // a packet domain without service was seen: the next registration happens under our eyes
	iccidDoubt        doubt[modem.ICCID]
	contextDoubt      doubt[modem.PDPContext]
	ipDoubt           doubt[string]
}

// doubt holds back a reading that would have consequences until the same is read again: a UART loses a byte now and
// then, and one digit less makes another card, one letter less another APN.
type doubt[T comparable] struct {
	value T
	open  bool
}

// settled reports whether v may be believed: because it is beyond doubt, or because it was read twice in a row.
func (d *doubt[T]) settled(v T, sure bool) bool {
	if sure || d.open && d.value == v {
		*d = doubt[T]{}
		return true
	}
	d.value, d.open = v, true
	return false
}

// InDoubt reports which readings wait for their confirmation.
func (f *Facts) InDoubt() (looks []modem.Look) {
	if f.iccidDoubt.open {
		looks = append(looks, modem.LookICCID)
	}
	if f.contextDoubt.open {
		looks = append(looks, modem.LookContexts)
	}
	if f.ipDoubt.open {
		looks = append(looks, modem.LookAddress)
	}
	return looks
}

// bootTime is how long a module may be silent after a start (dialects: SIM7600 up to 30 s).
const bootTime = 30 * time.Second

// New returns the facts of an agent that has just started and knows nothing.
func New(now time.Time, want Want) *Facts {
	return &Facts{Want: want, Started: now, OutageStart: now, BootingUntil: now.Add(bootTime), Port: Port{Since: now}, Line: Line{Since: now}}
}

// Serving is the registration that matters most: a packet domain that is registered, else the one that says most.
func (f *Facts) Serving() modem.Registration {
	best, rank := modem.Registration{Domain: modem.EPS, Stat: modem.RegUnknown, AcT: modem.Unknown}, -1
	for _, d := range [...]modem.Domain{modem.FGS, modem.EPS, modem.PS, modem.CS} {
		if r := f.Reg[d]; r.Known() {
			if n := statRank(d, r.Value.Stat); n > rank {
				best, rank = r.Value, n
			}
		}
	}
	return best
}

// BearerComes reports that the network opens the data connection along with the registration, as LTE and 5G do (TS 23.401
// §5.3.2.1). On 2G and 3G it is asked for. A module that leaves the technology out tells by what it can be asked.
func (f *Facts) BearerComes() bool {
	switch modem.RAT(f.Serving().AcT) {
	case "2G", "3G":
		return false
	case "":
		return f.Reg[modem.EPS].Known() || f.Reg[modem.FGS].Known()
	}
	return true
}

// statRank orders the states of several domains: data, then denied, then searching, then nothing.
// CS alone never counts as data (27.007: AT+CREG speaks of the circuit-switched domain).
func statRank(d modem.Domain, s modem.RegStat) int {
	switch {
	case s.Data() && d != modem.CS:
		return 5
	case s == modem.RegDenied:
		return 4
	case s == modem.RegSearching:
		return 3
	case s == modem.RegEmergency, s == modem.RegRLOS, s == modem.RegSMSHome, s == modem.RegSMSRoaming, s.Data():
		return 2
	case s == modem.RegIdle:
		return 1
	}
	return 0
}

// ReadyForData reports whether the modem is registered, the context is active and has an address.
func (f *Facts) ReadyForData() bool {
	return f.Line.Alive && f.Registered.Value && f.Active.Value && f.IP.Value != ""
}

// APNWrong reports whether the modem is known to hold another APN than wanted.
// The regional names (de1.super) serve as well as super.
func (f *Facts) APNWrong() bool {
	have := f.Context.Value.APN
	return f.Context.Known() && have != f.Want.APN && !(f.Want.APN == "super" && strings.HasSuffix(have, ".super"))
}

// PDPTypeWrong reports whether the modem is known to hold another PDP type than wanted.
func (f *Facts) PDPTypeWrong() bool {
	return f.Context.Known() && f.Context.Value.Type != f.Want.PDPType
}

// AuthMissing reports that the APN's credentials were not written yet and a data connection was refused.
func (f *Facts) AuthMissing() bool {
	return f.Want.Auth && !f.AuthGiven && f.Dial.Tries > 0 && !f.Dial.OK
}

// FreshCause returns the reject cause if it may still explain the present state: not too old, and not followed by a
// registration.
func (f *Facts) FreshCause(now time.Time) (modem.Cause, bool) {
	c := f.Cause
	age := causeAge
	if lasting(c.Value) {
		age = lastingCauseAge
	}
	if c.Value == (modem.Cause{}) || now.Sub(c.At) > age {
		return modem.Cause{}, false
	}
	return c.Value, true
}

const (
	causeAge        = 30 * time.Minute
	lastingCauseAge = 48 * time.Hour // T3245: 24 to 48 h
)

// lasting reports a cause after which the modem treats the SIM as invalid until power-off or T3245 (TS 24.301
// §5.5.1.2.5): it makes no attempt that could bring another cause.
func lasting(c modem.Cause) bool {
	return !SessionCause(c) && (c.Number == 3 || c.Number == 6 || c.Number == 7 || c.Number == 8)
}
