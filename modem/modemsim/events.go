package modemsim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// record is what an event is about, before it is dressed.
type record struct {
	kind     string
	cell     Cell
	session  *session
	code     int
	message  string
	modifier string
	iccid    string // "" for the world's own card
}

// envelope is one element of a webhook body, with the keys of CloudEvents.
type envelope struct {
	Data            eventData `json:"data"`
	ID              string    `json:"id"`
	Time            string    `json:"time"`
	Type            string    `json:"type"`
	Source          string    `json:"source"`
	DataSchema      string    `json:"dataschema"`
	SpecVersion     string    `json:"specversion"`
	DataContentType string    `json:"datacontenttype"`
}

// eventData is the object inside, the same at KORE and Twilio (§1.4). Numbers that are strings there are strings here.
type eventData struct {
	EventSID      string        `json:"event_sid"`
	EventType     string        `json:"event_type"`
	Timestamp     string        `json:"timestamp"`
	AccountSID    string        `json:"account_sid"`
	SimSID        string        `json:"sim_sid"`
	SimICCID      string        `json:"sim_iccid"`
	SimUniqueName string        `json:"sim_unique_name"`
	FleetSID      string        `json:"fleet_sid"`
	IMSI          string        `json:"imsi,omitempty"`
	IMEI          *string       `json:"imei"`
	Network       eventNetwork  `json:"network"`
	Location      *eventPlace   `json:"location"`
	RATType       string        `json:"rat_type"`
	Error         *eventError   `json:"error,omitempty"`
	Session       *eventSession `json:"-"`
}

type eventNetwork struct {
	MCC          string `json:"mcc"`
	MNC          string `json:"mnc"`
	SID          string `json:"sid"`
	FriendlyName string `json:"friendly_name"`
	ISOCountry   string `json:"iso_country"`
}

type eventPlace struct {
	CellID string  `json:"cell_id"` // decimal
	LAC    string  `json:"lac"`     // decimal
	Lat    float64 `json:"lat"`
	Lon    float64 `json:"lon"`
}

type eventError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// eventSession holds the fields of the data-session events; counters appear in updated and ended only.
type eventSession struct {
	APN          string  `json:"apn"`
	IPAddress    string  `json:"ip_address,omitempty"`
	SID          string  `json:"data_session_sid,omitempty"`
	Start        string  `json:"data_session_start_time,omitempty"`
	End          string  `json:"data_session_end_time,omitempty"`
	UpdateStart  string  `json:"data_session_update_start_time,omitempty"`
	UpdateEnd    string  `json:"data_session_update_end_time,omitempty"`
	Upload       *int64  `json:"data_upload,omitempty"`
	Download     *int64  `json:"data_download,omitempty"`
	Total        *int64  `json:"data_total,omitempty"`
	AllUpload    *int64  `json:"data_session_data_upload,omitempty"`
	AllDownload  *int64  `json:"data_session_data_download,omitempty"`
	AllTotal     *int64  `json:"data_session_data_total,omitempty"`
	DataModifier *string `json:"data_modifier"`
}

// MarshalJSON lays the session's fields beside the others, where the cloud has them.
func (d eventData) MarshalJSON() ([]byte, error) {
	type plain eventData
	if d.Session == nil {
		return json.Marshal(plain(d))
	}
	return json.Marshal(struct {
		plain
		*eventSession
	}{plain(d), d.Session})
}

// place is what the cloud adds to a mobile country code. Coordinates are a city of the country, not a measurement.
type place struct {
	iso      string
	lat, lon float64
}

var countries = map[string]place{
	"310": {"US", 26.2721, -81.8090}, "311": {"US", 26.2721, -81.8090}, "312": {"US", 26.2721, -81.8090},
	"302": {"CA", 43.6532, -79.3832}, "334": {"MX", 19.4326, -99.1332}, "234": {"GB", 51.5072, -0.1276},
	"235": {"GB", 51.5072, -0.1276}, "262": {"DE", 52.5200, 13.4050}, "208": {"FR", 48.8566, 2.3522},
	"214": {"ES", 40.4168, -3.7038}, "222": {"IT", 41.9028, 12.4964}, "440": {"JP", 35.6762, 139.6503},
	"505": {"AU", -33.8688, 151.2093}, "732": {"CO", 4.7110, -74.0721}, "724": {"BR", -23.5505, -46.6333},
}

// ratTypes are the cloud's names (§1.4). It documents none for 5G: a guess.
var ratTypes = map[string]string{"LTE": "4G LTE", "5G": "5G", "3G": "3G", "2G": "2G"}

