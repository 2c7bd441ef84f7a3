package vitals

import (
	"cmp"
	"time"
)

// Key places a charted reading in time order; it is unique within a patient.
type Key struct {
	Time   time.Time
	Kind   Kind
	Device DeviceID
}

// Key is the reading's place.
func (c Charted) Key() Key { return Key{Time: c.Time, Kind: c.Kind, Device: c.Device} }

// Compare orders keys by time, then kind, then device.
func (k Key) Compare(other Key) int {
	return cmp.Or(k.Time.Compare(other.Time), cmp.Compare(k.Kind, other.Kind), cmp.Compare(k.Device, other.Device))
}

// Query asks for charted readings of one patient.
type Query struct {
	Patient    PatientID
	Kinds      []Kind    // empty: all that are not sampled
	From, To   time.Time // From inclusive, To exclusive; zero is open
	Descending bool
	After      *Key // continue behind this place, in the order asked for
	Limit      int
}
