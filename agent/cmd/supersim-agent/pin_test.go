package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPINIsTriedOnce(t *testing.T) {
	dir := t.TempDir()
	p := pinFile{path: filepath.Join(dir, "pin"), mark: filepath.Join(dir, "pin-tried")}
	write := func(pin string, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(p.path, []byte(pin+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(p.path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Take(); err == nil {
		t.Error("a PIN without a file")
	}
	write("1234", time.Hour)
	if pin, err := p.Take(); pin != "1234" || err != nil {
		t.Fatalf("first try: %q, %v", pin, err)
	}
	if _, err := p.Take(); !errors.Is(err, errPINTried) { // the daemon was restarted, the card asks again
		t.Errorf("second try: %v", err)
	}
	write("4321", 48*time.Hour) // older than the mark: the clock was wrong
	if pin, err := p.Take(); pin != "4321" || err != nil {
		t.Fatalf("another PIN: %q, %v", pin, err)
	}
	if err := p.Accepted(); err != nil {
		t.Fatal(err)
	}
	if pin, err := p.Take(); pin != "4321" || err != nil {
		t.Errorf("an accepted PIN after the next power cycle: %q, %v", pin, err)
	}
	p.mark = filepath.Join(dir, "missing", "pin-tried")
	if _, err := p.Take(); err == nil {
		t.Error("tried although it cannot be marked")
	}
}
