package journal

import (
	"vigil/alerts"
	"vigil/vitals"
)

// What the tests look at from inside.
var (
	EncodeDelivery = encodeDelivery
	DecodeDelivery = decodeDelivery
	Token          = token
	ErrMalformed   = errMalformed
	MarkerName     = markerName
)

// Identity is a journal's identity with what it descends from.
type Identity struct{ identity }

// NewIdentity draws one.
func NewIdentity() Identity { return Identity{newIdentity()} }

// Fork is a new identity that keeps the messages up to cut.
func (i Identity) Fork(cut uint64) Identity { return Identity{i.fork(cut)} }

// Resolve says how far a position reaches.
func (i Identity) Resolve(id string, position uint64) uint64 { return i.resolve(id, position) }

// Name is the identity's own name.
func (i Identity) Name() string { return i.ID }

// Reread writes the identity into metadata and reads it back.
func (i Identity) Reread() Identity {
	meta := map[string]string{}
	i.write(meta)
	return Identity{readIdentity(meta)}
}

// Subject is where a delivery is published.
func Subject(d vitals.Delivery) string { return subjectOf(d) }

// EncodeSights is what is published of sights.
func EncodeSights(s Sights) ([]byte, error) { return encoding.Marshal(toWireSights(s)) }

// DecodeSights is what is heard of it.
func DecodeSights(data []byte) (s Sights, err error) {
	err = give(data, wireSights.sights, func(got Sights) { s = got })
	return s, err
}

// DecodeTransition is what is heard of a change of an alarm.
func DecodeTransition(data []byte) (t alerts.Transition, err error) {
	err = give(data, wireTransition.transition, func(got alerts.Transition) { t = got })
	return t, err
}
