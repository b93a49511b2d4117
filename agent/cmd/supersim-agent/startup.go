package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// startUp is when the parts of the program that only a start needs have done their work.
const startUp = 15 * time.Second

// giveBack lets the kernel have the pages of the program file that are mapped, of which the start needed most and the daemon
// needs half. What is still needed comes back from the page cache in microseconds.
func giveBack() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if begin, end, ok := programPages(lines.Text(), exe); ok {
			unix.Syscall(unix.SYS_MADVISE, begin, end-begin, unix.MADV_DONTNEED) //nolint:errcheck // then they stay
		}
	}
}

// programPages reads a line of /proc/self/maps (proc_pid_maps(5)): ok for what is mapped from the program file and cannot be
// written, so that the file has the same.
func programPages(line, exe string) (begin, end uintptr, ok bool) {
	f := strings.Fields(line)
	if len(f) != 6 || f[5] != exe || !strings.HasPrefix(f[1], "r-") {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(f[0], "%x-%x", &begin, &end)
	return begin, end, n == 2 && err == nil && end > begin
}
