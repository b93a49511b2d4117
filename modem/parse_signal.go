package modem

import "math"

// ParseCSQ reads "+CSQ: 20,99" (27.007 §8.5). On LTE the value is derived and coarse. 99 is unknown; 100 to 199 are the
// TD-SCDMA scale, which no Super SIM network uses.
func ParseCSQ(line string) (Signal, error) {
	_, f := splitLine(line)
	n, ok := at(f, 0).within(0, 199)
	if !ok {
		return NoSignal, unreadable("AT+CSQ", line)
	}
	s := NoSignal
	if n <= 31 {
		s.RSSIdBm = 2*n - 113
	}
	return s, nil
}

// ParseCESQ reads "+CESQ: <rxlev>,<ber>,<rscp>,<ecno>,<rsrq>,<rsrp>" (27.007 §8.69), all of them indices; 99 and 255
// are unknown. RSSI is given on GSM only.
func ParseCESQ(line string) (Signal, error) {
	_, f := splitLine(line)
	if _, ok := at(f, 0).within(0, 255); !ok || len(f) < 6 {
		return NoSignal, unreadable("AT+CESQ", line)
	}
	s := NoSignal
	if n, ok := f[0].within(0, 63); ok {
		s.RSSIdBm = n - 111
	}
	s.RSRQdB = RSRQFromIndex(f[4].text)
	s.RSRPdBm = RSRPFromIndex(f[5].text)
	return s, nil
}

// RSRPFromIndex translates the index 0..97 of 36.133 §9.1.4 to dBm; Unknown outside of it.
func RSRPFromIndex(text string) int {
	n, ok := field{text: text}.within(0, 97)
	if !ok {
		return Unknown
	}
	return n - 141
}

// RSRQFromIndex translates the index 0..34 of 36.133 §9.1.7 to dB; Unknown outside of it.
func RSRQFromIndex(text string) int {
	n, ok := field{text: text}.within(0, 34)
	if !ok {
		return Unknown
	}
	return n/2 - 20
}

// Round gives a measured value as a whole number, or Unknown when it lies outside lo..hi: modules fill in 0, -32768 or
// 255 when they have nothing.
func Round(v, lo, hi float64) int {
	if !(lo <= v && v <= hi) { // also NaN
		return Unknown
	}
	return int(math.Round(v))
}

// The ranges in which LTE readings make sense (36.133 §9.1, with room for modules that report beyond it).
const (
	MinRSRP, MaxRSRP = -160, -20
	MinRSRQ, MaxRSRQ = -43, -1
	MinSINR, MaxSINR = -30, 50
	MinRSSI, MaxRSSI = -140, -10
)
