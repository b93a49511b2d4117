package main

import (
	"context"
	"errors"

	"supersim-agent/agent"
	"supersim-agent/atcmd"
	"supersim-agent/modem"
	"supersim-agent/modem/ports"
)

// portFinder opens the port of the next attempt: the configured one, or what is found when it is "auto". It is used by
// the agent's executor alone.
type portFinder struct {
	root       string // of the file system; "/" but in tests
	configured string
	rotation   ports.Rotation
	dial       func(path string, baud int) (atcmd.Transport, error)

	list   []ports.Port  // what was plugged in then
	choice ports.Choice  // of the open port
	last   ports.Attempt // what was opened
}

// choose looks at what is plugged in now.
func (p *portFinder) choose() ([]ports.Port, ports.Choice) {
	list, err := ports.Scan(p.root)
	c := ports.Choose(list, p.configured)
	if err != nil && c.Auto {
		c.Why = err.Error()
	}
	return list, c
}

func (p *portFinder) open(context.Context) (atcmd.Transport, string, error) {
	p.list, p.choice = p.choose()
	attempt, ok := p.rotation.Next(p.choice)
	if !ok {
		return nil, "", &atcmd.PortError{Path: p.configured, Reason: atcmd.ReasonMissing, Err: errors.New(p.choice.Why)}
	}
	p.last = attempt
	t, err := p.dial(attempt.Port.Path, attempt.Baud)
	return t, attempt.Port.Path, err
}

// greeted is told who answered on the port that was opened last.
func (p *portFinder) greeted(g agent.Greeting) (where agent.Elsewhere) {
	switch {
	case g.Answered:
		p.rotation.Answered(p.choice, p.last)
	case g.Stranger != "":
		where.Next = p.rotation.Foreign(p.choice, p.last, g.Stranger != modem.StrangerBinary)
		where.ATPort = ports.ATPort(p.list, p.last.Port)
	default:
		p.rotation.Failed()
	}
	return where
}

// moduleRuns tells by the port whether the module has power.
func (p *portFinder) moduleRuns(ctx context.Context) (bool, error) {
	_, choice := p.choose()
	path := choice.Path()
	if path == "" {
		return false, nil
	}
	return portExists(path)(ctx)
}

// line tells how the port that was opened last reaches the module.
func (p *portFinder) line() modem.Line {
	switch port := p.last.Port; {
	case port.Role == ports.UART:
		return modem.UART
	case port.Kind == ports.KindUSB:
		return modem.USB
	}
	return modem.AnyLine
}
