package gateway

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"vigil/devices"
	_ "vigil/devices/gatt" // decodes what the gateway hands on
	"vigil/vitals"
)

// Cassia: a Bluetooth gateway that hands on raw characteristic values over HTTP, one JSON object for each
// notification (CassiaSDKGuide wiki, RESTful API, read 2026-11). It tells the handle of a characteristic
// and not which one that is, so the discovery of the device's characteristics must come first:
// GET /gatt/nodes/{mac}/services/characteristics/descriptors. It tells no time either: arrival counts.
//
// A part is a discovery (an array) followed by one notification, on lines of their own.
func init() {
	register(Source{
		Name: "cassia", About: "Cassia discovery (JSON array), then notifications as of GET /gatt/nodes",
		split: cassiaParts, decode: cassiaBatch,
	})
}

// Handles are the characteristics of one device by their handle, as UUIDs in full. They hold for one
// device with one firmware.
type Handles map[uint16]string

type cassiaCharacteristic struct {
	UUID        string `json:"uuid"`
	Handle      uint16 `json:"handle"` // of the value
	Properties  uint8  `json:"properties"`
	Descriptors []struct {
		UUID   string `json:"uuid"`
		Handle uint16 `json:"handle"`
	} `json:"descriptors"`
}

// Characteristic is one that a device notifies of.
type Characteristic struct {
	UUID     string
	Switch   uint16 // handle of its client configuration, zero where it has none
	Indicate bool   // it is to be confirmed
}

const (
	notifies        = 1 << 4 // properties (Bluetooth Core 5.4, Vol 3, Part G, 3.3.1.1)
	indicates       = 1 << 5
	clientConfigure = "00002902" // Client Characteristic Configuration
	baseUUID        = "-0000-1000-8000-00805f9b34fb"
)

// Discover reads the answer to a discovery: services with their characteristics, or those alone.
func Discover(answer []byte) (Handles, []Characteristic, error) {
	var found []struct {
		cassiaCharacteristic

		Characteristics []cassiaCharacteristic `json:"characteristics"`
	}
	if err := object(answer, &found); err != nil {
		return nil, nil, err
	}
	handles := Handles{}
	var notifying []Characteristic
	for _, service := range found {
		for _, c := range append(service.Characteristics, service.cassiaCharacteristic) {
			if c.Handle == 0 || c.UUID == "" {
				continue
			}
			handles[c.Handle] = longUUID(c.UUID)
			if c.Properties&(notifies|indicates) != 0 {
				notifying = append(notifying, c.notifying())
			}
		}
	}
	return handles, notifying, nil
}

func (c cassiaCharacteristic) notifying() Characteristic {
	n := Characteristic{UUID: longUUID(c.UUID), Indicate: c.Properties&notifies == 0}
	for _, d := range c.Descriptors {
		if strings.HasPrefix(longUUID(d.UUID), clientConfigure) {
			n.Switch = d.Handle
		}
	}
	return n
}

// longUUID writes an assigned UUID in full, in lower case.
func longUUID(uuid string) string {
	uuid = strings.ToLower(uuid)
	if len(uuid) == 4 {
		return "0000" + uuid + baseUUID
	}
	return uuid
}

// decoders that are not of an assigned characteristic.
var vendorDecoders = map[string]string{
	"fb005c82-02e7-f387-1cad-8acd2d8df0c8": "gatt/pmd",
	"34800002-7185-4d5d-b431-630e7050e8f0": "gatt/movesense",
}

// DecoderOf names the decoder of a characteristic, by its UUID or assigned number; there is not one for all.
func DecoderOf(uuid string) (name string, known bool) {
	uuid = longUUID(uuid)
	name, vendors := vendorDecoders[uuid]
	if short, assigned := strings.CutSuffix(uuid, baseUUID); !vendors && assigned {
		name = "gatt/" + strings.TrimPrefix(short, "0000")
	}
	_, known = devices.Lookup(name)
	return name, known
}

// Reads reports whether there is a decoder for the characteristic.
func Reads(uuid string) bool {
	_, known := DecoderOf(uuid)
	return known
}

// CassiaNotification is one that a device sent.
type CassiaNotification struct {
	Device vitals.DeviceID
	Handle uint16
	Value  []byte
}

