package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/devices/gateway"
	"vigil/vitals"
)

// Equipment is what measures, what carries it here, and whose values it measures.
type Equipment interface {
	Enrolment
	Bindings
	Gateways
}

// Gateways are the gateways and clouds of others, and the accounts that are fetched from there.
type Gateways interface {
	Gateways(ctx context.Context) ([]vitals.Gateway, error)
	// AddGateway registers one; an id that is taken wraps vitals.ErrConflict.
	AddGateway(ctx context.Context, g vitals.Gateway, secretHash []byte) error
	SetGatewaySecret(ctx context.Context, id vitals.HubID, secretHash []byte) error
	// RemoveGateway takes the registration away, with its accounts.
	RemoveGateway(ctx context.Context, id vitals.HubID) error
	Accounts
}

// Accounts are people's accounts with a cloud.
type Accounts interface {
	Accounts(ctx context.Context) ([]vitals.Account, error)
	SaveAccount(ctx context.Context, a vitals.Account) error
	RemoveAccount(ctx context.Context, id vitals.HubID, name string) error
}

type gatewayView struct {
	ID       vitals.HubID    `json:"id"`
	Kind     string          `json:"kind" doc:"What reads its payloads."`
	Name     string          `json:"name"`
	Webhook  string          `json:"webhook" doc:"Where it posts."`
	Device   vitals.DeviceID `json:"device" doc:"The device that is meant where a payload names none."`
	Address  string          `json:"address,omitempty" doc:"Where the server fetches."`
	Seen     *time.Time      `json:"seen,omitempty" doc:"When it was last heard."`
	Accounts []accountView   `json:"accounts" nullable:"false"`
}

type accountView struct {
	Name    string          `json:"name" doc:"As the cloud names it."`
	Device  vitals.DeviceID `json:"device" doc:"The device to bind to the patient whose account it is."`
	Fetched *time.Time      `json:"fetched,omitempty" doc:"What the cloud knew before is stored."`
	Fault   string          `json:"fault,omitempty" doc:"Why the last attempt failed."`
}

type gatewaysOutput struct {
	Body struct {
		Gateways []gatewayView `json:"gateways" nullable:"false"`
	}
}

type gatewayInput struct {
	Body struct {
		ID           vitals.HubID `json:"id" pattern:"^[A-Za-z0-9_-]{1,64}$"`
		Kind         string       `json:"kind" doc:"One of those that vigil-hub decode -list names after gateway/."`
		Name         string       `json:"name" maxLength:"128"`
		Address      string       `json:"address,omitempty" maxLength:"256" doc:"https://… of a Cassia access controller or gateway."`
		Client       string       `json:"client,omitempty" maxLength:"256" doc:"Who the server is at the cloud: the OAuth client id."`
		ClientSecret string       `json:"client_secret,omitempty" maxLength:"256" writeOnly:"true"`
	}
}

type gatewayPathInput struct {
	ID vitals.HubID `path:"id" maxLength:"64"`
}

type registeredOutput struct {
	Body struct {
		ID      vitals.HubID    `json:"id"`
		Secret  string          `json:"secret" doc:"Shown this once."`
		Webhook string          `json:"webhook"`
		Device  vitals.DeviceID `json:"device" doc:"The device that is meant where a payload names none."`
	}
}

