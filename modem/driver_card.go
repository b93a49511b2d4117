package modem

import (
	"bytes"
	"context"
)

// ForbiddenPLMNs reads the card's list of networks that refused it for good (EF_FPLMN), by the family's command where
// it has one.
func (d *Driver) ForbiddenPLMNs(ctx context.Context) ([]string, error) {
	list, _, err := d.forbidden(ctx)
	return list, opError("read forbidden networks", err)
}

// forbidden also gives the length of the card's file, 0 when it was not read.
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

// ClearForbiddenPLMNs empties that list if anything is in it. The radio is off meanwhile: a module keeps a copy, and
// writes it back or goes on obeying it until it starts again.
func (d *Driver) ClearForbiddenPLMNs(ctx context.Context) error {
	return opError("clear forbidden networks", d.clearForbidden(ctx))
}

func (d *Driver) clearForbidden(ctx context.Context) error {
	list, length, err := d.forbidden(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	return d.withoutRadio(ctx, func() error {
		if f := d.Dialect().FPLMN; f.Clear != "" && length == 0 {
			if _, err := d.exec(ctx, f.Clear, ""); err == nil || !refused(err) {
				return err
			}
		}
		return d.clearForbiddenFile(ctx, length)
	})
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

// PreferredPLMNs reads the owner's list of preferred networks on the card (EF_PLMNwAcT). ErrNotSupported: the card has
// none.
func (d *Driver) PreferredPLMNs(ctx context.Context) ([]PreferredPLMN, error) {
	file, err := d.readFile(ctx, efUPLMN, 0)
	return decodePreferred(file), opError("read preferred networks", err)
}

// SetPreferredPLMNs makes that list the given one. Modules read it when the card is initialised, so it counts from the
// next restart on.
func (d *Driver) SetPreferredPLMNs(ctx context.Context, list []PreferredPLMN) error {
	return opError("set preferred networks", d.setPreferred(ctx, list))
}

func (d *Driver) setPreferred(ctx context.Context, list []PreferredPLMN) error {
	have, err := d.readFile(ctx, efUPLMN, 0)
	if err != nil {
		return err
	}
	want, err := encodePreferred(list, len(have))
	if err != nil || bytes.Equal(want, have) {
		return err
	}
	return d.writeFile(ctx, efUPLMN, want)
}
