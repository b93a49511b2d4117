package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"supersim-agent/agent/config"
	"supersim-agent/boards"
)

func boardsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "boards [name]", GroupID: "look", Args: cobra.MaximumNArgs(1),
		Short: "Lists the HATs that are known, or shows one with its pins and jumpers",
		RunE: func(cmd *cobra.Command, args []string) error {
			list := boards.Boards
			if len(args) == 1 {
				b, err := boards.Lookup(args[0])
				if err != nil {
					return &exitError{exitMisused, err}
				}
				list = []boards.Board{b}
			}
			return printBoards(cmd.OutOrStdout(), list, len(args) == 1, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(boardsPowerCommand())
	return cmd
}

func printBoards(w io.Writer, list []boards.Board, whole, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	}
	for _, b := range list {
		fmt.Fprintf(w, "%-24s %s (%s), %v\n", b.Name, b.Title, strings.Join(b.Modules, ", "), b.Power.Kind)
		if whole {
			printBoard(w, b)
		}
	}
	return nil
}

func printBoard(w io.Writer, b boards.Board) {
	fmt.Fprintf(w, "\n  over the header: %s\n", b.UART)
	for _, p := range b.USB {
		fmt.Fprintf(w, "  over USB:        %v\n", p)
	}
	for _, j := range b.Jumpers {
		fmt.Fprintf(w, "  jumper:          %s\n", j)
	}
	for _, op := range []boards.Op{boards.On, boards.Off, boards.Reset} {
		steps, err := b.Plan(op)
		if err != nil {
			fmt.Fprintf(w, "  power %v: %v\n", op, err)
			continue
		}
		fmt.Fprintf(w, "  power %v:\n", op)
		for _, s := range steps {
			fmt.Fprintf(w, "    %v\n", s)
		}
	}
	for _, s := range b.Sources {
		fmt.Fprintf(w, "  source: %s\n", s)
	}
}

func boardsPowerCommand() *cobra.Command {
	var name, configPath, port string
	cmd := &cobra.Command{
		Use: "power on|off|cycle|reset", Args: cobra.ExactArgs(1), ValidArgs: []string{"on", "off", "cycle", "reset"},
		Short: "Switches the module of a HAT over its pins (needs the GPIO device, so group gpio or root)",
		RunE: func(cmd *cobra.Command, args []string) error {
			op, err := parseOp(args[0])
			if err != nil {
				return &exitError{exitMisused, err}
			}
			if name == "" || port == "" {
				cfg, err := config.Load(configPath)
				if err != nil {
					return &exitError{exitMisused, err}
				}
				name, port = firstOf(name, cfg.Modem.Board), firstOf(port, cfg.Modem.Port)
			}
			return switchBoard(cmd.Context(), cmd.OutOrStdout(), name, port, op)
		},
	}
	cmd.Flags().StringVar(&name, "board", "", "the board; default: modem.board of the configuration")
	cmd.Flags().StringVar(&port, "port", "", "the modem's port, by which a running module is told; default: modem.port")
	cmd.Flags().StringVar(&configPath, "config", "", "configuration file")
	return cmd
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func parseOp(text string) (boards.Op, error) {
	for _, op := range []boards.Op{boards.On, boards.Off, boards.Cycle, boards.Reset} {
		if op.String() == text {
			return op, nil
		}
	}
	return 0, fmt.Errorf("boards power %q: it is on, off, cycle or reset", text)
}

func switchBoard(ctx context.Context, out io.Writer, name, port string, op boards.Op) error {
	if name == "" || name == "auto" || name == "none" {
		return &exitError{exitMisused, errors.New("boards power: name the board with --board; `supersim-agent boards` lists them")}
	}
	b, err := boards.Lookup(name)
	if err != nil {
		return &exitError{exitMisused, err}
	}
	control, err := boards.Open(b, boards.Options{IsOn: portExists(port)})
	if err != nil {
		return err
	}
	defer control.Close()
	do := map[boards.Op]func(context.Context) error{boards.On: control.On, boards.Off: control.Off, boards.Cycle: control.Cycle, boards.Reset: control.Reset}
	if err := do[op](ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "power %v on %s: done\n", op, b.Title)
	return err
}

// portExists tells whether the module runs by its USB port. Over a UART the port is always there and says nothing.
func portExists(port string) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) {
		if !strings.Contains(port, "USB") && !strings.Contains(port, "ACM") && !strings.Contains(port, "/serial/by-") {
			return false, fmt.Errorf("port %q does not tell whether the module runs", port)
		}
		_, err := os.Stat(port)
		return err == nil, nil
	}
}
