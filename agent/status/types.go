package status

import (
	"encoding/json"
	"time"
)

// Schema is the value of Status.Schema.
const Schema = "supersim-agent/1"

// Time is a moment that is written in UTC with millisecond precision. The zero Time is unknown and left out.
type Time struct{ time.Time }

// At wraps t.
func At(t time.Time) Time { return Time{t} }

// MarshalJSON writes RFC 3339 in UTC, whatever location the time was made in.
func (t Time) MarshalJSON() ([]byte, error) {
	return json.Marshal(t.UTC().Truncate(time.Millisecond))
}

// Side tells whose word something is.
type Side string

const (
	Local Side = "local" // the modem
	Cloud Side = "cloud" // the operator's connection events
	Host  Side = "host"  // the computer: ports, clock, routes
	Agent Side = "agent" // the agent's own verdicts and actions; in the timeline only
)

// Status is the answer to GET /v1/status: everything known at one moment. It is immutable once it was handed out.
// Schema, Time, UptimeS, Verdict and Counters are always there; everything else only when it is known.
type Status struct {
	Schema       string       `json:"schema"`
	Time         Time         `json:"time"`     // when this snapshot was taken
	UptimeS      int64        `json:"uptime_s"` // of the daemon
	Verdict      Verdict      `json:"verdict"`
	Modem        Modem        `json:"modem,omitzero"`
	SIM          SIM          `json:"sim,omitzero"`
	Registration Registration `json:"registration,omitzero"`
	Signal       Signal       `json:"signal,omitzero"`
	Data         Data         `json:"data,omitzero"`
	Cloud        CloudState   `json:"cloud,omitzero"`
	Attach       Attach       `json:"attach,omitzero"`
	Clock        Clock        `json:"clock,omitzero"`
	Journal      Journal      `json:"journal,omitzero"`
	Counters     Counters     `json:"counters"`
}

// Verdict is the agent's judgement: why the device is or is not online, who says so, and what happens next.
type Verdict struct {
	Code       string     `json:"code"` // stable, lower-kebab-case: "online", "wrong-apn" …
	Online     bool       `json:"online"`
	Summary    string     `json:"summary"`    // one sentence
	Confidence float64    `json:"confidence"` // 0..1
	Since      Time       `json:"since,omitzero"`
	Rule       string     `json:"rule,omitzero"` // row of the rule table that decided
	Evidence   []Evidence `json:"evidence,omitzero"`
	Next       Next       `json:"next,omitzero"`
	Advice     string     `json:"advice,omitzero"`  // what a person should do; left out when there is nothing to do
	Changes    string     `json:"changes,omitzero"` // what would change this verdict
	Previous   *Previous  `json:"previous,omitzero"`
	RunnerUp   *RunnerUp  `json:"runner_up,omitzero"` // the next best explanation
	Notes      []Note     `json:"notes,omitzero"`     // what is true as well and does not decide
}

// Evidence is one fact that a verdict rests on.
type Evidence struct {
	Side     Side   `json:"side"`
	Fact     string `json:"fact"`
	At       Time   `json:"at,omitzero"`
	EventSID string `json:"event_sid,omitzero"` // of the connection event, "EZ…"

	Contradicts bool `json:"contradicts,omitzero"` // it speaks against the verdict
}

// RunnerUp is the explanation that came second.
type RunnerUp struct {
	Code       string  `json:"code"`
	Rule       string  `json:"rule,omitzero"`
	Summary    string  `json:"summary"`
	Confidence float64 `json:"confidence"`
	Why        string  `json:"why"` // why it lost
}

// Note is something worth knowing beside the verdict.
type Note struct {
	Code     string     `json:"code"`
	Rule     string     `json:"rule,omitzero"`
	Summary  string     `json:"summary"`
	Advice   string     `json:"advice,omitzero"`
	Evidence []Evidence `json:"evidence,omitzero"`
}

