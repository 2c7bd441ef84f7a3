// Package gateway reads what other people's gateways and clouds send: one file for each. A payload is
// taken apart into parts, and each part is decoded on its own, so that one that cannot be read spoils no
// other.
//
// A decoder here is as pure as those of wearables (package devices): it knows no clock, no socket, no
// secret and no patient. Clouds name devices and accounts in their own way; vitals.DeriveDeviceID makes a
// device's id of that, always the same.
//
// What a source sends and Vigil does not chart (steps, sleep, room temperature) makes an empty batch: it
// is understood. What is not understood is refused with devices.ErrMalformed.
package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// Bounds of a payload: the largest that was seen is an export of a few days from a phone.
const (
	MaxPayload = 8 << 20 // bytes
	MaxParts   = 10_000
)

// ErrTooMany is wrapped by the error about a payload of more than MaxParts parts.
var ErrTooMany = fmt.Errorf("too much at once: %w", devices.ErrMalformed)

// Source is one make of gateway or cloud.
type Source struct {
	Name  string // "tenovi"; its decoder is registered as "gateway/tenovi"
	About string // for people: what sends it
	// split takes a payload apart; nil where it is one part.
	split  func(payload []byte) ([]piece, error)
	decode devices.Decoder
	notify func(payload []byte) ([]Notification, error) // nil where payloads carry the values themselves
	// relays says that it hears everybody's devices, not only those of people who are monitored.
	relays bool
	// listed says that a part has the lists of a batch, item by item.
	listed bool
}

// Part is what became of one part of a payload.
type Part struct {
	Payload []byte
	Place   string // in the payload, as a path: "data.metrics[1].data[4]"; empty where it is all of it
	Batch   vitals.Batch
	// Err wraps devices.ErrMalformed. The batch has no items then, but for those that an *devices.ItemsError leaves it; it
	// may tell the device.
	Err error

	listed bool
}

// At is where an item of the part stands in the payload.
func (p Part) At(i vitals.Item) string {
	inBatch := i.List == vitals.ReadingList || i.List == vitals.WaveformList || i.List == vitals.EventList
	if i.List == "" || inBatch && !p.listed {
		return p.Place
	}
	return strings.TrimPrefix(fmt.Sprintf("%s.%ss[%d]", p.Place, i.List, i.Index), ".")
}

// piece is a part that is not decoded yet.
type piece struct {
	place string
	text  []byte
	fault error // why it cannot be decoded, where that is known already
}

var sources = map[string]Source{}

func register(s Source) {
	s.decode = bounded(s.decode)
	sources[s.Name] = s
	devices.Register("gateway/"+s.Name, s.decode)
}

// bounded refuses a part that holds more than a hub may send in one message: whoever stores and draws
// what comes of it relies on the same bounds.
func bounded(decode devices.Decoder) devices.Decoder {
	return func(frame devices.Frame) (vitals.Batch, error) {
		b, err := decode(frame)
		if n := len(b.Readings) + len(b.Events) + len(b.Waveforms); n > uplink.MaxItems {
			return vitals.Batch{}, malformed("%d items exceed %d", n, uplink.MaxItems)
		}
		for _, w := range b.Waveforms {
			if err := uplink.CheckWaveform(w); err != nil {
				return vitals.Batch{}, err
			}
		}
		return b, err
	}
}

// Lookup finds a source by name.
func Lookup(name string) (Source, bool) {
	s, known := sources[name]
	return s, known
}

// Names lists all sources, sorted.
func Names() []string { return slices.Sorted(maps.Keys(sources)) }

// DeviceOf is the id of the device that the source names by the key, or, where the key is empty, of the
// sender itself.
func (s Source) DeviceOf(sender vitals.HubID, key string) vitals.DeviceID {
	if key == "" {
		return vitals.DeriveDeviceID(s.Name, string(sender))
	}
	return vitals.DeriveDeviceID(s.Name, key)
}

// Read takes a payload apart and decodes its parts. The frame names the device that a part is of where
// the part itself does not. An error, which wraps devices.ErrMalformed, is about the payload as a whole.
func (s Source) Read(frame devices.Frame) ([]Part, error) {
	if len(frame.Bytes) > MaxPayload {
		return nil, malformed("payload of %d bytes exceeds %d", len(frame.Bytes), MaxPayload)
	}
	pieces := []piece{{text: frame.Bytes}}
	if s.split != nil {
		var err error
		if pieces, err = s.split(frame.Bytes); err != nil {
			return nil, err
		}
	}
	if len(pieces) > MaxParts {
		return nil, fmt.Errorf("%d parts are more than %d, send them in several payloads: %w", len(pieces), MaxParts, ErrTooMany)
	}
	parts := make([]Part, len(pieces))
	for i, p := range pieces {
		frame.Bytes = p.text
		parts[i] = Part{Payload: p.text, Place: p.place, Err: p.fault, listed: s.listed}
		if p.fault == nil {
			parts[i].Batch, parts[i].Err = s.decode(frame)
		}
	}
	return parts, nil
}

// Notifies reports whether the source's payloads only say that there is something to fetch.
func (s Source) Notifies() bool { return s.notify != nil }

// Relays reports whether the source hands on what it hears of everybody's devices.
func (s Source) Relays() bool { return s.relays }

// Notification says that a cloud has something new about an account.
type Notification struct {
	Account string // as the cloud names it
	What    string // the cloud's word for the kind of data
	Deleted bool   // what was there is gone: nothing is to be fetched
	Between        // when it was measured
}

// Notifications reads a payload of a source that notifies.
func (s Source) Notifications(payload []byte) ([]Notification, error) {
	if len(payload) > MaxPayload {
		return nil, malformed("payload of %d bytes exceeds %d", len(payload), MaxPayload)
	}
	return s.notify(payload)
}

// object reads one JSON object, whose fields that are not named here mean nothing to Vigil. Vendors add
// fields without notice.
func object(piece []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(piece))
	if err := decoder.Decode(into); errors.Is(err, devices.ErrMalformed) {
		return err
	} else if err != nil {
		return malformed("%v", readable(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return malformed("something follows the end of the JSON")
	}
	return nil
}

// readable says of JSON what is wrong with it, without Go's words.
func readable(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("a %s stands in field %q", wrong.Value, wrong.Field)
	}
	if wrong, ok := errors.AsType[*time.ParseError](err); ok {
		return fmt.Errorf("%.40q is not a time with its date and offset", wrong.Value)
	}
	if strings.Contains(err.Error(), "invalid number literal") { // which has no type of its own
		return errors.New("a text stands where a number belongs")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends too early")
	}
	return err
}

// objectOrArray takes apart what is one object or an array of them.
func objectOrArray(payload []byte) ([]piece, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(payload), []byte("[")) {
		return []piece{{text: payload}}, nil
	}
	var elements []json.RawMessage
	if err := object(payload, &elements); err != nil {
		return nil, err
	}
	return elementsOf("", elements), nil
}

// elementsOf are the elements of an array at the place.
func elementsOf(place string, elements []json.RawMessage) []piece {
	return lo.Map(elements, func(e json.RawMessage, i int) piece { return piece{place: fmt.Sprintf("%s[%d]", place, i), text: e} })
}

// unlessFault is the error about the faults; nil where there are none.
func unlessFault(faults []devices.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	return &devices.ItemsError{Faults: faults}
}

// malformed is an error that wraps devices.ErrMalformed.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), devices.ErrMalformed)
}
