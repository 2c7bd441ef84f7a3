// Package devices turns bytes into vitals. One file, or one folder once it outgrows 300 lines,
// per device family or gateway; each registers its decoder here, and one golden test and one fuzz
// test exercise all of them.
//
// A decoder is a pure function: it knows no clock, no socket and no patient. It refuses malformed
// bytes with an error that wraps ErrMalformed and says what is wrong, so that the sender can read it.
package devices

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vigil/vitals"
)

// ErrMalformed is wrapped by every error about bytes that do not follow their layout.
var ErrMalformed = errors.New("malformed")

// Frame is what arrived, undecoded.
type Frame struct {
	Device   vitals.DeviceID
	Received time.Time // when the receiver got it, by the receiver's clock
	Bytes    []byte
}

// Decoder turns one frame into a batch. Beside an error the batch is empty, but for an *ItemsError.
type Decoder func(Frame) (vitals.Batch, error)

// ItemsError says which items of a frame cannot be read. The batch beside it holds the others, which may be none.
type ItemsError struct{ Faults []Fault }

// Fault is one item that cannot be read. Those of a list follow each other in their order.
type Fault struct {
	Item vitals.Item // as they were sent; no list where the frame has none
	Err  error       // wraps ErrMalformed
}

// Error names the first few, with their places.
func (e *ItemsError) Error() string {
	const most = 10
	var text strings.Builder
	for i, f := range e.Faults[:min(most, len(e.Faults))] {
		if i > 0 {
			text.WriteString("; ")
		}
		if f.Item.List != "" {
			text.WriteString(f.Item.String() + ": ")
		}
		text.WriteString(f.Err.Error())
	}
	if more := len(e.Faults) - most; more > 0 {
		fmt.Fprintf(&text, "; and %d more", more)
	}
	return text.String()
}

// Unwrap makes it an ErrMalformed.
func (*ItemsError) Unwrap() error { return ErrMalformed }

var registry = map[string]Decoder{}

// Register makes a decoder known under a name such as "gatt/2a37". It panics on a name that is
// taken, which is a fault of the program.
func Register(name string, decode Decoder) {
	if _, taken := registry[name]; taken {
		panic(fmt.Sprintf("devices: decoder %q registered twice", name))
	}
	registry[name] = decode
}

// Lookup finds a decoder by name.
func Lookup(name string) (Decoder, bool) {
	d, ok := registry[name]
	return d, ok
}

// Names lists all decoders, sorted.
func Names() []string { return slices.Sorted(maps.Keys(registry)) }
