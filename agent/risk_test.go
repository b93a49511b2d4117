package agent

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// riskyLines has at least one line for each row of the table; TestEveryRiskHasALine holds that.
var riskyLines = strings.Fields(`
AT+CFUN=0 AT+CFUN=4 AT+CFUN=1,1 AT+CFUN=15 AT+CFUN=16 AT+CFUN=6 AT+CFUN=01,01 at+cfun=0 AT+CFUN="0" AT+CFUN=
AT+COPS=2 AT+COPS=0 AT+COPS=1,2,"310410" AT+COPS=? AT+CGATT=0 AT+CGACT=0,1 AT+QIDEACT=1 AT+NETCLOSE AT+CIPSHUT
AT+CNACT=0,0 AT+UPSDA=0,4 AT+SAPBR=0,1 AT$QCRMCALL=0,1 ATH ATH0 AT+CHUP
AT&F AT&F0 ATZ ATZ0 AT&W AT&W0 AT&Y1 ATQ1 ATV0 ATV ATS3=13 ATS4=10 ATS5=8 ATS03=1
AT+IPR=9600 AT+IPREX=0 AT+ICF=3,3 AT+IFC=2,2 AT&K3 AT\Q3 AT+CMUX=0
ATD*99# ATD*99***1# atd*99# ATDT12345; ATA ATO AT+CGDATA="PPP",1 AT+CMGS="+15550100" AT+CMGW="x"
AT+QPOWD AT+QPOWD=1 AT+CPOF AT+CPOF=1 AT+CPOWD=1 AT+CPWROFF AT+CRESET AT+CREBOOT AT+QRST=1,0 AT^RESET AT$QCPWRDN
AT+CGDCONT=1,"IP","super" AT+CGAUTH AT+CGAUTH=1,0 AT+UAUTHREQ=1,0 AT+QICSGP=1,1,"super" AT+CNCFG=0,1,"super"
AT+CSTT="super" AT+UPSD=0,1,"super"
AT+QCFG="nwscanmode",3,1 AT+QCFG="usbnet",1 AT+QCFGEXT="usbnet","modem" AT+QURCCFG="urcport","all"
AT+QNWPREFCFG="mode_pref",LTE AT+QNWCFG="data_roaming",1 AT+QNWLOCK="common/lte",0 AT+QMBNCFG="Select","ROW"
AT+QFPLMNCFG="Delete","all" AT+QSIMDET=1,0 AT+QUIMSLOT=2 AT+QDSIM=1 AT+QSTK=0 AT+QSTKRSP=36,0,12 AT+UCUSATA=0 AT+STK=0 AT+STGR=21
AT+QPRTPARA=3 AT+QFLST AT+QFLST="*" AT+QFDEL="x" AT+QFUPL="x",1 AT+QFOTADL="http" AT+QFASTBOOT
AT+QSCLK=1 AT+CSCLK=2 AT+UPSV=1 AT+CPSMS=1 AT+CEDRXS=1,4 AT+EGMR=1,7,"1" AT+SIMEI=1 AT+QNVFW="x" AT^NVWR=1 AT$QCNVW=1 AT+CSN="1"
AT+UMNOPROF=1 AT+UMNOPROF=90,1 AT+URAT=7 AT+UBANDMASK=0,6170 AT+UBANDSEL=1 AT+UFACTORY=2,2 AT+UUSBCONF=2 AT+UBMCONF=2
AT+UDCONF=1,0 AT+ULWM2M=1 AT+UFWINSTALL AT+UFWUPD=0 AT+UDELFILE="x" AT+UDWNFILE="x",1
AT+CNMP=38 AT+CMNB=1 AT+CBANDCFG="CAT-M",2 AT+CNBP=1 AT+CPOL=1,2,"310410"
AT+CUSBPIDSWITCH=9001,1,1 AT+CUSBSELNV=1 AT+CUSBCFG=usbid,1e0e,9001 AT$MYCONFIG="USBNETMODE",1 AT+DIALMODE=0 AT+QNETDEVCTL=1,1,1
AT+UIMHOTSWAPON=1 AT+UIMHOTSWAPLEVEL=0
AT+CRSM=214,28539,0,0,12,"FFFFFFFFFFFFFFFFFFFFFFFF" AT+CRSM=220,1 AT+CSIM=10,"00" AT+CGLA=1,2 AT+CCHO="A0"
AT+CPIN="1234" AT+CPIN=1234 AT+CPWD="SC","0","1" AT+CLCK="SC",1,"1234"
`)

