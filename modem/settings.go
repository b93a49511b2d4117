package modem

import (
	"slices"
	"strings"
	"time"
)

// SettingName says what a setting decides, whatever the family calls it.
type SettingName string

const (
	SetRoaming     SettingName = "roaming"         // may the module use a network that is not its home
	SetDataRoaming SettingName = "data-roaming"    // the same for data alone; read only
	SetProfile     SettingName = "mno-profile"     // the operator's bundle of settings (u-blox UMNOPROF, Quectel MBN)
	SetRAT         SettingName = "rat"             // technologies the module searches
	SetRATOrder    SettingName = "rat-order"       // and in which order
	SetLTEMode     SettingName = "lte-mode"        // LTE-M, NB-IoT or both
	SetBands       SettingName = "bands"           // frequency bands; of LTE alone where 5G has lists of its own
	SetBandsSA     SettingName = "bands-5g-sa"     // bands of standalone 5G
	SetBandsNSA    SettingName = "bands-5g-nsa"    // 5G bands beside an LTE cell (EN-DC)
	Set5GOff       SettingName = "5g-off"          // kinds of 5G that are switched off; read only
	SetFrequency   SettingName = "frequencies"     // 2G and 3G bands by frequency; read only
	SetDomain      SettingName = "domain"          // circuit-switched, packet-switched, both
	SetPSM         SettingName = "psm"             // 3GPP power saving mode
	SetEDRX        SettingName = "edrx"            // extended discontinuous reception
	SetSleep       SettingName = "uart-sleep"      // the serial port falls asleep
	SetURCPort     SettingName = "urc-port"        // where unsolicited lines go
	SetURCCache    SettingName = "urc-cache"       // unsolicited lines are held back
	SetSTK         SettingName = "stk"             // who answers the card's toolkit; read only
	SetUSBNet      SettingName = "usb-net"         // what the USB network interface speaks; read only
	SetUSBMode     SettingName = "usb-mode"        // which USB interfaces there are; read only
	SetSIMDetect   SettingName = "sim-detect"      // the slot's switch and its polarity; read only
	SetLwM2M       SettingName = "lwm2m"           // an operator's device management client
	SetSelection   SettingName = "selection"       // AT+COPS mode; see Driver.AutomaticSelection
	SetNetworkAPN  SettingName = "network-apn"     // the APN that the network itself gave; read only
	SetCellLock    SettingName = "cell-lock"       // the module is bound to one cell; read only
	SetSIMSlot     SettingName = "sim-slot"        // which of two slots is in use; read only
	SetHotSwap     SettingName = "sim-hot-swap"    // a change of the card is reported; read only
	SetPreferred   SettingName = "preferred-plmns" // the owner's list on the card; see Wanted.UPLMN
)

// Setting is something the module keeps, over power-off too, that decides whether a roaming card gets service. It is
// read, and written only when a Wanted asks for another value than it has: flash wears, and many writes start a new
// search or a restart.
type Setting struct {
	Name   SettingName
	Read   string // the command: `AT+QCFG="roamservice"`
	Prefix string // label of the answer lines; "" when they are bare
	// Value makes the short form that is shown and compared: "255". Nil: all after the label and a quoted key, as it is
	// (SettingText).
	Value func(lines []string) (string, error)
	// Wish returns the value that w needs and true, or false when have is as good as any or w does not ask. Nil: the
	// setting is read only. It must be stable: of its own answer it wishes nothing.
	Wish func(w Wanted, id Identity, have string) (want string, ok bool)
	// Write has the commands that set a value, in order. One that is refused ends it.
	Write    func(value string) []string
	RadioOff bool   // the write is refused while registered: radio off around it
	Restart  bool   // in force only after Driver.Reset
	Why      string // for people
	Source   string // manual and clause, or the shipping code
}

// Wanted is what the owner asks of the module beyond service on the Super SIM. The zero value changes nothing.
type Wanted struct {
	RATs           []string // "2G", "3G", "4G", "5G": only these are searched; none: as it is. LTE-M is 4G
	Bands          Bands
	Roaming        Choice
	PowerSavingOff bool // no PSM, no eDRX, a serial port that stays awake: each can make a module look dead
	UPLMN          []PreferredPLMN
}

// Has reports whether w wants the technology; false also when w does not ask.
func (w Wanted) Has(rat string) bool {
	return slices.Contains(w.RATs, rat)
}

// Bands by technology, as 3GPP numbers them (36.101 §5.5, 38.101 §5.2). Nil: as it is.
type Bands struct{ LTE, NR []int }

// Choice is a wish that may be absent.
type Choice int8

const (
	Leave Choice = iota
	On
	Off
)

// SettingValue is what a setting was read as. Whoever reads one answer alone gets one alone.
type SettingValue struct {
	Name  SettingName
	Value string
	Want  string // what the driver's Wanted asks for; "" when the value is as good as any
	Was   string // before Configure changed it; "" when it did not
}

