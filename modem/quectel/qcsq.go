package quectel

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"supersim-agent/modem"
)

// ParseQCSQ reads the answer to AT+QCSQ (EC2x manual V2.2; older firmware has it too): the technology, then readings in
// dBm and dB. SINR on LTE is an index: dB = index/5 - 20.
//
//	+QCSQ: "NOSERVICE"
//	+QCSQ: "GSM",<rssi>
//	+QCSQ: "WCDMA",<rssi>,<rscp>,<ecio>
//	+QCSQ: "LTE",<rssi>,<rsrp>,<sinr>,<rsrq>        also "eMTC", "CAT-M1", "NBIoT" (BG95, BG96)
//	+QCSQ: "NR5G-SA",<rsrp>,<sinr>,<rsrq>           SINR in dB
func ParseQCSQ(line string) (modem.Signal, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "+QCSQ:")
	fields := strings.Split(rest, ",")
	tech := strings.ToUpper(strings.Trim(fields[0], "\" "))
	if !ok || tech == "" {
		return modem.NoSignal, fmt.Errorf("AT+QCSQ: %w: %q", modem.ErrAnswer, line)
	}
	s := modem.NoSignal
	if tech == "NOSERVICE" {
		return s, nil
	}
	v := numbers(fields[1:])
	switch {
	case strings.HasPrefix(tech, "NR5G") && len(v) >= 3:
		s.RSRPdBm = modem.Round(v[0], modem.MinRSRP, modem.MaxRSRP)
		s.SINRdB = modem.Round(v[1], modem.MinSINR, modem.MaxSINR)
		s.RSRQdB = modem.Round(v[2], modem.MinRSRQ, modem.MaxRSRQ)
	case tech == "GSM" || tech == "WCDMA" || tech == "TDSCDMA" || len(v) < 4:
		if len(v) > 0 {
			s.RSSIdBm = modem.Round(v[0], modem.MinRSSI, modem.MaxRSSI)
		}
	default:
		s.RSSIdBm = modem.Round(v[0], modem.MinRSSI, modem.MaxRSSI)
		s.RSRPdBm = modem.Round(v[1], modem.MinRSRP, modem.MaxRSRP)
		s.SINRdB = modem.Round(v[2]/5-20, modem.MinSINR, modem.MaxSINR)
		s.RSRQdB = modem.Round(v[3], modem.MinRSRQ, modem.MaxRSRQ)
	}
	return s, nil
}

// numbers reads the values; one that is none ("-") becomes NaN, which Round takes for unknown.
func numbers(fields []string) []float64 {
	out := make([]float64, len(fields))
	for i, f := range fields {
		v, err := strconv.ParseFloat(strings.Trim(f, "\" "), 64)
		if err != nil {
			v = math.NaN()
		}
		out[i] = v
	}
	return out
}
