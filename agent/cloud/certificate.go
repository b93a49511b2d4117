package cloud

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificateCheck is how often the files of a certificate are looked at: at the first handshake after it.
const certificateCheck = 5 * time.Second

// A certificate is a pair of files that may be replaced at any time, as the clients of certificate authorities do every few
// weeks. A new pair that does not fit together, or half of one, leaves the old one in use.
type certificate struct {
	certFile, keyFile string
	clock             Clock
	failed            func(error) // told why a changed pair is not used

	mu     sync.Mutex // guards what follows
	pair   *tls.Certificate
	stamp  string // of the files that pair was read from
	looked time.Time
}

func newCertificate(certFile, keyFile string, clock Clock, failed func(error)) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, clock: clock, failed: failed}
	stamp, err := c.filesStamp()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	c.pair, c.stamp, c.looked = &pair, stamp, clock.Now()
	return c, nil
}

// get is for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	if now.Sub(c.looked) < certificateCheck {
		return c.pair, nil
	}
	c.looked = now
	stamp, err := c.filesStamp()
	if err == nil && stamp == c.stamp {
		return c.pair, nil
	}
	var fresh tls.Certificate
	if err == nil {
		fresh, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	if err != nil {
		c.failed(err)
		return c.pair, nil
	}
	c.pair, c.stamp = &fresh, stamp
	return c.pair, nil
}

// filesStamp differs when one of the files was changed or replaced.
func (c *certificate) filesStamp() (string, error) {
	cert, err := os.Stat(c.certFile)
	if err != nil {
		return "", err
	}
	key, err := os.Stat(c.keyFile)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(cert.ModTime().UnixNano(), cert.Size(), key.ModTime().UnixNano(), key.Size()), nil
}
