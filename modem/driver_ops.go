package modem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"supersim-agent/atcmd"
)

// SetAPN makes the next attach use c, and credentials if creds has any. A context that is as wanted already is not
// touched, nor is a family's own setting for the attach. Otherwise it is written, and a radio that was on is switched off
// and on, because on LTE the attach itself carries the APN. No other context is touched: modules keep IMS and emergency
// profiles there.
func (d *Driver) SetAPN(ctx context.Context, c PDPContext, creds Auth) error {
	return opError("set APN", d.setAPN(ctx, c, creds))
}

func (d *Driver) setAPN(ctx context.Context, c PDPContext, creds Auth) error {
	if err := checkText(c.APN, c.Type, creds.User, creds.Password); err != nil {
		return err
	}
	have, err := d.contexts(ctx)
	if err != nil {
		return err
	}
	attach, answered, err := d.attachAPN(ctx)
	if err != nil {
		return err
	}
	c.Type = strings.ToUpper(c.Type)
	w := apnWrite{context: c, creds: creds, attachKnown: answered}
	w.define = creds != (Auth{}) || !slices.ContainsFunc(have, func(h PDPContext) bool { return h.CID == c.CID && h.same(c) })
	w.attach = d.Dialect().APN.Attach.Write != "" && (answered && !attach.same(c) || !answered && w.define)
	if !w.define && !w.attach {
		return nil
	}
	radio, err := d.radio(ctx)
	if err != nil {
		return err
	}
	return d.writeAPN(ctx, w, radio.On())
}

// same reports whether a context, whatever its number, would bring what want asks for.
func (c PDPContext) same(want PDPContext) bool {
	return c.Type == want.Type && c.APN == NormalAPN(want.APN)
}

// attachAPN reads the family's own setting for the attach. answered is false when the family or this firmware has none,
// or none that can be read; an answer in another form gives a context that is like none.
func (d *Driver) attachAPN(ctx context.Context) (c PDPContext, answered bool, err error) {
	a := d.Dialect().APN.Attach
	if a.Read == "" {
		return PDPContext{}, false, nil
	}
	lines, err := d.ask(ctx, a.Read, a.Prefix)
	if refused(err) {
		return PDPContext{}, false, nil
	}
	for _, l := range lines {
		_, f := splitLine(l)
		i := slices.IndexFunc(f, func(v field) bool { return slices.Contains(pdpTypes, strings.ToUpper(v.text)) })
		if i >= 0 {
			return PDPContext{CID: 1, Type: strings.ToUpper(f[i].text), APN: NormalAPN(at(f, i+1).text)}, true, err
		}
	}
	return PDPContext{}, err == nil, err
}

// pdpTypes are the values of <PDP_type> that carry IP (27.007 §10.1.1).
var pdpTypes = []string{"IP", "IPV6", "IPV4V6"}

// apnWrite is what SetAPN has to write.
type apnWrite struct {
	context        PDPContext
	creds          Auth
	define, attach bool // the context; the family's own setting for the attach
	attachKnown    bool // that setting was read, so that it must be there to be written
}

// writeAPN puts the radio cycle before or after the writes, as the family wants it. However it ends, a radio that
// was on is switched on again, even if ctx has ended by then.
func (d *Driver) writeAPN(ctx context.Context, w apnWrite, cycle bool) (err error) {
	if cycle {
		defer func() {
			errOn := d.setRadio(context.WithoutCancel(ctx), "AT+CFUN=1") // ends by the command's own limit
			if err == nil {
				err = errOn
			}
		}()
	}
	first := d.Dialect().APN.RadioFirst
	if cycle && first {
		if err := d.setRadio(ctx, d.Dialect().RadioOff); err != nil {
			return err
		}
	}
	if err := d.define(ctx, w); err != nil {
		return err
	}
	if cycle && !first {
		return d.setRadio(ctx, d.Dialect().RadioOff)
	}
	return nil
}

// define writes what differs: the context, the attach's own setting, the credentials.
func (d *Driver) define(ctx context.Context, w apnWrite) error {
	c := w.context
	if w.define {
		if err := d.insist(ctx, fmt.Sprintf(`AT+CGDCONT=%d,"%s","%s"`, c.CID, c.Type, c.APN)); err != nil {
			return err
		}
	}
	if w.attach {
		err := d.insist(ctx, fmt.Sprintf(d.Dialect().APN.Attach.Write, c.Type, c.APN))
		if err != nil && (w.attachKnown || !refused(err)) {
			return err
		}
	}
	if w.creds == (Auth{}) {
		return nil
	}
	_, err := d.send(ctx, d.Dialect().auth(c, w.creds))
	return err
}

// insist sends a command again and again where the family refuses it for a moment after boot.
func (d *Driver) insist(ctx context.Context, text string) error {
	rule := d.Dialect().APN
	for try := 1; ; try++ {
		_, err := d.exec(ctx, text, "")
		if err == nil || !refused(err) || try >= rule.Tries || !d.sleep(ctx, rule.Pause) {
			return err
		}
	}
}

func (d *Dialect) auth(c PDPContext, a Auth) atcmd.Cmd {
	if d.Auth != nil {
		return d.Auth(c, a)
	}
	return standardAuth(c, a)
}

// checkText refuses what would end a quoted parameter or the command line.
func checkText(values ...string) error {
	for _, v := range values {
		if _, err := atcmd.Quote(v); err != nil {
			return err
		}
	}
	return nil
}