// Next is what the agent does next. Doing nothing is an action too ("hold"), with its reason.
type Next struct {
	Action string `json:"action"`
	At     Time   `json:"at,omitzero"` // earliest; for a hold its end, left out when only a new fact ends it
	Why    string `json:"why,omitzero"`
}

// Previous is the verdict before the present one.
type Previous struct {
	Code    string `json:"code"`
	Summary string `json:"summary,omitzero"`
	Since   Time   `json:"since,omitzero"`
}

// Modem says which module this is and where.
type Modem struct {
	Vendor   string `json:"vendor,omitzero"`
	Model    string `json:"model,omitzero"`
	Firmware string `json:"firmware,omitzero"`
	IMEI     string `json:"imei,omitzero"`
	Dialect  string `json:"dialect,omitzero"`
	Port     string `json:"port,omitzero"`
	Board    string `json:"board,omitzero"`

	Settings      map[string]string `json:"settings,omitempty"`      // what the module keeps, by name, in its own words
	RestartNeeded bool              `json:"restart_needed,omitzero"` // a changed setting is in force only after a restart
}

// SIM is the card in the modem.
type SIM struct {
	State    string `json:"state,omitzero"` // "ready", "missing", "pin" …
	ICCID    string `json:"iccid,omitzero"`
	IMSI     string `json:"imsi,omitzero"` // the one in use now; the Super SIM's applet changes it
	SuperSIM *bool  `json:"super_sim,omitzero"`

	ForbiddenPLMNs []string `json:"forbidden_plmns,omitempty"` // networks that refused the card for good (EF_FPLMN)
}

// Registration is the best registration over all domains.
type Registration struct {
	State    string `json:"state,omitzero"` // "home", "roaming", "searching", "denied" …
	RAT      string `json:"rat,omitzero"`   // as connection events name it: "2G", "3G", "4G LTE"
	PLMN     string `json:"plmn,omitzero"`
	Operator string `json:"operator,omitzero"`
	TAC      string `json:"tac,omitzero"`     // TAC or LAC, upper-case hex
	CellID   string `json:"cell_id,omitzero"` // upper-case hex
	Band     string `json:"band,omitzero"`    // "B20", "n78", "GSM 1800"
	Channel  *int   `json:"channel,omitzero"` // EARFCN and the like
	Cause    Cause  `json:"cause,omitzero"`
}

// Cause is the network's reason for its last refusal.
type Cause struct {
	Domain string `json:"domain"` // "emm", "esm", "gmm", "mm", "sm"
	Number int    `json:"number"`
	Name   string `json:"name,omitzero"`
	At     Time   `json:"at,omitzero"`
}

// Signal is the serving cell's signal; each reading may be missing.
type Signal struct {
	RSRPdBm *int   `json:"rsrp_dbm,omitzero"`
	RSRQdB  *int   `json:"rsrq_db,omitzero"`
	SINRdB  *int   `json:"sinr_db,omitzero"`
	RSSIdBm *int   `json:"rssi_dbm,omitzero"`
	Quality string `json:"quality,omitzero"` // a word for the readings: "excellent", "good", "fair", "weak", "very weak", "none"
}

// Data is the data connection.
type Data struct {
	APN       string `json:"apn,omitzero"`
	CID       int    `json:"cid,omitzero"`
	Active    *bool  `json:"active,omitzero"` // the PDP context is activated
	IP        string `json:"ip,omitzero"`
	Bearer    string `json:"bearer,omitzero"`
	Interface string `json:"interface,omitzero"` // the modem's on this computer

	Link  *Link   `json:"link,omitzero"`
	Probe *Probed `json:"probe,omitzero"`
	Usage *Usage  `json:"usage,omitzero"`
}

// Link is the modem's network interface on this computer. It is left out when none was ever found; without a name beside it
// (Data.Interface) it was there and has gone.
type Link struct {
	Up        bool   `json:"up"`
	Address   string `json:"address,omitzero"`
	Route     string `json:"route"`                        // to the internet through it: "default", "second" (another is preferred), "none"
	Preferred string `json:"preferred_interface,omitzero"` // the interface that the kernel prefers to it
	Since     Time   `json:"since,omitzero"`
}

