package modem

import "strconv"

// CellState is how the module uses its serving cell.
type CellState string

const (
	CellUnknown   CellState = ""          // the answer does not tell
	CellSearching CellState = "searching" // none
	CellLimited   CellState = "limited"   // camped, no normal service: refused, or a forbidden network
	CellIdle      CellState = "idle"
	CellConnected CellState = "connected"
)

// Cell is one serving cell. Numbers may be Unknown, texts empty.
type Cell struct {
	State   CellState
	AcT     int    // 27.007's number; RAT names it
	PLMN    string // five or six digits
	Area    string // LAC or TAC, as in Registration
	CellID  string // as in Registration
	PCI     int    // physical cell identity; the scrambling code on UMTS
	Channel int    // ARFCN, UARFCN, EARFCN, NR-ARFCN
	Band    string // "B20", "n78", "GSM 1800", "WCDMA 2100"
	Signal  Signal
}

// NoCell is a module that has none, or does not tell.
var NoCell = Cell{AcT: Unknown, PCI: Unknown, Channel: Unknown, Signal: NoSignal}

// Cells has the anchor first, then what is added to it (EN-DC). Empty: no service.
type Cells struct{ List []Cell }

func (Cells) observation() {}

// HexPlace normalises a cell identity that is given in hexadecimal, as Registration has it: upper case, no
// 0x, no leading zeros; "" for zero and for what is no number.
func HexPlace(text string) string { return place(field{text: text}, "FFFFFFFF") }

// HexArea does so for an area code: FFFE means none (23.003 §4.1).
func HexArea(text string) string { return place(field{text: text}, "FFFE") }

// DecimalPlace normalises a cell identity that is given in decimal.
func DecimalPlace(text string) string {
	n, err := strconv.ParseUint(text, 10, 36)
	if err != nil {
		return ""
	}
	return HexPlace(strconv.FormatUint(n, 16))
}

// JoinPLMN puts a PLMN together; "" when the parts are none. The network code keeps its leading zero: 01 and 001 are
// different networks (23.003 §2.2).
func JoinPLMN(mcc, mnc string) string {
	if len(mcc) != 3 || len(mnc) < 2 || len(mnc) > 3 || !allDigits(mcc) || !allDigits(mnc) || mcc == "000" {
		return ""
	}
	return mcc + mnc
}
