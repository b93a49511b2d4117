package simcom

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"supersim-agent/modem"
)

// ParseCPSI reads the SIM7600's answer to AT+CPSI? (7600 4.2.14), whose LTE readings are in tenths:
//
//	+CPSI: LTE,Online,228-02,0x9CA4,20964868,46,EUTRAN-BAND20,6200,3,3,-178,-1089,-742,8
//	       mode,state,mcc-mnc,tac,cell,pci,band,earfcn,dl,ul,RSRQ,RSRP,RSSI,SNR
//	+CPSI: WCDMA,Online,460-01,0Xa809,11122855,WCDMA IMT 2000,279,10663,0,1.5,62,33,52,500
//	       mode,state,mcc-mnc,lac,cell,band,psc,arfcn,ssc,Ec/Io,RSCP,…   (both without their minus sign)
//	+CPSI: GSM,Online,460-00,0x182d,12401,27 EGSM 900,-64,2110,42-42
//	       mode,state,mcc-mnc,lac,cell,arfcn and band,level in dBm,…
//	+CPSI: NO SERVICE,Online
func ParseCPSI(line string) (modem.Signal, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "+CPSI:")
	f := strings.Split(rest, ",")
	mode := strings.ToUpper(strings.TrimSpace(f[0]))
	if !ok || mode == "" {
		return modem.NoSignal, fmt.Errorf("AT+CPSI?: %w: %q", modem.ErrAnswer, line)
	}
	s := modem.NoSignal
	switch {
	case strings.HasPrefix(mode, "LTE") && len(f) >= 14:
		s.RSRQdB = modem.Round(value(f[10])/10, modem.MinRSRQ, modem.MaxRSRQ)
		s.RSRPdBm = modem.Round(value(f[11])/10, modem.MinRSRP, modem.MaxRSRP)
		s.RSSIdBm = modem.Round(value(f[12])/10, modem.MinRSSI, modem.MaxRSSI)
		s.SINRdB = modem.Round(value(f[13]), modem.MinSINR, modem.MaxSINR)
	case mode == "WCDMA" && len(f) >= 11:
		s.RSSIdBm = modem.Round(value(f[9])-value(f[10]), modem.MinRSSI, modem.MaxRSSI) // RSSI = RSCP - Ec/Io
	case mode == "GSM" && len(f) >= 7:
		s.RSSIdBm = modem.Round(value(f[6]), modem.MinRSSI, modem.MaxRSSI)
	}
	return s, nil
}

// value reads a number; one that is none becomes NaN, which Round takes for unknown.
func value(s string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}
