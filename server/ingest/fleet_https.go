package ingest

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"vigil/devices"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// Status serves POST /ingest/v1/status: what a hub says of itself over HTTPS. The answer is what is wanted of
// it, as it would hear it over MQTT: a CBOR sequence of signed frames.
func (h *Handler) Status() http.Handler {
	return h.hubPost(func(ctx context.Context, hub vitals.HubID, body []byte) ([]byte, error) {
		s, err := uplink.DecodeStatus(body)
		if err != nil {
			return nil, err
		}
		h.noteReport(ctx, hub, s)
		if h.fleet == nil || !s.Online {
			return nil, nil
		}
		config, commands, err := h.wanted(ctx, hub, s.Config)
		return slices.Concat(config, slices.Concat(commands...)), err
	})
}

// Results serves POST /ingest/v1/results: what became of a command.
func (h *Handler) Results() http.Handler {
	return h.hubPost(func(ctx context.Context, hub vitals.HubID, body []byte) ([]byte, error) {
		return nil, h.answered(ctx, hub, body)
	})
}

// hubPost serves one small body of a hub; its answer is a CBOR sequence.
func (h *Handler) hubPost(take func(context.Context, vitals.HubID, []byte) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hub, ok := h.hubOf(w, r)
		if !ok {
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, uplink.MaxMessage))
		if err != nil {
			http.Error(w, fmt.Sprintf("body is larger than %d bytes or was cut short", uplink.MaxMessage), http.StatusRequestEntityTooLarge)
			return
		}
		err = h.limit(hub).Wait(r.Context())
		var answer []byte
		if err == nil {
			answer, err = take(r.Context(), hub, body)
		}
		switch {
		case errors.Is(err, devices.ErrMalformed):
			http.Error(w, err.Error(), http.StatusBadRequest)
		case err != nil:
			h.log.Warn("word of a hub not taken", "hub", hub, "path", r.URL.Path, "error", err)
			w.Header().Set("Retry-After", retryAfter)
			http.Error(w, "not available, send again", http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", sequenceType)
			_, _ = w.Write(answer) // a hub that left asks again
		}
	})
}

// Introduce serves GET /ingest/v1/hub: what a hub has to know of the server that it enrols with.
func (h *Handler) Introduce() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hub, ok := h.hubOf(w, r)
		if !ok {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		public, _ := h.key.Public().(ed25519.PublicKey)
		_ = json.NewEncoder(w).Encode(map[string]any{"hub": hub, "key": []byte(public)}) // who left will ask again
	})
}

// Bounds of a secret that a hub chooses: as random as ours, which have 52 signs.
const (
	minSecret = 40
	maxSecret = 256
)

// Renew serves POST /ingest/v1/secret: a hub takes another secret, which it has made itself and written to
// its disk before.
func (h *Handler) Renew() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hub, ok := h.hubOf(w, r)
		if !ok {
			return
		}
		var body struct {
			Secret string `json:"secret"`
		}
		const enough = 4 << 10
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, enough)).Decode(&body); err != nil ||
			len(body.Secret) < minSecret || len(body.Secret) > maxSecret {
			http.Error(w, fmt.Sprintf(`want {"secret": "…"} of %d to %d signs`, minSecret, maxSecret), http.StatusBadRequest)
			return
		}
		if h.fleet == nil {
			http.Error(w, "secrets are given by a technician", http.StatusNotFound)
			return
		}
		if err := h.fleet.RenewHub(r.Context(), hub, body.Secret); err != nil {
			h.log.Warn("new secret of a hub not kept", "hub", hub, "error", err)
			w.Header().Set("Retry-After", retryAfter)
			http.Error(w, "not available, send again", http.StatusServiceUnavailable)
			return
		}
		h.log.Info("hub has a new secret", "hub", hub)
		w.WriteHeader(http.StatusNoContent)
	})
}
