package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"vigil/vitals"
)

// CheckGateway finds the gateway whose secret it is, and ErrDenied where the secret is another's or there
// is no such gateway. Both take the same time. Any other error says that nobody could look it up.
func (d *Desk) CheckGateway(ctx context.Context, id vitals.HubID, secret string) (vitals.Gateway, error) {
	given := keyOf(secret)
	found, want, err := d.store.GatewaySecret(ctx, id)
	if err != nil && !errors.Is(err, vitals.ErrNotFound) {
		return vitals.Gateway{}, fmt.Errorf("find secret of gateway: %w", err)
	}
	// An unknown gateway has no hash, which equals none.
	if subtle.ConstantTimeCompare(want, given) != 1 {
		return vitals.Gateway{}, ErrDenied
	}
	return found, nil
}
