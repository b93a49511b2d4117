package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// pinFile is the configured PIN. Three wrong ones block a card for good, and the service manager restarts a daemon as
// often as it likes; so each try leaves a mark on disk first, which only an accepted PIN or a changed PIN file makes void.
type pinFile struct {
	path string // modem.pin_file
	mark string // in the state directory
}

var errPINTried = errors.New("this PIN was tried and not accepted; write the right one into the file, it will be tried once")

// Take returns the PIN if it may be tried.
func (p pinFile) Take() (string, error) {
	file, err := os.Stat(p.path)
	if err != nil {
		return "", err
	}
	// Not which is newer: a Raspberry Pi without a clock boots in the past.
	version := fmt.Sprintf("%d %d", file.ModTime().UnixNano(), file.Size())
	tried, err := os.ReadFile(p.mark)
	switch {
	case err == nil && string(tried) == version:
		return "", fmt.Errorf("%s: %w", p.path, errPINTried)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	pin, err := readSecret(p.path)
	if err != nil {
		return "", err
	}
	if err := writeMark(p.mark, version); err != nil {
		return "", fmt.Errorf("a PIN that cannot be marked as tried is not tried: %w", err)
	}
	return pin, nil
}

// Accepted takes the mark away.
func (p pinFile) Accepted() error { return os.Remove(p.mark) }

// writeMark makes sure that the mark survives a power cut.
func writeMark(path, version string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString(version)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
