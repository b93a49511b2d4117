package atcmdtest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tr, err := Parse("x", "# module: EG25-G\n\n< AT\\r\n> a\\r|\\x00\\\\\\|\\t\n@ 300ms\n# a comment: not header\n---\nfinal OK\n\n# no\n")
	if err != nil {
		t.Fatal(err)
	}
	want := &Transcript{Name: "x", Header: map[string]string{"module": "EG25-G"}, Want: []string{"final OK"}, Steps: []Step{
		{Send: []byte("AT\r")}, {Chunks: [][]byte{[]byte("a\r"), []byte("\x00\\|\t")}}, {Wait: 300 * time.Millisecond},
	}}
	if diff := cmp.Diff(want, tr); diff != "" {
		t.Error(diff)
	}
	if got := string(tr.Received()); got != "a\r\x00\\|\t" {
		t.Errorf("received %q", got)
	}
	for _, bad := range []string{"AT\\r", "< AT\\", "> \\q", "> \\x0", "> \\xzz", "@ soon"} {
		if _, err := Parse("x", "\n"+bad); err == nil || !strings.HasPrefix(err.Error(), "x:2: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, modem := Pipe()
		io.WriteString(modem, "hello")
		modem.Close()
		got, err := io.ReadAll(host)
		if string(got) != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := host.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write to a closed pipe: %v", err)
		}
		host, modem = Pipe()
		go func() { <-time.After(time.Second); host.Close() }()
		if _, err := host.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("close ends a read with %v", err)
		}
		modem.Close()
		modem.Close() // twice is no error
	})
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Repeat("0123456789", 100)
		through := func(wrap func(io.ReadWriteCloser) io.ReadWriteCloser) []byte {
			host, modem := Pipe()
			io.WriteString(modem, text)
			modem.Close()
			got, err := io.ReadAll(wrap(host))
			if err != nil {
				t.Error(err)
			}
			return got
		}
		rng := rand.New(rand.NewPCG(1, 2))
		if got := through(func(t io.ReadWriteCloser) io.ReadWriteCloser { return Split(t, 3) }); string(got) != text {
			t.Errorf("split: %q", got)
		}
		began := time.Now()
		if got := through(func(t io.ReadWriteCloser) io.ReadWriteCloser { return Delay(t, time.Second) }); string(got) != text || time.Since(began) < time.Second {
			t.Errorf("delay: %q after %v", got, time.Since(began))
		}
		got := through(func(t io.ReadWriteCloser) io.ReadWriteCloser { return Corrupt(t, rng, 0.1) })
		if len(got) != len(text) || bytes.Equal(got, []byte(text)) {
			t.Errorf("corrupt: %d bytes", len(got))
		}
		if got := through(func(t io.ReadWriteCloser) io.ReadWriteCloser { return Drop(t, rng, 0.1) }); len(got) < 800 || len(got) > 980 {
			t.Errorf("drop: %d bytes are left", len(got))
		}
	})
}

func TestPlayer(t *testing.T) {
	tr, err := Parse("x", "< AT\\r\n> O|K\\r\\n\n@ 1s\n> RDY\\r\\n\n< ATI\\r\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ second, want string }{
		"as recorded":  {"ATI\r", ""},
		"another":      {"ATZ\r", `sent "ATZ\r", expected "ATI\r"`},
		"not complete": {"", `sent "", expected "ATI\r"`},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := NewPlayer(tr)
			io.WriteString(p, "AT\r")
			answer := make([]byte, len("OK\r\nRDY\r\n"))
			if _, err := io.ReadFull(p, answer); err != nil || string(answer) != "OK\r\nRDY\r\n" {
				t.Errorf("%s: %q, %v", name, answer, err)
			}
			io.WriteString(p, tt.second)
			synctest.Wait()
			err := p.Close()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%s: %v, want %q", name, err, tt.want)
			}
		})
	}
}