// Probed is the last probe through the interface. Each part is "works" or "fails", or left out when it was not tried.
type Probed struct {
	At    Time   `json:"at"`
	Why   string `json:"why"` // it was made
	IP    string `json:"ip,omitzero"`
	DNS   string `json:"dns,omitzero"`
	TLS   string `json:"tls,omitzero"` // fails: by this computer's clock the other side's certificate is not valid
	Error string `json:"error,omitzero"`
	Bytes int64  `json:"bytes"` // that it cost

	DayProbes int   `json:"day_probes"` // in the last 24 hours
	DayBytes  int64 `json:"day_bytes"`
}

// Usage is what went through the interface, beside what the operator counted. Days are of UTC.
type Usage struct {
	Session   *Used `json:"session,omitzero"` // the newest data session
	Today     *Used `json:"today,omitzero"`
	Yesterday *Used `json:"yesterday,omitzero"`
}

// Used is the usage of one span. It begins with the span it belongs to, or when the agent began to look.
type Used struct {
	From               Time   `json:"from"`
	To                 Time   `json:"to"`
	UploadBytes        int64  `json:"upload_bytes"`
	DownloadBytes      int64  `json:"download_bytes"`
	CloudUploadBytes   *int64 `json:"cloud_upload_bytes,omitzero"` // left out when the operator told nothing of the span
	CloudDownloadBytes *int64 `json:"cloud_download_bytes,omitzero"`
	CloudUntil         Time   `json:"cloud_until,omitzero"` // the operator's counts reach to here
}

// CloudState is the operator's side: the connection events of this SIM.
type CloudState struct {
	Alive      *bool   `json:"alive,omitzero"` // something arrived lately, so silence means something
	Source     string  `json:"source,omitzero"`
	LastEvent  Event   `json:"last_event,omitzero"`
	Session    Session `json:"session,omitzero"`
	Events     uint64  `json:"events"`      // that came in all
	Duplicates uint64  `json:"duplicates"`  // of these, dropped: known by event_sid
	OtherICCID uint64  `json:"other_iccid"` // ignored, of another SIM
	Problems   uint64  `json:"problems"`    // could not be read

	Sources []CloudSource `json:"sources,omitempty"` // in the order of the configuration
}

// CloudSource is one way by which events come in. Its counters count since the daemon's start.
type CloudSource struct {
	Name       string `json:"name"`                // "webhook 127.0.0.1:8099/events"
	Events     uint64 `json:"events"`              // handed on
	Tests      uint64 `json:"tests"`               // of these, test events
	Duplicates uint64 `json:"duplicates"`          // deliveries that were resends of accepted ones
	Refused    uint64 `json:"refused"`             // deliveries and files that could not be used
	Unverified uint64 `json:"unverified"`          // of these, for want of a signature or for a wrong one
	Failed     uint64 `json:"failed"`              // deliveries that the agent could not take; they come again
	Busy       uint64 `json:"busy"`                // deliveries put off because there were too many
	Dropped    uint64 `json:"dropped_connections"` // that ended before they had made a request
	Last       Time   `json:"last,omitzero"`       // something was accepted
	Error      string `json:"error,omitzero"`      // the newest since then
	Hint       string `json:"hint,omitzero"`       // what a person can do about it

	State    string `json:"state,omitzero"`     // of a connection: "connecting", "connected", "waiting"
	NextTry  Time   `json:"next_try,omitzero"`  // to connect
	BytesIn  int64  `json:"bytes_in,omitzero"`  // on the wire
	BytesOut int64  `json:"bytes_out,omitzero"` // likewise
}

// Event is a connection event in short.
type Event struct {
	SID     string      `json:"sid,omitzero"`
	Type    string      `json:"type"` // "attachment.accepted" …
	At      Time        `json:"at,omitzero"`
	PLMN    string      `json:"plmn,omitzero"`
	Network string      `json:"network,omitzero"`
	RAT     string      `json:"rat,omitzero"`
	Error   *EventError `json:"error,omitzero"`

	// Matched says by what the modem's own record of it was found: "same address", "time and network", "loosely", or
	// "unmatched". Left out for events that the modem does not see.
	Matched string `json:"matched,omitzero"`
}

