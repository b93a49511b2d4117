//go:build linux

package atcmd

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// findHolder names the process that has a device node: the one that holds the lock on it, otherwise one that has it
// open. It is "" when our rights do not go so far.
func findHolder(node string) string {
	var st unix.Stat_t
	if unix.Stat(node, &st) == nil {
		if who := findLocker("/proc", &st); who != "" {
			return who
		}
	}
	return findOpener("/proc", node)
}

// findLocker looks a node's flock up in <proc>/locks, which everybody may read. A line of it, from proc_locks(5):
//
//	1: FLOCK  ADVISORY  WRITE 812 00:06:642 0 EOF
func findLocker(proc string, st *unix.Stat_t) string {
	file, err := os.Open(filepath.Join(proc, "locks"))
	if err != nil {
		return ""
	}
	defer file.Close()
	want := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) >= 6 && f[1] == "FLOCK" && f[5] == want {
			return describe(proc, f[4])
		}
	}
	return ""
}

// findOpener looks for a process other than this one that has the node open. Only root sees all of them.
func findOpener(proc, node string) string {
	links, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*")) // the pattern is well-formed
	self := fmt.Sprint(os.Getpid())
	for _, link := range links {
		pid := filepath.Base(filepath.Dir(filepath.Dir(link)))
		if pid == self {
			continue
		}
		if target, err := os.Readlink(link); err == nil && target == node {
			return describe(proc, pid)
		}
	}
	return ""
}

// describe says "pid 812 (ModemManager)".
func describe(proc, pid string) string {
	comm, err := os.ReadFile(filepath.Join(proc, pid, "comm"))
	if err != nil {
		return "pid " + pid
	}
	return fmt.Sprintf("pid %s (%s)", pid, strings.TrimSpace(string(comm)))
}
