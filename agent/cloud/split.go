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

// Split takes a body apart for somebody else to decode. known are the events that Decode found in it, nil when it was not decoded
// before; then the body is the caller's to bound. What Decode would skip is skipped here too and is among the problems; an event
// of which only a field is bad is passed on with it.
func Split(body []byte, known []Event, l Limits) (pieces []Piece, problems []Problem, err error) {
	objects, err := objectsOf(body)
	if err != nil {
		return nil, nil, err
	}
	for i, object := range objects {
		var raw bytes.Buffer
		if err := json.Compact(&raw, object); err != nil {
			return nil, nil, err
		}
		if len(known) == len(objects) { // none was skipped
			pieces = append(pieces, Piece{Event: known[i], Raw: raw.Bytes()})
			continue
		}
		events, bad, err := Decode(object, l)
		problems = append(problems, bad...)
		if err == nil && len(events) == 1 {
			pieces = append(pieces, Piece{Event: events[0], Raw: raw.Bytes()})
		}
	}
	return pieces, problems, nil
}

// objectsOf are the documents of a body, arrays taken apart.
func objectsOf(body []byte) (objects []json.RawMessage, err error) {
	documents := json.NewDecoder(bytes.NewReader(body))
	for documents.More() {
		var document json.RawMessage
		if err := documents.Decode(&document); err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(document, []byte("[")) {
			objects = append(objects, document)
			continue
		}
		var list []json.RawMessage
		if err := json.Unmarshal(document, &list); err != nil {
			return nil, err
		}
		objects = append(objects, list...)
	}
	return objects, nil
}
