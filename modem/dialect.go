package modem

import (
	"slices"
	"strings"
	"time"

	"supersim-agent/atcmd"
)

// Dialect says how one family of modules differs from the standard: mostly data, a few parsers. A zero field means
// "as the standard has it"; [Standard] documents what that is. A Dialect is never changed after it is built.
type Dialect struct {
	Name   string   // "quectel-eg25": stable, shown in status
	Vendor string   // "quectel", "simcom", "ublox"; "" for the standard
	Claims []string // beginnings of the AT+CGMM answer, upper case; the longest claim of all dialects wins

	Boot     []string      // lines that only a module prints that has just started
	BootTime time.Duration // longest time from power-on to the first answer to AT
	CardTime time.Duration // so long after a session began, "SIM failure" only says that the card is not up yet
	Setup    []Step        // sent after each boot, in order, echo and error format already being set

	Firmware string        // command that tells the firmware: "AT+CGMR"
	ICCID    Query         // AT+CRSM on EF_ICCID is tried when it is refused
	Signal   []Query       // best first; one that is refused, or cannot be read, three times is not asked again in this session
	Cell     []Query       // serving cell, best first; each gives a Cells. nil: the registration is all there is
	Time     []Query       // the module's clock, best first; each gives a NetworkTime. nil: AT+CCLK?
	Reg      []Registrar   // the domains of this family
	Cause    Query         // what the last failure was; an empty Cmd: the family cannot tell
	AcT      map[int]int   // access technology numbers that mean something else here -> 27.007 numbers
	APN      APNRule       // how a new APN reaches the next attach
	Auth     AuthFunc      // nil: 27.007's AT+CGAUTH
	Settings []Setting     // what the module keeps; see Driver.Settings and Driver.Configure
	FPLMN    Forbidden     // the family's own list of forbidden networks; zero: the card's file by AT+CRSM
	Activate *Activation   // nil: AT+CGACT and AT+CGPADDR
	Stack    *Activation   // the module's own IP stack, which a host that has PPP or a network interface does not need
	Limits   []Limit       // commands that may take long; the longest matching beginning wins
	URCs     []atcmd.URC   // the family's unsolicited lines, beside the standard ones
	Events   []Event       // what some of those lines mean
	Power    Power         // for whoever drives the pins; the driver itself does not
	RadioOff string        // "AT+CFUN=4": 0 would take the power off the card on most families
	RadioGap time.Duration // least time between two changes of functionality
	Gap      time.Duration // least time between an answer and the next command (u-blox)
	Reset    string        // restarts the module, and the card with it
	PowerOff atcmd.Cmd     // switches the module off in good order
}

// Step is one line of session set-up. With Read given it is idempotent: Write is sent only when no line of the answer
// to Read equals Want. Required marks the few without which a session is worthless.
type Step struct {
	Read, Want string
	Write      string
	Required   bool
	Only       Line   // only on such a port
	Why        string // for people
}

// Line is how the port reaches the module. Some settings name the port that unsolicited lines go to.
type Line int8

const (
	AnyLine Line = iota // not known; in a Step: wherever
	UART
	USB
)

// Query is a question and how its answer is read. Cmd "" means that there is none.
type Query struct {
	Cmd    string
	Prefix string   // label of the answer lines; "" when they are bare
	Labels []string // in place of Prefix, where lines have several labels, or some firmware another; "" is a bare line
	Parse  func(lines []string) (Observation, error)
}

// Takes reports whether a line with that label, "" for a bare one, may belong to the answer.
func (q Query) Takes(label string) bool {
	if q.Labels == nil {
		return strings.EqualFold(q.Prefix, label)
	}
	return slices.ContainsFunc(q.Labels, func(l string) bool { return strings.EqualFold(l, label) })
}

// Registrar is one domain's registration command. N lists the values for AT+CxREG=<n> by preference; 3 and 5 bring
// reject causes. With Ask, AT+CxREG=? chooses; without, they are tried in turn, which costs nothing when the first is
// documented.
type Registrar struct {
	Domain Domain
	N      []int
	Ask    bool
}

// APNRule says what must happen so that a new APN is used by the next attach. On LTE the APN of the first context is
// part of the attach request: writing it changes nothing until the module attaches again.
type APNRule struct {
	RadioFirst bool          // the context may only be written with the radio off (u-blox)
	Tries      int           // how often a refused write is repeated: Quectel refuses in the first seconds after boot
	Pause      time.Duration // between those
	Attach     AttachAPN     // zero: the first context has the APN of the attach
}

