package modem

import (
	"context"
	"fmt"
	"slices"

	"supersim-agent/atcmd"
)

// lookFuncs has the work of each Look.
var lookFuncs = [NumLooks]func(*Driver, context.Context, int) ([]Observation, error){
	LookIdentity:     (*Driver).lookIdentity,
	LookSIM:          (*Driver).lookSIM,
	LookICCID:        (*Driver).lookICCID,
	LookIMSI:         (*Driver).lookIMSI,
	LookRadio:        (*Driver).lookRadio,
	LookOperator:     (*Driver).lookOperator,
	LookRegistration: (*Driver).lookRegistration,
	LookServing:      (*Driver).lookServing,
	LookSignal:       (*Driver).lookSignal,
	LookContexts:     (*Driver).lookContexts,
	LookActive:       (*Driver).lookActive,
	LookAddress:      (*Driver).lookAddress,
	LookCause:        (*Driver).lookCause,
	LookCells:        (*Driver).lookCells,
	LookTime:         (*Driver).lookTime,
	LookForbidden:    (*Driver).lookForbidden,
	LookSettings:     (*Driver).lookSettings,
}

// Look asks one question; cid names the PDP context for those that need one. Errors are *Error. An error of the SIM is
// an observation of the SIM's state and no failure of the look.
func (d *Driver) Look(ctx context.Context, l Look, cid int) ([]Observation, error) {
	if l >= NumLooks {
		return nil, opError("look", fmt.Errorf("%w: look %d", ErrNotSupported, l))
	}
	obs, err := lookFuncs[l](d, ctx, cid)
	if err == nil {
		return obs, nil
	}
	return obs, opError("look "+l.String(), err)
}

func (d *Driver) lookIdentity(ctx context.Context, _ int) ([]Observation, error) {
	id, err := d.identify(ctx)
	if err != nil {
		return nil, err
	}
	return []Observation{id}, nil
}

func (d *Driver) lookSIM(ctx context.Context, _ int) ([]Observation, error) {
	lines, err := d.ask(ctx, "AT+CPIN?", "+CPIN")
	if err != nil {
		return d.simTrouble(ctx, err, SIMFault)
	}
	var state SIMState
	for _, l := range lines {
		if state, err = ParseCPIN(l); err == nil {
			return []Observation{SIM{State: state}}, nil
		}
	}
	if err == nil {
		err = unreadable("AT+CPIN?", "")
	}
	return nil, err
}

// simTrouble turns a refusal that speaks of the card into an observation. "SIM failure" needs care: Quectel and u-blox
// say it whenever the card has no power (CFUN=0), so the radio is asked first; and it passes by itself while the
// applet restarts the card, so only AT+CPIN? takes it for a fault (failure tells which), and on a family that says so
// of every card at first not before the card's time is over.
func (d *Driver) simTrouble(ctx context.Context, err error, failure SIMState) ([]Observation, error) {
	code, ok := atcmd.CME(err)
	state := SIMStateOfCME(code)
	if !ok || state == SIMUnknown {
		return nil, err
	}
	if state == SIMFault {
		obs, radioErr := d.lookRadio(ctx, 0)
		if radioErr == nil && obs[0] == (Radio{Fun: 0}) {
			return obs, nil
		}
		state = failure
		if d.starting(err) {
			state = SIMBusy
		}
	}
	return []Observation{SIM{State: state}}, nil
}

func (d *Driver) lookICCID(ctx context.Context, _ int) ([]Observation, error) {
	obs, err := d.query(ctx, d.Dialect().ICCID)
	if err == nil {
		return obs, nil
	}
	if code, ok := atcmd.CME(err); ok && SIMStateOfCME(code) != SIMUnknown {
		return d.simTrouble(ctx, err, SIMBusy)
	}
	if !refused(err) {
		return nil, err
	}
	obs, err = d.query(ctx, crsmICCID)
	if err != nil {
		return d.simTrouble(ctx, err, SIMBusy)
	}
	return obs, nil
}

// crsmICCID reads EF_ICCID (2FE2, 10 bytes) from the card itself.
var crsmICCID = Query{Cmd: "AT+CRSM=176,12258,0,0,10", Prefix: "+CRSM", Parse: FirstLine(ParseCRSMICCID)}

var cimi = Query{Cmd: "AT+CIMI", Parse: FirstLine(ParseIMSI)}

