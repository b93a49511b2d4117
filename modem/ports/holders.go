package ports

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// findHolders looks through the open files of all processes for serial ports. Only root sees those of other users; a
// port that shows nobody may still be held.
func (s *scanner) findHolders() map[string][]Holder {
	found := map[string][]Holder{}
	links, _ := filepath.Glob(s.path("/proc/[0-9]*/fd/*")) // the pattern is well-formed
	for _, link := range links {
		node, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(node, "/dev/tty") {
			continue
		}
		process := filepath.Dir(filepath.Dir(link))
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		comm, _ := os.ReadFile(filepath.Join(process, "comm")) // it may have ended
		h := Holder{PID: pid, Comm: strings.TrimSpace(string(comm))}
		if !slices.Contains(found[node], h) {
			found[node] = append(found[node], h)
		}
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b Holder) int { return a.PID - b.PID })
	}
	return found
}
