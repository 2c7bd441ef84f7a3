package ward

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"vigil/vitals"
)

// Gateway is one of others, which delivers for one device of a home.
type Gateway struct {
	ID   vitals.HubID
	Kind string // as the server names its payloads
	Name string
	URL  string // where the server finds a gateway that it asks; empty for one that sends
	// Device is as its label describes it. Without an id the server derives one of Key, by which the gateway names the
	// device; empty where that is the sender itself.
	Device Device
	Key    string
}

// gateway makes sure that the gateway exists, gives it a new secret, and returns the device that it delivers for.
func (e *enrolment) gateway(ctx context.Context, g Gateway) (Device, error) {
	path := "/api/v1/gateways/" + url.PathEscape(string(g.ID))
	var answer struct {
		Secret string `json:"secret"`
	}
	err := e.client.call(ctx, http.MethodPost, "/api/v1/gateways", map[string]string{
		"id": string(g.ID), "kind": g.Kind, "name": g.Name, "address": g.URL,
	}, &answer)
	if isConflict(err) {
		err = e.client.call(ctx, http.MethodPost, path+"/secret", nil, &answer)
	}
	if err == nil && answer.Secret == "" {
		err = errNoSecret
	}
	if err != nil {
		return Device{}, fmt.Errorf("register gateway %s: %w", g.ID, err)
	}
	e.mu.Lock()
	e.secrets.Set(e.client.base, g.ID, answer.Secret)
	e.mu.Unlock()
	d := g.Device
	if d.ID == "" {
		var named struct {
			Device vitals.DeviceID `json:"device"`
		}
		if err := e.client.call(ctx, http.MethodGet, path+"/device?key="+url.QueryEscape(g.Key), nil, &named); err != nil {
			return Device{}, fmt.Errorf("name the device of gateway %s: %w", g.ID, err)
		}
		d.ID = named.Device
	}
	return d, nil
}
