package status

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

const typeProblem = "application/problem+json"

// Problem is an error as the socket tells it (RFC 9457). A Provider may return one to choose status and hint itself.
type Problem struct {
	Type   string `json:"type"`            // always "about:blank": Code says which problem it is
	Title  string `json:"title"`           // of the HTTP status
	Status int    `json:"status"`          // HTTP status
	Code   string `json:"code"`            // stable, lower-kebab-case
	Detail string `json:"detail,omitzero"` // what was wrong with this request
	Hint   string `json:"hint,omitzero"`   // what to do about it
}

func (p *Problem) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("%s (%s)", p.Title, p.Code)
	}
	return fmt.Sprintf("%s (%s)", p.Detail, p.Code)
}

// NewProblem makes a problem with the title that belongs to its HTTP status.
func NewProblem(httpStatus int, code, detail, hint string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(httpStatus), Status: httpStatus, Code: code,
		Detail: detail, Hint: hint}
}

// completed fills in what a Provider left out, in a copy: a document without a status or a code is of no use to a client.
func (p *Problem) completed() *Problem {
	status, code := p.Status, p.Code
	if status < 400 || status > 599 {
		status = http.StatusInternalServerError
	}
	if code == "" {
		code = "failed"
	}
	full := NewProblem(status, code, p.Detail, p.Hint)
	if p.Title != "" {
		full.Title = p.Title
	}
	return full
}

// problemOf finds the problem in a Provider's error. what names the thing that was asked for.
func problemOf(what string, err error) *Problem {
	var p *Problem
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p.completed()
	case errors.As(err, &tooBig):
		return NewProblem(http.StatusRequestEntityTooLarge, "body-too-large",
			fmt.Sprintf("%s: the body is larger than %d bytes", what, tooBig.Limit), "Send it in smaller parts.")
	case errors.Is(err, errors.ErrUnsupported):
		return NewProblem(http.StatusNotImplemented, "not-supported", what+" is not supported by this daemon", "")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return NewProblem(http.StatusGatewayTimeout, "timeout", what+" did not end in time",
			"It may still happen; see /v1/timeline.")
	}
	return NewProblem(http.StatusBadGateway, "failed", fmt.Sprintf("%s: %v", what, err), "")
}
