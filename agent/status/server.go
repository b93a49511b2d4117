package status

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	// net/http reads 4 KiB more than MaxHeaderBytes before it answers 431, so this makes the limit 8 KiB.
	maxHeader     = 8<<10 - 4<<10
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second // a whole request
	idleTimeout   = 30 * time.Second
	writeTimeout  = 10 * time.Second // one answer
	doTimeout     = 60 * time.Second // what a write may take; the slowest AT commands have their own limits below it
	shutdownGrace = time.Second
)

// Options are what a Server needs. Provider is required.
type Options struct {
	Provider  Provider
	Operators []string // user names or uids that may write, besides root and the daemon's own user
	Version   string   // of the program, for the index and the response header
	Log       zerolog.Logger
}

// Server answers HTTP requests with what its Provider knows. It is an http.Handler; a request that did not come through
// Serve has no known peer and may only read.
type Server struct {
	provider Provider
	writers  writers
	version  string
	log      zerolog.Logger
	routes   []route
	peerOf   func(net.Conn) (Peer, error)
	streams  atomic.Int64             // open streams
	rendered atomic.Pointer[document] // the JSON of the last snapshot that somebody asked for
}

// NewServer returns a server that is not listening yet. It fails when an operator is not a known user.
func NewServer(o Options) (*Server, error) {
	w, err := newWriters(o.Operators)
	if err != nil {
		return nil, err
	}
	return &Server{provider: o.Provider, writers: w, version: o.Version, log: o.Log, routes: routes, peerOf: peerOf}, nil
}

// Serve answers on ln until ctx ends, which closes the listener and every stream; it then returns nil. Any other end is
// an error.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       connContext,
		ErrorLog:          log.New(s.log.With().Str("part", "status-http").Logger(), "", 0),
	}
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(stopped)
		shutdown(srv)
	})
	err := srv.Serve(&gate{Listener: ln, peerOf: s.peerOf})
	if cancel() {
		shutdown(srv)
		return fmt.Errorf("serve status on %v: %w", ln.Addr(), err)
	}
	<-stopped
	return nil
}

// shutdown lets answers that are being written end, then closes what is left.
func shutdown(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	if srv.Shutdown(ctx) != nil {
		_ = srv.Close() // the listener is closed already, the rest has had its time
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Supersim-Agent-Version", s.version)
	if err := s.serve(w, r); err != nil {
		s.fail(w, r, err)
	}
}

// serve checks the request, in the order of what costs least, and hands it to its route.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	if refused(r.Context()) {
		w.Header().Set("Connection", "close")
		return NewProblem(http.StatusServiceUnavailable, "too-many-connections",
			fmt.Sprintf("%d connections are open already", maxConns), "Close one, or try again in a moment.")
	}
	if p := foreign(r); p != nil {
		return p
	}
	rt, err := s.route(w, r)
	if err != nil {
		return err
	}
	if !rt.write && r.ContentLength != 0 { // an unread body would hide from us that the client has left
		return NewProblem(http.StatusBadRequest, "unexpected-body", r.Method+" takes no body", "")
	}
	if rt.write {
		if err := s.authorize(r); err != nil {
			return err
		}
	}
	return rt.serve(s, w, r)
}

// foreign refuses what a browser would send on behalf of a web page: DNS rebinding shows in Host, cross-site requests in
// Origin and Referer. No client of ours sends either.
func foreign(r *http.Request) *Problem {
	if !localHost(r.Host) {
		return NewProblem(http.StatusForbidden, "foreign-host", fmt.Sprintf("Host %q is not this socket", r.Host),
			"Use http://local/v1/… as the address.")
	}
	for _, name := range []string{"Origin", "Referer"} {
		if r.Header.Get(name) != "" {
			return NewProblem(http.StatusForbidden, "browser-request", "requests with "+name+" are refused",
				"The socket is not for web pages.")
		}
	}
	return nil
}

// localHost accepts no host, the two names for this socket, and a socket path as some clients put it there.
func localHost(host string) bool {
	if path, err := url.PathUnescape(host); err == nil && strings.HasPrefix(path, "/") {
		return true
	}
	return slices.Contains([]string{"", "local", "localhost"}, strings.ToLower(host))
}

// route finds the row of the table for the request. HEAD is GET without the body.
func (s *Server) route(w http.ResponseWriter, r *http.Request) (*route, error) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	for i := range s.routes {
		if s.routes[i].Path != r.URL.Path {
			continue
		}
		if s.routes[i].Method == method {
			return &s.routes[i], nil
		}
		allowed = append(allowed, s.routes[i].Method)
	}
	if allowed == nil {
		return nil, NewProblem(http.StatusNotFound, "no-such-endpoint", r.URL.Path+" does not exist",
			"GET /v1/ lists the endpoints.")
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return nil, NewProblem(http.StatusMethodNotAllowed, "wrong-method",
		fmt.Sprintf("%s does not answer to %s", r.URL.Path, r.Method), "Use "+strings.Join(allowed, " or ")+".")
}

// authorize lets writers pass.
func (s *Server) authorize(r *http.Request) error {
	peer, known := peerFrom(r.Context())
	if known && s.writers[peer.UID] {
		return nil
	}
	s.log.Warn().Bool("peer_known", known).Uint32("uid", peer.UID).Int32("pid", peer.PID).
		Str("path", r.URL.Path).Msg("write refused: no right to write")
	detail := "the user of this connection is not known"
	if known {
		detail = fmt.Sprintf("user %d may read, not write", peer.UID)
	}
	return NewProblem(http.StatusForbidden, "no-write-right", detail,
		"Use sudo, or add the user to status.operators in the configuration.")
}

// logWrite notes who asked for what, before it is done.
func (s *Server) logWrite(r *http.Request, command string) {
	peer, _ := peerFrom(r.Context())
	s.log.Info().Uint32("uid", peer.UID).Int32("pid", peer.PID).Str("program", peer.program()).
		Str("command", command).Msg("asked through the status socket")
}

// fail sends err as a problem.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(r.Method+" "+r.URL.Path, err)
	body, err := encode(p)
	if err != nil {
		s.log.Error().Err(err).Msg("problem not encoded")
	}
	if r.ContentLength != 0 { // perhaps unread: do not make the client wait until the rest has come
		w.Header().Set("Connection", "close")
	}
	respond(w, p.Status, typeProblem, body)
}
