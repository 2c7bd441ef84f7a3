package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/samber/lo"

	"vigil/devices/gateway"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// maxSigned bounds what is read of somebody who is known by a signature only: a notification of a cloud.
const maxSigned = 64 << 10

// caller is somebody who calls the address of a gateway.
type caller struct {
	w        http.ResponseWriter
	r        *http.Request
	gateways Gateways
}

// known reads the body and finds the gateway, by its secret or by what its cloud signed; else the caller is
// answered. A wrong signature is refused beside the right secret, too. Whether an address is there is asked
// without the secret to see it refused, so a signature does not count for that.
func (c caller) known(ctx context.Context) (g vitals.Gateway, body []byte, ok bool) {
	id, secret := c.claims()
	var err error
	if uplink.ValidHub(id) && secret != "" {
		if g, ok, err = c.gateways.CheckGateway(ctx, id, secret); err != nil {
			return c.tryAgain()
		}
	}
	signature := cmp.Or(c.r.Header.Get("X-Healthapi-Signature"), c.r.Header.Get("Google-Health-Api-Signature"))
	if !ok && (signature == "" || !uplink.ValidHub(id)) {
		return c.unknown()
	}
	body, read := c.body(lo.Ternary[int64](ok, gateway.MaxPayload, maxSigned))
	if !read {
		return vitals.Gateway{}, nil, false
	}
	if signature != "" && !gateway.GoogleVerification(body) {
		signed, valid, err := c.gateways.CheckSigned(ctx, id, signature, body)
		switch {
		case err == nil:
			g, ok = signed, valid
		case !ok: // else the secret says enough: what is signed is a hint only
			return c.tryAgain()
		}
	}
	if !ok {
		return c.unknown()
	}
	return g, body, true
}

// claims are the id and the secret that the caller names: HTTP Basic with both, a bearer token, the bare
// secret, or a secret in the address.
func (c caller) claims() (vitals.HubID, string) {
	id, secret, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, WebhookPath), "/")
	if user, password, basic := c.r.BasicAuth(); basic && user == id {
		secret = password
	} else if given := c.r.Header.Get("Authorization"); given != "" && !basic {
		scheme, token, found := strings.Cut(given, " ")
		secret = lo.Ternary(found && strings.EqualFold(scheme, "Bearer"), strings.TrimSpace(token), given)
	}
	return vitals.HubID(id), secret
}

func (c caller) body(most int64) ([]byte, bool) {
	if c.r.ContentLength <= most { // else it is not worth reading
		body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
		if err == nil {
			return body, true
		}
		if _, large := errors.AsType[*http.MaxBytesError](err); !large {
			refuseWebhook(c.w, http.StatusBadRequest, "the body was cut short")
			return nil, false
		}
	}
	c.w.Header().Set("Connection", "close")
	refuseWebhook(c.w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", most))
	return nil, false
}

func (c caller) tryAgain() (g vitals.Gateway, body []byte, ok bool) {
	c.w.Header().Set("Retry-After", retryAfter)
	refuseWebhook(c.w, http.StatusServiceUnavailable, "not available, send it again")
	return g, nil, false
}

func (c caller) unknown() (g vitals.Gateway, body []byte, ok bool) {
	c.w.Header().Set("WWW-Authenticate", `Basic realm="gateway", charset="UTF-8"`)
	refuseWebhook(c.w, http.StatusUnauthorized, "unknown gateway or wrong secret")
	return g, nil, false
}
