package cloud

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// writePair makes a certificate for 127.0.0.1 with its key and returns it parsed.
func writePair(t *testing.T, dir string, serial int64) (certFile, keyFile string, cert *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile, cert
}

// A handClock is moved by the test; its timers are real.
type handClock struct {
	systemClock
	ahead time.Duration
}

func (c *handClock) Now() time.Time { return time.Now().Add(c.ahead) }

// TestWebhookTLS: events over TLS, a renewed certificate is used without a restart, a broken one is not.
func TestWebhookTLS(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, first := writePair(t, dir, 1)
	var log journal
	clock := &handClock{}
	h := serveWith(t, WebhookOptions{CertFile: certFile, KeyFile: keyFile, Clock: clock, Secrets: []string{secret}, Log: log.add})
	url := "https://" + h.hook.Addr() + "/events"
	post := func(trusted *x509.Certificate) error {
		roots := x509.NewCertPool()
		roots.AddCert(trusted)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
		req, err := http.NewRequest("POST", url, strings.NewReader(bare()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("kore-signature", koreSign(secret, "POST", url, bare()))
		res, err := transport.RoundTrip(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != 204 {
			return fmt.Errorf("%s", res.Status)
		}
		return nil
	}
	if err := post(first); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(certFile, []byte("half a cert"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock.ahead += certificateCheck
	if err := post(first); err != nil {
		t.Errorf("the old pair stays while the new one is broken: %v", err)
	}
	if st := h.hook.Stats(); !strings.Contains(log.text(), "certificate") || st.Batches != 2 {
		t.Errorf("%q, %+v", log.text(), st)
	}
	_, _, second := writePair(t, dir, 2)
	clock.ahead += certificateCheck
	if err := post(second); err != nil {
		t.Errorf("the new pair: %v", err)
	}
	if err := post(first); err == nil {
		t.Error("the old pair is still in use")
	}
	for h.hook.Stats().Dropped == 0 { // the handshake that the client broke off
		runtime.Gosched()
	}
}

// TestWebhookBadHeads: what net/http refuses by itself reaches nobody and is counted.
func TestWebhookBadHeads(t *testing.T) {
	h := serve(t, Limits{})
	for i, c := range []struct{ sent, status string }{
		{"POST /events HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n", "HTTP/1.1 431 "},
		{"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /events HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /events HTTP/9.1\r\nHost: x\r\n\r\n", "HTTP/1.1 505 "},
		{"POST /events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 "},
		{"", ""},
	} {
		conn, err := net.Dial("tcp", h.hook.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.sent); err != nil {
			t.Fatal(err)
		}
		if c.sent != "" {
			answer, _ := bufio.NewReader(conn).ReadString('\n')
			if !strings.HasPrefix(answer, c.status) {
				t.Errorf("%.40q: %q, want %q", c.sent, answer, c.status)
			}
		}
		conn.Close()
		for h.hook.Stats().Dropped < uint64(i+1) {
			runtime.Gosched()
		}
	}
	if st := h.hook.Stats(); st.Dropped != 7 || st.Refused != 0 || len(h.batches()) != 0 {
		t.Errorf("%+v", st)
	}
}

// TestWebhookLoris: connections that say nothing leave room for events, and those that idle after an answer are closed when
// it gets crowded.
func TestWebhookLoris(t *testing.T) {
	h := serve(t, Limits{})
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range defaultConnections - 1 {
		conn, err := net.Dial("tcp", h.hook.Addr())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := io.WriteString(conn, "POST /events HTTP/1.1\r\nHo"); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if status, answer := h.post(bare()); status != 204 {
			t.Fatalf("%d %s", status, answer)
		}
	}
	if st := h.hook.Stats(); st.Batches != 20 {
		t.Errorf("%+v", st)
	}
}

func TestWebhookRefusalClosesTheConnection(t *testing.T) {
	h := serve(t, Limits{})
	res, err := http.Get(h.url)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 405 || !res.Close {
		t.Errorf("%s, close %v", res.Status, res.Close)
	}
}

// A lateClock has timers that are over before anybody looks, as on a host that stalls.
type lateClock struct{ systemClock }

func (lateClock) NewTimer(time.Duration) (<-chan time.Time, func() bool) {
	over := make(chan time.Time, 1)
	over <- time.Time{}
	return over, func() bool { return false }
}

func TestSlotsOnAStallingHost(t *testing.T) {
	free := make(slots, 1)
	for range 100 {
		if !free.acquire(t.Context(), lateClock{}) {
			t.Fatal("a free slot is not taken")
		}
		if free.acquire(t.Context(), lateClock{}) {
			t.Fatal("a slot is taken twice")
		}
		free.release()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if free.acquire(ended, lateClock{}) || len(free) != 0 {
		t.Error("a slot is taken for somebody who is gone")
	}
}
