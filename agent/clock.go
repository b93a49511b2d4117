package agent

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// systemClock is the real time.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// hostUptime is the time since the computer was started, also while it was suspended; 0 when the kernel does not tell.
func hostUptime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// timesyncMark exists once systemd-timesyncd has set the clock in this boot.
const timesyncMark = "/run/systemd/timesync/synchronized"

// hostClockSynced reports whether a time server steers the clock. The kernel knows best (adjtimex(2), STA_UNSYNC), but the
// service's sandbox denies even reading that, so timesyncd's mark is the second source.
func hostClockSynced() bool {
	var t unix.Timex
	if state, err := unix.Adjtimex(&t); err == nil {
		return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
	}
	_, err := os.Stat(timesyncMark)
	return err == nil
}
