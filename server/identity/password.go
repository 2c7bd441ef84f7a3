package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// params are the costs of argon2id.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// today's costs: 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet). 30 ms of one core.
var today = params{memory: 19 * 1024, time: 2, threads: 1}

// The most that a stored hash may ask for, so that a damaged one stops nothing.
var ceiling = params{memory: 1 << 20, time: 32, threads: 16}

const (
	saltLen = 16
	hashLen = 32
)

// errHash says that a stored hash cannot be read.
var errHash = errors.New("malformed argon2id hash")

// hash is the password as a PHC string.
func (d *Desk) hash(ctx context.Context, password string) (string, error) {
	var salt [saltLen]byte
	_, _ = rand.Read(salt[:]) // never fails: the program ends where there is no randomness
	sum, err := d.derive(ctx, password, salt[:], today, hashLen)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, today.memory, today.time, today.threads,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// derive waits for a free core.
func (d *Desk) derive(ctx context.Context, password string, salt []byte, p params, n uint32) ([]byte, error) {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a core to hash a password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, n), nil
}

// verify reports whether the hash is the password's, and whether it has today's costs.
func (d *Desk) verify(ctx context.Context, hash, password string) (right, current bool, err error) {
	p, salt, want, err := parseHash(hash)
	if err != nil {
		return false, false, err
	}
	if len(password) > maxPassword { // nobody has one; the right work is still done
		password = ""
	}
	got, err := d.derive(ctx, password, salt, p, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	current = p == today && len(salt) == saltLen && len(want) == hashLen
	return subtle.ConstantTimeCompare(got, want) == 1, current, nil
}

// parseHash reads a PHC string: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func parseHash(text string) (p params, salt, hash []byte, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, nil, nil, fmt.Errorf("%w: %w", errHash, err)
	}
	if p.time < 1 || p.threads < 1 || p.memory > ceiling.memory || p.time > ceiling.time || p.threads > ceiling.threads {
		return p, nil, nil, fmt.Errorf("%w: costs out of range", errHash)
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	hash, hashErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if saltErr != nil || hashErr != nil || len(salt) < 8 || len(hash) < 16 || len(hash) > 64 {
		return p, nil, nil, fmt.Errorf("%w: salt or sum", errHash)
	}
	return p, salt, hash, nil
}
