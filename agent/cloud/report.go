package cloud

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// reportEvery is how often the same trouble is written to the log: a stranger can cause it as often as he likes.
const reportEvery = time.Minute

// A reporter hands lines to the log, the first of each kind at once and then at most one a minute, with the number of those
// that were left out. Kinds are constants of this package, so the map stays small.
type reporter struct {
	log   func(text string) // nil: nobody listens
	clock Clock

	mu   sync.Mutex // guards what follows
	last map[string]time.Time
	held map[string]int
}

func (r *reporter) report(kind, format string, args ...any) {
	if text := r.due(kind, format, args...); text != "" {
		r.log(text)
	}
}

// due returns the line to write, "" when it is too soon.
func (r *reporter) due(kind, format string, args ...any) string {
	if r.log == nil {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last, r.held = make(map[string]time.Time), make(map[string]int)
	}
	now := r.clock.Now()
	if last, there := r.last[kind]; there && now.Sub(last) < reportEvery {
		r.held[kind]++
		return ""
	}
	text := fmt.Sprintf(format, args...)
	if n := r.held[kind]; n > 0 {
		text += fmt.Sprintf(" (and %d more like it)", n)
	}
	r.last[kind], r.held[kind] = now, 0
	return text
}

// Write takes what net/http has to say: TLS handshakes that failed, and the like.
func (r *reporter) Write(line []byte) (int, error) {
	r.report("http", "%s", shorten(printable(string(bytes.TrimSpace(line))), DefaultLimits().Text))
	return len(line), nil
}
