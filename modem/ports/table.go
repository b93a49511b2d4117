package ports

// Role is what a port is for.
type Role string

// The roles. AT2 is the port meant for PPP, which takes commands too while no connection is up.
const (
	AT      Role = "at"
	AT2     Role = "at2"
	MaybeAT Role = "at?" // one of several that could be it: nothing but trying tells
	GNSS    Role = "gnss"
	Diag    Role = "diag"
	Net     Role = "net"
	Audio   Role = "audio"
	Log     Role = "log"
	SAP     Role = "sap"    // SIM access profile
	Ignore  Role = "ignore" // ModemManager leaves it alone; no document says what it is
	UART    Role = "uart"   // whatever is wired to it
	Unknown Role = ""
)

var roleWords = map[Role]string{
	AT: "AT commands", AT2: "second AT port, and PPP", MaybeAT: "possibly AT commands", GNSS: "satellite positions (NMEA)",
	Diag: "diagnostics", Net: "network", Audio: "audio", Log: "log", SAP: "SIM access", Ignore: "nothing for us",
	UART: "serial line, whatever is wired to it", Unknown: "not known",
}

// Words says the role to people.
func (r Role) Words() string { return roleWords[r] }

// Device is a row of the table: a USB identity and the roles of its interfaces.
type Device struct {
	VID, PID uint16
	Modules  string         // what they are called
	Roles    map[uint8]Role // by bInterfaceNumber; an interface that is not listed is Unknown
	Note     string         // for people, "" when there is nothing to say
	Source   string
}

// Layouts that several devices share.
var (
	// quectel is EC2x, EGxx, BG96 and RM5xx: both AT ports take commands. The kernel's option driver leaves interface 4
	// to the network drivers.
	quectel = map[uint8]Role{0: Diag, 1: GNSS, 2: AT, 3: AT2, 4: Net}
	// ublox7 is the layout with three AT ports, each of them two interfaces: the even one is the tty.
	ublox7 = map[uint8]Role{0: AT, 2: AT2, 4: MaybeAT, 6: GNSS, 8: SAP, 10: Log}
	lara6  = map[uint8]Role{0: Diag, 1: AT, 2: AT2, 3: MaybeAT, 4: Net}
)

const (
	qusb  = "Quectel UMTS/LTE/5G Linux USB Driver User Guide V3.0"
	mmQ   = "ModemManager 77-mm-quectel-port-types.rules"
	mmS   = "ModemManager 77-mm-simtech-port-types.rules"
	mmU   = "ModemManager 77-mm-ublox-port-types.rules"
	ready = "up to 20 s until it answers"
	qualc = "the vendor id is Qualcomm's: other devices may have it too"
)

