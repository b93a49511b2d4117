package journal

import "bytes"

const (
	// maxLine bounds what is looked at as one line, ours or of a version to come.
	maxLine = 256 << 10
	// maxTries bounds how many places within one broken line are tried as the beginning of an intact one, from its end.
	maxTries = 64
)

// scan finds the intact lines of a segment, whatever lies between them. intact gets the offset and the JSON; damage gets
// each stretch that is neither an intact line nor the unused rest. It returns where that rest begins.
func scan(data []byte, intact func(off int, body []byte), damage func(off, n int)) int {
	end := len(bytes.TrimRight(data, "\x00"))
	good := 0 // everything before is intact or reported
	for pos := 0; pos < end; {
		nl := bytes.IndexByte(data[pos:end], '\n')
		if nl < 0 {
			break
		}
		start, body, ok := resync(data[pos : pos+nl])
		if ok {
			if gap := pos + start - good; gap > 0 {
				damage(good, gap)
			}
			intact(pos+start, body)
			good = pos + nl + 1
		}
		pos += nl + 1
	}
	if end > good {
		damage(good, end-good)
	}
	return end
}

// resync finds the intact line that ends where line ends: line itself, or a part of it when the newline before was
// damaged or zeros stand where other lines were.
func resync(line []byte) (start int, body []byte, ok bool) {
	if body, ok = unseal(line); ok {
		return 0, body, true
	}
	line = line[max(0, len(line)-maxLine):]
	for try, upto := 0, len(line); try < maxTries; try++ {
		upto = bytes.LastIndex(line[:upto], seqMark)
		if upto < 0 {
			break
		}
		if body, ok = unseal(line[upto:]); ok {
			return upto, body, true
		}
	}
	return 0, nil, false
}
