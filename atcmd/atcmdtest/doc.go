// Package atcmdtest helps to test code that talks to a modem: an in-memory pipe, a player for recorded dialogues, and
// transports that split, delay, corrupt or drop what the modem sends.
//
// Everything here blocks on channels and timers only, never on a mutex, so it works in a testing/synctest bubble and
// takes no real time there.
//
// # Transcripts
//
// A transcript is a text file, one step per line:
//
//	# module: EG25-G
//	# origin: EC2x manual V2.0, 6.17
//	< AT+CSQ\r
//	> AT+CSQ\r\r\n|+CSQ: 20,99\r\n
//	@ 300ms
//	> \r\nOK\r\n
//	---
//	info +CSQ: 20,99
//	final OK
//
// '<' is sent to the modem, '>' comes from it, '@' waits, '|' is the border of two chunks that arrive one after the
// other. "# name: value" lines in front of the first step are the header; other lines with '#' are comments. Escapes
// are \r \n \t \\ \| and \xHH. What follows "---" is for the test that uses the transcript.
package atcmdtest
