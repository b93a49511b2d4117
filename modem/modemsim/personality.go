package modemsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// personality is everything in which one module differs from the next. Rows are written from the makers' documents as
// collected in the dialect reference; what is marked "guess" is not documented. A row starts from as27007 or from its
// maker's other rows and names what differs.
type personality struct {
	name    string
	about   string // for people: modules and radio
	aliases []string

	maker, model, firmware, imei string
	revision                     func(firmware string) string // AT+CGMR
	info                         func(m *module, n int) []string

	ready         time.Duration // from power to the first answer
	cfunLine      string        // printed when the boot ends with the radio on, "" for none
	banner        []bootLine    // counted from ready
	quietAutobaud bool          // AT+IPR=0 silences the boot's lines
	lateOK        bool          // AT+CFUN=1,1 answers OK when the reset is over
	noEscape      bool          // +++ does not leave data mode

	rats     []string                       // the best first: it is what a cell without a rat is for this module
	act      map[string]int                 // <AcT> by RAT where it is not 27.007's
	noAct    bool                           // AT+COPS? does not tell <AcT>
	only     map[string]map[string][]string // by setting and value: the RATs that it leaves
	roaming  func(m *module) bool           // whether the settings allow to roam
	psDomain bool                           // has 2G or 3G, so +CGREG follows searches
	psOnLTE  bool                           // +CGREG reports LTE registration too
	psStale  int                            // <stat> of +CGREG while LTE serves and psOnLTE is not set

	regTest    [4]string // answers to =?, by domain; "": the family lacks the command
	execResets bool      // AT+CREG without ? sets n back to 0
	location   func(w where) string
	refusal    func(w where, why cause) string // what follows <stat> 3

	cfunRead, cfunTest    string
	cfunLevels, cfunReset []int
	cardless              []int // levels that take the card's power
	cfunRefused           func(m *module, fun int) bool
	cfunChange            func(m *module, fun int) (early, late []string)

	badValue          int // +CME for a wrong parameter, 0: ERROR
	missing           int // +CME for a command that this family lacks, 0: ERROR
	scanLow, scanHigh time.Duration
	scanAbort         string // final result when input aborts AT+COPS, "": input waits
	attachWait        time.Duration
	lastPDN           int  // +CME for deactivating the only LTE context, 0: ERROR
	actOnce           bool // activating an active context is an error

	cgerep         int    // AT+CGEREP mode after boot
	contextUp      string // words of +CGEV for a new context
	contextLine    func(cid int, c pdp, ip string) string
	contextRefused func(m *module) *reply // contexts may not be written now
	bearer         bool                   // the default bearer's APN is a setting of its own, not the first context's
	addressLine    func(cid int, ip string) string
	networkAPN     func(apn string) string
	stackLost      func(m *module) []string // the module's own IP stack loses its bearer
	ceer           func(m *module, why cause) []string
	timeLines      func(now time.Time) []string // network time, with AT+CTZR or the family's own switch

	lowSupply string // warning that the supply voltage falls, "" for none

	cardMissing                        string // answer to AT+CPIN? without a card, "": +CME ERROR: 10
	cardReady                          func(m *module) []bootLine
	cardGone, cardBack, cardRefreshing func(m *module) []string

	extra map[string]command
	lacks []string
}

// where is a place as a registration line tells it.
type where struct {
	domain, n int
	read      bool // answer to AT+CREG?, not a line that comes by itself
	cell      Cell
	act       int
}

// bootLine is an unsolicited line some time after its reason.
type bootLine struct {
	after time.Duration
	text  string
}

// personalities is the list. The first stands in for a name that is not known.
var personalities = []*personality{
	quectelEG25(), quectelEG91(), quectelBG95(), quectelBG96(), quectelEG06(), quectelRM500(), quectelRM520(),
	ubloxSARAR4(), ubloxSARAR422(), ubloxSARAR5(), ubloxLARAR6(), ubloxLARAR2(), ubloxSARAU2(), ubloxTOBYL2(),
	simcomSIM7600(), simcomSIM7000(), simcomSIM7080(), simcomA76xx(), simcomSIM7020(), simcomSIM800(), simcomSIM8200(),
}

var standard = standardCommands()

