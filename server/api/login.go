package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/samber/lo"

	"vigil/vitals"
)

type unitView struct {
	ID   vitals.UnitID `json:"id" pattern:"^[A-Za-z0-9._-]{1,64}$"`
	Name string        `json:"name" minLength:"1" maxLength:"128"`
	Zone string        `json:"zone" doc:"IANA time zone in which the unit's clocks are shown." example:"Europe/Vienna"`
}

type staffView struct {
	ID    vitals.StaffID `json:"id"`
	Login string         `json:"login"`
	Name  string         `json:"name"`
	Role  vitals.Role    `json:"role" enum:"viewer,nurse,charge,physician,technician,admin"`
	Units []unitView     `json:"units" nullable:"false" doc:"The units that the person sees."`

	Disabled bool `json:"disabled,omitempty" doc:"May not sign in."`
}

type loginInput struct {
	address string
	Body    struct {
		User     string `json:"user" maxLength:"128"`
		Password string `json:"password" maxLength:"1024"`
	}
}

// Resolve keeps where the request comes from.
func (i *loginInput) Resolve(ctx huma.Context) []error {
	i.address = addressOf(humagin.Unwrap(ctx).Request)
	return nil
}

type sessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      struct {
		Staff staffView `json:"staff"`
	}
}

type meOutput struct {
	Body struct {
		Staff staffView `json:"staff"`
	}
}

type logoutInput struct{ request *http.Request }

// Resolve keeps the request, for its token.
func (i *logoutInput) Resolve(ctx huma.Context) []error {
	i.request = humagin.Unwrap(ctx).Request
	return nil
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *service) registerSessions() {
	register(s, route{http.MethodPost, "/login", "login", "Sign in.", 0, anybody}, s.login)
	register(s, route{http.MethodPost, "/logout", "logout", "Sign out.", http.StatusNoContent, anybody}, s.logout)
	register(s, route{http.MethodGet, "/me", "me", "Who is signed in.", 0, everyone}, s.me)
}

func (s *service) login(ctx context.Context, in *loginInput) (*sessionOutput, error) {
	now := s.Now()
	if !s.logins.allow(in.address, now) {
		return nil, TooManyRequests("too many tries to sign in; wait a little", loginEvery)
	}
	token, who, err := s.Identity.Login(ctx, in.Body.User, in.Body.Password, now)
	if errors.Is(err, vitals.ErrNotFound) {
		return nil, newProblem(http.StatusUnauthorized, "unknown user or wrong password")
	}
	if err != nil {
		return nil, err
	}
	view, err := s.viewStaff(ctx, who)
	if err != nil {
		return nil, err
	}
	out := &sessionOutput{SetCookie: s.cookie(token)}
	out.Body.Staff = view
	return out, nil
}

func (s *service) logout(ctx context.Context, in *logoutInput) (*logoutOutput, error) {
	if token := TokenOf(in.request); token != "" {
		if err := s.Identity.Logout(ctx, token); err != nil {
			return nil, err
		}
	}
	return &logoutOutput{SetCookie: s.cookie("")}, nil
}

func (s *service) me(ctx context.Context, _ *empty) (*meOutput, error) {
	view, err := s.viewStaff(ctx, staffOf(ctx))
	out := &meOutput{}
	out.Body.Staff = view
	return out, err
}

// viewStaff shows a person with the units that they see.
func (s *service) viewStaff(ctx context.Context, who vitals.Staff) (staffView, error) {
	units, err := s.Records.Units(ctx, who.Scope())
	return staffView{
		ID: who.ID, Login: who.Login, Name: who.Name, Role: who.Role, Disabled: who.Disabled,
		Units: lo.Map(units, func(u vitals.Unit, _ int) unitView { return unitView(u) }),
	}, err
}
