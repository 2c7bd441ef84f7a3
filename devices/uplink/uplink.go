// Package uplink is the protocol between a home hub and the server: CBOR messages that carry one
// device's readings, waveforms and events up, and stored positions and refusals down. The same
// bytes travel over MQTT 5, HTTPS and WebSocket; docs/hub-protocol.md describes them for people
// who write a hub of their own.
//
// The package knows bytes only: no broker, no socket, no clock and no patient. It is strict: a
// message, and each item in it, either follows the layout to the last byte or is refused with the reason.
package uplink

import (
	"errors"
	"fmt"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Version is the number of the layout, the first field of every message.
const Version = 1

// Bounds of one message. They keep the work that a sender can cause proportional to what it sent.
const (
	MaxMessage  = 64 << 10         // bytes
	MaxItems    = 10_000           // readings, waveforms and events together
	MaxSequence = 1_000            // messages in one HTTPS body
	MaxSamples  = 400_000          // of all waveforms together: two bytes each fit into a message of the journal, 1 MiB
	MaxChunk    = 10 * time.Minute // time that one waveform covers
	MaxText     = 256              // bytes of a text field
	MaxAck      = 2_000            // positions in one ack
)

func init() {
	devices.Register("uplink", func(f devices.Frame) (vitals.Batch, error) {
		m, err := Decode(f.Bytes)
		return m.Batch, err
	})
}

// ClockSource says what the hub's clock follows.
type ClockSource uint8

// Clock sources.
const (
	ClockUnsynced ClockSource = iota // not set since power-up
	ClockNTP                         // plain NTP
	ClockNTS                         // authenticated time
)

// ClockQuality says how far the hub's clock may be trusted.
type ClockQuality struct {
	Source ClockSource
	Bound  time.Duration // the clock is at most this far off; whole milliseconds, zero when not known
}

// Message is what a hub sends about one device: the messages of a stream (hub, device, epoch) are
// numbered from 1 without gaps, so that "stored up to here" is one number.
type Message struct {
	Stream  uint32 // epoch: drawn anew whenever the hub's spool is reset
	Seq     uint64
	HubTime time.Time // when the hub made the message, by its clock
	Clock   ClockQuality
	Boot    uint64 // changes at each start of the hub
	Batch   vitals.Batch
}

// Parcel is a message on its way out of a sender's spool.
type Parcel struct {
	Payload []byte
	Channel Channel
	Entry   any // what the spool knows it by
}

// ErrNotKept is returned by a spool for a nack of a message that it does not keep.
var ErrNotKept = errors.New("no such message is kept")

// HeaderError says why a message was refused, where its place in a stream could still be read, so
// that the refusal can name it.
type HeaderError struct {
	Device vitals.DeviceID
	Stream uint32
	Seq    uint64
	Err    error
}

// Error names the message and the reason.
func (e *HeaderError) Error() string {
	return fmt.Sprintf("message %d of stream %d of device %s: %v", e.Seq, e.Stream, e.Device, e.Err)
}

// Unwrap is the reason.
func (e *HeaderError) Unwrap() error { return e.Err }

// malformed is an error that wraps devices.ErrMalformed.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), devices.ErrMalformed)
}
