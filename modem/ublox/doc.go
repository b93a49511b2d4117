// Package ublox holds the AT dialects of u-blox's modules: one row per family, in a file of its name, and a file for
// each thing that several rows share (the cell report, the technologies, the bands …). It is tables first; the parsers
// read what only u-blox says. It opens no ports and decides nothing.
//
// # Sources
//
//	R5APP, R5SYS   SARA-R5 application development UBX-20009652, system integration UBX-19041356
//	R4AT           pages of the SARA-R4 AT manual UBX-17003787 (R09, R16)
//	UBX            u-blox's own ubxlib       PART   Particle device-os       MM   ModemManager with its tests
//	ofono, TinyGSM, Zephyr, Twilio           as named
//
// The other AT manuals could not be had, so that most time limits are those of shipping code. What no source tells is
// left open: the row then asks the module (Ask, a fallback query, a setting that may be refused), and either answer
// works.
//
// # Traps of the whole make
//
//   - No boot banner but TOBY's: a restart shows as the <n> of a registration answer that fell back to 0.
//   - The module wants a pause between an answer and the next command, and a second between two changes of
//     functionality.
//   - The APN of the first context belongs to the attach: it is written with the radio off.
//   - AT+UCGED? answers in lines without a label, in another order on every family; see [ParseUCGED].
//   - AT+CEREG? with n=4 has a field more than the unsolicited line (SARA-R41x in both, LARA-R6 in the answer). n=3
//     and n=5 bring reject causes instead; package modem finds the fields by their shape.
//   - The operator profile (AT+UMNOPROF) decides on bands, APN and power saving, and may switch the last one on again.
//   - A module in UART power saving (AT+UPSV) or PSM does not answer the first AT.
//   - +UUFWINSTALL says that firmware is being installed: the port may be dead for five minutes (PART), which is no
//     fault.
//
// # To add a family
//
// One Dialect in a file of its own, an entry in Dialects, its captured answers in testdata/<family>.txt, and its
// answers in families_test.go, with which the driver tests run.
package ublox
