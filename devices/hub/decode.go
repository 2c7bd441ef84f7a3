package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/gateway"
	_ "vigil/devices/gatt" // what -characteristic names
	"vigil/vitals"
)

// errRefused says that something could not be read, which was printed.
var errRefused = errors.New("something was refused")

const decodeHelp = `Usage:
  vigil-hub decode -characteristic 2A37 0055 [HEX…]     values of a Bluetooth characteristic
  vigil-hub decode -gateway tenovi < payload            what a gateway or a cloud sends
  vigil-hub decode -list                                what can be read

Prints what the decoders make of it, as JSON: one object for each value or part. A number has every digit
that was sent; "quality" and "absent" say how far it counts; "implausible" says why the server would keep
it aside instead of charting it; "refused" says why a part cannot be read. A batch with nothing but its
device was understood, and nothing is charted of it. Ends with status 1 where something was refused.
Nothing is sent to anybody.

  vigil-hub decode -gateway cassia -handle 52=2A37 < notifications
  curl -s http://GATEWAY/gatt/nodes/MAC/services/characteristics/descriptors > payload
  curl -sN http://GATEWAY/gatt/nodes | head -20 >> payload; vigil-hub decode -gateway cassia < payload

`

// decoding is what the command line asks for.
type decoding struct {
	characteristic, gateway string
	frame                   devices.Frame
	handles                 []string // "52=2A37", of a Cassia gateway
	list                    bool
}

// decoded is what is printed for one value or part.
type decoded struct {
	Decoder      string          `json:"decoder,omitempty"`
	About        string          `json:"about,omitempty"`
	Batch        json.RawMessage `json:"batch,omitempty"`
	Notification *notified       `json:"notification,omitempty"`
	Refused      string          `json:"refused,omitempty"`
}

