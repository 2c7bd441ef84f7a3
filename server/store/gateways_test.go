package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"vigil/server/store"
	"vigil/vitals"
)

func TestAGatewayIsRegisteredOnceAndItsAccountsGoWithIt(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		cloud := vitals.Gateway{ID: "withings-clinic", Kind: "withings", Name: "Clinic's Withings", Client: "app", Secret: "s"}
		must(t, s.AddGateway(ctx, cloud, []byte("hash")))
		if err := s.AddGateway(ctx, cloud, []byte("other")); !errors.Is(err, vitals.ErrConflict) {
			t.Errorf("registered twice: %v", err)
		}
		must(t, s.SaveHub(ctx, vitals.Hub{ID: "home-7"}, []byte("hash")))
		if err := s.AddGateway(ctx, vitals.Gateway{ID: "home-7", Kind: "tenovi"}, []byte("hash")); !errors.Is(err, vitals.ErrConflict) {
			t.Errorf("a hub's id is taken: %v", err)
		}
		must(t, s.SetGatewaySecret(ctx, cloud.ID, []byte("new")))
		must(t, s.TouchGateway(ctx, cloud.ID, noon))
		found, hash, err := s.GatewaySecret(ctx, cloud.ID)
		must(t, err)
		cloud.Seen = noon
		same(t, found, cloud)
		same(t, string(hash), "new")
		same(t, got[[]vitals.Gateway](t)(s.Gateways(ctx)), []vitals.Gateway{cloud})

		must(t, s.SaveDevice(ctx, vitals.Device{ID: strap, Hub: cloud.ID}))
		same(t, got[[]vitals.DeviceID](t)(s.DevicesOf(ctx, cloud.ID)), []vitals.DeviceID{strap})
		same(t, len(got[[]vitals.DeviceID](t)(s.DevicesOf(ctx, "home-7"))), 0)

		joe := vitals.Account{Gateway: cloud.ID, Name: "12345", Refresh: "r", Access: "a", Expires: after(time.Hour)}
		must(t, s.SaveAccount(ctx, joe))
		joe.Fetched, joe.Fault = noon, "no answer"
		must(t, s.SaveAccount(ctx, joe))
		same(t, got[[]vitals.Account](t)(s.Accounts(ctx)), []vitals.Account{joe})
		if err := s.SaveAccount(ctx, vitals.Account{Gateway: "nobody", Name: "1"}); !errors.Is(err, vitals.ErrNotFound) {
			t.Errorf("an account of no gateway: %v", err)
		}
		must(t, s.SaveAccount(ctx, vitals.Account{Gateway: cloud.ID, Name: "6"}))
		moved := joe
		moved.Refresh, moved.Access, moved.Expires, moved.Fetched, moved.Fault = "r2", "a2", time.Time{}, after(time.Hour), ""
		must(t, s.MoveAccount(ctx, joe, moved))
		same(t, got[[]vitals.Account](t)(s.Accounts(ctx)), []vitals.Account{moved, {Gateway: cloud.ID, Name: "6"}})
		wantError(t, s.MoveAccount(ctx, joe, moved), vitals.ErrNotFound) // somebody gave it another token
		must(t, s.RemoveAccount(ctx, cloud.ID, "6"))
		six := vitals.Account{Gateway: cloud.ID, Name: "6", Fetched: noon}
		wantError(t, s.MoveAccount(ctx, six, six), vitals.ErrNotFound) // it is gone, and stays so
		must(t, s.RemoveGateway(ctx, cloud.ID))
		same(t, len(got[[]vitals.Account](t)(s.Accounts(ctx))), 0)
		for name, err := range map[string]error{
			"account": s.RemoveAccount(ctx, cloud.ID, "12345"), "gateway": s.RemoveGateway(ctx, cloud.ID),
			"secret": s.SetGatewaySecret(ctx, cloud.ID, nil), "touch": s.TouchGateway(ctx, cloud.ID, noon),
		} {
			if !errors.Is(err, vitals.ErrNotFound) {
				t.Errorf("%s of a gateway that is gone: %v", name, err)
			}
		}
		if _, _, err := s.GatewaySecret(ctx, cloud.ID); !errors.Is(err, vitals.ErrNotFound) {
			t.Errorf("found: %v", err)
		}
	})
}