func (d *Driver) lookIMSI(ctx context.Context, _ int) ([]Observation, error) {
	obs, err := d.query(ctx, cimi)
	if err != nil {
		return d.simTrouble(ctx, err, SIMBusy)
	}
	return obs, nil
}

var cfun = Query{Cmd: "AT+CFUN?", Prefix: "+CFUN", Parse: FirstLine(ParseCFUN)}

func (d *Driver) lookRadio(ctx context.Context, _ int) ([]Observation, error) {
	return d.query(ctx, cfun)
}

// lookOperator asks again in numbers when the module went back to names, as some do after a CFUN change.
func (d *Driver) lookOperator(ctx context.Context, _ int) ([]Observation, error) {
	c, err := d.cops(ctx)
	if err == nil && c.Name != "" && c.Format != 2 {
		if _, err = d.exec(ctx, "AT+COPS=3,2", ""); err != nil && !refused(err) {
			return nil, err
		}
		var numeric COPS
		if numeric, err = d.cops(ctx); err == nil {
			numeric.Name = c.Name
			c = numeric
		}
	}
	if err != nil {
		return nil, err
	}
	c.AcT = d.Dialect().act(c.AcT)
	return []Observation{c.Operator}, nil
}

func (d *Driver) cops(ctx context.Context) (COPS, error) {
	lines, err := d.ask(ctx, "AT+COPS?", "+COPS")
	if err != nil {
		return COPS{}, err
	}
	if len(lines) == 0 {
		return COPS{}, unreadable("AT+COPS?", "")
	}
	return ParseCOPS(lines[0])
}

// lookRegistration asks every domain of the family. A domain that is refused does not hide the others.
func (d *Driver) lookRegistration(ctx context.Context, _ int) ([]Observation, error) {
	var out []Observation
	var failed error
	for _, r := range d.Dialect().Reg {
		obs, err := d.readRegistration(ctx, r)
		out = append(out, obs...)
		if err != nil && !refused(err) {
			return out, err
		}
		if err != nil {
			failed = err
		}
	}
	if len(out) == 0 {
		return nil, failed
	}
	return out, nil
}

func (d *Driver) lookServing(ctx context.Context, _ int) ([]Observation, error) {
	r, ok := d.Dialect().registrar(Domain(d.serving.Load()))
	if !ok {
		return nil, ErrNotSupported
	}
	return d.readRegistration(ctx, r)
}

// readRegistration asks one domain. An answer without a line is no failure: a line that looked unsolicited went to
// whoever reads those. An answer that shows another <n> than was set comes from a module that has restarted (0: its
// default) or that somebody else has set.
func (d *Driver) readRegistration(ctx context.Context, r Registrar) ([]Observation, error) {
	name, n := regNames[r.Domain], int(d.regN[r.Domain].Load())
	cmd := "AT" + name + "?"
	reply, err := d.send(ctx, atcmd.Cmd{
		Text: cmd, Prefix: name, Timeout: d.Dialect().limit(cmd),
		Answer: func(line string) bool { return IsReadAnswer(line, n) },
	})
	if err != nil {
		return nil, err
	}
	var out []Observation
	for _, line := range reply.Lines {
		reg, err := ParseRegistration(line, n)
		if err != nil {
			return nil, err
		}
		if n > 0 && reg.N == 0 {
			out = append(out, Booted{Line: line})
		} else if n > 0 && reg.N != Unknown && reg.N != n {
			if _, err := d.exec(ctx, "AT"+name+"="+digit(n), ""); err != nil && !refused(err) {
				return nil, err
			}
		}
		out = append(out, d.Dialect().registration(reg))
	}
	d.noteServing(out)
	return out, nil
}

// signalRefusals is how often a signal query may be refused, or answered in a form that cannot be read, before it is no
// longer asked: the first AT+CPSI? after power-on fails on SIM7600.
const signalRefusals = 3

// lookSignal asks the family's best question that this firmware answers in a form that is known.
func (d *Driver) lookSignal(ctx context.Context, _ int) ([]Observation, error) {
	var obs []Observation
	err := error(ErrNotSupported)
	queries := d.Dialect().Signal
	for i := d.signal; i < len(queries); i++ {
		if obs, err = d.query(ctx, queries[i]); err == nil || !skippable(err) {
			break
		}
		if d.refusals++; d.refusals >= signalRefusals && i+1 < len(queries) {
			d.signal, d.refusals = i+1, 0
		}
	}
	return obs, err
}

