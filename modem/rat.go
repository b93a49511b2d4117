package modem

// RAT names the radio technology of an access technology number <AcT> (27.007 §7.3) in the words of KORE's connection
// events: "2G", "3G", "4G LTE", and "5G" where the cloud has no word yet. It returns "" for a number it does not know
// and for Unknown. Vendors use some numbers otherwise; [Dialect.AcT] translates them before they get here.
func RAT(act int) string {
	switch act {
	case 0, 1, 3, 8: // GSM, GSM compact, EGPRS, EC-GSM-IoT
		return "2G"
	case 2, 4, 5, 6: // UTRAN, HSDPA, HSUPA, both
		return "3G"
	case 7, 9, 13: // E-UTRAN, its NB-IoT form, and EN-DC, whose core and signalling are LTE
		return "4G LTE"
	case 10, 11, 12: // connected to a 5G core
		return "5G"
	}
	return ""
}