type accountInput struct {
	ID   vitals.HubID `path:"id" maxLength:"64"`
	Name string       `path:"name" maxLength:"128"`
	Body struct {
		RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"2048" writeOnly:"true"`
	}
}

type accountPathInput struct {
	ID   vitals.HubID `path:"id" maxLength:"64"`
	Name string       `path:"name" maxLength:"128"`
}

type accountOutput struct{ Body accountView }

type deviceOfInput struct {
	ID  vitals.HubID `path:"id" maxLength:"64"`
	Key string       `query:"key" maxLength:"256" doc:"How the gateway or cloud names the device; empty for the sender itself."`
}

type deviceOfOutput struct {
	Body struct {
		Device vitals.DeviceID `json:"device"`
	}
}

func (s *service) registerGateways() {
	register(s, route{http.MethodGet, "/gateways", "list-gateways", "Gateways and clouds of others, with when each was last heard.", 0, technicians}, s.gateways)
	register(s, route{http.MethodPost, "/gateways", "register-gateway", "Let a gateway or cloud of others deliver; the secret is shown once.", http.StatusCreated, admins}, s.registerGateway)
	register(s, route{http.MethodPost, "/gateways/{id}/secret", "rotate-gateway-secret", "Give a gateway a new secret; the old one ends.", 0, admins}, s.rotateGateway)
	register(s, route{http.MethodDelete, "/gateways/{id}", "remove-gateway", "Let a gateway deliver no more, and forget its accounts.", http.StatusNoContent, admins}, s.removeGateway)
	register(s, route{http.MethodGet, "/gateways/{id}/device", "name-device", "The id of a device that a gateway or cloud names in its own way.", 0, technicians}, s.deviceOf)
	register(s, route{http.MethodPut, "/gateways/{id}/accounts/{name}", "save-account", "Fetch from somebody's account with a cloud.", 0, admins}, s.saveAccount)
	register(s, route{http.MethodDelete, "/gateways/{id}/accounts/{name}", "remove-account", "Fetch from an account no more.", http.StatusNoContent, admins}, s.removeAccount)
}

func (s *service) findGateway(ctx context.Context, id vitals.HubID) (vitals.Gateway, bool, error) {
	all, err := s.Records.Gateways(ctx)
	g, known := lo.Find(all, func(g vitals.Gateway) bool { return g.ID == id })
	return g, known, err
}

// gatewayAndSource is the gateway with what reads its payloads.
func (s *service) gatewayAndSource(ctx context.Context, id vitals.HubID) (vitals.Gateway, gateway.Source, error) {
	g, known, err := s.findGateway(ctx, id)
	if err != nil {
		return g, gateway.Source{}, err
	}
	source, read := gateway.Lookup(g.Kind)
	if !known || !read {
		return g, source, errNotFound
	}
	return g, source, nil
}

// webhook is where a gateway posts.
func webhook(id vitals.HubID) string { return "/ingest/v1/gateways/" + string(id) }

func (s *service) gateways(ctx context.Context, _ *empty) (*gatewaysOutput, error) {
	all, err := s.Records.Gateways(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := s.Records.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	byGateway := lo.GroupBy(accounts, func(a vitals.Account) vitals.HubID { return a.Gateway })
	out := &gatewaysOutput{}
	out.Body.Gateways = lo.Map(all, func(g vitals.Gateway, _ int) gatewayView {
		source, _ := gateway.Lookup(g.Kind)
		return gatewayView{
			ID: g.ID, Kind: g.Kind, Name: g.Name, Webhook: webhook(g.ID), Device: source.DeviceOf(g.ID, ""), Address: g.Address, Seen: known(g.Seen),
			Accounts: lo.Map(byGateway[g.ID], func(a vitals.Account, _ int) accountView { return viewAccount(source, a) }),
		}
	})
	return out, nil
}

// known is nil for a time that has not come.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func viewAccount(source gateway.Source, a vitals.Account) accountView {
	return accountView{Name: a.Name, Device: source.DeviceOf(a.Gateway, a.Name), Fetched: known(a.Fetched), Fault: a.Fault}
}

func (s *service) registerGateway(ctx context.Context, in *gatewayInput) (*registeredOutput, error) {
	if !slices.Contains(gateway.Names(), in.Body.Kind) {
		return nil, newProblem(http.StatusUnprocessableEntity, "kind is one of "+strings.Join(gateway.Names(), ", "))
	}
	if a := in.Body.Address; a != "" && !strings.HasPrefix(a, "https://") && !strings.HasPrefix(a, "http://") {
		return nil, newProblem(http.StatusUnprocessableEntity, "address begins with https://")
	}
	g := vitals.Gateway{
		ID: in.Body.ID, Kind: in.Body.Kind, Name: in.Body.Name,
		Address: strings.TrimSuffix(in.Body.Address, "/"), Client: in.Body.Client, Secret: in.Body.ClientSecret,
	}
	secret, hash := s.Identity.NewHubSecret()
	if err := s.Records.AddGateway(ctx, g, hash); err != nil {
		return nil, err
	}
	return registered(g, secret), nil
}

func registered(g vitals.Gateway, secret string) *registeredOutput {
	source, _ := gateway.Lookup(g.Kind)
	out := &registeredOutput{}
	out.Body.ID, out.Body.Secret, out.Body.Webhook, out.Body.Device = g.ID, secret, webhook(g.ID), source.DeviceOf(g.ID, "")
	return out
}

func (s *service) rotateGateway(ctx context.Context, in *gatewayPathInput) (*registeredOutput, error) {
	g, _, err := s.gatewayAndSource(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	secret, hash := s.Identity.NewHubSecret()
	if err := s.Records.SetGatewaySecret(ctx, in.ID, hash); err != nil {
		return nil, err
	}
	return registered(g, secret), nil
}

func (s *service) removeGateway(ctx context.Context, in *gatewayPathInput) (*empty, error) {
	return &empty{}, s.Records.RemoveGateway(ctx, in.ID)
}

func (s *service) deviceOf(ctx context.Context, in *deviceOfInput) (*deviceOfOutput, error) {
	g, source, err := s.gatewayAndSource(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &deviceOfOutput{}
	out.Body.Device = source.DeviceOf(g.ID, in.Key)
	return out, nil
}

// saveAccount begins to fetch what the cloud gets to know from now on.
func (s *service) saveAccount(ctx context.Context, in *accountInput) (*accountOutput, error) {
	_, source, err := s.gatewayAndSource(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !source.Notifies() {
		return nil, newProblem(http.StatusUnprocessableEntity, "nothing is fetched from this kind of gateway")
	}
	a := vitals.Account{Gateway: in.ID, Name: in.Name, Refresh: in.Body.RefreshToken, Fetched: s.Now()}
	if err := s.Records.SaveAccount(ctx, a); err != nil {
		return nil, err
	}
	return &accountOutput{Body: viewAccount(source, a)}, nil
}

func (s *service) removeAccount(ctx context.Context, in *accountPathInput) (*empty, error) {
	return &empty{}, s.Records.RemoveAccount(ctx, in.ID, in.Name)
}