// EventError is KORE's error in an event, for example 83705.
type EventError struct {
	Code    int    `json:"code"`
	Message string `json:"message,omitzero"`
}

// Session is the newest data session as the cloud saw it.
type Session struct {
	SID           string `json:"sid,omitzero"`
	APN           string `json:"apn,omitzero"`
	IP            string `json:"ip,omitzero"`
	Started       Time   `json:"started,omitzero"`
	Updated       Time   `json:"updated,omitzero"`
	Ended         Time   `json:"ended,omitzero"` // left out while it lives
	UploadBytes   uint64 `json:"upload_bytes,omitzero"`
	DownloadBytes uint64 `json:"download_bytes,omitzero"`
}

// Attach is the retry policy at work.
type Attach struct {
	Profile string            `json:"profile,omitzero"`
	Step    string            `json:"step,omitzero"`  // on the ladder: "hold", "L1" …
	Level   int               `json:"level,omitzero"` // steps of the ladder that are done; health takes them back
	Since   Time              `json:"since,omitzero"` // of the trouble
	Why     string            `json:"why,omitzero"`
	Budgets map[string]Budget `json:"budgets,omitzero"` // by action, and "total"

	HeldUntil   Time `json:"held_until,omitzero"`   // a person asked for nothing to be done until then
	FrozenUntil Time `json:"frozen_until,omitzero"` // the operator's rate limit keeps everything still until then
}

// Budget is what is left of one limit: at most Limit actions in any window of WindowS seconds.
type Budget struct {
	Limit   int   `json:"limit"`
	Left    int   `json:"left"`
	WindowS int64 `json:"window_s"`
	FreeAt  Time  `json:"free_at,omitzero"` // when the next one is allowed; left out when it is allowed now
}

// Clock tells how far wall times can be believed. A Pi has no clock of its own that survives power-off.
type Clock struct {
	State        string   `json:"state,omitzero"` // "unsynced", "nitz", "anchored", "ntp"
	UncertaintyS *float64 `json:"uncertainty_s,omitzero"`
}

// Journal tells where the history goes.
type Journal struct {
	State  string `json:"state,omitzero"`  // "disk", or "memory" when the disk cannot be used
	Reason string `json:"reason,omitzero"` // why not to disk
	Since  Time   `json:"since,omitzero"`
	Bytes  int64  `json:"bytes,omitzero"` // on disk
}

// Counters is the health of the machinery. Each counts since the daemon's start; none needs action while it stands still.
type Counters struct {
	Commands      uint64 `json:"at_commands"`
	Timeouts      uint64 `json:"at_timeouts"`
	Resyncs       uint64 `json:"at_resyncs"`
	LateLines     uint64 `json:"at_late_lines"` // answers that came after their command was given up
	LongLines     uint64 `json:"at_long_lines"` // cut at the line limit
	URCOverflow   uint64 `json:"urc_overflow"`  // unsolicited lines lost because nobody took them
	PortOpens     uint64 `json:"port_opens"`
	StaleResults  uint64 `json:"stale_results"`  // completions of actions nobody waited for any more
	JournalErrors uint64 `json:"journal_errors"` // records that were lost, or damaged on the disk
}

// Online reports whether the device is online, for exit codes and monitors.
func (s *Status) Online() bool { return s.Verdict.Online }

// Health is the answer to GET /v1/health, small enough for a monitor that asks every second.
type Health struct {
	Online  bool   `json:"online"`
	Verdict string `json:"verdict"`
	Summary string `json:"summary"`
	Since   Time   `json:"since,omitzero"`
}

// Health is the short form of the status.
func (s *Status) Health() Health {
	v := s.Verdict
	return Health{Online: v.Online, Verdict: v.Code, Summary: v.Summary, Since: v.Since}
}
