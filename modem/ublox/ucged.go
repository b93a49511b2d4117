package ublox

import (
	"fmt"
	"strconv"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// Report is how a family answers AT+UCGED? after AT+UCGED=2: a line "+UCGED: 2", then lines without a label. The first
// of them is <rat>[,<svc>],<MCC>,<MNC>, the second the serving cell in an order of its own per technology, what
// follows are neighbours.
type Report map[string]columns

// columns are the places in the serving cell's line, counted from 1; 0 for what is not there.
type columns struct {
	channel, band, area, cell, pci    int
	rsrp, rsrq, sinr, rssi            int
	readRSRP, readRSRQ, readSINR, dBm func(string) int // what a place means; nil where it is not there
	bands                             map[string]string
}

var (
	// lteIndexed (UBX, and oFono for the places): indices of 36.133 for power and quality, SINR in dB.
	//	earfcn,Lband,ul_BW,dl_BW,tac,LcellId,PCID,mTmsi,mmeGrId,mmeCode,rsrp,rsrq,Lsinr,Lrrc,…
	lteIndexed = columns{channel: 1, area: 5, cell: 6, pci: 7, rsrp: 11, rsrq: 12, sinr: 13,
		readRSRP: modem.RSRPFromIndex, readRSRQ: rsrqFromIndex, readSINR: decibels}
	// lteDecibels (UBX): dBm and dB; SINR in fifths of a dB above -20 dB. It has no cell identity.
	//	EARFCN,Lband,ul_BW,dl_BW,TAC,P-CID,RSRP_value,RSRQ_value,NBMsinr,esm_cause,emm_state,tx_pwr,drx_cycle_len,tmsi
	lteDecibels = columns{channel: 1, area: 5, pci: 6, rsrp: 7, rsrq: 8, sinr: 9,
		readRSRP: power, readRSRQ: quality, readSINR: fifths}
	// umts and gsm (UBX, LARA-R6).
	//	uarfcn,Wband,WcellId,Wlac,Wrac,scrambling_code,Wrrc,rssi,ecn0_lev,…
	//	arfcn,band1900,GcellId,BSIC,Glac,Grac,RxLev,t_adv,…
	umts = columns{channel: 1, band: 2, cell: 3, area: 4, pci: 6, rssi: 8, dBm: carrierPower,
		bands: map[string]string{"1": "WCDMA 2100", "2": "WCDMA 1900", "5": "WCDMA 850", "8": "WCDMA 900"}}
	gsm = columns{channel: 1, cell: 3, area: 5, rssi: 7, dBm: receivedLevel}
)

// The reports, by <rat>: 2 GSM, 3 UMTS, 4 LTE, 6 LTE-M, 7 NB-IoT. Of SARA-R422 on GSM only the first line is known.
var (
	Indexed  = Report{"2": gsm, "3": umts, "4": lteIndexed, "6": lteIndexed, "7": lteIndexed}
	Decibels = Report{"2": {}, "6": lteDecibels, "7": lteDecibels}
)

// technologies are <rat> in 27.007's numbers.
var technologies = map[string]int{"2": 0, "3": 2, "4": 7, "6": 7, "7": 9}

// services are <svc>: 0 not known, 1 radio off, 2 searching, 3 no service, 4 registered, as a public script explains
// them. Registered may be idle or connected.
var services = map[string]modem.CellState{"2": modem.CellSearching, "3": modem.CellLimited}

// ParseUCGED reads the whole answer to AT+UCGED? in a family's form. An empty list is no service. It is an error when
// the report is not switched on. The lines hold a temporary subscriber identity, so that errors do not quote them.
func ParseUCGED(lines []string, form Report) (modem.Cells, error) {
	if len(lines) == 0 {
		return modem.Cells{}, badReport("no line")
	}
	if label, mode := values(lines[0]); label != "+UCGED" || at(mode, 1) != "2" {
		return modem.Cells{}, badReport("the report is not switched on")
	}
	if len(lines) == 1 {
		return modem.Cells{}, nil
	}
	cell, body, err := head(lines[1], form)
	if err != nil {
		return modem.Cells{}, err
	}
	if len(lines) > 2 {
		_, v := values(lines[2])
		if at(v, 1) == nowhere {
			return modem.Cells{}, nil
		}
		body.read(v, &cell)
	}
	return modem.Cells{List: []modem.Cell{cell}}, nil
}

// nowhere is the channel of a module without a cell.
const nowhere = "65535"

func badReport(why string) error { return fmt.Errorf("AT+UCGED?: %w: %s", modem.ErrAnswer, why) }

// head reads the line with technology and network, and finds the places of the next one.
func head(line string, form Report) (modem.Cell, columns, error) {
	label, v := values(line)
	act, known := technologies[at(v, 1)]
	body, ok := form[at(v, 1)]
	if label != "" || !known || !ok {
		return modem.Cell{}, columns{}, badReport("a technology that this family does not have")
	}
	cell := modem.NoCell
	cell.AcT = act
	if len(v) == 4 {
		cell.State = services[v[1]]
		v = v[1:]
	}
	// A network code of one digit has lost its zeros, and so its length: it is left out. AT+COPS? has it.
	cell.PLMN = modem.JoinPLMN(at(v, 2), at(v, 3))
	return cell, body, nil
}

func (c columns) read(v []string, cell *modem.Cell) {
	cell.Channel, cell.PCI = whole(at(v, c.channel)), whole(at(v, c.pci))
	if area := modem.HexArea(at(v, c.area)); area != "FFFF" { // what stands for unknown
		cell.Area = area
	}
	cell.CellID = modem.HexPlace(at(v, c.cell))
	if cell.AcT == 7 || cell.AcT == 9 {
		cell.Band = BandOfEARFCN(cell.Channel)
	} else {
		cell.Band = c.bands[at(v, c.band)]
	}
	cell.Signal = modem.Signal{
		RSRPdBm: measured(c.readRSRP, at(v, c.rsrp)), RSRQdB: measured(c.readRSRQ, at(v, c.rsrq)),
		SINRdB: measured(c.readSINR, at(v, c.sinr)), RSSIdBm: measured(c.dBm, at(v, c.rssi)),
	}
}

func measured(read func(string) int, text string) int {
	if read == nil {
		return modem.Unknown
	}
	return read(text)
}

// values are the fields of a line, without quotes, and its label.
func values(line string) (label string, v []string) {
	label, f := atcmd.Split(line)
	for range f.Len() {
		v = append(v, f.Str())
	}
	return label, v
}

// at is the i-th value counted from 1, "" where there is none.
func at(v []string, i int) string {
	if i < 1 || i > len(v) {
		return ""
	}
	return v[i-1]
}

func whole(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return modem.Unknown
	}
	return n
}

