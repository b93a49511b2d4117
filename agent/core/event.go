package core

import (
	"supersim-agent/agent/attach"
	"supersim-agent/agent/cloud"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// Event is anything that comes in.
type Event interface{ event() }

type (
	// Tick says that time has passed.
	Tick struct{}
	// Done completes the Action with the same id.
	Done struct {
		ID           uint64
		Port         string // OpenPort: its path, once it is known
		Observations []modem.Observation
		Failure      *Failure // nil when it went well
	}
	// Seen brings what the modem said unasked.
	Seen struct{ Observations []modem.Observation }
	// PortLost says that the port went away between actions.
	PortLost struct{ Failure Failure }
	// CloudBatch brings connection events.
	CloudBatch struct {
		Source   string
		Events   []cloud.Event
		Problems int // events in the batch that could not be understood
	}
	// HostSeen brings what was seen on this computer: the modem's network interface, what came of a probe.
	HostSeen struct{ Observations []facts.HostObservation }
	// ClockState tells whether the host's clock follows a time server.
	ClockState struct{ NTP bool }
	// ProbeRequest asks for a fresh look at everything.
	ProbeRequest struct{}
	// PolicyRequest brings what a person asks of the policy: a retry, a pause.
	PolicyRequest struct{ attach.Request }
	// CommandRequest asks for one AT command of a person. The command itself stays with the shell, which knows it by the
	// ticket: it may hold a PIN, and nothing of the core is secret.
	CommandRequest struct {
		Ticket uint64
		Shown  string // the command with secrets masked, for the timeline
		Writes bool   // it can change what we know of the modem's settings
		Upsets bool   // it can end the session: the modem must be greeted again afterwards
	}
)

func (Tick) event()           {}
func (Done) event()           {}
func (Seen) event()           {}
func (PortLost) event()       {}
func (CloudBatch) event()     {}
func (HostSeen) event()       {}
func (ClockState) event()     {}
func (ProbeRequest) event()   {}
func (PolicyRequest) event()  {}
func (CommandRequest) event() {}

// FailureKind is what a failure means for the core.
type FailureKind uint8

const (
	Refused     FailureKind = iota // the modem answered, with an error
	NoAnswer                       // the command timed out; the port is being resynchronised
	LineDead                       // nothing answers any more: the port must be closed and opened again
	PortGone                       // the port disappeared or cannot be opened
	Unsupported                    // this modem cannot do it
	Foreign                        // Greet: something else than a modem answers; it gets no command but those of a greeting
)

// Failure is an action that went wrong.
type Failure struct {
	Kind   FailureKind
	Text   string // what was attempted, on what, what came back
	Cause  modem.Cause
	Reason string // PortGone: missing, permission, busy, sandbox, not-a-tty, gone
	Holder string // PortGone, busy: who holds it

	Stranger modem.Stranger // Foreign: who answers
	ATPort   string         // Foreign: where the module that the port belongs to takes commands, "" when not known
	Next     bool           // Foreign: OpenPort will try another port or speed that had no turn yet
}

// Action is one thing for the shell to do.
type Action struct {
	ID uint64
	Op Op
}

// Op is what to do.
type Op interface{ op() }

type (
	// OpenPort opens the serial port.
	OpenPort struct {
		Awake bool // the module ran before and is not booting: it answers at once or not at all
	}
	// Greet shakes hands, identifies the module and sets the session up.
	Greet struct{}
	// Ask asks the modem one thing.
	Ask struct {
		Look modem.Look
		CID  int
	}
	// Act changes something.
	Act struct {
		Kind attach.Kind
		Want modem.PDPContext // for SetAPN, Activate, Reactivate
		// History has this action in it already. It is to be on disk before the action begins, so that no crash frees a
		// budget that was spent.
		History attach.History
		Saves   uint64 // its revision, as in a Snapshot
	}
	// Run sends the command of a CommandRequest. Whoever asked gets the answer from the shell, not from the core.
	Run struct{ CommandRequest }
)

func (OpenPort) op() {}
func (Greet) op()    {}
func (Ask) op()      {}
func (Act) op()      {}
func (Run) op()      {}
