package modem_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

func TestAttach(t *testing.T) {
	for name, c := range map[string]struct {
		family map[string]string
		want   modem.Identity
		sent   []string
	}{
		"quectel": {
			ec25,
			modem.Identity{Vendor: "quectel", Model: "EG25", Firmware: "EG25GGBR07A08M2G", IMEI: "867962040000002",
				Dialect: "quectel-eg25"},
			[]string{"AT+CGMM", "ATE0", "AT+CMEE=1", "AT+CGMM", "AT+CGMR", "AT+CGSN", "AT+COPS=3,2", "AT+CGEREP=2,1",
				`AT+QURCCFG="urcport"`, `AT+QCFG="urc/cache"`, "AT+QSIMSTAT=1", "AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"},
		},
		"simcom": {
			sim7600,
			modem.Identity{Vendor: "simcom", Model: "SIMCOM_SIM7600E-H", Firmware: "LE11B01SIM7600C",
				IMEI: "867962040000002", Dialect: "simcom-sim7600"},
			[]string{"AT+CGMM", "ATE0", "AT+CMEE=1", "AT+CGMM", "AT+CGMR", "AT+CGSN", "AT+COPS=3,2", "AT+CGEREP=2,1",
				"AT+CREG=2", "AT+CGREG=2", "AT+CEREG=?", "AT+CEREG=2"},
		},
		"ublox": {
			saraR5,
			modem.Identity{Vendor: "ublox", Model: "SARA-R510S", Firmware: "02.05,A00.01", IMEI: "867962040000002",
				Dialect: "ublox-sara-r5"},
			[]string{"AT+CGMM", "ATE0", "AT+CMEE=1", "AT+CGMM", "ATI9", "AT+CGSN", "AT+COPS=3,2", "AT+CGEREP=2,1",
				"AT+USIMSTAT?", "AT+UCGED=2", "AT+CREG=3", "AT+CGREG=3", "AT+CEREG=5"},
		},
		"unknown": {
			map[string]string{"AT+CGMM": "ME909s-120"},
			modem.Identity{Model: "ME909s-120", IMEI: "867962040000002", Dialect: modem.Standard.Name},
			[]string{"AT+CGMM", "ATE0", "AT+CMEE=1", "AT+CGMM", "AT+CGMR", "AT+CGSN", "AT+COPS=3,2", "AT+CGEREP=2,1",
				"AT+CREG=?", "AT+CREG=3", "AT+CREG=2", "AT+CGREG=?", "AT+CGREG=3", "AT+CGREG=2",
				"AT+CEREG=?", "AT+CEREG=5", "AT+CEREG=3", "AT+CEREG=2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{}
			for _, table := range []map[string]string{session, c.family} {
				for cmd, a := range table {
					answers[cmd] = a
				}
			}
			onModem(t, answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				got, err := d.Attach(t.Context())
				if err != nil || got != c.want {
					t.Errorf("got %+v (%v), want %+v", got, err, c.want)
				}
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

// TestAttachWaitsForBoot: the module drops everything for its first 12 seconds, without an echo.
func TestAttachWaitsForBoot(t *testing.T) {
	onModem(t, merge(session, ec25), func(t *testing.T, d *modem.Driver, m *fakeModem) {
		start := time.Now()
		m.silent = start.Add(12 * time.Second)
		if _, err := d.Attach(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("attached after %v", took)
		}
	})
}

func TestAttachGivesUpOnSilence(t *testing.T) {
	onModem(t, nil, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		start := time.Now()
		m.silent = start.Add(time.Hour)
		_, err := d.Attach(t.Context())
		if e, ok := errors.AsType[*modem.Error](err); !ok || e.Op != "attach" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took > 40*time.Second {
			t.Errorf("gave up after %v", took)
		}
		if sent := m.commands(); len(sent) != 0 {
			t.Errorf("sent %q to a module that did not answer AT", sent)
		}
	})
}

func merge(tables ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, table := range tables {
		for k, v := range table {
			all[k] = v
		}
	}
	return all
}

// looks has a question, the module's answers, and what is seen.
var looks = map[string]struct {
	family  map[string]string
	answers map[string]string
	look    modem.Look
	want    []modem.Observation
	sent    []string
}{
	"sim ready": {
		ec25, map[string]string{"AT+CPIN?": "+CPIN: READY"}, modem.LookSIM,
		[]modem.Observation{modem.SIM{State: modem.SIMReady}}, []string{"AT+CPIN?"},
	},
	"sim missing": {
		ec25, map[string]string{"AT+CPIN?": "+CME ERROR: 10"}, modem.LookSIM,
		[]modem.Observation{modem.SIM{State: modem.SIMMissing}}, []string{"AT+CPIN?"},
	},
	"sim missing, in words": {
		ec25, map[string]string{"AT+CPIN?": "+CME ERROR: SIM not inserted"}, modem.LookSIM,
		[]modem.Observation{modem.SIM{State: modem.SIMMissing}}, []string{"AT+CPIN?"},
	},
	"sim busy": {
		ec25, map[string]string{"AT+CPIN?": "+CME ERROR: 14"}, modem.LookSIM,
		[]modem.Observation{modem.SIM{State: modem.SIMBusy}}, []string{"AT+CPIN?"},
	},
	"sim failure": {
		ec25, map[string]string{"AT+CPIN?": "+CME ERROR: 13", "AT+CFUN?": "+CFUN: 1"}, modem.LookSIM,
		[]modem.Observation{modem.SIM{State: modem.SIMFault}}, []string{"AT+CPIN?", "AT+CFUN?"},
	},
	"sim failure means radio off": {
		ec25, map[string]string{"AT+CPIN?": "+CME ERROR: 13", "AT+CFUN?": "+CFUN: 0"}, modem.LookSIM,
		[]modem.Observation{modem.Radio{Fun: 0}}, []string{"AT+CPIN?", "AT+CFUN?"},
	},
	"iccid": {
		ec25, map[string]string{"AT+QCCID": "+QCCID: 8988307000000000012F"}, modem.LookICCID,
		[]modem.Observation{modem.ICCID("8988307000000000012")}, []string{"AT+QCCID"},
	},
	"iccid simcom": {
		sim7600, map[string]string{"AT+CICCID": "+ICCID: 89883070000000000012"}, modem.LookICCID,
		[]modem.Observation{modem.ICCID("89883070000000000012")}, []string{"AT+CICCID"},
	},
	"iccid from the card": {
		sim7600, map[string]string{"AT+CRSM=176,12258,0,0,10": `+CRSM: 144,0,"98883870000000000021"`}, modem.LookICCID,
		[]modem.Observation{modem.ICCID("89888307000000000012")}, []string{"AT+CICCID", "AT+CRSM=176,12258,0,0,10"},
	},
	"iccid during a refresh": {
		saraR5, map[string]string{"AT+CCID": "+CME ERROR: 14"}, modem.LookICCID,
		[]modem.Observation{modem.SIM{State: modem.SIMBusy}}, []string{"AT+CCID"},
	},
	"imsi": {
		saraR5, map[string]string{"AT+CIMI": "310410123456789"}, modem.LookIMSI,
		[]modem.Observation{modem.IMSI("310410123456789")}, []string{"AT+CIMI"},
	},
	"imsi, sim failure passes": {
		saraR5, map[string]string{"AT+CIMI": "+CME ERROR: SIM failure", "AT+CFUN?": "+CFUN: 1,0"}, modem.LookIMSI,
		[]modem.Observation{modem.SIM{State: modem.SIMBusy}}, []string{"AT+CIMI", "AT+CFUN?"},
	},
	"radio": {
		saraR5, map[string]string{"AT+CFUN?": "+CFUN: 4,0"}, modem.LookRadio,
		[]modem.Observation{modem.Radio{Fun: 4}}, []string{"AT+CFUN?"},
	},
	"operator": {
		ec25, map[string]string{"AT+COPS?": `+COPS: 0,2,"310410",7`}, modem.LookOperator,
		[]modem.Observation{modem.Operator{PLMN: "310410", AcT: 7}}, []string{"AT+COPS?"},
	},
	"operator in words": {
		ec25, map[string]string{"AT+COPS?": `+COPS: 0,0,"AT&T",7|+COPS: 0,2,"310410",7`}, modem.LookOperator,
		[]modem.Observation{modem.Operator{PLMN: "310410", Name: "AT&T", AcT: 7}},
		[]string{"AT+COPS?", "AT+COPS=3,2", "AT+COPS?"},
	},
	"operator, none": {
		ec25, map[string]string{"AT+COPS?": "+COPS: 2"}, modem.LookOperator,
		[]modem.Observation{modem.Operator{Mode: 2, AcT: modem.Unknown}}, []string{"AT+COPS?"},
	},
	"operator, R5 without AcT": {
		saraR5, map[string]string{"AT+COPS?": `+COPS: 0,2,"310410",-1`}, modem.LookOperator,
		[]modem.Observation{modem.Operator{PLMN: "310410", AcT: 7}}, []string{"AT+COPS?"},
	},
	"registration": {
		ec25, map[string]string{
			"AT+CREG?": "+CREG: 2,0", "AT+CGREG?": "+CGREG: 2,0", "AT+CEREG?": `+CEREG: 2,5,"1A2B","01C2D3E4",7`,
		}, modem.LookRegistration,
		[]modem.Observation{
			modem.Registration{Domain: modem.CS, AcT: modem.Unknown},
			modem.Registration{Domain: modem.PS, AcT: modem.Unknown},
			modem.Registration{Domain: modem.EPS, Stat: modem.RegRoaming, Area: "1A2B", CellID: "1C2D3E4", AcT: 7},
		}, []string{"AT+CREG?", "AT+CGREG?", "AT+CEREG?"},
	},
	"denied with its cause": {
		saraR5, map[string]string{"AT+CEREG?": `+CEREG: 5,3,"1A2B","01C2D3E4",7,0,11,,`}, modem.LookServing,
		[]modem.Observation{modem.Registration{Domain: modem.EPS, Stat: modem.RegDenied, Area: "1A2B", CellID: "1C2D3E4",
			AcT: 7, Cause: modem.Cause{Domain: modem.EMM, Number: 11}}}, []string{"AT+CEREG?"},
	},
	"restart found by <n>": {
		saraR5, map[string]string{"AT+CEREG?": "+CEREG: 0,2"}, modem.LookServing,
		[]modem.Observation{modem.Booted{Line: "+CEREG: 0,2"},
			modem.Registration{Domain: modem.EPS, Stat: modem.RegSearching, AcT: modem.Unknown}}, []string{"AT+CEREG?"},
	},
	"<n> changed by somebody": {
		saraR5, map[string]string{"AT+CEREG?": `+CEREG: 2,5,"1A2B","01C2D3E4",7`}, modem.LookServing,
		[]modem.Observation{modem.Registration{Domain: modem.EPS, Stat: modem.RegRoaming, Area: "1A2B", CellID: "1C2D3E4",
			AcT: 7}}, []string{"AT+CEREG?", "AT+CEREG=5"},
	},
	"signal": {
		ec25, map[string]string{"AT+QCSQ": `+QCSQ: "LTE",-65,-95,145,-11`}, modem.LookSignal,
		[]modem.Observation{modem.Signal{RSRPdBm: -95, RSRQdB: -11, SINRdB: 9, RSSIdBm: -65}}, []string{"AT+QCSQ"},
	},
	"signal, old firmware": {
		ec25, map[string]string{"AT+CSQ": "+CSQ: 20,99"}, modem.LookSignal,
		[]modem.Observation{modem.Signal{RSRPdBm: modem.Unknown, RSRQdB: modem.Unknown, SINRdB: modem.Unknown,
			RSSIdBm: -73}}, []string{"AT+QCSQ", "AT+CSQ"},
	},
	"contexts": {
		saraR5, map[string]string{"AT+CGDCONT?": "+CGDCONT: 1,\"IP\",\"super.mnc123.mcc456.gprs\",\"10.1.2.3\"\n" +
			`+CGDCONT: 2,"IPV4V6","ims",,0,0`}, modem.LookContexts,
		[]modem.Observation{modem.Contexts{List: []modem.PDPContext{{CID: 1, Type: "IP", APN: "super"},
			{CID: 2, Type: "IPV4V6", APN: "ims"}}}}, []string{"AT+CGDCONT?"},
	},
	"active": {
		ec25, map[string]string{"AT+CGACT?": "+CGACT: 1,1\n+CGACT: 2,0\n+CGACT: 3,1"}, modem.LookActive,
		[]modem.Observation{modem.Active{CIDs: []int{1, 3}}}, []string{"AT+CGACT?"},
	},
	"address": {
		ec25, map[string]string{"AT+CGPADDR=1": `+CGPADDR: 1,"10.1.2.3"`}, modem.LookAddress,
		[]modem.Observation{modem.Address{CID: 1, IP: "10.1.2.3"}}, []string{"AT+CGPADDR=1"},
	},
	"address, none": {
		ec25, map[string]string{"AT+CGPADDR=1": ""}, modem.LookAddress,
		[]modem.Observation{modem.Address{CID: 1}}, []string{"AT+CGPADDR=1"},
	},
	"cause": {
		saraR5, map[string]string{"AT+CEER": `+CEER: "EMM cause",15,"No suitable cells in tracking area"`}, modem.LookCause,
		[]modem.Observation{modem.LastCause{Cause: modem.Cause{Domain: modem.EMM, Number: 15},
			Text: "No suitable cells in tracking area"}}, []string{"AT+CEER"},
	},
}

func TestLook(t *testing.T) {
	for name, c := range looks {
		t.Run(name, func(t *testing.T) {
			attached(t, c.family, c.answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
				got, err := d.Look(t.Context(), c.look, 1)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("observations:\n%s", diff)
				}
				if diff := cmp.Diff(c.sent, m.commands()); diff != "" {
					t.Errorf("commands:\n%s", diff)
				}
			})
		})
	}
}

// TestServingFollowsData: after a fall-back to 2G the cheap look asks the domain that has service.
func TestServingFollowsData(t *testing.T) {
	attached(t, ec25, map[string]string{"AT+CEREG?": "+CEREG: 2,0", "AT+CGREG?": `+CGREG: 2,5,"1422","0142",0`},
		func(t *testing.T, d *modem.Driver, m *fakeModem) {
			ask := func() string {
				if _, err := d.Look(t.Context(), modem.LookServing, 1); err != nil {
					t.Fatal(err)
				}
				return strings.Join(m.commands(), " ")
			}
			if got := ask(); got != "AT+CEREG?" {
				t.Errorf("at first: %s", got)
			}
			d.Interpret(`+CGREG: 5,"1422","0142",0`)
			if got := ask(); got != "AT+CGREG?" {
				t.Errorf("after service in the packet domain: %s", got)
			}
		})
}

// TestSignalKeepsToWhatWorks: a question that is refused or garbled again and again is given up, one that is refused once
// is not.
func TestSignalKeepsToWhatWorks(t *testing.T) {
	for name, c := range map[string]struct{ answers, want string }{
		"refused always": {"ERROR", "QCSQ CSQ QCSQ CSQ QCSQ CSQ CSQ CSQ"},
		"refused once":   {`ERROR|+QCSQ: "NOSERVICE"`, "QCSQ CSQ QCSQ QCSQ QCSQ QCSQ"},
		"never readable": {"+QCSQ:", "QCSQ CSQ QCSQ CSQ QCSQ CSQ CSQ CSQ"},
	} {
		answers := map[string]string{"AT+CSQ": "+CSQ: 20,99", "AT+QCSQ": c.answers}
		attached(t, ec25, answers, func(t *testing.T, d *modem.Driver, m *fakeModem) {
			for range 5 {
				if _, err := d.Look(t.Context(), modem.LookSignal, 1); err != nil {
					t.Fatal(err)
				}
			}
			if got := strings.ReplaceAll(strings.Join(m.commands(), " "), "AT+", ""); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		})
	}
}

// TestLookIdentityKeepsSession: asking again who the module is does not forget what was set up.
func TestLookIdentityKeepsSession(t *testing.T) {
	attached(t, saraR5, nil, func(t *testing.T, d *modem.Driver, _ *fakeModem) {
		got, err := d.Look(t.Context(), modem.LookIdentity, 1)
		if id, ok := got[0].(modem.Identity); err != nil || !ok || id.Dialect != "ublox-sara-r5" {
			t.Fatalf("got %v (%v)", got, err)
		}
		// Only with the <n> = 5 that was set is this an answer's form, and the state registered.
		want := []modem.Observation{modem.Registration{Domain: modem.EPS, Stat: modem.RegHome, AcT: modem.Unknown,
			Area: "5", CellID: "2A"}}
		if got := d.Interpret("+CEREG: 1,5,2A"); !cmp.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestURCInsideAnswer: an unsolicited line with the label of the open question is not its answer.
func TestURCInsideAnswer(t *testing.T) {
	attached(t, ec25, map[string]string{"AT+CEREG?": "+CEREG: 2,\"B4DC\",\"000AE520\",7\n" +
		`+CEREG: 2,5,"1A2B","01C2D3E4",7`}, func(t *testing.T, d *modem.Driver, _ *fakeModem) {
		got, err := d.Look(t.Context(), modem.LookServing, 1)
		want := []modem.Observation{modem.Registration{Domain: modem.EPS, Stat: modem.RegRoaming, Area: "1A2B",
			CellID: "1C2D3E4", AcT: 7}}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("got %v (%v), want %v", got, err, want)
		}
	})
}

func TestLookErrors(t *testing.T) {
	attached(t, ec25, map[string]string{"AT+CGPADDR=1": "+CGPADDR: x", "AT+CIMI": "310-410"},
		func(t *testing.T, d *modem.Driver, m *fakeModem) {
			if _, err := d.Look(t.Context(), modem.LookAddress, 1); !errors.Is(err, modem.ErrAnswer) {
				t.Errorf("unreadable address: %v", err)
			}
			_, err := d.Look(t.Context(), modem.LookIMSI, 1)
			if !errors.Is(err, modem.ErrAnswer) || strings.Contains(err.Error(), "310-410") {
				t.Errorf("unreadable IMSI: %v", err)
			}
			if _, err := d.Look(t.Context(), modem.NumLooks, 1); !errors.Is(err, modem.ErrNotSupported) {
				t.Errorf("no such look: %v", err)
			}
			m.silent = time.Now().Add(time.Hour)
			if _, err := d.Look(t.Context(), modem.LookRadio, 1); !errors.Is(err, atcmd.ErrTimeout) {
				t.Errorf("silence: %v", err)
			}
		})
}

func TestCancelledLook(t *testing.T) {
	attached(t, ec25, nil, func(t *testing.T, d *modem.Driver, _ *fakeModem) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.Look(ctx, modem.LookRadio, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
