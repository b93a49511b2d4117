package ports

import (
	"fmt"
	"slices"
	"strings"
)

// Choice is which ports are to be tried, and why.
type Choice struct {
	Ports []Port // in order: the first is used while it answers, the others are what it falls back to. Empty: none
	Auto  bool   // the ports were found, not configured
	Why   string // for people, a sentence
}

// Path is the port that is tried first, "" when there is none.
func (c Choice) Path() string {
	if len(c.Ports) == 0 {
		return ""
	}
	return c.Ports[0].Path
}

// Auto is the configured port that asks for a search.
const Auto = "auto"

// Choose says which of the ports are to be tried when configured is the port of the configuration. A path is taken as it
// is, whether it was found or not: it may appear later, or be a pty. With Auto the first module on USB is taken, and its
// ports for commands in the order of their roles; without one, the UART that the device tree calls serial0, unless the
// console runs on it.
func Choose(list []Port, configured string) Choice {
	if configured != Auto {
		return configuredChoice(list, configured)
	}
	modules := modulesOf(list)
	if len(modules) > 0 {
		first := modules[0]
		c := Choice{Auto: true, Ports: first, Why: fmt.Sprintf("the AT port of %s on USB", first[0].USB.Modules)}
		if len(modules) > 1 {
			c.Why += fmt.Sprintf(", the first of %d modems; set modem.port for another", len(modules))
		}
		return c
	}
	for _, p := range list {
		if p.Kind == KindUART && isSerial0(p) {
			if p.Console {
				return Choice{Auto: true, Why: fmt.Sprintf("no modem on USB, and the kernel's console runs on %s (serial0)", p.Path)}
			}
			return Choice{Auto: true, Ports: []Port{p}, Why: "no modem on USB; serial0 is the UART of the header"}
		}
	}
	return Choice{Auto: true, Why: "no modem of the table on USB, and no UART called serial0; set modem.port"}
}

func configuredChoice(list []Port, path string) Choice {
	c := Choice{Ports: []Port{{Path: path}}, Why: "configured as modem.port"}
	for _, p := range list {
		if p.Path == path || p.ByID == path || slices.Contains(p.Aliases, path) {
			p.Path = path // the name that was configured is the one that survives a new number
			c.Ports[0] = p
			return c
		}
	}
	c.Why += ", though no such port was found"
	return c
}

// isSerial0: udev's link, or the alias alone where udev makes no links.
func isSerial0(p Port) bool {
	return slices.ContainsFunc(p.Aliases, func(a string) bool { return a == "serial0" || strings.HasSuffix(a, "/serial0") })
}

// commandRoles are the roles that take AT commands, best first.
var commandRoles = []Role{AT, AT2, MaybeAT}

// modulesOf groups the command ports by USB device, best role first, devices in the order of the list.
func modulesOf(list []Port) [][]Port {
	var order []string
	groups := map[string][]Port{}
	for _, p := range list {
		if p.Kind != KindUSB || !slices.Contains(commandRoles, p.Role) {
			continue
		}
		if groups[p.USB.Device] == nil {
			order = append(order, p.USB.Device)
		}
		groups[p.USB.Device] = append(groups[p.USB.Device], p)
	}
	var out [][]Port
	for _, device := range order {
		group := groups[device]
		slices.SortStableFunc(group, func(a, b Port) int {
			return slices.Index(commandRoles, a.Role) - slices.Index(commandRoles, b.Role)
		})
		out = append(out, group)
	}
	return out
}

// ATPort is the port of the list that takes the commands of the module to which a port belongs: "" when that is not
// known, or the port itself.
func ATPort(list []Port, of Port) string {
	if of.USB == nil || of.USB.Bridge {
		return ""
	}
	for _, group := range modulesOf(list) {
		for _, p := range group {
			if p.USB.Device == of.USB.Device && p.USB.Interface != of.USB.Interface {
				return p.Path
			}
		}
	}
	return ""
}
