// Package clouds is the server's way out to the gateways and clouds of others. It fetches what clouds know
// of patients: when they say that there is something new, and once an hour, because a notification may be
// lost. It keeps the tokens of each account fresh. And it stays connected to gateways that have to be
// asked (Cassia).
//
// What was fetched is stored before the account's place moves on, so that a crash in between fetches it
// again; its keys absorb the repeat. The package knows HTTP and the clouds' addresses, and nothing of
// alarms or SQL.
package clouds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/devices/gateway"
	"vigil/vitals"
)

const (
	// catchUpEvery is how old what was fetched may get without a notification.
	catchUpEvery = time.Hour
	lookEvery    = time.Minute
	callLimit    = 30 * time.Second
	// overlap is how far before the last time is asked again: devices synchronise late, and what was
	// measured before the last time may have arrived after it.
	overlap = 24 * time.Hour
	// queued is how many accounts may wait to be fetched; a notification beyond that is left to the hour.
	queued = 1024
	// maxPages bounds one attempt: an account with more goes on when the others had their turn.
	maxPages = 100
)

// Store keeps gateways and accounts.
type Store interface {
	Gateways(ctx context.Context) ([]vitals.Gateway, error)
	Accounts(ctx context.Context) ([]vitals.Account, error)
	// MoveAccount keeps what became of an account; vitals.ErrNotFound where somebody removed it meanwhile, or gave it
	// another token than before.
	MoveAccount(ctx context.Context, before, after vitals.Account) error
	// DevicesOf lists the devices that are registered to a hub or gateway.
	DevicesOf(ctx context.Context, sender vitals.HubID) ([]vitals.DeviceID, error)
}

// Sink stores what was read; it returns when everything is on disk.
type Sink interface {
	DepositParts(ctx context.Context, sender vitals.HubID, parts []gateway.Part) error
}

// Options of a Fetcher.
type Options struct {
	Store Store
	Sink  Sink
	Relay Relay
	// Owns reports whether the gateway is this node's to look after, where there are several nodes.
	Owns func(id vitals.HubID) bool
	Log  *slog.Logger
	Now  func() time.Time
	HTTP *http.Client
	// Addresses of the clouds; empty: the real ones.
	Withings, Google, GoogleTokens, GoogleKeys string
}

// Fetcher fetches from accounts and keeps connections.
type Fetcher struct {
	Options

	signers signers
	wanted  chan place
	mu      sync.Mutex
	waiting map[place]bool
	walks   map[place]walk // of Run alone
}

// place is an account.
type place struct {
	gateway vitals.HubID
	name    string
}

// cloud is what is particular about one of them.
type cloud interface {
	// refresh gets a token to fetch with.
	refresh(ctx context.Context, g vitals.Gateway, a vitals.Account) (vitals.Account, error)
	// pages hands over the answers with what the cloud got to know since the walk began, as far as one attempt goes.
	pages(ctx context.Context, a vitals.Account, w walk, take func(answer []byte) error) (walk, error)
}

// New is a fetcher that does nothing before Run.
func New(o Options) *Fetcher {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: callLimit}
	}
	o.Withings = strings.TrimSuffix(lo.CoalesceOrEmpty(o.Withings, "https://wbsapi.withings.net"), "/")
	o.Google = strings.TrimSuffix(lo.CoalesceOrEmpty(o.Google, "https://health.googleapis.com"), "/")
	o.GoogleTokens = lo.CoalesceOrEmpty(o.GoogleTokens, "https://oauth2.googleapis.com/token")
	o.GoogleKeys = lo.CoalesceOrEmpty(o.GoogleKeys, "https://www.gstatic.com/googlehealthapi/webhooks/webhooks_public_keyset.json")
	return &Fetcher{Options: o, wanted: make(chan place, queued), waiting: map[place]bool{}, walks: map[place]walk{}}
}

func (f *Fetcher) cloud(kind string) (cloud, bool) {
	switch kind {
	case "withings":
		return withings{f}, true
	case googleHealth:
		return google{f}, true
	default:
		return nil, false
	}
}

// Notify has the accounts fetched soon. It does not wait.
func (f *Fetcher) Notify(g vitals.Gateway, notifications []gateway.Notification) {
	for _, n := range notifications {
		if !n.Deleted {
			f.want(place{g.ID, n.Account})
		}
	}
}

func (f *Fetcher) want(p place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting[p] {
		return
	}
	select {
	case f.wanted <- p:
		f.waiting[p] = true
	default: // the hour finds it
	}
}

// Run fetches until the context ends.
func (f *Fetcher) Run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	k := &kept{to: map[vitals.HubID]connection{}}
	defer k.leave()
	f.catchUp(ctx, k)
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			f.catchUp(ctx, k)
		case p := <-f.wanted:
			f.mu.Lock()
			delete(f.waiting, p)
			f.mu.Unlock()
			f.fetch(ctx, p)
		}
	}
}

// catchUp follows what is registered, and wants the accounts that were not fetched for an hour or have more.
func (f *Fetcher) catchUp(ctx context.Context, k *kept) {
	if gateways, err := f.Store.Gateways(ctx); err == nil { // else those of before are kept
		f.keep(ctx, k, gateways)
	}
	accounts, err := f.Store.Accounts(ctx)
	if err != nil {
		f.Log.WarnContext(ctx, "accounts with clouds could not be read", "error", err)
		return
	}
	for _, a := range accounts {
		p := place{a.Gateway, a.Name}
		_, more := f.walks[p]
		if (more || f.Now().Sub(a.Fetched) >= catchUpEvery) && f.Owns(a.Gateway) {
			f.want(p)
		}
	}
}

// post sends a form, and get asks; both return the body of a good answer.
func (f *Fetcher) post(ctx context.Context, address string, form url.Values, bearer string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return f.do(request, bearer)
}

func (f *Fetcher) get(ctx context.Context, address, bearer string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	return f.do(request, bearer)
}

func (f *Fetcher) do(request *http.Request, bearer string) ([]byte, error) {
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	return do(f.HTTP, request)
}

// do makes a request and reads the body of a good answer.
func do(client *http.Client, request *http.Request) ([]byte, error) {
	answer, err := client.Do(request) //nolint:gosec // to the clouds' own addresses, or where an administrator said
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", request.URL.Host, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s answers %s", request.URL.Host, answer.Status), answer.Body.Close())
	}
	return readAnswer(answer)
}

func readAnswer(answer *http.Response) ([]byte, error) {
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(answer.Body, gateway.MaxPayload))
	if err != nil {
		return nil, fmt.Errorf("hear %s: %w", answer.Request.URL.Host, err)
	}
	return body, nil
}
