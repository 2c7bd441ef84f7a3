package clouds

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/samber/lo"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/signature"
	"github.com/tink-crypto/tink-go/v2/tink"

	"vigil/vitals"
)

// Google signs each notification (ECDSA on P-256, EndpointAuthorization of the Health API v4): the header is
// a Tink signature of the body in base64, and the public keys are published as a Tink key set. Tink, their
// maker's own library, reads both.

const (
	keysAge  = 24 * time.Hour // after which keys are read anew: one may have been taken back
	keysRest = time.Minute    // between two looks for a key that was not there
)

// signers are the public keys of a cloud.
type signers struct {
	mu    sync.Mutex
	keys  tink.Verifier // nil before they were read
	read  time.Time
	asked time.Time
}

var errNoKeys = errors.New("the keys that Google signs with could not be read lately")

// CheckSigned finds the gateway whose cloud signed the payload, and whether it did.
func (f *Fetcher) CheckSigned(ctx context.Context, id vitals.HubID, sign string, payload []byte) (vitals.Gateway, bool, error) {
	gateways, err := f.Store.Gateways(ctx)
	if err != nil {
		return vitals.Gateway{}, false, fmt.Errorf("read gateways: %w", err)
	}
	g, known := lo.Find(gateways, func(g vitals.Gateway) bool { return g.ID == id && g.Kind == googleHealth })
	if given, err := base64.StdEncoding.DecodeString(sign); known && err == nil {
		valid, err := f.signedByGoogle(ctx, given, payload)
		return g, valid, err
	}
	return vitals.Gateway{}, false, nil
}

func (f *Fetcher) signedByGoogle(ctx context.Context, sign, payload []byte) (bool, error) {
	keys := f.signers.held(f.Now())
	if keys != nil && keys.Verify(sign, payload) == nil {
		return true, nil
	}
	if !f.signers.mayAsk(f.Now()) {
		return false, lo.Ternary(keys == nil, errNoKeys, nil)
	}
	keys, err := f.readKeys(ctx)
	if err != nil {
		return false, err
	}
	f.signers.hold(keys, f.Now())
	return keys.Verify(sign, payload) == nil, nil
}

// held are the keys that still count.
func (s *signers) held(now time.Time) tink.Verifier {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.read) >= keysAge {
		return nil
	}
	return s.keys
}

// mayAsk reports whether it is time to look for other keys, to one caller.
func (s *signers) mayAsk(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.asked) < keysRest {
		return false
	}
	s.asked = now
	return true
}

func (s *signers) hold(keys tink.Verifier, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.read = keys, now
}

func (f *Fetcher) readKeys(ctx context.Context) (tink.Verifier, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.GoogleKeys, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	text, err := do(f.HTTP, request)
	if err != nil {
		return nil, err
	}
	handle, err := keyset.ReadWithNoSecrets(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("read Google's keys: %w", err)
	}
	keys, err := signature.NewVerifier(handle)
	if err != nil {
		return nil, fmt.Errorf("read Google's keys: %w", err)
	}
	return keys, nil
}
