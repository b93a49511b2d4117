package relay

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/facts"
)

// The events of a device are kept packed: a few of each kind, without what no rule of a far judge asks for. The newest of
// each class stay, so that the result is the same in whatever order and however often events come; and a storm of one class
// never pushes out what another has to say.

// class of events with a limit of its own.
type class uint8

const (
	attaches class = iota // accepted and rejected: the storm that is counted
	attachFailures
	starts
	updates // one for each session, its newest
	ends
	sessionFailures
	ownSessions // the SIM's own
	others
	numClasses
)

// keep is how many events of each class stay. Eight attaches: a storm begins at six in an hour.
var keep = [numClasses]int{attaches: 8, attachFailures: 2, starts: 2, updates: 2, ends: 2, sessionFailures: 2, ownSessions: 1, others: 2}

// eventTypes are the known ones; the position is what is stored.
var eventTypes = []string{cloud.AttachmentAccepted, cloud.AttachmentRejected, cloud.AttachmentFailed, cloud.SessionStarted,
	cloud.SessionUpdated, cloud.SessionEnded, cloud.SessionFailed}

var classes = []class{attaches, attaches, attachFailures, starts, updates, ends, sessionFailures}

func classOf(e *cloud.Event) class {
	if e.OTA {
		return ownSessions
	}
	if i := slices.Index(eventTypes, e.Type); i >= 0 {
		return classes[i]
	}
	return others
}

// Lengths of text that is kept, in bytes.
const (
	maxName    = 24
	maxMessage = 64
	maxWord    = 40 // identifiers and types
)

// trim leaves of an event what is kept of it.
func trim(e cloud.Event) cloud.Event {
	t := cloud.Event{SID: cut(e.SID, maxWord), Type: cut(e.Type, maxWord), Time: ms(e.Time),
		Network: cloud.Network{MCC: cut(e.Network.MCC, 4), MNC: cut(e.Network.MNC, 4), Name: cut(e.Network.Name, maxName)},
		RAT:     cut(e.RAT, 8), Error: cloud.Error{Code: e.Error.Code}, APN: cut(e.APN, maxName), IP: cut(e.IP, maxWord),
		SessionSID: cut(e.SessionSID, maxWord), SessionStart: ms(e.SessionStart), SessionEnd: ms(e.SessionEnd),
		UpdateStart: ms(e.UpdateStart), UpdateEnd: ms(e.UpdateEnd), Upload: e.Upload, Download: e.Download,
		SessionUpload: e.SessionUpload, SessionDownload: e.SessionDownload, Counted: e.Counted, OTA: e.OTA}
	if e.Modifier == "blocked" {
		t.Modifier = e.Modifier
	}
	if _, known := cloud.LookupCode(e.Error.Code); !known || facts.DiameterAnswer(e.Error.Message) != facts.AnswerNone {
		t.Error.Message = cut(e.Error.Message, maxMessage)
	}
	return t
}

func ms(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// cut shortens text to n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return strings.Clone(s) // what is kept must not hold the whole message that it came in
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n])
}

// with adds a trimmed event to a list that is ordered by time, oldest first; false when it brings nothing new. The list is
// changed in place.
func with(list []cloud.Event, e cloud.Event) ([]cloud.Event, bool) {
	own, oldest, count := classOf(&e), -1, 0
	for i := range list {
		old := &list[i]
		switch {
		case old.SID == e.SID:
			return list, false
		case classOf(old) != own:
		case own == updates && old.SessionSID == e.SessionSID:
			if byTime(*old, e) > 0 {
				return list, false
			}
			return insert(slices.Delete(list, i, i+1), e), true
		default:
			if count++; oldest < 0 {
				oldest = i
			}
		}
	}
	if count >= keep[own] {
		if byTime(list[oldest], e) > 0 {
			return list, false
		}
		list = slices.Delete(list, oldest, oldest+1)
	}
	return insert(list, e), true
}

func insert(list []cloud.Event, e cloud.Event) []cloud.Event {
	i, _ := slices.BinarySearchFunc(list, e, byTime)
	return slices.Insert(list, i, e)
}

func byTime(a, b cloud.Event) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.SID, b.SID))
}

// What an event has, as bits in front of it.
const (
	hasNetwork = 1 << iota
	hasError
	hasAddress
	hasSession
	hasStart
	hasEnd
	hasWindow
	hasBytes
	isCounted
	isOTA
	isBlocked
)

func bitsOf(e *cloud.Event) (bits uint64) {
	for _, b := range []struct {
		bit uint64
		on  bool
	}{
		{hasNetwork, e.Network != cloud.Network{} || e.RAT != ""}, {hasError, e.Error != cloud.Error{}},
		{hasAddress, e.IP != "" || e.APN != ""}, {hasSession, e.SessionSID != ""},
		{hasStart, !e.SessionStart.IsZero()}, {hasEnd, !e.SessionEnd.IsZero()},
		{hasWindow, !e.UpdateStart.IsZero() || !e.UpdateEnd.IsZero()},
		{hasBytes, e.Upload|e.Download|e.SessionUpload|e.SessionDownload != 0},
		{isCounted, e.Counted}, {isOTA, e.OTA}, {isBlocked, e.Modifier != ""},
	} {
		if b.on {
			bits |= b.bit
		}
	}
	return bits
}

