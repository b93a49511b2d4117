package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"supersim-agent/agent/config"
	"supersim-agent/modem/ports"
)

// portsReport is what `ports --json` prints. Names are a contract: more may be added, none renamed.
type portsReport struct {
	Configured string     `json:"configured"`         // modem.port
	Uses       string     `json:"uses,omitempty"`     // the port that is tried first
	Fallback   []string   `json:"fallback,omitempty"` // those that are tried when it hangs
	Why        string     `json:"why"`                // for people
	Warnings   []string   `json:"warnings,omitempty"` // what stands in the way
	Ports      []portInfo `json:"ports"`              // everything found
}

type portInfo struct {
	Path      string       `json:"path"`
	Kind      string       `json:"kind"` // usb, uart, network
	Role      string       `json:"role,omitempty"`
	ByID      string       `json:"by_id,omitempty"`
	Aliases   []string     `json:"aliases,omitempty"`
	Console   bool         `json:"console,omitempty"`
	VIDPID    string       `json:"usb_id,omitempty"`
	Interface *uint8       `json:"usb_interface,omitempty"`
	Device    string       `json:"usb_device,omitempty"`
	Product   string       `json:"product,omitempty"`
	Modules   string       `json:"modules,omitempty"`
	Note      string       `json:"note,omitempty"`
	Holders   []holderInfo `json:"holders,omitempty"`
}

type holderInfo struct {
	PID  int    `json:"pid"`
	Comm string `json:"comm,omitempty"`
}

func portsCommand() *cobra.Command {
	var asJSON bool
	var configPath string
	cmd := &cobra.Command{
		Use: "ports", GroupID: "look", Args: cobra.NoArgs,
		Short: "Lists serial ports and what they are for, who holds them, and which one is used and why",
		Long: `Lists the serial ports of USB devices and UARTs, what each is for, and who holds it, and says which one the agent uses
and why. It only reads sysfs: no port is opened, so a running daemon is not disturbed. Who holds a port is complete for
root only.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(configPath)
			if err != nil {
				return &exitError{exitMisused, err}
			}
			return listPorts(cmd.OutOrStdout(), "/", cfg.Modem.Port, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&configPath, "config", "", "configuration file, for modem.port (default "+config.DefaultPath+", which may be missing)")
	return cmd
}

func listPorts(w io.Writer, root, configured string, asJSON bool) error {
	list, err := ports.Scan(root)
	if err != nil {
		return err
	}
	report := reportPorts(list, configured)
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	}
	return printPorts(w, report)
}

func reportPorts(list []ports.Port, configured string) portsReport {
	c := ports.Choose(list, configured)
	r := portsReport{Configured: configured, Uses: c.Path(), Why: c.Why, Ports: []portInfo{}}
	for i, p := range c.Ports {
		if i > 0 {
			r.Fallback = append(r.Fallback, p.Path)
		}
		r.Warnings = append(r.Warnings, portWarnings(p)...)
	}
	for _, p := range list {
		r.Ports = append(r.Ports, infoOf(p))
	}
	return r
}

// portWarnings is what stands in the way of using a port.
func portWarnings(p ports.Port) (list []string) {
	for _, h := range p.Holders {
		if h.Comm == "supersim-agent" {
			continue // the daemon itself
		}
		list = append(list, fmt.Sprintf("%s is held by %s", p.Path, h))
	}
	if p.Console {
		list = append(list, p.Path+" has the kernel's console on it: take console=… out of /boot/firmware/cmdline.txt")
	}
	return list
}

func infoOf(p ports.Port) portInfo {
	info := portInfo{Path: p.Path, Kind: string(p.Kind), Role: string(p.Role), ByID: p.ByID, Aliases: p.Aliases, Console: p.Console}
	if u := p.USB; u != nil {
		info.VIDPID, info.Interface = fmt.Sprintf("%04x:%04x", u.VID, u.PID), &u.Interface
		info.Device, info.Product, info.Modules, info.Note = u.Device, u.Product, u.Modules, u.Note
	}
	for _, h := range p.Holders {
		info.Holders = append(info.Holders, holderInfo{h.PID, h.Comm})
	}
	return info
}

// printPorts writes the report for people: devices as headings, their ports below.
func printPorts(w io.Writer, r portsReport) error {
	heading := ""
	for _, p := range r.Ports {
		if h := portHeading(p); h != heading {
			heading = h
			fmt.Fprintln(w, h)
		}
		fmt.Fprintln(w, strings.TrimRight("  "+portLine(r, p), " "))
		if p.ByID != "" {
			fmt.Fprintf(w, "      %s\n", p.ByID)
		}
	}
	if len(r.Ports) == 0 {
		fmt.Fprintln(w, "No serial port of a USB device or UART was found.")
	}
	fmt.Fprintln(w)
	if r.Uses == "" {
		fmt.Fprintf(w, "Used:     none: %s\n", r.Why)
	} else {
		fmt.Fprintf(w, "Used:     %s: %s\n", r.Uses, r.Why)
	}
	if len(r.Fallback) > 0 {
		fmt.Fprintf(w, "Fallback: %s\n", strings.Join(r.Fallback, ", "))
	}
	for _, text := range r.Warnings {
		fmt.Fprintf(w, "Warning:  %s\n", text)
	}
	return nil
}

func portHeading(p portInfo) string {
	if p.VIDPID == "" {
		return "On-board serial lines"
	}
	name := firstOf(p.Modules, firstOf(clean(p.Product), "unknown device"))
	h := fmt.Sprintf("%s, USB %s at %s", name, p.VIDPID, p.Device)
	if p.Note != "" {
		h += " (" + p.Note + ")"
	}
	return h
}

// portLine: "> /dev/ttyUSB2   if02  AT commands; held by ModemManager (pid 812)".
func portLine(r portsReport, p portInfo) string {
	mark, place := " ", ""
	if p.Path == r.Uses || p.ByID != "" && p.ByID == r.Uses {
		mark = ">"
	}
	if p.Interface != nil {
		place = fmt.Sprintf("if%02x", *p.Interface)
	}
	words := ports.Role(p.Role).Words()
	if len(p.Aliases) > 0 {
		words += " (" + strings.Join(p.Aliases, ", ") + ")"
	}
	if p.Console {
		words += "; kernel console"
	}
	for _, h := range p.Holders {
		words += "; held by " + ports.Holder{PID: h.PID, Comm: h.Comm}.String()
	}
	return fmt.Sprintf("%s %-14s %-5s %s", mark, p.Path, place, words)
}
