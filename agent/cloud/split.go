package cloud

import (
	"bytes"
	"encoding/json"
)

// A Piece is one event of a body as it was sent, compacted and otherwise untouched, with what must be known to pass it on.
type Piece struct {
	Event Event
	Raw   []byte // one JSON object
}

// Split takes a body apart for somebody else to decode. What Decode would skip is skipped here too and is among the problems; an
// event of which only a field is bad is passed on with it. The limits are those of each event: a body that was not decoded
// before is the caller's to bound.
func Split(body []byte, l Limits) (pieces []Piece, problems []Problem, err error) {
	documents := json.NewDecoder(bytes.NewReader(body))
	for documents.More() {
		var document json.RawMessage
		if err := documents.Decode(&document); err != nil {
			return nil, nil, err
		}
		objects := []json.RawMessage{document}
		if bytes.HasPrefix(bytes.TrimSpace(document), []byte("[")) {
			if err := json.Unmarshal(document, &objects); err != nil {
				return nil, nil, err
			}
		}
		for _, object := range objects {
			events, bad, err := Decode(object, l)
			if problems = append(problems, bad...); err != nil || len(events) != 1 {
				continue
			}
			var raw bytes.Buffer
			if err := json.Compact(&raw, object); err != nil {
				return nil, nil, err
			}
			pieces = append(pieces, Piece{Event: events[0], Raw: raw.Bytes()})
		}
	}
	return pieces, problems, nil
}
