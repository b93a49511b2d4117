package status

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answer is a response whose body has been read.
type answer struct {
	*http.Response
	body []byte
}

// exchange writes one raw request to c and reads the whole answer.
func exchange(t *testing.T, c net.Conn, request string) answer {
	t.Helper()
	resp := begin(t, c, request)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, body}
}

// begin writes one raw request to c and reads the header of its answer.
func begin(t *testing.T, c net.Conn, request string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// inBubble plays a test in virtual time with a server on in-memory connections.
func inBubble(t *testing.T, test func(t *testing.T, f *fake, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		f, p := newFake(), newPipes()
		s := newTestServer(t, f)
		s.peerOf = func(c net.Conn) (Peer, error) { return c.(pipe).peer, nil }
		defer serve(t, s, p)()
		test(t, f, p)
	})
}

const follow = "GET /v1/timeline?follow=1%s HTTP/1.1\r\nHost: local\r\n%s\r\n"

// texts decodes n lines of JSON.
func texts(t *testing.T, dec *json.Decoder, n int) []string {
	t.Helper()
	var got []string
	for range n {
		var e TimelineEntry
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s %s", e.Seq, e.Kind, e.Text))
	}
	return got
}

func TestFollowLines(t *testing.T) {
	for _, tt := range []struct {
		name, query string
		want        []string // after three entries from before and two new ones
	}{
		{"only what comes", "", []string{"4 sim d", "5 data e"}},
		{"from the last two", "&limit=2", []string{"2 sim b", "3 data c", "4 sim d", "5 data e"}},
		{"from a number", "&since=1", []string{"2 sim b", "3 data c", "4 sim d", "5 data e"}},
		{"one kind", "&since=0&kind=sim", []string{"2 sim b", "4 sim d"}},
		{"a number from before a restart", "&since=99", []string{"1 port a", "2 sim b", "3 data c", "4 sim d", "5 data e"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, p *pipes) {
				f.add("port", "a")
				f.add("sim", "b")
				f.add("data", "c")
				c := p.dial()
				defer c.Close()
				resp := begin(t, c, fmt.Sprintf(follow, tt.query, ""))
				if got := resp.Header.Get("Content-Type"); got != "application/x-ndjson" {
					t.Errorf("content type %q", got)
				}
				f.add("sim", "d")
				f.add("data", "e")
				if diff := cmp.Diff(tt.want, texts(t, json.NewDecoder(resp.Body), len(tt.want))); diff != "" {
					t.Errorf("entries (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestFollowServerSentEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, p *pipes) {
		f.add("port", "a")
		f.add("sim", "b")
		c := p.dial()
		defer c.Close()
		resp := begin(t, c, fmt.Sprintf(follow, "", "Accept: text/event-stream\r\nLast-Event-ID: 1\r\n"))
		if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("content type %q", got)
		}
		lines := bufio.NewScanner(resp.Body)
		want := []string{"id: 2", `data: {"seq":2,"time":"2025-11-26T09:05:44Z","side":"local","kind":"sim","text":"b"}`, "", ": hb", ""}
		start := time.Now()
		for _, line := range want {
			if lines.Scan(); lines.Text() != line {
				t.Fatalf("got %q, want %q", lines.Text(), line)
			}
		}
		if got := time.Since(start); got != heartbeat {
			t.Errorf("heart-beat after %v", got)
		}
	})
}

// A reader that pauses is told what it missed; the provider never waits for it and keeps no more than it keeps anyway.
func TestSlowReaderIsToldItsLoss(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, p *pipes) {
		f.keep = 10
		c := p.dial()
		defer c.Close()
		resp := begin(t, c, fmt.Sprintf(follow, "", ""))
		f.add("sim", "first")
		synctest.Wait() // the server now waits in the write of the first entry
		for range 50 {
			f.add("signal", "more")
		}
		got := texts(t, json.NewDecoder(resp.Body), 12)
		want := append([]string{"1 sim first", "41 lost 40 entries were dropped before they could be sent"},
			"42 signal more", "43 signal more")
		if diff := cmp.Diff(want, got[:4]); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
		if got[11] != "51 signal more" {
			t.Errorf("last: %s", got[11])
		}
	})
}

func TestReaderThatStopsIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, p *pipes) {
		c := p.dial()
		defer c.Close()
		begin(t, c, fmt.Sprintf(follow, "", ""))
		f.add("sim", "nobody reads this")
		<-time.After(streamWriteTimeout + time.Second) // in virtual time
		if _, err := c.Write([]byte("x")); err == nil {
			t.Error("the connection is still open")
		}
	})
}

func TestStreamLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *fake, p *pipes) {
		for range maxStreams {
			c := p.dial()
			defer c.Close()
			if resp := begin(t, c, fmt.Sprintf(follow, "", "")); resp.StatusCode != http.StatusOK {
				t.Fatalf("stream refused: %d", resp.StatusCode)
			}
		}
		c := p.dial()
		defer c.Close()
		a := exchange(t, c, fmt.Sprintf(follow, "", ""))
		checkProblem(t, a.StatusCode, a.Header, a.body, 503, "too-many-streams")
	})
}

