package quectel

import (
	"slices"
	"time"

	"supersim-agent/modem"
)

// family is EC25 with what differs.
func family(name string, claims []string, differ func(*modem.Dialect)) *modem.Dialect {
	d := *EC25
	d.Name, d.Claims = name, claims
	differ(&d)
	return &d
}

// EG91 is the LTE Cat 1 family EG91 and EG95, of the same manual as EC25. On EG91-NA AT+COPS? may be refused for a
// while after the start (Particle).
var EG91 = family("quectel-eg91", []string{"EG91", "EG95"}, func(d *modem.Dialect) {
	d.Settings = append(slices.Clone(d.Settings), slot("+QDSIM"))
})

// slot is the choice between two slots.
func slot(name string) modem.Setting {
	return modem.Setting{Name: modem.SetSIMSlot, Read: "AT" + name + "?", Prefix: name, Source: "RG50; EG91 by shipping code",
		Why: "the wrong one of two slots has no card"}
}

// BG95 is the LTE-M family BG95 and BG77. It prints APP RDY after RDY. Its one AT port on USB is the modem port, and
// what AT+QURCCFG calls that port is in no document that could be had, so only the UART is set.
var BG95 = family("quectel-bg95", []string{"BG95", "BG77"}, func(d *modem.Dialect) {
	lowPower(d)
	d.Setup = []modem.Step{modem.NumericOperator, modem.PacketEvents, urcsHere(modem.UART, "uart1"), urcsAtOnce, hotPlug}
	d.Reg = []modem.Registrar{
		{Domain: modem.CS, N: []int{2}},
		{Domain: modem.PS, N: []int{2}},
		{Domain: modem.EPS, N: []int{5, 3, 2}, Ask: true},
	}
	d.Power = modem.Power{
		OnPulse: 575 * time.Millisecond, OffPulse: 650 * time.Millisecond, OffTime: 2 * time.Second,
		ResetPulse: 2500 * time.Millisecond, Awake: 5 * time.Second, Source: "Particle quectel_ncp_client.cpp",
	}
})

// BG96 is the older LTE-M module with 2G. With n=2 it may append a reject cause to the answer, though not to the
// unsolicited line (BG96 10.12), so that nothing is gained by asking for more.
var BG96 = family("quectel-bg96", []string{"BG96"}, func(d *modem.Dialect) {
	lowPower(d)
	d.Setup = []modem.Step{modem.NumericOperator, modem.PacketEvents, urcsHere(modem.UART, "uart1"),
		urcsHere(modem.USB, "usbat"), urcsAtOnce, hotPlug}
	d.Reg = []modem.Registrar{
		{Domain: modem.CS, N: []int{2}}, {Domain: modem.PS, N: []int{2}}, {Domain: modem.EPS, N: []int{2}},
	}
	d.Power = modem.Power{
		OnPulse: 575 * time.Millisecond, OffPulse: 650 * time.Millisecond, OffTime: 2 * time.Second,
		ResetPulse: 300 * time.Millisecond, Awake: 5 * time.Second, Source: "Particle quectel_ncp_client.cpp",
	}
})

// lowPower is what BG95 and BG96 share. They number LTE-M 8, which is EC-GSM-IoT in 27.007 (BG96 6.1); newer firmware
// says 7. AT+QFPLMNCFG is unknown to them.
func lowPower(d *modem.Dialect) {
	d.BootTime = 10 * time.Second // UART ready after 2.5 s (BG95), 4.9 s (BG96)
	d.AcT = map[int]int{8: 7}
	d.FPLMN = modem.Forbidden{}
	d.Settings = settingsBG
}

// EG06 is the LTE Cat 6 family EG06, EP06, EM06, taken to speak as EC25 does: what it refuses is left out. Its
// start-up time and its list of forbidden networks are in no document that could be had.
var EG06 = family("quectel-eg06", []string{"EG06", "EP06", "EM06"}, func(d *modem.Dialect) {
	d.FPLMN = modem.Forbidden{}
	d.BootTime = 30 * time.Second
})

// RM500 is the 5G family of the RG50xQ&RM5xxQ manual, RM500Q and RM502Q, and RM500U, whose answers were captured.
var RM500 = family("quectel-rm500",
	[]string{"RM500", "RM502", "RM505", "RM510", "RG500", "RG501", "RG502"}, fifthGeneration)

// RM520 is the 5G family of the RG520N&RM5x0N manual: RM520N, RM521F, RM530N, RG520N.
var RM520 = family("quectel-rm520", []string{"RM520", "RM521", "RM530", "RG520", "RG525", "RG530"}, fifthGeneration)

// fifthGeneration: AT+QNWPREFCFG in place of AT+QCFG, a registration domain more. Start-up times are in no document
// that could be had.
func fifthGeneration(d *modem.Dialect) {
	d.BootTime = 30 * time.Second
	d.Reg = append(slices.Clone(d.Reg), modem.Registrar{Domain: modem.FGS, N: []int{2}})
	d.Settings = settingsRM
	d.FPLMN = modem.Forbidden{}
	d.Stack = nil // their data path is the network interface
}
