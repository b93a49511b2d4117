package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"supersim-agent/agent/config"
	"supersim-agent/boards"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", GroupID: "daemon", Short: "Checks or shows the configuration"}
	var path string
	var asJSON bool
	check := &cobra.Command{
		Use: "check", Args: cobra.NoArgs, Short: "Reports every mistake with line and column; exit code 2 if there is one",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadWhole(path)
			if err != nil {
				return err
			}
			if cfg.Name() == "" {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s does not exist: the defaults apply\n", config.DefaultPath)
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: no mistakes\n", cfg.Name())
			return err
		},
	}
	show := &cobra.Command{
		Use: "show", Args: cobra.NoArgs, Short: "Shows every value in force and where it comes from",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(path)
			if err != nil {
				return err
			}
			return showConfig(cmd.OutOrStdout(), cfg, asJSON)
		},
	}
	cmd.PersistentFlags().StringVar(&path, "config", "", "configuration file (default "+config.DefaultPath+", which may be missing)")
	show.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(check, show)
	return cmd
}

// loadConfig reads the configuration and refuses what this version cannot do. The error names every place.
func loadConfig(path string) (*config.Config, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil, &exitError{exitMisused, err}
	}
	var all []error
	for _, m := range cfg.Unsupported() {
		all = append(all, fmt.Errorf("%s:%s", cfg.Name(), m))
	}
	if name := boardName(cfg); name != "" {
		if _, err := boards.Lookup(name); err != nil {
			all = append(all, fmt.Errorf("%s:%s", cfg.Name(), cfg.Mistake("modem.board", err.Error())))
		}
	}
	if len(all) > 0 {
		return nil, &exitError{exitMisused, errors.Join(all...)}
	}
	return cfg, nil
}

// loadWhole is loadConfig for who must be able to read the files that the configuration names too.
func loadWhole(path string) (*config.Config, error) {
	cfg, err := loadConfig(path)
	if err != nil {
		return nil, err
	}
	var all []error
	for _, m := range secretMistakes(cfg) {
		all = append(all, fmt.Errorf("%s:%s", cfg.Name(), m))
	}
	if len(all) > 0 {
		return nil, &exitError{exitMisused, errors.Join(all...)}
	}
	return cfg, nil
}

func showConfig(w io.Writer, cfg *config.Config, asJSON bool) error {
	entries := cfg.Entries()
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(entries)
	}
	for _, e := range entries {
		if _, err := fmt.Fprintf(w, "%-28s = %-34v # %s\n", e.Key, e.Value, e.Origin); err != nil {
			return err
		}
	}
	return nil
}
