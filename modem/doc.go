// Package modem speaks with one cellular module: it identifies it, asks what state it is in, and changes what must be
// changed, in the words of 3GPP TS 27.007 and of the vendors. It decides nothing: when to ask and what to change is the
// caller's business. It does not know serial ports (package atcmd does), power pins, or the operator's cloud.
//
// # The parts
//
//   - Values: [Observation] and the types that implement it, [Look], [Cause], [RegStat], [RAT], ICCID, IMSI, IMEI.
//   - Parsers: ParseXxx, one answer line in, a value out. They are pure, never panic, and are lenient in what firmware
//     gets wrong (quotes, blanks, cut lines), because a line that is refused makes the device blind. They give an error
//     that wraps [ErrAnswer] for a line that is something else.
//   - [Dialect]: what differs between families, as data. [Standard] is 27.007 itself, used for a modem nobody claims.
//   - [Setting] and [Wanted]: what a module keeps over power-off, and what its owner asks of it. A setting is read, and
//     written only when it differs and the owner asked; the zero Wanted changes nothing.
//   - [Driver]: a session with one module over an *atcmd.Port. Each [Look] is one command where the family allows it;
//     each operation reads, compares, and writes only the difference. Nothing is stored with AT&W, nothing is reset
//     with AT&F or ATZ.
//
// # Errors
//
// The Driver's errors are *[Error]: what was attempted, the raw answer below it, its meaning as a sentinel
// ([ErrNoSIM], [ErrSIMBusy], …), and the reject cause if it carried one. Trouble with the card is not an error of a
// look but an observation of the card's state.
//
// # Adding a family
//
// In the vendor's package: one Dialect literal with its sources, an entry in Dialects, and testdata/<family>.txt with
// captured answers, whose header names module, firmware and origin. Copy the nearest dialect, then go through its
// fields: Claims (what AT+CGMM says), ICCID, Signal, Cell, Time, Reg (which <n> bring causes), APN, Auth (who comes
// first, user or password), Settings, FPLMN, Activate (where AT+CGACT may not be used), Limits (the manual's maximum
// response times), URCs (every unsolicited line, so that none is taken for an answer), Events (those that mean
// something). A parser is needed only where the family has an answer of its own. The package's tests then check claims,
// captures, and every mutation of every capture.
package modem
