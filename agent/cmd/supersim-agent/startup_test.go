package main

import "testing"

func TestProgramPages(t *testing.T) {
	const exe = "/usr/local/bin/supersim-agent"
	for line, want := range map[string]bool{
		"00400000-00a8f000 r-xp 00000000 b3:02 12345  " + exe: true,
		"00a8f000-01200000 r--p 0068f000 b3:02 12345  " + exe: true,
		"01200000-01280000 rw-p 00e00000 b3:02 12345  " + exe: false, // ours alone
		"01280000-012a0000 rw-p 00000000 00:00 0":             false,
		"7f00-7f10 r-xp 00000000 00:00 0  [vdso]":             false,
		"7f00-7f10 r--p 00000000 b3:02 9  /etc/localtime":     false,
		"zz-7f10 r--p 00000000 b3:02 9  " + exe:               false,
		"":                                                    false,
	} {
		begin, end, ok := programPages(line, exe)
		if ok != want || ok && end <= begin {
			t.Errorf("%q: %x-%x %v", line, begin, end, ok)
		}
	}
	giveBack() // and the program goes on
}
