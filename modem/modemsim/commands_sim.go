package modemsim

import (
	"fmt"
	"strings"
	"time"
)

func simCommands() map[string]command {
	return map[string]command{
		"+CPIN": {run: cmdCPIN}, "+CIMI": {run: cmdCIMI}, "+CNUM": accept,
		"+CRSM": {run: cmdCRSM, low: 20 * time.Millisecond, high: 200 * time.Millisecond},
	}
}

// withCard runs f when the card can be read, else gives the error of its state (27.007 §9.2.1).
func (m *module) withCard(f func() reply) reply {
	switch m.c.card.state() {
	case cardAbsent:
		return cme(10)
	case cardOff:
		return cme(13) // the normal answer after CFUN=0
	case cardBusy:
		return cme(14)
	case cardPIN:
		return cme(11)
	}
	return f()
}

func cmdCPIN(m *module, c call) reply {
	switch c.form {
	case test:
		return ok()
	case write:
		return m.enterPIN(c.arg(0))
	}
	switch state := m.c.card.state(); {
	case state == cardPIN:
		return ok("+CPIN: SIM PIN")
	case state == cardAbsent && m.p.cardMissing != "":
		return ok(m.p.cardMissing)
	}
	return m.withCard(func() reply { return ok("+CPIN: READY") })
}

func (m *module) enterPIN(pin string) reply {
	if m.c.card.state() != cardPIN {
		return m.withCard(func() reply { return cme(3) })
	}
	if pin != m.c.live.SIM.PIN {
		return cme(16)
	}
	m.c.card.unlocked = true
	return reply{then: func() {
		m.cardReady()
		m.c.nas.restart("PIN accepted")
		m.c.card.watch(m.c.nas.state == registered)
	}}
}

func cmdCIMI(m *module, c call) reply {
	if c.form == test {
		return ok()
	}
	return m.withCard(func() reply { return ok(m.c.card.imsi()) })
}

// cmdICCID answers with the family's label, "" for a bare number. pad adds the F of a 19-digit ICCID.
func cmdICCID(label string, pad bool) func(*module, call) reply {
	return func(m *module, c call) reply {
		if c.form == test {
			return ok()
		}
		return m.withCard(func() reply {
			number := m.c.live.SIM.ICCID
			if pad && len(number) == 19 {
				number += "F"
			}
			if label != "" {
				number = label + ": " + number
			}
			return ok(number)
		})
	}
}

// Files of the card (TS 31.102 §4.2, TS 102 221 §13.2).
const (
	efICCID     = 12258 // 2FE2
	efPreferred = 28512 // 6F60, EF_PLMNwAcT
	efFPLMN     = 28539 // 6F7B
)

// cmdCRSM reads and writes files of the card (27.007 §8.18). The status words tell success, not the final result.
func cmdCRSM(m *module, c call) reply {
	if c.form != write {
		return ok()
	}
	return m.withCard(func() reply { return ok("+CRSM: " + m.restricted(c)) })
}

func (m *module) restricted(c call) string {
	var content string
	switch c.number(1, 0) {
	case efICCID:
		content = swapNibbles(m.c.live.SIM.ICCID, 20)
	case efFPLMN:
		for _, plmn := range m.c.card.fplmn {
			content += packPLMN(plmn)
		}
	case efPreferred:
		content = m.c.card.preferred
	default:
		return "106,130" // file not found
	}
	offset, length := c.number(2, 0)<<8|c.number(3, 0), c.number(4, 0)
	switch c.number(0, 0) {
	case 176:
		return readBinary(content, offset, length)
	case 214:
		return m.updateBinary(c.number(1, 0), content, offset, length, c.arg(5))
	case 192:
		size := len(content) / 2
		return fmt.Sprintf(`144,0,"62178202412183%04X8A01058B036F06028002%04X8800"`, 2+c.number(1, 0)&0xFF, size)
	}
	return "109,0" // instruction code not supported
}

func readBinary(content string, offset, length int) string {
	if length == 0 {
		length = len(content)/2 - offset
	}
	if offset < 0 || length < 0 || (offset+length)*2 > len(content) {
		return "103,0" // wrong length
	}
	return `144,0,"` + content[offset*2:(offset+length)*2] + `"`
}

// updateBinary writes the two lists of networks; other files are read only.
func (m *module) updateBinary(file int, content string, offset, length int, data string) string {
	switch {
	case file != efFPLMN && file != efPreferred:
		return "105,130" // security status not satisfied
	case offset < 0 || length <= 0 || len(data) != length*2 || (offset+length)*2 > len(content),
		strings.Trim(strings.ToUpper(data), "0123456789ABCDEF") != "":
		return "103,0"
	}
	content = content[:offset*2] + strings.ToUpper(data) + content[(offset+length)*2:]
	if file == efPreferred {
		m.c.card.preferred = content
		m.c.say("module", "the host writes EF_PLMNwAcT")
		return "144,0"
	}
	for i := range m.c.card.fplmn {
		m.c.card.fplmn[i] = unpackPLMN(content[i*6 : i*6+6])
	}
	m.c.stats.FPLMNWrites++
	m.c.say("module", "the host writes EF_FPLMN: %s", strings.Join(m.c.card.fplmn, " "))
	return "144,0"
}
