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

// RenewHub gives a hub that is known another secret. The one of before ends.
func (d *Desk) RenewHub(ctx context.Context, hub vitals.HubID, secret string) error {
	if err := d.store.RenewHub(ctx, hub, keyOf(secret)); err != nil {
		return fmt.Errorf("give a hub another secret: %w", err)
	}
	d.knownHubs.Delete(hub)
	return nil
}

// CheckHub returns nil when the secret is the hub's, and ErrDenied when it is not or there is no
// such hub. The secret has 256 random bits, so nobody finds it by trying and a quick hash is enough.
//
// While the database is away, a hub that was let in before is let in again with the same secret,
// because the alarms of a patient must not end with a line that was lost for a moment.
func (d *Desk) CheckHub(ctx context.Context, hub vitals.HubID, secret string) error {
	given := keyOf(secret)
	want, err := d.store.HubSecret(ctx, hub)
	if err != nil && !errors.Is(err, vitals.ErrNotFound) {
		if known, ok := d.knownHubs.Load(hub); ok && subtle.ConstantTimeCompare(known.([]byte), given) == 1 {
			d.log.WarnContext(ctx, "hub let in by what was known of it, because the database is away", "hub", hub, "error", err)
			return nil
		}
		return fmt.Errorf("find secret of hub: %w", err)
	}
	// An unknown hub has no hash, which equals none.
	if subtle.ConstantTimeCompare(want, given) != 1 {
		return ErrDenied
	}
	d.knownHubs.Store(hub, given)
	return nil
}
