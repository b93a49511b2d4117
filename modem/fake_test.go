package modem_test

import (
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
	"supersim-agent/modem/quectel"
	"supersim-agent/modem/simcom"
	"supersim-agent/modem/ublox"
)

// fakeModem answers commands from a table. It implements atcmd.Transport.
type fakeModem struct {
	mu      sync.Mutex
	answers map[string][]string // command -> answers in turn, the last one for ever; absent: ERROR
	sent    []string            // commands received, in order, without probes
	silent  time.Time           // until then it boots: drops what it receives
	refuse  int                 // so many ATs are answered ERROR
	delay   map[string]time.Duration
	partial string

	otherwise string // answer to commands that are not in the table; "" is ERROR

	out  chan []byte
	rest []byte
	once sync.Once
}

func newFake(answers map[string]string) *fakeModem {
	m := &fakeModem{answers: map[string][]string{}, delay: map[string]time.Duration{}, out: make(chan []byte, 256)}
	for cmd, a := range answers {
		m.answers[cmd] = strings.Split(a, "|")
	}
	return m
}

func (m *fakeModem) Read(p []byte) (int, error) {
	for len(m.rest) == 0 {
		b, ok := <-m.out
		if !ok {
			return 0, io.EOF
		}
		m.rest = b
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

func (m *fakeModem) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.partial += string(p)
	for {
		cmd, rest, ok := strings.Cut(m.partial, "\r")
		if !ok {
			return len(p), nil
		}
		m.partial = strings.TrimLeft(rest, "\n")
		m.answer(strings.TrimSpace(cmd))
	}
}

func (m *fakeModem) answer(cmd string) {
	if time.Now().Before(m.silent) {
		return
	}
	switch cmd {
	case "AT":
		if m.refuse > 0 {
			m.refuse--
			m.out <- []byte("\r\nERROR\r\n")
			return
		}
		m.out <- []byte("\r\nOK\r\n")
		return
	case "AT+CMEE?": // the engine's probe
		m.out <- []byte("\r\n+CMEE: 1\r\n\r\nOK\r\n")
		return
	}
	m.sent = append(m.sent, cmd)
	text := "ERROR"
	if m.otherwise != "" {
		text = m.otherwise
	}
	if turns, ok := m.answers[cmd]; ok {
		text = turns[0]
		if len(turns) > 1 {
			m.answers[cmd] = turns[1:]
		}
	}
	if text == "OK" {
		text = ""
	}
	if text != "ERROR" && !strings.HasPrefix(text, "+CME") {
		text = strings.TrimPrefix(text+"\nOK", "\n")
	}
	reply := []byte("\r\n" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
	if m.delay[cmd] == 0 { // a timer of no time in a bubble crashes Go 1.26's race detector now and then
		go func() { m.out <- reply }()
		return
	}
	time.AfterFunc(m.delay[cmd], func() { m.out <- reply })
}

func (m *fakeModem) Close() error {
	m.once.Do(func() { close(m.out) })
	return nil
}

// commands returns what was received since the last call.
func (m *fakeModem) commands() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	sent := m.sent
	m.sent = nil
	return sent
}

var allDialects = append(append(append([]*modem.Dialect{}, quectel.Dialects...), simcom.Dialects...), ublox.Dialects...)

// onModem runs a test in virtual time against a driver on a fake modem.
func onModem(t *testing.T, answers map[string]string, test func(t *testing.T, d *modem.Driver, m *fakeModem)) {
	t.Helper()
	onModemOf(t, allDialects, answers, test)
}

func onModemOf(t *testing.T, dialects []*modem.Dialect, answers map[string]string, test func(t *testing.T, d *modem.Driver, m *fakeModem)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newFake(answers)
		port := atcmd.New(m, atcmd.Options{Name: "fake", BootTime: modem.LongestBoot(dialects)})
		defer port.Close()
		test(t, modem.NewDriver(port, dialects), m)
	})
}

// attached runs a test on a module of a family that has been attached.
func attached(t *testing.T, family, answers map[string]string, test func(t *testing.T, d *modem.Driver, m *fakeModem)) {
	t.Helper()
	all := map[string]string{}
	for _, table := range []map[string]string{session, family, answers} {
		for cmd, a := range table {
			all[cmd] = a
		}
	}
	onModem(t, all, func(t *testing.T, d *modem.Driver, m *fakeModem) {
		if _, err := d.Attach(t.Context()); err != nil {
			t.Fatalf("attach: %v", err)
		}
		m.commands()
		test(t, d, m)
	})
}

// session is what every family answers to the beginning of a session.
var session = map[string]string{
	"ATE0": "", "AT+CMEE=1": "", "AT+CGSN": "867962040000002", "AT+COPS=3,2": "", "AT+CGEREP=2,1": "",
	"AT+CREG=2": "", "AT+CGREG=2": "", "AT+CEREG=2": "",
}

// The families' own answers, from the dialect reference §1.0 and §2.4.
var (
	ec25 = map[string]string{
		"AT+CGMM": "EG25", "AT+CGMR": "EG25GGBR07A08M2G", "AT+CEREG=?": "+CEREG: (0-2)",
		`AT+QURCCFG="urcport"`: `+QURCCFG: "urcport","all"`, `AT+QCFG="urc/cache"`: `+QCFG: "urc/cache",0`,
		"AT+QSIMSTAT=1": "",
	}
	sim7600 = map[string]string{
		"AT+CGMM": "SIMCOM_SIM7600E-H", "AT+CGMR": "+CGMR: LE11B01SIM7600C", "AT+CEREG=?": "+CEREG: (0-2)",
	}
	sim7020 = map[string]string{"AT+CGMM": "SIM7020E", "AT+CGMR": "1752B04SIM7020E", "AT+CEREG=?": "+CEREG: (0-2)"}
	toby    = map[string]string{
		"AT+CGMM": "TOBY-L200", "AT+CGMR": "15.93", "AT+USIMSTAT?": "+USIMSTAT: 7", "AT+UCGED=2": "",
		"AT+CREG=?": "+CREG: (0-2)", "AT+CGREG=?": "+CGREG: (0-2)", "AT+CEREG=?": "+CEREG: (0-2)",
	}
	saraR5 = map[string]string{
		"AT+CGMM": "SARA-R510S", "ATI9": "02.05,A00.01", "AT+USIMSTAT?": "+USIMSTAT: 7", "AT+UCGED=2": "",
		"AT+CREG=3": "", "AT+CGREG=3": "", "AT+CEREG=5": "",
	}
)
