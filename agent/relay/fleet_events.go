package relay

import (
	"bytes"
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
var keep = [numClasses]int{attaches: 8, attachFailures: 2, starts: 2, updates: 2, ends: 2, sessionFailures: 2, ownSessions: 1,
	others: 2}

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
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// head is what tells where a packed event belongs. Its slices lie in the packed form.
type head struct {
	raw     []byte // the whole event, its length in front
	class   class
	sid     []byte
	at      int64  // ms
	session []byte // of updates
}

// before orders events by time, then by id.
func (h head) before(o head) bool {
	return h.at < o.at || h.at == o.at && bytes.Compare(h.sid, o.sid) < 0
}

// with adds an event to a list that is ordered by time, oldest first; false when it brings nothing new. The list is changed
// in place.
func with(list []head, e head) ([]head, bool) {
	oldest, count := -1, 0
	for i, old := range list {
		switch {
		case bytes.Equal(old.sid, e.sid):
			return list, false
		case old.class != e.class:
		case e.class == updates && bytes.Equal(old.session, e.session):
			if e.before(old) {
				return list, false
			}
			return insert(slices.Delete(list, i, i+1), e), true
		default:
			if count++; oldest < 0 {
				oldest = i
			}
		}
	}
	if count >= keep[e.class] {
		if e.before(list[oldest]) {
			return list, false
		}
		list = slices.Delete(list, oldest, oldest+1)
	}
	return insert(list, e), true
}

func insert(list []head, e head) []head {
	i := len(list)
	for i > 0 && e.before(list[i-1]) {
		i--
	}
	return slices.Insert(list, i, e)
}

// heads reads where packed events belong, behind list.
func heads(list []head, b []byte) []head {
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		raw := b[:n+int(size)]
		b = b[len(raw):]
		r := unpacker{raw[n:]}
		bits := r.uvarint()
		h := head{raw: raw, class: class(r.bytes(1)[0]), sid: r.idBytes(), at: r.varint()}
		if h.class == updates && bits&hasSession != 0 {
			h.session = r.idBytes()
		}
		list = append(list, h)
	}
	return list
}

// add returns the packed events with one more, in new memory; false when it brings nothing new.
func (p *packer) add(packed []byte, e cloud.Event) (all []byte, newest int64, news bool) {
	e = trim(e)
	p.one = packOne(p.one[:0], &e)
	p.heads = heads(heads(p.heads[:0], p.one), packed)
	added := p.heads[0]
	list, news := with(p.heads[1:], added)
	if !news {
		return nil, 0, false
	}
	size := 0
	for _, h := range list {
		size += len(h.raw)
	}
	all = make([]byte, 0, size)
	for _, h := range list {
		all = append(all, h.raw...)
	}
	return all, list[len(list)-1].at, true
}

// packer is the room in which events are put together, used again and again.
type packer struct {
	one   []byte
	heads []head
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

// packOne writes a trimmed event behind b: its length, what it has, its class, its id, its time, and the rest.
func packOne(b []byte, e *cloud.Event) []byte {
	start := len(b)
	b = append(b, 0, 0) // room for the length: two bytes hold 16,383, and all texts together are shorter than 512
	bits := bitsOf(e)
	b = binary.AppendUvarint(b, bits)
	b = append(b, byte(classOf(e)))
	b = packID(b, e.SID)
	b = binary.AppendVarint(b, e.Time.UnixMilli())
	if bits&hasSession != 0 {
		b = packID(b, e.SessionSID)
	}
	kind := slices.Index(eventTypes, e.Type)
	b = append(b, byte(kind+1))
	if kind < 0 {
		b = packText(b, e.Type)
	}
	b = packRest(b, e, bits)
	size := len(b) - start - 2
	b[start], b[start+1] = byte(size)|0x80, byte(size>>7) // a varint of two bytes, however small
	return b
}

func packRest(b []byte, e *cloud.Event, bits uint64) []byte {
	if bits&hasNetwork != 0 {
		b = packText(packText(packText(packText(b, e.Network.MCC), e.Network.MNC), e.Network.Name), e.RAT)
	}
	if bits&hasError != 0 {
		b = packText(binary.AppendVarint(b, int64(e.Error.Code)), e.Error.Message)
	}
	if bits&hasAddress != 0 {
		b = packText(packText(b, e.IP), e.APN)
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

// unpack reads packed events, oldest first. The ICCID is put into every one.
func unpack(b []byte, iccid string) (list []cloud.Event) {
	r := unpacker{b}
	for len(r.b) > 0 {
		r.uvarint() // the length
		list = append(list, r.event(iccid))
	}
	return list
}

type unpacker struct{ b []byte }

func (r *unpacker) event(iccid string) (e cloud.Event) {
	e.ICCID = iccid
	bits := r.uvarint()
	r.bytes(1) // the class follows from the rest
	e.SID = idText(r.idBytes())
	e.Time = time.UnixMilli(r.varint()).UTC()
	if bits&hasSession != 0 {
		e.SessionSID = idText(r.idBytes())
	}
	if kind := r.bytes(1)[0]; kind > 0 {
		e.Type = eventTypes[kind-1]
	} else {
		e.Type = r.text()
	}
	r.rest(&e, bits)
	return e
}

func (r *unpacker) rest(e *cloud.Event, bits uint64) {
	if bits&hasNetwork != 0 {
		e.Network.MCC, e.Network.MNC, e.Network.Name, e.RAT = r.text(), r.text(), r.text(), r.text()
	}
	if bits&hasError != 0 {
		e.Error.Code, e.Error.Message = int(r.varint()), r.text()
	}
	if bits&hasAddress != 0 {
		e.IP, e.APN = r.text(), r.text()
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

// idBytes is an id as it is packed, its kind or length in front.
func (r *unpacker) idBytes() []byte {
	if r.b[0] == hexID {
		return r.bytes(19)
	}
	return r.bytes(1 + int(r.b[0]))
}

func idText(id []byte) string {
	if id[0] != hexID {
		return string(id[1:])
	}
	return string(id[1:3]) + hex.EncodeToString(id[3:])
}
