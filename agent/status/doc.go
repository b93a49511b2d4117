// Package status is how the daemon is read and steered from outside: the JSON types of version 1, the HTTP server on a
// unix socket, and the client that the command line, tests and other programs use.
//
// It is not the place where anything is decided. The server turns requests into calls of a Provider and the Provider's
// values into JSON; it never touches the modem and never waits for the loop that owns it.
//
// # Contract
//
//   - HTTP/1.1 and JSON, paths under /v1/. Names are never renamed or removed, only added. GET /v1/ lists what there is.
//   - Unknown values are left out, never null. Times are RFC 3339 in UTC; units are part of the name (rsrp_dbm, uptime_s).
//   - Errors are application/problem+json (RFC 9457) with a stable "code" and, where there is one, a "hint".
//   - Who may connect may read. Root, the daemon's own user and the configured operators may write, by SO_PEERCRED.
//   - A foreign Host, an Origin or a Referer is refused: it means that a web page is behind the request.
//
// By hand:
//
//	curl --unix-socket /run/supersim-agent/status.sock http://local/v1/status
//	curl -N --unix-socket /run/supersim-agent/status.sock 'http://local/v1/timeline?follow=1&limit=20'
//
// To add an endpoint, add one row to the table in routes.go, and the client's method beside the others in client.go.
package status
