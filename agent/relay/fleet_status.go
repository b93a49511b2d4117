package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
	"unicode"
	"unique"

	"supersim-agent/agent/status"
)

// maxStatus bounds a status message; what an agent sends is below 2 KiB.
const maxStatus = 8 << 10

// StatusError says why a status message was not used. Nothing that was known is changed by it.
type StatusError struct {
	ID   string // of the topic
	Code string // stable, lower-kebab-case: what is counted
	Err  error
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("status of %.40q: %s: %v", e.ID, e.Code, e.Err)
}

func (e *StatusError) Unwrap() error { return e.Err }

// Codes of StatusError.
const (
	badTopic   = "bad-topic"
	tooLarge   = "too-large"
	badJSON    = "bad-json"
	badSchema  = "bad-schema"
	badContent = "bad-content"
	otherICCID = "other-iccid"
)

// wireStatus is the message on <prefix>/<id>/status.
type wireStatus struct {
	Schema       string              `json:"schema"`
	Time         time.Time           `json:"time"`
	ICCID        string              `json:"iccid"`
	ID           string              `json:"id"`
	Unreachable  bool                `json:"unreachable"`
	Stopped      bool                `json:"stopped"`
	Verdict      status.Verdict      `json:"verdict"`
	Modem        status.Modem        `json:"modem"`
	Registration status.Registration `json:"registration"`
	Signal       status.Signal       `json:"signal"`
	Data         status.Data         `json:"data"`
	Attach       status.Attach       `json:"attach"`
	AgentVersion string              `json:"agent_version"`
}

// word is a text that many devices share: it is stored once.
type word = unique.Handle[string]

// report is what a device said of itself, in a few hundred bytes.
type report struct {
	at     int64 // ms, when it reached the relay
	said   int64 // ms, by the device's clock; 0 when it does not say
	sum    uint64
	since  int64
	nextAt int64

	code, rule, summary, advice, changes, action, why word
	vendor, model                                     word
	state, rat, plmn, cause, causeDomain              word
	quality, step, version                            word
	causeNumber                                       int32
	confidence                                        float32
	rsrp                                              int16 // 0: not told
	active                                            int8  // 0: not told, 1: no, 2: yes
}

// presence is the kind of a device's last word.
type presence uint8

const (
	neverReported presence = iota
	cleared                // somebody took the status off the broker
	stopped                // the agent was stopped and said so
	unreachable            // the broker lost the device
	reporting
)

var presenceNames = [...]string{neverReported: "never-reported", cleared: "never-reported", stopped: "stopped",
	unreachable: "unreachable", reporting: "reporting"}

// lastWord is a device's last word and when it reached the relay. A broker keeps the order of a topic, so what arrives last
// was said last; the device's own clock may be wrong by years and decides only between messages of the same millisecond.
type lastWord struct {
	at   int64
	sum  uint64
	kind presence
}

func (w lastWord) after(old lastWord) bool {
	switch {
	case w.at != old.at:
		return w.at > old.at
	case w.kind != old.kind:
		return w.kind > old.kind
	}
	return w.sum > old.sum
}

func (r *report) after(old *report) bool {
	switch {
	case old == nil:
		return true
	case r.at != old.at:
		return r.at > old.at
	case r.said != old.said:
		return r.said > old.said
	}
	return r.sum > old.sum
}

// readStatus decodes a message. The report is nil for the last will, for a goodbye and for a status that was taken away.
func readStatus(now time.Time, id string, payload []byte) (wire wireStatus, w lastWord, r *report, err error) {
	fail := func(code, format string, args ...any) (wireStatus, lastWord, *report, error) {
		return wire, w, nil, &StatusError{ID: id, Code: code, Err: fmt.Errorf(format, args...)}
	}
	hash := fnv.New64a()
	hash.Write(payload)
	w = lastWord{at: now.UnixMilli(), sum: hash.Sum64()}
	if len(payload) > maxStatus {
		return fail(tooLarge, "%d bytes, at most %d are read", len(payload), maxStatus)
	}
	if len(bytes.TrimSpace(payload)) == 0 {
		w.kind = cleared
		return wire, w, nil, nil
	}
	if err := json.Unmarshal(payload, &wire); err != nil {
		return fail(badJSON, "%w", err)
	}
	if wire.Schema != status.Schema {
		return fail(badSchema, "schema %.40q, this relay reads %q", wire.Schema, status.Schema)
	}
	switch {
	case wire.Unreachable:
		w.kind = unreachable
	case wire.Stopped:
		w.kind = stopped
	default:
		if err := wire.check(); err != nil {
			return fail(badContent, "%w", err)
		}
		w.kind = reporting
		r = wire.compact(w)
	}
	return wire, w, r, nil
}

