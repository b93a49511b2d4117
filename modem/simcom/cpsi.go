package simcom

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"supersim-agent/modem"
)

// SNR says what the last reading of an LTE line of AT+CPSI? is.
type SNR uint8

const (
	SNRdB   SNR = iota // whole dB
	SNRHalf            // an index: 2x - 20 dB (7080 4.2.14, 7000)
)

// ParseCPSI reads the answer to AT+CPSI? (7600, A76, 7080, 8200: 4.2.14), one line or, with EN-DC, two:
//
//	LTE,Online,228-02,0x9CA4,20964868,46,EUTRAN-BAND20,6200,3,3,-178,-1089,-742,8
//	    mode,state,mcc-mnc,tac,cell,pci,band,earfcn,dl,ul,RSRQ,RSRP,RSSI,SNR      also LTE CAT-M1, LTE NB-IOT
//	NR5G_SA,Online,242-12,0x765D,4955280,0,NR5G_BAND78,640704,-770,-110,290
//	    mode,state,mcc-mnc,tac,cell,pci,band,arfcn,RSRP,RSRQ,SNR
//	NR5G,Online,311-480,0x2D18,50896642,257,629952,-92,-11,15                     older firmware: no band
//	NR5G_NSA,644,NR5G_BAND78,627264,-960,-120,95                                  second line, pci,band,arfcn,RSRP,RSRQ,SNR
//	NR5G,257,629952,-11,-92,153                                                   older: pci,arfcn,RSRQ,RSRP,SNR
//	WCDMA,Online,460-01,0Xa809,11122855,WCDMA IMT 2000,279,10663,0,1.5,62,33,52,500
//	    mode,state,mcc-mnc,lac,cell,band,psc,uarfcn,ssc,Ec/Io,RSCP,…              both without their minus sign
//	GSM,Online,460-00,0x182d,12401,27 EGSM 900,-64,2110,42-42
//	    mode,state,mcc-mnc,lac,cell,arfcn and band,level in dBm,…
//	NO SERVICE,Online
//
// Areas are hexadecimal, cells decimal. The scale of the LTE and NR readings differs by family and by firmware, but the
// ranges in which an RSRP can lie do not overlap, so it tells the scale of its line: below -160 all are in tenths
// (SIM7600, newer SIM8200), above 0 they are 27.007's indices (A76xx), else dB and dBm. The SNR of an LTE line does not
// follow: snr says what it is. The A76xx manual does not say it either; whole dB is what its readings can mean. That of an
// NR line is in tenths on some firmware (290 beside an RSRP of -770) and whole on other (14 beside -800): what could be
// either is left out.
func ParseCPSI(lines []string, snr SNR) (modem.Cells, error) {
	var cells modem.Cells
	for i, line := range lines {
		f, err := splitCPSI(line)
		if err != nil {
			return modem.Cells{}, err
		}
		cell, ok := readCPSI(f, snr)
		switch {
		case ok:
			cells.List = append(cells.List, cell)
		case i == 0 && f[0] != noService:
			return modem.Cells{}, unreadable(line)
		}
	}
	if len(lines) == 0 {
		return modem.Cells{}, unreadable("")
	}
	return cells, nil
}

const noService = "NO SERVICE"

func unreadable(line string) error {
	const most = 120 // an answer line may be 4 KiB
	return fmt.Errorf("AT+CPSI?: %w: %q", modem.ErrAnswer, line[:min(len(line), most)])
}

// splitCPSI takes a line apart. The label's blank is missing in some captures, blanks stand before some values.
func splitCPSI(line string) ([]string, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "+CPSI:")
	f := strings.Split(rest, ",")
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	f[0] = strings.ToUpper(f[0])
	if !ok || f[0] == "" {
		return nil, unreadable(line)
	}
	return f, nil
}

// layout has the places of the values in a line of one mode; 0, where the mode stands, for a value that is not there.
type layout struct {
	mode                                 string
	act                                  int // 27.007's number
	plmn, area, cell, pci, band, channel int
	rsrp, rsrq, rssi, snr                int
}

var (
	lteLine = layout{act: 7, plmn: 2, area: 3, cell: 4, pci: 5, band: 6, channel: 7, rsrq: 10, rsrp: 11, rssi: 12, snr: 13}

	layouts = []layout{
		lteLine.of("LTE", 7), lteLine.of("LTE CAT-M1", 7), lteLine.of("LTE NB-IOT", 9),
		{mode: "NR5G_SA", act: 11, plmn: 2, area: 3, cell: 4, pci: 5, band: 6, channel: 7, rsrp: 8, rsrq: 9, snr: 10},
		{mode: "NR5G_NSA", act: 13, pci: 1, band: 2, channel: 3, rsrp: 4, rsrq: 5, snr: 6},
		{mode: "WCDMA", act: 2, plmn: 2, area: 3, cell: 4, band: 5, pci: 6, channel: 7},
		{mode: "GSM", act: 0, plmn: 2, area: 3, cell: 4, channel: 5, rssi: 6},
	}

	// The first manual of the SIM8200 calls both NR5G; what stands second tells them apart. In the second form RSRQ comes
	// first.
	oldSA  = layout{mode: "NR5G", act: 11, plmn: 2, area: 3, cell: 4, pci: 5, channel: 6, rsrp: 7, rsrq: 8, snr: 9}
	oldNSA = layout{mode: "NR5G", act: 13, pci: 1, channel: 2, rsrq: 3, rsrp: 4, snr: 5}
)

func (l layout) of(mode string, act int) layout {
	l.mode, l.act = mode, act
	return l
}