// emit dresses an event and puts it in the mail.
func (h *home) emit(r record) {
	h.c.stats.Events++
	prefix := "com.kore.iot.supersim.connection."
	if h.c.live.Cloud.Envelope == "twilio" {
		prefix = "com.twilio.iot.supersim.connection."
	}
	data := h.data(r)
	data.EventSID, data.EventType = h.sid("EZ"), prefix+r.kind
	body, err := json.Marshal([]envelope{h.wrap(data)})
	if err != nil { // cannot happen: strings and numbers only
		return
	}
	h.c.mail.post(r, body)
}

// wrap is the operator's metadata around the data.
func (h *home) wrap(data eventData) envelope {
	e := envelope{Data: data, ID: data.EventSID, Time: data.Timestamp, Type: data.EventType, Source: "kore-events",
		DataSchema:  "https://events-schemas.korewireless.com/SuperSim.ConnectionEvent/2",
		SpecVersion: "2.0", DataContentType: "application/json"}
	if h.c.live.Cloud.Envelope == "twilio" {
		e.Time = h.c.now.UTC().Format("2006-01-02T15:04:05.000Z")
		e.Source = "/v1/SuperSim/ConnectionEvents/" + data.EventSID
		e.DataSchema = "https://events-schemas.twilio.com/SuperSim.ConnectionEvent/2"
		e.SpecVersion = "1.0"
	}
	return e
}

func (h *home) data(r record) eventData {
	plmn := r.cell.PLMN
	if r.cell.CloudPLMN != "" {
		plmn = r.cell.CloudPLMN
	}
	mcc, mnc := splitPLMN(plmn)
	where := countries[mcc]
	iso := r.cell.Country
	if iso == "" {
		iso = where.iso
	}
	d := eventData{
		Timestamp: stamp(h.c.now), AccountSID: fixedSID("AC", "account"), FleetSID: fixedSID("HF", "fleet"),
		SimICCID: h.c.live.SIM.ICCID, SimUniqueName: "simulated", IMSI: h.c.card.imsi(),
		Network: eventNetwork{MCC: mcc, MNC: mnc, SID: fixedSID("HW", mcc+mnc), FriendlyName: r.cell.Name, ISOCountry: iso},
		Location: &eventPlace{CellID: strconv.FormatUint(uint64(r.cell.CellID), 10), Lat: where.lat, Lon: where.lon,
			LAC: strconv.FormatUint(uint64(r.cell.TAC), 10)},
		RATType: ratTypes[r.cell.RAT], Session: sessionFields(r, h.c.now),
	}
	imei := h.c.live.SIM.IMEI
	if imei == "" {
		imei = h.c.mod.imei()
	}
	if r.iccid != "" {
		d.SimICCID, d.IMSI, imei = r.iccid, "732123299999999", ""
	} else if r.session != nil && r.session.imsi != "" {
		d.IMSI = r.session.imsi
	}
	if imei != "" {
		d.IMEI = &imei
	}
	d.SimSID = fixedSID("HS", d.SimICCID)
	if r.code != 0 {
		d.Error = &eventError{Code: r.code, Message: r.message}
	}
	return d
}

// splitPLMN gives MCC and MNC, also of a text that is no PLMN.
func splitPLMN(plmn string) (mcc, mnc string) {
	n := min(3, len(plmn))
	return plmn[:n], plmn[n:]
}

func sessionFields(r record, now time.Time) *eventSession {
	s := r.session
	if s == nil {
		return nil
	}
	out := &eventSession{APN: s.apn, IPAddress: s.ip, SID: s.sid}
	if !s.started.IsZero() {
		out.Start = stamp(s.started)
	}
	if r.modifier != "" {
		out.DataModifier = &r.modifier
	}
	if r.kind == evUpdated || r.kind == evEnded {
		newTotal, allTotal := s.newUp+s.newDown, s.up+s.down
		up, down, newUp, newDown := s.up, s.down, s.newUp, s.newDown
		out.UpdateStart, out.UpdateEnd = stamp(s.window), stamp(now)
		out.Upload, out.Download, out.Total = &newUp, &newDown, &newTotal
		out.AllUpload, out.AllDownload, out.AllTotal = &up, &down, &allTotal
	}
	if r.kind == evEnded {
		out.End = stamp(now)
	}
	return out
}

// stamp is the events' time format: UTC, whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// fixedSID derives an identifier that is the same in every run.
func fixedSID(prefix, of string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.WriteString(prefix)
	state := uint64(14695981039346656037) // FNV-1a, continued past the end of the name
	of += "/"                             // never empty
	for i := range 32 {
		state = (state ^ uint64(of[i%len(of)]) ^ uint64(i)) * 1099511628211
		b.WriteByte(digits[state>>57&15])
	}
	return b.String()
}

// text is an event for the narrator.
func (r record) text() string {
	if r.code != 0 {
		return fmt.Sprintf("%s %d", r.kind, r.code)
	}
	return r.kind
}
