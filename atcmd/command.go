package atcmd

import (
	"fmt"
	"strings"
	"time"
)

const (
	// DefaultTimeout is that of a command without one of its own. Vendor manuals promise 300 ms for most commands,
	// without the queueing behind URCs at boot; ModemManager allows 3 s.
	DefaultTimeout = 3 * time.Second

	maxText = 1024     // bytes of a command line; modules accept 500 to 2,000
	maxData = 16 << 10 // bytes behind a prompt

	ctrlZ = 0x1a // ends the data behind a prompt (27.005 §3.5.1)
	esc   = 0x1b // abandons it
)

// Cmd is one command line and what its answer looks like.
type Cmd struct {
	Text    string        // without line end: "AT+CSQ". Printable ASCII that begins with AT; see [Quote]
	Timeout time.Duration // from sending to the final result; 0 is DefaultTimeout
	Prefix  string        // "+CSQ": information lines begin so. "": unlabelled lines are information (AT+CIMI, ATI)

	// Answer, if not nil, decides whether a line answers this command or is a URC (the +CREG family). It is asked for
	// lines with Prefix; when Prefix is "", for all labelled lines.
	Answer func(line string) bool

	Finals []string // further successful finals of this command: "SHUT OK", "POWERED DOWN", "CONNECT"
	Data   []byte   // sent when the modem prompts with "> ", then Ctrl-Z
	Secret bool     // everything behind the command's name is masked in trace and errors
}

// Reply is the answer to a command.
type Reply struct {
	Lines []string // information lines in order, without echo, URCs and final
	Final string   // "OK", or the line of Cmd.Finals
	Took  time.Duration
}

// check refuses what would put a second command on the line, or end or abandon one early.
func (c *Cmd) check() error {
	switch {
	case len(c.Text) < 2 || !strings.EqualFold(c.Text[:2], "AT"):
		return fmt.Errorf("%w: it does not begin with AT", ErrBadCommand)
	case len(c.Text) > maxText:
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrBadCommand, len(c.Text), maxText)
	case len(c.Data) > maxData:
		return fmt.Errorf("%w: its data has %d bytes, at most %d are allowed", ErrBadCommand, len(c.Data), maxData)
	}
	for i := range len(c.Text) {
		if b := c.Text[i]; b < ' ' || b > '~' {
			return fmt.Errorf("%w: byte %#02x at offset %d is not printable ASCII", ErrBadCommand, b, i)
		}
	}
	for i, b := range c.Data {
		if b == ctrlZ || b == esc || b == 0 {
			return fmt.Errorf("%w: byte %#02x at offset %d of the data would end it", ErrBadCommand, b, i)
		}
	}
	return nil
}

// Quote makes a string parameter of a command line: the parameter in double quotes. A parameter that holds a double
// quote, CR, LF, Ctrl-Z or another byte that is not printable ASCII is refused with [ErrBadCommand], because V.250
// knows no escape for it and the modem would read a different command. The error does not repeat the parameter, which
// may be a password.
func Quote(param string) (string, error) {
	for i := range len(param) {
		if b := param[i]; b < ' ' || b > '~' || b == '"' {
			return "", fmt.Errorf("%w: a parameter has the byte %#02x at offset %d", ErrBadCommand, b, i)
		}
	}
	return `"` + param + `"`, nil
}

// label gives the label that an answer to this command would have: "+CIMI" for "AT+CIMI", "" for "ATI".
func (c *Cmd) label() string {
	name := c.Text[2:]
	if name == "" || !isSign(name[0]) {
		return ""
	}
	end := 1
	for end < len(name) && isWord(name[end]) {
		end++
	}
	return name[:end]
}