// findLayout; ok is false for NO SERVICE, for the notice NOT IN EN-DC CONNECTED MODE, and for modes that no Super SIM
// network has (CDMA).
func findLayout(f []string) (layout, bool) {
	if f[0] == "NR5G" {
		if _, err := strconv.Atoi(at(f, 1)); err == nil {
			return oldNSA, true
		}
		return oldSA, true
	}
	if f[0] == "NR5G_NSA" { // some firmware has the new name and the old form
		if _, err := strconv.Atoi(at(f, 2)); err == nil {
			return oldNSA, true
		}
	}
	for _, l := range layouts {
		if l.mode == f[0] {
			return l, true
		}
	}
	return layout{}, false
}

// readCPSI reads one line. A line that is cut gives what it still has.
func readCPSI(f []string, snr SNR) (modem.Cell, bool) {
	l, ok := findLayout(f)
	if !ok {
		return modem.NoCell, false
	}
	c := modem.NoCell
	c.AcT = l.act
	mcc, mnc, _ := strings.Cut(at(f, l.plmn), "-")
	c.PLMN = modem.JoinPLMN(mcc, mnc)
	c.Area = modem.HexArea(at(f, l.area))
	c.CellID = modem.DecimalPlace(at(f, l.cell))
	c.PCI = whole(at(f, l.pci))
	c.Band = bandWord(at(f, l.band))
	c.Channel = whole(at(f, l.channel))
	switch l.mode {
	case "GSM":
		number, band, _ := strings.Cut(at(f, l.channel), " ") // "27 EGSM 900"
		c.Channel, c.Band = whole(number), bandWord(band)
		c.Signal.RSSIdBm = modem.Round(value(at(f, l.rssi)), modem.MinRSSI, modem.MaxRSSI)
	case "WCDMA":
		c.Signal.RSSIdBm = modem.Round(value(at(f, 9))-value(at(f, 10)), modem.MinRSSI, modem.MaxRSSI) // RSCP - Ec/Io
	default:
		c.Signal = l.signal(f, snr)
	}
	return c, true
}

// signal reads LTE and NR readings in the scale that the RSRP shows.
func (l layout) signal(f []string, snr SNR) modem.Signal {
	rsrp, rsrq := value(at(f, l.rsrp)), value(at(f, l.rsrq))
	rssi, sinr := value(at(f, l.rssi)), value(at(f, l.snr))
	if l.act == 7 || l.act == 9 {
		if snr == SNRHalf {
			sinr = 2*sinr - 20
		}
	} else if sinr > modem.MaxSINR {
		sinr /= 10
	} else if rsrp < modem.MinRSRP {
		sinr = math.NaN()
	}
	s := modem.NoSignal
	s.SINRdB = modem.Round(sinr, modem.MinSINR, modem.MaxSINR)
	switch {
	case rsrp > 0:
		s.RSRPdBm, s.RSRQdB = modem.RSRPFromIndex(at(f, l.rsrp)), modem.RSRQFromIndex(at(f, l.rsrq))
		return s // what the RSSI counts is not documented
	case rsrp < modem.MinRSRP:
		rsrp, rsrq, rssi = rsrp/10, rsrq/10, rssi/10
	}
	s.RSRPdBm = modem.Round(rsrp, modem.MinRSRP, modem.MaxRSRP)
	s.RSRQdB = modem.Round(rsrq, modem.MinRSRQ, modem.MaxRSRQ)
	s.RSSIdBm = modem.Round(rssi, modem.MinRSSI, modem.MaxRSSI)
	return s
}

// bandWord: "EUTRAN-BAND20", "NR5G_BAND78", "EGSM 900", "DCS 1800", "PCS 1900", "WCDMA IMT 2000", "WCDMA 850".
func bandWord(s string) string {
	s = strings.ToUpper(s)
	if radio, number, ok := strings.Cut(s, "BAND"); ok && whole(number) != modem.Unknown {
		if strings.HasPrefix(radio, "NR5G") {
			return "n" + number
		}
		return "B" + number
	}
	return bandNames[s]
}

var bandNames = map[string]string{
	"EGSM 900": "GSM 900", "PGSM 900": "GSM 900", "GSM 900": "GSM 900", "GSM 850": "GSM 850",
	"DCS 1800": "GSM 1800", "PCS 1900": "GSM 1900",
	"WCDMA IMT 2000": "WCDMA 2100", "WCDMA 850": "WCDMA 850", "WCDMA 900": "WCDMA 900",
	"WCDMA 1800": "WCDMA 1800", "WCDMA 1900": "WCDMA 1900",
}

// at returns the i-th value; "" for a line that is shorter, and for place 0.
func at(f []string, i int) string {
	if i == 0 || i >= len(f) {
		return ""
	}
	return f[i]
}

// whole reads a number that has no sign; modem.Unknown for anything else.
func whole(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return modem.Unknown
	}
	return int(n)
}

// value reads a reading; one that is none becomes NaN, which modem.Round takes for unknown.
func value(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// cpsiCells and cpsiSignal are AT+CPSI? as the two questions it answers. The first after power-on gives ERROR.
func cpsiCells(snr SNR) modem.Query {
	return modem.Query{Cmd: "AT+CPSI?", Prefix: "+CPSI", Parse: func(lines []string) (modem.Observation, error) {
		return ParseCPSI(lines, snr)
	}}
}

func cpsiSignal(snr SNR) modem.Query {
	return modem.Query{Cmd: "AT+CPSI?", Prefix: "+CPSI", Parse: func(lines []string) (modem.Observation, error) {
		cells, err := ParseCPSI(lines, snr)
		if err != nil || len(cells.List) == 0 {
			return modem.NoSignal, err
		}
		return cells.List[0].Signal, nil
	}}
}
