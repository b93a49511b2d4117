package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// KORE gives up on a request after 5 s (Event Streams). These three may follow one another and leave room for the
	// answer.
	readTimeout = 3 * time.Second // header and body
	slotTimeout = 500 * time.Millisecond
	emitTimeout = time.Second

	writeTimeout = 10 * time.Second // from the end of the header to the end of the answer
	idleTimeout  = time.Minute
	stopTimeout  = time.Second

	maxHeader = 16 << 10
	// The service has 64 MiB in all. KORE sends up to 50 events of 1.5 KB in a body.
	defaultBody        = 512 << 10
	defaultParallel    = 8
	defaultConnections = 256
	// smallBody is what every connection may have in memory.
	smallBody = 32 << 10
	// largeSlots bounds how many bodies above that are in memory. They have slots of their own, so that those who send long
	// bodies slowly are in the way of each other only.
	largeSlots = 8
	// maxTokens bounds the idempotency tokens remembered. KORE resends within seconds, up to three times.
	maxTokens = 4096
)

// ErrNotLoopback refuses to listen where other hosts can reach us, unless that was asked for.
var ErrNotLoopback = errors.New("the address can be reached from other hosts, and remote access is not allowed")

// ErrPlain refuses to be reached by other hosts without TLS, unless that was asked for.
var ErrPlain = errors.New("other hosts would speak to it without TLS, and plain HTTP is not allowed")

// WebhookOptions adjusts a Webhook. Listen and Path are required.
type WebhookOptions struct {
	Listen      string // host:port; port 0 lets the kernel choose, see Addr
	Path        string // exact path of the URL: "/events"
	AllowRemote bool   // listen on more than loopback
	PlainHTTP   bool   // do so without TLS

	// Secrets are what deliveries must be signed with, one of them; without any, nobody is asked for a signature.
	Secrets []string
	// PublicURL is the URL that the sender was given and signs. "" means what the request's Host header makes of it, which
	// is wrong behind a proxy that changes it or the path.
	PublicURL string
	// CertFile and KeyFile (PEM) make it speak TLS. They are read again when they change.
	CertFile, KeyFile string

	Limits      Limits // of one body; 512 KiB
	Parallel    int    // bodies verified, decoded and handed on at the same time; 8
	Connections int    // open at the same time; 256. More wait in the kernel's queue
	Clock       Clock
	Log         func(text string) // told what a person should know, seldom; nil: nobody
}

// A Webhook takes events by HTTP POST, as KORE's and Twilio's Event Streams send them. A delivery is answered 2xx only
// after emit accepted its events, so that the sender keeps what we could not take.
type Webhook struct {
	opts     WebhookOptions
	verifier verifier
	cert     *certificate // nil: plain HTTP
	tally    tally
	reporter reporter
	large    slots // held by requests with a long body
	work     slots // held while a body is judged and handed on

	mu       sync.Mutex   // guards what follows
	listener net.Listener // nil while not listening
	tokens   *Dedupe      // tokens of deliveries that were accepted
}

// NewWebhook checks the options; it does not listen yet.
func NewWebhook(opts WebhookOptions) (*Webhook, error) {
	if !strings.HasPrefix(opts.Path, "/") {
		return nil, webhookError("configure", opts.Listen, errors.New(`the path must begin with "/"`))
	}
	host, _, err := net.SplitHostPort(opts.Listen)
	if err != nil {
		return nil, webhookError("configure", opts.Listen, err)
	}
	if !loopback(host) && !opts.AllowRemote {
		return nil, webhookError("configure", opts.Listen, ErrNotLoopback)
	}
	if !loopback(host) && opts.CertFile == "" && !opts.PlainHTTP {
		return nil, webhookError("configure", opts.Listen, ErrPlain)
	}
	opts = opts.orDefault()
	w := &Webhook{opts: opts, large: make(slots, largeSlots), work: make(slots, opts.Parallel), tokens: NewDedupe(maxTokens),
		verifier: verifier{publicURL: opts.PublicURL, tls: opts.CertFile != ""}, reporter: reporter{log: opts.Log, clock: opts.Clock}}
	if err := w.setSecrets(opts.Secrets); err != nil {
		return nil, webhookError("configure", opts.Listen, err)
	}
	if opts.CertFile != "" {
		if w.cert, err = newCertificate(opts.CertFile, opts.KeyFile, opts.Clock, w.certificateFailed); err != nil {
			return nil, webhookError("configure", opts.Listen, err)
		}
	}
	return w, nil
}

