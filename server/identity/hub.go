package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"vigil/vitals"
)

// NewHubSecret makes a hub's secret, which is shown once, and the hash that is stored.
func NewHubSecret() (secret string, hash []byte) { return newSecret() }

// CheckHub returns nil when the secret is the hub's, and ErrDenied when it is not or there is no
// such hub. The secret has 256 random bits, so nobody finds it by trying and a quick hash is enough.
func (d *Desk) CheckHub(ctx context.Context, hub vitals.HubID, secret string) error {
	want, err := d.store.HubSecret(ctx, hub)
	if err != nil && !errors.Is(err, vitals.ErrNotFound) {
		return fmt.Errorf("find secret of hub: %w", err)
	}
	// An unknown hub has no hash, which equals none.
	if subtle.ConstantTimeCompare(want, keyOf(secret)) != 1 {
		return ErrDenied
	}
	return nil
}
