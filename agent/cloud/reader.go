package cloud

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"strings"
	"time"
)

// A reader turns one raw value into an Event and collects what it could not use.
type reader struct {
	index    int
	limits   Limits
	problems []Problem
}

func (r *reader) note(path, reason string, skipped bool) {
	r.problems = append(r.problems, Problem{Index: r.index, Path: path, Reason: reason, Skipped: skipped})
}

// event reads a bare event or an envelope around one.
func (r *reader) event(raw json.RawMessage) (Event, bool) {
	outer, ok := parseObject(raw)
	if !ok {
		r.note("", "not an object", true)
		return Event{}, false
	}
	bare, envelope := object{r: r, members: outer}, object{r: r}
	if inner, ok := parseObject(outer["data"]); ok {
		envelope.members = outer
		bare = object{r: r, members: inner, path: "data."}
		delete(outer, "data")
	}
	ev, ok := r.required(&bare, &envelope)
	if !ok {
		return Event{}, false
	}
	r.optional(&ev, &bare)
	r.session(&ev, &bare)
	r.keepExtra(&ev, &bare, &envelope)
	return ev, true
}

// required reads the four fields without which an event is of no use. Each may stand in the event or in the envelope.
func (r *reader) required(bare, envelope *object) (Event, bool) {
	inner, outer := bare.identifier("event_type"), envelope.identifier("type")
	iccid := bare.identifier("sim_iccid")
	ev := Event{
		SID:   cmp.Or(bare.identifier("event_sid"), envelope.identifier("id")),
		Type:  cmp.Or(eventType(inner), eventType(outer)),
		Time:  cmp.Or(bare.time("timestamp"), envelope.time("time")),
		ICCID: NormalizeICCID(iccid),
	}
	if ev.Type == TestEvent {
		// KORE's test payload has nothing in data but test_id.
		ev.Test = true
		ev.SID = cmp.Or(ev.SID, bare.identifier("test_id"))
		return ev, true
	}
	typed := inner+outer != ""
	for _, f := range []struct {
		missing      bool
		path, reason string
	}{
		{ev.SID == "", bare.path + "event_sid", "missing"},
		{!typed, bare.path + "event_type", "missing"},
		{typed && ev.Type == "", bare.path + "event_type", "not a Super SIM connection event"},
		{ev.Time.IsZero(), bare.path + "timestamp", "missing or unreadable"},
		{iccid == "", bare.path + "sim_iccid", "missing"},
		{iccid != "" && !plausibleICCID(ev.ICCID), bare.path + "sim_iccid", "not an ICCID of 18 to 20 digits"},
	} {
		if f.missing {
			r.note(f.path, f.reason, true)
			return Event{}, false
		}
	}
	return ev, true
}

// optional reads the fields of schema SuperSim.ConnectionEvent/2 that may be null or absent.
func (r *reader) optional(ev *Event, o *object) {
	ev.IMSI, ev.IMEI = o.text("imsi"), o.text("imei")
	ev.RAT = o.text("rat_type")
	ev.APN = o.text("apn")
	ev.OTA = otaAPN(ev.APN)
	ev.IP = o.address("ip_address")
	ev.Modifier = o.text("data_modifier")

	o.within("network", func(n *object) {
		ev.Network = Network{
			MCC: n.padded("mcc", 3), MNC: n.padded("mnc", 2),
			Name: n.text("friendly_name"), Country: n.text("iso_country"), SID: n.text("sid"),
		}
	})
	o.within("location", func(l *object) {
		ev.Cell = Cell{CellID: l.text("cell_id"), LAC: l.text("lac"), Lat: l.degrees("lat", 90), Lon: l.degrees("lon", 180)}
	})
	o.within("error", func(e *object) {
		ev.Error = Error{Code: e.code("code"), Message: e.text("message")}
	})
}

// session reads the fields of data-session events.
func (r *reader) session(ev *Event, o *object) {
	ev.SessionSID = o.text("data_session_sid")
	ev.SessionStart, ev.SessionEnd = o.time("data_session_start_time"), o.time("data_session_end_time")
	ev.UpdateStart, ev.UpdateEnd = o.time("data_session_update_start_time"), o.time("data_session_update_end_time")
	for _, c := range []struct {
		key   string
		field *int64
	}{
		{"data_upload", &ev.Upload}, {"data_session_data_upload", &ev.SessionUpload},
		{"data_download", &ev.Download}, {"data_session_data_download", &ev.SessionDownload},
		{"data_total", &ev.Total}, {"data_session_data_total", &ev.SessionTotal},
	} {
		n, ok := o.count(c.key)
		*c.field = n
		ev.Counted = ev.Counted || ok
	}
}

// cloudEventsAttributes are envelope members that say nothing about the SIM. KORE's and Twilio's differ here, and no
// decision may depend on them.
var cloudEventsAttributes = []string{"id", "type", "time", "source", "specversion", "dataschema", "datacontenttype", "subject"}

// keepExtra keeps what no field took, up to the limit.
func (r *reader) keepExtra(ev *Event, bare, envelope *object) {
	for _, name := range cloudEventsAttributes {
		delete(envelope.members, name)
	}
	room := r.limits.Extra
	keep := func(prefix string, members map[string]json.RawMessage) {
		for _, name := range sortedNames(members) {
			path := shorten(printable(prefix+name), r.limits.Text)
			if room -= len(path) + len(members[name]); room < 0 {
				r.note(path, "unknown fields beyond the limit were dropped", false)
				return
			}
			if ev.Extra == nil {
				ev.Extra = make(map[string]json.RawMessage)
			}
			ev.Extra[path] = members[name]
		}
	}
	keep("", bare.members)
	keep("envelope.", envelope.members)
}

// eventType returns what follows "supersim.connection." in a type name, whatever stands before it; a name that is only
// that part is taken too. It returns "" for anything else.
func eventType(name string) string {
	name = strings.ToLower(name)
	if name == TestEvent || strings.HasSuffix(name, "."+TestEvent) {
		return TestEvent
	}
	const family = "supersim.connection."
	suffix := name
	if i := strings.LastIndex(name, family); i >= 0 {
		suffix = name[i+len(family):]
	} else if !strings.HasPrefix(name, "attachment.") && !strings.HasPrefix(name, "data-session.") {
		return ""
	}
	subject, what, ok := strings.Cut(suffix, ".")
	if !ok || subject == "" || what == "" || strings.Contains(what, ".") {
		return ""
	}
	return suffix
}

// otaAPN reports whether apn is the one on which the SIM's applet fetches its own updates. A network may append its
// operator identifier (TS 23.003 §9.1.2).
func otaAPN(apn string) bool {
	apn = strings.ToLower(apn)
	return apn == "ota.super" || strings.HasPrefix(apn, "ota.super.mnc")
}

// Years outside of these cannot be the time of a Super SIM event, and would break the ordering of a diary.
const (
	firstYear = 2000
	lastYear  = 2199
)

func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, false
	}
	t = t.UTC()
	return t, t.Year() >= firstYear && t.Year() <= lastYear
}

func parseAddress(s string) (string, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	return addr.String(), true
}