func (o WebhookOptions) orDefault() WebhookOptions {
	for _, f := range []struct {
		have  *int
		usual int
	}{{&o.Limits.Body, defaultBody}, {&o.Parallel, defaultParallel}, {&o.Connections, defaultConnections}} {
		if *f.have <= 0 {
			*f.have = f.usual
		}
	}
	o.Limits = o.Limits.orDefault()
	o.Clock = orSystem(o.Clock)
	return o
}

func (w *Webhook) setSecrets(secrets []string) error {
	if len(secrets) > maxSecrets {
		return fmt.Errorf("%d secrets, at most %d are used", len(secrets), maxSecrets)
	}
	for _, s := range secrets {
		if s == "" {
			return errors.New("a secret is empty")
		}
		w.verifier.secrets = append(w.verifier.secrets, []byte(s))
	}
	w.opts.Secrets = nil
	return nil
}

func (w *Webhook) certificateFailed(err error) {
	w.tally.update(func(s *Stats) { s.LastError = err.Error() })
	w.reporter.report("certificate", "the changed certificate cannot be used, the old one stays: %v", err)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Listen binds the address. Run does it too when it was not done before; to call it first is the way to learn the
// address, and to hear of a port that is taken before anything else is started. Run must follow, to free the port.
func (w *Webhook) Listen() error {
	_, err := w.listen()
	return err
}

func (w *Webhook) listen() (net.Listener, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener != nil {
		return w.listener, nil
	}
	l, err := net.Listen("tcp", w.opts.Listen)
	if err != nil {
		return nil, webhookError("listen on", w.opts.Listen, err)
	}
	w.listener = l
	return l, nil
}

// Addr is the address listened on, with the real port, or "" while not listening.
func (w *Webhook) Addr() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener == nil {
		return ""
	}
	return w.listener.Addr().String()
}

func (w *Webhook) forgetListener() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener = nil
}

// Name says which source this is: "webhook 127.0.0.1:8099/events".
func (w *Webhook) Name() string { return "webhook " + w.opts.Listen + w.opts.Path }

// Stats may be called at any time, from anywhere.
func (w *Webhook) Stats() Stats { return w.tally.snapshot() }

// Run serves until ctx ends and returns nil then. When it returns the port is free and no emit is running.
func (w *Webhook) Run(ctx context.Context, emit func(context.Context, Batch) error) error {
	listener, err := w.listen()
	if err != nil {
		return err
	}
	defer w.forgetListener()
	entrance := newGate(listener, w.opts.Connections, func() { w.tally.update(func(s *Stats) { s.Dropped++ }) })
	server := w.server(ctx, &delivery{hook: w, emit: emit})
	served := make(chan error, 1)
	go func() { served <- server.Serve(w.secured(entrance)) }()

	select {
	case <-ctx.Done():
		stop(server)
		<-served
	case err = <-served:
		server.Close()
	}
	w.work.drain()
	if err != nil {
		return webhookError("serve on", w.opts.Listen, err)
	}
	return nil
}

func (w *Webhook) server(ctx context.Context, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withGuest,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(&w.reporter, "", 0),
	}
}

// secured puts TLS over the listener if there is a certificate.
func (w *Webhook) secured(l net.Listener) net.Listener {
	if w.cert == nil {
		return l
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: w.cert.get})
}

// stop lets requests finish for a moment and then cuts them off.
func stop(server *http.Server) {
	grace, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if server.Shutdown(grace) != nil {
		server.Close()
	}
}

func (w *Webhook) known(token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tokens.Has(token)
}

func (w *Webhook) remember(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens.Seen(token)
}

func webhookError(op, on string, err error) *SourceError {
	return &SourceError{Source: "webhook", Op: op, On: on, Err: err}
}