func (d *Driver) lookContexts(ctx context.Context, _ int) ([]Observation, error) {
	list, err := d.contexts(ctx)
	if err != nil {
		return nil, err
	}
	attach, answered, err := d.attachAPN(ctx)
	if err != nil {
		return nil, err
	}
	if answered && attach.Type != "" {
		list = append(list, attach)
	}
	return []Observation{Contexts{List: list}}, nil
}

func (d *Driver) contexts(ctx context.Context) ([]PDPContext, error) {
	lines, err := d.ask(ctx, "AT+CGDCONT?", "+CGDCONT")
	if err != nil {
		return nil, err
	}
	var list []PDPContext
	for _, l := range lines {
		c, err := ParseCGDCONT(l)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (d *Driver) lookActive(ctx context.Context, _ int) ([]Observation, error) {
	active, err := d.active(ctx)
	if err != nil {
		return nil, err
	}
	return []Observation{Active{CIDs: active}}, nil
}

func (d *Driver) active(ctx context.Context) ([]int, error) {
	if a := d.Dialect().Activate; a != nil {
		return d.activeByFamily(ctx, a)
	}
	lines, err := d.ask(ctx, "AT+CGACT?", "+CGACT")
	if err != nil {
		return nil, err
	}
	var cids []int
	for _, l := range lines {
		cid, on, err := ParseCGACT(l)
		if err != nil {
			return nil, err
		}
		if on {
			cids = append(cids, cid)
		}
	}
	return cids, nil
}

func (d *Driver) lookAddress(ctx context.Context, cid int) ([]Observation, error) {
	if a := d.Dialect().Activate; a != nil {
		return d.addressByFamily(ctx, a, cid)
	}
	lines, err := d.ask(ctx, fmt.Sprintf("AT+CGPADDR=%d", cid), "+CGPADDR")
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		a, err := ParseCGPADDR(l)
		if err != nil {
			return nil, err
		}
		if a.CID == cid {
			return []Observation{a}, nil
		}
	}
	return []Observation{Address{CID: cid}}, nil // no line: no address
}

func (d *Driver) lookCause(ctx context.Context, _ int) ([]Observation, error) {
	q := d.Dialect().Cause
	if q.Cmd == "" {
		return nil, ErrNotSupported
	}
	return d.query(ctx, q)
}

func (d *Driver) lookCells(ctx context.Context, _ int) ([]Observation, error) {
	return d.firstAnswer(ctx, d.Dialect().Cell)
}

func (d *Driver) lookTime(ctx context.Context, _ int) ([]Observation, error) {
	queries := d.Dialect().Time
	if queries == nil {
		queries = []Query{CCLK}
	}
	return d.firstAnswer(ctx, queries)
}

func (d *Driver) lookForbidden(ctx context.Context, _ int) ([]Observation, error) {
	list, _, err := d.forbidden(ctx)
	if err != nil {
		return nil, err
	}
	return []Observation{ForbiddenPLMNs{List: list}}, nil
}

func (d *Driver) lookSettings(ctx context.Context, _ int) ([]Observation, error) {
	list, err := d.settings(ctx)
	if err != nil {
		return nil, err
	}
	return []Observation{Settings{List: list}}, nil
}

// firstAnswer asks the questions in turn until one is answered in a form that is known.
func (d *Driver) firstAnswer(ctx context.Context, queries []Query) (obs []Observation, err error) {
	err = ErrNotSupported
	for _, q := range queries {
		if obs, err = d.query(ctx, q); err == nil || !skippable(err) {
			return obs, err
		}
	}
	return nil, err
}

// askFor asks one of the dialect's questions. With several labels the engine is given none, so that bare lines reach it
// too, and what does not belong to the answer is left out here.
func (d *Driver) askFor(ctx context.Context, q Query) ([]string, error) {
	if q.Labels == nil {
		return d.ask(ctx, q.Cmd, q.Prefix)
	}
	takes := func(line string) bool {
		label, _ := atcmd.Split(line)
		return q.Takes(label)
	}
	reply, err := d.send(ctx, atcmd.Cmd{Text: q.Cmd, Answer: takes})
	return slices.DeleteFunc(reply.Lines, func(line string) bool { return !takes(line) }), err
}

// query asks and reads one of the dialect's questions.
func (d *Driver) query(ctx context.Context, q Query) ([]Observation, error) {
	lines, err := d.askFor(ctx, q)
	if err != nil {
		return nil, err
	}
	o, err := q.Parse(lines)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.Cmd, err)
	}
	return []Observation{o}, nil
}
