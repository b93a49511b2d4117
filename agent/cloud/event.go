package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Event types, as the suffix after "supersim.connection.". KORE documents these seven; others are passed on as they are.
const (
	AttachmentAccepted = "attachment.accepted"
	AttachmentRejected = "attachment.rejected"
	AttachmentFailed   = "attachment.failed"
	SessionStarted     = "data-session.started"
	SessionUpdated     = "data-session.updated"
	SessionEnded       = "data-session.ended"
	SessionFailed      = "data-session.failed"
	// TestEvent is what the "Test Event" button of KORE's portal sends. It has an id and a time, and no SIM.
	TestEvent = "test.event"
)

// An Event is one entry of the operator's diary for one SIM. SID, Type, ICCID and Time are always set (a test event may
// lack ICCID and Time); every other field is zero when the event does not say. All text is safe to print on a terminal.
type Event struct {
	SID   string // "EZ" and 32 hex digits; the key to tell duplicates by
	Type  string // one of the constants above, or another suffix of the same form
	ICCID string // digits only, see NormalizeICCID
	IMSI  string // in use at that moment; the applet changes it
	IMEI  string
	Time  time.Time // of the event itself, UTC; not of its delivery

	Network Network
	RAT     string // "2G", "3G", "4G LTE"
	Cell    Cell
	Error   Error // attachment.rejected, attachment.failed and data-session.failed

	APN        string
	IP         string // the address given to the device, normally in 100.64.0.0/10
	SessionSID string // "PI" and 32 hex digits

	SessionStart, SessionEnd time.Time
	// UpdateStart and UpdateEnd bound the window that Upload, Download and Total count.
	UpdateStart, UpdateEnd time.Time

	Upload, Download, Total                      int64 // bytes in the window
	SessionUpload, SessionDownload, SessionTotal int64 // bytes since the session began (schema v2)
	// Counted tells a count of zero from no count: the event carries at least one of the six.
	Counted bool

	Modifier string // "blocked" when the SIM is over its data limit
	OTA      bool   // the applet's own session on APN ota.super, not the device's
	Test     bool   // a test event: proves that delivery works, says nothing of a SIM

	// Extra holds what has no field above, raw, under its path in data ("fleet_sid", "network.region"). Unknown members
	// of the envelope are kept under "envelope.<name>". It is bounded; see Limits.
	Extra map[string]json.RawMessage
}

// Network is the visited network as the operator names it.
type Network struct {
	MCC, MNC string // with leading zeros; KORE's MNC may differ from the one the modem shows (AT&T: 170 and 410)
	Name     string
	Country  string // ISO 3166, two letters
	SID      string // "HW" and 32 hex digits
}

// PLMN returns MCC and MNC in one string, or "" unless both are known.
func (n Network) PLMN() string {
	if n.MCC == "" || n.MNC == "" {
		return ""
	}
	return n.MCC + n.MNC
}

// Cell is where the SIM was. CellID and LAC are decimal text (a modem shows the same numbers in hex).
type Cell struct {
	CellID, LAC string
	Lat, Lon    float64 // degrees; both zero when not given
}

// Error is the operator's reason for a refusal. See LookupCode for what Code means.
type Error struct {
	Code    int // 0 when not given
	Message string
}

// A Batch is what a source delivers at a time.
type Batch struct {
	Events   []Event
	Source   string    // "webhook", "file", "spool"
	Received time.Time // by the clock of this host
	Problems int       // events skipped or fields not understood
	Body     []byte    // what they were in, for who passes them on; of a webhook only. It must not be kept
}

// A Source delivers batches until ctx ends. Run returns nil then, and an error when it cannot do its work at all.
// emit must return when its context ends. When it returns an error the batch counts as not delivered: the source keeps
// it or has it sent again.
type Source interface {
	Run(ctx context.Context, emit func(context.Context, Batch) error) error
}

// A SourceError says what a source attempted, on what, and what came back.
type SourceError struct {
	Source string // "webhook", "file", "spool"
	Op     string // "configure", "listen on", "serve on", "deliver events of"
	On     string // address or path
	Err    error
}

func (e *SourceError) Error() string {
	return fmt.Sprintf("%s: %s %s: %v", e.Source, e.Op, e.On, e.Err)
}

func (e *SourceError) Unwrap() error { return e.Err }
