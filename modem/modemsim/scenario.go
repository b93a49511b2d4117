package modemsim

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// Scenario is a world and what must become true in it. The zero value is not usable; start from Default or a file.
type Scenario struct {
	Title    string
	Modem    string        // personality, e.g. "quectel-eg25"; see Personalities
	Duration time.Duration // how long the scenario is played
	Seed     uint64        // the same seed gives the same world, byte for byte

	SIM      SIM
	Cells    []Cell
	Module   Module
	Cloud    Cloud
	Host     Host
	Internet Internet
	At       []Change // in order of time
	Expect   []Expect // judged by whoever plays the scenario, not by the world
}

// SIM is the card and its subscription. Keys of [sim].
type SIM struct {
	ICCID            string        // iccid: 18 to 20 digits
	IMSIs            []string      // imsis: the identities the applet rotates through, the first is in use
	IMEI             string        // imei: what the network reports as the device; the module's own when ""
	Status           string        // status: new, ready, active, inactive
	APNAllowed       []string      // apn_allowed: compared without case
	DataLimitReached bool          // data_limit_reached: sessions are refused with ESM #8
	IMSISwitch       time.Duration // imsi_switch: the applet changes IMSI after this long unregistered; 0: never
	AppletClears     bool          // applet_clears_fplmn: a switch empties EF_FPLMN, as applets of several makers do
	FPLMN            []string      // fplmn: EF_FPLMN at the start, PLMNs
	FPLMNSlots       int           // fplmn_slots: size of EF_FPLMN in entries of 3 bytes (TS 31.102 §4.2.16: at least 4)
	PIN              string        // pin: 4 to 8 digits, "": none asked
	Present          bool          // present: the card is in its holder
	AttachLimit      int           // attach_limit: attach attempts in 10 minutes before the home side answers 83703
}

// Cell is one radio cell. Keys of [[cell]].
type Cell struct {
	PLMN         string   // plmn: five or six digits
	Name         string   // name: the operator's
	Country      string   // country: ISO code for the cloud; derived from the MCC when ""
	CloudPLMN    string   // cloud_plmn: the PLMN the cloud's events name when it differs (AT&T: 310170 for 310410)
	RAT          string   // rat: "LTE" (Cat 1, Cat-M1), "5G", "3G" or "2G"; "": the best that the module has
	RSRPdBm      int      // rsrp: below -124 the module does not hear the cell
	TAC          uint32   // tac: LTE TAC or 2G/3G LAC
	CellID       uint32   // cell_id: 28 bits
	NAPAllowed   bool     // nap_allowed: the SIM's Network Access Profile holds this network
	RejectCause  int      // reject_cause: EMM cause the visited network gives by itself, 0: none
	SessionCause int      // session_cause: ESM or SM cause with which it refuses data sessions by itself, 0: none
	RoamingRoute bool     // roaming_route: the visited network can reach the home side
	AllowedIMSIs []string // allowed_imsis: which of the SIM's IMSIs the home side allows here; empty: all
}

// Module is the module's state at the start and how rough its line is. Keys of [module], or of [modem] when its name
// stands there as well (name = "quectel-eg25").
type Module struct {
	APN        string        // apn: context 1 at the start
	PDPType    string        // pdp_type: of context 1
	CFUN       int           // cfun: 0, 1 or 4
	COPSMode   int           // cops_mode: 0 automatic, 1 manual, 2 deregistered
	COPSPLMN   string        // cops_plmn: the network of mode 1
	Boot       time.Duration // boot: from power to the first answer; the personality's own when negative
	Echo       bool          // echo: whether it is on after a boot
	Firmware   string        // firmware: revision text; the personality's when ""
	IMEI       string        // imei
	Speaks     string        // speaks: what is on the port: modem, nmea, login, echo, binary, or error (to everything)
	Powered    bool          // powered: on at the start
	Stored     []string      // stored: commands that an earlier owner sent, such as AT+CNMP=13; unknown ones do nothing
	Fragments  bool          // fragments: answers leave in random pieces
	Interleave bool          // interleave: unsolicited lines may come inside an answer or glued to its end
	Late       bool          // late: now and then an answer takes up to a second and a half longer
}

// Cloud is the way of connection events to the device. Keys of [cloud].
type Cloud struct {
	Delay     time.Duration // delay: from happening to delivery
	Jitter    time.Duration // jitter: up to this much more
	Duplicate float64       // duplicate: probability that an event comes twice
	Reorder   float64       // reorder: probability that an event is overtaken by later ones
	Loss      float64       // loss: probability that an event never comes
	Alive     bool          // alive: false: nothing is sent and nothing is queued
	Envelope  string        // envelope: "kore" or "twilio"
	// core_failure: "attach" or "session": the operator's core fails there with an internal error (83700, 83701).
	CoreFailure string
	OTA         time.Duration // ota: the applet opens a session on ota.super this often; 0: never
}

