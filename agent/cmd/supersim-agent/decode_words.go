package main

import "strings"

// commandRow says what a command is about. does is for the set and run forms, where "sets" or "asks" would be wrong.
type commandRow struct{ noun, does string }

// commandRows are by name, without AT: V.250, 27.007, 27.005 and the vendors' manuals (dialect reference §1 to §4).
var commandRows = map[string]commandRow{
	"E": {"", "sets the echo of commands"}, "I": {noun: "what module this is"}, "Z": {"", "resets the session's settings"},
	"&F": {"", "sets the settings back to those of the factory"}, "&W": {"", "stores the settings"}, "&V": {noun: "the settings in force"},
	"&D": {"", "sets what the line DTR does: 0 nothing, 1 back to commands, 2 hangs up"}, "&C": {"", "sets what the line DCD shows"},
	"D": {"", "dials: *99# is a data connection (PPP)"}, "H": {"", "hangs up"}, "A": {"", "takes a call"}, "O": {"", "goes back to data mode"},
	"Q": {"", "sets whether there are results"}, "V": {"", "sets whether results are words"}, "S": {"a register", "sets a register"}, "X": {"", "sets the form of CONNECT"},
	"+GMI": {noun: "the vendor"}, "+GMM": {noun: "the model"}, "+GMR": {noun: "the firmware"}, "+GSN": {noun: "the IMEI"}, "+GCAP": {noun: "what the module can do"},
	"+CGMI": {noun: "the vendor"}, "+CGMM": {noun: "the model"}, "+CGMR": {noun: "the firmware"}, "+CGSN": {noun: "the IMEI"},
	"+QGMR": {noun: "the firmware, in full"}, "+SIMEI": {noun: "the IMEI"}, "+CLAC": {noun: "the list of all commands"},
	"+IPR": {noun: "the speed of the UART"}, "+IPREX": {noun: "the speed of the UART"}, "+IFC": {noun: "the flow control of the UART"}, "+ICF": {noun: "the frame of the UART"},
	"+CMUX": {noun: "multiplexing of the port"}, "+CMEE": {noun: "the form of errors: 0 none, 1 numbers, 2 words"},

	"+CPIN": {"the card's state", "enters a PIN"}, "+CLCK": {"a lock", "locks, unlocks or asks for a lock"}, "+CPWD": {"", "changes a password"}, "+CPINR": {noun: "how many tries are left"},
	"+CIMI": {noun: "the IMSI"}, "+CCID": {noun: "the card's ICCID"}, "+QCCID": {noun: "the card's ICCID"}, "+CICCID": {noun: "the card's ICCID"}, "+ICCID": {noun: "the card's ICCID"},
	"+CNUM": {noun: "the subscriber's own number"}, "+CRSM": {"", "reads or writes a file of the card"}, "+CSIM": {"", "sends bytes to the card"},
	"+QSIMDET": {noun: "the slot's switch"}, "+QSIMSTAT": {noun: "reports of the slot's switch"}, "+QINISTAT": {noun: "how far the card's start has come"},
	"+QUIMSLOT": {noun: "the card slot in use"}, "+QDSIM": {noun: "the card slot in use"}, "+USIMSTAT": {noun: "reports of the card's state"},
	"+UIMHOTSWAPON": {noun: "reports of the slot's switch"}, "+UIMHOTSWAPLEVEL": {noun: "the level of the slot's switch"},
	"+QSTK": {noun: "who answers the card's toolkit"}, "+UCUSATA": {noun: "who answers the card's toolkit"}, "+STK": {noun: "who answers the card's toolkit"},
	"+STIN": {noun: "a request of the card's toolkit"}, "+STGI": {noun: "a request of the card's toolkit"}, "+STGR": {"", "answers the card's toolkit"}, "+UBIP": {noun: "reports of the card's own data connections"},

	"+CFUN": {"the functionality: 0 minimum, 1 full, 4 radio off", "sets the functionality: 0 minimum, 1 full, 4 radio off; a second 1 restarts"},
	"+COPS": {"the network and how it is chosen", "chooses the network, or sets the format (3)"}, "+CPOL": {noun: "the list of preferred networks"}, "+COPN": {noun: "names of networks"},
	"+CREG": {"the circuit-switched registration", ""}, "+CGREG": {"the 2G/3G packet registration", ""}, "+CEREG": {"the LTE registration", ""}, "+C5GREG": {"the 5G registration", ""},
	"+CEER": {noun: "the reason of the last failure"}, "+CSCON": {noun: "whether there is a radio connection"}, "+CEMODE": {noun: "the mode of operation on LTE"},
	"+CSQ": {noun: "the signal strength (coarse)"}, "+CESQ": {noun: "the signal strength"}, "+QCSQ": {noun: "the signal strength"}, "+QENG": {noun: "the serving cell, or its neighbours"},
	"+QNWINFO": {noun: "technology, network, band and channel"}, "+CPSI": {noun: "the serving cell"}, "+CNSMOD": {noun: "the technology in use"}, "+UCGED": {noun: "the serving cell"},
	"+AUTOCSQ": {noun: "unsolicited signal reports"}, "+QINDCFG": {noun: "which reports come by themselves"}, "+QSPN": {noun: "the network's name"}, "+URCCFG": {noun: "which reports come by themselves"},

	"+CGATT": {"whether it is attached to the packet domain", "attaches to or detaches from the packet domain"}, "+CGACT": {"which contexts are active", "activates or deactivates a context"},
	"+CGDCONT": {"the definition of contexts (APN)", ""}, "+CGPADDR": {noun: "the address of a context"}, "+CGCONTRDP": {noun: "what the network gave to a context"},
	"+CGAUTH": {noun: "user and password of a context"}, "+QICSGP": {"APN, user and password of a context", ""}, "+UAUTHREQ": {noun: "user and password of a context"},
	"+CGEREP": {noun: "reports of the packet domain"}, "+CGNAPN": {noun: "the APN that the network gave"}, "+CGDATA": {"", "goes into data mode"}, "+CNCFG": {noun: "APN of the module's own IP stack"},
	"+CSTT": {noun: "APN of the module's own IP stack"}, "+CIICR": {"", "brings the module's own IP stack up"}, "+CIFSR": {noun: "the address of the module's own IP stack"},
	"+CIPSHUT": {"", "closes the module's own IP stack"}, "+SAPBR": {"", "defines, opens, closes or asks for a bearer of the module's own IP stack"},
	"+QIACT": {"the contexts of the module's own IP stack", "opens a context of the module's own IP stack"}, "+QIDEACT": {"", "closes a context of the module's own IP stack"},
	"+QIGETERROR": {noun: "the last error of the module's own IP stack"}, "+NETOPEN": {"whether the module's own IP stack is open", "opens the module's own IP stack"},
	"+NETCLOSE": {"", "closes the module's own IP stack"}, "+CNACT": {"contexts of the module's own IP stack", "opens or closes a context of the module's own IP stack"},
	"+UPSD": {noun: "the profile of the module's own IP stack"}, "+UPSDA": {"", "opens or closes the module's own IP stack"}, "+UPSND": {noun: "the state of the module's own IP stack"},
	"+UDCONF": {noun: "a setting of the module's own IP stack"}, "$QCRMCALL": {"the network interface's connection", "starts or stops the network interface's connection"},
	"+QNETDEVCTL": {noun: "the network interface's connection"}, "+QMAP": {noun: "the network interface"}, "+DIALMODE": {noun: "whether the network interface dials by itself"},
	"$MYCONFIG": {noun: "what the USB network interface speaks"}, "+SECMEN": {noun: "the network interface"}, "+UIPADDR": {noun: "the address of the network interface"},

	"+QCFG": {noun: "a setting of the module"}, "+QCFGEXT": {noun: "a setting of the module"}, "+QURCCFG": {noun: "the port that unsolicited lines go to"},
	"+QNWPREFCFG": {noun: "which technologies and bands are searched"}, "+QNWCFG": {noun: "a network setting"}, "+QNWLOCK": {noun: "a lock to one cell"},
	"+QMBNCFG": {noun: "the operator's profile"}, "+QFPLMNCFG": {noun: "the list of forbidden networks"}, "+QPRTPARA": {"", "sets the module back to factory settings"},
	"+UMNOPROF": {noun: "the operator's profile"}, "+URAT": {noun: "which technologies are searched"}, "+UBANDMASK": {noun: "which bands are searched"}, "+UBANDSEL": {noun: "which bands are searched"},
	"+UUSBCONF": {noun: "the USB interfaces"}, "+UBMCONF": {noun: "router or bridge"}, "+UFACTORY": {"", "sets the module back to factory settings"}, "+ULWM2M": {noun: "the operator's device management"},
	"+CNMP": {noun: "which technologies are searched"}, "+CMNB": {noun: "LTE-M, NB-IoT or both"}, "+CBANDCFG": {noun: "which bands are searched"}, "+CNBP": {noun: "which bands are searched"},
	"+CUSBPIDSWITCH": {noun: "the USB interfaces"}, "+CUSBSELNV": {noun: "the USB interfaces"}, "+CUSBCFG": {noun: "the USB interfaces"}, "+CATR": {noun: "the port that unsolicited lines go to"},
	"+CURCCFG": {noun: "the port that unsolicited lines go to"}, "+CNETLIGHT": {noun: "the network LED"}, "+CSGT": {noun: "the greeting after power-up"},
	"+QSCLK": {noun: "sleep of the serial port"}, "+CSCLK": {noun: "sleep of the serial port"}, "+UPSV": {noun: "sleep of the serial port"}, "+CPSMS": {noun: "the power saving mode"},
	"+CEDRXS": {noun: "sleep between pagings (eDRX)"}, "+QPSMS": {noun: "the power saving mode"}, "+UPSMR": {noun: "reports of power saving"},

	"+CCLK": {noun: "the module's clock"}, "+CTZU": {noun: "whether the network sets the clock"}, "+CTZR": {noun: "reports of the time zone"}, "+QLTS": {noun: "the network's time"}, "+CLTS": {noun: "reports of the network's time"},
	"+QPOWD": {"", "switches the module off"}, "+CPOF": {"", "switches the module off"}, "+CPOWD": {"", "switches the module off"}, "+CPWROFF": {"", "switches the module off"},
	"+CRESET": {"", "restarts the module"}, "+CREBOOT": {"", "restarts the module"}, "+CPMUTEMP": {noun: "the module's temperature"}, "+CMTE": {noun: "the module's temperature"}, "+CBC": {noun: "the supply voltage"},
	"+CMGF": {noun: "the format of SMS"}, "+CNMI": {noun: "reports of SMS"}, "+CMGS": {"", "sends an SMS"}, "+CMGL": {noun: "the list of SMS"}, "+CMGR": {noun: "an SMS"}, "+CMGD": {"", "deletes an SMS"},
	"+CUSD": {"", "sends a code to the network (USSD)"}, "+CPMS": {noun: "the memory of SMS"}, "+CSCA": {noun: "the SMS centre"}, "+CMER": {noun: "reports of indicators"}, "+CIND": {noun: "indicators"},
}

// noticeRow explains lines by their label (it begins with a sign and ends before the colon) or, without one, by their
// beginning. names are those of the values in order; words say what the last of them means.
type noticeRow struct {
	begins string
	exact  bool // the whole line, not a label or beginning
	kind   string
	text   string
	names  []string
	words  map[string]string
	tail   bool // an unsolicited line has the last of the values only
	more   bool // the next line belongs to it, whatever it looks like
}

func (r noticeRow) matches(label, line string) bool {
	switch {
	case r.exact:
		return strings.EqualFold(line, r.begins)
	case label != "" && strings.IndexByte("+*^$%", r.begins[0]) >= 0:
		return label == r.begins
	}
	return strings.HasPrefix(line, r.begins)
}
