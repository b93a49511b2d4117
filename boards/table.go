package boards

import (
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Boards is the catalogue, in the order in which it is printed. Treat it as read-only.
var Boards = []Board{
	{
		Name:    "waveshare-sim7600x",
		Title:   "SIM7600X 4G HAT",
		Vendor:  "Waveshare",
		Modules: []string{"SIM7600E-H", "SIM7600A-H", "SIM7600G-H", "SIM7600CE"},
		Power: Power{
			Kind: PowerKey,
			Line: Line{Pin: 6},
			// The module needs 100 ms to start and at least 2.5 s to stop, so the vendor's 2 s start pulse cannot stop a
			// module that was wrongly taken for being off.
			OnPulse:  2 * time.Second,
			OffPulse: 3 * time.Second,
			Ready:    30 * time.Second,
			Gone:     30 * time.Second,
			Rest:     2 * time.Second,
		},
		Held: []Held{{Pin: 4, Level: gpio.Low, Why: "FLIGHTMODE: high would switch the radio off"}},
		UART: "GPIO14/15, 115200 baud, UART jumper in position B",
		USB: []ATPort{
			{VID: 0x1e0e, PID: 0x9001, Interface: 2},
			{VID: 0x1e0e, PID: 0x9011, Interface: 4}, // after AT+CUSBPIDSWITCH=9011,1,1 (RNDIS)
		},
		Jumpers: []string{
			"PWR must connect to D6; in the factory position PWR-3V3 the module starts by itself and GPIO6 does nothing",
			"FLT must connect to D4 for GPIO4 to control flight mode",
			"VCCIO must be at 3V3 on a Raspberry Pi",
		},
		Sources: []string{
			"pins and polarity: SIM7600E-H 4G HAT user manual Rev1.0 (2018), table 1",
			"pulses: Waveshare's Python demo holds GPIO6 high for 2 s to start (waits 20 s) and 3 s to stop (waits 18 s)",
			"limits of the pulses: SIMCom figures as quoted in comments of public drivers, not from the manual itself",
			"Gone: the sibling SIM79xx drops USB after 27 to 28 s (SIM7912/SIM7906 hardware design)",
			"Rest: not documented, chosen",
			"AT interfaces: ModemManager's simtech port rules",
		},
	},
	{
		Name:    "sixfab-base-hat",
		Title:   "3G/4G & LTE Base HAT",
		Vendor:  "Sixfab",
		Modules: []string{"Quectel EC25", "Quectel EG25-G", "Telit LE910C4"},
		Power: Power{
			Kind: SupplySwitch,
			Line: Line{Pin: 26},
			// core_manager allows two minutes for the modem to appear on USB and 20 s to disappear.
			Ready: 120 * time.Second,
			Gone:  20 * time.Second,
			Rest:  2 * time.Second,
		},
		Held: []Held{{Pin: 19, Level: gpio.Low, Why: "airplane mode: high would switch the radio off"}},
		UART: "not connected to the module; use USB",
		USB:  []ATPort{{VID: 0x2c7c, PID: 0x0125, Interface: 2}, {VID: 0x1bc7, PID: 0x1201, Interface: 5}},
		Jumpers: []string{
			"none for power; the short USB cable between HAT and Pi carries all data",
			"the older Base Shield V2 looks alike, but its GPIO26 is PERST#: do not use this row for it",
		},
		Sources: []string{
			"GPIO26 high = module without power, GPIO19 high = airplane mode: Sixfab core_manager and PPP installer (reconnect_basehat)",
			"Rest: core_manager holds each level of GPIO26 for 2 s",
			"GPIO13 (DTR, low wakes), GPIO6 (RI), GPIO27 (LED), GPIO22 (button): tve/sensorgnome-support; left alone here",
			"AT interfaces: ModemManager's quectel port rules; Telit interface 5 from core_manager, its product id 1201 is one of several",
		},
	},
	{
		Name:    "seeed-lte-cat1",
		Title:   "LTE Cat 1 Pi HAT",
		Vendor:  "Seeed Studio",
		Modules: []string{"u-blox LARA-R203", "u-blox LARA-R204", "u-blox LARA-R211"},
		Power: Power{
			Kind:     PowerKey,
			Line:     Line{Pin: 5},
			OnPulse:  time.Second,
			OffPulse: 1200 * time.Millisecond,
			Ready:    15 * time.Second,
			Gone:     35 * time.Second,
			Rest:     2 * time.Second,
		},
		Reset: &ResetLine{
			Line:  Line{Pin: 6},
			Pulse: 200 * time.Millisecond,
			Quiet: 2 * time.Second,
		},
		// GPIO16 is CTS, an output of the module. Seeed's script drives it too; we do not drive against an output.
		Held: []Held{{Pin: 17, Level: gpio.Low, Why: "RTS: the module sends nothing on the UART until it is low"}},
		UART: "GPIO14/15, 115200 baud with RTS low; the PL011 port (ttyAMA0) is needed, so Bluetooth gives way on a Pi 3 or 4",
		USB:  []ATPort{{VID: 0x1546, PID: 0x110a, Interface: 0}},
		Jumpers: []string{
			"none; the R211 (2G fallback) wants the battery connector in use for its current peaks",
		},
		Sources: []string{
			"pins: Seeed's wiki, table of the LTE Cat 1 Pi HAT",
			"pulses: history of Seeed's ublox_lara_r2.py (1.0 s start, 1.2 s stop); its present version presses nothing",
			"Ready: genmon's driver for this HAT asks for 7 to 10 s",
			"Gone and Reset.Pulse: not documented for LARA-R2; the successor LARA-R6 has 35 s and 150 ms (u-blox ubxlib)",
			"Rest and Reset.Quiet: not documented, chosen",
			"AT interface: ModemManager's u-blox port rules",
		},
	},
}
