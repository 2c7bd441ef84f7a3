package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"vigil/alerts"
	"vigil/server/api"
	"vigil/server/clouds"
	"vigil/server/identity"
	"vigil/server/ingest"
	"vigil/server/live"
	"vigil/server/monitor"
	"vigil/server/store"
	"vigil/vitals"
)

// The parts declare the small interfaces that they need. Where one part's words are not another's,
// they are translated here, and nowhere else.

// everywhere is the scope of the server itself.
var everywhere = vitals.Scope{All: true}

// monitorStore lets the monitor commit without knowing the store's types.
type monitorStore struct{ *store.Store }

func (s monitorStore) Commit(ctx context.Context, fn func(monitor.Tx) error) error {
	return s.Store.Commit(ctx, func(tx *store.Tx) error { return fn(tx) })
}

func (s monitorStore) Block(ctx context.Context, p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, start time.Time) (vitals.Block, bool, error) {
	b, err := s.Store.Block(ctx, p, d, k, start)
	if errors.Is(err, vitals.ErrNotFound) {
		return vitals.Block{}, false, nil
	}
	return b, err == nil, err
}

func (s monitorStore) Quarantine(ctx context.Context, r vitals.Refusal) error {
	_, err := s.Store.Quarantine(ctx, r)
	return err
}

// feedStore reads for the screens of all units; the feed itself keeps units apart.
type feedStore struct{ *store.Store }

const manyAlarms = 100_000

func (s feedStore) OpenAlarms(ctx context.Context) ([]alerts.Alarm, error) {
	return s.Alarms(ctx, everywhere, vitals.AlarmQuery{State: vitals.OpenAlarms, Limit: manyAlarms})
}

func (s feedStore) AlarmByID(ctx context.Context, id alerts.AlarmID) (alerts.Alarm, error) {
	return s.Alarm(ctx, everywhere, id)
}

// frontDesk answers the API in its words: somebody who is not recognised is not found.
type frontDesk struct{ *identity.Desk }

func (d frontDesk) Login(ctx context.Context, user, password string, now time.Time) (string, vitals.Staff, error) {
	token, who, err := d.Desk.Login(ctx, user, password, now)
	if wait, ok := errors.AsType[*identity.BackoffError](err); ok {
		return "", vitals.Staff{}, api.TooManyRequests(wait.Error(), wait.RetryAfter)
	}
	return token, who, recognised(err)
}

func (d frontDesk) Session(ctx context.Context, token string, now time.Time) (vitals.Staff, error) {
	who, err := d.Desk.Session(ctx, token, now)
	return who, recognised(err)
}

func (d frontDesk) Enrol(ctx context.Context, p vitals.Staff, password string) (vitals.Staff, error) {
	enrolled, err := d.Desk.Enrol(ctx, p, password)
	if errors.Is(err, identity.ErrPassword) {
		return vitals.Staff{}, fmt.Errorf("%w: %w", api.ErrInvalid, err)
	}
	return enrolled, err
}

func (d frontDesk) Change(ctx context.Context, p vitals.Staff, password string) error {
	err := d.Desk.Change(ctx, p, password)
	if errors.Is(err, identity.ErrPassword) {
		return fmt.Errorf("%w: %w", api.ErrInvalid, err)
	}
	return err
}

func (frontDesk) NewHubSecret() (secret string, hash []byte) { return identity.NewHubSecret() }

func recognised(err error) error {
	if errors.Is(err, identity.ErrDenied) {
		return fmt.Errorf("%w: %w", vitals.ErrNotFound, err)
	}
	return err
}

// identify says whose screen it is.
func (a *app) identify(r *http.Request) (vitals.Staff, error) {
	who, err := api.Identify(frontDesk{a.desk}, time.Now)(r)
	if p, ok := errors.AsType[*api.ProblemError](err); ok && p.Status == http.StatusUnauthorized {
		return vitals.Staff{}, live.ErrSignedOut
	}
	return who, err
}

// gate tells a hub that is not let in from one that cannot be looked up.
type gate struct{ *identity.Desk }

func (g gate) CheckHub(ctx context.Context, hub vitals.HubID, secret string) error {
	return recognised(g.Desk.CheckHub(ctx, hub, secret))
}

// intake takes what gateways bring over FHIR the way of all device data.
type intake struct {
	gate
	*ingest.Handler
	*store.Store
}

// fleet is what is known and wanted of hubs.
type fleet struct {
	*store.Store
	desk *identity.Desk
}

func (f fleet) RenewHub(ctx context.Context, hub vitals.HubID, secret string) error {
	return f.desk.RenewHub(ctx, hub, secret)
}

// commander turns "not decided yet" into the API's "try again".
type commander struct{ noting }

func (m commander) Command(ctx context.Context, p vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
	a, err := m.noting.Command(ctx, p, c)
	if errors.Is(err, monitor.ErrUnavailable) {
		return alerts.Answer{}, api.Unavailable("not done: try again")
	}
	return a, err
}

// gateways knows the gateways of others for the door that they come through.
type gateways struct {
	*clouds.Fetcher

	desk  *identity.Desk
	store *store.Store
}

func (g gateways) CheckGateway(ctx context.Context, id vitals.HubID, secret string) (vitals.Gateway, bool, error) {
	found, err := g.desk.CheckGateway(ctx, id, secret)
	if errors.Is(err, identity.ErrDenied) {
		return vitals.Gateway{}, false, nil
	}
	return found, err == nil, err
}

func (g gateways) TouchGateway(ctx context.Context, id vitals.HubID) error {
	return g.store.TouchGateway(ctx, id, time.Now())
}
