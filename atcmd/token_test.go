package atcmd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lexAll gives the tokens of the pieces as text.
func lexAll(pieces [][]byte, prompt bool) []string {
	l := lexer{prompt: prompt}
	var all []string
	for _, p := range pieces {
		for len(p) > 0 {
			var t token
			if t, p = l.next(p); t.kind != noToken {
				all = append(all, fmt.Sprintf("%d %t %d %s", t.kind, t.apart, t.dropped, t.text))
			}
		}
	}
	return append(all, fmt.Sprintf("noise %d", l.noise))
}

func TestTokens(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	tests := []struct {
		name, in string
		prompt   bool
		want     []string
	}{
		{"V.250 framing", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n", false, []string{"1 false 0 +CSQ: 20,99", "1 true 0 OK", "noise 0"}},
		{"CR only", "OK\rERROR\r", false, []string{"1 false 0 OK", "1 false 0 ERROR", "noise 0"}},
		{"LF only", "\nNO CARRIER\n", false, []string{"1 false 0 NO CARRIER", "noise 0"}},
		{"doubled CR", "AT\r\r\nOK\r\r\n", false, []string{"1 false 0 AT", "1 true 0 OK", "noise 0"}},
		{"not ended", "+CSQ: 2", false, []string{"noise 0"}},
		{"only blanks", "  \r\n\t\r\n", false, []string{"noise 0"}},
		{"noise at boot", "\x00\xff\xfeOK\x00\x7f\r\n", false, []string{"1 false 0 OK", "noise 5"}},
		{"UTF-8 inside quotes", "+COPS: \"caf\u00e9\"\u00e9\r\n", false, []string{"1 false 0 +COPS: \"caf\u00e9\"", "noise 2"}},
		{"prompt", "\r\n> ", true, []string{"2 false 0 ", "noise 0"}},
		{"prompt without blank, then a line", ">\r\n+CMGS: 1\r\n", true, []string{"2 false 0 ", "1 false 0 +CMGS: 1", "noise 0"}},
		{"no prompt expected", "> text\r\n", false, []string{"1 false 0 > text", "noise 0"}},
		{"'>' inside a line", "a > b\r\n", true, []string{"1 false 0 a > b", "noise 0"}},
		{"as long as allowed", long + "\r\n", false, []string{"1 false 0 " + long, "noise 0"}},
		{"one byte longer", long + "y\r\nOK\r\n", false, []string{"3 false 1 " + long, "1 false 0 OK", "noise 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lexAll([][]byte{[]byte(tt.in)}, tt.prompt)); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}

// Any chunking of any transcript gives the same tokens: every cut in two, and pieces of every size.
func TestTokensOfAnyChunking(t *testing.T) {
	for _, tr := range transcripts(t) {
		all := tr.Received()
		whole := lexAll([][]byte{all}, false)
		for i := range all {
			if diff := cmp.Diff(whole, lexAll([][]byte{all[:i], all[i:]}, false)); diff != "" {
				t.Fatalf("%s cut at %d:\n%s", tr.Name, i, diff)
			}
			if diff := cmp.Diff(whole, lexAll(slices.Collect(slices.Chunk(all, i+1)), false)); diff != "" {
				t.Fatalf("%s in pieces of %d:\n%s", tr.Name, i+1, diff)
			}
		}
	}
}

// FuzzTokens: the same tokens for any fragmentation, each within the bounds and without a control character.
func FuzzTokens(f *testing.F) {
	for _, tr := range transcripts(f) {
		f.Add(tr.Received(), uint16(7), true)
	}
	f.Add([]byte(strings.Repeat("\"", maxLine+2)+"\r\n"), uint16(4096), false)
	f.Fuzz(func(t *testing.T, data []byte, size uint16, prompt bool) {
		whole := lexAll([][]byte{data}, prompt)
		if diff := cmp.Diff(whole, lexAll(slices.Collect(slices.Chunk(data, int(size)+1)), prompt)); diff != "" {
			t.Fatalf("whole, and in pieces of %d:\n%s", size+1, diff)
		}
		for _, tok := range whole {
			if len(tok) > maxLine+32 || strings.ContainsAny(tok, "\x00\r\n\x1a\x1b") {
				t.Fatalf("token %q", tok)
			}
		}
	})
}
