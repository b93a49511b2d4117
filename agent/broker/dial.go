package broker

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync/atomic"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

// dial opens the connection, up to and with TLS.
func (c *Client) dial(ctx context.Context, _ autopaho.ClientConfig, u *url.URL) (net.Conn, error) {
	c.mu.Lock()
	c.enter("connecting")
	c.told, c.asked = false, false
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	d := net.Dialer{KeepAlive: -1} // TCP's own costs half a megabyte a day; MQTT's is enough
	raw, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	counted := &counted{Conn: raw, in: &c.bytesIn, out: &c.bytesOut}
	conn := net.Conn(counted)
	if u.Scheme == "mqtts" {
		if conn, err = c.secure(ctx, counted, u.Hostname()); err != nil {
			raw.Close()
			return nil, err
		}
	}
	c.mu.Lock()
	c.conn = raw
	c.mu.Unlock()
	return &whole{Conn: conn}, nil
}

func (c *Client) secure(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	cfg := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.opts.CAFile != "" {
		pem, err := os.ReadFile(c.opts.CAFile)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &fileError{c.opts.CAFile, "holds no certificate in PEM"}
		}
	}
	var ours tls.Certificate
	if c.opts.CertFile != "" {
		var err error
		if ours, err = tls.LoadX509KeyPair(c.opts.CertFile, c.opts.KeyFile); err != nil {
			return nil, &fileError{c.opts.CertFile, err.Error()}
		}
	}
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked = true
		return &ours, nil
	}
	conn := tls.Client(raw, cfg)
	return conn, conn.HandshakeContext(ctx)
}

// introduce completes the CONNECT packet.
func (c *Client) introduce(p *paho.Connect, _ *url.URL) (*paho.Connect, error) {
	p.CleanStart = false // what came while we were away is what we are here for
	p.Properties.RequestProblemInfo = true
	p.Properties.ReceiveMaximum = new(uint16(inFlight))
	if c.opts.UserFile != "" {
		user, err := line(c.opts.UserFile)
		if err != nil {
			return nil, err
		}
		p.UsernameFlag, p.Username = true, string(user)
	}
	if c.opts.PasswordFile != "" {
		password, err := line(c.opts.PasswordFile)
		if err != nil {
			return nil, err
		}
		p.PasswordFlag, p.Password = true, password
	}
	return p, nil
}

// line reads a file of one line.
func line(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if text = bytes.TrimRight(text, "\r\n"); len(text) == 0 {
		return nil, &fileError{path, "is empty"}
	}
	return text, nil
}

// fileError is a file that can be read and not be used.
type fileError struct{ path, reason string }

func (e *fileError) Error() string { return fmt.Sprintf("%s: %s", e.path, e.reason) }

// counted counts what goes over the wire, TLS included.
type counted struct {
	net.Conn
	in, out *atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.in.Add(int64(n))
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.out.Add(int64(n))
	return n, err
}
