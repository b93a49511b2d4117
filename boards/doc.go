// Package boards knows the cellular HATs: which header pin does what, how long it must be held, how the module's AT port
// is reached, and in which order pins move to switch the module on, off, or through a reset.
//
// It is a table ([Boards]), a pure function from a row to a list of steps ([Board.Plan]) and a small executor
// ([Control]) that plays the steps on GPIO lines. It does not talk to the modem: whether the module is on is asked
// through an injected function, because only the caller can see AT answers and USB devices.
//
// # Two ways to have power
//
// On a board with a power key ([PowerKey]) one line both starts and stops the module: the same pulse means the opposite
// thing depending on the state before it. Every plan therefore begins by asking, and does nothing when the module is
// already where it should be. When the question cannot be answered, the operation is refused: a guess could switch off
// the only modem of a device nobody can walk up to.
//
// On a board with a supply switch ([SupplySwitch]) a line holds the module's power away for as long as it is asserted.
// There is nothing to toggle, so its plans always drive the line, and a module that hangs can really be cut off.
//
// # What is certain afterwards
//
// An operation that fails, or is cancelled at any moment, leaves every line at its idle level: no key pressed, no reset
// held, supply on. Only a successful [Control.Off] on a supply switch leaves its line asserted, which is its purpose.
// A process that is killed in the middle of a pulse cannot clean up, and Raspberry Pi kernels keep the level of a
// released output; so [Open] begins by driving keys, resets and held lines to where they belong.
//
// # Adding a HAT
//
// One row in table.go: names, the lines with their polarity, the pulses from the module's hardware manual, the jumpers,
// and where each fact was read. One line in the timelines table of control_test.go: what a successful On and Off look
// like on the pins. All properties (idle after failure, cancel at any time, nothing moves when nothing need be done)
// then run for the new row too.
package boards
