package modemsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Suffixes of the connection events.
const (
	evAccepted      = "attachment.accepted"
	evRejected      = "attachment.rejected"
	evFailed        = "attachment.failed"
	evStarted       = "data-session.started"
	evUpdated       = "data-session.updated"
	evEnded         = "data-session.ended"
	evSessionFailed = "data-session.failed"
)

// The home side's habits.
const (
	updateEvery    = 6 * time.Minute  // §1.3: the first update comes after this time too
	attachWindow   = 10 * time.Minute // rate limiting looks back this far
	cancelAtLeast  = 15 * time.Second // from a SIM set inactive to Cancel Location at the visited network
	cancelAtMost   = 50 * time.Second
	noticeAtLeast  = 3 * time.Minute // from a vanished terminal to the end of its session
	noticeAtMost   = 8 * time.Minute
	otaSession     = 20 * time.Second
	otaAtMostEach  = time.Minute
	foreignICCID   = "89883070000087654321"
	carrierGradeIP = uint32(100<<24 | 64<<16) // 100.64.0.0/10 (RFC 6598)
)

// homeError is what the home side says about a refusal, and what the visited network makes of it for the terminal
// (KORE's codes; mapping of TS 29.272 Annex A).
type homeError struct {
	code    int
	message string
	emm     int
}

var (
	errCore     = homeError{83700, "Attachment Failed Due To Internal Error", 17}
	errSession  = homeError{83701, "Data Session Establishment Failed Due To Internal Error", 0}
	errNetwork  = homeError{83702, "DIAMETER_ERROR_ROAMING_NOT_ALLOWED (5004)", 11}
	errRate     = homeError{83703, "Attachment Rejected Due To Rate Limiting", 17}
	errNew      = homeError{83704, "Attachment Rejected Due To SIM In New State", 8}
	errInactive = homeError{83705, "Attachment Rejected Due To SIM In Inactive State", 8}
)

// session is one data session as the home network sees it.
type session struct {
	sid, apn, ip    string
	cell            Cell
	imsi            string
	started, window time.Time // window: start of the current report
	up, down        int64     // since the start
	newUp, newDown  int64     // in the window
	update          *task
	ended           bool

	lost       bool   // the network has forgotten it, and told nobody
	sent, came amount // of the host's traffic, up to now
}

// home is the operator's core network: it knows the subscription, allows or refuses, and keeps data sessions.
type home struct {
	c       *core
	names   *rand.Rand // event and session identifiers
	recent  []time.Time
	current *session
	cancel  *task
}

// attach answers one attach attempt: the zero cause when the home side and the visited network allow it.
func (h *home) attach(cell Cell) cause {
	switch {
	case cell.RejectCause != 0:
		return cause{number: cell.RejectCause} // the visited network by itself: the home side hears nothing
	case !cell.RoamingRoute:
		return cause{number: 15} // Diameter 3002/3003
	}
	if bad := h.judge(cell); bad.code != 0 {
		h.c.say("home", "rejects %s on %s with %d %s", masked(h.c.card.imsi()), cell.PLMN, bad.code, bad.message)
		kind := evRejected
		if bad == errCore {
			kind = evFailed
		}
		h.emit(record{kind: kind, cell: cell, code: bad.code, message: bad.message})
		return cause{number: bad.emm}
	}
	h.emit(record{kind: evAccepted, cell: cell})
	return cause{}
}

// judge is the home side's decision alone.
func (h *home) judge(cell Cell) homeError {
	sim := &h.c.live.SIM
	h.recent = slices.DeleteFunc(h.recent, func(t time.Time) bool { return h.c.now.Sub(t) > attachWindow })
	h.recent = append(h.recent, h.c.now)
	switch {
	case h.c.live.Cloud.CoreFailure == "attach":
		return errCore
	case len(h.recent) > sim.AttachLimit:
		return errRate
	case sim.Status == "new":
		return errNew
	case sim.Status == "inactive":
		return errInactive
	case !cell.NAPAllowed:
		return errNetwork
	case len(cell.AllowedIMSIs) > 0 && !slices.Contains(cell.AllowedIMSIs, h.c.card.imsi()):
		return errNetwork
	}
	return homeError{}
}

// open starts a data session, or says with which session management cause it is refused.
func (h *home) open(cell Cell, apn string) (*session, int) {
	sim := &h.c.live.SIM
	if cell.SessionCause != 0 {
		return nil, cell.SessionCause // the visited network by itself
	}
	if !slices.ContainsFunc(sim.APNAllowed, func(ok string) bool { return strings.EqualFold(ok, apn) }) {
		return nil, 27
	}
	if h.c.live.Cloud.CoreFailure == "session" {
		h.emit(record{kind: evSessionFailed, cell: cell, session: &session{apn: apn}, code: errSession.code,
			message: errSession.message})
		return nil, 38
	}
	if sim.DataLimitReached {
		h.emit(record{kind: evSessionFailed, cell: cell, session: &session{apn: apn}, modifier: "blocked"})
		return nil, 8
	}
	if h.current != nil {
		h.finish(h.current, "") // the old one is found dead when the terminal comes back
	}
	ip := carrierGradeIP + 2 + h.names.Uint32N(1<<22-4)
	s := &session{sid: h.sid("PI"), apn: strings.ToLower(apn), cell: cell, imsi: h.c.card.imsi(), started: h.c.now,
		window: h.c.now, ip: fmt.Sprintf("%d.%d.%d.%d", ip>>24, ip>>16&255, ip>>8&255, ip&255)}
	h.current = s
	h.c.say("home", "starts a session on %s with %s", s.apn, s.ip)
	h.emit(record{kind: evStarted, cell: cell, session: s})
	s.update = h.c.in(updateEvery, func() { h.report(s) })
	return s, 0
}