// index reads a number of a table lo..hi; 255 and 99 stand for unknown and lie outside of all.
func index(text string, lo, hi, offset int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi {
		return modem.Unknown
	}
	return n + offset
}

// rsrqFromIndex reads the extended table of 36.133 §9.1.7, -30..46 in half decibels; 0..34 are as AT+CESQ has them.
func rsrqFromIndex(text string) int {
	n := index(text, -30, 46, 0)
	if n == modem.Unknown {
		return n
	}
	return n>>1 - 20 // rounds down below zero too
}

// carrierPower is 25.133's UTRA carrier RSSI, receivedLevel 45.008's RXLEV.
func carrierPower(text string) int  { return index(text, 0, 76, -100) }
func receivedLevel(text string) int { return index(text, 0, 63, -111) }

func power(text string) int    { return decimal(text, modem.MinRSRP, modem.MaxRSRP) }
func quality(text string) int  { return decimal(text, modem.MinRSRQ, modem.MaxRSRQ) }
func decibels(text string) int { return decimal(text, modem.MinSINR, modem.MaxSINR) }

// decimal reads a measured value with or without a fraction.
func decimal(text string, lo, hi float64) int {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return modem.Unknown
	}
	return modem.Round(v, lo, hi)
}

// fifths reads SARA-R422's index: dB = (n-100)/5.
func fifths(text string) int {
	n := index(text, 0, 250, 0)
	if n == modem.Unknown {
		return n
	}
	return modem.Round(float64(n-100)/5, modem.MinSINR, modem.MaxSINR)
}

// ParseRSRP reads the answer of SARA-R410 and R412 to AT+UCGED? after AT+UCGED=5, which they give on LTE only. Each
// line has <pci>,<earfcn>,"<value>" for the serving cell, then for neighbours, with a comma at the end:
//
//	+RSRP: 162,5110,"-083.00",
//	+RSRQ: 162,5110,"-11.20",
func ParseRSRP(lines []string) (modem.Cells, error) {
	cell, found := modem.NoCell, false
	for _, l := range lines {
		label, v := values(l)
		switch label {
		case "+UCGED": // without service, nothing follows
			continue
		case "+RSRP":
			cell.Signal.RSRPdBm = power(at(v, 3))
		case "+RSRQ":
			cell.Signal.RSRQdB = quality(at(v, 3))
		default:
			return modem.Cells{}, badReport("neither +RSRP nor +RSRQ")
		}
		if at(v, 3) != "" {
			cell.PCI, cell.Channel, found = whole(at(v, 1)), whole(at(v, 2)), true
		}
	}
	if !found {
		return modem.Cells{}, nil
	}
	cell.AcT, cell.Band = 7, BandOfEARFCN(cell.Channel)
	return modem.Cells{List: []modem.Cell{cell}}, nil
}

// cellQuery asks for the report.
func cellQuery(form Report) modem.Query {
	return modem.Query{Cmd: "AT+UCGED?", Parse: func(lines []string) (modem.Observation, error) {
		return ParseUCGED(lines, form)
	}}
}

// signalOf takes the anchor cell's signal out of a report.
func signalOf(q modem.Query) modem.Query {
	parse := q.Parse
	q.Parse = func(lines []string) (modem.Observation, error) {
		o, err := parse(lines)
		cells, _ := o.(modem.Cells)
		if err != nil || len(cells.List) == 0 {
			return modem.NoSignal, err
		}
		return cells.List[0].Signal, nil
	}
	return q
}