// AttachAPN is a setting of its own for the APN of the attach to LTE, beside the contexts. Its answer has a PDP type and,
// behind it, the APN, wherever they stand. Firmware of the family may lack it; then it is as if the family had none.
type AttachAPN struct {
	Read   string // "AT*MCGDEFCONT?"
	Prefix string
	Write  string // with %s for the type and %s for the APN, quoted
	Source string
}

// Auth is what a private APN asks for; the zero value means none, as with the Super SIM.
type Auth struct {
	Method   AuthMethod
	User     string
	Password string
}

// String keeps the password out of logs.
func (a Auth) String() string { return "auth(" + a.User + ")" }

// AuthMethod is <auth_prot> of AT+CGAUTH (27.007 §10.1.31).
type AuthMethod int

const (
	AuthNone AuthMethod = 0
	AuthPAP  AuthMethod = 1
	AuthCHAP AuthMethod = 2
)

// AuthFunc builds the command that sets a context's credentials; vendors order user and password differently.
type AuthFunc func(c PDPContext, a Auth) atcmd.Cmd

// Limit is the longest time a command may take, by the beginning of its text.
type Limit struct {
	Begins string
	Time   time.Duration
	Source string // manual, or the shipping code that uses the value
}

// Event gives a meaning to a vendor's unsolicited line, by its beginning or, with Exact, by the whole of it.
type Event struct {
	Begins string
	Exact  bool
	Parse  func(line string) []Observation
}

// Power holds the durations of the power pins (low means active at the module's pin).
type Power struct {
	OnPulse    time.Duration // hold the power key so long to switch on
	OffPulse   time.Duration // and so long to switch off
	OffTime    time.Duration // until it is really off
	ResetPulse time.Duration
	Awake      time.Duration // least time between on and off
	Source     string
}

// claim tells how many characters of model this dialect claims.
func (d *Dialect) claim(model string) int {
	best := 0
	for _, c := range d.Claims {
		if len(c) > best && strings.HasPrefix(model, c) {
			best = len(c)
		}
	}
	return best
}

// vendorWords stand before the model on some firmware and are not part of it.
var vendorWords = []string{"QUECTEL", "SIMCOM INCORPORATED", "SIMCOM_", "SIMCOM", "U-BLOX"}

// plainModel prepares an AT+CGMM answer for comparison with claims: "SIMCOM_SIM7600E-H" becomes "SIM7600E-H".
func plainModel(model string) string {
	m := strings.ToUpper(strings.TrimSpace(model))
	for _, w := range vendorWords {
		m = strings.TrimLeft(strings.TrimPrefix(m, w), " _-")
	}
	return m
}

// Choose finds the dialect with the longest claim on the model, Standard when none has any.
func Choose(dialects []*Dialect, model string) *Dialect {
	model = plainModel(model)
	chosen, most := Standard, 0
	for _, d := range dialects {
		if n := d.claim(model); n > most {
			chosen, most = d, n
		}
	}
	return chosen
}

// limit is the longest time that a command may take; zero leaves it to the engine's default.
func (d *Dialect) limit(cmd string) time.Duration {
	var best Limit
	for _, table := range [][]Limit{standardLimits, d.Limits} { // equal beginnings: the family's own wins
		for _, l := range table {
			if len(l.Begins) >= len(best.Begins) && strings.HasPrefix(cmd, l.Begins) {
				best = l
			}
		}
	}
	return best.Time
}

// registrar finds a domain's row.
func (d *Dialect) registrar(domain Domain) (Registrar, bool) {
	for _, r := range d.Reg {
		if r.Domain == domain {
			return r, true
		}
	}
	return Registrar{}, false
}

// FirstLine makes a Query's Parse from the parser of a single line: the first line that it understands counts.
func FirstLine[T Observation](parse func(string) (T, error)) func([]string) (Observation, error) {
	return func(lines []string) (Observation, error) {
		var first error
		for _, l := range lines {
			v, err := parse(l)
			if err == nil {
				return v, nil
			}
			if first == nil {
				first = err
			}
		}
		if first == nil {
			first = ErrAnswer // OK and nothing before it
		}
		return nil, first
	}
}