// AutomaticSelection makes the module choose its network by itself. Every AT+COPS=0 starts a full search, so it is sent
// only when another mode is set, or with force, which is a step of the recovery ladder.
func (d *Driver) AutomaticSelection(ctx context.Context, force bool) error {
	return opError("automatic network selection", d.automaticSelection(ctx, force))
}

func (d *Driver) automaticSelection(ctx context.Context, force bool) error {
	if !force {
		c, err := d.cops(ctx)
		if err != nil || c.Mode == 0 {
			return err
		}
	}
	_, err := d.exec(ctx, "AT+COPS=0", "")
	return err
}

// RadioOn sets full functionality. The module answers with a burst of boot lines; the card is busy for a moment.
func (d *Driver) RadioOn(ctx context.Context) error {
	r, err := d.radio(ctx)
	if err == nil && !r.On() {
		err = d.setRadio(ctx, "AT+CFUN=1")
	}
	return opError("radio on", err)
}

// RadioOff stops transmitting and keeps the card powered (CFUN=4), so that it can still be read.
func (d *Driver) RadioOff(ctx context.Context) error {
	r, err := d.radio(ctx)
	if err == nil && r.On() {
		err = d.setRadio(ctx, d.Dialect().RadioOff)
	}
	return opError("radio off", err)
}

func (d *Driver) radio(ctx context.Context) (Radio, error) {
	obs, err := d.lookRadio(ctx, 0)
	if err != nil {
		return Radio{}, err
	}
	return obs[0].(Radio), nil
}

// setRadio changes the functionality level, no sooner after the last change than the family wants.
func (d *Driver) setRadio(ctx context.Context, cmd string) error {
	if wait := d.Dialect().RadioGap - d.Clock.Now().Sub(d.flipped); wait > 0 && !d.sleep(ctx, wait) {
		return ctx.Err()
	}
	_, err := d.exec(ctx, cmd, "")
	d.flipped = d.Clock.Now()
	return err
}

// Activate brings a PDP context up. The error of a network that refuses has the Cause.
func (d *Driver) Activate(ctx context.Context, cid int) error {
	return opError("activate", d.setActive(ctx, cid, true))
}

// Deactivate takes a PDP context down. The last one on LTE cannot be: ErrLastBearer.
func (d *Driver) Deactivate(ctx context.Context, cid int) error {
	return opError("deactivate", d.setActive(ctx, cid, false))
}

func (d *Driver) setActive(ctx context.Context, cid int, on bool) error {
	if a := d.Dialect().Activate; a != nil {
		return d.switchStack(ctx, a, cid, on)
	}
	cids, err := d.active(ctx)
	if err != nil || slices.Contains(cids, cid) == on {
		return err
	}
	_, err = d.exec(ctx, fmt.Sprintf("AT+CGACT=%d,%d", bit(on), cid), "")
	if code, ok := atcmd.CME(err); ok && !on && (code == 148 || code == 151) {
		// TOBY-L4 and TOBY-L2 say this in place of 171 (ModemManager).
		return &Error{Op: "AT+CGACT", Err: err, Kind: ErrLastBearer}
	}
	return err
}

// AttachPS attaches to the packet domain; on LTE this brings the first context up too. The error of a network that
// refuses has the Cause.
func (d *Driver) AttachPS(ctx context.Context) error {
	return opError("attach to the packet domain", d.setAttached(ctx, true))
}

// Detach detaches from the packet domain; on LTE the module is then deregistered.
func (d *Driver) Detach(ctx context.Context) error {
	return opError("detach from the packet domain", d.setAttached(ctx, false))
}

func (d *Driver) setAttached(ctx context.Context, on bool) error {
	lines, err := d.ask(ctx, "AT+CGATT?", "+CGATT")
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return unreadable("AT+CGATT?", "")
	}
	if attached, err := ParseCGATT(lines[0]); err != nil || attached == on {
		return err
	}
	_, err = d.exec(ctx, fmt.Sprintf("AT+CGATT=%d", bit(on)), "")
	return err
}

func bit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// resetTime is how long a module may go on answering after it agreed to restart. An Attach within it would begin a
// session that is cut off.
const resetTime = 3 * time.Second

// Reset restarts the module, and returns when the old session is over. A port that vanishes (USB) is no error here.
// Attach begins the new session.
func (d *Driver) Reset(ctx context.Context) error {
	_, err := d.exec(ctx, d.Dialect().Reset, "")
	if err == nil {
		d.sleep(ctx, resetTime)
	} else if errors.Is(err, atcmd.ErrGone) {
		err = nil
	}
	return opError("reset", err)
}

// PowerOff lets the module say goodbye to the network and switch itself off.
func (d *Driver) PowerOff(ctx context.Context) error {
	_, err := d.send(ctx, d.Dialect().PowerOff)
	return opError("power off", err)
}

// EnterPIN unlocks a card that asks for its PIN, and only then. It never tries twice: three wrong PINs block the card.
func (d *Driver) EnterPIN(ctx context.Context, pin string) error {
	return opError("enter PIN", d.enterPIN(ctx, pin))
}

func (d *Driver) enterPIN(ctx context.Context, pin string) error {
	if !allDigits(pin) || len(pin) < 4 || len(pin) > 8 {
		return fmt.Errorf("%w: a PIN has 4 to 8 digits", atcmd.ErrBadCommand)
	}
	obs, err := d.lookSIM(ctx, 0)
	if err != nil {
		return err
	}
	if !slices.Contains(obs, Observation(SIM{State: SIMPIN})) {
		return nil
	}
	cmd := `AT+CPIN="` + pin + `"`
	_, err = d.send(ctx, atcmd.Cmd{Text: cmd, Timeout: d.Dialect().limit(cmd), Secret: true})
	return err
}
