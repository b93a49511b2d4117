package cloud

import (
	"fmt"
	"reflect"
	"testing"
)

const piece = `{"event_sid": "EZ%032d", "event_type": "com.kore.iot.supersim.connection.attachment.accepted", "sim_iccid": "89883070000012345678",
 "timestamp": "2026-03-01T12:00:00Z", "note": "ä  b"}`

// Each event is passed on as it was sent, alone; what is none is left out and counted.
func TestSplit(t *testing.T) {
	one, two := fmt.Sprintf(piece, 1), fmt.Sprintf(piece, 2)
	for _, test := range []struct {
		body           string
		want, problems int
	}{
		{one, 1, 0}, {"[" + one + "," + two + "]", 2, 0}, {one + "\n" + two, 2, 0}, {"[]", 0, 0},
		{"[" + one + `,{"event_sid":"x"},` + two + "]", 2, 1},
		{`[{"id":"EZ00000000000000000000000000000009","type":"a.supersim.connection.attachment.accepted","time":"2026-03-01T12:00:00Z","data":` + one + "}]", 1, 0},
	} {
		pieces, problems, err := Split([]byte(test.body), nil, DefaultLimits())
		if err != nil || len(pieces) != test.want || len(problems) < test.problems {
			t.Errorf("%s: %d pieces, %v, %v", test.body, len(pieces), problems, err)
		}
		known, _, err := Decode([]byte(test.body), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if again, _, err := Split([]byte(test.body), known, DefaultLimits()); err != nil || !reflect.DeepEqual(again, pieces) {
			t.Errorf("%s, decoded before: %v, %v", test.body, again, err)
		}
		for _, p := range pieces {
			again, _, err := Decode(p.Raw, DefaultLimits())
			if err != nil || len(again) != 1 || again[0].SID != p.Event.SID || p.Event.ICCID != "89883070000012345678" {
				t.Errorf("%s: %v, %v", p.Raw, again, err)
			}
		}
	}
	if _, _, err := Split([]byte("[{"), nil, DefaultLimits()); err == nil {
		t.Error("half a body is taken")
	}
}