// Settings is everything that the module keeps and this firmware tells.
type Settings struct{ List []SettingValue }

// RestartNeeded says that a setting was changed which is in force only after Driver.Reset.
type RestartNeeded struct{}

// ForbiddenPLMNs is the card's list of networks that refused it for good (EF_FPLMN).
type ForbiddenPLMNs struct{ List []string }

func (SettingValue) observation()   {}
func (Settings) observation()       {}
func (RestartNeeded) observation()  {}
func (ForbiddenPLMNs) observation() {}

// Activation describes how a family brings a PDP context up in words other than 27.007's AT+CGACT and AT+CGPADDR.
type Activation struct {
	// Define has the commands that tell the stack about c, beside AT+CGDCONT; nil: none. They hold no secret.
	Define   func(c PDPContext) []string
	Up, Down func(cid int) string
	Read     string // lists what is up
	Prefix   string
	// Parse reads the answer to Read: the contexts that are up, with their addresses, "" where the answer has none.
	Parse func(lines []string) ([]Address, error)
	// Address asks for one context's address when Read does not tell it; nil: Read tells, or AT+CGPADDR does.
	Address func(cid int) Query
	// Later: Up says OK at once and the context comes so much later at most; Read is then asked until it is there. 0: OK
	// is the result.
	Later  time.Duration
	Loss   []string // the unsolicited lines that report its end, for people; Events reads them
	Source string
}

// Forbidden is a family's own way to the card's list of forbidden networks. The zero value leaves the way that every
// module has: AT+CRSM.
type Forbidden struct {
	Read   string
	Prefix string
	Parse  func(lines []string) ([]string, error) // the PLMNs, in digits
	Clear  string
	Source string
}

// SettingText is the text after the label, and after a quoted key that the command names too: `+QCFG: "roamservice",255`
// gives "255". Quotes and blanks around a lone value are removed.
func SettingText(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", ErrAnswer
	}
	label, f := splitLine(lines[0])
	_, rest, ok := strings.Cut(lines[0], ":")
	if label == "" || !ok {
		return "", unreadable("setting", lines[0])
	}
	if len(f) > 1 && f[0].quoted {
		_, rest, _ = strings.Cut(rest, ",")
	}
	if rest = strings.Trim(rest, "\" "); rest == "" {
		return "", unreadable("setting", lines[0])
	}
	return rest, nil
}

// SettingField makes a Value that is only the i-th field of the answer, counted from 0, without its quotes.
func SettingField(i int) func([]string) (string, error) {
	return func(lines []string) (string, error) {
		if len(lines) == 0 {
			return "", ErrAnswer
		}
		_, f := splitLine(lines[0])
		if i >= len(f) {
			return "", unreadable("setting", lines[0])
		}
		return f[i].text, nil
	}
}

// WriteFormat makes a Write of one command with the value in place of %s.
func WriteFormat(format string) func(string) []string {
	return func(value string) []string { return []string{strings.Replace(format, "%s", value, 1)} }
}

// WishOff makes a Wish of a setting that saves power: off, when Wanted asks for that and it has another value. The
// values in also mean off.
func WishOff(off string, also ...string) func(Wanted, Identity, string) (string, bool) {
	return func(w Wanted, _ Identity, have string) (string, bool) {
		return off, w.PowerSavingOff && have != off && !slices.Contains(also, have)
	}
}

// PSM and EDRX are 27.007's switches for them (§7.38, §7.40), for the LTE-M families.
var (
	PSM = Setting{
		Name: SetPSM, Read: "AT+CPSMS?", Prefix: "+CPSMS", Value: SettingField(0),
		Wish: WishOff("0"), Write: WriteFormat("AT+CPSMS=%s"),
		Why: "a module in power saving mode answers neither AT nor the network", Source: "27.007 §7.38",
	}
	EDRX = Setting{
		Name: SetEDRX, Read: "AT+CEDRXS?", Prefix: "+CEDRXS", Value: EDRXValue,
		Wish: WishOff("0"), Write: WriteFormat("AT+CEDRXS=%s"),
		Why: "a module that listens every few minutes only answers the network late", Source: "27.007 §7.40",
	}
)

// EDRXValue reads AT+CEDRXS?: "0" when no technology has a cycle, else the technologies and their cycles: "4=0010". A
// cycle of 0000 and a missing one count as none: SARA-R510 writes `+CEDRXS: 4,"0000"` when it is off, R410 an empty
// line (Particle).
func EDRXValue(lines []string) (string, error) {
	var on []string
	for _, l := range lines {
		label, f := splitLine(l)
		if label != "+CEDRXS" {
			return "", unreadable("AT+CEDRXS?", l)
		}
		cycle := at(f, 1).text
		if act := at(f, 0).text; act != "" && act != "0" && strings.Trim(cycle, "0") != "" {
			on = append(on, act+"="+cycle)
		}
	}
	if len(on) == 0 {
		return "0", nil
	}
	return strings.Join(on, " "), nil
}
