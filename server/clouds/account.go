package clouds

import (
	"context"
	"errors"
	"fmt"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/gateway"
	"vigil/vitals"
)

// fetch fetches one account and notes what became of it.
func (f *Fetcher) fetch(ctx context.Context, p place) {
	g, a, err := f.find(ctx, p)
	if err != nil {
		delete(f.walks, p)
		f.Log.InfoContext(ctx, "notification of an account that is not fetched from", "gateway", p.gateway, "error", err)
		return
	}
	held, after, err := f.attempt(ctx, g, a)
	if ctx.Err() != nil {
		return
	}
	after.Fault = ""
	if err != nil {
		after.Fault, after.Fetched = err.Error(), a.Fetched
		f.Log.WarnContext(ctx, "account could not be fetched", "gateway", p.gateway, "error", err)
	}
	if after == held {
		return
	}
	if err := f.Store.MoveAccount(ctx, held, after); err != nil {
		f.Log.WarnContext(ctx, "account's place could not be kept", "gateway", p.gateway, "error", err)
	}
}

var errUnknown = errors.New("no such account")

func (f *Fetcher) find(ctx context.Context, p place) (vitals.Gateway, vitals.Account, error) {
	gateways, err := f.Store.Gateways(ctx)
	if err != nil {
		return vitals.Gateway{}, vitals.Account{}, fmt.Errorf("read gateways: %w", err)
	}
	accounts, err := f.Store.Accounts(ctx)
	if err != nil {
		return vitals.Gateway{}, vitals.Account{}, fmt.Errorf("read accounts: %w", err)
	}
	g, known := lo.Find(gateways, func(g vitals.Gateway) bool { return g.ID == p.gateway })
	a, there := lo.Find(accounts, func(a vitals.Account) bool { return a.Gateway == p.gateway && a.Name == p.name })
	if !known || !there {
		return g, a, errUnknown
	}
	return g, a, nil
}

// attempt fetches once. It returns the account as the records have it, and as it is now.
func (f *Fetcher) attempt(ctx context.Context, g vitals.Gateway, a vitals.Account) (held, after vitals.Account, err error) {
	if after, err = f.freshen(ctx, g, a); err != nil {
		return a, a, err
	}
	if after != a {
		// The old token may have ended with this answer: the new one must not be lost.
		if err := f.Store.MoveAccount(ctx, a, after); err != nil {
			return a, after, fmt.Errorf("keep the tokens: %w", err)
		}
	}
	held = after
	after, err = f.update(ctx, g, held)
	return held, after, err
}

// freshen is the account with tokens that hold.
func (f *Fetcher) freshen(ctx context.Context, g vitals.Gateway, a vitals.Account) (vitals.Account, error) {
	c, known := f.cloud(g.Kind)
	if !known || f.Now().Add(callLimit).Before(a.Expires) {
		return a, nil
	}
	fresh, err := c.refresh(ctx, g, a)
	if err != nil {
		return a, fmt.Errorf("refresh the access: %w", err)
	}
	return fresh, nil
}

// update fetches what is new, and is the account with the place that it has then.
func (f *Fetcher) update(ctx context.Context, g vitals.Gateway, a vitals.Account) (vitals.Account, error) {
	c, known := f.cloud(g.Kind)
	source, reads := gateway.Lookup(g.Kind)
	if !known || !reads {
		return a, fmt.Errorf("nothing is fetched from a gateway of kind %s", g.Kind)
	}
	p := place{a.Gateway, a.Name}
	w, err := c.pages(ctx, a, f.walked(a), func(answer []byte) error {
		parts, err := source.Read(devices.Frame{Device: source.DeviceOf(g.ID, a.Name), Received: f.Now(), Bytes: answer})
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		if err := f.Sink.DepositParts(ctx, g.ID, parts); err != nil {
			return fmt.Errorf("store what was fetched: %w", err)
		}
		return nil
	})
	if err != nil {
		delete(f.walks, p) // the cloud may not know any more where it was
		return a, err
	}
	if !w.done {
		f.walks[p] = w
		return a, nil
	}
	delete(f.walks, p)
	a.Fetched = w.until
	return a, nil
}
