package cloud

// A framer cuts a stream of bytes into JSON documents. It does not care for lines as long as all goes well: a document
// may span many of them, and one line may hold several. Lines matter when something is wrong: what cannot be the start
// or the continuation of a document is given up to the end of the line on which the document began, and reading goes on
// behind it. So a line that a power cut left unfinished costs that line only.
//
// Its memory is bounded by limits.Body and one chunk. The nesting limit bounds how often a byte is looked at again.
type framer struct {
	limits  Limits
	buf     []byte
	used    int // bytes of buf that are finished with; behind them stands the document being read
	scan    scanner
	scanned int    // bytes of that document that scan has seen
	skip    bool   // in a line that was given up, up to its end
	junk    uint64 // lines given up
}

func newFramer(limits Limits) *framer {
	return &framer{limits: limits, scan: scanner{maxDepth: limits.Depth}}
}

// feed takes the next bytes and returns the documents they complete. These stay valid until the next feed.
func (f *framer) feed(chunk []byte) (docs [][]byte) {
	f.buf = append(f.buf[:0], f.buf[f.used:]...)
	f.buf = append(f.buf, chunk...)
	start := 0 // of the document being read
	for {
		start = f.toDocument(start)
		end, state := f.toEnd(start)
		switch state {
		case complete:
			docs = append(docs, f.buf[start:end])
			start = end
		case broken:
			f.giveUp()
		case unfinished:
			f.used = start
			return docs
		}
	}
}

// unread reports whether the stream so far ends inside a document.
func (f *framer) unread() bool { return f.scanned > 0 }

type frameState uint8

const (
	unfinished frameState = iota
	complete
	broken
)

// toDocument passes over the gap before a document and over lines that were given up.
func (f *framer) toDocument(start int) int {
	if f.scanned > 0 {
		return start // inside a document
	}
	for ; start < len(f.buf); start++ {
		switch c := f.buf[start]; {
		case f.skip:
			f.skip = c != '\n'
		case c == '{' || c == '[':
			return start
		case !gap(c):
			f.giveUp()
		}
	}
	return start
}

// toEnd lets the scanner read on in the document at start.
func (f *framer) toEnd(start int) (end int, state frameState) {
	for i := start + f.scanned; i < len(f.buf); i++ {
		done, err := f.scan.step(f.buf[i])
		if err != nil || i-start >= f.limits.Body {
			return 0, broken
		}
		f.scanned++
		if done {
			f.restart()
			return i + 1, complete
		}
	}
	return 0, unfinished
}

// giveUp makes the framer skip to the end of the line it would otherwise read a document from.
func (f *framer) giveUp() {
	f.junk++
	f.skip = true
	f.restart()
}

func (f *framer) restart() {
	f.scan.reset()
	f.scanned = 0
}