// ReadCassia reads a notification. The access controller names the device "device", a gateway "id".
func ReadCassia(line []byte) (CassiaNotification, error) {
	var w struct {
		Value  string `json:"value"`
		Handle uint16 `json:"handle"`
		ID     string `json:"id"`
		Device string `json:"device"`
		Type   string `json:"dataType"`
	}
	if err := object(line, &w); err != nil {
		return CassiaNotification{}, err
	}
	if w.Device == "" {
		w.Device = w.ID
	}
	device, err := vitals.ParseDeviceID(w.Device)
	if err != nil {
		return CassiaNotification{}, malformed("%v", err)
	}
	if w.Type != "" && w.Type != "notification" && w.Type != "indication" {
		return CassiaNotification{}, malformed("dataType %.20q is neither a notification nor an indication", w.Type)
	}
	value, err := hex.DecodeString(w.Value)
	if err != nil {
		return CassiaNotification{}, malformed("value is not hexadecimal")
	}
	return CassiaNotification{Device: device, Handle: w.Handle, Value: value}, nil
}

// Decode reads the notification's value by the device's handles. Beside an error the batch tells the device.
func (n CassiaNotification) Decode(frame devices.Frame, handles Handles) (vitals.Batch, error) {
	uuid, known := handles[n.Handle]
	if !known {
		return vitals.Batch{Device: n.Device}, malformed("handle %d is not among those that were discovered", n.Handle)
	}
	name, known := DecoderOf(uuid)
	if !known {
		return vitals.Batch{Device: n.Device}, malformed("characteristic %.40s is not one that Vigil reads", uuid)
	}
	decode, _ := devices.Lookup(name)
	frame.Device, frame.Bytes = n.Device, n.Value
	b, err := decode(frame)
	if err != nil {
		b.Device = n.Device
	}
	return b, err
}

// cassiaParts puts the discovery in front of each notification that follows it. The lines may still have
// the prefix of server-sent events; comments keep the connection alive.
func cassiaParts(payload []byte) ([]piece, error) {
	decoder := json.NewDecoder(bytes.NewReader(withoutEvents(payload)))
	var discovery json.RawMessage
	var parts []piece
	size := 0
	for decoder.More() {
		var item json.RawMessage
		if err := decoder.Decode(&item); err != nil && len(parts) == 0 {
			return nil, malformed("%v", readable(err))
		} else if err != nil { // what stands before is whole; where the next one begins cannot be told
			rest, _ := io.ReadAll(decoder.Buffered())
			return append(parts, piece{place: placeOf(len(parts)), text: rest, fault: malformed("%v", readable(err))}), nil
		}
		if bytes.HasPrefix(item, []byte("[")) {
			discovery = item
			continue
		}
		if size += len(discovery) + len(item); size > maxUnfolded {
			return nil, fmt.Errorf("notifications with their discovery exceed %d bytes, send them in several payloads: %w", maxUnfolded, ErrTooMany)
		}
		parts = append(parts, piece{place: placeOf(len(parts)), text: append(append(bytes.Clone(discovery), '\n'), item...)})
	}
	return parts, nil
}

func placeOf(notification int) string { return fmt.Sprintf("notifications[%d]", notification) }

// maxUnfolded bounds what a payload becomes: a thousand notifications with a discovery of 30 kB, of which
// no device has more.
const maxUnfolded = 4 * MaxPayload

// withoutEvents is the data of server-sent events, a line each; other text is left as it is.
func withoutEvents(text []byte) []byte {
	var plain []byte
	for line := range bytes.Lines(text) {
		line = bytes.TrimPrefix(line, []byte("data:"))
		if !bytes.HasPrefix(line, []byte(":")) {
			plain = append(plain, line...)
		}
	}
	return plain
}

func cassiaBatch(frame devices.Frame) (vitals.Batch, error) {
	discovery, notification, found := bytes.Cut(frame.Bytes, []byte("\n{"))
	if !found {
		return vitals.Batch{}, malformed("a discovery and a notification are needed, in this order")
	}
	handles := Handles{}
	if len(bytes.TrimSpace(discovery)) > 0 {
		var err error
		if handles, _, err = Discover(discovery); err != nil {
			return vitals.Batch{}, err
		}
	}
	n, err := ReadCassia(append([]byte("{"), notification...))
	if err != nil {
		return vitals.Batch{}, err
	}
	return n.Decode(frame, handles)
}
