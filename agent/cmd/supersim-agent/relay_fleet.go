package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supersim-agent/agent/relay"
	"supersim-agent/agent/status"
)

const (
	defaultRelay  = "http://127.0.0.1:9780"
	relayPatience = 30 * time.Second
	relayAnswer   = 64 << 20 // bytes; a page of 1,000 devices is below 2 MB
	relayPage     = 1000
	worstShown    = 10
)

// mountFleet puts the commands that look at a fleet below "relay", which is made if nobody else did.
func mountFleet(root *cobra.Command) {
	i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == "relay" })
	var parent *cobra.Command
	if i >= 0 {
		parent = root.Commands()[i]
	} else {
		parent = &cobra.Command{Use: "relay", GroupID: "look", Short: "Shows a fleet of devices as its relay knows it"}
		root.AddCommand(parent)
	}
	parent.AddCommand(fleetStatusCommand(), fleetListCommand())
}

// fleetClient asks one relay or several that share a fleet.
type fleetClient struct {
	relays   []string
	http     http.Client
	complain io.Writer // hears of a relay that does not answer while another does
}

func relayFlag(cmd *cobra.Command, relays *[]string) {
	cmd.Flags().StringSliceVar(relays, "relay", []string{defaultRelay},
		"where the relay listens ([http] listen); several that share a fleet are asked together")
}

func newFleetClient(cmd *cobra.Command, relays []string) (*fleetClient, error) {
	for i, r := range relays {
		if !strings.Contains(r, "://") {
			r = "http://" + r
		}
		u, err := url.Parse(r)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, &exitError{exitMisused, fmt.Errorf("--relay %q: it must be like %s", relays[i], defaultRelay)}
		}
		relays[i] = strings.TrimRight(r, "/")
	}
	if len(relays) == 0 {
		return nil, &exitError{exitMisused, errors.New("--relay: no relay is named")}
	}
	return &fleetClient{relays: relays, http: http.Client{Timeout: relayPatience}, complain: cmd.ErrOrStderr()}, nil
}

// get reads one answer of one relay.
func (c *fleetClient) get(ctx context.Context, base, path string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return fmt.Errorf("relay %s: %w", base, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Errorf("relay %s: %w; is it running, and is this its [http] listen?", base, err)
	}
	defer resp.Body.Close()
	body := io.LimitReader(resp.Body, relayAnswer)
	if resp.StatusCode != http.StatusOK {
		p := new(status.Problem)
		if err := json.NewDecoder(body).Decode(p); err == nil && p.Code != "" {
			return p
		}
		return fmt.Errorf("relay %s%s: %s", base, path, resp.Status)
	}
	if err := json.NewDecoder(body).Decode(v); err != nil {
		return fmt.Errorf("relay %s%s: answer not understood: %w", base, path, err)
	}
	return nil
}

// ask asks every relay. One that fails is named while another answers; when none answers the first fault is the error.
func (c *fleetClient) ask(one func(base string) error) error {
	var faults []error
	for _, base := range c.relays {
		if err := one(base); err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) < len(c.relays) {
		for _, err := range faults {
			var p *status.Problem
			if !errors.As(err, &p) { // one relay may not know what another does
				fmt.Fprintln(c.complain, "supersim-agent:", err)
			}
		}
		return nil
	}
	var p *status.Problem
	for _, err := range faults {
		if errors.As(err, &p) {
			return relayProblem(p)
		}
	}
	return &exitError{exitMisused, faults[0]}
}

func relayProblem(p *status.Problem) error {
	return &exitError{exitFailed, errors.New(strings.TrimRight(cmp.Or(p.Detail, p.Title), ".") + ". " + p.Hint)}
}

// page asks for up to limit devices, all for 0. Several relays are asked for all, because only then can they be joined.
func (c *fleetClient) page(ctx context.Context, query url.Values, limit int) (relay.Page, error) {
	if len(c.relays) == 1 {
		var page relay.Page
		err := c.ask(func(base string) (err error) {
			page, err = c.pages(ctx, base, query, limit)
			return err
		})
		return page, err
	}
	var lists [][]relay.Device
	var parts []relay.Summary
	joined := relay.Page{Schema: status.Schema}
	err := c.ask(func(base string) error {
		page, err := c.pages(ctx, base, nil, 0)
		if err == nil {
			lists, parts, joined.Time = append(lists, page.Devices), append(parts, page.Fleet), page.Time
		}
		return err
	})
	if err != nil {
		return joined, err
	}
	all := relay.MergeDevices(lists...)
	joined.Fleet = relay.MergeSummaries(all, parts...)
	for _, d := range all {
		if selects(query, d) {
			joined.Devices = append(joined.Devices, d)
		}
	}
	joined.Total = len(joined.Devices)
	if limit > 0 {
		joined.Devices = joined.Devices[:min(limit, joined.Total)]
	}
	return joined, nil
}

// pages reads page after page of one relay.
func (c *fleetClient) pages(ctx context.Context, base string, query url.Values, limit int) (all relay.Page, err error) {
	q := url.Values{}
	for name, value := range query {
		q[name] = value
	}
	for {
		n := relayPage
		if limit > 0 {
			n = min(n, limit-len(all.Devices))
		}
		q.Set("limit", strconv.Itoa(n))
		var page relay.Page
		if err := c.get(ctx, base, "/v1/devices?"+q.Encode(), &page); err != nil {
			return all, err
		}
		page.Devices = append(all.Devices, page.Devices...)
		if all = page; page.Next == "" || limit > 0 && len(all.Devices) >= limit {
			return all, nil
		}
		q.Set("after", page.Next)
	}
}

