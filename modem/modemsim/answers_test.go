package modemsim

// exchange is a command and the beginning of its answer, lines joined by bars.
type exchange struct{ command, answer string }

// answers are written from the vendor manuals; the values are this world's.
var answers = map[string][]exchange{
	"quectel-eg25": {
		{"ATI", "Quectel|EG25|Revision: EG25GGBR07A08M2G|OK"}, // §1.0
		{"AT+CGMM", "EG25|OK"},
		{"AT+QGMR", "EG25GGBR07A08M2G_30.203.30.203|OK"},
		{"AT+QCCID", "+QCCID: 8988307000001234567F|OK"}, // §2.1: padding kept
		{"AT+CRSM=176,12258,0,0,10", `+CRSM: 144,0,"988803070000214365F7"`},
		{"AT+CIMI", "732123200012345|OK"},
		{"AT+CRSM=176,28512,0,0,5", `+CRSM: 144,0,"FFFFFF0000"|OK`},
		{`AT+CRSM=214,28512,0,0,5,"1300624000"`, "+CRSM: 144,0|OK"},
		{"AT+CRSM=176,28512,0,0,5", `+CRSM: 144,0,"1300624000"|OK`},
		{`AT+QNWLOCK="common/lte"`, `+QNWLOCK: "common/lte",0|OK`},
		{`AT+QMBNCFG="AutoSel"`, `+QMBNCFG: "AutoSel",1|OK`},
		{"AT+CFUN?", "+CFUN: 1|OK"},
		{"AT+CREG=3", "ERROR"}, // §2.4: n up to 2
		{"AT+CREG", "ERROR"},
		{"AT+CEREG=2", "OK"},
		{"AT+CEREG?", `+CEREG: 2,5,"5003","262C201",7|OK`},
		{"AT+CGREG?", "+CGREG: 0,0|OK"},
		{"AT+C5GREG?", "ERROR"},
		{"AT+CGDCONT?", `+CGDCONT: 1,"IP","super","0.0.0.0",0,0,0,0|OK`},
		{"AT+QCSQ", `+QCSQ: "LTE",-65,-91,150,-12|OK`}, // §2.5
		{`AT+QENG="servingcell"`,
			`+QENG: "servingcell","CONNECT","LTE","FDD",310,410,262C201,152,5110,12,3,3,5003,-91,-12,-65,10,41|OK`},
		{"AT+QNWINFO", `+QNWINFO: "FDD LTE","310410","LTE BAND 12",5110|OK`},
		{`AT+QCFG="roamservice"`, `+QCFG: "roamservice",255|OK`}, // §3.1
		{`AT+QCFG="roamservice",3`, "ERROR"},
		{`AT+QCFG="roamservice",2,1`, "OK"},
		{`AT+QCFG="roamservice"`, `+QCFG: "roamservice",2|OK`},
		{`AT+QCFG="band"`, `+QCFG: "band",0xbff,0x1e00b0e18df,0x0|OK`},
		{`AT+QCFG="band",0xf,0x800,0x0,1`, "OK"},
		{`AT+QCFG="band"`, `+QCFG: "band",0xf,0x800,0x0|OK`},
		{`AT+QURCCFG="urcport"`, `+QURCCFG: "urcport","usbat"|OK`}, // a read
		{`AT+QURCCFG="urcport","all"`, "OK"},
		{`AT+QURCCFG="urcport"`, `+QURCCFG: "urcport","all"|OK`},
		{`AT+QINDCFG="csq"`, `+QINDCFG: "csq",0|OK`},
		{"AT+QINISTAT", "+QINISTAT: 7|OK"},
		{"AT+QLTS=1", `+QLTS: "2000/01/01,00:0`},
		{"AT+CICCID", "ERROR"},
		{"AT+CGACT=0,1", "ERROR"}, // §2.6: the last LTE context stays
		{"AT+QIACT?", "OK"},
		{"AT+QIACT=1", "OK"},
		{"AT+QIACT=1", "ERROR"}, // §3.1
		{"AT+QIACT?", `+QIACT: 1,1,1,"100.`},
		{"AT+QIDEACT=1", "OK"},
		{"AT+QIACT?", "OK"},
		{"AT$QCRMCALL=1,1", "$QCRMCALL: 1,V4|OK"},
		{"AT+COPS?", `+COPS: 0,0,"AT&T",7|OK`},
		{"AT+CSQ;+CGATT?", "+CSQ: 24,99|+CGATT: 1|OK"},
	},
	"quectel-eg91": {
		{"AT+CGMM", "EG91|OK"},
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003","262C201",7|OK`},
		{"AT+QDSIM?", "+QDSIM: 0|OK"},
		{"AT+QNWINFO", `+QNWINFO: "FDD LTE","310410","LTE BAND 12",5110|OK`},
	},
	"quectel-bg95": {
		{"AT+CGMM", "BG95-M3|OK"},
		{"AT+QCCID", "+QCCID: 8988307000001234567F|OK"},
		{"AT+CEREG=?", "+CEREG: (0-2,4)|OK"},
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003","262C201",8|OK`},             // §2.3: 8 is Cat-M1
		{"AT+CEREG=4;+CEREG?", `+CEREG: 4,5,"5003","262C201",8,,,,"00000000",`}, // §2.4: rac, cause, timers
		{"AT+COPS=3,2;+COPS?", `+COPS: 0,2,"310410",8|OK`},
		{"AT+QCSQ", `+QCSQ: "eMTC",-65,-91,150,-12|OK`},
		{`AT+QENG="servingcell"`,
			`+QENG: "servingcell","CONNECT","eMTC","FDD",310,410,262C201,152,5110,12,3,3,5003,-91,-12,-65,10,41|OK`},
		{"AT+QNWINFO", `+QNWINFO: "eMTC","310410","LTE BAND 12",5110|OK`},
		{`AT+QCFG="nwscanseq"`, `+QCFG: "nwscanseq",20103|OK`}, // §3.1: leading zero dropped
		{`AT+QCFG="iotopmode"`, `+QCFG: "iotopmode",2|OK`},
		{`AT+QURCCFG="urcport","all"`, "ERROR"},
		{`AT+QURCCFG="urcport","uart1"`, "OK"},
		{`AT+QFPLMNCFG="List"`, "ERROR"},
		{"AT+CPSMS?", `+CPSMS: 0,,,"01100000","00000000"|OK`},
		{"AT+CEDRXS=1,4,\"0101\"", "OK"},
		{"AT+CEDRXS?", `+CEDRXS: 4,"0101"|OK`},
		{"AT+CEDRXS=0", "OK"},
		{"AT+CEDRXS?", "OK"},
	},
	"quectel-bg96": {
		{"AT+CGMM", "BG96|OK"},
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003","262C201",8|OK`},
		{"AT+QCSQ", `+QCSQ: "CAT-M1",-65,-91,150,-12|OK`}, // §6
		{"AT+QNWINFO", `+QNWINFO: "CAT-M1","310410","LTE BAND 12",5110|OK`},
		{"AT+CEREG=3", "ERROR"},
	},
	"quectel-eg06": {
		{"AT+CGMM", "EG06|OK"},
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003","262C201",7|OK`},
		{`AT+QCFG="usbnet"`, `+QCFG: "usbnet",0|OK`},
	},
	"quectel-rm500": {
		{"AT+CGMM", "RM500Q-GL|OK"},
		{"AT+CCID", "+CCID: 8988307000001234567F|OK"},
		{"AT+ICCID", "+CME ERROR: 4"}, // §2.1
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003","262C201",7|OK`},
		{"AT+C5GREG=2;+C5GREG?", "+C5GREG: 2,0|OK"},
		{"AT+QCSQ", `+QCSQ: "LTE",-65,-91,10,-12|OK`},
		{`AT+QNWPREFCFG="mode_pref"`, `+QNWPREFCFG: "mode_pref",AUTO|OK`}, // §3.1
		{`AT+QNWPREFCFG="roam_pref"`, `+QNWPREFCFG: "roam_pref",255|OK`},
		{`AT+QNWPREFCFG="mode_pref",LTE`, "OK"},
		{`AT+QNWPREFCFG="mode_pref"`, `+QNWPREFCFG: "mode_pref",LTE|OK`},
		{`AT+QURCCFG="urcport","uart2"`, "ERROR"},
		{"AT+QUIMSLOT?", "+QUIMSLOT: 1|OK"},
	},
	"quectel-rm520": {
		{"AT+CGMM", "RM520N-GL|OK"},
		{"AT+C5GREG=?", "+C5GREG: (0-2)|OK"},
		{`AT+QNWPREFCFG="rat_acq_order"`, `+QNWPREFCFG: "rat_acq_order",NR5G:LTE:WCDMA|OK`},
	},
	"ublox-sara-r4": {
		{"ATI9", "L0.0.00.00.05.08,A.02.04|OK"}, // §1.0
		{"AT+CGMM", "SARA-R410M-02B|OK"},
		{"AT+CCID", "+CCID: 8988307000001234567|OK"},
		{"AT+CEREG=3;+CEREG?", `+CEREG: 3,5,"5003","0262C201",7|OK`},
		{"AT+CEREG=4;+CEREG?", `+CEREG: 4,5,"5003","8001","0262C201",7,,,`}, // §2.4
		{"AT+CEER", "+CME ERROR: 4"},                                        // §2.7
		{"AT+UCGED?", "+UCGED: 0|OK"},                                       // §2.5
		{"AT+UCGED=5", "OK"},
		{"AT+UCGED?", `+RSRP: 152,5110,"-91.00"|+RSRQ: 152,5110,"-12.00"|OK`},
		{"AT+UMNOPROF?", "+UMNOPROF: 100|OK"}, // §3.2
		{"AT+URAT?", "+URAT: 7,8|OK"},
		{"AT+URAT=7", "+CME ERROR: 3"},
		{"AT+CPSMS?", `+CPSMS:0,,,"00010011","00000011"|OK`},
		{"AT+CEDRXS?", "+CEDRXS:|OK"},
		{"AT+CGACT=1,1", "ERROR"}, // §2.6: already active
		{"AT+CGDCONT?", `+CGDCONT: 1,"IP","super.mnc123.mcc732.gprs","100.`},
	},
	"ublox-sara-r422": {
		{"AT+CGMM", "SARA-R422|OK"},
		{"AT+UCGED?", `+UCGED: 2|6,310,410|5110,12,10,10,5003,262c201,-91,-12,131,-1,3,255,150,"FB306E02"|OK`}, // §2.5
		{"AT+CEER", "+CME ERROR: 4"},
	},
	"ublox-sara-r5": {
		{"ATI9", "02.05,A00.01|OK"}, // §1.0
		{"AT+CGMM", "SARA-R510S|OK"},
		{"AT+CCID", "+CCID: 8988307000001234567|OK"},
		{"AT+CFUN?", "+CFUN: 1,0|OK"}, // §2.2: two values
		{"AT+CEREG=?", "+CEREG: (0-5)|OK"},
		{"AT+CREG=4", "+CME ERROR: 50"},
		{"AT+CEREG=5;+CEREG?", `+CEREG: 5,5,"5003","0262C201",7|OK`},
		{"AT+CGACT=0,1", "+CME ERROR: 151"}, // §2.6
		{"AT+CGDCONT?", `+CGDCONT: 1,"IP","super.mnc123.mcc732.gprs","100.`},
		{"AT+CGCONTRDP=1", `+CGCONTRDP: 1,5,"super.mnc123.mcc732.gprs","100.`},
		{"AT+UMNOPROF?", "+UMNOPROF: 90|OK"},
		{"AT+UMNOPROF=100", "+CME ERROR: 3"}, // §3.2: not while registered
		{"AT+CEER", `+CEER: "No report available",0,"No cause information available"|OK`},
		{"AT+CESQ", "+CESQ: 99,99,255,255,16,50|OK"},
		{"AT+UCGED?", "+UCGED: 2|6,4,310,410|5110,12,50,50,5003,262c201,152,d60814d1,8001,01,50,16,10.00,3|OK"},
		{"AT+CEDRXS=1,4,\"0101\"", "OK"},
		{"AT+CEDRXS=0", "OK"}, // §3.2: not off by this
		{"AT+CEDRXS?", `+CEDRXS: 4,"0101"|OK`},
		{"AT+CEDRXS=3,4", "OK"},
		{"AT+CEDRXS?", `+CEDRXS: 4,"0000"|OK`},
		{"AT+UPSND=0,8", "+UPSND: 0,8,0|OK"},
		{"AT+XYZ", "ERROR"},
	},
	"ublox-lara-r6": {
		{"AT+CGMM", "LARA-R6001|OK"},
		{"AT+CEREG=4;+CEREG?", `+CEREG: 4,5,"5003","8001","0262C201",7,,,`},
		{"AT+CGREG?", "+CGREG: 0,4|OK"}, // §2.4: stale domain
		{"AT+UCGED?", "+UCGED: 2|4,0,310,410|5110,12,50,50,5003,262c201,152,d60814d1,8001,01,50,16,10.00,3|OK"},
		{"AT+URAT?", "+URAT: 3,2,0|OK"},
		{"AT+ULWM2M?", "+ULWM2M: 0|OK"},
		{"AT+CGACT=0,1", "+CME ERROR: 171"},
	},
	"ublox-lara-r2": {
		{"AT+CGMM", "LARA-R211|OK"},
		{"AT+CEREG=3", "+CME ERROR: 50"},
		{"AT+CPSMS?", "+CME ERROR: 4"},
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003","262C201",7|OK`},
	},
	"ublox-sara-u2": {
		{"AT+CGMM", "SARA-U201|OK"},
		{"AT+CCID", "+CCID: 8988307000001234567|OK"},
		{"AT+CEREG?", "+CME ERROR: 4"},
		{"AT+CGREG=2;+CGREG?", `+CGREG: 2,5,"5003","262C201",2|OK`},
		{"AT+CREG?", "+CREG: 0,5|OK"},
		{"AT+COPS=3,2;+COPS?", `+COPS: 0,2,"310410",2|OK`},
		{"AT+CESQ", "+CESQ: 99,99,29,24,255,255|OK"},
		{"AT+CGACT=0,1", "OK"}, // no default bearer to keep
		{"AT+CGACT?", "+CGACT: 1,0|OK"},
		{`AT+UPSD=0,1,"super"`, "OK"}, // §3.2
		{"AT+UPSDA=0,3", "OK"},
		{"AT+UPSND=0,0", `+UPSND: 0,0,"100.`},
		{"AT+UPSND=0,8", "+UPSND: 0,8,1|OK"},
		{"AT+UPSDA=0,4", "OK"},
		{"AT+UPSND=0,8", "+UPSND: 0,8,0|OK"},
	},
	"ublox-toby-l2": {
		{"AT+CGMM", "TOBY-L200|OK"},
		{"AT+CGACT=0,1", "+CME ERROR: 151"},
		{"AT+UUSBCONF?", `+UUSBCONF: 3,"RNDIS",,"0x1146"|OK`}, // §3.2
		{"AT+UBMCONF?", "+UBMCONF: 1|OK"},
		{"AT+UIPADDR=1", `+UIPADDR: 1,"usb0:0","192.168.1.1","255.255.255.0","",""|OK`},
	},
	"simcom-sim7600": {
		{"ATI", "Manufacturer: SIMCOM INCORPORATED|" +
			"Model: SIMCOM_SIM7600E-H|Revision: SIM7600M22_V1.1|IMEI: 861234050123457|+GCAP: +CGSM|OK"},
		{"AT+CGMR", "+CGMR: LE11B01SIM7600M22|OK"},
		{"AT+CICCID", "+ICCID: 8988307000001234567|OK"}, // §2.1: the label differs
		{"AT+QCCID", "ERROR"},
		{"AT+CREG=2", "OK"},
		{"AT+CREG?", "+CREG: 2,5,5003,262C201|OK"}, // §2.4: no AcT
		{"AT+CREG", "OK"},                          // sets n back
		{"AT+CREG?", "+CREG: 0,5|OK"},
		{"AT+CEREG=2;+CEREG?", "+CEREG: 2,5,5003,262C201,7|OK"},
		{"AT+CPSI?", // tenths of a dB
			"+CPSI: LTE,Online,310-410,0x5003,40026625,152,EUTRAN-BAND12,5110,3,3,-120,-910,-650,10|OK"},
		{"AT+CNSMOD?", "+CNSMOD: 0,8|OK"},
		{"AT+CGPADDR=1", "+CGPADDR: 1,100."},
		{"AT+NETOPEN?", "+NETOPEN: 0|OK"},
		{"AT+NETOPEN", "OK|+NETOPEN: 0"}, // §3.3: 0 is success here, and 1 is open in the answer
		{"AT+NETOPEN?", "+NETOPEN: 1|OK"},
		{"AT+NETOPEN", "+IP ERROR: Network is already opened|ERROR"},
		{"AT+IPADDR", "+IPADDR: 100."},
		{"AT+CNMP?", "+CNMP: 2|OK"},
		{"AT+CNMP=3", "ERROR"},
		{`AT+CGAUTH=1,1,"secret","me"`, "OK"},
		{"AT+CGAUTH?", `+CGAUTH: 1,1,"me","****"|OK`}, // §2.6: user first in the answer
	},
	"simcom-sim7000": {
		{"AT+CGMM", "SIMCOM_SIM7000G|OK"},
		{"AT+CCID", "8988307000001234567|OK"}, // §2.1: bare
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003",,"262C201",7|OK`},
		{"AT+CGREG=2;+CGREG?", `+CGREG: 2,5,"5003","262C201",7,""|OK`},
		{"AT+CPSI?", "+CPSI: LTE CAT-M1,Online,310-410,0x5003,40026625,152,EUTRAN-BAND12,5110,3,3,-12,-91,-65,15|OK"},
		{"AT+CNSMOD?", "+CNSMOD: 0,7|OK"},
		{"AT+CMNB?", "+CMNB: 3|OK"},
		{"AT+CGNAPN", `+CGNAPN: 1,"super"|OK`},
		{"AT+CNACT?", `+CNACT: 0,"0.0.0.0"|OK`},
		{`AT+CNACT=1,"super"`, "OK|+APP PDP: ACTIVE"}, // §3.3: no index
		{"AT+CNACT?", `+CNACT: 1,"100.`},
		{"AT+CNACT=0", "OK|+APP PDP: DEACTIVE"},
		{"AT+CEER", "ERROR"},
		{"AT+CEDRXS?", `+CEDRXS: 4,"0000"|+CEDRXS: 5,"0000"|OK`},
	},
	"simcom-sim7080": {
		{"AT+CGMR", "Revision:1951B02SIM7080|OK"}, // §1.0: no blank
		{"AT+CCID", "8988307000001234567|OK"},
		{"AT+CEREG=?", "+CEREG: (0-2,4)|OK"},
		{"AT+CNACT=0,1", "OK|+APP PDP: 0,ACTIVE"},
		{"AT+CNACT?", `+CNACT: 0,1,"100.`},
		{"AT+CNACT=0,1", "ERROR"},
		{"AT+CNCFG=0,1,\"super\"", "OK"},
		{"AT+CNCFG?", `+CNCFG: 0,1,"super"`},
		{"AT+CNMP=14", "ERROR"},
	},
	"simcom-a76xx": {
		{"ATI", "Manufacturer: INCORPORATED|Model: A7670E|Revision: A35B01A7670E|IMEI: 862636051234560|+GCAP: +CGSM|OK"},
		{"AT+CGMR", "+CGMR: A35B01A7670E|OK"},
		{"AT+CICCID", "+ICCID: 8988307000001234567|OK"},
		{"AT+CEREG=2;+CEREG?", "+CEREG: 2,5,5003,262C201|OK"}, // §2.4: no AcT in the answer
		{"AT+CPSI?", "+CPSI: LTE,Online,310-410,0x5003,40026625,152,EUTRAN-BAND12,5110,3,3,16,50,45,15|OK"},
		{"AT+CEER", `+CEER: "31 Normal unspecified"|OK`},
		{"AT+DIALMODE?", "+DIALMODE:1|OK"}, // §3.3: inverted, 1 is off
		{"AT+CATR?", "+CATR: 0|OK"},
		{"AT+CGEREP?", "+CGEREP: 1,0|OK"},
	},
	"simcom-sim7020": {
		{"AT+CGMM", "SIM7020E|OK"},
		{"AT+CCID", "ERROR"},
		{"AT+CRSM=176,12258,0,0,10", `+CRSM: 144,0,"988803070000214365F7"`},
		{"AT+CREG?", "ERROR"},
		{"AT+CEREG=2;+CEREG?", `+CEREG: 2,5,"5003","262C201",9|OK`},
		{"AT+CESQ", "+CESQ: 99,99,255,255,16,50|OK"},
	},
	"simcom-sim800": {
		{"AT+CGMR", "Revision:1308B08SIM800M32|OK"},
		{"AT+CCID", "8988307000001234567|OK"},
		{"AT+CEREG?", "ERROR"},
		{"AT+CREG=2;+CREG?", `+CREG: 2,5,"5003","C201"|OK`}, // §2.4: no AcT
		{"AT+CGREG?", "+CGREG: 0,5|OK"},
		{"AT+COPS=3,2;+COPS?", `+COPS: 0,2,"310410"|OK`},
		{"AT+CEER", "+CEER: Normal, unspecified|OK"},
		{"AT+CEER=1;+CEER", "Cause:31|OK"}, // §2.7
		{"AT+CGACT=0,1", "OK"},
		{`AT+SAPBR=3,1,"APN","super"`, "OK"}, // §3.3
		{"AT+SAPBR=2,1", `+SAPBR: 1,3,"0.0.0.0"|OK`},
		{"AT+SAPBR=1,1", "OK"},
		{"AT+SAPBR=2,1", `+SAPBR: 1,1,"100.`},
		{"AT+SAPBR=1,1", "ERROR"},
		{"AT+SAPBR=0,1", "OK"},
		{`AT+CSTT="super","",""`, "OK"},
		{"AT+CIICR", "OK"},
		{"AT+CIPSHUT", "SHUT OK"},
		{"AT+CESQ", "ERROR"},
	},
	"simcom-sim8200": {
		{"AT+CICCID", "+ICCID: 8988307000001234567|OK"},
		{"AT+C5GREG=2;+C5GREG?", "+C5GREG: 2,0|OK"},
		{"AT+CNSMOD?", "+CNSMOD: 0,8|OK"},
	},
}
