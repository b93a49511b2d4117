// Package journal is the agent's memory: an append-only history and one small snapshot of its state (budgets, ladder,
// cooldowns) in a directory that may lose power at any moment and whose SD card may rot.
//
// It never stops its caller. With a disk that is missing, full, read-only, broken or in use by another process, it goes
// on in memory, says so (State), and tries the disk again from time to time (Tick). It starts no goroutine: who owns it
// calls Tick when Deadline says so. All methods may be called from several goroutines.
//
// # How durable
//
//	Now     on disk when Append returns: budgets, ladder, verdicts, actions
//	Group   on disk within 5 s: cloud events, state changes
//	Lazy    on disk within 15 min, sooner when something else is written: aggregates of a signal
//
// All classes share one queue, so what is on disk has the order in which it was appended. A commit is one write and one
// fdatasync(2) for everything that waits; a Now record thus never waits for more than the one that is under way. When
// fdatasync fails, the kernel may have thrown the data away and call the next one a success; so nothing is ever written
// to that file again, and what was not acknowledged is written once more into a new one.
//
// On ext4 a commit costs the card about 4 KiB, and 13 more when it comes alone: five seconds later the file system writes
// down the file's new modification time. So choose Now for what must not be spent twice, and Lazy for what is only nice.
//
// # The files, so that a stranger can write a reader
//
//	journal-00000012.seg    a segment; its number is only a name, the order is in the records
//	journal-snapshot-1.0    the newest snapshot or the one before it (of schema 1)
//	journal-snapshot-1.1    the other of the two
//	journal-*.tmp           being made; ignore. Removed at the next start
//	journal.pid             process that holds the flock(2) on the directory
//
// A segment is text in a file of fixed size (256 KiB with the default cap) that was filled with zero bytes before its
// first use: overwriting blocks that exist costs one data block and one flush, growing a file costs the file system's own
// journal as well. Everything in it is a line; what is not an intact line is damage or the unused rest:
//
//	line      JSON object, space, CRC-32C (Castagnoli) of the JSON object in 8 lower-case hex digits, newline
//
//	first     {"journal":1,"minor":0,"segment":12,"seq":345,"bytes":262144}
//	  journal   schema major: another one may mean anything by its lines
//	  minor     schema minor: only adds members and lines of other shape, to be skipped
//	  segment   number in the file's name when it was made
//	  seq       the first record here has this number or a higher one
//	  bytes     size of the file
//
//	others    {"seq":345,"boot":"…","up_ns":…,"wall":"…","trusted":true,"kind":"…","v":1,"data":…}
//	  seq       1, 2, 3, …; gaps are records that were lost or dropped. A number seen before is the same record again:
//	            skip it. Sort segments by their lowest number
//	  boot      /proc/sys/kernel/random/boot_id of the boot that wrote it
//	  up_ns     nanoseconds since that boot
//	  wall      RFC 3339, UTC; missing together with trusted when there was no idea of the time
//	  trusted   whether the clock had been set by then
//	  kind      1 to 32 of a-z 0-9 - . _ ; skip kinds you do not know
//	  v         version of the kind's data
//	  data      any JSON without a newline; always the last member, new ones come before it
//
// To find the next intact line after damage, look for `{"seq":` after the last newline that made sense. A snapshot is
// one such line, {"snapshot":1,"generation":7,"seq":345,"bytes":4711,"crc":"…"}, followed by that many bytes whose
// CRC-32C is crc and a rest without meaning; it knows of all records up to seq. The readable one with the higher
// generation counts.
//
// By hand:
//
//	tr -d '\0' < journal-00000012.seg | sed 's/ [0-9a-f]\{8\}$//' | jq -c .
package journal