// notified is what the server would fetch.
type notified struct {
	Account string    `json:"account"`
	What    string    `json:"what"`
	Deleted bool      `json:"deleted,omitempty"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
}

func decode(args []string, in io.Reader, out io.Writer) error {
	var d decoding
	flags := flag.NewFlagSet("vigil-hub decode", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { fmt.Fprint(out, decodeHelp); flags.PrintDefaults() } //nolint:errcheck // to a terminal
	flags.StringVar(&d.characteristic, "characteristic", "", "assigned number or UUID of the characteristic, or pmd or movesense; values follow as hexadecimal")
	flags.StringVar(&d.gateway, "gateway", "", "source of the payload on standard input")
	flags.BoolVar(&d.list, "list", false, "list characteristics and sources")
	flags.Func("handle", "`HANDLE=UUID` of a Cassia gateway, in place of a discovery; may be repeated", func(s string) error {
		d.handles = append(d.handles, s)
		return nil
	})
	device := flags.String("device", "000000000000", "address of the device, where the payload names none")
	at := flags.String("at", time.Now().UTC().Truncate(time.Second).Format(time.RFC3339), "time of arrival")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	var err error
	if d.frame.Device, err = vitals.ParseDeviceID(*device); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	if d.frame.Received, err = time.Parse(time.RFC3339, *at); err != nil {
		return fmt.Errorf("time of arrival: %w", err)
	}
	results, err := d.results(flags.Args(), in)
	if err != nil {
		return err
	}
	return show(results, out)
}

func (d decoding) results(args []string, in io.Reader) ([]decoded, error) {
	switch {
	case d.list:
		return listed(), nil
	case (d.characteristic == "") == (d.gateway == ""):
		return nil, errors.New("decode: one of -characteristic and -gateway is needed; -h shows how")
	case d.characteristic != "":
		return d.values(args)
	default:
		return d.payload(in)
	}
}

// values reads values of a characteristic.
func (d decoding) values(texts []string) ([]decoded, error) {
	name, err := decoderOf(strings.TrimPrefix(strings.ToLower(d.characteristic), "0x"))
	if err != nil {
		return nil, err
	}
	read, _ := devices.Lookup(name)
	if len(texts) == 0 {
		return nil, errors.New("decode: a value is needed, in hexadecimal")
	}
	var results []decoded
	for _, text := range texts {
		value, err := hex.DecodeString(strings.NewReplacer("0x", "", ":", "", "-", "", " ", "").Replace(text))
		if err != nil {
			return nil, fmt.Errorf("decode: value %q: %w", text, err)
		}
		d.frame.Bytes = value
		b, err := read(d.frame)
		results = append(results, resultOf(name, b, err))
	}
	return results, nil
}

// connection are the characteristics that a hub reads for the connection itself.
var connection = []string{"2a08", "2a23", "2a2b", "2a52", "2aaa"}

func decoderOf(characteristic string) (string, error) {
	if name, known := gateway.DecoderOf(characteristic); known {
		return name, nil
	}
	name := "gatt/" + characteristic // pmd, movesense
	if _, known := devices.Lookup(name); known {
		return name, nil
	}
	if slices.Contains(connection, characteristic) {
		return "", fmt.Errorf("decode: %s is read for the connection itself, nothing is charted of it", characteristic)
	}
	return "", fmt.Errorf("decode: there is no decoder %s; -list shows those there are", name)
}

// listed is what can be read, and who sends it.
func listed() []decoded {
	readable := lo.Filter(devices.Names(), func(name string, _ int) bool {
		return strings.HasPrefix(name, "gatt/") || strings.HasPrefix(name, "gateway/")
	})
	return lo.Map(readable, func(name string, _ int) decoded {
		source, _ := gateway.Lookup(strings.TrimPrefix(name, "gateway/"))
		return decoded{Decoder: name, About: source.About}
	})
}

// payload reads what a gateway or cloud sends.
func (d decoding) payload(in io.Reader) ([]decoded, error) {
	source, known := gateway.Lookup(d.gateway)
	if !known {
		return nil, fmt.Errorf("decode: there is no source %q, only %s", d.gateway, strings.Join(gateway.Names(), ", "))
	}
	body, err := io.ReadAll(io.LimitReader(in, gateway.MaxPayload+1))
	if err != nil {
		return nil, fmt.Errorf("read the payload: %w", err)
	}
	if source.Notifies() {
		if all, err := source.Notifications(body); err == nil {
			return lo.Map(all, func(n gateway.Notification, _ int) decoded {
				return decoded{Notification: &notified{n.Account, n.What, n.Deleted, n.From, n.To}}
			}), nil
		}
	}
	discovery, err := d.discovery()
	if err != nil {
		return nil, err
	}
	d.frame.Bytes = append(discovery, body...)
	parts, err := source.Read(d.frame)
	if err != nil {
		return []decoded{resultOf("gateway/"+source.Name, vitals.Batch{}, err)}, nil
	}
	return lo.Map(parts, func(p gateway.Part, _ int) decoded { return resultOf("gateway/"+source.Name, p.Batch, p.Err) }), nil
}

// discovery is what a Cassia gateway would say of the handles.
func (d decoding) discovery() ([]byte, error) {
	type characteristic struct {
		Handle uint16 `json:"handle"`
		UUID   string `json:"uuid"`
	}
	var all []characteristic
	for _, text := range d.handles {
		handle, uuid, _ := strings.Cut(text, "=")
		n, err := strconv.ParseUint(handle, 10, 16)
		if err != nil || uuid == "" {
			return nil, fmt.Errorf("decode: handle %q: 52=2A37 is the form", text)
		}
		all = append(all, characteristic{uint16(n), uuid})
	}
	if all == nil {
		return nil, nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("write the handles: %w", err)
	}
	return append(text, '\n'), nil
}

func resultOf(decoder string, b vitals.Batch, err error) decoded {
	d := decoded{Decoder: decoder}
	if err != nil {
		d.Refused = err.Error()
	}
	if err == nil || !b.Empty() {
		d.Batch = gateway.Twin(b)
	}
	return d
}

func show(results []decoded, out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	var refused error
	for _, r := range results {
		if r.Refused != "" {
			refused = errRefused
		}
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return refused
}
