// Package atcmd holds the AT dialogue with a modem on a byte stream: it sends a command, tells its answer from
// everything else that arrives, and keeps both sides in step when something goes wrong. It knows no vendor, no network
// and no modem; what a line means is for package modem.
//
// # What is read
//
// Bytes become lines, whatever the fragmentation. A line ends with CR, LF or any mixture of them; empty lines are
// skipped, and so are NUL and other bytes that no AT answer holds (noise of a booting or wrongly clocked UART). A line
// has at most 4 KiB; a longer one is dropped and counted, and the command that it answered fails with [ErrOverlong].
//
// While a command is open, each line is exactly one of these, tried in this order:
//
//	tail     a further line of a two-line URC (+CMT and its text)
//	echo     the command itself, alone or glued to what follows
//	final    OK, ERROR, +CME ERROR: …, one of Cmd.Finals, …; NO CARRIER and its kin only when a call command is open
//	info     a line of the answer: it has Cmd.Prefix, or Prefix is "" and the line is not labelled ("+XXX:") by another
//	URC      a line of the table in Options.URCs, and any other labelled line
//	unknown  the rest; handed on like a URC, and counted
//
// Some prefixes are both answer and URC (+CREG). Cmd.Answer decides for each such line; without it a line with the
// prefix of the open command is its answer. A line that a URC has cut in two is put together again: see tear.go.
//
// # One command at a time
//
// [Port.Exec] sends a command and waits for its final. Concurrent callers queue. After a time-out or a cancelled
// context an answer may still be under way, and would be taken for that of the next command. So the port is then
// brought back into step before anything else is sent: see resync.go. What arrives late is counted and traced, never
// handed on.
//
// # Where to add
//
// A final result that a module invents is a row in finals (final.go), or belongs into Cmd.Finals when a single command
// has it. A URC is a row in the dialect's table, which reaches this package through Options.URCs or [Port.SetURCs]. A
// command that carries a secret is a row in secrets (mask.go). A recorded dialogue is a file in testdata/transcripts.
//
// Clauses cited here are of ITU-T V.250, 3GPP TS 27.005 and 3GPP TS 27.007.
package atcmd