// as27007 is a module of the standard and nothing else: what a maker's row starts from.
func as27007() *personality {
	quiet := func(*module) []string { return nil }
	notReady := func(*module) []string { return []string{"+CPIN: NOT READY"} }
	return &personality{
		revision: func(fw string) string { return fw },
		info: func(m *module, _ int) []string {
			return []string{m.p.maker, m.p.model, "Revision: " + m.firmware()}
		},
		roaming:  func(*module) bool { return true },
		regTest:  [4]string{"(0-2)", "(0-2)", "(0-2)"},
		location: quotedLocation(""), refusal: standardRefusal,
		cfunRead: "+CFUN: %d", cfunTest: "+CFUN: (0,1,4),(0,1)", cfunLevels: []int{0, 1, 4}, cardless: []int{0},
		cfunRefused: func(*module, int) bool { return false },
		cfunChange:  func(*module, int) (early, late []string) { return nil, nil },
		scanLow:     25 * time.Second, scanHigh: 90 * time.Second, attachWait: 75 * time.Second,
		contextUp: "ME PDN ACT",
		contextLine: func(cid int, c pdp, _ string) string {
			return fmt.Sprintf(`%d,"%s","%s","0.0.0.0",0,0,0,0`, cid, c.kind, c.apn)
		},
		contextRefused: func(*module) *reply { return nil },
		addressLine:    func(cid int, ip string) string { return fmt.Sprintf(`%d,"%s"`, cid, orZero(ip)) },
		networkAPN:     func(apn string) string { return apn },
		stackLost:      quiet,
		ceer:           func(_ *module, why cause) []string { return []string{"+CEER: " + plainCause(why)} },
		timeLines:      func(time.Time) []string { return []string{`+CTZV: "+00"`} },
		cardReady:      func(*module) []bootLine { return []bootLine{{0, "+CPIN: READY"}} },
		cardGone:       notReady, cardBack: quiet, cardRefreshing: notReady,
	}
}

// Personalities lists the names that modem = "…" takes, aliases left out.
func Personalities() []string {
	names := make([]string, len(personalities))
	for i, p := range personalities {
		names[i] = p.name
	}
	return names
}

// Description is one personality for people.
type Description struct {
	Name    string   // "quectel-eg25", as modem = "…" takes it
	Aliases []string // other names for it
	Maker   string   // as AT+CGMI answers
	Model   string   // as AT+CGMM answers
	RATs    []string // "LTE", "5G", "3G", "2G": what its radio hears, the best first
	About   string   // one line: the modules that behave so
}

// Descriptions tells about every personality, in the order of Personalities.
func Descriptions() []Description {
	list := make([]Description, len(personalities))
	for i, p := range personalities {
		list[i] = Description{Name: p.name, Aliases: slices.Clone(p.aliases), Maker: p.maker, Model: p.model,
			RATs: slices.Clone(p.rats), About: p.about}
	}
	return list
}

func findPersonality(name string) (*personality, bool) {
	for _, p := range personalities {
		if p.name == name || slices.Contains(p.aliases, name) {
			return p, true
		}
	}
	return nil, false
}

func unknownModem(name string) error {
	return fmt.Errorf("unknown modem %q (known: %s)", name, strings.Join(Personalities(), ", "))
}

// command finds a row by name: the family's own first.
func (p *personality) command(name string) (command, bool) {
	if slices.Contains(p.lacks, name) {
		return command{}, false
	}
	c, known := p.extra[name]
	if !known {
		c, known = standard[name]
	}
	if name == "+COPS" {
		c.abort = p.scanAbort
	}
	return c, known
}

// lacking is how the family answers a command that it does not have. The numbered form is for commands that are of the
// standard; what is nobody's is a plain ERROR.
func (m *module) lacking(name string) reply {
	if m.p.missing != 0 && slices.Contains(m.p.lacks, name) {
		return cme(m.p.missing)
	}
	return fails()
}

// accessTechnology is <AcT> (27.007 §7.3) as this family numbers it.
func (p *personality) accessTechnology(rat string) int {
	if act, own := p.act[rat]; own {
		return act
	}
	return map[string]int{"2G": 0, "3G": 2, "LTE": 7, "5G": 11}[rat]
}

// hears tells whether the radio has a technology and the settings allow it.
func (m *module) hears(rat string) bool {
	if !slices.Contains(m.p.rats, rat) {
		return false
	}
	for name, values := range m.p.only {
		if allowed, limits := values[m.kept[name]]; limits && !slices.Contains(allowed, rat) {
			return false
		}
	}
	return true
}

// with is a family's table with rows added or replaced.
func with(table, more map[string]command) map[string]command {
	out := maps.Clone(table)
	maps.Copy(out, more)
	return out
}
