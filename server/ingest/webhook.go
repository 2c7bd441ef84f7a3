package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"vigil/devices"
	"vigil/devices/gateway"
	"vigil/vitals"
)

// WebhookPath is where gateways and clouds post: WebhookPath{id}, or WebhookPath{id}/{secret} for those
// that can send no header.
const WebhookPath = "/ingest/v1/gateways/"

// Gateways knows the gateways that others made.
type Gateways interface {
	// CheckGateway finds the gateway whose secret it is. ok is false for a wrong id or secret; an error
	// says that nobody could look it up.
	CheckGateway(ctx context.Context, id vitals.HubID, secret string) (g vitals.Gateway, ok bool, err error)
	// CheckSigned finds the gateway whose cloud signed the payload. ok is false where it did not; an error says
	// that nobody could tell.
	CheckSigned(ctx context.Context, id vitals.HubID, signature string, payload []byte) (g vitals.Gateway, ok bool, err error)
	// TouchGateway notes that a gateway was heard.
	TouchGateway(ctx context.Context, id vitals.HubID) error
	// Notify has what a cloud has told of fetched soon. It does not wait.
	Notify(g vitals.Gateway, notifications []gateway.Notification)
}

// Webhooks serves what gateways and clouds post. The answer comes when everything is stored: 200 says
// what became of each part. 401: wrong id or secret. 413: too much at once. 422: not understood as a
// whole. 503 with Retry-After: post it again.
func (h *Handler) Webhooks(gateways Gateways) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g, body, ok := caller{w, r, gateways}.known(r.Context())
		if !ok {
			return
		}
		if r.Method != http.MethodPost { // a cloud that looks whether the address is there
			w.WriteHeader(http.StatusOK)
			return
		}
		source, known := gateway.Lookup(g.Kind)
		if !known {
			refuseWebhook(w, http.StatusUnprocessableEntity, "this version reads nothing of "+g.Kind)
			return
		}
		h.heardGateway(r.Context(), gateways, g.ID)
		posted := webhook{Handler: h, gateways: gateways, w: w, from: g, source: source, body: body}
		if source.Notifies() {
			posted.notified(r.Context())
		} else {
			posted.deposited(r.Context())
		}
	})
}

// heardGateway notes that the gateway was heard, unless that was noted lately.
func (h *Handler) heardGateway(ctx context.Context, gateways Gateways, id vitals.HubID) {
	now := h.now()
	h.mu.Lock()
	lately := now.Sub(h.touched[id]) < touchEvery
	if !lately {
		h.touched[id] = now
	}
	h.mu.Unlock()
	if lately {
		return
	}
	if err := gateways.TouchGateway(ctx, id); err != nil {
		h.log.WarnContext(ctx, "gateway's last sign of life could not be noted", "gateway", id, "error", err)
	}
}

// webhook is one body that a known gateway posted.
type webhook struct {
	*Handler

	gateways Gateways
	w        http.ResponseWriter
	from     vitals.Gateway
	source   gateway.Source
	body     []byte
}

func refuseWebhook(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"reason": reason}) // a sender that left does not hear it
}

// notified answers a hint at once, because clouds are impatient, and has the values fetched.
func (h webhook) notified(ctx context.Context) {
	if gateway.GoogleVerification(h.body) {
		h.w.WriteHeader(http.StatusCreated) // which is what Google asks for
		return
	}
	all, err := h.source.Notifications(h.body)
	if err != nil {
		h.notUnderstood(ctx, err)
		return
	}
	h.gateways.Notify(h.from, all)
	writeWebhookAnswer(h.w, webhookAnswer{Passed: len(all), Refused: []refusedPart{}})
}

// deposited stores the parts of a payload and says what became of each.
func (h webhook) deposited(ctx context.Context) {
	parts, err := h.source.Read(devices.Frame{Device: h.source.DeviceOf(h.from.ID, ""), Received: h.now(), Bytes: h.body})
	if errors.Is(err, gateway.ErrTooMany) {
		refuseWebhook(h.w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	if err != nil {
		h.notUnderstood(ctx, err)
		return
	}
	if h.source.Relays() {
		answer, err := h.relayParts(ctx, h.from.ID, parts, false)
		if err != nil {
			h.tryAgain(ctx, err)
			return
		}
		writeWebhookAnswer(h.w, answer)
		return
	}
	answer, err := h.depositParts(ctx, h.from.ID, parts)
	if err != nil {
		h.tryAgain(ctx, err)
		return
	}
	writeWebhookAnswer(h.w, answer)
}

// notUnderstood keeps a payload aside that cannot be read.
func (h webhook) notUnderstood(ctx context.Context, cause error) {
	if err := h.setAside(ctx, h.from.ID, h.body, cause); err != nil {
		h.tryAgain(ctx, err)
		return
	}
	refuseWebhook(h.w, http.StatusUnprocessableEntity, cause.Error())
}

func (h webhook) tryAgain(ctx context.Context, cause error) {
	h.log.WarnContext(ctx, "payload could not be taken", "gateway", h.from.ID, "error", cause)
	h.w.Header().Set("Retry-After", retryAfter)
	refuseWebhook(h.w, http.StatusServiceUnavailable, "not stored, send it again")
}

func writeWebhookAnswer(w http.ResponseWriter, answer webhookAnswer) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // a sender that left sends again
}