// report is the regular data-session.updated.
func (h *home) report(s *session) {
	h.measure(s)
	h.emit(record{kind: evUpdated, cell: s.cell, session: s})
	s.window, s.newUp, s.newDown = h.c.now, 0, 0
	s.update = h.c.in(updateEvery, func() { h.report(s) })
}

// measure is the traffic of the window: the host's, or that of a quiet device where the scenario has no data path.
func (h *home) measure(s *session) {
	if h.c.live.Host.Interface != "" {
		s.newUp, s.newDown = s.sent.bytes()-s.up, s.came.bytes()-s.down
		s.up, s.down = s.sent.bytes(), s.came.bytes()
		return
	}
	s.newUp, s.newDown = int64(200+h.names.IntN(4000)), int64(200+h.names.IntN(9000))
	s.up, s.down = s.up+s.newUp, s.down+s.newDown
}

// end closes a session as soon as the home side can know of it.
func (h *home) end(s *session, how farewell) {
	after := time.Second
	if how == abrupt {
		after = between(h.c.air, noticeAtLeast, noticeAtMost)
	}
	h.c.in(after, func() { h.finish(s, "") })
}

func (h *home) finish(s *session, modifier string) {
	if s.ended {
		return
	}
	s.ended = true
	s.update.stop()
	if h.current == s {
		h.current = nil
	}
	h.measure(s)
	h.c.say("home", "ends the session with %s", s.ip)
	h.emit(record{kind: evEnded, cell: s.cell, session: s, modifier: modifier})
}

// settle acts on a subscription that the scenario changed.
func (h *home) settle(before *Scenario) {
	sim := &h.c.live.SIM
	usable := sim.Status == "ready" || sim.Status == "active"
	if !usable {
		if h.cancel == nil {
			h.cancel = h.c.in(between(h.c.air, cancelAtLeast, cancelAtMost), h.cancelLocation)
		}
	} else {
		h.cancel.stop()
		h.cancel = nil
	}
	if sim.DataLimitReached && !before.SIM.DataLimitReached {
		h.limit()
	}
	if h.c.live.Cloud.OTA != before.Cloud.OTA {
		h.planOTA()
	}
}

// cancelLocation withdraws the subscription from the visited network.
func (h *home) cancelLocation() {
	h.cancel = nil
	if h.current != nil {
		h.finish(h.current, "")
	}
	h.c.nas.networkDetach("the home network cancels its location, SIM " + h.c.live.SIM.Status)
}

// limit ends the session of a SIM that reached its data limit.
func (h *home) limit() {
	if h.current == nil {
		return
	}
	h.finish(h.current, "blocked")
	h.c.nas.networkDetach("data limit reached")
}

// forget ends the session and tells the terminal nothing of it: the terminal goes on believing in its address.
func (h *home) forget() {
	if s := h.current; s != nil {
		s.lost = true
		h.finish(s, "")
	}
}

// planOTA opens a short session on the applet's own APN now and then; an agent must not mistake it for its own.
func (h *home) planOTA() {
	every := h.c.live.Cloud.OTA
	if every <= 0 {
		return
	}
	h.c.in(max(every, otaAtMostEach), func() {
		if h.c.live.Cloud.OTA != every {
			return
		}
		h.planOTA()
		if h.c.nas.state != registered {
			return
		}
		cell := h.c.live.Cells[h.c.nas.cell]
		s := &session{sid: h.sid("PI"), apn: "ota.super", ip: "100.127.0.9", cell: cell, imsi: h.c.card.imsi(),
			started: h.c.now, window: h.c.now}
		h.emit(record{kind: evStarted, cell: cell, session: s})
		h.c.in(otaSession, func() { h.measure(s); h.emit(record{kind: evEnded, cell: cell, session: s}) })
	})
}

// foreign emits an event about somebody else's card.
func (h *home) foreign(kind string) {
	r := record{kind: kind, cell: defaultCells()[0], iccid: foreignICCID}
	r.cell.RAT = "LTE"
	if strings.HasPrefix(kind, "data-session.") {
		r.session = &session{sid: h.sid("PI"), apn: "super", ip: "100.64.9.9", started: h.c.now, window: h.c.now}
	}
	if kind == evRejected {
		r.code, r.message = errNetwork.code, errNetwork.message
	}
	h.emit(r)
}

// sid makes an identifier of two letters and 32 hex digits.
func (h *home) sid(prefix string) string {
	return fmt.Sprintf("%s%016x%016x", prefix, h.names.Uint64(), h.names.Uint64())
}
