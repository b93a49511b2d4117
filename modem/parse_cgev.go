package modem

import (
	"strings"

	"supersim-agent/atcmd"
)

// CGEVKind is what a packet domain event (27.007 §10.1.19) comes to.
type CGEVKind uint8

const (
	CGEVOther      CGEVKind = iota // class and QoS changes, rejected network requests
	CGEVActivated                  // a context came up
	CGEVEnded                      // a context ended
	CGEVDetached                   // the whole attachment ended
	CGEVBearerDone                 // a dedicated bearer ended; its default bearer goes on
)

// CGEV is one packet domain event.
type CGEV struct {
	Kind CGEVKind
	CID  int    // 0 when the line gives none
	By   string // "network", "modem", or "" when the line does not say
}

// ParseCGEV classifies a "+CGEV: …" line by its words, because their number differs between vendors: "NW PDN DEACT 1",
// "EPS PDN ACT 1" (A76xx), "PDN ACT 1" (Quectel manuals), "NW DEACT IP, 1.2.3.4, 1" (no quotes).
func ParseCGEV(line string) (CGEV, error) {
	label, f := atcmd.Split(line)
	if label != "+CGEV" || f.Rest() == "" {
		return CGEV{}, unreadable("+CGEV", line)
	}
	var e CGEV
	pdn := false
	var numbers []int
	for _, word := range strings.FieldsFunc(strings.ToUpper(f.Rest()), notInWord) {
		switch word {
		case "NW":
			e.By = "network"
		case "ME":
			e.By = "modem"
		case "PDN":
			pdn = true
		case "DETACH":
			e.Kind = CGEVDetached
		case "DEACT":
			e.Kind = CGEVEnded
		case "ACT":
			e.Kind = CGEVActivated
		}
		if n, ok := (field{text: word}).within(0, 255); ok {
			numbers = append(numbers, n)
		}
	}
	e.number(numbers, pdn)
	return e, nil
}

func notInWord(r rune) bool { return r == ' ' || r == ',' || r == '"' }

// number finds the cid among the line's integers. It is the first one, except for dedicated bearers, whose line is
// "NW ACT <p_cid>,<cid>,<event_type>": there it is the second, and the context p_cid is not what the event is about.
func (e *CGEV) number(n []int, pdn bool) {
	switch {
	case len(n) == 0:
	case pdn || len(n) == 1 || e.Kind == CGEVOther:
		e.CID = n[0]
	default:
		e.CID = n[1]
		if e.Kind == CGEVEnded {
			e.Kind = CGEVBearerDone
		} else {
			e.Kind = CGEVOther
		}
	}
}

// Observations are what the event tells about our contexts.
func (e CGEV) Observations() []Observation {
	by := e.By
	if by == "" {
		by = "network or modem"
	}
	switch e.Kind {
	case CGEVDetached:
		return []Observation{ContextLost{Reason: "the " + by + " detached the device"}}
	case CGEVEnded:
		return []Observation{ContextLost{CID: e.CID, Reason: "deactivated by the " + by}}
	}
	return nil
}
