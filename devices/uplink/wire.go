package uplink

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"vigil/vitals"
)

// The keys of a message's items.
const (
	keyReadings  = 7
	keyWaveforms = 8
	keyEvents    = 9
)

// The shapes on the wire. Pointers tell an absent field from a zero one; the CDDL in
// docs/hub-protocol.md says which may be absent.
type (
	wireMessage struct {
		Version   *uint64           `cbor:"0,keyasint,omitempty"`
		Stream    *uint32           `cbor:"1,keyasint,omitempty"`
		Seq       *uint64           `cbor:"2,keyasint,omitempty"`
		HubTime   *int64            `cbor:"3,keyasint,omitempty"`
		Clock     *wireClock        `cbor:"4,keyasint,omitempty"`
		Boot      *uint64           `cbor:"5,keyasint,omitempty"`
		Device    octets            `cbor:"6,keyasint,omitempty"`
		Readings  []cbor.RawMessage `cbor:"7,keyasint,omitempty"`
		Waveforms []cbor.RawMessage `cbor:"8,keyasint,omitempty"`
		Events    []cbor.RawMessage `cbor:"9,keyasint,omitempty"`
	}
	wireClock struct {
		Source *uint8  `cbor:"0,keyasint,omitempty"`
		Bound  *uint32 `cbor:"1,keyasint,omitempty"` // ms
	}
	wireReading struct {
		Code        *uint32 `cbor:"1,keyasint,omitempty"`
		Mantissa    *int64  `cbor:"2,keyasint,omitempty"`
		Exp         *int8   `cbor:"3,keyasint,omitempty"`
		Unit        *uint32 `cbor:"4,keyasint,omitempty"`
		DeviceTime  *int64  `cbor:"5,keyasint,omitempty"`
		Time        *int64  `cbor:"6,keyasint,omitempty"`
		TimeQuality *uint8  `cbor:"7,keyasint,omitempty"`
		Quality     *uint8  `cbor:"8,keyasint,omitempty"`
		Special     *uint8  `cbor:"12,keyasint,omitempty"`
	}
	wireWave struct {
		Code     *uint32      `cbor:"1,keyasint,omitempty"`
		Rate     *wireRate    `cbor:"2,keyasint,omitempty"`
		Start    *int64       `cbor:"3,keyasint,omitempty"`
		Count    *uint32      `cbor:"4,keyasint,omitempty"`
		Encoding *uint8       `cbor:"5,keyasint,omitempty"`
		Scale    *wireDecimal `cbor:"6,keyasint,omitempty"`
		Data     octets       `cbor:"7,keyasint,omitempty"`
		First    *uint64      `cbor:"8,keyasint,omitempty"`
	}
	wireEvent struct {
		Code   *string      `cbor:"1,keyasint,omitempty"`
		Time   *int64       `cbor:"2,keyasint,omitempty"`
		Value  *wireDecimal `cbor:"3,keyasint,omitempty"`
		Detail *string      `cbor:"4,keyasint,omitempty"`
	}
	wireRate struct {
		_   struct{} `cbor:",toarray"`
		Num uint32
		Den uint32
	}
	wireDecimal struct {
		_        struct{} `cbor:",toarray"`
		Mantissa int64
		Exp      int8
	}
)

// octets accepts a byte string and nothing else; the library would also read an array of numbers.
type octets []byte

// UnmarshalCBOR reads a byte string.
func (o *octets) UnmarshalCBOR(data []byte) error {
	const byteString = 2
	if len(data) == 0 || data[0]>>5 != byteString {
		return errNotOctets
	}
	var b []byte
	if err := decoding.Unmarshal(data, &b); err != nil {
		return fmt.Errorf("read byte string: %w", err)
	}
	*o = b
	return nil
}

var errNotOctets = errors.New("another type stands where a byte string belongs")

// decoding refuses whatever has more than one reading: repeated keys, unknown keys, tags,
// indefinite lengths and numbers that are none.
var decoding = must(cbor.DecOptions{
	DupMapKey:         cbor.DupMapKeyEnforcedAPF,
	IndefLength:       cbor.IndefLengthForbidden,
	TagsMd:            cbor.TagsForbidden,
	ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	MaxNestedLevels:   maxNested,
	MaxArrayElements:  MaxItems,
	MaxMapPairs:       maxPairs,
	NaN:               cbor.NaNDecodeForbidden,
	Inf:               cbor.InfDecodeForbidden,
	BignumTag:         cbor.BignumTagForbidden,
	UTF8:              cbor.UTF8RejectInvalid,
	SimpleValues: must(cbor.NewSimpleValueRegistryFromDefaults(
		cbor.WithRejectedSimpleValue(22), cbor.WithRejectedSimpleValue(23))), // null, undefined
}.DecMode())

// lenient reads what names a message that is refused, and where its items are.
var lenient = must(cbor.DecOptions{
	DupMapKey:        cbor.DupMapKeyEnforcedAPF,
	IndefLength:      cbor.IndefLengthForbidden,
	MaxNestedLevels:  maxNested,
	MaxArrayElements: MaxItems,
	MaxMapPairs:      maxPairs,
	UTF8:             cbor.UTF8DecodeInvalid,
}.DecMode())

// bounding finds where a message ends, whatever is in it.
var bounding = must(cbor.DecOptions{}.DecMode())

const maxNested, maxPairs = 6, 16

var encoding = must(cbor.CoreDetEncOptions().EncMode())

func must[M any](m M, err error) M {
	if err != nil {
		panic(fmt.Sprintf("uplink: CBOR options: %v", err)) // constants: a fault of the program
	}
	return m
}

// lastMicro is the end of the year 9999, beyond which a time has no common notation.
const lastMicro = 253402300799999999

func microsOf(t time.Time) *int64 { return new(t.UnixMicro()) }

func timeOf(what string, micros *int64) (time.Time, error) {
	switch {
	case micros == nil:
		return time.Time{}, malformed("%s is missing", what)
	case *micros < 0 || *micros > lastMicro:
		return time.Time{}, malformed("%s %d µs is outside 1970 to 9999", what, *micros)
	}
	return time.UnixMicro(*micros).UTC(), nil
}

func octetsOf(d vitals.DeviceID) (octets, error) {
	b, err := hex.DecodeString(string(d))
	if err != nil || (len(b) != 6 && len(b) != 8) {
		return nil, malformed("device %q is not 6 or 8 bytes of hexadecimal", d)
	}
	return b, nil
}

func deviceOf(o octets) (vitals.DeviceID, error) {
	switch len(o) {
	case 0:
		return "", malformed("device is missing")
	case 6, 8:
		return vitals.DeviceID(hex.EncodeToString(o)), nil
	default:
		return "", malformed("device has %d bytes, not 6 or 8", len(o))
	}
}

func textOf(what string, s *string) (string, error) {
	if s == nil {
		return "", nil
	}
	if len(*s) > MaxText {
		return "", malformed("%s has %d bytes, more than %d", what, len(*s), MaxText)
	}
	return *s, nil
}

// required is the value of a field that may not be absent.
func required[T any](what string, v *T) (T, error) {
	if v == nil {
		var none T
		return none, malformed("%s is missing", what)
	}
	return *v, nil
}

func orZero[T any](v *T) T {
	if v == nil {
		var none T
		return none
	}
	return *v
}

// unlessZero is the field of a value whose zero is not sent.
func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
