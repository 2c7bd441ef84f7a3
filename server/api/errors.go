package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/fhir"
	"vigil/vitals"
)

// ProblemError is a refused or failed request as RFC 9457 has it, with what a program decides on.
type ProblemError struct {
	Type   string              `json:"type,omitempty" format:"uri-reference" doc:"Kind of problem; about:blank when the status says it all."`
	Title  string              `json:"title" doc:"The HTTP status in words."`
	Status int                 `json:"status" doc:"The HTTP status."`
	Detail string              `json:"detail,omitempty" doc:"What is wrong, for people."`
	Code   string              `json:"code,omitempty" doc:"What is wrong, for programs."`
	Errors []*huma.ErrorDetail `json:"errors,omitempty" nullable:"false" doc:"What is wrong with each part of the request."`
	Alarm  *alerts.View        `json:"alarm,omitempty" doc:"The alarm as it is, where an acknowledgement was refused."`

	retryAfter time.Duration
}

// Error is the detail.
func (p *ProblemError) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *ProblemError) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457.
func (p *ProblemError) ContentType(string) string { return "application/problem+json" }

// GetHeaders says when to try again, and how to say who is asking.
func (p *ProblemError) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter + time.Second - 1).Seconds())))
	}
	return h
}

// newProblem makes the problem of a status.
func newProblem(status int, detail string) *ProblemError {
	p := &ProblemError{Title: http.StatusText(status), Status: status, Detail: detail, Code: codes[status]}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		p.retryAfter = retryAfter
	}
	return p
}

// retryAfter is when a client should come back after 503 or 429.
const retryAfter = 5 * time.Second

// codes are the words for programs.
var codes = map[int]string{
	http.StatusBadRequest:            "bad_request",
	http.StatusUnauthorized:          "unauthorized",
	http.StatusForbidden:             "forbidden",
	http.StatusNotFound:              "not_found",
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusConflict:              "conflict",
	http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   "invalid",
	http.StatusTooManyRequests:       "too_many_requests",
	http.StatusInternalServerError:   "internal",
	http.StatusServiceUnavailable:    "unavailable",
	http.StatusBadGateway:            "bad_gateway",
}

// ErrInvalid says that what was given will not do; the text of the error that wraps it says why and
// may be shown.
var ErrInvalid = errors.New("not acceptable")

// TooManyRequests says that something was tried too often and when it may be tried again.
func TooManyRequests(detail string, after time.Duration) error {
	p := newProblem(http.StatusTooManyRequests, detail)
	p.retryAfter = max(after, time.Second)
	return p
}

// Unavailable says that something was not done and may be tried again.
func Unavailable(detail string) error { return newProblem(http.StatusServiceUnavailable, detail) }

// Refusals that handlers make themselves.
var (
	errNotSignedIn = newProblem(http.StatusUnauthorized, "sign in first")
	errForbidden   = newProblem(http.StatusForbidden, "your role may not do this")
	errNotFound    = newProblem(http.StatusNotFound, "there is no such record, or none that you may see")
)

// naming says of a record that was not found what it is.
func naming(err error, what string) error {
	if errors.Is(err, vitals.ErrNotFound) {
		return newProblem(http.StatusNotFound, "there is no such "+what+", or none that you may see")
	}
	return err
}

// huma's own refusals (validation, unreadable bodies) get the same shape. The value at fault is left
// out: it may be a password or a name.
func init() {
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		p := newProblem(status, detail)
		p.Errors = lo.FilterMap(errs, func(err error, _ int) (*huma.ErrorDetail, bool) {
			if err == nil {
				return nil, false
			}
			if described, ok := err.(huma.ErrorDetailer); ok {
				d := described.ErrorDetail()
				return &huma.ErrorDetail{Message: d.Message, Location: d.Location}, true
			}
			return &huma.ErrorDetail{Message: "not readable"}, true
		})
		return p
	}
}

