package ward

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vigil/vitals"
)

var (
	errNoID     = errors.New("server admitted a patient without an id")
	errNoSecret = errors.New("server made a hub without a secret")
)

// Secrets of hubs, by server and hub. A server tells a secret once.
type Secrets map[string]map[vitals.HubID]string

// LoadSecrets reads a file of secrets; one that does not exist is empty, and so is no name.
func LoadSecrets(name string) (Secrets, error) {
	s := Secrets{}
	if name == "" {
		return s, nil
	}
	text, err := os.ReadFile(name) //nolint:gosec // the caller names the file
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read hub secrets: %w", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read hub secrets from %s: %w", name, err)
	}
	return s, nil
}

// Save writes the file, for its owner only, whole or not at all.
func (s Secrets) Save(name string) error {
	if name == "" {
		return nil
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode hub secrets: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make folder for hub secrets: %w", err)
	}
	fresh := name + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return fmt.Errorf("write hub secrets: %w", err)
	}
	if err := os.Rename(fresh, name); err != nil {
		return fmt.Errorf("put hub secrets in place: %w", err)
	}
	return nil
}

// Of is the secret of a hub at a server, empty when unknown.
func (s Secrets) Of(server string, hub vitals.HubID) string { return s[server][hub] }

// Set keeps the secret of a hub at a server.
func (s Secrets) Set(server string, hub vitals.HubID, secret string) {
	if s[server] == nil {
		s[server] = map[vitals.HubID]string{}
	}
	s[server][hub] = secret
}
