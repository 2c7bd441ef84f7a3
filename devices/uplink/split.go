package uplink

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// piecemeal reads a message without looking into its items: what may not stand in a message spoils the item in which
// it stands.
func piecemeal(b []byte) (w wireMessage, err error) {
	var fields map[uint64]cbor.RawMessage
	if err := lenient.Unmarshal(b, &fields); err != nil {
		return w, err
	}
	items := map[uint64]*[]cbor.RawMessage{keyReadings: &w.Readings, keyWaveforms: &w.Waveforms, keyEvents: &w.Events}
	for key, list := range items {
		if raw, there := fields[key]; there {
			if err := lenient.Unmarshal(raw, list); err != nil {
				return w, err
			}
			delete(fields, key)
		}
	}
	rest, err := encoding.Marshal(fields)
	if err != nil {
		return w, err
	}
	return w, decoding.Unmarshal(rest, &w)
}

// headerOf reads what names a message that is not read further.
func headerOf(b []byte) wireMessage {
	var h struct {
		Stream *uint32 `cbor:"1,keyasint"`
		Seq    *uint64 `cbor:"2,keyasint"`
		Device octets  `cbor:"6,keyasint"`
	}
	if err := lenient.Unmarshal(b, &h); err != nil {
		return wireMessage{}
	}
	return wireMessage{Stream: h.Stream, Seq: h.Seq, Device: h.Device}
}

// Split takes a CBOR sequence (RFC 8742) apart, as it comes in the body of an HTTPS request. The
// parts share b's memory and are not decoded yet. Where one cannot be told from what follows it, those before it are
// returned beside the error.
func Split(b []byte) ([][]byte, error) {
	var parts [][]byte
	for len(b) > 0 {
		var part cbor.RawMessage
		rest, err := bounding.UnmarshalFirst(b, &part)
		if err != nil {
			return parts, malformed("message %d of the sequence: %v", len(parts)+1, readable(err))
		}
		if len(parts) == MaxSequence {
			return nil, fmt.Errorf("more than %d messages in one sequence: %w", MaxSequence, ErrTooLarge)
		}
		parts = append(parts, b[:len(b)-len(rest)])
		b = rest
	}
	return parts, nil
}
