package quectel

import (
	"strconv"
	"strings"

	"supersim-agent/modem"
)

// qengStates are the words for the state of the serving cell (EC2x 6.17).
var qengStates = map[string]modem.CellState{
	"SEARCH": modem.CellSearching, "LIMSRV": modem.CellLimited, "NOCONN": modem.CellIdle, "CONNECT": modem.CellConnected,
}

// layout says at which place, counted from the technology's word, each value stands; 0: nowhere.
type layout struct {
	mcc, area, cell, pci, channel, band int
	rsrp, rsrq, rssi, sinr              int
	rscp, ecio                          int // UMTS: RSSI = RSCP - Ec/Io
}

// Layouts of AT+QENG="servingcell" (EC2x 6.17, RG50), the last two of captured RM5xx answers:
//
//	LTE, eMTC, NB-IoT: tdd,mcc,mnc,cell,pci,earfcn,band,ul,dl,tac,rsrp,rsrq,rssi,sinr,srxlev…
//	WCDMA:             mcc,mnc,lac,cell,uarfcn,psc,rac,rscp,ecio…
//	GSM:               mcc,mnc,lac,cell,bsic,arfcn,band,rxlev…
//	NR5G-NSA:          mcc,mnc,pci,rsrp,sinr,rsrq,arfcn,band…
//	NR5G-SA:           tdd,mcc,mnc,cell,pci,tac,arfcn,band,bw,rsrp,rsrq,sinr…
//
// SINR on LTE has no unit in the manual's captures: values up to 30 are taken for dB, which they fit, larger ones for
// the index of AT+QCSQ.
var (
	layoutLTE = layout{mcc: 2, cell: 4, pci: 5, channel: 6, band: 7, area: 10, rsrp: 11, rsrq: 12, rssi: 13, sinr: 14}
	layoutUMT = layout{mcc: 1, area: 3, cell: 4, channel: 5, pci: 6, rscp: 8, ecio: 9}
	layoutGSM = layout{mcc: 1, area: 3, cell: 4, channel: 6, rssi: 8}
	layoutNSA = layout{mcc: 1, pci: 3, rsrp: 4, sinr: 5, rsrq: 6, channel: 7, band: 8}
	layoutSA  = layout{mcc: 2, cell: 4, pci: 5, area: 6, channel: 7, band: 8, rsrp: 10, rsrq: 11, sinr: 12}
)

// technology is what the first word of a cell's values means.
type technology struct {
	begins string
	act    int    // 27.007's number
	band   string // stands before the band's number
	layout layout
}

// technologies are tried in order. "NTN NBIoT" is the satellite variant of a BG95 (library file 58542575224).
var technologies = []technology{
	{"NR5G-NSA", 13, "n", layoutNSA},
	{"NR5G", 11, "n", layoutSA},
	{"LTE", 7, "B", layoutLTE},
	{"EMTC", 7, "B", layoutLTE}, {"CAT-M", 7, "B", layoutLTE},
	{"NB", 9, "B", layoutLTE}, {"CAT-NB", 9, "B", layoutLTE}, {"NTN NB", 9, "B", layoutLTE},
	{"WCDMA", 2, "", layoutUMT}, {"TDSCDMA", 2, "", layout{}},
	{"GSM", 0, "", layoutGSM},
}

// ParseQENG reads the answer to AT+QENG="servingcell". With EN-DC it has three lines, and only the first of them the
// state; the LTE anchor comes before the NR cell. A module that searches has no cell.
func ParseQENG(lines []string) (modem.Cells, error) {
	var out modem.Cells
	state := modem.CellUnknown
	for _, l := range lines {
		f := values(l, "+QENG")
		if len(f) == 0 || f[0] == "" {
			return modem.Cells{}, unreadable("AT+QENG", l)
		}
		if strings.EqualFold(f[0], "servingcell") {
			state = qengStates[strings.ToUpper(field(f, 1))]
			f = f[min(2, len(f)):]
		}
		if cell, ok := qengCell(f); ok {
			cell.State = state
			out.List = append(out.List, cell)
		}
	}
	return out, nil
}

func qengCell(f []string) (modem.Cell, bool) {
	tech, ok := findTechnology(field(f, 0))
	if !ok || len(f) < 3 {
		return modem.NoCell, false
	}
	at := tech.layout
	c := modem.NoCell
	c.AcT = tech.act
	if at.mcc > 0 {
		c.PLMN = modem.JoinPLMN(field(f, at.mcc), field(f, at.mcc+1))
	}
	if at.area > 0 {
		c.Area = modem.HexArea(field(f, at.area))
	}
	if at.cell > 0 {
		c.CellID = modem.HexPlace(field(f, at.cell))
	}
	c.PCI, c.Channel = count(f, at.pci, 1007), count(f, at.channel, 3279165)
	if n := count(f, at.band, 512); n != modem.Unknown && n > 0 {
		c.Band = tech.band + strconv.Itoa(n)
	}
	c.Signal = qengSignal(f, at)
	return c, true
}

func findTechnology(word string) (technology, bool) {
	word = strings.ToUpper(word)
	for _, t := range technologies {
		if strings.HasPrefix(word, t.begins) {
			return t, true
		}
	}
	return technology{}, false
}

func qengSignal(f []string, at layout) modem.Signal {
	v := numbers(f)
	s := modem.NoSignal
	reading := func(i int, lo, hi float64) int {
		if i == 0 || i >= len(v) {
			return modem.Unknown
		}
		return modem.Round(v[i], lo, hi)
	}
	s.RSRPdBm = reading(at.rsrp, modem.MinRSRP, modem.MaxRSRP)
	s.RSRQdB = reading(at.rsrq, modem.MinRSRQ, modem.MaxRSRQ)
	s.RSSIdBm = reading(at.rssi, modem.MinRSSI, modem.MaxRSSI)
	const mostdB, mostIndex = 30, 250
	switch n := reading(at.sinr, modem.MinSINR, mostIndex); {
	case n > mostdB:
		s.SINRdB = modem.Round(float64(n)/5-20, modem.MinSINR, modem.MaxSINR)
	default:
		s.SINRdB = n
	}
	if at.rscp > 0 && at.ecio < len(v) {
		s.RSSIdBm = modem.Round(v[at.rscp]-v[at.ecio], modem.MinRSSI, modem.MaxRSSI)
	}
	return s
}

// count reads a whole number from 0 to most; Unknown at place 0, for "-", and for anything else.
func count(f []string, i, most int) int {
	n, err := strconv.Atoi(field(f, i))
	if i == 0 || err != nil || n < 0 || n > most {
		return modem.Unknown
	}
	return n
}