// Host is the computer that the module is attached to. The world does not have one: whoever plays the scenario brings it
// and follows (World.OnHost). Keys of [host].
type Host struct {
	NTP         bool          // ntp: a time server sets its clock
	ClockOffset time.Duration // clock_offset: its clock is ahead of the world's by this, behind when negative

	Interface string // interface: the module's network interface, such as wwan0; "": the host has no data path
	Link      string // link: up, down, no-address or no-route
	Upload    int    // upload: bytes a minute that its programs send while they can
	Download  int    // download: bytes a minute that come back
}

// Internet is what lies beyond the operator. Keys of [internet].
type Internet struct {
	DNS    bool // dns: names are resolved
	Filter bool // filter: what the device sends arrives at the operator, and nothing comes back
}

// HostChange is what befalls the host: its values, and a fault or none.
type HostChange struct {
	Host  Host
	Fault string        // "", "host-power-cut" (the module loses its supply too) or "agent-restart"
	For   time.Duration // how long it is off
}

// Change is something that happens at a time: values that change, a fault, an event for another card.
type Change struct {
	Time         time.Duration
	Set          []Assignment
	Fault        string        // "" or one of Faults
	FaultFor     time.Duration // 0: the fault's own duration
	ForeignEvent string        // suffix of a connection event for an ICCID that is not ours, "" for none
}

// Assignment is one changed value, such as sim.status = inactive.
type Assignment struct {
	Path  string // "sim.status"
	Value string // for the narrator
	apply func(*Scenario)
}

// Expect is a statement about the agent. Times are from the start; By 0 means at the end of the scenario.
type Expect struct {
	By, From    time.Duration
	Verdict     string // is the verdict at some time in From..By
	VerdictNot  string // is never the verdict in From..By
	Action      string // is done in From..By
	NeverAction string // is not done in From..By
	Max         map[string]int
	// Fields of the status document, by section name; values are string, int64, float64 or bool.
	SIM, Data, Registration, Modem, Signal, Cloud, Attach map[string]any
	Line                                                  int // in the scenario file, for messages
}

// Default is a Super SIM that may roam on two networks of the USA, a Quectel module and a well-behaved cloud.
func Default() *Scenario {
	return &Scenario{
		Title: "default world", Modem: "quectel-eg25", Duration: time.Hour, Seed: 1,
		SIM: SIM{
			ICCID: "89883070000012345678", IMSIs: []string{"732123200012345"}, Status: "active",
			APNAllowed: []string{"super"}, AppletClears: true, FPLMNSlots: 4, Present: true, AttachLimit: 15,
		},
		Cells: defaultCells(),
		Module: Module{APN: "super", PDPType: "IP", CFUN: 1, Boot: -1, Echo: true, Powered: true, Speaks: speaksModem,
			Fragments: true, Interleave: true, Late: true},
		Cloud:    Cloud{Delay: 2 * time.Second, Alive: true, Envelope: "kore"},
		Host:     Host{NTP: true, Link: linkUp, Upload: 2000, Download: 6000},
		Internet: Internet{DNS: true},
	}
}

func defaultCells() []Cell {
	att, tmo := defaultCell(), defaultCell()
	att.PLMN, att.Name, att.RSRPdBm, att.TAC, att.CellID = "310410", "AT&T", -91, 0x5003, 0x0262C201
	tmo.PLMN, tmo.Name, tmo.RSRPdBm, tmo.TAC, tmo.CellID = "310260", "T-Mobile", -97, 0x2B67, 0x02D21506
	return []Cell{att, tmo}
}

// defaultCell is what a [[cell]] starts from.
func defaultCell() Cell {
	return Cell{RSRPdBm: -95, TAC: 0x1A2D, CellID: 0x01C2D301, NAPAllowed: true, RoamingRoute: true}
}

// clone is a copy that changes may be applied to.
func (s *Scenario) clone() Scenario {
	c := *s
	c.Cells = slices.Clone(s.Cells)
	return c
}

// WithModem is the same scenario with another personality, so that one file can be played on every module. Cells that do
// not name their rat follow the module. The error names the personalities.
func (s *Scenario) WithModem(name string) (*Scenario, error) {
	p, found := findPersonality(name)
	if !found {
		return nil, fmt.Errorf("modemsim: %w", unknownModem(name))
	}
	other := s.clone()
	other.Modem = p.name
	return &other, nil
}

// LoadScenario reads a scenario file.
func LoadScenario(path string) (*Scenario, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("modemsim: read scenario: %w", err)
	}
	return ParseScenario(path, src)
}

// ParseScenario reads a scenario; name is used in messages. The error is a *ScenarioError with every mistake.
func ParseScenario(name string, src []byte) (*Scenario, error) {
	root, err := readTOML(name, src)
	if err != nil {
		return nil, err
	}
	s := Default()
	d := decoder{scenario: s}
	d.sections(root)
	d.cells(root.items["cell"])
	d.changes(root.items["at"])
	d.expects(root.items["expect"])
	if err := d.err(name); err != nil {
		return nil, err
	}
	return s, nil
}
