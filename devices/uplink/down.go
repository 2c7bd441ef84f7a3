package uplink

import (
	"fmt"
	"strings"

	"vigil/vitals"
)

// Position says that everything of a device's stream up to and including Upto is stored and may
// be deleted. At connect it also says from where to send again: from Upto+1.
type Position struct {
	Device vitals.DeviceID
	Stream uint32
	Upto   uint64
}

// Ack tells a hub what is stored.
type Ack struct{ Positions []Position }

// Nack tells a hub that a message was refused, and why. A refused message counts as dealt with:
// the hub drops it and does not send it again.
type Nack struct {
	Device vitals.DeviceID // empty where the bytes did not say
	Stream uint32
	Seq    uint64 // zero where the bytes did not say
	Code   string
	Reason string // for people
	Kept   bool   // the rest of the message was kept
}

// Codes of a Nack.
const (
	CodeMalformed   = "malformed"   // the bytes do not follow the layout
	CodeTooLarge    = "too_large"   // more than MaxMessage
	CodeUnbound     = "unbound"     // the device is bound to no patient; kept in quarantine
	CodeImplausible = "implausible" // a value outside what its kind allows; kept in quarantine
	CodeFuture      = "future"      // sampled more than five minutes ahead of the server's clock
)

// Down is what a server sends to a hub: exactly one of the two.
type Down struct {
	Ack  *Ack
	Nack *Nack
}

type (
	wireDown struct {
		Type      *string        `cbor:"0,keyasint,omitempty"`
		Positions []wirePosition `cbor:"1,keyasint,omitempty"`
		Device    octets         `cbor:"2,keyasint,omitempty"`
		Stream    *uint32        `cbor:"3,keyasint,omitempty"`
		Seq       *uint64        `cbor:"4,keyasint,omitempty"`
		Code      *string        `cbor:"5,keyasint,omitempty"`
		Reason    *string        `cbor:"6,keyasint,omitempty"`
		Kept      *bool          `cbor:"7,keyasint,omitempty"`
	}
	wirePosition struct {
		_      struct{} `cbor:",toarray"`
		Device octets
		Stream uint32
		Upto   uint64
	}
)

const (
	typeAck  = "ack"
	typeNack = "nack"
)

// EncodeDown is what the server sends, as bytes: the payload of the ack and nack topics and the
// binary frames of the socket alike.
func EncodeDown(d Down) ([]byte, error) {
	switch {
	case d.Ack != nil && d.Nack == nil:
		return d.Ack.Encode()
	case d.Nack != nil && d.Ack == nil:
		return d.Nack.Encode()
	default:
		return nil, malformed("encode: neither or both of ack and nack")
	}
}

// DecodeDown reads what the server sent.
func DecodeDown(b []byte) (Down, error) {
	w, err := readDown(b)
	if err != nil {
		return Down{}, err
	}
	switch *w.Type {
	case typeAck:
		a, err := w.ack()
		return Down{Ack: &a}, err
	case typeNack:
		n, err := w.nack()
		return Down{Nack: &n}, err
	default:
		return Down{}, malformed("type %.20q is neither ack nor nack", *w.Type)
	}
}

// Encode is the ack as bytes.
func (a Ack) Encode() ([]byte, error) {
	positions := make([]wirePosition, 0, len(a.Positions))
	for _, p := range a.Positions {
		device, err := octetsOf(p.Device)
		if err != nil {
			return nil, fmt.Errorf("encode ack: %w", err)
		}
		positions = append(positions, wirePosition{Device: device, Stream: p.Stream, Upto: p.Upto})
	}
	return marshal("ack", wireDown{Type: new(typeAck), Positions: positions})
}

// DecodeAck reads an ack.
func DecodeAck(b []byte) (Ack, error) {
	d, err := DecodeDown(b)
	if err == nil && d.Ack == nil {
		err = malformed("a nack stands where an ack belongs")
	}
	if err != nil {
		return Ack{}, err
	}
	return *d.Ack, nil
}

