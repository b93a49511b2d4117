package modem

import (
	"strings"

	"supersim-agent/atcmd"
)

// ParseCFUN reads "+CFUN: 1" and u-blox's two-valued "+CFUN: 1,0" (27.007 §8.2).
func ParseCFUN(line string) (Radio, error) {
	_, f := splitLine(line)
	fun, ok := at(f, 0).within(0, 127)
	if !ok {
		return Radio{}, unreadable("AT+CFUN?", line)
	}
	return Radio{Fun: fun}, nil
}

// COPS is the answer to AT+COPS? (27.007 §7.3). Format tells in which form the operator was given: 0 long name,
// 1 short name, 2 numeric, Unknown when none was.
type COPS struct {
	Operator
	Format int
}

// ParseCOPS reads "+COPS: 0", "+COPS: 0,2,"310410",7" and everything between. A module that was told to give numbers
// may fall back to names after a CFUN change; then PLMN is empty and Format says so.
func ParseCOPS(line string) (COPS, error) {
	_, f := splitLine(line)
	c := COPS{Operator: Operator{AcT: Unknown}, Format: Unknown}
	mode, ok := at(f, 0).within(0, 9)
	if !ok || strings.Contains(at(f, 2).text, `"`) { // a lost quote or comma has joined values
		return c, unreadable("AT+COPS?", line)
	}
	c.Mode = mode
	if n, ok := at(f, 1).within(0, 2); ok {
		c.Format = n
	}
	c.setName(at(f, 2).text)
	if n, ok := at(f, 3).within(-1, 99); ok {
		c.AcT = n
	}
	return c, nil
}

// setName sorts the operator by what it looks like, not by the format: some firmware says 0 and gives the number.
func (c *COPS) setName(s string) {
	if allDigits(s) && (len(s) == 5 || len(s) == 6) {
		c.PLMN = s
		return
	}
	c.Name = s
}

// ParseCGATT reads "+CGATT: 1" (27.007 §10.1.9): attached to the packet domain.
func ParseCGATT(line string) (bool, error) {
	_, f := splitLine(line)
	n, ok := at(f, 0).within(0, 1)
	if !ok {
		return false, unreadable("AT+CGATT?", line)
	}
	return n == 1, nil
}

// regSupport reads the list of <n> out of the answer to AT+CEREG=?: "+CEREG: (0-2,4)"; nil when it cannot.
func regSupport(line string) []int {
	_, f := atcmd.Split(line)
	return f.Ints()
}
