package cloud

import (
	"context"
	"errors"
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
	// slots bounds how many bodies are in memory at the same time.
	slots = 16
	// maxTokens bounds the idempotency tokens remembered. KORE resends within seconds, up to three times.
	maxTokens = 4096
)

// ErrNotLoopback refuses to listen where other hosts can reach us, unless that was asked for.
var ErrNotLoopback = errors.New("the address can be reached from other hosts, and remote access is not allowed")

// WebhookOptions adjusts a Webhook. Listen and Path are required.
type WebhookOptions struct {
	Listen      string // host:port; port 0 lets the kernel choose, see Addr
	Path        string // exact path of the URL: "/events"
	AllowRemote bool   // listen on more than loopback
	Limits      Limits
	Clock       Clock
}

// A Webhook takes events by HTTP POST, as KORE's and Twilio's Event Streams send them. A delivery is answered 2xx only
// after emit accepted its events, so that the sender keeps what we could not take. There is no signature check and no
// TLS here: that is why it listens on loopback unless told otherwise.
type Webhook struct {
	opts  WebhookOptions
	tally tally
	slots chan struct{} // holds one value for each request whose body is in memory

	mu       sync.Mutex   // guards what follows
	listener net.Listener // nil while not listening
	tokens   *Dedupe      // idempotency tokens of deliveries that were accepted
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
	opts.Limits = opts.Limits.orDefault()
	opts.Clock = orSystem(opts.Clock)
	return &Webhook{opts: opts, slots: make(chan struct{}, slots), tokens: NewDedupe(maxTokens)}, nil
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

// Stats may be called at any time, from anywhere.
func (w *Webhook) Stats() Stats { return w.tally.snapshot() }

// Run serves until ctx ends and returns nil then. When it returns the port is free and no emit is running.
func (w *Webhook) Run(ctx context.Context, emit func(context.Context, Batch) error) error {
	listener, err := w.listen()
	if err != nil {
		return err
	}
	defer w.forgetListener()
	server := &http.Server{
		Handler:           &delivery{hook: w, emit: emit},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	select {
	case <-ctx.Done():
		stop(server)
		<-served
	case err = <-served:
		server.Close()
	}
	w.drain()
	if err != nil {
		return webhookError("serve on", w.opts.Listen, err)
	}
	return nil
}

// stop lets requests finish for a moment and then cuts them off.
func stop(server *http.Server) {
	grace, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if server.Shutdown(grace) != nil {
		server.Close()
	}
}

// drain waits until no request holds a slot. New ones take none, because their context has ended.
func (w *Webhook) drain() {
	for range slots {
		w.slots <- struct{}{}
	}
	for range slots {
		<-w.slots
	}
}

func (w *Webhook) knownToken(token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tokens.Has(token)
}

func (w *Webhook) rememberToken(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens.Seen(token)
}

func webhookError(op, on string, err error) *SourceError {
	return &SourceError{Source: "webhook", Op: op, On: on, Err: err}
}
