package api

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// maxBody bounds what REST and FHIR clients may send.
const maxBody = 1 << 20

type contextKey int

const (
	staffKey contextKey = iota
	requestIDKey
)

const requestIDHeader = "X-Request-Id"

// goodRequestID is what we take over from a proxy; anything else could forge log lines.
var goodRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID names the request in the answer and in the log.
func (s *service) requestID(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !goodRequestID.MatchString(id) {
		id = rand.Text()
	}
	c.Header(requestIDHeader, id)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestIDKey, id))
}

func requestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// accessLog writes one line per request. It names the route, never the path: paths and queries hold
// the ids of patients.
func (s *service) accessLog(c *gin.Context) {
	began := s.Now()
	c.Next()
	level := slog.LevelInfo
	if polled[c.FullPath()] && c.Writer.Status() < http.StatusBadRequest {
		level = slog.LevelDebug
	}
	s.Log.Log(c.Request.Context(), level, "request",
		"request_id", requestIDOf(c.Request.Context()),
		"method", knownMethod(c.Request.Method),
		"route", routeOf(c),
		"status", c.Writer.Status(),
		"duration_ms", s.Now().Sub(began).Milliseconds())
}

// polled routes are asked every few seconds by machines; their successes would bury the rest.
var polled = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// routeOf is the template of the route; what no route matched is the dashboard's.
func routeOf(c *gin.Context) string {
	if route := c.FullPath(); route != "" {
		return route
	}
	return "other"
}

func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// recovery turns a panic into an answer and a log entry.
func (s *service) recovery(c *gin.Context) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(fault) // the server's own way to end a connection
		}
		s.Log.ErrorContext(c.Request.Context(), "request panicked",
			"request_id", requestIDOf(c.Request.Context()), "route", routeOf(c), "fault", fault, "stack", string(debug.Stack()))
		c.Abort()
		if !c.Writer.Written() {
			s.refuse(c, newProblem(http.StatusInternalServerError, "something went wrong; the request id names it in the log"))
		}
	}()
	c.Next()
}

// contentPolicy lets pages load from us only. Svelte's compiled styles are files, so no style needs
// to be allowed inline; uPlot and our code set styles through the CSSOM, which the policy does not govern.
const contentPolicy = "default-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// headers tells browsers what they must not do with our answers.
func (s *service) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if ours(c) {
		h.Set("Cache-Control", "no-store")
	}
}

// ours reports whether the request is for REST or FHIR, whose answers are about patients.
func ours(c *gin.Context) bool { return isREST(c) || isFHIR(c) }

func isREST(c *gin.Context) bool { return under(c, "/api") }

func isFHIR(c *gin.Context) bool { return under(c, "/fhir") }

func under(c *gin.Context, folder string) bool {
	path := c.Request.URL.Path
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// trusted knows our own origin, also where a proxy shows us another host than the browser sees.
func trusted(publicURL string) *http.CrossOriginProtection {
	protection := http.NewCrossOriginProtection()
	if address, err := url.Parse(publicURL); err == nil && address.Host != "" {
		_ = protection.AddTrustedOrigin(address.Scheme + "://" + address.Host) // these two alone are an origin
	}
	return protection
}

// sameOrigin refuses what another site's page makes a browser send with our cookie.
func (s *service) sameOrigin(c *gin.Context) {
	if err := s.origins.Check(c.Request); err != nil {
		s.refuse(c, newProblem(http.StatusForbidden, "requests of other sites are refused"))
	}
}

// maxDuration bounds one request of a REST or FHIR client, so that a search that finds little in much
// cannot keep the database busy for ever.
const maxDuration = 30 * time.Second

// limits bounds what clients of REST and FHIR may send and how long they are served; hubs and
// sockets have their own bounds.
func (s *service) limits(c *gin.Context) {
	if !ours(c) {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), maxDuration)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	if c.Request.Body != nil {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	}
	c.Next()
}
