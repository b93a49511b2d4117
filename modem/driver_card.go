package modem

import (
	"bytes"
	"context"
	"strings"
)

// forbidden reads the card's list of networks that refused it for good (EF_FPLMN), by the family's command where it has
// one. It also gives the length of the card's file, 0 when it was not read.
func (d *Driver) forbidden(ctx context.Context) (list []string, length int, err error) {
	if f := d.Dialect().FPLMN; f.Read != "" {
		lines, err := d.ask(ctx, f.Read, f.Prefix)
		if err == nil {
			list, err = f.Parse(lines)
			return list, 0, err
		}
		if !refused(err) {
			return nil, 0, err
		}
	}
	file, err := d.readFile(ctx, efFPLMN, simFPLMN)
	return decodePLMNs(file), len(file), err
}

// ClearForbiddenPLMNs empties that list if anything is in it, and switches the radio off and on: a module keeps a copy, and
// goes on obeying it until then, or writes it back if its radio is on. Where the card has no power while the radio is off,
// it is written before.
func (d *Driver) ClearForbiddenPLMNs(ctx context.Context) error {
	return opError("clear forbidden networks", d.clearForbidden(ctx))
}

func (d *Driver) clearForbidden(ctx context.Context) error {
	list, length, err := d.forbidden(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	if d.Dialect().RadioOff == "AT+CFUN=0" {
		if err := d.eraseForbidden(ctx, length); err != nil {
			return err
		}
		return d.withoutRadio(ctx, func() error { return nil })
	}
	return d.withoutRadio(ctx, func() error { return d.eraseForbidden(ctx, length) })
}

func (d *Driver) eraseForbidden(ctx context.Context, length int) error {
	if f := d.Dialect().FPLMN; f.Clear != "" && length == 0 {
		if _, err := d.exec(ctx, f.Clear, ""); err == nil || !refused(err) {
			return err
		}
	}
	return d.clearForbiddenFile(ctx, length)
}

// clearForbiddenFile writes as many bytes as the file has: twelve would leave the rest of a longer one.
func (d *Driver) clearForbiddenFile(ctx context.Context, length int) error {
	if length == 0 {
		file, err := d.readFile(ctx, efFPLMN, simFPLMN)
		if err != nil {
			return err
		}
		length = len(file)
	}
	return d.writeFile(ctx, efFPLMN, bytes.Repeat([]byte{0xFF}, length))
}

// preferred reads the owner's list of preferred networks on the card (EF_PLMNwAcT).
func (d *Driver) preferred(ctx context.Context) (SettingValue, error) {
	file, err := d.readFile(ctx, efUPLMN, 0)
	if err == nil && len(file) == 0 {
		err = unreadable("AT+CRSM", "")
	}
	if err != nil {
		return SettingValue{}, err
	}
	v := SettingValue{Name: SetPreferred, Value: plmnText(decodePreferred(file))}
	if want := plmnText(d.Wanted.UPLMN); len(d.Wanted.UPLMN) > 0 && want != v.Value {
		v.Want = want
	}
	return v, nil
}

// plmnText is how a list of networks is shown and compared: "310410 26202".
func plmnText(list []PreferredPLMN) string {
	var text []string
	for _, p := range list {
		text = append(text, p.PLMN)
	}
	return strings.Join(text, " ")
}

// setPreferred makes the owner's list the given one, and reports whether it was another. Modules read it when the card
// is initialised, so it counts from the next restart on.
func (d *Driver) setPreferred(ctx context.Context, list []PreferredPLMN) (changed bool, err error) {
	have, err := d.readFile(ctx, efUPLMN, 0)
	if err != nil {
		return false, err
	}
	want, err := encodePreferred(list, len(have))
	if err != nil || bytes.Equal(want, have) {
		return false, err
	}
	return true, d.writeFile(ctx, efUPLMN, want)
}
