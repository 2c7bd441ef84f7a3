package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Identity knows who signs in.
type Identity interface {
	// Login checks a password and opens a session. Wrong credentials wrap vitals.ErrNotFound; what is
	// tried too often is TooManyRequests.
	Login(ctx context.Context, user, password string, now time.Time) (token string, who vitals.Staff, err error)
	// Session finds whose token it is; an unknown or expired one wraps vitals.ErrNotFound.
	Session(ctx context.Context, token string, now time.Time) (vitals.Staff, error)
	// Logout ends the session of the token. Ending one that is over changes nothing.
	Logout(ctx context.Context, token string) error
	// Enrol lets a new person sign in and gives them an id. A password that will not do wraps
	// ErrInvalid, a login that is taken vitals.ErrConflict.
	Enrol(ctx context.Context, p vitals.Staff, password string) (vitals.Staff, error)
	// Change writes a person who is known; an empty password is kept. It ends the sessions of who is
	// disabled or has another role, other units or another password.
	Change(ctx context.Context, p vitals.Staff, password string) error
	// NewHubSecret makes a hub's secret and what is stored of it.
	NewHubSecret() (secret string, hash []byte)
}

// Names of the session cookie. Under TLS the prefix makes browsers bind it to this host alone.
const (
	cookieName       = "vigil_session"
	secureCookieName = "__Host-" + cookieName
)

// allow says who may call an operation.
type allow struct {
	anybody bool          // without signing in
	roles   []vitals.Role // empty: everybody who is signed in
}

// Who may.
var (
	anybody     = allow{anybody: true}
	everyone    = allow{}
	admins      = allow{roles: []vitals.Role{vitals.Admin}}
	technicians = allow{roles: []vitals.Role{vitals.Technician, vitals.Admin}}
	// Giving devices to patients is for whoever stands at the bed, and for technicians.
	assigners = allow{roles: []vitals.Role{vitals.Nurse, vitals.Charge, vitals.Physician, vitals.Technician, vitals.Admin}}
	// Admitting is for nurses and up, discharging for charge nurses and physicians.
	admitters = allow{roles: []vitals.Role{vitals.Nurse, vitals.Charge, vitals.Physician, vitals.Admin}}
	// Which limits somebody may choose is decided by the envelope (alerts.MayChangeLimits).
	limiters    = allow{roles: []vitals.Role{vitals.Nurse, vitals.Charge, vitals.Physician}}
	proposers   = allow{roles: lo.Filter(vitals.Roles, func(r vitals.Role, _ int) bool { return alerts.MayProposeLimits(r) })}
	approvers   = allow{roles: lo.Filter(vitals.Roles, func(r vitals.Role, _ int) bool { return alerts.MayApproveLimits(r) })}
	dischargers = allow{roles: []vitals.Role{vitals.Charge, vitals.Physician, vitals.Admin}}
)

func (a allow) covers(role vitals.Role) bool {
	return len(a.roles) == 0 || slices.Contains(a.roles, role)
}

// TokenOf is the session token that a request brings, by cookie or as a bearer; empty for none.
func TokenOf(r *http.Request) string {
	if scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " "); found && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	for _, name := range []string{secureCookieName, cookieName} {
		if cookie, err := r.Cookie(name); err == nil {
			return cookie.Value
		}
	}
	return ""
}

// Identify says who is signed in; for the dashboard's socket, which asks again as long as it lives.
func Identify(identity Identity, now func() time.Time) func(*http.Request) (vitals.Staff, error) {
	return func(r *http.Request) (vitals.Staff, error) {
		token := TokenOf(r)
		if token == "" {
			return vitals.Staff{}, errNotSignedIn
		}
		who, err := identity.Session(r.Context(), token, now())
		if errors.Is(err, vitals.ErrNotFound) {
			return vitals.Staff{}, errNotSignedIn
		}
		return who, err
	}
}

func (s *service) identify(r *http.Request) (vitals.Staff, error) {
	return Identify(s.Identity, s.Now)(r)
}

// admit lets those pass who may call the operation, and hands on who they are.
func (s *service) admit(a allow) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if a.anybody {
			next(ctx)
			return
		}
		who, err := s.identify(humagin.Unwrap(ctx).Request)
		if err == nil && !a.covers(who.Role) {
			err = errForbidden
		}
		if err != nil {
			s.refuse(humagin.Unwrap(ctx), s.problem(ctx.Context(), err))
			return
		}
		next(huma.WithValue(ctx, staffKey, who))
	}
}

// staffOf is who is asking. Without anybody it is nobody, who sees nothing.
func staffOf(ctx context.Context) vitals.Staff {
	who, _ := ctx.Value(staffKey).(vitals.Staff)
	return who
}

// cookie gives the browser its session, or takes it away.
func (s *service) cookie(token string) http.Cookie {
	c := http.Cookie{ //nolint:gosec // Secure wherever browsers reach us by TLS; elsewhere they would drop it
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.Secure,
	}
	if s.Secure {
		c.Name = secureCookieName
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// refuse answers a request that has not come to its handler, in the words of the interface it was
// meant for.
func (s *service) refuse(c *gin.Context, p *ProblemError) {
	maps.Copy(c.Writer.Header(), p.GetHeaders())
	c.Abort()
	if isFHIR(c) {
		writeIssue(c, p)
		return
	}
	c.Header("Content-Type", p.ContentType(""))
	c.JSON(p.Status, p)
}
