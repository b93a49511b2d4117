package modem

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// StackUp starts the module's own IP stack on a context, for a host without PPP or a network interface.
func (d *Driver) StackUp(ctx context.Context, cid int) error {
	return opError("start the module's IP stack", d.switchStack(ctx, d.Dialect().Stack, cid, true))
}

// StackDown ends it.
func (d *Driver) StackDown(ctx context.Context, cid int) error {
	return opError("stop the module's IP stack", d.switchStack(ctx, d.Dialect().Stack, cid, false))
}

// switchStack brings a context to the wanted state in the words of a: read, compare, write, and where the answer comes
// before the deed, wait for it.
func (d *Driver) switchStack(ctx context.Context, a *Activation, cid int, on bool) error {
	if a == nil {
		return ErrNotSupported
	}
	up, err := d.stackAddresses(ctx, a)
	if err != nil || isUp(up, cid) == on {
		return err
	}
	cmd := a.Down(cid)
	if on {
		cmd = a.Up(cid)
		if err := d.defineStack(ctx, a, cid); err != nil {
			return err
		}
	}
	if _, err := d.exec(ctx, cmd, ""); err != nil || a.Later == 0 {
		return err
	}
	return d.awaitStack(ctx, a, cid, on)
}

func isUp(list []Address, cid int) bool {
	return slices.ContainsFunc(list, func(a Address) bool { return a.CID == cid })
}

func (d *Driver) defineStack(ctx context.Context, a *Activation, cid int) error {
	if a.Define == nil {
		return nil
	}
	list, err := d.contexts(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(c PDPContext) bool { return c.CID == cid })
	if i < 0 {
		return fmt.Errorf("%w: context %d is not defined", ErrNotSupported, cid)
	}
	for _, cmd := range a.Define(list[i]) {
		if _, err := d.exec(ctx, cmd, ""); err != nil {
			return err
		}
	}
	return nil
}

// awaitStack asks once a second until the context is as wanted.
func (d *Driver) awaitStack(ctx context.Context, a *Activation, cid int, on bool) error {
	last := d.Clock.Now().Add(a.Later)
	for {
		up, err := d.stackAddresses(ctx, a)
		if err != nil || isUp(up, cid) == on {
			return err
		}
		if d.Clock.Now().After(last) {
			return fmt.Errorf("%w: context %d, within %v", ErrNoEffect, cid, a.Later)
		}
		if !d.sleep(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

func (d *Driver) stackAddresses(ctx context.Context, a *Activation) ([]Address, error) {
	lines, err := d.ask(ctx, a.Read, a.Prefix)
	if err != nil {
		return nil, err
	}
	return a.Parse(lines)
}

// activeByFamily and addressByFamily answer LookActive and LookAddress where CGACT and CGPADDR may not be used.
func (d *Driver) activeByFamily(ctx context.Context, a *Activation) ([]int, error) {
	up, err := d.stackAddresses(ctx, a)
	var cids []int
	for _, address := range up {
		cids = append(cids, address.CID)
	}
	return cids, err
}

func (d *Driver) addressByFamily(ctx context.Context, a *Activation, cid int) ([]Observation, error) {
	if a.Address != nil {
		return d.query(ctx, a.Address(cid))
	}
	up, err := d.stackAddresses(ctx, a)
	if err != nil {
		return nil, err
	}
	found := Address{CID: cid}
	for _, address := range up {
		if address.CID == cid {
			found = address
		}
	}
	return []Observation{found}, nil
}
