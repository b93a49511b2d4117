package simcom

import (
	"fmt"

	"supersim-agent/atcmd"
	"supersim-agent/modem"
)

// systemModes are the meanings of <stat> in AT+CNSMOD?, as 27.007's access technologies.
type systemModes map[int]int

var (
	// 7600 4.2.15. The A76xx prints 8 for LTE too, and so does a captured SIM8230; numbers for NR are not documented.
	wideModes = systemModes{1: 0, 2: 0, 3: 3, 4: 2, 5: 4, 6: 5, 7: 6, 8: 7}
	// 7080: GSM, EGPRS, LTE-M, NB-IoT.
	narrowModes = systemModes{1: 0, 3: 3, 7: 7, 9: 9}
)

// query asks for the system mode where AT+CPSI? is refused: a cell of which nothing but the technology is known.
func (m systemModes) query() modem.Query {
	return modem.Query{Cmd: "AT+CNSMOD?", Prefix: "+CNSMOD", Parse: func(lines []string) (modem.Observation, error) {
		if len(lines) == 0 {
			return nil, fmt.Errorf("AT+CNSMOD?: %w", modem.ErrAnswer)
		}
		return m.parse(lines[0])
	}}
}

// parse reads "+CNSMOD: <n>,<stat>". The unsolicited line has <stat> alone and the same label, and may come in between.
func (m systemModes) parse(line string) (modem.Cells, error) {
	_, f := atcmd.Split(line)
	if f.Len() > 1 {
		f.Skip(1)
	}
	stat := f.Int()
	if f.Err() != nil {
		return modem.Cells{}, fmt.Errorf("AT+CNSMOD?: %w: %q", modem.ErrAnswer, line)
	}
	if stat == 0 {
		return modem.Cells{}, nil
	}
	c := modem.NoCell
	if act, ok := m[stat]; ok {
		c.AcT = act
	}
	return modem.Cells{List: []modem.Cell{c}}, nil
}
