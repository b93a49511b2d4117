package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"

	"supersim-agent/agent/config"
)

// maxSecret is longer than any secret that is typed or pasted, and shorter than a wrong file.
const maxSecret = 4096

// readSecret reads a file that holds a secret on one line. Its errors say nothing of what is in it.
func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(raw))
	switch {
	case secret == "":
		err = errors.New("is empty")
	case len(raw) > maxSecret:
		err = fmt.Errorf("is longer than %d bytes, this is no secret", maxSecret)
	case strings.ContainsFunc(secret, unicode.IsControl):
		err = errors.New("has more than one line, or control characters")
	}
	if err != nil {
		return "", &fs.PathError{Op: "read secret", Path: path, Err: err}
	}
	return secret, nil
}

// secretMistakes are the files that the configuration names and that cannot be used by who asks.
func secretMistakes(cfg *config.Config) (list []config.Mistake) {
	check := func(key, path string) {
		if path == "" {
			return
		}
		if _, err := readSecret(path); err != nil {
			list = append(list, cfg.Mistake(key, err.Error()))
		}
	}
	check("modem.pin_file", cfg.Modem.PINFile)
	check("network.password_file", cfg.Network.PasswordFile)
	for i, c := range cfg.Cloud {
		at := fmt.Sprintf("cloud[%d].", i)
		for j, path := range c.SecretFiles {
			check(fmt.Sprintf("%ssecret_files[%d]", at, j), path)
		}
		if c.Source != "webhook" || c.CertFile == "" {
			continue
		}
		if _, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile); err != nil {
			list = append(list, cfg.Mistake(at+"cert_file", err.Error()))
		}
	}
	return list
}