// ReasonBreak stands between the reasons of several items.
const ReasonBreak = "; "

// Parts are the nack as several, where it has the reasons of more items than one nack holds. Each deals with its message.
func (n Nack) Parts() []Nack {
	parts := []Nack{n}
	for i, reason := range strings.Split(n.Reason, ReasonBreak) {
		last := &parts[len(parts)-1]
		switch longer := last.Reason + ReasonBreak + reason; {
		case i == 0:
			last.Reason = reason
		case len(longer) <= MaxText:
			last.Reason = longer
		default:
			parts = append(parts, n)
			parts[len(parts)-1].Reason = reason
		}
	}
	return parts
}

// Encode is the nack as bytes. A reason that is too long is cut.
func (n Nack) Encode() ([]byte, error) {
	var device octets
	if n.Device != "" {
		var err error
		if device, err = octetsOf(n.Device); err != nil {
			return nil, fmt.Errorf("encode nack: %w", err)
		}
	}
	n.Reason = cut(n.Reason)
	return marshal("nack", wireDown{
		Type: new(typeNack), Device: device, Stream: unlessZero(n.Stream), Seq: unlessZero(n.Seq),
		Code: &n.Code, Reason: unlessZero(n.Reason), Kept: unlessZero(n.Kept),
	})
}

// DecodeNack reads a nack.
func DecodeNack(b []byte) (Nack, error) {
	d, err := DecodeDown(b)
	if err == nil && d.Nack == nil {
		err = malformed("an ack stands where a nack belongs")
	}
	if err != nil {
		return Nack{}, err
	}
	return *d.Nack, nil
}

func marshal(what string, wire any) ([]byte, error) {
	b, err := encoding.Marshal(wire)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", what, err)
	}
	return b, nil
}

func readDown(b []byte) (wireDown, error) {
	var w wireDown
	if len(b) > MaxMessage {
		return w, malformed("frame of %d bytes exceeds %d", len(b), MaxMessage)
	}
	if err := unmarshal(b, &w); err != nil {
		return w, fmt.Errorf("read frame from server: %w", err)
	}
	_, err := required("type", w.Type)
	return w, err
}

func (w wireDown) ack() (Ack, error) {
	if w.Device != nil || w.Stream != nil || w.Seq != nil || w.Code != nil || w.Reason != nil || w.Kept != nil {
		return Ack{}, malformed("an ack carries fields of a nack")
	}
	if len(w.Positions) > MaxAck {
		return Ack{}, malformed("%d positions, more than %d", len(w.Positions), MaxAck)
	}
	var a Ack
	for i, p := range w.Positions {
		device, err := deviceOf(p.Device)
		if err != nil {
			return Ack{}, fmt.Errorf("position %d: %w", i, err)
		}
		a.Positions = append(a.Positions, Position{Device: device, Stream: p.Stream, Upto: p.Upto})
	}
	return a, nil
}

func (w wireDown) nack() (Nack, error) {
	if len(w.Positions) > 0 {
		return Nack{}, malformed("a nack carries positions")
	}
	code, err := required("code", w.Code)
	if err != nil {
		return Nack{}, err
	}
	if code, err = textOf("code", &code); err != nil {
		return Nack{}, err
	}
	n := Nack{Stream: orZero(w.Stream), Seq: orZero(w.Seq), Code: code, Kept: orZero(w.Kept)}
	if len(w.Device) > 0 {
		if n.Device, err = deviceOf(w.Device); err != nil {
			return Nack{}, err
		}
	}
	n.Reason, err = textOf("reason", w.Reason)
	return n, err
}

// cut shortens a text to what the other side accepts, at a character's border.
func cut(s string) string {
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for end > 0 && s[end]&0xC0 == 0x80 { // inside a UTF-8 sequence
		end--
	}
	return s[:end]
}