// Devices is the table. Among several modems that are plugged in, the one on the first USB path is used.
var Devices = []Device{
	{0x2c7c, 0x0121, "Quectel EC21, EG21-G", quectel, "", qusb},
	{0x2c7c, 0x0125, "Quectel EC25, EG25-G, EC20-CE, EM05", quectel, "", qusb},
	{0x2c7c, 0x0191, "Quectel EG91", quectel, "", qusb},
	{0x2c7c, 0x0195, "Quectel EG95", quectel, "", qusb},
	{0x2c7c, 0x0296, "Quectel BG96", quectel, "", qusb},
	{0x2c7c, 0x0306, "Quectel EG06, EP06, EM06", quectel, "", qusb},
	{0x2c7c, 0x0512, "Quectel EG12, EM12, EG18", quectel, "", qusb},
	{0x2c7c, 0x0800, "Quectel RM500Q, RM502Q, RG50xQ", quectel, "", qusb},
	{0x2c7c, 0x0801, "Quectel RM520N, RG520N", quectel, "", qusb},
	// AT+QCFGEXT="usbnet","modem" adds a second modem port at interface 4, "ecm" puts a network on 3 and 4 together.
	{0x2c7c, 0x0700, "Quectel BG95, BG77, BG600L", map[uint8]Role{0: Diag, 1: GNSS, 2: AT, 4: AT2}, "its one AT port is the PPP port too", qusb},
	{0x2c7c, 0x0128, "Quectel EM060K, EM120K (MBIM)", map[uint8]Role{0: Net, 1: Net, 3: Diag, 4: GNSS, 5: AT}, "", mmQ},
	{0x2c7c, 0x0901, "Quectel EC200U, EG915U", map[uint8]Role{0: Net, 1: Net, 2: AT, 3: Diag, 4: Log, 5: Log, 6: Log, 7: AT2, 8: GNSS}, "", qusb},
	{0x2c7c, 0x6002, "Quectel EC200S, EG915N", map[uint8]Role{0: Net, 1: Net, 2: Diag, 3: AT, 4: AT2}, "", qusb},
	{0x2c7c, 0x6005, "Quectel EC200A", map[uint8]Role{0: Net, 1: Net, 2: Diag, 3: AT, 4: AT2}, "", qusb},
	{0x2c7c, 0x6026, "Quectel EC200T", map[uint8]Role{0: Net, 1: Net, 2: Diag, 3: AT, 4: AT2}, "", qusb},

	{0x1e0e, 0x9001, "SIMCom SIM7600, SIM7500, SIM7100, SIM7000", map[uint8]Role{0: Diag, 1: GNSS, 2: AT, 3: AT2, 4: Audio, 5: Net}, "", mmS},
	{0x1e0e, 0x9011, "SIMCom A7670, A7608, A7600; SIM7600 with RNDIS or ECM", map[uint8]Role{0: Net, 1: Net, 2: Ignore, 4: AT, 5: AT2}, "", mmS},
	{0x1e0e, 0x9205, "SIMCom SIM7070, SIM7080, SIM7090", map[uint8]Role{0: Diag, 1: GNSS, 2: AT, 3: AT2, 4: Net}, "", mmS + "; SIM7080 Linux App Note V1.02"},
	{0x1e0e, 0x9206, "SIMCom SIM7070, SIM7080, SIM7090 (factory setting)", map[uint8]Role{0: Diag, 1: GNSS, 2: AT, 3: Ignore, 4: Ignore, 5: AT2}, "", mmS + "; SIM7080 Linux App Note V1.02"},

	{0x1546, 0x1102, "u-blox SARA-U2, LISA-U2", map[uint8]Role{0: AT, 2: AT2, 4: MaybeAT, 6: GNSS, 8: Log, 10: Log, 12: SAP}, "", mmU},
	{0x1546, 0x1104, "u-blox SARA-U2, LISA-U2 (alternative setting)", map[uint8]Role{0: AT, 2: GNSS, 4: Log, 6: SAP}, "", mmU},
	{0x1546, 0x1107, "u-blox TOBY-R2", ublox7, "", mmU},
	{0x1546, 0x110a, "u-blox LARA-R2", ublox7, "", mmU},
	// No document at hand maps the interfaces of TOBY-L2; the first of its ttys is the likely one.
	{0x1546, 0x1141, "u-blox TOBY-L2", map[uint8]Role{0: MaybeAT, 2: MaybeAT, 4: MaybeAT}, ready, mmU},
	{0x1546, 0x1143, "u-blox TOBY-L2 with ECM", map[uint8]Role{0: MaybeAT, 2: MaybeAT, 4: MaybeAT}, ready, mmU},
	{0x1546, 0x1146, "u-blox TOBY-L2 with RNDIS", map[uint8]Role{0: MaybeAT, 2: MaybeAT, 4: MaybeAT}, ready, mmU},
	{0x1546, 0x1010, "u-blox TOBY-L4", map[uint8]Role{6: AT}, ready, mmU},
	{0x1546, 0x1341, "u-blox LARA-L6", lara6, "", mmU},
	{0x1546, 0x1342, "u-blox LARA-L6 with RmNet", lara6, "", mmU},
	{0x1546, 0x1343, "u-blox LARA-L6 with ECM", lara6, "", mmU},
	{0x05c6, 0x908b, "u-blox LARA-R6", map[uint8]Role{0: Diag, 1: AT, 2: AT2, 3: Ignore, 4: Net}, qualc, mmU},
	// The kernel reserves interface 3 of the older one for the network and says no more.
	{0x05c6, 0x90fa, "u-blox LARA-R6 (older firmware)", map[uint8]Role{0: Diag, 1: MaybeAT, 2: MaybeAT, 3: Net}, qualc, "Linux option driver"},
	// Two ttys, one of which speaks AT; which one is documented nowhere. Interface 2 is tried first: on Qualcomm's modules
	// interface 0 is the diagnostic port.
	{0x05c6, 0x90b2, "u-blox SARA-R410M, SARA-R412M", map[uint8]Role{0: MaybeAT, 1: Net, 2: AT, 3: Net}, qualc, "Linux option driver"},

	{0x1bc7, 0x1201, "Telit LE910Cx", map[uint8]Role{4: GNSS, 5: AT}, "", "Sixfab core_manager; by-id names of sensorgnome"},
}

// Bridges are USB-to-serial converters that HATs carry: behind them is a UART of a module, or something else.
var Bridges = []Device{
	{0x10c4, 0xea60, "CP2102 serial converter, as on Waveshare's HATs", nil, "on Debian the package brltty takes it away from others", "Waveshare; Debian bugs"},
	{0x1a86, 0x7523, "CH340 serial converter", nil, "on Debian the package brltty takes it away from others", "Debian bugs"},
}

// lookup finds a device in the tables. A bridge has no roles.
func lookup(vid, pid uint16) (d Device, bridge, ok bool) {
	for _, d := range Devices {
		if d.VID == vid && d.PID == pid {
			return d, false, true
		}
	}
	for _, d := range Bridges {
		if d.VID == vid && d.PID == pid {
			return d, true, true
		}
	}
	return Device{}, false, false
}
