package modem

import (
	"context"
	"strings"
	"time"

	"supersim-agent/atcmd"
)

// Raw sends one command line as it is and returns what comes back, for a person who asks. A timeout of 0 is the family's
// limit for the command. Whether it is wise to send it is for the caller to decide; a command line that cannot be sent
// at all fails with atcmd.ErrBadCommand.
func (d *Driver) Raw(ctx context.Context, text string, timeout time.Duration) (atcmd.Reply, error) {
	c := atcmd.Cmd{Text: text, Timeout: timeout, Answer: func(line string) bool { return d.answers(text, line) }}
	if off := d.Dialect().PowerOff; strings.EqualFold(off.Text, text) {
		c.Finals = off.Finals
	}
	reply, err := d.send(ctx, c)
	return reply, opError("command", err)
}

// answers reports whether a labelled line belongs to the answer of a command. Its label need not be that of the command
// (AT+CICCID gives +ICCID), and a line with the label can be unsolicited.
func (d *Driver) answers(text, line string) bool {
	label, _ := splitLine(line)
	if label == "" {
		return false
	}
	if domain, ok := regDomains[label]; ok {
		return strings.Contains(strings.ToUpper(text), label) && IsReadAnswer(line, int(d.regN[domain].Load()))
	}
	if strings.Contains(strings.ToUpper(text), label) {
		return true
	}
	for _, table := range [][]atcmd.URC{StandardURCs, d.Dialect().URCs} {
		for _, u := range table {
			if strings.HasPrefix(strings.TrimSpace(line), u.Prefix) {
				return false
			}
		}
	}
	return true
}