// pack writes a list of trimmed events behind b.
func pack(b []byte, list []cloud.Event) []byte {
	for i := range list {
		b = packOne(b, &list[i])
	}
	return b
}

func packOne(b []byte, e *cloud.Event) []byte {
	bits := bitsOf(e)
	b = binary.AppendUvarint(b, bits)
	b = packID(b, e.SID)
	kind := slices.Index(eventTypes, e.Type)
	b = append(b, byte(kind+1))
	if kind < 0 {
		b = packText(b, e.Type)
	}
	b = binary.AppendVarint(b, e.Time.UnixMilli())
	if bits&hasNetwork != 0 {
		b = packText(packText(packText(packText(b, e.Network.MCC), e.Network.MNC), e.Network.Name), e.RAT)
	}
	if bits&hasError != 0 {
		b = packText(binary.AppendVarint(b, int64(e.Error.Code)), e.Error.Message)
	}
	if bits&hasAddress != 0 {
		b = packText(packText(b, e.IP), e.APN)
	}
	if bits&hasSession != 0 {
		b = packID(b, e.SessionSID)
	}
	for _, t := range []struct {
		bit uint64
		at  time.Time
	}{{hasStart, e.SessionStart}, {hasEnd, e.SessionEnd}, {hasWindow, e.UpdateStart}, {hasWindow, e.UpdateEnd}} {
		if bits&t.bit != 0 {
			b = packTime(b, e.Time, t.at)
		}
	}
	if bits&hasBytes != 0 {
		for _, n := range []int64{e.Upload, e.Download, e.SessionUpload, e.SessionDownload} {
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

func packText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// packTime writes a time by its distance from the event's; 0 stands for none.
func packTime(b []byte, from, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	d := t.UnixMilli() - from.UnixMilli()
	if d >= 0 {
		d++
	}
	return binary.AppendVarint(b, d)
}

// packID writes "EZ" and 32 hex digits in 18 bytes, anything else as it is. The first byte tells which: no text is that long.
func packID(b []byte, id string) []byte {
	if len(id) == 34 && id[2:] == strings.ToLower(id[2:]) {
		if raw, err := hex.DecodeString(id[2:]); err == nil {
			return append(append(append(b, hexID), id[:2]...), raw...)
		}
	}
	return packText(b, id)
}

const hexID = 127 // as a length, more than maxWord

// unpack reads what pack wrote, behind list. The ICCID is put into every event.
func unpack(list []cloud.Event, b []byte, iccid string) []cloud.Event {
	r := unpacker{b}
	for len(r.b) > 0 {
		list = append(list, r.event(iccid))
	}
	return list
}

type unpacker struct{ b []byte }

func (r *unpacker) event(iccid string) (e cloud.Event) {
	e.ICCID = iccid
	bits := r.uvarint()
	e.SID = r.id()
	if kind := r.bytes(1)[0]; kind > 0 {
		e.Type = eventTypes[kind-1]
	} else {
		e.Type = r.text()
	}
	e.Time = time.UnixMilli(r.varint()).UTC()
	if bits&hasNetwork != 0 {
		e.Network.MCC, e.Network.MNC, e.Network.Name, e.RAT = r.text(), r.text(), r.text(), r.text()
	}
	if bits&hasError != 0 {
		e.Error.Code, e.Error.Message = int(r.varint()), r.text()
	}
	if bits&hasAddress != 0 {
		e.IP, e.APN = r.text(), r.text()
	}
	if bits&hasSession != 0 {
		e.SessionSID = r.id()
	}
	if bits&hasStart != 0 {
		e.SessionStart = r.time(e.Time)
	}
	if bits&hasEnd != 0 {
		e.SessionEnd = r.time(e.Time)
	}
	if bits&hasWindow != 0 {
		e.UpdateStart, e.UpdateEnd = r.time(e.Time), r.time(e.Time)
	}
	if bits&hasBytes != 0 {
		e.Upload, e.Download, e.SessionUpload, e.SessionDownload = r.varint(), r.varint(), r.varint(), r.varint()
	}
	e.Counted, e.OTA = bits&isCounted != 0, bits&isOTA != 0
	if bits&isBlocked != 0 {
		e.Modifier = "blocked"
	}
	return e
}

func (r *unpacker) bytes(n int) []byte {
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *unpacker) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.bytes(n)
	return v
}

func (r *unpacker) varint() int64 {
	v, n := binary.Varint(r.b)
	r.bytes(n)
	return v
}

func (r *unpacker) text() string { return string(r.bytes(int(r.uvarint()))) }

func (r *unpacker) time(from time.Time) time.Time {
	d := r.varint()
	switch {
	case d == 0:
		return time.Time{}
	case d > 0:
		d--
	}
	return time.UnixMilli(from.UnixMilli() + d).UTC()
}

func (r *unpacker) id() string {
	if r.b[0] != hexID {
		return r.text()
	}
	raw := r.bytes(19)
	return string(raw[1:3]) + hex.EncodeToString(raw[3:])
}
