package alerts

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
)

// ErrContact is wrapped by the errors of Contact.Validate.
var ErrContact = errors.New("nobody can be reached there")

// ErrGone says that a contact is no longer there.
var ErrGone = errors.New("contact is gone")

// topic is what ntfy takes for one.
var topic = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

// Sizes of what a browser gives with a subscription (RFC 8291): a point of P-256, not compressed, and a secret.
const (
	pushKeySize  = 65
	pushAuthSize = 16
)

// Validate says why nothing can be sent to the contact. The house's paging system is nobody's own contact.
func (c Contact) Validate() error {
	switch c.Channel {
	case Mail:
		if at, err := mail.ParseAddress(c.Address); err != nil || at.Address != c.Address {
			return fmt.Errorf("want an address such as nurse@example.org: %w", ErrContact)
		}
	case Ntfy:
		if !topic.MatchString(c.Address) {
			return fmt.Errorf("a topic has 1 to 64 letters, digits, - and _: %w", ErrContact)
		}
	case WebPush:
		if u, err := url.Parse(c.Address); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			return fmt.Errorf("a push service is at https://…: %w", ErrContact)
		}
		if !encodes(c.Key, pushKeySize) || !encodes(c.Auth, pushAuthSize) {
			return fmt.Errorf("these are no keys of a subscription: %w", ErrContact)
		}
	case Webhook:
		return fmt.Errorf("the paging system is set up by the operator: %w", ErrContact)
	default:
		return fmt.Errorf("%q is no channel: %w", c.Channel, ErrContact)
	}
	return nil
}

// encodes reports whether a text is so many bytes in Base64 for addresses, as browsers write them.
func encodes(text string, size int) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && len(b) == size
}