func (s *wireStatus) check() error {
	v := &s.Verdict
	if v.Code == "" || len(v.Code) > maxWord || strings.Trim(v.Code, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("verdict.code %.40q is no verdict", v.Code)
	}
	if !(v.Confidence >= 0 && v.Confidence <= 1) {
		return fmt.Errorf("verdict.confidence %v is not between 0 and 1", v.Confidence)
	}
	if len(s.ICCID) > maxDigits {
		return errors.New("iccid is too long")
	}
	return nil
}

// Lengths of a status' texts that are kept, in bytes.
const (
	maxSentence = 240
	maxLabel    = 32
)

func (s *wireStatus) compact(w lastWord) *report {
	v := &s.Verdict
	r := &report{at: w.at, said: milli(s.Time), sum: w.sum, since: milli(v.Since.Time), nextAt: milli(v.Next.At.Time),
		code: label(v.Code), rule: label(v.Rule), summary: sentence(v.Summary), advice: sentence(v.Advice),
		changes: sentence(v.Changes), action: label(v.Next.Action), why: sentence(v.Next.Why),
		vendor: label(s.Modem.Vendor), model: label(s.Modem.Model),
		state: label(s.Registration.State), rat: label(s.Registration.RAT), plmn: label(s.Registration.PLMN),
		cause: label(s.Registration.Cause.Name), causeDomain: label(s.Registration.Cause.Domain),
		causeNumber: int32(s.Registration.Cause.Number), confidence: float32(v.Confidence),
		quality: label(s.Signal.Quality), step: label(s.Attach.Step), version: label(s.AgentVersion)}
	if p := s.Signal.RSRPdBm; p != nil && *p > -200 && *p < 0 {
		r.rsrp = int16(*p)
	}
	if a := s.Data.Active; a != nil {
		r.active = 1
		if *a {
			r.active = 2
		}
	}
	return r
}

func label(s string) word    { return unique.Make(cut(clean(s), maxLabel)) }
func sentence(s string) word { return unique.Make(cut(clean(s), maxSentence)) }

// clean takes out what has no place in a line of text on a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(s, "?"))
}

func milli(t time.Time) int64 {
	if t.Year() < 1971 || t.Year() > 9999 {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) status.Time {
	if ms == 0 {
		return status.Time{}
	}
	return status.At(time.UnixMilli(ms).UTC())
}

// verdict is the device's own, as the status socket would tell it.
func (r *report) verdict() status.Verdict {
	return status.Verdict{Code: r.code.Value(), Online: online(r.code.Value()), Summary: r.summary.Value(),
		Confidence: shortened(r.confidence), Since: moment(r.since), Rule: r.rule.Value(), Advice: r.advice.Value(),
		Changes: r.changes.Value(), Next: status.Next{Action: r.action.Value(), At: moment(r.nextAt), Why: r.why.Value()}}
}

// shortened keeps two digits: the rest is only the width of the number that it was kept in.
func shortened(confidence float32) float64 { return float64(int(confidence*100+0.5)) / 100 }

// describe puts what the device said of its modem and its connection into d.
func (r *report) describe(d *Device) {
	d.Modem = status.Modem{Vendor: r.vendor.Value(), Model: r.model.Value()}
	d.Registration = status.Registration{State: r.state.Value(), RAT: r.rat.Value(), PLMN: r.plmn.Value()}
	if r.causeNumber != 0 {
		d.Registration.Cause = status.Cause{Domain: r.causeDomain.Value(), Number: int(r.causeNumber), Name: r.cause.Value()}
	}
	d.Signal.Quality = r.quality.Value()
	if r.rsrp != 0 {
		d.Signal.RSRPdBm = new(int(r.rsrp))
	}
	if r.active != 0 {
		d.Data.Active = new(r.active == 2)
	}
	d.Attach.Step, d.AgentVersion = r.step.Value(), r.version.Value()
	d.Reported, d.Said = moment(r.at), moment(r.said)
}