func TestConnectionLimit(t *testing.T) {
	const get = "GET /v1/status HTTP/1.1\r\nHost: local\r\n\r\n"
	inBubble(t, func(t *testing.T, _ *fake, p *pipes) {
		var conns []net.Conn
		for range maxConns {
			c := p.dial()
			defer c.Close()
			if a := exchange(t, c, get); a.StatusCode != http.StatusOK {
				t.Fatalf("connection refused: %d", a.StatusCode)
			}
			conns = append(conns, c)
		}
		over := p.dial()
		a := exchange(t, over, get)
		checkProblem(t, a.StatusCode, a.Header, a.body, 503, "too-many-connections")
		if !a.Close {
			t.Error("the refused connection stays open")
		}
		over.Close()
		conns[0].Close()
		synctest.Wait()
		again := p.dial()
		defer again.Close()
		if a := exchange(t, again, get); a.StatusCode != http.StatusOK {
			t.Errorf("after one left: %d", a.StatusCode)
		}
	})
}

func TestConnectionsBeyondTheRefusedAreClosedUnheard(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *fake, p *pipes) {
		for range maxConns + maxRefused {
			defer p.dial().Close()
		}
		c := p.dial()
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("got %v, want EOF", err)
		}
	})
}

func TestTimeLimits(t *testing.T) {
	for _, tt := range []struct {
		name, sent string
		after      time.Duration
		code       int // 0: closed without a word
	}{
		{"no request", "", headerTimeout, 0},
		{"half a header", "GET /v1/status HTTP/1.1\r\nHost: lo", headerTimeout, 0},
		{"idle after a request", "GET /v1/health HTTP/1.1\r\nHost: local\r\n\r\n", idleTimeout, 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ *fake, p *pipes) {
				c := p.dial()
				start := time.Now()
				if tt.sent != "" {
					io.WriteString(c, tt.sent)
				}
				got, err := io.ReadAll(c)
				if err != nil || time.Since(start) != tt.after {
					t.Errorf("closed after %v with %v, want %v", time.Since(start), err, tt.after)
				}
				if status := fmt.Sprintf("HTTP/1.1 %d ", tt.code); tt.code > 0 != strings.HasPrefix(string(got), status) {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

func TestHeaderLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *fake, p *pipes) {
		for size, want := range map[int]int{7 << 10: 200, 9 << 10: 431} {
			c := p.dial()
			defer c.Close()
			go fmt.Fprintf(c, "GET /v1/status HTTP/1.1\r\nHost: local\r\nX: %s\r\n\r\n", strings.Repeat("x", size))
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || resp.StatusCode != want {
				t.Errorf("a header of %d bytes: %v %v, want %d", size, resp, err, want)
			}
		}
	})
}

// A body that does not come must not keep a connection, whether the request needs it or not.
func TestSlowBody(t *testing.T) {
	for _, tt := range []struct {
		request string
		uid     uint32
		code    int
		problem string
	}{
		{"POST /v1/events", root, 408, "slow-body"},
		{"POST /v1/events", stranger, 403, "no-write-right"},
		{"GET /v1/status", root, 400, "unexpected-body"},
		{"GET /v1/timeline?follow=1", root, 400, "unexpected-body"},
	} {
		t.Run(fmt.Sprint(tt.request, " ", tt.uid), func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ *fake, p *pipes) {
				p.peer = Peer{UID: tt.uid}
				c := p.dial()
				defer c.Close()
				start := time.Now()
				a := exchange(t, c, tt.request+" HTTP/1.1\r\nHost: local\r\nContent-Length: 100\r\n\r\n[")
				checkProblem(t, a.StatusCode, a.Header, a.body, tt.code, tt.problem)
				if _, err := c.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the connection stays open: %v", err)
				}
				if got := time.Since(start); got > readTimeout+time.Second {
					t.Errorf("closed after %v", got)
				}
			})
		})
	}
}

// What the modem is asked to do may take longer than a request may take to arrive.
func TestLongAction(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, p *pipes) {
		f.takes = 3 * readTimeout
		for _, request := range []string{"POST /v1/probe", "POST /v1/modem/reset"} {
			p.peer = Peer{UID: root}
			c := p.dial()
			defer c.Close()
			a := exchange(t, c, request+" HTTP/1.1\r\nHost: local\r\nContent-Length: 2\r\n\r\n{}")
			if a.StatusCode != http.StatusOK {
				t.Errorf("%s: %d %s", request, a.StatusCode, a.body)
			}
		}
		f.takes = 2 * doTimeout
		c := p.dial()
		defer c.Close()
		a := exchange(t, c, "POST /v1/probe HTTP/1.1\r\nHost: local\r\nContent-Length: 0\r\n\r\n")
		checkProblem(t, a.StatusCode, a.Header, a.body, 504, "timeout")
	})
}