// Lines that hide a risky command from a careless reader.
var hiddenLines = []string{
	"AT+CSQ;+CFUN=1,1", "AT+CSQ;;+CFUN=0", "ATE0&F", "ATE0Z", "ATI;+QPOWD", "AT +CFUN = 1 , 1", "AT + C F U N = 0",
	`AT+CPIN?;+CPIN="1;2"`, "ATE0S0=0&W", "ATE0+CFUN=0", "AT\t+CFUN=0", "aTe0V1Q1", "ATE0V1D*99#", `AT+CSQ;+COPS=2`,
	"ATS0=0S3=1", "AT&D0&C1&F",
}

var harmlessLines = []string{
	"AT", "at", "ATI", "ATI9", "ATE0", "ATE1", "ATV1", "ATQ0", "AT&D0", "AT&V", "ATS0?", "ATS3?", "AT+CSQ", "AT+CFUN?", "AT+CFUN=?", "AT+CFUN=1", "AT+CFUN=1,0",
	"AT+COPS?", "AT+COPS=3,2", "AT+CREG?", "AT+CEREG=2", "AT+CEREG=?", "AT+CGATT?", "AT+CGATT=1", "AT+CGACT?", "AT+CGACT=1,1",
	"AT+CGDCONT?", "AT+CGDCONT=?", "AT+CGPADDR=1", "AT+CGCONTRDP=1", `AT+QCFG="nwscanmode"`, "AT+QCFG=?", `AT+QURCCFG="urcport"`,
	`AT+QNWPREFCFG="mode_pref"`, `AT+QENG="servingcell"`, "AT+QNWINFO", "AT+QCSQ", "AT+CPSI?", "AT+CNSMOD?", "AT+UCGED=5", "AT+UCGED?",
	"AT+UMNOPROF?", "AT+URAT?", "AT+URAT=?", "AT+CNMP?", "AT+CPSMS?", "AT+CPSMS=0", "AT+CEDRXS?", "AT+CEDRXS=3,4", "AT+QSCLK=0", "AT+UPSV=0",
	"AT+CPIN?", `AT+CLCK="SC",2`, "AT+CRSM=176,12258,0,0,10", "AT+CRSM=176,28539,0,0,12", "AT+CRSM=192,28539,0,0,15",
	"AT+CIMI", "AT+CGSN", "AT+QCCID", "AT+CEER", "AT+CCLK?", "AT+QSTK?", "AT+QSIMDET?", `AT+QFPLMNCFG="List"`, `AT+QMBNCFG="List"`,
	"AT+QICSGP=1", "AT+CSQ;+CREG?", `AT+CUSD=1,"ATD;+CFUN=0"`, "AT+CMEE=1", "AT+CPOWD=?", "AT+CGAUTH?",
}

func TestRisk(t *testing.T) {
	for _, line := range append(riskyLines, hiddenLines...) {
		if Risk(line) == "" {
			t.Errorf("%s would be sent without force", line)
		}
	}
	for _, line := range harmlessLines {
		if reason := Risk(line); reason != "" {
			t.Errorf("%s would be refused: %s", line, reason)
		}
	}
}

func TestEveryRiskHasALine(t *testing.T) {
	for _, row := range Risks {
		used := false
		for _, line := range riskyLines {
			for _, c := range splitCommands(line) {
				used = used || row.matches(c.name) && row.risky(c.form)
			}
		}
		if !used {
			t.Errorf("no line of the test is refused by the row %s %s", row.Name, row.When)
		}
		if row.Reason == "" || row.When == "" {
			t.Errorf("the row %s does not say when or why", row.Name)
		}
	}
}

// However a risky command is written, and whatever harmless commands stand before it, it is found.
func TestRiskIsNotHiddenByForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		risky := rapid.SampledFrom(riskyLines).Draw(t, "risky")
		harmless := rapid.SampledFrom([]string{"", "E0", "E0V1", "+CSQ;", "+CREG?;", "I;", `+CUSD=1,"x;y";`}).Draw(t, "before")
		line := risky[:2] + harmless + risky[2:]
		var b strings.Builder
		quoted := false
		for _, r := range line {
			quoted = quoted != (r == '"')
			if !quoted && rapid.IntRange(0, 5).Draw(t, "blank") == 0 {
				b.WriteByte(' ')
			}
			if rapid.Bool().Draw(t, "lower") {
				r = []rune(strings.ToLower(string(r)))[0]
			}
			b.WriteRune(r)
		}
		if Risk(b.String()) == "" {
			t.Fatalf("%q would be sent without force", b.String())
		}
	})
}

func FuzzRisk(f *testing.F) {
	for _, line := range append(append(riskyLines, hiddenLines...), harmlessLines...) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if Risk(line) != Risk(strings.ToLower(line)) && !strings.ContainsAny(line, "\"") && isASCII(line) {
			t.Errorf("%q and its lower case are judged differently", line)
		}
	})
}

func isASCII(s string) bool {
	for _, r := range s {
		if r > 126 {
			return false
		}
	}
	return true
}