// selects is the relay's filter for devices that were joined here.
func selects(query url.Values, d relay.Device) bool {
	silent, prefix := query.Get("silent"), query.Get("prefix")
	switch {
	case query.Has("verdict") && query.Get("verdict") != d.Verdict.Code,
		query.Has("need") && query.Get("need") != string(d.Need),
		silent != "" && silent != strconv.FormatBool(d.Judge == relay.JudgedByRelay),
		query.Has("unreachable") && d.Presence != "unreachable" && d.Presence != "stopped":
		return false
	}
	return strings.HasPrefix(d.ICCID, prefix) || strings.HasPrefix(strings.ToLower(d.Name), strings.ToLower(prefix))
}

// device asks for one device.
func (c *fleetClient) device(ctx context.Context, id string) (relay.DeviceAnswer, error) {
	var answers []relay.DeviceAnswer
	err := c.ask(func(base string) error {
		var a relay.DeviceAnswer
		err := c.get(ctx, base, "/v1/devices/"+url.PathEscape(id), &a)
		if err == nil {
			answers = append(answers, a)
		}
		return err
	})
	if err != nil {
		return relay.DeviceAnswer{}, err
	}
	var rows []relay.Device
	for _, a := range answers {
		rows = append(rows, a.Device)
	}
	best := answers[0]
	best.Device = relay.MergeDevices(rows)[0]
	return best, nil
}

func fleetStatusCommand() *cobra.Command {
	var relays []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status [ICCID]", Args: cobra.MaximumNArgs(1),
		Short: "Says how a fleet is and who must be visited, or all that is known of one device",
		Long: "Says how a fleet is and who must be visited, or all that is known of one device.\n" +
			"Exit code 0: no person is needed (one device: online). 1: somebody is needed (one device: not online). 2: no relay answers.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := newFleetClient(cmd, relays)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return printDevice(cmd, c, args[0], asJSON)
			}
			page, err := c.page(cmd.Context(), nil, worstShown)
			if err != nil {
				return err
			}
			if err := printFleet(cmd.OutOrStdout(), page, asJSON); err != nil {
				return err
			}
			if page.Fleet.Needs[relay.NeedVisit]+page.Fleet.Needs[relay.NeedDesk] > 0 {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	relayFlag(cmd, &relays)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// fleetView counts times from the relay's present, which need not be that of this computer's clock.
func fleetView(out io.Writer, now status.Time) renderOptions {
	return renderOptions{Colour: colour(out), Width: width(out), Now: now.Local()}
}

func printFleet(out io.Writer, page relay.Page, asJSON bool) error {
	if asJSON {
		return printJSON(out, page)
	}
	_, err := io.WriteString(out, renderFleet(page, fleetView(out, page.Time)))
	return err
}

func printDevice(cmd *cobra.Command, c *fleetClient, id string, asJSON bool) error {
	answer, err := c.device(cmd.Context(), id)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if asJSON {
		err = printJSON(out, answer)
	} else {
		_, err = io.WriteString(out, renderDevice(answer.Device, fleetView(out, answer.Time)))
	}
	if err == nil && !answer.Device.Verdict.Online {
		return &exitError{code: 1}
	}
	return err
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// fleetFilter is what the flags of list select; a flag that is not given selects nothing.
type fleetFilter struct {
	verdict, need, prefix string
	silent, unreachable   bool
}

func (f *fleetFilter) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.verdict, "verdict", "", "only devices with this verdict, such as sim-inactive")
	cmd.Flags().StringVar(&f.need, "need", "", "only devices that need this of a person: visit, desk, unknown, wait, none")
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "only devices whose ICCID or name begins so")
	cmd.Flags().BoolVar(&f.silent, "silent", false, "only devices that do not speak for themselves (=false: only those that do)")
	cmd.Flags().BoolVar(&f.unreachable, "unreachable", false, "only devices that the broker lost, or whose agent was stopped")
}

func (f *fleetFilter) query(cmd *cobra.Command) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"verdict": f.verdict, "need": f.need, "prefix": f.prefix,
		"silent": strconv.FormatBool(f.silent)} {
		if cmd.Flags().Changed(name) {
			query.Set(name, value)
		}
	}
	if f.unreachable {
		query.Set("unreachable", "true")
	}
	return query
}

func fleetListCommand() *cobra.Command {
	var relays []string
	var filter fleetFilter
	var asJSON bool
	var limit int
	cmd := &cobra.Command{
		Use: "list", Args: cobra.NoArgs,
		Short:   "Lists devices of a fleet, the worst first",
		Example: "  supersim-agent relay list --verdict sim-inactive\n  supersim-agent relay list --need visit --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := newFleetClient(cmd, relays)
			if err != nil {
				return err
			}
			page, err := c.page(cmd.Context(), filter.query(cmd), limit)
			if err != nil {
				return err
			}
			return printList(cmd.OutOrStdout(), page, asJSON)
		},
	}
	relayFlag(cmd, &relays)
	filter.flags(cmd)
	cmd.Flags().IntVar(&limit, "limit", 0, "only the worst so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per device")
	return cmd
}

func printList(out io.Writer, page relay.Page, asJSON bool) error {
	if !asJSON {
		_, err := io.WriteString(out, renderDevices(page, fleetView(out, page.Time)))
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, d := range page.Devices {
		if err := enc.Encode(d); err != nil {
			return err
		}
	}
	return nil
}
