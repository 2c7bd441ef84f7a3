package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/samber/lo"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Bounds of the HTTPS door.
const (
	maxBody    = 8 << 20 // bytes of a CBOR sequence
	retryAfter = "5"     // seconds

	sequenceType = "application/cbor-seq" // RFC 8742
)

// hubOf checks the request's Basic credentials: user is the hub's id, password its secret.
func (h *Handler) hubOf(w http.ResponseWriter, r *http.Request) (vitals.HubID, bool) {
	id, secret, given := r.BasicAuth()
	hub := vitals.HubID(id)
	if given && uplink.ValidHub(hub) {
		err := h.knows(r.Context(), hub, secret)
		if err == nil {
			return hub, true
		}
		if !errors.Is(err, vitals.ErrNotFound) { // 401 would have it give up a secret that may be right
			h.log.WarnContext(r.Context(), "hub could not be looked up", "hub", hub, "error", err)
			w.Header().Set("Retry-After", retryAfter)
			http.Error(w, "not available, send it again", http.StatusServiceUnavailable)
			return "", false
		}
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="hub", charset="UTF-8"`)
	http.Error(w, "unknown hub or wrong secret", http.StatusUnauthorized)
	return "", false
}

// Batches serves POST /ingest/v1/batches: a CBOR sequence of messages. The answer says what was
// refused and up to where each of the hub's streams is stored, as a CBOR sequence of down frames or,
// where the sender accepts JSON, as an object. Where the sequence breaks off, what stands before is taken, and the
// answer is 400 with the place.
func (h *Handler) Batches() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hub, ok := h.hubOf(w, r)
		if !ok {
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, fmt.Sprintf("body is larger than %d bytes or was cut short", maxBody), http.StatusRequestEntityTooLarge)
			return
		}
		messages, cut := uplink.Split(body)
		if errors.Is(cut, uplink.ErrTooLarge) {
			http.Error(w, cut.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		nacks, received, err := h.receiveAll(r.Context(), hub, messages)
		if err == nil && cut != nil {
			err = h.setAside(r.Context(), hub, behind(body, messages), cut)
		}
		if err != nil {
			h.log.Warn("message could not be taken", "hub", hub, "error", err)
			w.Header().Set("Retry-After", retryAfter)
			http.Error(w, fmt.Sprintf("%d of %d messages received, send the others again", received, len(messages)), http.StatusServiceUnavailable)
			return
		}
		if cut != nil {
			http.Error(w, fmt.Sprintf("%v; the %d before it were received", cut, received), http.StatusBadRequest)
			return
		}
		h.answer(w, r, hub, nacks)
	})
}

// receiveAll takes messages up to the first that cannot be taken: it begins them all, and then sees each of them
// through. Those behind one that failed may have been taken, and what is refused of them must be kept aside all the
// same: when they are sent again they may be stored already, and are not looked at.
func (h *Handler) receiveAll(ctx context.Context, hub vitals.HubID, messages [][]byte) (nacks []uplink.Nack, received int, fault error) {
	var begun []outcome
	for _, m := range messages {
		taken, err := h.begin(ctx, hub, m)
		if fault = err; err != nil {
			break
		}
		begun = append(begun, taken)
	}
	nacks, received = []uplink.Nack{}, len(begun)
	for i, taken := range begun {
		nack, err := taken(ctx)
		switch {
		case err != nil && received == len(begun):
			received, fault = i, err
		case nack != nil:
			if nack.Seq == 0 { // it does not say which one it is
				nack.Reason = fmt.Sprintf("message %d of the sequence: %s", i+1, nack.Reason)
			}
			nacks = append(nacks, *nack)
		}
	}
	return nacks, received, fault
}

// behind is what of the body stands behind the messages.
func behind(body []byte, messages [][]byte) []byte {
	return body[lo.SumBy(messages, func(m []byte) int { return len(m) }):]
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, hub vitals.HubID, nacks []uplink.Nack) {
	var positions []vitals.Position
	now, err := h.positions(r.Context(), hub)
	if err == nil { // else the messages were received; the acks come with the next answer
		positions = now()
	}
	h.alive(r.Context(), hub)
	if strings.Contains(r.Header.Get("Accept"), "json") {
		writeJSONAnswer(w, nacks, positions)
		return
	}
	var frames []uplink.Down
	if err == nil {
		frames = lo.Map(acksOf(positions), func(a uplink.Ack, _ int) uplink.Down { return uplink.Down{Ack: &a} })
	}
	parts := lo.FlatMap(nacks, func(n uplink.Nack, _ int) []uplink.Nack { return n.Parts() })
	frames = append(frames, lo.Map(parts, func(n uplink.Nack, _ int) uplink.Down { return uplink.Down{Nack: &n} })...)
	var body []byte
	for _, f := range frames {
		b, err := uplink.EncodeDown(f)
		if err != nil {
			h.log.Warn("answer to a hub could not be encoded", "hub", hub, "error", err)
			continue
		}
		body = append(body, b...)
	}
	w.Header().Set("Content-Type", sequenceType)
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(body) //nolint:gosec // CBOR for a program, not a page; a sender that left hears it with the next answer
}

func writeJSONAnswer(w http.ResponseWriter, nacks []uplink.Nack, positions []vitals.Position) {
	type stored struct {
		Device vitals.DeviceID `json:"device"`
		Stream uint32          `json:"stream"`
		Upto   uint64          `json:"upto"`
	}
	type refused struct {
		Device vitals.DeviceID `json:"device,omitempty"`
		Stream uint32          `json:"stream,omitempty"`
		Seq    uint64          `json:"seq,omitempty"`
		Code   string          `json:"code"`
		Reason string          `json:"reason"`
		Kept   bool            `json:"kept"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"stored": lo.Map(positions, func(p vitals.Position, _ int) stored {
			return stored{p.Stream.Device, p.Stream.Epoch, p.Upto}
		}),
		"refused": lo.Map(nacks, func(n uplink.Nack, _ int) refused { return refused(n) }),
	})
}
