// Package identity answers who somebody is: a person by password and then by session, a hub by its
// secret. It knows nothing of HTTP or SQL. What somebody may do follows from vitals.Role and
// vitals.Scope.
//
// Passwords are kept as argon2id, everything random with 256 bits as SHA-256: neither the database
// nor a backup of it lets anybody in.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"vigil/vitals"
)

// ErrDenied says that the login, password, token or secret is wrong. It does not say which.
var ErrDenied = errors.New("not recognised")

// ErrPassword says that a password is too short or too long.
var ErrPassword = fmt.Errorf("a password has at least %d characters and at most %d bytes", minPassword, maxPassword)

// Bounds of a password. NIST SP 800-63B-4: at least 15 characters where it is the only factor, and
// no rules about its composition.
const (
	minPassword = 15
	maxPassword = 1024
	// maxLogin bounds what is remembered of somebody who tries.
	maxLogin = 256
)

const (
	// sessionLength is one shift (OWASP ASVS 5.0, 7.3: an absolute limit).
	sessionLength = 12 * time.Hour
	// touchEvery bounds how often a session in use is written.
	touchEvery = time.Minute
)

// People are those who may sign in.
type People interface {
	// StaffByLogin finds a person whatever the case of the login, with the hash of the password.
	StaffByLogin(ctx context.Context, login string) (vitals.Staff, string, error)
	StaffByID(ctx context.Context, id vitals.StaffID) (vitals.Staff, error)
	CountStaff(ctx context.Context) (int, error)
	// SaveStaff writes a person; a login that is taken wraps vitals.ErrConflict.
	SaveStaff(ctx context.Context, p vitals.Staff, passwordHash string) error
	// ReplaceStaff is SaveStaff that also ends the person's sessions.
	ReplaceStaff(ctx context.Context, p vitals.Staff, passwordHash string) error
}

// Sessions are the present sign-ins, found by the hash of their token.
type Sessions interface {
	SaveSession(ctx context.Context, s vitals.Session) error
	Session(ctx context.Context, key []byte) (vitals.Session, error)
	TouchSession(ctx context.Context, key []byte, seen time.Time) error
	DeleteSession(ctx context.Context, key []byte) error
}

// Hubs are the hubs, and the gateways of others, that may deliver.
type Hubs interface {
	HubSecret(ctx context.Context, hub vitals.HubID) ([]byte, error)
	// RenewHub replaces it.
	RenewHub(ctx context.Context, hub vitals.HubID, secretHash []byte) error
	GatewaySecret(ctx context.Context, id vitals.HubID) (vitals.Gateway, []byte, error)
}

// Store keeps all of them. What is not there wraps vitals.ErrNotFound.
type Store interface {
	People
	Sessions
	Hubs
}

// Options of a Desk.
type Options struct {
	Store Store
	Log   *slog.Logger
	// Idle ends a session that was not used for so long; zero: only the shift's length counts.
	// A ward's screen is in use all the time, because it asks again with every heartbeat.
	Idle time.Duration
}

// Desk checks people and hubs. Its methods may be called from any goroutine.
type Desk struct {
	store   Store
	log     *slog.Logger
	idle    time.Duration
	hashing chan struct{} // one place per core: each hash takes 19 MiB and a core
	backoff *backoff
	nobody  string // hash to check against when there is no such person
	// knownHubs has the hash of the secret with which a hub was let in last, by its id.
	knownHubs sync.Map
}

// New makes a Desk.
func New(o Options) (*Desk, error) {
	d := &Desk{
		store: o.Store, log: o.Log, idle: o.Idle,
		hashing: make(chan struct{}, runtime.NumCPU()), backoff: newBackoff(),
	}
	var err error
	d.nobody, err = d.hash(context.Background(), rand.Text())
	return d, err
}

// Login checks a password and opens a session: the token is for the browser and kept nowhere else.
// A wrong login or password gives ErrDenied, and too many of them in a row a *BackoffError.
func (d *Desk) Login(ctx context.Context, user, password string, now time.Time) (string, vitals.Staff, error) {
	if len(user) > maxLogin {
		return "", vitals.Staff{}, ErrDenied
	}
	if err := d.backoff.try(user, now); err != nil {
		return "", vitals.Staff{}, err
	}
	person, err := d.check(ctx, user, password)
	if err != nil {
		return "", vitals.Staff{}, err
	}
	d.backoff.forget(user)
	token, key := newSecret()
	err = d.store.SaveSession(ctx, vitals.Session{
		Key: key, Staff: person.ID, Created: now, Expires: now.Add(sessionLength), Seen: now,
	})
	if err != nil {
		return "", vitals.Staff{}, fmt.Errorf("open session: %w", err)
	}
	return token, person, nil
}

// check finds the person whose password it is. It works as long for somebody who does not exist.
func (d *Desk) check(ctx context.Context, user, password string) (vitals.Staff, error) {
	person, hash, err := d.store.StaffByLogin(ctx, user)
	unknown := errors.Is(err, vitals.ErrNotFound)
	if err != nil && !unknown {
		return vitals.Staff{}, fmt.Errorf("find person: %w", err)
	}
	if unknown || hash == "" {
		hash = d.nobody
	}
	right, current, err := d.verify(ctx, hash, password)
	if err != nil {
		return vitals.Staff{}, err
	}
	if !right || unknown || person.Disabled {
		return vitals.Staff{}, ErrDenied
	}
	if !current {
		d.rehash(ctx, person, password)
	}
	return person, nil
}

// rehash stores the password under today's parameters. When it cannot, the next login will.
func (d *Desk) rehash(ctx context.Context, person vitals.Staff, password string) {
	hash, err := d.hash(ctx, password)
	if err == nil {
		err = d.store.SaveStaff(ctx, person, hash)
	}
	if err != nil {
		d.log.WarnContext(ctx, "password not rehashed", "staff", string(person.ID), "error", err)
	}
}

// Session finds the person of a session's token; ErrDenied when there is none or it is over.
func (d *Desk) Session(ctx context.Context, token string, now time.Time) (vitals.Staff, error) {
	key := keyOf(token)
	s, err := d.store.Session(ctx, key)
	if errors.Is(err, vitals.ErrNotFound) {
		return vitals.Staff{}, ErrDenied
	}
	if err != nil {
		return vitals.Staff{}, fmt.Errorf("find session: %w", err)
	}
	if !now.Before(s.Expires) || (d.idle > 0 && now.Sub(s.Seen) >= d.idle) {
		return vitals.Staff{}, ErrDenied
	}
	person, err := d.store.StaffByID(ctx, s.Staff)
	if errors.Is(err, vitals.ErrNotFound) {
		return vitals.Staff{}, ErrDenied
	}
	if err != nil {
		return vitals.Staff{}, fmt.Errorf("find person of session: %w", err)
	}
	if person.Disabled {
		return vitals.Staff{}, ErrDenied
	}
	if now.Sub(s.Seen) >= touchEvery {
		if err := d.store.TouchSession(ctx, key, now); err != nil && !errors.Is(err, vitals.ErrNotFound) {
			return vitals.Staff{}, fmt.Errorf("note use of session: %w", err)
		}
	}
	return person, nil
}

// Logout ends a session. Ending one that is over changes nothing.
func (d *Desk) Logout(ctx context.Context, token string) error {
	if err := d.store.DeleteSession(ctx, keyOf(token)); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// newSecret is 256 random bits as text, with the hash under which it is stored.
func newSecret() (secret string, hash []byte) {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails: the program ends where there is no randomness
	secret = base64.RawURLEncoding.EncodeToString(bits[:])
	return secret, keyOf(secret)
}

func keyOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
