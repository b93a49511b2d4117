package ports_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"supersim-agent/modem/ports"
)

func usbPort(path string) ports.Port {
	return ports.Port{Path: path, Kind: ports.KindUSB, Role: ports.AT}
}

var serial = ports.Port{Path: "/dev/serial0", Kind: ports.KindUART, Role: ports.UART}

// play makes attempts that all fail and prints them.
func play(r *ports.Rotation, c ports.Choice, n int) string {
	var list []string
	for range n {
		a, ok := r.Next(c)
		if !ok {
			return "none"
		}
		list = append(list, fmt.Sprintf("%s@%d", strings.TrimPrefix(a.Port.Path, "/dev/"), a.Baud))
		r.Failed()
	}
	return strings.Join(list, " ")
}

func TestRotation(t *testing.T) {
	for _, c := range []struct {
		name   string
		baud   int
		choice ports.Choice
		want   string
	}{
		{"two USB ports take turns, two attempts each; the speed stays", 115200,
			ports.Choice{Auto: true, Ports: []ports.Port{usbPort("/dev/a"), usbPort("/dev/b")}},
			"a@115200 a@115200 b@115200 b@115200 a@115200 a@115200"},
		{"one USB port", 115200, ports.Choice{Auto: true, Ports: []ports.Port{usbPort("/dev/a")}}, "a@115200 a@115200 a@115200"},
		{"a UART that was found: another speed each time, and round again", 115200, ports.Choice{Auto: true, Ports: []ports.Port{serial}},
			"serial0@115200 serial0@9600 serial0@57600 serial0@460800 serial0@921600 serial0@115200"},
		{"a UART that was configured: its speed three times first", 9600, ports.Choice{Ports: []ports.Port{serial}},
			"serial0@9600 serial0@9600 serial0@9600 serial0@115200 serial0@57600 serial0@460800 serial0@921600 serial0@9600"},
		{"an odd speed is tried before the usual ones", 230400, ports.Choice{Auto: true, Ports: []ports.Port{serial}},
			"serial0@230400 serial0@115200"},
		{"a pty: only what is configured", 115200, ports.Choice{Ports: []ports.Port{{Path: "/tmp/modem0"}}},
			"/tmp/modem0@115200 /tmp/modem0@115200 /tmp/modem0@115200 /tmp/modem0@115200"},
		{"no port", 115200, ports.Choice{Auto: true}, "none"},
	} {
		r := &ports.Rotation{Baud: c.baud}
		if got := play(r, c.choice, strings.Count(c.want, " ")+1); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// What answered is what is tried first from then on.
func TestRotationRemembers(t *testing.T) {
	two := ports.Choice{Auto: true, Ports: []ports.Port{usbPort("/dev/a"), usbPort("/dev/b")}}
	r := &ports.Rotation{Baud: 115200}
	play(r, two, 2)
	a, _ := r.Next(two)
	r.Answered(two, a)
	if got, want := play(r, two, 4), "b@115200 b@115200 a@115200 a@115200"; got != want {
		t.Errorf("ports: got %s, want %s", got, want)
	}

	uart := ports.Choice{Auto: true, Ports: []ports.Port{serial}}
	r = &ports.Rotation{Baud: 115200}
	play(r, uart, 3)
	a, _ = r.Next(uart)
	r.Answered(uart, a)
	if got, want := play(r, uart, 3), "serial0@460800 serial0@115200 serial0@9600"; got != want {
		t.Errorf("speeds: got %s, want %s", got, want)
	}
}

// However attempts end, there is a next one among the ports of the choice, and every port and speed gets its turn.
func TestRotationIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := ports.Choice{Auto: rapid.Bool().Draw(t, "auto")}
		for i := range rapid.IntRange(1, 4).Draw(t, "ports") {
			c.Ports = append(c.Ports, usbPort(fmt.Sprint(i)))
		}
		r := &ports.Rotation{Baud: rapid.SampledFrom([]int{0, 9600, 115200}).Draw(t, "baud")}
		for range rapid.IntRange(0, 20).Draw(t, "before") {
			a, _ := r.Next(c)
			switch rapid.IntRange(0, 2).Draw(t, "end") {
			case 0:
				r.Answered(c, a)
			case 1:
				r.Foreign(c, a, rapid.Bool().Draw(t, "readable"))
			default:
				r.Failed()
			}
		}
		seen := map[string]bool{}
		for range 2 * len(c.Ports) {
			a, ok := r.Next(c)
			if !ok {
				t.Fatal("no attempt")
			}
			seen[a.Port.Path] = true
			r.Failed()
		}
		if len(seen) < len(c.Ports) {
			t.Fatalf("only %v of %d ports were tried", seen, len(c.Ports))
		}
	})
}

// Strangers make a port that was found lose its turn at once, until all had one; a configured port is stayed with.
func TestRotationAroundStrangers(t *testing.T) {
	three := []ports.Port{usbPort("/dev/a"), usbPort("/dev/b"), usbPort("/dev/c")}
	bridge := ports.Port{Path: "/dev/ttyUSB0", Kind: ports.KindUSB, Role: ports.UART}
	for _, c := range []struct {
		name     string
		choice   ports.Choice
		readable bool
		want     string // attempt, and + when the next one may follow at once
	}{
		{"found ports", ports.Choice{Auto: true, Ports: three}, true, "a@115200+ b@115200+ c@115200 a@115200"},
		{"found ports, binary", ports.Choice{Auto: true, Ports: three}, false, "a@115200+ b@115200+ c@115200 a@115200"},
		{"one found port", ports.Choice{Auto: true, Ports: three[:1]}, true, "a@115200 a@115200"},
		{"a configured port", ports.Choice{Ports: three[:1]}, true, "a@115200 a@115200 a@115200 a@115200"},
		{"a UART that can be read has the right speed", ports.Choice{Auto: true, Ports: []ports.Port{serial}}, true,
			"serial0@115200 serial0@115200 serial0@115200"},
		{"a UART that cannot be read has another speed", ports.Choice{Auto: true, Ports: []ports.Port{serial}}, false,
			"serial0@115200+ serial0@9600+ serial0@57600+ serial0@460800+ serial0@921600 serial0@115200"},
		{"a configured UART: its speed three times first", ports.Choice{Ports: []ports.Port{serial}}, false,
			"serial0@115200 serial0@115200 serial0@115200 serial0@9600"},
		{"a configured converter", ports.Choice{Ports: []ports.Port{bridge}}, true, "ttyUSB0@115200 ttyUSB0@115200 ttyUSB0@115200"},
	} {
		r := &ports.Rotation{Baud: 115200}
		var list []string
		for range strings.Fields(c.want) {
			a, _ := r.Next(c.choice)
			text := fmt.Sprintf("%s@%d", strings.TrimPrefix(a.Port.Path, "/dev/"), a.Baud)
			if r.Foreign(c.choice, a, c.readable) {
				text += "+"
			}
			list = append(list, text)
		}
		if got := strings.Join(list, " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	// What answers ends it: the next stranger makes the others have their turns again.
	found := ports.Choice{Auto: true, Ports: three[:2]}
	r := &ports.Rotation{Baud: 115200}
	for range 2 {
		a, _ := r.Next(found)
		if !r.Foreign(found, a, true) {
			t.Error("the other port had no turn")
		}
		a, _ = r.Next(found)
		r.Answered(found, a)
	}
}
