package modem

import (
	"context"
	"errors"
	"fmt"
)

// Configured is what Configure found and did.
type Configured struct {
	Values  []SettingValue
	Restart bool // something is in force only after Reset
}

// settings reads everything that the family's table lists, and the owner's list on the card. What this firmware refuses,
// or answers in a form that is not known, is left out.
func (d *Driver) settings(ctx context.Context) ([]SettingValue, error) {
	var out []SettingValue
	for _, s := range d.Dialect().Settings {
		have, err := d.readSetting(ctx, s)
		switch {
		case err == nil:
			v := SettingValue{Name: s.Name, Value: have}
			if want, ok := s.wish(d.Wanted, d.id, have); ok {
				v.Want = want
			}
			out = append(out, v)
		case !skippable(err):
			return out, err
		}
	}
	preferred, err := d.preferred(ctx)
	if err == nil {
		out = append(out, preferred)
	} else if !skippable(err) {
		return out, err
	}
	return out, nil
}

// wish is the value that w needs, and whether the setting has another one now.
func (s Setting) wish(w Wanted, id Identity, have string) (want string, ok bool) {
	if s.Wish == nil || !w.concerns(s.Name) {
		return "", false
	}
	want, ok = s.Wish(w, id, have)
	return want, ok && want != have
}

// skippable: the module answered, and knows no such setting or another form of it.
func skippable(err error) bool { return refused(err) || errors.Is(err, ErrAnswer) }

func (d *Driver) readSetting(ctx context.Context, s Setting) (string, error) {
	lines, err := d.ask(ctx, s.Read, s.Prefix)
	if err != nil {
		return "", err
	}
	value := s.Value
	if value == nil {
		value = SettingText
	}
	have, err := value(lines)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.Read, err)
	}
	return have, nil
}

// Configure brings the module's settings to what Wanted asks for: each is read, and written only when it differs. The
// zero Wanted sends nothing. A setting that cannot be written ends it; what was done until then is returned.
func (d *Driver) Configure(ctx context.Context) (Configured, error) {
	w := d.Wanted
	var done Configured
	for _, s := range d.Dialect().Settings {
		if s.Wish == nil || !w.concerns(s.Name) {
			continue
		}
		value, restart, err := d.configure(ctx, s, w)
		if err != nil && skippable(err) && value.Was == "" {
			continue // this firmware has no such setting
		}
		done.Values = append(done.Values, value)
		done.Restart = done.Restart || restart
		if err != nil {
			return done, opError("set "+string(s.Name), err)
		}
	}
	if len(w.UPLMN) > 0 {
		changed, err := d.setPreferred(ctx, w.UPLMN)
		if err != nil {
			return done, opError("set preferred networks", err)
		}
		done.Restart = done.Restart || changed
	}
	return done, nil
}

// concerns: only what w asks about is read, so that a unit with nothing configured starts without these questions.
func (w Wanted) concerns(name SettingName) bool {
	switch name {
	case SetRoaming, SetProfile:
		return w.Roaming != Leave
	case SetRAT, SetRATOrder, SetLTEMode:
		return len(w.RATs) > 0
	case SetBands, SetBandsSA, SetBandsNSA:
		return len(w.Bands.LTE)+len(w.Bands.NR) > 0
	case SetPSM, SetEDRX, SetSleep, SetLwM2M:
		return w.PowerSavingOff
	}
	return true
}

// configure does one setting. Its Was is filled as soon as a write has been tried.
func (d *Driver) configure(ctx context.Context, s Setting, w Wanted) (v SettingValue, restart bool, err error) {
	v.Name = s.Name
	if v.Value, err = d.readSetting(ctx, s); err != nil {
		return v, false, err
	}
	want, ok := s.wish(w, d.id, v.Value)
	if !ok {
		return v, false, nil
	}
	v.Was = v.Value
	if v.Was == "" {
		v.Was = "none"
	}
	write := func() error {
		for _, cmd := range s.Write(want) {
			if _, err := d.exec(ctx, cmd, ""); err != nil {
				return err
			}
		}
		return nil
	}
	if s.RadioOff {
		err = d.withoutRadio(ctx, write)
	} else {
		err = write()
	}
	if err == nil {
		v.Value = want
	}
	return v, s.Restart && err == nil, err
}

// withoutRadio does something with the radio off. However it ends, a radio that was on is switched on again, even if
// ctx has ended by then.
func (d *Driver) withoutRadio(ctx context.Context, do func() error) (err error) {
	radio, err := d.radio(ctx)
	if err != nil {
		return err
	}
	if radio.On() {
		if err = d.setRadio(ctx, d.Dialect().RadioOff); err != nil {
			return err
		}
		defer func() {
			errOn := d.setRadio(context.WithoutCancel(ctx), "AT+CFUN=1") // ends by the command's own limit
			if err == nil {
				err = errOn
			}
		}()
	}
	return do()
}
