package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"supersim-agent/modem"
)

// maxDecodeLine bounds a line of input; what is longer is cut into pieces. Modules answer a few KiB at most.
const maxDecodeLine = 64 << 10

func decodeCommand() *cobra.Command {
	var asJSON, urc bool
	var family string
	cmd := &cobra.Command{
		Use: "decode [FILE]", GroupID: "look", Args: cobra.MaximumNArgs(1),
		Short: "Explains AT traffic line by line, from a file or standard input",
		Long: `Explains AT traffic line by line: commands, answers and unsolicited lines of all module families that the agent knows.
It works on what is pasted from minicom and the like, with or without echo, prompts and timestamps. Without a FILE it
reads standard input.

With --json it prints an object for each line of input, with line, input, kind and text, and what the line says as typed
fields; what a line does not say is left out. Where one form can be an answer and unsolicited, the commands in the input
tell; without any, an answer is assumed, or with --urc an unsolicited line.`,
		Example: "  supersim-agent decode minicom.cap\n  echo '+CEREG: 3,3,,,,0,15' | supersim-agent decode --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if len(args) == 1 && args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return &exitError{exitMisused, err}
				}
				defer file.Close()
				in = file
			}
			d := newDecoder(dialects(), urc)
			if family != "" && !d.setFamily(family) {
				return &exitError{exitMisused, fmt.Errorf("--modem %q: it is one of %s", family, strings.Join(d.familyNames(), ", "))}
			}
			return decodeStream(in, cmd.OutOrStdout(), d, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object for each line of input")
	cmd.Flags().BoolVar(&urc, "urc", false, "the lines are unsolicited, not answers, where they could be both")
	cmd.Flags().StringVar(&family, "modem", "", "the module's family, where lines differ between families (default: found in the input)")
	return cmd
}

// decodeStream explains a whole input.
func decodeStream(in io.Reader, out io.Writer, d *decoder, asJSON bool) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), maxDecodeLine)
	lines.Split(splitTerminal)
	w := bufio.NewWriter(out)
	for number := 1; lines.Scan(); number++ {
		r := d.line(lines.Text())
		r.number = number
		if asJSON {
			text, err := json.Marshal(r)
			if err != nil {
				return err
			}
			w.Write(append(text, '\n'))
		} else {
			printDecoded(w, r)
		}
		if in == os.Stdin {
			w.Flush() // a person at a terminal, or a program in a pipe, reads along
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	return w.Flush()
}

// splitTerminal cuts input into lines as a terminal shows it: at LF, CR, CR LF, and CR CR LF (SIMCom; echo). What has no
// end after maxDecodeLine is cut there.
func splitTerminal(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	if i < 0 {
		if len(data) > 0 && (atEOF || len(data) >= maxDecodeLine/2) {
			return len(data), data, nil
		}
		return 0, nil, nil
	}
	end := i
	for end < len(data) && data[end] == '\r' {
		end++
	}
	if end == len(data) && !atEOF {
		return 0, nil, nil // an LF may follow
	}
	if end < len(data) && data[end] == '\n' {
		end++
	}
	return end, data[:i], nil
}

// reading is what a line means.
type reading struct {
	number int    // line of input, from 1
	input  string // the line without what the terminal added; secrets masked
	kind   string // stable, lower case: "registration", "signal", "command" …
	text   string // for people
	values []value
}

// value is a typed field of the JSON object.
type value struct {
	name string
	v    any
}

// MarshalJSON writes line, input, kind and text first and then the fields, in the order in which they were found.
func (r reading) MarshalJSON() ([]byte, error) {
	head := []value{{"line", r.number}, {"input", r.input}, {"kind", r.kind}, {"text", r.text}}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, f := range append(head, r.values...) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", f.name)
		if err := enc.Encode(f.v); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // Encode ends with a line feed
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// decodeColumn is where the explanations begin.
const decodeColumn = 48

// printDecoded writes a line and what it means beside it, or below when it is long. Empty lines and comments have none.
func printDecoded(w io.Writer, r reading) {
	input := clean(r.input)
	switch {
	case r.kind == kindEmpty:
	case r.kind == kindComment:
		fmt.Fprintln(w, input)
	case utf8.RuneCountInString(input) < decodeColumn:
		fmt.Fprintf(w, "%s%s%s\n", input, strings.Repeat(" ", decodeColumn-utf8.RuneCountInString(input)), r.text)
	default:
		fmt.Fprintf(w, "%s\n%s%s\n", input, strings.Repeat(" ", decodeColumn), r.text)
	}
}

// setFamily chooses the dialect by its name.
func (d *decoder) setFamily(name string) bool {
	i := slices.IndexFunc(d.dialects, func(m *modem.Dialect) bool { return m.Name == name })
	if i >= 0 {
		d.family = d.dialects[i]
	}
	return i >= 0
}

func (d *decoder) familyNames() (names []string) {
	for _, m := range d.dialects {
		names = append(names, m.Name)
	}
	return names
}