// problemOf chooses the status for an error of a handler. The second result is false for a fault of
// our own, which the client must not read.
func problemOf(err error) (*ProblemError, bool) {
	if p, ok := errors.AsType[*ProblemError](err); ok {
		return p, true
	}
	if refused, ok := errors.AsType[*alerts.RefusedError](err); ok {
		return commandProblem(refused), true
	}
	if changed, ok := errors.AsType[*alerts.LimitsConflictError](err); ok {
		p := newProblem(http.StatusConflict, changed.Error())
		p.Code = "limits_changed"
		return p, true
	}
	if conflict, ok := errors.AsType[vitals.ConflictError](err); ok {
		return newProblem(http.StatusConflict, conflict.Error()), true
	}
	switch {
	case errors.Is(err, alerts.ErrLimits):
		return newProblem(http.StatusUnprocessableEntity, behind(err, alerts.ErrLimits)), true
	case errors.Is(err, ErrInvalid), errors.Is(err, alerts.ErrPolicy), errors.Is(err, alerts.ErrContact):
		return newProblem(http.StatusUnprocessableEntity, err.Error()), true
	case errors.Is(err, vitals.ErrNotFound):
		return errNotFound, true
	case errors.Is(err, vitals.ErrConflict):
		return newProblem(http.StatusConflict, "another record stands in the way"), true
	case errors.Is(err, vitals.ErrDeviceID):
		return newProblem(http.StatusUnprocessableEntity, vitals.ErrDeviceID.Error()), true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return newProblem(http.StatusServiceUnavailable, "this took too long; try again"), true
	default:
		return newProblem(http.StatusInternalServerError, "something went wrong; the request id names it in the log"), false
	}
}

// behind is what an error says behind the kind that it is of: where it passed through is nothing to whoever asked.
func behind(err, kind error) string {
	text := err.Error()
	if _, why, found := strings.Cut(text, kind.Error()+": "); found {
		return why
	}
	return text
}

// commandProblem is what is told of a refused command.
func commandProblem(refused *alerts.RefusedError) *ProblemError {
	switch refused.Code {
	case alerts.UnknownAlarm:
		return errNotFound
	case alerts.Forbidden:
		return errForbidden
	case alerts.HighWaits:
		return newProblem(http.StatusConflict, "an alarm of high priority has not been acknowledged")
	case alerts.Unfit:
		return newProblem(http.StatusBadRequest, refused.Why)
	case alerts.AlreadyAcked, alerts.NotAcked, alerts.Worse, alerts.ClosedAlarm:
	}
	details := map[alerts.RefusalCode]string{
		alerts.AlreadyAcked: "somebody else acknowledged it first",
		alerts.NotAcked:     "nobody has acknowledged it",
		alerts.Worse:        "the alarm has asked for attention again since it was shown",
		alerts.ClosedAlarm:  "the episode is over",
	}
	p := newProblem(http.StatusConflict, details[refused.Code])
	p.Code = string(refused.Code)
	p.Alarm = new(refused.Current.View())
	return p
}

// problem is what the client is told of an error. A fault of our own is logged.
func (s *service) problem(ctx context.Context, err error) *ProblemError {
	p, expected := problemOf(err)
	if !expected {
		s.Log.ErrorContext(ctx, "request failed", "request_id", requestIDOf(ctx), "error", err)
	}
	return p
}

// issueCodes are FHIR's words for a status.
var issueCodes = map[int]fhir.IssueCode{
	http.StatusBadRequest:            fhir.Invalid,
	http.StatusUnauthorized:          fhir.Login,
	http.StatusForbidden:             fhir.Forbidden,
	http.StatusNotFound:              fhir.NotFound,
	http.StatusMethodNotAllowed:      fhir.NotSupported,
	http.StatusNotAcceptable:         fhir.NotSupported,
	http.StatusConflict:              fhir.Conflict,
	http.StatusRequestEntityTooLarge: fhir.TooLong,
	http.StatusUnsupportedMediaType:  fhir.NotSupported,
	http.StatusTooManyRequests:       fhir.Throttled,
	http.StatusServiceUnavailable:    fhir.Transient,
}

// issueOf is what a FHIR client is told of a problem.
func issueOf(p *ProblemError) fhir.Issue {
	code, known := issueCodes[p.Status]
	if !known {
		code = fhir.Exception
	}
	return fhir.Issue{Severity: fhir.Fault, Code: code, Text: p.Detail}
}
